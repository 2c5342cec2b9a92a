"""One call to several places at once (RFC 3261 16.7): who answers first has it, and nothing is left of the others."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.agent import Branch, Way
from sip.errors import LocalError
from sip.events import CallAnswered, CallEnded, CallRinging
from sip.forking import BRANCHES_MAX
from sip.headers import Address
from sip.message import Request
from sip.uri import Uri
from tests.support.sip_playbook import TCP, UDP, Playbook

CALLED = """
    -- invite sdp=o beside=2
    << INVITE sdp=o
    << INVITE sdp=o2
    << INVITE sdp=o3
"""
RINGING = (
    CALLED
    + """
    >> 180 INVITE of=1
    ** CallRinging status=180 sdp=None
    >> 183 INVITE of=2 sdp=early
    ** CallRinging status=183 sdp=None
    >> 180 INVITE of=3
    ** CallRinging status=180 sdp=None
"""
)


def nothing_is_left(book: Playbook) -> None:
    """Nor of a call, if it has not been answered."""
    agent = book.agent
    assert not agent._core.forks
    assert (agent.calls, agent.dialogs, agent.transactions) == (0, 0, 0)
    assert agent.next_deadline() is None


def sent(book: Playbook, method: str) -> list[Request]:
    return [each for each in book.sent if isinstance(each, Request) and each.method == method]


def test_who_answers_first_has_the_call_and_the_others_stop_ringing():
    book = Playbook().play(RINGING)
    call = book.call
    book.play("""
        >> 200 INVITE of=2 sdp=answer
        << ACK
        << CANCEL
        << CANCEL
        ** CallAnswered sdp=answer branch=1
        >> 200 CANCEL of=1
        >> 487 INVITE of=1
        << ACK
        >> 200 CANCEL of=2
        >> 487 INVITE of=3
        << ACK
    """)
    first, second, third = sent(book, "INVITE")
    answered = book.told[-1]
    assert (answered.call, answered.call_id, book.agent.call_id(call)) == (
        call,
        second.call_id,
        second.call_id,
    )
    cancelled = sent(book, "CANCEL")
    assert [each.call_id for each in cancelled] == [first.call_id, third.call_id]
    assert {each.headers.get("Reason") for each in cancelled} == {
        'SIP;cause=200;text="Call completed elsewhere"'
    }
    assert len({each.call_id for each in (first, second, third)}) == 3
    assert not book.agent._core.forks
    book.play("""
        -- hang_up
        << BYE
        ** CallEnded cause=LOCAL status=0
        >> 200 BYE
        .. 40
    """)
    assert sent(book, "BYE")[0].call_id == second.call_id
    nothing_is_left(book)


def test_where_it_went_is_where_each_registered():
    book = Playbook().play(CALLED)
    assert [flow.remote[1] for flow in book.flows] == [5062, 5063, 5064]


def test_a_place_that_would_change_its_session_before_it_has_answered_is_told_to_ask_later():
    """Our user knows of no call of its own for that place, and so would answer nothing."""
    book = Playbook().play(
        CALLED
        + """
        >> 183 INVITE of=2 sdp=early rseq=1 Allow=UPDATE
        << PRACK
        ** CallRinging status=183 sdp=None
        >> 200 PRACK
    """
    )
    book._to_tag = sent(book, "INVITE")[1].from_.tag
    book.play("""
        >> UPDATE sdp=moved
        << 500 UPDATE
        >> UPDATE
        << 200 UPDATE
        >> 200 INVITE of=2
        << ACK
        ** CallAnswered sdp=early branch=1
        >> UPDATE sdp=moved
        ** OfferReceived offer=moved
        -- accept_offer sdp=there
        << 200 UPDATE sdp=there
    """)
    assert book.last("500").headers.get("Retry-After") is not None


def test_a_key_that_is_pressed_there_before_the_answer_is_told_of_the_call_that_is_known():
    book = Playbook().play(CALLED + ">> 180 INVITE of=3\n** CallRinging status=180 sdp=None")
    call, book._to_tag = book.call, sent(book, "INVITE")[2].from_.tag
    book.play(
        ">> INFO type=application/dtmf-relay body=Signal=5\n<< 200 INFO\n** DigitReceived digit=5 duration_ms=100"
    )
    assert book.told[-1].call == call


def test_a_second_answer_that_crosses_our_cancel_is_acknowledged_and_hung_up():
    book = Playbook().play(RINGING)
    book.play("""
        >> 200 INVITE of=1 sdp=answer
        << ACK
        << CANCEL
        << CANCEL
        ** CallAnswered sdp=answer
        >> 200 INVITE of=3 sdp=late
        << ACK
        << BYE
        >> 481 CANCEL of=2
        >> 200 BYE
        >> 200 CANCEL of=1
        >> 487 INVITE of=2
        << ACK
    """)
    assert sent(book, "BYE")[0].call_id == sent(book, "INVITE")[2].call_id
    assert len([each for each in book.told if isinstance(each, CallAnswered)]) == 1


def test_a_place_that_has_said_nothing_yet_is_cancelled_as_soon_as_it_does():
    book = Playbook().play(CALLED)
    book.play("""
        >> 200 INVITE of=1 sdp=answer
        << ACK
        ** CallAnswered sdp=answer
        >> 180 INVITE of=2
        << CANCEL
        >> 487 INVITE of=2
        << ACK
        >> 200 CANCEL
        >> 200 INVITE of=3 sdp=late
        << ACK
        << BYE
        >> 200 BYE
        -- hang_up
        << BYE
        ** CallEnded cause=LOCAL status=0
        >> 200 BYE
        .. 40
    """)
    nothing_is_left(book)


@pytest.mark.parametrize("status", [600, 603, 604])
def test_a_refusal_for_all_places_ends_it_everywhere(status):
    book = Playbook().play(RINGING)
    book.play(f"""
        >> {status} INVITE of=2
        << ACK
        << CANCEL
        << CANCEL
        ** CallEnded cause=REJECTED status={status}
        >> 487 INVITE of=1
        << ACK
        >> 200 CANCEL of=1
        >> 200 INVITE of=3 sdp=late
        << ACK
        << BYE
        >> 200 BYE
        >> 200 CANCEL of=2
        .. 40
    """)
    assert sent(book, "CANCEL")[0].headers.get("Reason") == f'SIP;cause={status};text="Refused elsewhere"'
    assert [each.statuses for each in book.told if isinstance(each, CallEnded)] == [(0, status, 0)]
    nothing_is_left(book)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ((486, 480, 404), 486),
        ((404, 480, 408), 480),
        ((503, 500, 408), 408),
        ((503, 503, 500), 500),
        ((408, 404, 430), 404),
        ((486, 302, 500), 486),
        ((404, 302, 500), 404),
        ((302, 500, 503), 302),
        ((503, 503, 503), 503),
    ],
)
def test_where_all_refuse_the_best_of_what_they_say_is_told_whatever_the_order(said, told):
    for order in itertools.permutations(said):
        book = Playbook().play(CALLED)
        for number, status in enumerate(order, 1):
            book.feed(book.response(status, "INVITE", {"of": str(number)}))
            ends = [each for each in book.told if isinstance(each, CallEnded)]
            assert len(ends) == (number == 3)
        assert (ends[0].call, ends[0].status, ends[0].statuses) == (book.call, told, order)
        book.play(".. 40")
        nothing_is_left(book)


def test_hanging_up_stops_it_everywhere():
    book = Playbook().play(RINGING)
    book.play("""
        -- hang_up reason=enough
        << CANCEL
        << CANCEL
        << CANCEL
        ** CallEnded cause=LOCAL status=0
        >> 487 INVITE of=1
        << ACK
        >> 487 INVITE of=2
        << ACK
        >> 200 INVITE of=3 sdp=late
        << ACK
        << BYE
        >> 200 BYE
        >> 200 CANCEL of=1
        >> 200 CANCEL of=2
        >> 200 CANCEL of=3
        -- hang_up
        .. 40
    """)
    assert book.agent.counters["late:hang_up"] == 1
    nothing_is_left(book)


def test_nobody_there_at_all_is_no_answer_in_time():
    book = Playbook().play("-- invite sdp=o beside=1\n<< INVITE sdp=o\n<< INVITE sdp=o2")
    book.agent.advance(book.now + 33)
    book._note([])
    assert [each.status for each in book.told] == [408]
    nothing_is_left(book)


def test_in_a_hurry_a_silent_place_is_left_after_four_seconds_and_one_that_rings_is_not():
    Playbook().play("""
        -- invite sdp=o beside=1 hurry=1
        << INVITE sdp=o
        << INVITE sdp=o2
        >> 180 INVITE of=1
        ** CallRinging status=180 sdp=None
        .. 5
        << INVITE sdp=o2
        << INVITE sdp=o2
        << INVITE sdp=o2
        >> 486 INVITE of=1
        << ACK
        ** CallEnded cause=REJECTED status=486
    """)


def test_a_place_whose_connection_is_gone_is_no_reason_not_to_call_the_others():
    book = Playbook()
    gone = Way(TCP)
    book.call = book.agent.invite(
        Uri.parse("sip:bob@peer.invalid"),
        from_=Address.parse("<sip:roda@10.0.0.1>"),
        sdp=b"o",
        ways=[gone],
        beside=[Branch(Way(UDP), b"o2")],
        now=book.now,
    )
    book._note([])
    assert len(sent(book, "INVITE")) == 1
    assert not [each for each in book.told if isinstance(each, CallEnded)]
    book.play("""
        >> 200 INVITE sdp=answer
        << ACK
        ** CallAnswered sdp=answer branch=1
    """)


def test_all_connections_gone_is_an_end_that_is_told_once():
    book = Playbook()
    book.call = book.agent.invite(
        Uri.parse("sip:bob@peer.invalid"),
        from_=Address.parse("<sip:roda@10.0.0.1>"),
        sdp=b"o",
        ways=[Way(TCP)],
        beside=[Branch(Way(TCP), b"o2")],
        now=book.now,
    )
    book.agent.advance(book.now)
    book._note([])
    (end,) = [each for each in book.told if isinstance(each, CallEnded)]
    assert (end.call, end.status) == (book.call, 503)
    nothing_is_left(book)


def test_what_was_said_early_counts_where_the_answer_says_nothing():
    book = Playbook().play(RINGING)
    book.feed(book.response(200, "INVITE", {"of": "2"}))
    assert book.told[-1].sdp == b"early"


def test_too_many_places_are_our_own_error():
    with pytest.raises(LocalError):
        Playbook().play(f"-- invite sdp=o beside={BRANCHES_MAX}")


def test_each_has_the_name_of_the_call_whose_place_it_is_to_take_and_an_address_of_its_own():
    book = Playbook()
    uris = [Uri.parse(f"sip:bob@192.0.2.{each}") for each in (1, 2)]
    book.agent.invite(
        uris[0],
        from_=Address.parse("<sip:roda@10.0.0.1>"),
        sdp=b"o",
        ways=[Way(UDP, uris[0])],
        beside=[Branch(Way(UDP, uris[1]), b"o2")],
        replaces="c;to-tag=1;from-tag=2",
        now=book.now,
    )
    book._note([])
    assert [str(each.uri) for each in sent(book, "INVITE")] == [str(uri) for uri in uris]
    assert [each.headers.get("Replaces") for each in sent(book, "INVITE")] == ["c;to-tag=1;from-tag=2"] * 2


STEPS = st.tuples(st.integers(1, 3), st.sampled_from([180, 183, 200, 404, 486, 503, 603]))


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=8), st.integers(0, 8))
def test_whatever_they_say_in_whatever_order_there_is_one_end_or_one_answer_and_nothing_stays(
    steps, gives_up
):
    book = Playbook().play(CALLED)
    call = book.call
    for number, (of, status) in enumerate(steps):
        if number == gives_up:
            book.agent.hang_up(call, book.now)
            book._note([])
        book.feed(
            book.response(status, "INVITE", {"of": str(of), "sdp": "a" if status in (183, 200) else ""})
        )
    book.agent.hang_up(call, book.now)
    for _ in range(300):
        at = book.agent.next_deadline()
        if at is None:
            break
        book.now = max(book.now, at)
        book.agent.advance(book.now)
        book._note([])
    about = [each for each in book.told if not isinstance(each, CallRinging)]
    assert {each.call for each in book.told} <= {call}
    assert [type(each) for each in about] in ([CallEnded], [CallAnswered, CallEnded])
    nothing_is_left(book)

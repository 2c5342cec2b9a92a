"""Provisional responses that arrive for certain (RFC 3262)."""

import pytest

from sip.errors import LocalError
from tests.support.sip_playbook import Playbook

REQUIRED = """
    >> INVITE sdp=offer Require=100rel
    << 100 INVITE
    ** IncomingCall offer=offer
"""
PROGRESSED = (
    REQUIRED
    + """
    -- progress sdp=answer
    << 183 INVITE sdp=answer
"""
)


def test_a_peer_that_insists_gets_what_it_can_acknowledge():
    book = Playbook().play(PROGRESSED)
    said = book.last("183")
    assert said.headers.get("Require") == "100rel"
    assert 0 < int(said.headers.get("RSeq")) < 2**31
    assert said.headers.get("Contact")
    book.play("""
        >> PRACK
        << 200 PRACK
        -- accept sdp=answer
        << 200 INVITE
        >> ACK
        ** CallConfirmed sdp=None
        .. 40
    """)
    assert book.agent.counters["retransmitted"] == 0


def test_it_is_repeated_after_t1_doubling_until_the_prack_comes():
    book = Playbook().play(PROGRESSED)
    book.play("""
        .. 0.5
        << 183 INVITE sdp=answer
        .. 1
        << 183 INVITE sdp=answer
        .. 2
        << 183 INVITE sdp=answer
        >> PRACK
        << 200 PRACK
        >> PRACK again
        << 200 PRACK
        .. 100
    """)


def test_without_prack_the_call_fails_in_the_end():
    book = Playbook().play(PROGRESSED)
    book.play(".. 31.9\n" + "<< 183 INVITE sdp=answer\n" * 6)
    book.play(".. 0.1\n<< 504 INVITE\n** CallEnded cause=TIMEOUT status=504\n>> ACK\n.. 40")
    assert book.agent.calls == 0
    assert book.agent.next_deadline() is None


@pytest.mark.parametrize("rack", ["1 1 INVITE", "x", "", "99999999999 1 INVITE"])
def test_a_stray_prack_is_481_and_stops_nothing(rack):
    book = Playbook().play(PROGRESSED)
    book._rack = rack
    book.play(">> PRACK\n<< 481 PRACK\n.. 0.5\n<< 183 INVITE sdp=answer")


def test_a_prack_without_anything_to_acknowledge_is_481():
    Playbook().play(">> INVITE sdp=o\n<< 100 INVITE\n** IncomingCall offer=o\n>> PRACK\n<< 481 PRACK")
    Playbook().play(">> PRACK\n<< 481 PRACK")
    book = Playbook().play(PROGRESSED + ">> PRACK\n<< 200 PRACK")
    book.play(">> PRACK\n<< 481 PRACK")


def test_an_answer_waits_for_the_prack_of_the_session():
    book = Playbook().play(PROGRESSED)
    book.play("""
        -- accept sdp=answer
        .. 0.5
        << 183 INVITE sdp=answer
        >> PRACK
        << 200 PRACK
        << 200 INVITE
        >> ACK
        ** CallConfirmed sdp=None
    """)
    with pytest.raises(LocalError):
        Playbook().play(PROGRESSED + "-- accept sdp=answer\n-- accept sdp=answer")


def test_an_answer_does_not_wait_for_the_prack_of_a_ringing():
    book = Playbook().play(
        REQUIRED + "-- ring\n<< 180 INVITE\n-- accept sdp=answer\n<< 200 INVITE sdp=answer"
    )
    # RFC 3262 3: the PRACK may still be on its way, and is answered.
    book.play(">> PRACK\n<< 200 PRACK\n.. 0.4\n>> ACK\n** CallConfirmed sdp=None\n.. 40")


def test_each_waits_for_the_one_before_it():
    Playbook().play(
        REQUIRED
        + """
        -- ring
        << 180 INVITE
        -- ring
        -- progress sdp=answer
        >> PRACK
        << 200 PRACK
        << 180 INVITE
        >> PRACK
        << 200 PRACK
        << 183 INVITE sdp=answer
        >> PRACK
        << 200 PRACK
    """
    )


def test_numbers_rise_by_one():
    book = Playbook().play(
        REQUIRED + "-- ring\n<< 180 INVITE\n>> PRACK\n<< 200 PRACK\n-- ring\n<< 180 INVITE"
    )
    first, second = (int(m.headers.get("RSeq")) for m in book.sent if m.headers.get("RSeq"))
    assert second == first + 1


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("-- hang_up\n<< 487 INVITE", "cause=LOCAL status=487"),
        (">> CANCEL\n<< 200 CANCEL\n<< 487 INVITE", "cause=CANCELLED status=487"),
        (">> BYE\n<< 200 BYE\n<< 487 INVITE", "cause=BYE status=0"),
    ],
)
@pytest.mark.parametrize("accepted", ["", "-- accept sdp=answer\n"])
def test_it_can_end_while_a_prack_is_awaited(line, told, accepted):
    book = Playbook().play(PROGRESSED + accepted + line + f"\n** CallEnded {told}\n>> ACK\n.. 40")
    assert book.agent.calls == book.agent.dialogs == 0
    assert book.agent.next_deadline() is None


def test_a_call_can_be_refused_while_a_prack_is_awaited():
    Playbook().play(
        PROGRESSED + "-- reject 486\n<< 486 INVITE\n** CallEnded cause=LOCAL status=486\n>> ACK\n.. 40"
    )


def test_where_the_peer_only_can_we_do_not_unless_we_like_to():
    script = (
        ">> INVITE sdp=o Supported=100rel\n<< 100 INVITE\n** IncomingCall offer=o\n-- ring\n<< 180 INVITE"
    )
    assert Playbook().play(script).last("180").headers.get("RSeq") is None
    assert Playbook(reliable=True).play(script).last("180").headers.get("RSeq")
    without = script.replace(" Supported=100rel", "")
    assert Playbook(reliable=True).play(without).last("180").headers.get("RSeq") is None


def test_what_is_accepted_otherwise_than_it_was_begun_is_asked_for_afterwards():
    book = Playbook().play(PROGRESSED + ">> PRACK\n<< 200 PRACK\n-- accept sdp=other\n<< 200 INVITE")
    book.play(">> ACK\n<< INVITE sdp=other\n** CallConfirmed sdp=None")


def test_our_offer_goes_out_early_and_is_answered_in_the_prack():
    Playbook().play(
        """
        >> INVITE Require=100rel
        << 100 INVITE
        ** IncomingCall offer=None
        -- progress sdp=offer
        << 183 INVITE sdp=offer
        >> PRACK sdp=answer
        << 200 PRACK
        ** AnswerReceived sdp=answer
        -- accept sdp=offer
        << 200 INVITE
        >> ACK
        ** CallConfirmed sdp=answer
    """
    )


def test_a_prack_can_bring_an_offer():
    Playbook().play(
        PROGRESSED
        + """
        >> PRACK sdp=more
        ** OfferReceived offer=more
        -- accept sdp=answer
        -- accept_offer sdp=yes
        << 200 PRACK sdp=yes
        << 200 INVITE
        >> ACK
        << INVITE sdp=answer
        ** CallConfirmed sdp=None
    """
    )


def test_an_offer_in_a_prack_can_be_refused():
    Playbook().play(
        PROGRESSED
        + ">> PRACK sdp=more\n** OfferReceived offer=more\n-- reject_offer 488\n<< 488 PRACK\n.. 40"
    )


# The peer's


PLACED = """
    -- invite sdp=offer
    << INVITE sdp=offer
"""


def test_a_reliable_response_is_acknowledged():
    book = Playbook().play(
        PLACED
        + """
        >> 183 INVITE sdp=answer rseq=7
        << PRACK
        ** CallRinging status=183 sdp=answer
        >> 200 PRACK
        >> 200 INVITE
        << ACK
        ** CallAnswered sdp=answer
        -- hang_up
        << BYE
        ** CallEnded cause=LOCAL status=0
    """
    )
    prack = book.last("PRACK")
    assert prack.headers.get("RAck") == "7 1 INVITE"
    assert (prack.to.tag, str(prack.uri)) == ("peer", "sip:bob@192.168.0.9:5062")
    assert prack.cseq.number == 2
    assert book.last("BYE").cseq.number == 3
    assert "100rel" in book.last("INVITE").headers.get("Supported")


def test_repetitions_are_dropped_and_what_overtook_comes_again():
    book = Playbook().play(
        PLACED
        + """
        >> 180 INVITE rseq=7
        << PRACK
        ** CallRinging status=180 sdp=None
        >> 180 INVITE again
        >> 183 INVITE rseq=9 sdp=late
        >> 183 INVITE rseq=8 sdp=answer
        << PRACK
        ** CallRinging status=183 sdp=answer
        >> 183 INVITE rseq=9 sdp=late
        << PRACK
        ** CallRinging status=183 sdp=late
        >> 200 INVITE sdp=ignored
        << ACK
        ** CallAnswered sdp=answer
    """
    )
    assert book.agent.counters["repeated:reliable provisional"] == 2


def test_forks_are_counted_each_for_itself():
    book = Playbook().play(
        PLACED
        + """
        >> 183 INVITE rseq=1 sdp=a to=one
        << PRACK
        ** CallRinging status=183 sdp=a
        >> 183 INVITE rseq=1 sdp=b to=two
        << PRACK
        ** CallRinging status=183 sdp=b
        >> 200 INVITE to=one
        << ACK
        ** CallAnswered sdp=a
    """
    )
    assert book.last("PRACK").to.tag == "two"


def test_a_lost_prack_is_repeated_by_its_transaction():
    Playbook().play(
        PLACED + ">> 180 INVITE rseq=1\n<< PRACK\n** CallRinging status=180 sdp=None\n.. 0.5\n<< PRACK"
    )


@pytest.mark.parametrize("rseq", ["x", "0", "-1"])
def test_a_number_that_is_none_makes_it_an_ordinary_response(rseq):
    Playbook().play(PLACED + f">> 180 INVITE rseq={rseq}\n** CallRinging status=180 sdp=None")

"""Calls that come in, as conversations."""

import pytest

from sip.errors import LocalError
from sip.events import EndCause
from sip.flow import Flow
from sip.gate import Pass
from tests.support.sip_playbook import TCP, Playbook

ANSWERED = """
    >> INVITE sdp=offer
    << 100 INVITE
    ** IncomingCall offer=offer
    -- accept sdp=answer
    << 200 INVITE sdp=answer
"""
CONFIRMED = (
    ANSWERED
    + """
    >> ACK
    ** CallConfirmed sdp=None
"""
)


def test_a_call_rings_is_answered_and_hung_up_by_the_peer():
    book = Playbook(product="Roda").play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- ring
        << 180 INVITE
        -- progress sdp=music
        << 183 INVITE sdp=music
        -- accept sdp=answer
        << 200 INVITE sdp=answer
        >> ACK
        ** CallConfirmed sdp=None
        >> BYE
        << 200 BYE
        ** CallEnded cause=BYE status=0
        .. 37
    """)
    assert book.agent.calls == 0
    assert book.agent.transactions == 0
    assert book.agent.next_deadline() is None
    assert book.agent.counters["retransmitted"] == 0


def test_the_answer_says_what_a_peer_needs_to_come_back():
    book = Playbook(product="Roda")
    book.extra = [("Record-Route", "<sip:10.0.0.9;lr>"), ("Record-Route", "<sip:edge.invalid;lr>")]
    book.play(ANSWERED)
    trying, answer = book.last("100"), book.last("200")
    assert trying.to.tag is None
    assert answer.to.tag
    assert answer.via.rport == 5062
    assert answer.via.received == "10.0.0.9"
    assert answer.headers.get("Contact") == "<sip:roda@10.0.0.1:5060>"
    assert answer.headers.get("Server") == "Roda"
    assert "INVITE" in answer.headers.get("Allow")
    assert answer.headers.get_all("Record-Route") == ["<sip:10.0.0.9;lr>", "<sip:edge.invalid;lr>"]
    assert book.flows[-1] == book.flow


def test_over_tcp_the_contact_names_tcp():
    book = Playbook(TCP).play(ANSWERED)
    assert book.last("200").headers.get("Contact") == "<sip:roda@10.0.0.1:5060;transport=tcp>"


@pytest.mark.parametrize("flow", [Playbook().flow, TCP])
def test_a_2xx_is_repeated_until_its_ack_and_no_longer(flow):
    Playbook(flow).play(
        ANSWERED
        + """
        .. 0.5
        << 200 INVITE sdp=answer
        .. 1
        << 200 INVITE sdp=answer
        .. 2
        << 200 INVITE sdp=answer
        >> ACK
        ** CallConfirmed sdp=None
        .. 60
    """
    )


def test_without_ack_the_call_ends_by_bye_after_64_t1():
    book = Playbook().play(ANSWERED)
    book.play(".. 31.9\n" + "<< 200 INVITE sdp=answer\n" * 10)
    book.play("""
        .. 0.1
        << BYE
        ** CallEnded cause=NO_ACK status=0
        >> 200 BYE
        .. 5
    """)
    assert book.agent.transactions == 0


def test_a_repeated_invite_is_answered_from_state_and_never_a_second_call():
    Playbook().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        >> INVITE again
        << 100 INVITE
        -- ring
        << 180 INVITE
        >> INVITE again
        << 180 INVITE
        -- accept sdp=answer
        << 200 INVITE sdp=answer
        >> INVITE again
        >> ACK
        ** CallConfirmed sdp=None
        >> ACK again
        >> INVITE again
        .. 31
        >> INVITE again
    """)


def test_a_late_offer_is_ours_and_the_ack_brings_the_answer():
    Playbook().play("""
        >> INVITE
        << 100 INVITE
        ** IncomingCall offer=None
        -- accept sdp=ours
        << 200 INVITE sdp=ours
        >> ACK sdp=theirs
        ** CallConfirmed sdp=theirs
    """)


def test_a_rejection_is_repeated_until_its_ack():
    book = Playbook().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- reject 486
        << 486 INVITE
        ** CallEnded cause=LOCAL status=486
        .. 0.5
        << 486 INVITE
        >> ACK branch=z9hG4bKpeer1
        .. 5
    """)
    assert book.agent.transactions == 0


def test_a_rejection_carries_what_we_have_to_say():
    book = Playbook().play(">> INVITE sdp=offer\n<< 100 INVITE\n** IncomingCall offer=offer")
    book.agent.reject(
        book.call, 488, book.now, headers=[("Warning", '304 roda "no codec"')], reason="No Codec"
    )
    book.play("..0\n".replace("..0", ".. 0") + "<< 488 INVITE\n** CallEnded cause=LOCAL status=488")
    assert book.last("488").headers.get("Warning") == '304 roda "no codec"'
    assert book.last("488").reason == "No Codec"


def test_cancel_before_the_answer_ends_the_call():
    book = Playbook()
    book.play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
    """)
    book.extra = [("Reason", 'SIP;cause=200;text="elsewhere"')]
    book.play("""
        >> CANCEL
        << 200 CANCEL
        << 487 INVITE
        ** CallEnded cause=CANCELLED status=487
        >> CANCEL again
        << 200 CANCEL
        >> ACK branch=z9hG4bKpeer1
        .. 5
        >> CANCEL again
        << 481 CANCEL
    """)
    assert book.told[-1].reason == 'SIP;cause=200;text="elsewhere"'


def test_cancel_after_the_answer_changes_nothing():
    Playbook().play(
        ANSWERED
        + """
        >> CANCEL
        << 200 CANCEL
        >> ACK
        ** CallConfirmed sdp=None
    """
    )


def test_hanging_up_before_the_ack_waits_for_it():
    book = Playbook().play(
        ANSWERED
        + """
        -- hang_up reason=enough
        ** CallEnded cause=LOCAL status=0
        .. 0.5
        << 200 INVITE sdp=answer
        >> ACK
        << BYE
        >> 200 BYE
        .. 37
    """
    )
    assert book.last("BYE").headers.get("Reason") == 'SIP;text="enough"'
    assert book.agent.calls == 0
    assert book.agent.transactions == 0


def test_hanging_up_before_the_answer_is_487():
    Playbook().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- hang_up
        << 487 INVITE
        ** CallEnded cause=LOCAL status=487
    """)


def test_a_bye_in_the_early_dialog_also_ends_the_invite():
    Playbook().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- ring
        << 180 INVITE
        >> BYE
        << 200 BYE
        << 487 INVITE
        ** CallEnded cause=BYE status=0
    """)


def test_a_verb_for_a_call_that_ended_meanwhile_does_nothing():
    book = Playbook().play(CONFIRMED)
    book.play("""
        >> BYE
        << 200 BYE
        ** CallEnded cause=BYE status=0
        -- hang_up
        -- accept sdp=x
        -- reoffer sdp=x
    """)
    assert book.agent.counters["late:hang_up"] == 1
    assert [event.cause for event in book.told if hasattr(event, "cause")] == [EndCause.BYE]


def test_a_verb_out_of_place_is_our_error_and_changes_nothing():
    book = Playbook().play(CONFIRMED)
    with pytest.raises(LocalError, match="out of place"):
        book.agent.accept(book.call, b"again", book.now)
    with pytest.raises(LocalError, match="no 180"):
        book.agent.ring(book.call, book.now)
    with pytest.raises(LocalError, match="never was"):
        book.agent.ring(77, book.now)
    with pytest.raises(LocalError, match="rejects nothing"):
        book.agent.reject(book.call, 200, book.now)
    assert book.agent.outgoing() == []


def test_a_header_of_ours_cannot_smuggle_a_second_one():
    book = Playbook().play(">> INVITE sdp=offer\n<< 100 INVITE\n** IncomingCall offer=offer")
    with pytest.raises(LocalError, match="line break"):
        book.agent.reject(book.call, 403, book.now, headers=[("X", "a\r\nB: c")])
    book.play("-- accept sdp=a\n<< 200 INVITE sdp=a")


BROKEN = """
    >> INVITE sdp=offer
    << 100 INVITE
    ** IncomingCall offer=offer
    -- close
    -- accept sdp=answer
    << 200 INVITE sdp=answer
"""


def test_an_answer_whose_connection_is_gone_opens_another_to_where_the_peer_listens():
    """RFC 3261 18.2.2."""
    book = Playbook(TCP).play(BROKEN)
    asked = Flow("tcp", TCP.local, ("10.0.0.9", 5062))
    assert book.flows[-1] == asked
    stands = Flow("tcp", TCP.local, asked.remote, 7)
    book.agent.flow_opened(asked, stands, book.now)
    book.flow = stands
    book.play(".. 0.5\n<< 200 INVITE sdp=answer\n>> ACK\n** CallConfirmed sdp=None\n.. 60")
    assert book.flows[-1] == stands
    assert book.agent.counters["reopened"] == 1


def test_where_none_can_be_opened_the_call_ends_long_before_its_time():
    """No ghost for 32 s of a caller whose connection is known to be gone (interop.md 5, row 15)."""
    book = Playbook(TCP).play(BROKEN)
    asked = book.flows[-1]
    book.flow = asked
    book.play("-- close\n.. 1.4")
    assert book.agent.counters["dropped:connection gone"] == 2
    book.play(".. 0.1\n<< BYE\n** CallEnded cause=NO_ACK status=0")
    # The BYE asks for a connection to where the Contact says.
    assert (book.flows[-1].remote, book.flows[-1].connection) == (("192.168.0.9", 5062), 0)


def test_a_caller_whose_connection_broke_can_still_acknowledge_by_another():
    book = Playbook(TCP).play(BROKEN)
    book.flow = book.flows[-1]
    book.play("-- close\n.. 1")
    book.flow = Flow("tcp", TCP.local, ("10.0.0.9", 41_000), 9)
    book.play(">> ACK\n** CallConfirmed sdp=None\n.. 60")


def test_a_call_that_is_left_without_an_answer_is_refused_when_a_proxy_would_give_up():
    book = Playbook().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- ring
        << 180 INVITE
        .. 179.9
        .. 0.1
        << 480 INVITE
        ** CallEnded cause=TIMEOUT status=480
        >> ACK branch=z9hG4bKpeer1
        .. 5
    """)
    assert book.agent.calls == book.agent.transactions == 0


def test_a_call_that_was_answered_is_never_refused_for_its_age():
    Playbook().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- accept sdp=answer
        << 200 INVITE sdp=answer
        >> ACK
        ** CallConfirmed sdp=None
        .. 200
        >> OPTIONS
        << 200 OPTIONS
    """)


def test_the_ack_of_a_refusal_that_nothing_was_kept_of_is_no_stray():
    book = Playbook()
    book.agent.draining = True
    book.play(">> INVITE sdp=offer\n<< 503 INVITE")
    book.play(f">> ACK to={book.sent[-1].to.tag}")
    assert "dropped:ACK for nothing" not in book.agent.counters
    book.play(">> ACK to=another")
    assert book.agent.counters["dropped:ACK for nothing"] == 1


class _Proved:
    """A gate that has seen a proof."""

    def __init__(self, *, trusted: bool) -> None:
        self.let_in = Pass("ana", trusted=trusted)

    def admits(self, flow, data, now):
        return True

    def judge(self, request, flow, now, *, inside):
        return self.let_in

    def noticed(self, flow, what, now):
        return

    def acknowledged(self, flow, now):
        return


@pytest.mark.parametrize(("trusted", "confirmed"), [(False, True), (True, False)])
def test_an_ack_with_another_tag_is_one_only_from_who_has_proved_to_be_there(trusted, confirmed):
    ended = "\n** CallConfirmed sdp=None" if confirmed else ""
    begun = ANSWERED.replace("offer=offer", "offer=offer identity=ana" + (" trusted=True" if trusted else ""))
    book = Playbook(gate=_Proved(trusted=trusted)).play(begun)
    book.play(">> ACK to=another branch=z9hG4bKpeer1" + ended)
    assert book.agent.counters["dropped:ACK for nothing"] == (0 if confirmed else 1)

"""What is sent to addresses that may be a victim's: less, and for a shorter time (RFC 3261 13.3.1.4, 26.3.2.4)."""

import pytest

from sip.doubtful import DOUBTFUL_CALLS_MAX, DOUBTFUL_GIVE_UP_S
from sip.flow import Flow
from sip.gate import PASS, PASS_DOUBTFUL
from sip.message import Request
from sip.timers import GIVE_UP_S
from tests.support.sip_playbook import TCP, UDP, Playbook

FACTOR_MAX = 10.0
"""Bytes sent for one of an INVITE that nobody acknowledges; it was above 20."""
SDP = "v=0|o=- 1 1 IN IP4 10.0.0.9|s=-|c=IN IP4 10.0.0.9|t=0 0|m=audio 40000 RTP/AVP 0 8 101|a=rtpmap:101 telephone-event/8000|"


class Doubting:
    """A gate that doubts everybody who has acknowledged nothing."""

    def __init__(self) -> None:
        self.real: set[str] = set()

    def admits(self, flow, data, now):
        return True

    def judge(self, request, flow, now, *, inside):
        return PASS if inside or flow.reliable or flow.remote[0] in self.real else PASS_DOUBTFUL

    def noticed(self, flow, what, now):
        return

    def acknowledged(self, flow, now):
        self.real.add(flow.remote[0])


def doubting(flow: Flow = UDP) -> Playbook:
    return Playbook(flow, gate=Doubting())


ANSWERED = """
    >> INVITE sdp=offer
    << 100 INVITE
    ** IncomingCall offer=offer
    -- accept sdp=answer
    << 200 INVITE sdp=answer
"""


def test_a_2xx_that_nobody_acknowledges_goes_out_five_times_and_one_bye():
    book = doubting().play(
        ANSWERED
        + """
        .. 0.5
        << 200 INVITE sdp=answer
        .. 1
        << 200 INVITE sdp=answer
        .. 2
        << 200 INVITE sdp=answer
        .. 4
        << 200 INVITE sdp=answer
        .. 4
        << BYE
        ** CallEnded cause=NO_ACK status=0
        .. 40
    """
    )
    assert (book.agent.calls, book.agent.dialogs, book.agent.transactions) == (0, 0, 0)
    assert book.agent.next_deadline() is None


def test_what_one_forged_invite_sends_to_its_victim_is_bounded():
    book = doubting()
    asked = book.request("INVITE", {"sdp": SDP})
    book.agent.receive(UDP, asked, book.now)
    call = book.agent.events()[0].call
    book.agent.accept(call, SDP.replace("|", "\r\n").encode(), book.now)
    sent = 0
    for step in range(160):
        book.agent.advance(book.now + step / 2)
        sent += sum(len(each.data) for each in book.agent.outgoing())
    assert sent / len(asked) < FACTOR_MAX


def test_who_is_not_doubted_gets_all_that_the_rfc_has():
    book = doubting(TCP).play(ANSWERED)
    for _ in range(200):
        book.now += 0.25
        book.agent.advance(book.now)
    assert len([each for each in book.agent.outgoing() if b"200 OK" in each.data]) == 10


def test_after_the_first_ack_nobody_of_the_house_is_doubted():
    book = doubting().play(ANSWERED + ">> ACK\n** CallConfirmed sdp=None")
    assert book.agent._core.gate.real == {"10.0.0.9"}
    assert not book.agent._core.doubtful


def test_the_ack_of_a_refusal_shows_as_much_as_that_of_a_call():
    book = doubting().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- reject 503
        << 503 INVITE
        ** CallEnded cause=LOCAL status=503
    """)
    book.play(f">> ACK to={book.last('503').to.tag}")
    assert book.agent._core.gate.real == {"10.0.0.9"}


def test_a_refusal_that_nobody_acknowledges_goes_out_three_times():
    doubting().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- reject 486
        << 486 INVITE
        ** CallEnded cause=LOCAL status=486
        .. 0.5
        << 486 INVITE
        .. 1
        << 486 INVITE
        .. 40
    """)


@pytest.mark.parametrize("tag", ["guessed", ""])
def test_an_ack_without_our_tag_shows_nothing(tag):
    book = doubting().play(f"""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- reject 503
        << 503 INVITE
        ** CallEnded cause=LOCAL status=503
        >> ACK to={tag}
    """)
    assert not book.agent._core.gate.real


def test_an_ack_from_elsewhere_shows_nothing_though_it_has_our_tag():
    """Who calls from his own address learns a tag, and could say with it to be anybody."""
    book = doubting().play(ANSWERED)
    book.flow = Flow("udp", UDP.local, ("10.0.0.66", 5062))
    book.play(">> ACK\n** CallConfirmed sdp=None")
    assert not book.agent._core.gate.real


def test_calls_without_ack_of_one_source_are_few_and_the_next_is_let_in_once_one_is_there():
    book = doubting()

    def calls() -> int:
        book._call_id = f"call-{len(book.sent)}-{book._cseq}"
        book._to_tag = ""
        book.feed(book.request("INVITE", {"sdp": "offer"}))
        return book.agent.calls

    for number in range(DOUBTFUL_CALLS_MAX):
        assert calls() == number + 1
        book.agent.accept(book.told[-1].call, b"answer", book.now)
        book._note([])
    before = len(book.sent)
    assert calls() == DOUBTFUL_CALLS_MAX
    assert len(book.sent) == before, "not even a refusal"
    assert book.agent.counters["dropped:calls without ACK"] == 1
    book.now += DOUBTFUL_GIVE_UP_S + 1
    book.agent.advance(book.now)
    assert calls() == 1
    assert len(book.agent._core.doubtful) == 1


def test_who_wants_reliable_answers_is_sent_no_more():
    book = doubting()
    book.extra = [("Require", "100rel")]
    book.play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- ring
        << 180 INVITE
    """)
    said = len(book.sent)
    for _ in range(int(2 * GIVE_UP_S)):
        book.now += 0.5
        book.agent.advance(book.now)
        book._note([])
    again = [message for message in book.sent[said:] if not isinstance(message, Request)]
    assert [message.status for message in again] == [180] * 4 + [504] * 3

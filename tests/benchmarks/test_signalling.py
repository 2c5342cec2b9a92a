from collections.abc import Iterator

import pytest

from benchmarks.messages import parse_message
from benchmarks.signalling import (
    NO_ANSWER,
    NO_MEDIA,
    T1_S,
    TIMEOUT_S,
    Answered,
    CallState,
    Failed,
    HungUp,
    MediaMoved,
    Phones,
)

SDP = "c=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"


@pytest.fixture
def phones() -> Phones:
    return Phones(target="127.0.0.1:5060", local="127.0.0.1:5070", transport="udp", name="t")


def place(phones: Phones, row: int = 0, now: float = 0.0) -> bytes:
    phones.place(row, user="conf-1000", rtp_host="127.0.0.1", rtp_port=34000, now=now)
    (invite,) = phones.outgoing()
    return invite


def reply(request: bytes, status: str, body: str = "", contact: str = "<sip:room@127.0.0.1:5062>") -> bytes:
    asked = parse_message(request)
    return (
        f"SIP/2.0 {status}\r\nVia: {asked.first('via')}\r\nFrom: {asked.first('from')}\r\n"
        f"To: {asked.first('to')};tag=s\r\nCall-ID: {asked.first('call-id')}\r\nCSeq: {asked.first('cseq')}\r\n"
        f"Contact: {contact}\r\nRecord-Route: <sip:proxy;lr>\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def from_server(method: str, call_id: str = "t-0", body: str = "") -> bytes:
    return (
        f"{method} sip:phone0@h SIP/2.0\r\nVia: SIP/2.0/UDP s;branch=z9hG4bKs\r\nFrom: <sip:s>;tag=s\r\n"
        f"To: <sip:p>;tag=t0\r\nCall-ID: {call_id}\r\nCSeq: 9 {method}\r\n\r\n{body}"
    ).encode()


def lines(messages: list[bytes]) -> Iterator[str]:
    return (message.decode().split("\r\n")[0] for message in messages)


def test_a_call_is_answered_acknowledged_and_hung_up_along_its_route(phones):
    invite = place(phones)
    phones.receive(reply(invite, "100 Trying"), 0.01)
    phones.receive(reply(invite, "200 OK", SDP), 0.03)
    (ack,) = phones.outgoing()
    assert ack.startswith(b"ACK sip:room@127.0.0.1:5062 SIP/2.0\r\n")
    assert b"Route: <sip:proxy;lr>\r\n" in ack
    assert parse_message(ack).first("cseq") == "1 ACK"
    (answered,) = phones.events()
    assert isinstance(answered, Answered)
    assert (answered.media.port, round(answered.after_s, 3)) == (4000, 0.03)
    phones.hang_up(0, 5.0)
    (bye,) = phones.outgoing()
    assert parse_message(bye).first("cseq") == "2 BYE"
    phones.receive(reply(bye, "200 OK"), 5.002)
    (over,) = phones.events()
    assert isinstance(over, HungUp)
    assert (over.by_server, over.status, round(over.after_s, 3)) == (False, 200, 0.002)
    assert phones.state(0) is CallState.DOWN


def test_a_repeated_200_gets_its_ack_again(phones):
    invite = place(phones)
    for now in (0.1, 0.6):
        phones.receive(reply(invite, "200 OK", SDP), now)
    first, second = phones.outgoing()
    assert first == second
    assert len(phones.events()) == 1


def test_an_invite_without_answer_is_resent_at_doubling_intervals_and_given_up_at_64_t1(phones):
    invite = place(phones)
    resent = []
    while (due := phones.next_deadline()) is not None:
        phones.advance(due)
        resent += [due for message in phones.outgoing() if message == invite]
    assert resent == [T1_S, 3 * T1_S, 7 * T1_S, 15 * T1_S, 31 * T1_S, 63 * T1_S]
    assert phones.events() == [Failed(0, NO_ANSWER)]
    assert phones.statistics.retransmissions == 6


def test_a_provisional_answer_ends_the_resending(phones):
    phones.receive(reply(place(phones), "100 Trying"), 0.1)
    phones.advance(TIMEOUT_S - 0.1)
    assert phones.outgoing() == []


def test_a_bye_is_resent_every_4_s_at_most(phones):
    phones.receive(reply(place(phones), "200 OK", SDP), 0.0)
    phones.hang_up(0, 0.0)
    phones.outgoing()
    resent = []
    while (due := phones.next_deadline()) is not None and phones.state(0) is not CallState.DOWN:
        phones.advance(due)
        resent += [due] * len(phones.outgoing())
    assert resent == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert phones.events()[-1] == HungUp(0, by_server=False, status=NO_ANSWER, after_s=TIMEOUT_S)


def test_over_tcp_nothing_is_resent():
    phones = Phones(target="127.0.0.1:5060", local="127.0.0.1:5070", transport="tcp", name="t")
    assert b"SIP/2.0/TCP" in place(phones)
    phones.advance(TIMEOUT_S - 0.1)
    assert phones.outgoing() == []
    phones.advance(TIMEOUT_S)
    assert phones.events() == [Failed(0, NO_ANSWER)]


def test_a_refusal_is_acknowledged_in_the_same_transaction_and_counted_by_status(phones):
    invite = place(phones)
    phones.receive(reply(invite, "503 Service Unavailable"), 0.1)
    (ack,) = phones.outgoing()
    assert ack.startswith(b"ACK sip:conf-1000@127.0.0.1:5060 ")
    assert parse_message(ack).first("via") == parse_message(invite).first("via")
    assert phones.events() == [Failed(0, 503)]
    assert phones.statistics.statuses[503] == 1


def test_a_200_without_audio_is_acknowledged_and_left(phones):
    phones.receive(reply(place(phones), "200 OK"), 0.1)
    assert list(lines(phones.outgoing())) == [
        "ACK sip:room@127.0.0.1:5062 SIP/2.0",
        "BYE sip:room@127.0.0.1:5062 SIP/2.0",
    ]
    assert phones.events() == [Failed(0, NO_MEDIA)]


def test_requests_of_the_server_are_served(phones):
    phones.receive(reply(place(phones), "200 OK", SDP), 0.1)
    phones.outgoing()
    phones.events()
    phones.receive(from_server("OPTIONS"), 0.2)
    phones.receive(from_server("INVITE", body=SDP.replace("4000", "4002")), 0.3)
    phones.receive(from_server("BYE", call_id="nobody"), 0.4)
    phones.receive(from_server("BYE"), 0.5)
    answers = phones.outgoing()
    assert [line.split()[1] for line in lines(answers)] == ["200", "200", "481", "200"]
    assert b"m=audio 34000" in answers[1]
    moved, over = phones.events()
    assert isinstance(moved, MediaMoved)
    assert moved.media.port == 4002
    assert isinstance(over, HungUp)
    assert over.by_server


def test_a_call_that_was_hung_up_by_the_server_says_no_bye(phones):
    phones.receive(reply(place(phones), "200 OK", SDP), 0.1)
    phones.receive(from_server("BYE"), 0.5)
    phones.outgoing()
    phones.hang_up(0, 1.0)
    assert phones.outgoing() == []


def test_what_nobody_asked_for_is_counted(phones):
    phones.receive(b"garbage", 0.0)
    phones.receive(reply(place(phones, 3), "200 OK", SDP).replace(b"t-3", b"t-4"), 0.0)
    assert phones.statistics.unreadable == 2

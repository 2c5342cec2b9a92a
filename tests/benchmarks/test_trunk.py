import pytest

from benchmarks.messages import offer_sdp, parse_message
from benchmarks.trunk import Confirmed, Gone, Invited, Trunk

BRIDGE = ("127.0.0.1", 5060)


def request(method, *, call="a", cseq=1, body="", to="<sip:+5511970000000@127.0.0.1:7000>"):
    kind = "Content-Type: application/sdp\r\n" if body else ""
    return (
        f"{method} sip:+5511970000000@127.0.0.1:7000 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK{call}{cseq}\r\n"
        f"From: <sip:1000@127.0.0.1>;tag=b\r\nTo: {to}\r\nCall-ID: {call}\r\nCSeq: {cseq} {method}\r\n"
        f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


OFFER = offer_sdp(host="127.0.0.1", port=16400, codec="pcmu", ptime_ms=20, session=1)


@pytest.fixture
def trunk():
    return Trunk(local="127.0.0.1:7000", first_row=1)


def statuses(trunk):
    return [parse_message(data).status for data, _ in trunk.outgoing()]


def ring(trunk, call="a"):
    trunk.receive(request("INVITE", call=call, body=OFFER), BRIDGE)


def test_a_call_rings_is_answered_and_confirmed(trunk):
    ring(trunk)
    assert statuses(trunk) == [180]
    assert trunk.events() == [Invited(1, "+5511970000000")]
    trunk.pick_up(1, "127.0.0.1", 34000, 1.0)
    [(data, to)] = trunk.outgoing()
    answer = parse_message(data)
    assert (answer.status, to) == (200, BRIDGE)
    assert "tag=" in answer.first("to")
    assert "m=audio 34000" in answer.body
    trunk.receive(request("ACK"), BRIDGE)
    [confirmed] = trunk.events()
    assert isinstance(confirmed, Confirmed)
    assert (confirmed.row, confirmed.media.port, confirmed.media.telephone_event) == (1, 16400, 101)
    trunk.advance(100.0)
    assert trunk.outgoing() == []


def test_an_answer_that_nobody_confirms_is_sent_again_and_given_up(trunk):
    ring(trunk)
    trunk.pick_up(1, "127.0.0.1", 34000, 0.0)
    trunk.outgoing()
    sent = []
    while (at := trunk.next_deadline()) is not None:
        trunk.advance(at)
        sent += [at] * len(trunk.outgoing())
    assert sent[:4] == [0.5, 1.5, 3.5, 7.5]
    assert trunk.events()[-1] == Gone(1)


def test_a_repeated_invite_is_the_same_call(trunk):
    ring(trunk)
    ring(trunk)
    assert statuses(trunk) == [180, 180]
    assert trunk.events() == [Invited(1, "+5511970000000")]
    trunk.pick_up(1, "127.0.0.1", 34000, 0.0)
    trunk.pick_up(1, "127.0.0.1", 34000, 0.0)
    ring(trunk)
    assert statuses(trunk) == [200, 200]


def test_what_is_cancelled_rings_no_more(trunk):
    ring(trunk)
    trunk.outgoing()
    trunk.receive(request("CANCEL"), BRIDGE)
    assert statuses(trunk) == [200, 487]
    assert trunk.events()[-1] == Gone(1)
    trunk.pick_up(1, "127.0.0.1", 34000, 0.0)
    assert trunk.outgoing() == []


def test_the_server_hangs_up(trunk):
    ring(trunk)
    trunk.pick_up(1, "127.0.0.1", 34000, 0.0)
    trunk.receive(request("ACK"), BRIDGE)
    trunk.outgoing()
    trunk.receive(request("BYE", cseq=2), BRIDGE)
    trunk.receive(request("BYE", cseq=3), BRIDGE)
    assert statuses(trunk) == [200, 481]
    assert trunk.events()[-1] == Gone(1)


def test_each_call_has_a_row_of_its_own(trunk):
    ring(trunk, "a")
    ring(trunk, "b")
    assert [event.row for event in trunk.events()] == [1, 2]


def test_what_cannot_be_talked_to_is_refused(trunk):
    trunk.receive(request("INVITE"), BRIDGE)
    assert statuses(trunk) == [488]
    assert trunk.events() == [Gone(1, refused=True)]
    trunk.receive(b"nonsense", BRIDGE)
    assert trunk.unreadable == 1


def test_a_change_of_mind_is_refused_and_options_are_answered(trunk):
    ring(trunk)
    trunk.pick_up(1, "127.0.0.1", 34000, 0.0)
    trunk.receive(request("ACK"), BRIDGE)
    trunk.outgoing()
    trunk.receive(request("INVITE", cseq=2, body=OFFER), BRIDGE)
    trunk.receive(request("OPTIONS", call="z"), BRIDGE)
    assert statuses(trunk) == [488, 200]

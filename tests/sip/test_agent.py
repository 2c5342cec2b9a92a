"""The agent's face: who is refused how, what is dropped, what is answered outside calls."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.agent import Agent, AgentSettings, Flow
from sip.events import CallEnded, EndCause
from sip.flow import Transmit
from sip.gate import PASS
from sip.settings import METHODS, SUPPORTED
from sip.timers import GIVE_UP_S, T4_S
from sip.transactions import TRANSACTIONS_MAX
from tests.support.sip_playbook import TCP, UDP, Playbook, counting_entropy

ALLOW = ", ".join(METHODS)
IN_CALL = """
    >> INVITE sdp=offer
    << 100 INVITE
    ** IncomingCall offer=offer
    -- accept sdp=answer
    << 200 INVITE sdp=answer
    >> ACK
    ** CallConfirmed sdp=None
"""


def test_options_are_answered_and_cost_no_memory():
    book = Playbook().play(">> OPTIONS\n<< 200 OPTIONS\n>> OPTIONS again\n<< 200 OPTIONS")
    answer = book.last("200")
    assert answer.headers.get("Allow") == ALLOW
    assert answer.headers.get("Accept") == "application/sdp"
    assert answer.headers.get("Supported") == ", ".join(SUPPORTED)
    assert book.sent[0].to.tag == book.sent[1].to.tag is not None
    assert book.agent.transactions == 0


def test_options_inside_a_call_are_answered_too():
    Playbook().play(IN_CALL + ">> OPTIONS\n<< 200 OPTIONS")


def test_a_draining_agent_takes_no_calls_and_keeps_those_it_has():
    book = Playbook().play(IN_CALL)
    book.play("""
        -- drain
        >> OPTIONS
        << 200 OPTIONS
        >> OPTIONS to= call=other
        << 503 OPTIONS
        >> INVITE to= call=other sdp=o
        << 503 INVITE
        >> BYE
        << 200 BYE
        ** CallEnded cause=BYE status=0
    """)
    assert book.last("503").headers.get("Retry-After") == "5"


def test_calls_are_bounded_and_the_next_caller_is_told_when_to_come_back():
    book = Playbook(calls_max=1).play(
        IN_CALL
        + """
        >> INVITE to= call=other sdp=o
        << 503 INVITE
        >> BYE cseq=9
        << 200 BYE
        ** CallEnded cause=BYE status=0
        >> INVITE to= call=third sdp=o
        << 100 INVITE
        ** IncomingCall offer=o
    """
    )
    assert book.last("503").headers.get("Retry-After") == "5"


def test_transactions_are_bounded_but_a_bye_is_let_in(monkeypatch):
    book = Playbook().play(IN_CALL)
    monkeypatch.setattr("sip.transactions.TRANSACTIONS_MAX", 1)
    book.play("""
        >> INVITE to= call=other sdp=o
        << 503 INVITE
        >> INFO type=application/dtmf body=5
        << 503 INFO
        >> BYE
        << 200 BYE
        ** CallEnded cause=BYE status=0
    """)
    assert (
        TRANSACTIONS_MAX >= 16_384
    )  # 200 calls a second with three transactions of 32 s each nearly fill this


@pytest.mark.parametrize(
    ("method", "status"),
    [("REGISTER", 405), ("PUBLISH", 405), ("MESSAGE", 405), ("JUMP", 501)],
)
def test_a_method_that_is_not_ours_is_refused_with_allow(method, status):
    book = Playbook().play(f">> {method}\n<< {status} {method}")
    assert book.last(str(status)).headers.get("Allow") == ALLOW


def test_an_unknown_require_is_420_and_named():
    book = Playbook()
    book.extra = [("Require", "precondition, timer"), ("Require", "magic")]
    book.play(">> INVITE sdp=o\n<< 420 INVITE")
    assert book.last("420").headers.get("Unsupported") == "precondition, magic"


@pytest.mark.parametrize(
    ("line", "accept"),
    [
        ("INVITE type=multipart/mixed body=x", "application/sdp"),
        ("INVITE type=text/plain body=x", "application/sdp"),
    ],
)
def test_a_body_that_is_not_sdp_is_415_with_accept(line, accept):
    book = Playbook().play(f">> {line}\n<< 415 INVITE")
    assert book.last("415").headers.get("Accept") == accept


def test_an_encoded_body_is_415():
    book = Playbook()
    book.extra = [("Content-Encoding", "gzip")]
    book.play(">> INVITE sdp=o\n<< 415 INVITE")
    assert book.last("415").headers.get("Accept-Encoding") == "identity"


def test_an_info_with_a_foreign_body_is_415_with_accept_and_an_empty_one_is_fine():
    book = Playbook().play(
        IN_CALL
        + """
        >> INFO type=application/media_control+xml body=x
        << 415 INFO
        >> INFO
        << 200 INFO
        >> INFO type=application/dtmf-relay body=Signal=*|Duration=250|
        << 200 INFO
        ** DigitReceived digit=* duration_ms=250
        >> INFO again
        << 200 INFO
        >> INFO type=application/dtmf-relay body=Signal=x
        << 400 INFO
    """
    )
    assert book.last("415").headers.get("Accept") == "application/dtmf-relay, application/dtmf"


@pytest.mark.parametrize("method", ["BYE", "INFO", "INVITE", "OPTIONS"])
def test_a_request_for_a_dialog_that_is_not_there_is_481(method):
    Playbook().play(f">> {method} to=nobody\n<< 481 {method}")


def test_a_bye_without_to_tag_belongs_to_nothing():
    Playbook().play(">> BYE\n<< 481 BYE")


@pytest.mark.parametrize("words", ["from=stranger", "call=other"])
def test_our_tag_alone_does_not_open_a_dialog(words):
    book = Playbook().play(IN_CALL + f">> BYE {words}\n<< 481 BYE")
    assert book.agent.calls == 1


def test_an_ack_for_nothing_is_dropped():
    book = Playbook().play(">> ACK to=nobody branch=z9hG4bKx")
    assert book.agent.counters["dropped:ACK for nothing"] == 1


def test_a_cseq_that_is_not_higher_is_500():
    Playbook().play(
        IN_CALL
        + """
        >> OPTIONS cseq=1
        << 500 OPTIONS
        >> OPTIONS cseq=7
        << 200 OPTIONS
        >> BYE cseq=6
        << 500 BYE
        >> BYE cseq=8
        << 200 BYE
        ** CallEnded cause=BYE status=0
    """
    )


def test_the_same_invite_by_another_way_is_merged():
    Playbook().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        >> INVITE cseq=1 branch=z9hG4bKother to= sdp=offer
        << 482 INVITE
    """)


def test_two_callers_with_the_same_branch_are_two_calls():
    book = Playbook().play(">> INVITE sdp=a\n<< 100 INVITE\n** IncomingCall offer=a")
    data = book.request("INVITE", {"branch": "z9hG4bKpeer1", "call": "other", "to": "", "sdp": "b"})
    book.feed(data.replace(b"192.168.0.9:5062;rport", b"192.168.0.8;rport"))
    assert [event.offer for event in book.told] == [b"a", b"b"]


@pytest.mark.parametrize(("verb", "status"), [("accept", 200), ("reject", 486)])
def test_an_invite_that_travelled_for_longer_than_we_wait_for_its_ack_is_no_second_call(verb, status):
    book = Playbook().play(">> INVITE sdp=offer\n<< 100 INVITE\n** IncomingCall offer=offer")
    if verb == "accept":
        book.agent.accept(book.call, b"answer", book.now)
    else:
        book.agent.reject(book.call, status, book.now)
    first = book.request("INVITE", {"branch": "z9hG4bKpeer1", "cseq": "1", "to": "", "sdp": "offer"})
    for _ in range(int(2 * (GIVE_UP_S + T4_S))):
        book.feed(first)
        book.now += 0.5
        book.agent.advance(book.now)
    assert [type(event).__name__ for event in book.told] == ["IncomingCall", "CallEnded"]


def test_two_callers_of_the_same_private_address_and_branch_are_two_calls():
    book = Playbook().play(">> INVITE sdp=a\n<< 100 INVITE\n** IncomingCall offer=a")
    book.feed(book.request("INVITE", {"branch": "z9hG4bKpeer1", "call": "other", "to": "", "sdp": "b"}))
    assert [event.offer for event in book.told] == [b"a", b"b"]
    book.feed(book.request("CANCEL", {"branch": "z9hG4bKpeer1", "call": "other"}))
    assert book.told[-1] == CallEnded(2, EndCause.CANCELLED, 487, "")


@pytest.mark.parametrize("branch", ["1", "z9hG4bK"])
def test_a_peer_of_rfc_2543_repeats_branches_and_still_makes_two_calls(branch):
    book = Playbook().play(f"""
        >> INVITE branch={branch} sdp=a
        << 100 INVITE
        ** IncomingCall offer=a
        >> INVITE again
        << 100 INVITE
    """)
    book.feed(book.request("INVITE", {"branch": branch, "call": "other", "to": "", "sdp": "b"}))
    assert len(book.told) == 2


@pytest.mark.parametrize("branch", ["1", "z9hG4bK"])
def test_a_peer_of_rfc_2543_repeats_its_branch_within_a_call(branch):
    Playbook().play(f"""
        >> INVITE branch={branch} sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- accept sdp=answer
        << 200 INVITE sdp=answer
        >> ACK branch={branch}
        ** CallConfirmed sdp=None
        >> INVITE branch={branch} sdp=hold
        << 100 INVITE
        ** OfferReceived offer=hold
    """)


def test_no_hops_left_matters_only_to_a_request_for_another_host():
    book = Playbook()
    book.removed = {"Max-Forwards"}
    book.extra = [("max-forwards", "0")]
    book.play(">> OPTIONS\n<< 200 OPTIONS")
    book.extra = [("max-forwards", "0")]
    book.uri = "sip:room@elsewhere.invalid"
    book.play(">> OPTIONS\n<< 483 OPTIONS")


def test_a_strange_scheme_is_416():
    book = Playbook()
    book.uri = "soap.beep://room"
    book.play(">> INVITE sdp=o\n<< 416 INVITE")


def test_an_invite_without_contact_opens_no_dialog():
    book = Playbook()
    book.removed = {"Contact"}
    book.play(">> INVITE sdp=o\n<< 400 INVITE")
    assert book.last("400").reason == "Missing Contact"


def test_a_route_longer_than_any_honest_one_is_refused():
    book = Playbook()
    book.extra = [("Record-Route", ", ".join(["<sip:10.0.0.5;lr>"] * 33))]
    book.play(">> INVITE sdp=o\n<< 400 INVITE")


def test_another_version_is_505_and_a_broken_message_is_400():
    book = Playbook()
    data = book.request("OPTIONS", {})
    book.feed(data.replace(b"SIP/2.0\r\n", b"SIP/3.0\r\n", 1))
    assert [message.status for message in book.sent] == [505]
    book.feed(data.replace(b"Max-Forwards: 70", b"Max-Forwards: many"))
    assert book.last("400").via.rport == 5062


def test_what_cannot_be_answered_is_dropped_and_counted():
    book = Playbook()
    data = book.request("OPTIONS", {})
    book.feed(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    book.feed(data.replace(b"Via: ", b"Via: x"))
    book.feed(b"\r\n\r\n")
    book.feed(b"\0")
    assert book.sent == []
    assert book.agent.counters["dropped:malformed"] == 2
    assert book.agent.counters["received:keep-alive"] == 2


def test_a_flood_of_strange_methods_does_not_grow_the_counters():
    book = Playbook()
    for number in range(50):
        book.feed(book.request(f"M{number}", {}))
    assert book.agent.counters["received:other:udp"] == 50
    assert len(book.agent.counters) == 2


@pytest.mark.parametrize("method", ["OPTIONS", "OPTIONS broken"])
@pytest.mark.parametrize(
    ("via", "remote"),
    [
        # RFC 3581, and whoever stands behind a NAT: back to the source.
        ("192.168.0.9:5062;rport", ("10.0.0.77", 7777)),
        ("192.168.0.9:5062", ("10.0.0.77", 7777)),
        ("10.0.0.77:5062;rport", ("10.0.0.77", 7777)),
        ("phone.invalid", ("10.0.0.77", 7777)),
        # RFC 3261 18.2.2: to the port of the Via.
        ("10.0.0.77:5062", ("10.0.0.77", 5062)),
        ("10.0.0.77", ("10.0.0.77", 5060)),
    ],
)
def test_a_response_goes_to_the_source_or_to_the_port_that_a_peer_in_plain_sight_names(via, remote, method):
    book = Playbook()
    data = book.request("OPTIONS", {}).replace(b"192.168.0.9:5062;rport", via.encode())
    if "broken" in method:
        data = data.replace(b"Max-Forwards: 70", b"Max-Forwards: many")
    book.agent.receive(Flow("udp", UDP.local, ("10.0.0.77", 7777)), data, book.now)
    assert [out.flow.remote for out in book.agent.outgoing()] == [remote]


def test_nobody_is_answered_at_an_address_of_ours():
    book = Playbook()
    here = Flow("udp", UDP.local, (UDP.local[0], 7777))
    data = book.request("OPTIONS", {}).replace(b"192.168.0.9:5062;rport", b"10.0.0.1:5060")
    book.agent.receive(here, data, book.now)
    assert [out.flow for out in book.agent.outgoing()] == [here]


def test_a_peer_that_listens_elsewhere_than_it_sends_from_is_hung_up_there():
    book, plain = Playbook(), Flow("udp", UDP.local, ("192.168.0.9", 50_000))
    data = book.request("INVITE", {"sdp": "o"}).replace(b";rport", b"")
    book.agent.receive(plain, data, book.now)
    book.play(".. 0\n<< 100 INVITE\n** IncomingCall offer=o\n-- accept sdp=a\n<< 200 INVITE sdp=a")
    book.agent.receive(plain, book.request("ACK", {}).replace(b";rport", b""), book.now)
    book.play(".. 0\n** CallConfirmed sdp=None\n-- hang_up\n<< BYE\n** CallEnded cause=LOCAL status=0")
    assert {flow.remote for flow in book.flows} == {("192.168.0.9", 5062)}


def test_a_digit_in_a_call_that_is_over_for_us_is_not_told():
    Playbook().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- accept sdp=answer
        << 200 INVITE sdp=answer
        -- hang_up
        ** CallEnded cause=LOCAL status=0
        >> INFO type=application/dtmf body=5
        << 200 INFO
    """)


def test_a_stream_is_cut_into_messages_wherever_it_breaks():
    whole = Playbook(TCP)
    data = whole.request("OPTIONS", {}) + b"\r\n\r\n" + whole.request("OPTIONS", {"call": "b"})
    for cut in range(0, len(data), 7):
        book = Playbook(TCP)
        book.feed(data[:cut])
        book.feed(data[cut:])
        assert [message.status for message in book.sent] == [200, 200]
        assert book.agent.counters["received:keep-alive"] == 1


def test_a_stream_that_lost_its_border_is_answered_and_closed():
    book = Playbook(TCP)
    book.agent.receive(TCP, book.request("OPTIONS", {}).replace(b"Length: 0", b"Length: -1"), book.now)
    answer, close = book.agent.outgoing()
    assert answer.data.startswith(b"SIP/2.0 400")
    assert close.close
    assert close.flow == TCP


def test_a_bad_message_with_a_clear_border_does_not_end_its_stream():
    book = Playbook(TCP)
    bad = book.request("OPTIONS", {}).replace(b"SIP/2.0\r\n", b"SIP/3.0\r\n", 1)
    book.feed(bad + book.request("OPTIONS", {}))
    assert [message.status for message in book.sent] == [505, 200]


@settings(max_examples=150)
@given(st.binary(max_size=200), st.integers(0, 500), st.integers(0, 60), st.booleans())
def test_nothing_a_peer_sends_raises(noise, at, cut, stream):
    book = Playbook(TCP if stream else UDP)
    data = book.request("INVITE", {"sdp": "o"})
    data = data[:at] + noise + data[at + cut :]
    agent = Agent(settings=AgentSettings(), entropy=counting_entropy())
    agent.receive(book.flow, data, 0.0)
    agent.receive(book.flow, data, 0.0)
    agent.advance(100.0)


class Closed:
    """A gate that lets nobody in from a moment on."""

    def __init__(self, from_s):
        self.from_s = from_s
        self.asked = []

    def admits(self, flow, data, now):
        self.asked.append(data)
        return now < self.from_s

    def judge(self, request, flow, now, *, inside):
        return PASS

    def noticed(self, flow, what, now): ...

    def acknowledged(self, flow, now): ...


def test_a_connection_of_somebody_shut_out_is_closed_before_it_says_a_word():
    """Nor is there a handshake for it, which would cost us more than it."""
    agent = Agent(settings=AgentSettings(), entropy=counting_entropy(), gate=Closed(0.0))
    agent.flow_opened(TCP, TCP, 1.0)
    assert agent.outgoing() == [Transmit(TCP, b"", close=True)]
    assert agent.counters["dropped:not admitted"] == 1


def test_a_stream_of_which_a_piece_is_not_read_is_over():
    gate = Closed(5.0)
    agent = Agent(settings=AgentSettings(), entropy=counting_entropy(), gate=gate)
    agent.flow_opened(TCP, TCP, 1.0)
    agent.receive(TCP, b"OPTIONS sip:", 2.0)
    agent.receive(TCP, b"x SIP/2.0", 6.0)
    assert agent.outgoing() == [Transmit(TCP, b"", close=True)]
    assert gate.asked == [b"", b"OPTIONS sip:", b"x SIP/2.0"]


def test_a_connection_that_we_asked_for_is_nobodys_knock():
    agent = Agent(settings=AgentSettings(), entropy=counting_entropy(), gate=Closed(0.0))
    agent.flow_opened(Flow("tcp", TCP.local, TCP.remote), TCP, 1.0)
    assert agent.outgoing() == []

"""The 49 torture messages of RFC 4475, each with what the RFC says must happen to it in a parser.

The messages are those of the RFC's archive, byte for byte, but one: the archive's `baddn` lacks the empty line
that the RFC prints, and has it here. What only an application can decide (an unknown scheme, an unknown
Require, Max-Forwards 0 ...) must parse here and is judged further up.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.gate import Gate as BridgeGate
from bridge.signalling import SERVED
from sip.accounts import Account
from sip.agent import Agent, AgentSettings, Flow
from sip.challenge import Challenger, Policy
from sip.errors import ParseError
from sip.events import IncomingCall
from sip.framing import StreamParser
from sip.gate import OPEN, Gate
from sip.guard import Guard, GuardSettings
from sip.message import Request, Response
from sip.parser import MAX_MESSAGE, parse
from sip.registrar import Registrar, RegistrarSettings
from tests.support.sip_playbook import counting_entropy

MESSAGES = {path.stem: path.read_bytes() for path in (Path(__file__).parent / "rfc4475").glob("*.dat")}

VALID = (
    "badaspec", "badbranch", "baddate", "bcast", "bext01", "cparam01", "cparam02", "dblreq", "esc01", "esc02",
    "escnull", "escruri", "intmeth", "inv2543", "invut", "longreq", "lwsdisp", "mpart01", "noreason", "novelsc",
    "regaut01", "regescrt", "sdp01", "semiuri", "transports", "unkscm", "unksm2", "unreason", "wsinv", "zeromf",
)  # fmt: skip

ANSWERED = {
    "baddn": 400, "badinv01": 400, "badvers": 505, "clerr": 400, "insuf": 400, "ltgtruri": 400, "lwsruri": 400, "lwsstart": 400, "mcl01": 400,
    "mismatch01": 400, "mismatch02": 400, "multi01": 400, "ncl": 400, "quotbal": 400, "regbadct": 400,
    "scalar02": 400, "trws": 400,
}  # fmt: skip

DROPPED = ("bigcode", "scalarlg")


def read(name: str) -> Request | Response:
    return parse(MESSAGES[name])


def request(name: str) -> Request:
    message = read(name)
    assert isinstance(message, Request)
    return message


def response(name: str) -> Response:
    message = read(name)
    assert isinstance(message, Response)
    return message


def test_all_49_messages_are_here_and_each_has_its_verdict() -> None:
    verdicts = [*VALID, *ANSWERED, *DROPPED]
    assert len(MESSAGES) == 49
    assert sorted(verdicts) == sorted(MESSAGES)


@pytest.mark.parametrize("name", VALID)
def test_a_message_that_may_be_taken_parses(name: str) -> None:
    assert read(name).cseq.number >= 0


@pytest.mark.parametrize(("name", "status"), ANSWERED.items())
def test_a_bad_request_gets_its_status_and_can_be_answered(name: str, status: int) -> None:
    with pytest.raises(ParseError) as caught:
        read(name)
    assert caught.value.status == status
    partial = caught.value.partial
    assert partial is not None
    assert partial.via.host
    assert partial.headers.get("CSeq")


@pytest.mark.parametrize("name", DROPPED)
def test_a_bad_response_is_dropped(name: str) -> None:
    with pytest.raises(ParseError) as caught:
        read(name)
    assert caught.value.status == 0
    assert caught.value.partial is None


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_a_message_cut_anywhere_never_raises_another_error(name: str) -> None:
    data = MESSAGES[name]
    for end in range(0, len(data), 7):
        try:
            parse(data[:end])
        except ParseError:
            continue


@pytest.mark.parametrize("name", [name for name in VALID if name != "badbranch"])
def test_a_good_message_survives_its_own_encoding(name: str) -> None:
    before = read(name)
    after = parse(before.encode())
    assert list(after.headers)[:-1] == [field for field in before.headers if field[0] != "Content-Length"]
    assert after.body == before.body


@pytest.mark.parametrize("name", [name for name in VALID if name != "dblreq"])
def test_a_stream_gives_the_same_message_byte_by_byte(name: str) -> None:
    expected = read(name)
    stream = StreamParser()
    data = expected.encode()
    assert len(data) < MAX_MESSAGE
    found = [message for index in range(len(data)) for message in stream.receive(data[index : index + 1])]
    assert [type(message) for message in found] == [type(expected)]
    message = found[0]
    assert isinstance(message, Request | Response)
    assert message.encode() == data


# 3.1.1 Valid messages


def test_wsinv_folding_and_white_space_everywhere() -> None:
    message = request("wsinv")
    assert message.method == "INVITE"
    assert message.uri.parameter("unknownparam") == ""
    assert message.to.tag == "1918181833n"
    assert message.from_.display == 'J Rosenberg \\"'
    assert message.from_.tag == "98asjd8"
    assert message.headers.get("max-forwards") == "0068"
    assert message.cseq.number == 9
    assert message.cseq.method == "INVITE"
    assert message.via.host == "192.0.2.2"
    assert message.via.branch == "390skdjuw"
    vias = message.headers.values("Via")
    assert len(vias) == 3
    assert message.headers.get("Subject") == ""
    assert message.headers.get("NewFangledHeader") == "newfangled value continued newfangled value"
    assert message.headers.get("UnknownHeaderWithUnusualValue") == ";;,,;;,;"
    assert [route.uri.parameter("lr") for route in message.routes] == [""]
    contact = message.contacts[0]
    assert contact.display == 'Quoted string ""'
    assert contact.parameter("newparam") == "newvalue"
    assert contact.parameter("secondparam") == ""
    assert contact.parameter("q") == "0.33"
    assert len(message.body) == 150


def test_intmeth_wide_range_of_characters() -> None:
    message = request("intmeth")
    assert message.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert message.uri.user == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
    assert message.uri.password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
    assert (
        message.to.display
        == "BEL:\N{REPLACEMENT CHARACTER} NUL:\N{REPLACEMENT CHARACTER} DEL:\N{REPLACEMENT CHARACTER}"
    )
    assert "\x07" in (message.headers.get("To") or "")
    assert message.from_.display == "token1~` token2'+_ token3*%!.-"
    assert message.from_.tag == "_token~1'+`*%!-."
    assert message.from_.parameter("fromparam''~+*_!.-%") == '"работающий"'
    assert message.call_id == "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"
    assert message.headers.get("extensionHeader-!.%*+_`'~") == "\ufeff大停電"


def test_esc01_percent_escapes_in_uris() -> None:
    message = request("esc01")
    assert message.uri.user == "sips%3Auser%40example.com"
    assert message.uri.decoded_user == "sips:user@example.com"
    assert message.to.uri.user == "user"
    assert message.from_.uri.decoded_user == "I have spaces"
    contact = message.contacts[0].uri
    assert contact.user == "caller"
    assert contact.parameter("lr") == ""
    assert contact.parameter("name") == "value%2541"


def test_escnull_escaped_nulls_do_not_end_the_user() -> None:
    message = request("escnull")
    assert message.to.uri.decoded_user == "null-\0-null"
    assert [contact.uri.decoded_user for contact in message.contacts] == ["\0", "\0\0"]


def test_esc02_percent_signs_that_are_no_escapes() -> None:
    message = request("esc02")
    assert message.method == "RE%47IST%45R"
    assert message.to.display == "%Z%45"
    assert message.contacts[0].uri.user == "alias1"


def test_lwsdisp_no_space_before_the_bracket() -> None:
    assert request("lwsdisp").from_.display == "caller"


def test_longreq_long_values() -> None:
    message = request("longreq")
    assert len(message.headers.values("Via")) == 34
    assert len(message.to.display) > 100
    assert len(message.from_.uri.user or "") > 100
    assert len(message.call_id) > 100


def test_dblreq_octets_after_the_message_are_ignored() -> None:
    message = request("dblreq")
    assert message.method == "REGISTER"
    assert message.body == b""


def test_semiuri_semicolons_in_the_user() -> None:
    uri = request("semiuri").uri
    assert uri.user == "user;par=u%40example.net"
    assert uri.parameters == ()


def test_transports_known_and_unknown() -> None:
    vias = request("transports").headers.values("Via")
    assert [via.split()[0].rpartition("/")[2] for via in vias] == ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]


def test_mpart01_a_binary_body_is_kept() -> None:
    message = request("mpart01")
    assert b"\0" in message.body
    assert len(message.body) == int(message.headers.get("Content-Length") or "")


def test_unreason_a_reason_phrase_in_utf_8() -> None:
    assert response("unreason").reason == "= 2**3 * 5**2 но сто девяносто девять - простое"


def test_noreason_an_empty_reason_phrase() -> None:
    message = response("noreason")
    assert (message.status, message.reason) == (100, "")


# 3.1.2 Invalid messages we may be liberal with


def test_badinv01_is_answered_by_what_of_its_via_can_be_read() -> None:
    with pytest.raises(ParseError) as caught:
        read("badinv01")
    assert caught.value.partial is not None
    assert caught.value.partial.headers.get_all("Via") == ["SIP/2.0/UDP 192.0.2.15"]


def test_badaspec_spaces_inside_the_brackets_are_ignored() -> None:
    assert request("badaspec").to.uri.host == "example.org"


def test_escruri_headers_in_the_request_uri_stay_apart() -> None:
    message = request("escruri")
    assert message.uri.headers == "Route=%3Csip:example.com%3E"
    assert message.headers.get("Route") is None


def test_baddate_a_date_nobody_reads_does_no_harm() -> None:
    assert request("baddate").headers.get("Date") == "Fri, 01 Jan 2010 16:00:00 EST"


def test_clerr_tells_the_method_of_what_it_could_not_read() -> None:
    with pytest.raises(ParseError) as caught:
        read("clerr")
    assert caught.value.partial is not None
    assert caught.value.partial.method == "INVITE"


def test_multi01_is_answered_with_the_first_of_each() -> None:
    with pytest.raises(ParseError) as caught:
        read("multi01")
    assert caught.value.partial is not None
    assert caught.value.partial.headers.get("Call-ID") == "multi01.98asdh@192.0.2.1"


def test_ncl_closes_a_stream() -> None:
    stream = StreamParser()
    with pytest.raises(ParseError) as caught:
        stream.receive(MESSAGES["ncl"])
    assert caught.value.status == 400
    assert stream.closed


def test_clerr_on_a_stream_waits_for_the_rest() -> None:
    stream = StreamParser()
    assert stream.receive(MESSAGES["clerr"]) == []
    assert stream.pending == len(MESSAGES["clerr"])


# 3.2 to 3.4 What the floors above decide


def test_badbranch_is_a_branch_of_the_cookie_alone() -> None:
    assert request("badbranch").via.branch == "z9hG4bK"


def test_unkscm_and_novelsc_schemes_reach_the_application() -> None:
    assert request("unkscm").uri.scheme == "nobodyknowsthisscheme"
    assert request("novelsc").uri.scheme == "soap.beep"


def test_unksm2_schemes_of_addresses_reach_the_application() -> None:
    message = request("unksm2")
    assert message.to.uri.scheme == "isbn"
    assert message.from_.uri.scheme == "http"
    assert message.contacts[0].uri.scheme == "name"


def test_bext01_requirements_reach_the_application() -> None:
    message = request("bext01")
    assert message.headers.values("Require") == [
        "nothingSupportsThis",
        "nothingSupportsThisEither",
    ]
    assert message.headers.values("Proxy-Require") == ["noProxiesSupportThis", "norDoAnyProxiesSupportThis"]


def test_invut_and_sdp01_types_reach_the_application() -> None:
    assert request("invut").headers.get("Content-Type") == "application/unknownformat"
    assert request("sdp01").headers.get("Accept") == "text/nobodyKnowsThis"


def test_regaut01_an_unknown_authorization_scheme_is_text() -> None:
    assert (request("regaut01").headers.get("Authorization") or "").startswith("NoOneKnowsThisScheme ")


def test_bcast_is_a_response_of_someone_elses_request() -> None:
    message = response("bcast")
    assert len(message.headers.values("Via")) == 2
    assert message.via.host == "192.0.2.198"


def test_zeromf_has_no_hop_left() -> None:
    assert request("zeromf").headers.get("Max-Forwards") == "0"


def test_cparam01_parameters_outside_brackets_are_the_headers() -> None:
    contact = request("cparam01").contacts[0]
    assert contact.parameter("unknownparam") == ""
    assert contact.uri.parameters == ()


def test_cparam02_parameters_inside_brackets_are_the_uris() -> None:
    contact = request("cparam02").contacts[0]
    assert contact.uri.parameter("unknownparam") == ""
    assert contact.parameters == ()


def test_regescrt_escaped_headers_belong_to_the_contact() -> None:
    assert request("regescrt").contacts[0].uri.headers.startswith("Route=")


def test_inv2543_a_request_of_the_old_kind_has_no_branch_and_no_max_forwards() -> None:
    message = request("inv2543")
    assert message.via.branch is None
    assert message.from_.tag is None
    assert message.headers.get("Max-Forwards") is None


# What the agent answers first, over datagrams and streams alike

CLOSE = "close"
CALLS = ("baddate", "esc01", "escruri", "inv2543", "longreq")
"""Here all calls come in; who may call whom is decided above."""

BY_AGENT = {
    **ANSWERED,
    **dict.fromkeys(CALLS, 100),
    **dict.fromkeys(("badaspec", "badbranch", "lwsdisp", "semiuri", "transports"), 200),
    # A registrar's and a mailbox's affairs.
    **dict.fromkeys(
        ("cparam01", "cparam02", "dblreq", "escnull", "mpart01", "regaut01", "regescrt", "unksm2"), 405
    ),
    "bext01": 420, "esc02": 501, "intmeth": 501, "invut": 415, "novelsc": 416, "sdp01": 406, "unkscm": 416,
    "wsinv": 481, "zeromf": 483,
}  # fmt: skip


ON_A_STREAM: dict[str, list[int | str]] = {
    # It says that more is to come, and is waited for.
    "clerr": [],
    # What follows it in a datagram is nothing; on a stream it is the next message, and none.
    "dblreq": [405, 400, CLOSE],
    # Without a length nobody knows where the next begins (RFC 3261 18.3), nor with two, nor with a negative one.
    "inv2543": [400, CLOSE], "mcl01": [400, CLOSE], "multi01": [400, CLOSE], "ncl": [400, CLOSE],
}  # fmt: skip
"""What is different where messages are cut out of a stream."""

FLOWS = {
    "udp": Flow("udp", ("192.0.2.1", 5060), ("192.0.2.2", 5060)),
    "tcp": Flow("tcp", ("192.0.2.1", 5060), ("192.0.2.2", 40_000), 1),
    "tls": Flow("tls", ("192.0.2.1", 5061), ("192.0.2.2", 40_000), 1),
    "wss": Flow("wss", ("192.0.2.1", 443), ("192.0.2.2", 40_000), 1),
}
GATES: dict[str, Callable[[], Gate]] = {
    "open": lambda: OPEN,
    "guarded": lambda: Guard(GuardSettings(), is_exempt=lambda _: True),
    "strange": lambda: Guard(GuardSettings()),
    "proving": lambda: BridgeGate(
        Guard(GuardSettings(served=SERVED)),
        lambda _request, _flow: "",
        Challenger(Policy(realm="example.com"), {}, counting_entropy()),
    ),
}
"""Who is asked: nobody; the guard, by somebody known and by a stranger; and all that the bridge asks."""


def played(name: str, transport: str, gate: str) -> tuple[list[int | str], bool]:
    """What is answered to a message, and whether a call comes of it."""
    served = SERVED if gate == "proving" else ()
    agent = Agent(settings=AgentSettings(served=served), entropy=bytes, gate=GATES[gate]())
    flow = FLOWS[transport]
    if flow.reliable:
        agent.flow_opened(flow, flow, 0.0)
    agent.receive(flow, MESSAGES[name], 0.0)
    # What was unreadable comes back unreadable: only the status line is ours to read.
    answers = [CLOSE if out.close else int(out.data.split()[1]) for out in agent.outgoing()]
    return answers, any(isinstance(event, IncomingCall) for event in agent.events())


@pytest.mark.parametrize("transport", FLOWS)
@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_the_agent_answers_as_the_rfc_asks(name: str, transport: str) -> None:
    expected: list[int | str] = [BY_AGENT[name]] if name in BY_AGENT else []
    if transport in ("tcp", "tls"):
        expected = ON_A_STREAM.get(name, expected)
    assert played(name, transport, "open") == (expected, name in CALLS and expected == [100])


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_with_the_guard_between_nothing_is_different(name: str) -> None:
    for transport in ("udp", "tcp", "wss"):
        assert played(name, transport, "guarded") == played(name, transport, "open")


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_a_stranger_learns_by_options_only_that_somebody_is_there(name: str) -> None:
    """The guard answers them before anybody looks at what they require; all else is as it is for everybody."""
    answers, call = played(name, "udp", "open")
    asks = name not in ANSWERED and name not in DROPPED and getattr(read(name), "method", "") == "OPTIONS"
    assert played(name, "udp", "strange") == ([200] if asks and answers else answers, call)


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_at_a_bridge_whoever_registers_must_prove_it_first(name: str) -> None:
    answers, call = played(name, "udp", "strange")
    if name in REGISTERS:
        answers = [401]
    elif name == "mpart01":
        answers = []  # a MESSAGE is told to the bridge, which refuses it
    assert played(name, "udp", "proving") == (answers, call)


REGISTERS = {
    "cparam01": ["sip:+19725552222@gw1.example.net"],
    "cparam02": ["sip:+19725552222@gw1.example.net;unknownparam"],
    "dblreq": ["sip:j.user@host.example.com"],
    "escnull": ["sip:%00@host5.example.com", "sip:%00%00@host5.example.com"],
    "regaut01": [],  # it only asks
    "regescrt": ["sip:user@example.com?Route=%3Csip:sip.example.com%3E"],
    "unksm2": [],
}
"""What a registrar binds."""


@pytest.mark.parametrize(("name", "contacts"), REGISTERS.items())
def test_a_registrar_binds_what_is_said_and_no_more(name: str, contacts: list[str]) -> None:
    message = request(name)
    user = message.to.uri.decoded_user
    registrar = Registrar(RegistrarSettings(), {user: Account(user)})
    status, _ = registrar.register(message, FLOWS["udp"], user, 0.0)
    # What is no SIP address can be nobody's address of record (3.3.3).
    assert status == (400 if name == "unksm2" else 200)
    assert sorted(str(binding.contact) for binding in registrar.everyone()) == sorted(contacts)

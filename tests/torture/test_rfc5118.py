"""The 12 torture messages of RFC 5118 (IPv6), each with what the RFC says must happen to it.

What differs from message to message is written out; the headers that are the same in all are added. The Content-Length is
that of the body: three of the RFC's are not.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from sip import offer, sdp
from sip.agent import Agent, AgentSettings, Flow
from sip.errors import ParseError
from sip.gate import OPEN, Gate
from sip.guard import Guard, GuardSettings
from sip.message import Request
from sip.parser import parse

OURS = "2001:db8::10"
FLOW = Flow("udp", (OURS, 5060), ("2001:db8::9:1", 5060))
VIDEO = ("m=video 6024 RTP/AVP 107", "a=rtpmap:107 H263-1998/90000")


def compose(start: str, *lines: str, body: tuple[str, ...] = ()) -> bytes:
    description = "".join([f"{line}\r\n" for line in body])
    head = [
        f"{start} SIP/2.0",
        *lines,
        "Max-Forwards: 70",
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(description)}",
    ]
    return ("\r\n".join([*head, "", ""]) + description).encode()


TO, FROM = "To: sip:user@example.com", "From: sip:user@example.com;tag=81x2"
CALL_ID = "Call-ID: SSG9559905523997077@hlau_4100"
VIA = "Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111"
REGISTER = (TO, FROM, VIA, CALL_ID, 'Contact: "Caller" <sip:caller@[2001:db8::1]>', "CSeq: 98176 REGISTER")
ABNF = ("From: sip:user@example.com;tag=810x2", "Via: SIP/2.0/UDP lab1.east.example.com;branch=z9hG4bKas3-111",
        "Call-ID: G9559905523997077@hlau_4100", "CSeq: 689 OPTIONS")  # fmt: skip

MESSAGES = {
    "ipv6-good": compose("REGISTER sip:[2001:db8::10]", *REGISTER),
    "ipv6-bad": compose("REGISTER sip:2001:db8::10", *REGISTER),
    "port-ambiguous": compose("REGISTER sip:[2001:db8::10:5070]", *REGISTER),
    "port-unambiguous": compose("REGISTER sip:[2001:db8::10]:5070", *REGISTER),
    "via-received-param-with-delim": compose(
        "BYE sip:[2001:db8::10]", f"{TO};tag=bd76ya", FROM,
        "Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111", CALL_ID, "CSeq: 321 BYE",
    ),
    "via-received-param-no-delim": compose(
        "OPTIONS sip:[2001:db8::10]", TO, FROM,
        "Via: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3",
        "Call-ID: SSG95523997077@hlau_4100", 'Contact: "Caller" <sip:caller@[2001:db8::9:1]>', "CSeq: 921 OPTIONS",
    ),
    "ipv6-in-sdp": compose(
        "INVITE sip:user@[2001:db8::10]", "To: sip:user@[2001:db8::10]", FROM,
        "Via: SIP/2.0/UDP [2001:db8::20];branch=z9hG4bKas3-111", CALL_ID,
        'Contact: "Caller" <sip:caller@[2001:db8::20]>', "CSeq: 8612 INVITE",
        body=(
            "v=0", "o=assistant 971731711378798081 0 IN IP6 2001:db8::20", "s=Live video feed for today's meeting",
            "c=IN IP6 2001:db8::20", "t=3338481189 3370017201", "m=audio 6000 RTP/AVP 2", "a=rtpmap:2 G726-32/8000",
            *VIDEO,
        ),
    ),
    "mult-ip-in-header": compose(
        "BYE sip:user@host.example.net", "Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144",
        "Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200", "Call-ID: 997077@lau_4100",
        "CSeq: 89187 BYE", "To: sip:user@example.net;tag=9817--94", FROM,
    ),
    "mult-ip-in-sdp": compose(
        "INVITE sip:user@[2001:db8::10]", "To: sip:user@[2001:db8::10]", FROM, VIA, CALL_ID,
        'Contact: "Caller" <sip:caller@[2001:db8::9:1]>', "CSeq: 8912 INVITE",
        body=(
            "v=0", "o=bob 280744730 28977631 IN IP4 host.example.com", "s=", "t=0 0", "m=audio 22334 RTP/AVP 0",
            "c=IN IP4 192.0.2.1", VIDEO[0], "c=IN IP6 2001:db8::1", VIDEO[1],
        ),
    ),
    "ipv4-mapped-ipv6": compose(
        "INVITE sip:user@example.com", TO, "From: sip:user@east.example.com;tag=81x2",
        "Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19",
        "Via: SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111", CALL_ID,
        'Contact: "T. desk phone" <sip:ted@[::ffff:192.0.2.2]>', "CSeq: 612 INVITE",
        body=(
            "v=0", "o=assistant 971731711378798081 0 IN IP6 ::ffff:192.0.2.2", "s=Call me soon, please!",
            "c=IN IP6 ::ffff:192.0.2.2", "t=3338481189 3370017201", "m=audio 6000 RTP/AVP 2",
            "a=rtpmap:2 G726-32/8000", *VIDEO,
        ),
    ),
    "ipv6-bug-abnf-3-colons": compose(
        "OPTIONS sip:user@[2001:db8:::192.0.2.1]", "To: sip:user@[2001:db8:::192.0.2.1]", *ABNF
    ),
    "ipv6-correct-abnf-2-colons": compose(
        "OPTIONS sip:user@[2001:db8::192.0.2.1]", "To: sip:user@[2001:db8::192.0.2.1]", *ABNF
    ),
}  # fmt: skip

ANSWERS = {
    "ipv6-good": 405, "ipv6-bad": 400, "port-ambiguous": 405, "port-unambiguous": 405,
    "via-received-param-with-delim": 481, "via-received-param-no-delim": 200, "ipv6-in-sdp": 100,
    "mult-ip-in-header": 481, "mult-ip-in-sdp": 100, "ipv4-mapped-ipv6": 100, "ipv6-bug-abnf-3-colons": 200,
    "ipv6-correct-abnf-2-colons": 200,
}  # fmt: skip
"""Registering is a registrar's affair (405), and the dialogs of the BYEs are not ours (481)."""


def request(name: str) -> Request:
    message = parse(MESSAGES[name])
    assert isinstance(message, Request)
    return message


def test_all_12_messages_are_here() -> None:
    assert len(MESSAGES) == 12
    assert list(MESSAGES) == list(ANSWERS)


def answers(data: bytes, flow: Flow, gate: Gate) -> list[int]:
    agent = Agent(settings=AgentSettings(), entropy=bytes, gate=gate)
    if flow.reliable:
        agent.flow_opened(flow, flow, 0.0)
    agent.receive(flow, data, 0.0)
    return [int(out.data.split()[1]) for out in agent.outgoing()]


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls", "wss"])
@pytest.mark.parametrize(("name", "status"), ANSWERS.items())
def test_the_agent_answers_as_the_rfc_asks(name: str, status: int, transport: str) -> None:
    flow = replace(FLOW, transport=transport, connection=int(transport != "udp"))
    assert answers(MESSAGES[name], flow, OPEN) == [status]
    assert answers(MESSAGES[name], flow, Guard(GuardSettings(), is_exempt=lambda _: True)) == [status]
    assert answers(MESSAGES[name], flow, Guard(GuardSettings())) == [status]


@pytest.mark.parametrize("name", ANSWERS)
def test_a_message_cut_anywhere_never_raises_another_error(name: str) -> None:
    data = MESSAGES[name]
    for end in range(len(data)):
        with pytest.raises(ParseError):
            parse(data[:end])


def test_an_address_without_brackets_is_no_host() -> None:
    with pytest.raises(ParseError, match="malformed sip URI"):
        parse(MESSAGES["ipv6-bad"])


def test_a_port_stands_outside_the_brackets() -> None:
    uris = [request(name).uri for name in ("port-ambiguous", "port-unambiguous")]
    assert [(uri.host, uri.port) for uri in uris] == [("2001:db8::10:5070", None), ("2001:db8::10", 5070)]


def test_received_may_wear_brackets() -> None:
    vias = [request(f"via-received-param-{name}").via for name in ("with-delim", "no-delim")]
    assert [via.received for via in vias] == ["2001:db8::9:255"] * 2


def test_both_ip_versions_may_stand_in_one_path() -> None:
    message = request("mult-ip-in-header")
    assert (message.via.host, message.via.port) == ("2001:db8::9:1", 6050)
    assert len(message.headers.values("Via")) == 3


def test_an_ipv6_address_in_a_description_is_where_rtp_goes() -> None:
    body = request("ipv6-in-sdp").body.replace(b"AVP 2", b"AVP 2 0")
    agreed = offer.answer(sdp.parse(body), offer.Capabilities(), address=OURS, port=20000, session_id=1)
    assert agreed.remote == ("2001:db8::20", 6000)
    assert "c=IN IP6 2001:db8::10" in sdp.encode(agreed.answer).decode()


def test_the_line_of_our_ip_version_is_taken() -> None:
    described = sdp.parse(request("mult-ip-in-sdp").body)
    agreed = offer.answer(described, offer.Capabilities(), address="192.0.2.9", port=20000, session_id=1)
    assert agreed.remote == ("192.0.2.1", 22334)
    with pytest.raises(offer.NotAcceptable, match="other IP version"):
        offer.answer(described, offer.Capabilities(), address=OURS, port=20000, session_id=1)


def test_mapped_addresses_are_addresses() -> None:
    message = request("ipv4-mapped-ipv6")
    assert message.via.host == "::ffff:192.0.2.10"
    assert message.contacts[0].uri.host == "::ffff:192.0.2.2"
    assert sdp.parse(message.body).connection == "::ffff:192.0.2.2"


def test_three_colons_are_read_as_two() -> None:
    hosts = [request(name).uri.host for name in ("ipv6-bug-abnf-3-colons", "ipv6-correct-abnf-2-colons")]
    assert hosts == ["2001:db8::192.0.2.1"] * 2

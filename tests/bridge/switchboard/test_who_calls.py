"""bridge/switchboard/who_calls.py: who calls, and what number (RFC 3323, 3325, 5806, 7044; G5)."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from bridge.config.listening import Server
from bridge.config.settings import Config
from bridge.config.trunks import Trunk
from bridge.switchboard.who_calls import ANONYMOUS, Caller, Callers
from sip.events import IncomingCall
from sip.flow import Flow
from sip.message import Request
from sip.parser import parse

CARRIER, PBX, STRANGER = "203.0.113.1", "198.51.100.4", "198.51.100.7"


def call(
    *headers: str,
    from_: str = '"Ana" <sip:11999990000@carrier.example>',
    to: str = "sip:40012345@192.0.2.1",
    identity: str = "",
    source: str = STRANGER,
) -> IncomingCall:
    more = "".join(f"{line}\r\n" for line in headers)
    request = parse(
        (
            f"INVITE {to} SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: {from_};tag=1\r\nTo: <{to}>\r\n"
            f"Call-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:a@h>\r\n{more}Content-Length: 0\r\n\r\n"
        ).encode()
    )
    assert isinstance(request, Request)
    return IncomingCall(
        call=1,
        flow=Flow("udp", ("192.0.2.1", 5060), (source, 5060)),
        request_uri=request.uri,
        from_=request.from_,
        to=request.to,
        offer=None,
        call_id="c",
        request=request,
        identity=identity,
        trusted=identity.startswith("trunk:"),
    )


def callers() -> Callers:
    return Callers(
        Config(
            server=Server(trusted_networks=(ip_network(f"{PBX}/32"),)),
            trunks=(
                Trunk("carrier", CARRIER, callers="national"),
                Trunk("whole", "203.0.113.2", callers="e164"),
                Trunk("pbx", "203.0.113.3", callers="asis"),
            ),
        )
    )


def who(event: IncomingCall) -> Caller:
    return callers().of(event)


def by_trunk(*headers: str, **more: str) -> Caller:
    return who(call(*headers, identity="trunk:carrier", source=CARRIER, **more))


def test_a_trunk_is_believed_in_what_it_asserts_not_in_what_the_caller_wrote() -> None:
    caller = by_trunk("P-Asserted-Identity: <tel:+551133334444>")
    assert (caller.shown, caller.trusted_number) == ("+551133334444", "+551133334444")
    assert caller.origin.source == f"+551133334444@{CARRIER}"


def test_without_an_assertion_its_from_is_read_as_it_writes_numbers() -> None:
    assert by_trunk().trusted_number == "+5511999990000"
    foreign = call(from_="<sip:4930123456@c>", identity="trunk:whole", source="203.0.113.2")
    assert who(foreign).trusted_number == "+4930123456"  # a Brazilian number, where it could only be guessed


def test_an_extension_of_ten_digits_is_no_number_where_the_trunk_says_so() -> None:
    event = call(from_="<sip:1140028922@pbx>", identity="trunk:pbx", source="203.0.113.3")
    assert who(event).trusted_number == "1140028922"


@pytest.mark.parametrize("header", ["Privacy: id", "Privacy: user;critical"])
def test_who_withholds_the_number_is_shown_to_nobody_and_known_all_the_same(header: str) -> None:
    caller = by_trunk(header, "P-Asserted-Identity: <sip:+551133334444@c;user=phone>")
    assert (caller.shown, caller.private, caller.trusted_number) == (ANONYMOUS, True, "+551133334444")


def test_a_strangers_assertion_is_worth_nothing() -> None:
    caller = who(call("P-Asserted-Identity: <tel:+551133334444>"))
    assert (caller.shown, caller.trusted_number) == ("11999990000", "")
    assert caller.origin.source == STRANGER


class Accounts:
    """ana has a number."""

    def account_of(self, called: str) -> str:
        return ""

    def number_of(self, account: str) -> str:
        return "+551133334444" if account == "ana" else ""


def test_an_account_is_known_by_its_number_though_its_telephone_says_its_name() -> None:
    """A1: so it need not key a code, and no other telephone can be taken for it."""
    who_calls = Callers(Config(), Accounts())
    caller = who_calls.of(call(from_="<sip:ana@192.0.2.1>", identity="ana"))
    assert (caller.shown, caller.trusted_number) == ("ana", "+551133334444")
    assert who_calls.of(call(from_="<sip:ana@192.0.2.1>")).trusted_number == "", "anybody can write that"
    assert who_calls.of(call(from_="<sip:201@192.0.2.1>", identity="201")).trusted_number == "201"


def test_an_account_is_known_by_what_its_password_proved() -> None:
    caller = who(call(from_="<sip:+551133334444@192.0.2.1>", identity="ana"))
    assert caller.trusted_number == "+551133334444"
    assert caller.origin.source == f"ana@{STRANGER}"


def test_a_trusted_network_is_believed_in_its_from() -> None:
    assert who(call(from_="<sip:4711@pbx>", source=PBX)).trusted_number == "4711"


@pytest.mark.parametrize(
    "header",
    [
        "Diversion: <sip:40012345@c>;reason=unconditional",
        "Diversion: <tel:+40012345>;reason=user-busy",
        "History-Info: <sip:40012345@c>;index=1, <sip:999@c>;index=1.1",
    ],
)
def test_a_call_that_was_forwarded_to_us_by_a_trunk_keeps_its_number(header: str) -> None:
    ours = {"40012345"}.__contains__
    event = call(header, to="sip:999@192.0.2.1", identity="trunk:carrier", source=CARRIER)
    assert callers().dialled(event, ours) == "40012345"
    assert (
        callers().dialled(call(header, to="sip:999@192.0.2.1"), ours) == "999"
    )  # nobody believes a stranger


def test_a_number_that_a_trunk_writes_with_a_plus_is_ours_without() -> None:
    event = call(to="sip:+40012345@192.0.2.1", identity="trunk:carrier", source=CARRIER)
    assert callers().dialled(event, {"40012345"}.__contains__) == "40012345"

from __future__ import annotations

import pytest

from sip.errors import LocalError, ParseError
from sip.headers import Address, Headers
from sip.message import REASONS, Request, Response
from sip.uri import Uri


def request(**changes: str) -> Request:
    fields = {
        "Via": "SIP/2.0/UDP h;branch=z9hG4bK1, SIP/2.0/UDP far",
        "From": "<sip:a@h>;tag=1",
        "To": "<sip:b@h>",
        "Call-ID": "x@h",
        "CSeq": "1 INVITE",
        "Contact": "<sip:a@h:5070>",
    }
    return Request("INVITE", Uri("sip", "b", "h"), Headers([*(fields | changes).items()]), b"body")


def test_the_views_read_the_headers() -> None:
    message = request()
    assert message.via.branch == "z9hG4bK1"
    assert message.from_.tag == "1"
    assert message.to == Address("", Uri("sip", "b", "h"))
    assert message.call_id == "x@h"
    assert (message.cseq.number, message.cseq.method) == (1, "INVITE")
    assert [contact.uri.port for contact in message.contacts] == [5070]
    assert message.routes == []
    assert message.record_routes == []


def test_a_view_is_parsed_once() -> None:
    message = request()
    assert message.to is message.to
    assert message.via is message.via


def test_a_view_follows_its_header() -> None:
    message = request()
    assert message.to.tag is None
    message.headers.set("To", "<sip:b@h>;tag=2")
    assert message.to.tag == "2"
    message.headers.prepend("Via", "SIP/2.0/TCP new")
    assert message.via.transport == "TCP"


@pytest.mark.parametrize("name", ["Via", "From", "To", "CSeq", "Call-ID", "Contact", "Route", "Record-Route"])
def test_a_view_of_a_bad_header_raises_the_peers_error(name: str) -> None:
    message = request(**{name: "\\ \\"})
    with pytest.raises(ParseError):
        _ = (
            message.via, message.from_, message.to, message.cseq, message.call_id,
            message.contacts, message.routes, message.record_routes,
        )  # fmt: skip


def test_a_view_of_a_missing_header_raises_the_peers_error() -> None:
    with pytest.raises(ParseError):
        _ = Request("X", Uri("sip", None, "h"), Headers()).to


def test_the_star_of_a_register_is_no_address() -> None:
    assert request(Contact="*").contacts == []


def test_the_routes_stand_in_their_order() -> None:
    message = request(Route="<sip:p1;lr>, <sip:p2;lr>")
    assert [route.uri.host for route in message.routes] == ["p1", "p2"]


def test_encoding_writes_the_length_the_body_has() -> None:
    message = request()
    message.headers.add("Content-Length", "999")
    data = message.encode()
    assert data.startswith(
        b"INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1, SIP/2.0/UDP far\r\n"
    )
    assert data.endswith(b"Content-Length: 4\r\n\r\nbody")
    assert data.count(b"Content-Length") == 1


def test_a_response_is_encoded_with_its_reason() -> None:
    assert (
        Response(180, REASONS[180], Headers()).encode() == b"SIP/2.0 180 Ringing\r\nContent-Length: 0\r\n\r\n"
    )


def test_octets_that_were_not_utf_8_leave_as_they_came() -> None:
    assert b"caf\xe9" in Response(200, "OK", Headers([("Subject", "caf\udce9")])).encode()


def test_no_start_line_of_ours_holds_a_line_break() -> None:
    with pytest.raises(LocalError):
        Response(200, "OK\r\nX: y", Headers()).encode()
    with pytest.raises(LocalError):
        Request("IN VITE", Uri("sip", None, "h"), Headers()).encode()


def test_messages_show_themselves_shortly() -> None:
    assert repr(request()) == "<Request INVITE sip:b@h>"
    assert repr(Response(200, "OK", Headers())) == "<Response 200 OK>"


def test_every_reason_belongs_to_a_status() -> None:
    assert all(100 <= status < 700 and reason for status, reason in REASONS.items())

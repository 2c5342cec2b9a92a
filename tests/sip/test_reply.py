"""Responses made by copying."""

import pytest

from sip.flow import Flow
from sip.headers import Headers
from sip.message import Request
from sip.parser import parse
from sip.reply import Echo
from sip.uri import Uri

SOURCE = Flow("udp", ("10.0.0.1", 5060), ("192.0.2.7", 6000))


def echo(*fields, via="SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK1", to="<sip:b@b>", flow=SOURCE):
    base = [("Via", via), ("From", "<sip:a@a>;tag=1"), ("To", to), ("Call-ID", "c"), ("CSeq", "1 INVITE")]
    return Echo(Request("INVITE", Uri.parse("sip:b@b"), Headers([*base, *fields])), flow, "ours")


@pytest.mark.parametrize(
    ("via", "expected"),
    [
        ("SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK1", "SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK1"),
        ("SIP/2.0/UDP 10.9.9.9;branch=z9hG4bK1", "SIP/2.0/UDP 10.9.9.9;branch=z9hG4bK1;received=192.0.2.7"),
        (
            "SIP/2.0/UDP phone;rport;branch=z9hG4bK1",
            "SIP/2.0/UDP phone;rport=6000;branch=z9hG4bK1;received=192.0.2.7",
        ),
        ("SIP/2.0/UDP 192.0.2.7;RPort", "SIP/2.0/UDP 192.0.2.7;rport=6000;received=192.0.2.7"),
        (
            "SIP/2.0/UDP phone;received=6.6.6.6;rport;branch=z",
            "SIP/2.0/UDP phone;rport=6000;branch=z;received=192.0.2.7",
        ),
        (
            "SIP/2.0/UDP phone;branch=1, SIP/2.0/UDP far",
            "SIP/2.0/UDP phone;branch=1;received=192.0.2.7, SIP/2.0/UDP far",
        ),
    ],
)
def test_the_topmost_via_says_where_the_request_really_came_from(via, expected):
    response = parse(echo(via=via).encode(200))
    assert ", ".join(response.headers.get_all("Via")) == expected


def test_an_ipv6_source_stands_without_brackets():
    flow = Flow("udp", ("2001:db8::1", 5060), ("2001:db8::7", 6000))
    response = parse(echo(via="SIP/2.0/UDP phone;rport;branch=1", flow=flow).encode(200))
    assert response.via.received == "2001:db8::7"
    assert response.via.parameter("received") == "2001:db8::7"


def test_all_but_100_carry_our_tag_and_none_carries_two():
    assert parse(echo().encode(100)).to.tag is None
    assert parse(echo().encode(180)).to.tag == "ours"
    assert parse(echo(to="<sip:b@b>;tag=theirs").encode(200)).headers.get("To") == "<sip:b@b>;tag=theirs"


def test_a_timestamp_is_returned_in_100_alone():
    stamped = echo(("Timestamp", "54"))
    assert parse(stamped.encode(100)).headers.get("Timestamp") == "54"
    assert parse(stamped.encode(200)).headers.get("Timestamp") is None


def test_the_body_and_the_headers_of_ours_stand_behind_what_is_copied():
    data = echo(("Via", "SIP/2.0/UDP far"), ("Subject", "no")).encode(
        606, [("X-Ours", "1")], b"body", reason="No", lines="Server: Roda\r\n"
    )
    response = parse(data)
    assert (response.status, response.reason, response.body) == (606, "No", b"body")
    assert response.headers.get_all("Via")[1] == "SIP/2.0/UDP far"
    assert response.headers.get("X-Ours") == "1"
    assert response.headers.get("Server") == "Roda"
    assert response.headers.get("Subject") is None


def test_a_wrecked_request_cannot_write_headers_of_ours():
    headers = Headers.of_canonical([
        ("Via", "SIP/2.0/UDP a"), ("From", "<sip:a>\r\nEvil: 1"), ("To", "broken\nEvil: 2;tag=x"),
        ("Call-ID", "c"), ("CSeq", "1 INVITE"),
    ])  # fmt: skip
    data = Echo(Request("INVITE", Uri.parse("sip:b@b"), headers), SOURCE, "ours").encode(400)
    assert b"\nEvil" not in data
    assert b"ours" not in data  # it has a tag, however odd


def test_what_the_request_lacks_the_response_lacks_too():
    headers = Headers([("Via", "SIP/2.0/UDP 192.0.2.7"), ("CSeq", "1 INVITE")])
    data = Echo(Request("INVITE", Uri.parse("sip:b@b"), headers), SOURCE, "ours").encode(400)
    assert data.split(b"\r\n")[1:-2] == [
        b"Via: SIP/2.0/UDP 192.0.2.7",
        b"CSeq: 1 INVITE",
        b"Content-Length: 0",
    ]


def test_a_status_without_name_is_still_a_status():
    assert echo().encode(499).startswith(b"SIP/2.0 499 Unknown\r\n")


def test_octets_that_are_no_text_come_back_as_they_were():
    raw = b'"\xff" <sip:a@a>;tag=1'.decode("utf-8", "surrogateescape")
    headers = Headers.of_canonical([("Via", "SIP/2.0/UDP a"), ("From", raw), ("To", "<sip:b>")])
    assert b'From: "\xff" <sip' in Echo(Request("INVITE", Uri.parse("sip:b@b"), headers), SOURCE, "t").encode(
        400
    )

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.errors import ParseError
from sip.grammar import parse_parameters, split_commas
from sip.headers import Address, CSeq, Via
from sip.message import Request, Response
from sip.parser import (
    MAX_ADDRESSES,
    MAX_HEADERS,
    MAX_IDENTIFIER,
    MAX_LINE,
    MAX_MESSAGE,
    parse,
)
from sip.uri import Uri

if TYPE_CHECKING:
    from collections.abc import Callable

FIELDS = {
    "Via": "SIP/2.0/UDP 192.0.2.7:5061;branch=z9hG4bK-5;rport",
    "Max-Forwards": "70",
    "From": '"Alice" <sip:alice@example.com>;tag=88sja8x',
    "To": "<sip:room@192.0.2.1>",
    "Call-ID": "987asjd97y7atg@192.0.2.7",
    "CSeq": "1 INVITE",
    "Contact": "<sip:alice@192.0.2.7:5061>",
    "Content-Type": "application/sdp",
}
BODY = b"v=0\r\n\r\nrest"


def compose(
    start: str = "INVITE sip:room@192.0.2.1 SIP/2.0",
    *extra: str,
    body: bytes = BODY,
    length: str | None = "",
    **changes: str | None,
) -> bytes:
    """Write an INVITE with headers changed (None: left out; `_` for the hyphen) and lines added."""
    fields: dict[str, str | None] = FIELDS | {
        name.replace("_", "-"): value for name, value in changes.items()
    }
    lines = [start, *[f"{name}: {value}" for name, value in fields.items() if value is not None], *extra]
    if length is not None:
        lines.append(f"Content-Length: {length or len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body


INVITE = compose()
RESPONSE = compose("SIP/2.0 200 OK", CSeq="1 OPTIONS", body=b"")


def request(data: bytes) -> Request:
    message = parse(data)
    assert isinstance(message, Request)
    return message


def error(data: bytes) -> ParseError:
    with pytest.raises(ParseError) as caught:
        parse(data)
    return caught.value


class TestGoodDatagrams:
    def test_a_request_is_taken_apart_and_written_as_it_came(self) -> None:
        message = request(INVITE)
        assert (message.method, message.uri.user, message.version) == ("INVITE", "room", "SIP/2.0")
        assert message.body == BODY
        assert message.encode() == INVITE

    def test_a_response_is_taken_apart(self) -> None:
        message = parse(RESPONSE)
        assert isinstance(message, Response)
        assert (message.status, message.reason, message.cseq.method) == (200, "OK", "OPTIONS")

    def test_folded_lines_are_one_and_compact_names_the_long_ones(self) -> None:
        data = compose(From=None).replace(b"To:", b"f : <sip:a@b>\r\n\t ;tag=1\r\nTO\t:")
        assert request(data).from_.tag == "1"

    def test_header_names_compare_after_their_white_space_is_trimmed(self) -> None:
        assert request(compose("INVITE sip:h SIP/2.0", "X-Trusted : yes")).headers.get("x-trusted") == "yes"

    def test_bare_line_feeds_are_read_in_a_datagram(self) -> None:
        head, _, body = INVITE.partition(b"\r\n\r\n")
        message = request(head.replace(b"\r\n", b"\n") + b"\n\n" + body)
        assert message.body == BODY
        assert message.encode() == INVITE

    def test_without_content_length_the_body_is_the_rest_of_the_datagram(self) -> None:
        assert request(compose(length=None)).body == BODY

    def test_octets_after_the_body_are_none_of_it(self) -> None:
        assert request(INVITE + b"noise").body == BODY

    def test_equal_content_lengths_do_no_harm(self) -> None:
        assert request(compose("INVITE sip:h SIP/2.0", f"l: {len(BODY)}")).body == BODY

    def test_a_missing_max_forwards_is_tolerated(self) -> None:
        assert request(compose(Max_Forwards=None)).headers.get("Max-Forwards") is None

    def test_empty_lines_before_the_start_line_are_skipped(self) -> None:
        assert request(b"\r\n\r\n" + INVITE).method == "INVITE"

    def test_octets_that_are_not_utf_8_come_through_unchanged(self) -> None:
        data = compose(From='"Ren\udce9" <sip:r@h>;tag=1')
        message = request(data)
        assert message.from_.display == "Ren\ufffd"
        assert message.encode() == data


class TestBadDatagrams:
    @pytest.mark.parametrize(
        ("data", "status"),
        [
            (compose("INVITE sip:h SIP/3.0"), 505),
            (compose("INVITE sip:h SIP/2.00"), 505),
            (compose("INVITE sip:h HTTP/1.1"), 400),
            (compose("INVITE sip:h"), 400),
            (compose("INVITE  sip:h SIP/2.0"), 400),
            (compose("INVITE <sip:h> SIP/2.0"), 400),
            (compose("OPTIONS sip:h SIP/2.0"), 400),
            (compose(length="9999"), 400),
            (compose(length="-1"), 400),
            (compose(length="1 1"), 400),
            (compose(length="4294967328"), 400),
            (compose(length="9" * 5000), 400),
            (compose(length="\u0663"), 400),
            (compose("INVITE sip:h SIP/2.0", "Content-Length: 1"), 400),
            (compose("INVITE sip:h SIP/2.0", "t: <sip:b@h>"), 400),
            (compose("INVITE sip:h SIP/2.0", "F: <sip:b@h>"), 400),
            (compose("INVITE sip:h SIP/2.0", "Call-id: 2"), 400),
            (compose("INVITE sip:h SIP/2.0", "CSEQ: 1 INVITE"), 400),
            (compose("INVITE sip:h SIP/2.0", "Max-Forwards: 70"), 400),
            (compose("INVITE sip:h SIP/2.0", "c: text/plain"), 400),
            (compose("INVITE sip:h SIP/2.0", "no colon"), 400),
            (compose("INVITE sip:h SIP/2.0", "Via"), 400),
            (compose("INVITE sip:h SIP/2.0", ": x"), 400),
            (compose("INVITE sip:h SIP/2.0", "X\u00e9: x"), 400),
            (compose("INVITE sip:h SIP/2.0", "X: \0"), 400),
            (compose("INVITE sip:h SIP/2.0", "X: a\rY: b"), 400),
            (compose(Max_Forwards="256"), 400),
            (compose(Max_Forwards="x"), 400),
            (compose(Max_Forwards=""), 400),
            (compose(From='"open <sip:a@b>'), 400),
            (compose(From="<sip:a@b>;tag="), 400),
            (compose(From="<sip:a@b>;tag=\udcff"), 400),
            (compose(To="<sip:a@b>;tag=" + "x" * (MAX_IDENTIFIER + 1)), 400),
            (compose(Call_ID="x" * (MAX_IDENTIFIER + 1)), 400),
            (compose(Call_ID="a b"), 400),
            (compose(Call_ID="\u00e9"), 400),
            (compose(CSeq="2147483648 INVITE"), 400),
            (compose(CSeq=f"1 {'X' * 5000}"), 400),
            (compose(Contact="sip:a@b?x=y"), 400),
            (compose(Contact=", ".join(["<sip:a@b>"] * (MAX_ADDRESSES + 1))), 400),
            (compose("INVITE sip:h SIP/2.0", "Record-Route: x y"), 400),
            (compose("INVITE sip:h SIP/2.0", "Route: <sip:p;lr>, <"), 400),
            (compose("INVITE sip:h SIP/2.0", f"X: {'x' * MAX_LINE}"), 400),
            (compose("INVITE sip:h SIP/2.0", *["X: y"] * MAX_HEADERS), 400),
            (INVITE.partition(b"\r\n\r\n")[0] + b"\r\n", 400),
        ],
    )  # fmt: skip
    def test_a_bad_request_has_its_status_and_a_part_to_answer(self, data: bytes, status: int) -> None:
        failure = error(data)
        assert failure.status == status
        partial = failure.partial
        assert partial is not None
        assert partial.method in ("INVITE", "OPTIONS")
        assert partial.via.branch == "z9hG4bK-5"
        assert all(partial.headers.get(name) for name in ("From", "To", "Call-ID", "CSeq"))

    @pytest.mark.parametrize("missing", ["From", "To", "Call_ID"])
    def test_a_request_is_answered_by_what_it_has(self, missing: str) -> None:
        with pytest.raises(ParseError) as caught:
            parse(compose(**{missing: None}))
        assert caught.value.status == 400
        assert caught.value.partial is not None
        assert caught.value.partial.headers.get(missing.replace("_", "-")) is None

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\r\n\r\n",
            b"\0\0\0\0",
            b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            compose(Via=None),
            compose(Via="SIP/2.0/UDP"),
            compose(Via="SIP/2.0/UDP h:;branch=z"),
            compose(Via="SIP/2.0/UDP h x;branch=z"),
            compose(Via="SIP/2.0/UDP [::g];;"),
            compose(Via="SIP/2.0/UDP h:99999;;"),
            compose(Via=", SIP/2.0/UDP"),
            compose(Via=",,"),
            compose(Via="SIP/2.0/UDP h;branch="),
            compose(Via=f"SIP/2.0/UDP h;branch={'x' * (MAX_IDENTIFIER + 1)}"),
            compose(CSeq=None),
            compose("ACK sip:h SIP/2.0"),
            compose("ACK sip:h SIP/2.0", CSeq="1 ACK", length="9999"),
            compose("IN VITE sip:h SIP/2.0".replace("IN", "\u00e9")),
            compose("SIP/2.0 200 OK", length="9999"),
            compose("SIP/2.0 200 OK", From="x y"),
            compose("SIP/2.0 99 Too small"),
            compose("SIP/2.0 700 Too big"),
            compose("SIP/2.0  200 OK"),
            compose("SIP/3.0 200 OK"),
        ],
    )  # fmt: skip
    def test_what_cannot_or_must_not_be_answered_is_dropped(self, data: bytes) -> None:
        failure = error(data)
        assert failure.status == 0
        assert failure.partial is None

    @pytest.mark.parametrize(
        ("via", "answered_by"),
        [
            ("SIP/2.0/UDP h;;", "SIP/2.0/UDP h"),
            ("SIP/2.0/UDP h;;,;,,", "SIP/2.0/UDP h"),
            ("sip / 2.0 / tls [::1] : 99 ;; branch = z9hG4bKa ;=", "SIP/2.0/TLS [::1]:99;branch=z9hG4bKa"),
            (
                "SIP/2.0/UDP h;branch=z;x=<>, SIP/2.0/UDP g;branch=y",
                "SIP/2.0/UDP h;branch=z, SIP/2.0/UDP g;branch=y",
            ),
            ("SIP/2.0/UDP h;;, SIP/2.0/UDP g;branch=y, junk", "SIP/2.0/UDP h, SIP/2.0/UDP g;branch=y"),
        ],
    )
    def test_a_sender_that_can_be_read_is_answered_and_the_wreck_behind_it_is_left_out(
        self, via: str, answered_by: str
    ) -> None:
        """RFC 4475 3.1.2.1."""
        failure = error(compose(Via=via))
        assert failure.status == 400
        assert failure.partial is not None
        assert failure.partial.headers.get_all("Via") == [answered_by]
        assert str(failure.partial.via) == answered_by.partition(",")[0]

    def test_a_datagram_over_the_limit_is_not_even_looked_at(self) -> None:
        assert error(compose(body=b"x" * MAX_MESSAGE)).status == 513

    def test_every_prefix_is_refused(self) -> None:
        for end in range(len(INVITE)):
            error(INVITE[:end])

    @given(st.binary(max_size=200))
    @settings(max_examples=200)
    def test_random_bytes_raise_nothing_else(self, data: bytes) -> None:
        for prefix in (b"", b"INVITE sip:h SIP/2.0\r\n", INVITE.partition(b"\r\n\r\n")[0] + b"\r\n"):
            try:
                parse(prefix + data)
            except ParseError:
                continue

    @given(st.data())
    @settings(max_examples=300)
    def test_a_mutated_message_raises_nothing_else(self, data: st.DataObject) -> None:
        message = bytearray(data.draw(st.sampled_from([INVITE, RESPONSE])))
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.integers(0, len(message) - 1))
            cut = data.draw(st.integers(0, 3))
            message[place : place + cut] = data.draw(
                st.sampled_from(
                    [
                        b"",
                        b"\0",
                        b'"',
                        b"<",
                        b">",
                        b";",
                        b",",
                        b"\r\n",
                        b"\n ",
                        b"\xff",
                        b"%",
                        b":",
                        b"@",
                        b"9" * 30,
                    ]
                )
            )
        try:
            found = parse(bytes(message))
        except ParseError as error:
            failure = error
        else:
            failure = None
        if failure is not None:
            assert (failure.partial is None) == (failure.status == 0)
            if failure.partial is not None:
                assert failure.partial.via.host
                failure.partial.encode()
            return
        assert list(parse(found.encode()).headers)[:-1] == [
            field for field in found.headers if field[0] != "Content-Length"
        ]

    @pytest.mark.parametrize("piece", [" ", "\r\n ", "a:\r\n", "\\\x01", "\t"])
    def test_no_head_buys_more_than_linear_time(self, piece: str) -> None:
        """Quadratic work on this head would take half a minute and more: the test would be seen to hang."""
        error(compose("INVITE sip:h SIP/2.0", "X: " + piece * (60_000 // len(piece)) + "end"))

    @pytest.mark.parametrize(
        "piece", ['"\\', "<", ";a", ",", "<sip:a@b>,", " ", "%41", '"', "a@", ';a="', "a", "[", ":"]
    )
    @pytest.mark.parametrize(
        "reader", [Address.parse, Via.parse, Uri.parse, CSeq.parse, parse_parameters, split_commas]
    )
    def test_no_value_buys_more_than_linear_time(self, reader: Callable[[str], object], piece: str) -> None:
        """As above; the lines are longer than the parser lets through, so that quadratic work shows."""
        for start in ("", "sip:", "<sip:", "SIP/2.0/UDP h", ";a="):
            with suppress(ParseError):
                reader(start + piece * (200_000 // len(piece)))

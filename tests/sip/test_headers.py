from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.errors import LocalError, ParseError
from sip.headers import Address, CSeq, Headers, Via, canonical_name
from sip.uri import Uri


class TestHeaders:
    def test_names_compare_without_case_and_compact_forms_are_the_long_ones(self) -> None:
        headers = Headers([("v", "1"), ("CALL-ID", "x"), ("x-thing", "y")])
        assert list(headers) == [("Via", "1"), ("Call-ID", "x"), ("X-Thing", "y")]
        assert headers.get("VIA") == "1"
        assert headers.get("i") == "x"
        assert headers.get("X-THING") == "y"
        assert "to" not in headers

    def test_white_space_before_the_colon_makes_no_other_header(self) -> None:
        assert canonical_name("X-Bypass-Me \t") == canonical_name("x-bypass-me")

    @pytest.mark.parametrize("name", ["", " ", "a b", "a:b", "é", "a\0"])
    def test_a_name_is_a_token(self, name: str) -> None:
        with pytest.raises(ParseError):
            canonical_name(name)
        with pytest.raises(LocalError):
            Headers([(name, "x")])

    def test_values_are_collected_over_lines_and_commas(self) -> None:
        headers = Headers([("Via", "a, b"), ("To", "x"), ("v", "c")])
        assert headers.get_all("Via") == ["a, b", "c"]
        assert headers.values("Via") == ["a", "b", "c"]
        assert headers.values("Route") == []

    def test_set_replaces_all_in_the_place_of_the_first(self) -> None:
        headers = Headers([("X-A", "1"), ("X-B", "2"), ("X-A", "3")])
        headers.set("x-a", "4")
        assert list(headers) == [("X-A", "4"), ("X-B", "2")]
        headers.set("X-C", "5")
        assert list(headers)[-1] == ("X-C", "5")

    def test_set_first_touches_the_topmost_value_only(self) -> None:
        headers = Headers([("To", "x"), ("Via", "a, b"), ("Via", "c")])
        headers.set_first("Via", "z")
        assert headers.values("Via") == ["z", "b", "c"]
        headers.set_first("Route", "r")
        assert next(iter(headers)) == ("Route", "r")

    def test_prepend_remove_copy_and_length(self) -> None:
        headers = Headers([("X-B", "1")])
        copy = headers.copy()
        headers.prepend("X-A", "0")
        assert len(headers) == 2
        assert next(iter(headers)) == ("X-A", "0")
        headers.remove("x-b")
        headers.remove("nothing")
        assert list(headers) == [("X-A", "0")]
        assert copy == Headers([("X-B", "1")])
        assert copy != headers

    @pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\r", "a\0"])
    def test_a_value_of_ours_cannot_smuggle_a_line(self, value: str) -> None:
        with pytest.raises(LocalError):
            Headers().add("Subject", value)


class TestAddress:
    @pytest.mark.parametrize(
        ("text", "display", "uri", "tag"),
        [
            ("<sip:a@b>", "", "sip:a@b", None),
            ("sip:a@b;tag=1", "", "sip:a@b", "1"),
            ('"Bob \\"B\\" \\\\" <sip:a@b;lr>;tag=1', 'Bob "B" \\', "sip:a@b;lr", "1"),
            ("Bob Smith <sip:a@b> ; tag = 1", "Bob Smith", "sip:a@b", "1"),
            ("Zoë (office) <sip:a@b>", "Zoë (office)", "sip:a@b", None),
            ("<tel:+123>;tag=x", "", "tel:+123", "x"),
            ("< sip:a@b >", "", "sip:a@b", None),
            ('""<sip:a@b>', "", "sip:a@b", None),
        ],
    )
    def test_it_is_taken_apart(self, text: str, display: str, uri: str, tag: str | None) -> None:
        address = Address.parse(text)
        assert (address.display, str(address.uri), address.tag) == (display, uri, tag)

    @pytest.mark.parametrize(
        "text",
        [
            "", "bob", "<>", "<sip:a@b", '"Bob <sip:a@b>', "Bell, Alexander <sip:a@b>", "sip:a@b?x=y", "sip:a,b@c",
            "<sip:a@b>x", "<sip:a@b>;;", "sip:a@b <sip:c@d>", "*",
        ],
    )  # fmt: skip
    def test_other_text_is_refused(self, text: str) -> None:
        with pytest.raises(ParseError):
            Address.parse(text)

    def test_parameters_of_an_addr_spec_are_the_headers(self) -> None:
        address = Address.parse("sip:a@b;expires=60")
        assert address.uri.parameters == ()
        assert address.parameter("expires") == "60"

    def test_a_display_name_is_fit_to_be_shown(self) -> None:
        assert Address.parse('"a\\\x00\udcff" <sip:a@b>').display == "a\ufffd\ufffd"

    def test_a_tag_is_put_or_replaced(self) -> None:
        address = Address.parse("Bob <sip:a@b>;x=y")
        assert str(address.with_tag("1")) == "Bob <sip:a@b>;x=y;tag=1"
        assert address.with_tag("1").with_tag("2").tag == "2"

    @given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
    @settings(max_examples=100)
    def test_any_display_name_survives_the_wire(self, display: str) -> None:
        display = display.strip()
        address = Address(display, Uri("sip", "a", "b"), (("tag", "1"),))
        assert Address.parse(str(address)) == address


class TestVia:
    def test_it_is_taken_apart(self) -> None:
        via = Via.parse("SIP/2.0/udp Host.example:5070;branch=z9hG4bK1;rport;received=192.0.2.1")
        assert (via.transport, via.host, via.port) == ("UDP", "host.example", 5070)
        assert (via.branch, via.rport, via.received) == ("z9hG4bK1", "", "192.0.2.1")

    def test_white_space_may_stand_nearly_anywhere(self) -> None:
        via = Via.parse("SIP / 2.0 / TCP  h : 5060 ; branch = x")
        assert (via.transport, via.host, via.port, via.branch) == ("TCP", "h", 5060, "x")

    def test_ipv6_has_no_brackets_in_received_and_host(self) -> None:
        via = Via.parse("SIP/2.0/UDP [2001:db8::9]:5;received=[2001:db8::1]")
        assert (via.host, via.port, via.received) == ("2001:db8::9", 5, "2001:db8::1")
        assert str(via) == "SIP/2.0/UDP [2001:db8::9]:5;received=[2001:db8::1]"

    def test_rport_is_absent_asked_for_or_a_number(self) -> None:
        via = Via.parse("SIP/2.0/UDP h")
        assert via.rport is None
        assert via.branch is None
        assert via.with_parameter("rport", "").rport == ""
        assert via.with_parameter("rport", "5080").rport == 5080
        assert via.with_parameter("rport", "x").rport == "x"
        assert via.parameter("maddr") is None

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "SIP/2.0/UDP",
            "SIP/2.0 UDP h",
            "HTTP/1.1/TCP h",
            "SIP/2.0/UDP h;;",
            "SIP/2.0/UDP h:0",
            "SIP/2.0/UDP h x",
        ],
    )
    def test_other_text_is_refused(self, text: str) -> None:
        with pytest.raises(ParseError):
            Via.parse(text)


class TestCSeq:
    @pytest.mark.parametrize(
        ("text", "number"),
        [("1 INVITE", 1), ("0009 \t INVITE", 9), ("0 INVITE", 0), ("2147483647 INVITE", 2**31 - 1)],
    )
    def test_it_is_a_number_and_a_method(self, text: str, number: int) -> None:
        assert CSeq.parse(text) == CSeq(number, "INVITE")

    @pytest.mark.parametrize(
        "text",
        ["", "INVITE", "1", "1INVITE", "-1 INVITE", "2147483648 X", "99999999999 X", "1 A B", "1 a/b", " X"],
    )
    def test_other_text_is_refused(self, text: str) -> None:
        with pytest.raises(ParseError):
            CSeq.parse(text)

    def test_it_is_written_plainly(self) -> None:
        assert str(CSeq.parse("007 ACK")) == "7 ACK"

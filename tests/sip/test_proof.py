from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sip.errors import ParseError
from sip.proof import PARAMETERS_MAX, VALUE_MAX, Algorithm, Challenge, Proof, ha1, proof, read_parameters


class TestTheSums:
    @pytest.mark.parametrize(
        ("algorithm", "response"),
        [
            (Algorithm.MD5, "8ca523f5e9506fed4657c9700eebdbec"),
            (Algorithm.SHA256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ],
    )
    def test_are_those_of_rfc_7616_3_9_1(self, algorithm: Algorithm, response: str) -> None:
        secret = ha1(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life")
        assert response == proof(
            algorithm,
            secret,
            method="GET",
            uri="/dir/index.html",
            nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            nc="00000001",
            cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            qop="auth",
        )

    def test_are_those_of_rfc_2617_3_5(self) -> None:
        secret = ha1(Algorithm.MD5, "Mufasa", "testrealm@host.com", "Circle Of Life")
        assert secret == "939e7578ed9e3c518a452acee763bce9"
        assert (
            proof(
                Algorithm.MD5,
                secret,
                method="GET",
                uri="/dir/index.html",
                nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
                nc="00000001",
                cnonce="0a4f113b",
                qop="auth",
            )
            == "6629fae49393a05397450978507c4ef1"
        )

    def test_without_qop_they_are_those_of_rfc_2069(self) -> None:
        # The example of RFC 2069 2.4, with the response of its erratum.
        secret = ha1(Algorithm.MD5, "Mufasa", "testrealm@host.com", "CircleOfLife")
        assert (
            proof(
                Algorithm.MD5,
                secret,
                method="GET",
                uri="/dir/index.html",
                nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
            )
            == "1949323746fe6a43ef61f9606e7febea"
        )

    def test_auth_int_covers_the_body(self) -> None:
        def of(body: bytes) -> str:
            return proof(
                Algorithm.SHA256,
                "s",
                method="INVITE",
                uri="sip:x",
                nonce="n",
                qop="auth-int",
                nc="1",
                body=body,
            )

        assert of(b"v=0") != of(b"v=1")


class TestParameters:
    def test_are_read_with_and_without_quotes_and_white_space(self) -> None:
        text = (
            'DIGEST  realm="a \\"b\\", c" ,nonce = abc== ,\tOPAQUE="", qop="auth,auth-int",stale=FALSE, x=y'
        )
        assert read_parameters(text) == {
            "realm": 'a "b", c',
            "nonce": "abc==",
            "opaque": "",
            "qop": "auth,auth-int",
            "stale": "FALSE",
            "x": "y",
        }

    @pytest.mark.parametrize("text", ['Basic realm="x"', "Bearer", "NTLM\tabc, =", 'Digests realm="x"'])
    def test_of_another_scheme_are_as_if_absent(self, text: str) -> None:
        assert read_parameters(text) is None
        assert Challenge.parse(text) is None
        assert Proof.parse(text) is None

    @pytest.mark.parametrize(
        "text",
        [
            "",
            '"Digest" realm="x"',
            "Digest=x",
            "Digest realm",
            'Digest realm="x',
            'Digest realm="x" nonce="y"',
            'Digest realm="x"nonce="y"',
            'Digest realm="x", realm="y"',
            'Digest Realm="x", REALM="x"',
            'Digest realm="x\0"',
            'Digest realm="x\r\nVia: y"',
            'Digest =x, realm="y"',
            'Digest nc=1, realm="x"',
            'Digest nc=0000000g, realm="x"',
            'Digest response=abc, realm="x"',
            'Digest nonce="", realm="x"',
            'Digest algorithm="a b", realm="x"',
            f'Digest realm="{"x" * (VALUE_MAX + 1)}"',
            "Digest " + ", ".join(f"p{number}=1" for number in range(PARAMETERS_MAX + 1)),
        ],
    )
    def test_that_break_the_grammar_are_one_kind_of_error(self, text: str) -> None:
        with pytest.raises(ParseError):
            read_parameters(text)

    @settings(max_examples=300)
    @given(st.text(st.sampled_from('Digest rnocealm=,"\\ \t\0é\n-'), max_size=60))
    @example(",")
    def test_never_raise_anything_but_parse_error(self, text: str) -> None:
        for prefix in ("", "Digest ", 'Digest realm="r", nonce=n, '):
            with suppress(ParseError):
                Challenge.parse(prefix + text)
            with suppress(ParseError):
                Proof.parse(prefix + text)

    def test_take_time_that_grows_with_their_length_alone(self) -> None:
        for piece in ("a,", '"', "\\", "a=", 'a="\\'):
            with suppress(ParseError):
                read_parameters("Digest " + piece * 100_000)

    @pytest.mark.parametrize(
        "text",
        [
            f'Digest realm="r", nonce="n", uri="sip:x", response="{"0" * 32}"',
            'Digest username="u", realm="r", nonce="n", uri="sip:x"',
            f'Digest username="u", realm="r", nonce="n", uri="sip:x", response="{"0" * 32}", qop=auth',
            f'Digest username="u", realm="r", nonce="n", uri="sip:x", response="{"0" * 32}", qop=x, nc=00000001, cnonce="c"',
        ],
    )
    def test_of_credentials_must_be_whole(self, text: str) -> None:
        with pytest.raises(ParseError):
            Proof.parse(text)

    def test_of_credentials_with_an_algorithm_of_others_are_as_if_absent(self) -> None:
        text = (
            f'Digest username="u", realm="r", nonce="n", uri="sip:x", algorithm=SHA-3, response="{"0" * 96}"'
        )
        assert Proof.parse(text) is None

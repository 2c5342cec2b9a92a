from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.digest import NC_MAX, PROTECTIONS_MAX, TRIES_MAX, Answered, Credentials, authorize, repeat
from sip.draft import Fields
from sip.headers import Headers
from sip.message import Response
from sip.proof import Algorithm, Proof, ha1

ALICE = Credentials("alice", 'open "sesame"', "roda.example")
URI = "sip:roda.example"


def refusal(*challenges: str, status: int = 401, proxy: tuple[str, ...] = ()) -> Response:
    fields = [("WWW-Authenticate", text) for text in challenges]
    fields += [("Proxy-Authenticate", text) for text in proxy]
    return Response(status, "Prove it", Headers(fields))


def challenge(
    nonce: str = "n1",
    algorithm: str = "MD5",
    realm: str = "roda.example",
    qop: str = '"auth"',
    more: str = "",
) -> str:
    qop = f", qop={qop}" if qop else ""
    return f'Digest realm="{realm}", nonce="{nonce}", algorithm={algorithm}{qop}{more}'


def answer(
    response: Response,
    before: Answered | None = None,
    *,
    credentials: Credentials = ALICE,
    body: bytes = b"",
    method: str = "REGISTER",
) -> tuple[Fields, Answered] | None:
    return authorize(
        response, method=method, uri=URI, body=body, credentials=credentials, cnonce="c", before=before
    )


def answered(
    *arguments: Response | Answered | None, **more: Credentials | bytes | str
) -> tuple[Fields, Answered]:
    result = answer(*arguments, **more)  # type: ignore[arg-type]
    assert result is not None
    return result


def proofs(fields: Fields) -> list[Proof]:
    found = [Proof.parse(value) for _, value in fields]
    return [one for one in found if one is not None]


def proved(one: Proof, credentials: Credentials = ALICE, method: str = "REGISTER", body: bytes = b"") -> bool:
    secret = ha1(one.algorithm, credentials.username, one.realm, credentials.password)
    return one.response == one.expected(secret, method, body)


class TestAuthorize:
    def test_answers_a_challenge_so_that_the_server_can_check_it(self) -> None:
        fields, _ = answered(refusal(challenge(more=', opaque="o\\"p"')))
        assert [name for name, _ in fields] == ["Authorization"]
        (one,) = proofs(fields)
        assert (one.username, one.realm, one.nonce, one.uri) == ("alice", "roda.example", "n1", URI)
        assert (one.qop, one.nc, one.cnonce) == ("auth", "00000001", "c")
        assert proved(one)
        assert 'opaque="o\\"p"' in fields[0][1]

    def test_writes_the_value_as_rfc_7616_quotes_it(self) -> None:
        fields, _ = answered(
            refusal(challenge("n", "SHA-256", realm='a \\"b\\"')), credentials=replace(ALICE, realm="")
        )
        head, _, tail = fields[0][1].partition('response="')
        assert head == f'Digest username="alice", realm="a \\"b\\"", nonce="n", uri="{URI}", '
        assert tail[64:] == '", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="c"'

    @pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
    def test_picks_the_strongest_whatever_their_order(self, order: tuple[int, ...]) -> None:
        names = ["MD5", "SHA-512-256", "SHA-256"]
        fields, _ = answered(refusal(*[challenge(f"n{index}", names[index]) for index in order]))
        (one,) = proofs(fields)
        assert (one.algorithm, one.nonce) == (Algorithm.SHA512_256, "n1")
        assert proved(one)

    def test_takes_md5_where_no_algorithm_is_said(self) -> None:
        fields, _ = answered(refusal('Digest realm="roda.example", nonce="n"'))
        (one,) = proofs(fields)
        assert (one.algorithm, one.qop, one.nc, one.cnonce) == (Algorithm.MD5, "", "", "")
        assert proved(one)

    @pytest.mark.parametrize(
        ("offered", "taken"),
        [
            ('"auth-int,auth"', "auth"),
            ('"auth-int"', "auth-int"),
            ("auth", "auth"),
            ('" AUTH , x"', "auth"),
            ('""', ""),
        ],
    )
    def test_takes_auth_before_auth_int_before_none(self, offered: str, taken: str) -> None:
        fields, _ = answered(refusal(challenge(qop=offered)), body=b"v=0", method="INVITE")
        (one,) = proofs(fields)
        assert one.qop == taken
        assert proved(one, method="INVITE", body=b"v=0")
        assert proved(one, method="INVITE", body=b"v=1") is (taken != "auth-int")

    @pytest.mark.parametrize(
        "text",
        [
            'Basic realm="roda.example"',
            challenge(algorithm="SHA-3"),
            challenge(algorithm="MD5-sess"),
            challenge(qop='"other"'),
            challenge(realm="elsewhere.example"),
            challenge(realm="RODA.EXAMPLE"),
            'Digest realm="roda.example"',
            'Digest nonce="n"',
            "nonsense,",
        ],
    )
    def test_answers_nothing_that_it_should_not(self, text: str) -> None:
        assert answer(refusal(text)) is None
        fields, _ = answered(refusal(text, challenge("good")))
        assert [one.nonce for one in proofs(fields)] == ["good"]

    def test_answers_no_response_without_challenges(self) -> None:
        assert answer(refusal()) is None

    def test_uses_credentials_without_realm_for_any_realm_of_the_peer(self) -> None:
        anyone = replace(ALICE, realm="")
        fields, _ = answered(refusal(challenge(realm="a"), challenge(realm="b")), credentials=anyone)
        assert [(one.realm, proved(one)) for one in proofs(fields)] == [("a", True), ("b", True)]

    def test_answers_a_few_realms_at_most(self) -> None:
        anyone = replace(ALICE, realm="")
        fields, _ = answered(refusal(*[challenge(realm=str(n)) for n in range(10)]), credentials=anyone)
        assert len(fields) == PROTECTIONS_MAX

    def test_answers_a_proxy_and_then_the_server_behind_it_together(self) -> None:
        first, carried = answered(refusal(status=407, proxy=(challenge("p"),)))
        assert [name for name, _ in first] == ["Proxy-Authorization"]
        second, _ = answered(refusal(challenge("s")), carried)
        assert sorted(name for name, _ in second) == ["Authorization", "Proxy-Authorization"]
        assert {(one.nonce, one.nc, proved(one)) for one in proofs(second)} == {
            ("p", "00000002", True),
            ("s", "00000001", True),
        }


class TestBeingRefusedAgain:
    def test_a_nonce_that_refused_us_is_not_answered_again(self) -> None:
        _, carried = answered(refusal(challenge("n1")))
        assert answer(refusal(challenge("n1")), carried) is None

    def test_nor_is_a_fresh_one_since_the_password_is_wrong(self) -> None:
        _, carried = answered(refusal(challenge("n1")))
        assert answer(refusal(challenge("n2")), carried) is None

    def test_but_a_stale_one_is_with_its_count_going_on_or_new(self) -> None:
        _, carried = answered(refusal(challenge("n1")))
        same, _ = answered(refusal(challenge("n1", more=", stale=TRUE")), carried)
        assert proofs(same)[0].nc == "00000002"
        fresh, _ = answered(refusal(challenge("n2", more=", stale=true")), carried)
        assert (proofs(fresh)[0].nonce, proofs(fresh)[0].nc) == ("n2", "00000001")

    def test_and_a_server_that_calls_every_nonce_stale_is_left_at_last(self) -> None:
        carried: Answered | None = None
        for number in range(TRIES_MAX):
            _, carried = answered(refusal(challenge(f"n{number}", more=", stale=true")), carried)
        assert answer(refusal(challenge("last", more=", stale=true")), carried) is None

    def test_a_proxy_content_does_not_excuse_a_server_that_is_not(self) -> None:
        _, carried = answered(refusal(challenge("s")))
        assert answer(refusal(challenge("s2"), proxy=(challenge("p"),)), carried) is None


class TestRepeat:
    def again(self, carried: Answered) -> tuple[Fields, Answered]:
        return repeat(carried, method="INVITE", uri=URI, body=b"", credentials=ALICE, cnonce="d")

    def test_counts_on_with_the_nonce_that_let_us_in(self) -> None:
        _, carried = answered(refusal(challenge("n1", more=', opaque="o"')))
        for count in ("00000002", "00000003"):
            fields, carried = self.again(carried)
            (one,) = proofs(fields)
            assert (one.nonce, one.nc, one.cnonce) == ("n1", count, "d")
            assert proved(one, method="INVITE")

    def test_and_a_fresh_nonce_then_is_answered_even_if_nobody_calls_the_old_one_stale(self) -> None:
        _, carried = answered(refusal(challenge("n1")))
        _, carried = self.again(carried)
        fields, carried = answered(refusal(challenge("n2")), carried)
        assert proofs(fields)[0].nc == "00000001"
        assert answer(refusal(challenge("n3")), carried) is None

    def test_a_nonce_is_not_used_more_often_than_can_be_counted(self) -> None:
        _, carried = answered(refusal(challenge("n1")))
        spent = Answered(tuple(replace(one, nc=NC_MAX) for one in carried.protections))
        assert self.again(spent) == ((), Answered(()))


def test_no_password_is_shown() -> None:
    fields, carried = answered(refusal(challenge()))
    assert "sesame" not in repr(ALICE) + repr(carried) + fields[0][1]
    assert proofs(fields)[0].response not in repr(proofs(fields))


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20), st.booleans())
def test_whatever_the_words_the_server_reads_what_the_client_wrote(words: str, integrity: bool) -> None:
    credentials = Credentials(words, words)
    quoted = words.replace("\\", "\\\\").replace('"', '\\"')
    text = f'Digest realm="{quoted}", nonce="{quoted}", qop={"auth-int" if integrity else "auth"}, algorithm=SHA-256'
    fields, _ = answered(refusal(text), credentials=credentials, body=b"b")
    (one,) = proofs(fields)
    assert (one.username, one.realm, one.nonce) == (words, words, words)
    assert proved(one, credentials, body=b"b")

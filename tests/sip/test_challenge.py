from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.accounts import Account
from sip.challenge import MALFORMED, WRONG_PASSWORD, Challenger, Policy
from sip.digest import Answered, Credentials, authorize, repeat
from sip.flow import Flow
from sip.gate import PASS, Judgement, Pass, Refuse
from sip.headers import Headers
from sip.message import Request, Response
from sip.nonces import LIFE_S
from sip.proof import SERVED, Algorithm, Challenge, Proof, ha1
from sip.uri import Uri
from tests.support.sip_playbook import UDP, counting_entropy

REALM = "roda.example"
ALICE = Credentials("alice", "sesame")
BOB = Credentials("bob", "open")
MD5 = (Algorithm.MD5,)


def account(credentials: Credentials, *aliases: str) -> Account:
    secrets = tuple((kind, ha1(kind, credentials.username, REALM, credentials.password)) for kind in SERVED)
    return Account(credentials.username, secrets, frozenset(aliases))


ACCOUNTS = {"alice": account(ALICE, "+4930123"), "bob": account(BOB)}


def request(
    method: str = "REGISTER", user: str = "alice", to: str | None = None, host: str = REALM, body: bytes = b""
) -> Request:
    fields = [
        ("From", f"<sip:{user}@{host}>;tag=1"),
        ("To", f"<sip:{user if to is None else to}@{host}>"),
        ("Call-ID", "c"),
        ("CSeq", f"1 {method}"),
    ]
    return Request(method, Uri.parse(f"sip:{REALM}"), Headers(fields), body)


class Door:
    """A challenger and somebody before it."""

    def __init__(self, accounts: Mapping[str, Account] = ACCOUNTS, **policy: object) -> None:
        self.noticed: list[str] = []
        self.now = 1000.0
        self.challenger = Challenger(
            Policy(realm=REALM, **policy),  # type: ignore[arg-type]
            accounts,
            counting_entropy(),
            lambda _flow, what, _now: self.noticed.append(what),
        )

    def judge(self, message: Request, flow: Flow = UDP, *, inside: bool = False) -> Judgement:
        return self.challenger.judge(message, flow, self.now, inside=inside)

    def refused(self, message: Request, flow: Flow = UDP) -> Refuse:
        judgement = self.judge(message, flow)
        assert isinstance(judgement, Refuse)
        return judgement

    def prove(
        self,
        message: Request,
        credentials: Credentials = ALICE,
        *,
        flow: Flow = UDP,
        refusal: Refuse | None = None,
        before: Answered | None = None,
        uri: str = "",
    ) -> Answered:
        """Put the answer to a challenge into the message."""
        refusal = refusal or self.refused(message, flow)
        answer = authorize(
            Response(refusal.status, "", Headers(refusal.fields)),
            method=message.method,
            uri=uri or str(message.uri),
            body=message.body,
            credentials=credentials,
            cnonce="c",
            before=before,
        )
        assert answer is not None
        for name, value in answer[0]:
            message.headers.set(name, value)
        return answer[1]


def challenges(refusal: Refuse) -> list[Challenge]:
    found = [Challenge.parse(value) for _, value in refusal.fields]
    return [one for one in found if one is not None]


def without_nonces(refusal: Refuse) -> list[Challenge]:
    return [replace(one, nonce="") for one in challenges(refusal)]


class TestAskingForProof:
    def test_a_register_is_asked_for_it_in_sha_256_before_md5(self) -> None:
        refusal = Door().refused(request())
        assert refusal.status == 401
        assert [name for name, _ in refusal.fields] == ["WWW-Authenticate"] * 2
        assert [one.algorithm for one in challenges(refusal)] == [Algorithm.SHA256, Algorithm.MD5]
        assert {(one.realm, one.qop, one.stale) for one in challenges(refusal)} == {(REALM, "auth", False)}

    def test_in_the_algorithms_that_are_configured(self) -> None:
        door = Door(algorithms=SERVED)
        assert tuple(one.algorithm for one in challenges(door.refused(request()))) == SERVED

    @pytest.mark.parametrize("method", ["ACK", "CANCEL", "OPTIONS"])
    def test_what_cannot_or_need_not_prove_itself_is_never_asked(self, method: str) -> None:
        door = Door(methods=frozenset({method}), domains=frozenset({REALM}))
        assert door.judge(request(method)) is PASS

    def test_nor_is_what_belongs_to_a_living_dialog(self) -> None:
        assert Door().judge(request("INVITE"), inside=True) is PASS

    def test_nor_who_claims_to_be_nobody_of_ours(self) -> None:
        assert Door().judge(request("INVITE", "carol")) is PASS
        assert Door(domains=frozenset({REALM})).judge(request("INVITE", host="elsewhere.example")) is PASS

    @pytest.mark.parametrize("method", ["INVITE", "MESSAGE", "SUBSCRIBE", "REFER", "PUBLISH"])
    def test_who_claims_to_be_one_of_ours_is(self, method: str) -> None:
        assert Door().refused(request(method)).status == 401

    def test_of_a_domain_that_is_ours_everybody_is_whether_there_is_such_a_user_or_not(self) -> None:
        door = Door(domains=frozenset({REALM}))
        answers = [door.refused(request("INVITE", user)) for user in ("alice", "carol")]
        assert without_nonces(answers[0]) == without_nonces(answers[1])

    def test_nothing_is_kept_of_who_never_answers(self) -> None:
        door = Door()
        for _ in range(1000):
            door.refused(request())
        assert len(door.challenger.nonces) == 0
        assert door.noticed == []


class TestProof:
    @pytest.mark.parametrize("algorithms", [(kind,) for kind in SERVED])
    def test_of_each_algorithm_lets_in_by_name(self, algorithms: tuple[Algorithm, ...]) -> None:
        door, message = Door(algorithms=algorithms), request()
        door.prove(message)
        assert door.judge(message) == Pass(identity="alice")
        assert door.noticed == []

    def test_that_was_not_asked_for_tells_who_it_is_too(self) -> None:
        door, message = Door(), request("INVITE")
        door.prove(message, refusal=door.refused(request()))
        assert door.judge(message) == Pass(identity="alice")

    def test_may_cover_the_body(self) -> None:
        door, message = Door(), request("MESSAGE", body=b"hello")
        refusal = door.refused(message)
        asked = replace(
            refusal, fields=tuple((name, value.replace("auth", "auth-int")) for name, value in refusal.fields)
        )
        door.prove(message, refusal=asked)
        tampered = Request(message.method, message.uri, message.headers.copy(), b"hullo")
        assert door.refused(tampered).status == 401
        assert door.judge(message) == Pass(identity="alice")

    def test_of_a_client_without_qop_is_good_once(self) -> None:
        door, message = Door(), request()
        refusal = door.refused(message)
        old = replace(
            refusal, fields=tuple((name, value.replace(', qop="auth"', "")) for name, value in refusal.fields)
        )
        door.prove(message, refusal=old)
        proof = Proof.parse(message.headers.get("Authorization") or "")
        assert proof is not None
        assert proof.qop == ""
        assert door.judge(message) == Pass(identity="alice")
        assert all(one.stale for one in challenges(door.refused(message)))

    def test_is_good_for_further_requests_as_long_as_it_is_counted_on(self) -> None:
        door, message = Door(), request()
        carried = door.prove(message)
        assert door.judge(message) == Pass(identity="alice")
        for _ in range(3):
            fields, carried = repeat(
                carried, method="REGISTER", uri=str(message.uri), body=b"", credentials=ALICE, cnonce="d"
            )
            message.headers.set(*fields[0])
            assert door.judge(message) == Pass(identity="alice")

    def test_sent_again_by_somebody_is_refused_as_stale(self) -> None:
        door, message = Door(), request()
        door.prove(message)
        assert isinstance(door.judge(message), Pass)
        assert all(one.stale for one in challenges(door.refused(message)))
        elsewhere = Flow("udp", UDP.local, ("192.0.2.1", 5060))
        assert door.refused(message, elsewhere).status == 401

    @pytest.mark.parametrize("restarted", [False, True])
    def test_with_an_old_nonce_is_stale_and_proved_anew_without_asking_for_the_password(
        self, restarted: bool
    ) -> None:
        door, message = Door(), request()
        carried = door.prove(message)
        if restarted:
            door.challenger = Challenger(Policy(realm=REALM), ACCOUNTS, counting_entropy(7))
        door.now += LIFE_S + 1
        refusal = door.refused(message)
        assert all(one.stale for one in challenges(refusal))
        door.prove(message, refusal=refusal, before=carried)
        assert door.judge(message) == Pass(identity="alice")

    def test_of_one_host_is_good_from_all_its_ports(self) -> None:
        door, message = Door(), request()
        door.prove(message)
        assert door.judge(message, Flow("tcp", UDP.local, (UDP.remote[0], 40_000), 7)) == Pass(
            identity="alice"
        )

    @pytest.mark.parametrize(
        "uri", [f"sip:{REALM}:5060", f"sips:{REALM};transport=tls", f"sip:{REALM.upper()}"]
    )
    def test_may_write_the_uri_in_its_own_way(self, uri: str) -> None:
        door, message = Door(), request()
        door.prove(message, uri=uri)
        assert door.judge(message) == Pass(identity="alice")

    def test_may_leave_the_user_out_as_pyvoip_does(self) -> None:
        door, message = Door(), request("INVITE")
        door.prove(message, uri=f"sip:{message.uri.host};transport=UDP")
        assert door.judge(message) == Pass(identity="alice")

    @pytest.mark.parametrize("uri", ["sip:elsewhere.example", f"sip:alice@{REALM}", "nonsense"])
    def test_for_another_uri_is_none(self, uri: str) -> None:
        door, message = Door(), request()
        door.prove(message, uri=uri)
        assert door.refused(message).status == 400
        assert door.noticed == [MALFORMED]

    def test_for_another_realm_is_as_if_absent(self) -> None:
        door, message = Door(), request()
        door.prove(message)
        good = message.headers.get("Authorization") or ""
        message.headers.set("Authorization", good.replace(REALM, "elsewhere.example", 1))
        assert not any(one.stale for one in challenges(door.refused(message)))
        message.headers.add("Authorization", good)
        assert door.judge(message) == Pass(identity="alice")
        assert door.noticed == []

    @pytest.mark.parametrize(
        "value", ["Basic YWxpY2U6c2VzYW1l", "Digest realm=roda.example, algorithm=X, nonce=n"]
    )
    def test_of_another_kind_is_as_if_absent(self, value: str) -> None:
        door, message = Door(), request()
        message.headers.set("Authorization", value)
        assert door.refused(message).status == 401
        assert door.noticed == []

    def test_of_an_algorithm_that_is_not_served_is_as_if_absent(self) -> None:
        door, message = Door(algorithms=(Algorithm.SHA256,)), request()
        door.prove(message, refusal=Door(algorithms=MD5).refused(request()))
        assert door.refused(message).status == 401

    @pytest.mark.parametrize("value", ["Digest", "Digest realm", f'Digest realm="{REALM}"', ",", ""])
    def test_that_cannot_be_read_is_400_and_noticed(self, value: str) -> None:
        door, message = Door(), request()
        message.headers.set("Authorization", value)
        assert door.refused(message).status == 400
        assert door.noticed == [MALFORMED]


class TestGuessing:
    @pytest.mark.parametrize("kind", SERVED)
    def test_an_unknown_user_and_a_wrong_password_look_the_same(
        self, kind: Algorithm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sums: list[int] = []
        expected = Proof.expected

        def counted(proof: Proof, secret: str, method: str, body: bytes) -> str:
            sums[-1] += 1
            return expected(proof, secret, method, body)

        monkeypatch.setattr(Proof, "expected", counted)
        door = Door({**ACCOUNTS, "poor": Account("poor")}, algorithms=(kind,))
        answers = []
        for user in ("alice", "carol", "poor"):
            message = request(user=user)
            door.prove(message, Credentials(user, "wrong"))
            sums.append(0)
            answers.append(door.refused(message))
        assert {(answer.status, answer.reason, answer.after_s) for answer in answers} == {(401, None, 0.0)}
        assert without_nonces(answers[0]) == without_nonces(answers[1]) == without_nonces(answers[2])
        assert sums == [1, 1, 1]
        assert door.noticed == [WRONG_PASSWORD] * 3

    def test_is_never_called_stale(self) -> None:
        door, message = Door(), request()
        door.prove(message, replace(ALICE, password="wrong"))
        door.now += LIFE_S + 1
        assert not any(one.stale for one in challenges(door.refused(message)))
        assert door.noticed == [WRONG_PASSWORD]

    def test_leaves_nothing_behind_and_does_not_use_up_the_nonce(self) -> None:
        door, message = Door(), request()
        refusal = door.refused(message)
        door.prove(message, replace(ALICE, password="wrong"), refusal=refusal)
        door.refused(message)
        assert len(door.challenger.nonces) == 0
        door.prove(message, refusal=refusal)
        assert door.judge(message) == Pass(identity="alice")

    def test_an_account_that_is_gone_is_unknown_at_once(self) -> None:
        accounts = dict(ACCOUNTS)
        door, message = Door(accounts), request()
        door.prove(message)
        del accounts["alice"]
        assert door.refused(message).status == 401
        assert door.noticed == [WRONG_PASSWORD]


class TestIdentity:
    """Who proves to be somebody speaks for nobody else (interop.md 1.1, CVE-2025-47779)."""

    @pytest.mark.parametrize(
        ("message", "status"),
        [
            (request(user="bob"), 403),
            (request(user="alice", to="bob"), 403),
            (request(user="bob", to="alice"), 403),
            (request("INVITE", user="bob"), 403),
            (request("INVITE", user="alice", to="bob"), 0),
            (request("INVITE", user="+4930123"), 0),
            (request("INVITE", user="%2B4930123"), 0),
            (request("REGISTER", user="+4930123"), 0),
            (request("INVITE", user="anonymous", host="anonymous.invalid"), 0),
            (request("REGISTER", user="anonymous", host="anonymous.invalid"), 403),
        ],
    )
    def test_is_that_of_from_and_for_register_of_to(self, message: Request, status: int) -> None:
        door = Door()
        message = Request(message.method, message.uri, message.headers.copy())
        door.prove(message, refusal=door.refused(request()))
        judgement = door.judge(message)
        assert judgement == (Refuse(status) if status else Pass(identity="alice"))

    def test_is_of_our_domains_where_they_are_told(self) -> None:
        door = Door(domains=frozenset({REALM}))
        elsewhere = request(host="elsewhere.example")
        door.prove(elsewhere)
        assert door.judge(elsewhere) == Refuse(403)

    @pytest.mark.parametrize(
        ("preferred", "passes"), [("<sip:alice@x>, <tel:+4930123>", True), ("<sip:bob@x>", False)]
    )
    def test_is_that_of_p_preferred_identity(self, preferred: str, passes: bool) -> None:
        door, message = Door(), request("INVITE")
        message.headers.add("P-Preferred-Identity", preferred)
        door.prove(message)
        assert door.judge(message) == (Pass(identity="alice") if passes else Refuse(403))

    def test_is_not_trusted_to_speak_for_others(self) -> None:
        door, message = Door(), request("INVITE")
        message.headers.add("P-Asserted-Identity", "<sip:bob@roda.example>")
        door.prove(message)
        assert door.judge(message) == Pass(identity="alice", trusted=False)


@settings(max_examples=200)
@given(
    st.sampled_from(["REGISTER", "INVITE", "OPTIONS"]),
    st.sampled_from(["Authorization", "From", "To", "P-Preferred-Identity"]),
    st.text(st.sampled_from('Digest rnocealm=,"\\<>:;@ %é'), max_size=40),
    st.booleans(),
)
def test_whatever_is_sent_the_answer_is_a_judgement(
    method: str, name: str, value: str, prefixed: bool
) -> None:
    door, message = Door(domains=frozenset({REALM})), request(method)
    message.headers.set(name, f'Digest realm="{REALM}", {value}' if prefixed else value)
    assert isinstance(door.judge(message), Pass | Refuse)

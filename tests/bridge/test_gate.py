"""bridge/gate.py: guard, trunk and password together (interop.md 1.1 Identity, 1.2-8)."""

from __future__ import annotations

import re

import pytest

from bridge.gate import Gate, trunk_of
from sip.accounts import Account
from sip.challenge import Challenger, Policy
from sip.flow import Flow
from sip.gate import PASS_DOUBTFUL, Ignore, Judgement, Pass, Refuse
from sip.guard import Guard, GuardSettings
from sip.message import Request
from sip.parser import parse
from sip.proof import Algorithm, ha1, proof
from tests.support.sip_playbook import counting_entropy

REALM = "roda"
HERE = ("192.0.2.1", 5060)
CARRIER, STRANGER = "203.0.113.1", "198.51.100.7"


def flow(host: str) -> Flow:
    return Flow("udp", HERE, (host, 5060))


def request(method: str = "INVITE", user: str = "bob", authorization: str = "") -> Request:
    proved = f"Authorization: {authorization}\r\n" if authorization else ""
    message = parse(
        (
            f"{method} sip:40012345@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKx;rport\r\n"
            f"From: <sip:{user}@192.0.2.1>;tag=1\r\nTo: <sip:{user}@192.0.2.1>\r\nCall-ID: c\r\nCSeq: 1 {method}\r\n"
            f"Contact: <sip:{user}@198.51.100.7>\r\n{proved}Content-Length: 0\r\n\r\n"
        ).encode()
    )
    assert isinstance(message, Request)
    return message


class World:
    def __init__(self) -> None:
        self.guard = Guard(GuardSettings(), is_exempt=lambda host: host == CARRIER)
        secret = ha1(Algorithm.SHA256, "ana", REALM, "right")
        accounts = {"ana": Account("ana", ((Algorithm.SHA256, secret),))}
        challenger = Challenger(Policy(realm=REALM), accounts, counting_entropy(), self.guard.noticed)
        self.gate = Gate(
            self.guard, lambda _, flow: "carrier" if flow.remote[0] == CARRIER else "", challenger
        )

    def judge(self, asked: Request, host: str = STRANGER) -> Judgement:
        return self.gate.judge(asked, flow(host), 0.0, inside=False)

    def proved(self, method: str, password: str, host: str = STRANGER) -> Judgement:
        """Ask, be challenged, and ask again with a proof."""
        refused = self.judge(request(method, "ana"), host)
        assert isinstance(refused, Refuse)
        challenge = next(value for _, value in refused.fields if "SHA-256" in value)
        found = re.search('nonce="([^"]*)"', challenge)
        assert found is not None
        nonce, uri = found[1], "sip:40012345@192.0.2.1"
        secret = ha1(Algorithm.SHA256, "ana", REALM, password)
        response = proof(
            Algorithm.SHA256,
            secret,
            method=method,
            uri=uri,
            nonce=nonce,
            nc="00000001",
            cnonce="c",
            qop="auth",
        )
        return self.judge(
            request(
                method,
                "ana",
                f'Digest username="ana",realm="{REALM}",nonce="{nonce}",uri="{uri}",response="{response}",'
                f'algorithm=SHA-256,qop=auth,nc=00000001,cnonce="c"',
            ),
            host,
        )


def test_whoever_dials_in_is_let_in_as_nobody_in_particular() -> None:
    assert World().judge(request()) == PASS_DOUBTFUL


def test_nobody_in_particular_may_have_shown_where_he_is() -> None:
    world = World()
    world.gate.acknowledged(flow(STRANGER), 0.0)
    assert world.judge(request()) == Pass(real=True)


def test_a_trunk_is_known_by_its_address_and_believed() -> None:
    judgement = World().judge(request(), CARRIER)
    assert judgement == Pass("trunk:carrier", trusted=True)
    assert trunk_of("trunk:carrier") == "carrier"
    assert trunk_of("ana") == ""


def test_who_claims_to_be_one_of_ours_must_prove_it_and_is_vouched_for_then() -> None:
    world = World()
    assert world.proved("INVITE", "right") == Pass("ana")
    refused = world.proved("INVITE", "wrong")
    assert isinstance(refused, Refuse)
    assert refused.status == 401


@pytest.mark.parametrize("host", [STRANGER, CARRIER])
def test_nobody_registers_without_a_password_not_even_from_a_trunks_address(host: str) -> None:
    world = World()
    refused = world.judge(request("REGISTER", "ana"), host)
    assert isinstance(refused, Refuse)
    assert refused.status == 401
    assert world.proved("REGISTER", "right", host) == Pass("ana")


def test_what_the_guard_turns_away_is_asked_for_nothing() -> None:
    world = World()
    judgements = {type(world.judge(request(user=f"u{number}"))) for number in range(500)}
    assert (
        Ignore in judgements
    )  # too many at once; the rest of a flood gets no answer that could hit somebody else
    assert type(world.judge(request(), CARRIER)) is Pass


def test_guessing_passwords_ends_in_a_ban() -> None:
    world = World()
    for _ in range(200):
        if not world.gate.admits(flow(STRANGER), b"REGISTER sip:a SIP/2.0\r\n\r\n", 0.0):
            break
        world.gate.noticed(flow(STRANGER), "wrong password", 0.0)
    assert not world.gate.admits(flow(STRANGER), b"REGISTER sip:a SIP/2.0\r\n\r\n", 0.0)
    assert world.gate.admits(flow(CARRIER), b"REGISTER sip:a SIP/2.0\r\n\r\n", 0.0)

"""Proof for one peer and nobody else; whole conversations are in test_placing."""

import pytest

from sip.digest import Credentials
from sip.draft import Draft
from sip.flow import Flow
from sip.headers import Headers
from sip.message import Response
from sip.proving import Prover, proofs_of

TRUNK = Flow("udp", ("10.0.0.1", 5060), ("10.0.0.9", 5060))
STRANGER = Flow("udp", ("10.0.0.1", 5060), ("203.0.113.1", 5060))
INVITE = Draft("INVITE", "sip:b@c", "SIP/2.0/UDP a", "z", (), "f", "t", "c", 1, body=b"x")


def challenge(status=401, nonce="n"):
    return Response(
        status, "No", Headers([("WWW-Authenticate", f'Digest realm="r", nonce="{nonce}", qop="auth"')])
    )


def prover():
    return Prover(Credentials("us", "secret"), lambda size: b"\1" * size)


def test_a_challenge_is_answered_and_what_was_learned_serves_the_next_request():
    one = prover()
    assert one.repeat("BYE", "sip:b@c", b"", TRUNK) == ()
    ((name, value),) = one.answer(challenge(), INVITE, TRUNK)
    assert name == "Authorization"
    assert "nc=00000001" in value
    assert "secret" not in value
    assert one.asked
    assert "nc=00000002" in one.repeat("BYE", "sip:b@c", b"", TRUNK)[0][1]


@pytest.mark.parametrize("status", [400, 403, 486])
def test_what_is_no_challenge_gets_no_proof(status):
    assert prover().answer(challenge(status), INVITE, TRUNK) is None


def test_whoever_asked_first_is_the_only_one_who_may_ask():
    one = prover()
    one.answer(challenge(), INVITE, TRUNK)
    assert one.answer(challenge(nonce="m"), INVITE, STRANGER) is None
    assert one.repeat("BYE", "sip:b@c", b"", STRANGER) == ()


def test_a_password_is_in_no_repr():
    assert "secret" not in repr(Credentials("us", "secret"))


def test_the_proofs_of_a_request_are_its_authorization_headers():
    fields = (("Authorization", "a"), ("Contact", "c"), ("Proxy-Authorization", "p"))
    draft = Draft("INVITE", "u", "v", "b", (), "f", "t", "c", 1, fields)
    assert proofs_of(draft) == (fields[0], fields[2])

from hashlib import md5

import pytest

from benchmarks.telephones import Settled, Telephones

CHALLENGE = 'WWW-Authenticate: Digest realm="here", nonce="abc", qop="auth", algorithm=MD5, opaque="o"\r\n'


def telephones(transport="udp"):
    return Telephones(["ana", "bia"], "secret", target="h:1", local="l:2", transport=transport, name="t")


def answer(request, status, more=""):
    """Answer a request as a server does."""
    kept = [
        line
        for line in request.decode().split("\r\n")
        if line.startswith(("Via", "From", "To", "Call-ID", "CSeq"))
    ]
    return ("\r\n".join([f"SIP/2.0 {status} Word", *kept]) + f"\r\n{more}Content-Length: 0\r\n\r\n").encode()


def parameters(request):
    line = next(each for each in request.decode().split("\r\n") if each.startswith("Authorization: "))
    pairs = (each.split("=", 1) for each in line.removeprefix("Authorization: Digest ").split(", "))
    return {key: value.strip('"') for key, value in pairs}


def test_a_refusal_gives_the_nonce_that_the_next_request_proves_itself_with():
    phones = telephones()
    phones.ask(1, 0.0)
    (first,) = phones.outgoing()
    assert b"Authorization" not in first
    phones.receive(answer(first, 401, CHALLENGE), 0.1)
    assert phones.events() == [Settled(1, 401, pytest.approx(0.1), proved=False)]
    for uses in (1, 2):
        phones.ask(1, uses)
        (again,) = phones.outgoing()
        said = parameters(again)
        assert (said["username"], said["nc"], said["opaque"]) == ("bia", f"{uses:08x}", "o")
        ha1, ha2 = (md5(text).hexdigest() for text in (b"bia:here:secret", b"REGISTER:sip:h:1"))
        proof = md5(f"{ha1}:abc:{uses:08x}:{said['cnonce']}:auth:{ha2}".encode()).hexdigest()
        assert said["response"] == proof
        phones.receive(answer(again, 200), uses + 0.5)
        assert phones.events() == [Settled(1, 200, pytest.approx(0.5), proved=True)]
    assert phones.next_deadline() is None or phones.statistics.retransmissions == 0


def test_what_nobody_answers_is_sent_again_at_growing_intervals_and_given_up_after_32_s():
    phones = telephones()
    phones.ask(0, 0.0)
    (first,) = phones.outgoing()
    at = []
    while not (events := phones.events()):
        now = phones.next_deadline()
        phones.advance(now)
        if again := phones.outgoing():
            assert again == [first]
            at.append(now)
    assert at == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert events == [Settled(0, 408, 32.0, proved=False)]
    assert phones.statistics.retransmissions == 10


def test_over_a_connection_nothing_is_sent_twice():
    phones = telephones("tls")
    phones.ask(0, 0.0)
    assert b"Via: SIP/2.0/TLS l:2" in phones.outgoing()[0]
    phones.advance(31.0)
    assert phones.outgoing() == []


def test_answers_that_are_late_provisional_or_nobodys_change_nothing():
    phones = telephones()
    phones.ask(0, 0.0)
    (first,) = phones.outgoing()
    phones.receive(answer(first, 100), 0.1)
    phones.receive(b"nonsense", 0.1)
    phones.receive(answer(first, 200).replace(b"Call-ID: t-0", b"Call-ID: u-0"), 0.1)
    assert phones.events() == []
    phones.receive(answer(first, 200), 0.2)
    phones.receive(answer(first, 200), 0.3)
    assert len(phones.events()) == 1
    assert phones.statistics.unreadable == 2
    phones.advance(40.0)
    assert (phones.outgoing(), phones.events()) == ([], [])

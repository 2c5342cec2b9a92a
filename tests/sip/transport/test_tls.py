"""TLS between two buffers: a client and a server of ours shake hands by bytes alone."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from sip.flow import ANYBODY
from sip.transport.certificates import Certificates, TlsSettings
from sip.transport.tls import UNSENT_MAX, TlsWire, names_of, proves
from sip.transport.wire import WireError
from tests.support.certificates import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def ours(authority: Authority) -> Certificates:
    """A server that asks for certificates, and a client that believes the same authority."""
    pair = authority.issue("ours", domains=("sip.example",), addresses=("127.0.0.1",))
    return Certificates(
        TlsSettings(pair=pair, client_authorities=authority.file, server_authorities=authority.file)
    )


def shake(client: TlsWire, server: TlsWire, step: int = 1 << 20) -> None:
    """Carry bytes, so many at a time, until neither has any."""
    client.start()
    said = [client.outgoing(), b""]
    while any(said):
        for at in range(0, len(said[0]), step):
            assert server.receive(said[0][at : at + step]) == []
        said[1] += server.outgoing()
        for at in range(0, len(said[1]), step):
            assert client.receive(said[1][at : at + step]) == []
        said = [client.outgoing(), b""]


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_hands_are_shaken_however_the_bytes_are_cut(ours: Certificates, step: int) -> None:
    client, server = ours.client("sip.example"), ours.server()
    shake(client, server, step)
    assert client.settled
    assert server.settled
    assert server.names == ("sip.example", "127.0.0.1")
    client.send(b"hello")
    assert server.receive(client.outgoing()) == [b"hello"]
    server.send(b"x" * 100_000)
    assert b"".join(client.receive(server.outgoing())) == b"x" * 100_000


def test_what_is_said_too_early_waits_for_the_handshake(ours: Certificates) -> None:
    client, server = ours.client("127.0.0.1"), ours.server()
    client.send(b"first ")
    client.send(b"words")
    client.start()
    heard = []
    for _ in range(4):
        heard += server.receive(client.outgoing())
        client.receive(server.outgoing())
    assert b"".join(heard) == b"first words"


def test_what_waits_is_bounded(ours: Certificates) -> None:
    client = ours.client("sip.example")
    client.send(b"x" * UNSENT_MAX)
    with pytest.raises(WireError, match="too much to say"):
        client.send(b"x")


@pytest.mark.parametrize(
    ("name", "believed"),
    [("sip.example", True), ("SIP.Example.", True), ("other.example", False), ("127.0.0.1", True), ("127.0.0.2", False)],
)  # fmt: skip
def test_a_client_wants_the_name_that_it_asked_for(ours: Certificates, name: str, believed: bool) -> None:
    """RFC 5922 7.2."""
    client, server = ours.client(name), ours.server()
    if believed:
        shake(client, server)
        assert client.settled
        return
    with pytest.raises(WireError, match="another name"):
        shake(client, server)
    assert not client.settled


def test_a_client_believes_no_strange_authority_unless_anybody_will_do(
    ours: Certificates, authority: Authority
) -> None:
    strange = Certificates(
        TlsSettings(
            pair=authority.issue("strange", domains=("sip.example",)),
            server_authorities=Authority(authority.folder / "other", "Strangers").file,
        )
    )
    with pytest.raises(WireError, match="certificate verify failed"):
        shake(strange.client("sip.example"), ours.server())
    client = strange.client(ANYBODY)
    shake(client, ours.server())
    assert client.settled


def test_garbage_is_an_error_and_not_a_surprise(ours: Certificates) -> None:
    for garbage in (b"OPTIONS sip:x SIP/2.0\r\n\r\n", b"\x16\x03\x01\xff\xff" + bytes(70_000)):
        server = ours.server()
        with pytest.raises(WireError, match=r"^TLS: "):
            server.receive(garbage * 2)
        assert not server.settled
    client, server = ours.client("sip.example"), ours.server()
    shake(client, server)
    with pytest.raises(WireError):
        server.receive(b"\x17\x03\x03\x00\x20" + bytes(32))


def test_versions_before_1_2_are_refused(ours: Certificates) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname = False
    old.verify_mode = ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    server = ours.server()
    with pytest.raises(WireError, match=r"protocol|version"):
        shake(TlsWire(old, ANYBODY), server)
    assert server.outgoing()  # an alert that says so


def test_a_goodbye_is_heard(ours: Certificates) -> None:
    client, server = ours.client("sip.example"), ours.server()
    server.close()  # too early: nobody to say it to
    shake(client, server)
    client.send(b"bye")
    client.close()
    assert server.receive(client.outgoing()) == [b"bye"]
    assert server.ended
    assert not client.ended


def test_names_are_those_of_the_subject_alternative_names() -> None:
    """RFC 5922 7.1: the common name counts where there is no other."""
    subject = ((("commonName", "Common.example"),),)
    assert names_of({"subject": subject}) == ("common.example",)
    assert names_of({}) == ()
    alternative = (
        ("DNS", "A.example"),
        ("URI", "sip:B.example"),
        ("URI", "https://c.example"),
        ("IP Address", "2001:DB8:0:0:0:0:0:1"),
        ("email", "d@example"),
    )
    names = names_of({"subject": subject, "subjectAltName": alternative})
    assert names == ("a.example", "sip:b.example", "2001:db8::1")
    assert proves(names, "a.example")
    assert proves(names, "b.example")
    assert proves(names, "2001:db8:0::1")
    assert not proves(names, "common.example")


def test_a_star_stands_for_one_label() -> None:
    names = ("*.pstn.example",)
    assert proves(names, "acme.pstn.example")
    assert not proves(names, "pstn.example")
    assert not proves(names, "a.b.pstn.example")
    assert not proves(("*",), "pstn")
    assert not proves(("*.0.0.1",), "127.0.0.1")


def test_an_address_is_not_indicated(ours: Certificates, tmp_path: Path) -> None:
    """RFC 6066 3: and a server that has several names answers with its first."""
    client, server = ours.client("127.0.0.1"), ours.server()
    client.start()
    assert b"127.0.0.1" not in client.outgoing()
    client = ours.client("sip.example")
    client.start()
    assert b"sip.example" in client.outgoing()
    del server, tmp_path

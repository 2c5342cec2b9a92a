"""Certificates out of files: picked by name, and read again when they change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sip.flow import ANYBODY
from sip.transport.certificates import CertificateError, Certificates, Pair, TlsSettings
from sip.transport.tls import TlsWire
from sip.transport.wire import WireError
from tests.sip.transport.test_tls import shake
from tests.support.certificates import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def shown(server: Certificates, name: str = ANYBODY) -> tuple[str, ...]:
    """Whom a server says that it is to who asks for `name`."""
    authority = server._settings.client_authorities
    client = Certificates(TlsSettings(server_authorities=authority)).client(name)
    shake(client, server.server())
    return client.names


def test_a_name_picks_its_certificate_and_another_gets_the_first(authority: Authority) -> None:
    pairs = {
        each: authority.issue(each, domains=(each,), file=each[2:]) for each in ("*.b.example", "c.example")
    }
    first = authority.issue("a.example", domains=("a.example", "z.example"))
    server = Certificates(TlsSettings(pair=first, by_name=pairs, client_authorities=authority.file))
    assert shown(server, "x.b.example") == ("*.b.example",)
    assert shown(server, "C.Example") == ("c.example",)
    assert shown(server, "z.example") == ("a.example", "z.example")
    with pytest.raises(WireError, match="another name"):
        shown(server, "x.y.b.example")


def test_a_renewed_certificate_is_shown_from_then_on(authority: Authority) -> None:
    pair = authority.issue("old", file="ours")
    server = Certificates(TlsSettings(pair=pair, client_authorities=authority.file))
    running = server.server()
    assert not server.reload()
    authority.issue("new", file="ours")
    assert server.reload()
    assert shown(server, "new") == ("new",)
    assert not server.reload()
    assert server.reload(anyway=True)
    client = Certificates(TlsSettings(server_authorities=authority.file)).client("old")
    shake(client, running)  # it began before
    assert client.settled


def test_a_link_that_leads_elsewhere_is_a_change(authority: Authority) -> None:
    """How certbot and Kubernetes renew."""
    for name in ("one", "two"):
        authority.issue(name)
    links = Pair(authority.folder / "now.crt", authority.folder / "now.key")
    for link, name in ((links.certificate, "one.crt"), (links.key, "one.key")):
        link.symlink_to(name)
    server = Certificates(TlsSettings(pair=links, client_authorities=authority.file))
    for link, name in ((links.certificate, "two.crt"), (links.key, "two.key")):
        link.unlink()
        link.symlink_to(name)
    assert server.reload()
    assert shown(server, "two") == ("two",)


def test_a_renewal_that_cannot_be_used_is_told_once_and_changes_nothing(authority: Authority) -> None:
    pair = authority.issue("old", file="ours")
    server = Certificates(TlsSettings(pair=pair, client_authorities=authority.file))
    kept = pair.key.read_bytes()
    authority.issue("new", file="ours")
    pair.key.write_bytes(kept)
    with pytest.raises(CertificateError, match="is not that of"):
        server.reload()
    assert not server.reload()
    assert shown(server, "old") == ("old",)
    pair.certificate.unlink()
    with pytest.raises(CertificateError, match="No such file"):
        server.reload()
    assert shown(server, "old") == ("old",)


def test_a_client_without_a_certificate_comes_in_only_where_none_is_required(authority: Authority) -> None:
    pair = authority.issue("ours")
    for required in (False, True):
        server = Certificates(
            TlsSettings(pair=pair, client_authorities=authority.file, client_certificate_required=required)
        ).server()
        client = Certificates(TlsSettings(server_authorities=authority.file)).client("ours")
        if required:
            with pytest.raises(WireError, match="did not return a certificate"):
                shake(client, server)
        else:
            shake(client, server)
            assert server.names == ()


def test_a_client_certificate_of_a_strange_authority_is_refused(authority: Authority) -> None:
    pair = authority.issue("ours")
    server = Certificates(TlsSettings(pair=pair, client_authorities=authority.file)).server()
    strange = Authority(authority.folder / "strange", "Strangers").issue("stranger")
    client = Certificates(TlsSettings(pair=strange, server_authorities=authority.file)).client("ours")
    with pytest.raises(WireError, match="verify failed"):
        shake(client, server)


def test_without_a_certificate_nobody_can_call_us(authority: Authority) -> None:
    nobody = Certificates(TlsSettings(server_authorities=authority.file))
    with pytest.raises(CertificateError, match="no certificate"):
        nobody.server()


def test_the_system_is_believed_where_no_authority_is_named(authority: Authority) -> None:
    server = Certificates(TlsSettings(pair=authority.issue("ours")))
    with pytest.raises(WireError, match="verify failed"):
        shake(Certificates(TlsSettings()).client("ours"), server.server())


def test_only_1_3_where_that_is_the_least(authority: Authority) -> None:
    settings = TlsSettings(pair=authority.issue("ours"), minimum="1.3")
    client = Certificates(settings).client(ANYBODY)
    shake(client, Certificates(settings).server())
    assert client._tls.version() == "TLSv1.3"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_key_that_we_may_not_read_is_named(authority: Authority) -> None:
    pair = authority.issue("ours")
    pair.key.chmod(0)
    with pytest.raises(CertificateError, match=r"ours\.key cannot be read: Permission denied"):
        Certificates(TlsSettings(pair=pair))


def test_it_is_a_wire_that_is_given() -> None:
    assert isinstance(Certificates(TlsSettings()).client(ANYBODY), TlsWire)

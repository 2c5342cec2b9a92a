"""The certificates that a configuration names, and what is wrong with them. How long they are good for is told by
`expiry`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sip.transport.certificates import CertificateError, Certificates, Pair, TlsSettings

if TYPE_CHECKING:
    from bridge.config.lines import Path as KeyPath
    from bridge.config.listening import Identity, Server

Resolve = Callable[[Path], Path]


def tls_settings(identity: Identity, resolve: Resolve) -> TlsSettings:
    """What the transports load. `resolve` makes a path of one that is relative to the configuration."""
    pair = None
    if identity.certificate is not None and identity.key is not None:
        pair = Pair(resolve(identity.certificate), resolve(identity.key))
    return TlsSettings(
        pair=pair,
        by_name={each.name: Pair(resolve(each.certificate), resolve(each.key)) for each in identity.others},
        client_authorities=_resolved(identity.client_ca, resolve),
        client_certificate_required=identity.require_client_certificate,
        server_authorities=_resolved(identity.server_ca, resolve),
        minimum=identity.minimum_version,
    )


def faults(server: Server, resolve: Resolve) -> Iterator[tuple[KeyPath, str]]:
    """What is wrong, each with the key that says it."""
    identity = server.identity
    here: KeyPath = ("server", "identity")
    if (identity.certificate is None) != (identity.key is None):
        yield here, "server.identity needs both certificate and key, or neither"
        return
    if server.secure and identity.certificate is None:
        transport = "tls" if server.tls else "wss"
        yield (
            ("server", transport),
            f"server.{transport} needs a certificate: say certificate and key in [server.identity]",
        )
    if identity.require_client_certificate and identity.client_ca is None:
        yield (
            (*here, "require_client_certificate"),
            "server.identity.require_client_certificate needs server.identity.client_ca, who vouches for them",
        )
        return
    for path, part in _parts(tls_settings(identity, resolve), here):
        try:
            Certificates(part)
        except CertificateError as error:
            yield path, f"{'.'.join(each for each in path if isinstance(each, str))}: {error}"


def _parts(whole: TlsSettings, here: KeyPath) -> Iterator[tuple[KeyPath, TlsSettings]]:
    """Each of the files alone, so that the fault stands where it is said."""
    if whole.pair is not None:
        yield (*here, "certificate"), TlsSettings(pair=whole.pair)
    for index, pair in enumerate(whole.by_name.values()):
        yield (*here, "others", index, "certificate"), TlsSettings(pair=pair)
    if whole.client_authorities is not None:
        yield (*here, "client_ca"), TlsSettings(server_authorities=whole.client_authorities)
    if whole.server_authorities is not None:
        yield (*here, "server_ca"), TlsSettings(server_authorities=whole.server_authorities)


def _resolved(path: Path | None, resolve: Resolve) -> Path | None:
    return None if path is None else resolve(path)

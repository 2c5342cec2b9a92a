"""Who we are over TLS, and whom we believe: certificates out of files, read again when the files change.

A listener asks for a wire with each connection, so a renewed certificate is used from the next one on, and those that
stand go on with what they began with. Where there are several certificates the name that a client indicates (SNI, RFC 6066
3) picks one; a name that we do not have gets the first.

Files are looked at, not watched: `reload` is called now and then, and on a signal. A renewal that cannot be used (half
written, key and certificate of different pairs) leaves the one before in place and is told, once.
"""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sip.flow import ANYBODY
from sip.transport.tls import TlsWire

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:ECDHE+AES:!aNULL:!eNULL:!MD5:!3DES"
"""For TLS 1.2: forward secrecy throughout; CBC for telephones of ten years ago. TLS 1.3 has only good ones."""
VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class CertificateError(Exception):
    """Files that cannot be used; the words say which and why."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate with its chain, and its key, in PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """What is loaded from where."""

    pair: Pair | None = None
    """Ours. Without one we cannot be called, and call without showing any."""
    by_name: Mapping[str, Pair] = field(default_factory=dict)
    """Further ones for names that clients may ask for."""
    client_authorities: Path | None = None
    """Who vouches for those that call us; None: nobody is asked for a certificate."""
    client_certificate_required: bool = False
    server_authorities: Path | None = None
    """Who vouches for those that we call; None: whom the system trusts."""
    minimum: str = "1.2"

    def files(self) -> Iterator[Path]:
        """All files that matter."""
        pairs = (*([self.pair] if self.pair else []), *self.by_name.values())
        for pair in pairs:
            yield pair.certificate
            yield pair.key
        yield from filter(None, (self.client_authorities, self.server_authorities))


class Certificates:
    """What is loaded now. Raises CertificateError where it cannot be."""

    def __init__(self, settings: TlsSettings) -> None:
        self._settings = settings
        self._seen = self._state()
        self._server, self._client = self._load()

    def server(self) -> TlsWire:
        """The wire of a connection that comes in."""
        if self._server is None:
            raise CertificateError("there is no certificate to be called with")
        return TlsWire(self._server)

    def client(self, name: str) -> TlsWire:
        """The wire of a connection that goes out to `name`, or to `ANYBODY`."""
        return TlsWire(self._client[name != ANYBODY], name)

    def reload(self, *, anyway: bool = False) -> bool:
        """Load again if a file has changed, or `anyway`; whether that was so. What was there stays where it fails."""
        state = self._state()
        if state == self._seen and not anyway:
            return False
        self._seen = state
        self._server, self._client = self._load()
        return True

    def _state(self) -> list[tuple[int, int, int] | None]:
        """What tells one version of the files from another. Tools for renewal replace a file, or the link to it."""
        found: list[tuple[int, int, int] | None] = []
        for file in self._settings.files():
            try:
                status = file.stat()
            except OSError:
                found.append(None)
            else:
                found.append((status.st_mtime_ns, status.st_size, status.st_ino))
        return found

    def _load(self) -> tuple[ssl.SSLContext | None, dict[bool, ssl.SSLContext]]:
        settings = self._settings
        client = {verify: self._context_to_call(verify=verify) for verify in (True, False)}
        if settings.pair is None:
            return None, client
        server = self._context_to_be_called(settings.pair)
        others = {name.lower(): self._context_to_be_called(pair) for name, pair in settings.by_name.items()}

        def indicated(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
            chosen = _chosen(others, name)
            if chosen is not None:
                connection.context = chosen

        server.sni_callback = indicated
        return server, client

    def _context_to_be_called(self, pair: Pair) -> ssl.SSLContext:
        settings = self._settings
        context = self._context(ssl.PROTOCOL_TLS_SERVER)
        _load_pair(context, pair)
        if settings.client_authorities is not None:
            _load_authorities(context, settings.client_authorities)
            required = settings.client_certificate_required
            context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
        return context

    def _context_to_call(self, *, verify: bool) -> ssl.SSLContext:
        settings = self._settings
        context = self._context(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False  # `tls` compares names, by the rules of SIP
        if not verify:
            context.verify_mode = ssl.CERT_NONE
        elif settings.server_authorities is not None:
            _load_authorities(context, settings.server_authorities)
        else:
            context.load_default_certs()
        if settings.pair is not None:
            _load_pair(context, settings.pair)
        return context

    def _context(self, protocol: int) -> ssl.SSLContext:
        context = ssl.SSLContext(protocol)
        context.minimum_version = VERSIONS[self._settings.minimum]
        context.set_ciphers(CIPHERS)
        # A client that renegotiates makes us do the work of a handshake for a few bytes of its own.
        context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
        return context


def _chosen(contexts: Mapping[str, ssl.SSLContext], name: str | None) -> ssl.SSLContext | None:
    """The one for a name; one label of those that we have may be a star."""
    if name is None or not contexts:
        return None
    name = name.lower()
    return contexts.get(name) or contexts.get(f"*.{name.partition('.')[2]}")


def _load_pair(context: ssl.SSLContext, pair: Pair) -> None:
    def no_password() -> str:
        raise CertificateError(f"{pair.key} is locked with a password: it must be readable without")

    try:
        context.load_cert_chain(pair.certificate, pair.key, password=no_password)
    except ssl.SSLError as error:
        if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
            raise CertificateError(f"the key {pair.key} is not that of {pair.certificate}") from error
        raise CertificateError(
            f"{pair.certificate} and {pair.key} are no certificate and key in PEM"
        ) from error
    except OSError as error:
        raise CertificateError(_unreadable(error, pair.certificate, pair.key)) from error


def _load_authorities(context: ssl.SSLContext, file: Path) -> None:
    try:
        context.load_verify_locations(file)
    except ssl.SSLError as error:
        raise CertificateError(f"{file} has no certificates in PEM") from error
    except OSError as error:
        raise CertificateError(_unreadable(error, file)) from error


def _unreadable(error: OSError, *files: Path) -> str:
    """OpenSSL does not say which file it could not open."""
    for file in files:
        try:
            file.open("rb").close()
        except OSError as found:
            return f"{file} cannot be read: {found.strerror}"
    return f"{files[0]} cannot be read: {error.strerror}"

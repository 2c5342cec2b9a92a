"""TLS as a wire: OpenSSL between two buffers, so that every connection has one shape and the handshake one limit.

Whom we talk to is decided here for both sides. A peer that showed a certificate has *names*: the domains and SIP URIs of its
subject alternative names, else its common name (RFC 5922 7.1). Where we are the client the name that we asked for must be
among them. RFC 5922 7.2 refuses wildcards; carriers have them all the same, so one label may be a star, as on the web.
"""

import ssl
from ipaddress import ip_address
from typing import Any, Final

from sip.flow import ANYBODY
from sip.transport.wire import WireError

PIECE: Final = 65_536
"""Bytes taken from OpenSSL at once; a record has 16 KB."""
UNSENT_MAX: Final = 262_144
"""Bytes that wait for the end of the handshake. Beyond: the connection is given up."""


class TlsWire:
    """One side of a TLS connection.

    Parameters
    ----------
    context : ssl.SSLContext
    name : str or None
        None: we are the server. Else the name that the peer must prove; `ANYBODY` for none.
    """

    def __init__(self, context: ssl.SSLContext, name: str | None = None) -> None:
        self.settled = False
        self.ended = False
        self.begun = False
        self.pings = False
        self.names: tuple[str, ...] = ()
        self._name = name
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._in, self._out, server_side=name is None, server_hostname=_indicated(name)
        )
        self._unsent = b""

    def start(self) -> None:
        """A client says hello."""
        if self._name is not None:
            self._shake_hands()

    def receive(self, data: bytes) -> list[bytes]:
        """What was encrypted."""
        self._in.write(data)
        if not self.settled:
            self._shake_hands()
        pieces: list[bytes] = []
        try:
            while self.settled and not self.ended:
                if piece := self._tls.read(PIECE):
                    pieces.append(piece)
                else:
                    self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:  # the same, where we had said goodbye before
            self.ended = True
        except ssl.SSLError as error:
            raise WireError(f"TLS: {_words(error)}") from error
        return pieces

    def send(self, data: bytes) -> None:
        """Encrypt, or keep until it can be."""
        if self.settled:
            self._write(data)
        elif len(self._unsent) + len(data) > UNSENT_MAX:
            raise WireError("TLS: too much to say before the handshake is over")
        else:
            self._unsent += data

    def ping(self) -> None:
        """There is none that peers answer."""

    def close(self) -> None:
        """Send close_notify; that of the peer is not waited for."""
        if self.settled:
            try:
                self._tls.unwrap()
            except ssl.SSLError:  # wants to read the peer's, or the connection is broken anyway
                return

    def outgoing(self) -> bytes:
        """Encrypted bytes."""
        return self._out.read()

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            raise WireError(f"TLS: {_words(error)}") from error
        self.names = names_of(self._tls.getpeercert() or {})
        if self._name not in (None, ANYBODY) and not proves(self.names, self._name or ""):
            raise WireError("TLS: the certificate is of another name")
        self.settled = True
        unsent, self._unsent = self._unsent, b""
        if unsent:
            self._write(unsent)

    def _write(self, data: bytes) -> None:
        try:
            self._tls.write(data)
        except ssl.SSLError as error:
            raise WireError(f"TLS: {_words(error)}") from error


def names_of(certificate: Any) -> tuple[str, ...]:
    """The names that a verified certificate proves, as `SSLObject.getpeercert` tells it: domains in lower case,
    `sip:` URIs, addresses. The common name counts only where there is no other (RFC 5922 7.1).
    """
    names: list[str] = []
    for kind, value in certificate.get("subjectAltName", ()):
        text = str(value).lower()
        if kind == "DNS" or (kind == "URI" and text.startswith(("sip:", "sips:"))):
            names.append(text)
        elif kind == "IP Address":
            names.append(str(ip_address(text)))
    if not names:
        names = [
            str(value).lower()
            for part in certificate.get("subject", ())
            for kind, value in part
            if kind == "commonName"
        ]
    return tuple(names)


def proves(names: tuple[str, ...], wanted: str) -> bool:
    """Whether one of the names of a certificate is the name or address `wanted`."""
    wanted = wanted.lower().rstrip(".")
    try:
        wanted = str(ip_address(wanted))
    except ValueError:
        # An address has no parent that could stand for it.
        _, dot, parent = wanted.partition(".")
        if dot and parent and f"*.{parent}" in names:
            return True
    return wanted in names or f"sip:{wanted}" in names


def _indicated(name: str | None) -> str | None:
    """The name to indicate (SNI, RFC 6066 3): no address is one."""
    if name is None or name == ANYBODY:
        return None
    try:
        ip_address(name)
    except ValueError:
        return name
    return None


def _words(error: ssl.SSLError) -> str:
    """Few of them: they are the names of counters."""
    reason = str(getattr(error, "reason", None) or "broken connection")
    return reason.lower().replace("_", " ")

"""Draft: a request of ours before it becomes bytes, and the two requests that are derived from it (ACK, CANCEL)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

MAX_FORWARDS = 70  # RFC 3261 8.1.1.6

Fields = tuple[tuple[str, str], ...]


def field_lines(fields: Iterable[tuple[str, str]]) -> str:
    """Header fields as they stand in a message, each with its line end."""
    return "".join([f"{name}: {value}\r\n" for name, value in fields])


@dataclass(frozen=True, slots=True)
class Draft:
    """What we ask of a peer. Header values are held as they go out, nothing is parsed twice."""

    method: str
    uri: str
    sent_by: str
    """Via up to the branch: `SIP/2.0/UDP host:port;rport`."""
    branch: str
    routes: tuple[str, ...]
    from_: str
    to: str
    call_id: str
    cseq: int
    fields: Fields = ()
    body: bytes = b""

    def encode(self) -> bytes:
        """The message on the wire."""
        routes = "".join([f"Route: {route}\r\n" for route in self.routes])
        head = (
            f"{self.method} {self.uri} SIP/2.0\r\n"
            f"Via: {self.sent_by};branch={self.branch}\r\n"
            f"Max-Forwards: {MAX_FORWARDS}\r\n"
            f"{routes}"
            f"From: {self.from_}\r\n"
            f"To: {self.to}\r\n"
            f"Call-ID: {self.call_id}\r\n"
            f"CSeq: {self.cseq} {self.method}\r\n"
            f"{field_lines(self.fields)}"
            f"Content-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode("utf-8", "surrogateescape") + self.body

    def longer_than(self, limit: int) -> bool:
        """Whether the message has more bytes; looked at closely only where it may be."""
        if len(self.body) + 128 * len(self.fields) + 256 * (4 + len(self.routes)) <= limit:
            return False
        return len(self.encode()) > limit

    def acknowledging(self, to: str) -> "Draft":
        """ACK of a 3xx-6xx: the same branch, the To of the response (17.1.1.3)."""
        return replace(self, method="ACK", to=to, fields=(), body=b"")

    def cancelling(self, fields: Fields = ()) -> "Draft":
        """CANCEL of this INVITE: the same branch and the same To, without tag (9.1)."""
        return replace(self, method="CANCEL", fields=fields, body=b"")

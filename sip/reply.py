"""Responses of ours, made by copying the request's own header text (RFC 3261 8.2.6): nothing is parsed twice."""

import re
from collections.abc import Iterable

from sip.draft import field_lines
from sip.errors import ParseError
from sip.flow import SIP_PORT, Flow
from sip.message import REASONS, Request

_RPORT = re.compile(r";[ \t]*rport(?=[ \t]*(?:[;,]|$))", re.IGNORECASE)
_RECEIVED = re.compile(r";[ \t]*received[ \t]*=[^;,]*", re.IGNORECASE)
_COPIED = ("From", "Call-ID", "CSeq")
_BREAKS = str.maketrans("\r\n", "  ")


def way_back(request: Request, flow: Flow) -> Flow:
    """The flow for the answers to a request: the one it came by (RFC 3581 4), but for a peer that stands behind no NAT and
    does not ask for that. Then the port in its Via is where it listens (RFC 3261 18.2.2): some send from another.
    """
    if flow.transport != "udp":
        return flow
    via = request.via
    if via.rport is not None or via.host != flow.remote[0]:
        return flow
    place = (via.host, via.port or SIP_PORT)
    # Where we listen ourselves nobody else can.
    return flow if place in (flow.remote, flow.local) else Flow("udp", flow.local, place)


class Echo:
    """What every response to one request repeats, and what those that open a dialog add."""

    __slots__ = ("copied", "method", "record_routes", "tag", "timestamp", "to")

    def __init__(self, request: Request, flow: Flow, tag: str) -> None:
        headers = request.headers
        self.method = request.method
        via, *further = headers.get_all("Via")
        copied = f"Via: {_returned(_whole(via), request, flow.remote)}\r\n"
        for hop in further:
            copied += f"Via: {_whole(hop)}\r\n"
        for name in _COPIED:
            text = headers.get(name)
            if text is not None:
                copied += f"{name}: {_whole(text)}\r\n"
        self.copied = copied
        self.to = _whole(headers.get("To") or "")
        self.tag = "" if _tagged(request) else f";tag={tag}"
        routes = headers.get_all("Record-Route")
        self.record_routes = "".join([f"Record-Route: {route}\r\n" for route in routes]) if routes else ""
        timestamp = headers.get("Timestamp")
        self.timestamp = "" if timestamp is None else f"Timestamp: {_whole(timestamp)}\r\n"

    def encode(
        self,
        status: int,
        fields: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        *,
        reason: str | None = None,
        lines: str = "",
    ) -> bytes:
        """One response on the wire. `lines` are header lines already written."""
        phrase = REASONS.get(status, "Unknown") if reason is None else reason
        if status == 100:
            # A tag in 100 would promise a dialog that a proxy on the way may have no part in (8.2.6.2).
            to, lines = self.to, f"{self.timestamp}{lines}"
        else:
            to = f"{self.to}{self.tag}"
        if self.to:
            lines = f"To: {to}\r\n{lines}"
        head = (
            f"SIP/2.0 {status} {phrase}\r\n{self.copied}{lines}{field_lines(fields)}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode("utf-8", "surrogateescape") + body


def _whole(text: str) -> str:
    """Header text on one line: a request too broken to parse is answered too, and must not write headers of ours."""
    return text.translate(_BREAKS) if "\r" in text or "\n" in text else text


def _tagged(request: Request) -> bool:
    try:
        return request.to.tag is not None
    except ParseError:
        return ";tag=" in (request.headers.get("To") or "").lower()


def _returned(text: str, request: Request, remote: tuple[str, int]) -> str:
    """The topmost Via with where the request really came from (RFC 3261 18.2.1, RFC 3581 4)."""
    host, port = remote
    # Only the first hop is ours to mark, should the line hold several.
    hop, comma, rest = text.partition(",")
    if '"' in hop:
        return text
    if "eceived" in hop or "ECEIVED" in hop:
        hop = _RECEIVED.sub("", hop)
    via = request.via
    if via.rport is not None:
        # Nearly everybody writes it last.
        hop = f"{hop}={port}" if hop.endswith(";rport") else _RPORT.sub(f";rport={port}", hop)
    elif via.host == host:
        return f"{hop}{comma}{rest}"
    # An IPv6 address stands here without brackets (RFC 3261 25.1; RFC 5118 4.5).
    return f"{hop.rstrip()};received={host}{comma}{rest}"

"""Requests and responses: a start line, headers, a body; and the headers every message must have, as values.

The typed views (`via`, `from_`, ...) are parsed when first asked for and remembered until the text they came
from changes, so setting a header is enough. A view of a bad header raises `ParseError`; what `parse` let
through has good Via, From, To, Call-ID, CSeq, Contact, Route and Record-Route.
"""

from __future__ import annotations

from sip.errors import LocalError, ParseError
from sip.grammar import TOKEN, excerpt, first_element
from sip.headers import MAX_IDENTIFIER, Address, CSeq, Headers, Via
from sip.uri import Uri

VERSION = "SIP/2.0"

REASONS: dict[int, str] = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
    199: "Early Dialog Terminated", 200: "OK", 202: "Accepted", 204: "No Notification",
    300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily", 305: "Use Proxy",
    380: "Alternative Service", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
    407: "Proxy Authentication Required", 408: "Request Timeout", 410: "Gone",
    412: "Conditional Request Failed", 413: "Request Entity Too Large", 414: "Request-URI Too Long",
    415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 417: "Unknown Resource-Priority",
    420: "Bad Extension", 421: "Extension Required", 422: "Session Interval Too Small",
    423: "Interval Too Brief", 424: "Bad Location Information", 428: "Use Identity Header",
    429: "Provide Referrer Identity", 430: "Flow Failed", 433: "Anonymity Disallowed",
    436: "Bad Identity Info", 437: "Unsupported Credential", 438: "Invalid Identity Header",
    439: "First Hop Lacks Outbound Support", 440: "Max-Breadth Exceeded", 469: "Bad Info Package",
    470: "Consent Needed", 480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist",
    482: "Loop Detected", 483: "Too Many Hops", 484: "Address Incomplete", 485: "Ambiguous",
    486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here", 489: "Bad Event",
    491: "Request Pending", 493: "Undecipherable", 494: "Security Agreement Required",
    500: "Server Internal Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Server Time-out", 505: "Version Not Supported", 513: "Message Too Large",
    555: "Push Notification Service Not Supported", 580: "Precondition Failure",
    600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere", 606: "Not Acceptable",
    607: "Unwanted", 608: "Rejected",
}  # fmt: skip
"""Reason phrases of the IANA registry of response codes."""


class Message:
    """What requests and responses share."""

    __slots__ = ("_call_id", "_cseq", "_from", "_seen", "_to", "_via", "body", "headers")

    def __init__(self, headers: Headers, body: bytes) -> None:
        self.headers = headers
        self.body = body
        self._seen: dict[str, str] | None = None
        """The header values that the views below were made of."""
        self._via: Via | None = None
        self._from: Address | None = None
        self._to: Address | None = None
        self._cseq: CSeq | None = None
        self._call_id: str | None = None

    @property
    def via(self) -> Via:
        """The topmost Via."""
        via = self._via
        if via is None or self._seen is not self.headers.first:
            via = Via.parse(first_element(self._mandatory("Via"))[0])
            self._via = via
        return via

    @property
    def from_(self) -> Address:
        from_ = self._from
        if from_ is None or self._seen is not self.headers.first:
            from_ = Address.parse(self._mandatory("From"))
            self._from = from_
        return from_

    @property
    def to(self) -> Address:
        to = self._to
        if to is None or self._seen is not self.headers.first:
            to = Address.parse(self._mandatory("To"))
            self._to = to
        return to

    @property
    def call_id(self) -> str:
        call_id = self._call_id
        if call_id is None or self._seen is not self.headers.first:
            call_id = self._mandatory("Call-ID")
            if not 0 < len(call_id) <= MAX_IDENTIFIER or not call_id.isascii() or not call_id.isprintable():
                raise ParseError(f"malformed Call-ID: {excerpt(call_id)}")
            if " " in call_id:
                raise ParseError(f"white space in Call-ID: {excerpt(call_id)}")
            self._call_id = call_id
        return call_id

    @property
    def cseq(self) -> CSeq:
        cseq = self._cseq
        if cseq is None or self._seen is not self.headers.first:
            cseq = CSeq.parse(self._mandatory("CSeq"))
            self._cseq = cseq
        return cseq

    @property
    def contacts(self) -> list[Address]:
        """The Contact addresses. The "*" of a REGISTER is none: see `headers.get("Contact")`."""
        if self.headers.get("Contact") == "*":
            return []
        return [Address.parse(value) for value in self.headers.values("Contact")]

    @property
    def routes(self) -> list[Address]:
        """The Route set of a request, the next hop first."""
        return [Address.parse(value) for value in self.headers.values("Route")]

    @property
    def record_routes(self) -> list[Address]:
        """The Record-Route values, the proxy nearest to us first in a request, last in a response."""
        return [Address.parse(value) for value in self.headers.values("Record-Route")]

    def _mandatory(self, name: str) -> str:
        text = self.headers.get(name)
        if self._seen is not self.headers.first:
            # The headers are others than the views were made of: none of them holds any more.
            self._seen = self.headers.first
            self._via = self._from = self._to = self._cseq = self._call_id = None
        if text is None:
            raise ParseError(f"no {name} header")
        return text

    def _encode(self, start_line: str) -> bytes:
        """Write the message with the Content-Length its body has."""
        if "\n" in start_line or "\r" in start_line:
            raise LocalError(f"line break in start line: {excerpt(start_line)}")
        lines = [f"{name}: {value}" for name, value in self.headers if name != "Content-Length"]
        head = "\r\n".join([start_line, *lines, f"Content-Length: {len(self.body)}\r\n\r\n"])
        return head.encode("utf-8", "surrogateescape") + self.body


class Request(Message):
    """A request; `uri` is the Request-URI."""

    __slots__ = ("method", "uri", "version")

    def __init__(
        self, method: str, uri: Uri, headers: Headers, body: bytes = b"", version: str = VERSION
    ) -> None:
        super().__init__(headers, body)
        self.method = method
        self.uri = uri
        self.version = version

    def encode(self) -> bytes:
        if TOKEN.fullmatch(self.method) is None:
            raise LocalError(f"not a method: {excerpt(self.method)}")
        return self._encode(f"{self.method} {self.uri} {self.version}")

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.uri}>"


class Response(Message):
    """A response to the request that its topmost Via, CSeq and Call-ID name."""

    __slots__ = ("reason", "status")

    def __init__(self, status: int, reason: str, headers: Headers, body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.status = status
        self.reason = reason

    def encode(self) -> bytes:
        return self._encode(f"{VERSION} {self.status} {self.reason}")

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.reason}>"

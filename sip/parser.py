"""Bytes into messages (RFC 3261 section 7): one datagram at a time, or what `framing` has cut out of a stream.

Theory of operation. A message is split once into lines, each line once at its colon; names become canonical,
values stay text. Then what every message must have is checked at once, so that later floors may trust it:
Via, From, To, Call-ID, CSeq, Content-Length, Max-Forwards, Contact, Route, Record-Route, and that headers
which may stand once do stand once. Whatever is wrong ends as one `ParseError`, with the status to answer and,
where the wreck still has what an answer copies, the partial request.

Nothing is answered (status 0): a response, an ACK, and a request whose topmost Via does not say who sent it - the Via
is where the answer would go, and errors there have felled others (CVE-2018-16657). Where only what follows the sender is
unreadable (RFC 4475 3.1.2.1) the answer has the sender and its branch, and no more of it.

We are lenient where real phones err and no meaning is lost, and strict where two readers could read two
things. A datagram may use bare line feeds, since it has one reader; a stream may not, since there a wrong
line end moves the border between two messages.
"""

from __future__ import annotations

import re

from sip.errors import ParseError
from sip.grammar import TOKEN, excerpt, first_element, printable, split_commas
from sip.headers import KNOWN_NAMES, MAX_IDENTIFIER, Address, Headers, Via, canonical_name
from sip.message import VERSION, Message, Request, Response
from sip.uri import Uri

MAX_MESSAGE = 65536
"""Bytes of a whole message. No datagram is longer; on a stream 64 KB holds a roster of hundreds. Beyond: 413
where the headers are there to answer with, 513 otherwise, and a stream is closed."""

MAX_LINE = 8192
"""Characters of a header, unfolded. The longest honest ones are Identity tokens (1 to 4 KB). Beyond: 400."""

MAX_HEADERS = 256
"""Header lines of a message. A call over ten proxies has some 50. Beyond: 400."""

MAX_ADDRESSES = 128
"""Values of Contact, Route or Record-Route. A request may pass 70 proxies; more only cost us time. Beyond: 400."""

MAX_FORWARDS = 255
"""RFC 3261 section 20.22: an integer in the range 0-255."""

MAX_DIGITS = 10
"""Digits we read of a Content-Length; RFC 3261 bounds none, and more only tempt arithmetic (CVE-2026-23457)."""

_SINGLE = frozenset({
    "Authentication-Info", "CSeq", "Call-ID", "Content-Disposition", "Content-Type", "Date", "Event", "Expires",
    "From", "MIME-Version", "Max-Forwards", "Min-Expires", "Min-SE", "RAck", "RSeq", "Refer-To", "Referred-By",
    "Replaces", "Retry-After", "SIP-ETag", "SIP-If-Match", "Session-Expires", "Subscription-State", "Timestamp",
    "To",
})  # fmt: skip
"""Headers that may stand once (the tables of RFC 3261 section 20 and of the extensions): twice means that two
readers may see two values (CVE-2018-14767), hence 400. Content-Length may repeat itself, if it agrees."""

_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_QUOTED_PAIR = re.compile(r"\\[\x00-\x09\x0b\x0c\x0e-\x7f]")
_FOLD = re.compile(r"\r\n[ \t]++")
_BARE_END = re.compile(rb"\r?\n\r?\n")
_BARE_LINE = re.compile(rb"\r?\n")
_STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: (.*))?", re.DOTALL | re.IGNORECASE)
_VERSION = re.compile(r"SIP/[0-9]+\.[0-9]+", re.IGNORECASE)

_ROUTED = ("Record-Route", "Route")
_ADDRESSED = ("Contact", *_ROUTED)
_WITHOUT_CONTACT = frozenset({"ACK", "BYE", "CANCEL"})
"""Here a Contact means nothing (RFC 3261 table 2), so a bad one does no harm, and reading it would cost a tenth of a call."""
_UNREADABLE_URI = Uri("sip", None, "unreadable.invalid")
"""Stands in partial requests whose Request-URI could not be read."""


def parse(data: bytes) -> Request | Response:
    """Parse one datagram. Octets after the Content-Length are none of the message (RFC 3261 section 18.3).

    Raises
    ------
    ParseError
        for whatever is wrong with it; nothing else is ever raised.
    """
    data = data.lstrip(b"\r\n")
    if len(data) > MAX_MESSAGE:
        raise ParseError(f"message of {len(data)} bytes", 513)
    head, blank, body = data.partition(b"\r\n\r\n")
    lines = head.count(b"\r\n")
    if not blank or head.count(b"\n") != lines:
        head, blank, body = _split_bare(data)
    reading = Reading(head)
    try:
        reading.read()
        return reading.message(_cut_body(body, reading.content_length(), complete=bool(blank)))
    except ParseError as error:
        raise reading.failure(error) from error


def _cut_body(body: bytes, length: int | None, *, complete: bool) -> bytes:
    if not complete:
        raise ParseError("no empty line after the headers")
    if length is None or length == len(body):
        return body
    if length > len(body):
        raise ParseError(f"Content-Length {length}, but {len(body)} bytes came")
    return body[:length]


def _split_bare(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Split a datagram that ends lines by bare line feeds, at least some, and mend those of its head."""
    end = _BARE_END.search(data)
    if end is None:
        return data, b"", b""
    return _BARE_LINE.sub(b"\r\n", data[: end.start()]), end.group(), data[end.end() :]


class Reading:
    """A message being read, from the bytes of its head; what was read survives an error, for the answer."""

    __slots__ = ("fields", "first", "head", "start_line")

    def __init__(self, head: bytes) -> None:
        self.head = head
        self.start_line = ""
        self.fields: list[tuple[str, str]] = []
        self.first: dict[str, str] = {}

    def read(self) -> None:
        """Split the head into start line and fields: all that can be kept is, then the complaint is raised."""
        text = self.head.decode("utf-8", "surrogateescape")
        if "\r\n " in text or "\r\n\t" in text:
            text = _FOLD.sub(" ", text)
        self.start_line, *lines = text.split("\r\n")
        complaint = _complain_of_octets(self.head, text)
        if len(text) > MAX_LINE and max(map(len, [self.start_line, *lines])) > MAX_LINE:
            complaint = "line too long"
        if len(lines) > MAX_HEADERS:
            complaint = f"{len(lines)} header lines"
            del lines[MAX_HEADERS:]
        fields, first = self.fields, self.first
        for line in lines:
            name, colon, value = line.partition(":")
            known = KNOWN_NAMES.get(name)
            if known is None or not colon:
                try:
                    known = canonical_name(name if colon else "")
                except ParseError as error:
                    complaint = complaint or error.reason
                    continue
            value = value.strip(" \t")
            fields.append((known, value))
            if known not in first:
                first[known] = value
            elif known in _SINGLE or (known == "Content-Length" and value != first[known]):
                complaint = complaint or f"more than one {known} header"
        if complaint:
            raise ParseError(complaint)

    def content_length(self) -> int | None:
        text = self.first.get("Content-Length")
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
            raise ParseError(f"malformed Content-Length: {excerpt(text)}")
        return int(text)

    def message(self, body: bytes) -> Request | Response:
        if self.start_line[:4].upper() == "SIP/":
            return self._response(body)
        return self._request(body)

    def _request(self, body: bytes) -> Request:
        method, _, rest = self.start_line.partition(" ")
        target, _, version = rest.rpartition(" ")
        if TOKEN.fullmatch(method) is None:
            raise ParseError(f"malformed request line: {excerpt(self.start_line)}")
        if version.upper() != VERSION:
            if _VERSION.fullmatch(version):
                raise ParseError(f"version {excerpt(version)}", 505)
            raise ParseError(f"malformed request line: {excerpt(self.start_line)}")
        request = Request(method, Uri.parse(target), Headers.of_canonical(self.fields, self.first), body)
        self._check(request)
        if request.cseq.method != method:
            raise ParseError(f"{method} with a CSeq of {request.cseq.method}")
        hops = self.first.get("Max-Forwards", "70")
        if not (hops.isascii() and hops.isdigit() and len(hops) <= MAX_DIGITS and int(hops) <= MAX_FORWARDS):
            raise ParseError(f"Max-Forwards out of range: {excerpt(hops)}")
        return request

    def _response(self, body: bytes) -> Response:
        match = _STATUS_LINE.fullmatch(self.start_line)
        if match is None:
            raise ParseError(f"malformed status line: {excerpt(self.start_line)}")
        response = Response(
            int(match[1]), printable(match[2] or ""), Headers.of_canonical(self.fields, self.first), body
        )
        self._check(response)
        return response

    def _check(self, message: Message) -> None:
        """Read what every message must have; the views remember, so little is lost by doing it now."""
        _check_identifier("branch", message.via.branch)
        _check_identifier("From tag", message.from_.tag)
        _check_identifier("To tag", message.to.tag)
        _check_identifier("CSeq method", message.cseq.method)
        _ = message.call_id  # looks at itself
        for name in _ADDRESSED if message.cseq.method not in _WITHOUT_CONTACT else _ROUTED:
            if name in self.first:
                _check_addresses(message.headers.values(name))

    def failure(self, error: ParseError) -> ParseError:
        """Complete an error by what of the request can still be answered."""
        if error.status == 0 or not self.start_line or self.start_line[:4].upper() == "SIP/":
            return ParseError(error.reason, 0)
        partial = self._partial()
        return ParseError(error.reason, error.status if partial is not None else 0, partial=partial)

    def _partial(self) -> Request | None:
        method, _, rest = self.start_line.partition(" ")
        if method == "ACK" or TOKEN.fullmatch(method) is None:
            return None
        try:
            uri = Uri.parse(rest.partition(" ")[0])
        except ParseError:
            uri = _UNREADABLE_URI
        fields = self.fields
        via = self.first.get("Via")
        # Without From, To or Call-ID its sender can still know it again by branch and method (RFC 4475 3.3.1).
        if via is None or not self.first.get("CSeq"):
            return None
        topmost, rest = first_element(via)
        if not _is_via(topmost):
            sender = Via.sender(topmost)
            if sender is None:
                return None
            hops = ", ".join([str(sender), *filter(_is_via, split_commas(rest))])
            at = fields.index(("Via", via))
            fields = [*fields[:at], ("Via", hops), *fields[at + 1 :]]
        request = Request(method, uri, Headers.of_canonical(fields))
        try:
            _check_identifier("branch", request.via.branch)
        except ParseError:
            return None
        return request


def _complain_of_octets(head: bytes, text: str) -> str:
    """Look for control characters (only a quoted pair may hold one) and for line ends that are not CRLF."""
    if len(head.translate(None, _CONTROLS)) != len(head) and _CONTROL.search(_QUOTED_PAIR.sub("", text)):
        return "control character in header"
    line_ends = head.count(b"\r\n")
    if head.count(b"\r") != line_ends or head.count(b"\n") != line_ends:
        return "bare line end in header"
    return ""


def _is_via(text: str) -> bool:
    try:
        Via.parse(text)
    except ParseError:
        return False
    return True


def _check_identifier(what: str, value: str | None) -> None:
    if value is None:
        return
    if not 0 < len(value) <= MAX_IDENTIFIER:
        raise ParseError(f"{what} of {len(value)} characters")
    if not (value.isascii() and value.isprintable()):
        raise ParseError(f"malformed {what}: {excerpt(value)}")


def _check_addresses(values: list[str]) -> None:
    if len(values) > MAX_ADDRESSES:
        raise ParseError(f"{len(values)} addresses in one header")
    if values == ["*"]:
        return
    for value in values:
        Address.parse(value)

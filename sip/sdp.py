"""Session descriptions (RFC 8866): the model, and its way from and to bytes.

We keep what offer and answer need: origin, connections, attributes, media. Times, bandwidths, e-mail
addresses and the like are read over; nothing of a peer's description is ever echoed but the m-lines.

Numbers are bounded before they are used: payload types, ports and counts out of range have felled
others (ES2018-03, CVE-2022-24764). A description that breaks the grammar raises `ParseError` with 400.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from sip.errors import LocalError, ParseError
from sip.grammar import excerpt

CONTENT_TYPE = "application/sdp"

MAX_DESCRIPTION = 65536
"""Bytes of a description; no SIP message of ours is longer. Beyond: 400."""

MAX_MEDIA = 64
"""m-lines. We use one; a video phone with slides and camera control has five. Beyond: 400."""

MAX_FORMATS = 128
"""Formats of an m-line: there are no more payload types. Beyond: 400."""

MAX_ATTRIBUTES = 1024
"""Attributes in all. A browser's offer of everything has some 300. Beyond: 400."""

MAX_PAYLOAD_TYPE = 127
MAX_PORT = 65535

MAX_CLOCK_RATE = 768_000
"""Hz, four times the fastest audio clock in use; beyond, a format is no format: 400."""

REMEMBERED = 256
"""Values of rtpmap that need not be parsed again: all phones say the same few. The one least used is forgotten."""

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")

# Static payload types of RFC 3551 tables 4 and 5 that stand without an rtpmap in the offers of phones.
STATIC_FORMATS = {
    0: ("PCMU", 8000), 3: ("GSM", 8000), 4: ("G723", 8000), 5: ("DVI4", 8000), 6: ("DVI4", 16000),
    7: ("LPC", 8000), 8: ("PCMA", 8000), 9: ("G722", 8000), 12: ("QCELP", 8000), 13: ("CN", 8000),
    15: ("G728", 8000), 18: ("G729", 8000),
}  # fmt: skip

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_RTPMAP = re.compile(r"([0-9]{1,3})[ \t]{1,8}([^/ \t]{1,64})/([0-9]{1,9})(?:/([0-9]{1,3}))?")
_MEDIA = re.compile(r"([^ ]+) +([0-9]{1,5})(?:/([0-9]{1,5}))? +([^ ]+)((?: ++[^ ]++)*+) *+")
_CONNECTION = re.compile(r"IN +IP[46] +([^ /]+)(?:/[0-9/]+)? *", re.IGNORECASE)
_ORIGIN = re.compile(r"([^ ]+) +([0-9]{1,20}) +([0-9]{1,20}) +IN +IP[46] +([^ ]+) *", re.IGNORECASE)

Attributes = tuple[tuple[str, str], ...]
"""Names and values as written; "" is a property without value."""


def _find(attributes: Attributes, name: str) -> str | None:
    for key, value in attributes:
        if key == name:
            return value
    return None


@dataclass(frozen=True, slots=True)
class Format:
    """What a payload type stands for."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int = 1


@dataclass(frozen=True, slots=True)
class Origin:
    """The o= line: who describes, and which version of the description this is."""

    session_id: int
    version: int
    address: str
    username: str = "-"


@dataclass(frozen=True, slots=True)
class Media:
    """One m-line with what belongs to it. Port 0: refused, or off."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    connection: str | None = None
    attributes: Attributes = field(default=(), repr=False)  # there may be a key among them

    def attribute(self, name: str) -> str | None:
        """Value of the first such attribute: "" where it has none, None where it is absent."""
        return _find(self.attributes, name)

    @property
    def direction(self) -> str | None:
        """The direction given here, from the describer's side; None where the session level decides."""
        return _direction(self.attributes)

    def payload_formats(self) -> list[Format]:
        """What the payload types of an RTP m-line mean, in their order; unknown ones are left out."""
        maps: dict[int, Format] = {}
        for name, value in self.attributes:
            if name == "rtpmap":
                mapped = _parse_rtpmap(value)
                maps.setdefault(mapped.payload_type, mapped)
        formats = []
        for text in self.formats:
            number = int(text)
            known = maps.get(number)
            if known is None and number in STATIC_FORMATS:
                known = Format(number, *STATIC_FORMATS[number])
            if known is not None:
                formats.append(known)
        return formats

    def parameters(self, payload_type: int) -> str:
        """What a=fmtp says of a payload type; empty where it says nothing. The first such line counts."""
        for name, value in self.attributes:
            if name == "fmtp":
                number, _, text = value.partition(" ")
                if number == str(payload_type):
                    return text.strip(" \t")
        return ""

    def milliseconds(self, name: str) -> int | None:
        """Value of ptime or maxptime; None where it is absent or senseless ("20.0" occurs, and is 20)."""
        number = (self.attribute(name) or "").strip().partition(".")[0]
        if number.isascii() and number.isdigit() and len(number) <= 4 and int(number) > 0:
            return int(number)
        return None


@dataclass(frozen=True, slots=True)
class Session:
    """A whole description."""

    origin: Origin
    media: tuple[Media, ...] = ()
    connection: str | None = None
    attributes: Attributes = field(default=(), repr=False)  # likewise
    name: str = "-"

    def attribute(self, name: str) -> str | None:
        return _find(self.attributes, name)

    def connection_of(self, media: Media) -> str | None:
        """The address of an m-line: its own, else the session's."""
        return media.connection or self.connection

    def direction_of(self, media: Media) -> str:
        """The direction of an m-line: its own, else the session's, else sendrecv (RFC 8866 section 6.7)."""
        return media.direction or _direction(self.attributes) or "sendrecv"


def _direction(attributes: Attributes) -> str | None:
    for name, _ in attributes:
        if name in DIRECTIONS:
            return name
    return None


def parse(data: bytes) -> Session:
    """Read a description; lines may end in CRLF or LF.

    Raises
    ------
    ParseError
        with status 400; nothing else is ever raised.
    """
    draft = _Draft()
    for line in _split(data):
        kind, equals, value = line[:1], line[1:2], line[2:]
        if equals != "=":
            raise ParseError(f"not a line of a description: {excerpt(line)}")
        if kind == "a":
            draft.attribute(value)
        elif kind == "m":
            draft.open_media(value)
        elif kind == "c":
            draft.connection(value)
        elif kind == "o":
            draft.origin = _parse_origin(value)
        elif kind == "s":
            draft.name = value
    return draft.session()


def _split(data: bytes) -> list[str]:
    if len(data) > MAX_DESCRIPTION:
        raise ParseError(f"description of {len(data)} bytes")
    text = data.decode("utf-8", "replace")
    if _CONTROL.search(text):
        raise ParseError("control character in description")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = [line for line in text.split("\n") if line and not line.isspace()]
    if not lines or lines[0].rstrip(" ") != "v=0":
        raise ParseError(f"not a description: {excerpt(text)}")
    return lines


class _Draft:
    """A description on its way: lines before the first m-line are the session's, later ones the m-line's."""

    __slots__ = ("_attributes", "_connection", "_count", "_media", "_opened", "_session", "name", "origin")

    def __init__(self) -> None:
        self.origin: Origin | None = None
        self.name = "-"
        self._attributes: list[tuple[str, str]] = []
        self._connection: str | None = None
        self._count = 0
        self._media: list[Media] = []
        self._opened: re.Match[str] | None = None
        self._session: tuple[str | None, Attributes] | None = None

    def attribute(self, text: str) -> None:
        self._count += 1
        if self._count > MAX_ATTRIBUTES:
            raise ParseError("too many attributes")
        name, _, value = text.partition(":")
        self._attributes.append((name.strip(" \t"), value.strip(" \t")))

    def connection(self, text: str) -> None:
        match = _CONNECTION.fullmatch(text)
        if match is None:
            raise ParseError(f"malformed c= line: {excerpt(text)}")
        self._connection = self._connection or match[1].lower()

    def open_media(self, text: str) -> None:
        self._close()
        if len(self._media) == MAX_MEDIA:
            raise ParseError("too many m-lines")
        self._opened = _MEDIA.fullmatch(text)
        if self._opened is None:
            raise ParseError(f"malformed m-line: {excerpt(text)}")

    def _close(self) -> None:
        """End the level that is open: the session's, or an m-line's."""
        attributes, connection = tuple(self._attributes), self._connection
        self._attributes, self._connection = [], None
        if self._opened is None:
            self._session = (connection, attributes)
            return
        kind, port, _, protocol, formats = self._opened.groups()
        names = tuple(formats.split())
        _check_formats(int(port), protocol, names)
        self._media.append(Media(kind, int(port), protocol, names, connection, attributes))

    def session(self) -> Session:
        self._close()
        if self.origin is None or self._session is None:
            raise ParseError("no o= line")
        connection, attributes = self._session
        return Session(self.origin, tuple(self._media), connection, attributes, self.name)


def _check_formats(port: int, protocol: str, formats: tuple[str, ...]) -> None:
    if port > MAX_PORT:
        raise ParseError(f"port {port}")
    if not 0 < len(formats) <= MAX_FORMATS:
        raise ParseError(f"{len(formats)} formats in an m-line")
    if "RTP/" in protocol.upper():
        for text in formats:
            if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= MAX_PAYLOAD_TYPE):
                raise ParseError(f"payload type {excerpt(text)}")


def _parse_origin(text: str) -> Origin:
    match = _ORIGIN.fullmatch(text)
    if match is None:
        raise ParseError(f"malformed o= line: {excerpt(text)}")
    return Origin(int(match[2]), int(match[3]), match[4].lower(), match[1])


@lru_cache(REMEMBERED)
def _parse_rtpmap(text: str) -> Format:
    match = _RTPMAP.fullmatch(text)
    if match is None:
        raise ParseError(f"malformed rtpmap: {excerpt(text)}")
    mapped = Format(int(match[1]), match[2], int(match[3]), int(match[4] or "1"))
    if mapped.payload_type > MAX_PAYLOAD_TYPE or not 0 < mapped.clock_rate <= MAX_CLOCK_RATE:
        raise ParseError(f"rtpmap out of range: {excerpt(text)}")
    return mapped


def encode(session: Session) -> bytes:
    """Write a description in the order RFC 8866 section 5 prescribes."""
    origin = session.origin
    lines = [
        "v=0",
        f"o={origin.username} {origin.session_id} {origin.version} IN {_network_address(origin.address)}",
        f"s={session.name or '-'}",
    ]
    if session.connection is not None:
        lines.append(f"c=IN {_network_address(session.connection)}")
    lines.append("t=0 0")
    lines += [f"a={name}:{value}" if value else f"a={name}" for name, value in session.attributes]
    for media in session.media:
        lines.append(f"m={media.kind} {media.port} {media.protocol} {' '.join(media.formats)}")
        if media.connection is not None:
            lines.append(f"c=IN {_network_address(media.connection)}")
        lines += [f"a={name}:{value}" if value else f"a={name}" for name, value in media.attributes]
    text = "\r\n".join([*lines, ""])
    if text.count("\n") != len(lines) or text.count("\r") != len(lines):
        raise LocalError("line break in a description")
    return text.encode("utf-8", "replace")


def _network_address(address: str) -> str:
    return f"IP6 {address}" if ":" in address else f"IP4 {address}"

"""Header fields: the ordered multi-map of a message, and typed views of the common values.

Names compare without case, compact forms are the long ones (RFC 3261 section 7.3.3), and white space
before the colon does not make another header (a smuggling trick: "X-Bypass-me : v", CVE-2020-28361).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from sip.errors import LocalError, ParseError
from sip.grammar import (
    QUOTED_STRING,
    TOKEN,
    TOKEN_CHARACTERS,
    WS,
    Parameters,
    excerpt,
    find_parameter,
    first_element,
    format_parameters,
    parse_parameters,
    printable,
    quote,
    split_commas,
    unquote,
    with_parameter,
)
from sip.uri import HOST, REMEMBERED, REMEMBERED_LENGTH, Uri, format_host, parse_host, parse_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_CSEQ = 2**31 - 1
"""RFC 3261 section 8.1.1.5: a sequence number is less than 2**31. Beyond: 400."""

MAX_IDENTIFIER = 256
"""Characters of a tag, a branch or a Call-ID. We keep them for the life of a call, as keys; real ones have
20 to 80, the longest of RFC 4475 stay below. Beyond: 400, a Via is dropped."""

_COMPACT = {
    "a": "Accept-Contact", "b": "Referred-By", "c": "Content-Type", "d": "Request-Disposition",
    "e": "Content-Encoding", "f": "From", "i": "Call-ID", "j": "Reject-Contact", "k": "Supported",
    "l": "Content-Length", "m": "Contact", "n": "Identity-Info", "o": "Event", "r": "Refer-To",
    "s": "Subject", "t": "To", "u": "Allow-Events", "v": "Via", "x": "Session-Expires", "y": "Identity",
}  # fmt: skip

_SPELLINGS = (
    "Accept", "Accept-Encoding", "Accept-Language", "Alert-Info", "Allow", "Authentication-Info",
    "Authorization", "CSeq", "Call-Info", "Content-Disposition", "Content-Language", "Date",
    "Diversion", "Error-Info", "Expires", "Geolocation", "History-Info", "In-Reply-To", "Join", "MIME-Version",
    "Max-Forwards", "Min-Expires", "Min-SE", "Organization", "P-Access-Network-Info", "P-Asserted-Identity",
    "P-Called-Party-ID", "P-Charging-Vector", "P-Early-Media", "P-Preferred-Identity", "Path", "Priority",
    "Privacy", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Require", "RAck", "RSeq", "Reason",
    "Record-Route", "Refer-Sub", "Remote-Party-ID", "Replaces", "Reply-To", "Require", "Retry-After", "Route",
    "SIP-ETag", "SIP-If-Match", "Server", "Service-Route", "Subscription-State", "Timestamp", "Unsupported",
    "User-Agent", "WWW-Authenticate", "Warning",
)  # fmt: skip

_BY_LOWER = {
    **_COMPACT,
    **{name.lower(): name for name in _SPELLINGS},
    **{name.lower(): name for name in _COMPACT.values()},
}
KNOWN_NAMES = {**_BY_LOWER, **{key.upper(): name for key, name in _COMPACT.items()}}
KNOWN_NAMES.update({name: name for name in _BY_LOWER.values()})
"""Usual spellings of known header names; a look-up here spares `canonical_name` for nearly every line."""


def canonical_name(name: str) -> str:
    """Give the one spelling a header name has in `Headers`, compact forms expanded."""
    known = KNOWN_NAMES.get(name)
    if known is not None:
        return known
    lower = name.strip(" \t").lower()
    if TOKEN.fullmatch(lower) is None:
        raise ParseError(f"not a header name: {excerpt(name)}")
    return _BY_LOWER.get(lower) or lower.title()


class Headers:
    """Ordered header fields of one message, names in canonical spelling."""

    __slots__ = ("_fields", "first")

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields: list[tuple[str, str]] = []
        self.first: dict[str, str] | None = None
        """First value by name: a message is asked some twenty times for its headers. Every change drops it, so whoever has
        read a value may keep what was made of it as long as this is the same dictionary.
        """
        for name, value in fields:
            self.add(name, value)

    @staticmethod
    def of_canonical(fields: list[tuple[str, str]], first: dict[str, str] | None = None) -> Headers:
        """Wrap, not copy, fields whose names are canonical and whose values hold no line break; `first` has the first value
        of each name, if the caller knows.
        """
        headers = Headers()
        headers._fields = fields
        headers.first = first
        return headers

    def get(self, name: str) -> str | None:
        """First value of the header, or None."""
        first = self.first or self._index()
        value = first.get(name)
        if value is None:
            return first.get(KNOWN_NAMES.get(name) or canonical_name(name))
        return value

    def get_all(self, name: str) -> list[str]:
        """Every line of the header, each as it stands."""
        name = KNOWN_NAMES.get(name) or canonical_name(name)
        if name not in (self.first or self._index()):
            return []
        return [value for key, value in self._fields if key == name]

    def _index(self) -> dict[str, str]:
        self.first = dict(reversed(self._fields))
        return self.first

    def values(self, name: str) -> list[str]:
        """Every value of a header that may be combined by commas, over all its lines."""
        return [element for line in self.get_all(name) for element in split_commas(line)]

    def add(self, name: str, value: str) -> None:
        self._fields.append(_field(name, value))
        self.first = None

    def prepend(self, name: str, value: str) -> None:
        """Put a field before all others: a Via of ours, a Route."""
        self._fields.insert(0, _field(name, value))
        self.first = None

    def set(self, name: str, value: str) -> None:
        """Replace all fields of that name by one, in the place of the first."""
        field = _field(name, value)
        fields = self._fields
        self.first = None
        for index, (key, _) in enumerate(fields):
            if key == field[0]:
                rest = [other for other in fields[index + 1 :] if other[0] != key]
                fields[index:] = [field, *rest]
                return
        fields.append(field)

    def set_first(self, name: str, value: str) -> None:
        """Replace the first comma-separated value of a header, say the topmost Via; the others stay."""
        field = _field(name, value)
        self.first = None
        for index, (key, line) in enumerate(self._fields):
            if key == field[0]:
                rest = first_element(line)[1]
                self._fields[index] = (key, f"{value}, {rest}") if rest else field
                return
        self._fields.insert(0, field)

    def remove(self, name: str) -> None:
        """Remove all fields of that name; none is fine."""
        name = canonical_name(name)
        self._fields = [field for field in self._fields if field[0] != name]
        self.first = None

    def copy(self) -> Headers:
        return Headers.of_canonical(self._fields.copy())

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._fields == other._fields

    __hash__ = None  # type: ignore[assignment]  # mutable; the idiom of the data model, which typeshed cannot say

    def __repr__(self) -> str:
        return f"Headers({self._fields!r})"


def _field(name: str, value: str) -> tuple[str, str]:
    """Check a field of ours: a line break in a value would let whoever chose it write headers."""
    if "\n" in value or "\r" in value or "\0" in value:
        raise LocalError(f"line break in header {name}: {excerpt(value)}")
    known = KNOWN_NAMES.get(name)
    if known is not None:
        return known, value
    try:
        return canonical_name(name), value
    except ParseError as error:
        raise LocalError(error.reason) from error


# name-addr: a display name, quoted or not, and the URI in angle brackets. The ABNF wants tokens in an
# unquoted name; phones send accents, dots and parentheses there. Not taken: separators that make the header
# ambiguous, so that RFC 4475's "Bell, Alexander <sip:...>" is refused.
_NAME_ADDR = re.compile(
    rf'{WS}(?:({QUOTED_STRING}){WS}|([^"<>,;:\\]*+))<{WS}([^<> \t]++){WS}>(.*+)', re.DOTALL
)
# addr-spec: parameters after it belong to the header, and a URI with ',' or '?' needs the brackets (section 20.10).
_ADDR_SPEC = re.compile(rf'{WS}([^<>",;? \t]++){WS}(;.*+)?', re.DOTALL)
_DISPLAY_TOKENS = re.compile(rf"[{TOKEN_CHARACTERS} ]*+")


@dataclass(frozen=True, slots=True)
class Address:
    """The value of From, To, Contact, Route and their kin: who, and parameters about it.

    `display` is the name unquoted and fit for logs and screens: control characters and octets that were not
    UTF-8 are replaced. To echo a header exactly, copy its text.
    """

    display: str
    uri: Uri
    parameters: Parameters = ()

    @staticmethod
    def parse(text: str) -> Address:
        return _address(text) if len(text) <= REMEMBERED_LENGTH else _address.__wrapped__(text)

    @property
    def tag(self) -> str | None:
        return find_parameter(self.parameters, "tag")

    def parameter(self, name: str) -> str | None:
        """Value of a header parameter: "" where it has none, None where it is absent."""
        return find_parameter(self.parameters, name)

    def with_tag(self, tag: str) -> Address:
        return Address(self.display, self.uri, with_parameter(self.parameters, "tag", tag))

    def __str__(self) -> str:
        display = self.display
        if display:
            display = f"{display} " if _DISPLAY_TOKENS.fullmatch(display) else f"{quote(display)} "
        return f"{display}<{self.uri}>{format_parameters(self.parameters)}"


@lru_cache(REMEMBERED)
def _address(text: str) -> Address:
    """From and To stand in every message of a call as they stood in the first."""
    match = _NAME_ADDR.fullmatch(text)
    if match is not None:
        quoted, tokens, uri, parameters = match.groups()
        display = unquote(quoted) if quoted else tokens.strip(" \t")
        if display:
            display = printable(display)
        return Address(display, Uri.parse(uri), parse_parameters(parameters))
    match = _ADDR_SPEC.fullmatch(text)
    if match is None:
        raise ParseError(f"malformed address: {excerpt(text)}")
    return Address("", Uri.parse(match[1]), parse_parameters(match[2] or ""))


_SENDER = (
    rf"{WS}SIP{WS}/{WS}[0-9]++\.[0-9]++{WS}/{WS}([{TOKEN_CHARACTERS}]++)[ \t]++"
    rf"({HOST})(?:{WS}:{WS}([0-9]{{1,5}}))?+{WS}"
)
_VIA = re.compile(rf"{_SENDER}(;.*+)?", re.DOTALL | re.IGNORECASE)
_WRECKED_VIA = re.compile(rf"{_SENDER};(.*+)", re.DOTALL | re.IGNORECASE)
_BRANCH = re.compile(rf"(?:^|[;,]){WS}branch{WS}={WS}([{TOKEN_CHARACTERS}]++){WS}(?=[;,]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Via:
    """One hop (RFC 3261 section 20.42): where the answer to this request goes."""

    transport: str
    host: str
    port: int | None = None
    parameters: Parameters = ()

    @staticmethod
    def parse(text: str) -> Via:
        match = _VIA.fullmatch(text)
        if match is None:
            raise ParseError(f"malformed Via: {excerpt(text)}")
        transport, host, port, parameters = match.groups()
        return Via(
            transport.upper(),
            parse_host(host),
            None if port is None else parse_port(port),
            parse_parameters(parameters) if parameters else (),
        )

    @staticmethod
    def sender(text: str) -> Via | None:
        """What a line of Via whose parameters are wrecked still says for certain: who sent it, and the branch by which they
        know the answer. None where it does not say who.
        """
        match = _WRECKED_VIA.fullmatch(text)
        if match is None:
            return None
        transport, host, port, wreck = match.groups()
        branch = _BRANCH.search(wreck)
        try:
            return Via(
                transport.upper(),
                parse_host(host),
                None if port is None else parse_port(port),
                () if branch is None else (("branch", branch[1]),),
            )
        except ParseError:
            return None

    @property
    def branch(self) -> str | None:
        return find_parameter(self.parameters, "branch")

    @property
    def rport(self) -> int | str | None:
        """The port of RFC 3581: None where not asked for, "" where asked, the number where filled in."""
        value = find_parameter(self.parameters, "rport")
        return int(value) if value and value.isascii() and value.isdigit() and len(value) <= 5 else value

    @property
    def received(self) -> str | None:
        """The source address a server noted, IPv6 without brackets (RFC 5118 section 4.5)."""
        value = find_parameter(self.parameters, "received")
        return value[1:-1] if value and value[0] == "[" and value[-1] == "]" else value

    def parameter(self, name: str) -> str | None:
        """Value of a parameter: "" where it has none, None where it is absent."""
        return find_parameter(self.parameters, name)

    def with_parameter(self, name: str, value: str) -> Via:
        return Via(self.transport, self.host, self.port, with_parameter(self.parameters, name, value))

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {format_host(self.host)}{port}{format_parameters(self.parameters)}"


_CSEQ = re.compile(rf"0*+([0-9]{{0,10}})[ \t]++([{TOKEN_CHARACTERS}]++)")


@dataclass(frozen=True, slots=True)
class CSeq:
    """The place of a request among those of its dialog, and its method."""

    number: int
    method: str

    @staticmethod
    def parse(text: str) -> CSeq:
        match = _CSEQ.fullmatch(text)
        if match is None or text[0] not in "0123456789":
            raise ParseError(f"malformed CSeq: {excerpt(text)}")
        number = int(match[1] or "0")
        if number > MAX_CSEQ:
            raise ParseError(f"CSeq out of range: {number}")
        return CSeq(number, match[2])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"

"""Replaces (RFC 3891): a dialog by its name, in the header of an INVITE that takes its place.

The name is seen from whom the header is for: `to_tag` is their own tag, `from_tag` their peer's.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from sip.errors import ParseError
from sip.grammar import TOKEN, excerpt, parse_parameters
from sip.headers import MAX_IDENTIFIER

REPLACES_LENGTH: Final = 4 * MAX_IDENTIFIER
"""Characters of the header: Call-ID, two tags, and as much again for parameters nobody knows. Beyond: 400."""
_CALL_ID: Final = re.compile(r"[^\s;,]++")


@dataclass(frozen=True, slots=True)
class Replaces:
    """Which dialog."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False
    """Only while it is not answered yet (section 3)."""

    def __str__(self) -> str:
        early = ";early-only" if self.early_only else ""
        return f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}{early}"

    @property
    def escaped(self) -> str:
        """As a header inside a URI: `sip:bob@host?Replaces=...` (RFC 3261 19.1.1)."""
        return quote(str(self), safe="")


def parse_replaces(text: str) -> Replaces:
    """Read the header's value. Anything but one Call-ID and one of each tag is a ParseError with 400 (section 3)."""
    if len(text) > REPLACES_LENGTH:
        raise ParseError("Replaces is too long")
    call_id, semicolon, rest = text.strip(" \t").partition(";")
    call_id = call_id.rstrip(" \t")
    if not _CALL_ID.fullmatch(call_id) or len(call_id) > MAX_IDENTIFIER:
        raise ParseError(f"malformed Replaces: {excerpt(text)}")
    parameters = parse_parameters(semicolon + rest)
    to_tag, from_tag = (
        _tag([value for name, value in parameters if name == key]) for key in ("to-tag", "from-tag")
    )
    return Replaces(call_id, to_tag, from_tag, early_only=any(name == "early-only" for name, _ in parameters))


def _tag(values: list[str]) -> str:
    if len(values) != 1 or not TOKEN.fullmatch(values[0]) or len(values[0]) > MAX_IDENTIFIER:
        raise ParseError("Replaces without exactly one to-tag and one from-tag")
    return values[0]


def unescaped(text: str) -> str:
    """A header value as it stands in a URI, read."""
    return unquote_to_bytes(text).decode("utf-8", "replace")

"""Pieces of the SIP grammar (RFC 3261 section 25.1) shared by uri, headers and parser.

Every expression is linear: repetitions are possessive (`*+`), so no input makes one backtrack.
By the time these run the parser has unfolded lines and refused raw control characters, which is why
white space here is space and tab alone.

Where we take more than the ABNF gives, the comment says whose phone made us.
"""

from __future__ import annotations

import re

from sip.errors import ParseError

Parameters = tuple[tuple[str, str], ...]
"""Names in lower case with their values as written; "" is a parameter without value."""

TOKEN_CHARACTERS = r"A-Za-z0-9\-.!%*_+`'~"  # noqa: S105 - the RFC's word for it
WS = r"[ \t]*+"
QUOTED_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'

TOKEN = re.compile(rf"[{TOKEN_CHARACTERS}]++")

# generic-param with SEMI and EQUAL (white space around both). A value is a token, a host or a quoted
# string; we take any visible characters but separators, since base64 and URIs turn up in the wild.
_PARAMETER = (
    rf";{WS}([{TOKEN_CHARACTERS}]++){WS}"
    rf'(?:={WS}((?:{QUOTED_STRING}|[^ \t;,"<>]++)?+){WS})?+'
)
_PARAMETER_FIND = re.compile(_PARAMETER, re.DOTALL)
_PARAMETERS = re.compile(rf"{WS}(?:{_PARAMETER})*+", re.DOTALL)

# One element of a comma-separated header: commas inside quotes and angle brackets do not count. What is opened
# and never closed runs to the end, so that no character is looked at twice.
_ELEMENT = re.compile(r'(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"?+|<[^>]*+>?+|[^,"<]++)*+', re.DOTALL)

_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def parse_parameters(text: str) -> Parameters:
    """Read `;name=value;flag` to the end of the text."""
    if not text:
        return ()
    if _PARAMETERS.fullmatch(text) is None:
        raise ParseError(f"malformed parameters: {excerpt(text)}")
    return tuple([(name.lower(), value) for name, value in _PARAMETER_FIND.findall(text)])


def format_parameters(parameters: Parameters) -> str:
    return "".join([f";{name}={value}" if value else f";{name}" for name, value in parameters])


def find_parameter(parameters: Parameters, name: str) -> str | None:
    """Value of a parameter given in lower case: "" where it has none, None where it is absent."""
    for key, value in parameters:
        if key == name:
            return value
    return None


def with_parameter(parameters: Parameters, name: str, value: str) -> Parameters:
    """Put a parameter in the place of its namesake, or at the end."""
    if find_parameter(parameters, name) is None:
        return (*parameters, (name, value))
    return tuple([(key, value if key == name else old) for key, old in parameters])


def split_commas(text: str) -> list[str]:
    """Split a header value into its comma-separated elements, empty ones left out."""
    if "," not in text:
        text = text.strip(" \t")
        return [text] if text else []
    nested = '"' in text or "<" in text
    parts = _ELEMENT.findall(text) if nested else text.split(",")
    return [part for part in (part.strip(" \t") for part in parts) if part]


def first_element(text: str) -> tuple[str, str]:
    """Split a header value into its first comma-separated element and the rest."""
    if "," not in text:
        return text.strip(" \t"), ""
    match = _ELEMENT.match(text)
    end = match.end() if match else 0
    return text[:end].strip(" \t"), text[end + 1 :].strip(" \t")


def unquote(text: str) -> str:
    """Take the quotes and backslashes from a quoted string; other text is returned as it is."""
    if len(text) < 2 or text[0] != '"':
        return text
    return _QUOTED_PAIR.sub(r"\1", text[1:-1]) if "\\" in text else text[1:-1]


def quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def printable(text: str) -> str:
    """Replace what no log, store or terminal should meet: controls, and octets that were not UTF-8."""
    return text if text.isprintable() else _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def excerpt(text: str) -> str:
    """Quote the start of hostile text for an error message."""
    return ascii(text if len(text) <= 60 else text[:60] + "...")

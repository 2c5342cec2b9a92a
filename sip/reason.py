"""Why a call ends, as the wire says it: the Reason header (RFC 3326) and Retry-After (RFC 3261 20.33)."""

import re
from typing import Final

from sip.draft import Fields
from sip.errors import LocalError, ParseError
from sip.grammar import find_parameter, parse_parameters, printable
from sip.message import Request, Response

REASON_MAX: Final = 256
"""Characters of a peer's Reason that are kept for the record; the rest is cut."""
CAUSE_MAX: Final = 127
"""Causes of ITU-T Q.850 have seven bits (2.2.5); 0 is ours for "not said"."""
RETRY_AFTER_MAX_S: Final = 86_400
"""A peer that wants to be left alone for longer than a day is asked again tomorrow."""
_DELTA: Final = re.compile(r"[ \t]*([0-9]{1,9})")


def reason_fields(words: str | None, *, status: int = 0, cause: int = 0) -> Fields:
    """Reason headers of ours: words, or a whole value such as `SIP;cause=200;text="elsewhere"`; a Q.850 `cause` stands in a
    header of its own, since many read only the first.
    """
    if not 0 <= cause <= CAUSE_MAX:
        raise LocalError(f"{cause} is no cause of Q.850")
    fields: Fields = ((("Reason", f"Q.850;cause={cause}"),)) if cause else ()
    if not words:
        return fields
    if "\r" in words or "\n" in words:
        raise LocalError(f"line break in {words!r}")
    if words.startswith(("SIP", "Q.850")) and ";" in words:
        return (("Reason", words), *fields)
    quoted = words.replace("\\", "\\\\").replace('"', '\\"')
    at = f";cause={status}" if status else ""
    return (("Reason", f'SIP{at};text="{quoted}"'), *fields)


def words_of(message: Request | Response) -> str:
    """What a peer gives as its reason, for the record."""
    text = message.headers.get("Reason")
    return "" if text is None else printable(text[:REASON_MAX])


def q850_of(message: Request | Response) -> int:
    """The Q.850 cause that a message names; 0 where there is none."""
    if message.headers.get("Reason") is None:
        return 0
    for value in message.headers.values("Reason"):
        protocol, semicolon, rest = value.partition(";")
        if protocol.strip(" \t").upper() != "Q.850":
            continue
        try:
            cause = find_parameter(parse_parameters(semicolon + rest), "cause") or ""
        except ParseError:
            continue
        if cause.isascii() and cause.isdigit() and len(cause) <= 3 and int(cause) <= CAUSE_MAX:
            return int(cause)
    return 0


def retry_after_s(response: Response) -> int:
    """How long a peer wants to be left alone; 0 where it does not say."""
    match = _DELTA.match(response.headers.get("Retry-After") or "")
    return 0 if match is None else min(int(match[1]), RETRY_AFTER_MAX_S)

"""What the answer to our REGISTER says: for how long our Contact is bound, and what is wanted instead (RFC 3261 10.2.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.trunks.registration import Answer
from bridge.trunks.trunks import LINE_PARAMETER
from sip.errors import ParseError

if TYPE_CHECKING:
    from sip.events import RequestAnswered
    from sip.headers import Address
    from sip.message import Response

SECONDS_DIGITS = 9
"""Digits of a number of seconds that is read; thirty years are enough for anybody."""


def answer_of(event: RequestAnswered, token: str) -> Answer:
    """What a final answer means for the Contact whose `line` is `token`."""
    message = event.message
    if message is None:
        return Answer(status=event.status, reason=event.reason)
    return Answer(
        status=event.status,
        reason=event.reason,
        granted_s=_granted_s(message, token),
        min_expires_s=seconds(message.headers.get("Min-Expires")),
        retry_after_s=seconds(message.headers.get("Retry-After")) or 0,
    )


def seconds(text: str | None) -> int | None:
    """The number that a value begins with, before parameters and comments; None where it begins with none."""
    digits = (text or "").partition(";")[0].partition("(")[0].strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= SECONDS_DIGITS else None


def _granted_s(message: Response, token: str) -> int | None:
    """Of our Contact where it is named, or of the only one; else what Expires says of all."""
    try:
        contacts = message.contacts
    except ParseError:
        contacts = []
    ours = [each for each in contacts if each.uri.parameter(LINE_PARAMETER) == token]
    chosen: Address | None = ours[0] if ours else contacts[0] if len(contacts) == 1 else None
    said = None if chosen is None else seconds(chosen.parameter("expires"))
    return seconds(message.headers.get("Expires")) if said is None else said

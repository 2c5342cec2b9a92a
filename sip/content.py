"""Bodies as we take them: SDP on INVITE and its answers, digits on INFO, nothing else (RFC 3261 8.2.3)."""

import re
from typing import Final

from sip.message import Request, Response
from sip.settings import SDP_TYPE

DIGITS: Final = {
    **{digit: digit for digit in "0123456789*#ABCD"},
    **{str(event): digit for event, digit in enumerate("*#ABCD", 10)},
}
"""Signals of dtmf-relay; some gateways send the event numbers of RFC 4733 (10 to 15) instead."""
DURATION_DEFAULT_MS: Final = 100
"""A press whose length is not said."""
DURATION_MAX_MS: Final = 10_000
"""A longer press is cut to this: nothing in a conference is keyed by holding a key for longer."""
INFO_BODY_MAX: Final = 512
"""Bytes of a digit body; two short lines are all it ever holds. Beyond: 400."""

_PAIR: Final = re.compile(r"([A-Za-z]+)[ \t]*[=:][ \t]*(\S*)")


def content_type(message: Request | Response) -> str:
    """Media type of the body in lower case, without parameters; empty where none is named."""
    text = message.headers.get("Content-Type")
    return "" if text is None else text.partition(";")[0].strip().lower()


def sdp_of(message: Request | Response) -> bytes | None:
    """The session description that a message carries. A body without type is believed to be one: some do that."""
    if message.body and content_type(message) in (SDP_TYPE, ""):
        return message.body
    return None


def digit_of(request: Request) -> tuple[str, int] | None:
    """Digit and duration in ms of an INFO whose type is one of `DIGIT_TYPES`; None where there is no digit in it.

    No standard says what stands in these bodies. One type is for lines such as `Signal=5` and `Duration=160`, the other for
    the bare digit; phones mix the types up, write names short (`s`, `d`) and in any case, colons for the sign, spaces anywhere.
    """
    if len(request.body) > INFO_BODY_MAX:
        return None
    text = request.body.decode("ascii", "replace")
    values = {name.lower(): value for name, value in _PAIR.findall(text)}
    signal = values.get("signal", values.get("s", "")) if values else text
    digit = DIGITS.get(signal.strip().upper())
    if digit is None:
        return None
    duration = values.get("duration", values.get("d", ""))
    known = duration.isascii() and duration.isdigit() and len(duration) <= 6
    return digit, min(int(duration), DURATION_MAX_MS) if known else DURATION_DEFAULT_MS

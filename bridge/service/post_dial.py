"""What is keyed once a called number has answered: `+551140021234,,567` calls, waits two seconds, and keys 567.

The keys reach whoever has answered and nobody else, so the dial plan is asked about the number alone.
"""

from __future__ import annotations

import re
from typing import Final

PAUSE: Final = ","
"""Waits for `PAUSE_S`."""
PAUSE_S: Final = 1.0
KEYS_MAX: Final = 32
"""Keys and pauses; extension and code of a conference elsewhere are fewer. More is no number, and refused."""

PATTERN: Final = rf",[,0-9*#]{{0,{KEYS_MAX - 1}}}"
_WITH_KEYS: Final = re.compile(rf"([+0-9 .()\-]+)({PATTERN})")


def split(text: str) -> tuple[str, str]:
    """The number to be called, and what is keyed once it has answered, "" where nothing is. What is not written so comes back
    as it is, for the dial plan to refuse.

    >>> split("+551140021234,,567")
    ('+551140021234', ',,567')
    >>> split("sip:a,b@example.com")
    ('sip:a,b@example.com', '')
    """
    found = _WITH_KEYS.fullmatch(text)
    return (found[1], found[2]) if found else (text, "")

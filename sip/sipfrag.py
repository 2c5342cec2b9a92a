"""message/sipfrag (RFC 3420): the piece of a SIP message by which a NOTIFY tells how a REFER goes (RFC 3515 2.4.5).

Only the status line matters; phones add headers of the real response, or leave out the last line end.
"""

import re
from typing import Final

from sip.grammar import printable
from sip.message import REASONS, VERSION

SIPFRAG: Final = "message/sipfrag"
SIPFRAG_TYPE: Final = f"{SIPFRAG};version=2.0"
"""RFC 3420 section 3 wants the version said."""
SIPFRAG_MAX: Final = 8192
"""Bytes of a fragment that are looked at: whole messages turn up in it. The status line comes first."""
REASON_MAX: Final = 128
"""Characters of a reason phrase that are kept; the rest is cut."""
_STATUS_LINE: Final = re.compile(
    r"SIP/2\.0[ \t]++([1-6][0-9][0-9])(?![0-9])(?:[ \t]++([^\r\n]*+))?", re.IGNORECASE
)


def fragment(status: int, reason: str = "") -> bytes:
    """Write the status line that a NOTIFY carries; without `reason` the usual phrase stands there."""
    phrase = " ".join((reason or REASONS.get(status, "Unknown")).split())
    return f"{VERSION} {status} {phrase[:REASON_MAX]}\r\n".encode()


def status_of(body: bytes) -> tuple[int, str] | None:
    """Read status and reason phrase; None where there is no status line."""
    match = _STATUS_LINE.match(body[:SIPFRAG_MAX].decode("utf-8", "replace").lstrip("\r\n \t"))
    if match is None:
        return None
    return int(match[1]), printable((match[2] or "").rstrip(" \t")[:REASON_MAX])

"""Whether a caller wants to be known to nobody (RFC 3323)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sip.headers import Address
    from sip.message import Request

_NOTHING: Final = frozenset({"none", ""})
_ANONYMOUS_HOST: Final = "anonymous.invalid"


def wants_privacy(request: Request, from_: Address) -> bool:
    """Tell whether a call asks that its caller is not shown: by a Privacy of any kind but "none", or by calling as nobody."""
    wanted = {word.strip().lower() for line in request.headers.get_all("Privacy") for word in line.split(";")}
    return bool(wanted - _NOTHING) or from_.uri.host == _ANONYMOUS_HOST

"""Who calls us by a trunk: from what it asserts, else from From, in the one form that everything else decides on.

A trunk is believed (RFC 3325: it is within our trust domain, since its address or its registration proves it). Whoever
calls may have asked not to be shown (RFC 3323): then the number still says whose call it is and for whom wrong codes are
counted, but is shown to nobody (`withheld`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from bridge.service.numbering import Writing, of_trunk
from bridge.trunks.presenting import ANONYMOUS
from sip.errors import ParseError
from sip.headers import Address

if TYPE_CHECKING:
    from bridge.config.trunks import Trunk
    from bridge.service.numbering import Numbering
    from sip.message import Request

ASSERTED: Final = ("P-Asserted-Identity", "Remote-Party-ID")
"""Where carriers say who calls, the better one first. The second is from before RFC 3325 and still written."""
WITHHELD: Final = frozenset({"id", "user", "header", "full"})
"""Values of Privacy and of Remote-Party-ID's `privacy` by which somebody is not to be shown."""
IDENTITIES_MAX: Final = 4
"""Values of those headers that are looked at: a `sip:` and a `tel:` one are two (RFC 3325 9.1)."""
SHOWN_MAX: Final = 80
"""Characters of a display name that are kept; a longer one is no name."""

_SEPARATORS: Final = re.compile(r"[-.() ]")
"""Visual separators (RFC 3966 section 5.1.1)."""


class Caller(NamedTuple):
    """Who calls."""

    number: str
    """E.164 with "+", or "" where it is none or nobody knows it."""
    display: str
    """The name that the trunk gives, or ""."""
    withheld: bool
    """Whether they asked not to be shown."""
    written: str
    """The number as the trunk writes it, `strip` and `prepend` applied: what the telephones of a PBX have instead."""


def caller_of(trunk: Trunk, request: Request, rules: Numbering) -> Caller:
    """Who calls by `trunk`; a request in which nothing can be read is from nobody."""
    addresses = _asserted(request)
    hidden = any((each.parameter("privacy") or "").lower() in WITHHELD for each in addresses)
    try:
        from_ = request.from_
    except ParseError:
        from_ = None
    hidden = hidden or _asks_for_privacy(request) or (from_ is not None and _is_anonymous(from_))
    if from_ is not None and not (addresses and _is_anonymous(from_)):
        addresses.append(from_)
    readings = [(each, _written(trunk, each)) for each in addresses]
    for address, written in readings:
        number = of_trunk(rules, written, Writing(trunk.callers))
        if number:
            return Caller(number, _display(address), hidden, written)
    for address, written in readings:
        if written and not _is_anonymous(address):
            return Caller("", _display(address), hidden, written)
    return Caller("", "", hidden, "")


def _asserted(request: Request) -> list[Address]:
    """What the trunk says itself."""
    for name in ASSERTED:
        found: list[Address] = []
        for value in request.headers.values(name)[:IDENTITIES_MAX]:
            try:
                found.append(Address.parse(value))
            except ParseError:
                continue
        if found:
            return found
    return []


def _asks_for_privacy(request: Request) -> bool:
    values = {part.strip().lower() for line in request.headers.get_all("Privacy") for part in line.split(";")}
    return not WITHHELD.isdisjoint(values)


def _is_anonymous(address: Address) -> bool:
    return address.uri.host == "anonymous.invalid" or address.uri.decoded_user.lower() == ANONYMOUS


def _written(trunk: Trunk, address: Address) -> str:
    """The number as the trunk writes it, without what it puts before all of them. Parameters within the user part, as of
    a tel URI in a sip one (RFC 3261 19.1.6), are left off.
    """
    user = address.uri.decoded_user.partition(";")[0]
    digits = _SEPARATORS.sub("", user)
    number = digits if digits.removeprefix("+").isdecimal() else user
    if trunk.strip and number.startswith(trunk.strip):
        number = number[len(trunk.strip) :]
    return f"{trunk.prepend}{number}" if trunk.prepend and number.isdecimal() else number


def _display(address: Address) -> str:
    return address.display[:SHOWN_MAX]

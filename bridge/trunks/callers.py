"""Who calls us by a trunk: from what it asserts, else from From, in the one form that everything else decides on.

A trunk is believed (RFC 3325: it is within our trust domain, since its address or its registration proves it). Whoever
calls may have asked not to be shown (RFC 3323): then the number still says whose call it is and for whom wrong codes are
counted, but is shown to nobody (`withheld`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from bridge.service.numbering import Writing, of_trunk
from sip.errors import ParseError
from sip.headers import Address
from sip.identity import asserted, is_anonymous, number_of, wants_privacy

if TYPE_CHECKING:
    from bridge.config.trunks import Trunk
    from bridge.service.numbering import Numbering
    from sip.message import Request

OLDER: Final = "Remote-Party-ID"
"""Where carriers said who calls before RFC 3325, and some still do."""
HIDING: Final = frozenset({"full", "name", "uri"})
"""Values of its `privacy` by which somebody is not to be shown."""
IDENTITIES_MAX: Final = 4
"""Values of it that are looked at: nobody writes more than two."""
SHOWN_MAX: Final = 80
"""Characters of a display name that are kept; a longer one is no name."""


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
    older = tuple(_older(request))
    hidden = wants_privacy(request) or any(
        (each.parameter("privacy") or "").lower() in HIDING for each in older
    )
    addresses = asserted(request) or older or _said(request)
    readings = [(each, _written(trunk, each)) for each in addresses]
    for address, written in readings:
        number = of_trunk(rules, written, Writing(trunk.callers))
        if number:
            return Caller(number, _display(address), hidden, written)
    for address, written in readings:
        if written and not is_anonymous(address):
            return Caller("", _display(address), hidden, written)
    return Caller("", "", hidden, "")


def _said(request: Request) -> tuple[Address, ...]:
    """What stands in From. Where the trunk says who calls this counts no more: it is the caller's own word."""
    try:
        return (request.from_,)
    except ParseError:
        return ()


def _older(request: Request) -> list[Address]:
    found: list[Address] = []
    for value in request.headers.values(OLDER)[:IDENTITIES_MAX]:
        try:
            found.append(Address.parse(value))
        except ParseError:
            continue
    return found


def _written(trunk: Trunk, address: Address) -> str:
    """The number as the trunk writes it, without what it puts before all of them; the name where it is no number."""
    number = number_of(address.uri) or address.uri.decoded_user
    if trunk.strip and number.startswith(trunk.strip):
        number = number[len(trunk.strip) :]
    return f"{trunk.prepend}{number}" if trunk.prepend and number.isdecimal() else number


def _display(address: Address) -> str:
    return address.display[:SHOWN_MAX]

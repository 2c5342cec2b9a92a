"""Programs that search the net for telephone systems to rob, known by the names they give themselves.

Nearly all attacks come from a handful of tools whose users leave the name as it is. They are known by bytes, before
anything is parsed: the User-Agent is looked at, and From, where some write who they are. A name in From must be a long
one, since there it stands among people's: "iWar" is part of Kajiwara.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

SCANNERS: Final = (
    "friendly-scanner",
    "sipvicious",
    "sipcli",
    "sip-scan",
    "sipscan",
    "vaxsipuseragent",
    "vaxipuseragent",
    "sundayddr",
    "pplsip",
    "siparmyknife",
    "iwar",
    "gulp",
    "sivus",
)
"""What such tools call themselves, in any case. Tools that honest people use to test (sipsak, sipp) are not among them."""

SEARCHED_BYTES: Final = 1500
"""So much of a message is searched, a frame of Ethernet: these tools write short messages, and a flood of long ones must not
cost more."""

SHORTEST_IN_FROM: Final = 6
"""Characters from which on a name is looked for in From, too."""


class Scanners:
    """Those of one configuration."""

    __slots__ = ("_agents", "_callers")

    def __init__(self, names: Iterable[str] = SCANNERS) -> None:
        known = [name.lower().encode() for name in names]
        self._agents = _any_of(known)
        self._callers = _any_of([name for name in known if len(name) >= SHORTEST_IN_FROM])

    def sent(self, data: bytes) -> bool:
        """Whether one of them wrote this."""
        if self._agents is None:
            return False
        head = data[:SEARCHED_BYTES].lower()
        if _named(self._agents, head, b"\nuser-agent"):
            return True
        callers = self._callers
        return callers is not None and (_named(callers, head, b"\nfrom") or _named(callers, head, b"\nf:"))


def _any_of(names: list[bytes]) -> re.Pattern[bytes] | None:
    return re.compile(b"|".join(map(re.escape, names))) if names else None


def _named(pattern: re.Pattern[bytes], head: bytes, header: bytes) -> bool:
    """Whether the line of that header has one of the names."""
    at = head.find(header)
    if at < 0:
        return False
    end = head.find(b"\n", at + 1)
    return pattern.search(head, at, len(head) if end < 0 else end) is not None

"""Sources that are not listened to for a time, because of what they have done.

Theory of operation
-------------------
Offences have points, which a source loses again steadily, so that whoever errs now and then is never banned. Who has too
many is banned for a time, and longer each time (`GROWTH`), until a day has passed without a ban.

A datagram's source address can be written by anybody. So what came by UDP bans a source from UDP alone: whoever is shut
out because a stranger has used their address still gets in by TCP or TLS, where the address is proved by the handshake.
What came over a connection bans its source altogether. Who is never banned at all (trunks, sources where somebody has
proved who they are) is for the guard to know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sip.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Mapping

POINTS_MAX: Final = 100.0
"""A source with so many is banned."""
POINTS_FORGIVEN_PER_S: Final = 10.0 / 60.0
"""What is forgiven: an office that dials two wrong numbers a minute all day long stays welcome."""
POINTS: Final[Mapping[str, float]] = {
    "scanner": 40.0,
    "wrong password": 15.0,
    "malformed": 10.0,
    "unknown method": 10.0,
    "unknown number": 5.0,
    "unproved registration": 0.25,
    "too fast": 0.05,
}
"""What each offence weighs: a scanner is banned at its third message, guessing at the seventh password, dialling through the
numbers at the twentieth. A registration comes without a proof first, so four hundred are needed of those without a single good
one among them; of what comes too fast some thousands: a telephone system behind one address is no attacker."""
POINTS_OTHERWISE: Final = 2.0
"""An offence that has no weight of its own."""

GROWTH: Final = 4.0
"""Each ban is so many times as long as the last: 1, 4, 16 minutes, 1 and 4 hours, most of a day."""
REMEMBERED_S: Final = 86_400.0
"""After so long without a ban the next one is a first again."""
BANS_MAX: Final = 16_384
"""Bans kept, some 5 MB. Above it those that are asked for least are forgotten: no flood of forged addresses fills more."""


@dataclass(frozen=True, slots=True)
class Ban:
    """One source's."""

    source: str
    """An IPv4 address, or the /64 of IPv6 that one customer has."""
    why: str
    """The offence that was one too many."""
    since: float
    until: float
    times: int
    """Which one it is of this source."""
    datagrams_only: bool
    """Its address may have been forged: it may come by a connection."""


class Bans:
    """Who is banned, and how long a new one lasts."""

    __slots__ = ("_kept", "_longest_s", "_shortest_s")

    def __init__(self, shortest_s: float, longest_s: float) -> None:
        self._shortest_s = shortest_s
        self._longest_s = longest_s
        self._kept: Recent[Ban] = Recent(BANS_MAX // 2)

    def ban(self, source: str, why: str, now: float, *, datagrams_only: bool) -> Ban:
        """Ban a source from now on."""
        last = self._kept.peek(source)
        times = 1 if last is None or now > last.until + REMEMBERED_S else last.times + 1
        if last is not None and now < last.until:
            datagrams_only = datagrams_only and last.datagrams_only
        # Not the whole power: a source that came back for years would overflow it.
        length_s = min(self._longest_s, self._shortest_s * GROWTH ** min(times - 1, 20))
        ban = Ban(source, why, now, now + length_s, times, datagrams_only)
        self._kept[source] = ban
        return ban

    def holds(self, source: str, now: float, *, datagram: bool) -> bool:
        """Whether what comes from there now, by a datagram or over a connection, is dropped."""
        ban = self._kept.get(source)
        return ban is not None and now < ban.until and (datagram or not ban.datagrams_only)

    def lift(self, source: str, now: float) -> bool:
        """Let a source in again, as if nothing had been; False where it was not banned."""
        ban = self._kept.pop(source)
        return ban is not None and now < ban.until

    def pardon(self, source: str) -> None:
        """Forget what came by datagrams: somebody there has proved who they are."""
        ban = self._kept.peek(source)
        if ban is not None and ban.datagrams_only:
            self._kept.pop(source)

    def listed(self, now: float) -> list[Ban]:
        """Those that hold, the longest first."""
        return sorted((ban for ban in self._kept.values() if now < ban.until), key=lambda ban: -ban.until)

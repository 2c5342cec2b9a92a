"""Who sends: sources, what of them is remembered, and who among them is exempt, vouched for, or a stranger.

A *source* is an IPv4 address or the /64 of an IPv6 address, which is what one customer of a provider has. It is

    exempt    a trunk, or in a network of the configuration: nothing is ever dropped, limited or banned
    vouched   somebody there has proved who they are (a registered telephone): never banned, and may do ten times as much
    stranger  everybody else

A source that was never heard of must *knock twice* while more than `NEW_SOURCES` of them come: its first datagram is
dropped. An honest telephone repeats what is not answered after half a second (T1, RFC 3261 17.1.1.1) and so is in before
its user notices; an address that was invented for one datagram never repeats.

Who invents addresses can send twice, too, but hears nothing of what is answered. So a stranger is *real* for a day who has
acknowledged an answer of ours: the ACK has the tag of it, which nobody else can know, be it of a 200 or of a 503. Real ones
need not knock twice and come before those of whom it is not known. A connection has proved its address.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import TYPE_CHECKING, Final

from sip.allowance import Allowance
from sip.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.flow import Flow

SOURCES_MAX: Final = 32_768
"""Sources remembered, some 10 MB. At 5,000 invented addresses a second each is remembered for more than three seconds, long
enough for a telephone to knock twice. Above it those heard of least are new again."""
VOUCHED_MAX: Final = 32_768
"""Sources vouched for: as many as there are telephones. Above it those heard of least are strangers again."""
VOUCHED_S: Final = 3600.0
"""How long a proof holds: as long as a registration usually does (RFC 3261 10.2.1.1)."""
VOUCHED_FACTOR: Final = 10.0
"""A vouched source may do so much more than a stranger: an office behind one address, just after a power cut."""
REAL_MAX: Final = 32_768
"""Real strangers remembered, some 5 MB. Above it those heard of least have to show it again, which costs them a call."""
REAL_S: Final = 86_400.0
"""How long an address stays who it was: people dial in once a day or more, and home connections keep theirs about so long."""
NEW_SOURCES: Final = Allowance(20, 100)
"""Sources never heard of, a second and at once, from which on they must knock twice. Hardly anybody has so many new callers, who
then come in half a second later. Each that is let in unproved may hold a call and its audio for 32 s (64*T1), so it is not
more.
"""

ASKED_S: Final = 10.0
"""An answer whether an IPv4 address is exempt holds so long: a trunk whose name leads to another one is known there by then."""

_SITE_BITS: Final = 64
_SITE: Final = (1 << 128) - (1 << _SITE_BITS)


class Source:
    """What is remembered of one: for each allowance the moment up to which it is used."""

    __slots__ = (
        "arrivals", "asked_at", "exempt", "guilt", "invites", "name", "real_until", "registers", "requests", "vouched_until",
    )  # fmt: skip

    def __init__(self, name: str, vouched_until: float, real_until: float) -> None:
        self.name = name
        self.exempt = False
        self.asked_at = float("-inf")
        """When it was last asked whether it is exempt."""
        self.vouched_until = vouched_until
        self.real_until = real_until
        """Until when it counts as shown that what is sent there arrives there."""
        self.arrivals = self.requests = self.invites = self.registers = self.guilt = 0.0

    def is_known(self, now: float) -> bool:
        """Whether it is no stranger."""
        return self.exempt or now < self.vouched_until

    def is_real(self, now: float) -> bool:
        """Whether it is where it says, as far as anybody knows."""
        return now < self.real_until or self.is_known(now)


class Limit:
    """An allowance of strangers, and the wider one of who is vouched for."""

    __slots__ = ("_strangers", "_vouched")

    def __init__(self, per_s: float, burst: float) -> None:
        self._strangers = Allowance(per_s, burst)
        self._vouched = Allowance(per_s * VOUCHED_FACTOR, burst * VOUCHED_FACTOR)

    def take(self, source: Source, used_up_to: float, now: float) -> float | None:
        """As `Allowance.take`, with the allowance of the source."""
        return (self._vouched if now < source.vouched_until else self._strangers).take(used_up_to, now)


class Sources:
    """All that are remembered. `is_exempt` says of an address whether it is; it is asked now and then."""

    __slots__ = ("_is_exempt", "_kept", "_new", "_real", "_vouched")

    def __init__(self, is_exempt: Callable[[str], bool]) -> None:
        self._is_exempt = is_exempt
        self._kept: Recent[Source] = Recent(SOURCES_MAX // 2)
        self._vouched: Recent[float] = Recent(VOUCHED_MAX // 2)
        """Until when; apart, so that a flood of strangers makes nobody a stranger."""
        self._real: Recent[float] = Recent(REAL_MAX // 2)
        """The same of real ones: apart, so that a flood of invented addresses makes nobody invented."""
        self._new = 0.0

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, flow: Flow, now: float) -> Source:
        """The source at the far end of a flow."""
        return self._find(flow.remote[0], now)[0]

    def knocking(self, flow: Flow, now: float) -> Source | None:
        """The same for something that has just come; None where it must come once more."""
        source, is_new = self._find(flow.remote[0], now)
        if not is_new or flow.reliable or source.is_real(now):
            return source
        after = NEW_SOURCES.take(self._new, now)
        if after is None:
            return None
        self._new = after
        return source

    def vouch(self, flow: Flow, now: float) -> Source:
        """Somebody at the far end of a flow has proved who they are."""
        source = self.of(flow, now)
        source.vouched_until = now + VOUCHED_S
        source.guilt = 0.0
        self._vouched[source.name] = source.vouched_until
        return source

    def acknowledged(self, flow: Flow, now: float) -> None:
        """Somebody at the far end of a flow has got an answer of ours there."""
        source = self.of(flow, now)
        source.real_until = now + REAL_S
        self._real[source.name] = source.real_until

    def forget(self, name: str) -> None:
        """Know a source no more."""
        self._kept.pop(name)

    def _find(self, host: str, now: float) -> tuple[Source, bool]:
        """The source of an address, and whether it is new."""
        if ":" in host:
            # What is exempt is an address, not its neighbours: with one of theirs a stranger could get all of them banned.
            if self._is_exempt(host):
                source, is_new = self._get(host, now)
                source.exempt = True
                return source, is_new
            return self._get(source_of(host), now)
        source, is_new = self._get(host, now)
        if now - source.asked_at >= ASKED_S:
            source.exempt = self._is_exempt(host)
            source.asked_at = now
        return source, is_new

    def _get(self, name: str, now: float) -> tuple[Source, bool]:
        source = self._kept.get(name)
        if source is not None:
            return source, False
        source = self._kept[name] = Source(
            name, _until(self._vouched, name, now), _until(self._real, name, now)
        )
        return source, True


def _until(table: Recent[float], name: str, now: float) -> float:
    """Until when a table has a source; 0 where it has it no more."""
    until = table.get(name) or 0.0
    if 0.0 < until <= now:
        table.pop(name)
        return 0.0
    return until


def source_of(host: str) -> str:
    """The source that an address belongs to, as a socket tells addresses."""
    return host if ":" not in host else _site_of(host)


@lru_cache(1024)
def _site_of(host: str) -> str:
    try:
        address = IPv6Address(host.partition("%")[0])
    except AddressValueError:
        return host
    mapped = address.ipv4_mapped
    return f"{IPv6Address(int(address) & _SITE)}/{_SITE_BITS}" if mapped is None else str(mapped)

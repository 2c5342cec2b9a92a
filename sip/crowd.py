"""Who may stay connected when too many want to.

Theory of operation. A connection rises through three standings: a *stranger* has said nothing yet, who *spoke* sent a
whole message, and who is *proved* is known (by the gate), is in a call, or was called by us. Strangers and those who spoke
share a number of places, so many per host and so many in all. Whoever comes when they are taken gets the place of the one
who is least: strangers before those who spoke, and of each the one silent for longest. So nobody is ever refused: an
attacker who holds all the places loses one to each honest caller, who speaks at once and is then above all the silent.
The proved hold no places, and cannot be driven out.

Each standing is kept in the order in which it was last heard, so every step costs the same however many there are.
"""

from enum import IntEnum
from ipaddress import IPv6Address, ip_address
from typing import Final

PLACES: Final = 4096
"""Connections at once that prove nothing. One more drives out another."""
PLACES_PER_HOST: Final = 64
"""Those of one host: a proxy needs a few, an office behind one NAT some dozens until they are known. One more drives out
another of the same host. Loopback has no such limit: what calls from this machine (a proxy in front, a load test) is as
many as it is, and no stranger."""
PROVED_MAX: Final = 20_000
"""Proved connections: the phones of a large house over TLS, twice. Beyond, who proves itself keeps an ordinary place."""
HOST_BITS: Final = 64
"""What one IPv6 host is: a single customer has 2^64 addresses (RFC 6177)."""


class Standing(IntEnum):
    """What a connection has shown of itself, the least first."""

    STRANGER = 0
    SPOKE = 1
    PROVED = 2


class Crowd:
    """All connections, by number."""

    def __init__(self) -> None:
        self._places: dict[int, tuple[str, Standing]] = {}
        self._waiting: tuple[dict[int, None], ...] = tuple({} for _ in Standing)
        """By standing, the one silent for longest first."""
        self._hosts: dict[str, tuple[dict[int, None], dict[int, None]]] = {}
        """The same for each host whose places are counted."""

    def __len__(self) -> int:
        return len(self._places)

    def standing(self, connection: int) -> Standing | None:
        """What a connection has shown; None where it is not here."""
        place = self._places.get(connection)
        return None if place is None else place[1]

    def enter(self, connection: int, address: str, *, proved: bool = False) -> list[int]:
        """A connection comes. Returns those that must go for it, who are out already."""
        if proved:
            self._put(connection, host_of(address), Standing.PROVED)
            return []
        host = host_of(address)
        gone: list[int] = []
        theirs = self._hosts.get(host)
        if theirs is not None and sum(map(len, theirs)) >= PLACES_PER_HOST:
            gone.append(_least(theirs))
        elif sum(map(len, self._waiting[: Standing.PROVED])) >= PLACES:
            gone.append(_least(self._waiting))
        for each in gone:
            self.leave(each)
        self._put(connection, host, Standing.STRANGER)
        return gone

    def heard(self, connection: int, standing: Standing) -> None:
        """A connection said something that shows it to be at least of this standing."""
        place = self._places.get(connection)
        if place is None:
            return
        host, before = place
        if standing is Standing.PROVED and len(self._waiting[Standing.PROVED]) >= PROVED_MAX:
            standing = Standing.SPOKE
        self.leave(connection)
        self._put(connection, host, max(before, standing))

    def leave(self, connection: int) -> None:
        """A connection is gone."""
        place = self._places.pop(connection, None)
        if place is None:
            return
        host, standing = place
        del self._waiting[standing][connection]
        theirs = self._hosts.get(host)
        if theirs is not None and standing is not Standing.PROVED:
            del theirs[standing][connection]
            if not any(theirs):
                del self._hosts[host]

    def _put(self, connection: int, host: str, standing: Standing) -> None:
        self._places[connection] = host, standing
        self._waiting[standing][connection] = None
        if host and standing is not Standing.PROVED:
            self._hosts.setdefault(host, ({}, {}))[standing][connection] = None


def _least(standings: tuple[dict[int, None], ...]) -> int:
    return next(iter(next(filter(None, standings))))


def host_of(address: str) -> str:
    """What counts as one host: an IPv4 address or the network of an IPv6 one. Empty for this machine, which is not counted."""
    ip = ip_address(address.partition("%")[0])
    if ip.is_loopback:
        return ""
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return host_of(str(ip.ipv4_mapped))
        return f"{int(ip) >> (128 - HOST_BITS):x}"
    return str(ip)

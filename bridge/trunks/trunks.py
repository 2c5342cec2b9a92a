"""All trunks: which may take a call and in which order, and whose call it is that comes in.

A call out goes to the trunks that take its number: those that are up before those that are not, then by the longest
beginning of the number that they name as their own, then as they stand in the configuration. One that is down is still
tried, last: what we believe of it may be old, and there is nothing to lose. One that is at a limit of its own is left
out.

A call that comes in is a trunk's where it comes from one of its networks or, where it has none, from an address that its
name leads to (a dictionary look-up, then a few networks); or where it was sent to the very Contact that we registered,
which nobody else knows (`line`).
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, NamedTuple

from bridge.trunks.trunk import Trunk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bridge.config.trunks import Trunk as Settings
    from bridge.config.values import Network
    from sip.flow import Flow
    from sip.message import Request

LINE_PARAMETER: Final = "line"
"""The URI parameter of our Contact that tells whose registration a call was sent to. Registrars keep it as it is (RFC 3261
16.6, 10.3), and several bridges and PBXs use this name."""
ADDRESSES_MAX: Final = 64
"""Addresses of one trunk that are learned from the DNS; a carrier has a handful, and what is beyond is not believed."""


SOURCES_REMEMBERED: Final = 4096
"""Addresses whose trunk, or that they are of none, need not be looked for in networks again. Above it all are forgotten: a
flood from forged addresses finds a bounded table, and costs what it would without."""


class Choice(NamedTuple):
    """What the trunks say to a call out."""

    names: tuple[str, ...]
    """Those that may take it now, the first to be tried first."""
    full: bool
    """Where there are none: there would be, were they not at their limits."""


class Trunks:
    """The table. Not thread-safe; one per bridge."""

    __slots__ = ("_by_name", "_calls", "_exact", "_learned", "_lines", "_networks", "_remembered")

    def __init__(self, settings: Sequence[Settings] = ()) -> None:
        self._by_name = {each.name: Trunk(each, order) for order, each in enumerate(settings)}
        self._calls: dict[int, tuple[Trunk, bool]] = {}
        """Whose a call is, and whether it goes out."""
        self._lines: dict[str, Trunk] = {}
        self._learned: dict[str, tuple[str, ...]] = {}
        self._exact: dict[str, Trunk] = {}
        self._networks: list[tuple[Network, Trunk]] = []
        self._remembered: dict[str, Trunk | None] = {}
        self._list_sources()

    def __iter__(self) -> Iterator[Trunk]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def get(self, name: str) -> Trunk | None:
        return self._by_name.get(name)

    # Out

    def takes(self, e164: str) -> bool:
        """Whether there is any trunk for this number."""
        return any(trunk.settings.fits(e164) >= 0 for trunk in self)

    def choose(self, e164: str, now: float) -> Choice:
        """The trunks for a call to `e164`."""
        fitting = [(trunk.settings.fits(e164), trunk) for trunk in self]
        able = [(length, trunk) for length, trunk in fitting if length >= 0]
        free = [(length, trunk) for length, trunk in able if not trunk.is_full(now)]
        free.sort(key=lambda entry: (not entry[1].is_up, -entry[0], entry[1].order))
        return Choice(tuple(trunk.name for _, trunk in free), full=bool(able) and not free)

    def is_full(self, name: str, now: float) -> bool:
        """Whether a trunk is at a limit of its own."""
        return self._by_name[name].is_full(now)

    def place(self, call: int, name: str, now: float) -> None:
        """Count a call out at a trunk; one that was counted at another is so no more."""
        self.ended(call)
        trunk = self._by_name[name]
        trunk.placed(now)
        self._calls[call] = trunk, True

    def failed(self, name: str, why: str) -> None:
        """A call there came to nothing, by the trunk's fault."""
        if (trunk := self._by_name.get(name)) is not None:
            trunk.last_error = why

    def hosts(self, name: str) -> set[str]:
        """The names and addresses that are a trunk's own, as URIs have them."""
        settings = self._by_name[name].settings
        return {settings.host, settings.registrar_uri.host, *self._learned.get(name, ())}

    # In

    def of_source(self, address: str) -> Trunk | None:
        """Whose calls come from `address`, as a socket tells it."""
        found = self._exact.get(address)
        if found is not None or not (self._networks or ":" in address):
            return found
        if address not in self._remembered:
            if len(self._remembered) >= SOURCES_REMEMBERED:
                self._remembered.clear()
            self._remembered[address] = self._of_network(address)
        return self._remembered[address]

    def _of_network(self, address: str) -> Trunk | None:
        try:
            ip = ip_address(address)
        except ValueError:
            return None
        ip = getattr(ip, "ipv4_mapped", None) or ip
        found = self._exact.get(str(ip))
        if found is not None:
            return found
        return next((trunk for network, trunk in self._networks if ip in network), None)

    def find(self, request: Request, flow: Flow) -> str:
        """The name of the trunk whose request this is: sent to what we registered there, or from its address; "" of none."""
        token = request.uri.parameter(LINE_PARAMETER)
        trunk = (self.of_line(token) if token else None) or self.of_source(flow.remote[0])
        return "" if trunk is None else trunk.name

    def of_line(self, token: str) -> Trunk | None:
        """Whose registration bound the Contact with this `line`."""
        return self._lines.get(token)

    def arrive(self, call: int, name: str) -> bool:
        """Count a call in; False where the trunk has as many as it may."""
        trunk = self._by_name[name]
        if not trunk.takes_in():
            return False
        trunk.calls_in += 1
        self._calls[call] = trunk, False
        return True

    def ended(self, call: int) -> None:
        """Count a call no more, in or out; one that is not counted is fine."""
        trunk, out = self._calls.pop(call, (None, False))
        if trunk is None:
            return
        if out:
            trunk.calls_out -= 1
        else:
            trunk.calls_in -= 1

    # What is learned of them

    def learned(self, name: str, addresses: Iterable[str]) -> None:
        """Where the name of a trunk leads now. Nothing is forgotten because of an answer without addresses."""
        found = tuple(dict.fromkeys(addresses))[:ADDRESSES_MAX]
        if found and self._learned.get(name) != found:
            self._learned[name] = found
            self._list_sources()

    def bound(self, name: str, token: str) -> None:
        """Our Contact at that trunk has this `line` from now on."""
        trunk = self._by_name[name]
        self._lines = {old: each for old, each in self._lines.items() if each is not trunk}
        self._lines[token] = trunk

    def answers(self, name: str, *, up: bool, why: str, now: float) -> None:
        """Whether a trunk answers our OPTIONS."""
        trunk = self._by_name[name]
        before = trunk.is_up
        trunk.answers = up
        self._note(trunk, before, why, now)

    def registered(self, name: str, *, holds: bool, why: str, now: float) -> None:
        """Whether our registration there holds."""
        trunk = self._by_name[name]
        before = trunk.is_up
        trunk.registered = holds
        self._note(trunk, before, why, now)

    def _note(self, trunk: Trunk, before: bool, why: str, now: float) -> None:
        if why:
            trunk.last_error = why
        if before is not trunk.is_up or trunk.since is None:
            trunk.since = now

    def _list_sources(self) -> None:
        """Where calls come from: what the configuration says, else the trunk's own addresses."""
        self._exact, self._networks, self._remembered = {}, [], {}
        for trunk in self:
            settings = trunk.settings
            for network in settings.networks:
                if network.num_addresses == 1:
                    self._exact.setdefault(str(network.network_address), trunk)
                else:
                    self._networks.append((network, trunk))
            if not settings.networks:
                own = (settings.numeric,) if settings.numeric else self._learned.get(trunk.name, ())
                for address in own:
                    self._exact.setdefault(address, trunk)
        self._networks.sort(key=lambda entry: -entry[0].prefixlen)

"""What strangers may do: rates, bans, and what they are told who ask for what there is not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Annotated, Final

from bridge.config.values import Form, Network, OneOf, Range
from sip.guard import GuardSettings, Strangers
from sip.scanners import SCANNERS

AT_ONCE: Final = 4
"""How many seconds' worth may come at once. An office of a hundred telephones begins its day in a minute, not in a second."""
REGISTERS_AT_ONCE: Final = 10
"""The same for registrations: after a power cut all telephones of a house come back together."""

LOOPBACK: Final[tuple[Network, ...]] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

PerSecond = Annotated[int, Range(0, 100_000)]
ScannerName = Annotated[
    str, Form(re.compile(r"[!-~](?:[ -~]{0,62}[!-~])?"), "1 to 64 printable ASCII characters")
]


@dataclass(frozen=True, slots=True)
class Security:
    """`sip.guard`, in an operator's words. Rates are of one source (an IPv4 address, a /64 of IPv6); 0 is no limit."""

    strangers: Annotated[str, OneOf(tuple(kind.value for kind in Strangers))] = Strangers.ANSWER.value
    """What those get whom nobody vouches for and who ask for what there is not: the true answer, a 403 after a pause, or
    nothing."""
    exempt: tuple[Network, ...] = LOOPBACK
    """Never limited, dropped or banned, beside `server.trusted_networks` and the trunks."""
    datagrams_per_second: PerSecond = 500
    requests_per_second: PerSecond = 50
    calls_per_second: PerSecond = 20
    registrations_per_second: PerSecond = 20
    ban_s: Annotated[float, Range(0, 86_400)] = 60.0
    """The first ban of a source; each further one is four times as long. 0: nobody is banned."""
    ban_longest_s: Annotated[float, Range(0, 31_536_000)] = 86_400.0
    scanners: tuple[ScannerName, ...] = SCANNERS
    """Parts of the User-Agent (the longer ones of From, too) by which such a program is known."""
    alert_per_minute: Annotated[int, Range(0, 100_000_000)] = 1000
    """Messages dropped or refused in a minute from which on the log says that somebody attacks; 0: never."""

    def guard(self, served: tuple[str, ...] = ()) -> GuardSettings:
        """The same in the guard's words; `served` are the methods that the bridge answers itself."""

        def rate(per_second: int, at_once: int = AT_ONCE) -> tuple[float, float]:
            return per_second, per_second * at_once

        return GuardSettings(
            strangers=Strangers(self.strangers),
            datagrams=rate(self.datagrams_per_second),
            requests=rate(self.requests_per_second),
            invites=rate(self.calls_per_second),
            registers=rate(self.registrations_per_second, REGISTERS_AT_ONCE),
            ban_s=self.ban_s,
            ban_longest_s=max(self.ban_s, self.ban_longest_s),
            scanners=self.scanners,
            served=served,
        )

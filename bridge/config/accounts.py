"""What can be set of telephones that register: to whom they prove themselves, how, and for how long they may.

On by default, and still closed: without an account (`roda account add`) nobody can register.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final

from bridge.config.calling import HOST
from bridge.config.values import Form, OneOf, Range
from sip.challenge import Policy
from sip.proof import Algorithm
from sip.registrar import RegistrarSettings
from sip.uri import parse_host

DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Registrar:
    """`sip.registrar` and `sip.challenge`, in an operator's words."""

    enabled: bool = True
    realm: Annotated[
        str,
        Form(re.compile(r"[ !#-\[\]-~]{0,128}"), "up to 128 ASCII characters without quotes and backslashes"),
    ] = ""
    """To whom passwords belong. Empty: `server.advertised`, or else `server.node` (`Config.realm`)."""
    domains: tuple[Annotated[str, Form(re.compile(HOST), "a host")], ...] = ()
    """Hosts whose users are ours alone. Whoever says to call from there proves it, be there such an account or not."""
    algorithms: Annotated[
        tuple[Annotated[str, OneOf(tuple(kind.value for kind in Algorithm))], ...], Range(1)
    ] = (Algorithm.MD5.value,)
    """As they are offered (RFC 8760: the best first). MD5 alone by default: beside one that they do not know, sipsak 0.9.8 and
    baresip 1.0 do not find it. It is of no less worth than the other for a password of 100 bits, as `roda account` draws them.
    """
    minimum_s: Annotated[int, Range(10, 3600)] = 60
    default_s: Annotated[int, Range(10, DAY_S)] = 300
    maximum_s: Annotated[int, Range(10, DAY_S)] = 3600
    contacts: Annotated[int, Range(1, 100)] = 10
    """Telephones of one account at once; the one not heard of for longest makes way."""

    def settings(self) -> RegistrarSettings:
        """The same in the registrar's words."""
        return RegistrarSettings(
            minimum_s=self.minimum_s,
            default_s=self.default_s,
            maximum_s=self.maximum_s,
            contacts_max=self.contacts,
        )

    def policy(self, realm: str) -> Policy:
        """And in those of whoever asks for proof."""
        hosts = frozenset(parse_host(host) for host in self.domains)
        return Policy(
            realm=realm, algorithms=tuple(Algorithm(kind) for kind in self.algorithms), domains=hosts
        )

    def faults(self) -> list[tuple[str, str]]:
        """What does not fit together: keys, and why."""
        found = []
        if self.default_s < self.minimum_s:
            found.append(
                ("default_s", f"registrar.default_s ({self.default_s}) is below minimum_s ({self.minimum_s})")
            )
        if self.maximum_s < self.default_s:
            found.append(
                ("maximum_s", f"registrar.maximum_s ({self.maximum_s}) is below default_s ({self.default_s})")
            )
        return found

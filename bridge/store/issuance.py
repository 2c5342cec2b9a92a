"""Giving out codes: drawn, kept as digests, told in clear this once and never again (A4, A5, A7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bridge.service.passcodes import draw, draw_pair
from bridge.service.role import Role
from bridge.store.passcodes import Passcodes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sqlalchemy import Connection

    from bridge.service.digests import Digests
    from bridge.service.settings import Settings

COUNTER_PASSWORD_DIGITS: Final = 4
"""Ten thousand for each who has found a code; and short enough to be remembered beside it."""


@dataclass(frozen=True, slots=True)
class Issued:
    """What the holder of pair `pair` is to be told, in clear: show it once, keep it nowhere."""

    pair: int
    codes: Mapping[Role, str] = field(repr=False)
    counter_passwords: Mapping[Role, str] = field(repr=False)


class Issuer:
    """Gives out codes over one connection. `entropy(n)` gives n random bytes."""

    def __init__(
        self, connection: Connection, digests: Digests, *, digits: int, entropy: Callable[[int], bytes]
    ) -> None:
        self._passcodes = Passcodes(connection)
        self._digests = digests
        self._digits = digits
        self._entropy = entropy

    def new_pair(
        self,
        *,
        customer: int,
        name: str,
        settings: Settings,
        counter_passwords: Collection[Role],
        at: float,
        expires_at: float,
    ) -> Issued:
        """A new pair, with counter-passwords for these roles."""
        drawn = draw_pair(self._digits, self._entropy, taken=self._taken)
        codes = {Role.MODERATOR: drawn.moderator, Role.PARTICIPANT: drawn.participant}
        pair = self._passcodes.create_pair(
            customer=customer,
            name=name,
            settings=settings,
            codes={role: self._digests.passcode(code) for role, code in codes.items()},
            at=at,
            expires_at=expires_at,
        )
        return Issued(pair, codes, self._counter_passwords(pair, counter_passwords))

    def renew(self, pair: int, roles: Collection[Role]) -> Issued:
        """New codes for these roles of `pair`, and counter-passwords where they had any; the old ones stop at once.

        A conference in progress goes on (A7).
        """

        def unfit(code: str) -> bool:
            return self._taken(code) or self._near(code, pair)

        if len(roles) == len(Role):
            drawn = draw_pair(self._digits, self._entropy, taken=self._taken)
            codes = {Role.MODERATOR: drawn.moderator, Role.PARTICIPANT: drawn.participant}
        else:
            codes = {role: draw(self._digits, self._entropy, taken=unfit) for role in roles}
        self._passcodes.set_codes(pair, {role: self._digests.passcode(code) for role, code in codes.items()})
        asked = self._passcodes.roles_with_counter_password(pair)
        return Issued(pair, codes, self._counter_passwords(pair, [role for role in roles if role in asked]))

    def _counter_passwords(self, pair: int, roles: Collection[Role]) -> dict[Role, str]:
        passwords = {
            role: draw(COUNTER_PASSWORD_DIGITS, self._entropy, taken=lambda _: False) for role in roles
        }
        for role, password in passwords.items():
            digest = self._digests.counter_password(pair, role, password)
            self._passcodes.set_counter_password(pair, role, digest)
        return passwords

    def _taken(self, code: str) -> bool:
        return self._passcodes.find(self._digests.passcode(code)) is not None

    def _near(self, code: str, pair: int) -> bool:
        """Whether a slip of the finger leads to the pair's other code, of which only the digest is known."""
        return any(
            found is not None and found.pair.id == pair
            for at, digit in enumerate(code)
            for other in "0123456789"
            if other != digit
            for found in [self._passcodes.find(self._digests.passcode(code[:at] + other + code[at + 1 :]))]
        )

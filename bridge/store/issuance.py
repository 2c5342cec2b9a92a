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

CODED: Final = (Role.MODERATOR, Role.PARTICIPANT)
"""The roles that a pair has codes for."""

COUNTER_PASSWORD_DIGITS: Final = 4
"""Ten thousand for each who has found a code; and short enough to be remembered beside it."""


@dataclass(frozen=True, slots=True)
class Issued:
    """What the holder of pair `pair` is to be told, in clear: show it once, keep it nowhere."""

    pair: int
    codes: Mapping[Role, str] = field(repr=False)
    counter_passwords: Mapping[Role, str] = field(repr=False)
    """Those that all of a role share."""
    own: Mapping[int, str] = field(repr=False, default_factory=dict)
    """A5: those of one person each, by the person's number."""


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
        people: Collection[int] = (),
        responsible: int | None = None,
    ) -> Issued:
        """A new pair, with counter-passwords for these roles, and one of their own for these people (A5)."""
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
        if responsible is not None:
            self._passcodes.change(pair, responsible=responsible)
        return Issued(pair, codes, self._counter_passwords(pair, counter_passwords), self._own(pair, people))

    def new_counter_passwords(
        self,
        pair: int,
        roles: Collection[Role],
        people: Collection[int] = (),
        *,
        role: Role = Role.PARTICIPANT,
    ) -> Issued:
        """New counter-passwords for these roles, and for these people in `role`; the old ones stop at once (A7)."""
        return Issued(pair, {}, self._counter_passwords(pair, roles), self._own(pair, people, role))

    def renew(self, pair: int, roles: Collection[Role], *, counter_passwords: bool = True) -> Issued:
        """New codes for these roles of `pair`; the old ones stop at once.

        Shared counter-passwords are new with them, where there were any, unless these are to stay. What a person has for themselves stays. A conference in progress goes on (A7).
        """

        def unfit(code: str) -> bool:
            return self._taken(code) or self._near(code, pair)

        if len(roles) == len(CODED):
            drawn = draw_pair(self._digits, self._entropy, taken=self._taken)
            codes = {Role.MODERATOR: drawn.moderator, Role.PARTICIPANT: drawn.participant}
        else:
            codes = {role: draw(self._digits, self._entropy, taken=unfit) for role in roles}
        self._passcodes.set_codes(pair, {role: self._digests.passcode(code) for role, code in codes.items()})
        had = self._passcodes.roles_with_counter_password(pair, shared=True) if counter_passwords else ()
        return Issued(pair, codes, self._counter_passwords(pair, [role for role in roles if role in had]))

    def _counter_passwords(self, pair: int, roles: Collection[Role]) -> dict[Role, str]:
        return {role: self._counter_password(pair, role) for role in roles}

    def _own(self, pair: int, people: Collection[int], role: Role = Role.PARTICIPANT) -> dict[int, str]:
        return {person: self._counter_password(pair, role, person) for person in people}

    def _counter_password(self, pair: int, role: Role, person: int | None = None) -> str:
        """One that nobody of this pair and role has: it may say who calls."""

        def digest(password: str) -> bytes:
            return self._digests.counter_password(pair, role, password)

        def taken(password: str) -> bool:
            return self._passcodes.has_counter_password(pair, digest(password))

        password = draw(COUNTER_PASSWORD_DIGITS, self._entropy, taken=taken)
        self._passcodes.set_counter_password(pair, role, digest(password), person=person)
        return password

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

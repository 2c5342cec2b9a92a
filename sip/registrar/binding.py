"""A binding: one place where a user is reached, for a time; and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import ceil
from typing import Final

from sip.flow import Flow
from sip.uri import Uri

COMPARED: Final = frozenset({"user", "ttl", "method", "maddr", "transport"})
"""URI parameters whose absence is a difference (RFC 3261 19.1.4); others differ only where both URIs have them."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One contact of a user."""

    aor: str
    """Whose: the name of the account, which all addresses-of-record of a user come down to."""
    contact: Uri
    """The Request-URI of calls to it."""
    flow: Flow
    """The way its REGISTER came, which calls to it take."""
    call_id: str
    cseq: int
    registered_at: float
    expires_at: float
    q: float = 1.0
    """What the user would rather have ring first: 1 before 0."""
    path: tuple[str, ...] = ()
    """Routes of calls to it, as proxies between us wrote them (RFC 3327)."""
    instance: str = ""
    """Which device it is, `<urn:uuid:...>`, if it says so (RFC 5626)."""
    reg_id: int = 0
    """Which of several flows of that device; 0 is a registration without outbound."""
    user_agent: str = ""

    def is_same(self, other: Binding) -> bool:
        """Whether a registration of the one replaces the other (RFC 5626 6, RFC 3261 10.3)."""
        if self.reg_id or other.reg_id:
            return (self.instance, self.reg_id) == (other.instance, other.reg_id)
        return equivalent(self.contact, other.contact)

    def field(self, now: float) -> tuple[str, str]:
        """The Contact header of a response, with the seconds left."""
        left_s = max(0, ceil(self.expires_at - now))
        q = f";q={self.q:.3g}" if self.q != 1.0 else ""
        instance = f';+sip.instance="{self.instance}"' if self.instance else ""
        reg_id = f";reg-id={self.reg_id}" if self.reg_id else ""
        return ("Contact", f"<{self.contact}>{q}{instance}{reg_id};expires={left_s}")


class Gone(Enum):
    """Why a binding is no more; the value is what the log says."""

    EXPIRED = "expired"
    REMOVED = "removed"
    """The telephone, or whoever else proved to be the user, took it out."""
    CLOSED = "connection closed"
    REPLACED = "replaced"
    """The user had as many as may be: the one not heard of for longest made way."""
    REFUSED = "refused"
    """The account is no more, or may not register any more."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A binding is new (`fresh`), or holds on."""

    binding: Binding
    fresh: bool


@dataclass(frozen=True, slots=True)
class Unregistered:
    """A binding is no more."""

    binding: Binding
    why: Gone


def equivalent(one: Uri, other: Uri) -> bool:
    """Whether two URIs are the same by RFC 3261 19.1.4. It is no equivalence in a mathematician's sense: a parameter that one
    lacks is no difference, yet two values of it are.
    """
    if one is other:
        return True
    if (one.scheme, one.user, one.password, one.host, one.port) != (
        other.scheme, other.user, other.password, other.host, other.port
    ):  # fmt: skip
        return False
    mine, theirs = dict(one.parameters), dict(other.parameters)
    for name in mine.keys() | theirs.keys():
        if name in mine and name in theirs:
            if mine[name].lower() != theirs[name].lower():
                return False
        elif name in COMPARED:
            return False
    return one.headers == other.headers

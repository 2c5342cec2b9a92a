"""Codes are kept as keyed digests: whoever reads the database cannot call, and whoever calls can be found in it.

HMAC-SHA256 (RFC 2104) under a secret that lies beside the database, not in it. A digest without a key would be no
protection: all codes of eight digits are tried in a second. For the same reason a slow password hash would only slow
down every caller. What each digest is of is part of what is digested, so that none can be mistaken for another.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bridge.service.role import Role

FEWEST_SECRET_BYTES: Final = 16
"""A shorter secret could be found by trying: `DigestError`. RFC 2104 section 3 advises 32 for SHA-256."""


class DigestError(ValueError):
    """The secret is no secret."""


class Digests:
    """Turns what people key into what is kept."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) < FEWEST_SECRET_BYTES:
            raise DigestError(f"a secret of {len(secret)} bytes: it must have at least {FEWEST_SECRET_BYTES}")
        self._secret = secret

    def passcode(self, code: str) -> bytes:
        """By this a keyed code is looked up: the same for both roles, since the code tells the role."""
        return self._of("passcode", code)

    def counter_password(self, pair: int, role: Role, password: str) -> bytes:
        """A counter-password belongs to one role of one pair; the same digits elsewhere have another digest."""
        return self._of("counter-password", str(pair), role.value, password)

    def _of(self, *parts: str) -> bytes:
        # What people key has no NUL, so the parts cannot run into each other.
        text = "\0".join(parts).encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, text, "sha256")

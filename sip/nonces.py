"""Nonces that need no memory until somebody has proved to know a password (RFC 7616 3.3, interop.md 1.2-3).

A nonce is its time of issue and a number, sealed under a secret of this process together with the host that asked. A flood
of requests without credentials therefore costs a hash each and leaves nothing behind. Only what a correct proof has used is
remembered, so that it is not used again: the highest nonce count of each nonce, and which of the 64 below it came.

    judged          what it means                               what the client is told
    FRESH           ours, young, and this count is new          come in
    STALE           ours, but old or used                       a new nonce, "stale"
    FOREIGN         of somebody else, another host, a former    a new nonce, "stale"
                    life of this process
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from enum import Enum, auto
from hashlib import blake2b
from typing import Final

LIFE_S: Final = 60.0
"""A nonce is good for a minute (interop.md 3, P0-5); then the client is given another without asking anybody's password."""
WINDOW: Final = 64
"""Counts below the highest that may still come, since UDP overtakes itself. An older one is stale."""
REMEMBERED_MAX: Final = 65_536
"""Nonces in use at once, about 16 MB. Where they are more, those used longest ago are forgotten and everything given out in
their days is stale: clients are asked once more, and none of their proofs can be sent again by somebody else."""
_SEAL_BYTES: Final = 16
_HEAD: Final = 12 + 8
_LENGTH: Final = _HEAD + 2 * _SEAL_BYTES


class Standing(Enum):
    """What a nonce is worth."""

    FRESH = auto()
    STALE = auto()
    FOREIGN = auto()


class Nonces:
    """Gives out nonces and takes each use of them once."""

    __slots__ = ("_floor", "_older", "_secret", "_serial", "_turned_at", "_used")

    def __init__(self, entropy: Callable[[int], bytes]) -> None:
        self._secret = entropy(32)
        self._serial = 0
        self._used: dict[str, int] = {}
        """By nonce: the highest count, shifted by `WINDOW`, over a bit for each count from it downwards."""
        self._older: dict[str, int] = {}
        """What was used before `_turned_at`, and not since."""
        self._turned_at = 0.0
        self._floor = -1
        """Milliseconds. What was given out until then is stale."""

    def __len__(self) -> int:
        return len(self._used) + len(self._older)

    def issue(self, host: str, now: float) -> str:
        """A nonce for whoever asks from `host`. The port is left out: a NAT, or a new connection, changes it."""
        self._serial = (self._serial + 1) & 0xFFFF_FFFF
        head = f"{_milliseconds(now):012x}{self._serial:08x}"
        return head + self._seal(head, host)

    def standing(self, nonce: str, count: int, host: str, now: float) -> Standing:
        """Judge a use of a nonce, and remember nothing: whoever sends it has proved nothing yet."""
        if len(nonce) != _LENGTH or not nonce.isascii():
            return Standing.FOREIGN
        if not hmac.compare_digest(nonce[_HEAD:], self._seal(nonce[:_HEAD], host)):
            return Standing.FOREIGN
        issued = int(nonce[:12], 16)
        if issued <= self._floor or not 0 <= _milliseconds(now) - issued <= LIFE_S * 1000:
            return Standing.STALE
        return Standing.STALE if _is_used(self._state(nonce), count) else Standing.FRESH

    def use(self, nonce: str, count: int, now: float) -> None:
        """Remember that a fresh nonce was used by somebody who knows the password."""
        if 2 * len(self._used) >= REMEMBERED_MAX or now - self._turned_at >= LIFE_S:
            self._turn(now)
        self._used[nonce] = _with(self._state(nonce), count)

    def _state(self, nonce: str) -> int:
        return self._used.get(nonce) or self._older.get(nonce, 0)

    def _turn(self, now: float) -> None:
        """Forget what was last used before the last turn; it is too old anyhow, or is made so."""
        if now - self._turned_at < LIFE_S:
            self._floor = _milliseconds(self._turned_at)
        self._older, self._used = self._used, {}
        self._turned_at = now

    def _seal(self, head: str, host: str) -> str:
        text = f"{head}{host}".encode("utf-8", "surrogateescape")
        return blake2b(text, key=self._secret, digest_size=_SEAL_BYTES).hexdigest()


def _milliseconds(now: float) -> int:
    return int(now * 1000)


_BITS: Final = (1 << WINDOW) - 1


def _is_used(state: int, count: int) -> bool:
    behind = (state >> WINDOW) - count
    return behind >= WINDOW or (behind >= 0 and state >> behind & 1 == 1)


def _with(state: int, count: int) -> int:
    highest, seen = state >> WINDOW, state & _BITS
    ahead = count - highest
    if ahead > 0:
        return count << WINDOW | (((seen << ahead) & _BITS if ahead < WINDOW else 0) | 1)
    return state | 1 << -ahead

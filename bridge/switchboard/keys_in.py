"""The keys of one leg, whichever ways they come: as telephone-events, by INFO, as tones. Each press once, in order.

Theory of operation
-------------------
Some phones send a key two or three ways at once, and the ways are not equally quick: an event is here first, a tone when
it has sounded for long enough and left the jitter buffer, an INFO after it was retransmitted, or when the key was let go.
Each way on its own tells every press once and in order. So a press is kept for a while with the ways that have told it,
and what a way tells is the first press of that key that it has not told yet; where there is none it is a new one.

Two presses of one key by two ways are two presses, then, however they interleave: the second report of each way cannot be
the press that this way has told already. A way that misses a press costs nothing as long as another tells it.
"""

from __future__ import annotations

from collections import Counter, deque
from enum import Flag, auto
from typing import Final

REMEMBERED: Final = 64
"""Presses that are compared with: more in `LATE_S` is no finger. The oldest falls out."""


class KeyWay(Flag):
    """How a key reached us; of a press that came several ways, all of them."""

    EVENT = auto()
    """A telephone-event (RFC 4733)."""
    INFO = auto()
    """A SIP INFO."""
    TONE = auto()
    """Its tones in the audio (ITU-T Q.23)."""


WORDS: Final = {KeyWay.EVENT: "telephone-event", KeyWay.INFO: "INFO", KeyWay.TONE: "tone"}

LATE_S: Final = {KeyWay.EVENT: 0.5, KeyWay.TONE: 1.0, KeyWay.INFO: 2.0}
"""So long after the first way another may tell a press: an event loses its first packets at worst; a tone sounds for 60 ms,
waits in the jitter buffer for 300 and is pressed after its event; an INFO is lost twice (0.5 s and 1 s, RFC 3261 17.1.2)."""


class _Press:
    """A key that was pressed. Shows itself without it."""

    __slots__ = ("at", "key", "ways")

    def __init__(self, key: str, at: float, way: KeyWay) -> None:
        self.key = key
        self.at = at
        self.ways = way


class KeysIn:
    """What has been keyed on a leg of late, and how all of it came."""

    __slots__ = ("_came", "_presses")

    def __init__(self) -> None:
        self._presses: deque[_Press] | None = None  # most legs key a passcode and no more, many nothing
        self._came: Counter[KeyWay] | None = None

    def take(self, key: str, way: KeyWay, now: float, *, held_s: float = 0.0) -> bool:
        """Take what one way tells; returns whether it is a press that no other way has told.

        held_s : how long the key was down, where this way tells so: it may have waited for the end
        """
        if self._presses is None or self._came is None:
            self._presses, self._came = deque(maxlen=REMEMBERED), Counter()
        late_s = LATE_S[way] + held_s
        for press in self._presses:
            if press.key == key and not press.ways & way and now - press.at <= late_s:
                self._came[press.ways] -= 1
                press.ways |= way
                self._came[press.ways] += 1
                return False
        self._presses.append(_Press(key, now, way))
        self._came[way] += 1
        return True

    @property
    def ways(self) -> dict[str, int]:
        """How many keys came which way, such as {"telephone-event": 4, "telephone-event+INFO": 2}; never which keys."""
        came: Counter[KeyWay] = self._came or Counter()
        return {"+".join(WORDS[each] for each in ways): count for ways, count in came.items() if count}

"""Telephone-events (RFC 4733): keys as RTP packets, in and out.

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |     event     |E|R| volume    |          duration             |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

What peers do is looser than the text: the marker bit may be missing, all three end packets may be lost or carry one
sequence number, durations may count another clock, the SSRC may differ from the audio's. So a press is known by its
event and timestamp alone, reported at its first packet, and ended by its end bit or by silence.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

DIGITS: Final = "0123456789*#ABCD"
"""By event number (RFC 4733 section 3.2)."""

STALE_S: Final = 0.1
"""An older timestamp that comes within this of the present press is a packet that was overtaken; later, some peers
(sipp's recordings) do go back in time and mean it."""
SILENCE_S: Final = 0.15
"""Three packets of 50 ms, the longest interval that peers use: no more of a press, so it ended and its ends are lost."""
LONG_SEGMENT: Final = 0xFFFF
"""The longest duration there is: a longer press goes on under a timestamp this much later (RFC 4733 section 2.5.1.3)."""


class EventReceiver:
    """Presses of all rows; packets come in columns, most of them repeats that are told apart without a loop."""

    def __init__(self, rows: int) -> None:
        self.pressed = np.zeros(rows, np.bool_)
        """A key is down: the row's audio is not heard meanwhile."""
        self._event = np.full(rows, -1, np.int16)
        self._timestamp = np.zeros(rows, np.uint32)
        self._seen_at = np.full(rows, -np.inf)
        self._ended = np.ones(rows, np.bool_)  # by its end bit

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self.pressed[row] = False
        self._event[row] = -1
        self._seen_at[row] = -np.inf
        self._ended[row] = True

    def receive(
        self,
        rows: NDArray[np.intp],
        timestamp: NDArray[np.uint32],
        event: NDArray[np.uint8],
        end: NDArray[np.bool_],
        now: float,
    ) -> list[tuple[int, str]]:
        """Take one packet of each of `rows`; returns (row, digit) of each press that begins with it."""
        step = (timestamp - self._timestamp[rows]).astype(np.int32)
        age = now - self._seen_at[rows]
        same_event = event == self._event[rows]
        ended = self._ended[rows]
        repeat = same_event & (step == 0) & (~ended | (age < STALE_S))
        segment = same_event & (step == LONG_SEGMENT) & ~ended
        overtaken = (step < 0) & (age < STALE_S)
        known = repeat | segment
        going_on = known & ~(repeat & ended)
        self._timestamp[rows[segment]] = timestamp[segment]
        kept = rows[going_on]
        self._seen_at[kept] = now
        self._ended[kept] |= end[going_on]
        self.pressed[kept] = ~self._ended[kept]

        begins = np.flatnonzero(~known & ~overtaken & (event < len(DIGITS)))
        fresh = rows[begins]
        self._event[fresh] = event[begins]
        self._timestamp[fresh] = timestamp[begins]
        self._seen_at[fresh] = now
        self._ended[fresh] = end[begins]
        self.pressed[fresh] = ~end[begins]
        return [(int(rows[i]), DIGITS[event[i]]) for i in begins]

    def advance(self, count: int, now: float) -> None:
        """Let go of keys of the first `count` rows that have been silent for `SILENCE_S`."""
        pressed = self.pressed[:count]
        if pressed.any():
            pressed &= now - self._seen_at[:count] < SILENCE_S


END_REPEATS: Final = 3  # RFC 4733 section 2.5.1.4
_VOLUME: Final = 10  # -10 dBm0, what telephones send
_TICK_SAMPLES: Final = 160


@dataclass(slots=True)
class _Press:
    event: int
    ticks: int
    gap: int
    timestamp: int = -1  # of its first packet
    sent: int = 0


@dataclass(slots=True)
class EventSender:
    """The keys that one row is sending, one after another."""

    queue: deque[_Press] = field(default_factory=deque)

    def press(self, digits: str, duration_ms: int, gap_ms: int) -> None:
        """Queue `digits`; characters that are no key are left out."""
        for digit in digits.upper():
            event = DIGITS.find(digit)
            if event >= 0:
                self.queue.append(_Press(event, max(2, duration_ms // 20), max(1, gap_ms // 20)))

    def tick(self, timestamp: int) -> Iterator[tuple[int, bool, bytes]]:
        """What this tick sends, as (timestamp, marker, payload). Nothing during the gap after a key."""
        if not self.queue:
            return
        press = self.queue[0]
        if press.sent < press.ticks:
            marker = press.timestamp < 0
            if marker:
                press.timestamp = timestamp
            press.sent += 1
            end = press.sent == press.ticks
            payload = self._payload(press, end=end)
            yield press.timestamp, marker, payload
            if end:
                for _ in range(END_REPEATS - 1):
                    yield press.timestamp, False, payload
            return
        press.gap -= 1
        if press.gap <= 0:
            self.queue.popleft()

    @staticmethod
    def _payload(press: _Press, *, end: bool) -> bytes:
        duration = min(press.sent * _TICK_SAMPLES, LONG_SEGMENT)
        return bytes((press.event, (0x80 if end else 0) | _VOLUME, duration >> 8, duration & 0xFF))

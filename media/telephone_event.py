"""Telephone-events (RFC 4733): keys as RTP packets, in and out.

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |     event     |E|R| volume    |          duration             |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

What peers do is looser than the text: the marker bit may be missing, all three end packets may be lost or carry one
sequence number, durations may count another clock, the SSRC may differ from the audio's, timestamps may go back, and a
recording that is played again is the same press byte for byte. So a press is known by its event and timestamp alone,
reported at its first packet, and ended by its end bit, by silence or by the next press. Of a packet with the same event
and timestamp the row asks whether it can belong to the press it knows:

- the press goes on: it comes soon after the last one, or counts a longer duration (the network was silent, not the key);
- the press has ended: it repeats the end, or was overtaken by it and comes soon;
- otherwise it is another press.
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

PAYLOAD_BYTES: Final = 4

OVERTAKEN_S: Final = 0.1
"""So long after the last packet of what came next, a packet of an earlier press may still be on its way; later, some
peers (sipp's recordings) do go back in time and mean it."""
REPEATED_S: Final = 1.0
"""So long an end may be repeated: three times at the slowest packet time, and a retransmitting network."""
SILENCE_S: Final = 0.15
"""Three packets of 50 ms, the longest interval that peers use: no more of a press, so it ended and its ends are lost."""
TAIL_S: Final = 0.04
"""So long after its end the tone of a key may still be in the audio that arrives: some peers sound it beside the events."""
LONGEST: Final = 0xFFFF
"""The longest duration there is: a longer press goes on in a segment of its own (RFC 4733 section 2.5.1.3)."""
SEGMENT_STEP: Final = (0xE000, 0x10400)
"""How much later a segment's timestamp is, with some play for peers that begin the next one a little sooner or later:
7.2 s at 8 kHz, and no key can be pressed again that long after its last packet without having been let go."""


class EventReceiver:
    """Presses of all rows; packets come in columns, most of them repeats that are told apart without a loop."""

    def __init__(self, rows: int) -> None:
        self.pressed = np.zeros(rows, np.bool_)
        """A key is down, or was until just now: the row's audio is not heard meanwhile, for there may be its tone in it."""
        self._event = np.full(rows, -1, np.int16)
        self._timestamp = np.zeros(rows, np.uint32)
        self._duration = np.zeros(rows, np.int32)
        self._seen_at = np.full(rows, -np.inf)
        self._ended = np.ones(rows, np.bool_)  # by its end bit
        self._event_before = np.full(rows, -1, np.int16)
        self._timestamp_before = np.zeros(rows, np.uint32)

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self.pressed[row] = False
        self._event[row] = self._event_before[row] = -1
        self._seen_at[row] = -np.inf
        self._ended[row] = True

    def receive(
        self,
        rows: NDArray[np.intp],
        timestamp: NDArray[np.uint32],
        payload: NDArray[np.uint8],
        now: NDArray[np.float64],
    ) -> list[tuple[int, str]]:
        """Take one packet of each of `rows`; returns (row, digit) of each press that begins with it.

        Parameters
        ----------
        payload : ndarray of shape (M, 4), uint8
        now : ndarray of shape (M,), float64
            When each arrived, in seconds.
        """
        event = payload[:, 0]
        end = payload[:, 1] >= 0x80
        duration = payload[:, 2].astype(np.int32) << 8 | payload[:, 3]
        age = now - self._seen_at[rows]
        ended = self._ended[rows]
        same_event = event == self._event[rows]
        step = (timestamp - self._timestamp[rows]).view(np.int32)
        same = same_event & (step == 0)

        segment = (
            same_event & ~ended & (step >= SEGMENT_STEP[0]) & (step < SEGMENT_STEP[1]) & (age < SILENCE_S)
        )
        goes_on = segment | (same & ~ended & ((age < SILENCE_S) | (duration > self._duration[rows])))
        repeated = same & ended & (age < np.where(end, REPEATED_S, OVERTAKEN_S))
        overtaken = (
            (event == self._event_before[rows])
            & (timestamp == self._timestamp_before[rows])
            & (age < OVERTAKEN_S)
        )
        begins = ~goes_on & ~repeated & ~overtaken & (event < len(DIGITS))

        fresh = rows[begins]
        self._event_before[fresh] = self._event[fresh]
        self._timestamp_before[fresh] = self._timestamp[fresh]
        self._event[fresh] = event[begins]
        self._ended[fresh] = False
        kept = begins | goes_on
        mine = rows[kept]
        self._timestamp[mine] = timestamp[kept]
        self._duration[mine] = duration[kept]
        self._ended[mine] |= end[kept]
        self.pressed[mine] = True
        seen = kept | (repeated & end)
        self._seen_at[rows[seen]] = now[seen]
        return [(int(rows[index]), DIGITS[event[index]]) for index in np.flatnonzero(begins)]

    def advance(self, rows: NDArray[np.intp], now: float, delay_s: NDArray[np.float64]) -> None:
        """Let go of the keys of `rows` that have ended or been silent for long enough.

        Parameters
        ----------
        delay_s : ndarray of shape (M,), float64
            How much later than its events each row's audio is heard.
        """
        patience = np.where(self._ended[rows], TAIL_S, SILENCE_S) + delay_s
        self.pressed[rows] = now - self._seen_at[rows] < patience


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

    def tick(self, timestamp: int, ticks: int = 1) -> Iterator[tuple[int, bool, bytes]]:
        """What this tick sends, as (timestamp, marker, payload). Nothing during the gap after a key.

        `ticks` are those of the RTP clock per sample at 8 kHz.
        """
        if not self.queue:
            return
        press = self.queue[0]
        if press.sent < press.ticks:
            marker = press.timestamp < 0
            if marker:
                press.timestamp = timestamp
            press.sent += 1
            end = press.sent == press.ticks
            payload = self._payload(press, ticks, end=end)
            yield press.timestamp, marker, payload
            if end:
                for _ in range(END_REPEATS - 1):
                    yield press.timestamp, False, payload
            return
        press.gap -= 1
        if press.gap <= 0:
            self.queue.popleft()

    @staticmethod
    def _payload(press: _Press, ticks: int, *, end: bool) -> bytes:
        duration = min(press.sent * _TICK_SAMPLES * ticks, LONGEST)
        return bytes((press.event, (0x80 if end else 0) | _VOLUME, duration >> 8, duration & 0xFF))

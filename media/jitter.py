"""The jitter buffer of all rows at once: 8-bit payload goes in at its timestamp, 20 ms frames come out on the tick.

Theory of operation
-------------------
The buffer is a ring of samples indexed by *position*: the RTP timestamp, unwrapped and counted from the first packet of
the row. So packets of any length, in any order and twice put their samples where they belong, and nothing needs to
know how long a packet is. A packet of 160 samples on the grid, nearly every one, is one row copy; the rest are
scattered sample by sample, as columns too.

All times are in samples. A packet's *transit* is its arrival minus its position; `base` is the smallest transit of late
(it leaks upward, so a slow clock is followed) and `spread` how much later than that packets come: it grows at once and
shrinks slowly. A frame is due when it has been in flight for `base + spread + MARGIN`; how much longer it waits than
`base` is the row's *delay*.

A row is EMPTY (nothing came yet), WAITING (its first packet waits for the delay to pass) or PLAYING. Each tick a playing
row takes one of these ways (`Pull` says which):

- the frame is there: played, the row moves on;
- it is not, but later ones are: lost. The gap is concealed and the row moves on;
- it is not and nothing later is: late or lost, who knows. The gap is concealed and the row *holds*. When later frames
  show that it was lost, as many frames as were held are stepped over; when it was late it is played, and the delay has
  grown by what was held: that is how the delay grows;
- the delay is a frame too long: two frames are squeezed into one, or a quiet one is left out. That is how it shrinks;
- it has been held for `HOLD_LIMIT`: the talker paused. The row is EMPTY again.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

FRAME: Final = 160
"""Samples of one tick at 8 kHz."""
RATE_HZ: Final = 8_000
SLOTS: Final = 32
"""Frames in a row's ring: 640 ms. What is further ahead than `AHEAD` is a jump of the peer's clock, not a delay."""
HISTORY: Final = 4
"""Frames behind the play position that stay readable, for concealment."""
AHEAD: Final = (SLOTS - HISTORY - 1) * FRAME
RING: Final = SLOTS * FRAME

MARGIN: Final = 16.0
"""2 ms kept above the measured spread: a tick does not begin at the exact moment it is due."""
FIRST_SPREAD: Final = 64.0
"""8 ms assumed of a line that nothing is known about: a wired phone's. More is learned with the first late packet."""
LARGEST_SPREAD: Final = 2_400.0
"""300 ms: later packets are lost; a conversation with more delay is none."""
SPREAD_DECAY: Final = 1.0 - 1.0 / 500.0
"""Per tick: a spread that is not seen again has halved after 7 s."""
BASE_LEAK: Final = 0.16
"""Samples per tick that `base` gives way upward: 1 ms/s, twice the worst clock (500 ppm)."""
HOLD_LIMIT: Final = 10
"""Frames: after 200 ms without anything the talker has paused, not the network."""
SHRINK_AFTER: Final = 50
"""Ticks (1 s) that the delay must have been too long before a frame with speech is squeezed away; a quiet one goes at once."""
BACKWARD_LIMIT: Final = 3
"""So many packets in a row from before the ring: the peer's clock jumped back."""


class State(IntEnum):
    """Of a row."""

    EMPTY = 0
    WAITING = 1
    PLAYING = 2


class Pull(NamedTuple):
    """One frame of each of the first N rows."""

    codes: NDArray[np.uint8]
    """(N, 160): meaningful where `complete`, and in part where `partial`."""
    complete: NDArray[np.bool_]
    """The whole frame is there."""
    missing: NDArray[np.intp]
    """Rows (indices) that play and lack their frame or part of it: to be concealed if anybody listens."""
    partial: NDArray[np.bool_]
    """(len(missing), 160): which samples of theirs are there all the same."""
    anchor: NDArray[np.int64]
    """(len(missing),): the position where each one's gap stands, for `history`."""
    squeeze: NDArray[np.intp]
    """Rows that now play two frames in the time of one; their `following` codes are the second."""
    following: NDArray[np.uint8]
    """(len(squeeze), 160)."""


class JitterBuffer:
    """State of R rows; see the theory above."""

    def __init__(self, rows: int) -> None:
        self._ring = np.zeros((rows, SLOTS, FRAME), np.uint8)
        self._have = np.zeros((rows, SLOTS, FRAME), np.bool_)
        self._flat = self._ring.reshape(rows, RING)
        self._flat_have = self._have.reshape(rows, RING)
        self._index = np.arange(rows)
        self.state = np.zeros(rows, np.uint8)
        self.play = np.zeros(rows, np.int64)
        """Position of the next frame to be played; always on the grid of 160."""
        self._head = np.zeros(rows, np.int64)  # end of what has come
        self._last = np.zeros(rows, np.int64)  # position of the packet that unwraps the next timestamp
        self._last_timestamp = np.zeros(rows, np.uint32)
        self._base = np.zeros(rows, np.float64)
        self._spread = np.full(rows, FIRST_SPREAD)
        self._held = np.zeros(rows, np.int16)
        self._grow = np.zeros(rows, np.bool_)
        self._excess = np.zeros(rows, np.int16)
        self._backward = np.zeros(rows, np.int16)

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self.restart(np.array([row]))
        self._spread[row] = FIRST_SPREAD

    def restart(self, rows: NDArray[np.intp]) -> None:
        """Forget what is buffered; the next packet is the first of a new run. What is known of the line stays."""
        self.state[rows] = State.EMPTY
        self._have[rows] = False
        self._held[rows] = 0
        self._grow[rows] = False
        self._excess[rows] = 0
        self._backward[rows] = 0

    def put(
        self,
        rows: NDArray[np.intp],
        timestamp: NDArray[np.uint32],
        arrival: NDArray[np.float64],
        slots: NDArray[np.uint8],
        at: NDArray[np.intp],
        start: NDArray[np.intp],
        length: NDArray[np.intp],
    ) -> NDArray[np.bool_]:
        """Store one packet of each of `rows`; M = len(rows), all different.

        Parameters
        ----------
        arrival : ndarray of shape (M,), float64
            In samples, on the same clock as `pull`'s `now`.
        slots : ndarray of shape (P, B), uint8
            Packets, whole; these M and maybe others.
        at : ndarray of shape (M,), intp
            Which of `slots` is each row's.
        start, length : ndarray of shape (M,), intp
            Where in its slot each payload lies; one byte is one sample.

        Returns
        -------
        late : ndarray of shape (M,), bool
            The packet's moment has passed: it was not stored.
        """
        position = self._positions(rows, timestamp, arrival, length)
        state = self.state[rows]
        play = self.play[rows]
        playing = state == State.PLAYING
        late: NDArray[np.bool_] = (playing & (position + length <= play)) | (~playing & (position < 0))
        self._observe(rows, position, arrival, late, playing)

        plain = (length == FRAME) & (start == start[0]) & (position % FRAME == 0) & ~late
        if plain.all():
            slot = (position // FRAME) % SLOTS
            self._ring[rows, slot] = slots[at, start[0] : start[0] + FRAME]
            self._have[rows, slot] = True
        else:
            if plain.any():
                slot = (position[plain] // FRAME) % SLOTS
                self._ring[rows[plain], slot] = slots[at[plain], start[0] : start[0] + FRAME]
                self._have[rows[plain], slot] = True
            rest = np.flatnonzero(~plain & ~late)
            if rest.size:
                oldest = np.where(playing, play, 0)[rest]
                self._scatter(rows[rest], position[rest], oldest, slots[at[rest]], start[rest], length[rest])
        head = self._head[rows]
        self._head[rows] = np.where(late, head, np.maximum(head, position + length))
        return late

    def _positions(
        self,
        rows: NDArray[np.intp],
        timestamp: NDArray[np.uint32],
        arrival: NDArray[np.float64],
        length: NDArray[np.intp],
    ) -> NDArray[np.int64]:
        """Unwrap timestamps; rows that are EMPTY or whose clock jumped begin a new run at position 0."""
        step = (timestamp - self._last_timestamp[rows]).astype(np.int32).astype(np.int64)
        position = self._last[rows] + step
        reference = np.where(self.state[rows] == State.PLAYING, self.play[rows], 0)
        started = self.state[rows] != State.EMPTY
        behind = started & (position + length < reference - RING)
        self._backward[rows] = np.where(behind, self._backward[rows] + 1, 0)
        jumped = started & (
            (position + length > reference + AHEAD) | (self._backward[rows] >= BACKWARD_LIMIT)
        )
        if jumped.any():
            self.restart(rows[jumped])
            started &= ~jumped
        if not started.all():
            new = ~started
            fresh = rows[new]
            position[new] = 0
            self.state[fresh] = State.WAITING
            self.play[fresh] = 0
            self._head[fresh] = 0
            self._base[fresh] = arrival[new]
        forward = ~behind
        kept = rows[forward]
        self._last[kept] = position[forward]
        self._last_timestamp[kept] = timestamp[forward]
        return position

    def _observe(
        self,
        rows: NDArray[np.intp],
        position: NDArray[np.int64],
        arrival: NDArray[np.float64],
        late: NDArray[np.bool_],
        playing: NDArray[np.bool_],
    ) -> None:
        """Learn the line from when these packets came."""
        transit = arrival - position
        base = np.minimum(self._base[rows], transit)
        # The part of the packet that is needed first is needed with the frame it begins in.
        lateness = transit + position % FRAME - base
        spread = np.minimum(np.maximum(self._spread[rows], lateness), LARGEST_SPREAD)
        self._base[rows] = base
        self._spread[rows] = spread
        self._grow[rows] |= late & playing

    def _scatter(
        self,
        rows: NDArray[np.intp],
        position: NDArray[np.int64],
        oldest: NDArray[np.int64],
        slots: NDArray[np.uint8],
        start: NDArray[np.intp],
        length: NDArray[np.intp],
    ) -> None:
        """Packets off the grid or of another length, sample by sample (ragged, but still columns)."""
        total = int(length.sum())
        owner = np.repeat(np.arange(len(rows)), length)
        within = np.arange(total) - np.repeat(np.cumsum(length) - length, length)
        sample = position[owner] + within
        fits = sample >= oldest[owner]
        owner, within, sample = owner[fits], within[fits], sample[fits]
        at = sample % RING
        self._flat[rows[owner], at] = slots[owner, start[owner] + within]
        self._flat_have[rows[owner], at] = True

    def pull(self, count: int, now: float, quiet: NDArray[np.uint8]) -> Pull:
        """Take one frame of each of the first `count` rows.

        Parameters
        ----------
        now : float
            The tick's time in samples.
        quiet : ndarray of shape (count,), uint8
            Each row's code of silence: what rows without a frame return.
        """
        rows = self._index[:count]
        state = self.state[:count]
        waiting = state == State.WAITING
        self._base[:count] += BASE_LEAK
        spread = self._spread[:count]
        spread *= SPREAD_DECAY
        target = self._base[:count] + (spread + MARGIN)
        if waiting.any():
            begins = waiting & (now >= target)
            state[begins] = State.PLAYING
        playing = state == State.PLAYING
        play = self.play[:count]
        wait = now - play - target  # how much longer than needed the frame has waited
        slot = (play // FRAME) % SLOTS
        complete = playing & self._have[rows, slot].all(axis=1)

        grow = self._grow[:count] & (wait < 0)
        self._grow[:count] = grow
        missing = np.flatnonzero(playing & (~complete | grow))
        if missing.size:
            missing = self._miss(missing, complete, grow)
            slot = (play // FRAME) % SLOTS

        squeeze = self._shrink(count, complete, wait)
        codes = self._ring[rows, slot]
        codes[~complete] = quiet[~complete, None]
        anchor = play[missing]
        partial = self._have[missing, slot[missing]] & ~grow[missing, None]
        if partial.any():
            codes[missing] = np.where(partial, self._ring[missing, slot[missing]], codes[missing])
        lost = missing[
            (self._head[missing] > anchor + FRAME) & ~grow[missing] & (state[missing] == State.PLAYING)
        ]
        self._pass(lost)
        following = np.zeros((0, FRAME), np.uint8)
        if squeeze.size:
            self._pass(squeeze)
            following = self._ring[squeeze, (play[squeeze] // FRAME) % SLOTS]
        self._pass(rows[complete])
        self._held[:count][complete] = 0
        return Pull(codes, complete, missing, partial, anchor, squeeze, following)

    def _miss(
        self, missing: NDArray[np.intp], complete: NDArray[np.bool_], grow: NDArray[np.bool_]
    ) -> NDArray[np.intp]:
        """Hold rows without their frame, or step over what they were held for and has proved lost.

        Returns the rows that still lack their frame; `complete` is corrected for the others, and for those that hold
        because their delay must grow, though their frame is here.
        """
        growing = missing[grow[missing]]
        complete[growing] = False
        lacking = missing[~grow[missing]]
        while True:
            beyond = self._head[lacking] > self.play[lacking] + FRAME
            step = lacking[beyond & (self._held[lacking] > 0) & ~complete[lacking]]
            if not step.size:
                break
            self._pass(step)
            self._held[step] -= 1
            complete[step] = self._have[step, (self.play[step] // FRAME) % SLOTS].all(axis=1)
        still = ~complete[lacking]
        holding = lacking[still & ~beyond]
        self._held[holding] += 1
        paused = holding[self._held[holding] > HOLD_LIMIT]
        if paused.size:
            self.restart(paused)
        return np.concatenate((lacking[still], growing))

    def _pass(self, rows: NDArray[np.intp]) -> None:
        """Move `rows` on by a frame; its place is free for the next lap of the ring."""
        self._have[rows, (self.play[rows] // FRAME) % SLOTS] = False
        self.play[rows] += FRAME

    def _shrink(self, count: int, complete: NDArray[np.bool_], wait: NDArray[np.float64]) -> NDArray[np.intp]:
        """Rows whose delay is a whole frame too long and whose next frame is here too."""
        long = complete & (wait > FRAME + MARGIN)
        excess = self._excess[:count]
        excess[~long] = 0
        if not long.any():
            return np.zeros(0, np.intp)
        excess[long] += 1
        chosen = np.flatnonzero(long)
        following = ((self.play[chosen] // FRAME) + 1) % SLOTS
        ready = self._have[chosen, following].all(axis=1)
        second = self._ring[chosen, following]
        # A constant frame is digital silence, whatever the law.
        silent = (second == second[:, :1]).all(axis=1)
        able: NDArray[np.intp] = chosen[ready & (silent | (excess[chosen] > SHRINK_AFTER))]
        return able

    def history(self, rows: NDArray[np.intp], anchor: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The `HISTORY` - 1 frames before `anchor`, as codes of shape (M, 480)."""
        frames = HISTORY - 1
        first = anchor[:, None] // FRAME - np.arange(frames, 0, -1)
        codes: NDArray[np.uint8] = self._ring[rows[:, None], first % SLOTS].reshape(len(rows), frames * FRAME)
        return codes

    def remember(self, rows: NDArray[np.intp], anchor: NDArray[np.int64], codes: NDArray[np.uint8]) -> None:
        """Put what was concealed where the lost frames would lie, so that `history` is what was heard.

        Rows that only hold are left alone: their frame may yet come.
        """
        lost = self.play[rows] > anchor
        self._ring[rows[lost], (anchor[lost] // FRAME) % SLOTS] = codes[lost]

    def delay(self, count: int, now: float) -> NDArray[np.float64]:
        """How long frames wait beyond the fastest packet, in samples; 0 for rows that do not play."""
        playing = self.state[:count] == State.PLAYING
        return np.where(playing, now - self.play[:count] - self._base[:count], 0.0)

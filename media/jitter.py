"""The jitter buffer of all rows at once: 8-bit payload goes in at its timestamp, 20 ms frames come out on the tick.

Theory of operation
-------------------
The buffer is a ring of samples indexed by *position*: the RTP timestamp, unwrapped and counted from the first packet of
the row. So packets of any length, in any order and twice put their samples where they belong, and nothing needs to
know how long a packet is. The ring is kept in blocks of 10 ms, each stamped with the number of what it holds: a stamp
that is not the number sought says "not here", and nothing is ever wiped. A packet of 160 samples on the grid, nearly every
one, is one row copy; one of any other multiple of 10 ms is a few; the rest are scattered sample by sample, as columns too.

All times are in samples. A packet's *transit* is its arrival minus its position. `fastest` is the least transit of the last
seconds and `slowest` the greatest, both over windows, so that a slow clock or another route is followed as it comes. A
frame is due when the slowest packet would be here; how much longer than `fastest` it waits is the row's *delay*.

A row is EMPTY (nothing came yet), WAITING (its first packet waits for the delay to pass) or PLAYING. Each tick a playing
row takes one of these ways (`Pull` says which):

- the frame is there: played, the row moves on;
- it is not, but later ones are: lost. The gap is concealed and the row moves on, over all of the gap at once where the
  delay is too long anyway;
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
BLOCK: Final = 80
"""Samples of 10 ms, which packet times are multiples of."""
SLOTS: Final = 32
"""Frames in a row's ring: 640 ms. What is further ahead than `AHEAD` is a jump of the peer's clock, not a delay."""
HISTORY: Final = 4
"""Frames behind the play position that stay readable, for concealment."""
AHEAD: Final = (SLOTS - HISTORY - 1) * FRAME
JUMP: Final = 800.0
"""A packet that comes 100 ms sooner than the fastest so far: no network gains that at once, the peer's clock jumped."""

MARGIN: Final = 16.0
"""2 ms kept above the slowest packet: a tick does not begin at the exact moment it is due."""
FIRST_SPREAD: Final = 64.0
"""8 ms between fastest and slowest are assumed of a line that nothing is known about: a wired phone's. More is learned
with the first late packet."""
LARGEST_SPREAD: Final = 2_400.0
"""300 ms: later packets are lost; a conversation with more delay is none."""
WINDOW_TICKS: Final = 100
"""2 s: `fastest` and `slowest` are of the present window and the one before."""
HOLD_LIMIT: Final = 10
"""Frames: after 200 ms without anything the talker has paused, not the network."""
SHRINK_AFTER: Final = 25
"""Ticks (0.5 s) from one frame with speech that is squeezed away to the next; quiet ones go at once."""
SHRINK_HASTE: Final = 4
"""Where the delay is several frames too long, they go so many times as often: every 120 ms, and 200 ms are gone in 2 s."""

_BLOCKS: Final = SLOTS * FRAME // BLOCK
_LAP: Final = SLOTS - 1  # SLOTS is a power of two: a frame's number modulo SLOTS
_NONE: Final = -1  # the stamp of a block that holds nothing
_FRAME_PIECE: Final = np.dtype((np.void, FRAME))
_SAMPLES: Final = np.arange(BLOCK)
_PAIR: Final = np.array([0, 1])


_PAIR_STEP: Final = 0x2_0000_0002
_PAIR_FIRST: Final = 0x1_0000_0000
"""The stamps of frame f's two blocks, 2f and 2f + 1, as they lie in memory (little-endian), are f steps from the first."""


class State(IntEnum):
    """Of a row."""

    EMPTY = 0
    WAITING = 1
    PLAYING = 2


_EMPTY: Final = State.EMPTY.value  # a member of an enumeration costs a microsecond each time it is named
_WAITING: Final = State.WAITING.value
_PLAYING: Final = State.PLAYING.value


class Pull(NamedTuple):
    """One frame of each of the first N rows."""

    codes: NDArray[np.uint8]
    """(N, 160): meaningful where `complete`, and in part where `partial`; silence elsewhere."""
    complete: NDArray[np.bool_]
    """The whole frame is there."""
    missing: NDArray[np.intp]
    """Rows (indices) that play and lack their frame or part of it: to be concealed if anybody listens."""
    partial: NDArray[np.bool_]
    """(len(missing), 160): which samples of theirs are there all the same."""
    anchor: NDArray[np.int64]
    """(len(missing),): the frame where each one's gap stands, for `history`."""
    squeeze: NDArray[np.intp]
    """Rows that now play two frames in the time of one; their `following` codes are the second."""
    following: NDArray[np.uint8]
    """(len(squeeze), 160)."""


class JitterBuffer:
    """State of R rows; see the theory above."""

    def __init__(self, rows: int) -> None:
        self.silence = np.zeros(rows, np.uint8)
        """Each row's code of silence."""
        self._frames = np.zeros((rows * SLOTS, FRAME), np.uint8)
        self._blocks = self._frames.reshape(rows * _BLOCKS, BLOCK)
        self._pieces = self._frames.view(_FRAME_PIECE)[
            :, 0
        ]  # each frame as one thing, which is copied as one
        self._stamps = np.full(rows * _BLOCKS, _NONE, np.int32)  # which block of its row each holds whole
        self._pairs = self._stamps.view(np.int64)  # the same, two blocks at a time: which frame
        self._flags = np.zeros(
            (rows * _BLOCKS, BLOCK), np.bool_
        )  # of blocks that came in odd pieces: what is there
        self._flagged = np.full(rows * _BLOCKS, _NONE, np.int32)  # which block the flags are of
        self._first_slot = np.arange(rows) * SLOTS
        self.state = np.zeros(rows, np.uint8)
        self.play = np.zeros(rows, np.int64)
        """Number of the next frame to be played."""
        self._head = np.zeros(rows, np.int64)  # end of what has come, in samples
        self._last = np.zeros(rows, np.int64)  # position of the packet that unwraps the next timestamp
        self._last_timestamp = np.zeros(rows, np.uint32)
        self._fastest = np.zeros(rows, np.float64)
        self._slowest = np.zeros(rows, np.float64)
        self._fastest_now = np.full(rows, np.inf)  # in the present window
        self._slowest_now = np.full(rows, -np.inf)
        self._least_spread = np.full(rows, FIRST_SPREAD)  # known from before, until the windows know better
        self._ticks = 0
        self._held = np.zeros(rows, np.int16)
        self._grow = np.zeros(rows, np.bool_)
        self._excess = np.zeros(rows, np.int16)

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self.restart(np.array([row]))
        self._fastest[row] = self._slowest[row] = 0.0
        self._least_spread[row] = FIRST_SPREAD

    def restart(self, rows: NDArray[np.intp]) -> None:
        """Forget what is buffered; the next packet is the first of a new run. What is known of the line stays."""
        self.state[rows] = _EMPTY
        for stamps in (self._stamps, self._flagged):
            stamps.reshape(-1, _BLOCKS)[rows] = _NONE
        self._held[rows] = 0
        self._grow[rows] = False
        self._excess[rows] = 0
        spread = np.minimum(self._slowest[rows] - self._fastest[rows], LARGEST_SPREAD)
        self._least_spread[rows] = np.maximum(self._least_spread[rows], spread)

    def _here(self, rows: NDArray[np.intp] | slice, frame: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where in the ring these frames of these rows lie."""
        return self._first_slot[rows] + (frame & _LAP)

    # In --------------------------------------------------------------------------------------------------------

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
        position = self._last[rows] + (timestamp - self._last_timestamp[rows]).view(np.int32)
        transit = arrival - position
        end = position + length
        state = self.state[rows]
        play = self.play[rows]
        begins = (state == _EMPTY) | (end > play * FRAME + AHEAD) | (transit < self._fastest[rows] - JUMP)
        if begins.any():
            self._begin(rows[begins], arrival[begins])
            position[begins] = 0
            play[begins] = 0
            transit, end = arrival - position, position + length
        self._last[rows] = position
        self._last_timestamp[rows] = timestamp
        frame, within = np.divmod(position, FRAME)
        late: NDArray[np.bool_] = (end <= play * FRAME) | (position < 0)
        self._observe(rows, transit, within)
        head = self._head[rows]
        if not late.any():
            self._head[rows] = np.maximum(head, end)
            if (length == FRAME).all() and not within.any() and (start == start[0]).all():
                here = self._here(rows, frame)
                payloads = np.ndarray(
                    len(slots), _FRAME_PIECE, slots.data, offset=int(start[0]), strides=slots.strides[:1]
                )
                self._pieces[here] = payloads[at]
                self._pairs[here] = frame * _PAIR_STEP + _PAIR_FIRST
                return late
        else:
            self._head[rows] = np.where(late, head, np.maximum(head, end))
            self._grow[rows] |= late & (state == _PLAYING)
        kept = (~late).nonzero()[0]
        self._store(rows[kept], position[kept], play[kept], slots, at[kept], start[kept], length[kept])
        return late

    def _begin(self, rows: NDArray[np.intp], arrival: NDArray[np.float64]) -> None:
        """A new run, whose first packet has position 0."""
        self.restart(rows[self.state[rows] != _EMPTY])
        self.state[rows] = _WAITING
        self.play[rows] = 0
        self._head[rows] = 0
        self._fastest[rows] = self._fastest_now[rows] = arrival
        self._slowest[rows] = self._slowest_now[rows] = arrival
        before = self._first_slot[rows, None] + np.arange(SLOTS - HISTORY + 1, SLOTS)
        self._frames[before] = self.silence[rows, None, None]

    def _observe(
        self, rows: NDArray[np.intp], transit: NDArray[np.float64], within: NDArray[np.int64]
    ) -> None:
        """Learn the line from when these packets came."""
        fastest = np.minimum(self._fastest[rows], transit)
        self._fastest[rows] = fastest
        self._fastest_now[rows] = np.minimum(self._fastest_now[rows], transit)
        # The part of the packet that is needed first is needed with the frame it begins in.
        needed = transit + within
        needed[needed - fastest > LARGEST_SPREAD] = -np.inf
        self._slowest[rows] = np.maximum(self._slowest[rows], needed)
        self._slowest_now[rows] = np.maximum(self._slowest_now[rows], needed)

    def _store(
        self,
        rows: NDArray[np.intp],
        position: NDArray[np.int64],
        play: NDArray[np.int64],
        slots: NDArray[np.uint8],
        at: NDArray[np.intp],
        start: NDArray[np.intp],
        length: NDArray[np.intp],
    ) -> None:
        """Packets of any length: whole blocks at a time where they lie on the grid of blocks."""
        ordinary = (position % BLOCK == 0) & (length % BLOCK == 0)
        which = ordinary.nonzero()[0]
        first = position[which] // BLOCK
        count = length[which] // BLOCK
        for piece in range(int(count.max(initial=0))):
            number = first + piece
            has = (count > piece) & (number >= 2 * play[which])
            mine, number = which[has], number[has]
            here = rows[mine] * _BLOCKS + number % _BLOCKS
            self._blocks[here] = slots[at[mine, None], start[mine, None] + (_SAMPLES + BLOCK * piece)]
            self._stamps[here] = number
        odd = (~ordinary).nonzero()[0]
        if odd.size:
            self._scatter(rows[odd], position[odd], play[odd], slots[at[odd]], start[odd], length[odd])

    def _scatter(
        self,
        rows: NDArray[np.intp],
        position: NDArray[np.int64],
        play: NDArray[np.int64],
        slots: NDArray[np.uint8],
        start: NDArray[np.intp],
        length: NDArray[np.intp],
    ) -> None:
        """Packets off the grid, sample by sample (ragged, but still columns)."""
        owner, within = _ragged(length)
        sample = position[owner] + within
        fits = sample >= play[owner] * FRAME
        owner, within, sample = owner[fits], within[fits], sample[fits]
        number = sample // BLOCK
        here = rows[owner] * _BLOCKS + number % _BLOCKS
        begins = (np.diff(here, prepend=_NONE)).nonzero()[
            0
        ]  # where each block that is touched has its first sample
        touched, numbers = here[begins], number[begins].astype(np.int32)
        anew = self._flagged[touched] != numbers
        self._flags[touched[anew]] = False
        self._flagged[touched] = numbers
        self._blocks[here, sample % BLOCK] = slots[owner, start[owner] + within]
        self._flags[here, sample % BLOCK] = True
        whole = self._flags[touched].all(axis=1)
        self._stamps[touched[whole]] = numbers[whole]

    # Out -------------------------------------------------------------------------------------------------------

    def pull(self, count: int, now: float) -> Pull:
        """Take one frame of each of the first `count` rows; `now` is the tick's time in samples."""
        self._ticks += 1
        if self._ticks % WINDOW_TICKS == 0:
            self._next_window()
        state, play = self.state[:count], self.play[:count]
        fastest = self._fastest[:count]
        target = np.maximum(self._slowest[:count], fastest + self._least_spread[:count])
        np.minimum(target, fastest + LARGEST_SPREAD, out=target)
        target += MARGIN
        state[(state == _WAITING) & (now >= target)] = _PLAYING
        playing = state == _PLAYING
        wait = now - play * FRAME - target  # how much longer than needed the frame has waited
        here = self._here(slice(count), play)
        complete = self._pairs[here] == (play * _PAIR_STEP + _PAIR_FIRST)
        complete &= playing

        grow = self._grow[:count]
        if grow.any():
            grow &= wait < 0
        missing = (playing & (~complete | grow)).nonzero()[0]
        if missing.size:
            missing = self._miss(missing, complete, grow, wait)
            here = self._here(slice(count), play)

        squeeze = self._shrink(complete, wait)
        codes = self._pieces.take(here).view(np.uint8).reshape(count, FRAME)
        if not complete.all():
            absent = (~complete).nonzero()[0]
            codes[absent] = self.silence[absent, None]
        anchor = play[missing]
        partial = np.zeros((len(missing), FRAME), np.bool_)
        if missing.size:
            gone = (self._head[missing] > (anchor + 1) * FRAME) & ~grow[missing]
            lost = missing[gone]
            # A frame that is only held is not played in part: it is played when it is whole.
            partial[gone] = there = self._partial(lost)
            codes[lost] = np.where(there, self._frames[here[lost]], codes[lost])
            self._frames[here[lost]] = codes[lost]  # what the ring's last lap left there is no history
            play[lost] += 1
        following = np.zeros((0, FRAME), np.uint8)
        if squeeze.size:
            play[squeeze] += 1
            following = self._frames[self._here(squeeze, play[squeeze])]
        play += complete
        self._held[:count][complete] = 0
        return Pull(codes, complete, missing, partial, anchor, squeeze, following)

    def _next_window(self) -> None:
        """What was the present window is the one before."""
        seen = (self._fastest_now < np.inf).nonzero()[0]
        self._fastest[seen] = self._fastest_now[seen]
        self._slowest[seen] = self._slowest_now[seen]
        self._fastest_now[seen] = np.inf
        self._slowest_now[seen] = -np.inf
        self._least_spread[seen] /= 2.0

    def _miss(
        self,
        missing: NDArray[np.intp],
        complete: NDArray[np.bool_],
        grow: NDArray[np.bool_],
        wait: NDArray[np.float64],
    ) -> NDArray[np.intp]:
        """Hold rows without their frame, or step over what they were held for and has proved lost.

        Returns the rows that still lack their frame; `complete` is corrected for the others, and for those that hold
        because their delay must grow, though their frame is here.
        """
        growing = missing[grow[missing]]
        complete[growing] = False
        lacking = missing[~grow[missing]]
        while True:
            beyond = self._head[lacking] > (self.play[lacking] + 1) * FRAME
            longer = (self._held[lacking] > 0) | (wait[lacking] > FRAME)
            step = lacking[beyond & longer & ~complete[lacking]]
            if not step.size:
                break
            self._frames[self._here(step, self.play[step])] = self.silence[step, None]
            self.play[step] += 1
            wait[step] -= FRAME
            self._held[step] -= self._held[step] > 0
            here = self._here(step, self.play[step])
            complete[step] = self._pairs[here] == (self.play[step] * _PAIR_STEP + _PAIR_FIRST)
        still = ~complete[lacking]
        holding = lacking[still & ~beyond]
        self._held[holding] += 1
        paused = holding[self._held[holding] > HOLD_LIMIT]
        if paused.size:
            self.restart(paused)
        return np.concatenate((lacking[still], growing))

    def _partial(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which samples of frames that are not whole are there; (len(rows), 160)."""
        number = 2 * self.play[rows, None] + _PAIR
        here = rows[:, None] * _BLOCKS + number % _BLOCKS
        number = number.astype(np.int32)
        flags = self._flags[here] & (self._flagged[here] == number)[..., None]
        there: NDArray[np.bool_] = flags | (self._stamps[here] == number)[..., None]
        return there.reshape(len(rows), FRAME)

    def _shrink(self, complete: NDArray[np.bool_], wait: NDArray[np.float64]) -> NDArray[np.intp]:
        """Rows whose delay is a whole frame too long and whose next frame is here too."""
        excess = self._excess[: len(complete)]
        long = complete & (wait > FRAME + MARGIN)
        excess *= long
        chosen = long.nonzero()[0]
        if not chosen.size:
            return chosen
        excess[chosen] += np.minimum((wait[chosen] - MARGIN) // FRAME, SHRINK_HASTE).astype(np.int16)
        number = self.play[chosen] + 1
        here = self._here(chosen, number)
        second = self._frames[here]
        # A constant frame is digital silence, whatever the law.
        silent = (second == second[:, :1]).all(axis=1)
        able: NDArray[np.intp] = chosen[
            (self._pairs[here] == (number * _PAIR_STEP + _PAIR_FIRST))
            & (silent | (excess[chosen] >= SHRINK_AFTER))
        ]
        excess[able] = 0
        return able

    def history(self, rows: NDArray[np.intp], anchor: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The `HISTORY` - 1 frames before frame `anchor`, as codes of shape (M, 480)."""
        frames = HISTORY - 1
        before = anchor[:, None] - np.arange(frames, 0, -1)
        codes: NDArray[np.uint8] = self._frames[self._here(rows[:, None], before)]
        return codes.reshape(len(rows), frames * FRAME)

    def remember(self, rows: NDArray[np.intp], anchor: NDArray[np.int64], codes: NDArray[np.uint8]) -> None:
        """Put what was concealed where the lost frames would lie, so that `history` is what was heard.

        Rows that only hold are left alone: their frame may yet come.
        """
        lost = self.play[rows] > anchor
        self._frames[self._here(rows[lost], anchor[lost])] = codes[lost]

    def delay(self, rows: NDArray[np.intp], now: float) -> NDArray[np.float64]:
        """How long the frames of `rows` wait beyond the fastest packet, in samples; 0 for rows that do not play.

        Asked after the `pull` at `now`: the frame at `play` is the next tick's.
        """
        playing = self.state[rows] == _PLAYING
        return np.where(playing, now + FRAME - self.play[rows] * FRAME - self._fastest[rows], 0.0)


def _ragged(length: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """For pieces of these lengths laid end to end: which piece each sample is of, and its place within."""
    owner = np.repeat(np.arange(len(length)), length)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(length) - length, length)
    return owner, within

"""The jitter buffer of all rows at once: payload goes in at its timestamp, 20 ms come out on every tick, from any sample on.

Theory of operation
-------------------
The *position* of a sample is its RTP timestamp, unwrapped and counted from the first packet of the row's run. Packets of
any length, in any order and twice put their samples where they belong in a ring (`ring`). All times are in samples at
8 kHz. `play` is the position of the next sample to be played. How long a row should wait for its packets, `delay` knows:
a position is *due* when all but the rarest packets with it have come. The frame of a tick must be there to its end, so the
best a row can do is play the newest packet that is due, from its beginning: that is its *goal*. Being on the goal the row
stays there, on the packets' own grid, frame by frame, as long as the line stays what it is.

A row is EMPTY (nothing is played), WAITING (its first packet is not due yet) or PLAYING. Each tick the frame of a playing
row is there, which is nearly always so, or the row is in *trouble*: part of the frame is not there, or what came before it
was not. Then the tick is composed of up to three parts (`Trouble`): the `lead`, which is made up; the `run`, which is
there; and the rest, which is made up as well. A *gap* begins where the first sample is missing. The row stays there (`play`)
while `gap` counts what has been made up instead, so that `play` + `gap` is where it would be in time. When something comes,
the row goes on

- in time, if its delay is enough: what came too late is passed over, what was lost was as long as it was;
- with what comes first, or as near to it as it needs, if the target of its delay has grown. That is how delay grows at once;
- or it has been `HOLD_LIMIT`, and nothing: the talker paused, and the row is EMPTY. A peer that announces its pause with
  comfort noise (RFC 3389) has none of this: the row is EMPTY when it has played what came before. Where the next packet's
  number tells that none is missing, the gap was a pause as well, if a short one: no loss is counted, nothing led up to.
  That is told from numbers, which every peer must count, and not from the marker (RFC 3551 section 4.1), which it should set.

Otherwise a row that is not on its goal changes by and by, and here it is only said by how much it would like to
(`Pull.wish`). Who makes sound of it (`repair`) takes out or puts in a period of the voice where it is not heard, and
says what it did (`shift`); rows that nobody hears change for nothing (`slide`).

A few rows must keep to the grid of frames, for somebody looks at each of their frames (`steady`). They change by
whole frames only.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from media.delay import LARGEST, RATE_HZ, DelayTarget
from media.ring import BLOCK, FRAME, SLOTS, Ring

__all__ = ["FRAME", "HISTORY", "RATE_HZ", "JitterBuffer", "Pull", "State", "Trouble"]

HISTORY: Final = 480
"""Samples before the play position that stay readable, for concealment: three frames."""
AHEAD: Final = (SLOTS - 5) * FRAME
"""What is further ahead of the play position is a jump of the peer's clock, not a delay."""
JUMP: Final = 800.0
"""A packet that comes 100 ms sooner than the quickest so far: no network gains that at once, the peer's clock jumped."""
LARGEST_SPREAD: Final = LARGEST
HOLD_LIMIT: Final = 10
"""Frames: after 200 ms without anything the talker has paused, not the network."""
SLACK: Final = 24.0
"""3 ms beyond the next packet's being due: a row that is nearly on its goal does not go back and forth."""
OVERTAKEN: Final = 480
"""60 ms: after a pause, packets that lie no further before the first that came belong to what is said now."""
STEP: Final = 120
"""15 ms, the most that `repair` takes out or puts in at a time: the longest period of a voice."""

_NOWHERE: Final = np.iinfo(np.int64).max


class State(IntEnum):
    """Of a row."""

    EMPTY = 0
    WAITING = 1
    PLAYING = 2


_EMPTY: Final = State.EMPTY.value  # a member of an enumeration costs a microsecond each time it is named
_WAITING: Final = State.WAITING.value
_PLAYING: Final = State.PLAYING.value


class Trouble(NamedTuple):
    """M rows of which part of the frame, or what came before it, is missing."""

    rows: NDArray[np.intp]
    gap_at: NDArray[np.int64]
    """Where each one's gap began, or begins with this frame: what lies before it is good."""
    made: NDArray[np.int64]
    """Samples that have been made up since, 0 where the frame before was good."""
    lead: NDArray[np.int64]
    """Samples to be made up at the beginning of the frame, 0 to 160."""
    at: NDArray[np.int64]
    """Where the row goes on behind them."""
    run: NDArray[np.int64]
    """Samples that are there, from `at` on; what is left of the frame is made up too."""
    returns: NDArray[np.int64]
    """Where the next samples that are there begin behind the frame's last gap; -1: nobody knows."""
    skipped: NDArray[np.int64]
    """Position minus time: what is passed over (more) or lingered on (less, delay grows) when the row goes on."""
    free: NDArray[np.bool_]
    """The row may linger a little longer still if that sounds better."""
    ends: NDArray[np.bool_]
    """The talker pauses: there is silence after this frame."""
    unsaid: NDArray[np.bool_]
    """Nothing was sent in the gap that the frame begins with: there is nothing to be led up to."""

    def some(self, which: NDArray[np.intp]) -> Trouble:
        """Some of the rows."""
        return Trouble(
            self.rows[which], self.gap_at[which], self.made[which], self.lead[which], self.at[which],
            self.run[which], self.returns[which], self.skipped[which], self.free[which], self.ends[which], self.unsaid[which],
        )  # fmt: skip


class Wish(NamedTuple):
    """M rows whose delay is not what it should be."""

    rows: NDArray[np.intp]
    samples: NDArray[np.int64]
    """What should be taken out; negative: put in."""
    ahead: NDArray[np.int64]
    """How many samples are there behind the frame."""

    def some(self, which: NDArray[np.intp]) -> Wish:
        """Some of the rows."""
        return Wish(self.rows[which], self.samples[which], self.ahead[which])


class Pull(NamedTuple):
    """One frame of each of the first N rows."""

    codes: NDArray[np.uint8]
    """(N, 160): meaningful where `complete`, and in part where there is trouble; silence elsewhere."""
    complete: NDArray[np.bool_]
    """The whole frame is there, and so was the one before."""
    start: NDArray[np.int64]
    """(N,): the position of each complete frame."""
    trouble: Trouble
    wish: Wish


_NO_ROWS: Final = np.zeros(0, np.intp)
_NO_SAMPLES: Final = np.zeros(0, np.int64)
_NO_TROUBLE: Final = Trouble(
    _NO_ROWS,
    gap_at=_NO_SAMPLES,
    made=_NO_SAMPLES,
    lead=_NO_SAMPLES,
    at=_NO_SAMPLES,
    run=_NO_SAMPLES,
    returns=_NO_SAMPLES,
    skipped=_NO_SAMPLES,
    free=np.zeros(0, np.bool_),
    ends=np.zeros(0, np.bool_),
    unsaid=np.zeros(0, np.bool_),
)
_NO_WISH: Final = Wish(_NO_ROWS, _NO_SAMPLES, _NO_SAMPLES)


class JitterBuffer:
    """State of R rows; see the theory above."""

    def __init__(self, rows: int) -> None:
        self.silence = np.zeros(rows, np.uint8)
        """Each row's code of silence."""
        self.ring = Ring(rows)
        self._delay = DelayTarget(rows)
        self.state = np.zeros(rows, np.uint8)
        self.play = np.zeros(rows, np.int64)
        """Position of the next sample to be played."""
        self.runs = np.zeros(rows, np.int64)
        """How often positions have begun anew at 0."""
        self.steady = np.zeros(rows, np.bool_)
        """The row keeps to the grid of frames."""
        self.pausing = np.zeros(rows, np.bool_)
        """The row is EMPTY because its peer said that it pauses."""
        self._ready = np.zeros(rows, np.int64)  # everything from `play` to here is there, and maybe more
        self._head = np.zeros(rows, np.int64)  # end of what has come
        self._gap = np.zeros(rows, np.int64)
        self.made = np.zeros(rows, np.int64)
        """Samples made up since the last that was there."""
        self._unsaid_from = np.zeros(rows, np.int64)  # between these nothing was sent, without a word
        self._unsaid_to = np.zeros(rows, np.int64)
        self._stopped = np.zeros(rows, np.int64)  # what lies before this has been played, or passed over
        self._last = np.zeros(rows, np.int64)  # position of the packet that unwraps the next timestamp
        self._last_timestamp = np.zeros(rows, np.uint32)
        self._length = np.zeros(rows, np.intp)  # of the last packet; 0: the row's clock is not known
        self._grid = np.full(rows, FRAME)  # what ticks and packets have in common
        self._astray = np.zeros(rows, np.bool_)  # the row plays off its packets' grid, or is in a gap
        self._some_wait = False
        self._pauses_at = np.full(rows, _NOWHERE)  # nothing is said from here on

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        rows = np.array([row])
        self.restart(rows)
        self._delay.clear(rows)
        self.steady[row] = False

    def keep_steady(self, row: int, *, on: bool) -> None:
        """The row is to keep to the grid of frames, or no more."""
        self.steady[row] = on
        if on:
            self.play[row] -= self.play[row] % FRAME

    def restart(self, rows: NDArray[np.intp]) -> None:
        """Forget what is buffered; the next packet is the first of a new run. What is known of the line stays."""
        self._stop(rows)
        self.made[rows] = 0
        self.ring.forget(rows)
        self._length[rows] = 0

    def _stop(self, rows: NDArray[np.intp]) -> None:
        """Nothing more is to be played."""
        self.state[rows] = _EMPTY
        self._gap[rows] = 0
        self._astray[rows] = False
        self.pausing[rows] = False
        self._pauses_at[rows] = _NOWHERE

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
        *,
        follows: NDArray[np.bool_] | None = None,
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
        follows : ndarray of shape (M,), bool
            No packet is missing right before this one: where there is a gap, the talker paused without a word.

        Returns
        -------
        late : ndarray of shape (M,), bool
            The packet's moment has passed: it was not stored.
        """
        position, late = self._place(rows, timestamp, arrival, length, follows)
        if not np.count_nonzero(late):
            frame = position // FRAME
            odd = (length != FRAME) | (start != start[0])
            odd |= frame * FRAME != position
            if not np.count_nonzero(odd):
                self.ring.put_frames(rows, frame, slots, at, int(start[0]))
                return late
            self.ring.put(rows, position, self.play[rows], slots, at, start, length)
        else:
            kept = (~late).nonzero()[0]
            mine = rows[kept]
            self.ring.put(mine, position[kept], self.play[mine], slots, at[kept], start[kept], length[kept])
        return late

    def note(
        self,
        rows: NDArray[np.intp],
        timestamp: NDArray[np.uint32],
        arrival: NDArray[np.float64],
        length: NDArray[np.intp],
        *,
        follows: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """As `put`, of packets that are kept elsewhere (`decoded`): `length` is in samples.

        Returns
        -------
        position : ndarray of shape (M,), int64
            Where each packet begins.
        late : ndarray of shape (M,), bool
        """
        position, late = self._place(rows, timestamp, arrival, length, follows)
        ordinary = (position % BLOCK == 0) & (length % BLOCK == 0)
        whole = (ordinary & ~late).nonzero()[0]
        self.ring.mark_blocks(rows[whole], position[whole], length[whole])
        for which in (~ordinary & ~late).nonzero()[0].tolist():
            self.ring.mark(int(rows[which]), int(position[which]), int(length[which]))
        return position, late

    def supply(self, row: int, position: int, length: int) -> bool:
        """What was missing from `position` on is here after all; False where its moment has passed, or it is not wanted."""
        if position < self.play[row] + self._gap[row] or self.state[row] == _EMPTY or position < 0:
            return False
        self.ring.mark(row, position, length)
        if position <= self._ready[row] < position + length:
            self._ready[row] = position + length
        return True

    def _place(
        self,
        rows: NDArray[np.intp],
        timestamp: NDArray[np.uint32],
        arrival: NDArray[np.float64],
        length: NDArray[np.intp],
        follows: NDArray[np.bool_] | None,
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Where these packets' samples belong, and which of them come too late."""
        position = self._last[rows] + (timestamp - self._last_timestamp[rows]).view(np.int32)
        transit = arrival - position
        end = position + length
        play = self.play[rows]
        early = transit - self._delay.base[rows]
        playing = self.state[rows] != _EMPTY
        begins = (end > play + AHEAD) | (early < -JUMP)
        if np.count_nonzero(playing) < len(rows) or np.count_nonzero(begins):
            begins &= playing | (early < -JUMP)
            begins |= self._length[rows] == 0
            begins |= ~playing & (early > LARGEST_SPREAD)
            wakes = ~playing & ~begins & (end > play)
            self._wake(rows[wakes], position[wakes])
            self._begin(rows[begins], arrival[begins])
            position[begins] = 0
            play = self.play[rows]
            transit, end = arrival - position, position + length
        if self._some_wait:
            self._precede(rows, position)
            play = self.play[rows]
        self._last[rows] = position
        self._last_timestamp[rows] = timestamp
        if np.count_nonzero(length != self._length[rows]):
            self._length[rows] = length
            self._grid[rows] = np.gcd(length, FRAME)
        self._delay.observe(rows, transit, arrival)
        late: NDArray[np.bool_] = (end <= play) | (position < 0)
        ready, head = self._ready[rows], self._head[rows]
        if not np.count_nonzero((position != ready) | (head != ready) | late):
            self._ready[rows] = end
            self._head[rows] = end
        else:
            if follows is not None:
                paused = (follows & (position > head)).nonzero()[0]
                if paused.size:
                    self._unsaid_from[rows[paused]] = head[paused]
                    self._unsaid_to[rows[paused]] = position[paused]
            self._ready[rows] = np.where((position <= ready) & (end > ready) & ~late, end, ready)
            self._head[rows] = np.where(late, head, np.maximum(head, end))
        return position, late

    def _begin(self, rows: NDArray[np.intp], arrival: NDArray[np.float64]) -> None:
        """A new run, whose first packet has position 0."""
        self.restart(rows)
        self.ring.fill(rows, self.silence[rows])
        self.play[rows] = self._ready[rows] = self._head[rows] = self._stopped[rows] = 0
        self._unsaid_to[rows] = 0
        self.runs[rows] += 1
        self._delay.begin(rows, arrival)
        self.state[rows] = _WAITING
        self._some_wait = True

    def _wake(self, rows: NDArray[np.intp], position: NDArray[np.int64]) -> None:
        """The talker goes on after a pause, on the clock that he had."""
        self._pauses_at[rows] = _NOWHERE
        self.made[rows[self.pausing[rows]]] = 0  # nothing was lost; after an outage the voice is faded in
        self.pausing[rows] = False
        self._stopped[rows] = self.play[rows]
        self.play[rows] = self._ready[rows] = self._head[rows] = np.maximum(position, self.play[rows])
        self.state[rows] = _WAITING
        self._some_wait = True

    def _precede(self, rows: NDArray[np.intp], position: NDArray[np.int64]) -> None:
        """Let rows that wait begin with what the first packets that came had overtaken."""
        waiting = (self.state[rows] == _WAITING).nonzero()[0]
        mine, first = rows[waiting], position[waiting]
        ahead = self.play[mine] - first
        sooner = (ahead > 0) & (ahead <= OVERTAKEN) & (first >= self._stopped[mine])
        mine = mine[sooner]
        self.play[mine] = self._ready[mine] = first[sooner]

    def pause(self, rows: NDArray[np.intp], timestamp: NDArray[np.uint32]) -> None:
        """The peers of `rows` say that from here on there is nothing but comfort noise (RFC 3389)."""
        position = self._last[rows] + (timestamp - self._last_timestamp[rows]).view(np.int32)
        known = self.state[rows] != _EMPTY
        self._pauses_at[rows[known]] = position[known]
        self.pausing[rows[~known]] = True

    # Out -------------------------------------------------------------------------------------------------------

    def pull(self, count: int, now: float) -> Pull:
        """Take one frame of each of the first `count` rows; `now` is the tick's time in samples."""
        self._delay.advance(count)
        play = self.play[:count]
        spare = now - self._delay.due[:count]
        spare -= play
        if self._some_wait:
            self._start(count, spare)
        playing = self.state[:count] == _PLAYING
        end = play + FRAME
        complete = self._ready[:count] >= end
        complete &= playing
        astray = self._astray[:count]
        look = complete != playing
        look |= astray
        look |= playing & ((spare < 0) | (spare >= FRAME))
        start = play.copy()
        trouble, wish = _NO_TROUBLE, _NO_WISH
        codes = self.ring.frames(slice(count), start)
        which = look.nonzero()[0]
        if which.size:
            late = ~complete[which] | (self.made[which] > 0)
            if np.count_nonzero(late):
                trouble = self._trouble(which[late], spare, complete)
                which = which[complete[which]]
                end[which] = self.play[which] + FRAME
            wish = self._wish(which, spare)
        np.copyto(play, end, where=complete)
        absent = (~complete).nonzero()[0]
        if absent.size:
            codes[absent] = self.silence[absent, None]
            self._show(trouble, codes)
        return Pull(codes, complete, start, trouble, wish)

    def _start(self, count: int, spare: NDArray[np.float64]) -> None:
        """Let waiting rows whose time has come play."""
        waiting = self.state[:count] == _WAITING
        begins = (waiting & (spare >= FRAME - self._grid[:count])).nonzero()[0]
        self.state[begins] = _PLAYING
        self._astray[begins] = True  # after a pause a packet may lie anywhere
        self._some_wait = bool((self.state == _WAITING).any())

    def _goal(self, rows: NDArray[np.intp], due: NDArray[np.float64]) -> NDArray[np.int64]:
        """The beginning of the newest packet of which all that a tick needs is due; `due` is the newest position that is."""
        grid = self._grid[rows]
        first = self._last[rows] % grid
        steps = np.floor((due - (FRAME - grid) - first) / grid)
        goal: NDArray[np.int64] = steps.astype(np.int64) * grid + first
        return goal

    def _wish(self, rows: NDArray[np.intp], spare: NDArray[np.float64]) -> Wish:
        """By how much rows that play whole frames would like to change."""
        play = self.play[rows]
        due = spare[rows] + play
        late = self._goal(rows, due) - play
        early = self._goal(rows, due - SLACK) - play
        samples = np.where(late < 0, late, np.maximum(early, 0))
        self._astray[rows] = (late % self._grid[rows]) != 0
        samples[self.steady[rows] & (np.abs(samples) < FRAME)] = 0
        wants = samples.nonzero()[0]
        mine = rows[wants]
        short = (self._head[mine] > self._ready[mine]).nonzero()[0]
        if short.size:
            again = mine[short]
            self._ready[again] = self.ring.run(again, self.play[again] + FRAME, there=True)
        return Wish(mine, samples[wants], self._ready[mine] - play[wants] - FRAME)

    def _trouble(
        self,
        rows: NDArray[np.intp],
        spare: NDArray[np.float64],
        complete: NDArray[np.bool_],
    ) -> Trouble:
        """Compose the frames of rows that lack samples, and move them on; see the theory.

        `complete` is set right for rows that turn out to have all.
        """
        play, gap = self.play[rows], self._gap[rows]
        # Later packets may have come first, and what is there has not been looked at since.
        stale = (self._head[rows] > self._ready[rows]) | (self._ready[rows] < play)
        self._ready[rows[stale]] = self.ring.run(rows[stale], play[stale], there=True)
        fine = (self.made[rows] == 0) & (self._ready[rows] >= play + FRAME)
        if fine.any():
            complete[rows[fine]] = True
            rows, play, gap = rows[~fine], play[~fine], gap[~fine]
        complete[rows] = False
        if not rows.size:
            return _NO_TROUBLE
        made, steady = self.made[rows], self.steady[rows]
        in_time = play + gap
        goal = self._goal(rows, spare[rows] + play)
        begin = np.clip(goal, play, in_time)
        begin[steady] -= (begin - play)[steady] % FRAME
        comes = self._next(rows, begin)
        lead = np.minimum(comes - begin, FRAME)
        at = begin + lead
        until = self.ring.run(rows, at, there=True)
        run = np.minimum(until - at, FRAME - lead)
        run[steady & (run < FRAME)] = 0
        lead[run == 0] = FRAME
        found = comes < _NOWHERE
        stands = run == 0
        at[stands] = begin[stands] + FRAME
        rest = FRAME - lead - run
        goes_on = ~stands
        trouble_gap = np.where(goes_on, rest, np.where(found, begin + FRAME - play, gap + FRAME))
        unsaid = (play >= self._unsaid_from[rows]) & (play < self._unsaid_to[rows])
        missed = goes_on & (at > play) & (made + lead > 0) & ~unsaid
        if missed.any():
            self._delay.miss(
                rows[missed], (at - play)[missed] / np.maximum(self._length[rows[missed]], BLOCK)
            )
        self._gap[rows] = trouble_gap
        self.made[rows] = np.where(goes_on, rest, made + FRAME)
        self.play[rows] = np.where(goes_on, at + run, play)
        self._ready[rows[goes_on]] = until[goes_on]
        self._astray[rows] = True
        over = goes_on & (rest > 0)
        returns = np.where(found & (lead > 0), comes, _NOWHERE)
        if over.any():
            returns[over] = self._next(rows[over], (at + run)[over])
        returns[returns == _NOWHERE] = -1
        announced = (self._pauses_at[rows] <= play) & (self._pauses_at[rows] >= self._head[rows])
        silent = stands & ~found & (announced | (trouble_gap > HOLD_LIMIT * FRAME))
        if silent.any():
            quiet = rows[silent]
            self._stop(quiet)
            self.pausing[quiet] = announced[silent]
        free = goes_on & (made > 0) & (begin < in_time) & ~steady
        return Trouble(rows, play, made, lead, at, run, returns, begin - in_time, free, silent, unsaid)

    def _next(self, rows: NDArray[np.intp], position: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where the first sample from `position` on lies that is there, or nowhere."""
        comes = np.full(len(rows), _NOWHERE)
        more = (self._head[rows] > position).nonzero()[0]
        if more.size:
            comes[more] = self.ring.run(rows[more], position[more], there=False)
        return comes

    def _show(self, trouble: Trouble, codes: NDArray[np.uint8]) -> None:
        """Enter what rows in trouble have of their frames."""
        some = (trouble.run > 0).nonzero()[0]
        if some.size:
            rows, lead, run = trouble.rows[some], trouble.lead[some], trouble.run[some]
            place = np.arange(FRAME)
            there = (place >= lead[:, None]) & (place < (lead + run)[:, None])
            good = self.ring.frames(rows, trouble.at[some] - lead)
            codes[rows] = np.where(there, good, codes[rows])

    # Changes ---------------------------------------------------------------------------------------------------

    def shift(self, rows: NDArray[np.intp], samples: NDArray[np.int64]) -> None:
        """So many samples of the frame just pulled were taken out (more than a frame was played), or put in (negative)."""
        self.play[rows] += samples
        self._astray[rows] = True

    def slide(self, wish: Wish) -> None:
        """Give these rows, whom nobody hears, what they wish."""
        samples = np.clip(wish.samples, -FRAME, wish.ahead)
        steady = self.steady[wish.rows]
        samples[steady] -= np.fmod(samples[steady], FRAME)
        self.shift(wish.rows, samples)

    def packet_samples(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """How long the last packet of each of `rows` was; 0 where none has come."""
        return self._length[rows]

    def delay(self, rows: NDArray[np.intp], now: float) -> NDArray[np.float64]:
        """How long the samples of `rows` wait beyond the quickest packet, in samples; 0 for rows that do not play.

        Asked after the `pull` at `now`: the sample at `play` is the next tick's.
        """
        playing = self.state[rows] == _PLAYING
        waits = now + FRAME - (self.play[rows] + self._gap[rows]) - self._delay.quickest(rows)
        return np.where(playing, waits, 0.0)

"""From what came to what is heard: the frames of rows, with what is missing made up, in the time that the line leaves.

The jitter buffer says what is there and what each row's delay should be (`jitter.Pull`); here sound is made of it, only
for rows that somebody wants to hear. What was lost is gone on with from the last that came (dsp/conceal.py), and towards
what follows where that is known; what comes after is faded in over it. Where delay should change, a period of the voice is
taken out or put in where it is like the next one (dsp/stretch.py); where the row is quiet, any number of samples. Rows that
nobody hears change for nothing.

All this is the same at any sample rate. A `Repair` serves the rows of one *band* and takes their samples from a `Source`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from dsp.conceal import AHEAD, conceal, find_period
from dsp.stretch import LIKE, LONGEST, SHORTEST, Stretched, lengthen, shorten
from media import laws
from media.jitter import FRAME, HISTORY, STEP, JitterBuffer, Pull, Trouble, Wish
from media.streams import Streams

MERGE: Final = 40
"""5 ms: what is there is faded in over what was made up before it."""
CALM_DB: Final = np.float32(32.0)
"""A frame so much softer than the voice of its line is a pause, where delay may change freely."""
CALM_SINKS_DB: Final = np.float32(0.02)
"""Per frame: after a loud word the voice is thought to be softer again by 1 dB a second."""
QUIET_PEAK: Final = 64
"""Magnitude of samples below which what is passed over is nothing: 54 dB below full scale."""
PATIENCE: Final = 10
"""Frames (200 ms) of speech between two changes of delay, where it is nearly right."""
WORTH_IT: Final = 40
"""5 ms: while somebody speaks, less is left as it is."""
ALIKE: Final = 0.93
"""The likeness asked for where there is no haste; where there is, `LIKE` will do."""
PAUSE_COMES: Final = 75
"""Frames (1.5 s) for which a pause is waited for before a voice is changed, where the delay is nearly right."""
HASTE: Final = 480
"""Where the delay is 60 ms more wrong than by a frame, every frame is changed."""


class Source(Protocol):
    """Where the samples of rows are, by position; positions and sizes are in samples at 8 kHz, whatever the band."""

    band: int
    """Samples per sample at 8 kHz: 1, 2 or 6."""

    def frames(self, rows: NDArray[np.intp], pull: Pull) -> NDArray[np.int16]:
        """The frames of this tick, (M, 160 * band); of rows in trouble anything."""

    def read(self, rows: NDArray[np.intp], start: NDArray[np.int64], size: int) -> NDArray[np.int16]:
        """`size` samples from `start` on, (M, size * band); anything where nothing came and nothing was written."""

    def write(
        self,
        rows: NDArray[np.intp],
        start: NDArray[np.int64],
        samples: NDArray[np.int16],
        only: NDArray[np.bool_],
    ) -> None:
        """Keep what was made up, (M, S * band), where `only`, (M, S), says so: it is read as history from now on."""


class CodeSource:
    """Samples of G.711: codes in the jitter buffer's ring."""

    band = 1

    def __init__(self, jitter: JitterBuffer, a_law: NDArray[np.bool_]) -> None:
        self._ring = jitter.ring
        self._a_law = a_law

    def frames(self, rows: NDArray[np.intp], pull: Pull) -> NDArray[np.int16]:
        """See `Source`."""
        return laws.decode(pull.codes[rows], self._a_law[rows])

    def read(self, rows: NDArray[np.intp], start: NDArray[np.int64], size: int) -> NDArray[np.int16]:
        """See `Source`."""
        return laws.decode(self._ring.codes(rows, start, size), self._a_law[rows])

    def write(
        self,
        rows: NDArray[np.intp],
        start: NDArray[np.int64],
        samples: NDArray[np.int16],
        only: NDArray[np.bool_],
    ) -> None:
        """See `Source`."""
        self._ring.write(rows, start, laws.encode(samples, self._a_law[rows]), only)


class Repair:
    """State of R rows between ticks; those are served whose samples `source` has."""

    def __init__(self, streams: Streams, jitter: JitterBuffer, source: Source) -> None:
        rows = streams.capacity
        self._streams = streams
        self._jitter = jitter
        self._source = source
        self._band = source.band
        self._period = np.zeros(rows, np.intp)  # of the voice before the gap
        self._looked_at = np.full(rows, -1)  # where that gap began
        self._lasts = np.zeros(rows, np.int64)  # how long it is, where that is known
        self._known_at = np.zeros(rows, np.int64)  # how much had been made up when it was
        self._voice = np.full(rows, -100.0, np.float32)  # dBov; how loud the row is when it is loud
        self._rests = np.zeros(rows, np.int64)  # the frame from which on delay may change again
        self._wished = np.full(rows, -1)  # the last frame in which the row wished anything
        self._tick = 0

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self._looked_at[row] = -1
        self._voice[row] = -100.0
        self._rests[row] = 0

    def settle(self, rows: NDArray[np.intp], pull: Pull) -> None:
        """The tick is over; of its rows, `rows` were asked for with `samples`, and the others were heard by nobody."""
        self._tick += 1
        if pull.wish.rows.size:
            others = np.flatnonzero(~np.isin(pull.wish.rows, rows))
            if others.size:
                self._slide(pull.wish.some(others))

    def _slide(self, wish: Wish) -> None:
        """Change the delay of rows that nobody hears, but pass over nothing that might be heard next."""
        ahead = self._source.read(wish.rows, self._jitter.play[wish.rows], FRAME)
        magnitude = np.abs(ahead.astype(np.int32)).max(axis=1)
        may = np.flatnonzero((wish.samples < 0) | (magnitude <= QUIET_PEAK))
        self._jitter.slide(wish.some(may))

    def note(self, rows: NDArray[np.intp], levels_dbov: NDArray[np.float32]) -> None:
        """So loud were these rows in this tick."""
        self._voice[rows] = np.maximum(levels_dbov, self._voice[rows] - CALM_SINKS_DB)

    def going_on(self, row: int) -> NDArray[np.int16]:
        """What the row would say next if it lost a frame now; (1, 160 * band)."""
        rows = np.array([row])
        unknown = np.zeros(1, np.int64)
        return self._conceal(rows, self._jitter.play[rows], self._jitter.made[rows], FRAME, unknown, unknown)

    def samples(self, rows: NDArray[np.intp], pull: Pull) -> NDArray[np.int16]:
        """The frames of `rows`, with gaps repaired, and longer or shorter where their delay should change."""
        frames = self._source.frames(rows, pull)
        if pull.trouble.rows.size:
            here, there = _common(rows, pull.trouble.rows)
            if here.size:
                frames[here] = self._mend(pull.trouble.some(there))
        if pull.wish.rows.size:
            here, there = _common(rows, pull.wish.rows)
            if here.size:
                self._stretch(here, pull.wish.some(there), pull, frames)
        return frames

    # Gaps ------------------------------------------------------------------------------------------------------

    def _mend(self, trouble: Trouble) -> NDArray[np.int16]:
        """The frames of rows in trouble."""
        rows, band = trouble.rows, self._band
        frames = np.zeros((len(rows), FRAME * band), np.int16)
        time = np.arange(FRAME * band)
        lead, run, at = trouble.lead, trouble.run, trouble.at
        # What led up to what comes now is continued by it, and nothing is made up any more.
        joined = (self._looked_at[rows] == trouble.gap_at) & (self._lasts[rows] == trouble.made)
        joined &= (trouble.made > 0) & (trouble.skipped == 0) & (lead == 0)
        bridges = ((trouble.made > 0) | (lead > 0)) & ~joined
        old = bridges.nonzero()[0]
        made = np.zeros((len(rows), (FRAME + STEP + MERGE) * band), np.int16)
        if old.size:
            size = FRAME + (STEP + MERGE if bool(run[old].any()) else 0)
            returns = np.where(lead > 0, trouble.made + lead, 0)
            long = (lead == FRAME) & (run == 0)
            returns[long] += (trouble.returns - at)[long]
            returns[(run == 0) & (trouble.returns < 0)] = 0
            after = np.where(run > 0, at, trouble.returns)
            made[old, : size * band] = self._conceal(
                rows[old], trouble.gap_at[old], trouble.made[old], size, after[old], returns[old]
            )
        goes_on = run > 0
        lead, run = self._linger(trouble, made, lead, run)
        if goes_on.any():
            which = goes_on.nonzero()[0]
            good = self._source.read(rows[which], at[which] - lead[which], FRAME).astype(np.float32)
            kept = (time - band * lead[which, None] + 1) / np.float32(MERGE * band + 1)
            kept[~bridges[which]] = 1.0
            kept = np.clip(kept, 0.0, 1.0).astype(np.float32)
            before = made[which, : FRAME * band]
            frames[which] = np.rint(before + kept * (good - before)).astype(np.int16)
        still = (~goes_on).nonzero()[0]
        frames[still] = made[still, : FRAME * band]
        moved = ((trouble.skipped < 0) & (lead > 0)).nonzero()[0]
        if moved.size:  # what was made up before belongs before what is made up now
            to = at[moved] - lead[moved]
            before = self._source.read(rows[moved], to - trouble.skipped[moved] - HISTORY, HISTORY)
            self._keep(rows[moved], to - HISTORY, before, np.ones((len(moved), HISTORY), np.bool_))
        self._keep(rows, at - lead, frames, time[::band] < lead[:, None])
        merged = np.flatnonzero(goes_on & bridges)
        if merged.size:  # the seam was heard as it is here, not as it came
            since = time[::band] - lead[merged, None]
            begin = at[merged] - lead[merged]
            self._source.write(rows[merged], begin, frames[merged], (since >= 0) & (since < MERGE))
        over = np.flatnonzero(goes_on & (lead + run < FRAME))
        if over.size:
            self._begin_gap(over, trouble, lead + run, frames)
        self._streams.concealed[rows] += (lead > 0) | (lead + run < FRAME)
        return frames

    def _linger(
        self, trouble: Trouble, made: NDArray[np.int16], lead: NDArray[np.int64], run: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Let rows whose delay may grow go on with what is made up until it is like what follows."""
        able = (trouble.free & (lead == 0) & (run >= FRAME)).nonzero()[0]
        if not able.size:
            return lead, run
        band = self._band
        width = MERGE * band
        good = self._source.read(trouble.rows[able], trouble.at[able], MERGE).astype(np.float32)
        views = np.lib.stride_tricks.sliding_window_view(
            made[able, : (STEP // 2 + MERGE) * band].astype(np.float32), width, axis=1
        )[:, ::band]
        product = np.matmul(views, good[:, :, None])[..., 0]
        energy = np.einsum("ijk,ijk->ij", views, views)
        likeness = product / np.sqrt(np.maximum(energy, 1.0))
        longer = likeness.argmax(axis=1)
        lead, run = lead.copy(), run.copy()
        lead[able] = longer
        run[able] = FRAME - longer
        self._jitter.shift(trouble.rows[able], -longer)
        return lead, run

    def _begin_gap(
        self, over: NDArray[np.intp], trouble: Trouble, until: NDArray[np.int64], frames: NDArray[np.int16]
    ) -> None:
        """Fill the ends of frames in which a gap begins behind `until`."""
        rows, begin, band = trouble.rows[over], until[over], self._band
        gap_at, after = trouble.at[over] + trouble.run[over], trouble.returns[over]
        lasts = np.where(after < 0, 0, after - gap_at)
        made = self._conceal(rows, gap_at, np.zeros(len(rows), np.int64), FRAME, after, lasts)
        time = np.arange(FRAME * band) - begin[:, None] * band
        tail = np.take_along_axis(made, np.maximum(time, 0), axis=1)
        frames[over] = np.where(time >= 0, tail, frames[over])
        self._keep(rows, gap_at - begin, frames[over], time[:, ::band] >= 0)

    def _keep(
        self,
        rows: NDArray[np.intp],
        start: NDArray[np.int64],
        frames: NDArray[np.int16],
        made: NDArray[np.bool_],
    ) -> None:
        """Remember what was made up where nothing came, so that history is what was heard."""
        some = np.flatnonzero(made.any(axis=1))
        if some.size:
            which, begin = rows[some], start[some]
            only = made[some] & ~self._jitter.ring.there(which, begin, made.shape[1])
            self._source.write(which, begin, frames[some], only)

    def _conceal(
        self,
        rows: NDArray[np.intp],
        gap_at: NDArray[np.int64],
        made: NDArray[np.int64],
        size: int,
        after: NDArray[np.int64],
        lasts: NDArray[np.int64],
    ) -> NDArray[np.int16]:
        """What is made up for gaps, from as far as it has come.

        Parameters
        ----------
        gap_at, made : ndarray of shape (M,), int64
            Where each gap began, and how much has been made up for it.
        after : ndarray of shape (M,), int64
            Where what comes after it begins.
        lasts : ndarray of shape (M,), int64
            How long it lasts in all, if that is known; 0 where not.
        """
        band = self._band
        before = self._source.read(rows, gap_at - HISTORY, HISTORY)
        fresh = np.flatnonzero(self._looked_at[rows] != gap_at)
        if fresh.size:
            mine = rows[fresh]
            self._looked_at[mine] = gap_at[fresh]
            self._period[mine] = find_period(before[fresh], band=band)
            self._lasts[mine] = 0
        known = np.flatnonzero(lasts)
        if not known.size:
            return conceal(before, made * band, size * band, periods=self._period[rows], band=band)
        there = self._jitter.ring.run(rows[known], after[known], there=True) - after[known]
        lasts = lasts.copy()
        lasts[known[there < AHEAD]] = 0
        news = np.flatnonzero(lasts != self._lasts[rows])
        self._lasts[rows[news]], self._known_at[rows[news]] = lasts[news], made[news]
        known = np.flatnonzero(lasts)
        ahead = np.zeros((len(rows), AHEAD * band), np.int16)
        ahead[known] = self._source.read(rows[known], after[known], AHEAD)
        return conceal(
            before,
            made * band,
            size * band,
            periods=self._period[rows],
            band=band,
            ahead=ahead,
            ahead_gap=lasts * band,
            ahead_from=self._known_at[rows] * band,
        )

    # Delay -----------------------------------------------------------------------------------------------------

    def _stretch(self, here: NDArray[np.intp], wish: Wish, pull: Pull, frames: NDArray[np.int16]) -> None:
        """Make the frames `here` longer or shorter, as `wish` says, where it is not heard."""
        calm = _level_dbov(frames[here]) < self._voice[wish.rows] - CALM_DB
        begins = wish.rows[self._wished[wish.rows] < self._tick - 1]
        self._rests[begins] = np.maximum(self._rests[begins], self._tick + PAUSE_COMES)
        self._wished[wish.rows] = self._tick
        wrong = np.abs(wish.samples)
        may = calm | ((self._rests[wish.rows] <= self._tick) & (wrong >= WORTH_IT)) | (wrong > 2 * FRAME)
        may &= ~self._jitter.steady[wish.rows]
        most = np.minimum(wish.samples, wish.ahead)
        for change, which in (
            (shorten, (may & (most >= SHORTEST)).nonzero()[0]),
            (lengthen, (may & (wish.samples < 0)).nonzero()[0]),
        ):
            if which.size:
                self._change(change, here[which], wish.some(which), calm[which], pull, frames)

    def _change(
        self,
        change: Callable[..., Stretched],
        here: NDArray[np.intp],
        wish: Wish,
        calm: NDArray[np.bool_],
        pull: Pull,
        frames: NDArray[np.int16],
    ) -> None:
        """Shorten or lengthen the frames `here` where that is hardly heard; where a row is quiet, anyway."""
        rows = wish.rows
        if change is shorten:
            start, most = pull.start[rows], np.minimum(np.minimum(wish.samples, wish.ahead), LONGEST)
        else:
            start, most = pull.start[rows] - LONGEST, np.full(len(rows), LONGEST)
        haste = np.clip((np.abs(wish.samples) - FRAME) / HASTE, 0.0, 1.0)
        made = change(self._source.read(rows, start, FRAME + LONGEST), most, band=self._band)
        done = (calm | (made.likeness >= ALIKE - (ALIKE - LIKE) * haste)).nonzero()[0]
        if not done.size:
            return
        rows, samples = rows[done], made.samples[done]
        frames[here[done]] = made.frames[done]
        self._rests[rows] = self._tick + (PATIENCE * (1.0 - haste[done])).astype(np.int64)
        self._jitter.shift(rows, samples if change is shorten else -samples)
        counter = self._streams.accelerated if change is shorten else self._streams.expanded
        counter[rows] += samples.astype(np.uint32)


def _level_dbov(frames: NDArray[np.int16]) -> NDArray[np.float32]:
    power = np.einsum("ij,ij->i", frames, frames, dtype=np.float32) / frames.shape[1]
    level: NDArray[np.float32] = 10.0 * np.log10(np.maximum(power, 1e-3) / np.float32(32_768.0**2))
    return level


def _common(rows: NDArray[np.intp], some: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices into `rows` and into `some` of what both have."""
    _, here, there = np.intersect1d(rows, some, assume_unique=True, return_indices=True)
    return here, there

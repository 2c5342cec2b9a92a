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

from dsp.conceal import AHEAD, HISTORY, conceal
from dsp.stretch import LIKE, LONGEST, SHORTEST, Stretched, lengthen, shorten
from media import laws
from media.jitter import FRAME, STEP, JitterBuffer, Pull, Trouble, Wish
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
        self._looked_at = np.full(rows, -1)  # where the last gap began
        self._lasts = np.zeros(rows, np.int64)  # how long it is, where that is known
        self._known_at = np.zeros(rows, np.int64)  # how much had been made up when it was
        self._voice = np.full(rows, -100.0, np.float32)  # dBov; how loud the row is when it is loud
        self._rests = np.zeros(rows, np.int64)  # the frame from which on delay may change again
        self._wished = np.full(rows, -1)  # the last frame in which the row wished anything
        self._sinking = np.linspace(1.0, 0.0, FRAME * source.band, endpoint=False, dtype=np.float32)
        self._place = np.full(rows, -1)  # where each row is among others, while that is needed
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
            self._place[rows] = 0
            others = (self._place[pull.wish.rows] < 0).nonzero()[0]
            self._place[rows] = -1
            if others.size:
                self._slide(pull.wish.some(others))

    def _slide(self, wish: Wish) -> None:
        """Change the delay of rows that nobody hears, but pass over nothing that might be heard next."""
        may = wish.samples < 0
        over = (~may).nonzero()[0]
        if over.size:
            rows = wish.rows[over]
            ahead = self._source.read(rows, self._jitter.play[rows], FRAME)
            may[over] = (ahead.max(axis=1) <= QUIET_PEAK) & (ahead.min(axis=1) >= -QUIET_PEAK)
        self._jitter.slide(wish.some(may.nonzero()[0]))

    def note(self, rows: NDArray[np.intp], levels_dbov: NDArray[np.float32]) -> None:
        """So loud were these rows in this tick."""
        self._voice[rows] = np.maximum(levels_dbov, self._voice[rows] - CALM_SINKS_DB)

    def going_on(self, row: int) -> NDArray[np.int16]:
        """What the row would say next if it lost a frame now; (1, 160 * band)."""
        rows = np.array([row])
        unknown = np.zeros(1, np.int64)
        return self._conceal(rows, self._jitter.play[rows], self._jitter.made[rows], unknown, unknown)

    def samples(self, rows: NDArray[np.intp], pull: Pull) -> NDArray[np.int16]:
        """The frames of `rows`, with gaps repaired, and longer or shorter where their delay should change."""
        frames = self._source.frames(rows, pull)
        troubled, wishes = pull.trouble.rows.size > 0, pull.wish.rows.size > 0
        if troubled or wishes:
            self._place[rows] = np.arange(len(rows))
            if troubled:
                there, here = self._among(pull.trouble.rows)
                if here.size:
                    frames[here] = self._mend(pull.trouble.some(there))
            if wishes:
                there, here = self._among(pull.wish.rows)
                if here.size:
                    self._stretch(here, pull.wish.some(there), pull, frames)
            self._place[rows] = -1
        return frames

    def _among(self, some: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Which of `some` rows are noted in `_place`, and what is noted there."""
        place = self._place[some]
        there = (place >= 0).nonzero()[0]
        return there, place[there]

    # Gaps ------------------------------------------------------------------------------------------------------

    def _mend(self, trouble: Trouble) -> NDArray[np.int16]:
        """The frames of rows in trouble."""
        rows, band = trouble.rows, self._band
        lead, run, at = trouble.lead, trouble.run, trouble.at
        goes_on = run > 0
        # What led up to what comes now is continued by it, and nothing is made up any more.
        joined = (self._looked_at[rows] == trouble.gap_at) & (self._lasts[rows] == trouble.made)
        joined &= (trouble.made > 0) & (trouble.skipped == 0) & (lead == 0)
        bridges = ((trouble.made > 0) | (lead > 0)) & ~joined
        ends_in_gap = goes_on & (lead + run < FRAME)
        # What is before that gap may first have to be made up itself.
        at_once, later = (ends_in_gap & ~bridges).nonzero()[0], (ends_in_gap & bridges).nonzero()[0]
        frames, tails = self._made_up(trouble, bridges.nonzero()[0], at_once)
        lead, run = self._linger(trouble, frames, lead, run)
        which = goes_on.nonzero()[0]
        if which.size:
            good = self._source.read(rows[which], at[which] - lead[which], FRAME).astype(np.float32)
            since = np.arange(1, FRAME * band + 1) - band * lead[which, None]
            kept = since / np.float32(MERGE * band + 1)
            kept[~bridges[which]] = 1.0
            kept = np.minimum(np.maximum(kept, 0.0), 1.0).astype(np.float32)
            before = frames[which]
            frames[which] = np.rint(before + kept * (good - before)).astype(np.int16)
        self._remember(trouble, lead, goes_on & bridges, frames)
        if at_once.size:
            self._end_in_gap(trouble, at_once, tails, frames)
        if later.size:
            _, tails = self._made_up(trouble, later[:0], later)
            self._end_in_gap(trouble, later, tails, frames)
        if np.count_nonzero(trouble.ends):
            frames[trouble.ends] = np.rint(frames[trouble.ends] * self._sinking).astype(np.int16)
        self._streams.concealed[rows] += (lead > 0) | ends_in_gap
        return frames

    def _made_up(
        self, trouble: Trouble, bridged: NDArray[np.intp], begun: NDArray[np.intp]
    ) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """What is made up for gaps that frames begin in, as frames of all rows, and for those that they end in, of these.

        Both are asked for together: a question costs more than a row.
        """
        frames = np.zeros((len(trouble.rows), FRAME * self._band), np.int16)
        if not (bridged.size or begun.size):
            return frames, frames
        one = trouble.some(bridged)
        lasts = np.where(one.lead > 0, one.made + one.lead, 0)
        stands = one.run == 0
        long = (one.lead == FRAME) & stands
        lasts[long] += (one.returns - one.at)[long]
        lasts[stands & (one.returns < 0)] = 0
        lasts[one.unsaid] = 0
        gap_at, made, after = one.gap_at, one.made, np.where(stands, one.returns, one.at)
        if begun.size:
            gap_at = np.concatenate((gap_at, (trouble.at + trouble.run)[begun]))
            made = np.concatenate((made, np.zeros(len(begun), np.int64)))
            after = np.concatenate((after, trouble.returns[begun]))
            lasts = np.concatenate((lasts, np.where(after < 0, 0, after - gap_at)[len(bridged) :]))
        which = np.concatenate((bridged, begun))
        sound = self._conceal(trouble.rows[which], gap_at, made, after, lasts)
        frames[bridged] = sound[: len(bridged)]
        return frames, sound[len(bridged) :]

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

    def _end_in_gap(
        self, trouble: Trouble, over: NDArray[np.intp], made: NDArray[np.int16], frames: NDArray[np.int16]
    ) -> None:
        """Fill the ends of the frames `over`, in which a gap begins, with the beginning of what is `made` up for it."""
        begin = (trouble.lead + trouble.run)[over]
        time = np.arange(FRAME * self._band) - begin[:, None] * self._band
        tail = np.take_along_axis(made, np.maximum(time, 0), axis=1)
        frames[over] = np.where(time >= 0, tail, frames[over])
        rows, start = trouble.rows[over], (trouble.at - trouble.lead)[over]
        only = (time[:, :: self._band] >= 0) & ~self._jitter.ring.there(rows, start, FRAME)
        self._source.write(rows, start, frames[over], only)

    def _remember(
        self,
        trouble: Trouble,
        lead: NDArray[np.int64],
        merged: NDArray[np.bool_],
        frames: NDArray[np.int16],
    ) -> None:
        """Keep what was made up where nothing came, and the seam as it is here, so that history is what was heard."""
        moved = ((trouble.skipped < 0) & (lead > 0)).nonzero()[0]
        if moved.size:  # what was made up before belongs before what is made up now
            rows, to = trouble.rows[moved], (trouble.at - lead)[moved]
            before = self._source.read(rows, to - trouble.skipped[moved] - HISTORY, HISTORY)
            only = ~self._jitter.ring.there(rows, to - HISTORY, HISTORY)
            self._source.write(rows, to - HISTORY, before, only)
        which = ((lead > 0) | merged).nonzero()[0]
        if which.size:
            rows, start = trouble.rows[which], (trouble.at - lead)[which]
            since = np.arange(FRAME) - lead[which, None]
            only = (since < 0) & ~self._jitter.ring.there(rows, start, FRAME)
            only |= merged[which, None] & (since >= 0) & (since < MERGE)
            self._source.write(rows, start, frames[which], only)

    def _conceal(
        self,
        rows: NDArray[np.intp],
        gap_at: NDArray[np.int64],
        made: NDArray[np.int64],
        after: NDArray[np.int64],
        lasts: NDArray[np.int64],
    ) -> NDArray[np.int16]:
        """A frame of what is made up for gaps, from as far as it has come.

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
        fresh = rows[self._looked_at[rows] != gap_at]
        self._lasts[fresh] = 0
        self._looked_at[rows] = gap_at
        known = lasts.nonzero()[0]
        if known.size:
            there = self._jitter.ring.run(rows[known], after[known], there=True) - after[known]
            lasts = lasts.copy()
            lasts[known[there < AHEAD]] = 0
            news = (lasts != self._lasts[rows]).nonzero()[0]
            self._lasts[rows[news]], self._known_at[rows[news]] = lasts[news], made[news]
            known = lasts.nonzero()[0]
        if not known.size:
            return conceal(before, made * band, FRAME * band, band=band)
        if known.size == len(rows):
            ahead = self._source.read(rows, after, AHEAD)
        else:
            ahead = np.zeros((len(rows), AHEAD * band), np.int16)
            ahead[known] = self._source.read(rows[known], after[known], AHEAD)
        return conceal(
            before,
            made * band,
            FRAME * band,
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

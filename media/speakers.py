"""Who is heard: from the frames that came, the few rows of each room whose audio goes into its mix.

Most rows are silent most of the time, and a silent row is recognised by its codes without being decoded. What is left is
decoded, repaired where packets are missing, measured, and the loudest few of each room are chosen: those who speak
before those who only make noise, and whoever holds a place keeps it unless another is clearly louder. A row that
gains or loses its place in the middle of a sound is faded within the frame, so nobody hears a click; one that leaves the
room in the middle of a sound goes on for a frame, as if it had lost it, and sinks away.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp import g711
from dsp.conceal import conceal, find_period, recover
from dsp.gain import ramp
from dsp.level import FLOOR_START_DBOV, LEAST_SPEECH_DBOV, SILENCE_DBOV, hold_levels, rms_dbov, speech_step
from dsp.mix import choose_loudest
from dsp.stretch import squeeze
from media.jitter import FRAME, HISTORY, JitterBuffer, Pull
from media.rooms import NO_SLOT
from media.streams import Streams

LOUDEST: Final = 6
"""Rows heard at once in a room. More voices than this are noise to a listener, and six let a laugh be heard."""
SPEECH_BONUS_DB: Final = np.float32(30.0)
"""Speech is preferred to steady noise up to this much louder; a steady tone with the room to itself is still heard."""
RECOVERY_SAMPLES: Final = 40
"""5 ms: the first good frame after a gap is faded in over what concealed the gap."""
SEAM_SAMPLES: Final = 20
"""2.5 ms: where a part of a frame came, it is faded into what stands for the rest."""


class Heard(NamedTuple):
    """The rows that go into the mixes of this tick, sorted by room."""

    rows: NDArray[np.intp]
    frames: NDArray[np.int16]
    """(T, 160)."""
    departed: list[tuple[int, NDArray[np.int16]]]
    """What is left of rows that were being heard and are gone: the room's slot, and (160,) samples."""


class Speakers:
    """State of R rows between ticks."""

    def __init__(self, streams: Streams, jitter: JitterBuffer) -> None:
        rows = streams.capacity
        self._streams = streams
        self._jitter = jitter
        self.a_law = np.zeros(rows, np.bool_)
        """The row speaks PCMA; otherwise PCMU."""
        self.slot = np.zeros(rows, np.int32)
        """The row's room, as a slot of `rooms`."""
        self._floor = np.full(rows, FLOOR_START_DBOV, np.float32)
        self._hangover = np.zeros(rows, np.int16)
        self._held = np.full(rows, SILENCE_DBOV, np.float32)
        self._heard = np.zeros(rows, np.bool_)
        self._suppressed = np.zeros(rows, np.bool_)  # sounded last tick, and nobody heard it
        self._gap = np.zeros(rows, np.int32)  # samples concealed so far, 0 where the last frame was good
        self._period = np.zeros(rows, np.intp)  # of the voice before the gap
        self._before = np.zeros((rows, (HISTORY - 1) * FRAME), np.uint8)  # what came before the gap
        self._departed: list[tuple[int, NDArray[np.int16]]] = []

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self._floor[row] = FLOOR_START_DBOV
        self._hangover[row] = 0
        self._held[row] = SILENCE_DBOV
        self._heard[row] = False
        self._suppressed[row] = False
        self._gap[row] = 0

    def leave(self, row: int) -> None:
        """The row is about to leave its room; what it was saying there sinks away, and what it says elsewhere fades in."""
        if self._heard[row]:
            which = np.array([row])
            gap = self._gap[which]
            before = self._before[which] if gap[0] else self._jitter.history(which, self._jitter.play[which])
            going_on = conceal(self._decode(which, before), gap, FRAME)
            self._departed.append((int(self.slot[row]), ramp(going_on, 1.0, 0.0)[0]))
        self._heard[row] = False
        self._suppressed[row] = True

    def room_emptied(self, slot: int) -> None:
        """Nobody is there to hear who left it."""
        self._departed = [departed for departed in self._departed if departed[0] != slot]

    def tick(self, count: int, pull: Pull, pressed: NDArray[np.bool_], *, both_laws: bool) -> Heard:
        """Choose among the first `count` rows.

        Parameters
        ----------
        pressed : ndarray of shape (count,), bool
            A key is down: its tone, if any, must not reach the others.
        both_laws : bool
            Some row speaks PCMA.
        """
        streams = self._streams
        loud = ~g711.quiet(pull.codes, g711.Law.MU)
        if both_laws:
            loud = np.where(self.a_law[:count], ~g711.quiet(pull.codes, g711.Law.A), loud)
        in_room = self.slot[:count] != NO_SLOT
        may_speak = in_room & ~streams.muted[:count] & ~pressed
        sounds = in_room & (loud | (self._hangover[:count] > 0))
        rows = (sounds | self._heard[:count]).nonzero()[0]
        streams.level_dbov[:count] = SILENCE_DBOV
        streams.speaking[:count] = False
        departed, self._departed = self._departed, []
        if not rows.size:
            self._settle(count, pull)
            return Heard(rows, np.zeros((0, FRAME), np.int16), departed)

        frames = self._samples(rows, pull)
        levels = rms_dbov(frames)
        active, self._floor[rows], self._hangover[rows] = speech_step(
            levels, self._floor[rows], self._hangover[rows]
        )
        held = hold_levels(levels, self._held[rows])
        streams.level_dbov[rows] = levels
        allowed = may_speak[rows]
        streams.speaking[rows] = active & allowed
        was = self._heard[rows]
        candidates = (allowed & (active | (held >= LEAST_SPEECH_DBOV))).nonzero()[0]
        chosen = np.zeros(len(rows), np.bool_)
        rooms = self.slot[rows[candidates]]
        if candidates.size > LOUDEST and np.bincount(rooms).max() > LOUDEST:
            rank = held[candidates] + active[candidates].astype(np.float32) * SPEECH_BONUS_DB
            chosen[candidates] = choose_loudest(rank, rooms, LOUDEST, was[candidates])
        else:
            chosen[candidates] = True
        fresh = chosen & ~was & self._suppressed[rows]
        self._settle(count, pull)
        self._held[rows] = held
        self._heard[rows] = chosen
        self._suppressed[rows] = ~chosen & (levels > LEAST_SPEECH_DBOV)
        audible = (chosen | was).nonzero()[0]
        fading = fresh | (was & ~chosen)
        if fading.any():
            turns = fading.nonzero()[0]
            frames[turns] = ramp(
                frames[turns], was[turns].astype(np.float32), chosen[turns].astype(np.float32)
            )
        order = audible[self.slot[rows[audible]].argsort(kind="stable")]
        return Heard(rows[order], frames[order], departed)

    def _settle(self, count: int, pull: Pull) -> None:
        """Make every row one that made no sound; of the others what is remembered is entered after."""
        self._gap[:count][pull.complete] = 0
        self._heard[:count] = False
        self._suppressed[:count] = False
        self._held[:count] = SILENCE_DBOV

    def _samples(self, rows: NDArray[np.intp], pull: Pull) -> NDArray[np.int16]:
        """Decode the frames of `rows`, repair gaps, squeeze two frames into one where the delay shrinks."""
        frames = self._decode(rows, pull.codes[rows])
        if pull.missing.size:
            self._conceal(rows, frames, pull)
        recovering = ((self._gap[rows] > 0) & pull.complete[rows]).nonzero()[0]
        if recovering.size:
            which = rows[recovering]
            synthetic = self._go_on(which, RECOVERY_SAMPLES)
            frames[recovering] = recover(synthetic, frames[recovering], RECOVERY_SAMPLES)
        if pull.squeeze.size:
            here, there = _common(rows, pull.squeeze)
            if here.size:
                second = self._decode(rows[here], pull.following[there])
                frames[here], _ = squeeze(np.concatenate((frames[here], second), axis=1))
        return frames

    def _conceal(self, rows: NDArray[np.intp], frames: NDArray[np.int16], pull: Pull) -> None:
        here, there = _common(rows, pull.missing)
        if not here.size:
            return
        which, anchor = rows[here], pull.anchor[there]
        begins = which[self._gap[which] == 0]
        if begins.size:
            before = self._jitter.history(begins, anchor[self._gap[which] == 0])
            self._before[begins] = before
            self._period[begins] = find_period(self._decode(begins, before))
        repaired = self._go_on(which, FRAME)
        partial = pull.partial[there]
        pieces = np.flatnonzero(partial.any(axis=1))
        if pieces.size:
            kept = _seams(partial[pieces], after_gap=self._gap[which[pieces]] > 0)
            made = repaired[pieces]
            repaired[pieces] = np.rint(made + kept * (frames[here[pieces]].astype(np.float32) - made))
        frames[here] = repaired
        # A frame that ends with what came is no gap that has to be come back from.
        self._gap[which] = np.where(partial[:, -1], 0, self._gap[which] + FRAME)
        self._streams.concealed[which] += 1
        self._jitter.remember(which, anchor, self._encode(which, repaired))

    def _go_on(self, rows: NDArray[np.intp], size: int) -> NDArray[np.int16]:
        """What is made up for rows in a gap, from as far as it has come."""
        before = self._decode(rows, self._before[rows])
        return conceal(before, self._gap[rows], size, periods=self._period[rows])

    def _decode(self, rows: NDArray[np.intp], codes: NDArray[np.uint8]) -> NDArray[np.int16]:
        a_law = self.a_law[rows]
        if not a_law.any():
            return g711.decode(codes, g711.Law.MU)
        frames = g711.decode(codes, g711.Law.A)
        if not a_law.all():
            frames[~a_law] = g711.decode(codes[~a_law], g711.Law.MU)
        return frames

    def _encode(self, rows: NDArray[np.intp], frames: NDArray[np.int16]) -> NDArray[np.uint8]:
        a_law = self.a_law[rows, None]
        return np.where(a_law, g711.encode(frames, g711.Law.A), g711.encode(frames, g711.Law.MU))


def _seams(there: NDArray[np.bool_], *, after_gap: NDArray[np.bool_]) -> NDArray[np.float32]:
    """How much of what came is heard, sample by sample, so that it is faded in after a gap and out before one.

    Parameters
    ----------
    there : ndarray of shape (M, 160), bool
    after_gap : ndarray of shape (M,), bool
        The frame before ended with what was made up.
    """
    place = np.arange(FRAME)
    begin = np.where(after_gap, -1, -FRAME)[:, None]
    since = place - np.maximum.accumulate(np.where(there, begin, place), axis=1)
    ahead = np.minimum.accumulate(np.where(there, 2 * FRAME, place)[:, ::-1], axis=1)[:, ::-1] - place
    kept = np.minimum(since, ahead).clip(0, SEAM_SAMPLES).astype(np.float32)
    return kept / np.float32(SEAM_SAMPLES)


def _common(rows: NDArray[np.intp], some: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices into `rows` and into `some` of what both have."""
    _, here, there = np.intersect1d(rows, some, assume_unique=True, return_indices=True)
    return here, there

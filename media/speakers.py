"""Who is heard: from the frames that came, the few rows of each room whose audio goes into its mix.

Most rows are silent most of the time, and a silent row is recognised by its codes without being decoded. What is left is
decoded, repaired where packets are missing (`repair`), measured, made louder or softer (`gains`), and the loudest few of
each room are chosen: those who speak before those who only make noise, and whoever holds a place keeps it unless another
is clearly louder. Who whispers (`whispers`) holds no place: what he says goes to one row, beside the mix.

A row that gains or loses its place in the middle of a sound is faded within the frame, so nobody hears a click; one that
leaves the room in the middle of a sound goes on for a frame, as if it had lost it, and sinks away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp import g711
from dsp.gain import ramp
from dsp.level import (
    HANGOVER_TICKS,
    LEAST_SPEECH_DBOV,
    SILENCE_DBOV,
    hold_levels,
    new_lines,
    rms_dbov,
    speech_step,
)
from dsp.mix import choose_loudest
from media.gains import Gains
from media.jitter import FRAME, JitterBuffer, Pull
from media.repair import CodeSource, Repair
from media.rooms import NO_SLOT
from media.streams import Streams
from media.whispers import NOBODY, Whispers

LOUDEST: Final = 6
"""Rows heard at once in a room. More voices than this are noise to a listener, and six let a laugh be heard."""
SPEECH_BONUS_DB: Final = np.float32(30.0)
"""Speech is preferred to steady noise up to this much louder; a steady tone with the room to itself is still heard."""

_NO_FRAMES: Final = np.zeros((0, FRAME), np.int16)


class Heard(NamedTuple):
    """The rows that go into the mixes of this tick, sorted by room."""

    rows: NDArray[np.intp]
    frames: NDArray[np.int16]
    """(T, 160)."""
    departed: list[tuple[int, NDArray[np.int16]]]
    """What is left of rows that were being heard and are gone: the room's slot, and (160,) samples."""
    whispers: Sequence[tuple[int, NDArray[np.int16]]] = ()
    """What single rows hear beside the mix: the row, and (160,) samples."""


class Said(NamedTuple):
    """What rows that are listened to said in this tick, whether anybody hears it or not."""

    rows: NDArray[np.intp]
    frames: NDArray[np.int16]
    """(T, 160), as they came: without gain. Silence while a key is pressed."""
    loud: NDArray[np.bool_]
    """The frame stands out of the line's noise."""


class Speakers:
    """State of R rows between ticks."""

    def __init__(self, streams: Streams, jitter: JitterBuffer) -> None:
        rows = streams.capacity
        self._streams = streams
        self.a_law = np.zeros(rows, np.bool_)
        """The row speaks PCMA; otherwise PCMU."""
        self._repair = Repair(streams, jitter, CodeSource(jitter, self.a_law))
        self.slot = np.zeros(rows, np.int32)
        """The row's room, as a slot of `rooms`."""
        self.band = np.ones(rows, np.uint8)
        """The rate of the row's codec, times 8 kHz."""
        self.gains = Gains(streams)
        self.whispers = Whispers(rows, self.slot)
        self._listened = np.zeros(rows, np.bool_)
        self._listening = False  # any of them
        self.said: Said | None = None
        """Of the rows that are listened to (`listen`), in the last tick; None where there is none."""
        self._lines = new_lines(rows)
        self._held = np.full(rows, SILENCE_DBOV, np.float32)
        self._heard = np.zeros(rows, np.bool_)
        self._suppressed = np.zeros(rows, np.bool_)  # sounded last tick, and nobody heard it
        self._departed: list[tuple[int, NDArray[np.int16]]] = []
        self._whispered: list[tuple[int, NDArray[np.int16]]] = []  # the same of whispers: who heard it

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self._lines[row] = new_lines(1)[0]
        self._held[row] = SILENCE_DBOV
        self._heard[row] = False
        self._suppressed[row] = False
        self._repair.clear(row)
        self.gains.clear(row)
        self.whispers.begin(row, NOBODY)

    def listen(self, row: int, *, on: bool) -> None:
        """What the row says is wanted in `said`, whatever it is, or is no more."""
        if bool(self._listened[row]) != on:
            self._listened[row] = on
            self._listening = bool(self._listened.any())

    def whisper(self, row: int, to: int) -> None:
        """From now on the row speaks to the stream `to` alone, or to its room (`NOBODY`)."""
        if to != self.whispers.to(row):
            self.leave(row)
            self.whispers.begin(row, to)

    def leave(self, row: int) -> None:
        """The row is about to be heard by others; what it was saying to these sinks away, and to those it fades in."""
        if self._heard[row]:
            sinking = ramp(self._repair.going_on(row), self.gains.ratio[row], 0.0)[0]
            if self.whispers.apart[row]:
                self._whispered.append((self.whispers.to(row), sinking))
            else:
                self._departed.append((int(self.slot[row]), sinking))
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
        rows, may_speak = self._sounding(count, pull, pressed, both_laws=both_laws)
        departed, self._departed = self._departed, []
        self.said = None
        if not rows.size:
            self._settle(count, rows, pull)
            return Heard(rows, _NO_FRAMES, departed, self._whispers(rows, _NO_FRAMES))

        frames = self._repair.samples(rows, pull)
        levels, active = self._measure(rows, frames, pressed)
        held = hold_levels(levels, self._held[rows])
        was = self._heard[rows]
        chosen = self._choose(rows, may_speak[rows], active, held, was)
        fresh = chosen & ~was & self._suppressed[rows]
        self._settle(count, rows, pull)
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
        whispers = self._whispers(rows[audible], frames[audible])
        if not self.whispers.idle:
            audible = audible[~self.whispers.apart[rows[audible]]]
        order = audible[self.slot[rows[audible]].argsort(kind="stable")]
        return Heard(rows[order], frames[order], departed, whispers)

    def _sounding(
        self, count: int, pull: Pull, pressed: NDArray[np.bool_], *, both_laws: bool
    ) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """The rows that must be decoded, and a column: which rows anybody might hear."""
        loud = ~g711.quiet(pull.codes, g711.Law.MU)
        if both_laws:
            loud = np.where(self.a_law[:count], ~g711.quiet(pull.codes, g711.Law.A), loud)
        in_room = self.slot[:count] != NO_SLOT
        sounds = in_room & (loud | (self._lines["hangover"][:count] > 0))
        sounds |= self._heard[:count]
        if self._listening:
            sounds |= self._listened[:count]
        self._streams.level_dbov[:count] = SILENCE_DBOV
        self._streams.speaking[:count] = False
        return sounds.nonzero()[0], in_room & ~self._streams.muted[:count] & ~pressed

    def _measure(
        self, rows: NDArray[np.intp], frames: NDArray[np.int16], pressed: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """How loud `rows` are and who of them speaks; then `frames` get their gain."""
        levels = rms_dbov(frames)
        self._repair.note(rows, levels)
        active, self._lines[rows] = speech_step(levels, self._lines[rows])
        self._streams.level_dbov[rows] = levels
        if self._listening:
            self.said = self._listen(rows, frames, pressed)
        if not self.gains.idle:
            self.gains.apply(rows, frames, levels, active & ~pressed[rows], self._lines["floor_dbov"][rows])
        return levels, active

    def _choose(
        self,
        rows: NDArray[np.intp],
        allowed: NDArray[np.bool_],
        active: NDArray[np.bool_],
        held: NDArray[np.float32],
        was: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Which of `rows` are heard by anybody, of those that are allowed to be."""
        chosen = np.zeros(len(rows), np.bool_)
        audible = allowed & (active | (held >= LEAST_SPEECH_DBOV))
        speaking = active & allowed
        if not self.whispers.idle:
            apart = self.whispers.apart[rows]
            chosen |= audible & apart
            audible &= ~apart
            speaking &= ~apart
        self._streams.speaking[rows] = speaking
        candidates = audible.nonzero()[0]
        rooms = self.slot[rows[candidates]]
        if candidates.size > LOUDEST and np.bincount(rooms).max() > LOUDEST:
            rank = held[candidates] + active[candidates].astype(np.float32) * SPEECH_BONUS_DB
            if not self.gains.idle:
                rank += self.gains.db(rows[candidates])
            chosen[candidates] = choose_loudest(rank, rooms, LOUDEST, was[candidates])
        else:
            chosen[candidates] = True
        return chosen

    def _whispers(
        self, rows: NDArray[np.intp], frames: NDArray[np.int16]
    ) -> list[tuple[int, NDArray[np.int16]]]:
        """Which row hears what of those of `rows` that whisper, and of whispers that ended."""
        if self.whispers.idle and not self._whispered:
            return []
        gone, self._whispered = self._whispered, []
        heard = [(self.whispers.rows.get(to), frame) for to, frame in gone]
        whispering = self.whispers.apart[rows].nonzero()[0].tolist()
        heard += [(self.whispers.listener(int(rows[place])), frames[place]) for place in whispering]
        return [(row, frame) for row, frame in heard if row is not None]

    def _listen(self, rows: NDArray[np.intp], frames: NDArray[np.int16], pressed: NDArray[np.bool_]) -> Said:
        here = self._listened[rows].nonzero()[0]
        mine = rows[here]
        keyed = pressed[mine]
        said = frames[here]
        said[keyed] = 0
        return Said(mine, said, (self._lines["hangover"][mine] == HANGOVER_TICKS) & ~keyed)

    def _settle(self, count: int, rows: NDArray[np.intp], pull: Pull) -> None:
        """Make every row one that made no sound; of the others what is remembered is entered after."""
        self._repair.settle(rows, pull)
        self._heard[:count] = False
        self._suppressed[:count] = False
        self._held[:count] = SILENCE_DBOV

"""What rows say, brought to each sample rate that somebody in their room listens at.

A room has no rate of its own. Whoever is heard is brought to every rate that is listened at, by its factor over 8 kHz (its
*band*), and mixed there; at its own rate it stays as it is, bit for bit. So people on 8 kHz telephones hear each other without
a filter between them, however many HD phones are in the room, and everybody's own voice can be taken out of the sum exactly.
A room with people at one rate, as nearly every one is, costs nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp.resample import PAST, downsample, upsample
from media.codecs.kind import facts
from media.control import Format
from media.rooms import NO_SLOT

BANDS: Final = (1, 2, 6)
"""8, 16 and 48 kHz."""
NARROW: Final = BANDS[0]
"""That of G.711."""
LEAST_CODED: Final = BANDS[1]
"""The lowest band of codecs that are no table."""
_NEVER: Final = -2
_SIXTEEN_BITS: Final = 16


def band_of(new: Format) -> int:
    """Return the band at which a row of this format speaks and listens: what its codec carries, or of Opus what the peer plays.

    16 kHz are the least for Opus: band 1 is G.711's, whose frames are bytes of a table.
    """
    return facts(new.codec).band if new.opus is None else max(new.opus.band, LEAST_CODED)


class Heard(NamedTuple):
    """What listeners at one band hear of people in this tick."""

    rows: NDArray[np.intp]
    """Who goes into the mixes, sorted by room."""
    frames: NDArray[np.int16]
    """(T, 160 * band)."""
    departed: Sequence[tuple[int, NDArray[np.int16]]] = ()
    """What is left of rows that were being heard and are gone: the room's slot, and samples."""
    whispers: Sequence[tuple[int, NDArray[Any]]] = ()
    """What single rows hear beside the mix: the row, and samples."""
    elsewhere: Sequence[tuple[NDArray[np.intp], NDArray[np.int32]]] = ()
    """What people of these rooms say in other workers: slots (K,), each once, and samples (K, 160 * band)."""


class Departed(NamedTuple):
    """What is left of a row that was being heard and is gone."""

    row: int
    slot: int
    """Of the room that hears it."""
    frame: NDArray[np.int16]
    stream: int = 0
    """Whose it was: the row may be another's by the time this is heard."""


class Whispered(NamedTuple):
    """What one row says to another, beside the mix."""

    row: int
    listener: int
    frame: NDArray[np.int16]


class Voices(NamedTuple):
    """What people say who speak at one band."""

    band: int
    rows: NDArray[np.intp]
    """Who goes into the mixes, sorted by room."""
    frames: NDArray[np.int16]
    departed: Sequence[Departed] = ()
    whispers: Sequence[Whispered] = ()

    def heard(self) -> Heard:
        """To listeners at the same band."""
        return Heard(
            self.rows,
            self.frames,
            [(slot, frame) for _, slot, frame, _ in self.departed],
            [(listener, frame) for _, listener, frame in self.whispers],
        )


class Pasts:
    """What the filters remember of so many voices, which are at one rate and are wanted at another.

    Parameters
    ----------
    voices : int
    kind : dtype
        Of the samples: int16, or int32 for sums that do not fit into it.
    """

    def __init__(self, voices: int, kind: type[np.int16 | np.int32] = np.int16) -> None:
        self._voices = voices
        self._kind = kind
        self._pasts: dict[tuple[int, int], NDArray[Any]] = {}
        self._filtered: dict[tuple[int, int], NDArray[np.int64]] = {}  # in which tick, last
        self._tick = 0

    def begin(self) -> None:
        """A tick begins."""
        self._tick += 1

    def convert(
        self, source: int, target: int, which: NDArray[np.intp], frames: NDArray[Any]
    ) -> NDArray[Any]:
        """Frames of the voices `which` from one band at another; one that was not heard in the last tick begins from silence."""
        way = source, target
        if way not in self._pasts:
            samples = PAST if source < target else PAST * (source // target)
            self._pasts[way] = np.zeros((self._voices, samples), self._kind)
            self._filtered[way] = np.full(self._voices, _NEVER, np.int64)
        past = self._pasts[way][which]
        past[self._filtered[way][which] < self._tick - 1] = 0
        halvings = self._halvings(frames, past)
        filtered = upsample if source < target else downsample
        factor = max(source, target) // min(source, target)
        converted: NDArray[Any]
        if halvings:
            self._pasts[way][which] = np.concatenate((past, frames), axis=1)[:, -past.shape[1] :]
            converted = filtered(frames >> halvings, past >> halvings, factor)[0].astype(self._kind)
            converted <<= halvings
        else:
            converted, self._pasts[way][which] = filtered(frames, past, factor)
        self._filtered[way][which] = self._tick
        return converted

    def _halvings(self, frames: NDArray[Any], past: NDArray[Any]) -> int:
        """How often these must be halved so that what the filter makes of them, in 16 bits, is not cut."""
        if self._kind is np.int16:
            return 0
        most = max(int(abs(each).max(initial=0)) for each in (frames, past))
        return max(0, most.bit_length() - _SIXTEEN_BITS + 2)


class Bands:
    """Which rates are listened at in which room, and the filters' pasts of all rows.

    Parameters
    ----------
    slot : ndarray of shape (R,), int32
        The room slot of each row.
    room_slots : int
    """

    def __init__(self, slot: NDArray[np.int32], room_slots: int) -> None:
        self._slot = slot
        self.of = np.full(len(slot), NARROW, np.uint8)
        """The band of each row's codec."""
        self._rows = dict.fromkeys(BANDS[1:], 0)
        self._listeners = {band: np.zeros(room_slots, np.int32) for band in BANDS}
        self._pasts = Pasts(len(slot))

    @property
    def narrow(self) -> bool:
        """Everybody is at 8 kHz."""
        return not any(self._rows.values())

    @property
    def in_use(self) -> list[int]:
        """The bands that anybody speaks and listens at; 8 kHz always is."""
        return [NARROW, *(band for band, rows in self._rows.items() if rows)]

    def listened(self, band: int, slots: NDArray[np.intp]) -> NDArray[np.bool_]:
        """In which of these rooms anybody listens at `band`."""
        listened: NDArray[np.bool_] = self._listeners[band][slots] > 0
        return listened

    def change(self, row: int, band: int) -> None:
        """The row's codec is another."""
        before = int(self.of[row])
        if band == before:
            return
        self.leave(row)
        for each, by in ((before, -1), (band, 1)):
            if each != NARROW:
                self._rows[each] += by
        self.of[row] = band
        self.enter(row)

    def enter(self, row: int) -> None:
        """The row has come into the room in its slot."""
        self._count(row, 1)

    def leave(self, row: int) -> None:
        """The row is about to leave it."""
        self._count(row, -1)

    def _count(self, row: int, by: int) -> None:
        slot = self._slot[row]
        if slot != NO_SLOT:
            self._listeners[int(self.of[row])][slot] += by

    def heard(self, voices: Sequence[Voices]) -> dict[int, Heard]:
        """What is heard at each band in use, of what is said at any."""
        if self.narrow and len(voices) == 1:
            return {NARROW: voices[0].heard()}
        self._pasts.begin()
        return {band: self._together([self._brought(each, band) for each in voices]) for band in self.in_use}

    def narrowed(self, band: int, rows: NDArray[np.intp], frames: NDArray[np.int16]) -> NDArray[np.int16]:
        """Frames of `rows`, which are at `band`, at 8 kHz: for whoever listens beside the mix."""
        return self._convert(band, NARROW, rows, frames)

    def _together(self, parts: list[Heard]) -> Heard:
        rows = np.concatenate([part.rows for part in parts])
        order = self._slot[rows].argsort(kind="stable")
        frames = np.concatenate([part.frames for part in parts])
        return Heard(
            rows[order],
            frames[order],
            [each for part in parts for each in part.departed],
            [each for part in parts for each in part.whispers],
        )

    def _brought(self, voices: Voices, band: int) -> Heard:
        """What of `voices` is heard at `band`."""
        if voices.band == band:
            heard = voices.heard()
            mine = [each for each in heard.whispers if self.of[each[0]] == band]
            return heard._replace(whispers=mine)
        listeners = self._listeners[band]
        wanted = listeners[self._slot[voices.rows]] > 0
        rows = voices.rows[wanted]
        return Heard(
            rows,
            self._convert(voices.band, band, rows, voices.frames[wanted]),
            [
                (slot, self._convert_one(voices.band, band, row, frame))
                for row, slot, frame, _ in voices.departed
                if listeners[slot]
            ],
            [
                (listener, self._convert_one(voices.band, band, row, frame))
                for row, listener, frame in voices.whispers
                if self.of[listener] == band
            ],
        )

    def _convert_one(self, source: int, target: int, row: int, frame: NDArray[np.int16]) -> NDArray[np.int16]:
        converted: NDArray[np.int16] = self._convert(source, target, np.array([row]), frame[None])[0]
        return converted

    def _convert(
        self, source: int, target: int, rows: NDArray[np.intp], frames: NDArray[np.int16]
    ) -> NDArray[np.int16]:
        """Frames of `rows` from one band at another."""
        converted: NDArray[np.int16] = self._pasts.convert(source, target, rows, frames)
        return converted

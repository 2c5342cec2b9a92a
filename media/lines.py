"""What each line is like, and what is done about it before anybody hears it: hum, noise, and what is wrong with it.

The order in a tick, from the speaker's frame to what goes on to gains and mix:

    begin()                       once: time passes, also for rows that are silent
    apply(rows, frames, band)     for each band: high-pass, level, who speaks, the watch; suppression where it is on
    heard(rows)                   once: who was chosen; what is sent to the others, to know an echo by
    crowd(rows, held)             once: how much softer these are made where many speak at once
    troubles()                    what has changed, to be told

What a clean line says goes on bit for bit: who speaks alone is then encoded to the very codes that came. To filter him for
nothing would be to code him twice (PESQ 4.48 for 4.55). So the filter of every row that sounds runs, for the measuring, but
is heard only where the pauses hum.

Only rows that sound are given, and only these cost anything. A row that was silent begins afresh: its filter settles on
its first sample, the windows of the suppression are empty; what was learnt of its noise is kept.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp.frames import FRAME_MS
from dsp.gain import db_to_ratio
from dsp.highpass import STATE, highpass, settle
from dsp.level import HANGOVER_TICKS, SILENCE_DBOV, new_lines, rms_dbov, speech_step
from dsp.mix import ALONE, crowding_db
from dsp.suppress import memory, suppress
from dsp.watch import (
    ECHO_EVERY,
    ECHO_FRAMES,
    LAG_MOST,
    LOUD_DBOV,
    WATCH,
    Trouble,
    echo_step,
    rest,
    resumed,
    watch_step,
)
from media.control import Trouble as TroubleName
from media.rooms import NO_SLOT

TROUBLES: Final[dict[Trouble, TroubleName]] = {
    Trouble.NONE: "none",
    Trouble.NOISE: "noise",
    Trouble.MUSIC: "music",
    Trouble.HOWL: "howl",
    Trouble.ECHO: "echo",
}
"""As control is told."""
WATCH_EVERY: Final = 8
"""Ticks: of so many two neighbouring ones are watched. A step of the watch costs 0.15 ms even for a single row."""
_WATCHED: Final = 2
_TOGETHER: Final = 16
"""Rows: so many are compared for echo in one tick of `ECHO_EVERY`; more take turns, for a row costs 10 us."""
_RING: Final = 128
"""Ticks of levels that are kept: a power of two, above `ECHO_FRAMES` + `LAG_MOST`."""
HUM_DB: Final = 3.0
"""A pause that the high-pass makes so much softer hums, or has an offset."""
HUM_TICKS: Final = 25
"""Half a second of pauses that hum, and the line is filtered; as many that do not, and it is no more."""
CROWD_FALL_DB_PER_S: Final = 10.0
CROWD_RISE_DB_PER_S: Final = 5.0
"""So fast a room becomes softer when many speak at once, and louder again when they do not: slower than syllables."""
_CROWD_FALL_DB: Final = np.float32(CROWD_FALL_DB_PER_S * FRAME_MS / 1_000)
_CROWD_RISE_DB: Final = np.float32(CROWD_RISE_DB_PER_S * FRAME_MS / 1_000)
_LEAST_POWER: Final = np.float32(10 ** (SILENCE_DBOV / 10))
_FIRST_PLACES: Final = 8
"""Rows with suppression that there is room for at first; twice as many each time that it is full."""


class Measured(NamedTuple):
    """Of the rows that were applied."""

    levels: NDArray[np.float32]
    """dBov, without hum and before suppression."""
    active: NDArray[np.bool_]
    """Somebody speaks."""
    floors: NDArray[np.float32]
    """dBov: the noise of the lines."""


class Lines:
    """State of R rows between ticks."""

    def __init__(self, slot: NDArray[np.int32]) -> None:
        """`slot` is the rows' rooms, kept by another."""
        rows = len(slot)
        self._slot = slot
        self._tick = 0
        self._lines = new_lines(rows)
        self._seen = np.full(rows, -2, np.int64)  # the last tick in which the row sounded
        self._band = np.zeros(rows, np.uint8)  # at which it did
        self._filters = np.zeros((rows, STATE), np.float32)
        self._hum_ticks = np.zeros(rows, np.int16)  # frames of pauses that hummed, less those that did not
        self._hums = np.zeros(rows, np.bool_)
        self._watches = np.zeros(rows, WATCH)
        self._told = np.zeros(rows, np.uint8)  # the troubles as they were told last
        self._troubled = np.zeros(0, np.intp)  # rows that have one
        self._suppressed: dict[int, _Suppressed] = {}
        self._crowd_db = np.zeros(rows + 1, np.float32)  # of each room's slot, 0 or less
        self._own = np.full((_RING, rows), SILENCE_DBOV, np.float32)
        self._given = np.zeros((_RING, rows), np.float32)  # power of what the row put into its room
        self._room = np.zeros((_RING, rows + 1), np.float32)  # power of what all of a room's slot did

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self._lines[row] = new_lines(1)[0]
        self._seen[row] = -2
        self._filters[row] = 0
        self._hum_ticks[row] = 0
        self._hums[row] = False
        self._watches[row] = np.zeros((), WATCH)
        self._told[row] = Trouble.NONE  # whom it was told of is gone
        self._own[:, row] = SILENCE_DBOV
        self._given[:, row] = 0
        for suppressed in self._suppressed.values():
            suppressed.leave(row)

    def suppress(self, row: int, *, on: bool, band: int = 1) -> None:
        """Take noise out of what the row says from now on, at this band, or let it in again; without a click."""
        if on and band not in self._suppressed:
            self._suppressed[band] = _Suppressed(len(self._slot), band)
        for each, suppressed in self._suppressed.items():
            if on and each != band:
                suppressed.leave(row)
            else:
                suppressed.turn(row, on=on)

    def troubled(self, count: int) -> NDArray[np.bool_]:
        """Rows, of the first `count`, that have a trouble as it was told last."""
        return self._told[:count] > 0

    def resume(self, row: int, trouble: TroubleName) -> None:
        """The row's line had this trouble where it was before."""
        which = Trouble[trouble.upper()]
        self._watches[row] = resumed(which)
        self._told[row] = which
        self._troubled = self._told.nonzero()[0]

    def lasting(self, count: int) -> NDArray[np.bool_]:
        """Rows, of the first `count`, that still count as speaking when they fall silent now."""
        lasting: NDArray[np.bool_] = self._lines["hangover"][:count] > 0
        return lasting

    def standing_out(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which of `rows` stood out of their noise in their last frame."""
        loud: NDArray[np.bool_] = self._lines["hangover"][rows] == HANGOVER_TICKS
        return loud

    def begin(self) -> None:
        """A tick begins. Troubles of rows that have fallen silent pass."""
        self._tick += 1
        place = self._tick % _RING
        self._own[place] = SILENCE_DBOV
        self._given[place] = 0
        self._room[place] = 0
        if self._troubled.size:
            silent = self._troubled[self._seen[self._troubled] < self._tick - 1]
            if silent.size:
                self._watches[silent] = rest(self._watches[silent], np.ones(len(silent), np.int64))

    def apply(self, rows: NDArray[np.intp], frames: NDArray[np.int16], *, band: int = 1) -> Measured:
        """Measure the rows that sound in this tick and clean their frames, in place.

        Parameters
        ----------
        rows : ndarray of shape (T,), intp
            Each once, all at this band.
        frames : ndarray of shape (T, 160 * band), int16
        """
        fresh = (self._seen[rows] != self._tick - 1) | (self._band[rows] != band)
        away = np.maximum(self._tick - 1 - self._seen[rows], 0)
        self._seen[rows] = self._tick
        self._band[rows] = band
        states = self._filters[rows]
        if fresh.any():
            states[fresh] = settle(frames[fresh, 0], band=band)
        filtered, self._filters[rows] = highpass(frames, states, band=band)
        levels = rms_dbov(filtered)
        active, lines = speech_step(levels, self._lines[rows])
        self._lines[rows] = lines
        self._unhum(rows, frames, filtered, rms_dbov(frames) - levels, ~active & ~fresh)
        floors = lines["floor_dbov"]
        self._watch(rows, frames, levels, floors, away)
        suppressed = self._suppressed.get(band)
        if suppressed is not None and not suppressed.idle:
            suppressed.apply(rows, frames, fresh)
        return Measured(levels, active, floors)

    def going_on(self, row: int, frame: NDArray[np.int16], *, band: int = 1) -> NDArray[np.int16]:
        """What `apply` would make of the row's next frame, (1, 160 * band); nothing is remembered of it."""
        made = frame
        if self._hums[row]:
            made, _ = highpass(frame, self._filters[row : row + 1], band=band)
        suppressed = self._suppressed.get(band)
        return made if suppressed is None else suppressed.going_on(row, made)

    def heard(self, rows: NDArray[np.intp]) -> None:
        """These rows go into their rooms' mixes in this tick."""
        place = self._tick % _RING
        power = np.power(np.float32(10), self._own[place, rows] / np.float32(10))
        self._given[place, rows] = power
        np.add.at(self._room[place], self._slot[rows], power)

    def crowd(
        self, rows: NDArray[np.intp], held: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """By what the frames of rows that are heard must be multiplied, so that a room is as loud with eight as with two.

        Parameters
        ----------
        rows : ndarray of shape (T,), intp
            All that go into mixes in this tick, in any order.
        held : ndarray of shape (T,), float32
            Their levels as `dsp.level.hold_levels` remembers them, with their gains, in dBov.

        Returns
        -------
        None where nothing changes; else two of shape (T,), float32: at the begin and at the end of the frame, for
        `dsp.gain.ramp`. They are the same for all of a room: its sum minus a row is still that.
        """
        slots = self._slot[rows]
        if len(rows) <= ALONE and not self._crowd_db[slots].any():
            return None
        rooms, index, goals = crowding_db(held, slots)
        before = self._crowd_db[rooms]
        after = np.clip(goals, before - _CROWD_FALL_DB, before + _CROWD_RISE_DB)
        self._crowd_db[rooms] = after
        if not (before.any() or after.any()):
            return None
        ratios = db_to_ratio(np.stack((before, after))).astype(np.float32)
        return ratios[0, index], ratios[1, index]

    def crowding(self, row: int) -> float:
        """What the row's last sample was multiplied by for the sake of its room, as `crowd` told."""
        return float(db_to_ratio(self._crowd_db[self._slot[row]]))

    def troubles(self) -> list[tuple[int, Trouble]]:
        """Rows whose trouble is another than was told last, `NONE` where it is over."""
        changed = (self._watches["trouble"] != self._told).nonzero()[0]
        if not changed.size:
            return []
        self._told[changed] = self._watches["trouble"][changed]
        self._troubled = self._told.nonzero()[0]
        return [(int(row), Trouble(int(self._told[row]))) for row in changed]

    def _unhum(
        self,
        rows: NDArray[np.intp],
        frames: NDArray[np.int16],
        filtered: NDArray[np.int16],
        low_db: NDArray[np.float32],
        pause: NDArray[np.bool_],
    ) -> None:
        """Put the filtered frames in the place of those of lines that hum."""
        count, hums = self._hum_ticks[rows], self._hums[rows]
        if pause.any():
            count += np.where(low_db >= np.float32(HUM_DB), pause, -pause.view(np.int8)).astype(np.int16)
            self._hum_ticks[rows] = count = np.clip(count, 0, HUM_TICKS)
            self._hums[rows] = np.where(hums, count > 0, count >= HUM_TICKS)
        after = self._hums[rows]
        if not (hums.any() or after.any()):
            return
        turning = (hums != after).nonzero()[0]
        if turning.size:
            rise = np.arange(1, frames.shape[1] + 1, dtype=np.float32) / np.float32(frames.shape[1])
            share = np.where(after[turning, None], rise, 1 - rise)
            plain = frames[turning].astype(np.float32)
            frames[turning] = np.rint(plain + share * (filtered[turning] - plain)).astype(np.int16)
        steady = (hums & after).nonzero()[0]
        frames[steady] = filtered[steady]

    def _watch(
        self,
        rows: NDArray[np.intp],
        frames: NDArray[np.int16],
        levels: NDArray[np.float32],
        floors: NDArray[np.float32],
        away: NDArray[np.int64],
    ) -> None:
        place, turn = self._tick % _RING, self._tick % WATCH_EVERY
        self._own[place, rows] = levels
        back = ((away > 0) & (self._told[rows] == Trouble.NONE)).nonzero()[
            0
        ]  # of the others `begin` saw to it
        if back.size:
            which = rows[back]
            self._watches[which] = rest(self._watches[which], away[back])
        if turn < _WATCHED:
            self._watches[rows] = watch_step(
                frames,
                levels,
                floors,
                self._watches[rows],
                follows=turn > 0,
                stands_for=WATCH_EVERY // _WATCHED,
            )
        phase = rows % ECHO_EVERY if len(rows) > _TOGETHER else 0
        due = rows[((phase + self._tick) % ECHO_EVERY == 0) & (self._slot[rows] != NO_SLOT)]
        if due.size:
            self._compare(due)

    def _compare(self, rows: NDArray[np.intp]) -> None:
        """Is what these rows say what was sent to them?"""
        ticks = np.arange(self._tick - ECHO_FRAMES - LAG_MOST + 1, self._tick + 1) % _RING
        own = self._own[ticks[LAG_MOST:, None], rows]
        rows, own = rows[own.max(axis=0) >= LOUD_DBOV], own[:, own.max(axis=0) >= LOUD_DBOV]
        others = self._room[ticks[:, None], self._slot[rows]] - self._given[ticks[:, None], rows]
        sent = np.float32(10) * np.log10(np.maximum(others, _LEAST_POWER))
        if rows.size:
            self._watches[rows] = echo_step(own.T, sent.T, self._watches[rows])


class _Suppressed:
    """The rows of one band from which noise is taken, few of all: each has a place in an array that grows by commands."""

    def __init__(self, rows: int, band: int) -> None:
        self._band_of = band
        self._place = np.full(rows, -1, np.intp)
        self._free: list[int] = []
        self._memories: NDArray[Any] = np.zeros(0, memory(band))
        self._turning: dict[int, bool] = {}  # rows, and whether it goes on: in their next frame

    @property
    def idle(self) -> bool:
        """No row has a place."""
        return len(self._free) == len(self._memories)

    def turn(self, row: int, *, on: bool) -> None:
        """Begin, or end, with the row's next frame."""
        has = self._place[row] >= 0
        if on and not has:
            if not self._free:
                self._grow()
            self._place[row] = self._free.pop()
            self._memories[self._place[row]] = np.zeros((), self._memories.dtype)
            self._turning[row] = True
        elif on:
            if self._turning.get(row) is False:
                del self._turning[row]
        elif self._turning.get(row):  # nobody has heard it yet
            self.leave(row)
        elif has:
            self._turning[row] = False

    def leave(self, row: int) -> None:
        """The row needs no place any more."""
        self._turning.pop(row, None)
        if self._place[row] >= 0:
            self._free.append(int(self._place[row]))
            self._place[row] = -1

    def apply(self, rows: NDArray[np.intp], frames: NDArray[np.int16], fresh: NDArray[np.bool_]) -> None:
        """Take the noise out of those of `rows` that have a place, in place."""
        places = self._place[rows]
        here = (places >= 0).nonzero()[0]
        if not here.size:
            return
        memories = self._memories[places[here]]
        anew = fresh[here].nonzero()[0]
        memories["before"][anew] = 0
        memories["tail"][anew] = 0
        made, self._memories[places[here]] = suppress(frames[here], memories, band=self._band_of)
        for index, row in enumerate(rows[here].tolist()) if self._turning else ():
            if row in self._turning:
                on = self._turning.pop(row)
                rise = np.linspace(0, 1, frames.shape[1]) if on else np.linspace(1, 0, frames.shape[1])
                plain = frames[here[index]]
                made[index] = np.rint(plain + rise * (made[index].astype(np.float64) - plain))
                if not on:
                    self.leave(row)
        frames[here] = made

    def going_on(self, row: int, frame: NDArray[np.int16]) -> NDArray[np.int16]:
        """What would be made of the row's next frame."""
        place = self._place[row]
        if place < 0:
            return frame
        made, _ = suppress(frame, self._memories[place : place + 1], band=self._band_of)
        return made

    def _grow(self) -> None:
        size = len(self._memories)
        more = max(size, _FIRST_PLACES)
        self._memories = np.concatenate((self._memories, np.zeros(more, self._memories.dtype)))
        self._free += range(size + more - 1, size - 1, -1)

"""What each line is like, and what is done about it before anybody hears it: hum, noise, and what is wrong with it.

The order in a tick, from the speaker's frame to what goes on to gains and mix:

    begin()                       once: time passes, also for rows that are silent
    apply(rows, frames, band)     for each band: high-pass, level, who speaks, the watch; suppression where it is on
    heard(rows)                   once: who was chosen; what is sent to the others, to know an echo by
    crowd(rows, held)             once: how much softer these are made where many speak at once
    heard_elsewhere(slots, power) once, in a room that lives in several workers: what was said in the others
    troubles()                    what has changed, to be told

What a clean line says goes on bit for bit: who speaks alone is then encoded to the very codes that came. To filter him for
nothing would be to code him twice (PESQ 4.48 for 4.55). So all are measured as if they were filtered (`level.powers`), but
only those are whose pauses hum.

Only rows that sound are given, and only these cost anything. A row that was silent begins afresh: its filter settles on
its first sample, the windows of the suppression are empty; what was learnt of its noise is kept.

What can wait is not asked in every tick: a few ticks of many bear all of it, for a question costs more than a row, and
where many rows sound, they take turns (`_Turns`).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp.frames import FRAME_MS
from dsp.gain import db_to_ratio
from dsp.highpass import STATE, highpass, settle
from dsp.level import HANGOVER_TICKS, dbov, new_lines, powers, speech_step
from dsp.mix import ALONE, crowding_db
from dsp.suppress import memory, suppress
from dsp.watch import (
    ECHO_BOTTOM_DBOV,
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
WATCH_EVERY: Final = 16
"""Ticks: of so many two neighbouring ones are watched. A step of the watch costs 0.1 ms even for a single row."""
_WATCHED: Final = 2
_WATCH_TURNS: Final = (1, 2, 4, 8)
_WATCH_TOGETHER: Final = 256
"""Rows: so many are watched in one tick; more take turns, in so many parts, for a row costs 2 us."""
_ECHO_TURNS: Final = (1, 5, 25)
_ECHO_TOGETHER: Final = 128
"""Likewise compared for echo, in one tick of `ECHO_EVERY`, where a row costs 4 us."""
_RING: Final = 128
"""Ticks of levels that are kept: a power of two, above `ECHO_FRAMES` + `LAG_MOST`."""
HUM_DB: Final = 3.0
"""A pause that would be so much softer without it hums, or has an offset."""
HUM_LEAST_DBOV: Final = -65.0
"""What is softer is no hum: the silence of A-law has an offset of -72 dBov."""
HUM_EVERY: Final = 5
"""Ticks from one of which a pause is asked to the next."""
HUM_TICKS: Final = 25
"""Half a second of pauses that hum, and the line is filtered; as many that do not, and it is no more."""
CROWD_FALL_DB_PER_S: Final = 10.0
CROWD_RISE_DB_PER_S: Final = 5.0
"""So fast a room becomes softer when many speak at once, and louder again when they do not: slower than syllables."""
_CROWD_FALL_DB: Final = np.float32(CROWD_FALL_DB_PER_S * FRAME_MS / 1_000)
_CROWD_RISE_DB: Final = np.float32(CROWD_RISE_DB_PER_S * FRAME_MS / 1_000)
_HUM_SHARE: Final = np.float32(10 ** (HUM_DB / 10) - 1)
_HUM_LEAST: Final = np.float32(10 ** (HUM_LEAST_DBOV / 10))
_ECHO_LEAST: Final = np.float32(10 ** (ECHO_BOTTOM_DBOV / 10))
_LOUD: Final = np.float32(10 ** (LOUD_DBOV / 10))
_BANDS: Final = 8
"""More than the highest band: `_seen` counts in these."""
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


class _Turns:
    """Whose turn it is in a tick, where each row has one in so many ticks, and few rows have theirs together."""

    def __init__(self, every: int, parts: tuple[int, ...], together: int) -> None:
        self._every = every
        self._parts = parts  # in how many the rows may be split, each at most `every` ticks apart
        self._together = together
        self._split = parts[0]

    def begin(self, tick: int, rows: int) -> None:
        """A tick begins; so many rows sounded in the last. How they are split stays as it is until all have had theirs."""
        if tick % self._every == 0:
            fit = (parts for parts in self._parts if rows <= parts * self._together)
            self._split = next(fit, self._parts[-1])

    def of(self, tick: int, rows: NDArray[np.intp], *, ticks: int = 1) -> NDArray[np.intp] | slice | None:
        """Which of `rows` have theirs in this tick, of `ticks` neighbouring ones; None where it is nobody's."""
        part = tick % self._every // ticks
        if part >= self._split:
            return None
        return slice(None) if self._split == 1 else (rows % self._split == part).nonzero()[0]


class Lines:
    """State of R rows between ticks."""

    def __init__(self, slot: NDArray[np.int32]) -> None:
        """`slot` is the rows' rooms, kept by another."""
        rows = len(slot)
        self._slot = slot
        self._tick = 0
        self._lines = new_lines(rows)
        self._seen = np.full(rows, -2 * _BANDS, np.int64)  # when the row sounded last: tick * `_BANDS` + band
        self._sounding = 0  # rows in this tick
        self._filters = np.zeros((rows, STATE), np.float32)
        self._hum_ticks = np.zeros(rows, np.int16)  # frames of pauses that hummed, less those that did not
        self._hums = np.zeros(rows, np.bool_)
        self._humming = False  # any of them
        self._watch_turns = _Turns(WATCH_EVERY, _WATCH_TURNS, _WATCH_TOGETHER)
        self._echo_turns = _Turns(ECHO_EVERY, _ECHO_TURNS, _ECHO_TOGETHER)
        self._watches = np.zeros(rows, WATCH)
        self._trouble = np.zeros(rows, np.uint8)  # as the watches have it
        self._told = np.zeros(rows, np.uint8)  # the troubles as they were told last
        self._troubled = np.zeros(0, np.intp)  # rows that have one
        self._suppressed: dict[int, _Suppressed] = {}
        self._crowd_db = np.zeros(rows + 1, np.float32)  # of each room's slot, 0 or less
        self._crowded = False  # any of them is less
        self._own = np.zeros((_RING, rows), np.float32)  # power of what the row said
        self._given = np.zeros((_RING, rows), np.float32)  # power of what the row put into its room
        self._room = np.zeros((_RING, rows + 1), np.float32)  # power of what all of a room's slot did

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self._lines[row] = new_lines(1)[0]
        self._seen[row] = -2 * _BANDS
        self._filters[row] = 0
        self._hum_ticks[row] = 0
        self._hums[row] = False
        self._watches[row] = np.zeros((), WATCH)
        self._trouble[row] = self._told[row] = Trouble.NONE  # whom it was told of is gone
        self._own[:, row] = 0
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
        self._trouble[row] = self._told[row] = which
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
        self._own[place] = 0
        self._given[place] = 0
        self._room[place] = 0
        self._watch_turns.begin(self._tick, self._sounding)
        self._echo_turns.begin(self._tick, self._sounding)
        self._sounding = 0
        if self._troubled.size:
            silent = self._troubled[self._seen[self._troubled] < (self._tick - 1) * _BANDS]
            if silent.size:
                self._watched(silent, rest(self._watches[silent], np.ones(len(silent), np.int64)))

    def apply(self, rows: NDArray[np.intp], frames: NDArray[np.int16], *, band: int = 1) -> Measured:
        """Measure the rows that sound in this tick and clean their frames, in place.

        Parameters
        ----------
        rows : ndarray of shape (T,), intp
            Each once, all at this band.
        frames : ndarray of shape (T, 160 * band), int16
        """
        seen, now = self._seen[rows], self._tick * _BANDS + band
        fresh = seen != now - _BANDS
        self._seen[rows] = now
        self._sounding += len(rows)
        if fresh.any():
            self._resume(rows, seen // _BANDS)
        power, hum = powers(frames)
        self._own[self._tick % _RING, rows] = power
        levels = dbov(power)
        active, lines = speech_step(levels, self._lines[rows])
        self._lines[rows] = lines
        judged = self._tick % HUM_EVERY == 0
        if judged or self._humming:
            before = after = self._hums[rows]
            if judged:
                hums = (hum >= _HUM_SHARE * power) & (hum >= _HUM_LEAST)
                after = self._judge_hum(rows, hums, ~active & ~fresh)
            self._unhum(rows, frames, fresh, before, after, band)
        floors = lines["floor_dbov"]
        self._watch(rows, frames, levels, floors)
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
        power = self._own[place, rows]
        self._given[place, rows] = power
        np.add.at(self._room[place], self._slot[rows], power)

    def heard_elsewhere(self, slots: NDArray[np.intp], powers: NDArray[np.float32]) -> None:
        """So much was said in rooms by people of other workers, as their lines have it."""
        np.add.at(self._room[self._tick % _RING], slots, powers)

    def powers(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Of what `rows`, which were applied, said in this tick."""
        powers: NDArray[np.float32] = self._own[self._tick % _RING, rows]
        return powers

    def crowd(
        self,
        rows: NDArray[np.intp],
        held: NDArray[np.float32],
        elsewhere: tuple[NDArray[np.intp], NDArray[np.float32]] | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """By what the frames of rows that are heard must be multiplied, so that a room is as loud with eight as with two.

        Parameters
        ----------
        rows : ndarray of shape (T,), intp
            All that go into mixes in this tick, in any order.
        held : ndarray of shape (T,), float32
            Their levels as `dsp.level.hold_levels` remembers them, with their gains, in dBov.
        elsewhere : two of shape (E,), optional
            The same of people in other workers: their rooms' slots, and their levels.

        Returns
        -------
        None where nothing changes; else two of shape (T,), float32: at the begin and at the end of the frame, for
        `dsp.gain.ramp`. They are the same for all of a room: its sum minus a row is still that.
        """
        slots = self._slot[rows]
        if elsewhere is not None:
            slots, held = np.concatenate((slots, elsewhere[0])), np.concatenate((held, elsewhere[1]))
        if len(slots) <= ALONE and not self._crowded:
            return None
        if not self._crowded and np.bincount(slots).max() <= ALONE:
            return None
        rooms, index, goals = crowding_db(held, slots)
        before = self._crowd_db[rooms]
        after = np.minimum(np.maximum(goals, before - _CROWD_FALL_DB), before + _CROWD_RISE_DB)
        self._crowd_db[rooms] = after
        self._crowded = bool(self._crowd_db.any())
        if not (before.any() or after.any()):
            return None
        ratios = db_to_ratio(np.stack((before, after))).astype(np.float32)
        index = index[: len(rows)]
        return ratios[0, index], ratios[1, index]

    def crowding(self, row: int) -> float:
        """What the row's last sample was multiplied by for the sake of its room, as `crowd` told."""
        return float(db_to_ratio(self._crowd_db[self._slot[row]]))

    def troubles(self) -> list[tuple[int, Trouble]]:
        """Rows whose trouble is another than was told last, `NONE` where it is over."""
        changed = (self._trouble != self._told).nonzero()[0]
        if not changed.size:
            return []
        self._told[changed] = self._watches["trouble"][changed]
        self._troubled = self._told.nonzero()[0]
        return [(int(row), Trouble(int(self._told[row]))) for row in changed]

    def _resume(self, rows: NDArray[np.intp], last: NDArray[np.int64]) -> None:
        """Those of `rows` that were silent since their `last` tick have rested; of the troubled `begin` saw to it."""
        away = self._tick - 1 - last
        back = ((away > 0) & (self._told[rows] == Trouble.NONE)).nonzero()[0]
        which = rows[back]
        self._watched(which, rest(self._watches[which], away[back]))

    def _judge_hum(
        self, rows: NDArray[np.intp], hum: NDArray[np.bool_], pause: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Learn from frames which pauses hum; returns which of `rows` do from now on."""
        before = self._hums[rows]
        if not pause.any():
            return before
        count = self._hum_ticks[rows]
        count += np.where(hum, np.int16(HUM_EVERY), np.int16(-HUM_EVERY)) * pause
        np.maximum(count, np.int16(0), out=count)
        self._hum_ticks[rows] = np.minimum(count, np.int16(HUM_TICKS), out=count)
        after = np.where(before, count > 0, count >= HUM_TICKS)
        if (before != after).any():
            self._hums[rows] = after
            self._humming = bool(self._hums.any())
        return after

    def _unhum(
        self,
        rows: NDArray[np.intp],
        frames: NDArray[np.int16],
        fresh: NDArray[np.bool_],
        before: NDArray[np.bool_],
        after: NDArray[np.bool_],
        band: int,
    ) -> None:
        """Filter the frames of lines that hum, from their begin, to their end, or from one to the other."""
        here = (before | after).nonzero()[0]
        if not here.size:
            return
        mine = rows[here]
        plain = frames[here]
        states = self._filters[mine]
        anew = (fresh | ~before)[here]
        states[anew] = settle(plain[anew, 0], band=band)
        made, self._filters[mine] = highpass(plain, states, band=band)
        turning = (before[here] != after[here]).nonzero()[0]
        if turning.size:
            rise = np.arange(1, frames.shape[1] + 1, dtype=np.float32) / np.float32(frames.shape[1])
            share = np.where(after[here[turning], None], rise, 1 - rise)
            old = plain[turning].astype(np.float32)
            made[turning] = np.rint(old + share * (made[turning] - old)).astype(np.int16)
        frames[here] = made

    def _watch(
        self,
        rows: NDArray[np.intp],
        frames: NDArray[np.int16],
        levels: NDArray[np.float32],
        floors: NDArray[np.float32],
    ) -> None:
        """Look at those of `rows` whose turn it is."""
        here = self._watch_turns.of(self._tick, rows, ticks=_WATCHED)
        if here is not None:
            which = rows[here]
            self._watched(
                which,
                watch_step(
                    frames[here],
                    levels[here],
                    floors[here],
                    self._watches[which],
                    follows=self._tick % _WATCHED > 0,
                    stands_for=WATCH_EVERY // _WATCHED,
                ),
            )
        here = self._echo_turns.of(self._tick, rows)
        if here is not None:
            self._compare(rows[here])

    def _watched(self, rows: NDArray[np.intp], watches: NDArray[Any]) -> None:
        """Enter what is known of these rows now."""
        self._watches[rows] = watches
        self._trouble[rows] = watches["trouble"]

    def _compare(self, rows: NDArray[np.intp]) -> None:
        """Is what these rows say what was sent to them?"""
        ticks = np.arange(self._tick - ECHO_FRAMES - LAG_MOST + 1, self._tick + 1)[:, None] % _RING
        rows = rows[self._slot[rows] != NO_SLOT]
        others = self._room[ticks, self._slot[rows]] - self._given[ticks, rows]
        own = self._own[ticks[LAG_MOST:], rows]
        # Where nothing was sent, nothing can have come back: that says neither yes nor no.
        likely: NDArray[np.bool_] = (others.max(axis=0) > _ECHO_LEAST) & (own.max(axis=0) >= _LOUD)
        here = likely.nonzero()[0]
        if here.size:
            which = rows[here]
            curves = dbov(own[:, here].T), dbov(others[:, here].T)
            self._watched(which, echo_step(*curves, self._watches[which]))


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

"""Who is heard: from the frames that came, the few rows of each room whose audio goes into its mix.

Most rows are silent most of the time, and a silent row is recognised by its codes without being decoded. What is left is
decoded, repaired where packets are missing (`repair`), measured, made louder or softer (`gains`), and the loudest few of
each room are chosen: those who speak before those who only make noise, and whoever holds a place keeps it unless another
is clearly louder. Who whispers (`whispers`) holds no place: what he says goes to one row, beside the mix.

A row that gains or loses its place in the middle of a sound is faded within the frame, so nobody hears a click; one that
leaves the room in the middle of a sound goes on for a frame, as if it had lost it, and sinks away.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp import g711
from dsp.gain import ramp
from dsp.level import LEAST_SPEECH_DBOV, SILENCE_DBOV, hold_levels
from dsp.mix import choose_loudest
from media import laws
from media.bands import NARROW, Bands, Departed, Voices, Whispered
from media.control import Codec
from media.decoded import Decoding
from media.gains import Gains
from media.jitter import FRAME, JitterBuffer, Pull
from media.lines import Lines
from media.repair import CodeSource, Repair
from media.rooms import NO_SLOT
from media.streams import Streams
from media.whispers import NOBODY, Whispers

LOUDEST: Final = 6
"""Rows heard at once in a room. More voices than this are noise to a listener, and six let a laugh be heard."""
SPEECH_BONUS_DB: Final = np.float32(30.0)
"""Speech is preferred to steady noise up to this much louder; a steady tone with the room to itself is still heard."""

_NO_LEVELS: Final = np.zeros(0, np.float32)
_NOBODY: Final = np.zeros(0, np.bool_)
_NO_ROWS: Final = np.zeros(0, np.intp)


class Said(NamedTuple):
    """What rows that are listened to said in this tick, whether anybody hears it or not."""

    rows: NDArray[np.intp]
    frames: NDArray[np.int16]
    """(T, 160), as they came: without gain. Silence while a key is pressed."""
    loud: NDArray[np.bool_]
    """The frame stands out of the line's noise."""


class Standing(NamedTuple):
    """Who is being heard, for those who choose elsewhere."""

    rows: NDArray[np.intp]
    ranks: NDArray[np.float32]
    """By these the loudest are chosen."""
    levels: NDArray[np.float32]
    """dBov, held and with gains."""
    powers: NDArray[np.float32]
    """Of what they say in this tick."""


class Elsewhere(NamedTuple):
    """Who is heard in our rooms of people in other workers (`cascade`)."""

    slots: NDArray[np.intp]
    """(V,): of each voice, its room's."""
    ranks: NDArray[np.float32]
    """(V,): as in `Standing`; and the next."""
    levels: NDArray[np.float32]
    rooms: NDArray[np.intp]
    """(E,): slots."""
    powers: NDArray[np.float32]
    """(E,): of all that is said in them."""


class Away(NamedTuple):
    """A whisper to somebody who is not here, but perhaps in the same room in another worker."""

    slot: int
    to: int
    """The stream."""
    band: int
    frame: NDArray[np.int16]


class Speakers:
    """State of R rows between ticks."""

    def __init__(self, streams: Streams, jitter: JitterBuffer, decoding: Decoding | None = None) -> None:
        rows = streams.capacity
        self._streams = streams
        self.a_law = np.zeros(rows, np.bool_)
        """The row speaks PCMA; otherwise PCMU."""
        self._jitter = jitter
        self._decoding = Decoding(rows, jitter) if decoding is None else decoding
        self._repairs = {NARROW: Repair(streams, jitter, CodeSource(jitter, self.a_law))}
        self.slot = np.zeros(rows, np.int32)
        """The row's room, as a slot of `rooms`."""
        self.bands = Bands(self.slot, rows + 1)
        """At which rates they speak and listen."""
        self.gains = Gains(streams)
        self.whispers = Whispers(rows, self.slot)
        self._listened = np.zeros(rows, np.bool_)
        self._listening = False  # any of them
        self.said: Said | None = None
        """Of the rows that are listened to (`listen`), in the last tick; None where there is none."""
        self.lines = Lines(self.slot)
        self._cleaned: set[int] = set()  # rows that noise is taken out of
        self._held = np.full(rows, SILENCE_DBOV, np.float32)
        self._heard = np.zeros(rows, np.bool_)
        self._suppressed = np.zeros(rows, np.bool_)  # sounded last tick, and nobody heard it
        self._departed: list[tuple[int, Departed]] = []  # with their bands
        self._whispered: list[tuple[int, Whispered]] = []
        self._going_away: list[Away] = []
        self.away: list[Away] = []
        """Whispers of the last tick."""
        self.elsewhere: Elsewhere | None = None
        """To be set before each tick."""

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self.lines.clear(row)
        self._cleaned.discard(row)
        self._held[row] = SILENCE_DBOV
        self._heard[row] = False
        self._suppressed[row] = False
        for repair in self._repairs.values():
            repair.clear(row)
        self.gains.clear(row)
        self.whispers.begin(row, NOBODY)
        self._whispered = [each for each in self._whispered if each[1].listener != row]

    def speak(self, row: int, codec: Codec, band: int) -> None:
        """The row speaks this codec from now on, at this band."""
        self.bands.change(row, band)
        if row in self._cleaned:
            self.lines.suppress(row, on=True, band=band)
        if codec in laws.CODECS:
            self._decoding.close(row)
            return
        self._decoding.open(row, codec, band)
        if band not in self._repairs:
            self._repairs[band] = Repair(self._streams, self._jitter, self._decoding.sources[band])

    def listen(self, row: int, *, on: bool) -> None:
        """What the row says is wanted in `said`, whatever it is, or is no more."""
        if bool(self._listened[row]) != on:
            self._listened[row] = on
            self._listening = bool(self._listened.any())

    def suppress(self, row: int, *, on: bool) -> None:
        """Take noise out of what the row says, at whatever band it speaks, or let it in again."""
        (self._cleaned.add if on else self._cleaned.discard)(row)
        self.lines.suppress(row, on=on, band=int(self.bands.of[row]))

    def whisper(self, row: int, to: int) -> None:
        """From now on the row speaks to the stream `to` alone, or to its room (`NOBODY`)."""
        if to != self.whispers.to(row):
            self.leave(row)
            self.whispers.begin(row, to)

    def leave(self, row: int) -> None:
        """The row is about to be heard by others; what it was saying to these sinks away, and to those it fades in."""
        if self._heard[row]:
            band = int(self.bands.of[row])
            going_on = self.lines.going_on(row, self._repairs[band].going_on(row), band=band)
            sinking = ramp(going_on, self.gains.ratio[row] * self.lines.crowding(row), 0.0)[0]
            if self.whispers.apart[row]:
                to = self.whispers.to(row)
                listener = self.whispers.rows.get(to)
                if listener is not None:
                    self._whispered.append((band, Whispered(row, listener, sinking)))
                else:
                    self._going_away.append(Away(int(self.slot[row]), to, band, sinking))
            else:
                departed = Departed(row, int(self.slot[row]), sinking, int(self._streams.stream[row]))
                self._departed.append((band, departed))
        self._heard[row] = False
        self._suppressed[row] = True

    def room_emptied(self, slot: int) -> None:
        """Nobody is there to hear who left it."""
        self._departed = [departed for departed in self._departed if departed[1].slot != slot]

    def tick(self, count: int, pull: Pull, pressed: NDArray[np.bool_], *, both_laws: bool) -> list[Voices]:
        """Choose among the first `count` rows; returns who is heard, by the band that they speak at.

        Parameters
        ----------
        pressed : ndarray of shape (count,), bool
            A key is down: its tone, if any, must not reach the others.
        both_laws : bool
            Some row speaks PCMA.
        """
        self.lines.begin()
        if self.elsewhere is not None:
            self.lines.heard_elsewhere(self.elsewhere.rooms, self.elsewhere.powers)
        rows, may_speak = self._sounding(count, pull, pressed, both_laws=both_laws)
        self.said = None
        parts = self._parts(rows)
        frames = [self._repairs[band].samples(mine, pull) for band, mine in parts]
        if len(parts) > 1:
            rows = np.concatenate([mine for _, mine in parts])
        if not rows.size:
            self._settle(count, rows, pull)
            return self._voices(parts, frames, [rows] * len(parts))
        measured = [
            self._measure(band, mine, part, pressed) for (band, mine), part in zip(parts, frames, strict=True)
        ]
        levels = np.concatenate([level for level, _ in measured])
        active = np.concatenate([is_active for _, is_active in measured])
        held = hold_levels(levels, self._held[rows])
        was = self._heard[rows]
        chosen = self._choose(rows, may_speak[rows], active, held, was)
        fresh = chosen & ~was & self._suppressed[rows]
        self._settle(count, rows, pull)
        self._held[rows] = held
        self._heard[rows] = chosen
        self._suppressed[rows] = ~chosen & (levels > LEAST_SPEECH_DBOV)
        heard = chosen | was
        fading = fresh | (was & ~chosen)
        turned = self._turns(rows, held, chosen, was, fading)
        audible = []
        begin = 0
        for (_, mine), part in zip(parts, frames, strict=True):
            here = slice(begin, begin + len(mine))
            begin += len(mine)
            if turned is not None:
                before, after = turned[0][here], turned[1][here]
                turns = ((before != 1) | (after != 1)).nonzero()[0]
                part[turns] = ramp(part[turns], before[turns], after[turns])
            audible.append(heard[here].nonzero()[0])
        return self._voices(parts, frames, audible)

    def _turns(
        self,
        rows: NDArray[np.intp],
        held: NDArray[np.float32],
        chosen: NDArray[np.bool_],
        was: NDArray[np.bool_],
        fading: NDArray[np.bool_],
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """By what the frames of `rows` are multiplied, at their begin and end: fades, and what a crowd makes softer.

        None where nothing is.
        """
        to_room = chosen if self.whispers.idle else chosen & ~self.whispers.apart[rows]
        self.lines.heard(rows if to_room.all() else rows[to_room])
        if not was.all() or not chosen.all():
            to_room = to_room | was if self.whispers.idle else to_room | (was & ~self.whispers.apart[rows])
        here = to_room.nonzero()[0]
        mine = rows[here]
        loudness = held[here] if self.gains.idle else held[here] + self.gains.db(mine)
        elsewhere = None if self.elsewhere is None else (self.elsewhere.slots, self.elsewhere.levels)
        crowd = self.lines.crowd(mine, loudness, elsewhere)
        if crowd is None and not fading.any():
            return None
        before = np.where(fading, was, np.True_).astype(np.float32)
        after = np.where(fading, chosen, np.True_).astype(np.float32)
        if crowd is not None:
            before[here] *= crowd[0]
            after[here] *= crowd[1]
        return before, after

    def _parts(self, rows: NDArray[np.intp]) -> list[tuple[int, NDArray[np.intp]]]:
        """`rows` by the band that they speak at."""
        if self.bands.narrow:
            return [(NARROW, rows)]
        bands = self.bands.of[rows]
        return [(band, rows[bands == band]) for band in self.bands.in_use]

    def _voices(
        self,
        parts: list[tuple[int, NDArray[np.intp]]],
        frames: list[NDArray[np.int16]],
        audible: list[NDArray[np.intp]],
    ) -> list[Voices]:
        """Those of each part who are audible, sorted by room, and what is left of those who are gone."""
        departed, self._departed = self._departed, []
        whispered, self._whispered = self._whispered, []
        self.away, self._going_away = self._going_away, []
        voices = []
        for (band, rows), part, heard in zip(parts, frames, audible, strict=True):
            to_room = heard
            whispers = []
            if whispered or not self.whispers.idle:
                whispers = [each for at, each in whispered if at == band]
                whispers += self._whispers(band, rows[heard], part[heard])
                to_room = heard[~self.whispers.apart[rows[heard]]]
            order = to_room[self.slot[rows[to_room]].argsort(kind="stable")]
            gone = [each for at, each in departed if at == band]
            voices.append(Voices(band, rows[order], part[order], gone, whispers))
        if departed or whispered:
            voices += self._last_words({band for band, _ in parts}, departed, whispered)
        return voices

    @staticmethod
    def _last_words(
        bands: set[int], departed: list[tuple[int, Departed]], whispered: list[tuple[int, Whispered]]
    ) -> list[Voices]:
        """What is left of those who were the last to speak at their band."""
        return [
            Voices(
                band,
                _NO_ROWS,
                np.zeros((0, FRAME * band), np.int16),
                [each for at, each in departed if at == band],
                [each for at, each in whispered if at == band],
            )
            for band in sorted({band for band, _ in (*departed, *whispered)} - bands)
        ]

    def _sounding(
        self, count: int, pull: Pull, pressed: NDArray[np.bool_], *, both_laws: bool
    ) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """The rows that must be decoded, and a column: which rows anybody might hear."""
        loud = ~g711.quiet(pull.codes, g711.Law.MU)
        if both_laws:
            loud = np.where(self.a_law[:count], ~g711.quiet(pull.codes, g711.Law.A), loud)
        in_room = self.slot[:count] != NO_SLOT
        if not self._decoding.idle:
            self._ask_codecs(loud, in_room, pull)
        sounds = in_room & (loud | (self.lines.lasting(count)))
        sounds |= self._heard[:count]
        if self._listening:
            sounds |= self._listened[:count]
        self._streams.level_dbov[:count] = SILENCE_DBOV
        self._streams.speaking[:count] = False
        return sounds.nonzero()[0], in_room & ~self._streams.muted[:count] & ~pressed

    def _ask_codecs(self, loud: NDArray[np.bool_], in_room: NDArray[np.bool_], pull: Pull) -> None:
        """Enter into `loud` which rows that do not speak G.711 may be heard; nothing is decoded of those that
        are muted, unless it is watched whether their trouble is over.
        """
        count = len(loud)
        there = pull.complete.copy()
        there[pull.trouble.rows[pull.trouble.run > 0]] = True
        coded = self._decoding.coded[:count]
        loud[coded] = False
        wanted = ~self._streams.muted[:count] | self.lines.troubled(count)
        which = (coded & there & in_room & wanted).nonzero()[0]
        start = pull.start[which]
        loud[which] = self._decoding.sound(which, start)

    def _measure(
        self, band: int, rows: NDArray[np.intp], frames: NDArray[np.int16], pressed: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """How loud `rows` are and who of them speaks; then `frames` get their gain."""
        if not rows.size:
            return _NO_LEVELS, _NOBODY
        here = self._listened[rows].nonzero()[0] if self._listening else _NO_ROWS
        as_they_came = frames[here]
        levels, active, floors = self.lines.apply(rows, frames, band=band)
        self._repairs[band].note(rows, levels)
        self._streams.level_dbov[rows] = levels
        if here.size:
            self._listen(band, rows[here], as_they_came, pressed)
        if not self.gains.idle:
            self.gains.apply(rows, frames, levels, active & ~pressed[rows], floors)
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
        rooms: NDArray[np.integer] = self.slot[rows[candidates]]
        elsewhere = self.elsewhere
        if elsewhere is not None:
            rooms = np.concatenate((rooms, elsewhere.slots))
        if rooms.size > LOUDEST and np.bincount(rooms).max() > LOUDEST:
            rank = self._ranks(rows[candidates], held[candidates], active[candidates])
            holds = was[candidates]
            if elsewhere is not None:
                rank = np.concatenate((rank, elsewhere.ranks))
                holds = np.concatenate((holds, np.ones(len(elsewhere.slots), np.bool_)))
            chosen[candidates] = choose_loudest(rank, rooms, LOUDEST, holds)[: candidates.size]
        else:
            chosen[candidates] = True
        return chosen

    def _ranks(
        self, rows: NDArray[np.intp], held: NDArray[np.float32], active: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """By what the loudest of `rows` are chosen."""
        rank = held + active.astype(np.float32) * SPEECH_BONUS_DB
        if not self.gains.idle:
            rank += self.gains.db(rows)
        return rank

    def standing(self, rows: NDArray[np.intp]) -> Standing:
        """Those of `rows` who were chosen in this tick, in the same order."""
        rows = rows[self._heard[rows]]
        held = self._held[rows]
        ranks = self._ranks(rows, held, self._streams.speaking[rows])
        levels = held if self.gains.idle else held + self.gains.db(rows)
        return Standing(rows, ranks, levels, self.lines.powers(rows))

    def _whispers(self, band: int, rows: NDArray[np.intp], frames: NDArray[np.int16]) -> list[Whispered]:
        """What those of `rows` who whisper say, and to which row."""
        said = []
        for place in self.whispers.apart[rows].nonzero()[0].tolist():
            row, frame = int(rows[place]), frames[place]
            listener = self.whispers.listener(row)
            if listener is not None:
                said.append(Whispered(row, listener, frame))
            else:
                self.away.append(Away(int(self.slot[row]), self.whispers.to(row), band, frame))
        return said

    def _listen(
        self, band: int, rows: NDArray[np.intp], frames: NDArray[np.int16], pressed: NDArray[np.bool_]
    ) -> None:
        """Add to `said` what `rows` say, who are listened to."""
        mine, said = rows, frames
        keyed = pressed[mine]
        if band != NARROW:
            said = self.bands.narrowed(band, mine, said)
        said[keyed] = 0
        loud = self.lines.standing_out(mine) & ~keyed
        if self.said is not None:
            before = self.said
            mine, said = np.concatenate((before.rows, mine)), np.concatenate((before.frames, said))
            loud = np.concatenate((before.loud, loud))
        self.said = Said(mine, said, loud)

    def _settle(self, count: int, rows: NDArray[np.intp], pull: Pull) -> None:
        """Make every row one that made no sound; of the others what is remembered is entered after."""
        for band, repair in self._repairs.items():
            mine = pull
            if len(self._repairs) > 1:  # though all who are left may be at one band
                mine = pull._replace(wish=pull.wish.some(self.bands.of[pull.wish.rows] == band))
            repair.settle(rows, mine)
        self._heard[:count] = False
        self._suppressed[:count] = False
        self._held[:count] = SILENCE_DBOV

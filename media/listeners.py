"""What everybody hears: what plays is kept here, an `Ear` per sample rate makes the frames, and G.711's are encoded at once.

Every distinct frame of a tick is encoded once per law and put into one table of codes; each row has an index into it. What
listeners at other rates hear is handed on as lines, for their codecs have a past (`encoding`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp import g711
from media.bands import NARROW, Heard
from media.control import Segment
from media.hearing import NO_MUSIC, NOBODYS, Cues, Ear, Lines
from media.jitter import FRAME
from media.playback import Due, Ended, MusicLoops, Player, SharedAudio
from media.room_tone import RoomTone
from media.speakers import Speakers

_NOTHING: Final = Due(NOBODYS, NOBODYS, NOBODYS)
_NO_LOOPS: Final = NOBODYS
_SILENCE: Final = {law: np.full((1, FRAME), g711.SILENCE[law], np.uint8) for law in g711.Law}


class Listeners:
    """State of R rows between ticks: what is queued for them and how far it has played."""

    def __init__(self, rows: int, room_slots: int, speakers: Speakers) -> None:
        self._speakers = speakers
        self._room_slots = room_slots
        self.audio = SharedAudio.silent()
        self.tone: RoomTone | None = None
        """What is heard where nothing else is; None: silence."""
        self._private = Player(rows)
        self._announcements = Player(room_slots)
        self._loops = MusicLoops()
        self._music = np.full(rows, NO_MUSIC, np.intp)
        self._room_music: dict[int, int] = {}  # room slot to loop
        self._turning: dict[int, int] = {}  # rows, and the last sample of what they heard
        self._ears = {NARROW: Ear(NARROW, speakers.slot, self._music, room_slots)}
        self._announced = _NOTHING
        self.wide: dict[int, Lines] = {}
        """Of the last tick, by band: what rows hear that do not speak G.711."""

    @property
    def loops(self) -> NDArray[np.intp]:
        """The loop that each row hears while it is in no room."""
        return self._music

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self._private.stop(row)
        self.music(row, None)
        for ear in self._ears.values():
            ear.clear(row)
        self._turning.pop(row, None)

    def play(self, row: int, playback: int, segments: Sequence[Segment]) -> None:
        """Queue audio to one row."""
        self._private.queue(row, playback, segments, total=self.audio.samples)

    def stop(self, row: int) -> list[int]:
        """Drop a row's private queue; returns the playbacks."""
        return self._private.stop(row)

    def turn(self, row: int, last: int) -> None:
        """From the next frame on the row hears something else; the last sample it heard was `last`."""
        self._turning[row] = last

    def announce(self, slot: int, playback: int, segments: Sequence[Segment]) -> None:
        """Queue audio to a room."""
        self._announcements.queue(slot, playback, segments, total=self.audio.samples)

    def room_emptied(self, slot: int) -> list[int]:
        """Nobody is there to hear the rest; returns the playbacks that end so."""
        self.room_music(slot, None)
        return self._announcements.stop(slot)

    def music(self, row: int, segment: Segment | None) -> None:
        """What the row hears while it is in no room."""
        self._music[row] = self._change_loop(int(self._music[row]), segment)

    def room_music(self, slot: int, segment: Segment | None) -> None:
        """What a room hears under its conversation."""
        loop = self._change_loop(self._room_music.pop(slot, NO_MUSIC), segment)
        if loop != NO_MUSIC:
            self._room_music[slot] = loop

    def _change_loop(self, loop: int, segment: Segment | None) -> int:
        """Leave `loop` and join that of `segment`; what is no segment of the shared audio is no music."""
        if loop != NO_MUSIC:
            self._loops.leave(loop)
        playable = segment is not None and segment.length >= FRAME and segment.offset >= 0
        if segment is None or not playable or segment.offset + segment.length > self.audio.samples:
            return NO_MUSIC
        return self._loops.join(segment)

    def tick(
        self, count: int, heard: Heard, *, both_laws: bool, wide: Mapping[int, Heard] | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[np.intp], list[Ended], list[Ended]]:
        """Make everybody's frame.

        Parameters
        ----------
        wide : mapping of band to Heard, optional
            Who is heard by rows that listen at other rates than 8 kHz; `self.wide` has what these hear afterwards.

        Returns
        -------
        table : ndarray of shape (L, 160), uint8
            The distinct frames, encoded.
        line : ndarray of shape (count,), intp
            Which of them each row hears.
        ended, announced : lists
            Playbacks of rows, and of room slots, that ended with this tick's frame.
        """
        cues, ended, announced = self._cues()
        self.wide = {}
        if wide:
            for band, voices in wide.items():
                mine = self._of_band(cues, band)
                self.wide[band] = self._ear(band).hear(count, voices, mine, self.audio)
            cues = self._of_band(cues, NARROW)
        lines = self._ears[NARROW].hear(count, heard, cues, self.audio)
        return *self._encode(lines, both_laws=both_laws), ended, announced

    def _cues(self) -> tuple[Cues, list[Ended], list[Ended]]:
        """What plays in this tick; all that plays moves on."""
        private, ended = (_NOTHING, []) if self._private.idle else self._private.tick()
        announced, over = (_NOTHING, []) if self._announcements.idle else self._announcements.tick()
        self._announced = announced
        loops = _NO_LOOPS if self._loops.idle else self._loops.tick()
        turning, self._turning = self._turning, {}
        if self.tone is not None:
            self.tone.tick()
        return Cues(private, announced, turning, self._room_music, loops, self.tone), ended, over

    def said_to_rooms(self) -> tuple[NDArray[np.intp], NDArray[np.int16]]:
        """Announcements of the last tick, for who records them: the rooms' slots, and a frame for each, at the best rate that
        the shared audio has.
        """
        due, band = self._announced, self.audio.band
        frames = self.audio.frames(due.offset, band)
        return due.keys, np.where(np.arange(FRAME * band) < due.length[:, None] * band, frames, 0)

    def _of_band(self, cues: Cues, band: int) -> Cues:
        """The cues of rows that listen at `band`."""
        bands = self._speakers.bands.of
        mine = bands[cues.private.keys] == band
        private = Due(*(column[mine] for column in cues.private))
        turning = {row: last for row, last in cues.turning.items() if bands[row] == band}
        return cues._replace(private=private, turning=turning)

    def _ear(self, band: int) -> Ear:
        if band not in self._ears:
            self._ears[band] = Ear(band, self._speakers.slot, self._music, self._room_slots)
        return self._ears[band]

    def _encode(self, lines: Lines, *, both_laws: bool) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
        """The table of codes, shared lines in each law that is spoken, and each row's index into it."""
        shared, own, line = lines.shared, lines.own, lines.line
        parts = self._coded(shared, g711.Law.MU)
        if both_laws:
            parts += self._coded(shared, g711.Law.A)
            a_law = self._speakers.a_law[: len(line)]
            line = line + len(shared) * (a_law | (line >= len(shared)))
        if len(own):
            codes = g711.encode(own, g711.Law.MU)
            if both_laws:
                a_law = self._speakers.a_law[lines.rows]
                codes[a_law] = g711.encode(own[a_law], g711.Law.A)
            parts.append(codes)
        return np.concatenate(parts), line

    def _coded(self, shared: NDArray[np.int16], law: g711.Law) -> list[NDArray[np.uint8]]:
        """The lines encoded; of silence it is known what becomes of it."""
        if self.tone is not None:
            return [g711.encode(shared, law)]
        return [_SILENCE[law], *([g711.encode(shared[1:], law)] if len(shared) > 1 else [])]

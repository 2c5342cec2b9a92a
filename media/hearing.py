"""What rows hear at one sample rate: their room without themselves, prompts, music or nothing, as samples not yet encoded.

A *band* is the factor of a rate over 8 kHz: 1, 2 or 6 (8, 16, 48 kHz). There is an `Ear` per band that anybody listens at.
Each distinct frame of a tick is a *line*; a row has an index of the one it hears. A thousand listeners of a room share one
line, and so do all who wait with the same music. Only a talker, or somebody who hears a prompt over the conversation,
has a line of his own.

Where nothing sounds there is silence, or the tone of an empty room (`room_tone`). Under what sounds there is none: a room that
begins to sound has it sink away within a frame, and one that falls silent has it rise, so nobody hears it come and go. Who
talks while nobody else does hears nothing but himself, and so the tone all along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from dsp.gain import ramp_mix
from dsp.limiter import limit
from dsp.mix import minus_self, room_sums
from media.bands import Heard
from media.jitter import FRAME
from media.playback import Due, SharedAudio
from media.room_tone import RoomTone

DUCK: Final = np.float32(0.25)
"""-12 dB: the conversation under a prompt that only this row hears; it stays understandable, the prompt leads."""
TURN_SAMPLES: Final = 40
"""5 ms at 8 kHz: where a row hears something else all of a sudden, the new fades in while the last sample of the old sinks
away."""
NO_MUSIC: Final = -1
NOBODYS: Final = np.zeros(0, np.intp)
"""No rows."""
SILENCE: Final = 0
"""The key of a line where nothing is to be heard. That of a room is its slot, above 0; that of music, `music_key`."""

_Loop = TypeVar("_Loop", int, NDArray[np.intp])


def music_key(loop: _Loop) -> _Loop:
    """Return the key of the line of a loop, or of many: below 0."""
    return -1 - loop


class Cues(NamedTuple):
    """What plays in this tick beside the conversation, whoever hears it at whatever rate."""

    private: Due
    """To rows."""
    announced: Due
    """To room slots."""
    turning: Mapping[int, int]
    """Rows that hear something else from now on, and the last sample of what they heard."""
    room_music: Mapping[int, int]
    """Room slots, and the loop that they hear."""
    loops: NDArray[np.intp]
    """Where in the shared audio the frame of each loop begins."""
    tone: RoomTone | None = None
    """What is heard where nothing else is; None: silence."""


class Lines(NamedTuple):
    """The distinct frames of a tick at one rate."""

    shared: NDArray[np.int16]
    """(S, frame): the first is silence, or the tone of an empty room."""
    keys: list[int]
    """(S): what each of these is, the same from tick to tick. Not told at band 1: what G.711 encodes has no past."""
    rows: NDArray[np.intp]
    """(O): rows with a line of their own."""
    own: NDArray[np.int16]
    """(O, frame): these lines."""
    line: NDArray[np.intp]
    """(count): which line each row hears; `own` is counted after `shared`."""


class Ear:
    """Everything heard at one band.

    Parameters
    ----------
    band : int
    slot : ndarray of shape (R,), int32
        The room slot of each row.
    music : ndarray of shape (R,), intp
        The loop that each row hears while it is in no room.
    room_slots : int
    """

    def __init__(self, band: int, slot: NDArray[np.int32], music: NDArray[np.intp], room_slots: int) -> None:
        self.band = band
        self._frame = FRAME * band
        self._slot = slot
        self._music = music
        self._base_gain = np.ones(len(slot), np.float32)
        self._ducked = NOBODYS  # rows that heard a prompt in the last frame
        self._line_of_slot = np.full(room_slots, -1, np.intp)
        self._room_gain = np.ones(room_slots, np.float32)  # of the limiter, where a frame ends
        self._own_gain = np.ones(len(slot), np.float32)
        self._rise = (np.arange(TURN_SAMPLES * band) + 1) / (TURN_SAMPLES * band)
        self._silence = np.zeros((1, self._frame), np.int16)
        self._rising = (np.arange(self._frame) + 1) / self._frame
        self._sounding = NOBODYS  # room slots where something sounded in the last frame
        self._sounded = np.zeros(room_slots, np.bool_)  # the same as a column
        self._alone = NOBODYS  # rows that heard nothing but themselves in it
        self._was_alone = np.zeros(len(slot), np.bool_)

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self._base_gain[row] = self._own_gain[row] = 1.0

    def hear(self, count: int, heard: Heard, cues: Cues, audio: SharedAudio) -> Lines:
        """Make the lines of this tick; `heard` is at this band, `cues.private` and `cues.turning` are of rows that listen at it."""
        slot = self._slot[:count]
        nothing = self._silence if cues.tone is None else cues.tone.frame(self.band)
        shared = [nothing]
        keys = [SILENCE]
        line = np.zeros(count, np.intp)
        size = 1
        sums, room_line = self._room_mixes(heard, cues, audio)
        own = np.zeros((0, self._frame), np.int32)
        talkers = np.zeros((0, self._frame), np.int16)
        if len(heard.rows):
            own = minus_self(sums, heard.frames, room_line[self._slot[heard.rows]])
        slots = np.flatnonzero(room_line >= 0) if len(sums) else NOBODYS
        stopped = NOBODYS
        if cues.tone is not None:
            sums, slots, stopped = self._with_tone(nothing, sums, slots, own, heard, cues)
        if len(sums):
            slots = slots[room_line[slots].argsort()]
            limited = self._limit(sums, slots, own, heard.rows)
            talkers = limited[len(sums) :]
            shared.append(limited[: len(sums)])
            if self.band > 1:
                keys += slots.tolist()
            index = room_line[slot]
            line = np.where(index >= 0, size + index, line)
            size += len(sums)
        if len(cues.loops):
            shared.append(audio.frames(cues.loops, self.band))
            keys += [music_key(loop) for loop in range(len(cues.loops))]
            music = self._music[:count]
            waits = (music != NO_MUSIC) & (slot == 0)
            line = np.where(waits, size + music, line)
            size += len(cues.loops)
        line[stopped] = SILENCE
        rows = heard.rows[: len(talkers)]
        line[rows] = size + np.arange(len(rows))
        if len(cues.private.keys) or cues.turning or self._ducked.size or heard.whispers:
            those, frames = self._private_frames(cues, sums, room_line, heard, own, audio, nothing)
            line[those] = size + len(rows) + np.arange(len(those))
            rows, talkers = np.concatenate((rows, those)), np.concatenate((talkers, frames))
        return Lines(np.concatenate(shared), keys, rows, talkers, line)

    def _with_tone(
        self,
        tone: NDArray[np.int16],
        sums: NDArray[np.int32],
        slots: NDArray[np.intp],
        own: NDArray[np.int32],
        heard: Heard,
        cues: Cues,
    ) -> tuple[NDArray[np.int32], NDArray[np.intp], NDArray[np.intp]]:
        """`sums`, with the tone sinking in rooms that begin to sound and rising in those that end, and `own` likewise.

        Returns besides `slots`, those that have a sum, with those that end; and the rows that have stopped talking there: with
        them the tone goes on.
        """
        line, sounded = self._line_of_slot, self._sounded
        begun = slots[~sounded[slots]]
        over = self._sounding[line[self._sounding] < 0]
        alone = self._who_is_alone(heard, cues)
        talkers, before = heard.rows, self._alone
        if not (begun.size or over.size or alone.any() or before.size):
            return sums, slots, NOBODYS
        rising = np.rint(tone * self._rising).astype(np.int32)
        sinking = tone - rising
        had_tone = self._was_alone[talkers] | ~sounded[self._slot[talkers]]
        own[alone & had_tone] = tone
        own[alone & ~had_tone] = rising
        own[~alone & had_tone] += sinking[0]
        rooms = self._slot[before]
        stopped = before[sounded[rooms] & (line[rooms] < 0)]
        self._alone = talkers[alone]
        self._was_alone[before] = False
        self._was_alone[self._alone] = True
        sums[line[begun]] += sinking
        if over.size:
            sums = self._with_lines(sums, over)
            sums[line[over]] += rising
        if begun.size or over.size:
            sounded[self._sounding] = False
            sounded[slots] = True
            self._sounding = slots
        return sums, np.concatenate((slots, over)), stopped

    def _who_is_alone(self, heard: Heard, cues: Cues) -> NDArray[np.bool_]:
        """Who of those who are heard hears nothing."""
        rooms = self._slot[heard.rows]
        alone: NDArray[np.bool_] = np.bincount(rooms)[rooms] == 1
        others = [*cues.announced.keys.tolist(), *cues.room_music, *(slot for slot, _ in heard.departed)]
        for slots, _ in heard.elsewhere:
            others += slots.tolist()
        if others:
            alone &= ~np.isin(rooms, others)
        return alone

    def _limit(
        self,
        sums: NDArray[np.int32],
        slots: NDArray[np.intp],
        own: NDArray[np.int32],
        rows: NDArray[np.intp],
    ) -> NDArray[np.int16]:
        """The mixes of rooms and of those who talk there, none too loud. Whoever has none in this tick begins anew."""
        gains = np.concatenate((self._room_gain[slots], self._own_gain[rows[: len(own)]]))
        limited, gains = limit(np.concatenate((sums, own)), gains)
        self._room_gain[:] = 1.0
        self._own_gain[:] = 1.0
        self._room_gain[slots] = gains[: len(slots)]
        self._own_gain[rows[: len(own)]] = gains[len(slots) :]
        return limited

    def _room_mixes(
        self, heard: Heard, cues: Cues, audio: SharedAudio
    ) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
        """Sums of the rooms where anything sounds, and the sum's index per room slot (-1: silent)."""
        line = self._line_of_slot
        line[:] = -1
        if len(heard.rows):
            slots = self._slot[heard.rows]
            if slots[0] == slots[-1]:  # they are sorted: there is one room
                sums = np.add.reduce(heard.frames, axis=0, dtype=np.int32, keepdims=True)
                line[slots[0]] = 0
            else:
                starts = np.append(0, (slots[1:] != slots[:-1]).nonzero()[0] + 1)
                sums = room_sums(heard.frames, starts)
                line[slots[starts]] = np.arange(len(starts))
        else:
            sums = np.zeros((0, self._frame), np.int32)
        if len(cues.announced.keys):
            sums = self._with_lines(sums, cues.announced.keys)
            sums[line[cues.announced.keys]] += self._played(cues.announced, audio)
        for slot, loop in cues.room_music.items():
            sums = self._with_lines(sums, np.array([slot]))
            sums[line[slot]] += audio.frames(cues.loops[loop : loop + 1], self.band)[0]
        for slot, frame in heard.departed:
            sums = self._with_lines(sums, np.array([slot]))
            sums[line[slot]] += frame
        for rooms, said in heard.elsewhere:
            sums = self._with_lines(sums, rooms)
            sums[line[rooms]] += said
        return sums, line

    def _with_lines(self, sums: NDArray[np.int32], slots: NDArray[np.intp]) -> NDArray[np.int32]:
        """`sums`, with silence added for those of `slots` that have none yet."""
        silent = slots[self._line_of_slot[slots] < 0]
        if not len(silent):
            return sums
        self._line_of_slot[silent] = len(sums) + np.arange(len(silent))
        return np.concatenate((sums, np.zeros((len(silent), self._frame), np.int32)))

    def _private_frames(
        self,
        cues: Cues,
        sums: NDArray[np.int32],
        room_line: NDArray[np.intp],
        heard: Heard,
        own: NDArray[np.int32],
        audio: SharedAudio,
        nothing: NDArray[np.int16],
    ) -> tuple[NDArray[np.intp], NDArray[np.int16]]:
        """Frames of rows that hear a prompt or a whisper, whose conversation comes back to its loudness after one, or who
        turn.
        """
        gain, due = self._base_gain, cues.private
        returning = self._ducked[gain[self._ducked] < 1.0]  # those that have hung up are as new
        self._ducked = due.keys
        others = np.union1d(returning, np.fromiter(cues.turning, np.intp))
        if heard.whispers:
            others = np.union1d(others, np.array([row for row, _ in heard.whispers], np.intp))
        rows = np.concatenate((due.keys, np.setdiff1d(others, due.keys)))
        prompt = np.zeros((len(rows), self._frame), np.int32)
        prompt[: len(due.keys)] = self._played(due, audio)
        for row, frame in heard.whispers:
            prompt[rows == row] += frame
        base = np.repeat(nothing.astype(np.int32), len(rows), axis=0)
        slot = self._slot[rows]
        index = room_line[slot]
        hears_room = index >= 0
        base[hears_room] = sums[index[hears_room]]
        if len(own):
            _, here, there = np.intersect1d(rows, heard.rows, return_indices=True)
            base[here] = own[there]
        music = self._music[rows]
        waits = (music != NO_MUSIC) & (slot == 0)
        if waits.any():
            base[waits] = audio.frames(cues.loops[music[waits]], self.band)
        target = np.where(np.arange(len(rows)) < len(due.keys), DUCK, np.float32(1.0)).astype(np.float32)
        mixed, self._own_gain[rows] = limit(ramp_mix(base, gain[rows], target) + prompt, self._own_gain[rows])
        gain[rows] = target
        for place, key in enumerate(rows.tolist()) if cues.turning else ():
            if key in cues.turning:
                beginning = mixed[place, : len(self._rise)]
                beginning[:] = np.rint(beginning * self._rise + cues.turning[key] * (1 - self._rise))
        return rows, mixed

    def _played(self, due: Due, audio: SharedAudio) -> NDArray[np.int32]:
        """Frames that play, silent from where each ends."""
        pcm: NDArray[np.int32] = audio.frames(due.offset, self.band).astype(np.int32)
        pcm[due.length[:, None] * self.band <= np.arange(self._frame)] = 0
        return pcm

"""What each row hears: the room without itself, prompts, music or silence, encoded once for all who hear the same.

Every distinct frame of a tick is encoded once per law and put into one table of codes; each row has an index into it.
A thousand listeners of a room share one line of the table, and so do all who wait with the same music. Only a talker,
or somebody who hears a prompt over the conversation, has a line of his own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp import g711
from dsp.gain import ramp_mix, soft_limit
from dsp.mix import minus_self, room_sums
from media.control import Segment
from media.jitter import FRAME
from media.playback import Due, Ended, MusicLoops, Player, SharedAudio
from media.speakers import Heard, Speakers

DUCK: Final = np.float32(0.25)
"""-12 dB: the conversation under a prompt that only this row hears; it stays understandable, the prompt leads."""
TURN_SAMPLES: Final = 40
"""5 ms: where a row hears something else all of a sudden, the new fades in while the last sample of the old sinks away."""
NO_MUSIC: Final = -1

_LAWS: Final = (g711.Law.MU, g711.Law.A)
_SILENCE: Final = np.array([[g711.SILENCE[law]] * FRAME for law in _LAWS], np.uint8)
_WITHIN: Final = np.arange(FRAME)
_RISE: Final = (np.arange(TURN_SAMPLES) + 1) / TURN_SAMPLES


class Listeners:
    """State of R rows between ticks: what is queued for them and how far it has played."""

    def __init__(self, rows: int, room_slots: int, speakers: Speakers) -> None:
        self._speakers = speakers
        self.audio = SharedAudio.silent()
        self._private = Player(rows)
        self._announcements = Player(room_slots)
        self._loops = MusicLoops()
        self._music = np.full(rows, NO_MUSIC, np.intp)
        self._room_music: dict[int, int] = {}  # room slot to loop
        self._base_gain = np.ones(rows, np.float32)
        self._ducked = np.zeros(0, np.intp)  # rows that heard a prompt in the last frame
        self._turning: dict[int, int] = {}  # rows, and the last sample of what they heard
        self._line_of_slot = np.full(room_slots, -1, np.intp)

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self._private.stop(row)
        self.music(row, None)
        self._base_gain[row] = 1.0
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
        self, count: int, heard: Heard, *, both_laws: bool
    ) -> tuple[NDArray[np.uint8], NDArray[np.intp], list[Ended], list[Ended]]:
        """Make everybody's frame.

        Returns
        -------
        table : ndarray of shape (L, 160), uint8
            The distinct frames, encoded.
        line : ndarray of shape (count,), intp
            Which of them each row hears.
        ended, announced : lists
            Playbacks of rows, and of room slots, that ended with this tick's frame.
        """
        a_law = self._speakers.a_law[:count].astype(np.intp)
        slot = self._speakers.slot[:count]
        lines = [_SILENCE]
        line = a_law
        size = len(_LAWS)

        if not self._loops.idle:
            self._loops.tick()
        sums, room_line, announced = self._room_mixes(heard)
        own = np.zeros((0, FRAME), np.int32)
        if len(sums):
            own = (
                minus_self(sums, heard.frames, room_line[self._speakers.slot[heard.rows]])
                if len(heard.rows)
                else own
            )
            limited = soft_limit(np.concatenate((sums, own)))
            rooms, talkers = limited[: len(sums)], limited[len(sums) :]
            index = room_line[slot]
            shared = [g711.encode(rooms, law) for law in (_LAWS if both_laws else _LAWS[:1])]
            lines += shared
            line = np.where(index >= 0, size + index + a_law * len(sums), line)
            size += len(sums) * len(shared)
            if len(talkers):
                lines.append(self._encode(heard.rows, talkers))
                line = line.copy()
                line[heard.rows] = size + np.arange(len(talkers))
                size += len(talkers)

        if not self._loops.idle:
            offsets = self._loops.offsets
            span = self._span(offsets[:, None])
            lines += [self.audio.mu[span], self.audio.a[span]]
            music = self._music[:count]
            waits = (music != NO_MUSIC) & (slot == 0)
            line = np.where(waits, size + music + a_law * len(offsets), line)
            size += 2 * len(offsets)

        ended: list[Ended] = []
        if not self._private.idle or self._turning or self._ducked.size or heard.whispers:
            due, ended = self._private.tick()
            rows, codes = self._private_frames(due, sums, room_line, heard, own)
            lines.append(codes)
            line = line.copy()
            line[rows] = size + np.arange(len(rows))
        return np.concatenate(lines), line, ended, announced

    def _room_mixes(self, heard: Heard) -> tuple[NDArray[np.int32], NDArray[np.intp], list[Ended]]:
        """Sums of the rooms where anything sounds, the sum's index per room slot (-1: silent), ended announcements."""
        line = self._line_of_slot
        line[:] = -1
        ended: list[Ended] = []
        if len(heard.rows):
            slots = self._speakers.slot[heard.rows]
            if slots[0] == slots[-1]:  # they are sorted: there is one room
                sums = np.add.reduce(heard.frames, axis=0, dtype=np.int32, keepdims=True)
                line[slots[0]] = 0
            else:
                starts = np.append(0, (slots[1:] != slots[:-1]).nonzero()[0] + 1)
                sums = room_sums(heard.frames, starts)
                line[slots[starts]] = np.arange(len(starts))
        else:
            sums = np.zeros((0, FRAME), np.int32)
        if not self._announcements.idle:
            due, ended = self._announcements.tick()
            sums = self._with_lines(sums, due.keys)
            sums[line[due.keys]] += self._pcm(due)
        for slot, loop in self._room_music.items():
            sums = self._with_lines(sums, np.array([slot]))
            sums[line[slot]] += self.audio.pcm[self._span(self._loops.offsets[loop])]
        for slot, frame in heard.departed:
            sums = self._with_lines(sums, np.array([slot]))
            sums[line[slot]] += frame
        return sums, line, ended

    def _with_lines(self, sums: NDArray[np.int32], slots: NDArray[np.intp]) -> NDArray[np.int32]:
        """`sums`, with silence added for those of `slots` that have none yet."""
        silent = slots[self._line_of_slot[slots] < 0]
        if not len(silent):
            return sums
        self._line_of_slot[silent] = len(sums) + np.arange(len(silent))
        return np.concatenate((sums, np.zeros((len(silent), FRAME), np.int32)))

    def _private_frames(
        self,
        due: Due,
        sums: NDArray[np.int32],
        room_line: NDArray[np.intp],
        heard: Heard,
        own: NDArray[np.int32],
    ) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
        """Frames of rows that hear a prompt or a whisper, whose conversation comes back to its loudness after one, or who
        turn.
        """
        gain = self._base_gain
        turning, self._turning = self._turning, {}
        returning = self._ducked[gain[self._ducked] < 1.0]  # those that have hung up are as new
        self._ducked = due.keys
        others = np.union1d(returning, np.fromiter(turning, np.intp))
        if heard.whispers:
            others = np.union1d(others, np.array([row for row, _ in heard.whispers], np.intp))
        rows = np.concatenate((due.keys, np.setdiff1d(others, due.keys)))
        prompt = np.zeros((len(rows), FRAME), np.int32)
        prompt[: len(due.keys)] = self._pcm(due)
        for row, frame in heard.whispers:
            prompt[rows == row] += frame
        base = np.zeros((len(rows), FRAME), np.int32)
        slot = self._speakers.slot[rows]
        index = room_line[slot]
        hears_room = index >= 0
        base[hears_room] = sums[index[hears_room]]
        if len(own):
            _, here, there = np.intersect1d(rows, heard.rows, return_indices=True)
            base[here] = own[there]
        music = self._music[rows]
        waits = (music != NO_MUSIC) & (slot == 0)
        if waits.any():
            offsets = self._loops.offsets[music[waits]]
            base[waits] = self.audio.pcm[self._span(offsets[:, None])]
        target = np.where(np.arange(len(rows)) < len(due.keys), DUCK, np.float32(1.0)).astype(np.float32)
        mixed = soft_limit(ramp_mix(base, gain[rows], target) + prompt)
        gain[rows] = target
        for place, key in enumerate(rows.tolist()) if turning else ():
            if key in turning:
                beginning = mixed[place, :TURN_SAMPLES]
                beginning[:] = np.rint(beginning * _RISE + turning[key] * (1 - _RISE))
        return rows, self._encode(rows, mixed)

    def _span(self, offsets: NDArray[np.intp]) -> NDArray[np.intp]:
        """Indices of the frames that begin at `offsets`, none beyond the end of the shared audio."""
        span: NDArray[np.intp] = np.minimum(offsets + _WITHIN, self.audio.samples - 1)
        return span

    def _pcm(self, due: Due) -> NDArray[np.int32]:
        span = self._span(due.offset[:, None])
        pcm: NDArray[np.int32] = self.audio.pcm[span].astype(np.int32)
        pcm[due.length[:, None] <= _WITHIN] = 0
        return pcm

    def _encode(self, rows: NDArray[np.intp], frames: NDArray[np.int16]) -> NDArray[np.uint8]:
        a_law = self._speakers.a_law[rows]
        codes = g711.encode(frames, g711.Law.MU)
        if a_law.any():
            codes[a_law] = g711.encode(frames[a_law], g711.Law.A)
        return codes

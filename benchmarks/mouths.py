"""What people in a scene say: silence, a clip once, a tone for as long as they like; and keys.

All that can be said lies in one table of frames, one after another; a person is a place in it that moves on with each
packet. So a phase is one gather, whatever each of its people is saying.

A *name* is a tone as a voice says it: four syllables that swell and fade, each as long as a spoken one. A bridge that tells
speech from a hiss or a hum by how its level moves takes it for speech; and it can be told from all other names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import digits, g711, voices
from benchmarks.packets import HEADER_BYTES, Packets

if TYPE_CHECKING:
    from numpy.typing import NDArray

SYLLABLES = 4
SYLLABLE_S = 0.24
TALK_HZ = 2900
"""What a talker says without end: high, where prompts and names have little; 50 Hz and 20 Hz both divide it, so that it is
one line in a frame of 20 ms, and a loop of five frames has no seam."""
NAMES_HZ = np.arange(400, 2401, 20)
"""101 names, all well below the talker."""
SILENCE, TALK = 0, 1
"""The first two clips; the names follow."""


def name_clip(frequency_hz: float, frame_samples: int) -> NDArray[np.float64]:
    """Return a name, `ndarray of shape (N,)`, whole frames, as loud as a talker at the height of its syllables."""
    syllable = round(SYLLABLE_S * voices.SAMPLE_RATE_HZ / frame_samples) * frame_samples
    swell = np.sin(np.pi * (np.arange(syllable) + 0.5) / syllable)
    return np.asarray(voices.tone(frequency_hz, SYLLABLES * syllable) * np.tile(swell, SYLLABLES))


@dataclass(slots=True)
class Keying:
    """Somebody who presses keys: `frames` to go through, and after which of them each press is down."""

    payload_type: int
    frames: list[digits.KeyFrame] = field(default_factory=list)
    place: int = 0
    downs: list[int] = field(default_factory=list)


class Mouths(Packets):
    """The outgoing side of all people of a scene."""

    def __init__(self, *, people: int, ptime_ms: int = 20, phases: int = 10, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        super().__init__(participants=people, codec="pcmu", ptime_ms=ptime_ms, phases=phases, rng=rng)
        clips = [
            np.zeros(self.samples),
            voices.tone(TALK_HZ, voices.LOOP_FRAMES * self.samples),
            *(name_clip(frequency, self.samples) for frequency in NAMES_HZ.tolist()),
        ]
        frames = np.concatenate([clip.reshape(-1, self.samples) for clip in clips])
        self._frames = np.where(frames == 0, np.uint8(g711.SILENCE["pcmu"]), g711.encode(frames, "pcmu"))
        ends = np.cumsum([len(clip) // self.samples for clip in clips])
        self._first, self._end = np.r_[0, ends[:-1]], ends
        self._loops = np.arange(len(clips)) <= TALK
        self._clip = np.zeros(people, np.int64)
        self._at = np.zeros(people, np.int64)
        self.is_up = np.zeros(people, bool)
        self._is_keying = np.zeros(people, bool)
        self._keying: list[dict[int, Keying]] = [{} for _ in range(phases)]
        self._rows_of_phase = [np.flatnonzero(self.phase == phase) for phase in range(phases)]
        self._ptime_ms = ptime_ms

    def is_endless(self, clip: int) -> bool:
        """Tell whether a clip goes on for ever."""
        return bool(self._loops[clip])

    def say(self, row: int, clip: int) -> None:
        """Begin a clip with the next packet; a name is said once, silence and talk go on."""
        self._clip[row] = clip
        self._at[row] = self._first[clip]

    def press(self, row: int, keys: str, payload_type: int) -> None:
        """Press `keys` with the next packets, behind those that are being pressed."""
        self._is_keying[row] = True
        keying = self._keying[self.phase[row]].setdefault(row, Keying(payload_type))
        keying.frames += digits.script(keys, pause_s=0.0, ptime_ms=self._ptime_ms)
        last = max(place for place, frame in enumerate(keying.frames) if frame.marker)
        keying.downs.append(last)

    def hush(self, row: int) -> None:
        """Whoever has hung up says and keys nothing any more."""
        self.is_up[row] = self._is_keying[row] = False
        self.say(row, SILENCE)
        self._keying[self.phase[row]].pop(row, None)

    def next_phase(self, phase: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Make the packets of a phase ready; return the rows that send them, and those that came to the end of a name."""
        rows = self._rows_of_phase[phase]
        rows = rows[self.is_up[rows] & ~self._is_keying[rows]]
        self._stamp(rows)
        self.packets[rows, HEADER_BYTES:] = self._frames[self._at[rows]]
        self._at[rows] += 1
        done = rows[self._at[rows] == self._end[self._clip[rows]]]
        said = done[~self._loops[self._clip[done]]]
        self._clip[said] = SILENCE
        self._at[done] = self._first[self._clip[done]]
        return rows, said

    def next_keys(self, phase: int) -> list[tuple[int, bytes, bool]]:
        """Return the packets of those who key in a phase: row, packet, and whether the last key of a press goes down."""
        here = self._keying[phase]
        packets = []
        for row, keying in list(here.items()):
            frame = keying.frames[keying.place]
            packets.append(
                (row, self.key_packet(row, frame, keying.payload_type), keying.place in keying.downs)
            )
            keying.place += 1
            if keying.place == len(keying.frames):
                self._is_keying[row] = False
                del here[row]
        return packets

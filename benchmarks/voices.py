"""Who says what and when: the script of a run, known in advance, so that what is heard can be judged.

Every room repeats a cycle of 5 s, rooms shifted against each other so that they do not act in step:

    0.0 s            1.7      2.5                3.8   4.0  4.25 4.5 4.75   5.0
     | talkers in their cadence | all talkers speak |   cadence  | quiet | mark  mark mark mark |
                       ^ roll call 2.0 - 2.3: who hears whom      ^ one participant after the other, alone

A talker's tone is a multiple of 20 Hz, so five frames of any packet time repeat for ever, and no two rooms (of the first
6,000, with two talkers) have the same set. A mark is 80 ms of another tone that starts with the first sample of a packet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import g711

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE_HZ = 8000
GRID_HZ = np.arange(400, 3001, 20)
"""131 tones in the telephone band; 131 is prime, so every stride through them visits each once."""
TONE_DBOV = -20.0
"""RMS of a talker and of a mark: a healthy voice, and three of them together do not clip."""
NOISE_DBOV = -60.0
"""RMS of the room noise of `quiet="noise"`."""
LOOP_FRAMES = 5

CYCLE_S = 5.0
ALL_SPEAK_S = (1.7, 2.5)
ROLL_CALL_S = (2.0, 2.3)
QUIET_FROM_S = 3.8
MARKS_S = (4.0, 4.25, 4.5, 4.75)
MARK_HZ = 1010.0
MARK_S = 0.08
HEARD_WITHIN_S = 0.21
"""How long after a mark its onset is looked for: the next one comes 250 ms later."""
SPEECH_ON_S, SPEECH_OFF_S = 1.1, 0.7
"""Cadence of `speech`: bursts and pauses of about the length ITU-T P.59 gives."""


@dataclass(frozen=True, slots=True)
class Mark:
    """At `at_s` of the run's clock the participant `row` begins a burst in `room`."""

    at_s: float
    room: int
    row: int


def tones_of_room(room: int, talkers: int) -> list[int]:
    """Return the indices into GRID_HZ of the talkers of a room, in their order."""
    stride = 17 + room // len(GRID_HZ)
    return [(room * 37 + place * stride) % len(GRID_HZ) for place in range(talkers)]


def tone(frequency_hz: float, samples: int) -> NDArray[np.float64]:
    """Return a sine of TONE_DBOV that starts at zero, `ndarray of shape (samples,)`."""
    peak = g711.FULL_SCALE * 10 ** (TONE_DBOV / 20) * np.sqrt(2)
    wave: NDArray[np.float64] = peak * np.sin(2 * np.pi * frequency_hz / SAMPLE_RATE_HZ * np.arange(samples))
    return wave


def tone_frames(codec: str, frame_samples: int) -> NDArray[np.uint8]:
    """Return the loop of each tone of the grid, `ndarray of shape (131, 5, frame_samples), uint8`."""
    waves = np.stack([tone(frequency, LOOP_FRAMES * frame_samples) for frequency in GRID_HZ.tolist()])
    return g711.encode(waves, codec).reshape(len(GRID_HZ), LOOP_FRAMES, frame_samples)


def mark_frames(codec: str, frame_samples: int) -> NDArray[np.uint8]:
    """Return the frames of one mark, `ndarray of shape (F, frame_samples), uint8`."""
    frames = max(2, round(MARK_S * SAMPLE_RATE_HZ / frame_samples))
    return g711.encode(tone(MARK_HZ, frames * frame_samples), codec).reshape(frames, frame_samples)


def noise_frames(codec: str, frame_samples: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return fifty frames of room noise, `ndarray of shape (50, frame_samples), uint8`."""
    noise = rng.normal(0.0, g711.FULL_SCALE * 10 ** (NOISE_DBOV / 20), (50, frame_samples))
    return g711.encode(noise, codec)


def room_shift_s(rooms: int) -> NDArray[np.float64]:
    """Return how far each room's cycle is shifted, spread evenly by the golden ratio, `ndarray of shape (rooms,)`."""
    return np.asarray(CYCLE_S * ((np.arange(rooms) * 0.6180339887498949) % 1.0))


def cycle_time_s(at_s: float, shift_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where in its cycle each room is at `at_s`, `ndarray of shape (rooms,)`."""
    return np.asarray((at_s - shift_s) % CYCLE_S)


def speaking(
    at_s: float, cycle_s: NDArray[np.float64], places: NDArray[np.int64], *, cadence: str
) -> NDArray[np.bool_]:
    """Say which talkers speak now.

    cycle_s : ndarray of shape (T,), the cycle time of each talker's room; places : ndarray of shape (T,), the talker's place
    in its room, which shifts its cadence.
    """
    quiet = cycle_s >= QUIET_FROM_S
    if cadence == "steady":
        return ~quiet
    period_s = SPEECH_ON_S + SPEECH_OFF_S
    on = (at_s + places * 0.9) % period_s < SPEECH_ON_S
    forced = (cycle_s >= ALL_SPEAK_S[0]) & (cycle_s < ALL_SPEAK_S[1])
    return (on | forced) & ~quiet


def plan_marks(
    members: list[NDArray[np.int64]], shift_s: NDArray[np.float64], *, start_s: float, end_s: float
) -> list[Mark]:
    """Plan all marks of the window, every room's members taking turns, in order of time.

    A mark is planned only if its echo can arrive before `end_s`; members of a room : ndarray of shape (M,).
    """
    marks = []
    for room, rows in enumerate(members):
        if not len(rows):
            continue
        turn = 0
        cycle = int((start_s - shift_s[room]) // CYCLE_S)
        while (begin_s := cycle * CYCLE_S + float(shift_s[room])) < end_s:
            for offset_s in MARKS_S:
                at_s = begin_s + offset_s
                if start_s <= at_s <= end_s - HEARD_WITHIN_S:
                    # a stride through the room: neighbours in number are neighbours in phase
                    marks.append(Mark(at_s, room, int(rows[(turn * 7919) % len(rows)])))
                    turn += 1
            cycle += 1
    return sorted(marks, key=lambda mark: mark.at_s)

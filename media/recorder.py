"""What rows say, written into the arena: names, messages. Then trimmed, levelled, encoded, and told.

While a row is recorded its frames, decoded and repaired, go straight to their place in the shared audio: one assignment
for all rows, whatever their number. Where a recording ends is seen on columns, too: it is full, or `silence_s` of silence
followed something that was said, or somebody says so.

What ended is *mastered*, in place and from front to back: where the speech is and how loud (dsp/utterance.py), then the
line's constant offset taken out, the level of prompts, soft edges, all three forms. That costs more than a tick has to
spare where many end at once or one is long, so it is a queue that is worked off piece by piece: whoever ended first is
told first, and every tick does so much and no more.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp.frames import FRAME_MS, FULL_SCALE
from dsp.gain import db_to_ratio, soft_limit
from dsp.level import SILENCE_DBOV
from dsp.utterance import find_utterance
from media.arena import ArenaAudio
from media.control import RecordingEnded, Segment
from media.jitter import FRAME
from media.speakers import Said

LEVEL_DBOV: Final = -20.0
"""Of the speech, as prompts have it (prompts/mastering.py)."""
MOST_GAIN_DB: Final = 30.0
"""What is so soft that it needs more would be mostly the noise of its line."""
MARGIN_FRAMES: Final = 5
"""100 ms of what came before and after the speech stay: soft consonants."""
FADE_SAMPLES: Final = 80
"""10 ms at both ends."""
LEAST_LOUD: Final = 5
"""Frames (100 ms) that stand out of the noise, all in all, before silence can end a recording: a click is no word."""
PIECE: Final = 200
"""Frames (4 s) that are looked at or mastered in one go."""
LOOK_COST: Final = 1
MASTER_COST: Final = 5
"""What a frame costs to look at and to master, relative to each other."""
TICK_COST: Final = 1_200
"""What one tick may spend: two or three names, or 5 s of a long message. About 1 ms, of the 20 that a tick has; 100 names in
a second."""

_FRAME_PIECE: Final = np.dtype((np.void, 2 * FRAME))
_RISE: Final = (np.sin(np.linspace(0, np.pi / 2, FADE_SAMPLES)) ** 2).astype(np.float32)


@dataclass(slots=True)
class _Job:
    """A recording that ended and is not told yet."""

    stream: int
    recording: int
    work: Generator[int, None, int]


class Recorder:
    """State of R rows between ticks."""

    def __init__(self, rows: int) -> None:
        self._audio = ArenaAudio.nowhere()
        self._windows = np.zeros(0, _FRAME_PIECE)  # the frame that begins at each sample of the arena
        self._recordings: dict[int, tuple[int, int]] = {}  # row to stream and recording
        self._begin = np.zeros(rows, np.intp)
        self._at = np.zeros(rows, np.intp)
        self._end = np.zeros(rows, np.intp)
        self._patience = np.zeros(rows, np.int32)  # ticks of silence that end it; 0: none do
        self._silence = np.zeros(rows, np.int32)  # ticks since the last that was loud
        self._loud = np.zeros(rows, np.int32)  # ticks that were
        self._jobs: deque[_Job] = deque()
        self._told: list[RecordingEnded] = []
        self._owed: Counter[int] = Counter()  # recordings of each stream that are not told yet

    def load(self, audio: ArenaAudio) -> list[int]:
        """Record into `audio` from now on; returns the rows whose recordings, into another, end with that."""
        ended = list(self._recordings)
        for row in ended:
            self.stop(row)
        self._audio = audio
        self._windows = np.ndarray(
            max(0, len(audio.pcm) - FRAME + 1), _FRAME_PIECE, audio.pcm.data, strides=audio.pcm.strides
        )
        return ended

    @property
    def idle(self) -> bool:
        """Nothing is recorded, and nothing is left to be told."""
        return not self._owed

    def records(self, row: int) -> bool:
        """Tell whether what the row says is being recorded."""
        return row in self._recordings

    def owes(self, stream: int) -> bool:
        """Tell whether a recording of `stream` has not been told yet."""
        return self._owed[stream] > 0

    def hasten(self, stream: int) -> None:
        """Somebody waits for `stream`: what ended of it is mastered before all others."""
        mine = [job for job in self._jobs if job.stream == stream]
        self._jobs = deque([*mine, *(job for job in self._jobs if job.stream != stream)])

    def begin(self, row: int, stream: int, recording: int, into: Segment, silence_s: float) -> None:
        """Record `row` from the next tick on. A segment that is not of the arena records nothing, and that is told."""
        self.stop(row)
        self._owed[stream] += 1
        if not self._audio.holds(into):
            self._told.append(RecordingEnded(stream, recording, 0))
            return
        self._recordings[row] = stream, recording
        begin = into.offset - self._audio.first
        self._begin[row] = self._at[row] = begin
        self._end[row] = begin + into.length - into.length % FRAME
        self._patience[row] = np.ceil(min(max(silence_s, 0.0), 3_600.0) * 1_000 / FRAME_MS)
        self._silence[row] = self._loud[row] = 0

    def stop(self, row: int) -> None:
        """The recording of `row`, if there is one, ends here; it will be told."""
        known = self._recordings.pop(row, None)
        if known is not None:
            work = mastering(self._audio, int(self._begin[row]), int(self._at[row]))
            self._jobs.append(_Job(*known, work))

    def take(self, said: Said) -> list[int]:
        """Write what rows said in this tick; returns those of them whose recordings ended."""
        rows = said.rows
        fits = self._at[rows] < self._end[rows]
        which = rows if fits.all() else rows[fits]
        frames = np.ascontiguousarray(said.frames if fits.all() else said.frames[fits])
        self._windows[self._at[which]] = frames.view(_FRAME_PIECE)[:, 0]
        self._at[which] += FRAME
        self._loud[rows] += said.loud
        silence = np.where(said.loud, 0, self._silence[rows] + 1)
        self._silence[rows] = silence
        patience = self._patience[rows]
        quiet = (patience > 0) & (silence >= patience) & (self._loud[rows] >= LEAST_LOUD)
        ended: list[int] = rows[quiet | (self._at[rows] >= self._end[rows])].tolist()
        for row in ended:
            self.stop(row)
        return ended

    def work(self) -> list[RecordingEnded]:
        """Master what ended, for as long as a tick can spare; returns what is ready."""
        told, self._told = self._told, []
        left = TICK_COST
        while self._jobs and left > 0:
            job = self._jobs[0]
            try:
                left -= next(job.work)
            except StopIteration as done:
                self._jobs.popleft()
                told.append(RecordingEnded(job.stream, job.recording, done.value))
        for each in told:
            self._owed[each.stream] -= 1
            if not self._owed[each.stream]:
                del self._owed[each.stream]
        return told


def mastering(audio: ArenaAudio, begin: int, end: int) -> Generator[int, None, int]:
    """Make a prompt of what was recorded from `begin` to `end`, whole frames counted from the arena's first sample.

    Yields the cost of each piece of work after it was done; returns the samples that begin at `begin` now.
    """
    total = (end - begin) // FRAME
    recorded = audio.pcm[begin : begin + total * FRAME].reshape(total, FRAME)
    power, mean = np.zeros(total), np.zeros(total)
    for start in range(0, total, PIECE):
        piece = recorded[start : start + PIECE].astype(np.float32)
        power[start : start + PIECE] = np.vecdot(piece, piece) / FRAME
        mean[start : start + PIECE] = piece.mean(axis=1)
        yield len(piece) * LOOK_COST
    offset = float(mean.mean()) if total else 0.0
    utterance = find_utterance(_levels(power, mean, offset))
    if utterance is None:
        return 0
    first = max(0, utterance.first - MARGIN_FRAMES)
    kept = min(total, utterance.end + MARGIN_FRAMES) - first
    ratio = np.float32(db_to_ratio(min(LEVEL_DBOV - utterance.level_dbov, MOST_GAIN_DB)))
    for start in range(0, kept, PIECE):  # from front to back: what is read lies never before what was written
        piece = recorded[first + start : first + min(start + PIECE, kept)].astype(np.float32)
        piece -= np.float32(offset)
        piece *= ratio
        flat = piece.reshape(-1)
        if start == 0:
            flat[:FADE_SAMPLES] *= _RISE
        if start + PIECE >= kept:
            flat[-FADE_SAMPLES:] *= _RISE[::-1]
        audio.put(begin + start * FRAME, soft_limit(np.rint(piece).astype(np.int32)).reshape(-1))
        yield len(piece) * MASTER_COST
    return kept * FRAME


def _levels(power: NDArray[np.float64], mean: NDArray[np.float64], offset: float) -> NDArray[np.float32]:
    """In dBov, of frames from which `offset` will be taken."""
    least = FULL_SCALE**2 * 10 ** (SILENCE_DBOV / 10)
    cleaned = np.maximum(power - 2 * offset * mean + offset**2, least)
    return (10 * np.log10(cleaned / FULL_SCALE**2)).astype(np.float32)

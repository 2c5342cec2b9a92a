"""What a phone hears: the frames that came, and the questions a person would ask about them.

Is there a tone, was that prompt said, is this the hold music, is it quite silent? Frames are put in their order by
timestamp, as a phone would play them; one that did not come is silence. A prompt is recognised by projection: how much
of it is in what was heard, whatever else sounds. 1 is all of it at full volume, 0 none.
"""

from __future__ import annotations

import hashlib
import mmap
from collections import deque
from collections.abc import Mapping
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp import g711
from dsp.goertzel import tone_power
from media.arena import ArenaAudio
from media.playback import SharedAudio
from media.shared_file import SharedFile
from prompts.library import Library
from prompts.phrases import say

FRAME: Final = 160
ARENA_SAMPLES: Final = 8_000 * 600
"""Ten minutes of names and messages in one world."""
FRAME_S: Final = 0.020
KEPT: Final = 3_000
"""Frames a phone remembers: a minute."""
OVERTAKEN_S: Final = 0.5
"""A packet is kept no further than so long from its place in the order of arrival."""
HEARD_DBOV: Final = -40.0
"""A voice tone of a phone (-21 dBov) is above this, lowered under a prompt or not; what leaks of another is below."""
SAID: Final = 0.6
"""So much of a prompt is enough to understand it."""
ALIKE: Final = 0.95
"""Correlation of what is heard with a piece of the music, from which on it is the music."""
MOST_FRAMES: Final = 120
"""Of a prompt are looked for: 2.4 s tell any two apart."""


@cache
def library() -> Library:
    """The real prompts, read once."""
    return Library.load()


@cache
def shared_audio() -> SharedAudio:
    """The real prompts as workers have them."""
    known = library()
    return SharedAudio(known.audio, known.encoded(g711.Law.MU), known.encoded(g711.Law.A))


@cache
def _shared_file() -> SharedFile:
    known = library()
    return SharedFile(known.shared(), static=known.samples, arena=ARENA_SAMPLES)


def audio_with_arena() -> tuple[SharedAudio, ArenaAudio]:
    """The real prompts, and behind them an arena of one's own: what is recorded in one world no other hears."""
    file = _shared_file()
    buffer = memoryview(mmap.mmap(file.descriptor, 0, flags=mmap.MAP_PRIVATE))
    return SharedAudio.over(buffer, file.samples), ArenaAudio.over(buffer, file.samples, file.arena)


@cache
def _frames_of(name: str, language: str, values: tuple[tuple[str, int | str], ...]) -> NDArray[np.float32]:
    """An utterance frame by frame, as it is played."""
    known = library()
    pieces = []
    for offset, length in known.segments(say(name, **dict(values)), language):
        whole = np.zeros(-(-length // FRAME) * FRAME, np.float32)
        whole[:length] = known.audio[offset : offset + length]
        pieces.append(whole.reshape(-1, FRAME))
    return np.concatenate(pieces)[:MOST_FRAMES]


@cache
def _music(law: g711.Law) -> NDArray[np.int16]:
    """Every frame of the hold music as a phone hears it."""
    offset, length = library().music
    codes = shared_audio().mu if law is g711.Law.MU else shared_audio().a
    whole = length - length % FRAME
    return g711.decode(codes[offset : offset + whole].reshape(-1, FRAME), law)


class Ear:
    """One phone's."""

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self.law = g711.Law.MU
        self.packets = 0
        self._frames: deque[tuple[float, int, int, bytes]] = deque(maxlen=KEPT)
        self._sum = hashlib.blake2b(digest_size=16)

    def receive(self, at: float, sequence: int, timestamp: int, payload: bytes) -> None:
        """A packet with audio arrived."""
        self._frames.append((at, sequence, timestamp, payload))
        self._sum.update(payload)
        self.packets += 1

    def checksum(self) -> str:
        """Of all that was ever heard."""
        return self._sum.hexdigest()

    def sequences(self, since: float, until: float) -> list[int]:
        """Sequence numbers that arrived, in order of arrival."""
        return [sequence for at, sequence, _, _ in self._frames if since <= at <= until]

    def frames(self, since: float, until: float) -> NDArray[np.int16]:
        """ndarray of shape (N, 160), int16: what arrived between two moments, in the order of its timestamps."""
        arrived: dict[int, bytes] = {}
        for at, _, stamp, payload in reversed(self._frames):
            if since <= at <= until:
                arrived[stamp] = payload
            elif at < since - OVERTAKEN_S:
                break
        if not arrived:
            return np.zeros((0, FRAME), np.int16)
        first = next(iter(arrived))
        place = {((stamp - first + 2**31) % 2**32 - 2**31) // FRAME: data for stamp, data in arrived.items()}
        low, high = min(place), max(place)
        codes = np.full((high - low + 1, FRAME), 0xFF if self.law is g711.Law.MU else 0xD5, np.uint8)
        for index, data in place.items():
            codes[index - low] = np.frombuffer(data, np.uint8)
        return g711.decode(codes, self.law)

    def level(self, frequency_hz: float, since: float, until: float) -> float:
        """Of one frequency, in dBov."""
        frames = self.frames(since, until)
        return float(tone_power(frames.reshape(1, -1), [frequency_hz])[0, 0]) if len(frames) else -127.0

    def presence(self, frequency_hz: float, since: float, until: float) -> NDArray[np.bool_]:
        """ndarray of shape (N,), bool: in which frames the frequency is heard."""
        heard: NDArray[np.bool_] = tone_power(self.frames(since, until), [frequency_hz])[:, 0] > HEARD_DBOV
        return heard

    def silent(self, since: float, until: float) -> bool:
        """Whether there is nothing at all but the quietest code."""
        frames = self.frames(since, until)
        return bool(len(frames)) and int(np.abs(frames).max()) <= 8

    def how_much_of(self, since: float, until: float, name: str, values: Mapping[str, int | str]) -> float:
        """How much of a prompt was said, at the place where most of it was."""
        return float(self._likeness(self.frames(since, until), name, values).max(initial=0.0))

    def said_at(self, since: float, until: float, name: str, values: Mapping[str, int | str]) -> float | None:
        """When a prompt began to be heard; None where it was not said."""
        likeness = self._likeness(self.frames(since, until), name, values)
        if not len(likeness) or likeness.max() < SAID:
            return None
        return next(at for at, *_ in self._frames if at >= since) + FRAME_S * int(likeness.argmax())

    def _likeness(
        self, frames: NDArray[np.int16], name: str, values: Mapping[str, int | str]
    ) -> NDArray[np.float32]:
        """How much of a prompt was said from each frame on."""
        wanted = _frames_of(name, self.language, tuple(sorted(values.items())))
        heard = frames.astype(np.float32)
        size = len(wanted)
        products = np.zeros((len(heard) + size, size), np.float32)
        products[: len(heard)] = heard @ wanted.T
        # What was said from frame n on lies on the diagonal that begins there.
        step, within = products.strides
        diagonals = np.lib.stride_tricks.as_strided(products, (len(heard), size), (step, step + within))
        likeness: NDArray[np.float32] = diagonals.sum(axis=1) / np.square(wanted).sum()
        return likeness

    def music_at(self, since: float, until: float) -> int | None:
        """Which frame of the hold music is the first of what was heard; None where it was not music."""
        music = _music(self.law)
        heard = self.frames(since, until)[:10]
        if len(heard) < 10:
            return None
        looped = np.concatenate((music, music[:9])).astype(np.float32)
        products = looped @ heard.T.astype(np.float32)
        sums = sum(products[index : index + len(music), index] for index in range(10))
        energy = np.square(looped).sum(axis=1)
        energies = sum(energy[index : index + len(music)] for index in range(10))
        alike = sums / np.sqrt(np.maximum(energies * np.square(heard.astype(np.float32)).sum(), 1.0))
        place = int(alike.argmax())
        return place if alike[place] > ALIKE else None

    def only_music(self, since: float, until: float) -> bool:
        """Whether all that was heard is the music, bit by bit: then nobody else was in it."""
        place = self.music_at(since, until)
        if place is None:
            return False
        heard = self.frames(since, until)
        music = _music(self.law)
        return bool((music[(place + np.arange(len(heard))) % len(music)] == heard).all())

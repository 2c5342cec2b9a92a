"""All audio that the bridge can play, in one array: clips, tones, music. And the same at 16 kHz, for HD telephones.

A clip's place starts at a multiple of 20 ms, so that a worker takes whole frames; what is left of a clip's last frame is
silence. Workers get the array as bytes (`shared`): int16 samples at 8 kHz, then the same in PCMU, then in PCMA, then, if
anybody may speak an HD codec, at 16 kHz. Sample 2k there is heard when sample k is, so there is one place of each clip.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np

from dsp.frames import FRAME_SAMPLES, RATE_HZ
from dsp.g711 import Law, encode
from dsp.tones import silence
from prompts import phrases
from prompts.cache import FORMAT
from prompts.cache import load as load_cached
from prompts.cache import store as store_cached
from prompts.catalogue import PAUSE, catalogue
from prompts.errors import PromptError
from prompts.reading import WIDE_RATE_HZ, narrowband, read, wideband
from prompts.recordings import AUDIO, HOLD_MUSIC, find, place
from prompts.tones import TONES
from prompts.values import Clip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from dsp.frames import Codes, Frames
    from prompts.phrases import Utterance

Segment: TypeAlias = tuple[int, int]
"""Offset and length in the library's array, in samples at 8 kHz."""

PAUSE_MS: Final = 180
"""After each utterance: between two that are said in a row people expect a breath. Within one, after a spoken value that
ends a sentence."""

_CHUNK: Final = 1 << 20
"""Samples encoded at a time while the array is written: the encoded copy is never held whole."""

_DECODERS: Final = 4
"""Threads that decode at the start; FLAC and the resampler work outside the interpreter's lock."""


def _key(clip: str, language: str) -> str:
    """Clips are known as "en/greeting", common ones as "tone/join"."""
    return "/".join(place(clip, "" if phrases.is_common(clip) else language))


@dataclass(frozen=True, slots=True)
class Library:
    """What can be played, and where it is."""

    audio: Frames
    """ndarray of shape (S,), int16 at 8 kHz; not writeable"""
    wide: Frames
    """ndarray of shape (2 * S,), int16 at 16 kHz; not writeable"""
    places: Mapping[str, Segment]
    """By folder and clip: "en/greeting", "tone/join"."""

    @staticmethod
    def load(
        *, override: Path | None = None, languages: Iterable[str] | None = None, cache: Path | None = None
    ) -> Library:
        """Read every clip; those found under `override` take the place of ours.

        languages : tags of the catalogue; all where None. What is not loaded cannot be played, only spares memory.
        cache : a directory where the array is kept for the next start; without it all is decoded again
        Raises PromptError for a file that cannot be read; `check` finds all faults at once.
        """
        tones, files = _tones(override), _files(override, languages)
        if cache is None:
            return _laid_out(tones, files)
        key = _digest(tones, files)
        stored = load_cached(cache, key)
        if stored is not None:
            return Library(*stored)
        library = _laid_out(tones, files)
        store_cached(cache, key, library.audio, library.wide, library.places)
        stored = load_cached(cache, key)  # what is mapped from a file is memory that can be had back
        return library if stored is None else Library(*stored)

    def segment(self, clip: str, language: str) -> Segment:
        """Return the place of one clip; of a common one in any language."""
        key = _key(clip, catalogue().language(language).tag)
        try:
            return self.places[key]
        except KeyError:
            raise PromptError(f"no such clip: {key}") from None

    def segments(self, utterance: Utterance, language: str) -> list[Segment]:
        """Return the places of what says `utterance`, in order. Speech ends with a short pause.

        What a caller has recorded lies where its value says, in the part of the shared array that is not ours.
        """
        sounds = phrases.sounds(utterance, language)
        spoken = [] if phrases.is_common(utterance.name) else [PAUSE]
        return [
            (sound.offset, sound.length) if isinstance(sound, Clip) else self.segment(sound, language)
            for sound in (*sounds, *spoken)
        ]

    def tone(self, name: str) -> Segment:
        """Return the place of a tone: `join`, `leave`, `lecture` ..."""
        return self.segment(f"tone.{name}", "")

    @property
    def music(self) -> Segment:
        """The hold music; its end and its beginning fit together."""
        return self.segment(HOLD_MUSIC, "")

    @property
    def samples(self) -> int:
        """Length of the array: what `media.control.Load` tells a worker."""
        return len(self.audio)

    def encoded(self, law: Law) -> Codes:
        """Return the whole array in PCMU or PCMA."""
        return encode(self.audio, law)

    def shared(self, *, wide: bool = False) -> Iterator[bytes]:
        """Yield the bytes that workers map, in pieces: int16 samples, PCMU, PCMA, and where `wide`, those at 16 kHz."""
        pieces = [self.audio[start : start + _CHUNK] for start in range(0, len(self.audio), _CHUNK)]
        yield from (piece.tobytes() for piece in pieces)
        for law in (Law.MU, Law.A):
            yield from (encode(piece, law).tobytes() for piece in pieces)
        if wide:
            yield from (
                self.wide[start : start + _CHUNK].tobytes() for start in range(0, len(self.wide), _CHUNK)
            )


def _files(override: Path | None, languages: Iterable[str] | None) -> dict[str, Path]:
    """Return the file of every recording, by key."""
    known = catalogue()
    tags = known.languages.keys() if languages is None else {known.language(tag).tag for tag in languages}
    spoken = [_key(clip, tag) for tag in sorted(tags) for clip in known.languages[tag].clips]
    return {key: _file(key, override) for key in (_key(HOLD_MUSIC, ""), *spoken)}


def _file(key: str, override: Path | None) -> Path:
    folder, _, stem = key.partition("/")
    path = (override and find(override, folder, stem)) or find(AUDIO, folder, stem)
    if path is None:
        raise PromptError(f"{key}: no recording")
    return path


class _Sound(NamedTuple):
    """A clip at 8 and at 16 kHz."""

    narrow: Frames
    wide: Frames


def _read(path: Path, *, loop: bool = False) -> _Sound:
    take = read(path)
    return _Sound(narrowband(take, loop=loop), wideband(take, loop=loop))


def _tones(override: Path | None) -> dict[str, _Sound]:
    """Return the pause and the tones, which are computed where no file replaces them."""
    rates_hz = (RATE_HZ, WIDE_RATE_HZ)
    clips = {_key(PAUSE, ""): _Sound(*(silence(PAUSE_MS, rate_hz=rate_hz) for rate_hz in rates_hz))}
    for name, tone in TONES.items():
        key = _key(f"tone.{name}", "")
        path = find(override, *key.split("/")) if override else None
        clips[key] = _read(path) if path else _Sound(*(tone(rate_hz=rate_hz) for rate_hz in rates_hz))
    return clips


def _digest(tones: Mapping[str, _Sound], files: Mapping[str, Path]) -> str:
    """Return a name for everything that the array is made from."""
    summary = hashlib.sha256(str(FORMAT).encode())
    try:
        sources = chain(
            ((key, samples.tobytes()) for key, sound in tones.items() for samples in sound),
            ((key, path.read_bytes()) for key, path in files.items()),
        )
        for key, data in sources:
            summary.update(f"{key} {len(data)} ".encode() + data)
    except OSError as fault:
        raise PromptError(f"a recording cannot be read: {fault}") from fault
    return summary.hexdigest()[:16]


def _laid_out(tones: Mapping[str, _Sound], files: Mapping[str, Path]) -> Library:
    music = _key(HOLD_MUSIC, "")
    places: dict[str, Segment] = {}
    audio, wide = np.zeros(0, np.int16), np.zeros(0, np.int16)
    with ThreadPoolExecutor(_DECODERS) as pool:
        recorded = pool.map(lambda key: _read(files[key], loop=key == music), files)
        for key, sound in chain(tones.items(), zip(files, recorded, strict=True)):
            around = FRAME_SAMPLES if key == music else 0
            offset, length = len(audio) + around, len(sound.narrow)
            places[key] = offset, length
            end = offset + -(-length // FRAME_SAMPLES) * FRAME_SAMPLES + around
            audio.resize(end, refcheck=False)  # in place: of all recordings there is never a second copy
            wide.resize(2 * end, refcheck=False)
            _put(audio, offset, sound.narrow, around)
            _put(wide, 2 * offset, sound.wide[: 2 * length], 2 * around)
    audio.flags.writeable = wide.flags.writeable = False
    return Library(audio, wide, places)


def _put(array: Frames, offset: int, samples: Frames, around: int) -> None:
    """Lay a clip down, and of a loop a frame of its end before it and of its beginning behind it.

    Who raises the rate of a frame looks at what is around it; there a loop shall go on.
    """
    array[offset - around : offset + len(samples) + around] = np.pad(samples, around, mode="wrap")

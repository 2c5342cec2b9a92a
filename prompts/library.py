"""All audio that the bridge can play, in one array: clips, tones, music.

A clip's place starts at a multiple of 20 ms, so that a worker takes whole frames; what is left of a clip's last frame is
silence. Workers get the array as bytes (`shared`): int16 samples at 8 kHz, then the same in PCMU, then in PCMA.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from dsp.frames import FRAME_SAMPLES, RATE_HZ
from dsp.g711 import Law, encode
from prompts import phrases
from prompts.cache import FORMAT
from prompts.cache import load as load_cached
from prompts.cache import store as store_cached
from prompts.catalogue import PAUSE, catalogue
from prompts.errors import PromptError
from prompts.reading import narrowband, read
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
        store_cached(cache, key, library.audio, library.places)
        return library

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

    def shared(self) -> Iterator[bytes]:
        """Yield the bytes that workers map, in pieces: int16 samples, PCMU, PCMA."""
        pieces = [self.audio[start : start + _CHUNK] for start in range(0, len(self.audio), _CHUNK)]
        yield from (piece.tobytes() for piece in pieces)
        for law in (Law.MU, Law.A):
            yield from (encode(piece, law).tobytes() for piece in pieces)


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


def _tones(override: Path | None) -> dict[str, Frames]:
    """Return the pause and the tones, which are computed where no file replaces them."""
    clips = {_key(PAUSE, ""): np.zeros(RATE_HZ * PAUSE_MS // 1_000, np.int16)}
    for name, tone in TONES.items():
        key = _key(f"tone.{name}", "")
        path = find(override, *key.split("/")) if override else None
        clips[key] = narrowband(read(path)) if path else tone()
    return clips


def _digest(tones: Mapping[str, Frames], files: Mapping[str, Path]) -> str:
    """Return a name for everything that the array is made from."""
    summary = hashlib.sha256(str(FORMAT).encode())
    try:
        sources = chain(
            ((key, samples.tobytes()) for key, samples in tones.items()),
            ((key, path.read_bytes()) for key, path in files.items()),
        )
        for key, data in sources:
            summary.update(f"{key} {len(data)} ".encode() + data)
    except OSError as fault:
        raise PromptError(f"a recording cannot be read: {fault}") from fault
    return summary.hexdigest()[:16]


def _laid_out(tones: Mapping[str, Frames], files: Mapping[str, Path]) -> Library:
    with ThreadPoolExecutor(_DECODERS) as pool:
        recorded = pool.map(lambda key: narrowband(read(files[key]), loop=key == _key(HOLD_MUSIC, "")), files)
        clips = {**tones, **dict(zip(files, recorded, strict=True))}
    places: dict[str, Segment] = {}
    end = 0
    for key, samples in clips.items():
        places[key] = (end, len(samples))
        end += -(-len(samples) // FRAME_SAMPLES) * FRAME_SAMPLES
    audio = np.zeros(end, np.int16)
    for key, (offset, length) in places.items():
        audio[offset : offset + length] = clips[key]
    audio.flags.writeable = False
    return Library(audio, places)

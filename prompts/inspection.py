"""What a person asks of the prompts: what there is, what is wrong with the recordings, and to hear one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import soundfile

from dsp.frames import RATE_HZ
from prompts.errors import PromptError
from prompts.library import Library
from prompts.mastering import active_level
from prompts.reading import WIDE_RATE_HZ, read
from prompts.recordings import AUDIO, SUFFIXES, find, place, recordings
from prompts.tones import TONES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from prompts.phrases import Utterance
    from prompts.reading import Take

LOUDEST_DBOV: Final = -12.0
"""Louder speech than this startles between callers who come in at -20 to -30."""
QUIETEST_DBOV: Final = -40.0
"""Quieter speech is lost on a line with some noise."""
PEAK_DBFS: Final = -0.5
"""Samples this close to full scale are clipped already, or will be by the next who touches them."""
LONGEST_PROMPT_S: Final = 30.0
LONGEST_TONE_S: Final = 6.0
"""A period of ring-back is 5 s in Brazil and 6 s in North America."""
LONGEST_MUSIC_S: Final = 600.0
"""The array is shared memory; and nobody listens longer."""

_LONGEST_S: Final = {"tone": LONGEST_TONE_S, "music": LONGEST_MUSIC_S}


@dataclass(frozen=True, slots=True)
class Listed:
    """One clip, as `roda prompts list` shows it."""

    folder: str
    """A language, or the group of a common clip."""
    clip: str
    text: str
    duration_s: float
    replaced: bool
    """It is the operator's own recording."""


def listing(override: Path | None = None) -> list[Listed]:
    """Return every clip there is, tones too, by folder and name."""
    library = Library.load(override=override)
    texts = {recording.key: recording.text for recording in recordings()}
    return [
        Listed(
            folder=folder,
            clip=stem,
            text=texts.get(key, ""),
            duration_s=length / RATE_HZ,
            replaced=override is not None and find(override, folder, stem) is not None,
        )
        for key, (_, length) in sorted(library.places.items())
        for folder, _, stem in (key.partition("/"),)
    ]


def check(override: Path | None = None) -> list[str]:
    """Return every fault of our recordings and of those under `override`, each in a sentence; none is well."""
    faults = [
        f"{folder}/{stem}: our recording is missing"
        for folder, stem in _wanted()
        if find(AUDIO, folder, stem) is None
    ]
    if override is None:
        return faults
    if not override.is_dir():
        return [*faults, f"{override}: no such directory"]
    replaceable = {*_wanted(), *(place(f"tone.{name}", "") for name in TONES)}
    for path in sorted(override.glob("*/*")):
        if path.suffix not in SUFFIXES:
            continue
        if (path.parent.name, path.stem) not in replaceable:
            faults.append(f"{path}: replaces nothing; there is no clip of this name")
        else:
            faults += [f"{path}: {fault}" for fault in _faults(path)]
    return faults


def _wanted() -> list[tuple[str, str]]:
    return [(recording.folder, recording.stem) for recording in recordings()]


def _faults(path: Path) -> Iterator[str]:
    try:
        take = read(path)
    except PromptError as fault:
        yield str(fault).removeprefix(f"{path}: ")
        return
    if take.samples.shape[0] > 1:
        yield f"{take.samples.shape[0]} channels; one is wanted"
    longest_s = _LONGEST_S.get(path.parent.name, LONGEST_PROMPT_S)
    if take.duration_s > longest_s:
        yield f"{take.duration_s:.1f} s long; at most {longest_s:.0f} s are wanted"
    yield from _level_faults(take)


def _level_faults(take: Take) -> Iterator[str]:
    if not take.samples.any():
        yield "silent"
        return
    peak_dbfs = 20 * np.log10(np.abs(take.samples).max())
    if peak_dbfs > PEAK_DBFS:
        yield f"too loud: peaks at {peak_dbfs:.1f} dBFS; at most {PEAK_DBFS} is wanted"
    level_dbov = active_level(take.samples.mean(axis=0, dtype=np.float64), rate_hz=take.rate_hz)
    if level_dbov > LOUDEST_DBOV:
        yield f"too loud: {level_dbov:.1f} dBov; at most {LOUDEST_DBOV:.0f} is wanted, -20 is best"
    elif level_dbov < QUIETEST_DBOV:
        yield f"too quiet: {level_dbov:.1f} dBov; at least {QUIETEST_DBOV:.0f} is wanted, -20 is best"


def export(
    utterance: Utterance, language: str, target: Path, *, override: Path | None = None, hd: bool = False
) -> float:
    """Write what a caller hears to a WAV file, at 8 kHz or as `hd` telephones at 16; return its length in seconds."""
    library = Library.load(override=override, languages=[language])
    array, rate_hz = (library.wide, WIDE_RATE_HZ) if hd else (library.audio, RATE_HZ)
    places = np.array(library.segments(utterance, language)) * (rate_hz // RATE_HZ)
    samples = np.concatenate([array[offset : offset + length] for offset, length in places])
    with target.open("wb") as file:
        soundfile.write(file, samples, rate_hz, format="WAV", subtype="PCM_16")
    return len(samples) / rate_hz

"""Makes the recordings from the texts and the hold music from its score, and only those that are out of date.

For a developer's machine: the engines of `voices` must be installed. The product ships what comes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import soundfile

from prompts import music
from prompts.catalogue import catalogue
from prompts.mastering import RATE_HZ
from prompts.recordings import AUDIO, Made, Recording, digest, read_manifest, recordings, write_manifest
from prompts.voices import speak

if TYPE_CHECKING:
    from pathlib import Path

    from dsp.frames import Frames


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a run did, by key of the recordings."""

    made: tuple[str, ...]
    kept: tuple[str, ...]
    removed: tuple[str, ...]


def _samples(recording: Recording) -> Frames:
    language = catalogue().languages.get(recording.folder)
    return speak(recording.text, language.voice) if language else music.compose()


def _make(recording: Recording, root: Path) -> Made:
    path = recording.path(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = _samples(recording)
    soundfile.write(path, samples, RATE_HZ, format="FLAC", subtype="PCM_16", compression_level=1.0)
    return Made(recording.recipe, digest(path.read_bytes()), len(samples))


def out_of_date(root: Path = AUDIO) -> list[str]:
    """Return the keys of recordings that are missing, changed, made from other texts, or no longer wanted."""
    manifest = read_manifest(root)
    wanted = {recording.key: recording for recording in recordings()}
    stale = {key for key, recording in wanted.items() if not _current(recording, manifest.get(key), root)}
    return sorted(stale | (manifest.keys() - wanted.keys()) | _unknown_files(root, wanted))


def _current(recording: Recording, made: Made | None, root: Path) -> bool:
    path = recording.path(root)
    return (
        made is not None
        and made.recipe == recording.recipe
        and path.is_file()
        and digest(path.read_bytes()) == made.audio
    )


def _unknown_files(root: Path, wanted: dict[str, Recording]) -> set[str]:
    return {f"{path.parent.name}/{path.stem}" for path in root.glob("*/*.flac")} - wanted.keys()


def render(root: Path = AUDIO, *, force: bool = False) -> Rendered:
    """Bring every recording under `root` up to date; with `force`, make all of them anew."""
    manifest = {} if force else read_manifest(root)
    wanted = {recording.key: recording for recording in recordings()}
    made: dict[str, Made] = {}
    kept: dict[str, Made] = {}
    for key, recording in wanted.items():
        known = manifest.get(key)
        if known and _current(recording, known, root):
            kept[key] = known
        else:
            made[key] = _make(recording, root)
    removed = _unknown_files(root, wanted)
    for key in removed:
        (root / f"{key}.flac").unlink()
    write_manifest({**kept, **made}, root)
    return Rendered(tuple(sorted(made)), tuple(sorted(kept)), tuple(sorted(removed)))

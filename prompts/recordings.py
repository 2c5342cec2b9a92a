"""Where recordings lie, and whether they are the recordings of today's texts.

    prompts/audio/<language>/<clip>.flac   what is said
    prompts/audio/music/hold.flac          a common clip: its group is the folder
    prompts/audio/manifest.json            of each: how it was made, and what came out

A directory of better recordings has the same folders, without manifest; there `tone/<name>` replaces a tone too.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from prompts import mastering, music
from prompts.catalogue import Catalogue, catalogue
from prompts.errors import PromptError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AUDIO: Final = Path(__file__).parent / "audio"
MANIFEST: Final = "manifest.json"
SUFFIXES: Final = (".flac", ".wav", ".ogg")
"""What a recording may be, the first found wins; ours are the first."""

HOLD_MUSIC: Final = "music.hold"


class Made(msgspec.Struct, frozen=True):
    """One line of the manifest."""

    recipe: str
    """Digest of everything that the recording was made from."""
    audio: str
    """Digest of the file."""
    samples: int


@dataclass(frozen=True, slots=True)
class Recording:
    """One clip that must be there as a file."""

    folder: str
    """A language, or the group of a common clip."""
    stem: str
    text: str
    """What is said; empty for music."""
    recipe: str

    @property
    def key(self) -> str:
        return f"{self.folder}/{self.stem}"

    def path(self, root: Path = AUDIO) -> Path:
        return root / self.folder / f"{self.stem}.flac"


def digest(data: bytes) -> str:
    """Return a short name for `data`: 64 bits of SHA-256, against mistakes and not against forgers."""
    return hashlib.sha256(data).hexdigest()[:16]


def place(clip: str, language: str) -> tuple[str, str]:
    """Return the folder and the file stem of a clip; `language` is empty for a common clip."""
    if language:
        return language, clip
    group, _, name = clip.partition(".")
    return group, name


def recordings(texts: Catalogue | None = None) -> Iterator[Recording]:
    """Yield every recording that belongs to the package."""
    for language in (texts or catalogue()).languages.values():
        for clip, text in language.clips.items():
            made_from = json.dumps([text, language.voice, mastering.VERSION], sort_keys=True)
            yield Recording(*place(clip, language.tag), text, digest(made_from.encode()))
    yield Recording(*place(HOLD_MUSIC, ""), "", digest(music.recipe()))


def read_manifest(root: Path = AUDIO) -> dict[str, Made]:
    """Return the manifest by key; empty where there is none yet."""
    try:
        return msgspec.json.decode((root / MANIFEST).read_bytes(), type=dict[str, Made])
    except FileNotFoundError:
        return {}
    except msgspec.MsgspecError as fault:
        raise PromptError(f"{MANIFEST}: {fault}") from fault


def write_manifest(made: Mapping[str, Made], root: Path = AUDIO) -> None:
    """Write the manifest, a line per recording, so that a change of one text is a change of one line."""
    lines = [f"  {json.dumps(key)}: {msgspec.json.encode(made[key]).decode()}" for key in sorted(made)]
    (root / MANIFEST).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def find(root: Path, folder: str, stem: str) -> Path | None:
    """Return the file of a recording under `root`, of whatever type; None where there is none."""
    candidates = (root / folder / f"{stem}{suffix}" for suffix in SUFFIXES)
    return next((path for path in candidates if path.is_file()), None)

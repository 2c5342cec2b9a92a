"""How files of recordings are called: by conference, moment (UTC) and number, and safe on any file system.

board-20260301T140502Z-17.flac          everybody
board-20260301T140502Z-17-p02.flac      the second participant who was heard
board-20260301T140502Z-17.part2.flac    what follows after the recording process died
board-20260301T140502Z-17.json          when it began, pauses, which file begins where
....flac.part                           being written, or left by a crash
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from media.recording.messages import FileFormat

PART: Final = ".part"
MANIFEST: Final = ".json"
LONGEST_CONFERENCE: Final = 60
"""Letters of the conference's name that are kept: a file name may have 255 bytes."""

_SUFFIXES: Final = {FileFormat.WAV: ".wav", FileFormat.FLAC: ".flac", FileFormat.OPUS: ".opus"}
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_]+", re.ASCII)
_OURS: Final = re.compile(
    r"[A-Za-z0-9_]+(-[A-Za-z0-9_]+)*-\d{8}T\d{6}Z-\d+(-p\d+)?(\.part\d+)?\.(wav|flac|opus|json)(\.part)?",
    re.ASCII,
)


def base_name(conference: str, wall_s: float, recording: int) -> str:
    """What all files of a recording begin with. Nothing of `conference` but ASCII letters, digits, `-` and `_` is kept."""
    safe = _UNSAFE.sub("-", conference[:LONGEST_CONFERENCE]).strip("-") or "conference"
    moment = datetime.fromtimestamp(wall_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{safe}-{moment}-{recording}"


def file_name(base: str, format_: FileFormat, *, participant: int = 0, part: int = 1) -> str:
    """The file of everybody, or of the `participant`-th who was heard."""
    who = f"-p{participant:02}" if participant else ""
    return f"{base}{who}{_part(part)}{_SUFFIXES[format_]}"


def manifest_name(base: str, *, part: int = 1) -> str:
    """The file about the files."""
    return f"{base}{_part(part)}{MANIFEST}"


def is_ours(name: str) -> bool:
    """Tell whether a file of the folder is a recording's: nothing else there is touched."""
    return _OURS.fullmatch(name) is not None


def format_of(name: str) -> FileFormat | None:
    """What a file, finished or not, is written as; None for a manifest."""
    finished = name.removesuffix(PART)
    return next((each for each, suffix in _SUFFIXES.items() if finished.endswith(suffix)), None)


def _part(part: int) -> str:
    return f".part{part}" if part > 1 else ""

"""What can be set of recordings of conferences (C6), beside what each passcode pair allows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from bridge.config.values import OneOf, Range


@dataclass(frozen=True, slots=True)
class Recording:
    """Whether this bridge records, and what becomes of it. By default nothing is recorded."""

    allowed: bool = False
    """Whether moderators and operators may record at all; of each pair it is allowed besides."""
    folder: Path = Path("recordings")
    """Where files go, relative to the state directory; made for its owner alone where it is missing."""
    format: Annotated[str, OneOf(("flac", "opus", "wav"))] = "flac"
    """flac: as it was heard, a third smaller. opus: small, 20 kB a second of everybody. wav: for any program."""
    participants: bool = False
    """A file for each participant besides, all by one clock."""
    announce: bool = True
    """Everybody is told, those who come in later too. Where the law leaves it to you."""
    most_minutes: Annotated[int, Range(1, 1440)] = 240
    """Longer than a conference that somebody forgot to end; pauses are not counted."""
    keep_days: Annotated[int, Range(0, 3650)] = 0
    """Recordings are removed after so many days; 0: you do that."""

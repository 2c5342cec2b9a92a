"""Whether a conference is recorded (C6)."""

from __future__ import annotations

from enum import Enum


class Tape(Enum):
    """It is, or not, or not for now."""

    OFF = "off"
    RUNNING = "running"
    PAUSED = "paused"

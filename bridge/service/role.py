"""Who somebody is in a conference, as their passcode says (A4)."""

from __future__ import annotations

from enum import Enum


class Role(Enum):
    """The two codes of a pair: the one who leads, and everybody else."""

    MODERATOR = "moderator"
    PARTICIPANT = "participant"

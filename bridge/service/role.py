"""Who somebody is in a conference, as their passcode says (A4)."""

from __future__ import annotations

from enum import Enum


class Role(Enum):
    """The two codes of a pair: the one who leads, and everybody else. And who helps them both."""

    MODERATOR = "moderator"
    PARTICIPANT = "participant"
    OPERATOR = "operator"
    """Of the house: no passcode says so. Visits a conference by its own telephone, commands it from a console."""

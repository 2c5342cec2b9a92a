"""What a line may suffer from, and with it everybody who hears it."""

from __future__ import annotations

from enum import Enum


class Trouble(Enum):
    """As the media plane recognises it (`dsp.watch`): never in the voice of somebody who talks clearly."""

    NOISE = "noise"
    """Steady and loud: a street, a fan."""
    MUSIC = "music"
    """Sound without pauses: somebody has put the conference on hold."""
    HOWL = "howl"
    """A telephone hears itself."""
    ECHO = "echo"
    """The room comes back out of it."""

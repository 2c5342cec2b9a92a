"""The tones of the service, by what they tell. They are computed; a recording `tone/<name>` replaces one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dsp.tones import attention_tone, chime, entry_tone, exit_tone, lecture_tone

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsp.frames import Frames

_QUIET_DBOV: Final = -28.0
"""For the one who pressed the key: a confirmation, no announcement."""


def _muted() -> Frames:
    """A third down, low and short."""
    return chime((523.3, 440.0), note_ms=90, ring_ms=140, level_dbov=_QUIET_DBOV)


def _unmuted() -> Frames:
    """The same third up."""
    return chime((440.0, 523.3), note_ms=90, ring_ms=140, level_dbov=_QUIET_DBOV)


TONES: Final[dict[str, Callable[[], Frames]]] = {
    "join": entry_tone,
    "leave": exit_tone,
    "lecture": lecture_tone,
    "attention": attention_tone,
    "muted": _muted,
    "unmuted": _unmuted,
}
"""Name -> the tone, int16 at 8 kHz."""

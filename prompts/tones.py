"""The tones of the service, by what they tell. They are computed; a recording `tone/<name>` replaces one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from dsp.frames import RATE_HZ
from dsp.tones import attention_tone, cadence, chime, entry_tone, exit_tone, lecture_tone, tone

if TYPE_CHECKING:
    from dsp.frames import Frames

_QUIET_DBOV: Final = -28.0
"""For the one who pressed the key: a confirmation, no announcement."""

_RECORD_HZ: Final = 1_000.0
_RECORD_MS: Final = 300
"""The beep after which one speaks is that of every answering machine: nobody waits for more."""

RING_BACK: Final = ((425.0,), 1_000), ((), 4_000)
"""What a caller in Brazil hears while it rings at the other end: 425 Hz, 1 s on and 4 s off (ITU-T E.180, Supplement 2).
One period, in whole frames of 20 ms, which is played round and round."""
_RING_BACK_DBOV: Final = -26.0
"""Two people may hear it for half a minute."""


class Tone(Protocol):
    """What makes a tone at the rate that is wanted."""

    def __call__(self, *, rate_hz: int = RATE_HZ) -> Frames: ...


def _muted(*, rate_hz: int = RATE_HZ) -> Frames:
    """A third down, low and short."""
    return chime((523.3, 440.0), note_ms=90, ring_ms=140, level_dbov=_QUIET_DBOV, rate_hz=rate_hz)


def _unmuted(*, rate_hz: int = RATE_HZ) -> Frames:
    """The same third up."""
    return chime((440.0, 523.3), note_ms=90, ring_ms=140, level_dbov=_QUIET_DBOV, rate_hz=rate_hz)


def _record(*, rate_hz: int = RATE_HZ) -> Frames:
    return tone((_RECORD_HZ,), _RECORD_MS, rate_hz=rate_hz)


def _ringing(*, rate_hz: int = RATE_HZ) -> Frames:
    return cadence(RING_BACK, level_dbov=_RING_BACK_DBOV, rate_hz=rate_hz)


def _accept(*, rate_hz: int = RATE_HZ) -> Frames:
    """One high note, gone at once: done."""
    return chime((784.0,), note_ms=40, ring_ms=160, level_dbov=_QUIET_DBOV, rate_hz=rate_hz)


TONES: Final[dict[str, Tone]] = {
    "join": entry_tone,
    "leave": exit_tone,
    "lecture": lecture_tone,
    "attention": attention_tone,
    "muted": _muted,
    "unmuted": _unmuted,
    "record": _record,
    "ringing": _ringing,
    "accept": _accept,
}
"""Name -> the tone, int16."""

"""How loud a row is, and whether somebody speaks on it.

Levels are in dBov: 0 is a square wave at full scale, a sine at full scale is -3, speech on a good line -20 to -30,
digital silence -127 (RFC 6464 section 3, RFC 6465 section 3).

Speech is what rises above the row's own noise. The noise floor follows the level down at once and up slowly: the gaps
between words, even between syllables, hold it down while somebody speaks, and a noise that comes to stay (a fan, a
car, music of a caller who put us on hold) lifts it and is no longer taken for speech after some seconds. Digital
silence, which phones with silence suppression send, says nothing about the noise of the line and leaves it alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from dsp.frames import FRAME_MS, FULL_SCALE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsp.frames import Frames, Levels, Mask

SILENCE_DBOV: Final = -127.0
"""The least level there is (RFC 6464): what is quieter counts as this."""

ONSET_DB: Final = 9.0
"""So far above the noise floor speech begins. Less lets breath and chairs through, more cuts soft first syllables."""

SUSTAIN_DB: Final = 6.0
"""So far above the noise floor speech that has begun goes on: the ends of words are softer than their beginnings."""

LEAST_SPEECH_DBOV: Final = -50.0
"""Nothing softer is speech however quiet the line: 25 dB below an ordinary talker."""

HANGOVER_MS: Final = 300
"""So long after the last loud frame somebody still speaks: bridges stops within words and the gaps between them."""

FLOOR_START_DBOV: Final = -60.0
"""The noise floor of a row of which nothing is known yet: an ordinary line."""

FLOOR_LEAST_DBOV: Final = -75.0
"""The noise floor sinks no deeper, about the smallest signal that G.711 carries: it could not come back in time."""

FLOOR_MOST_DBOV: Final = -30.0
"""The noise floor rises no higher: on the worst of lines a loud voice is still heard."""

FLOOR_FALL: Final = 0.5
"""Of the way down to a softer frame, so much is gone at once: a gap of three frames is enough to be noticed."""

FLOOR_RISE_DB_PER_S: Final = 3.0
"""So fast the noise floor climbs while all is louder: slower than anybody speaks without taking breath."""

DIGITAL_SILENCE_DBOV: Final = -80.0
"""Below the smallest step of G.711: not a quiet line but none, and the noise floor stays what it was."""

HANGOVER_TICKS: Final = HANGOVER_MS // FRAME_MS
_RISE_DB: Final = np.float32(FLOOR_RISE_DB_PER_S * FRAME_MS / 1_000)
_LEAST_POWER: Final = np.float32(FULL_SCALE**2 * 10 ** (SILENCE_DBOV / 10))


def rms_dbov(frames: Frames) -> Levels:
    """Return the level of each row.

    frames : ndarray of shape (N, S), int16, S > 0
    returns : ndarray of shape (N,), float32, from -127 to 0 dBov
    """
    samples = frames.astype(np.float32)
    power: Levels = np.vecdot(samples, samples)
    power /= np.float32(frames.shape[-1])
    np.maximum(power, _LEAST_POWER, out=power)
    power /= np.float32(FULL_SCALE**2)
    np.log10(power, out=power)
    power *= np.float32(10)
    return power


def speech_step(
    levels: Levels, floors: Levels, hangovers: NDArray[np.int16]
) -> tuple[Mask, Levels, NDArray[np.int16]]:
    """Tell who speaks in this frame, from the level and from what the last step returned.

    For some of the rows only: `active, floors[rows], hangovers[rows] = speech_step(levels, floors[rows],
    hangovers[rows])`. A new row begins with `FLOOR_START_DBOV` and a hangover of 0.

    levels : ndarray of shape (N,), float32, dBov
    floors : ndarray of shape (N,), float32, dBov: the noise floor so far
    hangovers : ndarray of shape (N,), int16: ticks that speech lasts yet, 0 where nobody speaks
    returns : who speaks (bool), the new noise floors and the new hangovers, each of shape (N,)
    """
    margin = np.where(hangovers > 0, np.float32(SUSTAIN_DB), np.float32(ONSET_DB))
    loud = levels >= np.maximum(floors + margin, np.float32(LEAST_SPEECH_DBOV))
    new_hangovers = np.where(loud, np.int16(HANGOVER_TICKS), np.maximum(hangovers - np.int16(1), np.int16(0)))
    active: Mask = new_hangovers > 0

    way = levels - floors
    step = np.where(way < 0, way * np.float32(FLOOR_FALL), np.minimum(way, _RISE_DB))
    step[levels <= DIGITAL_SILENCE_DBOV] = 0
    new_floors = np.clip(floors + step, np.float32(FLOOR_LEAST_DBOV), np.float32(FLOOR_MOST_DBOV))
    return active, new_floors, new_hangovers


def hold_levels(levels: Levels, held: Levels, *, decay_db: float = 1.0) -> Levels:
    """Return levels that rise at once and fall by `decay_db` per tick: loudness as a listener remembers it.

    The choice of the loudest is made by these, so that nobody loses his place between two syllables.

    levels : ndarray of shape (N,), float32, dBov
    held : ndarray of shape (N,), float32, dBov: what the last call returned
    returns : ndarray of shape (N,), float32, dBov
    """
    louder: Levels = np.maximum(levels, held - np.float32(decay_db))
    return louder

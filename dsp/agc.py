"""Automatic gain: every voice of a conference brought to one loudness, slowly, and nothing but voices.

For each row the level of its speech is measured (frames while it speaks, those near its own mean: the pauses between
words do not count, ITU-T P.56), and the gain moves from there towards the target, a little with each frame of speech. In
silence it stands still, so that nobody hears the noise of a room breathe.

Three things keep it from making noise loud. Only frames in which `level.speech_step` finds speech count. Of those a mean
in decibels is kept beside the mean power: syllables rise and fall, and the two lie 2 dB and more apart, while for a hum,
a hiss or a dial tone, which that step takes for speech until its noise floor has come up, they are the same. And a row's
noise floor bounds its gain.

Where a voice is far softer than what was measured (the handset went to another, or a door slammed first) its frames would
count as pauses for ever; after a second of them the measuring begins anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dsp.frames import FRAME_MS
from dsp.level import SUSTAIN_DB

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsp.frames import Levels, Mask

TARGET_DBOV: Final = -20.0
"""Of the speech-active part: what prompts have, too."""
MOST_DB: Final = 26.0
"""A caller at -45 dBov, whom one hardly understands, is brought up; what is softer is not the line's fault alone."""
LEAST_DB: Final = -12.0
RISE_DB_PER_S: Final = 6.0
"""Of speech. Faster would be heard as somebody turning a knob."""
FALL_DB_PER_S: Final = 20.0
"""Too loud hurts, too soft does not."""
HEADROOM_DB: Final = 12.0
"""A single frame so far above the target lowers the gain, whatever the mean says: somebody shouts."""
NOISE_MOST_DBOV: Final = -40.0
"""The noise of a line is not brought above this, as far as the floor of `speech_step` knows it."""
ACTIVE_DB: Final = 15.9
"""Frames so far below the mean are pauses (the margin of ITU-T P.56)."""
MEMORY_FRAMES: Final = 150.0
"""3 s of speech: what the level is a mean of, in the end; at first of all there was."""
LEAST_FRAMES: Final = 25.0
"""Half a second of speech is heard before anything moves: a cough is shorter."""
MODULATION_DB: Final = 0.8
"""Mean power and mean level of speech are further apart than this (about 5 dB of deviation make 2.9), those of noise 0.1
and of many who murmur 0.6."""
PATIENCE_DB: Final = 3.0
"""A noise floor is no firm ground: only where it has come so much too near does the gain go back without speech."""
LULL_FRAMES: Final = 50
"""After a second of frames that count as pauses, though `speech_step` says speech, the voice is another."""

VOICE: Final = np.dtype(
    [
        ("power", np.float32),  # mean of the frames that count, 1 is 0 dBov
        ("mean_dbov", np.float32),  # the same mean, in decibels
        ("frames", np.float32),  # how many counted, up to `MEMORY_FRAMES`
        ("lull", np.int16),  # frames of speech in a row that did not count
        ("gain_db", np.float32),
    ]
)
"""What is remembered of a row. All zero: nothing is known yet, and the gain is none."""

_RISE_DB: Final = np.float32(RISE_DB_PER_S * FRAME_MS / 1_000)
_FALL_DB: Final = np.float32(FALL_DB_PER_S * FRAME_MS / 1_000)


def agc_step(levels: Levels, active: Mask, floors: Levels, voices: NDArray[Any]) -> NDArray[Any]:
    """Return the rows' voices and gains after this frame.

    levels : ndarray of shape (N,), float32, dBov: of the frame as it came
    active : ndarray of shape (N,), bool: somebody speaks, as `level.speech_step` tells
    floors : ndarray of shape (N,), float32, dBov: the noise floors, likewise
    voices : ndarray of shape (N,), VOICE: what the last step returned
    returns : ndarray of shape (N,), VOICE
    """
    after = voices.copy()
    known = after["frames"] > 0
    mean = _dbov(after["power"])
    pause = known & (levels < mean - np.float32(ACTIVE_DB))
    counted = active & ~pause & (levels >= floors + np.float32(SUSTAIN_DB))

    frames = np.minimum(after["frames"] + counted, np.float32(MEMORY_FRAMES))
    share = np.where(counted, 1 / np.maximum(frames, np.float32(1)), np.float32(0))
    power = np.power(np.float32(10), levels / np.float32(10))
    after["power"] += share * (power - after["power"])
    after["mean_dbov"] += share * (levels - after["mean_dbov"])
    lull = np.where(counted, 0, after["lull"] + (active & pause)).astype(np.int16)
    anew = lull >= LULL_FRAMES
    after["lull"] = np.where(anew, 0, lull)
    after["frames"] = np.where(anew, 0, frames)

    mean = _dbov(after["power"])
    speech = (after["frames"] >= LEAST_FRAMES) & (mean - after["mean_dbov"] >= np.float32(MODULATION_DB))
    most = np.clip(np.float32(NOISE_MOST_DBOV) - floors, 0, np.float32(MOST_DB))
    goal = np.minimum(np.float32(TARGET_DBOV) - mean, most)
    goal = np.minimum(goal, np.float32(TARGET_DBOV + HEADROOM_DB) - levels)
    goal = np.maximum(goal, np.float32(LEAST_DB))
    step = np.clip(goal - after["gain_db"], -_FALL_DB, _RISE_DB)
    lifted = np.minimum(most + np.float32(PATIENCE_DB) - after["gain_db"], np.float32(0)) * (
        after["gain_db"] > 0
    )
    step = np.where(speech & counted, step, np.maximum(lifted, -_RISE_DB))
    after["gain_db"] += step
    return after


def _dbov(power: Levels) -> Levels:
    level: Levels = np.float32(10) * np.log10(np.maximum(power, np.float32(1e-12)))
    return level

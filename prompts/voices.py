"""The speech engines that read the texts out: programs of the developer's machine, not of the product.

A voice is the `[voice]` table of a catalogue file: `engine` and its settings. Both engines give the same samples for the
same text, so a recording can be made again bit for bit.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import soundfile
import soxr

from prompts.errors import PromptError
from prompts.mastering import RATE_HZ, Wave, mastered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dsp.frames import Frames

_TIMEOUT_S: Final = 60.0
"""An engine that takes longer for one text hangs."""


def _espeak(text: str, voice: Mapping[str, object], target: Path) -> list[str]:
    """`-z`: no pause after the text. The amplitude leaves room: some variants clip at the usual 100."""
    options = ["-z", "-a", "70", "-s", str(voice["words_per_minute"]), "-p", str(voice["pitch"])]
    return ["espeak-ng", "-v", str(voice["voice"]), *options, "-w", str(target), text]


def _flite(text: str, voice: Mapping[str, object], target: Path) -> list[str]:
    options = ["--setf", f"duration_stretch={voice['duration_stretch']}"]
    return ["flite", "-voice", str(voice["voice"]), *options, "-t", text, "-o", str(target)]


ENGINES: Final[dict[str, Callable[[str, Mapping[str, object], Path], list[str]]]] = {
    "espeak-ng": _espeak,
    "flite": _flite,
}
"""Engine -> the command that writes a text to a WAV file."""


def _wave(text: str, voice: Mapping[str, object]) -> Wave:
    engine = str(voice["engine"])
    command = ENGINES.get(engine)
    if command is None:
        raise PromptError(f"{engine}: no such speech engine; there are {', '.join(ENGINES)}")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "speech.wav"
        try:
            subprocess.run(  # noqa: S603 - a list of words, no shell
                command(text, voice, target), check=True, capture_output=True, timeout=_TIMEOUT_S
            )
            samples, rate_hz = soundfile.read(target, dtype="float64", always_2d=True)
        except KeyError as fault:
            raise PromptError(f"{engine}: the voice has no setting {fault}") from fault
        except FileNotFoundError as fault:
            raise PromptError(f"{engine} is not installed (apt install {engine})") from fault
        except (OSError, subprocess.SubprocessError, soundfile.SoundFileError) as fault:
            raise PromptError(f"{engine} failed at {text!r}: {fault}") from fault
    return np.asarray(soxr.resample(samples[:, 0], rate_hz, RATE_HZ, quality="VHQ"))


def speak(text: str, voice: Mapping[str, object]) -> Frames:
    """Return `text` read out and mastered, int16 at 16 kHz."""
    wave = _wave(text, voice)
    presence_db = voice.get("presence_db")
    speech = mastered(wave, presence_db=float(presence_db) if isinstance(presence_db, int | float) else 0.0)
    if not speech.size:
        raise PromptError(f"{voice['engine']} says nothing for {text!r}")
    return speech

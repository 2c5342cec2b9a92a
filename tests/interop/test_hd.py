"""Telephones with Opus, G.722, L16 and G.711 in one room: who hears whom, and how high.

Each baresip says two tones at once: one of its own that every telephone can carry, and one near 6 kHz. Whose codec samples
at 16 kHz or more hears the latter from those who can say it, and nobody hears it from the G.711 telephone, nor on it.
"""

from __future__ import annotations

import shutil
import time
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.interop.baresip import MODULES, SPEECH_S, Baresip, missing
from tests.interop.started import LOOPBACK, Bridge, until

AUDIO = '[audio]\ncodecs = ["opus", "G722", "L16", "PCMU", "PCMA"]\n'
NEEDED = ("opus.so", "g722.so", "l16.so")
ABSENT = [name for name in NEEDED if not (MODULES / name).exists()]

pytestmark = [
    pytest.mark.skipif(
        shutil.which("baresip") is None, reason="baresip is not installed (apt-get install baresip-core)"
    ),
    pytest.mark.skipif(bool(missing()), reason=missing()),
    pytest.mark.skipif(bool(ABSENT), reason=f"baresip has no {', '.join(ABSENT)}"),
]

HEARD_DBOV = -40.0
"""A tone that is heard is louder: they are said at -15."""
NOT_HEARD_DBOV = -55.0
SETTLED_S, LISTENED_S = 1.5, 2.0


@dataclass(frozen=True)
class Kind:
    """A codec as baresip has it, and what its telephone says."""

    account: str
    rate_hz: int
    channels: int
    shown: str
    """By `roda calls`."""
    low_hz: float
    high_hz: float
    """0 where the codec carries no such thing."""


KINDS = {
    "olga": Kind("opus/48000/2", 48_000, 2, "opus", 440.0, 5_600.0),
    "gina": Kind("G722/16000/1", 16_000, 1, "G722", 660.0, 6_000.0),
    "lina": Kind("L16/16000/1", 16_000, 1, "L16", 1_000.0, 6_400.0),
    "pia": Kind("PCMU/8000/1", 8_000, 1, "PCMU", 1_240.0, 0.0),
}


class HdBaresip(Baresip):
    """A baresip of one codec, at that codec's rate."""

    def __init__(self, folder: Path, name: str) -> None:
        self.kind = KINDS[name]
        super().__init__(folder, name, self.kind.low_hz, "PCMU")
        write_tones(self.folder / "speech.wav", self.kind)
        file = self.folder / "config"
        modules = "".join(f"module {each}\n" for each in NEEDED)
        file.write_text(
            file.read_text()
            .replace("audio_channels 1", f"audio_channels {self.kind.channels}")
            .replace("module g711.so\n", "module g711.so\n" + modules)
        )
        (self.folder / "accounts").write_text(
            f"<sip:{name}@{LOOPBACK}>;regint=0;audio_codecs={self.kind.account}\n"
        )

    def heard(self) -> np.ndarray:
        """One channel of what was heard."""
        (recording,) = self._recordings()
        samples, rate_hz = soundfile.read(recording, always_2d=True)
        assert rate_hz == self.kind.rate_hz
        return samples[:, 0]

    def heard_s(self) -> float:
        """How much it has recorded so far."""
        frame_bytes = 2 * self.kind.channels
        return super().heard_s() * 8_000 * 2 / frame_bytes / self.kind.rate_hz

    def level(self, samples: np.ndarray, frequency_hz: float) -> float:
        """Of a tone in what was heard, in dBov: the middle of its half seconds."""
        length = self.kind.rate_hz // 2
        pieces = samples[: len(samples) // length * length].reshape(-1, length)
        probe = np.hanning(length) * np.exp(
            -2j * np.pi * frequency_hz * np.arange(length) / self.kind.rate_hz
        )
        lines = np.abs((pieces * probe).mean(axis=1)) * 4 / np.sqrt(2)
        return float(20 * np.log10(np.median(lines) + 1e-6))


def write_tones(path: Path, kind: Kind) -> None:
    """What the telephone says, all the time."""
    time_s = np.arange(SPEECH_S * kind.rate_hz) / kind.rate_hz
    said = sum(np.sin(2 * np.pi * each * time_s) for each in (kind.low_hz, kind.high_hz) if each)
    samples = (6_000 * said).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(kind.channels)
        file.setsampwidth(2)
        file.setframerate(kind.rate_hz)
        file.writeframes(np.repeat(samples, kind.channels).tobytes())


@dataclass
class Story:
    """Each telephone, with what it heard of the others."""

    phones: dict[str, HdBaresip]
    heard: dict[str, np.ndarray]
    shown: dict[str, str]

    def level(self, listener: str, frequency_hz: float) -> float:
        return self.phones[listener].level(self.heard[listener], frequency_hz)


@pytest.fixture(scope="module")
def hd_bridge(tmp_path_factory: pytest.TempPathFactory) -> Bridge:
    """One that takes whatever it can, the best first."""
    bridge = Bridge(tmp_path_factory.mktemp("hd"), AUDIO)
    bridge.start()
    yield bridge
    try:
        bridge.assert_unhurt()
    finally:
        bridge.stop()


@pytest.fixture(scope="module")
def story(hd_bridge: Bridge, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """All come into one room, and all talk at once."""
    folder = tmp_path_factory.mktemp("phones")
    phones = {name: HdBaresip(folder, name) for name in KINDS}
    heard, since = {}, {}
    entered: list[HdBaresip] = []
    try:
        for phone in phones.values():
            phone.__enter__()
            entered.append(phone)
            phone.dial(hd_bridge.uri("conf-hd"))
        time.sleep(SETTLED_S)
        since = {name: phone.heard_s() for name, phone in phones.items()}
        until(
            lambda: all(phone.heard_s() > since[name] + LISTENED_S for name, phone in phones.items()),
            "everybody to have heard enough",
        )
        rows = hd_bridge.ask(type="list_calls")["rows"]
        shown = {row["caller"]: row["codec"] for row in rows}
        for name, phone in phones.items():
            phone.hang_up()
            rate_hz = phone.kind.rate_hz
            heard[name] = phone.heard()[round(since[name] * rate_hz) :][: round(LISTENED_S * rate_hz)]
    finally:
        for phone in entered:
            phone.__exit__()
    return Story(phones, heard, shown)


def test_each_speaks_its_own_codec(story: Story):
    assert story.shown == {name: kind.shown for name, kind in KINDS.items()}


@pytest.mark.parametrize("listener", KINDS)
def test_everybody_hears_everybody_else_and_not_themselves(story: Story, listener: str):
    levels = {name: story.level(listener, kind.low_hz) for name, kind in KINDS.items()}
    assert levels.pop(listener) < NOT_HEARD_DBOV
    assert min(levels.values()) > HEARD_DBOV, levels


@pytest.mark.parametrize("listener", ["olga", "gina", "lina"])
def test_what_lies_at_6_khz_is_heard_between_those_who_can(story: Story, listener: str):
    levels = {name: story.level(listener, kind.high_hz) for name, kind in KINDS.items() if kind.high_hz}
    assert levels.pop(listener) < NOT_HEARD_DBOV
    assert min(levels.values()) > HEARD_DBOV, levels


def test_who_has_8_khz_hears_no_image_of_it(story: Story):
    """8,000 - 5,600 Hz and so on: what comes of sampling without a filter."""
    images = {name: story.level("pia", 8_000 - kind.high_hz) for name, kind in KINDS.items() if kind.high_hz}
    assert max(images.values()) < NOT_HEARD_DBOV, images

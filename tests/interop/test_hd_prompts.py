"""What the service says, as telephones with Opus, G.722 and G.711 hear it: equally loud, and as high as each one can.

The consonants of the greeting have their strength between 4 and 7 kHz, where no G.711 telephone carries anything.
"""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from tests.interop.baresip import missing
from tests.interop.started import ACCESS_NUMBER, Bridge, until
from tests.interop.test_hd import ABSENT, AUDIO, HdBaresip

pytestmark = [
    pytest.mark.skipif(
        shutil.which("baresip") is None, reason="baresip is not installed (apt-get install baresip-core)"
    ),
    pytest.mark.skipif(bool(missing()), reason=missing()),
    pytest.mark.skipif(bool(ABSENT), reason=f"baresip has no {', '.join(ABSENT)}"),
]

LISTENED_S = 5.0
"""Greeting, and what to key."""
SPEECH_HZ, CONSONANTS_HZ = (300, 3_400), (4_300, 7_000)
STRONG = 0.97
"""The band's level is that of its strong moments: few sounds have anything that high."""


@pytest.fixture(scope="module")
def hd_bridge(tmp_path_factory: pytest.TempPathFactory) -> Bridge:
    bridge = Bridge(tmp_path_factory.mktemp("hd_prompts"), AUDIO)
    bridge.make_demo()
    bridge.start()
    yield bridge
    try:
        bridge.assert_unhurt()
    finally:
        bridge.stop()


@pytest.fixture(scope="module")
def greetings(hd_bridge: Bridge, tmp_path_factory: pytest.TempPathFactory) -> dict[str, HdBaresip]:
    """Telephones of the three kinds that have all heard the greeting."""
    folder = tmp_path_factory.mktemp("phones")
    phones = {name: HdBaresip(folder, name) for name in ("olga", "gina", "pia")}
    for phone in phones.values():
        with phone:
            phone.dial(hd_bridge.uri(ACCESS_NUMBER))
            until(lambda phone=phone: phone.heard_s() > LISTENED_S, "the greeting to be heard")
            phone.hang_up()
    return phones


def strength(phone: HdBaresip, band_hz: tuple[int, int]) -> float:
    """Level of a band in its strong moments, in dB."""
    frame = phone.kind.rate_hz // 50
    samples = phone.heard()
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame) * np.hanning(frame)
    power = np.abs(np.fft.rfft(frames / frame, axis=1)) ** 2
    frequency_hz = np.fft.rfftfreq(frame, 1 / phone.kind.rate_hz)
    low, high = band_hz
    of_frames = power[:, (frequency_hz >= low) & (frequency_hz < high)].sum(axis=1)
    return float(10 * np.log10(np.quantile(of_frames, STRONG) + 1e-12))


def test_all_hear_it_equally_loud(greetings: dict[str, HdBaresip]):
    levels = [strength(phone, SPEECH_HZ) for phone in greetings.values()]
    assert max(levels) - min(levels) < 1.0


@pytest.mark.parametrize("name", ["olga", "gina"])
def test_hd_telephones_hear_consonants_where_others_hear_nothing(greetings: dict[str, HdBaresip], name: str):
    phone = greetings[name]
    assert strength(phone, CONSONANTS_HZ) > strength(phone, SPEECH_HZ) - 25

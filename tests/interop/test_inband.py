"""sipp keys in tones, as a gateway to the telephone network does that knows no telephone-events: A-law in RTP, no more."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from dsp import g711
from dsp.tones import dtmf, silence, tone
from tests.interop.sipp import SCENARIOS, Sipp
from tests.interop.started import ACCESS_NUMBER, Bridge, Demo, until

CODE_MS = 3_700
"""The scenario hangs up 4.5 s after it begins to play."""


def played(folder: Path, sound: np.ndarray) -> Path:
    """A scenario that plays a sound in A-law, and silence to the end."""
    rest = silence(6_000)[: 8 * 6_000 - len(sound)]
    tones = folder / "tones.al"
    tones.write_bytes(g711.encode(np.concatenate([sound, rest]), g711.Law.A).tobytes())
    scenario = folder / "inband_digits.xml"
    scenario.write_text((SCENARIOS / "inband_digits.xml").read_text().replace("TONES", str(tones)))
    return scenario


def keyed(code: str, *, noise: float = 0.0) -> np.ndarray:
    """Nine keys of 80 ms with pauses as long, after a moment; as loud as a telephone's, over a noisy line."""
    sounds = [silence(400)]
    for key in code:
        sounds += [dtmf(key, duration_ms=80, level_dbov=-20.0), silence(80)]
    sound = np.concatenate(sounds)
    assert len(sound) <= 8 * CODE_MS
    return (
        (sound + np.random.default_rng(1).normal(0, noise, len(sound))).clip(-32_768, 32_767).astype(np.int16)
    )


@pytest.mark.parametrize("noise", [0.0, 300.0], ids=["clean", "noisy"])
def test_a_passcode_in_tones_lets_in(
    bridge: Bridge, demo: Demo, sipp: Sipp, tmp_path: Path, noise: float
) -> None:
    since, said = time.time(), len(bridge.events("call ended"))
    sipp.run(played(tmp_path, keyed(f"{demo.participant}#", noise=noise)), bridge, ACCESS_NUMBER)
    (record,) = bridge.left(ACCESS_NUMBER, since=since)
    assert (record["role"], record["reason"]) == ("participant", "hung_up")
    (ended,) = until(lambda: bridge.events("call ended")[said:], "the end of the call in the log")
    assert ended["pressed"] == {"tone": len(demo.participant) + 1}


def test_who_speaks_and_hums_has_keyed_nothing(bridge: Bridge, sipp: Sipp, tmp_path: Path) -> None:
    said = len(bridge.events("call ended"))
    hum = np.concatenate([tone((low, high), 200) for low, high in ((350, 440), (697, 770), (440, 1_209))])
    sipp.run(played(tmp_path, np.tile(hum, 6)), bridge, ACCESS_NUMBER)
    (ended,) = until(lambda: bridge.events("call ended")[said:], "the end of the call in the log")
    assert ended["pressed"] == {}

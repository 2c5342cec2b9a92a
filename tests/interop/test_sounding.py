"""A call from sipp that plays a sound: how good it was is in the log when it is over."""

from __future__ import annotations

from pathlib import Path

from dsp.tones import tone
from tests.interop.sipp import Sipp
from tests.interop.started import ACCESS_NUMBER, Bridge, until
from tests.interop.test_inband import played


def test_a_call_over_a_good_line_sounded_good(bridge: Bridge, sipp: Sipp, tmp_path: Path) -> None:
    said = len(bridge.events("call sounded"))
    ended = len(bridge.events("call ended"))
    sipp.run(played(tmp_path, tone((350, 440), 1_000)), bridge, ACCESS_NUMBER)
    (call,) = until(lambda: bridge.events("call ended")[ended:], "the end of the call in the log")
    (sounded,) = until(lambda: bridge.events("call sounded")[said:], "how it sounded")
    assert (sounded["leg"], sounded["call_id"]) == (call["leg"], call["call_id"])
    assert sounded["packets"] > 150
    assert sounded["lost"] <= 2
    assert sounded["mos"] > 4

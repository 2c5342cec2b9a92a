import numpy as np
import pytest

from benchmarks import traces, voice_table
from benchmarks.traces import NETWORKS
from benchmarks.voice_score import Delays
from benchmarks.voice_table import Judged


def judged(mos: float, delay_ms: float, *, seconds: float = 60.0, drift_ms: float = 0.0) -> Judged:
    at_s = np.arange(0.0, seconds, 1.0)
    return Judged(
        np.array([mos - 0.1, mos + 0.1]), 2.0, Delays(at_s, delay_ms + drift_ms * at_s / seconds), seconds
    )


def row(name: str, *calls: Judged) -> dict:
    (network,) = (each for each in NETWORKS if each.name == name)
    return voice_table.row(network, list(calls), {})


def test_every_network_of_the_table_has_a_target():
    assert [network.name for network in NETWORKS] == list(voice_table.TARGETS)


def test_a_row_is_the_mean_of_its_pieces_and_of_its_calls_delays():
    found = row("wifi", judged(4.0, 80), judged(4.4, 100))

    assert found["mos"] == pytest.approx(4.2)
    assert found["worst_piece"] == pytest.approx(3.9)
    assert (found["delay_ms"], found["final_ms"], found["opening"]) == (90.0, 90.0, 2.0)
    assert found["wander_ms"] is None


def test_what_is_missed_is_named():
    assert voice_table.missed(row("clean", judged(4.55, 20))) == []
    assert voice_table.missed(row("clean", judged(4.4, 20))) == ["MOS"]
    assert voice_table.missed(row("clean", judged(4.55, 26))) == ["delay"]
    assert voice_table.missed(row("wifi", judged(1.0, 200))) == ["MOS", "delay"]


def test_a_wrong_clock_must_not_move_the_delay_over_half_an_hour():
    assert voice_table.missed(row("clock fast", judged(4.55, 20, seconds=1800, drift_ms=15))) == []
    assert voice_table.missed(row("clock slow", judged(4.55, 20, seconds=1800, drift_ms=900))) == [
        "constant delay"
    ]


def test_a_call_in_which_nothing_was_recognised_has_no_delay_and_misses_it():
    silent = Judged(np.array([1.0]), 1.0, Delays(np.zeros(0), np.zeros(0)), 60.0)
    found = voice_table.row(NETWORKS[0], [silent], {})

    assert found["delay_ms"] is None
    assert voice_table.missed(found) == ["MOS", "delay"]


def test_the_table_says_what_holds_and_what_does_not():
    other = voice_table.row(traces.FURTHER[0], [judged(4.0, 90)], {})
    text = voice_table.text(
        [row("clean", judged(4.55, 20)), row("wifi", judged(4.0, 90)) | {"note": "seen"}, other]
    )

    lines = text.splitlines()
    assert lines[1].endswith("PASS")
    assert lines[2].endswith("MISSED MOS")
    assert lines[3].strip() == "seen"
    assert "PASS" not in lines[4]
    assert "MISSED" not in lines[4]

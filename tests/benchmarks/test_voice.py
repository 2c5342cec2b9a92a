import numpy as np
import pytest

from benchmarks import voice, voice_table
from benchmarks.traces import NETWORKS
from benchmarks.voice_score import Heard
from benchmarks.voice_speech import FRAME, RATE_HZ, Speech
from benchmarks.voice_talker import Dtx, Plan

SECOND = RATE_HZ
SPEECH = Speech(
    np.zeros(40 * SECOND, np.uint8), tuple((at * 10 * SECOND, (at + 1) * 10 * SECOND) for at in range(4))
)


def named(*names: str) -> list:
    return [network for network in NETWORKS if network.name in names]


def plans(*names: str, calls: int = 3, seconds: float = 20.0, drift_s: float = 600.0) -> list[Plan]:
    return voice.plans(named(*names), SPEECH, calls=calls, seconds=seconds, drift_s=drift_s, dtx=Dtx.NONE)


def test_each_call_says_whole_pieces_after_one_that_does_not_count():
    for plan in plans("clean", "wifi"):
        assert plan.samples == 30 * SECOND
        assert len(plan.pieces()) == 3


def test_all_networks_meet_the_same_words_and_each_call_others():
    clean, wifi = plans("clean"), plans("wifi", calls=2)

    assert [plan.speech.pieces for plan in clean[:2]] == [plan.speech.pieces for plan in wifi]
    assert [plan.seed for plan in clean] == [0, 1, 2]
    said = Speech(np.arange(40 * SECOND, dtype=np.int64).astype(np.uint8), SPEECH.pieces)
    first, second = (
        plan.speech.codes
        for plan in voice.plans(named("clean"), said, calls=2, seconds=20, drift_s=1, dtx=Dtx.NONE)
    )
    assert np.array_equal(np.roll(first, -20 * SECOND), second)


def test_of_a_wrong_clock_there_is_one_long_call():
    (plan,) = plans("clock slow")

    assert plan.samples == 610 * SECOND
    assert plan.length_s > voice_table.LONG_S


def test_long_calls_are_made_apart_and_no_more_together_than_allowed():
    chosen = plans("clean", "clock fast", "clock slow", "wifi")

    batches = voice.batches(chosen, 4)

    assert [len(batch) for batch in batches] == [4, 2, 2]
    assert {plan.network.skew_ppm for plan in batches[2]} == {500.0, -500.0}


def test_calls_of_one_network_are_one_row(monkeypatch):
    judged = voice_table.Judged(
        np.array([4.0]), 4.0, voice_table.voice_score.Delays(np.zeros(0), np.zeros(0)), 60.0
    )
    monkeypatch.setattr(voice_table, "judge", lambda plan, heard: judged)
    chosen = plans("clean", "wifi")
    heard = {id(plan): Heard(np.zeros(0, np.int16), 0.0, 0.0, np.zeros(0, np.int16), 0.0) for plan in chosen}

    rows = voice.rows(chosen, heard, lambda mine: {"packets": sum(plan.samples // FRAME for plan in mine)})

    assert [(row["network"], row["packets"]) for row in rows] == [("clean", 4_500), ("wifi", 4_500)]
    assert rows[0]["mos"] == pytest.approx(4.0)

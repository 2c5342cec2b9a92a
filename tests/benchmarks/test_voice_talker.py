import numpy as np
import pytest

from benchmarks import g711, traces, voice_talker
from benchmarks.traces import Network
from benchmarks.voice_speech import FRAME, Speech
from benchmarks.voice_talker import (
    COMFORT_FRAMES,
    HEADER_BYTES,
    LEAD_FRAMES,
    MUTE_FRAMES,
    PAUSE_FRAMES,
    Dtx,
    Plan,
)

CLEAN = Network("clean", traces.clean)
LOUD = g711.encode(np.random.default_rng(1).normal(0, 3_000, 100 * FRAME), "pcmu")
SPEECH = Speech(LOUD, ((0, 40 * FRAME), (40 * FRAME, 100 * FRAME)))


def field(packets: np.ndarray, first: int, last: int) -> list[int]:
    return [int.from_bytes(packet[first:last].tobytes(), "big") for packet in packets]


def test_a_talker_sends_every_frame_after_a_silent_lead():
    plan = Plan(CLEAN, 0, SPEECH, 100 * FRAME)

    sent = voice_talker.stream(plan, ssrc=0x1234, begin_s=50.0)

    count = LEAD_FRAMES + 100
    assert sent.at_s == pytest.approx(50.0 + 0.02 * np.arange(count))
    assert field(sent.packets, 0, 2) == [0x8080] + [0x8000] * (count - 1)
    assert field(sent.packets, 2, 4) == list(range(count))
    assert field(sent.packets, 4, 8) == [160 * number for number in range(count)]
    assert set(field(sent.packets, 8, 12)) == {0x1234}
    assert (sent.packets[:LEAD_FRAMES, HEADER_BYTES:] == g711.SILENCE["pcmu"]).all()
    assert np.array_equal(sent.packets[LEAD_FRAMES:, HEADER_BYTES:].reshape(-1), LOUD)


def test_speech_begins_again_where_it_ends_and_so_do_its_pieces():
    plan = Plan(CLEAN, 0, SPEECH, 150 * FRAME)

    assert np.array_equal(plan.frames[LEAD_FRAMES + 100 :].reshape(-1), LOUD[: 50 * FRAME])
    assert [(begin // FRAME - LEAD_FRAMES, end // FRAME - LEAD_FRAMES) for begin, end in plan.pieces()] == [
        (0, 40),
        (40, 100),
        (100, 140),
    ]


def test_what_the_network_loses_does_not_come_and_what_it_delays_comes_later():
    network = Network(
        "bad",
        lambda random, packets: np.where(np.arange(packets) % 3, 0.05 * (np.arange(packets) % 2), np.nan),
    )

    sent = voice_talker.stream(Plan(network, 0, SPEECH, 100 * FRAME), ssrc=1, begin_s=0.0)

    numbers = field(sent.packets, 2, 4)
    assert not {number for number in numbers if number % 3 == 0}
    assert numbers[:4] == [2, 1, 4, 5]
    assert (np.diff(sent.at_s) >= 0).all()
    assert sent.at_s[1] == pytest.approx(0.02 + 0.05)


def test_a_fast_clock_sends_sooner_and_a_slow_one_later():
    def lasts_s(skew_ppm: float) -> float:
        network = Network("skewed", traces.clean, skew_ppm=skew_ppm)
        at_s = voice_talker.stream(Plan(network, 0, SPEECH, 100 * FRAME), ssrc=1, begin_s=0.0).at_s
        return float(at_s[-1] - at_s[0])

    assert lasts_s(500) == pytest.approx(lasts_s(0) / 1.0005)
    assert lasts_s(-500) == pytest.approx(lasts_s(0) / 0.9995)


def test_with_dtx_pauses_are_described_and_not_sent():
    plan = Plan(CLEAN, 0, SPEECH, 100 * FRAME, dtx=Dtx.DESCRIBED)

    sent = voice_talker.stream(plan, ssrc=1, begin_s=0.0)

    kinds = sent.packets[:, 1] & 0x7F
    frame = np.array(field(sent.packets, 4, 8)) // FRAME
    described = frame[kinds == 13]
    assert described.tolist() == list(range(PAUSE_FRAMES, LEAD_FRAMES, COMFORT_FRAMES))
    assert frame[kinds == 0].tolist() == [*range(PAUSE_FRAMES), *range(LEAD_FRAMES, LEAD_FRAMES + 100)]
    assert (sent.lengths[kinds == 13] == HEADER_BYTES + 1).all()
    assert (sent.packets[kinds == 13, HEADER_BYTES] == 127).all()
    assert field(sent.packets, 2, 4) == list(range(len(frame)))
    assert frame[(sent.packets[:, 1] & 0x80) != 0].tolist() == [0, LEAD_FRAMES]


def test_a_mute_phone_sends_nothing_in_pauses_and_marks_what_comes_after():
    plan = Plan(CLEAN, 0, SPEECH, 100 * FRAME, dtx=Dtx.MUTE)

    sent = voice_talker.stream(plan, ssrc=1, begin_s=0.0)

    frame = np.array(field(sent.packets, 4, 8)) // FRAME
    assert frame.tolist() == [*range(MUTE_FRAMES), *range(LEAD_FRAMES, LEAD_FRAMES + 100)]
    assert not (sent.packets[:, 1] & 0x7F).any()
    assert field(sent.packets, 2, 4) == list(range(len(frame)))
    assert frame[(sent.packets[:, 1] & 0x80) != 0].tolist() == [0, LEAD_FRAMES]


def test_a_listener_says_nothing_in_whole_packets():
    sent = voice_talker.silence(5, ssrc=7, begin_s=3.0)

    assert sent.at_s == pytest.approx([3.0, 3.02, 3.04, 3.06, 3.08])
    assert (sent.packets[:, HEADER_BYTES:] == g711.SILENCE["pcmu"]).all()
    assert (sent.lengths == 172).all()


def test_where_between_two_ticks_a_talker_begins_is_told_by_the_seed():
    starts = [Plan(CLEAN, seed, SPEECH, FRAME).start_s for seed in range(50)]

    assert starts == [Plan(CLEAN, seed, SPEECH, FRAME).start_s for seed in range(50)]
    assert 0 <= min(starts) < 0.003
    assert 0.017 < max(starts) < 0.02

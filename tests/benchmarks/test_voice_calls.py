import numpy as np
import pytest

from benchmarks import g711, traces, voice_calls
from benchmarks.traces import Network
from benchmarks.voice_calls import Calls, Outcome, played
from benchmarks.voice_speech import FRAME, Speech
from benchmarks.voice_talker import Plan, written

MS = 1_000_000


def packets(count: int, *, at_ms: list[float] | None = None) -> list[tuple]:
    """Packets as they come to a listener; the sample values tell their numbers."""
    frames = np.repeat(np.arange(count, dtype=np.uint8)[:, None] + 0x80, FRAME, axis=1)
    raw = written(frames, ssrc=5)
    times = [20.0 * number for number in range(count)] if at_ms is None else at_ms
    return [(round(at * MS), 172, each[:12], each[12:]) for at, each in zip(times, raw, strict=True)]


def heard(number: int) -> int:
    return int(g711.decode(np.array([number + 0x80], np.uint8), "pcmu")[0])


def test_packets_are_played_at_their_timestamps_behind_the_median():
    samples, at_s, line = played(packets(5, at_ms=[0, 20, 47, 60, 80]))

    assert at_s == pytest.approx(0.0)
    assert samples.reshape(5, FRAME)[:, 0].tolist() == [heard(number) for number in range(5)]
    assert (line.packets, line.missing, line.left_out) == (5, 0, 0)
    assert 6 < line.late_ms <= 7


def test_what_did_not_come_is_silence_and_what_was_overtaken_finds_its_place():
    came = packets(6)
    samples, _, line = played([came[0], came[2], came[1], came[5]])

    assert samples.reshape(6, FRAME)[:, 0].tolist() == [heard(0), heard(1), heard(2), 0, 0, heard(5)]
    assert (line.packets, line.missing, line.left_out) == (4, 2, 0)


def test_packet_times_that_a_server_leaves_out_are_counted_though_no_number_is_missing():
    came = packets(6)
    for place, (_, _, header, _) in enumerate(came[4:]):
        header[2:4] = (0, 2 + place)

    samples, _, line = played([came[0], came[1], came[4], came[5]])

    assert samples.reshape(6, FRAME)[:, 0].tolist() == [heard(0), heard(1), 0, 0, heard(4), heard(5)]
    assert (line.packets, line.missing, line.left_out) == (4, 0, 2)


def test_timestamps_that_leap_against_the_clock_begin_a_new_count():
    came = packets(6)
    for _, _, header, _ in came[3:]:
        header[4] = 0x70

    samples, at_s, _ = played(came)

    assert len(samples) == 6 * FRAME
    assert samples.reshape(6, FRAME)[:, 0].tolist() == [heard(number) for number in range(6)]
    assert at_s == pytest.approx(0.0)


def test_keys_and_other_codecs_are_not_played():
    came = packets(3)
    came[1][2][1] = 101

    samples, _, line = played(came)

    assert samples.reshape(3, FRAME)[:, 0].tolist() == [heard(0), 0, heard(2)]
    assert line.packets == 2
    assert played([])[0].size == 0


def test_a_late_tester_a_failed_call_and_a_call_that_was_hung_up_spoil_a_run():
    fine = Outcome([], np.full(100, 1.0), 10.0)

    assert fine.record()["faults"] == []
    for spoilt in (
        Outcome([], np.full(100, 9.0), 10.0),
        Outcome([], np.full(100, 1.0), 10.0, failures={486: 1}),
        Outcome([], np.full(100, 1.0), 10.0, dropped_by_server=1),
    ):
        assert spoilt.record()["faults"][0].startswith("INVALID")


def test_what_others_took_of_the_machine_is_told():
    busy = Outcome([], np.full(100, 1.0), 10.0, own_cores=0.2, server_cores=0.3, busy_cores=1.1)

    (fault,) = busy.record()["faults"]
    assert fault == "other programs took 0.60 cores meanwhile"


def test_two_phones_talk_through_a_server(server, monkeypatch):
    monkeypatch.setattr(voice_calls, "BEFORE_S", 0.2)
    monkeypatch.setattr(voice_calls, "TAIL_S", 0.2)
    monkeypatch.setattr("benchmarks.voice_talker.LEAD_FRAMES", 5)
    codes = g711.encode(np.random.default_rng(1).normal(0, 3_000, 40 * FRAME), "pcmu")
    plan = Plan(Network("clean", traces.clean), 0, Speech(codes, ((0, len(codes)),)), len(codes))

    calls = Calls(
        [plan],
        target="{}:{}".format(*server.address),
        roots=[],
        user="conf-{room}",
        first_room=7,
        wire="epoll",
    )
    outcome = calls.run()

    ((call, line),) = outcome.calls
    assert outcome.failures == {}
    assert outcome.dropped_by_server == 0
    assert line.packets > 40
    assert np.abs(call.heard.astype(int)).max() > 5_000

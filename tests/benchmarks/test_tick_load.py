from dataclasses import replace

import numpy as np
import pytest

from benchmarks import tick
from benchmarks.tick_load import CASES, DTX_PACKETS, PAUSE, Case, Load, loads, said, schedule
from media import rtp
from media.codecs import coders
from media.codecs.opus_packet import silent
from media.control import Codec
from media.rtp import Drop

OPUS = pytest.mark.skipif(not coders.available(Codec.OPUS), reason="libopus is not on this machine")


def small(**changes) -> Case:
    return replace(Case("small", 10, 2, 1), **changes)


def test_on_a_perfect_network_each_row_sends_one_packet_before_each_tick():
    table = schedule(small(), 5)
    assert np.diff(table.ends).tolist() == [10] * 5
    for number in range(5):
        here = slice(table.ends[number], table.ends[number + 1])
        assert sorted(table.rows[here].tolist()) == list(range(10))
        assert set(table.numbers[here].tolist()) == {number}
        assert ((number - 1) * 0.02 < table.arrivals_s[here]).all()
        assert (table.arrivals_s[here] <= number * 0.02).all()


def test_a_bad_network_loses_and_delays_and_is_the_same_every_time():
    case = small(rows=100, loss=0.03, jitter_s=0.04)
    first, again = schedule(case, 200), schedule(case, 200)
    assert (first.rows == again.rows).all()
    assert (first.arrivals_s == again.arrivals_s).all()
    assert len(first.rows) == pytest.approx(20_000 * 0.97, rel=0.01)
    way_s = first.arrivals_s - first.numbers * 0.02
    assert way_s.max() - way_s.min() == pytest.approx(0.04, abs=0.001)
    assert (np.diff(first.arrivals_s) >= 0).all()


def test_who_is_silent_with_dtx_sends_two_packets_of_many_and_numbers_them_without_a_gap():
    case = small(codec=Codec.OPUS, dtx=True)
    table = schedule(case, 3 * DTX_PACKETS)
    quiet, talker = np.flatnonzero(table.rows == 7), np.flatnonzero(table.rows == 1)
    assert (len(quiet), len(talker)) == (6, 3 * DTX_PACKETS)
    assert np.diff(table.sequences[quiet]).tolist() == [1] * 5
    assert sorted(set(np.diff(table.numbers[quiet]).tolist())) == [1, DTX_PACKETS - 1]


def test_a_pause_is_what_everybody_takes_for_one():
    assert silent(PAUSE)


@pytest.mark.parametrize(
    "codec", [Codec.PCMU, Codec.G722, pytest.param(Codec.OPUS, marks=OPUS)], ids=lambda codec: codec.name
)
def test_talkers_say_each_their_own_and_the_others_silence_at_a_place_of_their_own(codec):
    found = said(small(codec=codec))
    assert found.talks.tolist() == [True] * 2 + [False] * 8
    rows = np.arange(10)
    lines = found.lines(rows, np.zeros(10, np.intp))
    assert lines.tolist() == [50, 100, 2, 3, 4, 5, 6, 7, 8, 9]
    assert (found.lines(rows, np.full(10, 50)) == lines).all()
    assert not (found.payloads[50:] == found.payloads[0]).all(axis=1).any()
    if codec is not Codec.OPUS:  # whose silence is this or that, as the library likes
        assert len(np.unique(found.payloads[:50], axis=0)) == (50 if codec is Codec.G722 else 1)
    assert len(np.unique(found.payloads[100:150], axis=0)) > 4
    assert (found.sizes > 0).all()


@pytest.mark.parametrize(
    "case",
    [
        small(),
        small(loss=0.03, jitter_s=0.04),
        small(codec=Codec.G722),
        pytest.param(small(codec=Codec.OPUS), marks=OPUS),
        pytest.param(small(codec=Codec.OPUS, dtx=True), marks=OPUS),
    ],
    ids=["plain", "jitter", "G.722", "Opus", "Opus, DTX"],
)
def test_the_engine_takes_every_packet_and_hears_the_talkers(case):
    load = Load(case, 40)
    for number in range(40):
        load.tick(number)
    assert set(load.engine.drops) <= {Drop.LATE}
    assert (load.engine.streams.packets_in[:10] > 0).all()
    if case.codec is Codec.PCMU:
        heard = load.engine.block["frame"][:10]
        assert len(np.unique(heard[8])) > 10  # somebody talks in this room
        assert (heard[8] == heard[6]).all()


def test_a_packet_has_the_timestamp_of_its_codec():
    rows, lengths, _, packets = Load(small(codec=Codec.G722), 3).batch(2)
    assert set(packets["timestamp"].tolist()) == {320}
    assert set(lengths.tolist()) == {rtp.HEADER_BYTES + 160}
    assert sorted(rows.tolist()) == list(range(10))


def test_a_case_whose_library_is_missing_says_so(monkeypatch, capsys):
    monkeypatch.setattr(coders, "available", lambda codec: codec is not Codec.OPUS)
    assert [case.missing for case in CASES if case.codec is Codec.OPUS] == [
        "libopus is not on this machine"
    ] * 2
    monkeypatch.setattr("sys.argv", ["tick", "--only", "Opus"])
    assert tick.main() == 0
    assert capsys.readouterr().out.count("skipped: libopus") == 2


@pytest.mark.parametrize("profile", [False, True])
def test_a_case_is_measured_and_the_profile_does_not_eat_its_packets(profile, capsys):
    found = tick.measure(small(), 5, profile=profile)
    assert found["per_participant_us"] > 0
    assert ("function calls" in capsys.readouterr().out) is profile


def test_workers_that_have_a_room_together_hear_each_other():
    case = small(rooms=1, workers=2)
    apart, together = [Load(case, 20) for _ in range(2)], loads(case, 20)
    for number in range(20):
        for load in (*apart, *together):
            load.tick(number)
    listener = together[0].engine.block["frame"][9]
    assert (listener != apart[0].engine.block["frame"][9]).any()
    missed = [int(load.engine.streams.frames_missed[0]) for load in together]
    assert missed == [0, 0]
    assert loads(small(), 1)[0].engine.idle is False

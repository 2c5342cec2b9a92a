import numpy as np
import pytest

from benchmarks.analysis import judge_delivery
from benchmarks.recording import table_of
from benchmarks.tally import Tally
from benchmarks.wire import Arrivals

MS = 1_000_000


def arrivals(rows, at_ms, sequence, *, timestamp=None, ssrc=7, size=172) -> Arrivals:
    sequence = np.asarray(sequence)
    timestamp = sequence * 160 if timestamp is None else np.asarray(timestamp)
    headers = np.zeros((len(rows), 12), np.uint8)
    headers[:, 0] = 0x80
    headers[:, 2:4] = (sequence % (1 << 16)).astype(">u2")[:, None].view(np.uint8)
    headers[:, 4:8] = (timestamp % (1 << 32)).astype(">u4")[:, None].view(np.uint8)
    headers[:, 11] = ssrc
    count = len(rows)
    return Arrivals(
        np.array(rows),
        np.round(np.asarray(at_ms) * MS).astype(np.int64),
        np.full(count, size),
        headers,
        headers,
        np.arange(count),
    )


def stream(packets: int = 100, first: int = 65_500, row: int = 0, phase_ms: float = 3.0) -> Arrivals:
    order = np.arange(packets)
    return arrivals([row] * packets, phase_ms + 20.0 * order, first + order)


def judged(*batches: Arrivals, up: int = 1, end_ms: int = 2_000):
    tally = Tally(up)
    for batch in batches:
        tally.take(batch, 160)
    return tally.delivery(np.arange(up), begin_ns=0, end_ns=end_ms * MS, ptime_ms=20)


def test_a_perfect_stream_is_complete_through_wrapping_numbers_in_one_batch_or_many():
    whole = judged(stream())
    single = [arrivals([0], [3 + 20 * n], [65_500 + n]) for n in range(100)]
    assert repr(judged(*single)) == repr(whole)  # NaN is not NaN
    assert (whole.packets, whole.completeness, whole.completeness_by_sequence) == (100, 1.0, 1.0)
    assert (whole.missing_numbers, whole.reordered, whole.timestamp_jumps, whole.ssrc_changes) == (0, 0, 0, 0)
    assert (whole.gap_ms.count, whole.gap_ms.max) == (99, 20.0)
    assert whole.gap_ms.p999 == pytest.approx(20.0, abs=0.11)


def test_it_finds_what_is_found_when_all_packets_are_kept():
    rng = np.random.default_rng(1)
    kept = np.flatnonzero(rng.random(3_000) > 0.02)
    at_ms = 3 + 20.0 * kept + rng.gamma(1.5, 2.0, len(kept))
    batch = arrivals([0] * len(kept), np.sort(at_ms), 100 + kept)
    counted = judged(batch, end_ms=60_010)
    whole = judge_delivery(
        table_of(batch.rows, batch.at_ns, batch.sizes, batch.headers),
        np.arange(1),
        begin_ns=0,
        end_ns=60_010 * MS,
        ptime_ms=20,
    )
    for name in ("packets", "expected", "completeness", "missing_numbers", "timestamp_jumps", "worst_stream"):
        assert getattr(counted, name) == getattr(whole, name), name
    assert counted.completeness_by_sequence == pytest.approx(whole.completeness_by_sequence)
    assert counted.gap_ms.max == pytest.approx(whole.gap_ms.max)
    for name in ("p50", "p95", "p99", "p999"):
        assert getattr(counted.gap_ms, name) == pytest.approx(getattr(whole.gap_ms, name), abs=0.6), name


def test_who_heard_nothing_counts_against_all():
    found = judged(stream(), up=2)
    assert (found.silent_streams, found.worst_stream) == (1, 0.0)
    assert found.completeness == pytest.approx(0.5)
    nobody = judged(up=2)
    assert (nobody.packets, nobody.completeness, nobody.gap_ms.count) == (0, 0.0, 0)


def test_what_is_odd_is_counted():
    begin = arrivals([0, 0], [0, 20], [5, 6])
    found = judged(
        begin,
        arrivals([0], [40], [6]),  # once more
        arrivals([0], [60], [7], timestamp=[5_000]),
        arrivals([0], [80], [900], ssrc=9),
        arrivals([0], [100], [901], ssrc=9, size=92),
        arrivals([0], [120], [902], ssrc=9, size=8),  # no packet at all
    )
    assert (found.reordered, found.timestamp_jumps, found.ssrc_changes, found.odd_sizes) == (1, 1, 1, 2)
    assert found.packets == 6


def test_a_gap_beyond_the_histogram_is_still_the_longest():
    found = judged(arrivals([0, 0], [0, 5_000], [1, 2]), end_ms=6_000)
    assert found.gap_ms.max == 5_000.0

import numpy as np
import pytest

from benchmarks.analysis import expected_packets, judge_delivery, wrapped
from benchmarks.recording import Table, table_of

MS = 1_000_000
SECOND = 1_000_000_000


def stream(row: int, *, packets: int = 100, first_number: int = 65500, phase_ms: float = 3.0) -> Table:
    """One perfect stream of 20 ms that wraps its numbers, beginning at `phase_ms`."""
    order = np.arange(packets)
    return Table(
        np.full(packets, row),
        (phase_ms * MS + order * 20 * MS).astype(np.int64),
        np.full(packets, 172),
        (first_number + order) % (1 << 16),
        ((1 << 32) - 800 + order * 160) % (1 << 32),
        np.zeros(packets, np.int64),
        np.full(packets, 7),
    )


def change(table: Table, **columns) -> Table:
    parts = {name: getattr(table, name) for name in Table.__slots__}
    return Table(**(parts | columns))


def without(table: Table, lost: list[int]) -> Table:
    return Table(*(np.delete(getattr(table, name), lost) for name in Table.__slots__))


def together(*tables: Table) -> Table:
    return Table(*(np.concatenate([getattr(table, name) for table in tables]) for name in Table.__slots__))


def judge(table: Table, up: int = 1, end_ns: int = 2 * SECOND):
    return judge_delivery(table, np.arange(up), begin_ns=0, end_ns=end_ns, ptime_ms=20)


def test_perfect_streams_are_complete_through_wrapping_numbers():
    found = judge(together(stream(0), stream(1, phase_ms=19.9)), up=2)
    assert (found.packets, found.expected, found.completeness) == (200, 200, 1.0)
    assert found.completeness_by_sequence == 1.0
    assert (found.missing_numbers, found.timestamp_jumps, found.duplicates, found.reordered) == (0, 0, 0, 0)
    assert (found.gap_ms.p50, found.gap_ms.max) == (20.0, 20.0)
    assert found.lateness_ms.max == pytest.approx(0.0, abs=1e-6)


def test_lost_packets_show_in_both_counts_and_as_a_gap():
    found = judge(without(stream(0), [40, 41, 70]))
    assert found.completeness == pytest.approx(0.97)
    assert found.completeness_by_sequence == pytest.approx(0.97)
    assert found.missing_numbers == 3
    assert found.gap_ms.max == 60.0


def test_a_tick_the_server_never_sent_shows_by_the_clock_alone():
    whole = stream(0)
    skipped = change(
        whole, sequence=whole.sequence, at_ns=whole.at_ns + np.where(np.arange(100) >= 50, 40 * MS, 0)
    )
    found = judge(skipped, end_ns=2 * SECOND + 40 * MS)
    assert found.completeness_by_sequence == 1.0
    assert found.completeness == pytest.approx(100 / 102)
    assert found.lateness_ms.max == pytest.approx(40.0)


def test_packets_missing_at_the_edges_are_missed_but_for_one_at_each():
    found = judge(without(stream(0), [0, 1, 2, 98, 99]))
    assert found.packets == 95
    assert 98 <= found.expected <= 100


def test_a_silent_listener_counts_with_all_it_should_have_heard():
    found = judge(stream(0), up=2)
    assert found.silent_streams == 1
    assert found.completeness == pytest.approx(0.5)
    assert found.worst_stream == 0.0


def test_no_arrivals_at_all_is_zero_and_no_error():
    found = judge(without(stream(0), list(range(100))), up=3)
    assert (found.completeness, found.silent_streams, found.gap_ms.count) == (0.0, 3, 0)


def test_duplicates_do_not_make_up_for_losses():
    whole = stream(0)
    numbers, stamps = whole.sequence.copy(), whole.timestamp.copy()
    numbers[60], stamps[60] = numbers[59], stamps[59]
    found = judge(change(whole, sequence=numbers, timestamp=stamps))
    assert found.duplicates == 1
    assert found.completeness == pytest.approx(0.99)


def test_reordered_packets_are_complete_but_named():
    whole = stream(0)
    order = np.arange(100)
    order[[30, 31]] = [31, 30]
    found = judge(change(whole, sequence=whole.sequence[order], timestamp=whole.timestamp[order]))
    assert (found.reordered, found.completeness, found.timestamp_jumps) == (1, 1.0, 0)


def test_jumps_of_timestamp_and_ssrc_and_odd_sizes_are_counted():
    whole = stream(0)
    later = np.arange(100) >= 50
    found = judge(
        change(
            whole,
            timestamp=(whole.timestamp + later * 160) % (1 << 32),
            ssrc=whole.ssrc + (np.arange(100) >= 80),
            sizes=whole.sizes - (np.arange(100) == 10),
        ),
    )
    assert (found.timestamp_jumps, found.ssrc_changes, found.odd_sizes) == (1, 1, 1)


def test_the_worst_listener_is_not_hidden_by_the_many():
    bad = stream(0)
    jitter = change(bad, at_ns=bad.at_ns + np.where(np.arange(100) % 10 == 0, 15 * MS, 0))
    found = judge(together(jitter, *(stream(row) for row in range(1, 100))), up=100)
    assert found.gap_ms.p99 == 20.0
    assert found.worst_p99_gap_ms == 35.0


def test_expected_packets_do_not_depend_on_where_the_window_cuts():
    for phase_ms in range(20):
        first = np.array([phase_ms * MS])
        last = first + 49 * 20 * MS
        assert expected_packets(first, last, 0, SECOND, 20 * MS).tolist() == [50]


def test_counters_wrap_to_the_nearest_step():
    assert wrapped(np.array([-65535, 1, 65535, 0]), 16).tolist() == [1, 1, -1, 0]


def test_headers_are_read_as_columns_sorted_by_stream_and_malformed_packets_fall_out():
    headers = np.zeros((3, 12), np.uint8)
    headers[:, 0] = [0x80, 0x80, 0x40]
    headers[0] = [0x80, 0x88, 0x12, 0x34, 0, 0, 1, 0, 0, 0, 0, 9]
    table = table_of(np.array([5, 2, 1]), np.array([10, 20, 30]), np.array([172, 172, 172]), headers)
    assert table.rows.tolist() == [2, 5]
    assert (table.sequence[1], table.timestamp[1], table.payload_type[1], table.ssrc[1]) == (
        0x1234,
        256,
        8,
        9,
    )


def test_a_stream_of_opus_is_whole_by_its_own_clock_and_may_vary_in_size():
    plain = stream(0)
    opus = change(
        plain,
        timestamp=((1 << 32) - 800 + np.arange(100) * 960) % (1 << 32),
        sizes=60 + np.arange(100),
    )
    found = judge_delivery(
        opus,
        np.arange(1),
        begin_ns=0,
        end_ns=2 * SECOND,
        ptime_ms=20,
        ticks_per_ms=48,
        payload_bytes_per_ms=None,
    )
    assert (found.timestamp_jumps, found.odd_sizes) == (0, 0)
    assert found.lateness_ms.max == pytest.approx(0.0, abs=1e-6)
    assert judge(opus).timestamp_jumps == 99

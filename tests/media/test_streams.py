"""The table of rows that control reads while a worker writes."""

from __future__ import annotations

import itertools
import mmap
import os

import numpy as np
import pytest

from media.streams import Streams, table_bytes


def test_what_one_side_writes_the_other_reads_through_its_own_mapping() -> None:
    descriptor = os.memfd_create("table")
    try:
        os.ftruncate(descriptor, table_bytes(100))
        inside = Streams(100, mmap.mmap(descriptor, table_bytes(100)))
        outside = Streams(100, mmap.mmap(descriptor, table_bytes(100)))
    finally:
        os.close(descriptor)
    inside.ticks[0] = 2**63
    inside.stream[[0, 99]] = [2**62, -1]
    inside.timestamp_out[99] = 0xFFFFFFFF
    inside.round_trip_ms[99] = 1.5
    inside.muted[50] = True
    assert outside.ticks[0] == 2**63
    assert outside.stream[[0, 1, 99]].tolist() == [2**62, 0, -1]
    assert outside.timestamp_out[99] == 0xFFFFFFFF
    assert outside.round_trip_ms[99] == 1.5
    assert np.flatnonzero(outside.muted).tolist() == [50]


@pytest.mark.parametrize("rows", [1, 7, 64, 4_096])
def test_columns_do_not_overlap_and_none_reaches_beyond_the_table(rows: int) -> None:
    buffer = bytearray(table_bytes(rows))
    streams = Streams(rows, buffer)
    base = np.frombuffer(buffer, np.uint8).ctypes.data
    spans = sorted(
        (column.ctypes.data - base, column.ctypes.data - base + column.nbytes)
        for column in vars(streams).values()
        if isinstance(column, np.ndarray)
    )
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    assert spans[-1][1] <= len(buffer)
    assert all(begin % 64 == 0 for begin, _ in spans)


def test_a_cleared_row_is_all_zero_and_its_neighbours_are_not_touched() -> None:
    streams = Streams(3)
    columns = [
        column for column in vars(streams).values() if isinstance(column, np.ndarray) and len(column) == 3
    ]
    assert len(columns) > 10
    for column in columns:
        column[:] = 1
    streams.clear(1)
    assert all(column.tolist() == [1, 0, 1] for column in columns)


def test_a_table_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="buffer"):
        Streams(100, bytearray(table_bytes(64)))

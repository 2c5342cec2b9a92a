"""The ring between a tick and the recording process: what goes in comes out in order, or is dropped whole."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from media.recording.ring import GAP, SAID, Ring, ring_bytes


def frames(first: int, count: int, band: int = 1) -> np.ndarray:
    return (first + np.arange(count * 160 * band)).astype(np.int16).reshape(count, -1)


def write(ring: Ring, count: int, *, tick: int = 1, band: int = 1) -> bool:
    numbers = np.arange(1, count + 1)
    return ring.write(tick * 0.02, tick, numbers, 100 + numbers, frames(tick, count, band))


def test_what_was_written_is_read_once_and_a_call_later() -> None:
    ring = Ring.private(8)
    assert write(ring, 2)
    assert len(ring.read()) == 0, "the samples may not be there yet, on every machine"
    slots = ring.read()
    assert slots["recording"].tolist() == [1, 2]
    assert slots["stream"].tolist() == [101, 102]
    assert slots["kind"].tolist() == [SAID, SAID]
    assert np.array_equal(slots["samples"], frames(1, 2))
    assert len(ring.read()) == 0


def test_a_frame_of_a_higher_band_is_in_pieces_that_follow_each_other() -> None:
    ring = Ring.private(16)
    write(ring, 2, band=6)
    ring.read()
    slots = ring.read()
    assert slots["piece"].tolist() == [*range(6), *range(6)]
    assert slots["band"].tolist() == [6] * 12
    assert np.array_equal(slots["samples"].reshape(2, 960), frames(1, 2, 6))
    assert slots["recording"].tolist() == [1] * 6 + [2] * 6


def test_what_does_not_fit_is_dropped_whole_and_there_is_room_again_once_it_was_read() -> None:
    ring = Ring.private(4)
    assert write(ring, 3, tick=1)
    assert not write(ring, 2, tick=2)
    assert ring.write_gap(0.04, 2, 7, 1)
    assert not ring.write_gap(0.04, 2, 8, 1)
    ring.read()
    slots = ring.read()
    assert slots["tick"].tolist() == [1, 1, 1, 2]
    assert (slots["kind"][3], slots["recording"][3], slots["stream"][3]) == (GAP, 7, 1)
    assert write(ring, 4, tick=3)


def test_another_process_sees_the_same_ring() -> None:
    memory = bytearray(ring_bytes(8))
    writer, reader = Ring(memory, 8), Ring(memory, 8)
    write(writer, 2)
    reader.read()
    assert len(reader.read()) == 2
    assert len(Ring(memory, 8).read()) == 0, "who takes over goes on where the other stopped"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.integers(1, 6), st.none()), max_size=40))
def test_nothing_is_lost_doubled_or_out_of_order_but_what_was_refused(steps: list[int | None]) -> None:
    ring = Ring.private(10)
    wanted, got = [], []
    for tick, step in enumerate(steps):
        if step is None:
            got += ring.read()["tick"].tolist()
        elif write(ring, step, tick=tick):
            wanted += [tick] * step
    got += ring.read()["tick"].tolist() + ring.read()["tick"].tolist()
    assert got == wanted

"""The ring of codes against a dictionary: whatever comes, what is there is there, and is what came."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from media.ring import BLOCK, FRAME, SPAN, Ring

PACKETS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 4_000), st.sampled_from([160, 80, 240, 33, 1, 400])),
    min_size=1,
    max_size=20,
)
ROWS = np.array([0, 1])


def filled(packets: list[tuple[int, int, int]], begin: int) -> tuple[Ring, list[dict[int, int]]]:
    """A ring that took these packets (row, position from `begin` on, length), and what it should hold."""
    ring, model = Ring(2), [dict[int, int](), dict[int, int]()]
    random = np.random.default_rng(len(packets))
    for row, position, length in packets:
        payload = random.integers(0, 256, length).astype(np.uint8)
        at = begin + position
        slots = np.zeros((1, 600), np.uint8)
        slots[0, 12 : 12 + length] = payload
        one = np.array([row])
        if length == FRAME and at % FRAME == 0:
            ring.put_frames(one, np.array([at // FRAME]), slots, np.array([0]), 12)
        else:
            ring.put(
                one,
                np.array([at]),
                np.array([begin]),
                slots,
                np.array([0]),
                np.array([12]),
                np.array([length]),
            )
        model[row] |= dict(enumerate(payload.tolist(), at))
    return ring, model


@settings(max_examples=60, deadline=None)
@given(PACKETS, st.integers(0, 9_999), st.integers(0, 4_200))
def test_what_is_there_is_what_came(packets: list[tuple[int, int, int]], begin: int, place: int) -> None:
    ring, model = filled(packets, begin)
    start = np.full(2, begin + place)
    there = ring.there(ROWS, start, FRAME)
    frames = ring.frames(ROWS, start)
    assert (frames == ring.codes(ROWS, start, FRAME)).all()
    for row, known in enumerate(model):
        wanted = range(begin + place, begin + place + FRAME)
        assert there[row].tolist() == [position in known for position in wanted]
        assert [frames[row, position - begin - place] for position in wanted if position in known] == [
            known[position] for position in wanted if position in known
        ]


@settings(max_examples=60, deadline=None)
@given(PACKETS, st.integers(0, 9_999), st.integers(0, 4_400), st.booleans())
def test_a_run_ends_where_something_else_begins(
    packets: list[tuple[int, int, int]], begin: int, place: int, there: bool
) -> None:
    ring, model = filled(packets, begin)
    start = begin + place
    ends = ring.run(ROWS, np.full(2, start), there=there).tolist()
    for end, known in zip(ends, model, strict=True):
        true_end = next((at for at in range(start, start + SPAN) if (at in known) != there), start + SPAN)
        assert end == true_end or end - start >= SPAN - 10 * BLOCK


def test_an_old_lap_is_not_there_and_a_forgotten_row_has_nothing() -> None:
    ring, _ = filled([(0, 0, 160), (1, 0, 160)], SPAN * 3)
    one = np.array([0])
    assert not ring.there(one, np.array([SPAN * 2]), FRAME).any()
    assert ring.there(one, np.array([SPAN * 3]), FRAME).all()
    ring.forget(one)
    assert not ring.there(one, np.array([SPAN * 3]), FRAME).any()
    assert ring.there(np.array([1]), np.array([SPAN * 3]), FRAME).all()


def test_what_is_written_is_read_and_has_not_come() -> None:
    ring = Ring(1)
    one, start = np.array([0]), np.array([SPAN - 50])
    ring.fill(one, np.array([7], np.uint8))
    ring.write(one, start, np.full((1, 100), 9, np.uint8), np.arange(100)[None] >= 20)
    assert ring.codes(one, start, 110)[0].tolist() == [7] * 20 + [9] * 80 + [7] * 10
    assert not ring.there(one, start, 110).any()

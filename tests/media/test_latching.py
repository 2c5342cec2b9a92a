"""Who is believed to be the peer, packet by packet."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.latching import CANDIDATES, GOES_ON, PROOF, SILENCE_S, WINDOW_S, Address, Course, Latch

SDP = ("192.0.2.1", 4_000)
OTHER_PORT = ("192.0.2.1", 61_000)
STRANGER = ("203.0.113.9", 4_000)


def believed(
    latch: Latch, source: Address, sequences: Iterable[int], *, ssrc: int = 7, now: float = 1.0
) -> int | None:
    """With which packet the source is locked, counted from 1; None if with none."""
    for count, sequence in enumerate(sequences, 1):
        if latch.consider(source, ssrc, sequence & 0xFFFF, now):
            return count
    return None


def test_the_address_of_sdp_is_believed_at_once_and_for_ever() -> None:
    assert believed(Latch.first(SDP, 0.0), SDP, [9]) == 1
    assert believed(Latch.first(SDP, 0.0), SDP, [9], now=1e6) == 1


@pytest.mark.parametrize("first", [0, 65_533])
def test_another_port_of_the_host_is_believed_after_packets_in_sequence(first: int) -> None:
    latch = Latch.first(SDP, 0.0)
    assert believed(latch, OTHER_PORT, range(first, first + 20), now=1e6) == PROOF


def test_a_gap_or_another_ssrc_begins_the_proof_again_and_a_double_does_not() -> None:
    assert believed(Latch.first(SDP, 0.0), OTHER_PORT, [1, 2, 3, 5, 6, 7, 8, 9]) == 8
    assert believed(Latch.first(SDP, 0.0), OTHER_PORT, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]) == 9
    latch = Latch.first(SDP, 0.0)
    for sequence in range(50):
        assert not latch.consider(OTHER_PORT, sequence, sequence, 1.0)


def test_another_host_is_believed_only_in_the_time_after_the_answer() -> None:
    assert believed(Latch.first(SDP, 10.0), STRANGER, range(20), now=10.0 + WINDOW_S) == PROOF
    assert believed(Latch.first(SDP, 10.0), STRANGER, range(99), now=10.1 + WINDOW_S) is None
    assert believed(Latch.first(None, 10.0), STRANGER, range(20), now=11.0) == PROOF
    assert believed(Latch.first(None, 10.0), STRANGER, range(99), now=10.1 + WINDOW_S) is None


def test_a_sprayer_between_its_packets_does_not_shut_out_a_phone_behind_nat() -> None:
    latch = Latch.first(SDP, 0.0)
    phone = ("198.51.100.5", 30_000)
    for sequence in range(PROOF - 1):
        assert not latch.consider(phone, 7, sequence, 1.0)
        assert not latch.consider(STRANGER, sequence * 31, sequence * 77, 1.0)
    assert latch.consider(phone, 7, PROOF - 1, 1.0)


def test_the_candidates_are_few_however_many_addresses_spray() -> None:
    latch = Latch.first(SDP, 0.0)
    for number in range(1_000):
        latch.consider((f"203.0.113.{number % 256}", number), 1, 1, 1.0)
    assert len(latch.candidates) == CANDIDATES


def test_after_silence_the_old_source_is_believed_at_once() -> None:
    latch = Latch.again(OTHER_PORT, SDP[0], Course(7, 100), 60.0)
    assert believed(latch, OTHER_PORT, [30_000], ssrc=99, now=70.0) == 1


@pytest.mark.parametrize("ahead", [1, 250, 3_000])
def test_after_silence_who_goes_on_with_the_numbering_is_believed(ahead: int) -> None:
    latch = Latch.again(SDP, SDP[0], Course(7, 65_500), 60.0)
    first = 65_500 + ahead
    assert believed(latch, STRANGER, range(first, first + 9), now=500.0) == GOES_ON


def test_after_silence_nobody_else_is_believed_but_the_host_of_sdp_with_proof() -> None:
    def latch() -> Latch:
        return Latch.again(OTHER_PORT, SDP[0], Course(7, 100), 60.0)

    assert believed(latch(), STRANGER, range(101, 150), ssrc=8, now=60.5) is None
    assert believed(latch(), STRANGER, range(50, 100), ssrc=7, now=60.5) is None  # it goes back: a replay
    assert believed(latch(), STRANGER, [101] * 50, ssrc=7, now=60.5) is None
    assert believed(latch(), ("192.0.2.1", 9), range(20), ssrc=8, now=60.5) == PROOF


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 0xFFFF), st.floats(0, 20)), max_size=60
    ),
    st.booleans(),
)
def test_without_five_in_a_row_no_stranger_is_ever_believed(
    packets: list[tuple[int, int, int, float]], again: bool
) -> None:
    latch = Latch.again(SDP, SDP[0], Course(99, 0), 0.0) if again else Latch.first(SDP, 0.0)
    runs: dict[Address, list[tuple[int, int]]] = {}
    for host, ssrc, sequence, now in packets:
        source = (f"203.0.113.{host}", 5)
        run = runs.setdefault(source, [])
        if run and run[-1] == (ssrc, sequence):
            continue
        if not run or run[-1] != (ssrc, (sequence - 1) & 0xFFFF):
            run.clear()
        run.append((ssrc, sequence))
        if latch.consider(source, ssrc, sequence, now):
            assert not again
            assert len(run) >= PROOF
            return


def test_the_times_are_those_of_the_advisory() -> None:
    assert SILENCE_S >= 5.0
    assert WINDOW_S <= 5.0

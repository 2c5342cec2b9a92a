"""Reception statistics against RFC 3550 appendix A.1, A.3 and A.8 written out for one packet at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from media.reception import Reception
from media.streams import Streams

ROW = 3


@dataclass
class Scalar:
    """The RFC's algorithms for one source, counting each packet once however often it comes."""

    ssrc: int | None = None
    base: int = 0
    highest: int = 0
    known: set[int] = field(default_factory=set)
    received: int = 0
    bad: int | None = None
    carried: int = 0
    jitter: float = 0.0
    transit: float = 0.0
    expected_prior: int = 0
    received_prior: int = 0

    def receive(self, ssrc: int, sequence: int, timestamp: int, arrival: float) -> bool:
        """Whether the packet is to be played."""
        step = (sequence - self.highest) & 0xFFFF
        step = step - 0x10000 if step >= 0x8000 else step
        if self.ssrc != ssrc:
            self.begin(ssrc, sequence)
            step = 0
        elif step > 3_000 or step < -100:
            if sequence != self.bad:
                self.bad = (sequence + 1) & 0xFFFF
                return False
            self.begin(ssrc, sequence)
            step = 0
        number = self.highest + step
        if number in self.known and number > self.highest - 64:
            return False
        self.known.add(number)
        self.received += 1
        self.highest = max(self.highest, number)
        transit = arrival - timestamp
        if self.received > 1:
            self.jitter += (abs(transit - self.transit) - self.jitter) / 16
        self.transit = transit
        return True

    def begin(self, ssrc: int, sequence: int) -> None:
        self.carried += self.lost_now() if self.ssrc is not None else 0
        self.ssrc = ssrc
        self.base = self.highest = sequence
        self.bad = None
        self.known = set()
        self.received = 0
        self.expected_prior = self.received_prior = 0

    def lost_now(self) -> int:
        return max(self.highest - self.base + 1 - self.received, 0)

    def lost(self) -> int:
        return self.carried + self.lost_now()

    def fraction(self) -> int:
        expected = self.highest - self.base + 1
        interval = expected - self.expected_prior
        lost = interval - (self.received - self.received_prior)
        self.expected_prior, self.received_prior = expected, self.received
        return 0 if interval <= 0 or lost <= 0 else min((lost << 8) // interval, 255)


class Line:
    """One row of many, fed packet by packet."""

    def __init__(self) -> None:
        self.streams = Streams(8)
        self.reception = Reception(self.streams)

    def receive(self, sequence: int, *, ssrc: int = 7, timestamp: int = 0, arrival: float = 0.0) -> bool:
        return self.feed(sequence, ssrc=ssrc, timestamp=timestamp, arrival=arrival)[0]

    def feed(
        self, sequence: int, *, ssrc: int = 7, timestamp: int = 0, arrival: float = 0.0
    ) -> tuple[bool, bool]:
        """Whether the packet is fresh, and whether what is buffered must be forgotten."""
        received = self.reception.update(
            np.array([ROW]),
            np.array([ssrc], np.uint32),
            np.array([sequence & 0xFFFF], np.uint16),
            np.array([timestamp & 0xFFFFFFFF], np.uint32),
            np.array([arrival]),
        )
        assert not (received.fresh[0] and received.duplicate[0])
        return bool(received.fresh[0]), bool(received.renewed[0])

    def lost(self) -> int:
        return int(self.reception.lost(np.array([ROW]))[0])

    def fraction(self) -> int:
        fraction, lost = self.reception.loss(np.array([ROW]))
        assert lost[0] == self.lost()
        return int(fraction[0])

    def highest(self) -> int:
        return int(self.reception.highest[ROW])


STEPS = st.lists(
    st.tuples(
        st.sampled_from([1, 1, 1, 1, 1, 1, 0, 2, 3, -1, -2, -5, -63, -64, 40, 100, -100, 500, -500, 9_000]),
        st.sampled_from([7] * 12 + [8]),
        st.integers(0, 400),
        st.booleans(),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 65_535), STEPS)
def test_any_stream_is_counted_as_the_rfc_counts_it(
    first: int, steps: list[tuple[int, int, int, bool]]
) -> None:
    line, scalar = Line(), Scalar()
    at, timestamp, arrival = first, 1_000, 5_000.0
    for step, ssrc, delay, report in [(0, 7, 0, False), *steps]:
        at = (at + step) & 0xFFFF
        timestamp += 160
        arrival += 160
        fresh = line.receive(at, ssrc=ssrc, timestamp=timestamp, arrival=arrival + delay)
        assert fresh == scalar.receive(ssrc, at, timestamp, arrival + delay)
        assert line.lost() == scalar.lost()
        assert line.highest() == scalar.highest
        assert abs(line.reception.jitter[ROW] - scalar.jitter) < 1e-6
        if report:
            assert line.fraction() == scalar.fraction()


def test_the_sequence_goes_on_over_its_wrap() -> None:
    line = Line()
    for number in range(65_000, 65_000 + 140_000, 100):
        assert line.receive(number)
    assert line.highest() == 65_000 + 139_900
    assert line.lost() == 139_901 - 1_400


def test_a_duplicate_is_told_from_a_late_packet() -> None:
    line = Line()
    assert [line.receive(number) for number in (10, 11, 14, 14, 12, 12, 13, 11)] == [
        True, True, True, False, True, False, True, False,
    ]  # fmt: skip
    assert line.lost() == 0
    assert line.streams.duplicate[ROW] == 3
    assert line.streams.packets_in[ROW] == 8


def test_a_numbering_that_begins_again_lower_is_heard_after_one_packet() -> None:
    # sipp plays its recording again under the same SSRC: 1 .. 400 and 1 .. 400.
    line = Line()
    heard = [line.receive(number % 400 + 1) for number in range(800)]
    assert heard.count(False) == 1
    assert not heard[400]
    assert line.lost() == 0


def test_one_stray_number_changes_nothing() -> None:
    line = Line()
    for number in range(50):
        line.receive(number)
    assert line.feed(20_000) == (False, False)
    assert line.feed(50) == (True, False)
    assert line.lost() == 0


def test_another_source_is_a_new_beginning_and_what_was_lost_before_stays_counted() -> None:
    line = Line()
    for number in (1, 2, 5):
        line.receive(number)
    assert line.feed(40_000, ssrc=8) == (True, True)
    line.receive(40_002, ssrc=8)
    assert line.lost() == 3


def test_a_timestamp_that_goes_back_while_the_numbers_go_on_is_a_new_clock_not_a_delay() -> None:
    line = Line()
    line.receive(1, timestamp=80_000, arrival=0)
    assert line.feed(2, timestamp=80_160, arrival=160) == (True, False)
    assert line.feed(4, timestamp=70_000, arrival=320) == (True, True)
    assert line.feed(5, timestamp=70_160, arrival=480) == (True, False)
    assert line.lost() == 1
    assert line.reception.jitter[ROW] == 0


def test_an_overtaken_packet_is_no_new_clock() -> None:
    line = Line()
    for number, timestamp in ((1, 0), (3, 320), (2, 160), (4, 480)):
        assert line.feed(number, timestamp=timestamp, arrival=timestamp)[1] is (number == 1)


def test_the_timestamps_wrap_and_jumps_are_no_jitter() -> None:
    line = Line()
    line.receive(1, timestamp=-160, arrival=0)
    line.receive(2, timestamp=0, arrival=160)
    assert line.reception.jitter[ROW] == 0
    line.receive(3, timestamp=160 + 8_000 * 3_600, arrival=320)
    assert line.reception.jitter[ROW] == 0
    line.receive(4, timestamp=320 + 8_000 * 3_600, arrival=496)
    assert line.reception.jitter[ROW] == 1.0


def test_numbers_that_other_payloads_used_are_not_lost() -> None:
    # A telephone-event takes numbers of the same sequence but is no audio.
    line = Line()
    line.receive(1)
    for number in (2, 3, 4, 4, 4):
        line.reception.note(np.array([ROW]), np.array([7], np.uint32), np.array([number], np.uint16))
    assert line.receive(5)
    assert line.lost() == 0
    # One of another source (sipp's) is not counted, and begins nothing.
    line.reception.note(np.array([ROW]), np.array([99], np.uint32), np.array([30_000], np.uint16))
    assert line.feed(6) == (True, False)
    assert line.lost() == 0


def test_a_new_stream_in_the_row_begins_with_nothing() -> None:
    line = Line()
    for number in (1, 5, 9):
        line.receive(number)
    line.reception.clear(ROW)
    assert line.lost() == 0
    assert line.feed(3) == (True, True)
    assert line.lost() == 0


def test_rows_do_not_touch_each_other() -> None:
    reception = Reception(Streams(4))
    rows = np.array([0, 2])
    for number in (1, 2, 4):
        reception.update(
            rows,
            np.array([1, 2], np.uint32),
            np.array([number, number * 2], np.uint16),
            np.array([0, 0], np.uint32),
            np.zeros(2),
        )
    assert reception.lost(np.arange(4)).tolist() == [0 + 1, 0, 4, 0]
    assert reception.started(np.arange(4)).tolist() == [True, False, True, False]


def test_a_packet_follows_where_none_is_missing_before_it() -> None:
    """However long its timestamp says that nothing was said."""
    reception = Reception(Streams(8))

    def follows(sequence: int, timestamp: int) -> bool:
        received = reception.update(
            np.array([ROW]),
            np.array([7], np.uint32),
            np.array([sequence & 0xFFFF], np.uint16),
            np.array([timestamp], np.uint32),
            np.array([float(timestamp)]),
        )
        return bool(received.follows[0])

    follows(65_534, 0)
    assert follows(65_535, 160)
    assert follows(0, 8_000)
    assert not follows(2, 8_320), "one is missing"
    assert not follows(1, 8_160), "it was overtaken"
    assert follows(3, 8_480)
    assert not follows(3, 8_480), "it came twice"

"""Keys as RTP packets: one press is one digit, whatever peers and networks make of RFC 4733."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.telephone_event import DIGITS, TAIL_S, EventReceiver, EventSender

ROW = 2


@dataclass
class Key:
    """A telephone's key: the packets (when, timestamp, payload) of presses on it."""

    interval_s: float = 0.02
    clock: int = 160
    """Units of duration per 20 ms: 160 is right, baresip counts 960."""
    ends: int = 3
    packets: list[tuple[float, int, bytes]] = field(default_factory=list)

    def press(self, digit: str, at: float, timestamp: int, duration_s: float = 0.1) -> float:
        """One press; returns when its last packet leaves."""
        event = DIGITS.index(digit)
        ticks = max(1, round(duration_s / self.interval_s))
        unit = round(self.clock * self.interval_s / 0.02)
        segment, base = timestamp, 0
        for tick in range(1, ticks + 1):
            if tick * unit - base > 0xFFFF:
                segment, base = segment + 0xFFFF, base + 0xFFFF
            payload = bytes((event, 10)) + (tick * unit - base).to_bytes(2, "big")
            self.packets.append((at + (tick - 1) * self.interval_s, segment, payload))
        last = bytes((event, 0x8A)) + (ticks * unit - base).to_bytes(2, "big")
        for repeat in range(self.ends):
            self.packets.append((at + (ticks + repeat) * self.interval_s, segment, last))
        return at + (ticks + max(0, self.ends - 1)) * self.interval_s


def digits(packets: list[tuple[float, int, bytes]]) -> str:
    """What a row makes of packets in the order they arrive."""
    receiver = EventReceiver(4)
    heard = ""
    for at, timestamp, payload in packets:
        receiver.advance(np.arange(4), at, np.zeros(4))
        begun = receiver.receive(
            np.array([ROW]),
            np.array([timestamp & 0xFFFFFFFF], np.uint32),
            np.frombuffer(payload, np.uint8)[None],
            np.array([at]),
        )
        assert all(row == ROW for row, _ in begun)
        heard += "".join(digit for _, digit in begun)
    return heard


@pytest.mark.parametrize("duration_s", [0.04, 0.1, 0.5])
@pytest.mark.parametrize("ends", [0, 1, 2, 3])
@pytest.mark.parametrize("clock", [160, 960])
@pytest.mark.parametrize("interval_s", [0.02, 0.05])
def test_every_key_is_one_digit_however_many_ends_arrive(
    duration_s: float, ends: int, clock: int, interval_s: float
) -> None:
    key = Key(interval_s, clock, ends)
    at, stamp = 50.0, 0xFFFFF000  # the timestamp wraps on the way
    for digit in DIGITS:
        at = key.press(digit, at, stamp, duration_s) + 0.04
        stamp += 8_000
    assert digits(key.packets) == DIGITS


def test_the_same_key_twice_is_two_digits_with_the_least_gap() -> None:
    key = Key()
    at = key.press("5", 1.0, 1_000, 0.04) + 0.04
    key.press("5", at, 1_000 + round(8_000 * (at - 1.0)), 0.04)
    assert digits(key.packets) == "55"


@pytest.mark.parametrize("ends", [0, 1, 3])
def test_a_recording_played_again_is_another_press_byte_for_byte(ends: int) -> None:
    # sipp's dtmf files: fixed timestamps, so the second 7 equals the first.
    key = Key(ends=ends)
    at = key.press("7", 1.0, 0x1234) + 0.2
    at = key.press("7", at, 0x1234) + 0.2
    key.press("7", at, 0x1234)
    assert digits(key.packets) == "777"


def test_digits_that_go_back_in_time_are_meant() -> None:
    key = Key()
    at = key.press("9", 1.0, 90_000) + 0.04
    at = key.press("1", at, 10_000) + 0.04
    key.press("2", at, 5_000)
    assert digits(key.packets) == "912"


@pytest.mark.parametrize("clock", [160, 960])
def test_a_press_of_half_a_minute_goes_on_in_segments_and_is_one_digit(clock: int) -> None:
    key = Key(clock=clock)
    key.press("0", 1.0, 0xFFFF0000, 30.0)
    assert digits(key.packets) == "0"


def test_a_silent_network_within_a_press_does_not_make_two() -> None:
    key = Key()
    key.press("3", 1.0, 1_000, 1.0)
    assert digits([packet for packet in key.packets if not 1.2 < packet[0] < 1.6]) == "3"


def test_a_press_of_which_only_the_end_arrives_is_a_digit() -> None:
    key = Key()
    key.press("4", 1.0, 1_000)
    assert digits(key.packets[-1:]) == "4"


@settings(max_examples=60, deadline=None)
@given(
    st.text(DIGITS, min_size=1, max_size=6),
    st.sampled_from([0.04, 0.1, 0.5]),
    st.integers(0, 2**32 - 1),
    st.integers(0, 10_000),
)
def test_packets_doubled_and_out_of_order_by_three_are_still_the_digits(
    text: str, duration_s: float, stamp: int, seed: int
) -> None:
    key = Key()
    at = 10.0
    for digit in text:
        at = key.press(digit, at, stamp, duration_s) + 0.04
        stamp += 4_000 + round(8_000 * duration_s)
    order = random.Random(seed)
    tripled = [packet for packet in key.packets for _ in range(3)]
    # The network delivers each up to 60 ms late: up to three are overtaken.
    arriving = sorted((at + order.uniform(0, 0.06), stamp, payload) for at, stamp, payload in tripled)
    first: dict[int, str] = {}
    for _, stamp, payload in arriving:
        first.setdefault(stamp, DIGITS[payload[0]])
    assert digits(arriving) == "".join(first.values())


def test_a_tenth_of_the_packets_lost_costs_no_digit_in_a_thousand() -> None:
    order = random.Random(1)
    key = Key()
    at, stamp, sent = 1.0, 0, ""
    for number in range(1_000):
        digit = DIGITS[(7 * number) % 16]
        sent += digit
        at = key.press(digit, at, stamp, 0.1) + 0.06
        stamp += 1_600
    assert digits([packet for packet in key.packets if order.random() > 0.1]) == sent


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.binary(min_size=4, max_size=4), st.integers(0, 2**32 - 1)), max_size=20))
def test_any_bytes_are_digits_or_nothing(packets: list[tuple[bytes, int]]) -> None:
    heard = digits([(index * 0.02, stamp, payload) for index, (payload, stamp) in enumerate(packets)])
    assert len(heard) <= len([payload for payload, _ in packets if payload[0] < 16])


def test_events_that_are_no_keys_say_nothing() -> None:
    assert digits([(1.0, 5, bytes((16, 10, 0, 160))), (1.02, 5, bytes((255, 0x8A, 1, 0)))]) == ""


def test_a_key_is_down_from_its_first_packet_to_its_end_or_to_silence() -> None:
    receiver = EventReceiver(4)

    def feed(at: float, payload: bytes) -> None:
        receiver.receive(
            np.array([ROW]), np.array([9], np.uint32), np.frombuffer(payload, np.uint8)[None], np.array([at])
        )

    def is_down(at: float, delay_s: float = 0.0) -> bool:
        receiver.advance(np.array([ROW]), at, np.array([delay_s]))
        return bool(receiver.pressed.any())

    feed(1.0, bytes((5, 10, 0, 160)))
    assert receiver.pressed.tolist() == [False, False, True, False]
    assert is_down(1.1)
    feed(1.12, bytes((5, 0x8A, 1, 64)))
    assert is_down(1.12 + TAIL_S * 0.9)
    assert is_down(1.12 + TAIL_S * 1.1, delay_s=0.1), "its tone is still in the jitter buffer"
    assert not is_down(1.12 + TAIL_S * 1.1)
    feed(3.0, bytes((6, 10, 0, 160)))
    assert is_down(3.1)
    assert not is_down(3.16)


def test_a_new_stream_in_the_row_does_not_know_the_old_ones_presses() -> None:
    receiver = EventReceiver(4)
    packet = np.array([[5, 10, 0, 160]], np.uint8)
    for _ in range(2):
        begun = receiver.receive(np.array([ROW]), np.array([9], np.uint32), packet, np.array([1.0]))
        assert begun == [(ROW, "5")]
        receiver.clear(ROW)


def test_a_sent_press_is_read_back_as_itself_and_grows_by_a_frame_per_packet() -> None:
    sender = EventSender()
    sender.press("1x a#", duration_ms=100, gap_ms=40)
    timestamp, packets, received = 0xFFFFFF00, [], []
    for tick in range(40):
        for stamp, marker, payload in sender.tick(timestamp):
            packets.append((marker, stamp, payload))
            received.append((tick * 0.02, stamp, payload))
        timestamp += 160
    assert digits(received) == "1A#"
    assert not sender.queue
    mine = [entry for entry in packets if entry[2][0] == 1]
    assert [marker for marker, *_ in mine] == [True] + [False] * 6
    assert {stamp for _, stamp, _ in mine} == {0xFFFFFF00}
    assert [int.from_bytes(payload[2:], "big") for *_, payload in mine] == [160, 320, 480, 640, 800, 800, 800]
    assert [payload[1] >> 7 for *_, payload in mine] == [0, 0, 0, 0, 1, 1, 1]
    assert [payload[1] & 0x3F for *_, payload in mine] == [10] * 7


def test_a_sent_press_is_never_shorter_than_two_packets_nor_longer_than_its_field() -> None:
    short, long = EventSender(), EventSender()
    short.press("1", duration_ms=0, gap_ms=0)
    assert [len(list(short.tick(0))) for _ in range(3)] == [1, 3, 0]
    long.press("1", duration_ms=20_000, gap_ms=0)
    durations = [int.from_bytes(payload[2:], "big") for _ in range(1_001) for *_, payload in long.tick(0)]
    assert max(durations) == 0xFFFF
    assert durations == sorted(durations)

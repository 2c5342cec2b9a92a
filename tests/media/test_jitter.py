"""The jitter buffer: whatever the network does, what comes out is what was sent, in order and once, and not later than
need be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from media import rtp
from media.jitter import FRAME, HOLD_LIMIT, LARGEST_SPREAD, RATE_HZ, STEP, JitterBuffer, Pull, State
from tests.media.wire import packet, slots

SILENCE = 0xFF


@dataclass
class Talker:
    """One row's sender: random bytes, so that each frame that comes out names its place."""

    seed: int = 0
    first_timestamp: int = 0
    sent: bytes = b""
    arrivals: list[tuple[float, int, bytes]] = field(default_factory=list)
    """When each packet arrives (s), its timestamp, its payload; in the order sent."""

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)

    def say(
        self, at_s: float, samples: int = FRAME, *, delays_s: Sequence[float] = (0.0,), skip: int = 0
    ) -> None:
        """Send one packet that arrives once for each of `delays_s`; the clock has gone on by `skip` samples before it."""
        self.sent += bytes(skip)
        payload = self._random.integers(0, 255, samples).astype(np.uint8).tobytes()
        timestamp = (self.first_timestamp + len(self.sent)) & 0xFFFFFFFF
        self.sent += payload
        self.arrivals += [(at_s + delay, timestamp, payload) for delay in delays_s]

    def talk(self, ticks: int, *, from_s: float, every_s: float = 0.02) -> None:
        """Send plain packets at a steady pace."""
        for tick in range(ticks):
            self.say(from_s + tick * every_s)


@dataclass
class Heard:
    """What one row played, tick by tick."""

    places: list[int | None] = field(default_factory=list)
    """Where in what was sent each whole frame begins, None for a gap or a part of one."""
    runs: list[tuple[int, int]] = field(default_factory=list)
    """Where all that was played begins in what was sent, and its length."""
    changes: list[int] = field(default_factory=list)
    """Per tick, how many samples were taken out, or put in (negative)."""
    states: list[State] = field(default_factory=list)
    delays_s: list[float] = field(default_factory=list)
    late: int = 0
    partial: int = 0
    last: int = 0
    """Where what was played ends."""

    def gaps(self) -> int:
        """Ticks without their whole frame while the row played."""
        first = next((tick for tick, place in enumerate(self.places) if place is not None), 0)
        playing = [state is State.PLAYING for state in self.states]
        return sum(place is None and playing[tick] for tick, place in enumerate(self.places) if tick > first)


def play(
    talkers: Sequence[Talker], seconds: float, *, start_s: float = 100.0, most: int = STEP
) -> list[Heard]:
    """Let all talkers' packets arrive and pull every 20 ms; rows are their indices.

    Up to `most` samples of every wish are granted, as in a voice that repeats itself everywhere.
    """
    buffer = JitterBuffer(len(talkers) + 1)
    buffer.silence[:] = SILENCE
    heard = [Heard() for _ in talkers]
    waiting = [sorted(talker.arrivals) for talker in talkers]
    at = [0] * len(talkers)
    for tick in range(round(seconds / 0.02)):
        now = start_s + tick * 0.02
        while True:
            due = [
                row for row, queue in enumerate(waiting) if at[row] < len(queue) and queue[at[row]][0] <= now
            ]
            if not due:
                break
            late = put(buffer, due, [waiting[row][at[row]] for row in due])
            for row, is_late in zip(due, late, strict=True):
                at[row] += 1
                heard[row].late += is_late
        pull = buffer.pull(len(talkers), now * RATE_HZ)
        note(buffer, pull, talkers, heard, now)
        wish = pull.wish
        granted = np.clip(wish.samples, -most, np.minimum(most, wish.ahead))
        buffer.shift(wish.rows, granted)
        for row, samples in zip(wish.rows.tolist(), granted.tolist(), strict=True):
            heard[row].changes[-1] = samples
            heard[row].last += samples
    return heard


def put(
    buffer: JitterBuffer,
    rows: list[int],
    packets: list[tuple[float, int, bytes]],
    *,
    follows: bool = False,
) -> list[bool]:
    block, lengths = slots([packet(payload, sequence=0, timestamp=stamp) for _, stamp, payload in packets])
    headers = rtp.parse(block, lengths)
    return buffer.put(
        np.array(rows),
        headers.timestamp,
        np.array([arrival for arrival, *_ in packets]) * RATE_HZ,
        block["bytes"],
        np.arange(len(rows)),
        headers.start,
        headers.length,
        follows=np.full(len(rows), follows),
    ).tolist()


def note(buffer: JitterBuffer, pull: Pull, talkers: Sequence[Talker], heard: list[Heard], now: float) -> None:
    trouble = {row: place for place, row in enumerate(pull.trouble.rows.tolist())}
    for row, talker in enumerate(talkers):
        mine = heard[row]
        mine.states.append(State(buffer.state[row]))
        mine.delays_s.append(float(buffer.delay(np.array([row]), now * RATE_HZ)[0]) / RATE_HZ)
        mine.changes.append(0)
        lead, run = (0, FRAME) if pull.complete[row] else (FRAME, 0)
        if row in trouble:
            assert not pull.complete[row]
            lead = int(pull.trouble.lead[trouble[row]])
            run = int(pull.trouble.run[trouble[row]])
            assert 0 <= lead <= FRAME
            assert 0 <= run <= FRAME - lead
            mine.partial += 0 < run < FRAME
        codes = pull.codes[row].tobytes()
        assert set(codes[:lead] + codes[lead + run :]) <= {SILENCE}
        place = talker.sent.find(codes[lead : lead + run], mine.last) if run else None
        assert place != -1, "what nobody sent, or something older"
        mine.places.append(place if run == FRAME else None)
        if place is not None:
            mine.runs.append((place, run))
            mine.last = place + run


def in_order(heard: Heard) -> list[int]:
    """The whole frames that came out; `note` has seen to it that each is after the one before, and none twice."""
    return [place for place in heard.places if place is not None]


def pieces_of(heard: Heard) -> set[int]:
    """All samples that came out."""
    return {sample for place, run in heard.runs for sample in range(place, place + run)}


def alone(talker: Talker, seconds: float) -> Heard:
    return play([talker], seconds)[0]


def ages(heard: Heard) -> NDArray[np.float64]:
    """How old each tick's frame was, of a talker who began at 100 s; 0 where there was none whole."""
    return np.array([
        0.0 if place is None else tick * 0.02 - place / RATE_HZ for tick, place in enumerate(heard.places)
    ])  # fmt: skip


def delays(heard: Heard, talker: Talker, *, start_s: float) -> NDArray[np.float64]:
    """How old each frame's first sample was when it was played; the talker began at `start_s`."""
    return np.array(
        [
            100.0 + tick * 0.02 - (start_s + place / RATE_HZ)
            for tick, place in enumerate(heard.places)
            if place is not None
        ]
    )


# What comes out ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first_timestamp", [0, 12_345, 2**32 - 1_000])
def test_a_steady_line_is_played_whole_with_little_delay(first_timestamp: int) -> None:
    talker = Talker(first_timestamp=first_timestamp)
    talker.talk(100, from_s=100.003)
    heard = alone(talker, 2.1)
    assert in_order(heard) == [160 * number for number in range(100)]
    assert None not in heard.places[2:101]
    assert delays(heard, talker, start_s=100.003).max() < 0.021 + 0.011


@pytest.mark.parametrize("milliseconds", [10, 20, 30, 40, 50, 60])
def test_every_packet_time_is_played_whole(milliseconds: int) -> None:
    talker = Talker(seed=milliseconds)
    for number in range(1_200 // milliseconds):
        talker.say(100.0 + number * milliseconds / 1_000, 8 * milliseconds)
    heard = alone(talker, 1.1)
    places = in_order(heard)
    assert places[:40] == [160 * number for number in range(40)]
    first = next(tick for tick, place in enumerate(heard.places) if place is not None)
    assert None not in heard.places[first : first + 40]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 480), min_size=10, max_size=60), st.integers(0, 2**32 - 1))
def test_packets_of_any_length_are_joined_without_a_seam(lengths: list[int], first: int) -> None:
    talker = Talker(seed=len(lengths), first_timestamp=first)
    for length in lengths:
        talker.say(100.0 + len(talker.sent) / RATE_HZ, length)
    heard = play([talker], 1.0 + sum(lengths) / RATE_HZ, most=0)[0]
    assert pieces_of(heard) >= set(range(sum(lengths) // FRAME * FRAME))


NETWORK = st.lists(
    st.tuples(
        st.booleans(),  # it arrives at all
        st.floats(0, 0.08),  # how late
        st.lists(st.floats(0, 0.1), max_size=2),  # and again
    ),
    min_size=20,
    max_size=80,
)


@settings(max_examples=60, deadline=None)
@given(NETWORK, st.sampled_from([80, 160, 240, 320, 480, 133, 401]), st.integers(0, 2**32 - 1))
def test_any_loss_reorder_and_duplication_leaves_the_order_and_plays_nothing_twice(
    network: list[tuple[bool, float, list[float]]], samples: int, first: int
) -> None:
    talker = Talker(seed=samples, first_timestamp=first)
    for arrives, delay, again in network:
        at = 100.0 + len(talker.sent) / RATE_HZ
        talker.say(at, samples, delays_s=[delay, *(delay + later for later in again)] if arrives else [])
    heard = alone(talker, 0.5 + len(talker.sent) / RATE_HZ)
    places = in_order(heard)
    away = sum(not arrives for arrives, *_ in network) + heard.late
    # A packet that is away takes a part of the frame on either side of it with it.
    assert len(places) * FRAME >= len(talker.sent) - away * (samples + 2 * FRAME) - 4 * samples - 800
    if places:
        oldest = delays(heard, talker, start_s=100.0)
        assert oldest.max() <= LARGEST_SPREAD / RATE_HZ + 0.1


def test_a_lost_packet_is_one_gap_and_no_delay() -> None:
    talker = Talker()
    for number in range(100):
        talker.say(100.0 + number * 0.02, delays_s=[] if number in {30, 60} else [0.0])
    heard = alone(talker, 1.9)
    assert in_order(heard) == [160 * number for number in range(94) if number not in {30, 60}]
    age = delays(heard, talker, start_s=100.0)
    assert age.max() == pytest.approx(age.min(), abs=1e-6)


def test_part_of_a_frame_is_told_sample_by_sample() -> None:
    talker = Talker()
    for number in range(100):
        talker.say(100.0 + number * 0.01, 80, delays_s=[] if number == 41 else [0.0])
    heard = alone(talker, 1.0)
    assert heard.partial >= 1
    assert 160 * 20 not in in_order(heard)
    assert 160 * 21 in in_order(heard)


# Delay ---------------------------------------------------------------------------------------------------------


def test_the_delay_grows_at_once_when_the_line_gets_slower_and_drains_back() -> None:
    talker = Talker()
    for number in range(2_500):
        slow = 200 <= number < 250
        talker.say(100.0 + number * 0.02, delays_s=[0.1 if slow else 0.0])
    heard = alone(talker, 50.0)
    age = ages(heard)
    assert 0.1 <= age[206:250].max() <= 0.13
    assert age[-50:].max() < 0.03
    assert heard.gaps() <= 7
    assert 700 <= sum(change for change in heard.changes if change > 0) <= 960


def test_silence_is_cut_freely_by_rows_that_nobody_hears() -> None:
    buffer = JitterBuffer(1)
    packets = [
        (100.0 + number * 0.02 + (0.1 if number < 30 else 0.0), 160 * number, bytes(160))
        for number in range(1_000)
    ]
    delays = []
    for tick in range(990):
        now = 100.0 + tick * 0.02
        while packets[0][0] <= now:
            put(buffer, [0], [packets.pop(0)])
        buffer.slide(buffer.pull(1, now * RATE_HZ).wish)
        delays.append(buffer.delay(np.array([0]), now * RATE_HZ)[0] / RATE_HZ)
    assert delays[20] >= 0.02
    assert max(delays[900:]) <= 0.04


def test_a_row_is_moved_by_no_more_than_it_wishes_and_only_as_far_as_there_is_anything() -> None:
    talker = Talker()
    for number in range(400):
        talker.say(100.0 + number * 0.02, delays_s=[0.07 if number < 100 else 0.0])
    for most in (20, 120):
        heard = play([talker], 8.0, most=most)[0]
        assert heard.gaps() == 0
        assert max(heard.changes) <= most
        assert pieces_of(heard) >= set(range(160 * 90))


def test_a_route_that_gets_longer_for_good_is_measured_anew() -> None:
    talker = Talker()
    for number in range(1_000):
        talker.say(100.0 + number * 0.02, delays_s=[0.1 if number >= 200 else 0.0])
    heard = alone(talker, 20.0)
    assert heard.delays_s[199] < 0.03
    assert heard.delays_s[280] > 0.09
    assert heard.delays_s[500] < 0.04


def test_random_jitter_costs_few_gaps_and_a_delay_of_its_size() -> None:
    random = np.random.default_rng(7)
    talkers = []
    for spread in (0.01, 0.03, 0.06):
        talker = Talker(seed=round(spread * 100))
        arrival = 0.0
        for number in range(1_500):
            # A queue in the network: packets do not overtake each other.
            arrival = max(arrival, 100.0 + number * 0.02 + random.uniform(0, spread))
            talker.say(100.0 + number * 0.02, delays_s=[arrival - 100.0 - number * 0.02])
        talkers.append(talker)
    for heard, talker, spread in zip(play(talkers, 29.9), talkers, (0.01, 0.03, 0.06), strict=True):
        in_order(heard)
        assert heard.gaps() <= 12
        age = delays(heard, talker, start_s=100.0)[100:]
        assert np.median(age) <= spread + 0.03
        assert age.max() <= spread + 0.06


def test_a_burst_after_an_outage_is_caught_up_with() -> None:
    talker = Talker()
    for number in range(1_000):
        at = 100.0 + number * 0.02
        talker.say(at, delays_s=[max(0.0, 102.4 - at) if number >= 105 else 0.0])  # 300 ms of nothing
    heard = alone(talker, 19.5)
    age = ages(heard)
    assert age.max() <= LARGEST_SPREAD / RATE_HZ + 0.03
    assert age[-50:].max() < 0.03


def test_a_spike_is_passed_over_and_spikes_that_recur_are_waited_for() -> None:
    once, often = Talker(), Talker()
    for number in range(1_500):
        once.say(100.0 + number * 0.02, delays_s=[0.12 if number == 300 else 0.0])
        often.say(100.0 + number * 0.02, delays_s=[0.12 if number % 40 == 20 else 0.0])
    once_heard, often_heard = play([once, often], 29.5)
    assert once_heard.gaps() == 1
    assert max(once_heard.delays_s) < 0.03
    late = [tick for tick, place in enumerate(often_heard.places) if place is None and 5 < tick < 1_450]
    assert max(late) < 400
    assert 0.12 <= often_heard.delays_s[1_000] <= 0.15


def test_fast_and_slow_clocks_are_followed_at_the_same_delay() -> None:
    rates = np.array([-500e-6, -50e-6, 50e-6, 500e-6])
    rows = np.arange(len(rates))
    buffer = JitterBuffer(len(rates))
    block, lengths = slots([packet(bytes(FRAME), sequence=0, timestamp=0)] * len(rates))
    start = rtp.parse(block, lengths).start
    sent, changed = np.zeros(len(rates), np.int64), np.zeros(len(rates))
    ages, troubles = [], 0
    for tick in range(15_000):
        now = 100.0 + tick * 0.02
        while (due := rows[100.005 + sent * 0.02 * (1 + rates) <= now]).size:
            arrival = (100.005 + sent[due] * 0.02 * (1 + rates[due])) * RATE_HZ
            stamp = (sent[due] * FRAME).astype(np.uint32)
            buffer.put(due, stamp, arrival, block["bytes"], due, start[due], lengths[due] - rtp.HEADER_BYTES)
            sent[due] += 1
        pull = buffer.pull(len(rates), now * RATE_HZ)
        granted = np.clip(pull.wish.samples, -STEP, np.minimum(STEP, pull.wish.ahead))
        buffer.shift(pull.wish.rows, granted)
        changed[pull.wish.rows] += granted
        troubles += pull.trouble.rows.size
        ages.append(now - 100.005 - pull.start / RATE_HZ * (1 + rates))
    drift = -300 * rates * RATE_HZ
    assert np.abs(changed - drift).max() < 2 * FRAME
    assert troubles <= 2 * len(rates)
    age = np.array(ages)[100:]
    assert age.max() < 0.05
    assert (
        np.abs(age[:4_000].mean(axis=0) - age[-4_000:].mean(axis=0))[[0, 3]].max() < 0.002
    )  # two sawteeth each


# Clocks that jump ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [1_600, 3_200, 4_000, 8_000 * 3_600, 2**31 - 100_000])
def test_a_timestamp_that_jumps_ahead_costs_a_few_frames(jump: int) -> None:
    talker = Talker()
    talker.talk(100, from_s=100.0)
    after = Talker(seed=1, first_timestamp=len(talker.sent) + jump)
    after.talk(100, from_s=102.0)
    both = Talker(sent=talker.sent + after.sent, arrivals=talker.arrivals + after.arrivals)
    heard = alone(both, 4.0)
    in_order(heard)
    gap = [tick for tick in range(95, 190) if heard.places[tick] is None]
    assert len(gap) <= 3
    assert not any(heard.changes[90:])
    assert delays(heard, both, start_s=100.0)[-50:].max() < 0.05


def test_a_talker_who_pauses_is_heard_at_once_when_he_goes_on() -> None:
    talker = Talker()
    at, silences = 100.0, [0.06, 0.16, 0.24, 1.0, 30.0, 0.1]
    begun = []
    for silence in silences:
        for _ in range(50):
            talker.say(at)
            at += 0.02
        talker.sent += bytes(round(silence * RATE_HZ))
        at += silence
        begun.append((at, len(talker.sent)))
    for _ in range(50):
        talker.say(at)
        at += 0.02
    heard = alone(talker, at - 100.0)
    in_order(heard)
    for when, place in begun:
        assert place in heard.places
        tick = heard.places.index(place)
        assert 100.0 + tick * 0.02 - when < 0.045
    assert heard.gaps() <= 6 * (HOLD_LIMIT + 1)
    assert State.EMPTY in heard.states


@pytest.mark.parametrize("announced", [False, True])
@pytest.mark.parametrize("phase_s", [0.001, 0.006, 0.011, 0.016, 0.0195])
def test_what_is_said_after_a_pause_is_played_unbroken_from_its_first_frame(
    phase_s: float, announced: bool
) -> None:
    """The first packet may have to wait for the tick after the next: nothing of it is played before, and no hole follows."""
    buffer = JitterBuffer(1)
    buffer.silence[:] = SILENCE
    frames, lead = [], []
    for tick in range(250):
        now = 100.0 + tick * 0.02
        if not 50 <= tick % 100 < 80:
            feed(buffer, [tick], now, value=tick % 200)
        elif announced and tick % 100 == 50:
            buffer.pause(np.array([0]), np.array([FRAME * tick], np.uint32))
        pull = buffer.pull(1, (now + phase_s) * RATE_HZ)
        frames.append(int(pull.codes[0, 80]))
        lead.append(bool(pull.trouble.rows.size))
    for begin in (80, 180):
        waits = frames.index(begin) - begin
        assert 0 <= waits <= 1
        here = slice(begin + waits, begin + waits + 60)
        assert frames[here] == [number % 200 for number in range(begin, begin + 60)]
        assert frames[here.start - 15 : here.start] == [SILENCE] * 15
        assert sum(lead[here]) <= (0 if announced else 1), (
            "nothing was lost; what comes without a word is faded in"
        )


@pytest.mark.parametrize("follows", [False, True])
def test_short_pauses_without_a_word_are_no_losses_and_cost_no_delay(follows: bool) -> None:
    """Told from the numbers of packets, which go on. Where some are missing, a frame more is waited for (`delay.LOSSY`)."""
    buffer = JitterBuffer(1)
    buffer.silence[:] = SILENCE
    waits = []
    for tick in range(400):
        now = 100.0 + tick * 0.02
        if tick % 20 < 15:
            feed(buffer, [tick], now, value=tick % 20, follows=follows)
        buffer.pull(1, (now + 0.011) * RATE_HZ)
        waits.append(float(buffer.delay(np.array([0]), (now + 0.011) * RATE_HZ)[0]))
    assert max(waits[20:]) == pytest.approx(waits[12] + (0 if follows else FRAME))


def test_after_a_pause_the_first_packet_is_heard_though_the_next_has_overtaken_it() -> None:
    buffer = JitterBuffer(1)
    buffer.silence[:] = SILENCE
    frames = []
    for tick in range(150):
        now = 100.0 + tick * 0.02
        come = {80: [], 81: [81, 80], 82: [82]}.get(tick, [] if 50 <= tick < 80 else [tick])
        feed(buffer, come, now)
        frames.append(int(buffer.pull(1, (now + 0.001) * RATE_HZ).codes[0, 80]))
    begin = frames.index(80)
    assert frames[begin : begin + 50] == list(range(80, 130))


def test_what_is_left_of_a_word_before_a_pause_is_not_heard_after_it() -> None:
    """A packet that comes a second late while the row waits for the next word's moment: it would begin with the old one."""
    buffer = JitterBuffer(1)
    buffer.silence[:] = SILENCE
    frames = []
    for tick in range(150):
        now = 100.0 + tick * 0.02
        come = {50: [], 100: [100, 50]}.get(tick, [] if 51 <= tick < 100 else [tick])
        feed(buffer, come, now)
        frames.append(int(buffer.pull(1, (now + 0.001) * RATE_HZ).codes[0, 80]))
    assert 50 not in frames
    begin = frames.index(100)
    assert frames[begin : begin + 40] == list(range(100, 140))


def test_a_pause_does_not_forget_what_is_known_of_the_line() -> None:
    talker = Talker()
    at = 100.0
    random = np.random.default_rng(3)
    for _ in range(4):
        for number in range(200):
            talker.say(at, delays_s=[0.06 if number % 20 == 7 else random.uniform(0, 0.005)])
            at += 0.02
        talker.sent += bytes(4_000)
        at += 0.5
    heard = alone(talker, at - 100.0 - 0.5)
    in_order(heard)
    first_run = [tick for tick, place in enumerate(heard.places[:195]) if place is None and tick > 5]
    later = [
        tick
        for tick, place in enumerate(heard.places)
        if place is None and tick > 240 and heard.states[tick] is State.PLAYING
    ]
    assert first_run
    assert len(later) <= 3 * (HOLD_LIMIT + 1) + 2


# The rest ------------------------------------------------------------------------------------------------------


def feed(
    buffer: JitterBuffer,
    numbers: Iterable[int],
    now: float,
    *,
    value: int | None = None,
    follows: bool = False,
) -> None:
    for number in numbers:
        payload = bytes([number if value is None else value]) * 160
        put(buffer, [0], [(now, 160 * number, payload)], follows=follows)


def test_before_a_new_run_there_is_silence() -> None:
    buffer = JitterBuffer(1)
    buffer.silence[:] = SILENCE
    now = 100.0
    for number in range(40):
        feed(buffer, [number], now)
        buffer.pull(1, (now + 0.015) * RATE_HZ)
        now += 0.02
    buffer.restart(np.array([0]))
    feed(buffer, [500], now, value=9)
    history = buffer.ring.codes(np.array([0]), np.array([-320]), 480)[0]
    assert history.tolist() == [SILENCE] * 320 + [9] * 160


def test_a_new_stream_in_the_row_hears_nothing_of_the_old_one() -> None:
    buffer = JitterBuffer(1)
    buffer.silence[:] = SILENCE
    feed(buffer, range(5), 100.0)
    buffer.clear(0)
    pull = buffer.pull(1, 100.5 * RATE_HZ)
    assert not pull.complete.any()
    assert not pull.trouble.rows.size
    assert (pull.codes == SILENCE).all()


def test_rows_that_are_not_asked_for_stay_as_they_are() -> None:
    buffer = JitterBuffer(3)
    put(buffer, [0, 2], [(100.0, 0, b"a" * 160), (100.0, 0, b"c" * 160)])
    pull = buffer.pull(1, 100.1 * RATE_HZ)
    assert pull.codes.shape == (1, FRAME)
    assert pull.complete.tolist() == [True]
    assert buffer.state.tolist() == [State.PLAYING, State.EMPTY, State.WAITING]
    assert buffer.pull(0, 101.0 * RATE_HZ).codes.shape == (0, FRAME)


def test_what_is_there_is_played_while_the_rest_is_waited_for() -> None:
    talker = Talker()
    for number in range(100):
        # From the middle of the 41st frame on all is 30 ms late.
        talker.say(100.0 + number * 0.01, 80, delays_s=[0.03 if number > 80 else 0.0])
    heard = alone(talker, 1.2)
    assert heard.late == 0
    assert pieces_of(heard) >= set(range(8_000))


def test_a_row_that_is_kept_steady_stays_on_the_grid_of_frames() -> None:
    talker = Talker()
    random = np.random.default_rng(5)
    for number in range(600):
        talker.say(
            100.0 + number * 0.02, delays_s=[] if random.random() < 0.05 else [random.uniform(0, 0.05)]
        )
    buffer = JitterBuffer(1)
    buffer.keep_steady(0, on=True)
    packets = sorted(talker.arrivals)
    whole = 0
    for tick in range(550):
        now = 100.0 + tick * 0.02
        while packets[0][0] <= now:
            put(buffer, [0], [packets.pop(0)])
        pull = buffer.pull(1, now * RATE_HZ)
        buffer.slide(pull.wish)
        assert buffer.play[0] % FRAME == 0
        assert set(pull.trouble.run.tolist()) <= {0, FRAME}
        whole += bool(pull.complete[0]) or FRAME in pull.trouble.run
    assert whole > 450


def test_a_pause_that_is_announced_is_no_loss_and_what_follows_is_heard_at_once() -> None:
    buffer = JitterBuffer(1)
    buffer.silence[:] = SILENCE
    made_up, frames = 0, []
    for tick in range(200):
        now = 100.0 + tick * 0.02
        if not 50 <= tick < 120:
            feed(buffer, [tick], now, value=tick % 200)
        if tick == 50:
            buffer.pause(np.array([0]), np.array([160 * 50], np.uint32))
        pull = buffer.pull(1, (now + 0.015) * RATE_HZ)
        made_up += bool(pull.trouble.lead.any())
        frames.append(int(pull.codes[0, 80]))
        assert bool(buffer.pausing[0]) == (51 <= tick < 120) or tick in {50, 51}
    assert made_up <= 2
    assert 120 in frames[120:123]
    assert frames[60:119] == [SILENCE] * 59

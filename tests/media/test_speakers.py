"""Who is heard: the loudest few, steadily, and never a click when that changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import g711
from media import control
from media.arena import ArenaAudio
from media.jitter import HOLD_LIMIT
from media.playback import SharedAudio
from media.speakers import LOUDEST
from tests.media.wire import Phone, World, packet, power_at, tone

STEPS = [400.0 + 60.0 * number for number in range(40)]
"""Frequencies (Hz), one per talker, far enough apart to be told from each other in 20 frames."""
LIMIT = 3_200
"""A sine of 8,000 at 440 Hz moves by 2,750 in a sample at the most; the steps of G.711 add a little."""


def speak(
    world: World, ticks: int, amplitudes: dict[int, float], *, lose: Callable[[int], bool] | None = None
) -> None:
    """Who is named talks for so long with a tone of his own, the others are silent."""
    for tick in range(ticks):
        for number, phone in world.phones.items():
            amplitude = amplitudes.get(number)
            frame = None
            if amplitude:
                frame = tone(STEPS[number], 160, start=phone.timestamp, amplitude=amplitude)
            data = phone.audio(frame)
            if lose is None or number not in amplitudes or not lose(tick):
                world.receive(phone, data)
        world.tick()


def heard_by(phone: Phone, ticks: int = 20) -> set[int]:
    """Whose tones a phone heard."""
    sound = phone.samples(ticks)
    return {number for number in range(len(STEPS)) if power_at(sound, STEPS[number]) > 150.0}


def steepest(phone: Phone, ticks: int) -> int:
    return int(np.abs(np.diff(phone.samples(ticks).astype(int))).max())


def test_of_twenty_talkers_the_loudest_few_are_heard() -> None:
    world = World()
    for number in range(22):
        world.call(number + 1, room=5)
    loudness = {number: 400.0 + 150.0 * ((7 * number) % 20) for number in range(1, 21)}
    speak(world, 60, loudness)
    loudest = sorted(loudness, key=lambda number: loudness[number])[-LOUDEST:]
    assert heard_by(world.phones[21]) == set(loudest)
    assert heard_by(world.phones[loudest[0]]) == set(loudest) - {loudest[0]}
    softest = min(loudness, key=lambda number: loudness[number])
    assert heard_by(world.phones[softest]) == set(loudest)


def test_a_place_is_kept_against_who_is_a_little_louder_and_lost_to_who_is_much() -> None:
    world = World()
    newcomer = LOUDEST + 1
    for number in range(1, newcomer + 2):
        world.call(number, room=5)
    incumbents = dict.fromkeys(range(1, newcomer), 1_000.0)
    speak(world, 30, incumbents)
    listener = world.phones[newcomer + 1]
    speak(world, 30, incumbents | {newcomer: 1_500.0})  # 3.5 dB
    assert heard_by(listener) == set(incumbents)
    speak(world, 30, incumbents | {newcomer: 4_000.0})  # 12 dB
    assert newcomer in heard_by(listener)
    assert len(heard_by(listener)) == LOUDEST


def test_rooms_do_not_compete() -> None:
    world = World()
    for number in range(1, 21):
        world.call(number, room=5 + number % 2)
    speak(world, 40, dict.fromkeys(range(1, 2 * LOUDEST + 1), 1_000.0))
    assert heard_by(world.phones[20]) == set(range(2, 2 * LOUDEST + 1, 2))
    assert heard_by(world.phones[19]) == set(range(1, 2 * LOUDEST + 1, 2))


def test_who_was_loud_an_hour_ago_has_no_advantage() -> None:
    world = World()
    others = range(2, LOUDEST + 2)
    for number in range(1, LOUDEST + 3):
        world.call(number, room=5)
    speak(world, 30, dict.fromkeys(others, 30_000.0))
    speak(world, 30, dict.fromkeys(others, 30_000.0) | {1: 14_000.0})  # shouts in vain
    speak(world, 60, {})
    speak(world, 10, dict.fromkeys(others, 1_000.0))
    speak(world, 12, dict.fromkeys(others, 1_000.0) | {1: 500.0})
    assert heard_by(world.phones[LOUDEST + 2], 12) == set(others)


def room_of_three() -> tuple[World, Phone]:
    """One talks with an even voice, one listens, and a third is in another room."""
    world = World()
    world.call(1, room=5)
    listener = world.call(2, room=5)
    world.call(3, room=6)
    world.talk(20, p1=440.0)
    return world, listener


def key(world: World) -> None:
    phone = world.phones[1]
    data = packet(bytes((5, 10, 0, 160)), sequence=9_000, timestamp=77, payload_type=101, ssrc=5)
    world.receive(phone, data)


TRANSITIONS: dict[str, Callable[[World], object]] = {
    "muted": lambda world: world.apply(control.Mute(1, muted=True)),
    "moved to another room": lambda world: world.apply(control.Route(1, 6)),
    "moved to no room": lambda world: world.apply(control.Route(1, control.NO_ROOM)),
    "hung up": lambda world: (world.apply(control.CloseStream(1)), world.phones.pop(1)),
    "pressing a key": key,
}


@pytest.mark.parametrize("what", TRANSITIONS)
def test_a_voice_that_is_cut_off_sinks_without_a_click(what: str) -> None:
    # At whatever point of its wave the voice is cut: so at ten of them.
    for ticks in range(10):
        world, listener = room_of_three()
        world.talk(ticks, p1=440.0)
        TRANSITIONS[what](world)
        world.talk(4, p1=440.0)
        assert steepest(listener, 8) < LIMIT
        assert np.abs(listener.samples(2)).max() == 0


def test_a_voice_that_comes_in_the_middle_of_a_sound_rises_without_a_click() -> None:
    for ticks in range(1, 6):
        world, _ = room_of_three()
        world.talk(ticks, p1=440.0)
        world.apply(control.Route(1, 6))
        world.talk(3, p1=440.0)
        assert steepest(world.phones[3], 5) < LIMIT
        assert power_at(world.phones[3].samples(1), 440.0) > 3_000


def test_what_somebody_said_last_in_a_room_is_not_heard_in_the_next_that_has_its_place() -> None:
    world, _ = room_of_three()
    world.apply(control.Route(2, control.NO_ROOM))
    world.apply(control.Route(1, control.NO_ROOM))  # room 5 is empty
    newcomer = world.call(4, room=7)
    world.talk(3)
    assert np.abs(newcomer.samples(3)).max() == 0


@pytest.mark.parametrize("law", [control.Codec.PCMU, control.Codec.PCMA])
@pytest.mark.parametrize("lost", [1, 2, 3, 5, 8, 12])
def test_a_gap_of_a_talker_is_concealed_without_a_jump(lost: int, law: control.Codec) -> None:
    world = World()
    talker = world.call(1, room=5, codec=law)
    listener = world.call(2, room=5, codec=law)
    speak(world, 30, {1: 8_000.0})
    speak(world, 20, {1: 8_000.0}, lose=lambda tick: tick < lost)
    assert steepest(listener, 25) < LIMIT
    assert np.abs(listener.samples(25)).max() < 9_500
    # After 200 ms it was no gap but a pause.
    assert world.engine.streams.concealed[talker.row] == min(lost, HOLD_LIMIT + 1)
    if lost == 1:
        frames = np.array(listener.heard[-24:]).astype(float)
        assert np.sqrt((frames**2).mean(axis=1)).min() > 3_000


def test_a_voice_does_not_begin_with_what_was_lost_before_it_left_the_room() -> None:
    world = World()
    phone = world.call(1, room=5)
    listener = world.call(2, room=5)
    speak(world, 21, {1: 8_000.0}, lose=lambda tick: tick == 19)
    speak(world, 1, {1: 8_000.0}, lose=lambda tick: True)
    world.apply(control.Route(1, control.NO_ROOM))
    speak(world, 20, {1: 0.0})
    world.apply(control.Route(1, 5))
    for _ in range(3):
        world.receive(phone, phone.audio(np.full(160, 40, np.int16)))
        world.receive(listener, listener.audio())
        world.tick()
    assert np.abs(listener.samples(3)).max() < 60


def test_levels_and_who_speaks_are_told() -> None:
    world = World()
    for number in (1, 2, 3):
        world.call(number, room=5)
    world.apply(control.Mute(3, muted=True))
    speak(world, 30, {1: 8_000.0, 3: 8_000.0})
    streams = world.engine.streams
    rows = [world.phones[number].row for number in (1, 2, 3)]
    assert streams.speaking[rows].tolist() == [True, False, False]
    assert streams.level_dbov[rows[0]] == pytest.approx(20 * np.log10(8_000 / 32_768) - 3.0, abs=0.5)
    assert streams.level_dbov[rows[1]] == -127.0
    speak(world, 30, {})
    assert not streams.speaking[rows].any()
    assert (streams.level_dbov[rows] == -127.0).all()


def noise(random: np.random.Generator) -> NDArray[np.uint8]:
    return g711.encode(random.normal(0, 4_000, 160).clip(-32_000, 32_000).astype(np.int16), g711.Law.MU)


def test_any_mixture_of_losses_and_transitions_keeps_every_frame_within_bounds() -> None:
    random = np.random.default_rng(5)
    world = World()
    buffer = memoryview(bytearray(4 * 8_000))
    world.engine.load(SharedAudio.over(buffer, 8_000), ArenaAudio.over(buffer, 8_000, 7_000))
    for number in range(1, 9):
        world.call(number, room=1 + number % 3)
    for _ in range(150):
        for phone in world.phones.values():
            data = packet(noise(random).tobytes(), sequence=phone.sequence, timestamp=phone.timestamp)
            phone.sequence += 1
            phone.timestamp += 160
            if random.random() > 0.1:
                world.receive(phone, data, ago_s=random.uniform(0, 0.02))
        choice, stream = random.random(), int(random.integers(1, 9))
        if choice < 0.2:
            world.apply(control.Route(stream, int(random.integers(4))))
        elif choice < 0.3:
            world.apply(control.Mute(stream, muted=bool(random.integers(2))))
        elif choice < 0.4:
            world.apply(control.Gain(stream, float(random.integers(-24, 25))))
        elif choice < 0.5:
            world.apply(control.AutoGain(stream, on=bool(random.integers(2))))
        elif choice < 0.6:
            world.apply(control.Whisper(stream, int(random.integers(10))))
        elif choice < 0.7:
            world.apply(control.Record(stream, 1, control.Segment(int(random.integers(2_000)), 4_000), 0.1))
        world.tick()
    assert all(len(phone.heard) == 150 for phone in world.phones.values())


@pytest.mark.parametrize("milliseconds", [10, 30, 17])
@pytest.mark.parametrize("lost", [{20}, {20, 21}, {20, 22}, {20, 22, 24, 25, 27}])
def test_a_gap_of_part_of_a_frame_is_concealed_without_a_jump(milliseconds: int, lost: set[int]) -> None:
    world = World()
    talker, listener = world.call(1, room=5), world.call(2, room=5)
    size, sent, number = 8 * milliseconds, 0, 0
    for tick in range(60):
        while sent + size <= (tick + 1) * 160:
            data = talker.audio(tone(440.0, size, start=sent))
            if number not in lost:
                world.receive(talker, data)
            sent, number = sent + size, number + 1
        world.receive(listener, listener.audio())
        world.tick()
    assert steepest(listener, 55) < LIMIT
    assert np.abs(listener.samples(55)).max() < 9_500
    assert world.engine.streams.concealed[talker.row] > 0

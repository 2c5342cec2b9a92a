"""From a disturbing line to the event, and noise taken out of what somebody says, at whatever rate they speak."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp.level import rms_dbov
from dsp.watch import NOISE_MS
from media import control
from media.control import Codec, LineTroubled
from tests.dsp.speech import frames, leveled, noise, voice, whole
from tests.media.test_hd import House, available
from tests.media.wire import G711, TICK_S, World

NOISE_S = NOISE_MS / 1_000


def say(
    world: World, sounds: dict[int, NDArray[np.int16]], ticks: int | None = None
) -> list[tuple[float, control.AnyEvent]]:
    """The callers say this; what the engine tells, and after how many seconds."""
    for stream in sounds:
        assert stream in world.phones
    blocks = {stream: frames(sound) for stream, sound in sounds.items()}
    told: list[tuple[float, control.AnyEvent]] = []
    for tick in range(ticks or min(map(len, blocks.values()))):
        for stream, phone in world.phones.items():
            block = blocks.get(stream)
            world.receive(phone, phone.audio(None if block is None else block[tick % len(block)]))
        world.tick()
        told += [(tick * TICK_S, event) for event in world.events]
        world.events.clear()
    return told


def two(codec: Codec = Codec.PCMU, room: int = 5) -> World:
    world = World()
    world.call(1, room=room, codec=codec)
    world.call(2, room=room)
    return world


@pytest.mark.parametrize("codec", G711)
@pytest.mark.parametrize("muted", [False, True])
def test_a_noisy_line_is_told_once_and_once_when_it_is_quiet_again(codec: Codec, muted: bool) -> None:
    world = two(codec)
    world.apply(control.Mute(1, muted=muted))
    told = say(world, {1: whole(noise(NOISE_S + 4.0, -30))})
    assert [event for _, event in told] == [LineTroubled(1, "noise")]
    assert NOISE_S - 1 < told[0][0] < NOISE_S + 3
    assert [event for _, event in say(world, {}, int((NOISE_S + 1) / TICK_S))] == [LineTroubled(1, "none")]


def test_people_who_talk_are_never_told_of() -> None:
    world = two()
    talk = whole(leveled(voice(12.0), -20) + noise(12.0, -55))
    assert say(world, {1: talk, 2: np.roll(talk, 20_000)}) == []


def test_music_on_hold_is_told_as_such() -> None:
    time = np.arange(8_000 * 14) / 8_000
    chord = sum(np.sin(2 * np.pi * hz * time) for hz in (262.0, 330.0, 392.0, 523.0))
    told = say(two(), {1: whole(leveled(np.asarray(chord), -20))})
    assert [event for _, event in told] == [LineTroubled(1, "music")]


def test_who_is_in_no_room_disturbs_nobody() -> None:
    assert say(two(room=control.NO_ROOM), {1: whole(noise(NOISE_S + 2.0, -30))}) == []


def test_a_new_caller_on_the_row_is_not_troubled_by_the_last() -> None:
    world = two()
    say(world, {1: whole(noise(NOISE_S + 2.0, -30))})
    row = world.phones.pop(1).row
    world.apply(control.CloseStream(1))
    world.call(3, room=5)
    assert world.phones[3].row == row
    told = [event for _, event in say(world, {}, 50)]
    assert not [event for event in told if isinstance(event, LineTroubled)]


@pytest.mark.parametrize("goes_on", [False, True])
def test_in_another_worker_a_trouble_goes_on_or_ends_without_being_told_twice(goes_on: bool) -> None:
    world = two()
    opened = control.OpenStream(
        3, control.Format(Codec.PCMU, 0), 1, 1, 1, "t", control.Endpoint("192.0.2.9", 4_000),
        latched=True, room=5, trouble="noise",
    )  # fmt: skip
    world.apply(opened)
    world.phones[3] = type(world.phones[1])(world.engine, 3)
    sound = {3: whole(noise(3.0, -30))} if goes_on else {}
    told = [event for _, event in say(world, sound, int((NOISE_S + 2) / TICK_S))]
    assert told == ([] if goes_on else [LineTroubled(3, "none")])


def softer_db(world: World) -> float:
    """How much softer the noise of 1 is to 2, after some seconds."""
    say(world, {1: whole(noise(4.0, -35))})
    return float(np.median(rms_dbov(frames(world.phones[2].samples(50)))))


def test_noise_is_taken_out_by_command_by_opening_and_let_in_again() -> None:
    world = two()
    plain = softer_db(world)
    world.apply(control.Suppress(1, on=True))
    assert softer_db(world) < plain - 8
    world.apply(control.Suppress(1, on=False))
    assert softer_db(world) == pytest.approx(plain, abs=1.0)


@pytest.mark.skipif(not available(Codec.G722), reason="no G.722 here")
def test_a_row_that_changes_its_band_is_still_cleaned_and_its_trouble_told_though_it_is_muted() -> None:
    house = House()
    talker, listener = house.call(Codec.G722), house.call(Codec.G722)
    random = np.random.default_rng(4)
    said = random.normal(0, 600, (400, 320)).astype(np.int16)
    noises = itertools.cycle(said)
    plain = talker.encoder
    talker.encoder = SimpleNamespace(encode=lambda _: plain.encode(next(noises)))
    house.apply(control.Suppress(1, on=True))
    house.apply(control.UpdateStream(1, control.Format(Codec.PCMU, 0, 101)))
    house.apply(control.UpdateStream(1, control.Format(Codec.G722, talker.payload_type, 101)))
    assert house.engine._speakers.lines._suppressed[2]._place[talker.row] >= 0
    assert house.engine._speakers.lines._suppressed[1]._place[talker.row] < 0
    house.run(200)
    cleaned = float(np.median(rms_dbov(listener.recent(40).reshape(-1, 320))))
    assert cleaned < float(rms_dbov(said[:1])[0]) - 8
    house.run(int((NOISE_S + 2) / TICK_S))
    assert house.events == [LineTroubled(1, "noise")]
    house.apply(control.Mute(1, muted=True))
    house.run(int((NOISE_S + 3) / TICK_S))
    assert house.events == [LineTroubled(1, "noise")]
    talker.encoder = plain
    house.run(int((NOISE_S + 3) / TICK_S))
    assert house.events == [LineTroubled(1, "noise"), LineTroubled(1, "none")]

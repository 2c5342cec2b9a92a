"""Louder and softer, by hand and by itself: heard by the room, never as a step, and free for who has none."""

from __future__ import annotations

import numpy as np
import pytest

from dsp import g711
from dsp.agc import VOICE
from dsp.level import rms_dbov
from dsp.utterance import active_level
from media import control
from media.gains import MOST_DB, Gains
from media.speakers import LOUDEST
from media.streams import Streams
from tests.dsp.speech import frames, noise, voice
from tests.media.wire import G711, World, power_at, tone


def loudness_of(world: World, ticks: int = 10) -> float:
    return power_at(world.phones[2].samples(ticks), 440.0)


def room_of_two() -> World:
    world = World()
    world.call(1, room=5)
    world.call(2, room=5)
    world.talk(20, p1=440.0)
    return world


@pytest.mark.parametrize("gain_db", [-24.0, -12.0, -6.0, 3.0, 6.0])
def test_a_gain_by_hand_is_heard_by_the_room_without_a_step(gain_db: float) -> None:
    world = room_of_two()
    before = loudness_of(world)
    world.apply(control.Gain(1, gain_db))
    world.talk(11, p1=440.0)
    assert 20 * np.log10(loudness_of(world) / before) == pytest.approx(gain_db, abs=0.3)
    sound = world.phones[2].samples(13).astype(int)
    assert np.abs(np.diff(sound)).max() < 3_200 * max(1.0, 10 ** (gain_db / 20))
    world.apply(control.Gain(1, 0.0))
    world.talk(11, p1=440.0)
    assert loudness_of(world) == pytest.approx(before, rel=0.01)


def test_the_line_is_measured_as_it_comes() -> None:
    world = room_of_two()
    row = world.phones[1].row
    before = world.engine.streams.level_dbov[row]
    world.apply(control.Gain(1, -20.0))
    world.talk(5, p1=440.0)
    assert world.engine.streams.level_dbov[row] == pytest.approx(before, abs=0.1)


def test_too_much_is_bent_and_never_wraps() -> None:
    world = room_of_two()
    world.apply(control.Gain(1, 24.0))
    world.talk(10, p1=440.0)
    sound = world.phones[2].samples(8).astype(int)
    assert np.abs(sound).max() <= 32_767
    assert np.corrcoef(sound, np.sign(sound))[0, 1] > 0.9  # flattened, with every sign where it was


@pytest.mark.parametrize(("asked_db", "given_db"), [(80.0, MOST_DB), (-80.0, -MOST_DB), (float("nan"), 0.0)])
def test_a_gain_beyond_all_measure_is_the_most_there_is(asked_db: float, given_db: float) -> None:
    gains = Gains(Streams(2))
    gains.set_manual(1, asked_db)
    assert gains.db(np.array([0, 1])).tolist() == [0.0, given_db]


def test_rows_without_gain_are_not_looked_at_and_keep_their_bits() -> None:
    gains = Gains(Streams(3))
    assert gains.idle
    gains.set_manual(1, 6.0)
    rows = np.array([0, 1, 2])
    before = np.tile(tone(440.0, 160), (3, 1))
    some = before.copy()
    quiet = np.full(3, -60, np.float32)
    gains.apply(rows, some, rms_dbov(some), np.ones(3, np.bool_), quiet)
    assert (some[[0, 2]] == before[[0, 2]]).all()
    assert (some[1] != before[1]).any()
    gains.set_manual(1, 0.0)
    assert not gains.idle
    gains.apply(rows, before.copy(), rms_dbov(before), np.ones(3, np.bool_), quiet)
    assert gains.idle


def test_a_row_that_ends_takes_its_gain_with_it() -> None:
    world = room_of_two()
    world.apply(control.Gain(1, 12.0))
    world.apply(control.AutoGain(1, on=True))
    world.talk(3, p1=440.0)
    row = world.phones.pop(1).row
    world.apply(control.CloseStream(1))
    gains = world.engine._speakers.gains
    assert gains.idle
    world.call(3, room=5)
    assert world.phones[3].row == row
    assert gains.db(np.array([row])).tolist() == [0.0]
    assert gains._voices[row] == np.zeros((), VOICE)


def test_who_is_made_loud_is_chosen_among_the_loudest() -> None:
    world = World()
    for number in range(1, LOUDEST + 3):
        world.call(number, room=5)
    soft, listener = world.phones[LOUDEST + 1], world.phones[LOUDEST + 2]
    world.apply(control.Gain(soft.stream, 20.0))
    for _ in range(30):
        for number, phone in world.phones.items():
            amplitude = {soft.stream: 1_000.0, listener.stream: 0.0}.get(number, 4_000.0)
            world.receive(
                phone,
                phone.audio(tone(300.0 + 100 * number, 160, start=phone.timestamp, amplitude=amplitude)),
            )
        world.tick()
    assert power_at(listener.samples(10), 300.0 + 100 * soft.stream) > 3_000


def test_voices_are_brought_together_and_held_there() -> None:
    """`*4`: automatic gain on every line."""
    world = World()
    sounds = {1: voice(12.0, -35.0, seed=1), 2: voice(12.0, -13.0, seed=2)}
    for number in (1, 2, 3):
        world.call(number, room=5)
        world.apply(control.AutoGain(number, on=True))
    heard: dict[int, float] = {}
    for number, sound in sounds.items():
        for frame in frames(sound + noise(12.0, -70)):
            for phone in world.phones.values():
                world.receive(phone, phone.audio(frame if phone.stream == number else None))
            world.tick()
        heard[number] = active_level(rms_dbov(np.array(world.phones[3].heard[-200:])))
    assert heard[1] == pytest.approx(-20, abs=2.5)
    assert heard[2] == pytest.approx(-20, abs=2.5)
    streams = world.engine.streams
    assert streams.auto_gain_db[world.phones[1].row] == pytest.approx(15, abs=2.5)
    assert streams.auto_gain_db[world.phones[3].row] == 0
    world.apply(control.AutoGain(1, on=False))
    assert streams.auto_gain_db[world.phones[1].row] == 0


def test_a_key_held_down_is_no_voice() -> None:
    gains = Gains(Streams(1))
    gains.set_auto(0, on=True)
    for frame in frames(voice(6.0, -36.0)):
        block = frame[None].copy()
        gains.apply(np.array([0]), block, rms_dbov(block), np.zeros(1, np.bool_), np.full(1, -70, np.float32))
    assert gains.db(np.array([0])).tolist() == [0.0]


@pytest.mark.parametrize("codec", G711)
def test_a_stream_that_comes_from_another_worker_goes_on_as_loud_as_it_was(codec: control.Codec) -> None:
    world = World()
    world.call(2, room=5)
    world.apply(
        control.OpenStream(
            1,
            control.Format(codec, int(codec)),
            ssrc=1,
            sequence=2,
            timestamp=3,
            cname="t",
            remote=control.Endpoint("192.0.2.1", 4_000),
            latched=True,
            room=5,
            gain_db=-6.0,
            auto_gain=True,
            auto_gain_db=3.0,
        )
    )
    assert world.engine._speakers.gains.db(np.array([world.engine.row(1)])).tolist() == [-3.0]
    world.apply(control.CloseStream(1, moves=True))
    world.tick()
    [closed] = [event for event in world.events if isinstance(event, control.StreamClosed)]
    assert closed.auto_gain_db == 3.0


def test_a_voice_that_is_cut_off_sinks_from_where_its_gain_had_it() -> None:
    world = room_of_two()
    world.apply(control.Gain(1, -20.0))
    world.talk(10, p1=440.0)
    world.apply(control.CloseStream(1))
    del world.phones[1]
    world.talk(2)
    assert np.abs(world.phones[2].samples(3).astype(int)).max() < 1_000
    assert g711.SILENCE[g711.Law.MU] == world.engine.block["frame"][world.phones[2].row, -1]

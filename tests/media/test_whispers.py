"""A whisper (O4): one hears it beside the conversation, nobody else does, and who is gone is not replaced by the room."""

from __future__ import annotations

import numpy as np

from media import control
from media.whispers import NOBODY, Whispers
from tests.media.wire import World, power_at, tone

LOUD, FAINT = 4_000.0, 150.0
OPERATOR, GUEST, OTHER = 1, 2, 3
VOICE_HZ, TALK_HZ = 500.0, 900.0


def room() -> World:
    """An operator, a guest, and another who talks."""
    world = World()
    for number in (OPERATOR, GUEST, OTHER):
        world.call(number, room=5)
    world.talk(20, p1=VOICE_HZ, p3=TALK_HZ)
    return world


def loudness(world: World, number: int, frequency_hz: float, ticks: int = 5) -> float:
    return power_at(world.phones[number].samples(ticks), frequency_hz)


def talk(world: World, ticks: int = 6) -> None:
    world.talk(ticks, p1=VOICE_HZ, p3=TALK_HZ)


def test_one_hears_it_beside_the_conversation_and_nobody_else_does() -> None:
    world = room()
    world.apply(control.Whisper(OPERATOR, GUEST))
    talk(world)
    assert loudness(world, GUEST, VOICE_HZ) > LOUD
    assert loudness(world, GUEST, TALK_HZ) > LOUD
    assert loudness(world, OTHER, VOICE_HZ) < FAINT
    assert loudness(world, OPERATOR, TALK_HZ) > LOUD
    assert not world.engine.streams.speaking[world.phones[OPERATOR].row]
    world.apply(control.Whisper(OPERATOR, NOBODY))
    talk(world)
    assert loudness(world, OTHER, VOICE_HZ) > LOUD


def test_who_talks_himself_hears_it_too_and_not_himself() -> None:
    world = room()
    world.apply(control.Whisper(OPERATOR, OTHER))
    talk(world)
    assert loudness(world, OTHER, VOICE_HZ) > LOUD
    assert loudness(world, OTHER, TALK_HZ) < FAINT
    assert loudness(world, GUEST, TALK_HZ) > LOUD
    assert loudness(world, GUEST, VOICE_HZ) < FAINT


def test_a_whisper_begins_and_ends_without_a_click_for_anybody() -> None:
    world = room()
    for command in (
        control.Whisper(OPERATOR, GUEST),
        control.Whisper(OPERATOR, OTHER),
        control.Mute(OPERATOR, muted=True),
        control.Mute(OPERATOR, muted=False),
        control.Whisper(OPERATOR, NOBODY),
    ):
        world.apply(command)
        world.talk(5, p1=440.0)
    for number in (GUEST, OTHER):
        sound = world.phones[number].samples(22).astype(int)
        assert np.abs(np.diff(sound)).max() < 3_200


def test_a_mute_silences_a_whisper() -> None:
    world = room()
    world.apply(control.Whisper(OPERATOR, GUEST))
    world.apply(control.Mute(OPERATOR, muted=True))
    talk(world)
    for number in (GUEST, OTHER):
        assert loudness(world, number, VOICE_HZ) < FAINT


def test_when_the_other_is_gone_nobody_hears_it_until_told_otherwise() -> None:
    world = room()
    world.apply(control.Whisper(OPERATOR, GUEST))
    talk(world)
    world.apply(control.CloseStream(GUEST))
    del world.phones[GUEST]
    newcomer = world.call(4, room=5)  # has the row of the guest
    talk(world)
    assert power_at(newcomer.samples(5), VOICE_HZ) < FAINT
    assert loudness(world, OTHER, VOICE_HZ) < FAINT
    world.apply(control.Whisper(OPERATOR, 4))
    talk(world)
    assert power_at(newcomer.samples(5), VOICE_HZ) > LOUD


def test_when_the_other_goes_elsewhere_he_does_not_hear_it_there() -> None:
    world = room()
    world.apply(control.Whisper(OPERATOR, GUEST))
    talk(world)
    for elsewhere in (6, control.NO_ROOM):
        world.apply(control.Route(GUEST, elsewhere))
        talk(world)
        assert loudness(world, GUEST, VOICE_HZ) < FAINT
        assert loudness(world, OTHER, VOICE_HZ) < FAINT
    world.apply(control.Route(GUEST, 5))
    talk(world)
    assert loudness(world, GUEST, VOICE_HZ) > LOUD


def test_a_whisper_holds_no_place_among_the_loudest() -> None:
    world = World()
    for number in range(1, 10):
        world.call(number, room=5)
    world.apply(control.Whisper(1, 9))
    for _ in range(30):
        for number, phone in world.phones.items():
            frame = tone(300.0 + 200 * number, 160, start=phone.timestamp, amplitude=1_500.0)
            world.receive(phone, phone.audio(frame if number < 8 else None))
        world.tick()
    sound = world.phones[8].samples(10)
    assert all(power_at(sound, 300.0 + 200 * number) > 800 for number in range(2, 8))
    assert power_at(sound, 500.0) < FAINT
    assert power_at(world.phones[9].samples(10), 500.0) > 800


def test_two_may_whisper_to_one_and_he_to_them() -> None:
    world = room()
    world.apply(control.Whisper(OPERATOR, GUEST))
    world.apply(control.Whisper(OTHER, GUEST))
    world.apply(control.Whisper(GUEST, OPERATOR))
    world.talk(8, p1=VOICE_HZ, p2=1_500.0, p3=TALK_HZ)
    assert loudness(world, GUEST, VOICE_HZ) > LOUD
    assert loudness(world, GUEST, TALK_HZ) > LOUD
    assert loudness(world, OPERATOR, 1_500.0) > LOUD
    assert loudness(world, OPERATOR, TALK_HZ) < FAINT
    assert loudness(world, OTHER, 1_500.0) < FAINT


def test_a_whisper_is_heard_over_a_prompt_at_its_own_loudness_and_with_its_gain() -> None:
    world = room()
    world.apply(control.Whisper(OPERATOR, GUEST))
    talk(world)
    before = loudness(world, GUEST, VOICE_HZ)
    world.apply(control.Play(GUEST, 5, [control.Segment(0, 160)] * 40))
    world.apply(control.Gain(OPERATOR, -6.0))
    talk(world)
    assert loudness(world, GUEST, VOICE_HZ) < before * 0.55
    assert loudness(world, GUEST, VOICE_HZ) > before * 0.45
    assert loudness(world, GUEST, TALK_HZ) < before * 0.3


def test_nobody_whispers_to_himself_and_nobody_outside_a_room() -> None:
    whispers = Whispers(4, np.array([1, 1, 0, 0], np.int32))
    whispers.rows = {10: 0, 11: 1, 12: 2, 13: 3}
    for row, to in ((0, 10), (2, 13), (0, 12), (0, 99)):
        whispers.begin(row, to)
        assert whispers.listener(row) is None
        assert whispers.apart[row]
    whispers.begin(0, 11)
    assert whispers.listener(0) == 1
    whispers.begin(0, NOBODY)
    whispers.begin(2, NOBODY)
    assert whispers.idle
    assert not whispers.apart.any()


def test_what_was_whispered_last_is_not_said_aloud_when_the_whisperer_hangs_up() -> None:
    world = room()
    world.apply(control.Whisper(OPERATOR, GUEST))
    talk(world)
    world.apply(control.CloseStream(OPERATOR))
    del world.phones[OPERATOR]
    world.talk(3, p3=TALK_HZ)
    other = world.phones[OTHER].samples(3)
    assert np.abs(other).max() == 0  # he talks himself, and hears nobody else
    assert world.engine._speakers.whispers.idle


def test_a_taken_over_whisper_is_never_heard_by_the_room() -> None:
    world = World()
    for number in (GUEST, OTHER):
        world.call(number, room=5)
    world.apply(
        control.OpenStream(
            OPERATOR,
            control.Format(control.Codec.PCMU, 0),
            ssrc=1,
            sequence=2,
            timestamp=3,
            cname="t",
            remote=control.Endpoint("192.0.2.1", 4_000),
            latched=True,
            room=5,
            whisper_to=GUEST,
        )
    )
    phone = world.phones[GUEST].__class__(world.engine, OPERATOR)
    for _ in range(10):
        world.receive(phone, phone.audio(tone(VOICE_HZ, 160, start=phone.timestamp)))
        world.tick()
    assert loudness(world, GUEST, VOICE_HZ) > LOUD
    assert np.abs(world.phones[OTHER].samples(10)).max() == 0


def test_a_whisper_that_sinks_away_does_so_without_whoever_hangs_up_meanwhile() -> None:
    world = room()
    world.apply(control.Whisper(OPERATOR, OTHER))
    talk(world)
    world.apply(control.Whisper(OPERATOR, NOBODY))
    world.apply(control.CloseStream(OTHER))
    del world.phones[OTHER]
    talk(world)
    assert loudness(world, GUEST, VOICE_HZ) > LOUD

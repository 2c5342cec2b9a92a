"""Rooms in two workers: people hear each other as if they were in one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from dsp import g711
from media import control
from media.control import Codec
from media.outbox import LEAD_S, Inbox, Outbox, outbox_bytes
from media.playback import SharedAudio
from media.recording import messages
from media.recording.ring import NOBODY as ANNOUNCED
from media.recording.ring import Ring
from media.recording.studio import Studio
from media.speakers import LOUDEST
from tests.media.test_hd import SPOKEN, House, Phone, steepest, tone_part
from tests.media.wire import TICK_S, World, power_at, tone

ROOM = 5
LOUD = 4_000.0
FAINT = 60.0


class Workers:
    """Several workers, each with its engine, which share `ROOM`."""

    def __init__(self, count: int = 2, make: Callable[[], World] | Callable[[], House] = World) -> None:
        self.every = [make() for _ in range(count)]
        self.memory = [bytearray(outbox_bytes()) for _ in range(count)]
        for number, world in enumerate(self.every, 1):
            world.engine.lay_out_in(Outbox(self.memory[number - 1]), number)
            for other, memory in enumerate(self.memory, 1):
                if other != number:
                    world.engine.listen_to(other, Inbox(memory))
        self.share(range(1, count + 1))

    def share(self, numbers: Sequence[int], room: int = ROOM) -> None:
        """The room lives in these."""
        for number, world in enumerate(self.every, 1):
            others = [each for each in numbers if each != number] if number in numbers else []
            world.apply(control.Spread(room, others, number == min(numbers, default=0)))

    def talk(self, ticks: int, but: int = -1, **tones: float) -> None:
        """For so long all talk and listen, but the people of one worker, which stands still."""
        for _ in range(ticks):
            for index, world in enumerate(self.every):
                if index != but:
                    world.talk(1, **tones)

    def missed(self, index: int) -> int:
        return int(self.every[index].engine.streams.frames_missed[0])


def two() -> tuple[Workers, World, World]:
    """Phones 1 and 3 in one worker, 2 and 4 in the other."""
    workers = Workers()
    here, there = workers.every
    assert isinstance(here, World)
    assert isinstance(there, World)
    for stream in (1, 3):
        here.call(stream, room=ROOM)
    for stream in (2, 4):
        there.call(stream, room=ROOM)
    return workers, here, there


def together() -> World:
    world = World()
    for stream in (1, 2, 3, 4):
        world.call(stream, room=ROOM)
    return world


def test_people_of_two_workers_hear_each_other_and_nobody_hears_himself() -> None:
    workers, here, there = two()
    workers.talk(30, p1=440.0, p2=700.0)
    for listener in (here.phones[3], there.phones[4]):
        assert power_at(listener.samples(10), 440.0) > LOUD
        assert power_at(listener.samples(10), 700.0) > LOUD
    assert power_at(here.phones[1].samples(10), 700.0) > LOUD
    assert power_at(here.phones[1].samples(10), 440.0) < FAINT
    assert power_at(there.phones[2].samples(10), 440.0) > LOUD
    assert power_at(there.phones[2].samples(10), 700.0) < FAINT


def test_a_voice_from_elsewhere_is_what_it_would_be_in_one_worker_a_tick_later_to_the_bit() -> None:
    workers, here, there = two()
    alone = together()
    workers.talk(2)
    alone.talk(2)
    for tones in ({"p2": 700.0}, {}, {"p2": 310.0}):
        workers.talk(40, **tones)
        alone.talk(40, **tones)
    for mine, theirs in ((here.phones[1], 1), (here.phones[3], 3)):
        assert np.array_equal(mine.samples(121), np.concatenate(alone.phones[theirs].heard[:-1]))
    assert np.array_equal(there.phones[4].samples(120), alone.phones[4].samples(120))


def test_two_who_talk_in_different_workers_are_summed_to_the_bit() -> None:
    workers, here, there = two()
    workers.talk(2)
    workers.talk(40, p1=440.0, p2=700.0)
    voices = []
    for tones in ({"p1": 440.0}, {"p2": 700.0}):
        alone = together()
        alone.talk(2)
        alone.talk(40, **tones)
        voices.append(alone.phones[3].heard)
    near, far = (np.concatenate(voice[-39:]).astype(np.int32) for voice in (voices[0], voices[1][:-1]))
    expected = g711.decode(g711.encode((near + far).astype(np.int16)[None], g711.Law.MU), g711.Law.MU)[0]
    assert np.array_equal(here.phones[3].samples(39), expected)
    assert np.array_equal(here.phones[1].samples(39), far.astype(np.int16))
    assert np.array_equal(there.phones[2].samples(39), np.concatenate(voices[0][:-1][-39:]))


@pytest.mark.parametrize("codec", SPOKEN, ids=lambda codec: codec.name)
@pytest.mark.parametrize("other", SPOKEN, ids=lambda codec: codec.name)
def test_any_codecs_hear_each_other_across_workers_and_not_themselves(codec: Codec, other: Codec) -> None:
    workers = Workers(make=House)
    here, there = workers.every
    assert isinstance(here, House)
    assert isinstance(there, House)
    one, two_ = here.call(codec, frequency=700.0), there.call(other, frequency=1_100.0)
    third = here.call(other)
    for _ in range(60):
        here.tick()
        there.tick()
    for listener, heard, own in ((one, 1_100.0, 700.0), (two_, 700.0, 1_100.0), (third, 700.0, 3_000.0)):
        assert 4_500 < part(listener, heard) < 7_000
        assert part(listener, own) < FAINT
    assert part(third, 1_100.0) > 4_500


def part(phone: Phone, frequency: float) -> float:
    return tone_part(phone.recent(30), frequency, phone.rate)


def test_six_loud_voices_of_elsewhere_are_not_cut_before_the_limiter_at_another_rate() -> None:
    """Their sum does not fit into 16 bits; what is heard at 16 kHz is as clean as at 8."""
    workers = Workers(make=House)
    here, there = workers.every
    assert isinstance(here, House)
    assert isinstance(there, House)
    narrow, wide = here.call(Codec.PCMU), here.call(Codec.L16_16)
    talkers = [there.call(Codec.PCMU, frequency=300.0 * number) for number in range(1, 7)]
    for _ in range(80):
        for phone in talkers:
            phone.place = talkers[0].place  # in step: the peaks meet
        here.tick()
        there.tick()
    foreign = [3_300.0, 3_500.0, 3_700.0]  # where cutting would put what nobody said
    for listener in (narrow, wide):
        assert part(listener, 600.0) > 800
        assert max(part(listener, frequency) for frequency in foreign) < 0.06 * part(listener, 600.0)


def test_of_twelve_in_two_workers_the_loudest_six_are_heard_everywhere() -> None:
    workers, frequencies = Workers(), {}
    for index, world in enumerate(workers.every):
        assert isinstance(world, World)
        for number in range(1, 8):
            stream = 10 * (index + 1) + number
            world.call(stream, room=ROOM)
            if number < 7:
                frequencies[stream] = 250.0 + 150 * (2 * number + index)
    for _ in range(60):
        for index, world in enumerate(workers.every):
            assert isinstance(world, World)
            for stream, phone in world.phones.items():
                loud = 500.0 * 2.0 ** (stream % 10 - index / 2)
                frame = None
                if stream in frequencies:
                    frame = tone(
                        frequencies[stream], 160, start=phone.timestamp, amplitude=min(loud, 9_000.0)
                    )
                world.receive(phone, phone.audio(frame))
            world.tick()
    voices = []
    for world, listener in zip(workers.every, (17, 27), strict=True):
        assert isinstance(world, World)
        sound = world.phones[listener].samples(10)
        voices.append(
            {stream for stream, frequency in frequencies.items() if power_at(sound, frequency) > 250}
        )
    assert voices == [{14, 15, 16, 24, 25, 26}] * 2


def test_of_twelve_who_are_all_as_loud_six_are_heard_and_always_the_same() -> None:
    workers = Workers()
    for index, world in enumerate(workers.every):
        assert isinstance(world, World)
        for number in range(1, 8):
            world.call(10 * index + number, room=ROOM)
    speaking = {f"p{10 * index + number}": 300.0 + 100 * number for index in (0, 1) for number in range(1, 7)}
    workers.talk(20, **speaking)
    chosen = []
    for _ in range(40):
        workers.talk(1, **speaking)
        chosen.append([np.flatnonzero(each.engine._speakers._heard).tolist() for each in workers.every])
    assert all(each == chosen[0] for each in chosen)
    assert sum(map(len, chosen[0])) == LOUDEST


def test_a_crowd_of_two_workers_is_as_loud_as_in_one() -> None:
    workers, alone = Workers(), World()
    for number in range(1, 8):
        alone.call(number, room=ROOM)
        world = workers.every[number % 2]
        assert isinstance(world, World)
        world.call(number, room=ROOM)
    speaking = {f"p{number}": 310.0 + 200 * number for number in range(1, 7)}
    alone.talk(100, **speaking)
    workers.talk(100, **speaking)
    world = workers.every[1]
    assert isinstance(world, World)
    one, several = (
        np.sqrt(np.mean(each.phones[7].samples(20).astype(np.float64) ** 2)) for each in (alone, world)
    )
    assert several == pytest.approx(one, rel=0.03)


def test_a_whisper_reaches_its_listener_in_another_worker_and_nobody_else() -> None:
    workers, here, there = two()
    here.apply(control.Whisper(1, 4))
    workers.talk(30, p1=440.0, p2=700.0)
    assert power_at(there.phones[4].samples(10), 440.0) > LOUD
    assert power_at(there.phones[4].samples(10), 700.0) > LOUD
    for phone in (here.phones[3], there.phones[2]):
        assert power_at(phone.samples(10), 440.0) < FAINT
    here.apply(control.Whisper(1, 0))
    workers.talk(30, p1=440.0)
    assert power_at(there.phones[2].samples(10), 440.0) > LOUD
    sound = there.phones[4].samples(40).astype(int)
    assert np.abs(np.diff(sound)).max() < 8_000 * (440 + 700) * 2 * np.pi / 8_000 * 1.1


def test_a_whisper_to_an_hd_phone_elsewhere_is_heard_at_its_rate() -> None:
    workers = Workers(make=House)
    here, there = workers.every
    assert isinstance(here, House)
    assert isinstance(there, House)
    here.call(Codec.PCMU, frequency=700.0)
    there.call(Codec.PCMU)
    there.call(Codec.PCMU)
    there.call(Codec.L16_16)
    for listener, other in ((2, 3), (3, 2)):
        # Streams are numbered alike in both; 2 and 3 are there alone.
        here.apply(control.Whisper(1, listener))
        for _ in range(40):
            here.tick()
            there.tick()
        assert part(there.phones[listener], 700.0) > 4_500
        assert tone_part(there.phones[other].recent(20), 700.0, there.phones[other].rate) < FAINT


def test_a_worker_that_dies_in_the_middle_of_a_word_sinks_without_a_click() -> None:
    workers, here, _ = two()
    workers.talk(30, p2=440.0)
    ordinary = steepest(here.phones[3].samples(20))
    workers.talk(5, but=1)
    sound = here.phones[3].samples(10)
    assert steepest(sound) < 1.3 * ordinary
    assert not sound[-320:].any()


def test_a_worker_that_is_late_is_missed_counted_and_heard_again_without_a_click() -> None:
    workers, here, _ = two()
    workers.talk(30, p2=440.0)
    ordinary = steepest(here.phones[3].samples(20))
    for _ in range(3):
        workers.talk(2, but=1)
        workers.every[1].now += 2 * TICK_S  # it gave two ticks up
        workers.talk(20, p2=440.0)
    assert steepest(here.phones[3].samples(60)) < 1.3 * ordinary
    assert power_at(here.phones[3].samples(5), 440.0) > LOUD
    assert workers.missed(0) == 6
    assert workers.missed(1) == 0


def test_a_worker_that_gives_ticks_up_goes_on_without_a_click() -> None:
    workers, here, there = two()
    workers.talk(30, p2=441.0)
    ordinary = steepest(here.phones[3].samples(20))
    for _ in range(3):
        for _ in range(3):
            there.talk(1, p2=441.0)
        here.now += 3 * TICK_S
        here.engine.skip(3)
        workers.talk(10, p2=441.0)
    assert steepest(here.phones[3].samples(30)) < 2.0 * ordinary
    assert power_at(here.phones[3].samples(5), 441.0) > LOUD


def test_a_room_that_is_no_longer_shared_and_one_that_is_again_have_no_click() -> None:
    workers, here, there = two()
    workers.talk(30, p2=440.0)
    ordinary = steepest(here.phones[3].samples(20))
    workers.share([])
    workers.talk(3, p2=440.0)
    assert here.engine._cascade.idle
    assert there.engine._cascade.idle
    assert not here.phones[3].samples(1).any()
    workers.share([1, 2])
    workers.talk(20, p2=440.0)
    assert steepest(here.phones[3].samples(24)) < 1.3 * ordinary
    assert power_at(here.phones[3].samples(5), 440.0) > LOUD


@pytest.mark.parametrize("tells_first", [True, False])
def test_the_last_of_a_worker_who_hangs_up_in_the_middle_of_a_word_sinks_elsewhere(tells_first: bool) -> None:
    workers = Workers()
    here, there = workers.every
    assert isinstance(here, World)
    assert isinstance(there, World)
    here.call(1, room=ROOM)
    there.call(2, room=ROOM)
    there.call(9)  # in no room: the worker goes on
    workers.talk(30, p2=440.0)
    ordinary = steepest(here.phones[1].samples(20))
    there.apply(control.CloseStream(2))
    del there.phones[2]
    if tells_first:
        workers.share([])
    workers.talk(3)
    workers.share([])
    workers.talk(3)
    sound = here.phones[1].samples(12)
    assert steepest(sound) < 1.3 * ordinary
    assert not sound[-320:].any()
    assert here.engine._cascade.idle


def test_a_slot_that_becomes_another_rooms_brings_nothing_of_the_last() -> None:
    workers, here, _ = two()
    workers.talk(30, p2=440.0)
    for stream in (1, 3):
        here.apply(control.Route(stream, 6))
    workers.talk(10, p2=440.0)
    assert power_at(here.phones[3].samples(9), 440.0) < FAINT
    for stream in (1, 3):
        here.apply(control.Route(stream, ROOM))
    workers.talk(10, p2=440.0)
    assert power_at(here.phones[3].samples(5), 440.0) > LOUD


def test_rooms_that_are_not_shared_stay_apart() -> None:
    workers, here, there = two()
    here.call(11, room=77)
    there.call(12, room=77)
    workers.talk(30, p1=440.0, p11=700.0)
    assert power_at(there.phones[12].samples(10), 700.0) < FAINT
    assert power_at(there.phones[12].samples(10), 440.0) < FAINT
    assert power_at(there.phones[4].samples(10), 440.0) > LOUD


def test_three_workers_hear_each_other_once_each() -> None:
    workers = Workers(3)
    for index, world in enumerate(workers.every, 1):
        assert isinstance(world, World)
        world.call(index, room=ROOM)
        world.call(10 + index, room=ROOM)
    workers.talk(30, p1=400.0, p2=700.0)
    for index, world in enumerate(workers.every, 1):
        assert isinstance(world, World)
        sound = world.phones[10 + index].samples(10)
        assert power_at(sound, 400.0) == pytest.approx(8_000, rel=0.05)
        assert power_at(sound, 700.0) == pytest.approx(8_000, rel=0.05)


def test_a_worker_that_is_no_more_is_dropped_and_its_heir_is_heard() -> None:
    workers, here, there = two()
    workers.talk(20, p2=440.0)
    here.apply(control.DropPeer(2))
    heir = bytearray(outbox_bytes())
    here.engine.listen_to(3, Inbox(heir))
    there.engine.lay_out_in(Outbox(heir), 3)
    here.apply(control.Spread(ROOM, [3]))
    workers.talk(20, p2=440.0)
    assert power_at(here.phones[3].samples(5), 440.0) > LOUD


def test_an_announcement_is_heard_in_both_and_recorded_once() -> None:
    workers, here, there = two()
    rings = []
    for world in (here, there):
        sound = tone(1_500.0, 4_000)
        world.engine.load(SharedAudio(sound, g711.encode(sound, g711.Law.MU), g711.encode(sound, g711.Law.A)))
        rings.append(Ring.private(4_096))
        world.engine.hand_over_through(rings[-1])
        world.apply(control.RecordRoom(ROOM, 3))
        world.apply(control.PlayRoom(ROOM, 50, [control.Segment(0, 4_000)]))
    workers.talk(30, p1=440.0, p2=700.0)
    for world, stream in ((here, 3), (there, 4)):
        assert power_at(np.concatenate(world.phones[stream].heard[5:20]), 1_500.0) > LOUD
        assert control.PlaybackEnded(50, room=ROOM) in world.engine.events() + world.events
    handed = []
    for ring in rings:
        ring.read()
        handed.append(ring.read()["stream"])
    assert (handed[0] == ANNOUNCED).sum() == 25
    assert not (handed[1] == ANNOUNCED).any()
    assert set(np.concatenate(handed).tolist()) == {ANNOUNCED, 1, 2}


def test_a_recording_of_both_workers_has_every_voice_and_announcement_once(tmp_path: Path) -> None:
    workers, here, there = two()
    studio = Studio(least_free=0)
    begin = messages.Begin(
        3, str(tmp_path), "board", messages.FileFormat.WAV, here.now, 1.7e9, participants=True
    )
    studio.receive(begin, 1.7e9)
    sound = tone(1_500.0, 80_000)
    there.now += 0.013  # their grids are not the same
    for number, world in enumerate((here, there)):
        world.engine.load(SharedAudio(sound, g711.encode(sound, g711.Law.MU), g711.encode(sound, g711.Law.A)))
        ring = Ring.private(4_096)
        world.engine.hand_over_through(ring)
        studio.attach(f"media-{number}", ring)
        world.apply(control.RecordRoom(ROOM, 3))
        world.apply(control.PlayRoom(ROOM, 50, [control.Segment(0, 80_000)]))
    for _ in range(150):
        workers.talk(1, p1=440.0, p2=700.0)
        studio.advance(here.now, 1.7e9)
    studio.receive(messages.End(3, here.now), 1.7e9)
    for tick in range(100):
        studio.advance(here.now + tick * TICK_S, 1.7e9)
    [ended] = [event for event in studio.events() if isinstance(event, messages.Ended)]
    assert ended.gap_s == 0
    assert {file.stream for file in ended.files} == {0, 1, 2}
    mix, _ = soundfile.read(tmp_path / ended.files[0].name, dtype="int16")
    for frequency in (440.0, 700.0, 1_500.0):
        assert power_at(mix[8_000:16_000], frequency) == pytest.approx(8_000, rel=0.05)


def test_the_tone_of_an_empty_room_gives_way_to_who_is_elsewhere() -> None:
    workers, here, there = two()
    for world in (here, there):
        world.apply(control.RoomTone(-40.0))
    workers.talk(10, p1=440.0)
    assert here.phones[1].samples(5).any()  # alone: he hears the tone
    workers.talk(20, p1=440.0, p2=700.0)
    expected = together()
    expected.talk(20, p2=700.0)
    assert np.array_equal(here.phones[1].samples(10), np.concatenate(expected.phones[3].heard[9:19]))


def test_a_worker_whose_rooms_are_its_own_does_nothing() -> None:
    world = World()
    world.call(1, room=ROOM)
    world.talk(5, p1=440.0)
    assert world.engine._cascade.idle
    world.apply(control.Spread(ROOM, [2]))
    world.talk(5, p1=440.0)  # nobody was told where to lay out, nor what to read: nothing comes of it
    assert not world.engine._cascade.idle
    world.apply(control.Spread(control.NO_ROOM, [2]))
    world.apply(control.CloseStream(1))
    world.phones.clear()
    world.tick()
    assert world.engine._cascade.idle


@pytest.mark.parametrize("phase_s", [0.0, 0.003, 0.0099, 0.0101, 0.015, 0.0199])
def test_on_grids_of_any_phase_every_frame_is_heard_to_the_bit(phase_s: float) -> None:
    workers, here, there = two()
    there.now += phase_s
    alone = together()
    for tones in ({}, {"p2": 700.0}, {"p1": 440.0}):
        workers.talk(20, **tones)
        alone.talk(20, **tones)
    later = 2 if phase_s > LEAD_S else 1
    sound = [np.concatenate(alone.phones[stream].heard[: 60 - later]) for stream in (3, 4)]
    near = np.concatenate(alone.phones[3].heard)[40 * 160 :]
    assert np.array_equal(here.phones[3].samples(60)[later * 160 : 40 * 160], sound[0][: (40 - later) * 160])
    assert np.array_equal(here.phones[3].samples(20)[later * 160 :], near[later * 160 :])
    back = 0 if phase_s > LEAD_S else 1
    far = there.phones[4].samples(20)
    assert np.array_equal(far[(back + 1) * 160 :], near[160 : len(near) - back * 160])
    assert workers.missed(0) == workers.missed(1) == 0


def test_an_echo_of_somebody_elsewhere_is_known_as_one() -> None:
    """Who is heard from another worker is in what a line's sound is compared with."""
    workers, here, _ = two()
    workers.talk(20, p2=440.0)
    lines = here.engine._speakers.lines
    slot = int(here.engine._speakers.slot[here.phones[1].row])
    power: NDArray[np.float32] = lines._room[lines._tick % len(lines._room)]
    alone = together()
    alone.talk(20, p2=440.0)
    theirs = alone.engine._speakers.lines
    expected = theirs._room[theirs._tick % len(theirs._room), int(alone.engine._speakers.slot[0])]
    assert power[slot] == pytest.approx(expected, rel=0.05)


def test_a_whisper_to_another_worker_ends_with_its_listener() -> None:
    workers, here, there = two()
    workers.talk(20)
    here.apply(control.Whisper(1, 4))
    workers.talk(20, p1=440.0)
    assert power_at(there.phones[4].samples(5), 440.0) > LOUD
    there.apply(control.CloseStream(4))
    del there.phones[4]
    here.apply(control.Whisper(1, 0))
    workers.talk(20, p1=440.0)
    assert power_at(there.phones[2].samples(5), 440.0) > LOUD

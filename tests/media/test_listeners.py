"""What each row hears: the room without itself, bit for bit, whatever else plays."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import g711
from dsp.limiter import limit
from media import control
from media.bands import Heard
from media.hearing import DUCK
from media.jitter import JitterBuffer
from media.listeners import Listeners
from media.playback import Ended, SharedAudio
from media.speakers import Speakers
from media.streams import Streams
from tests.media.wire import World, power_at, tone

LIMIT = 3_200


def audio_of(pcm: NDArray[np.int16]) -> SharedAudio:
    return SharedAudio(pcm, g711.encode(pcm, g711.Law.MU), g711.encode(pcm, g711.Law.A))


class House:
    """Listeners of some rows, told directly who is heard."""

    def __init__(self, rooms: list[int], *, a_law: list[int] | None = None) -> None:
        self.count = len(rooms)
        self.speakers = Speakers(Streams(self.count), JitterBuffer(self.count))
        self.speakers.slot[:] = rooms
        self.speakers.a_law[a_law or []] = True
        self.listeners = Listeners(self.count, self.count + 1, self.speakers)
        self.ended: list[Ended] = []
        self.announced: list[Ended] = []
        self.lines = 0

    def tick(
        self,
        talkers: dict[int, NDArray[np.int16]] | None = None,
        departed: list[tuple[int, NDArray[np.int16]]] | None = None,
    ) -> NDArray[np.int16]:
        """What every row hears, decoded."""
        rows = np.array(sorted(talkers or {}, key=lambda row: (self.speakers.slot[row], row)), np.intp)
        frames = np.array([(talkers or {})[int(row)] for row in rows], np.int16).reshape(len(rows), 160)
        both = bool(self.speakers.a_law.any())
        heard = Heard(rows, frames, departed or [])
        table, line, ended, announced = self.listeners.tick(self.count, heard, both_laws=both)
        self.ended += ended
        self.announced += announced
        self.lines = len(table)
        codes = table[line]
        decoded = g711.decode(codes, g711.Law.MU)
        a_law = self.speakers.a_law
        decoded[a_law] = g711.decode(codes[a_law], g711.Law.A)
        return decoded


def coded(frame: NDArray[np.int32], law: g711.Law = g711.Law.MU) -> NDArray[np.int16]:
    """What a mix sounds like once it was limited and sent."""
    return g711.decode(g711.encode(limit(frame[None], np.ones(1, np.float32))[0], law), law)[0]


def test_a_room_of_a_thousand_hears_the_sum_minus_itself_and_nothing_overflows() -> None:
    random = np.random.default_rng(2)
    count = 1_000
    house = House([1] * count)
    talkers = {row: random.choice([-32_768, 32_767], 160).astype(np.int16) for row in range(0, count, 2)}
    total = np.sum(list(talkers.values()), axis=0, dtype=np.int32)
    heard = house.tick(talkers)
    for row in range(count):
        expected = total - talkers[row] if row in talkers else total
        assert (heard[row] == coded(expected)).all()
    # All at full scale at once: the sum is far outside 16 bits, what is heard never wraps its sign.
    same = {row: np.full(160, 32_767, np.int16) for row in range(count)}
    assert (house.tick(same) > 29_000).all()


def test_listeners_share_one_line_and_talkers_have_their_own() -> None:
    house = House([1] * 500 + [2] * 500)
    house.tick({3: np.full(160, 5_000, np.int16), 700: np.full(160, 900, np.int16)})
    assert house.lines == 1 + 2 + 2  # silence, two rooms, two talkers


def test_each_room_and_each_law_hears_its_own() -> None:
    house = House([1, 1, 2, 2, 0], a_law=[1, 3])
    one, two = tone(500.0, 160), tone(900.0, 160)
    heard = house.tick({0: one, 3: two})
    assert (heard[0] == 0).all()
    assert (heard[1] == coded(one.astype(np.int32), g711.Law.A)).all()
    assert (heard[2] == coded(two.astype(np.int32))).all()
    assert np.abs(heard[3]).max() <= 8  # A-law has no zero
    assert (heard[4] == 0).all()


def test_a_room_is_told_an_announcement_over_its_talkers_and_over_silence() -> None:
    house = House([1, 1, 2])
    clip = tone(1_500.0, 320)
    house.listeners.audio = audio_of(clip)
    house.listeners.announce(1, 7, [control.Segment(0, 160)])
    house.listeners.announce(2, 8, [control.Segment(160, 160)])
    voice = tone(500.0, 160)
    heard = house.tick({0: voice})
    assert (heard[0] == coded(clip[:160].astype(np.int32))).all()
    assert (heard[1] == coded(clip[:160].astype(np.int32) + voice)).all()
    assert (heard[2] == coded(clip[160:].astype(np.int32))).all()
    assert (house.tick() == 0).all()
    assert house.announced == [Ended(1, 7), Ended(2, 8)]


def test_who_left_is_heard_by_the_room_he_left() -> None:
    house = House([1, 2])
    last = tone(500.0, 160)
    heard = house.tick(departed=[(1, last), (1, last)])
    assert (heard[0] == coded(2 * last.astype(np.int32))).all()
    assert (heard[1] == 0).all()
    assert (house.tick() == 0).all()


def test_a_prompt_lowers_the_conversation_and_gives_it_back_within_a_frame_each() -> None:
    house = House([1, 1])
    house.listeners.audio = audio_of(np.zeros(320, np.int16))
    voice = np.full(160, 8_000, np.int16)
    house.tick({0: voice})
    house.listeners.play(1, 5, [control.Segment(0, 320)])
    frames = [house.tick({0: voice})[1].astype(float) for _ in range(4)]
    assert frames[0][0] == pytest.approx(8_000, rel=0.05)
    assert frames[0][-1] == pytest.approx(8_000 * DUCK, rel=0.05)
    assert (np.abs(frames[1] - 8_000 * DUCK) < 100).all()
    assert frames[2][-1] == pytest.approx(8_000, rel=0.05)
    assert (frames[3] == frames[3][0]).all()
    assert (np.diff(frames[0]) <= 0).all()
    assert (np.diff(frames[2]) >= 0).all()
    assert house.ended == [Ended(1, 5)]


def test_a_talker_with_a_prompt_does_not_hear_himself_under_it() -> None:
    house = House([1, 1])
    house.listeners.audio = audio_of(np.zeros(160, np.int16))
    house.listeners.play(0, 5, [control.Segment(0, 160)])
    heard = house.tick({0: np.full(160, 8_000, np.int16)})
    assert (heard[0] == 0).all()


TURNS: dict[str, list[control.AnyCommand]] = {
    "music to a room": [control.Route(1, 5)],
    "room to music": [control.Route(1, 5), control.Route(1, control.NO_ROOM)],
    "room to room": [control.Route(1, 5), control.Route(1, 6)],
    "music to other music": [control.Music(1, control.Segment(8_000, 8_000))],
    "music to silence": [control.Music(1)],
    "a prompt that is stopped": [control.Play(1, 9, [control.Segment(0, 8_000)]), control.StopPlay(1)],
    "a prompt that is replaced": [
        control.Play(1, 9, [control.Segment(0, 8_000)]),
        control.Play(1, 10, [control.Segment(8_000, 8_000)], replace=True),
    ],
}


@pytest.mark.parametrize("what", TURNS)
def test_what_somebody_hears_changes_without_a_click(what: str) -> None:
    for ticks in (3, 5, 8, 12):
        world = World()
        world.engine.load(audio_of(np.concatenate((tone(437.0, 8_000), tone(391.0, 8_000)))))
        caller = world.call(1)
        world.call(2, room=5)
        world.call(3, room=6)
        world.apply(control.Music(1, control.Segment(0, 8_000)))
        for command in TURNS[what]:
            world.talk(ticks, p2=443.0, p3=409.0)
            world.apply(command)
        world.talk(5, p2=443.0, p3=409.0)
        # A prompt over music or talk may be as steep as both together.
        limit = 2 * LIMIT if "prompt" in what else LIMIT
        assert np.abs(np.diff(caller.samples(len(caller.heard)).astype(int))).max() < limit


def test_a_row_hears_nothing_of_what_was_queued_for_the_one_before() -> None:
    world = World()
    world.engine.load(audio_of(tone(500.0, 16_000)))
    world.call(1)
    world.apply(control.Music(1, control.Segment(0, 8_000)))
    world.apply(control.Play(1, 3, [control.Segment(0, 16_000)]))
    world.talk(3)
    world.apply(control.CloseStream(1))
    del world.phones[1]
    caller = world.call(2)
    world.talk(5)
    assert np.abs(caller.samples(5)).max() == 0


def test_a_prompt_is_heard_over_music_which_goes_on_under_it() -> None:
    world = World()
    world.engine.load(audio_of(np.concatenate((tone(500.0, 8_000), tone(1_500.0, 1_600)))))
    caller = world.call(1)
    world.apply(control.Music(1, control.Segment(0, 8_000)))
    world.talk(5)
    world.apply(control.Play(1, 3, [control.Segment(8_000, 1_600)]))
    world.talk(10)
    assert power_at(caller.samples(8), 1_500.0) > 7_000
    assert power_at(caller.samples(8), 500.0) == pytest.approx(8_000 * DUCK, rel=0.1)
    world.talk(12)
    assert power_at(caller.samples(8), 500.0) == pytest.approx(8_000, rel=0.1)

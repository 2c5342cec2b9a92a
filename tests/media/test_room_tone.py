"""The tone of an empty room: heard where nothing else is, under nothing that sounds, and without a step between the two."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from dsp import g711
from media import control
from media.control import Codec
from media.playback import SharedAudio
from media.recording import messages
from media.recording.messages import Begin, Ended, FileFormat
from media.recording.ring import Ring
from media.recording.studio import Studio
from media.room_tone import RoomTone
from tests.media.test_hd import ROOM, SPOKEN, House, Phone, steepest
from tests.media.wire import TICK_S

LEVEL_DBOV = -68.0
MOST = 75
"""No sample of a tone of this level is larger."""
STEEPEST = 70
"""Nor is any step from one to the next."""


class Toned(House):
    """A house with the tone, unless it is to be without."""

    def __init__(self, *, tone: bool = True) -> None:
        super().__init__()
        self.apply(control.RoomTone(LEVEL_DBOV if tone else 0.0))


def level_dbov(samples: NDArray[np.int16]) -> float:
    return float(10 * np.log10((samples.astype(float) ** 2).mean() / 32_768**2))


def spoken(*, tone: bool, codec: Codec = Codec.L16_16) -> tuple[Phone, Phone, Phone]:
    """Two talk, apart, at once and one after the other, and a third listens; each second something else, then three of nothing.

    Who has ended counts as speaking for a second or so: there is no tone in the gaps between words.
    """
    house = Toned(tone=tone)
    one, two, third = (house.call(codec) for _ in range(3))
    for first, second in (
        (None, None),
        (400.0, None),
        (400.0, 700.0),
        (None, 700.0),
        (None, None),
        (None, None),
        (None, None),
    ):
        one.frequency, two.frequency = first, second
        house.run(50)
    return one, two, third


def added(place: int, codec: Codec = Codec.L16_16) -> NDArray[np.int32]:
    """What the tone makes different for one of the three, in half seconds."""
    on, off = (
        np.concatenate(spoken(tone=tone, codec=codec)[place].heard).astype(np.int32) for tone in (True, False)
    )
    return (on - off).reshape(14, -1)


def there(halves: NDArray[np.int32]) -> str:
    """In which of the half seconds it is heard, at their ends."""
    return "".join("x" if half[-100:].any() else "-" for half in halves)


@pytest.mark.parametrize("band", [1, 2, 6])
def test_it_is_as_loud_as_it_is_to_be_at_each_rate_and_goes_round_without_a_step(band: int) -> None:
    tone = RoomTone(LEVEL_DBOV)
    frames = []
    for _ in range(410):
        tone.tick()
        frames.append(tone.frame(band)[0])
    whole = np.concatenate(frames)
    assert level_dbov(whole) == pytest.approx(LEVEL_DBOV, abs=0.2)
    assert np.array_equal(frames[0], frames[200])
    assert np.abs(whole).max() < MOST
    assert steepest(whole) < STEEPEST
    assert abs(whole.mean()) < 0.5


@pytest.mark.parametrize("codec", SPOKEN, ids=lambda codec: codec.name)
def test_a_room_in_which_nobody_speaks_is_not_dead_and_all_hear_the_same(codec: Codec) -> None:
    house = Toned()
    one, other = house.call(codec), house.call(codec, room=9)
    house.run(60)
    assert level_dbov(one.recent(40)) == pytest.approx(LEVEL_DBOV, abs=3)
    assert [data[12:] for data in one.packets[-20:]] == [data[12:] for data in other.packets[-20:]]


def test_without_it_there_is_silence() -> None:
    house = Toned(tone=False)
    phone = house.call(Codec.PCMU)
    house.run(10)
    assert not phone.recent(10).any()


def test_who_listens_hears_it_while_nobody_speaks_and_not_under_speech() -> None:
    halves = added(2)
    assert there(halves) == "xx------" + "--xxxx"
    whole = halves.reshape(-1)
    assert np.abs(whole).max() < MOST
    assert steepest(whole) < STEEPEST


def test_who_talks_hears_it_while_nobody_else_does() -> None:
    first, second = added(0), added(1)
    assert there(first) == "xxxx----" + "--xxxx"
    assert there(second) == "xx------" + "xxxxxx", "the other is over before"
    for halves in (first, second):
        assert np.abs(halves).max() < MOST
        assert steepest(halves.reshape(-1)) < STEEPEST


def test_it_goes_on_without_a_gap_for_who_begins_to_talk_and_ends() -> None:
    house = Toned()
    talker = house.call(Codec.L16_16)
    house.call(Codec.L16_16)
    house.run(20)
    talker.frequency = 400.0
    house.run(30)
    talker.frequency = None
    house.run(40)
    tone = RoomTone(LEVEL_DBOV)
    expected = []
    for _ in range(90):
        tone.tick()
        expected.append(tone.frame(2)[0])
    differing = [at for at in range(90) if not np.array_equal(talker.heard[at], expected[at])]
    assert len(differing) <= 1, "where a stateful codec's listeners fall silent together"


def test_a_plain_telephone_hears_words_bit_for_bit_as_without_it() -> None:
    halves = added(2, Codec.PCMU)
    assert not halves[3:9].any()
    assert there(halves) == "xx------" + "--xxxx"


def test_it_is_heard_before_a_room_and_softly_under_a_prompt_but_not_under_music() -> None:
    house = Toned()
    clip = np.zeros(16_000, np.int16)
    house.engine.load(SharedAudio(clip, g711.encode(clip, g711.Law.MU), g711.encode(clip, g711.Law.A)))
    phone = house.call(Codec.L16_16, room=control.NO_ROOM)
    house.run(30)
    assert level_dbov(phone.recent(20)) == pytest.approx(LEVEL_DBOV, abs=1)
    house.apply(control.Play(phone.stream, 1, [control.Segment(0, 8_000)]))
    house.run(30)
    assert level_dbov(phone.recent(20)) == pytest.approx(LEVEL_DBOV - 12, abs=1)
    house.run(30)
    house.apply(control.Music(phone.stream, control.Segment(0, 8_000)))
    house.run(20)
    assert not phone.recent(10).any()
    assert steepest(np.concatenate(phone.heard)) < STEEPEST


def test_recordings_are_without_it(tmp_path: Path) -> None:
    house = Toned()
    ring, studio = Ring.private(1_024), Studio(least_free=0)
    house.engine.hand_over_through(ring)
    studio.attach("media-1", ring)
    studio.receive(Begin(17, str(tmp_path), "board", FileFormat.WAV, house.now, 1.7e9), 1.7e9)
    house.apply(control.RecordRoom(ROOM, 17))
    house.call(Codec.PCMU)
    house.run(50)
    studio.receive(messages.End(17, house.now), 1.7e9)
    for _ in range(60):
        house.now += TICK_S
        studio.advance(house.now, 1.7e9)
    [ended] = [event for event in studio.events() if isinstance(event, Ended)]
    samples, _ = soundfile.read(tmp_path / ended.files[0].name, dtype="int16")
    assert len(samples) == 8_000
    assert not samples.any()


def test_rooms_come_and_go_while_it_plays() -> None:
    house = Toned()
    phones = [house.call(Codec.PCMU, frequency=400.0), house.call(Codec.L16_16, frequency=700.0)]
    house.run(30)
    for turn in range(12):
        for phone in phones:
            house.apply(control.Route(phone.stream, (control.NO_ROOM, ROOM, 9)[(turn + phone.stream) % 3]))
        house.run(3)
    house.apply(control.CloseStream(2))
    del house.phones[2]
    house.run(5)
    phones[0].frequency = None
    house.run(40)
    assert level_dbov(phones[0].recent(20)) == pytest.approx(LEVEL_DBOV, abs=2)

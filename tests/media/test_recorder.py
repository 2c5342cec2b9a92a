"""Recordings: what was said, where it was asked for, in the loudness of a prompt, and nothing where nothing was said."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import g711
from dsp.level import rms_dbov
from dsp.utterance import active_level
from media import control
from media.arena import ArenaAudio
from media.control import RecordingEnded, Segment
from media.playback import SharedAudio
from media.recorder import FADE_SAMPLES, LEVEL_DBOV, MARGIN_FRAMES, TICK_COST, Recorder
from media.speakers import Said
from tests.dsp.speech import frames, noise, voice, whole
from tests.media.wire import G711, Phone, World, packet

STATIC, ARENA = 1_600, 160_000
RATE_HZ = 8_000


class Studio(World):
    """Phones, and an arena for what they say."""

    def __init__(self) -> None:
        super().__init__()
        buffer = memoryview(bytearray(4 * (STATIC + ARENA)))
        self.audio = SharedAudio.over(buffer, STATIC + ARENA)
        self.arena = ArenaAudio.over(buffer, STATIC + ARENA, ARENA)
        self.engine.load(self.audio, self.arena)

    def record(
        self, stream: int, into: Segment | None = None, *, recording: int = 9, silence_s: float = 0.0
    ) -> None:
        self.apply(control.Record(stream, recording, into or Segment(STATIC, 48_000), silence_s))

    def say(self, phone: Phone, sound: NDArray[np.float64], *, lose: set[int] | None = None) -> None:
        """One says this, the others are silent."""
        for number, frame in enumerate(frames(sound)):
            for other in self.phones.values():
                data = other.audio(frame if other is phone else None)
                if other is not phone or number not in (lose or ()):
                    self.receive(other, data)
            self.tick()

    def ended(self) -> list[RecordingEnded]:
        return [event for event in self.events if isinstance(event, RecordingEnded)]


def name(level_dbov: float = -30.0, *, before_s: float = 0.6, after_s: float = 0.8) -> NDArray[np.float64]:
    """A second of speech on an ordinary line."""
    said = np.concatenate(
        (
            np.zeros(int(before_s * RATE_HZ)),
            voice(1.0, level_dbov, pause=0.0),
            np.zeros(int(after_s * RATE_HZ)),
        )
    )
    return said + noise(len(said) / RATE_HZ, -68)


@pytest.mark.parametrize("room", [control.NO_ROOM, 5])
@pytest.mark.parametrize("codec", G711)
def test_a_name_is_recorded_trimmed_and_levelled_in_all_three_forms(room: int, codec: control.Codec) -> None:
    studio = Studio()
    caller = studio.call(1, room=room, codec=codec)
    studio.talk(10)
    studio.record(1)
    studio.say(caller, name())
    assert studio.ended() == []
    studio.apply(control.StopRecording(1))
    studio.talk(2)
    [told] = studio.ended()
    assert (told.stream, told.recording) == (1, 9)
    assert told.length % 160 == 0
    assert told.length / 160 == pytest.approx(50 + 2 * MARGIN_FRAMES, abs=4)
    pcm = studio.arena.read(Segment(STATIC, told.length))
    assert active_level(rms_dbov(pcm.reshape(-1, 160))) == pytest.approx(LEVEL_DBOV, abs=1.0)
    place = slice(STATIC, STATIC + told.length)
    assert (studio.audio.pcm[place] == pcm).all()
    assert (studio.audio.mu[place] == g711.encode(pcm, g711.Law.MU)).all()
    assert (studio.audio.a[place] == g711.encode(pcm, g711.Law.A)).all()
    assert not studio.audio.pcm[:STATIC].any()
    assert abs(int(pcm[0])) <= 1
    assert abs(int(pcm[-1])) <= 1


def test_what_was_recorded_is_what_was_said() -> None:
    studio = Studio()
    caller = studio.call(1)
    studio.talk(10)
    studio.record(1)
    said = name()
    studio.say(caller, said)
    studio.apply(control.StopRecording(1))
    studio.talk(2)
    [told] = studio.ended()
    heard = studio.arena.read(Segment(STATIC, told.length)).astype(float)
    match = np.correlate(said, heard[FADE_SAMPLES:-FADE_SAMPLES], "valid").max()
    power = np.sqrt((heard**2).sum() * (voice(1.0, -30.0, pause=0.0) ** 2).sum())
    assert match / power > 0.97


def test_a_recorded_name_can_be_played_at_once() -> None:
    studio = Studio()
    caller, listener = studio.call(1), studio.call(2)
    studio.talk(10)
    studio.record(1)
    studio.say(caller, name())
    studio.apply(control.StopRecording(1))
    studio.talk(2)
    [told] = studio.ended()
    studio.apply(control.Play(2, 4, [Segment(STATIC, told.length)]))
    ticks = told.length // 160
    studio.talk(ticks + 2)
    assert control.PlaybackEnded(4, stream=2) in studio.events
    heard = listener.samples(ticks + 2)[: told.length]
    assert np.abs(heard - studio.arena.read(Segment(STATIC, told.length))).max() < 1_100  # a step of mu-law


@pytest.mark.parametrize("level_dbov", [-44.0, -36.0, -22.0, -12.0, -6.0])
def test_whoever_speaks_softly_or_loudly_is_as_loud_as_all_and_never_clipped(level_dbov: float) -> None:
    studio = Studio()
    caller = studio.call(1)
    studio.talk(10)
    studio.record(1)
    studio.say(caller, name(level_dbov))
    studio.apply(control.StopRecording(1))
    studio.talk(2)
    [told] = studio.ended()
    pcm = studio.arena.read(Segment(STATIC, told.length))
    assert active_level(rms_dbov(pcm.reshape(-1, 160))) == pytest.approx(LEVEL_DBOV, abs=1.5)
    assert np.abs(pcm.astype(int)).max() < 32_767


NOTHING = {
    "silence": np.zeros(3 * RATE_HZ),
    "the noise of a line": noise(3.0, -50),
    "the noise of a bad line": noise(3.0, -40),
    "a click": np.where(np.arange(3 * RATE_HZ) // 40 == 200, 20_000.0, 0.0) + noise(3.0, -60),
    "a tone": 3_000 * np.sin(2 * np.pi * 425 * np.arange(3 * RATE_HZ) / RATE_HZ),
    "a direct current": np.full(3 * RATE_HZ, 4_000.0) + noise(3.0, -60),
}


@pytest.mark.parametrize("what", NOTHING)
def test_what_is_no_speech_is_told_as_nothing(what: str) -> None:
    studio = Studio()
    caller = studio.call(1)
    studio.talk(10)
    studio.record(1)
    studio.say(caller, NOTHING[what])
    studio.apply(control.StopRecording(1))
    studio.talk(2)
    assert studio.ended() == [RecordingEnded(1, 9, 0)]


def test_a_direct_current_under_a_voice_is_taken_out() -> None:
    studio = Studio()
    caller = studio.call(1)
    studio.talk(10)
    studio.record(1)
    studio.say(caller, name() + 2_000)
    studio.apply(control.StopRecording(1))
    studio.talk(2)
    [told] = studio.ended()
    assert told.length / 160 == pytest.approx(60, abs=4)
    assert abs(studio.arena.read(Segment(STATIC, told.length)).mean()) < 250


def test_silence_ends_a_recording_only_after_something_was_said() -> None:
    studio = Studio()
    caller = studio.call(1)
    studio.talk(10)
    studio.record(1, silence_s=1.0)
    studio.say(caller, noise(4.0, -68))
    assert studio.ended() == []
    studio.say(caller, name(before_s=0.0, after_s=0.9))
    assert studio.ended() == []
    studio.say(caller, noise(0.6, -68))
    [told] = studio.ended()
    assert told.length / 160 == pytest.approx(60, abs=4)


def test_without_a_limit_silence_ends_nothing() -> None:
    studio = Studio()
    caller = studio.call(1)
    studio.record(1)
    studio.say(caller, name(after_s=4.0))
    assert studio.ended() == []


def test_a_recording_ends_when_its_segment_is_full_and_writes_nothing_beyond() -> None:
    studio = Studio()
    caller = studio.call(1)
    studio.talk(10)
    into = Segment(STATIC + 800, 60 * 160 + 100)  # not a whole number of frames, nor aligned
    studio.record(1, into)
    studio.say(caller, voice(2.0, -25) + noise(2.0, -68))
    [told] = studio.ended()
    assert 0 < told.length <= 60 * 160
    assert not studio.arena.read(Segment(STATIC, 800)).any()
    after = studio.arena.read(Segment(into.offset + 60 * 160, 16_000))
    assert not after.any()


def test_keys_are_not_in_a_recording() -> None:
    studio = Studio()
    caller = studio.call(1)
    studio.talk(10)
    studio.record(1, Segment(STATIC, 16_000))
    beep = 8_000 * np.sin(2 * np.pi * 697 * np.arange(160) / RATE_HZ)
    for tick in range(60):
        pressed = 20 <= tick < 35
        if pressed:  # the phone sends the event, and its tone in the audio as well
            event = bytes((5, 10)) + (160 * (tick - 19)).to_bytes(2, "big")
            studio.receive(
                caller, packet(event, sequence=caller.sequence, timestamp=99_000, payload_type=101)
            )
            caller.sequence += 1
        studio.receive(caller, caller.audio(whole(beep) if pressed else None))
        studio.tick()
    recorded = np.abs(studio.audio.pcm[STATIC : STATIC + 16_000].astype(int)).reshape(-1, 160).max(axis=1)
    assert np.count_nonzero(recorded > 1_000) <= 4  # what comes after the last packet of the event


def test_a_lost_packet_leaves_no_hole() -> None:
    studio = Studio()
    caller = studio.call(1)
    studio.talk(10)
    studio.record(1, Segment(STATIC, 40 * 160))
    tone = 6_000 * np.sin(2 * np.pi * 300 * np.arange(45 * 160) / RATE_HZ)
    studio.say(caller, tone[: 30 * 160], lose={15})
    levels = rms_dbov(studio.audio.pcm[STATIC + 5 * 160 : STATIC + 25 * 160].reshape(-1, 160))
    assert levels.min() > levels.max() - 6


def test_a_row_that_closes_tells_its_recording_first() -> None:
    studio = Studio()
    caller = studio.call(1)
    studio.talk(10)
    studio.record(1)
    studio.say(caller, name())
    del studio.phones[1]
    studio.apply(control.CloseStream(1, moves=True))
    assert not studio.engine.idle
    studio.tick()
    told, closed = [
        event for event in studio.events if isinstance(event, RecordingEnded | control.StreamClosed)
    ]
    assert isinstance(told, RecordingEnded)
    assert told.length / 160 == pytest.approx(60, abs=4)
    assert isinstance(closed, control.StreamClosed)
    assert closed.packets_in > 100
    assert studio.engine.idle


def test_who_moves_does_not_wait_for_the_recordings_of_others() -> None:
    studio = Studio()
    for number in range(1, 13):
        studio.call(number)
        studio.record(number, Segment(STATIC + (number - 1) * 13_000, 13_000), recording=number)
    for frame in frames(name(before_s=0.3, after_s=0.2)):
        for phone in studio.phones.values():
            studio.receive(phone, phone.audio(frame))
        studio.tick()
    for number in range(1, 13):
        studio.apply(control.StopRecording(number))
    del studio.phones[12]
    studio.apply(control.CloseStream(12, moves=True))
    studio.tick()
    assert studio.ended()[0].stream == 12
    assert any(isinstance(event, control.StreamClosed) for event in studio.events)
    assert len(studio.ended()) < 12
    studio.talk(12)
    assert [told.stream for told in studio.ended()] == [12, *range(1, 12)]
    assert all(told.length > 6_000 for told in studio.ended())


def test_another_recording_ends_the_one_before() -> None:
    studio = Studio()
    caller = studio.call(1)
    studio.talk(10)
    studio.record(1, recording=1)
    studio.say(caller, name())
    studio.record(1, Segment(STATIC + 48_000, 48_000), recording=2)
    studio.say(caller, name())
    studio.apply(control.StopRecording(1))
    studio.apply(control.StopRecording(1))
    studio.talk(3)
    assert [told.recording for told in studio.ended()] == [1, 2]
    assert all(told.length > 8_000 for told in studio.ended())


@pytest.mark.parametrize(
    "into",
    [
        Segment(0, 160),
        Segment(STATIC - 1, 320),
        Segment(STATIC + ARENA, 160),
        Segment(STATIC, 0),
        Segment(-5, 3),
        Segment(STATIC, 159),
    ],
)
def test_what_is_not_of_the_arena_is_never_written_and_that_is_told(into: Segment) -> None:
    studio = Studio()
    caller = studio.call(1)
    studio.apply(control.Record(1, 3, into))
    studio.say(caller, name())
    assert studio.ended() == [RecordingEnded(1, 3, 0)]
    assert not studio.audio.pcm.any()


def test_before_anything_is_loaded_nothing_can_be_recorded() -> None:
    world = World()
    world.call(1)
    world.apply(control.Record(1, 3, Segment(0, 1_600)))
    world.apply(control.Record(77, 4, Segment(0, 1_600)))
    world.talk(2)
    assert {RecordingEnded(1, 3, 0), RecordingEnded(77, 4, 0)} <= set(world.events)


def test_other_audio_ends_what_is_recorded_into_the_old() -> None:
    studio = Studio()
    caller = studio.call(1)
    studio.talk(10)
    studio.record(1)
    studio.say(caller, name())
    buffer = memoryview(bytearray(4 * 1_600))
    studio.engine.load(SharedAudio.over(buffer, 1_600), ArenaAudio.over(buffer, 1_600, 800))
    studio.talk(5)
    [told] = studio.ended()
    assert told.length > 8_000
    assert not any(buffer)


def test_a_muted_row_is_recorded_and_its_gain_is_not() -> None:
    studio = Studio()
    caller, listener = studio.call(1, room=5), studio.call(2, room=5)
    studio.apply(control.Mute(1, muted=True))
    studio.apply(control.Gain(1, 20.0))
    studio.talk(10)
    studio.record(1, Segment(STATIC, 48_000))
    studio.say(caller, name(-30))
    assert np.abs(listener.samples(100)).max() == 0
    levels = rms_dbov(studio.audio.pcm[STATIC : STATIC + 19_200].reshape(-1, 160))
    assert active_level(levels) == pytest.approx(-30, abs=1.0)


def said_by(count: int, sound: NDArray[np.int16], *, loud: bool) -> Said:
    return Said(np.arange(count), np.repeat(sound[None], count, axis=0), np.full(count, loud))


def test_five_hundred_record_at_once_and_end_one_after_another() -> None:
    count, ticks = 500, 100
    samples = count * ticks * 160
    audio = ArenaAudio.over(memoryview(bytearray(4 * samples)), samples, samples)
    recorder = Recorder(count)
    recorder.load(audio)
    for row in range(count):
        recorder.begin(row, row + 1, row + 1_000, Segment(row * ticks * 160, ticks * 160), 0.0)
    spoken = frames(name(before_s=0.4, after_s=0.6))
    for tick in range(ticks):
        said = said_by(count, spoken[tick], loud=True)
        assert bool(recorder.take(said)) == (tick == ticks - 1)
    told: list[RecordingEnded] = []
    rounds = 0
    while not recorder.idle:
        some = recorder.work()
        assert len(some) <= 1 + TICK_COST // ticks
        told += some
        rounds += 1
    assert [each.stream for each in told] == list(range(1, count + 1))
    assert {each.length for each in told} == {told[0].length}
    assert told[0].length > 8_000
    assert rounds > 50


def test_a_long_message_is_mastered_in_pieces() -> None:
    samples = 60 * RATE_HZ
    audio = ArenaAudio.over(memoryview(bytearray(4 * samples)), samples, samples)
    recorder = Recorder(1)
    recorder.load(audio)
    recorder.begin(0, 1, 2, Segment(0, samples), 0.0)
    for frame in frames(voice(60.0, -28) + noise(60.0, -68)):
        recorder.take(said_by(1, frame, loud=True))
    rounds = 0
    told: list[RecordingEnded] = []
    while not told:
        assert recorder.owes(1)
        told = recorder.work()
        rounds += 1
    assert rounds > 5
    assert told[0].length > 59 * RATE_HZ
    assert active_level(rms_dbov(audio.pcm[: told[0].length].reshape(-1, 160))) == pytest.approx(
        LEVEL_DBOV, abs=1
    )
    assert (audio.mu[: told[0].length] == g711.encode(audio.pcm[: told[0].length], g711.Law.MU)).all()

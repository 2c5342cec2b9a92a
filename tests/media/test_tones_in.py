"""Keys as tones: each is told once, and nobody hears it."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import g711
from dsp.dtmf import KEYS
from dsp.tones import DTMF_HZ
from media import control
from media.arena import ArenaAudio
from media.playback import SharedAudio
from tests.dsp import keypad
from tests.media.wire import G711, Phone, World, packet, power_at, tone

LEAK_MS = 20.0
"""So much of a key may be heard by others, as the energy of its full loudness for so long."""
ROOM = 1


def told(world: World, stream: int = 1) -> str:
    """The keys of a stream that came as tones."""
    keys = [event for event in world.events if isinstance(event, control.DigitReceived)]
    assert all(event.way == "tone" for event in keys)
    return "".join(event.digit for event in keys if event.stream == stream)


def heard_ms(samples: NDArray[np.int16], digit: str) -> float:
    """How long the digit sounds in some samples, were it as loud as `keypad.key` makes it."""
    pieces = samples[: len(samples) // 40 * 40].reshape(-1, 40)  # 5 ms
    loud = [sum(power_at(piece, hz) ** 2 for hz in DTMF_HZ[digit]) for piece in pieces]
    full = keypad.key(digit, 40)
    return 5 * sum(loud) / sum(power_at(full.astype(np.int16), hz) ** 2 for hz in DTMF_HZ[digit])


class Line:
    """A room of two: one sends any sound, the other listens."""

    def __init__(
        self, *, tones: bool = True, codec: control.Codec = control.Codec.PCMA, room: int = ROOM
    ) -> None:
        self.world = World(8)
        self.speaker = self.world.call(1, room=room, codec=codec, telephone_event=-1, tones=tones)
        self.listener = self.world.call(2, room=ROOM)
        self.world.talk(20)

    def say(
        self, sound: NDArray[np.float64], *, lost: Callable[[int], bool] = lambda _: False, each: int = 160
    ) -> NDArray[np.int16]:
        """Send a sound; returns what the other hears of it, with all that comes after."""
        samples = np.concatenate([keypad.whole(sound), np.zeros(-len(sound) % 320 + 1_600, np.int16)])
        codes = g711.encode(samples, self.speaker.law)
        before, sent = len(self.listener.heard), 0
        for tick in range(len(codes) // 160):
            while (tick + 1) * 160 >= sent + each:
                data = packet(
                    codes[sent : sent + each].tobytes(),
                    sequence=self.speaker.sequence,
                    timestamp=self.speaker.timestamp,
                    payload_type=int(self.speaker.law is g711.Law.A) * 8,
                )
                self.speaker.sequence += 1
                self.speaker.timestamp += each
                sent += each
                if not lost(tick):
                    self.world.receive(self.speaker, data)
            self.world.receive(self.listener, self.listener.audio())
            self.world.tick()
        self.world.talk(10)
        return np.concatenate(self.listener.heard[before:])


@pytest.mark.parametrize("codec", G711)
@pytest.mark.parametrize("each", [80, 160, 320])
def test_every_key_is_told_once(codec: control.Codec, each: int) -> None:
    line = Line(codec=codec)
    line.say(keypad.dialled(KEYS, np.random.default_rng(1)), each=each)
    assert told(line.world) == KEYS


def test_keys_are_told_of_whoever_is_in_no_room() -> None:
    """Passcodes are keyed before anybody can hear them."""
    line = Line(room=control.NO_ROOM)
    line.say(keypad.dialled("123#", np.random.default_rng(2)))
    assert told(line.world) == "123#"


def test_without_being_wanted_tones_are_what_people_hear() -> None:
    line = Line(tones=False)
    heard = line.say(keypad.key("5", 200))
    assert told(line.world) == ""
    assert heard_ms(heard, "5") > 150


@pytest.mark.parametrize("digit", "159D")
@pytest.mark.parametrize("milliseconds", [40, 100, 400])
def test_nobody_hears_more_than_the_beginning_of_a_key(digit: str, milliseconds: int) -> None:
    for shift_ms in range(0, 20, 3):
        line = Line()
        heard = line.say(np.concatenate([keypad.pause(shift_ms), keypad.key(digit, milliseconds)]))
        assert told(line.world) == digit
        assert heard_ms(heard, digit) <= LEAK_MS


def test_nobody_hears_keys_of_a_noisy_line() -> None:
    random = np.random.default_rng(4)
    key = keypad.key("8", 120)
    for _ in range(6):
        sound = np.concatenate([keypad.pause(random.uniform(0, 20)), key, keypad.pause(60)])
        heard = Line().say(keypad.noisy(sound, 15, key, random))
        assert heard_ms(heard, "8") <= LEAK_MS


def test_losses_bring_no_tone_back() -> None:
    """What stands for a lost frame is made of what came before: that must not be the key."""
    random = np.random.default_rng(5)
    for _ in range(8):
        line = Line()
        sound = np.concatenate([keypad.pause(random.uniform(0, 20)), keypad.key("2", 200)])
        away = set(random.choice(np.arange(2, 14), 2, replace=False).tolist())
        heard = line.say(sound, lost=away.__contains__)
        assert told(line.world) == "2"
        assert heard_ms(heard, "2") <= LEAK_MS


@pytest.mark.parametrize("loss", [0.01, 0.05])
def test_keys_come_through_a_network_that_loses(loss: float) -> None:
    random = np.random.default_rng(6)
    line = Line()
    digits = "".join(random.choice(list(KEYS), 40))
    line.say(keypad.dialled(digits, random, tone_ms=100, pause_ms=80), lost=lambda _: random.random() < loss)
    assert told(line.world) == digits


def test_keys_come_through_a_network_that_is_late() -> None:
    """Frames that wait, are made up for and then come, and a delay that shrinks again, are no part of a tone."""
    random = np.random.default_rng(7)
    line = Line()
    digits = "".join(random.choice(list(KEYS), 60))
    codes = g711.encode(keypad.whole(keypad.dialled(digits, random, tone_ms=80, pause_ms=60)), g711.Law.A)
    waiting: list[tuple[float, bytes]] = []
    for tick in range(len(codes) // 160 + 30):
        line.speaker.sequence += 1
        line.speaker.timestamp += 160
        frame = codes[tick * 160 : tick * 160 + 160]
        if len(frame) == 160:
            data = packet(
                frame.tobytes(),
                sequence=line.speaker.sequence,
                timestamp=line.speaker.timestamp,
                payload_type=8,
            )
            waiting.append((tick + random.exponential(0.8) * (tick // 60 % 2), data))
        for _, data in sorted(each for each in waiting if each[0] <= tick):
            line.world.receive(line.speaker, data)
        waiting = [each for each in waiting if each[0] > tick]
        line.world.tick()
    assert told(line.world) == digits


def test_who_sends_nothing_between_keys_pressed_them_one_by_one() -> None:
    """Silence that is not sent is a pause, not a loss."""
    line = Line()
    for _ in range(3):
        line.say(keypad.key("7", 80))
        line.speaker.timestamp += 1_600
        for _ in range(10):
            line.world.tick()
    assert told(line.world) == "777"


def test_a_voice_before_and_after_a_key_is_heard_without_a_click() -> None:
    line = Line()
    voice = tone(300, 3_200, amplitude=4_000).astype(np.float64)
    heard = line.say(np.concatenate([voice, keypad.key("1", 100), voice]))
    assert told(line.world) == "1"
    assert heard_ms(heard, "1") <= LEAK_MS
    loud = np.abs(heard).reshape(-1, 160).max(axis=1) > 3_000
    assert 36 <= loud.sum() <= 41, "400 ms before and 400 ms after, but for a frame or so"
    quiet_begins = int(np.flatnonzero(loud)[0])
    silence = np.flatnonzero(~loud[quiet_begins:])[0] + quiet_begins
    steps = np.abs(np.diff(heard.astype(np.int32)))[(silence + 1) * 160 :]
    assert steps.max() <= 2_000, "a 300 Hz tone of that loudness steps by 940"


def test_a_key_is_not_somebody_speaking() -> None:
    line = Line()
    speaking = []
    codes = g711.encode(keypad.whole(keypad.key("4", 400)), g711.Law.A).reshape(-1, 160)
    for frame in codes:
        line.world.receive(line.speaker, line.speaker.audio(g711.decode(frame, g711.Law.A)))
        line.world.tick()
        speaking.append(bool(line.world.engine.streams.speaking[line.speaker.row]))
    assert sum(speaking) == 0


def test_a_recorded_name_has_no_key_in_it() -> None:
    """People end the recording of their name with a key."""
    line = Line(room=control.NO_ROOM)
    memory = bytearray(4 * 160_000)
    samples = 160_000
    audio = SharedAudio.over(memoryview(memory), samples)
    arena = ArenaAudio.over(memoryview(memory), samples, samples)
    line.world.engine.load(audio, arena)
    line.world.apply(control.Record(1, 9, control.Segment(0, samples)))
    voice = np.concatenate([tone(hz, 800, amplitude=4_000 - hz) for hz in (200, 900, 350, 1_100, 250, 500)])
    line.say(np.concatenate([voice.astype(np.float64), keypad.pause(100), keypad.key("#", 150)]))
    line.world.apply(control.StopRecording(1))
    line.world.talk(5)
    [ended] = [event for event in line.world.events if isinstance(event, control.RecordingEnded)]
    assert ended.length > 4_000
    kept = np.frombuffer(memory, np.int16, ended.length)
    assert told(line.world) == "#"
    assert heard_ms(kept, "#") <= LEAK_MS


def test_a_peer_that_begins_to_send_events_is_no_longer_listened_to() -> None:
    """An answer may bring telephone-events after early media had none."""
    line = Line()
    line.world.apply(control.UpdateStream(1, control.Format(control.Codec.PCMA, 8, 101)))
    line.say(keypad.key("3", 100))
    assert told(line.world) == ""
    line.world.apply(control.UpdateStream(1, control.Format(control.Codec.PCMA, 8, tones=True)))
    line.say(keypad.key("3", 100))
    assert told(line.world) == "3"


def test_a_new_stream_in_the_row_does_not_have_the_old_ones_key() -> None:
    line = Line()
    for frame in keypad.whole(keypad.key("6", 60)).reshape(-1, 160):
        line.world.receive(line.speaker, line.speaker.audio(frame))
        line.world.tick()
    assert told(line.world) == "6"
    row = line.speaker.row
    line.world.apply(control.CloseStream(1))
    del line.world.phones[1]
    assert line.world.engine._tones_in.idle
    fresh: Phone = line.world.call(3, room=ROOM, telephone_event=-1, tones=True)
    assert fresh.row == row
    for frame in keypad.whole(keypad.key("6", 60)).reshape(-1, 160):
        line.world.receive(fresh, fresh.audio(frame))
        line.world.tick()
    line.world.talk(5)
    assert told(line.world, 3) == "6"


@pytest.mark.parametrize("shift", range(0, 160, 40))
@pytest.mark.parametrize("late_s", [0.0, 0.1])
def test_a_tone_under_an_event_is_hardly_heard_either(shift: int, late_s: float) -> None:
    """Gateways that know both ways send the tone until they know it for one, and telephones may go on under the event.

    Where the network is late, the audio waits in the jitter buffer and the event does not.
    """
    world = World(8)
    speaker = world.call(1, room=ROOM)
    listener = world.call(2, room=ROOM)
    world.talk(30)
    if late_s:
        waiting = [speaker.audio() for _ in range(round(late_s / 0.02))]
        for _ in waiting:
            world.tick()
        world.receive(speaker, *waiting)
        world.talk(10)
    begins, ends = 1_600 + shift, 2_400 + shift
    sound = np.zeros(6_400, np.int16)
    sound[begins:ends] = keypad.whole(keypad.key("9", 100))
    base, sent = speaker.timestamp, 0
    before = len(listener.heard)
    for frame in sound.reshape(-1, 160):
        world.receive(speaker, speaker.audio(frame))
        at = speaker.timestamp - base
        if begins < at and sent < 3:
            end = at >= ends
            sent += end
            payload = struct.pack("!BBH", 9, 0x8A if end else 0x0A, min(at, ends) - begins)
            world.receive(
                speaker, packet(payload, sequence=speaker.sequence, timestamp=base + begins, payload_type=101)
            )
            speaker.sequence += 1
        world.receive(listener, listener.audio())
        world.tick()
    heard = np.concatenate(listener.heard[before:])
    assert [event.digit for event in world.events if isinstance(event, control.DigitReceived)] == ["9"]
    assert heard_ms(heard, "9") <= LEAK_MS

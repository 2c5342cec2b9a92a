"""The way in: what a packet becomes, and why it goes no further."""

from __future__ import annotations

import numpy as np
import pytest

from dsp import g711
from media import control, rtp
from media.rtp import Drop
from tests.media.wire import G711, HERE, World, packet, power_at, tone

LOUD = 4_000.0
STRANGER = ("203.0.113.9", 999)


def test_a_key_is_reported_once_and_its_tone_reaches_nobody() -> None:
    world = World()
    one, two = world.call(1, room=5), world.call(2, room=5)
    world.talk(20)
    stamp = one.timestamp
    for k in range(5):
        event = bytes((5, 10)) + (160 * (k + 1)).to_bytes(2, "big")
        beep = tone(770.0, 160) + tone(1_336.0, 160)
        world.receive(
            one, packet(event, sequence=9_000 + k, timestamp=stamp, payload_type=101), one.audio(beep)
        )
        world.receive(two, two.audio())
        world.tick()
    for k in range(3):
        world.receive(
            one, packet(bytes((5, 0x8A, 3, 0x20)), sequence=9_010 + k, timestamp=stamp, payload_type=101)
        )
    world.talk(10)
    assert [event for event in world.events if isinstance(event, control.DigitReceived)] == [
        control.DigitReceived(1, "5")
    ]
    # The buffer plays a little later than the key is seen: what leaks is at most the frames already on their way.
    assert np.abs(two.samples(12)).max() < 100


def test_unknown_payload_types_and_broken_packets_are_counted_by_reason() -> None:
    world = World()
    caller = world.call(1)
    world.receive(
        caller,
        packet(b"x" * 160, sequence=1, timestamp=1, payload_type=96),
        b"\x80\x00",
        packet(b"", sequence=2, timestamp=2),
        packet(b"x" * 20, sequence=3, timestamp=3, first=0x40),
        packet(b"x" * 20, sequence=4, timestamp=3, first=0x9F),
        packet(b"x" * rtp.SLOT_BYTES, sequence=5, timestamp=3),
    )
    world.tick()
    assert world.engine.drops == {
        Drop.PAYLOAD_TYPE: 1,
        Drop.SHORT: 1,
        Drop.EMPTY: 1,
        Drop.VERSION: 1,
        Drop.LENGTH: 1,
        Drop.TOO_LONG: 1,
    }


def test_a_key_that_replaces_the_voice_is_not_counted_as_lost_packets() -> None:
    world = World()
    caller = world.call(1)
    world.talk(5)
    for tick in range(5):
        payload = bytes((5, 10)) + (160 * (tick + 1)).to_bytes(2, "big")
        data = packet(payload, sequence=caller.sequence, timestamp=caller.timestamp, payload_type=101)
        caller.sequence += 1
        world.receive(caller, data, data)
        world.tick()
    caller.timestamp += 5 * 160
    for _ in range(3):  # linphone and sipp repeat the end under one sequence number
        data = packet(
            bytes((5, 0x8A, 3, 0x20)), sequence=caller.sequence, timestamp=caller.timestamp, payload_type=101
        )
        world.receive(caller, data)
    caller.sequence += 1
    world.talk(5)
    world.apply(control.CloseStream(1))
    closed = world.engine.events()[-1]
    assert isinstance(closed, control.StreamClosed)
    assert (closed.lost, closed.duplicate, closed.packets_in) == (0, 0, 10)


def test_a_key_under_another_ssrc_is_a_digit_and_does_not_disturb_the_voice() -> None:
    world = World()
    caller, listener = world.call(1, room=5), world.call(2, room=5)
    world.talk(20, p1=440.0)
    data = packet(bytes((7, 0x8A, 3, 0x20)), sequence=30_000, timestamp=9, payload_type=101, ssrc=0x0E05384E)
    world.receive(caller, data, data, data)
    world.talk(10, p1=440.0)
    assert control.DigitReceived(1, "7") in world.events
    assert len([event for event in world.events if isinstance(event, control.DigitReceived)]) == 1
    assert np.abs(np.diff(listener.samples(12).astype(int))).max() < 3_200
    assert not world.engine.drops


def test_a_stray_packet_is_counted_and_changes_nothing() -> None:
    world = World()
    caller, listener = world.call(1, room=5), world.call(2, room=5)
    world.talk(20, p1=440.0)
    world.receive(caller, packet(b"\x00" * 160, sequence=caller.sequence + 9_000, timestamp=77))
    world.talk(10, p1=440.0)
    assert world.engine.drops == {Drop.STRAY: 1}
    assert np.abs(np.diff(listener.samples(12).astype(int))).max() < 3_200


@pytest.mark.parametrize(
    ("timestamp", "sequence", "ssrc"),
    [
        (-400, 0, 7),
        (-8_000, 0, 7),
        (-8_000 * 3_600, 0, 7),
        (8_000 * 3_600, 0, 7),
        (2_400, 0, 7),
        (0, 10_000, 7),
        (0, -10_000, 7),
        (-64_000, -400, 7),
        (123_456_789, 12_345, 99),
    ],
)
def test_a_clock_or_numbering_that_jumps_costs_three_frames_at_most(
    timestamp: int, sequence: int, ssrc: int
) -> None:
    world = World()
    caller, listener = world.call(1, room=5), world.call(2, room=5)
    for tick in range(100):
        if tick == 50:
            caller.timestamp += timestamp
            caller.sequence += sequence
        codes = g711.encode(tone(440.0, 160, start=160 * tick), g711.Law.MU).tobytes()
        data = packet(
            codes, sequence=caller.sequence, timestamp=caller.timestamp, ssrc=7 if tick < 50 else ssrc
        )
        caller.sequence += 1
        caller.timestamp += 160
        world.receive(caller, data)
        world.tick()
    heard = np.array(listener.heard).astype(float)
    soft = np.flatnonzero(np.sqrt((heard[5:] ** 2).mean(axis=1)) < 2_000)
    assert len(soft) <= 3
    # No burst of noise where the two meet: concealed and faded, at most the tone's own slope and a little.
    assert np.abs(np.diff(heard.ravel())).max() < 4_500
    assert np.abs(heard).max() < 9_500
    world.apply(control.CloseStream(1))
    closed = world.engine.events()[-1]
    assert isinstance(closed, control.StreamClosed)
    assert closed.lost == 0


def test_packets_that_waited_behind_the_one_that_locked_are_heard_only_from_its_source() -> None:
    world = World()
    caller, listener = world.call(1, room=5, latched=False), world.call(2, room=5)
    noise = [packet(bytes(range(160)), sequence=900 + k, timestamp=160 * k, ssrc=9) for k in range(4)]
    world.receive(caller, caller.audio(), source=HERE)
    world.receive(caller, *noise, source=STRANGER)
    world.talk(5)
    assert world.engine.drops[Drop.FOREIGN_SOURCE] == 4
    assert world.engine.streams.foreign[caller.row] == 4
    assert np.abs(listener.samples(5)).max() == 0


def test_a_stranger_is_not_heard() -> None:
    world = World()
    caller, listener = world.call(1, room=5, latched=False), world.call(2, room=5)
    for k in range(50):
        noise = g711.encode(tone(500.0, 160), g711.Law.MU).tobytes()
        stray = packet(noise, sequence=k * 7, timestamp=k * 160, ssrc=k)
        world.receive(caller, stray, source=("203.0.113.9", 999))
        world.tick()
    assert np.abs(listener.samples(40)).max() == 0
    assert world.engine.drops[Drop.FOREIGN_SOURCE] == 50


def test_who_holds_us_may_not_send_and_is_heard_again_when_he_resumes() -> None:
    world = World()
    caller, listener = world.call(1, room=5), world.call(2, room=5)
    world.talk(10)
    held = control.Format(control.Codec.PCMU, 0, 101, receive=False)
    world.apply(control.UpdateStream(1, held))
    world.talk(10, p1=440.0)
    assert world.engine.drops == {Drop.NOT_RECEIVING: 10}
    assert np.abs(listener.samples(10)).max() == 0
    world.receive(caller, packet(bytes((5, 0x8A, 3, 0x20)), sequence=1, timestamp=9, payload_type=101))
    world.tick()
    assert world.events == []
    world.apply(control.UpdateStream(1, control.Format(control.Codec.PCMU, 0, 101)))
    world.talk(5, p1=440.0)
    assert power_at(listener.samples(2), 440.0) > LOUD


def test_comfort_noise_is_life_and_neither_sound_nor_loss() -> None:
    world = World()
    caller, listener = world.call(1, room=5, rtp_timeout_s=3.0), world.call(2, room=5)
    world.talk(10)
    for tick in range(200):
        caller.timestamp += 160
        if tick % 10 == 0:
            noise = packet(b"\x20", sequence=caller.sequence, timestamp=caller.timestamp, payload_type=13)
            caller.sequence += 1
            world.receive(caller, noise)
        world.receive(listener, listener.audio())
        world.tick()
    world.talk(10, p1=440.0)
    assert power_at(listener.samples(2), 440.0) > LOUD
    assert world.events == []
    assert not world.engine.drops
    world.apply(control.CloseStream(1))
    closed = world.engine.events()[-1]
    assert isinstance(closed, control.StreamClosed)
    assert closed.lost == 0


def test_a_pause_that_comfort_noise_announces_is_not_concealed() -> None:
    concealed = []
    for announced in (True, False):
        world = World()
        talker, listener = world.call(1, room=5), world.call(2, room=5)
        for tick in range(60):
            if tick < 30:
                world.receive(talker, talker.audio(tone(440.0, 160, start=160 * tick)))
            elif tick == 30 and announced:
                world.receive(
                    talker,
                    packet(b"\x20", sequence=talker.sequence, timestamp=talker.timestamp, payload_type=13),
                )
            world.receive(listener, listener.audio())
            world.tick()
        concealed.append(int(world.engine.streams.concealed[talker.row]))
    assert concealed[0] <= 1
    assert concealed[1] >= 10


@pytest.mark.parametrize(("codec", "numbered"), [(0, False), (0, True), (9, False), (9, True)])
def test_short_pauses_without_a_word_are_told_from_losses_by_their_numbers(
    codec: int, numbered: bool
) -> None:
    """Where packets are missing, a frame more is waited for; where the talker only paused, not (`media.delay.LOSSY`)."""
    world = World()
    phone = world.call(1, room=5, codec=control.Codec(codec))
    waits = []
    for tick in range(400):
        if tick % 20 < 15:
            data = bytearray(phone.audio(np.full(160, 1_000, np.int16)))
            data[1] = data[1] & 0x80 | codec
            world.receive(phone, bytes(data))
        else:
            phone.timestamp += 160
            phone.sequence += numbered
        world.tick()
        waits.append(float(world.engine.streams.delay_ms[phone.row]))
    assert max(waits[20:]) == pytest.approx(waits[12] + (20 if numbered else 0), abs=1)


def test_packets_of_a_batch_are_taken_in_order_however_many_a_row_has() -> None:
    world = World()
    caller, listener = world.call(1, room=5), world.call(2, room=5)
    world.talk(20, p1=440.0)
    for _ in range(5):
        packets = [caller.audio(tone(440.0, 160, start=caller.timestamp)) for _ in range(4)]
        for tick in range(4):
            if tick == 0:
                world.receive(caller, *packets, *packets[:2])
            world.receive(listener, listener.audio())
            world.tick()
    assert world.engine.drops[Drop.DUPLICATE] == 10
    assert Drop.LATE not in world.engine.drops
    assert np.abs(np.diff(listener.samples(10).astype(int))).max() < 3_200


@pytest.mark.parametrize("milliseconds", [10, 30, 40, 60])
@pytest.mark.parametrize("codec", G711)
def test_any_packet_time_is_heard_without_a_seam(milliseconds: int, codec: control.Codec) -> None:
    world = World()
    caller, listener = world.call(1, room=5, codec=codec), world.call(2, room=5)
    size, sent = 8 * milliseconds, 0
    for tick in range(60):
        while sent + size <= (tick + 1) * 160:
            world.receive(caller, caller.audio(tone(440.0, size, start=sent)))
            sent += size
        world.receive(listener, listener.audio())
        world.tick()
    assert np.abs(np.diff(listener.samples(40).astype(int))).max() < 3_200
    assert power_at(listener.samples(40), 440.0) > 7_500


def test_a_thousand_random_datagrams_disturb_nobody() -> None:
    random = np.random.default_rng(11)
    world = World()
    victim = world.call(1, room=5)
    talker, listener = world.call(2, room=5), world.call(3, room=5)
    for _ in range(100):
        noise = [random.bytes(int(random.integers(0, 60))) for _ in range(10)]
        world.receive(victim, *noise)
        world.receive(victim, *(bytes((0x80, 0)) + each for each in noise[:2]))
        world.receive(talker, talker.audio(tone(440.0, 160, start=talker.timestamp)))
        world.receive(listener, listener.audio())
        world.tick()
    assert power_at(listener.samples(20), 440.0) > LOUD
    assert len(listener.heard) == 100

"""The engine as callers meet it: who hears whom, what a key does, what a close leaves behind."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from dsp import g711
from media import control, rtcp
from media.playback import SharedAudio
from media.rtp import Drop
from media.sources import Carry, Connect, Target
from media.speakers import LOUDEST
from tests.media.secured import Side, keys, theirs
from tests.media.wire import HERE, Phone, World, packet, power_at, tone

LOUD = 4_000.0
FAINT = 200.0
CM_80 = control.Suite.AES_CM_128_HMAC_SHA1_80


def audio_of(pcm: np.ndarray) -> SharedAudio:
    return SharedAudio(pcm, g711.encode(pcm, g711.Law.MU), g711.encode(pcm, g711.Law.A))


def test_a_codec_that_cannot_be_spoken_here_is_refused_and_disturbs_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    one = world.call(1, room=5)
    monkeypatch.setattr("media.engine.available", lambda codec: codec != control.Codec.OPUS)
    for stream, codec in ((2, control.Codec.L16_8), (3, control.Codec.OPUS)):
        world.apply(control.OpenStream(
            stream, control.Format(codec, 97), ssrc=1, sequence=1, timestamp=1, cname="t", room=5,
        ))  # fmt: skip
        world.apply(control.UpdateStream(1, control.Format(codec, 97)))
    world.talk(5, p1=500.0)
    assert [each.stream for each in world.events if isinstance(each, control.StreamClosed)] == [2, 3]
    assert world.engine.row(1) is not None
    assert len(one.packets) == 5


def test_everybody_in_a_room_hears_the_others_and_not_himself() -> None:
    world = World()
    one, two, three = (world.call(number, room=5) for number in (1, 2, 3))
    world.talk(50, p1=500.0, p2=900.0)
    heard_by_one, heard_by_two, heard_by_three = (phone.samples(10) for phone in (one, two, three))
    assert power_at(heard_by_one, 900.0) > LOUD
    assert power_at(heard_by_one, 500.0) < FAINT
    assert power_at(heard_by_two, 500.0) > LOUD
    assert power_at(heard_by_two, 900.0) < FAINT
    assert power_at(heard_by_three, 500.0) > LOUD
    assert power_at(heard_by_three, 900.0) > LOUD


def test_rooms_do_not_hear_each_other() -> None:
    world = World()
    world.call(1, room=5)
    other = world.call(2, room=6)
    world.talk(30, p1=500.0)
    assert np.abs(other.samples(10)).max() == 0


def test_callers_of_both_laws_hear_each_other() -> None:
    world = World()
    mu = world.call(1, room=5)
    a = world.call(2, room=5, codec=control.Codec.PCMA)
    world.talk(30, p1=500.0, p2=900.0)
    assert power_at(mu.samples(10), 900.0) > LOUD
    assert power_at(a.samples(10), 500.0) > LOUD


def test_who_is_in_no_room_is_heard_by_nobody_and_hears_silence() -> None:
    world = World()
    waiting = world.call(1)
    also = world.call(2)
    world.talk(30, p1=500.0)
    assert np.abs(also.samples(10)).max() == 0
    assert np.abs(waiting.samples(10)).max() == 0


def test_a_muted_row_is_not_heard_and_the_change_makes_no_click() -> None:
    world = World()
    world.call(1, room=5)
    listener = world.call(2, room=5)
    world.talk(30, p1=440.0)
    world.apply(control.Mute(1, muted=True))
    world.talk(10, p1=440.0)
    sound = listener.samples(12).astype(int)
    # A sine of 8,000 at 440 Hz moves by 2,750 in a sample at the most; G.711 adds a little.
    assert np.abs(np.diff(sound)).max() < 3_200
    assert np.abs(sound[-800:]).max() == 0
    world.apply(control.Mute(1, muted=False))
    world.talk(10, p1=440.0)
    assert np.abs(np.diff(listener.samples(11).astype(int))).max() < 3_200
    assert power_at(listener.samples(5), 440.0) > LOUD


def test_a_steady_tone_is_still_heard_after_a_minute() -> None:
    world = World()
    world.call(1, room=5)
    listener = world.call(2, room=5)
    world.talk(3_000, p1=440.0)
    assert power_at(listener.samples(10), 440.0) > LOUD


def test_route_moves_a_caller_from_room_to_room() -> None:
    world = World()
    world.call(1, room=5)
    listener = world.call(2, room=5)
    world.talk(20, p1=500.0)
    world.apply(control.Route(1, 6))
    world.talk(5, p1=500.0)
    assert np.abs(listener.samples(3)).max() == 0
    world.apply(control.Route(2, 6))
    world.talk(5, p1=500.0)
    assert power_at(listener.samples(3), 500.0) > LOUD


def test_a_prompt_is_heard_by_its_row_alone_over_the_lowered_conversation() -> None:
    world = World()
    world.engine.load(audio_of(tone(1_500.0, 1_600)))
    world.call(1, room=5)
    listener, other = world.call(2, room=5), world.call(3, room=5)
    world.talk(20, p1=500.0)
    before = power_at(listener.samples(5), 500.0)
    world.apply(control.Play(2, 77, [control.Segment(0, 1_600)]))
    world.talk(9, p1=500.0)
    prompted = listener.samples(8)
    assert power_at(prompted, 1_500.0) > LOUD
    assert power_at(prompted, 500.0) < before / 3
    assert power_at(other.samples(8), 1_500.0) < FAINT
    world.talk(3, p1=500.0)
    assert control.PlaybackEnded(77, stream=2) in world.events
    world.talk(5, p1=500.0)
    assert power_at(listener.samples(4), 500.0) > before * 0.9


def test_prompts_queue_one_after_another_and_replace_drops_what_plays() -> None:
    world = World()
    world.engine.load(audio_of(np.concatenate((tone(500.0, 1_600), tone(900.0, 1_600)))))
    caller = world.call(1)
    world.apply(control.Play(1, 1, [control.Segment(0, 1_600)]))
    world.apply(control.Play(1, 2, [control.Segment(1_600, 1_600)]))
    world.talk(10)
    assert power_at(caller.samples(8), 500.0) > LOUD
    world.talk(10)
    assert power_at(caller.samples(8), 900.0) > LOUD
    world.apply(control.Play(1, 3, [control.Segment(0, 1_600)]))
    world.talk(3)
    world.apply(control.Play(1, 4, [control.Segment(1_600, 1_600)], replace=True))
    world.talk(14)
    assert [event.playback for event in world.events if isinstance(event, control.PlaybackEnded)] == [1, 2, 4]


def test_an_announcement_is_heard_by_the_whole_room_and_an_empty_room_ends_it_at_once() -> None:
    world = World()
    world.engine.load(audio_of(tone(1_500.0, 800)))
    one, two = world.call(1, room=5), world.call(2, room=5)
    outside = world.call(3, room=6)
    world.apply(control.PlayRoom(5, 9, [control.Segment(0, 800)]))
    world.talk(5)
    for phone in (one, two):
        assert power_at(phone.samples(4), 1_500.0) > LOUD
    assert np.abs(outside.samples(4)).max() == 0
    world.talk(2)
    assert control.PlaybackEnded(9, room=5) in world.events
    world.apply(control.PlayRoom(99, 10, [control.Segment(0, 800)]))
    assert world.engine.events() == [control.PlaybackEnded(10, room=99)]


def test_announcements_to_a_room_follow_each_other_and_never_sound_at_once() -> None:
    """C2: names at entry and exit are said one after another, however many come at once."""
    world = World()
    hz = [600.0 + 250.0 * number for number in range(6)]
    world.engine.load(audio_of(np.concatenate([tone(each, 960) for each in hz])))
    listener = world.call(1, room=5)
    world.call(2, room=5)
    for number in range(3):
        world.apply(control.PlayRoom(5, number, [control.Segment(960 * number, 960)]))
    world.talk(4)
    for number in (3, 4):  # while the first is being said
        world.apply(
            control.PlayRoom(5, number, [control.Segment(960 * number, 960), control.Segment(4_800, 960)])
        )
    world.talk(50)
    told = [event for event in world.events if isinstance(event, control.PlaybackEnded)]
    assert told == [control.PlaybackEnded(number, room=5) for number in range(5)]
    said = []
    for frame in listener.heard:
        sounding = [number for number, each in enumerate(hz) if power_at(frame, each) > 1_000]
        assert len(sounding) <= 1
        assert not sounding or power_at(frame, hz[sounding[0]]) > 7_000  # whole, and no louder than it is
        said += sounding
    assert said == [number for number in (0, 1, 2, 3, 5, 4, 5) for _ in range(6)]


def test_who_monitors_hears_the_room_is_heard_by_nobody_and_holds_no_place() -> None:
    """O4: a monitor is a muted row of the room, whatever its line says."""
    world = World()
    for number in range(1, LOUDEST + 3):
        world.call(number, room=5)
    monitor = world.phones[LOUDEST + 1]
    world.apply(control.Mute(monitor.stream, muted=True))
    hz = {number: 300.0 + 300.0 * number for number in range(1, LOUDEST + 2)}
    for _ in range(40):
        for number, phone in world.phones.items():
            amplitude = 12_000.0 if phone is monitor else 1_200.0
            frame = (
                tone(hz[number], 160, start=phone.timestamp, amplitude=amplitude) if number in hz else None
            )
            world.receive(phone, phone.audio(frame))
        world.tick()
    for number in range(1, LOUDEST + 3):
        heard = world.phones[number].samples(20)
        assert power_at(heard, hz[monitor.stream]) < FAINT
        others = set(hz) - {number, monitor.stream}
        assert all(power_at(heard, hz[other]) > 400 for other in others)  # many at once are made softer
    assert not world.engine.streams.speaking[monitor.row]


def test_all_who_wait_hear_the_same_moment_of_the_music_and_it_loops_without_a_seam() -> None:
    world = World()
    world.engine.load(audio_of(tone(1_000.0, 8_000)))  # 1,000 periods: the loop closes
    first = world.call(1)
    world.apply(control.Music(1, control.Segment(0, 8_000)))
    world.talk(20)
    second = world.call(2, codec=control.Codec.PCMA)
    world.apply(control.Music(2, control.Segment(0, 8_000)))
    world.talk(60)
    assert np.abs(first.samples(40).astype(int) - second.samples(40)).max() < 600  # two laws, one music
    assert np.abs(np.diff(first.samples(60).astype(int))).max() < 6_900  # of the tone itself: 6,123
    world.apply(control.Music(1, None))
    world.apply(control.Music(2, None))
    world.talk(2)
    assert np.abs(first.samples(1)).max() == 0


def test_a_room_has_music_under_its_conversation_until_it_is_taken_away() -> None:
    world = World()
    world.engine.load(audio_of(tone(1_000.0, 8_000)))
    world.call(1, room=5)
    listener, outside = world.call(2, room=5), world.call(3, room=6)
    world.apply(control.RoomMusic(5, control.Segment(0, 8_000)))
    world.talk(60, p1=500.0)
    assert power_at(listener.samples(40), 1_000.0) > LOUD
    assert power_at(listener.samples(40), 500.0) > LOUD
    assert np.abs(outside.samples(40)).max() == 0
    world.apply(control.RoomMusic(5, None))
    world.talk(5, p1=500.0)
    assert power_at(listener.samples(4), 1_000.0) < FAINT
    world.apply(control.RoomMusic(5, control.Segment(0, 8_000)))
    world.apply(control.Route(1, 6))
    world.apply(control.Route(2, 6))  # the room is empty, and its music with it
    world.apply(control.Route(2, 5))
    world.talk(5)
    assert np.abs(listener.samples(4)).max() == 0


def test_who_enters_a_room_no_longer_hears_the_music() -> None:
    world = World()
    world.engine.load(audio_of(tone(1_000.0, 8_000)))
    caller = world.call(1)
    world.apply(control.Music(1, control.Segment(0, 8_000)))
    world.talk(5)
    world.apply(control.Route(1, 5))
    world.talk(5)
    assert np.abs(caller.samples(4)).max() == 0


def test_segments_outside_the_shared_audio_are_cut_not_read() -> None:
    world = World()
    world.engine.load(audio_of(tone(1_000.0, 320)))
    world.call(1)
    world.apply(
        control.Play(1, 1, [control.Segment(160, 10_000), control.Segment(99_999, 5), control.Segment(-7, 5)])
    )
    world.apply(control.Music(1, control.Segment(0, 10_000)))
    world.talk(6)
    assert control.PlaybackEnded(1, stream=1) in world.events


def test_digits_out_leave_as_events_with_three_ends_and_the_voice_goes_on_after() -> None:
    world = World()
    caller = world.call(1)
    world.talk(3)
    world.apply(control.SendDigits(1, "5#", duration_ms=100, gap_ms=60))
    packets: list[bytes] = []
    for _ in range(25):
        outgoing = world.tick()
        packets += [data for _, data in outgoing.events]
    events = [(data[1] & 0x7F, data[12], data[13] >> 7, data[1] >> 7) for data in packets]
    assert {kind for kind, *_ in events} == {101}
    for event in (5, 11):
        mine = [data for data in packets if data[12] == event]
        assert len({data[4:8] for data in mine}) == 1  # one timestamp per press
        assert sum(data[13] >> 7 for data in mine) == 3
        assert [data[1] >> 7 for data in mine] == [1] + [0] * (len(mine) - 1)
        assert int.from_bytes(mine[-1][14:16], "big") == 800
    numbers = [struct.unpack("!H", data[2:4])[0] for data in packets]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == len(numbers)
    assert len(caller.heard) > 8


def test_sequence_and_timestamp_go_on_by_one_frame_per_packet_and_only_the_first_is_marked() -> None:
    world = World()
    caller = world.call(1)
    world.talk(5)
    headers = [struct.unpack("!BBHII", data[:12]) for data in caller.packets]
    assert [header[2] for header in headers] == [10, 11, 12, 13, 14]
    assert [header[3] for header in headers] == [20 + 160 * k for k in range(5)]
    assert {header[4] for header in headers} == {1}
    assert caller.marked == [True, False, False, False, False]


def test_a_caller_who_holds_us_is_not_sent_to_and_does_not_time_out() -> None:
    world = World()
    caller = world.call(1, rtp_timeout_s=5.0)
    world.talk(5)
    world.apply(control.UpdateStream(1, control.Format(control.Codec.PCMU, 0, send=False, receive=False)))
    before = len(caller.heard)
    for _ in range(600):
        world.tick()
    assert len(caller.heard) == before
    assert not world.events


def test_a_caller_who_died_while_holding_us_is_given_up_after_half_an_hour() -> None:
    world = World()
    world.call(1, rtp_timeout_s=5.0)
    world.apply(control.UpdateStream(1, control.Format(control.Codec.PCMU, 0, send=False, receive=False)))
    world.now += 1_700.0
    for _ in range(60):
        world.tick()
    assert not world.events
    world.now += 100.0
    for _ in range(60):
        world.tick()
    assert world.events == [control.RtpTimedOut(1)]


def test_silence_on_the_network_is_reported_once() -> None:
    world = World()
    world.call(1, rtp_timeout_s=5.0)
    world.talk(5)
    for _ in range(1_000):
        world.tick()
    assert world.events == [control.RtpTimedOut(1)]


def test_the_source_of_sdp_is_believed_at_once_and_told() -> None:
    world = World()
    caller = world.call(1, latched=False)
    assert world.engine.addressing() == [Target(caller.row, HERE)]
    world.receive(caller, caller.audio(), source=HERE)
    world.tick()
    assert world.engine.addressing() == [Connect(caller.row, HERE)]
    assert world.events == [control.SourceLatched(1, control.Endpoint(*HERE))]


def test_a_close_tells_the_numbers_to_go_on_with_and_leaves_nothing() -> None:
    world = World()
    world.call(1, room=5)
    world.talk(10)
    world.apply(control.CloseStream(1))
    del world.phones[1]
    closed = world.engine.events()[-1]
    assert isinstance(closed, control.StreamClosed)
    assert (closed.sequence, closed.timestamp) == (20, 20 + 10 * 160)
    assert (closed.packets_in, closed.packets_out, closed.lost) == (10, 10, 0)
    assert world.engine.idle
    again = world.call(2, room=6)
    world.talk(3)
    assert np.abs(again.samples(2)).max() == 0


def test_commands_for_what_is_gone_do_nothing() -> None:
    world = World()
    for command in (
        control.Route(9, 5),
        control.Mute(9, muted=True),
        control.Play(9, 1, []),
        control.StopPlay(9),
        control.Music(9),
        control.SendDigits(9, "1"),
        control.CloseStream(9),
        control.UpdateStream(9, control.Format(control.Codec.PCMU, 0)),
    ):
        world.apply(command)
    assert world.engine.events() == []


MOVED = ("198.51.100.77", 5_555)
STRANGER = ("203.0.113.9", 999)


def addressed(world: World, phone: Phone) -> list[Target | Connect]:
    return [change for change in world.engine.addressing() if change.row == phone.row]


def silent(world: World, seconds: float) -> None:
    for _ in range(round(seconds * 50)):
        world.tick()


def test_a_caller_who_moved_and_goes_on_with_his_numbering_is_heard_again() -> None:
    world = World()
    caller, listener = world.call(1, room=5), world.call(2, room=5)
    world.talk(20, p1=440.0)
    world.engine.addressing()
    silent(world, 4.0)
    assert addressed(world, caller) == []
    silent(world, 2.5)
    assert addressed(world, caller) == [Target(caller.row, HERE)]
    caller.sequence += 325
    caller.timestamp += 325 * 160
    for _ in range(10):
        world.receive(caller, caller.audio(tone(440.0, 160, start=caller.timestamp)), source=MOVED)
        world.tick()
    assert addressed(world, caller) == [Connect(caller.row, MOVED)]
    assert control.SourceLatched(1, control.Endpoint(*MOVED)) in world.events
    assert power_at(listener.samples(3), 440.0) > LOUD
    assert control.RtpTimedOut(1) not in world.events


def test_after_silence_a_stranger_is_still_not_heard_and_the_old_source_at_once() -> None:
    world = World()
    caller, listener = world.call(1, room=5), world.call(2, room=5)
    world.talk(20)
    world.engine.addressing()
    silent(world, 7.0)
    for k in range(50):
        noise = g711.encode(tone(500.0, 160), g711.Law.MU).tobytes()
        world.receive(caller, packet(noise, sequence=k, timestamp=k * 160, ssrc=8), source=STRANGER)
        world.tick()
    assert np.abs(listener.samples(50)).max() == 0
    assert world.engine.drops[Drop.FOREIGN_SOURCE] == 50
    world.receive(caller, caller.audio(), source=HERE)
    assert addressed(world, caller) == [Target(caller.row, HERE), Connect(caller.row, HERE)]
    world.receive(caller, caller.audio())
    world.tick()
    silent(world, 8.0)
    assert addressed(world, caller) == [Target(caller.row, HERE)]


def test_a_caller_who_never_sends_times_out_though_he_hears_music() -> None:
    world = World()
    world.engine.load(audio_of(tone(1_000.0, 8_000)))
    world.call(1, rtp_timeout_s=5.0)
    world.apply(control.Music(1, control.Segment(0, 8_000)))
    silent(world, 7.0)
    assert world.events == [control.RtpTimedOut(1)]


def test_a_source_named_anew_is_learned_anew() -> None:
    world = World()
    caller = world.call(1)
    world.talk(5)
    world.engine.addressing()
    there = control.Endpoint("198.51.100.1", 7_000)
    world.apply(control.UpdateStream(1, control.Format(control.Codec.PCMU, 0, 101), there))
    assert world.engine.addressing() == [Target(caller.row, ("198.51.100.1", 7_000))]
    world.receive(caller, caller.audio(), source=HERE)
    assert world.engine.addressing() == []
    world.receive(caller, caller.audio(), source=("198.51.100.1", 7_000))
    assert world.engine.addressing() == [Connect(caller.row, ("198.51.100.1", 7_000))]


def opening(stream: int, **options: object) -> control.OpenStream:
    kept = {"ssrc": stream, "sequence": 10, "timestamp": 20, "cname": "test"} | options
    return control.OpenStream(stream, control.Format(control.Codec.PCMU, 0, 101), **kept)


def test_an_engine_without_a_row_left_refuses_and_harms_nobody() -> None:
    world = World(rows=2)
    one, _ = world.call(1, room=5), world.call(2, room=5)
    world.apply(opening(3))
    assert world.engine.events() == [control.StreamClosed(3)]
    world.apply(opening(1, ssrc=99))  # a number that is in use
    assert world.engine.events() == [control.StreamClosed(1)]
    world.talk(3)
    assert len(one.heard) == 3
    world.apply(control.CloseStream(2))
    del world.phones[2]
    world.call(4, room=5)
    world.talk(2)
    assert world.engine.row(4) == 1


def test_rows_lie_together_however_calls_come_and_go() -> None:
    world = World(rows=64)
    for stream in range(1, 65):
        world.apply(opening(stream))
    for stream in range(1, 65):
        if stream != 64:
            world.apply(control.CloseStream(stream))
    assert world.engine.row(64) == 63
    for stream in range(100, 110):
        world.apply(opening(stream))
    assert sorted(world.engine.row(stream) or 0 for stream in range(100, 110)) == list(range(10))


def test_a_call_taken_over_goes_on_where_the_time_is_not_where_the_voice_stopped() -> None:
    world = World()
    world.apply(opening(1, timestamp=2**32 - 160, due_s=world.now - 0.5))
    world.apply(opening(2, timestamp=1_000))
    world.apply(opening(3, timestamp=1_000, due_s=world.now + 9.0))
    stamps = [world.engine.streams.timestamp_out[world.engine.row(stream) or 0] for stream in (1, 2, 3)]
    assert stamps == [25 * 160 - 160, 1_000, 1_000]


def test_ticks_that_were_given_up_are_silence_in_time() -> None:
    world = World()
    caller = world.call(1)
    world.talk(2)
    world.engine.skip(5)
    world.talk(1)
    stamps = [struct.unpack("!I", data[4:8])[0] for data in caller.packets]
    assert stamps == [20, 180, 340 + 5 * 160]


def test_a_peer_is_told_goodbye_unless_the_call_moves() -> None:
    world = World()
    one, two = world.call(1), world.call(2)
    row = two.row
    world.apply(control.CloseStream(one.stream, moves=True))
    world.apply(control.CloseStream(two.stream))
    [(gone, data)] = world.engine.goodbyes()
    assert gone == row
    report = rtcp.parse(data, 0)
    assert report is not None
    assert report.bye
    assert report.ssrc == 2
    assert world.engine.goodbyes() == []


def test_a_marker_that_was_never_sent_is_forgotten_with_its_row() -> None:
    world = World()
    for _ in range(3):
        world.apply(opening(1))  # nobody knows where to send to
        world.tick()
        world.apply(control.CloseStream(1))
    assert not world.engine._marked


def test_what_a_room_would_have_heard_ends_when_the_last_has_left() -> None:
    world = World()
    world.engine.load(audio_of(tone(1_500.0, 8_000)))
    world.call(1, room=5)
    for playback in (8, 9):
        world.apply(control.PlayRoom(5, playback, [control.Segment(0, 8_000)]))
    world.talk(3)
    world.apply(control.Route(1, control.NO_ROOM))
    assert world.engine.events() == [control.PlaybackEnded(8, room=5), control.PlaybackEnded(9, room=5)]
    again = world.call(2, room=5)
    world.talk(3)
    assert np.abs(again.samples(3)).max() == 0


def test_shared_audio_that_shrinks_is_read_no_further_than_it_goes() -> None:
    world = World()
    world.engine.load(audio_of(tone(1_000.0, 8_000)))
    caller = world.call(1)
    world.apply(control.Music(1, control.Segment(4_000, 4_000)))
    world.apply(control.Play(1, 5, [control.Segment(7_000, 1_000)]))
    world.talk(2)
    world.engine.load(audio_of(tone(1_000.0, 400)))
    world.talk(20)
    assert len(caller.heard) == 22


class Secured:
    """What a phone with keys puts around its packets, and takes off those it gets."""

    def __init__(self, world: World, phone: Phone, srtp: control.Srtp) -> None:
        self._world, self._phone = world, phone
        self.side = Side()
        self.side.open(0, theirs(srtp), ssrc=7)

    def seal(self, data: bytes) -> bytes:
        return self.side.secured.seal(0, data)

    def open(self, data: bytes) -> bytes | Drop:
        return self.side.hear(0, data)

    def talk(self, ticks: int, frequency: float | None = None) -> None:
        """The phone talks, and hears what the engine's secured block has for it."""
        engine, phone = self._world.engine, self._phone
        for _ in range(ticks):
            frame = None if frequency is None else tone(frequency, 160, start=phone.timestamp)
            self._world.receive(phone, self.seal(phone.audio(frame)))
            self._world.tick()
            size = engine.secured_block.itemsize
            octets = engine.secured_block.view(np.uint8)[phone.row * size :]
            got = self.open(octets[: engine._secured.packet_bytes(phone.row)].tobytes())
            assert got == phone.packets[-1], "what left is what the block has, secured"


class TestRowsWithKeys:
    @pytest.mark.parametrize("suite", control.Suite)
    def test_secured_and_plain_callers_hear_each_other(self, suite: control.Suite) -> None:
        world = World()
        srtp = keys(suite)
        phone = world.call(1, room=5, srtp=srtp)
        secured = Secured(world, phone, srtp)
        plain = world.call(2, room=5)
        for _ in range(40):
            world.receive(plain, plain.audio(tone(900.0, 160, start=plain.timestamp)))
            secured.talk(1, 500.0)
        assert power_at(phone.samples(10), 900.0) > LOUD
        assert power_at(plain.samples(10), 500.0) > LOUD
        assert world.engine.drops == {}

    def test_what_is_not_proved_is_neither_heard_nor_a_sign_of_life(self) -> None:
        """interop.md section 1.2-6: counted, and the call lives."""
        world = World()
        phone = world.call(1, room=5, srtp=keys(CM_80), rtp_timeout_s=2.0)
        listener = world.call(2, room=5)
        for _ in range(160):
            world.receive(phone, phone.audio(tone(500.0, 160, start=phone.timestamp)))
            world.receive(listener, listener.audio())
            world.tick()
        assert np.abs(listener.samples(50)).max() == 0
        assert world.engine.drops == {Drop.AUTH: 160}
        assert world.events == [control.RtpTimedOut(1)]
        world.apply(control.CloseStream(1))
        [closed] = [event for event in world.engine.events() if isinstance(event, control.StreamClosed)]
        assert closed.refused == 160

    def test_who_cannot_prove_it_is_not_learned_as_the_source(self) -> None:
        """interop.md section 1.2-1d."""
        world = World()
        srtp = keys(CM_80)
        phone = world.call(1, srtp=srtp, latched=False)
        peer = Secured(world, phone, srtp)
        world.engine.addressing()
        for _ in range(10):
            world.receive(phone, phone.audio(), source=HERE)  # from the very address that SDP named
        assert world.engine.events() == []
        good = [peer.seal(phone.audio()) for _ in range(6)]
        moved = ("198.51.100.9", 7_000)
        world.receive(phone, b"garbage" * 30, *good[:5], source=moved)
        assert world.engine.events() == [control.SourceLatched(1, control.Endpoint(*moved))]
        assert world.engine.addressing() == [Connect(phone.row, moved)]
        world.receive(phone, *good[:5], source=HERE)
        assert world.engine.drops[Drop.REPLAY] == 5

    def test_keys_are_pressed_in_secret_both_ways(self) -> None:
        world = World()
        srtp = keys(CM_80)
        phone = world.call(1, srtp=srtp)
        peer = Secured(world, phone, srtp)
        press = packet(bytes((5, 0x8A, 3, 0x20)), sequence=phone.sequence, timestamp=0, payload_type=101)
        world.receive(phone, peer.seal(press))
        world.receive(phone, packet(bytes((6, 0x8A, 3, 0x20)), sequence=9, timestamp=9, payload_type=101))
        world.apply(control.SendDigits(1, "8"))
        told = []
        for _ in range(12):
            told += [peer.open(data) for _, data in world.tick().events]
        assert [event.digit for event in world.events if isinstance(event, control.DigitReceived)] == ["5"]
        assert told
        assert all(isinstance(data, bytes) and (data[1] & 0x7F, data[12]) == (101, 8) for data in told)

    def test_reports_are_secured_and_others_dropped(self) -> None:
        world = World()
        srtp = keys(CM_80)
        phone = world.call(1, srtp=srtp)
        peer = Secured(world, phone, srtp)
        peer.talk(1)
        reports = [report for _ in range(250) for report in world.tick().reports]
        assert [row for row, _ in reports] == [phone.row]
        opened = peer.side.secured.open_report(0, reports[0][1])
        assert opened is not None
        assert rtcp.parse(opened, 0) is not None
        lost = rtcp.build(7, "x", None, rtcp.ReceptionBlock(1, 0, 33, 0, 0))
        world.engine.receive_report(phone.row, lost, world.now)
        assert world.engine.streams.lost_by_peer[phone.row] == 0
        sealed = peer.side.secured.seal_report(0, lost)
        assert sealed is not None
        world.engine.receive_report(phone.row, sealed, world.now)
        assert world.engine.streams.lost_by_peer[phone.row] == 33
        assert world.engine.drops[Drop.AUTH] == 1
        world.apply(control.CloseStream(1))
        [(_, goodbye)] = world.engine.goodbyes()
        opened = peer.side.secured.open_report(0, goodbye)
        assert opened == rtcp.goodbye(1)

    def test_after_new_keys_audio_is_back_with_the_next_packet(self) -> None:
        """interop.md section 5, row 21: within 100 ms."""
        world = World()
        srtp, new = keys(CM_80), keys(control.Suite.AEAD_AES_128_GCM, 60)
        phone = world.call(1, srtp=srtp)
        Secured(world, phone, srtp).talk(5)
        world.engine.addressing()
        world.apply(control.UpdateStream(1, control.Format(control.Codec.PCMU, 0, 101, srtp=new)))
        assert world.engine.addressing() == [Carry(phone.row, 188)]
        Secured(world, phone, new).talk(5, 440.0)
        assert world.engine.drops == {}
        world.apply(control.UpdateStream(1, control.Format(control.Codec.PCMU, 0, 101)))
        assert world.engine.addressing() == [Carry(phone.row, 0)]

    def test_another_worker_goes_on_where_this_one_was(self) -> None:
        srtp = keys(CM_80)
        world = World()
        phone = world.call(1, srtp=srtp)
        peer = Secured(world, phone, srtp)
        world.engine.streams.sequence_out[phone.row] = 65_530
        world.engine._secured._streams.srtp_next_out[phone.row] = 65_530
        peer.talk(20)
        assert phone.row not in world.engine.addressing()
        world.apply(control.CloseStream(1, moves=True))
        closed = world.engine.events()[-1]
        assert isinstance(closed, control.StreamClosed)
        elsewhere = World()
        elsewhere.call(9)
        elsewhere.apply(
            control.OpenStream(
                1,
                control.Format(control.Codec.PCMU, 0, 101, srtp=srtp),
                ssrc=1,
                sequence=closed.sequence,
                timestamp=closed.timestamp,
                cname="test",
                remote=control.Endpoint(*HERE),
                latched=True,
                srtp=closed.srtp,
            )
        )
        there = elsewhere.phones[1] = Phone(elsewhere.engine, 1, sequence=phone.sequence)
        peer._world, peer._phone = elsewhere, there
        peer.talk(20)
        assert elsewhere.engine.drops == {}

    def test_the_next_call_in_its_row_is_plain(self) -> None:
        world = World()
        phone = world.call(1, srtp=keys(CM_80))
        row = phone.row
        world.apply(control.CloseStream(1))
        del world.phones[1]
        after = world.call(2, latched=True)
        assert after.row == row
        assert [change for change in world.engine.addressing() if isinstance(change, Carry)] == [
            Carry(row, 182),
            Carry(row, 0),
        ]
        world.talk(3)
        assert world.engine.drops == {}
        assert world.engine._secured.idle


class TestWhoMustBeHeardFirst:
    def test_a_host_that_nobody_asked_is_sent_nothing(self) -> None:
        """Issue 4, Security: SDP may not make us send to a third party."""
        world = World()
        phone = world.call(1, latched=False, hear_first=True)
        assert world.engine.addressing() == [Target(phone.row, None)]
        for _ in range(20):
            assert phone.row not in world.tick().rows
        world.receive(phone, phone.audio(), source=HERE)
        assert world.engine.addressing() == [Connect(phone.row, HERE)]
        assert phone.row in world.tick().rows

    def test_a_new_host_in_mid_call_is_heard_first_too(self) -> None:
        world = World()
        phone = world.call(1)
        assert phone.row in world.tick().rows
        world.engine.addressing()
        there = control.Endpoint("203.0.113.5", 9_000)
        format_ = control.Format(control.Codec.PCMU, 0, 101, hear_first=True)
        world.apply(control.UpdateStream(1, format_, there))
        assert phone.row not in world.tick().rows
        world.apply(control.UpdateStream(1, control.Format(control.Codec.PCMU, 0, 101), there))
        assert phone.row in world.tick().rows

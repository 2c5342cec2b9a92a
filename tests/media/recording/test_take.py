"""Whole recordings: from the phones of an engine, through ring and studio, to files that are read back."""

from __future__ import annotations

import json
import os
import resource
import stat
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from dsp import g711
from media import control
from media.pacer import TICK_S
from media.playback import SharedAudio
from media.recording import messages
from media.recording.messages import Begin, Ended, FileFormat, Reason
from media.recording.mixdown import LAG_S
from media.recording.ring import Ring
from media.recording.studio import Studio
from media.recording.take import Take
from tests.media.wire import World, power_at, tone

ROOM = 5
WALL_S = 1_772_373_902.0  # 2026-03-01 14:05:02 UTC
PROMPT_HZ = 1_250


class Recorded(World):
    """Phones in a room, and a studio at the other end of the ring."""

    def __init__(self, folder: Path, **options: object) -> None:
        super().__init__()
        self.folder = folder
        pcm = tone(PROMPT_HZ, 16_000)
        audio = SharedAudio(
            pcm, g711.encode(pcm[None], g711.Law.MU)[0], g711.encode(pcm[None], g711.Law.A)[0]
        )
        self.engine.load(audio)
        self.studio = Studio(least_free=0)
        self.told: list[messages.AnyEvent] = []
        self.connect("media-1")

    def connect(self, source: str) -> None:
        ring = Ring.private(4_096)
        self.engine.hand_over_through(ring)
        self.studio.attach(source, ring)

    def begin(self, recording: int = 17, *, room: int = ROOM, **options: object) -> None:
        begin = Begin(
            recording,
            str(self.folder),
            "board",
            options.pop("format", FileFormat.WAV),
            self.now,
            WALL_S,
            **options,
        )
        self.studio.receive(begin, WALL_S)
        self.apply(control.RecordRoom(room, recording))

    def end(self, recording: int = 17, *, room: int = ROOM) -> Ended:
        self.apply(control.RecordRoom(room, 0))
        self.studio.receive(messages.End(recording, self.now), WALL_S)
        for _ in range(60):
            self.now += TICK_S
            self.studio.advance(self.now, WALL_S)
            self.told += self.studio.events()
        [ended] = [event for event in self.told if isinstance(event, Ended) and event.recording == recording]
        return ended

    def tick(self) -> object:
        outgoing = super().tick()
        self.studio.advance(self.now, WALL_S)
        self.told += self.studio.events()
        return outgoing

    def read(self, name: str) -> NDArray[np.int16]:
        samples, _ = soundfile.read(self.folder / name, dtype="int16")
        return samples


MIX = "board-20260301T140502Z-17.wav"


def seconds(samples: NDArray[np.int16], begin_s: float, end_s: float) -> NDArray[np.int16]:
    return samples[int(begin_s * 8_000) : int(end_s * 8_000)]


def test_everybody_in_the_room_is_in_the_file_and_nobody_else(tmp_path: Path) -> None:
    world = Recorded(tmp_path)
    world.call(1, room=ROOM), world.call(2, room=ROOM), world.call(3, room=6)
    world.talk(25)
    world.begin()
    world.talk(50, p1=440, p3=2_000)
    world.talk(50, p2=800, p3=2_000)
    ended = world.end()
    assert (ended.reason, ended.gap_s) == (Reason.STOPPED, 0.0)
    [file] = ended.files
    assert file == messages.File(MIX, 16_000, 8_000, (tmp_path / MIX).stat().st_size)
    samples = world.read(MIX)
    assert len(samples) == 16_000
    said = tone(440, 8_000)
    assert power_at(seconds(samples, 0.2, 1.0), 440) == pytest.approx(power_at(said[1_600:], 440), rel=0.05)
    assert power_at(seconds(samples, 1.2, 2.0), 800) == pytest.approx(
        power_at(tone(800, 8_000), 800), rel=0.05
    )
    assert power_at(samples, 2_000) < power_at(said, 440) / 1_000


@pytest.mark.parametrize("format_", list(FileFormat))
def test_files_of_each_kind_have_the_length_and_the_sound(tmp_path: Path, format_: FileFormat) -> None:
    world = Recorded(tmp_path)
    world.call(1, room=ROOM), world.call(2, room=ROOM)
    world.talk(25)
    world.begin(format=format_)
    world.talk(100, p1=440)
    [file] = world.end().files
    samples = world.read(file.name)
    assert file.name.endswith("." + format_.value)
    assert len(samples) == file.samples == 16_000
    loud = power_at(tone(440, 8_000), 440)
    assert power_at(seconds(samples, 0.2, 1.8), 440) == pytest.approx(loud, rel=0.15)


def test_participants_apart_run_by_one_clock_to_the_sample(tmp_path: Path) -> None:
    world = Recorded(tmp_path)
    world.call(1, room=ROOM), world.call(2, room=ROOM)
    world.talk(25)
    world.begin(participants=True)
    world.talk(50, p1=440)
    world.talk(50, p2=800)
    world.talk(50, p1=440, p2=800)
    mix, one, two = world.end().files
    assert (mix.stream, one.stream, two.stream) == (0, 1, 2)
    assert (one.name, two.name) == ("board-20260301T140502Z-17-p01.wav", "board-20260301T140502Z-17-p02.wav")
    assert mix.samples == one.offset_samples + one.samples == two.offset_samples + two.samples
    assert 7_000 < two.offset_samples < 9_000, "it begins where they are heard first"
    apart = np.zeros(mix.samples, np.int32)
    for file in (one, two):
        apart[file.offset_samples :] += world.read(file.name)
    assert np.array_equal(apart, world.read(mix.name)), "the sum of all is everybody"


def test_announcements_to_the_room_are_in_the_file_and_private_prompts_and_music_are_not(
    tmp_path: Path,
) -> None:
    world = Recorded(tmp_path)
    world.call(1, room=ROOM), world.call(2, room=ROOM)
    world.talk(25)
    world.begin(participants=True)
    world.apply(control.Play(1, 1, [control.Segment(0, 8_000)]))
    world.apply(control.RoomMusic(ROOM, control.Segment(0, 8_000)))
    world.talk(60, p2=440)
    world.apply(control.RoomMusic(ROOM, None))
    world.apply(control.PlayRoom(ROOM, 2, [control.Segment(0, 8_000)]))
    world.talk(60, p2=440)
    files = world.end().files
    samples = world.read(files[0].name)
    loud = power_at(tone(PROMPT_HZ, 8_000), PROMPT_HZ)
    assert power_at(seconds(samples, 0, 1.2), PROMPT_HZ) < loud / 1_000
    assert power_at(seconds(samples, 1.2, 2.2), PROMPT_HZ) == pytest.approx(loud, rel=0.1)
    [apart] = files[1:]
    assert power_at(world.read(apart.name), PROMPT_HZ) < loud / 1_000


def test_muted_means_muted_in_the_file_too(tmp_path: Path) -> None:
    world = Recorded(tmp_path)
    world.call(1, room=ROOM), world.call(2, room=ROOM)
    world.apply(control.Mute(1, muted=True))
    world.talk(25)
    world.begin(participants=True)
    world.talk(50, p1=440)
    [file] = world.end().files
    assert not world.read(file.name).any()


def test_a_pause_is_left_out_and_noted(tmp_path: Path) -> None:
    world = Recorded(tmp_path)
    world.call(1, room=ROOM), world.call(2, room=ROOM)
    world.talk(25)
    world.begin()
    world.talk(50, p1=440)
    world.studio.receive(messages.Pause(17, world.now), WALL_S)  # the worker goes on for a tick or two
    world.talk(2, p1=2_000)
    world.apply(control.RecordRoom(ROOM, 0))
    world.talk(48, p1=2_000)
    world.studio.receive(messages.Resume(17, world.now), WALL_S)
    world.apply(control.RecordRoom(ROOM, 17))
    world.talk(50, p1=800)
    [file] = world.end().files
    samples = world.read(file.name)
    assert len(samples) == 16_000
    assert power_at(seconds(samples, 1.2, 2.0), 800) > 1e3
    # What the jitter buffer still holds when the pause ends was said in it; it is gone after some ticks.
    assert power_at(seconds(samples, 1.2, 2.0), 2_000) < power_at(seconds(samples, 1.2, 2.0), 800) / 1_000
    facts = json.loads((tmp_path / "board-20260301T140502Z-17.json").read_text())
    [pause] = facts["pauses"]
    assert pause["at_s"] == 1.0
    assert facts["began"] == "2026-03-01T14:05:02.000+00:00"


def test_a_room_that_is_empty_for_a_while_goes_on_in_its_place(tmp_path: Path) -> None:
    world = Recorded(tmp_path)
    world.call(1, room=ROOM), world.call(2, room=9)
    world.talk(25)
    world.begin()
    world.talk(25, p1=440)
    world.apply(control.Route(1, 9))
    world.talk(50, p1=440)
    world.apply(control.Route(1, ROOM))
    world.talk(25, p1=440)
    [file] = world.end().files
    samples = world.read(file.name)
    assert len(samples) == 16_000
    assert not seconds(samples, 0.6, 1.4).any()
    assert power_at(seconds(samples, 1.6, 2.0), 440) > 1e3


def test_frames_that_did_not_fit_are_silence_and_counted(tmp_path: Path) -> None:
    world = Recorded(tmp_path)
    world.call(1, room=ROOM), world.call(2, room=ROOM)
    world.talk(25)
    ring = Ring.private(8)
    world.engine.hand_over_through(ring)
    world.begin()
    world.talk(50, p1=440)  # nobody reads
    world.studio.attach("media-1", ring)
    world.talk(1, p1=440)
    world.talk(49, p1=440)
    ended = world.end()
    assert 0.5 < ended.gap_s < 1.0
    [file] = ended.files
    samples = world.read(file.name)
    assert len(samples) == 16_000
    assert power_at(seconds(samples, 1.2, 2.0), 440) > 1e3


def test_several_conferences_are_recorded_at_once(tmp_path: Path) -> None:
    world = Recorded(tmp_path)
    for stream in range(1, 5):
        world.call(stream, room=ROOM + stream // 3)
    world.talk(25)
    world.begin(17), world.begin(18, room=ROOM + 1, format=FileFormat.FLAC)
    world.talk(50, p1=440, p3=800)
    one, two = world.end(17).files[0], world.end(18, room=ROOM + 1).files[0]
    loud = power_at(tone(440, 8_000), 440)
    assert power_at(world.read(one.name)[2_000:8_000], 440) > loud / 2
    assert power_at(world.read(one.name), 800) < loud / 1_000
    assert power_at(world.read(two.name)[2_000:8_000], 800) > loud / 2


def test_a_recording_ends_where_it_may_be_no_longer(tmp_path: Path) -> None:
    world = Recorded(tmp_path)
    world.call(1, room=ROOM)
    world.begin(most_s=1.0)
    world.talk(150, p1=440)
    [ended] = [event for event in world.told if isinstance(event, Ended)]
    assert ended.reason is Reason.LONGEST
    assert ended.files[0].samples == 8_000


def test_only_the_server_s_own_user_reads_what_was_said(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    world = Recorded(folder)
    world.call(1, room=ROOM)
    world.begin()
    world.talk(80, p1=440)
    assert [path.name for path in folder.iterdir()] == [MIX + ".part"]
    world.end()
    assert {path.name for path in folder.iterdir()} == {MIX, "board-20260301T140502Z-17.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("band", [1, 2, 6])
@pytest.mark.parametrize("file_band", [1, 2, 6])
def test_frames_of_another_rate_are_resampled(tmp_path: Path, band: int, file_band: int) -> None:
    begin = Begin(17, str(tmp_path), "board", FileFormat.WAV, 100.0, WALL_S, band=file_band)
    take, ring = Take(begin, least_free=0), Ring.private(4_096)
    sound = (8_000 * np.sin(2 * np.pi * 440 * np.arange(50 * 160 * band) / (8_000 * band))).astype(np.int16)
    for tick in range(50):
        frame = sound[tick * 160 * band :][: 160 * band]
        assert ring.write(100.0 + tick * TICK_S, tick, np.array([17]), np.array([1]), frame[None])
    ring.read()
    take.receive("media-1", ring.read())
    take.end(101.0)
    take.advance(101.0 + LAG_S)
    assert take.ended is not None
    [file] = take.ended.files
    samples, rate_hz = soundfile.read(tmp_path / file.name, dtype="int16")
    assert (rate_hz, len(samples)) == (8_000 * file_band, 8_000 * file_band)
    whole = np.sin(2 * np.pi * 440 * np.arange(len(samples)) / rate_hz)
    wave = samples[rate_hz // 10 : -rate_hz // 10].astype(float)
    assert np.sqrt((wave**2).mean() * 2) == pytest.approx(8_000, rel=0.02)
    if band == file_band:
        assert np.abs(samples - 8_000 * whole).max() < 2


@pytest.mark.parametrize("format_", list(FileFormat))
def test_a_full_disk_ends_the_recording_with_what_there_is(tmp_path: Path, format_: FileFormat) -> None:
    """RLIMIT_FSIZE stands for the disk: a write beyond it is refused as one to a full disk is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    begin = Begin(17, str(tmp_path), "board", format_, 100.0, WALL_S, band=6)
    noise = np.random.default_rng(1).integers(-20_000, 20_000, 960, np.int16)
    ring = Ring.private(4_096)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
        take = Take(begin, least_free=0)
        for tick in range(1_500):
            ring.write(100.0 + tick * TICK_S, tick, np.array([17]), np.array([1]), noise[None])
            take.receive("media-1", ring.read())
            take.advance(100.0 + tick * TICK_S)
            if take.ended is not None:
                break
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert take.ended is not None
    assert take.ended.reason is Reason.DISK_FULL
    assert take.ended.detail == os.strerror(27)
    [file] = take.ended.files
    samples, _ = soundfile.read(tmp_path / file.name, dtype="int16")
    assert len(samples) == file.samples > 20_000
    if format_ is not FileFormat.OPUS:
        assert np.array_equal(samples[960 * 5 : 960 * 6], noise)


def test_a_disk_that_is_nearly_full_is_left_to_others(tmp_path: Path) -> None:
    begin = Begin(17, str(tmp_path), "board", FileFormat.WAV, 100.0, WALL_S)
    take = Take(begin, least_free=1 << 60)
    assert take.ended is not None
    assert (take.ended.reason, take.ended.files) == (Reason.DISK_FULL, ())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_or_written_ends_the_recording(tmp_path: Path) -> None:
    def ended(folder: Path) -> Ended:
        take = Take(Begin(17, str(folder), "board", FileFormat.WAV, 100.0, WALL_S), least_free=0)
        assert take.ended is not None
        take.advance(105.0)
        take.receive("media-1", Ring.private(8).read())
        return take.ended

    (tmp_path / "file").write_text("")
    assert ended(tmp_path / "missing" / "below").reason is Reason.FOLDER_MISSING
    assert ended(tmp_path / "file").reason is Reason.FOLDER_MISSING
    if os.geteuid():
        (tmp_path / "closed").mkdir(0o500)
        assert ended(tmp_path / "closed").reason is Reason.NOT_WRITABLE
    (tmp_path / (MIX + ".part")).symlink_to("/dev/null")
    assert ended(tmp_path).reason is not Reason.STOPPED

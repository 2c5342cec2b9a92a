"""Recordings with real processes: workers, rings in shared memory, and the process that writes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from media import control
from media.recording import messages
from media.recording.desk import Desk
from media.recording.messages import Begin, Ended, FileFormat, Mended, Reason
from tests.media.real import DEADLINE_S, House, RealPhone, together
from tests.media.wire import power_at

ROOM = 7
LOUD = 2_000.0
WALL_S = 1_772_373_902.0


class Recording(House):
    """A house with a recording desk."""

    def __init__(self, folder: Path) -> None:
        super().__init__(workers=1)
        self.folder = folder
        self.of_desk: list[messages.AnyEvent] = []
        self.run(self._open())

    async def _open(self) -> None:
        self.desk = Desk(on_event=self.of_desk.append, clock=self.loop.time, wall=lambda: WALL_S)
        self.desk.start(messages.Keep(str(self.folder)))
        self.pool.record_through(self.desk)

    def begin(self, recording: int, format_: FileFormat = FileFormat.WAV) -> None:
        begin = Begin(
            recording,
            str(self.folder),
            "board",
            format_,
            self.loop.time(),
            WALL_S,
            participants=True,
        )
        self.desk.begin(begin)
        self.pool.send(control.RecordRoom(ROOM, recording))

    def end(self, recording: int) -> None:
        self.pool.send(control.RecordRoom(ROOM))
        self.desk.end(recording)

    async def happens(self, wanted: Callable[[], bool]) -> None:
        deadline = self.loop.time() + DEADLINE_S
        while not wanted():
            assert self.loop.time() < deadline, self.of_desk
            await asyncio.sleep(0.02)  # noqa: TID251 - the end of a process is told to nobody

    async def over(self, recording: int) -> Ended:
        def ends() -> list[Ended]:
            return [each for each in self.of_desk if isinstance(each, Ended) and each.recording == recording]

        await self.happens(lambda: bool(ends()))
        return ends()[0]

    def close(self) -> None:
        self.run(self.pool.stop())
        self.run(self.desk.stop())
        self.loop.close()


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    made = Recording(tmp_path / "recordings")
    yield made
    made.close()


async def say(talker: RealPhone, others: list[RealPhone], packets: int, frequency: float) -> None:
    await together(talker.talk(packets, frequency), *(other.talk(packets) for other in others))


def read(folder: Path, name: str) -> np.ndarray:
    samples, rate_hz = soundfile.read(folder / name, dtype="int16")
    assert rate_hz == 8_000
    return samples


def loud(samples: np.ndarray, frequency: float) -> list[bool]:
    """Whether a tone sounds, by half seconds."""
    pieces = [samples[at : at + 4_000] for at in range(0, len(samples) - 3_999, 4_000)]
    return [power_at(piece, frequency) > LOUD for piece in pieces]


def test_what_people_say_is_in_the_files_a_moment_after_the_end(recording: Recording) -> None:
    async def story() -> None:
        one, two = recording.call(room=ROOM), recording.call(room=ROOM)
        await say(one, [two], 20, 440.0)
        recording.begin(1)
        await say(one, [two], 60, 440.0)
        await say(two, [one], 60, 880.0)
        recording.end(1)
        ended = await recording.over(1)
        assert (ended.reason, ended.gap_s) == (Reason.STOPPED, 0.0)
        mix, first, second = ended.files
        assert (first.stream, second.stream) == (one.stream, two.stream)
        samples = read(recording.folder, mix.name)
        assert 2.2 < len(samples) / 8_000 < 3.0
        assert loud(samples, 440.0)[:2] == [True, True]
        assert loud(samples, 880.0)[3]
        apart = np.zeros(len(samples), np.int32)
        for file in (first, second):
            apart[file.offset_samples :] += read(recording.folder, file.name)
        assert np.array_equal(apart, samples)
        await recording.hang_up(one, two)

    recording.run(story())


def test_a_killed_worker_leaves_a_gap_and_one_file(recording: Recording) -> None:
    async def story() -> None:
        one, two = recording.call(room=ROOM), recording.call(room=ROOM)
        await say(one, [two], 20, 440.0)
        recording.begin(1)
        await say(one, [two], 50, 440.0)
        os.kill(recording.pool.pids()[0], signal.SIGKILL)
        await say(one, [two], 80, 440.0)
        recording.end(1)
        ended = await recording.over(1)
        mix = ended.files[0]
        heard = loud(read(recording.folder, mix.name), 440.0)
        assert heard[0]
        assert heard[-1]
        assert len(heard) >= 5
        await recording.hang_up(one, two)

    recording.run(story())


@pytest.mark.parametrize("format_", [FileFormat.WAV, FileFormat.FLAC])
def test_a_killed_recording_process_is_replaced_and_what_it_wrote_can_be_played(
    recording: Recording, format_: FileFormat
) -> None:
    async def story() -> None:
        one, two = recording.call(room=ROOM), recording.call(room=ROOM)
        await say(one, [two], 20, 440.0)
        recording.begin(1, format_)
        await say(one, [two], 200, 440.0)
        killed = recording.desk.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        await say(one, [two], 100, 880.0)
        recording.end(1)
        ended = await recording.over(1)
        assert recording.desk.replaced == 1
        await recording.happens(lambda: any(isinstance(each, Mended) for each in recording.of_desk))
        [mended] = [each for each in recording.of_desk if isinstance(each, Mended)]
        before = next(name for name in mended.names if "-p" not in name)
        assert loud(read(recording.folder, before), 440.0)[:3] == [True] * 3
        assert ".part2." in ended.files[0].name
        assert loud(read(recording.folder, ended.files[0].name), 880.0)[-1]
        await recording.hang_up(one, two)

    recording.run(story())


def test_where_no_process_can_live_recordings_end_and_calls_go_on(recording: Recording) -> None:
    async def story() -> None:
        one, two = recording.call(room=ROOM), recording.call(room=ROOM)
        recording.begin(1)
        for deaths in range(1, 5):
            pid = recording.desk.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await recording.happens(lambda pid=pid: recording.desk.pid != pid)
            assert recording.desk.replaced == min(deaths, 3)
        assert (await recording.over(1)).reason is Reason.PROCESS_LOST
        recording.begin(2)
        assert (await recording.over(2)).reason is Reason.PROCESS_LOST
        await say(one, [two], 20, 440.0)
        assert two.loudness(440.0) > LOUD
        await recording.hang_up(one, two)

    recording.run(story())


def test_recordings_that_run_at_the_end_are_finished(tmp_path: Path) -> None:
    house = Recording(tmp_path)

    async def story() -> None:
        one, two = house.call(room=ROOM), house.call(room=ROOM)
        await say(one, [two], 20, 440.0)
        house.begin(1, FileFormat.OPUS)
        await say(one, [two], 60, 440.0)
        await house.hang_up(one, two)

    house.run(story())
    house.close()
    [ended] = [each for each in house.of_desk if isinstance(each, Ended)]
    assert ended.reason is Reason.STOPPED
    assert {path.name for path in tmp_path.glob("*.part")} == set()
    assert soundfile.info(tmp_path / ended.files[0].name).duration > 1.0

"""The pool's bookkeeping, with workers that are played by the test: whatever dies when, each call ends or goes on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from media import control, pool, process
from media.pool import Pool, PoolFullError
from media.ports import Ports
from media.srtp import mark
from media.streams import Streams

FORMAT = control.Format(control.Codec.PCMU, 0, 101)


class ActedProcess:
    """In place of a process: its end of the pipe, and the table it would write."""

    def __init__(self, pipe: socket.socket) -> None:
        self.pid = pipe.fileno()
        self._pipe = pipe

    def kill(self) -> None:
        self._pipe.close()

    def wait(self, timeout: float | None = None) -> int:
        return 0


class ActedWorker(process.WorkerProcess):
    """A worker whose other side is the test."""

    everyone: list[ActedWorker] = []  # noqa: RUF012 (emptied by the fixture)

    def __init__(self, name: str, rows: int) -> None:
        self.name = name
        self.rows = rows
        self.table = Streams(rows)
        self._table_fd = os.open(os.devnull, os.O_RDONLY)
        self.pipe, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pipe.setblocking(False)
        self.theirs.setblocking(False)
        self.process = ActedProcess(self.theirs)
        self.ready = asyncio.get_running_loop().create_future()
        self.streams = set()
        self.last_ticks = -1
        self.seen = frozenset()
        self.stalled = 0
        self.gone = False
        self._queue = []
        self._flush_planned = False
        self.everyone.append(self)
        self.says(control.Ready(control.VERSION, 1))

    def says(self, *events: control.AnyEvent) -> None:
        self.theirs.send(control.pack([control.encoder.encode(event) for event in events]))

    def was_told(self) -> list[control.AnyCommand]:
        """The commands since the last call; their descriptors are closed."""
        commands: list[control.AnyCommand] = []
        while True:
            try:
                data, fds, _, _ = socket.recv_fds(self.theirs, control.MESSAGE_BYTES, 255)
            except (BlockingIOError, OSError):
                return commands
            for descriptor in fds:
                os.close(descriptor)
            commands += control.commands_decoder.decode(data)

    def closes(self, stream: int, **figures: Any) -> None:
        self.says(control.StreamClosed(stream, **figures))

    def dies(self) -> None:
        self.theirs.close()


class Stage:
    """A pool of acted workers."""

    def __init__(self) -> None:
        self.events: list[control.AnyEvent] = []
        low = 24_200 + os.getpid() % 300 * 10
        self.ports = Ports("127.0.0.1", low, low + 400, lambda _: 0)
        self.pool = Pool(
            workers=2, rows=4, ports=self.ports, cname="t", entropy=lambda count: bytes(range(count)),
            on_event=self.events.append,
        )  # fmt: skip

    @property
    def workers(self) -> list[ActedWorker]:
        return ActedWorker.everyone

    async def settle(self) -> None:
        """Let all that is queued travel, both ways."""
        for _ in range(6):
            for worker in self.workers:
                worker.flush()  # what is gathered goes now: no time passes here
            await asyncio.sleep(0)  # noqa: TID251 (a round of the loop, no time)

    def open(self, stream: int, room: int = 0) -> None:
        self.pool.open(stream, FORMAT, control.Endpoint("192.0.2.1", 4_000), room=room, rtp_timeout_s=60.0)

    def home(self, stream: int) -> ActedWorker:
        """The worker that has a stream."""
        [worker] = [each for each in self.workers if stream in each.streams and not each.gone]
        return worker

    def ended(self) -> list[int]:
        return [event.stream for event in self.events if isinstance(event, control.StreamClosed)]


@pytest.fixture
def act(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[Callable[[Stage], Coroutine[Any, Any, None]]], None]]:
    monkeypatch.setattr(pool, "WorkerProcess", ActedWorker)
    ActedWorker.everyone = []

    def play(story: Callable[[Stage], Coroutine[Any, Any, None]]) -> None:
        async def whole() -> None:
            stage = Stage()
            await stage.pool.start()
            try:
                await story(stage)
            finally:
                await stage.pool.stop()
                for worker in stage.workers:
                    worker.theirs.close()

        with capture_logs():
            asyncio.run(asyncio.wait_for(whole(), 5.0))

    yield play
    ActedWorker.everyone = []


Act = Callable[[Callable[[Stage], Coroutine[Any, Any, None]]], None]


def test_streams_of_a_room_live_together_and_others_where_there_is_room(act: Act) -> None:
    async def story(stage: Stage) -> None:
        for stream, room in ((1, 7), (2, 0), (3, 7), (4, 0)):
            stage.open(stream, room)
        assert stage.home(1) is stage.home(3)
        assert stage.home(2) is not stage.home(1)
        await stage.settle()
        told = stage.home(2).was_told()
        assert [command.stream for command in told if isinstance(command, control.OpenStream)] == [2, 4]

    act(story)


def test_a_dead_workers_streams_are_opened_elsewhere_as_they_were(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1, 7)
        dead = stage.home(1)
        music = control.Music(1, control.Segment(0, 800))
        stage.pool.send(music)
        stage.pool.send(control.Mute(1, muted=True))
        stage.pool.send(control.Play(1, 5, [control.Segment(0, 160)]))
        stage.pool.send(control.Play(1, 6, [control.Segment(160, 160)], replace=True))
        await stage.settle()
        remote = control.Endpoint("198.51.100.1", 5)
        dead.says(control.SourceLatched(1, remote))
        dead.table.stream[2], dead.table.sequence_out[2], dead.table.timestamp_out[2] = 1, 77, 88
        dead.table.ticked_s[0] = 1_000.0
        dead.dies()
        await stage.settle()
        heir = stage.home(1)
        told = heir.was_told()
        assert heir is not dead
        assert isinstance(told[0], control.OpenStream)
        opened = told[0]
        assert (opened.sequence, opened.timestamp, opened.due_s) == (77, 88, 1_000.02)
        assert (opened.remote, opened.latched, opened.muted, opened.room) == (remote, True, True, 7)
        assert told[1:] == [music, control.Play(1, 6, [control.Segment(160, 160)])]
        assert stage.ended() == []
        assert stage.pool.replaced == 1

    act(story)


def test_a_new_negotiation_is_what_the_heir_is_told(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1)
        dead = stage.home(1)
        dead.says(control.SourceLatched(1, control.Endpoint("198.51.100.1", 5)))
        await stage.settle()
        held = control.Format(control.Codec.PCMA, 8, 96, send=False)
        there = control.Endpoint("203.0.113.1", 9)
        stage.pool.send(control.UpdateStream(1, held, there))
        dead.dies()
        await stage.settle()
        [opened] = stage.home(1).was_told()
        assert isinstance(opened, control.OpenStream)
        assert (opened.format, opened.remote, opened.latched) == (held, there, False)

    act(story)


def test_a_stream_moves_with_its_numbers_and_commands_wait_for_it(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1, 7)
        stage.open(2, 8)
        old, new = stage.home(2), stage.home(1)
        stage.pool.send(control.Route(2, 7))
        stage.pool.send(control.Mute(2, muted=True))
        stage.pool.send(control.Play(2, 5, [control.Segment(0, 160)]))
        await stage.settle()
        assert old.was_told()[-1] == control.CloseStream(2, moves=True)
        new.was_told()
        old.closes(2, sequence=9, timestamp=10, due_s=5.0)
        await stage.settle()
        opened, mute, play = new.was_told()
        assert isinstance(opened, control.OpenStream)
        assert (opened.sequence, opened.timestamp, opened.due_s, opened.room) == (9, 10, 5.0, 7)
        assert (mute, play) == (control.Mute(2, muted=True), control.Play(2, 5, [control.Segment(0, 160)]))
        assert stage.ended() == []
        assert stage.home(2) is new

    act(story)


@pytest.mark.parametrize("victim", ["old", "new", "both"])
@pytest.mark.parametrize("closed_while_moving", [False, True])
def test_whoever_dies_while_a_stream_moves_it_arrives_or_ends(
    act: Act, victim: str, closed_while_moving: bool
) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1, 7)
        stage.open(2, 8)
        old, new = stage.home(2), stage.home(1)
        stage.pool.send(control.Route(2, 7))
        if closed_while_moving:
            stage.pool.send(control.CloseStream(2))
        await stage.settle()
        if victim in {"old", "both"}:
            old.dies()
        if victim in {"new", "both"}:
            new.dies()
        await stage.settle()
        if victim == "new":
            old.closes(2, sequence=1, timestamp=2)
            await stage.settle()
        if victim == "both" and closed_while_moving:
            # It arrived at a worker that was dead already, was closed there, and has ended with it.
            assert stage.ended() == [2]
            assert stage.pool._places.people(7) == 1
            return
        assert stage.home(2) is stage.home(1)
        await stage.settle()
        told = [command for command in stage.home(2).was_told() if getattr(command, "stream", 0) == 2]
        assert isinstance(told[0], control.OpenStream)
        assert told[0].room == 7
        assert (control.CloseStream(2) in told) is closed_while_moving
        if closed_while_moving:
            stage.home(2).closes(2)
        stage.pool.send(control.CloseStream(1))
        if not closed_while_moving:
            stage.pool.send(control.CloseStream(2))
            stage.home(2).closes(2)
        stage.home(1).closes(1)
        await stage.settle()
        assert sorted(stage.ended()) == [1, 2]
        assert stage.pool.capacity_left == 8
        assert not stage.pool._places

    act(story)


def test_a_closing_stream_whose_worker_dies_has_ended(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1, 7)
        free = stage.ports.free
        stage.pool.send(control.CloseStream(1))
        stage.home(1).dies()
        await stage.settle()
        assert stage.ended() == [1]
        assert stage.ports.free == free + 1
        assert not stage.pool._places

    act(story)


def test_a_stream_that_a_worker_refuses_ends_and_leaves_its_room(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1, 7)
        stage.home(1).closes(1)
        await stage.settle()
        assert stage.ended() == [1]
        assert not stage.pool._places
        assert stage.pool.capacity_left == 8

    act(story)


def test_what_was_playing_to_a_room_ends_with_its_worker_and_only_once(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1, 7)
        stage.open(2, 8)
        for playback, room in ((50, 7), (51, 8)):
            stage.pool.send(control.PlayRoom(room, playback, [control.Segment(0, 160)]))
        stage.pool.send(control.PlayRoom(99, 52, [control.Segment(0, 160)]))  # nobody is there
        assert stage.events == [control.PlaybackEnded(52, room=99)]
        stage.pool.send(control.CloseStream(1))  # room 7 is gone, its announcement not yet told as ended
        stage.home(1).dies()
        await stage.settle()
        ended = [event.playback for event in stage.events if isinstance(event, control.PlaybackEnded)]
        assert ended == [52, 50]

    act(story)


def test_gains_and_whispers_go_with_a_stream_to_the_heir(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1, 7)
        dead = stage.home(1)
        for command in (control.Gain(1, -6.0), control.AutoGain(1, on=True), control.Whisper(1, 2)):
            stage.pool.send(command)
        await stage.settle()
        assert dead.was_told()[1:] == [
            control.Gain(1, -6.0),
            control.AutoGain(1, on=True),
            control.Whisper(1, 2),
        ]
        dead.table.stream[2], dead.table.ticked_s[0], dead.table.auto_gain_db[2] = 1, 1_000.0, 4.5
        dead.dies()
        await stage.settle()
        [opened] = stage.home(1).was_told()
        assert isinstance(opened, control.OpenStream)
        assert (opened.gain_db, opened.auto_gain, opened.auto_gain_db, opened.whisper_to) == (
            -6.0,
            True,
            4.5,
            2,
        )

    act(story)


def test_a_stream_that_moves_takes_along_what_was_learned_of_its_voice(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1, 7)
        stage.open(2, 8)
        old, new = stage.home(2), stage.home(1)
        stage.pool.send(control.AutoGain(2, on=True))
        stage.pool.send(control.Route(2, 7))
        await stage.settle()
        new.was_told()
        old.closes(2, auto_gain_db=-3.0)
        await stage.settle()
        [opened] = new.was_told()
        assert (opened.auto_gain, opened.auto_gain_db) == (True, -3.0)

    act(story)


def record(stream: int, recording: int) -> control.Record:
    return control.Record(stream, recording, control.Segment(0, 1_600))


def recorded(stage: Stage) -> list[control.AnyEvent]:
    return [
        event for event in stage.events if isinstance(event, control.RecordingEnded | control.StreamClosed)
    ]


def test_what_a_dead_worker_was_recording_has_ended_with_nothing_and_only_once(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1, 7)
        stage.open(2, 7)
        for command in (record(1, 11), record(1, 12), record(2, 21), control.CloseStream(2)):
            stage.pool.send(command)
        await stage.settle()
        stage.home(1).says(control.RecordingEnded(1, 11, 800))
        await stage.settle()
        stage.home(1).dies()
        await stage.settle()
        assert recorded(stage) == [
            control.RecordingEnded(1, 11, 800),
            control.RecordingEnded(2, 21, 0),
            control.StreamClosed(2),
            control.RecordingEnded(1, 12, 0),
        ]
        assert all(isinstance(command, control.OpenStream) for command in stage.home(1).was_told())
        stage.home(1).dies()
        await stage.settle()
        assert len(recorded(stage)) == 4

    act(story)


def test_a_recording_asked_for_when_the_last_was_lost_is_told_to_the_heir(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1, 7)
        stage.pool.send(record(1, 11))
        await stage.settle()

        def answer(event: control.AnyEvent) -> None:
            if event == control.RecordingEnded(1, 11, 0):
                stage.pool.send(record(1, 12))

        stage.pool._on_event = answer
        stage.home(1).dies()
        await stage.settle()
        opened, command = stage.home(1).was_told()
        assert isinstance(opened, control.OpenStream)
        assert command == record(1, 12)

    act(story)


def test_a_recording_of_a_call_that_is_gone_or_ends_on_its_way_has_ended(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.pool.send(record(99, 1))
        stage.open(1, 7)
        stage.open(2, 8)
        old = stage.home(2)
        stage.pool.send(control.Route(2, 7))
        stage.pool.send(record(2, 3))  # waits until it has arrived
        stage.pool._losses = [asyncio.get_running_loop().time()] * 100
        for dying in (stage.workers[2], old):  # the spare first: nobody takes over
            dying.dies()
            await stage.settle()
        await stage.settle()
        assert recorded(stage) == [
            control.RecordingEnded(99, 1, 0),
            control.RecordingEnded(2, 3, 0),
            control.StreamClosed(2),
        ]

    act(story)


def test_every_worker_is_told_where_the_arena_is_also_those_that_come_later(act: Act) -> None:
    async def story(stage: Stage) -> None:
        with open(os.devnull, "rb") as file:  # noqa: ASYNC230, PTH123 (a descriptor, nothing is read)
            stage.pool.load(file.fileno(), 4_000, 1_600, 2_400)
            await stage.settle()
            stage.open(1)
            stage.home(1).dies()
            await stage.settle()
            told = [command for worker in stage.workers for command in worker.was_told()]
        assert told.count(control.Load(4_000, 1_600, 2_400)) == 4 - 1  # the dead one's was not read

    act(story)


def test_every_worker_is_told_how_a_pause_sounds_also_those_that_come_later(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.pool.fill_silence(-68.0)
        await stage.settle()
        stage.open(1)
        stage.home(1).dies()
        await stage.settle()
        told = [command for worker in stage.workers for command in worker.was_told()]
        assert told.count(control.RoomTone(-68.0)) == 4 - 1  # the dead one's was not read
        with pytest.raises(ValueError, match="the pool's own command"):
            stage.pool.send(control.RoomTone())

    act(story)


def test_workers_that_keep_dying_end_their_calls_and_new_ones_are_refused(act: Act) -> None:
    async def story(stage: Stage) -> None:
        for stream in (1, 2, 3):
            stage.open(stream, 7)
        stage.open(4, 8)
        for _ in range(pool.RESTARTS_PER_MINUTE + 3):
            alive = [worker for worker in stage.workers if not worker.gone]
            if not alive:
                break
            alive[0].dies()
            await stage.settle()
        assert sorted(stage.ended()) == [1, 2, 3, 4]
        assert stage.pool.capacity_left == 0
        assert not stage.pool._places
        with pytest.raises(PoolFullError):
            stage.open(5)
        # The minute is over: workers are started again at the next look.
        stage.pool._losses = []
        stage.pool._check_heartbeats()
        await stage.settle()
        stage.open(6)
        assert stage.pool.capacity_left == 7

    act(story)


def test_a_system_that_starts_no_process_ends_the_calls_and_nothing_else(
    act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1, 7)
        stage.open(2, 8)
        kept = stage.home(2)

        def refuse(*_: object) -> ActedWorker:
            raise OSError(11, "Resource temporarily unavailable")

        monkeypatch.setattr(pool, "WorkerProcess", refuse)
        stage.home(1).dies()
        await stage.settle()
        assert stage.ended() == []  # the spare took over
        stage.home(1).dies()
        await stage.settle()
        assert stage.ended() == [1]
        assert stage.home(2) is kept

    act(story)


def test_a_worker_that_stands_still_with_streams_is_ended_and_an_idle_one_is_not(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1, 7)
        hanging = stage.home(1)
        for _ in range(pool.STALLED_HEARTBEATS + 1):
            stage.pool._check_heartbeats()
        await stage.settle()
        assert hanging.gone
        assert [worker.gone for worker in stage.workers].count(True) == 1
        assert stage.ended() == []

    act(story)


def test_calls_too_short_to_let_a_worker_tick_are_no_sign_that_it_hangs(act: Act) -> None:
    async def story(stage: Stage) -> None:
        for stream in range(1, 3 * pool.STALLED_HEARTBEATS):
            stage.open(stream, 7)
            home = stage.home(stream)
            stage.pool._check_heartbeats()
            stage.pool.send(control.CloseStream(stream))
            await stage.settle()
            home.was_told()
            home.closes(stream)
            await stage.settle()
        assert not any(worker.gone for worker in stage.workers)

    act(story)


def test_a_worker_of_another_version_is_ended(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.workers[0].says(control.Ready(control.VERSION + 1, 1))
        await stage.settle()
        assert stage.workers[0].gone
        assert stage.pool.replaced == 1

    act(story)


def test_more_commands_than_fit_one_message_all_arrive_in_order(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1)
        segments = [control.Segment(number, 160) for number in range(100)]
        for playback in range(100):
            stage.pool.send(control.Play(1, playback, segments))
        told: list[control.AnyCommand] = []
        for _ in range(20):
            await stage.settle()
            told += stage.home(1).was_told()
            stage.home(1).flush()
        assert [command.playback for command in told if isinstance(command, control.Play)] == list(range(100))
        with pytest.raises(ValueError, match="too long"):
            stage.pool.send(control.Play(1, 1, segments * 100))

    act(story)


def test_commands_for_what_is_gone_do_nothing_and_the_pools_own_are_refused(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.pool.send(control.Mute(99, muted=True))
        stage.open(1)
        stage.pool.send(control.CloseStream(1))
        stage.pool.send(control.CloseStream(1))
        stage.pool.send(control.Route(1, 7))
        assert not stage.pool._places
        with pytest.raises(ValueError, match="the pool's own"):
            stage.pool.send(control.Shutdown())

    act(story)


def secured_format(fill: bytes) -> control.Format:
    return control.Format(
        control.Codec.PCMU, 0, srtp=control.Srtp(control.Suite.AES_CM_128_HMAC_SHA1_80, fill * 30, fill * 30)
    )


@pytest.mark.parametrize("told_of_new_keys", [True, False])
def test_an_heir_goes_on_counting_secured_packets_with_the_keys_they_were_counted_with(
    act: Act, *, told_of_new_keys: bool
) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1)
        old, new = secured_format(b"a"), secured_format(b"b")
        stage.pool.send(control.UpdateStream(1, old))
        stage.pool.send(control.UpdateStream(1, new))
        dead = stage.home(1)
        row, table = 2, dead.table
        table.stream[row], table.sequence_out[row], table.srtp_next_out[row] = 1, 77, 65_536 + 77
        assert old.srtp is not None
        assert new.srtp is not None
        table.srtp_mark[row] = mark(new.srtp if told_of_new_keys else old.srtp)
        table.ticked_s[0] = 1_000.0
        dead.dies()
        await stage.settle()
        [opened] = stage.home(1).was_told()
        assert isinstance(opened, control.OpenStream)
        assert opened.format == new
        counted = control.SrtpNumbers(next_out=65_536 + 77)
        assert opened.srtp == (counted if told_of_new_keys else None), "old numbers say nothing of new keys"

    act(story)


def test_a_call_begins_where_its_sequence_numbers_do_not_soon_begin_anew(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.pool._entropy = lambda count: b"\xff" * count
        stage.open(1)
        await stage.settle()
        [opened] = stage.home(1).was_told()
        assert isinstance(opened, control.OpenStream)
        assert (opened.ssrc, opened.sequence) == (0xFFFFFFFF, 0x7FFF)

    act(story)


class Spreading:
    """What workers were told of rooms that live in several."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.told: dict[str, list[control.AnyCommand]] = {}

    async def settle(self) -> None:
        await self.stage.settle()
        for worker in self.stage.workers:
            self.told.setdefault(worker.name, []).extend(worker.was_told())

    def of(self, worker: ActedWorker, *kinds: type) -> list[control.AnyCommand]:
        return [command for command in self.told[worker.name] if isinstance(command, kinds)]


def crowd(stage: Stage, people: int, room: int = 7) -> tuple[ActedWorker, ActedWorker]:
    """So many come into the room, five at the least; returns the two workers in which it then lives."""
    for stream in range(1, people + 1):
        stage.open(stream, room)
    return stage.home(1), stage.home(people)


def test_a_room_that_its_worker_is_too_small_for_goes_on_in_another_and_both_are_told(act: Act) -> None:
    async def story(stage: Stage) -> None:
        spread = Spreading(stage)
        first, second = crowd(stage, 6)
        await spread.settle()
        assert first is not second
        assert first.streams == {1, 2, 3, 4}
        assert second.streams == {5, 6}
        kinds = control.LoadOutbox, control.LoadPeer, control.Spread
        assert spread.of(first, *kinds) == [
            control.LoadOutbox(1), control.LoadPeer(2), control.Spread(7, [2], leads=True)
        ]  # fmt: skip
        assert spread.of(second, *kinds) == [
            control.LoadOutbox(2), control.LoadPeer(1), control.Spread(7, [1], leads=False)
        ]  # fmt: skip
        assert stage.pool.rooms_spread == 1
        for stream in (7, 8):
            stage.open(stream, 7)
        with pytest.raises(PoolFullError):
            stage.open(9, 7)
        assert stage.pool.capacity_left == 0

    act(story)


def test_a_room_that_could_not_be_shared_for_want_of_memory_is_once_there_is_some(
    act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(stage: Stage) -> None:
        def refuse(*_: object) -> int:
            raise OSError(24, "Too many open files")

        spread = Spreading(stage)
        with monkeypatch.context() as patch:
            patch.setattr(os, "memfd_create", refuse)
            first, second = crowd(stage, 6)
            stage.pool._check_heartbeats()
            await spread.settle()
        for worker in (first, second):
            assert not spread.of(worker, control.Spread)
        for _ in range(2):
            stage.pool._check_heartbeats()
            await spread.settle()
        assert spread.of(first, control.Spread) == [control.Spread(7, [2])]
        assert spread.of(second, control.Spread) == [control.Spread(7, [1], leads=False)]

    act(story)


def test_a_worker_that_no_ring_can_be_made_for_takes_calls_all_the_same(act: Act) -> None:
    class NoRings:
        def attach(self, source: str) -> tuple[int, int]:
            raise OSError(24, "Too many open files")

        def detach(self, source: str) -> None:
            pass

    async def story(stage: Stage) -> None:
        stage.pool.record_through(NoRings())
        stage.open(1, 7)
        for _ in range(2):
            stage.home(1).dies()
            await stage.settle()
        assert stage.ended() == []
        assert len(stage.pool.pids()) == 2
        assert {each.name for each in stage.workers if not each.gone} == {
            each.name for each in stage.pool._everyone()
        }

    act(story)


def test_a_worker_whose_last_of_a_room_has_left_is_no_longer_of_it(act: Act) -> None:
    async def story(stage: Stage) -> None:
        spread = Spreading(stage)
        first, second = crowd(stage, 5)
        await spread.settle()
        stage.pool.send(control.CloseStream(5))
        second.closes(5)
        await spread.settle()
        for worker in (first, second):
            assert spread.of(worker, control.Spread)[-1] == control.Spread(7, [])
        assert stage.pool._places.workers(7) == (first,)
        # And again: what they have been given they know.
        stage.open(6, 7)
        await spread.settle()
        assert spread.of(second, control.Spread)[-1] == control.Spread(7, [1], leads=False)
        assert len(spread.of(first, control.LoadOutbox, control.LoadPeer)) == 2
        for stream in (1, 2, 3, 4):
            stage.pool.send(control.Route(stream, 0))
        await spread.settle()
        assert spread.of(second, control.Spread)[-1] == control.Spread(7, [])
        assert stage.pool._places.workers(7) == (second,)

    act(story)


def test_who_comes_into_a_room_stays_where_it_lives_and_else_moves_while_there_is_a_place(act: Act) -> None:
    async def story(stage: Stage) -> None:
        spread = Spreading(stage)
        stage.open(1, 7)
        stage.open(2)
        first, second = stage.home(1), stage.home(2)
        stage.pool.send(control.Route(2, 7))
        await spread.settle()
        assert control.CloseStream(2, moves=True) in spread.of(second, control.CloseStream)
        second.closes(2)
        await spread.settle()
        stage.open(10)
        stage.open(11)
        for stream in (3, 4):
            stage.open(stream, 7)
        assert [stage.home(stream) for stream in (2, 3, 4, 10)] == [first, first, first, second]
        for stream in (10, 11):  # the first is full: the room comes to them
            stage.pool.send(control.Route(stream, 7))
        await spread.settle()
        assert spread.of(second, control.Route) == [control.Route(10, 7), control.Route(11, 7)]
        assert stage.pool._places.workers(7) == (first, second)
        assert stage.ended() == []

    act(story)


def test_all_workers_of_a_room_play_to_it_and_it_has_ended_once(act: Act) -> None:
    async def story(stage: Stage) -> None:
        spread = Spreading(stage)
        first, second = crowd(stage, 5)
        play = control.PlayRoom(7, 50, [control.Segment(0, 160)])
        stage.pool.send(play)
        await spread.settle()
        assert spread.of(first, control.PlayRoom) == spread.of(second, control.PlayRoom) == [play]
        over = control.PlaybackEnded(50, room=7)
        first.says(over)
        await spread.settle()
        assert stage.events == []
        second.says(over)
        await spread.settle()
        second.says(over)
        await spread.settle()
        assert stage.events == [over]

    act(story)


@pytest.mark.parametrize("first_to_end", ["dead", "alive"])
def test_what_plays_to_a_room_has_ended_once_though_one_of_its_workers_dies(
    act: Act, first_to_end: str
) -> None:
    async def story(stage: Stage) -> None:
        first, second = crowd(stage, 5)
        stage.pool.send(control.PlayRoom(7, 50, [control.Segment(0, 160)]))
        await stage.settle()
        over = control.PlaybackEnded(50, room=7)
        for step in ("dead", "alive") if first_to_end == "dead" else ("alive", "dead"):
            assert stage.events == []
            if step == "dead":
                first.dies()
            else:
                second.says(over)
            await stage.settle()
        assert stage.events == [over]

    act(story)


def test_who_joins_a_rooms_workers_is_told_its_music_once_and_after_somebody_is_there(act: Act) -> None:
    async def story(stage: Stage) -> None:
        spread = Spreading(stage)
        music = control.RoomMusic(7, control.Segment(0, 1_600))
        stage.open(1, 7)
        stage.pool.send(music)
        stage.open(10)
        for stream in (2, 3, 4, 5, 6):
            stage.open(stream, 7)
        second = stage.home(5)
        await spread.settle()
        assert spread.of(stage.home(1), control.RoomMusic) == [music]
        told = [type(command) for command in spread.of(second, control.OpenStream, control.RoomMusic)]
        assert told == [control.OpenStream, control.OpenStream, control.RoomMusic, control.OpenStream]
        stage.pool.send(control.RoomMusic(7, None))
        for stream in (5, 6):
            stage.pool.send(control.Route(stream, 0))
        stage.pool.send(control.Route(10, 7))
        await spread.settle()
        quiet = control.RoomMusic(7, None)
        assert spread.of(second, control.RoomMusic) == [music, quiet, quiet]

    act(story)


@pytest.mark.parametrize("leaves", [control.CloseStream(1), control.Route(1, 0)])
def test_who_arrives_when_all_others_have_left_is_the_first_to_be_told_the_music_of_the_room(
    act: Act, leaves: control.AnyCommand
) -> None:
    async def story(stage: Stage) -> None:
        spread = Spreading(stage)
        music = control.RoomMusic(7, control.Segment(0, 800))
        stage.open(1, 7)
        stage.open(2)
        first, second = stage.home(1), stage.home(2)
        stage.pool.send(music)
        stage.pool.send(control.Route(2, 7))
        await spread.settle()
        stage.pool.send(leaves)
        second.closes(2)
        await spread.settle()
        assert stage.home(2) is first
        assert [type(each) for each in spread.told[first.name]][-3:] == [
            type(leaves), control.OpenStream, control.RoomMusic
        ]  # fmt: skip
        stage.open(3, 7)
        await spread.settle()
        assert spread.of(first, control.RoomMusic) == [music, music]  # who comes after that finds it playing

    act(story)


def test_a_worker_that_the_system_has_no_memory_to_tell_is_told_later(
    act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(stage: Stage) -> None:
        def refuse(*_: object) -> None:
            raise OSError(109, "Too many references: cannot splice")

        stage.open(1, 7)
        worker = stage.home(1)
        with monkeypatch.context() as patch:
            patch.setattr(socket, "send_fds", refuse)
            worker.flush()
        assert worker._flush_planned
        assert not worker.was_told()
        await stage.settle()
        assert [
            command.stream for command in worker.was_told() if isinstance(command, control.OpenStream)
        ] == [1]

    act(story)


@pytest.mark.parametrize("victim", [0, 1])
def test_the_heir_of_either_worker_takes_its_part_of_the_room(act: Act, victim: int) -> None:
    async def story(stage: Stage) -> None:
        spread = Spreading(stage)
        both = crowd(stage, 6)
        stage.pool.send(control.RoomMusic(7, control.Segment(0, 1_600)))
        await spread.settle()
        dead, other = both[victim], both[1 - victim]
        streams = sorted(dead.streams)
        spread.told[other.name].clear()
        dead.dies()
        await spread.settle()
        heir = stage.home(streams[0])
        assert [command.stream for command in spread.of(heir, control.OpenStream)] == streams
        assert spread.of(heir, control.LoadOutbox, control.LoadPeer, control.Spread, control.RoomMusic) == [
            *([control.LoadOutbox(3), control.LoadPeer(2)] if victim == 0 else []),
            *([] if victim == 0 else [control.LoadOutbox(3), control.LoadPeer(1)]),
            control.Spread(7, [2 - victim], leads=victim == 0),
            control.RoomMusic(7, control.Segment(0, 1_600)),
        ]
        assert spread.of(other, control.LoadPeer, control.Spread, control.DropPeer) == [
            control.LoadPeer(3),
            control.Spread(7, [3], leads=victim == 1),
            control.DropPeer(1 + victim),
        ]
        assert stage.ended() == []

    act(story)


def test_where_nobody_takes_over_the_rest_of_the_room_goes_on_alone(act: Act) -> None:
    async def story(stage: Stage) -> None:
        spread = Spreading(stage)
        first, second = crowd(stage, 6)
        stage.pool._losses = [asyncio.get_running_loop().time()] * 100
        for dying in (stage.workers[2], first):  # the spare first
            dying.dies()
            await spread.settle()
        assert sorted(stage.ended()) == [1, 2, 3, 4]
        assert spread.of(second, control.Spread)[-1] == control.Spread(7, [])
        assert stage.pool._places.workers(7) == (second,)

    act(story)


def test_who_was_on_the_way_to_a_worker_that_dies_without_an_heir_stays_and_the_room_comes_to_him(
    act: Act,
) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1, 7)
        stage.open(2)
        first, second = stage.home(1), stage.home(2)
        stage.pool.send(control.Route(2, 7))
        stage.pool._losses = [asyncio.get_running_loop().time()] * 100
        for dying in (stage.workers[2], first):
            dying.dies()
            await stage.settle()
        second.closes(2)
        await stage.settle()
        assert stage.ended() == [1]
        assert stage.home(2) is second
        assert stage.pool._places.workers(7) == (second,)
        stage.pool.send(control.CloseStream(2))
        second.closes(2)
        await stage.settle()
        assert not stage.pool._places
        assert stage.pool.capacity_left == 4

    act(story)


def test_a_stream_that_ends_while_it_moves_gives_both_places_back(act: Act) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1, 7)
        stage.open(2)
        old = stage.home(2)
        stage.pool.send(control.Route(2, 7))
        stage.pool._losses = [asyncio.get_running_loop().time()] * 100
        for dying in (stage.workers[2], old):
            dying.dies()
            await stage.settle()
        assert stage.ended() == [2]
        assert stage.pool.capacity_left == 3
        assert stage.pool._places.people(7) == 1

    act(story)


@pytest.mark.parametrize("heir", [True, False])
def test_what_the_conference_does_when_a_call_ends_with_its_worker_concerns_no_dead_one(
    act: Act, *, heir: bool
) -> None:
    # Told that one has gone, it closes the others, lets them go elsewhere, and plays to the rest, all before it returns.
    async def story(stage: Stage) -> None:
        for stream in (1, 2, 3):
            stage.open(stream, 7)
        dead = stage.home(1)
        stage.pool.send(control.CloseStream(1))

        def answer(event: control.AnyEvent) -> None:
            stage.events.append(event)
            if isinstance(event, control.StreamClosed):
                stage.pool.send(control.CloseStream(2))
                stage.pool.send(control.Route(3, 8))
                stage.pool.send(control.PlayRoom(7, 50 + event.stream, [control.Segment(0, 160)]))

        stage.pool._on_event = answer
        if not heir:
            stage.pool._losses = [asyncio.get_running_loop().time()] * 100
            stage.workers[2].dies()
            await stage.settle()
        dead.dies()
        await stage.settle()
        for worker in stage.workers:
            for command in worker.was_told() if not worker.gone else ():
                if isinstance(command, control.CloseStream):
                    worker.closes(command.stream)
        await stage.settle()
        assert sorted(stage.ended()) == ([1, 2] if heir else [1, 2, 3])
        assert list(stage.pool._places) == ([8] if heir else [])
        check(stage)

    act(story)


@pytest.mark.parametrize("after", [control.CloseStream(2), control.Route(2, 0), control.Route(2, 9)])
def test_what_is_said_to_a_stream_after_it_was_closed_on_its_way_does_nothing(
    act: Act, after: control.AnyCommand
) -> None:
    async def story(stage: Stage) -> None:
        stage.open(1, 7)
        stage.open(2)
        old = stage.home(2)
        for command in (control.Route(2, 7), control.CloseStream(2), after):
            stage.pool.send(command)
        stage.pool.send(control.Record(2, 5, control.Segment(0, 160)))
        old.closes(2)
        await stage.settle()
        assert stage.pool._places.people(7) == 1
        check(stage)
        stage.home(1).dies()
        await stage.settle()
        assert stage.ended() == [2]
        assert control.RecordingEnded(2, 5, 0) in stage.events
        check(stage)

    act(story)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_people_and_workers_do_everybody_is_counted_where_he_is(act: Act, seed: int) -> None:
    async def story(stage: Stage) -> None:
        chance = random.Random(seed)
        alive: list[int] = []
        number = 0
        for _ in range(80):
            what = chance.choice(["open", "open", "open", "route", "route", "close", "play", "answer", "die"])
            if what == "open":
                number += 1
                with contextlib.suppress(PoolFullError):
                    stage.open(number, chance.randrange(4))
                    alive.append(number)
            elif what == "route" and alive:
                stage.pool.send(control.Route(chance.choice(alive), chance.randrange(4)))
            elif what == "close" and alive:
                leaving = alive.pop(chance.randrange(len(alive)))
                stage.pool.send(control.CloseStream(leaving))
                if chance.random() < 0.3:  # they knew no better
                    stage.pool.send(chance.choice([control.CloseStream(leaving), control.Route(leaving, 1)]))
            elif what == "play":
                number += 1
                stage.pool.send(control.PlayRoom(chance.randrange(1, 4), number, [control.Segment(0, 160)]))
            elif what == "die" and chance.random() < 0.3:
                stage.pool._losses.clear()
                chance.choice([each for each in stage.workers if not each.gone]).dies()
            if what == "answer" or chance.random() < 0.3:
                await answer(stage)
            check(stage)
        await answer(stage)
        for stream in alive:
            stage.pool.send(control.CloseStream(stream))
        for _ in range(4):
            await answer(stage)
        check(stage)
        assert not stage.pool._places
        assert not stage.pool._room_music
        assert not stage.pool._newcomers
        assert stage.pool.capacity_left == 8
        assert len(set(stage.ended())) == len(stage.ended())
        playbacks = [each.playback for each in stage.events if isinstance(each, control.PlaybackEnded)]
        assert len(set(playbacks)) == len(playbacks)

    act(story)


async def answer(stage: Stage) -> None:
    """All workers do what they were told."""
    await stage.settle()
    for worker in stage.workers:
        for command in worker.was_told():
            if worker.gone:
                continue
            if isinstance(command, control.CloseStream):
                worker.closes(command.stream, sequence=1)
            elif isinstance(command, control.PlayRoom):
                worker.says(control.PlaybackEnded(command.playback, room=command.room))
    await stage.settle()


def check(stage: Stage) -> None:
    """Rooms and loads are those of the streams."""
    places: dict[int, Counter[ActedWorker]] = {}
    for stream in stage.pool._streams.values():
        if stream.room and not stream.closing:
            places.setdefault(stream.room, Counter())[stream.home] += 1
    found = {room: Counter(stage.pool._places._people[room]) for room in stage.pool._places}
    assert found == places
    for worker in stage.pool._workers:
        assert worker.load <= 4
        homes = {
            number for number, each in stage.pool._streams.items() if worker in (each.worker, each.bound)
        }
        assert worker.streams == homes

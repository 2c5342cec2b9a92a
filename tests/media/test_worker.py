"""A worker at its pipe, without a process around it: what it is told is carried out or refused, never a crash."""

from __future__ import annotations

import mmap
import os
import socket
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from dsp.level import rms_dbov
from media import control, worker
from media.shared_file import SharedFile
from media.speakers import Said
from media.streams import Streams, table_bytes
from media.worker import Worker
from tests.dsp.speech import frames, noise, voice
from tests.media.real import descriptors

ROWS = 4


class Pipe:
    """Control's end, and the worker at the other."""

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.setblocking(False)
        table = mmap.mmap(-1, table_bytes(ROWS))
        self.worker = Worker(theirs, table, ROWS)
        self.table = Streams(ROWS, table)

    def say(self, *commands: control.AnyCommand, fds: list[int] | None = None) -> list[control.AnyEvent]:
        """Tell the worker, let it carry that out, and return its answers."""
        data = control.pack([control.encoder.encode(command) for command in commands])
        socket.send_fds(self.control, [data], fds or [])
        self.worker._read_commands()
        self.worker._flush()
        return self.answers()

    def answers(self) -> list[control.AnyEvent]:
        told: list[control.AnyEvent] = []
        while True:
            try:
                data = self.control.recv(control.MESSAGE_BYTES)
            except BlockingIOError:
                return told
            told += control.events_decoder.decode(data)

    def close(self) -> None:
        self.worker._sockets.close()
        self.worker._pipe.close()
        self.control.close()


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    monkeypatch.setenv("RODA_SOCKETS", "epoll")
    made = Pipe()
    yield made
    made.close()


def opening(stream: int, **options: float) -> control.OpenStream:
    return control.OpenStream(
        stream,
        control.Format(control.Codec.PCMU, 0),
        ssrc=1,
        sequence=2,
        timestamp=3,
        cname="test",
        remote=control.Endpoint("127.0.0.1", 9),
        **options,
    )


def pair() -> tuple[list[socket.socket], list[int]]:
    made = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    return made, [each.fileno() for each in made]


def test_a_stream_is_opened_with_its_sockets_and_closed_with_its_figures(pipe: Pipe) -> None:
    sockets, fds = pair()
    assert pipe.say(opening(7), fds=fds) == []
    assert pipe.table.stream.tolist() == [7, 0, 0, 0]
    [closed] = pipe.say(control.CloseStream(7))
    assert isinstance(closed, control.StreamClosed)
    assert (closed.stream, closed.sequence, closed.timestamp) == (7, 2, 3)
    assert not pipe.table.stream.any()
    for each in sockets:
        each.close()


def test_a_stream_whose_sockets_were_left_out_is_refused(pipe: Pipe) -> None:
    # The kernel passes fewer descriptors where we have too many open.
    sockets, fds = pair()
    refused = pipe.say(opening(1), opening(2), fds=fds[:1])
    assert refused == [control.StreamClosed(1), control.StreamClosed(2)]
    assert pipe.worker._engine.idle
    for each in sockets:
        each.close()


MEMORY = [control.Load(160), control.LoadRing(8), control.LoadOutbox(1), control.LoadPeer(2)]


@pytest.mark.parametrize("command", MEMORY)
def test_memory_that_was_left_out_or_cannot_be_had_ends_no_call(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch, command: control.AnyCommand
) -> None:
    def none_left(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    sockets, fds = pair()
    pipe.say(opening(1), fds=fds)
    pipe.say(command, control.Spread(7, [2]), control.Route(1, 7))
    before = descriptors(os.getpid())
    with monkeypatch.context() as patch:
        patch.setattr("media.worker.mmap.mmap", none_left)
        pipe.say(command, fds=fds[:1])
    pipe.worker._tick(1_000.0, 1_000.0)
    assert pipe.table.stream[0] == 1
    assert descriptors(os.getpid()) == before
    for each in sockets:
        each.close()


def test_descriptors_that_belong_to_nothing_are_closed(pipe: Pipe) -> None:
    sockets, fds = pair()
    before = descriptors(os.getpid())
    pipe.say(opening(1), fds=fds[:1])
    pipe.say(control.CloseStream(1), fds=fds)
    assert descriptors(os.getpid()) == before
    for each in sockets:
        each.close()


def test_a_stream_too_many_and_one_that_is_there_already_are_refused_and_the_others_live(pipe: Pipe) -> None:
    for stream in range(1, ROWS + 1):
        sockets, fds = pair()
        pipe.say(opening(stream), fds=fds)
        for each in sockets:
            each.close()
    sockets, fds = pair()
    assert pipe.say(opening(9), fds=fds) == [control.StreamClosed(9)]
    assert pipe.say(opening(2), fds=fds) == [control.StreamClosed(2)]
    assert pipe.table.stream.tolist() == [1, 2, 3, 4]
    for each in sockets:
        each.close()


def test_control_that_is_gone_ends_the_worker(pipe: Pipe) -> None:
    pipe.control.close()
    pipe.worker._read_commands()
    assert not pipe.worker._running


def test_a_shutdown_ends_the_worker(pipe: Pipe) -> None:
    pipe.say(control.Shutdown())
    assert not pipe.worker._running


def test_events_wait_while_control_is_busy_and_the_oldest_fall_away_in_the_end(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[control.AnyEvent] = []
    for number in range(30_000):
        pipe.worker._tell(control.DigitReceived(number, "5"))
    pipe.worker._flush()
    assert pipe.worker._backlog
    while len(told) < 30_000:
        told += pipe.answers()
        pipe.worker._flush()
    assert [event.stream for event in told if isinstance(event, control.DigitReceived)] == list(range(30_000))
    assert worker.BACKLOG_LIMIT >= 30_000


def test_a_worker_whose_last_calls_have_ended_tells_of_all_of_them_however_busy_control_was(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("os.nice", "gc.freeze", "gc.disable"):
        monkeypatch.setattr(f"media.worker.{name}", lambda *_: None)
    for number in range(30_000):
        pipe.worker._tell(control.StreamClosed(number))
    serving = threading.Thread(target=pipe.worker.run)
    serving.start()
    pipe.control.settimeout(2.0)
    told: list[control.AnyEvent] = []
    try:
        while len(told) < 30_001:  # and that it is ready
            told += control.events_decoder.decode(pipe.control.recv(control.MESSAGE_BYTES))
    finally:
        socket.send_fds(pipe.control, [control.pack([control.encoder.encode(control.Shutdown())])], [])
        serving.join()
    assert [event.stream for event in told if isinstance(event, control.StreamClosed)] == list(range(30_000))


def test_the_shared_audio_is_mapped_from_its_descriptor(
    pipe: Pipe, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("audio") / "shared"
    samples = np.arange(1_000, dtype=np.int16)
    path.write_bytes(samples.tobytes() + bytes(2_000) + samples[::-1].tobytes())
    with path.open("rb") as file:
        pipe.say(control.Load(1_000, wide=500), fds=[file.fileno()])
    audio = pipe.worker._engine._listeners.audio
    assert audio.pcm.tolist() == samples.tolist()
    assert audio.wide.tolist() == samples[::-1].tolist()


def test_what_is_recorded_is_seen_by_control_through_the_shared_file(pipe: Pipe) -> None:
    prompts = np.zeros(1_600, np.int16)
    shared = SharedFile([prompts.tobytes(), bytes(3_200)], static=1_600, arena=48_000)
    pipe.say(control.Load(shared.samples, shared.arena), fds=[shared.descriptor])
    sockets, fds = pair()
    pipe.say(opening(1), control.Record(1, 5, control.Segment(1_600, 16_000)), fds=fds)
    row = pipe.worker._engine.row(1)
    assert row is not None
    for frame in frames(voice(2.0, -26) + noise(2.0, -68)):
        recorder = pipe.worker._engine._recorder
        recorder.take(Said(np.array([row]), frame[None], np.ones(1, np.bool_)))
    pipe.worker._tick(1_000.0, 1_000.0)
    [told] = pipe.answers()
    assert isinstance(told, control.RecordingEnded)
    assert told.length > 14_000
    assert rms_dbov(shared.audio.read(control.Segment(1_600, 14_000))[None])[0] > -26
    shared.close()
    for each in sockets:
        each.close()


def test_a_tick_sends_and_receives_over_the_sockets(pipe: Pipe) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(2.0)
        sockets, fds = pair()
        sockets[0].bind(("127.0.0.1", 0))
        there = control.Endpoint(*peer.getsockname())
        command = control.OpenStream(
            1, control.Format(control.Codec.PCMU, 0), ssrc=1, sequence=2, timestamp=3, cname="t", remote=there,
            latched=True,
        )  # fmt: skip
        pipe.say(command, fds=fds)
        pipe.worker._tick(1_000.0, 1_000.0)
        assert peer.recv(2_000)[2:4] == b"\0\2"
        assert pipe.table.ticks[0] == 1
        assert pipe.table.ticked_s[0] == 1_000.0
        pipe.say(control.CloseStream(1))
        for each in sockets:
            each.close()


def test_time_lost_is_added_to_what_was_lost_in_earlier_calls(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each stretch of calls has a pacer of its own, which counts from nothing.
    sockets, fds = pair()
    pipe.say(opening(7), fds=fds)
    pipe.table.skipped[0] = 1000
    clock = iter([0.0, 1.0, 1.0, 1.0, 1.0])
    with monkeypatch.context() as patch:
        patch.setattr(worker, "POLLS_PER_TICK", 1)
        patch.setattr("media.worker.time.monotonic", lambda: next(clock))
        patch.setattr(pipe.worker, "_tick", lambda _now, _due: setattr(pipe.worker, "_running", False))
        pipe.worker._conduct()
    pipe.worker._running = True
    lost = int(pipe.table.skipped[0]) - 1000
    assert 45 < lost < 50
    [closed] = pipe.say(control.CloseStream(7))
    assert isinstance(closed, control.StreamClosed)
    assert closed.timestamp == 3 + lost * 160
    for each in sockets:
        each.close()

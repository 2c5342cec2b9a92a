"""A media worker: the process around an engine. `python -m media.worker`, started by the pool with its sockets.

The loop sleeps between short polls: packets are fetched from the kernel every few milliseconds,
and once per 20 ms the engine takes them all, ticks, and everything is sent. There is no asyncio here, and no garbage
collection, logging or opening of anything in a tick.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import mmap
import os
import resource
import select
import signal
import socket
import sys
import time
from collections import deque
from itertools import islice
from typing import Final

import numpy.ma  # noqa: F401 - numpy's set operations ask for it, which would take 30 ms of the first tick

from media import control
from media.arena import ArenaAudio
from media.engine import Engine
from media.epoll import EpollSockets
from media.outbox import Inbox, Outbox
from media.pacer import TICK_S, Outcome, Pacer
from media.playback import SharedAudio
from media.recording.ring import Ring
from media.sockets import Sockets
from media.streams import Streams, table_bytes
from media.uring import UringUnavailableError
from media.uring_sockets import UringSockets

POLLS_PER_TICK: Final = 4
"""Packets are fetched so often per tick: so the work is spread, and where the kernel does not stamp them (`epoll`) a stamp is at
most 5 ms late."""
NICENESS: Final = -10
"""Where the system lets us: a frame that is late because a backup runs is heard, a backup that is late is not."""
COLLECT_S: Final = 60.0
"""Circles are few; where calls come and go one by one the collector would run after each."""
BACKLOG_LIMIT: Final = 100_000
"""Events kept while control does not read; beyond, the oldest fall away: control is dead or will ask the shared table."""

RETRY_MS: Final = 20
"""How soon a worker without streams tries again to tell what control had no time to read: a tick, as with streams. A conference of
thousands that ends has its last words wait here."""

STALE_S: Final = 0.2
"""A call that is taken over after a longer silence begins with what comes now, not with what piled up meanwhile."""
_PAIR: Final = 2
"""Descriptors beside an `OpenStream`."""


class Worker:
    """The edge: clock, sockets and the pipe to control around one engine."""

    def __init__(self, pipe: socket.socket, table: mmap.mmap, rows: int) -> None:
        self._pipe = pipe
        self._engine = Engine(
            rows, streams=Streams(rows, table), wall_offset_s=time.time() - time.monotonic()
        )
        self._sockets = _sockets(self._engine)
        self._backlog: deque[bytes] = deque(maxlen=BACKLOG_LIMIT)
        self._running = True
        self._pipe_ready = select.poll()
        self._pipe_ready.register(pipe.fileno(), select.POLLIN)

    def run(self) -> None:
        """Serve until told to stop or control is gone."""
        self._tell(control.Ready(version=control.VERSION, pid=os.getpid()))
        with contextlib.suppress(OSError):
            os.nice(NICENESS)
        gc.collect()
        gc.freeze()
        gc.disable()
        collected_at = time.monotonic()
        while self._running:
            self._flush()
            if self._engine.idle:
                if time.monotonic() >= collected_at + COLLECT_S:
                    gc.collect()  # nobody hears it
                    collected_at = time.monotonic()
                self._pipe_ready.poll(RETRY_MS if self._backlog else None)
                self._read_commands()
            else:
                self._conduct()
        self._sockets.close()

    def _conduct(self) -> None:
        """Tick for as long as there are streams."""
        pacer = Pacer(time.monotonic() + TICK_S)
        header = self._engine.streams
        skipped = 0  # by this pacer; the header counts those of all before it, and of a worker that this one replaced
        while self._running and not self._engine.idle:
            for remaining in range(POLLS_PER_TICK - 1, -1, -1):
                wait = pacer.due - remaining * TICK_S / POLLS_PER_TICK - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                elif remaining:
                    continue
                self._sockets.poll()
            began = time.monotonic()
            outcome = pacer.poll(began)
            if outcome is Outcome.EARLY:
                continue
            if outcome is Outcome.SKIPPED:
                self._engine.skip(pacer.skipped_ticks - skipped)
                header.skipped[0] += pacer.skipped_ticks - skipped
                skipped = pacer.skipped_ticks
            self._tick(began, pacer.due - TICK_S)
            header.busy_ns[0] += int((time.monotonic() - began) * 1e9)
            header.worst_late_us[0] = max(int(header.worst_late_us[0]), int(pacer.late_s * 1e6))
            header.caught_up[0] += outcome is Outcome.CAUGHT_UP

    def _tick(self, now: float, due_s: float) -> None:
        engine, sockets = self._engine, self._sockets
        batch = sockets.take()
        if batch is not None:
            engine.receive(batch.rows, batch.lengths, batch.arrivals, batch.packets, batch.sources)
        for row, data in sockets.reports():
            engine.receive_report(row, data, now)
        self._read_commands()
        sockets.address(engine.addressing())
        outgoing = engine.tick(now, due_s)
        sockets.send(outgoing.rows)
        engine.sent()
        if outgoing.loose.size:
            sockets.send_loose(engine.loose, outgoing.loose, outgoing.lengths)
        if outgoing.events:
            sockets.send_each(outgoing.events)
        if outgoing.reports:
            sockets.send_reports(outgoing.reports)
        self._flush()

    def _read_commands(self) -> None:
        while self._running and self._pipe_ready.poll(0):
            try:
                data, fds, _, _ = socket.recv_fds(self._pipe, control.MESSAGE_BYTES, control.FDS_PER_MESSAGE)
            except (ConnectionError, BlockingIOError):
                data, fds = b"", []
            if not data:
                self._running = False  # control is gone, and the calls with it
                return
            handed = deque(fds)
            for command in control.commands_decoder.decode(data):
                self._carry_out(command, handed)
            for descriptor in handed:  # of what could not be carried out for want of others
                os.close(descriptor)

    def _carry_out(self, command: control.AnyCommand, handed: deque[int]) -> None:
        now = time.monotonic()
        match command:
            case control.Shutdown():
                self._running = False
            case control.Load() | control.LoadRing() | control.LoadOutbox() | control.LoadPeer():
                if handed:
                    descriptor = handed.popleft()
                    with contextlib.suppress(OSError):
                        self._map(command, descriptor)
                    os.close(descriptor)
            case control.OpenStream():
                self._open(command, handed, now)
            case control.CloseStream(stream):
                row = self._engine.row(stream)
                self._engine.apply(command, now)
                if row is not None:
                    self._sockets.send_reports(self._engine.goodbyes())
                    self._sockets.detach(row)
            case _:
                self._engine.apply(command, now)

    def _map(
        self,
        command: control.Load | control.LoadRing | control.LoadOutbox | control.LoadPeer,
        descriptor: int,
    ) -> None:
        """Share memory with others; raises OSError where the system has none left.

        Then, or where the kernel left the descriptor out, we go without: what is not heard or recorded so is less than all calls.
        """
        match command:
            case control.Load(samples, arena, wide):
                audio = SharedAudio.over(
                    memoryview(mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)), samples, wide
                )
                written = (
                    ArenaAudio.over(memoryview(mmap.mmap(descriptor, 0)), samples, arena) if arena else None
                )
                self._engine.load(audio, written)
            case control.LoadRing(slots):
                self._engine.hand_over_through(Ring(mmap.mmap(descriptor, 0), slots))
            case control.LoadOutbox(number):
                self._engine.lay_out_in(Outbox(mmap.mmap(descriptor, 0)), number)
            case control.LoadPeer(number):
                inbox = Inbox(mmap.mmap(descriptor, 0, prot=mmap.PROT_READ))
                self._engine.listen_to(number, inbox)

    def _open(self, command: control.OpenStream, handed: deque[int], now: float) -> None:
        if len(handed) < _PAIR:
            # The kernel left descriptors out because we have too many open already.
            self._tell(control.StreamClosed(command.stream))
            return
        pair = _socket(handed.popleft()), _socket(handed.popleft())
        known = self._engine.row(command.stream)
        self._engine.apply(command, now)
        row = self._engine.row(command.stream)
        if row is None or known is not None:  # refused; control is told
            for each in pair:
                each.close()
        else:
            emptied = 0.0 < command.due_s < now - STALE_S
            self._sockets.attach(row, *pair, emptied=emptied)

    def _tell(self, event: control.AnyEvent) -> None:
        self._backlog.append(control.encoder.encode(event))

    def _flush(self) -> None:
        for event in self._engine.events():
            self._tell(event)
        while self._backlog:
            count = control.fitting(self._backlog)
            try:
                self._pipe.send(control.pack(list(islice(self._backlog, count))), socket.MSG_DONTWAIT)
            except BlockingIOError:
                return  # control is busy; it will read when it can
            except OSError:
                self._running = False
                return
            for _ in range(count):
                self._backlog.popleft()


def _socket(fd: int) -> socket.socket:
    """A datagram socket that control has opened: what is said of it here the kernel need not be asked."""
    return socket.socket(type=socket.SOCK_DGRAM, proto=0, fileno=fd)


def _sockets(engine: Engine) -> Sockets:
    """The quickest way that the kernel allows; `RODA_SOCKETS=epoll` takes the plain one, for comparison."""
    if os.environ.get("RODA_SOCKETS") != EpollSockets.name:
        with contextlib.suppress(UringUnavailableError):
            return UringSockets(engine.block, engine.secured_block, time.monotonic)
    return EpollSockets(engine.block, engine.secured_block, time.monotonic)


def main() -> None:
    """Entry of the process: descriptors of the pipe and of the shared table come as arguments."""
    parser = argparse.ArgumentParser(description="A media worker; started by the pool, not by hand.")
    parser.add_argument("--pipe", type=int, required=True)
    parser.add_argument("--table", type=int, required=True)
    parser.add_argument("--rows", type=int, required=True)
    arguments = parser.parse_args()
    # A Ctrl-C or a service manager's stop goes to the whole group; when we end is for control to say, or its death.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # two sockets per row
    table = mmap.mmap(arguments.table, table_bytes(arguments.rows))
    Worker(socket.socket(fileno=arguments.pipe), table, arguments.rows).run()
    sys.stdout.flush()
    os._exit(0)  # the mapped table is still in use by arrays; nothing is left to be tidied


if __name__ == "__main__":
    main()

"""The real pool over workers that are no processes: the real engine in each, ticking by the virtual clock.

What `media.pool` knows of a worker is a table, a pipe for commands with sockets beside them, and events that come back
a moment later; that is all there is here. `kill` ends one as a crash would: between two ticks, its table left behind.
"""

from __future__ import annotations

import mmap
import random
from collections.abc import Callable
from typing import Final

import numpy as np

from media import control, rtp
from media.arena import ArenaAudio
from media.engine import Engine
from media.outbox import Inbox, Outbox
from media.pacer import TICK_S
from media.playback import SharedAudio
from media.pool import Pool
from media.ports import PortsExhaustedError
from media.sources import Connect
from media.streams import Streams
from media.worker import POLLS_PER_TICK
from tests.media.wire import not_in_block
from tests.simulation.clock import Clock
from tests.simulation.network import Network, Socket

PIPE_S: Final = 0.0005
"""From a worker to control."""
DEATH_NOTICED_S: Final = 0.010
"""Until control reads the end of a dead worker's pipe."""
_POLL_S: Final = TICK_S / POLLS_PER_TICK
RTP_PORTS: Final = (20_000, 24_000)


class PortsTwin:
    """Pairs of ports that nobody else wants."""

    def __init__(self, network: Network, low: int, high: int, seed: int) -> None:
        self._network = network
        self._free = list(range(low, high, 2))
        self._chance = random.Random(f"{seed} ports")
        self.all = len(self._free)

    @property
    def free(self) -> int:
        return len(self._free)

    def bind(self, _host: str = "") -> tuple[int, Socket, Socket]:
        if not self._free:
            raise PortsExhaustedError("none left")
        port = self._free.pop(self._chance.randrange(len(self._free)))
        pair = Socket(port), Socket(port + 1)
        for socket in pair:
            self._network.sockets[socket.port] = socket
        return port, *pair

    def give_back(self, port: int) -> None:
        for number in (port, port + 1):
            assert self._network.sockets.pop(number).closed
        self._free.append(port)


class Worker:
    """What `media.worker` is, without the process."""

    def __init__(
        self,
        name: str,
        rows: int,
        clock: Clock,
        network: Network,
        audio: SharedAudio,
        arena: ArenaAudio | None = None,
    ) -> None:
        self.name = name
        self.rows = rows
        self.table = Streams(rows)
        self.engine = Engine(rows, streams=self.table)
        self.engine.load(audio, arena)
        self.streams: set[int] = set()
        self.dead = False
        self.tell_control: Callable[[control.AnyEvent], None] = lambda event: None
        self._clock = clock
        self._network = network
        self._commands: list[tuple[control.AnyCommand, tuple[Socket, ...]]] = []
        self._sockets: dict[int, Socket] = {}
        self._targets: dict[int, tuple[str, int] | None] = {}
        self._running = False
        self._looked_at = clock.now

    @property
    def load(self) -> int:
        return len(self.streams)

    def tell(self, command: control.AnyCommand, *fds: int) -> None:
        """A command comes through the pipe: read at the next tick, or at once by a worker that sleeps."""
        (read,) = control.commands_decoder.decode(control.pack([control.encoder.encode(command)]))
        match read:
            case control.LoadOutbox(number):
                self.engine.lay_out_in(Outbox(mmap.mmap(*fds, 0)), number)
                return
            case control.LoadPeer(number):
                self.engine.listen_to(number, Inbox(mmap.mmap(*fds, 0, prot=mmap.PROT_READ)))
                return
        self._commands.append((read, tuple(self._network.sockets[fd] for fd in fds)))
        if not self._running and not self.dead:
            self._looked_at = self._clock.now
            self._apply()
            self._tell()
            if not self.engine.idle:
                self._running = True
                self._clock.after(TICK_S, self._tick)

    def _apply(self) -> None:
        commands, self._commands = self._commands, []
        for command, sockets in commands:
            if isinstance(command, control.CloseStream):
                row = self.engine.row(command.stream)
                if row is not None:
                    del self._sockets[row], self._targets[row]
            self.engine.apply(command, self._clock.now)
            self.engine.goodbyes()  # RTCP; telephones here do not listen to it
            if isinstance(command, control.OpenStream):
                row = self.engine.row(command.stream)
                assert row is not None
                self._sockets[row], self._targets[row] = sockets[0], None
                sockets[0].peer = None

    def _tick(self) -> None:
        if self.dead:
            return
        now = self._clock.now
        engine = self.engine
        self._take(now)
        self._apply()
        for told in engine.addressing():
            if told.row in self._sockets:
                self._targets[told.row] = told.remote
                self._sockets[told.row].peer = told.remote if isinstance(told, Connect) else None
        outgoing = engine.tick(now)
        for row in outgoing.rows.tolist():
            self._send(row, engine.block[row].tobytes())
        engine.sent()
        for row, data in not_in_block(engine, outgoing):
            self._send(row, data)
        self._tell()
        if engine.idle:
            self._running = False
        else:
            self._clock.at(now + TICK_S, self._tick)

    def _take(self, now: float) -> None:
        """All that the sockets have, stamped by the poll that found it."""
        rows: list[int] = []
        stamps: list[float] = []
        packets: list[bytes] = []
        sources: dict[int, tuple[str, int]] = {}
        for row, socket in self._sockets.items():
            for at, source, data in socket.take(now):
                if socket.peer is None:
                    sources[len(rows)] = source
                rows.append(row)
                stamps.append(max(now - (now - at) // _POLL_S * _POLL_S, self._looked_at))
                packets.append(data)
        self._looked_at = now
        if rows:
            block = np.zeros(len(rows), rtp.PACKET_IN)
            octets = block["bytes"]
            for index, data in enumerate(packets):
                octets[index, : len(data)] = np.frombuffer(data, np.uint8)
            lengths = np.array([len(data) for data in packets], np.intp)
            self.engine.receive(np.array(rows, np.intp), lengths, np.array(stamps), block, sources)

    def _send(self, row: int, data: bytes) -> None:
        target = self._targets.get(row)
        if target is not None:
            self._network.send_rtp_down(target, data)

    def _tell(self) -> None:
        for event in self.engine.events():
            (read,) = control.events_decoder.decode(control.pack([control.encoder.encode(event)]))
            self._clock.after(PIPE_S, lambda event=read: self.tell_control(event))


class PoolTwin(Pool):
    """`media.pool.Pool` with its own rules for rooms, moves and take-over, and workers of this file."""

    def __init__(
        self,
        *,
        clock: Clock,
        network: Network,
        audio: SharedAudio,
        arena: ArenaAudio | None = None,
        seed: int,
        workers: int,
        rows: int,
        ports: tuple[int, int],
        on_event: Callable[[control.AnyEvent], None],
    ) -> None:
        self.ports = PortsTwin(network, *ports, seed)
        super().__init__(
            workers=workers,
            rows=rows,
            ports=self.ports,
            cname="simulated",
            entropy=random.Random(f"{seed} pool").randbytes,
            on_event=on_event,
        )
        self._clock = clock
        self._network = network
        self._shared = audio, arena
        self._workers = [self._spawn() for _ in range(workers)]
        self._spare = self._spawn()

    @property
    def workers(self) -> list[Worker]:
        """Those in use; the spare is none of them."""
        return self._workers

    def worker_of(self, stream: int) -> Worker:
        return self._streams[stream].worker

    def rooms(self) -> int:
        """Rooms with somebody in."""
        return len(self._places)

    def streams(self) -> int:
        return len(self._streams)

    def kill(self, worker: Worker) -> None:
        """A worker crashes; control finds out, and its spare takes over."""
        worker.dead = True
        self._clock.after(DEATH_NOTICED_S, lambda: self._replace(worker))

    def _replace(self, dead: Worker) -> None:
        heir, self._spare = self._spare, self._spawn()
        self._workers[self._workers.index(dead)] = heir
        self.replaced += 1
        self._inherit(dead, heir)
        self._end_announcements(dead)

    def _spawn(self) -> Worker:
        self._named += 1
        worker = Worker(f"media-{self._named}", self._rows, self._clock, self._network, *self._shared)
        worker.tell_control = lambda event: self._take(worker, event)
        return worker

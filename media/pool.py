"""The control side's hand on the media workers: which stream lives where, and what to do when one dies.

Control binds every socket and keeps it open; a worker has a copy. So a dead worker costs a moment of silence: its warm
spare, an idle worker that is always running, gets the same sockets and the rows' last state (what control commanded, and
sequence and timestamp from the shared table) and goes on. The peer sees no new port and no new SSRC.

A room lives in one worker while that has places, and in several beyond (`places`, `exchange`). A stream that is routed to a
room of another worker is closed there and opened here, with its numbers carried on; commands for it wait meanwhile.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import structlog

from media import control
from media.exchange import Exchange
from media.pacer import TICK_S
from media.pipe import receive
from media.places import Places
from media.ports import Ports, PortsExhaustedError
from media.process import WorkerProcess
from media.srtp import mark, numbers_of
from media.streams import Streams
from media.wanted import Wanted

HEARTBEAT_S: Final = 1.0
"""How often the tick counts are looked at."""
STALLED_HEARTBEATS: Final = 3
"""A worker with streams whose ticks stand still for so many looks is ended and replaced: it hangs."""
FIRST_SEQUENCES: Final = 0x7FFF
"""A call begins in the lower half of the sequence numbers: one that lost its first packets at the end of the upper half could
not tell that they began anew (RFC 3711 section 3.3.1)."""
READY_TIMEOUT_S: Final = 15.0
"""Importing numpy on a loaded machine takes a second; one that is not ready by then never will be."""
RESTARTS_PER_MINUTE: Final = 10
"""More workers lost than this and the fault is ours, not one call's: their calls end, and no more are started until the
minute is over; if none is left new calls get 503."""

_log = structlog.get_logger("media.pool")


class PoolFullError(Exception):
    """No worker has room for another stream, or no port is left. The caller is told to come again."""


class Rings(Protocol):
    """Who takes what workers hand over (media/recording/desk.py)."""

    def attach(self, source: str) -> tuple[int, int]:
        """Slots of a new ring for this worker, and its descriptor, which stays theirs."""

    def detach(self, source: str) -> None:
        """That worker is gone."""


@dataclass(slots=True)
class _Stream:
    """What control holds of a stream, and what it wants of it."""

    wanted: Wanted
    port: int
    rtp: socket.socket
    rtcp: socket.socket
    worker: WorkerProcess
    bound: WorkerProcess | None = None
    """Where it moves to."""
    moving: list[control.AnyCommand] | None = None
    closing: bool = False

    @property
    def room(self) -> int:
        """Where it is to be."""
        return self.wanted.opening.room

    @property
    def home(self) -> WorkerProcess:
        """Where it is, or soon will be."""
        return self.worker if self.bound is None else self.bound


class Pool:
    """All workers of this machine.

    Parameters
    ----------
    workers : int > 0
    rows : int
        Streams that one worker takes at the most.
    ports : Ports
    entropy : callable
        `entropy(n)` returns n random bytes.
    on_event : callable
        Called with each event of a stream or room, in the control loop.
    """

    def __init__(
        self,
        *,
        workers: int,
        rows: int,
        ports: Ports,
        cname: str,
        entropy: Callable[[int], bytes],
        on_event: Callable[[control.AnyEvent], None],
    ) -> None:
        self._size = workers
        self._rows = rows
        self._ports = ports
        self._cname = cname
        self._entropy = entropy
        self._on_event = on_event
        self._workers: list[WorkerProcess] = []
        self._spare: WorkerProcess | None = None
        self._streams: dict[int, _Stream] = {}
        self._places = Places[WorkerProcess](rows)
        self._exchange = Exchange()
        self._room_music: dict[int, control.Segment | None] = {}
        self._unshared: set[int] = set()  # rooms whose workers could not all be told of each other
        self._newcomers: set[tuple[int, WorkerProcess]] = set()  # who does not know the music of a room yet
        # Playbacks of rooms: the room, and who still plays it.
        self._announcements: dict[int, tuple[int, set[WorkerProcess]]] = {}
        self._named = 0
        self._audio: tuple[control.Load, int] | None = None
        self._room_tone: control.RoomTone | None = None
        self._rings: Rings | None = None
        self._recorded: dict[int, control.RecordRoom] = {}  # rooms
        self._heartbeat: asyncio.TimerHandle | None = None
        self._losses: list[float] = []
        self._stopping = False
        self.replaced = 0
        """Workers that died and were replaced."""
        self.rooms_spread = 0
        """How often a room that lived in one worker came to live in a second."""

    # Life ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start all workers and the spare; returns when they are ready. TimeoutError if they are not in time."""
        self._workers = [self._spawn() for _ in range(self._size)]
        self._spare = self._spawn()
        waiting = asyncio.gather(*(worker.ready for worker in (*self._workers, self._spare)))
        try:
            await asyncio.wait_for(waiting, READY_TIMEOUT_S)
        except TimeoutError:
            await self.stop()
            raise
        self._heartbeat = asyncio.get_running_loop().call_later(HEARTBEAT_S, self._check_heartbeats)

    async def stop(self) -> None:
        """End all workers."""
        self._stopping = True
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        everyone = self._everyone()
        loop = asyncio.get_running_loop()
        for worker in everyone:
            worker.tell(control.Shutdown())
            worker.flush()
        for worker in everyone:
            await loop.run_in_executor(None, worker.await_exit)
            self._forget_pipe(worker)
            worker.close()
        self._workers, self._spare = [], None
        for stream in self._streams.values():
            stream.rtp.close()
            stream.rtcp.close()
        self._streams.clear()
        self._exchange.close()

    def load(self, fd: int, samples: int, arena: int = 0, wide: int = 0) -> None:
        """Give every worker, now and later, the shared audio in `fd` (see control.Load); `fd` stays the caller's."""
        self._audio = control.Load(samples, arena, wide), fd
        for worker in self._everyone():
            worker.tell(*self._audio)

    def fill_silence(self, level_dbov: float) -> None:
        """Let every worker, now and later, play noise of this level where nothing else is to be heard; 0: silence."""
        self._room_tone = control.RoomTone(level_dbov)
        for worker in self._everyone():
            worker.tell(self._room_tone)

    def record_through(self, rings: Rings) -> None:
        """Give every worker, now and later, a ring for what is recorded of rooms."""
        self._rings = rings
        for worker in self._everyone():
            self._give_ring(worker)

    def _give_ring(self, worker: WorkerProcess) -> None:
        if self._rings is None:
            return
        try:
            slots, fd = self._rings.attach(worker.name)
        except OSError as error:
            _log.exception("ring_not_made", worker=worker.name, error=str(error))
            return
        worker.tell(control.LoadRing(slots), fd)
        for command in self._recorded.values():
            worker.tell(command)

    def _everyone(self) -> list[WorkerProcess]:
        return [*self._workers, *([self._spare] if self._spare else [])]

    def _spawn(self) -> WorkerProcess:
        self._named += 1
        worker = WorkerProcess(f"media-{self._named}", self._rows)
        asyncio.get_running_loop().add_reader(worker.pipe.fileno(), self._read, worker)
        if self._audio is not None:
            worker.tell(*self._audio)
        if self._room_tone is not None:
            worker.tell(self._room_tone)
        self._give_ring(worker)
        return worker

    # What the bridge asks --------------------------------------------------------------------------------------

    def tables(self) -> Iterable[tuple[str, Streams]]:
        """The shared table of every worker in use."""
        return ((worker.name, worker.table) for worker in self._workers)

    def pids(self) -> list[int]:
        """Process ids of the workers in use."""
        return [worker.process.pid for worker in self._workers]

    @property
    def capacity_left(self) -> int:
        """Streams that could still be opened."""
        return min(self._ports.free, sum(self._rows - worker.load for worker in self._workers))

    def open(
        self,
        stream: int,
        format_: control.Format,
        remote: control.Endpoint | None,
        *,
        local: str = "",
        room: int = control.NO_ROOM,
        rtp_timeout_s: float,
        signals: str = "",
    ) -> int:
        """Open `stream`, a number never used before; returns its RTP port. Raises PoolFullError.

        `local` is our address that it is bound on, if not the one of `Ports`, and `signals` the host that the peer signals from.
        """
        worker = self._places.choose(room, self._workers, self._free)
        if worker is None:
            raise PoolFullError("every media worker is full")
        try:
            port, rtp, rtcp = self._ports.bind(local)
        except PortsExhaustedError as error:
            raise PoolFullError(str(error)) from error
        numbers = self._entropy(10)
        opening = control.OpenStream(
            stream,
            format_,
            ssrc=int.from_bytes(numbers[:4], "big"),
            sequence=int.from_bytes(numbers[4:6], "big") & FIRST_SEQUENCES,
            timestamp=int.from_bytes(numbers[6:], "big"),
            cname=self._cname,
            remote=remote,
            room=room,
            rtp_timeout_s=rtp_timeout_s,
            signals=signals,
        )
        self._streams[stream] = _Stream(Wanted(opening), port, rtp, rtcp, worker)
        worker.streams.add(stream)
        if room != control.NO_ROOM:
            self._enter(room, worker)
        worker.tell(opening, rtp.fileno(), rtcp.fileno())
        self._welcome(room, worker)
        return port

    def send(self, command: control.AnyCommand) -> None:
        """Tell the worker concerned; commands for what is gone do nothing."""
        match command:
            case control.PlayRoom() | control.RoomMusic() | control.RecordRoom():
                self._send_to_room(command)
            case (
                control.OpenStream()
                | control.Load()
                | control.LoadRing()
                | control.LoadOutbox()
                | control.LoadPeer()
                | control.DropPeer()
                | control.Spread()
                | control.RoomTone()
                | control.Shutdown()
            ):
                raise ValueError(f"{type(command).__name__} is the pool's own command")
            case _:
                stream = self._streams.get(command.stream)
                if stream is not None and not stream.closing:
                    self._send_to_stream(stream, command)
                elif isinstance(command, control.Record):
                    self._on_event(control.RecordingEnded(command.stream, command.recording, 0))

    def _send_to_room(self, command: control.PlayRoom | control.RoomMusic | control.RecordRoom) -> None:
        theirs = self._places.workers(command.room)
        match command:
            case control.PlayRoom(room, playback):
                if not theirs:
                    self._on_event(control.PlaybackEnded(playback, room=room))
                else:
                    self._announcements[playback] = room, set(theirs)
                for worker in theirs:
                    worker.tell(command)
            case control.RoomMusic(room, segment):
                if theirs:
                    self._room_music[room] = segment
                for worker in theirs:
                    worker.tell(command)
            case control.RecordRoom(room, recording):
                self._recorded.pop(room, None)
                if recording:
                    self._recorded[room] = command
                for worker in self._everyone():
                    worker.tell(command)

    def _send_to_stream(self, stream: _Stream, command: control.AnyCommand) -> None:
        if stream.moving is not None:
            stream.moving.append(command)
            return
        if stream.closing:  # while it moved it was told to close, and this after that
            if isinstance(command, control.Record):
                stream.wanted.remember(command)
                stream.worker.tell(command)  # which answers that there is none
            return
        if isinstance(command, control.Route):
            self._route(stream, command)
            return
        if isinstance(command, control.CloseStream):
            stream.closing = True
            self._leave(stream)
        else:
            stream.wanted.remember(command)
        stream.worker.tell(command)

    # Rooms and moves -------------------------------------------------------------------------------------------

    def _free(self, worker: WorkerProcess) -> int:
        return self._rows - worker.load

    def _enter(self, room: int, worker: WorkerProcess) -> None:
        self._places.enter(room, worker)
        self._tell_places()

    def _leave(self, stream: _Stream) -> None:
        if stream.room != control.NO_ROOM:
            self._places.leave(stream.room, stream.home)
            self._tell_places()

    def _tell_places(self) -> None:
        """Tell workers of rooms that have come to others, or left some, which of them share it now."""
        for room, before, now in self._places.changes():
            gone = [worker for worker in before if worker not in now]
            self._newcomers.difference_update((room, worker) for worker in gone)
            self._newcomers.update((room, worker) for worker in now if worker not in before)
            if len(before) > 1:
                for worker in gone:
                    worker.tell(control.Spread(room, []))
            if len(now) > 1:
                self._share(room, now)
            elif len(before) > 1 and now:
                now[0].tell(control.Spread(room, []))
            if len(before) == 1 and len(now) > 1:
                self.rooms_spread += 1
                names = [worker.name for worker in now]
                _log.info("room_spread", room=room, workers=names, people=self._places.people(room))
            if not now:
                self._room_music.pop(room, None)

    def _share(self, room: int, workers: Sequence[WorkerProcess]) -> None:
        """Let all workers of `room` know of each other; what fails for want of memory is tried again at the next heartbeat."""
        told = [self._exchange.share(room, worker, workers) for worker in workers]
        (self._unshared.discard if all(told) else self._unshared.add)(room)

    def _share_again(self) -> None:
        for room in sorted(self._unshared):
            self._unshared.discard(room)
            workers = self._places.workers(room)
            if len(workers) > 1:
                self._share(room, workers)
            if room in self._unshared:
                return  # nor is there memory for the next

    def _welcome(self, room: int, worker: WorkerProcess, newcomer: _Stream | None = None) -> None:
        """Somebody of `room` is in `worker`: let it know what all hear there, if that is news to it."""
        news = (room, worker) in self._newcomers
        self._newcomers.discard((room, worker))
        if room in self._room_music and (news or (newcomer is not None and self._is_alone(newcomer))):
            worker.tell(control.RoomMusic(room, self._room_music[room]))

    def _is_alone(self, newcomer: _Stream) -> bool:
        """Whether nobody else of the room has arrived in its worker. That one forgets what a room hears when the last has left it,
        though another may be on the way there.
        """
        others = (self._streams[number] for number in newcomer.worker.streams)
        return not any(
            each.room == newcomer.room
            and each.worker is newcomer.worker
            and each is not newcomer
            and each.moving is None
            and not each.closing
            for each in others
        )

    def _route(self, stream: _Stream, command: control.Route) -> None:
        room = command.room
        if room == stream.room:
            return
        self._leave(stream)
        stream.wanted.remember(command)
        if room == control.NO_ROOM:
            stream.worker.tell(command)
            return
        home = self._places.move(room, stream.worker, self._free)
        self._enter(room, home)
        if home is stream.worker:
            home.tell(command)
            self._welcome(room, home, stream)
        else:
            stream.moving, stream.bound = [], home
            home.streams.add(command.stream)
            stream.worker.tell(control.CloseStream(command.stream, moves=True))

    def _arrive(self, stream: _Stream, closed: control.StreamClosed) -> None:
        """The old worker let go of a moving stream: open it where its room is."""
        waiting, stream.moving = stream.moving or [], None
        stream.worker.streams.discard(closed.stream)
        stream.worker, stream.bound = stream.home, None
        stream.worker.streams.add(closed.stream)
        self._open_again(stream, closed)
        self._welcome(stream.room, stream.worker, stream)
        for command in waiting:
            self._send_to_stream(stream, command)

    @staticmethod
    def _open_again(stream: _Stream, last: control.StreamClosed) -> None:
        opening, afterwards = stream.wanted.again(last)
        stream.worker.tell(opening, stream.rtp.fileno(), stream.rtcp.fileno())
        for command in afterwards:
            stream.worker.tell(command)

    # What workers say ------------------------------------------------------------------------------------------

    def _read(self, worker: WorkerProcess) -> None:
        while not worker.gone:
            data = receive(worker.pipe, control.MESSAGE_BYTES)
            if data is None:
                return
            if not data:
                self._lost(worker)
                return
            for event in control.events_decoder.decode(data):
                self._take(worker, event)

    def _take(self, worker: WorkerProcess, event: control.AnyEvent) -> None:
        if isinstance(event, control.Ready):
            self._greet(worker, event.version)
            return
        stream = self._streams.get(event.stream)
        if stream is not None and isinstance(event, control.StreamClosed):
            if stream.moving is not None:
                self._arrive(stream, event)
                return
            if not stream.closing:  # the worker had no room for it
                self._leave(stream)
            self._close(event.stream)
        elif stream is not None:
            stream.wanted.learn(event)
        elif isinstance(event, control.PlaybackEnded) and event.room:
            self._end_announcement(worker, event.playback)
            return
        self._on_event(event)

    @staticmethod
    def _greet(worker: WorkerProcess, version: int) -> None:
        if version != control.VERSION:
            _log.error("worker_version", worker=worker.name, theirs=version, ours=control.VERSION)
            worker.process.kill()
        elif not worker.ready.done():
            worker.ready.set_result(None)

    def _close(self, number: int) -> None:
        stream = self._streams.pop(number, None)
        if stream is None:
            return
        stream.worker.streams.discard(number)
        stream.home.streams.discard(number)
        stream.rtp.close()
        stream.rtcp.close()
        self._ports.give_back(stream.port)

    # Death and take-over ---------------------------------------------------------------------------------------

    def _check_heartbeats(self) -> None:
        for worker in list(self._workers):
            ticks = int(worker.table.ticks[0])
            # Calls that are shorter than a tick never let a worker tick: only a stream that has been there since the last
            # look must have. One that hangs has them all, for it tells of no end either.
            standing = ticks == worker.last_ticks and not worker.seen.isdisjoint(worker.streams)
            worker.stalled = worker.stalled + 1 if standing else 0
            worker.last_ticks, worker.seen = ticks, frozenset(worker.streams)
            if worker.stalled >= STALLED_HEARTBEATS:
                _log.error("worker_stalled", worker=worker.name, pid=worker.process.pid)
                worker.process.kill()
        self._share_again()
        if not self._dying():
            while len(self._workers) < self._size and (another := self._replacement()):
                self._workers.append(another)
            if self._spare is None:
                self._spare = self._replacement()
        self._heartbeat = asyncio.get_running_loop().call_later(HEARTBEAT_S, self._check_heartbeats)

    def _dying(self) -> bool:
        """Too many workers were lost in the last minute for others to be started."""
        now = asyncio.get_running_loop().time()
        self._losses = [at for at in self._losses if now - at < 60.0]
        return len(self._losses) > RESTARTS_PER_MINUTE

    def _replacement(self) -> WorkerProcess | None:
        """A new worker; None where the system gives us none."""
        try:
            return self._spawn()
        except OSError as error:
            _log.exception("worker_not_started", error=str(error))
            return None

    def _forget_pipe(self, worker: WorkerProcess) -> None:
        worker.gone = True
        asyncio.get_running_loop().remove_reader(worker.pipe.fileno())

    def _lost(self, worker: WorkerProcess) -> None:
        self._forget_pipe(worker)
        if self._stopping:
            return
        worker.process.kill()
        worker.process.wait()
        _log.error("worker_lost", worker=worker.name, pid=worker.process.pid, streams=worker.load)
        self._losses.append(asyncio.get_running_loop().time())
        dying = self._dying()
        if dying:
            _log.critical("workers_keep_dying", losses=len(self._losses))
        heir: WorkerProcess | None = None
        if worker is self._spare:
            self._spare = None
        else:
            place = self._workers.index(worker)
            heir, self._spare = self._spare, None
            if heir is None and not dying:
                heir = self._replacement()
            self._workers[place : place + 1] = [] if heir is None else [heir]
            self.replaced += heir is not None
        if not dying:
            self._spare = self._replacement()
        ended = self._end_all(worker) if heir is None else self._inherit(worker, heir)
        if self._rings is not None:
            self._rings.detach(worker.name)
        worker.close()
        # Now that all is in order: what is asked for in answer goes to the heir, and concerns nobody who is still of the dead.
        for event in ended:
            self._on_event(event)
        self._end_announcements(worker)

    def _inherit(self, dead: WorkerProcess, heir: WorkerProcess) -> list[control.AnyEvent]:
        """Give all that the dead worker had to another; returns what is to be told of it."""
        self._places.inherit(dead, heir)
        left_off = _left_off(dead, self._streams)
        ended: list[control.AnyEvent] = []
        unfinished: list[control.RecordingEnded] = []
        rooms: set[int] = set()
        for number in sorted(dead.streams):
            stream = self._streams[number]
            if stream.worker is not dead:
                stream.bound = heir  # it is on its way here, and its place is kept
                heir.streams.add(number)
                continue
            if stream.closing:
                ended += self._end(number)
                continue
            unfinished += stream.wanted.unfinished()
            opening = stream.wanted.opening
            last = left_off.get(number) or control.StreamClosed(
                number, opening.sequence, opening.timestamp, opening.due_s, srtp=opening.srtp
            )
            if stream.moving is not None:
                self._arrive(stream, last)
                continue
            stream.worker = heir
            heir.streams.add(number)
            self._open_again(stream, last)
            rooms.add(stream.room)
        self._tell_places()
        for room in sorted(rooms):
            self._welcome(room, heir)
        self._exchange.forget(dead)
        return [*ended, *unfinished]

    def _end_all(self, dead: WorkerProcess) -> list[control.AnyEvent]:
        """Nobody takes over: the calls end. Returns what is to be told of them."""
        self._places.forget(dead)
        ended: list[control.AnyEvent] = []
        for number in sorted(dead.streams):
            stream = self._streams[number]
            if stream.bound is dead:  # it stays where it is
                stream.bound = None
                self._places.enter(stream.room, stream.worker)
            elif stream.worker is dead:
                if stream.bound is not None:
                    self._places.leave(stream.room, stream.bound)
                ended += self._end(number)
        self._tell_places()
        self._exchange.forget(dead)
        return ended

    def _end(self, number: int) -> list[control.AnyEvent]:
        """A stream is gone with its worker; returns what is to be told of it."""
        stream = self._streams[number]
        for command in stream.moving or ():
            stream.wanted.remember(command)  # a recording that was still to begin ends, too
        self._close(number)
        return [*stream.wanted.unfinished(), control.StreamClosed(number)]

    def _end_announcements(self, dead: WorkerProcess) -> None:
        """What was playing to rooms is not repeated to people who heard half of it."""
        for playback in list(self._announcements):
            self._end_announcement(dead, playback)

    def _end_announcement(self, worker: WorkerProcess, playback: int) -> None:
        """It is no more heard from this worker; where it is from none of its room, it has ended."""
        room, playing = self._announcements.get(playback, (control.NO_ROOM, set()))
        if worker in playing:
            playing.discard(worker)
            if not playing:
                del self._announcements[playback]
                self._on_event(control.PlaybackEnded(playback, room=room))


def _left_off(dead: WorkerProcess, streams: Mapping[int, _Stream]) -> dict[int, control.StreamClosed]:
    """What a dead worker would have said of its streams, from the table it left behind. Empty where it never ticked."""
    table = dead.table
    ticked_s = float(table.ticked_s[0])
    if not ticked_s:
        return {}
    left_off = {}
    for row in np.flatnonzero(table.stream).tolist():
        number = int(table.stream[row])
        stream = streams.get(number)
        keys = None if stream is None else stream.wanted.opening.format.srtp
        # It may have died before it was told of new keys: what it counted with the old ones says nothing then.
        counts = keys is not None and mark(keys) == table.srtp_mark[row]
        left_off[number] = control.StreamClosed(
            number,
            sequence=int(table.sequence_out[row]),
            timestamp=int(table.timestamp_out[row]),
            due_s=ticked_s + TICK_S,
            auto_gain_db=float(table.auto_gain_db[row]),
            srtp=numbers_of(table, row) if counts else None,
        )
    return left_off

"""The edge that joins all: SIP transports, media pool, store, clock and signals around one switchboard.

Nothing is decided here. An event of any part goes to the switchboard, the effects it answers with are carried out in
order, and one timer waits for its next deadline. What an effect brings at once (a stream that is open) is fed back
before the next effect.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, get_args

import structlog
import uvloop

from bridge import codecs, ledger, logs
from bridge.addresses import Addresses
from bridge.alarm import Alarm
from bridge.config import Config
from bridge.config.listening import TRANSPORTS
from bridge.control.door import Door
from bridge.control.protocol import AnyRequest
from bridge.desk import Desk
from bridge.errors import StartError
from bridge.figures import EVERY_S, Figures
from bridge.keeper import Keeper
from bridge.service.spending import Placed, Spending
from bridge.signalling import Signalling
from bridge.sounding import with_sound
from bridge.store.calls import CallOut, CallsOut
from bridge.store.database import open_database
from bridge.store.errors import StoreError
from bridge.store.identity import ENTROPY_BYTES, unique_id
from bridge.store.passcodes import Passcodes
from bridge.store.secret import read_key
from bridge.store.worker import StoreWorker
from bridge.switchboard import effects
from bridge.switchboard.board import Switchboard
from bridge.switchboard.events import Asked, BlastListFound, Event, Stop, StreamOpened, StreamRefused
from bridge.watch import Ticks, ticks_of
from dsp.frames import RATE_HZ
from media import control
from media.arena import Arena
from media.bands import LEAST_CODED, NARROW
from media.pool import Pool, PoolFullError
from media.ports import Ports
from media.recording import messages as recording
from media.recording.desk import Desk as RecordingDesk
from media.shared_file import SharedFile
from prompts.errors import PromptError
from prompts.library import Library
from sip.errors import LocalError

GC_THRESHOLDS: Final = (5_000, 10, 10)
"""When the garbage collector looks: at so little that its pauses stay below those of the network, and not so often that it costs more
than what it finds, which is mostly nothing.
"""
STOP_S: Final = 2.0
"""After a signal everybody is hung up; peers have so long to answer the BYE before the process ends."""
STOP_LOOK_S: Final = 0.02
"""How often it is looked whether they have."""

_log = structlog.get_logger("server")


class Server:
    """One running bridge."""

    def __init__(self, config: Config, lines: logs.LineLogger) -> None:
        self._config = config
        self._loop = asyncio.get_running_loop()
        self._alarm = Alarm(self._due)
        self._figures_timer: asyncio.Handle | None = None
        self._figures = Figures(
            {
                "service": lambda: self._switchboard.figures,
                "sip": lambda: self._signalling.counters,
                "guard": lambda: self._signalling.guard_counters,
                "telephones": lambda: self._signalling.telephone_counters,
                "transport": lambda: self._signalling.transport_counters,
                "media": self._media_figures,
                "store": lambda: asdict(self._store.counters),
                "control": lambda: {} if self._door is None else self._door.counters,
                "log": lambda: {"lines lost": lines.lost},
            }
        )
        self._to_close = contextlib.AsyncExitStack()
        """What is open; closed in the opposite order."""
        self._stopped = asyncio.Event()
        self._addresses = Addresses(config.server)
        self._signalling = Signalling(
            config,
            self._addresses,
            now=self._now,
            on_call=self._from_sip,
            tell=self._from_elsewhere,
            ticks=self._ticks,
            call_id_of=lambda leg: self._switchboard.call_id(leg),  # noqa: PLW0108 - it is made later
            figures=self._figures.totals,
        )
        self._door: Door | None = None
        self._pool = Pool(
            workers=config.media.worker_count,
            rows=config.media.streams_per_worker,
            ports=Ports(
                self._addresses.audio, config.media.port_low, config.media.port_high, secrets.randbelow
            ),
            cname=config.server.node,
            entropy=os.urandom,
            on_event=self._from_elsewhere,
        )
        self._recordings = RecordingDesk(on_event=self._from_recording, clock=time.monotonic, wall=time.time)
        self._lines = lines
        self._do: dict[type, Callable[[Any], None]] = {
            **self._signalling.performs,
            effects.OpenStream: self._open_stream,
            effects.CloseStream: lambda effect: self._pool.send(control.CloseStream(effect.stream)),
            effects.MediaCommand: lambda effect: self._pool.send(effect.command),
            effects.WriteAudio: lambda effect: self._audio.write(effect.into, effect.audio),
            effects.CloseRoom: lambda _: None,  # the pool forgets a room with its last stream
            effects.BeginRecording: self._begin_recording,
            effects.PauseRecording: lambda effect: (
                self._recordings.pause(effect.recording)
                if effect.on
                else self._recordings.resume(effect.recording)
            ),
            effects.EndRecording: lambda effect: self._recordings.end(effect.recording),
            effects.LookUpPasscode: lambda effect: self._desk.look_up(effect, self._now()),
            effects.CheckCounterPassword: lambda effect: self._desk.check_counter_password(
                effect, self._now()
            ),
            effects.RecogniseCaller: lambda effect: self._desk.recognise(
                effect.leg, effect.number, self._now()
            ),
            effects.FetchBlastList: lambda effect: self._desk.blast_list(
                effect.request, effect.pair, effect.name
            ),
            effects.FetchName: lambda effect: self._keeper.fetch_name(effect.leg, effect.person),
            effects.KeepName: lambda effect: self._keeper.keep_name(
                effect.person, self._audio.read(control.Segment(*effect.clip))
            ),
            effects.KeepMessage: lambda effect: self._keeper.keep_message(
                effect.leg, effect.pair, self._audio.read(control.Segment(*effect.clip))
            ),
            effects.Answered: self._answer,
            **dict.fromkeys(get_args(ledger.Entry), self._record),
            effects.Log: self._write_log,
        }

    # Life ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open everything. Callers are answered when this returns.

        Raises StartError when something cannot be had; what was open by then is closed again.
        """
        try:
            await self._open()
        except BaseException:
            await self.close()
            raise

    async def _open(self) -> None:
        config = self._config
        self._signalling.probe()
        _raise_descriptor_limit()
        await self._open_store()
        await self._open_prompts()
        if config.recording.allowed:
            self._to_close.push_async_callback(self._recordings.stop)
            folder = str(config.recordings_folder.absolute())
            self._recordings.start(recording.Keep(folder, config.recording.keep_days))
            self._pool.record_through(self._recordings)
        self._to_close.push_async_callback(self._pool.stop)
        try:
            await self._pool.start()
        except TimeoutError as error:
            raise StartError("the media workers did not start in time: is the machine overloaded?") from error
        self._to_close.callback(self._signalling.close)
        self._to_close.callback(self._tell_figures)
        self._to_close.callback(self._cancel_timers)
        # Up to here a signal ends the process at once; from the first caller on, everybody is hung up before.
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self.stop)
        await self._signalling.start(self._store)
        if config.control_socket is not None:
            self._door = Door(config.control_socket, self._ask)
            await self._door.open()
            self._to_close.callback(self._door.close)
        self._figures_timer = self._loop.call_later(EVERY_S, self._figures_due)
        _log.info(
            "serving",
            **{
                name: [str(each) for each in places]
                for name in TRANSPORTS
                if (places := config.server.of(name))
            },
            workers=config.media.worker_count,
            numbers=len(config.access_numbers),
            open_rooms=[room.pattern for room in config.open_rooms],
        )

    async def _open_store(self) -> None:
        config = self._config
        try:
            config.state_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._database = await asyncio.to_thread(open_database, config.store_url)
            self._to_close.callback(self._database.close)
            self._store = StoreWorker(
                self._database,
                node=config.server.node,
                state_directory=config.state_directory,
                deliver=self._loop.call_soon_threadsafe,
            )
            closed = await asyncio.to_thread(self._store.start)
            self._to_close.push_async_callback(asyncio.to_thread, self._store.stop)
            with self._database.transaction() as connection:
                codes_exist = Passcodes(connection).any()
            # A key that is lost must not be replaced: with another one no code in the store would be known.
            key = read_key(config.state_directory, may_create=not codes_exist)
        except StoreError as error:
            raise StartError(f"the store cannot be used: {error}") from error
        except OSError as error:
            raise StartError(f"{config.state_directory} cannot be used: {error.strerror}") from error
        if closed:
            _log.warning("records closed after a crash", participants=closed)
        self._desk = Desk(self._store, key, config.service, wall=time.time, deliver=self._from_desk)
        self._keeper = Keeper(self._store, config.state_directory, deliver=self._from_elsewhere)
        self._spending = await asyncio.to_thread(self._spent_today)
        await asyncio.to_thread(self._read_accounts)

    async def _open_prompts(self) -> None:
        override = self._config.prompts.directory
        try:
            library = await asyncio.to_thread(
                Library.load,
                override=None if override is None else self._config.resolve(override),
                cache=self._config.state_directory,
            )
        except PromptError as error:
            raise StartError(f"the prompts cannot be loaded: {error}") from error
        hd = codecs.hd(self._config)  # for plain telephones alone, half the memory is enough
        shared = await asyncio.to_thread(
            SharedFile,
            library.shared(wide=hd),
            static=library.samples,
            arena=self._config.names.arena_s * RATE_HZ,
            wide=library.samples if hd else 0,
        )
        self._to_close.callback(shared.close)
        self._audio = shared.audio
        self._pool.load(shared.descriptor, shared.samples, shared.arena, shared.wide)
        self._pool.fill_silence(self._config.audio.comfort_noise_dbov)
        self._switchboard = Switchboard(
            self._config,
            library,
            new_id=_new_id,
            local_time=self._local_time,
            arena=Arena(library.samples, shared.arena),
            spending=self._spending,
            trunks=self._signalling.trunks,
            find_phones=self._signalling.ways,
            directory=self._signalling.phonebook,
            entropy=os.urandom,
        )

    def _local_time(self, now: float) -> datetime:
        wall = time.time() - (self._now() - now)
        return datetime.fromtimestamp(wall, self._config.service.time_zone)

    def _read_accounts(self) -> None:
        with self._database.transaction() as connection:
            self._signalling.read_accounts(connection)

    def _spent_today(self) -> Spending:
        """What calls out have cost since midnight, before this start (G3)."""
        spending = self._config.spending()
        local = datetime.fromtimestamp(time.time(), self._config.service.time_zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        with self._database.transaction() as connection:
            placed = CallsOut(connection).today(midnight.timestamp())
        spending.restore([_spent(call) for call in placed if call.price_per_minute], local)
        return spending

    async def serve(self) -> None:
        """Serve until a signal or `stop`."""
        await self._stopped.wait()
        _log.info("stopping", calls=self._switchboard.calls)
        self._signalling.leave()
        self._from_elsewhere(Stop())
        deadline = self._now() + STOP_S
        # The answer to a BYE is no event to the bridge, so it is looked for.
        while self._signalling.is_leaving and self._now() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(STOP_LOOK_S)
        await self.close()

    def stop(self) -> None:
        """End the service: everybody is hung up."""
        self._stopped.set()

    async def close(self) -> None:
        """Close everything that is open; records that wait are written."""
        await self._to_close.aclose()

    # Events in, effects out ------------------------------------------------------------------------------------

    def _now(self) -> float:
        return self._loop.time()

    def _from_sip(self, event: Event) -> None:
        """Take an event of the agent. The driver drains what our verbs cause."""
        self._switchboard.handle(event, self._now())
        self._carry_out()

    def _from_elsewhere(self, event: Event) -> None:
        """Take an event of the pool or the desk."""
        self._switchboard.handle(event, self._now())
        self._carry_out()
        self._signalling.transmit()

    def _from_recording(self, event: recording.AnyEvent) -> None:
        """Take an event of the recording process."""
        match event:
            case recording.Ended():
                self._switchboard.handle(event, self._now())
                self._carry_out()
            case recording.Mended(names):
                _log.warning("recordings completed after a crash", files=list(names))
            case recording.Removed(names):
                _log.info("recordings removed", files=len(names), after_days=self._config.recording.keep_days)

    def _from_desk(self, event: Event) -> None:
        """Take an answer of the desk; a blast list goes by the keeper, who has its message."""
        if isinstance(event, BlastListFound):
            self._keeper.add_message(event)
        else:
            self._from_elsewhere(event)

    def _ask(self, ticket: int, request: AnyRequest) -> None:
        """Take what a console asks: what concerns calls the switchboard answers, by an effect."""
        reply = self._signalling.answer(request)
        if reply is None:
            self._from_elsewhere(Asked(ticket, request))
        elif self._door is not None:
            self._door.answer(ticket, reply)

    def _cancel_timers(self) -> None:
        self._alarm.cancel()
        if self._figures_timer is not None:
            self._figures_timer.cancel()

    def _due(self) -> None:
        self._switchboard.advance(self._now())
        self._carry_out()
        self._signalling.transmit()

    def _carry_out(self) -> None:
        """Do all that the switchboard wants done, and what follows from that."""
        while wanted := self._switchboard.effects():
            for effect in wanted:
                try:
                    self._do[type(effect)](effect)
                except LocalError as error:
                    # The call ended in the same moment; its CallEnded is on the way.
                    _log.debug("too late", effect=type(effect).__name__, why=str(error))
                except Exception:  # noqa: BLE001 - others must not suffer; timers guard what waits for this one
                    _log.exception("an effect failed", effect=type(effect).__name__)
        self._alarm.arm(self._switchboard.next_deadline())

    # Figures ---------------------------------------------------------------------------------------------------

    def _tell_figures(self) -> None:
        """Write a line of what has happened since the last one."""
        news = self._figures.news()
        if news:
            _log.info(
                "figures", calls=self._switchboard.calls, conferences=self._switchboard.conferences, **news
            )

    def _figures_due(self) -> None:
        self._tell_figures()
        self._figures_timer = self._loop.call_later(EVERY_S, self._figures_due)

    def _ticks(self) -> Iterable[Ticks]:
        return [ticks_of(name, table) for name, table in self._pool.tables()]

    def _media_figures(self) -> dict[str, int]:
        counts = {
            "workers replaced": self._pool.replaced,
            "recording processes replaced": self._recordings.replaced,
            "rooms spread over workers": self._pool.rooms_spread,
        }
        for name, table in self._pool.tables():
            counts[f"{name} ticks caught up"] = int(table.caught_up[0])
            counts[f"{name} ticks skipped"] = int(table.skipped[0])
            counts[f"{name} frames of other workers missed"] = int(table.frames_missed[0])
            counts[f"{name} rooms not heard in other workers"] = int(table.entries_dropped[0])
        return counts

    # Effects ---------------------------------------------------------------------------------------------------

    def _open_stream(self, effect: effects.OpenStream) -> None:
        peer = None if effect.remote is None else effect.remote.host
        local = self._addresses.audio_local(effect.local, peer)
        try:
            port = self._pool.open(
                effect.stream,
                effect.format,
                effect.remote,
                local=local,
                room=effect.room,
                rtp_timeout_s=effect.rtp_timeout_s,
                signals=effect.source,
            )
        except PoolFullError as error:
            answer: Event = StreamRefused(effect.stream, str(error))
        else:
            told = self._addresses.for_audio(local, peer or effect.source or None, effect.source)
            answer = StreamOpened(effect.stream, told, port)
        self._switchboard.handle(answer, self._now())

    def _begin_recording(self, effect: effects.BeginRecording) -> None:
        settings = self._config.recording
        begin = recording.Begin(
            effect.recording,
            str(self._config.recordings_folder.absolute()),
            effect.conference,
            recording.FileFormat(settings.format),
            time.monotonic(),
            time.time(),
            band=LEAST_CODED if codecs.hd(self._config) else NARROW,
            participants=settings.participants,
            most_s=60.0 * settings.most_minutes,
        )
        self._recordings.begin(begin)

    def _answer(self, effect: effects.Answered) -> None:
        if self._door is not None:
            reply = with_sound(effect.reply, (table for _, table in self._pool.tables()))
            self._door.answer(effect.ticket, reply)

    def _record(self, effect: ledger.Entry) -> None:
        self._store.record(ledger.record(effect, at=time.time(), node=self._config.server.node))

    def _write_log(self, effect: effects.Log) -> None:
        self._lines.facts(effect.level.value, effect.event, effect.fields)


def _spent(call: CallOut) -> Placed:
    talked = call.answered_at is not None and call.ended_at is not None
    return Placed(
        pair=call.pair,
        customer=call.customer or None,
        price_per_minute=Decimal(call.price_per_minute),
        talked_s=(call.ended_at or 0.0) - (call.answered_at or 0.0) if talked else None,
    )


def _new_id() -> str:
    return unique_id(time.time(), os.urandom(ENTROPY_BYTES))


def _raise_descriptor_limit() -> None:
    """Two sockets per caller here and two in the worker: take as many as the system lets us have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _run(config: Config, lines: logs.LineLogger, ready: Callable[[], None]) -> None:
    server = Server(config, lines)
    await server.start()
    # What is there now stays: the collector need not look at it again for every few hundred calls.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    lines.gather(asyncio.get_running_loop().call_soon)
    ready()
    try:
        await server.serve()
    finally:
        lines.gather(None)


def serve(config: Config, *, ready: Callable[[], None] = lambda: None) -> int:
    """Run a bridge until it is told to stop; `ready` is called once callers are answered.

    Returns the exit status: 0 after a signal, 1 where the bridge could not start, which standard error then explains.
    """
    lines = logs.configure(config)
    try:
        uvloop.run(_run(config, lines, ready))
    except StartError as error:
        sys.stderr.write(f"roda: {error}\n")
        return 1
    return 0

"""The bridge itself: real agent, switchboard and desk, joined as `bridge.server` joins them, with twins at the edges.

Any effect can be made to fail: `fails` is asked before each. What cannot be had then (a stream, an answer of the store)
is refused as its own part would refuse it; every other effect is lost.
"""

from __future__ import annotations

import random
import shutil
import tempfile
import weakref
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, get_args

from bridge import ledger, subscriptions
from bridge.config.audio import G711, Audio
from bridge.config.settings import AccessNumber, Config, Limits, Media, OpenRoom, Service
from bridge.control.protocol import AnyReply, AnyRequest
from bridge.desk import Desk
from bridge.gate import Gate
from bridge.keeper import Keeper
from bridge.phonebook import Phonebook
from bridge.registrations import Registrations
from bridge.service.digests import Digests
from bridge.service.role import Role
from bridge.service.settings import Settings
from bridge.signalling import SERVED
from bridge.store.accounts import Accounts
from bridge.store.customers import Customers
from bridge.store.identity import ENTROPY_BYTES, unique_id
from bridge.store.passcodes import Passcodes
from bridge.store.records import Entry, Records
from bridge.switchboard import Switchboard, effects
from bridge.switchboard.events import (
    Asked,
    BlastListFound,
    CallerRecognised,
    CallNotPlaced,
    CallPlaced,
    LookUpFailed,
    MessageKept,
    NameFound,
    Stop,
    StreamOpened,
    StreamRefused,
)
from bridge.trunks.trunks import Trunks
from media import control
from media.arena import Arena, ArenaAudio
from media.control import Segment
from media.pool import PoolFullError
from prompts.library import Library
from sip.agent import Agent, AgentSettings, Credentials, Way
from sip.challenge import Challenger
from sip.errors import LocalError
from sip.events import FlowClosed, RequestReceived
from sip.flow import Flow
from sip.guard import Guard
from sip.headers import Address
from sip.registrar import Registrar
from sip.uri import Uri
from tests.simulation.clock import Alarm, Clock
from tests.simulation.network import BRIDGE, SIP_PORT, Network
from tests.simulation.store import StoreTwin
from tests.simulation.workers import PoolTwin

ACCESS_NUMBER: Final = "551130000000"
MORNING: Final = 1_767_272_400.0
"""2026-01-01 10:00 in São Paulo: the time of day when a world begins, in seconds since 1970."""
KEY: Final = b"the key of a simulated world, 32"
NODE: Final = "simulated"
RTP_TIMEOUT_S: Final = 20.0
EXCHANGE: Final = "10.254.0.1"
"""The trunk itself, which knows the numbers of nobody."""
YEAR_S: Final = 365 * 86_400.0

CONFIG: Final = Config(
    audio=Audio(codecs=G711),
    access_numbers=(AccessNumber(ACCESS_NUMBER, language="en"),),
    open_rooms=(OpenRoom("conf-{room}", (ip_network("10.0.0.0/8"),)),),
    limits=Limits(calls=0, calls_per_source=0, calls_per_second=0),
    media=Media(rtp_timeout_s=RTP_TIMEOUT_S),
    service=Service(language="en"),
)


class Bridge:
    """One bridge. What it is asked and told is told to `on_effect` and `on_event`, for those who watch."""

    def __init__(
        self,
        clock: Clock,
        network: Network,
        pool: Callable[[Callable[[control.AnyEvent], None]], PoolTwin],
        library: Library,
        arena: ArenaAudio,
        *,
        seed: int,
        config: Config = CONFIG,
        opens_at: float = MORNING,
    ) -> None:
        self.clock = clock
        self.trunks = Trunks(config.trunks)
        self._realm = config.realm
        self.wall_offset_s = opens_at - clock.now
        self.store = StoreTwin(clock)
        self.pool = pool(self.happens)
        chance = random.Random(f"{seed} bridge")
        self.phonebook = Phonebook(config.realm, self.store.ask)
        secrets = random.Random(f"{seed} nonces").randbytes
        self.agent = Agent(
            settings=AgentSettings(served=SERVED),
            entropy=chance.randbytes,
            gate=Gate(
                Guard(config.security.guard(SERVED), is_exempt=lambda _host: True),
                self.trunks.find,
                Challenger(config.registrar.policy(config.realm), self.phonebook.accounts, secrets),
            ),
        )
        self.registrations = Registrations(
            Registrar(config.registrar.settings(), self.phonebook.accounts),
            respond=lambda request, status, at, fields: self.agent.respond(
                request, status, at, headers=fields
            ),
            ask=self.store.ask,
            node=NODE,
            wall=self.wall,
        )
        self.connections: dict[str, Flow] = {}
        """By host: telephones that came by a WebSocket, not by datagrams."""
        self.arena = Arena(arena.first, len(arena.pcm))
        self.board = Switchboard(
            config,
            library,
            new_id=lambda: unique_id(self.wall(), chance.randbytes(ENTROPY_BYTES)),
            local_time=lambda now: datetime.fromtimestamp(self.wall_offset_s + now, config.service.time_zone),
            arena=self.arena,
            trunks=self.trunks,
            find_phones=self.registrations.ways,
            directory=self.phonebook,
        )
        self.desk = Desk(self.store, KEY, config.service, wall=self.wall, deliver=self._from_desk)
        self.state_directory = Path(tempfile.mkdtemp(prefix="roda-simulated-"))
        weakref.finalize(self, shutil.rmtree, self.state_directory, ignore_errors=True)
        self.keeper = Keeper(self.store, self.state_directory, deliver=self.happens)
        self.subscribers: dict[str, str] = {}
        """The hosts of those who can be called at the trunk, by number."""
        self.placed: dict[int, str] = {}
        """The host that each leg's call went to. A number that is nobody's goes to the trunk, which says so."""
        self._replies: dict[int, AnyReply] = {}
        self._tickets = 0
        self.fails: Callable[[effects.Effect], bool] = lambda effect: False
        self.logged: list[effects.Log] = []
        self.done: list[effects.Effect] = []
        """Every effect but lines of the log, in order."""
        self._network = network
        self._sip_alarm = Alarm(clock, self._sip_due)
        self._board_alarm = Alarm(clock, self._board_due)
        self._draining = False
        network.sip_receivers[BRIDGE, SIP_PORT] = self._sip_arrives
        with self.store.database.transaction() as connection:
            self._customer = Customers(connection).add("Simulated", at=opens_at)
        self._do: dict[type, Callable[[Any], None]] = {
            effects.AcceptCall: lambda effect: self.agent.accept(
                effect.call, effect.sdp, clock.now, focus=True
            ),
            effects.RejectCall: lambda effect: self.agent.reject(
                effect.call, effect.status, clock.now, headers=effect.headers
            ),
            effects.HangUpCall: lambda effect: self.agent.hang_up(
                effect.call, clock.now, reason=effect.reason
            ),
            effects.AcceptOffer: lambda effect: self.agent.accept_offer(effect.call, effect.sdp, clock.now),
            effects.RejectOffer: lambda effect: self.agent.reject_offer(
                effect.call, effect.status, clock.now
            ),
            effects.SendDigit: lambda effect: self.agent.send_digit(
                effect.call, effect.digit, effect.duration_ms, clock.now
            ),
            effects.PlaceCall: self._place,
            effects.OpenStream: self._open_stream,
            effects.CloseStream: lambda effect: self.pool.send(control.CloseStream(effect.stream)),
            effects.MediaCommand: lambda effect: self.pool.send(effect.command),
            effects.WriteAudio: lambda effect: arena.write(effect.into, effect.audio),
            effects.CloseRoom: lambda effect: None,
            effects.LookUpPasscode: lambda effect: self.desk.look_up(effect, clock.now),
            effects.CheckCounterPassword: lambda effect: self.desk.check_counter_password(effect, clock.now),
            effects.RecogniseCaller: lambda effect: self.desk.recognise(effect.leg, effect.number, clock.now),
            effects.FetchBlastList: lambda effect: self.desk.blast_list(
                effect.request, effect.pair, effect.name
            ),
            effects.FetchName: lambda effect: self.keeper.fetch_name(effect.leg, effect.person),
            effects.KeepName: lambda effect: self.keeper.keep_name(
                effect.person, arena.read(Segment(*effect.clip))
            ),
            effects.KeepMessage: lambda effect: self.keeper.keep_message(
                effect.leg, effect.pair, arena.read(Segment(*effect.clip))
            ),
            effects.Answered: self._answer,
            **subscriptions.performs(self.agent, lambda: clock.now),
            **dict.fromkeys(get_args(ledger.Entry), self._record),
        }

    # What a customer has

    def pair(
        self,
        moderator: str,
        participant: str,
        *,
        counter_password: str = "",
        expires_in_s: float = YEAR_S,
        **settings: Any,
    ) -> int:
        """A passcode pair; the moderator's counter-password where there is one (A5)."""
        digests = Digests(KEY)
        codes = {Role.MODERATOR: moderator, Role.PARTICIPANT: participant}
        with self.store.database.transaction() as connection:
            passcodes = Passcodes(connection)
            pair = passcodes.create_pair(
                customer=self._customer,
                name=f"pair of {participant}",
                settings=Settings(**{"language": "en"} | settings),
                codes={role: digests.passcode(code) for role, code in codes.items()},
                at=self.wall(),
                expires_at=self.wall() + expires_in_s,
            )
            if counter_password:
                digest = digests.counter_password(pair, Role.MODERATOR, counter_password)
                passcodes.set_counter_password(pair, Role.MODERATOR, digest)
        return pair

    def account(self, name: str, number: str = "") -> Credentials:
        """An account; what proves it."""
        password = f"the password of {name}"
        with self.store.database.transaction() as connection:
            Accounts(connection).add(
                name, password, realm=self._realm, at=self.wall(), number=number, display=name
            )
        self.phonebook.advance(self.clock.now)
        return Credentials(name, password)

    def disable(self, pair: int) -> None:
        with self.store.database.transaction() as connection:
            Passcodes(connection).disable(pair, at=self.wall())

    def entries(self) -> list[Entry]:
        """The records of who was in, the first to join first (R2)."""
        with self.store.database.transaction() as connection:
            return Records(connection).entries(limit=10_000)[::-1]

    def ask(self, request: AnyRequest) -> AnyReply:
        """What a console would be answered."""
        self._tickets += 1
        self.happens(Asked(self._tickets, request))
        return self._replies.pop(self._tickets)

    def wall(self) -> float:
        return self.clock.now + self.wall_offset_s

    def stop(self) -> None:
        """The operator stops the bridge."""
        self.agent.draining = True
        self.happens(Stop())

    # Events in, effects out, as in bridge.server

    def happens(self, event: Any) -> None:
        """Take an event of pool, desk or operator."""
        self.board.handle(event, self.clock.now)
        self._carry_out()
        self._transmit()

    def _from_desk(self, event: Any) -> None:
        """Take an answer of the desk; a blast list goes by the keeper, who has its message."""
        if isinstance(event, BlastListFound):
            self.keeper.add_message(event)
        else:
            self.happens(event)

    def _sip_arrives(self, source: tuple[str, int], data: bytes) -> None:
        flow = self.connections.get(source[0]) or Flow("udp", (BRIDGE, SIP_PORT), source)
        self.agent.receive(flow, data, self.clock.now)
        self._transmit()

    def connected(self, host: str) -> None:
        """A telephone opens a WebSocket, over which it says everything from now on."""
        number = len(self.connections) + 1
        flow = self.connections[host] = Flow("ws", (BRIDGE, SIP_PORT), (host, SIP_PORT), number)
        self.agent.flow_opened(flow, flow, self.clock.now)
        self._transmit()

    def disconnected(self, host: str) -> None:
        """It breaks."""
        self.agent.flow_closed(self.connections[host], self.clock.now)
        self._transmit()

    def _sip_due(self) -> None:
        self.agent.advance(self.clock.now)
        self._transmit()

    def _board_due(self) -> None:
        self.board.advance(self.clock.now)
        self._carry_out()
        self._transmit()

    def _transmit(self) -> None:
        if self._draining:
            return
        self._draining = True
        while True:
            for out in self.agent.outgoing():
                self._network.send_sip(out.flow.local, out.flow.remote, out.data)
            events = self.agent.events()
            if not events:
                break
            for event in events:
                match event:
                    case RequestReceived():
                        self.registrations.received(event, self.clock.now)
                    case FlowClosed(flow):
                        self.registrations.flow_closed(flow, self.clock.now)
                    case _:
                        self.board.handle(event, self.clock.now)
                        self._carry_out()
        self._draining = False
        self._sip_alarm.set(self.agent.next_deadline())

    def _carry_out(self) -> None:
        while wanted := self.board.effects():
            for effect in wanted:
                if isinstance(effect, effects.Log):
                    self.logged.append(effect)
                    continue
                self.done.append(effect)
                if self.fails(effect):
                    self._fail(effect)
                    continue
                with suppress(LocalError):  # the call ended in the same moment
                    self._do[type(effect)](effect)
        self._board_alarm.set(self.board.next_deadline())

    def _fail(self, effect: effects.Effect) -> None:
        match effect:
            case effects.OpenStream():
                self.board.handle(StreamRefused(effect.stream, "failed on purpose"), self.clock.now)
            case effects.LookUpPasscode() | effects.CheckCounterPassword():
                self._later(LookUpFailed(effect.leg))
            case effects.PlaceCall():
                self.board.handle(CallNotPlaced(effect.leg, "failed on purpose"), self.clock.now)
            case effects.RecogniseCaller():
                self._later(CallerRecognised(effect.leg, None))
            case effects.FetchBlastList():
                self._later(BlastListFound(effect.request, None, failed=True))
            case effects.FetchName():
                self._later(NameFound(effect.leg, None))
            case effects.KeepMessage():
                self._later(MessageKept(effect.leg, kept=False))

    def _later(self, event: Any) -> None:
        self.clock.after(0.001, lambda: self.happens(event))

    def _place(self, wanted: effects.PlaceCall) -> None:
        """Call the host of a SIP address; a number at the trunk is whoever's it is, or nobody's; an account where its telephone is."""
        uri = Uri.parse(wanted.uri)
        host = uri.host
        if wanted.phone is not None:
            assert wanted.phone.uri is not None
            uri, host = wanted.phone.uri, wanted.phone.flow.remote[0]
        if wanted.trunk:
            number = uri.user or ""
            host = self.subscribers.get(number, EXCHANGE)
            trunk = self.trunks.get(wanted.trunk)
            assert trunk is not None
            uri = Uri.parse(
                trunk.settings.dialled(e164=number, national=wanted.national, carrier=wanted.carrier)
            )
        call = self.agent.invite(
            uri,
            from_=Address("", Uri("sip", wanted.caller_id, BRIDGE)),
            sdp=wanted.sdp,
            ways=[wanted.phone or Way(Flow("udp", (BRIDGE, SIP_PORT), (host, SIP_PORT)))],
            beside=wanted.beside,
            replaces=wanted.replaces,
            hurry=wanted.others,
            now=self.clock.now,
        )
        self.placed[wanted.leg] = host
        self.board.handle(CallPlaced(wanted.leg, call, self.agent.call_id(call)), self.clock.now)

    def _answer(self, effect: effects.Answered) -> None:
        self._replies[effect.ticket] = effect.reply

    def _open_stream(self, effect: effects.OpenStream) -> None:
        try:
            port = self.pool.open(
                effect.stream,
                effect.format,
                effect.remote,
                room=effect.room,
                rtp_timeout_s=effect.rtp_timeout_s,
            )
        except PoolFullError as error:
            self.board.handle(StreamRefused(effect.stream, str(error)), self.clock.now)
        else:
            self.board.handle(StreamOpened(effect.stream, BRIDGE, port), self.clock.now)

    def _record(self, effect: ledger.Entry) -> None:
        self.store.record(ledger.record(effect, at=self.wall(), node=NODE))

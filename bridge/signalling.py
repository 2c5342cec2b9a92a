"""The SIP half of the edge: the agent, the transports it is heard on, and what stands around it.

    gate            who is let in: guard, trunks, passwords                      `bridge.gate`
    registrations   telephones that register, and where they are                 `bridge.registrations`, `bridge.phonebook`
    attending       our registrations at trunks, and whether trunks answer       `bridge.attending`
    placing         where a call out is sent                                     `bridge.placing`
    watch, lookout  how pressed the machine is; bans, figures, traces            `bridge.watch`, `bridge.lookout`

What concerns calls goes on to the switchboard as it comes; what concerns telephones, trunks and messages is answered
here. After anything that was told to the agent from outside, `transmit` sends what it has to say.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from bridge import subscriptions
from bridge.addresses import version
from bridge.alarm import Alarm
from bridge.attending import Attending
from bridge.config.values import within
from bridge.control import protocol
from bridge.gate import Gate
from bridge.listeners import Listeners
from bridge.lookout import Lookout
from bridge.phonebook import Phonebook
from bridge.placing import Placing
from bridge.registrations import Registrations
from bridge.resolver import Resolver
from bridge.switchboard import effects
from bridge.tracing.capture import Capture
from bridge.trunks.trunks import Trunks
from bridge.watch import Ticks, Watch
from sip.agent import Agent
from sip.challenge import Challenger
from sip.events import FlowClosed, RequestAnswered, RequestReceived
from sip.guard import Guard
from sip.registrar import Registrar
from sip.settings import AgentSettings
from sip.transport.driver import Driver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sqlalchemy import Connection

    from bridge.addresses import Addresses
    from bridge.config import Config
    from bridge.control.protocol import AnyReply, AnyRequest
    from bridge.store.worker import StoreWorker
    from bridge.switchboard.events import Event
    from bridge.switchboard.registered import Reached
    from sip.flow import Flow

PRODUCT: Final = ""
"""No Server header: a scanner learns no version from us."""
CALLS_MAX: Final = 100_000
"""Calls at once where the configuration sets no limit: some 400 MB. Above: 503."""
USER: Final = "roda"
"""User part of our Contact; names of calls begin so, too, when telephones watch their conference."""
SERVED: Final = ("REGISTER", "MESSAGE")
"""Requests outside calls that are answered here."""
NO_TEXTS: Final = 488
"""To a MESSAGE: nobody here reads texts, and whoever sends one should know that (RFC 3428 section 7)."""
NO_REGISTRAR: Final = 405
"""To a REGISTER where the registrar is switched off."""


class Signalling:
    """All SIP of one bridge."""

    def __init__(
        self,
        config: Config,
        addresses: Addresses,
        *,
        now: Callable[[], float],
        on_call: Callable[[Any], None],
        tell: Callable[[Event], None],
        ticks: Callable[[], Iterable[Ticks]],
        call_id_of: Callable[[int], str],
        figures: Callable[[], Mapping[str, Mapping[str, int]]],
    ) -> None:
        """Open nothing yet.

        Parameters
        ----------
        on_call
            Takes what the agent tells of calls, while it is drained.
        tell
            Takes what happens here besides, at any time.
        ticks
            What the media workers have done so far.
        call_id_of
            The Call-ID of somebody on the line, by the number of the leg; empty where nobody has it.
        figures
            All that was counted, by part and name.
        """
        self._config = config
        self._addresses = addresses
        self._now = now
        self._on_call = on_call
        self._store: StoreWorker | None = None
        self.trunks = Trunks(config.trunks)
        self._guard = Guard(config.security.guard(SERVED), is_exempt=self._is_exempt, serves=self._serves)
        registrar = config.registrar
        self.phonebook = Phonebook(config.realm, self._ask)
        accounts = self.phonebook.accounts
        challenger = Challenger(registrar.policy(config.realm), accounts, os.urandom, self._guard.noticed)
        agent = self.agent = Agent(
            settings=AgentSettings(
                product=PRODUCT,
                user=USER,
                reached_at=addresses.for_signalling,
                calls_max=config.limits.calls or CALLS_MAX,
                served=SERVED,
                large_over_tcp=bool(config.server.tcp),
            ),
            entropy=os.urandom,
            gate=Gate(self._guard, self.trunks.find, challenger if registrar.enabled else None),
        )
        self._registrations = Registrations(
            Registrar(registrar.settings(), accounts),
            respond=lambda request, status, at, fields: agent.respond(request, status, at, headers=fields),
            ask=self._ask,
            node=config.server.node,
            wall=time.time,
        )
        self._alarm = Alarm(self._due)
        self._listeners = Listeners(config.server, config.resolve)
        self._driver = Driver(agent, self._happened)
        server = config.server
        self._resolver = Resolver(
            transports=[each for each in ("udp", "tcp", "tls") if server.of(each)],
            versions=sorted({version(address.host) for _, _, address in server.listeners()}),
            now=now,
            entropy=os.urandom,
            servers=[(address.host, address.port) for address in config.dns.servers],
        )
        self._placing = Placing(
            agent,
            server,
            addresses,
            self._resolver,
            self.trunks,
            now=now,
            tell=tell,
            transmit=self.transmit,
            credentials=lambda name: self._attending.credentials(name),  # noqa: PLW0108 - it is made later
            plan=config.dial_plan(),
        )
        self._attending = Attending(
            agent,
            self._resolver,
            self._placing,
            self.trunks,
            addresses,
            caller_id=config.caller_id,
            passwords={each.name: each.secret(config.directory) for each in config.trunks},
            entropy=os.urandom,
            now=now,
            transmit=self.transmit,
        )
        self._watch = Watch(
            self._guard,
            transactions=lambda: agent.transactions,
            ticks=ticks,
            alert_per_minute=config.security.alert_per_minute,
        )
        self._lookout = Lookout(
            self._guard, agent.trace, call_id_of=call_id_of, figures=figures, heard_at=addresses.heard_at
        )
        self._capture: Capture | None = None
        self.performs: dict[type, Callable[[Any], None]] = {
            # Whoever calls is on the way to a conference: their telephone may ask who is in (RFC 4579 5.1).
            effects.AcceptCall: lambda effect: agent.accept(effect.call, effect.sdp, now(), focus=True),
            effects.RejectCall: lambda effect: agent.reject(
                effect.call, effect.status, now(), headers=effect.headers
            ),
            effects.HangUpCall: lambda effect: agent.hang_up(effect.call, now(), reason=effect.reason),
            effects.AcceptOffer: lambda effect: agent.accept_offer(effect.call, effect.sdp, now()),
            effects.RejectOffer: lambda effect: agent.reject_offer(effect.call, effect.status, now()),
            effects.SendDigit: lambda effect: agent.send_digit(
                effect.call, effect.digit, effect.duration_ms, now()
            ),
            effects.PlaceCall: self._placing.place,
            **subscriptions.performs(agent, now),
        }
        """The switchboard's effects that are done here."""

    def probe(self) -> None:
        """Find out whether all addresses can be had. Raises StartError."""
        self._listeners.probe()

    def read_accounts(self, connection: Connection) -> None:
        """Read the accounts, before anybody registers."""
        if self._config.registrar.enabled:
            self.phonebook.read(connection)

    async def start(self, store: StoreWorker) -> None:
        """Listen: callers are answered from the first on."""
        self._store = store
        if self._config.trace.hep is not None:
            self._capture = Capture(
                self._config.trace.hep,
                self._config.trace.hep_agent,
                time.time() - self._now(),
                heard_at=self._addresses.heard_at,
            )
            self.agent.trace.send_all_to(self._capture)
        await self._listeners.start(self._driver)
        if self._config.registrar.enabled:
            self._due()
            self._registrations.restore(now=self._now, reachable=self._is_ours)
        self._attending.start()
        self._watch.start()

    def leave(self) -> None:
        """Take no new calls, and take our registrations back."""
        self.agent.draining = self._guard.draining = True
        self._attending.stop()

    @property
    def is_leaving(self) -> bool:
        """Whether somebody has still to answer our BYE, or that we take a registration back."""
        return self.agent.dialogs > 0 or self._attending.is_leaving

    def close(self) -> None:
        """Stop at once. The store is still there."""
        self._watch.close()
        self._attending.close()
        self._alarm.cancel()
        if self._store is not None:
            self._registrations.close(self._now())
        self._placing.close()
        self._resolver.close()
        self._listeners.close()
        self._driver.close()
        if self._capture is not None:
            self._capture.close()

    def transmit(self) -> None:
        """Send what the agent has to say."""
        self._driver.transmit()

    # What others ask

    def answer(self, request: AnyRequest) -> AnyReply | None:
        """Answer a console that asks about telephones, trunks or strangers; None where it asks about calls."""
        if isinstance(request, protocol.ListPhones):
            return self._registrations.answer(request, self._now())
        if isinstance(request, protocol.SignallingRequest):
            return self._lookout.answer(request, self._now())
        return None

    @property
    def counters(self) -> Counter[str]:
        """What the agent received, sent and dropped."""
        return self.agent.counters

    @property
    def guard_counters(self) -> Counter[str]:
        """What the guard dropped, refused and noticed."""
        return self._guard.counters

    @property
    def telephone_counters(self) -> Counter[str]:
        """Registrations by what became of them."""
        return self._registrations.counters

    @property
    def transport_counters(self) -> Counter[str]:
        """What was refused or lost below the agent."""
        return self._listeners.counters

    # What happens

    def _happened(self, event: Any) -> None:
        match event:
            case RequestReceived():
                self._requested(event)
            case RequestAnswered():
                self._attending.answered(event)
            case FlowClosed(flow):
                self._registrations.flow_closed(flow, self._now())
                self._arm()
            case _ if not self._placing.happened(event):
                self._on_call(event)

    def _requested(self, event: RequestReceived) -> None:
        now = self._now()
        if event.message.method != "REGISTER":
            self.agent.respond(event.request, NO_TEXTS, now)
        elif self._config.registrar.enabled:
            self._registrations.received(event, now)
            self._arm()
        else:
            self.agent.respond(event.request, NO_REGISTRAR, now)

    def ways(self, account: str, now: float) -> list[Reached]:
        """Where an account's telephones are, in the order to try them, and what each is told of where we are."""
        return [
            each._replace(audio_at=self._addresses.for_audio(flow.local[0], flow.remote[0], flow.remote[0]))
            for each in self._registrations.ways(account, now)
            for flow in (each.way.flow,)
        ]

    def _is_ours(self, flow: Flow) -> bool:
        """Whether we listen where a telephone was heard before the start."""
        return flow.local in [(each.host, each.port) for each in self._config.server.of(flow.transport)]

    def _is_exempt(self, host: str) -> bool:
        networks = (*self._config.security.exempt, *self._config.server.trusted_networks)
        return within(host, networks) or self.trunks.of_source(host) is not None

    def _serves(self, user: str, host: str) -> bool:
        """Whether there is anything under a name: a number, a room, or a call of ours."""
        config = self._config
        return (
            user.startswith(f"{USER}.")
            or config.access_number(user) is not None
            or any(room.room(user, host) is not None for room in config.open_rooms)
        )

    # Time

    def _ask(self, question: Any, *, answered: Callable[[Any], None], failed: Callable[[Any], None]) -> None:
        if self._store is not None:
            self._store.ask(question, answered=answered, failed=failed)

    def _due(self) -> None:
        now = self._now()
        self.phonebook.advance(now)
        self._registrations.refuse(self.phonebook.gone(), now)
        self._registrations.advance(now)
        self._arm()

    def _arm(self) -> None:
        times = (self.phonebook.next_deadline(), self._registrations.next_deadline())
        self._alarm.arm(min((at for at in times if at is not None), default=None))

"""The SIP half of the edge: the agent, the transports it is heard on, and what stands around it.

What concerns calls goes on to the switchboard as it comes; what concerns telephones, trunks and messages is answered
here. After anything that was told to the agent from outside, `transmit` sends what it has to say.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import structlog

from bridge import subscriptions
from bridge.addresses import version
from bridge.attending import Attending
from bridge.listeners import Listeners
from bridge.placing import Placing
from bridge.resolver import Resolver
from bridge.switchboard import effects
from bridge.trunks.trunks import Trunks
from sip.agent import Agent
from sip.events import FlowClosed, RequestAnswered, RequestReceived
from sip.settings import AgentSettings
from sip.transport.driver import Driver

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from bridge.addresses import Addresses
    from bridge.config import Config
    from bridge.switchboard.events import Event

PRODUCT: Final = ""
"""No Server header: a scanner learns no version from us."""
CALLS_MAX: Final = 100_000
"""Calls at once where the configuration sets no limit: some 400 MB. Above: 503."""
NOT_HERE: Final = 405
"""To a request that nobody here is for."""

_log = structlog.get_logger("sip")


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
    ) -> None:
        """Open nothing yet.

        Parameters
        ----------
        on_call
            Takes what the agent tells of calls, while it is drained.
        tell
            Takes what happens here besides, at any time.
        """
        self._listeners = Listeners(config.server, config.resolve)
        self.agent = Agent(
            settings=AgentSettings(
                product=PRODUCT,
                reached_at=addresses.for_signalling,
                calls_max=config.limits.calls or CALLS_MAX,
            ),
            entropy=os.urandom,
        )
        self._now = now
        self._on_call = on_call
        self._driver = Driver(self.agent, self._happened)
        agent = self.agent
        self.trunks = Trunks(config.trunks)
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
        self.performs: dict[type, Callable[[Any], None]] = {
            effects.AcceptCall: lambda effect: agent.accept(effect.call, effect.sdp, now()),
            effects.RejectCall: lambda effect: agent.reject(
                effect.call, effect.status, now(), headers=effect.headers
            ),
            effects.HangUpCall: lambda effect: agent.hang_up(effect.call, now(), reason=effect.reason),
            effects.AcceptOffer: lambda effect: agent.accept_offer(effect.call, effect.sdp, now()),
            effects.RejectOffer: lambda effect: agent.reject_offer(effect.call, effect.status, now()),
            effects.PlaceCall: self._placing.place,
            **subscriptions.performs(agent, now),
        }
        """The switchboard's effects that are done here."""

    def probe(self) -> None:
        """Find out whether all addresses can be had. Raises StartError."""
        self._listeners.probe()

    async def start(self) -> None:
        """Listen: callers are answered from the first on."""
        await self._listeners.start(self._driver)
        self._attending.start()

    def leave(self) -> None:
        """Take our registrations back: no more calls are to come."""
        self._attending.stop()

    @property
    def is_leaving(self) -> bool:
        """Whether somebody has still to answer our BYE, or that we take a registration back."""
        return self.agent.dialogs > 0 or self._attending.is_leaving

    def close(self) -> None:
        """Stop at once."""
        self._attending.close()
        self._placing.close()
        self._resolver.close()
        self._listeners.close()
        self._driver.close()

    def transmit(self) -> None:
        """Send what the agent has to say."""
        self._driver.transmit()

    @property
    def transport_counters(self) -> Counter[str]:
        """What was refused or lost below the agent."""
        return self._listeners.counters

    def _happened(self, event: Any) -> None:
        match event:
            case RequestReceived():
                self._request(event)
            case RequestAnswered():
                self._attending.answered(event)
            case FlowClosed():
                pass
            case _ if not self._placing.happened(event):
                self._on_call(event)

    def _request(self, event: RequestReceived) -> None:
        self.agent.respond(event.request, NOT_HERE, self._now())

"""Calls out, as far as the world is concerned: which servers a number or an address leads to, and by which flows of ours.

A number goes to the servers of its trunk, which `Resolver` finds, and is written as that trunk wants it; a SIP address goes
to its own; both become the ways of one INVITE, of which the agent tries one after the other. A registered telephone is called
where it registered. What the DNS knows already is used at once; else the call waits for it, off
the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bridge.switchboard.events import CallNotPlaced, CallPlaced
from bridge.trunks.presenting import Presented, present
from bridge.trunks.redirecting import within_plan, within_trunk
from sip.agent import Way
from sip.errors import LocalError, ParseError
from sip.events import CallAnswered, CallEnded, CallRedirected, EndCause, WayFailed
from sip.flow import ANYBODY, Flow, is_ipv6
from sip.headers import Address
from sip.locating import Target
from sip.uri import Uri

if TYPE_CHECKING:
    from decimal import Decimal

    from bridge.addresses import Addresses
    from bridge.config.listening import Server
    from bridge.resolver import Found, Resolver
    from bridge.service.dialplan import DialPlan
    from bridge.switchboard.effects import PlaceCall
    from bridge.trunks.trunk import Trunk
    from bridge.trunks.trunks import Trunks
    from sip.agent import Agent
    from sip.digest import Credentials

NO_ANSWER: Final = frozenset({(EndCause.TIMEOUT, 408), (EndCause.TRANSPORT, 503)})
"""Ends of a call all of whose servers were away."""

Told = Callable[[CallPlaced | CallNotPlaced], None]


@dataclass(frozen=True, slots=True)
class _Placed:
    """What has to be known of a call should its servers fail, or send it elsewhere."""

    trunk: Trunk | None
    uri: Uri
    price: Decimal
    flows: tuple[Flow, ...]


class Placing:
    """Places calls through one agent; what becomes of each is told, at once or later."""

    def __init__(
        self,
        agent: Agent,
        server: Server,
        addresses: Addresses,
        resolver: Resolver,
        trunks: Trunks,
        *,
        now: Callable[[], float],
        tell: Told,
        transmit: Callable[[], None],
        credentials: Callable[[str], Credentials | None] = lambda _: None,
        plan: DialPlan | None = None,
    ) -> None:
        """`transmit` sends what the agent has to say, where nobody is told of it. `credentials` are those of a trunk by its name.
        Without a `plan` no redirection is followed.
        """
        self._agent = agent
        self._server = server
        self._addresses = addresses
        self._resolver = resolver
        self._trunks = trunks
        self._now = now
        self._tell = tell
        self._transmit = transmit
        self._credentials = credentials
        self._plan = plan
        self._placed: dict[int, _Placed] = {}
        """Calls that are not answered yet, by the agent's handle."""
        self._looking_up: set[asyncio.Task[None]] = set()

    def place(self, wanted: PlaceCall) -> None:
        """Send the INVITE, or find out where to first."""
        if wanted.phone is not None:
            self._to_phone(wanted, wanted.phone)
            return
        trunk = self._trunks.get(wanted.trunk)
        try:
            uri = Uri.parse(wanted.uri)
            if uri.scheme == "tel" and trunk is not None:
                settings = trunk.settings
                text = settings.dialled(e164=uri.user or "", national=wanted.national, carrier=wanted.carrier)
                uri = Uri.parse(text)
        except ParseError as error:
            self._tell(CallNotPlaced(wanted.leg, f"not an address: {error}"))
            return
        if not uri.host:
            why = f"no trunk {wanted.trunk!r}" if uri.scheme == "tel" else f"{uri.scheme} says no host"
            self._tell(CallNotPlaced(wanted.leg, f"not an address: {why}"))
            return
        target = uri if trunk is None else trunk.settings.target
        self._when_found(target, lambda found: self._send(wanted, uri, trunk, found))

    def happened(self, event: object) -> bool:
        """Take an event of the agent; whether it was for this place alone."""
        if isinstance(event, CallEnded):
            placed = self._placed.pop(event.call, None)
            if placed is not None and (event.cause, event.status) in NO_ANSWER:
                for flow in placed.flows:
                    self._way_failed(flow)
        elif isinstance(event, CallAnswered):
            self._placed.pop(event.call, None)
        elif isinstance(event, WayFailed):
            self._way_failed(event.flow)
            return True
        elif isinstance(event, CallRedirected):
            self._redirected(event)
            return True
        return False

    def close(self) -> None:
        """Nobody waits for names any more."""
        for task in self._looking_up:
            task.cancel()

    def _when_found(self, target: Uri, then: Callable[[Found], None]) -> None:
        found = self._resolver.known(target)
        if found is not None:
            then(found)
            return
        task = asyncio.ensure_future(self._look_up(target, then))
        self._looking_up.add(task)
        task.add_done_callback(self._looking_up.discard)

    async def _look_up(self, target: Uri, then: Callable[[Found], None]) -> None:
        then(await self._resolver.locate(target))

    def _send(self, wanted: PlaceCall, uri: Uri, trunk: Trunk | None, found: Found) -> None:
        flows = self.flows(found.targets, trunk)
        if not flows:
            why = found.why or f"nothing of ours listens that reaches {found.targets[0].host}"
            self._tell(CallNotPlaced(wanted.leg, why))
            return
        ours = self._addresses.for_audio(flows[0].local[0], flows[0].remote[0])
        shown = Presented(Address("", Uri("sip", wanted.caller_id, ours)), ())
        credentials = None
        if trunk is not None:
            shown = present(trunk.settings, number=wanted.caller_id, ours=ours)
            credentials = self._credentials(trunk.name)
        redirects = self._plan is not None and (trunk is None or trunk.settings.redirects)
        try:
            call = self._agent.invite(
                uri,
                from_=shown.from_,
                sdp=wanted.sdp,
                ways=[Way(flow) for flow in flows],
                headers=(
                    *shown.headers,
                    *(() if trunk is not None and trunk.settings.privacy else _referred_by(wanted)),
                ),
                credentials=credentials,
                redirects=redirects,
                replaces=wanted.replaces,
                hurry=wanted.others,
                now=self._now(),
            )
        except LocalError as error:
            self._tell(CallNotPlaced(wanted.leg, str(error)))
            return
        self._placed[call] = _Placed(trunk, uri, wanted.price_per_minute, tuple(flows))
        self._tell(CallPlaced(wanted.leg, call, self._agent.call_id(call)))

    def _to_phone(self, wanted: PlaceCall, phone: Way) -> None:
        """Call a telephone where it registered."""
        flow = phone.flow
        ours = self._addresses.for_audio(flow.local[0], flow.remote[0])
        try:
            call = self._agent.invite(
                phone.uri or Uri("sip", None, flow.remote[0]),
                from_=Address("", Uri("sip", wanted.caller_id, ours)),
                sdp=wanted.sdp,
                ways=[phone],
                beside=wanted.beside,
                headers=_referred_by(wanted),
                replaces=wanted.replaces,
                hurry=wanted.others,
                now=self._now(),
            )
        except LocalError as error:
            self._tell(CallNotPlaced(wanted.leg, str(error)))
            return
        self._tell(CallPlaced(wanted.leg, call, self._agent.call_id(call)))

    def flows(self, targets: Sequence[Target], trunk: Trunk | None = None) -> list[Flow]:
        """How each target is reached from a listener of ours; those that none reaches are left out."""
        found = []
        for target in targets:
            local = next(
                (each for each in self._server.of(target.transport) if each.is_ipv6 == is_ipv6(target.host)),
                None,
            )
            if local is not None:
                secure = target.transport == "tls"
                unverified = trunk is not None and not trunk.settings.verify
                peer = (ANYBODY if unverified else target.name) if secure else ""
                found.append(
                    Flow(target.transport, (local.host, local.port), (target.host, target.port), peer=peer)
                )
        return found

    def _way_failed(self, flow: Flow) -> None:
        """Try that server last for a while, by whatever name it is found."""
        self._resolver.health.failed(Target(flow.transport, *flow.remote, ""), self._now())

    # Sent elsewhere

    def _redirected(self, event: CallRedirected) -> None:
        """Follow where that is allowed; else it ends as refused."""
        placed = self._placed.get(event.call)
        uris = [] if placed is None else self._allowed(placed, event)
        if placed is None or not uris:
            self._agent.redirect(event.call, (), self._now())
            return
        trunk = placed.trunk
        left = list(uris)
        ways: list[Way] = []

        def add(found: Found) -> None:
            uri = left.pop(0)
            ways.extend(Way(flow, uri) for flow in self.flows(found.targets, trunk))
            if left:
                self._when_found(left[0], add)
            else:
                self._agent.redirect(event.call, ways, self._now())
                self._transmit()  # the DNS may have answered long after the round in which we were sent elsewhere

        self._when_found(left[0], add)

    def _allowed(self, placed: _Placed, event: CallRedirected) -> list[Uri]:
        trunk = placed.trunk
        if self._plan is None:
            return []
        if trunk is None:
            return within_plan(event.targets, price=placed.price, judge=self._plan.address)
        return within_trunk(
            event.targets,
            hosts=self._trunks.hosts(trunk.name),
            dialled=placed.uri,
            transport=trunk.settings.transport,
            price=placed.price,
            judge=self._plan.address,
        )


def _referred_by(wanted: PlaceCall) -> tuple[tuple[str, str], ...]:
    """On whose word a call is placed (RFC 3892 section 2.2)."""
    return (("Referred-By", f"<{wanted.referred_by}>"),) if wanted.referred_by else ()

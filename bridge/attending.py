"""The edge that keeps the trunks: registers at them, pings them, and learns where their names lead.

Each trunk has its cores (`bridge.trunks`): what they want sent goes to the agent, what is answered goes back to them, and
what they come to is written into the table of trunks, which calls are placed by. One alarm waits for all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from bridge.alarm import Alarm
from bridge.trunks import pinging, registration
from bridge.trunks.bound import answer_of
from bridge.trunks.presenting import present
from bridge.trunks.trunks import LINE_PARAMETER
from bridge.trunks.trying import GONE, Failed, Find
from sip.digest import Credentials
from sip.headers import Address
from sip.uri import Uri

if TYPE_CHECKING:
    from bridge.addresses import Addresses
    from bridge.placing import Placing
    from bridge.resolver import Found, Resolver
    from bridge.trunks.trunk import Trunk
    from bridge.trunks.trunks import Trunks
    from sip.agent import Agent
    from sip.events import RequestAnswered
    from sip.flow import Flow
    from sip.locating import Target

LEARN_S: Final = 60.0
"""How often it is looked where the name of a trunk leads, so that calls from there are known as its own."""
LINE_BYTES: Final = 12
"""Entropy of the `line` of a Contact: whoever guesses it would be taken for the trunk."""
CSEQ_STEP: Final = 8
"""CSeq numbers left to the agent for proofs and their repetition, from one REGISTER of ours to the next."""
OFFLINE: Final = 503
"""What stands for a request that could not even be sent."""
NO_WAY: Final = "nothing of ours listens that reaches it"

_log = structlog.get_logger("trunks")


@dataclass(slots=True)
class _Line:
    """One trunk, and what is going on with it."""

    trunk: Trunk
    registration: registration.Registration | None
    pinging: pinging.Pinging
    call_id: str
    token: str
    cseq: int = 0
    learn_at: float | None = None


class _Way(NamedTuple):
    """How a server is reached, and what we are called on that way."""

    flow: Flow
    ours: str


class Attending:
    """All trunks of one bridge."""

    def __init__(
        self,
        agent: Agent,
        resolver: Resolver,
        placing: Placing,
        trunks: Trunks,
        addresses: Addresses,
        *,
        caller_id: str,
        passwords: dict[str, str],
        entropy: Callable[[int], bytes],
        now: Callable[[], float],
        transmit: Callable[[], None],
    ) -> None:
        """`passwords` by the name of the trunk; `transmit` has the agent send what it was told to."""
        self._agent = agent
        self._resolver = resolver
        self._placing = placing
        self._addresses = addresses
        self._trunks = trunks
        self._caller_id = caller_id
        self._passwords = passwords
        self._now = now
        self._transmit = transmit
        self._alarm = Alarm(self._due)
        self._asked: dict[int, Callable[[RequestAnswered], None]] = {}
        """What to do with the answer of each request that is out."""
        self._looking_up: set[asyncio.Task[None]] = set()
        self._lines = [
            _Line(
                trunk,
                registration.Registration(expires_s=trunk.settings.expires_s, entropy=entropy)
                if trunk.settings.register
                else None,
                pinging.Pinging(ping_s=trunk.settings.ping_s, entropy=entropy),
                entropy(16).hex(),
                entropy(LINE_BYTES).hex(),
            )
            for trunk in trunks
        ]

    def credentials(self, name: str) -> Credentials | None:
        """What we prove ourselves with to a trunk; None where we have nothing."""
        trunk = self._trunks.get(name)
        if trunk is None or not trunk.settings.username:
            return None
        settings = trunk.settings
        return Credentials(settings.username, self._passwords.get(name, ""), settings.realm)

    def start(self) -> None:
        """Begin."""
        now = self._now()
        for line in self._lines:
            if line.registration is not None:
                self._trunks.bound(line.trunk.name, line.token)
                line.registration.start(now)
            line.pinging.start(now)
            if line.trunk.settings.numeric is None:
                line.learn_at = now
        self._go_on()

    def answered(self, event: RequestAnswered) -> None:
        """Take the answer to a request; one that is not of here is nobody's."""
        then = self._asked.pop(event.request, None)
        if then is not None:
            then(event)
            self._go_on()

    def stop(self) -> None:
        """Take all registrations back; the answers are waited for by nobody."""
        now = self._now()
        for line in self._lines:
            line.pinging.stop()
            line.learn_at = None
            if line.registration is not None:
                line.registration.stop(now)
        self._go_on()

    @property
    def is_leaving(self) -> bool:
        """Whether a registration is being taken back."""
        leaving = registration.State.LEAVING
        return any(
            line.registration is not None and line.registration.state is leaving for line in self._lines
        )

    def close(self) -> None:
        """Do nothing more."""
        self._alarm.cancel()
        for task in self._looking_up:
            task.cancel()

    # Round and round

    def _due(self) -> None:
        now = self._now()
        for line in self._lines:
            if line.registration is not None:
                line.registration.advance(now)
            line.pinging.advance(now)
            if line.learn_at is not None and line.learn_at <= now:
                line.learn_at = now + LEARN_S
                self._find(line.trunk.settings.target, partial(self._learned, line))
        self._go_on()

    def _go_on(self) -> None:
        """Do all that the cores want, tell what they have come to, and wait for the next deadline."""
        for line in self._lines:
            self._carry_out(line)
        self._transmit()
        times = [line.learn_at for line in self._lines]
        times += [line.pinging.next_deadline() for line in self._lines]
        times += [line.registration.next_deadline() for line in self._lines if line.registration is not None]
        self._alarm.arm(min((at for at in times if at is not None), default=None))

    def _carry_out(self, line: _Line) -> None:
        now, name = self._now(), line.trunk.name
        while wishes := line.pinging.outgoing():
            for wish in wishes:
                self._ping_wants(line, wish)
        for told in line.pinging.events():
            self._say(name, "trunk up" if told.holds else "trunk down", told.why)
            self._trunks.answers(name, up=told.holds, why=told.why, now=now)
            if told.holds and not told.why and line.registration is not None:
                line.registration.is_back(now)
        if line.registration is None:
            return
        while wanted := line.registration.outgoing():
            for each in wanted:
                self._registration_wants(line, each)
        for told in line.registration.events():
            leaves = line.registration.state in {registration.State.LEAVING, registration.State.OFF}
            why = "" if leaves else told.why
            self._say(name, "registered" if told.holds and not told.why else "not registered", why)
            self._trunks.registered(name, holds=told.holds, why=told.why, now=now)

    def _say(self, name: str, event: str, why: str) -> None:
        say = _log.warning if why else _log.info
        say(event, trunk=name, **({"why": why} if why else {}))

    def _ping_wants(self, line: _Line, wish: pinging.Wanted) -> None:
        match wish:
            case Find():
                self._find(line.trunk.settings.target, partial(self._ping_found, line))
            case pinging.Ping(target):
                self._ping(line, target)
            case Failed(target):
                self._resolver.health.failed(target, self._now())

    def _registration_wants(self, line: _Line, wish: registration.Wanted) -> None:
        match wish:
            case Find():
                self._find(line.trunk.settings.registrar_uri, partial(self._registrar_found, line))
            case registration.Register(target, expires_s):
                self._register(line, target, expires_s)
            case Failed(target):
                self._resolver.health.failed(target, self._now())

    # Names

    def _find(self, uri: Uri, then: Callable[[Found], None]) -> None:
        found = self._resolver.known(uri)
        if found is not None:
            then(found)
            return
        task = asyncio.ensure_future(self._look_up(uri, then))
        self._looking_up.add(task)
        task.add_done_callback(self._looking_up.discard)

    async def _look_up(self, uri: Uri, then: Callable[[Found], None]) -> None:
        then(await self._resolver.locate(uri))
        self._go_on()

    def _ping_found(self, line: _Line, found: Found) -> None:
        self._learned(line, found)
        line.pinging.found(found.targets, found.why, self._now())

    def _registrar_found(self, line: _Line, found: Found) -> None:
        assert line.registration is not None
        line.registration.found(found.targets, found.why, self._now())

    def _learned(self, line: _Line, found: Found) -> None:
        self._trunks.learned(line.trunk.name, [target.host for target in found.targets])

    # Requests

    def _ping(self, line: _Line, target: Target) -> None:
        def answered(event: RequestAnswered) -> None:
            self._heard(target, event)
            line.pinging.answered(target, event.status, event.reason, self._now())

        way = self._way(line, target)
        if way is None:
            line.pinging.answered(target, OFFLINE, NO_WAY, self._now())
            return
        shown = present(line.trunk.settings, number=self._caller_id, ours=way.ours)
        uri = line.trunk.settings.target
        self._request(
            line,
            way,
            "OPTIONS",
            _plain(uri),
            from_=shown.from_,
            to=Address("", _plain(uri)),
            headers=(("Accept", "application/sdp"),),
            then=answered,
        )

    def _register(self, line: _Line, target: Target, expires_s: int) -> None:
        held = line.registration
        assert held is not None

        def answered(event: RequestAnswered) -> None:
            self._heard(target, event)
            held.answered(target, answer_of(event, line.token), self._now())

        way = self._way(line, target)
        if way is None:
            held.answered(target, registration.Answer(status=OFFLINE, reason=NO_WAY), self._now())
            return
        settings = line.trunk.settings
        registrar = _plain(settings.registrar_uri)
        account = Address("", replace(registrar, user=settings.username or settings.contact_user))
        ours = Address.parse(self._agent.contact(way.flow)).uri
        bound = replace(
            ours, user=settings.contact_user, parameters=(*ours.parameters, (LINE_PARAMETER, line.token))
        )
        line.cseq += CSEQ_STEP
        self._request(
            line,
            way,
            "REGISTER",
            registrar,
            from_=account,
            to=account,
            headers=(("Contact", f"<{bound}>"), ("Expires", str(expires_s))),
            then=answered,
            call_id=line.call_id,
            cseq=line.cseq,
        )

    def _request(
        self,
        line: _Line,
        way: _Way,
        method: str,
        uri: Uri,
        *,
        from_: Address,
        to: Address,
        headers: tuple[tuple[str, str], ...],
        then: Callable[[RequestAnswered], None],
        call_id: str = "",
        cseq: int = 0,
    ) -> None:
        handle = self._agent.request(
            method,
            uri,
            from_=from_,
            to=to,
            flow=way.flow,
            now=self._now(),
            headers=headers,
            credentials=self.credentials(line.trunk.name),
            call_id=call_id,
            cseq=cseq,
        )
        self._asked[handle] = then

    def _way(self, line: _Line, target: Target) -> _Way | None:
        """How a server of a trunk is reached; None where nothing of ours listens that does."""
        flows = self._placing.flows([target], line.trunk)
        if not flows:
            return None
        return _Way(flows[0], self._addresses.for_audio(flows[0].local[0], target.host))

    def _heard(self, target: Target, event: RequestAnswered) -> None:
        """Whoever answers works, but for a proxy that says that nobody is behind it."""
        if event.message is not None and event.status not in GONE:
            self._resolver.health.works(target)


def _plain(uri: Uri) -> Uri:
    """A Request-URI for the trunk itself: where it is sent is not its business."""
    return replace(uri, parameters=())

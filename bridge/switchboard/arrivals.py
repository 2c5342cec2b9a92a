"""Calls that come: let in, with a leg and audio asked for, or turned away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.admission import RETRY_AFTER_BURST_S, OpenRoom, Refusal
from bridge.conference.events import LeaveReason
from bridge.config.values import within
from bridge.gate import trunk_of
from bridge.service.directory import NOBODY, Directory
from bridge.service.role import Role
from bridge.service.settings import Settings
from bridge.switchboard.effects import Level, Log, OpenStream, RejectCall
from bridge.switchboard.legs import Leg, LegState, LegTimer
from bridge.switchboard.sessions import note_audio
from bridge.switchboard.sparing import Sparing
from bridge.switchboard.terms import Terms
from bridge.switchboard.who_calls import Callers
from sip.errors import RemoteError
from sip.offer import NotAcceptable

if TYPE_CHECKING:
    from bridge.admission import Admission
    from bridge.config.settings import Config
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.rooms import Rooms
    from bridge.trunks.trunks import Trunks
    from sip.events import IncomingCall

Headers = tuple[tuple[str, str], ...]

STREAM_S: Final = 4.0
"""How long the pool may take to open a stream. A caller's exchange waits longer before it gives the call up."""

NO_SUCH_CALL: Final = 481
"""RFC 3891 section 3: to a call that would replace one that is not there."""
TRUNK_FULL: Final = "all calls of this trunk in use"
UNPROVED_MAX: Final = 300
"""Calls of strangers by UDP whose ACK has not come. Each has ports and a row of a worker until it is given up after 32 s, and a
flood from invented addresses would have all of them. Beyond: the oldest makes way."""
TRUNK_UNPROVED_MAX: Final = 300
"""The same by UDP in the name of one trunk, whose address can be forged as any other. A trunk with 500 calls a second and a round
trip of 0.3 s has half of them. Its own calls still come in while some 300 forged ones a second arrive."""
ACK_S: Final = 1.0
"""Not before it has had so long, though: an honest ACK takes a round trip. Until then: 503."""
NO_ACK: Final = "too many without ACK"
TRUNK_NO_ACK: Final = "too many of this trunk without ACK"
RETRY_AFTER_TRUNK_S: Final = 30
"""As where all calls of a source are in use."""
BUSY_HERE: Final = 486
"""RFC 3261 section 21.4.24: the room that was dialled takes nobody now."""


class Arrivals:
    """Decides on each call that comes, and says what becomes of it."""

    __slots__ = (
        "_admission",
        "_callers",
        "_config",
        "_lines",
        "_refusals",
        "_rooms",
        "_terms",
        "_trunks",
        "_unproved",
        "open_room",
    )

    def __init__(
        self,
        lines: Lines,
        rooms: Rooms,
        admission: Admission,
        terms: Terms,
        trunks: Trunks,
        config: Config,
        directory: Directory = NOBODY,
    ) -> None:
        self._lines = lines
        self._rooms = rooms
        self._admission = admission
        self._config = config
        self._terms = terms
        self._trunks = trunks
        self._callers = Callers(config, directory)
        self._refusals = Sparing()
        self._unproved: dict[int, None] = {}
        """Legs of strangers whose ACK has not come, the oldest first; those in a trunk's name are in its row."""
        self.open_room = Settings.for_open_room(language=config.service.language)
        """What every open room is like."""

    def call_came(self, event: IncomingCall, now: float) -> None:
        """Let a call in, or not."""
        if event.replaces:
            self._successor_came(event, now)
            return
        source = event.flow.remote[0]
        dialled = self._callers.dialled(event, lambda user: self._admission.knows(user, source))
        known = self._is_known(event)
        place = self._admission.decide(dialled, source, now, known=known)
        if isinstance(place, Refusal):
            self._refuse(event, place.status, place.why.value, now, retry_after(place.retry_after_s))
            return
        if not (known or self._makes_way(self._unproved, UNPROVED_MAX, now)):
            self._admission.left(source)
            self._refuse(event, 503, NO_ACK, now, retry_after(RETRY_AFTER_BURST_S))
            return
        if (
            isinstance(place, OpenRoom)
            and (refusal := self._rooms.ask(place.name, self.open_room, Role.PARTICIPANT)) is not None
        ):
            self._admission.left(source)
            self._refuse(event, BUSY_HERE, refusal.value, now)
            return
        leg = self._leg(event, dialled, source, now)
        if leg is None or not self._in_trunk(event, leg, now):
            return
        if not known:
            self._unproved[leg.number] = None
        if isinstance(place, OpenRoom):
            leg.routed_to = self._rooms.expect(leg, place.name, self.open_room).number
            # Its address alone lets it in, which may be forged as long as it has not shown our tag.
            leg.negotiation.heard_early = False
        else:
            leg.language = place.number.language or self._config.service.language
        self._ask_for_audio(leg, event.flow.local[0], now)

    def proved(self, leg: Leg) -> None:
        """Its ACK has come, or it is over."""
        trunk = self._trunks.get(leg.trunk)
        unproved = self._unproved if trunk is None else trunk.unproved
        unproved.pop(leg.number, None)

    def _is_known(self, event: IncomingCall) -> bool:
        """Whether a call comes from where it says, as far as anybody knows before its ACK."""
        networks = (*self._config.server.trusted_networks, *self._config.security.exempt)
        return (
            bool(event.identity)
            or event.real
            or event.flow.reliable
            or within(event.flow.remote[0], networks)
        )

    def _makes_way(self, unproved: dict[int, None], most: int, now: float) -> bool:
        """Whether there is room for another call without ACK, if need be instead of one where most likely nobody is."""
        if len(unproved) < most:
            return True
        oldest = self._lines.by_number[next(iter(unproved))]
        if now - oldest.came_at < ACK_S or oldest.state is LegState.OPENING:
            return False
        self.proved(oldest)
        self._lines.hang_up(oldest, LeaveReason.LOST, NO_ACK)
        return True

    def _successor_came(self, event: IncomingCall, now: float) -> None:
        """Let in a call that takes another one's place (RFC 3891). Only who knows the names of that one's dialog can ask for
        it; it is in already, so no limit is asked, and a lock does not keep it out.
        """
        old, source = self._lines.by_call.get(event.replaces), event.flow.remote[0]
        if old is None or old.state is not LegState.CONFERENCE:
            self._refuse(event, NO_SUCH_CALL, "nobody to replace", now)
            return
        self._admission.succeed(source)
        leg = self._leg(event, old.dialled, source, now)
        if leg is not None and self._in_trunk(event, leg, now):
            leg.succeeds = old.number
            leg.language = old.language
            self._ask_for_audio(leg, event.flow.local[0], now)

    def _leg(self, event: IncomingCall, dialled: str, source: str, now: float) -> Leg | None:
        """Make a row for a call that has a place; None where it wants audio that we have not, and its place is given back."""
        number = self._lines.next_number()
        try:
            negotiation = self._terms.of_caller(event, number)
        except RemoteError as fault:
            self._admission.left(source)
            warning = (("Warning", fault.warning),) if isinstance(fault, NotAcceptable) else ()
            self._refuse(event, fault.status, str(fault), now, warning, counted="offer")
            return None
        caller = self._callers.of(event)
        leg = Leg(
            number=number,
            call=event.call,
            call_id=event.call_id,
            caller=caller.shown,
            dialled=dialled,
            source=source,
            origin=caller.origin,
            negotiation=negotiation,
            came_at=now,
        )
        leg.identity = event.identity
        leg.private = caller.private
        leg.trusted_number = caller.trusted_number
        leg.name = caller.display or None
        return leg

    def _in_trunk(self, event: IncomingCall, leg: Leg, now: float) -> bool:
        """Count a call with its trunk's; where that has as many as it may, or too many without ACK, the call is turned away, its
        place given back.
        """
        leg.trunk = trunk_of(event.identity)
        trunk = self._trunks.get(leg.trunk)
        if trunk is None:
            return True
        doubtful = not event.flow.reliable
        if doubtful and not self._makes_way(trunk.unproved, TRUNK_UNPROVED_MAX, now):
            self._admission.left(leg.source)
            self._refuse(event, 503, TRUNK_NO_ACK, now, retry_after(RETRY_AFTER_BURST_S))
            return False
        if not self._trunks.arrive(leg.number, leg.trunk):
            self._admission.left(leg.source)
            self._refuse(event, 503, TRUNK_FULL, now, retry_after(RETRY_AFTER_TRUNK_S))
            return False
        if doubtful:
            trunk.unproved[leg.number] = None
        return True

    def _ask_for_audio(self, leg: Leg, local: str, now: float) -> None:
        lines = self._lines
        lines.add(leg)
        lines.figures["came"] += 1
        lines.log(
            Level.INFO,
            "call came",
            leg,
            caller=leg.caller,
            dialled=leg.dialled,
            source=leg.source,
            codec=leg.negotiation.codec,
        )
        if not leg.negotiation.late:
            note_audio(lines, leg)
        lines.effects.append(
            OpenStream(
                stream=leg.number,
                format=leg.negotiation.format,
                local=local,
                remote=leg.negotiation.remote,
                room=leg.routed_to,
                rtp_timeout_s=self._config.media.rtp_timeout_s,
                source=leg.source,
            )
        )
        lines.timers.set((LegTimer.STREAM, leg.number), now + STREAM_S)

    def _refuse(
        self,
        event: IncomingCall,
        status: int,
        why: str,
        now: float,
        headers: Headers = (),
        *,
        counted: str = "",
    ) -> None:
        """Turn a call away. `counted` stands in the figures for a `why` of which there are too many to count."""
        self._lines.figures[f"refused:{counted or why}"] += 1
        self._lines.effects.append(RejectCall(event.call, status, headers))
        left_out = self._refusals.ask(now)
        if left_out is None:
            return
        fields: dict[str, object] = {
            "call_id": event.call_id,
            "caller": event.from_.uri.user or "",
            "dialled": self._shown(event.request_uri.user or ""),
            "source": event.flow.remote[0],
            "status": status,
            "why": why,
        }
        if left_out:
            fields["left_out"] = left_out
        self._lines.effects.append(Log(Level.WARNING, "call refused", fields))

    def _shown(self, dialled: str) -> str:
        """What somebody dialled who was refused, for the log: people dial their passcode, and that is not shown."""
        digits = self._config.service.passcode_length
        return f"[{digits} digits]" if dialled.isdecimal() and len(dialled) == digits else dialled


def retry_after(seconds: int | None) -> Headers:
    """When to try again (RFC 3261 section 20.33), where there is something to wait for."""
    return () if seconds is None else (("Retry-After", str(seconds)),)

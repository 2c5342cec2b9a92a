"""Calls that come: let in, with a leg and audio asked for, or turned away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.admission import OpenRoom, Refusal
from bridge.config.values import within
from bridge.service.numbering import known_as
from bridge.service.origin import Origin, origin
from bridge.service.role import Role
from bridge.service.settings import Settings
from bridge.switchboard.effects import Level, Log, OpenStream, RejectCall
from bridge.switchboard.legs import Leg, LegState, LegTimer
from bridge.switchboard.negotiation import Negotiation
from bridge.switchboard.privacy import wants_privacy
from bridge.switchboard.sparing import Sparing
from sip.errors import RemoteError
from sip.offer import NotAcceptable

if TYPE_CHECKING:
    from bridge.admission import Admission
    from bridge.config.settings import Config
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.rooms import Rooms
    from sip.events import IncomingCall

Headers = tuple[tuple[str, str], ...]

STREAM_S: Final = 4.0
"""How long the pool may take to open a stream. A caller's exchange waits longer before it gives the call up."""

NO_SUCH_CALL: Final = 481
"""RFC 3891 section 3: to a call that would replace one that is not there."""
BUSY_HERE: Final = 486
"""RFC 3261 section 21.4.24: the room that was dialled takes nobody now."""


class Arrivals:
    """Decides on each call that comes, and says what becomes of it."""

    __slots__ = ("_admission", "_config", "_lines", "_refusals", "_rooms", "open_room")

    def __init__(self, lines: Lines, rooms: Rooms, admission: Admission, config: Config) -> None:
        self._lines = lines
        self._rooms = rooms
        self._admission = admission
        self._config = config
        self._refusals = Sparing()
        self.open_room = Settings.for_open_room(language=config.service.language)
        """What every open room is like."""

    def call_came(self, event: IncomingCall, now: float) -> None:
        """Let a call in, or not."""
        if event.replaces:
            self._successor_came(event, now)
            return
        dialled, source = event.request_uri.user or "", event.flow.remote[0]
        place = self._admission.decide(dialled, source, now)
        if isinstance(place, Refusal):
            self._refuse(event, place.status, place.why.value, now, retry_after(place.retry_after_s))
            return
        if (
            isinstance(place, OpenRoom)
            and (refusal := self._rooms.ask(place.name, self.open_room, Role.PARTICIPANT)) is not None
        ):
            self._admission.left(source)
            self._refuse(event, BUSY_HERE, refusal.value, now)
            return
        leg = self._leg(event, dialled, source, now)
        if leg is None:
            return
        if isinstance(place, OpenRoom):
            leg.routed_to = self._rooms.expect(leg, place.name, self.open_room).number
        else:
            leg.language = place.number.language or self._config.service.language
        self._ask_for_audio(leg, event.flow.local[0], now)

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
        if leg is not None:
            leg.succeeds = old.number
            leg.language = old.language
            self._ask_for_audio(leg, event.flow.local[0], now)

    def _leg(self, event: IncomingCall, dialled: str, source: str, now: float) -> Leg | None:
        """Make a row for a call that has a place; None where it wants audio that we have not, and its place is given back."""
        number = self._lines.next_number()
        try:
            negotiation = Negotiation(event.offer, event.flow.local[0], number)
        except RemoteError as fault:
            self._admission.left(source)
            warning = (("Warning", fault.warning),) if isinstance(fault, NotAcceptable) else ()
            self._refuse(event, fault.status, str(fault), now, warning, counted="offer")
            return None
        caller = event.from_.uri.user or ""
        leg = Leg(
            number=number,
            call=event.call,
            call_id=event.call_id,
            caller=caller,
            dialled=dialled,
            source=source,
            origin=self._origin(event, caller),
            negotiation=negotiation,
            came_at=now,
        )
        leg.identity = event.identity
        leg.private = wants_privacy(event.request, event.from_)
        if self._is_trusted(event):
            leg.trusted_number = known_as(self._config.dial_out.numbering, caller)
        return leg

    def _ask_for_audio(self, leg: Leg, local: str, now: float) -> None:
        lines = self._lines
        lines.add(leg)
        lines.figures["came"] += 1
        lines.log(Level.INFO, "call came", leg, caller=leg.caller, dialled=leg.dialled, source=leg.source)
        lines.effects.append(
            OpenStream(
                stream=leg.number,
                format=leg.negotiation.format,
                local=local,
                remote=leg.negotiation.remote,
                room=leg.routed_to,
                rtp_timeout_s=self._config.media.rtp_timeout_s,
            )
        )
        lines.timers.set((LegTimer.STREAM, leg.number), now + STREAM_S)

    def _is_trusted(self, event: IncomingCall) -> bool:
        """Whether the peer is a carrier or PBX that says truly who calls."""
        return within(event.flow.remote[0], self._config.server.trusted_networks)

    def _origin(self, event: IncomingCall, caller: str) -> Origin:
        peer, (host, port) = event.flow.remote[0], event.flow.local
        return origin(peer=peer, listener=f"{host}:{port}", caller=caller, trusted=self._is_trusted(event))

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

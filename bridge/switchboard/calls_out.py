"""Calls that we place: a leg that asks for audio, rings, is answered or not (`*1`, `*92`, operators' telephones; G3).

Whoever wants a call (`legs.User`) is told of it by `ringing`, `answered`, `failed` and `gone`; exactly one of the last
two, whatever happens. What limits and the dial plan say was asked before: `place` refuses what the limits forbid, and
counts it. A call is cut off when its longest time, or the money for it, is used up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from bridge.conference.events import LeaveReason
from bridge.service.dialplan import Kind
from bridge.service.origin import Origin
from bridge.service.outcome import Outcome, outcome_of
from bridge.service.spending import Limit
from bridge.switchboard.effects import (
    HangUpCall,
    Level,
    OpenStream,
    PlaceCall,
    RecordCallAnswered,
    RecordCallEnded,
    RecordCallPlaced,
)
from bridge.switchboard.legs import Leg, LegState, LegTimer
from bridge.switchboard.lines import BoardTimer
from bridge.switchboard.negotiation import Negotiation
from media.control import NO_ROOM
from prompts.phrases import Utterance

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bridge.config.settings import Config
    from bridge.config.values import Address
    from bridge.service.dialplan import Destination
    from bridge.service.spending import Spending
    from bridge.switchboard.effects import CallKind
    from bridge.switchboard.events import CallNotPlaced, CallPlaced
    from bridge.switchboard.legs import User
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.room import Room
    from bridge.switchboard.sessions import Sessions
    from sip.events import CallAnswered, CallEnded, CallRinging

STREAM_S: Final = 4.0
"""How long the pool may take to open a stream, as for calls that come."""

TIME_UP: Final = Utterance("call_time_up")


class Wanted(NamedTuple):
    """A call that somebody wants."""

    destination: Destination
    kind: CallKind
    ring_s: float
    language: str
    room: Room | None = None
    """For which conference, whose passcode and customer it counts against."""
    name: str | None = None
    """Whose telephone it is, where that is known."""
    limited: bool = True
    """Whether it counts against the limits. Our own operators' telephones do not."""


class CallsOut:
    """All of them."""

    __slots__ = ("_config", "_lines", "_local_time", "_new_id", "_sessions", "_spending", "on_cut")

    def __init__(
        self,
        lines: Lines,
        sessions: Sessions,
        spending: Spending,
        config: Config,
        *,
        new_id: Callable[[], str],
        local_time: Callable[[float], datetime],
    ) -> None:
        self._lines = lines
        self._sessions = sessions
        self._spending = spending
        self._config = config
        self._new_id = new_id
        self._local_time = local_time
        self.on_cut: Callable[[Leg, float], None] | None = None
        """Told of each call that is cut, while it is still where it was: what it was about is to be broken off."""

    def place(self, wanted: Wanted, user: User, now: float) -> Leg | Limit:
        """Call somebody for `user`, or say which limit forbids it."""
        destination, room = wanted.destination, wanted.room
        lines = self._lines
        pair, customer, conference = (room.pair, room.customer, room.conference_id) if room else (0, 0, "")
        if wanted.limited:
            limit = self._limit(wanted, pair, customer, now)
            if limit is not None:
                lines.figures[f"call out refused:{limit.value}"] += 1
                lines.note(
                    Level.WARNING,
                    "call out refused",
                    why=limit.value,
                    number=destination.masked,
                    pair=pair,
                    conference=conference,
                )
                return limit
        number = lines.next_number()
        local = self._listener(destination)
        leg = Leg(
            number=number,
            call=0,
            call_id="",
            caller=destination.number or destination.uri,
            dialled="",
            source="",
            origin=Origin(source="", trunk=""),
            negotiation=Negotiation.calling(local, number),
            came_at=now,
        )
        leg.out = self._new_id()
        leg.destination = destination
        leg.user = user
        leg.name = wanted.name
        leg.customer = customer
        leg.called_for = room
        if room is not None:
            room.calls_out += 1
        leg.language = wanted.language
        leg.ring_s = wanted.ring_s
        leg.limited = wanted.limited
        lines.add(leg)
        lines.figures[f"called:{wanted.kind}"] += 1
        lines.effects.append(
            RecordCallPlaced(
                call=leg.out,
                conference=conference,
                pair=pair or None,
                customer=customer,
                kind=wanted.kind,
                number=destination.number or destination.uri,
                price_per_minute=str(destination.price_per_minute) if wanted.limited else "",
            )
        )
        lines.log(
            Level.INFO, "calling", leg, number=destination.masked, kind=wanted.kind, conference=conference
        )
        if wanted.limited:
            self._spending.begin(number, pair or None, customer or None, destination, self._local_time(now))
            self.watch()
        lines.effects.append(
            OpenStream(
                stream=number,
                format=leg.negotiation.format,
                local=local,
                remote=None,
                room=NO_ROOM,
                rtp_timeout_s=self._config.media.rtp_timeout_s,
            )
        )
        lines.timers.set((LegTimer.STREAM, number), now + STREAM_S)
        return leg

    # --- what happens to one ---

    def stream_opened(self, leg: Leg, host: str, port: int, now: float) -> None:
        """Ring them: we know where we listen."""
        assert leg.destination is not None
        leg.state = LegState.CALLING
        self._lines.timers.set((LegTimer.RINGING, leg.number), now + leg.ring_s)
        trunk, transport = self._way(leg.destination)
        self._lines.effects.append(
            PlaceCall(
                leg=leg.number,
                uri=leg.destination.uri,
                caller_id=self._config.caller_id,
                sdp=leg.negotiation.describe(host, port),
                trunk=trunk,
                transport=transport,
            )
        )

    def no_stream(self, leg: Leg, why: str, now: float) -> None:
        """There is no audio for it."""
        self._lines.log(Level.WARNING, "no stream", leg, why=why)
        self._came_to_nothing(leg, Outcome.CONGESTED, now)

    def placed(self, event: CallPlaced, _now: float) -> None:
        """Its INVITE is out. Where nobody wants it any more, take it back."""
        leg = self._lines.by_number.get(event.leg)
        if leg is None:
            self._lines.effects.append(HangUpCall(event.call, "nobody waits for it"))
            return
        leg.call, leg.call_id = event.call, event.call_id
        self._lines.by_call[event.call] = leg

    def not_placed(self, event: CallNotPlaced, now: float) -> None:
        """There is no way there."""
        leg = self._lines.by_number.get(event.leg)
        if leg is not None:
            self._lines.log(Level.WARNING, "no way to call", leg, why=event.reason)
            self._came_to_nothing(leg, Outcome.UNREACHABLE, now)

    def rings(self, event: CallRinging, now: float) -> None:
        """It rings there; maybe the network says so in its own voice (183 with a session)."""
        leg = self._lines.by_call.get(event.call)
        if leg is None or leg.state is not LegState.CALLING:
            return
        if event.sdp is not None and not leg.early:
            leg.early = self._sessions.take_answer(leg, event.sdp)
        if leg.user is not None:
            leg.user.ringing(leg, now)

    def answered(self, event: CallAnswered, now: float) -> None:
        """Somebody is there."""
        leg = self._lines.by_call.get(event.call)
        if leg is None or leg.state is not LegState.CALLING:
            return
        lines = self._lines
        lines.timers.cancel((LegTimer.RINGING, leg.number))
        lines.effects.append(RecordCallAnswered(leg.out))
        if leg.limited:  # it costs from here on, though we may understand nothing of it
            self._spending.answered(leg.number, now)
            self.watch()
        usable = self._sessions.take_answer(leg, event.sdp) if event.sdp is not None else leg.early
        if not usable:
            lines.effects.append(HangUpCall(leg.call, "no common media"))
            self._came_to_nothing(leg, Outcome.ERROR, now)
            return
        if leg.early:
            self._sessions.listen_anew(leg)
        leg.state = LegState.CALLED
        lines.log(Level.INFO, "call answered", leg, after_s=round(now - leg.came_at, 1))
        if leg.user is not None:
            leg.user.answered(leg, now)

    def ended(self, leg: Leg, event: CallEnded, now: float) -> bool:
        """Take the end of a call that was not answered; False for one that was, which ends as all calls do."""
        if leg.state is not LegState.CALLING:
            return False
        self._came_to_nothing(leg, outcome_of(event.status, event.cause.value), now, status=event.status)
        return True

    def rang_out(self, leg: Leg, now: float) -> None:
        """Nobody answered in time."""
        if leg.call:  # else the address is still being looked for
            self._lines.effects.append(HangUpCall(leg.call, "no answer"))
        self._came_to_nothing(leg, Outcome.NO_ANSWER, now)

    def cancel(self, leg: Leg) -> None:
        """Nobody wants this call any more, rung or answered; its user is told nothing of it."""
        leg.user = None
        self._lines.hang_up(leg, LeaveReason.DISCONNECTED, "cancelled")

    def left(self, leg: Leg, because: LeaveReason, now: float) -> None:
        """It is over, in whatever way: it costs no more, and its user knows."""
        if leg.limited:
            self._spending.ended(leg.number, now)
            self.watch()
        if leg.called_for is not None:
            leg.called_for.calls_out -= 1
        outcome = leg.outcome.value if leg.outcome is not None else because.value
        self._lines.effects.append(RecordCallEnded(leg.out, outcome))
        user, leg.user = leg.user, None
        if user is None:
            return
        if leg.outcome is not None:
            user.failed(leg, leg.outcome, now)
        elif leg.state in {LegState.OPENING, LegState.CALLING}:
            user.failed(leg, Outcome.ERROR, now)  # ours: its stream was lost, or the bridge stops
        else:
            user.gone(leg, now)

    def due(self, now: float) -> None:
        """Pay the minutes that begin. Calls whose time or money is used up are told so, and end."""
        self._spending.advance(now, self._local_time(now))
        for cut in self._spending.events():
            leg = self._lines.by_number.get(cut.call)
            if leg is None:
                continue
            self._lines.figures["call out cut"] += 1
            self._lines.log(Level.WARNING, "call out at its limit", leg, why=cut.limit.value)
            if self.on_cut is not None:
                self.on_cut(leg, now)
            self._lines.part(leg, TIME_UP, LeaveReason.CALL_LIMIT, now)
        self.watch()

    def watch(self) -> None:
        """Wait for the next minute to be paid."""
        at = self._spending.next_deadline()
        if at is None:
            self._lines.timers.cancel((BoardTimer.SPENDING, 0))
        else:
            self._lines.timers.set((BoardTimer.SPENDING, 0), at)

    def _limit(self, wanted: Wanted, pair: int, customer: int, now: float) -> Limit | None:
        room = wanted.room
        most = None if room is None else room.conference.settings.max_calls_out
        if room is not None and most is not None and room.calls_out >= most:
            return Limit.PAIR_PARALLEL
        return self._spending.ask(pair or None, customer or None, wanted.destination, self._local_time(now))

    def _came_to_nothing(self, leg: Leg, outcome: Outcome, now: float, *, status: int = 0) -> None:
        """End the leg of a call that nobody took; `left` tells its user why, once the leg is gone."""
        leg.outcome = outcome
        self._lines.figures[f"call out:{outcome.value}"] += 1
        self._lines.log(
            Level.INFO,
            "call not answered",
            leg,
            outcome=outcome.value,
            after_s=round(now - leg.came_at, 1),
            **({"status": status} if status else {}),
        )
        self._lines.end(leg, LeaveReason.DISCONNECTED)

    def _way(self, destination: Destination) -> tuple[Address | None, str]:
        """Through which trunk, and by which transport. A SIP address says both itself."""
        dial_out = self._config.dial_out
        if destination.kind in {Kind.SIP, Kind.OPERATOR}:
            return None, "tcp" if ";transport=tcp" in destination.uri.lower() else "udp"
        return dial_out.trunk, dial_out.transport

    def _listener(self, destination: Destination) -> str:
        """Our address that the call goes out from: a listener of its transport, of the version of IP that leads there.

        A SIP address may have a name for a host, whose version nobody knows yet: it is taken for the old one.
        """
        trunk, transport = self._way(destination)
        server = self._config.server
        hosts = [each.host for each in (server.tcp if transport == "tcp" else server.udp)]
        new = "[" in destination.uri if trunk is None else ":" in trunk.host  # IPv6
        fits = (host for host in hosts if (":" in host) == new)
        return next(fits, (hosts or [each.host for each in (*server.udp, *server.tcp)])[0])

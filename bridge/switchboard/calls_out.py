"""Calls that we place: a leg that asks for audio, rings, is answered or not (`*1`, `*92`, operators' telephones; G3).

Whoever wants a call (`legs.User`) is told of it by `ringing`, `answered`, `failed` and `gone`; exactly one of the last
two, whatever happens. What limits and the dial plan say was asked before: `place` refuses what the limits forbid, and
counts it. A call is cut off when its longest time, or the money for it, is used up.

A number goes by the trunks that take it, one after the other: the next one is tried where the one before is away, has no
lines, or does not let us in, and nothing has rung yet. It stays one call, of one leg, paid once. The INVITE is a new one, since
each trunk has its own way of saying things; the audio port is the same. An account's telephones are called in the same manner,
several at once, and others after them (`registered`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from bridge.conference.events import LeaveReason
from bridge.service.origin import Origin
from bridge.service.outcome import Outcome, is_the_ways_fault, outcome_of
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
from bridge.switchboard.registered import ACCOUNT, FindPhones, Registered, no_phones
from bridge.switchboard.terms import Terms
from media.control import NO_ROOM
from prompts.phrases import Utterance
from sip.forking import Branch
from sip.uri import Uri

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bridge.config.settings import Config
    from bridge.service.dialplan import Destination
    from bridge.service.spending import Spending
    from bridge.switchboard.effects import CallKind
    from bridge.switchboard.events import CallNotPlaced, CallPlaced
    from bridge.switchboard.keys_out import KeysOut
    from bridge.switchboard.legs import User
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.negotiation import Negotiation
    from bridge.switchboard.registered import Reached
    from bridge.switchboard.room import Room
    from bridge.switchboard.sessions import Sessions
    from bridge.trunks.trunks import Trunks
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
    keys: str = ""
    """What is keyed once they have answered, before anybody is told so (`service.post_dial`)."""


@dataclass(slots=True)
class _Way:
    """How the call of a number goes."""

    trunk: str
    left: tuple[str, ...]
    """The trunks that may be tried after it."""
    rang: bool = False


class CallsOut:
    """All of them."""

    __slots__ = (
        "_audio",
        "_config",
        "_keys_out",
        "_lines",
        "_local_time",
        "_negotiations",
        "_new_id",
        "_referred_by",
        "_registered",
        "_replaces",
        "_sessions",
        "_spending",
        "_terms",
        "_trunks",
        "_ways",
        "on_cut",
    )

    def __init__(
        self,
        lines: Lines,
        sessions: Sessions,
        spending: Spending,
        config: Config,
        trunks: Trunks,
        *,
        new_id: Callable[[], str],
        local_time: Callable[[float], datetime],
        terms: Terms,
        keys_out: KeysOut,
        find_phones: FindPhones = no_phones,
    ) -> None:
        self._lines = lines
        self._sessions = sessions
        self._spending = spending
        self._config = config
        self._new_id = new_id
        self._local_time = local_time
        self._trunks = trunks
        self._terms = terms
        self._keys_out = keys_out
        self._registered = Registered(find_phones)
        self._ways: dict[int, _Way] = {}
        """Of numbers, by leg, until the call is over."""
        self._audio: dict[int, tuple[str, int]] = {}
        """Where the audio of a call is taken, by leg, until it is answered or over."""
        self._negotiations: dict[int, list[Negotiation]] = {}
        """What is offered to each of the telephones that ring, by leg, until it is answered or over."""
        self._replaces: dict[int, str] = {}
        """Whose place a call is to take there, by leg, until it is over."""
        self._referred_by: dict[int, str] = {}
        """On whose word it is placed, by leg, until it is over."""
        self.on_cut: Callable[[Leg, float], None] | None = None
        """Told of each call that is cut, while it is still where it was: what it was about is to be broken off."""

    def place(self, wanted: Wanted, user: User, now: float) -> Leg | Limit:
        """Call somebody for `user`, or say which limit forbids it."""
        destination, room = wanted.destination, wanted.room
        lines = self._lines
        pair, customer, conference = (room.pair, room.customer, room.conference_id) if room else (0, 0, "")
        limit = self._limit(wanted, pair, customer, now) if wanted.limited else None
        trunks = self._trunks.choose(destination.number, now).names if destination.number else ()
        if limit is None and destination.number and not trunks:
            limit = Limit.TRUNK
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
        if trunks:
            self._ways[number] = _Way(trunks[0], trunks[1:])
            self._trunks.place(number, trunks[0], now)
        phones = self._registered.begin(number, destination.uri, now)
        local = self._listener(destination, number)
        leg = Leg(
            number=number,
            call=0,
            call_id="",
            caller=destination.number or destination.uri,
            dialled="",
            source="",
            origin=Origin(source="", trunk=""),
            negotiation=self._offer(destination, number, trunks[0] if trunks else ""),
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
        leg.post_dial = wanted.keys
        leg.trunk = trunks[0] if trunks else ""
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
                source=phones[0].way.flow.remote[0] if phones else "",
            )
        )
        lines.timers.set((LegTimer.STREAM, number), now + STREAM_S)
        return leg

    def take_place(self, leg: Leg, replaces: str) -> None:
        """Let a call that has not been sent yet take the place of another one of the called side's, by whatever way it goes."""
        self._replaces[leg.number] = replaces

    def refer(self, leg: Leg, by: str) -> None:
        """Say in a call that has not been sent yet on whose word it is placed, by whatever way it goes (RFC 3892)."""
        self._referred_by[leg.number] = by

    # --- what happens to one ---

    def stream_opened(self, leg: Leg, host: str, port: int, now: float) -> None:
        """Ring them: we know where we listen."""
        assert leg.destination is not None
        leg.state = LegState.CALLING
        self._lines.timers.set((LegTimer.RINGING, leg.number), now + leg.ring_s)
        self._audio[leg.number] = host, port
        self._call(leg, now)

    def _call(self, leg: Leg, now: float) -> None:
        """Have the INVITE sent."""
        destination, way, phones = (
            leg.destination,
            self._ways.get(leg.number),
            self._registered.of(leg.number),
        )
        assert destination is not None
        if not phones and destination.uri.startswith(ACCOUNT):
            self._lines.log(
                Level.WARNING, "no way to call", leg, why=f"{destination.masked} is not registered"
            )
            self._came_to_nothing(leg, Outcome.UNREACHABLE, now)
            return
        offers = self._negotiations.get(leg.number, [])
        beside = tuple(
            [
                Branch(phone.way, self._described(leg, offer, phone))
                for phone, offer in zip(phones[1:], offers[1:], strict=True)
            ]
        )
        self._lines.effects.append(
            PlaceCall(
                leg=leg.number,
                uri=destination.uri,
                caller_id=self._config.caller_id,
                sdp=self._described(leg, leg.negotiation, phones[0] if phones else None),
                trunk="" if way is None else way.trunk,
                national=destination.national,
                carrier=destination.carrier,
                price_per_minute=destination.price_per_minute,
                others=bool(way.left if way is not None else self._registered.has_more(leg.number, now)),
                phone=phones[0].way if phones else None,
                beside=beside,
                replaces=self._replaces.get(leg.number, ""),
                referred_by=self._referred_by.get(leg.number, ""),
            )
        )

    def _offer(self, destination: Destination, number: int, trunk: str) -> Negotiation:
        """Make ready to offer audio to a trunk, to an address, or to each of the telephones that are to ring; the first one's is
        returned.
        """
        phones = self._registered.of(number)
        made = [
            self._terms.of_called(
                phone.way.flow.local[0], number, trunk=trunk, uri=destination.uri, flow=phone.way.flow
            )
            for phone in phones
        ]
        if not made:
            local = self._listener(destination, number)
            return self._terms.of_called(local, number, trunk=trunk, uri=destination.uri)
        self._negotiations[number] = made
        return made[0]

    def _described(self, leg: Leg, negotiation: Negotiation, phone: Reached | None) -> bytes:
        host, port = self._audio[leg.number]
        return negotiation.describe((phone.audio_at if phone is not None else "") or host, port)

    def _goes_on(self, leg: Leg, why: str, now: float) -> bool:
        """Try the next trunk, where there is one and nothing has rung yet."""
        way, lines = self._ways.get(leg.number), self._lines
        if way is None:
            return False
        self._trunks.failed(way.trunk, why)
        free = [name for name in way.left if not self._trunks.is_full(name, now)]
        if not free or way.rang or leg.number not in self._audio:
            return False
        lines.log(Level.WARNING, "next trunk", leg, trunk=way.trunk, why=why, next=free[0])
        lines.figures["call out by the next trunk"] += 1
        way.trunk, way.left = free[0], tuple(free[1:])
        self._trunks.place(leg.number, way.trunk, now)
        self._call_anew(leg, now, trunk=way.trunk)
        return True

    def _next_phone(self, leg: Leg, status: int, now: float, each: Sequence[int] = ()) -> bool:
        """Try the next telephone of an account, where there is one and the one before has not answered for all."""
        if leg.number not in self._audio:
            return False
        ours = self._audio[leg.number][0]
        phones = self._registered.goes_on(leg.number, now, status=status, ours=ours, each=each)
        if not phones:
            return False
        transports = ", ".join(phone.way.flow.transport for phone in phones)
        self._lines.log(Level.INFO, "next telephone", leg, status=status, transport=transports)
        self._lines.figures["call out to the next telephone"] += 1
        self._call_anew(leg, now)
        return True

    def _call_anew(self, leg: Leg, now: float, *, trunk: str = "") -> None:
        """Send another INVITE for a call, with an offer of its own."""
        assert leg.destination is not None
        self._lines.by_call.pop(leg.call, None)
        leg.call, leg.call_id, leg.early, leg.trunk = 0, "", False, trunk
        leg.status = leg.cause = 0  # why the one before did not take it is not how this one ends
        leg.negotiation = self._offer(leg.destination, leg.number, trunk)
        self._call(leg, now)

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
        if leg is None or leg.state is not LegState.CALLING or leg.call:
            return
        if not (self._next_phone(leg, 0, now) or self._goes_on(leg, event.reason, now)):
            self._lines.log(Level.WARNING, "no way to call", leg, why=event.reason)
            self._came_to_nothing(leg, Outcome.UNREACHABLE, now)

    def rings(self, event: CallRinging, now: float) -> None:
        """It rings there; maybe the network says so in its own voice (183 with a session)."""
        leg = self._lines.by_call.get(event.call)
        if leg is None or leg.state is not LegState.CALLING:
            return
        if (way := self._ways.get(leg.number)) is not None:
            way.rang = True
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
        offers = self._negotiations.pop(leg.number, None)
        if offers is not None:  # of several telephones this is the one that was first
            leg.negotiation, leg.call_id = offers[event.branch], event.call_id or leg.call_id
        usable = self._sessions.take_answer(leg, event.sdp) if event.sdp is not None else leg.early
        if not usable:
            lines.effects.append(HangUpCall(leg.call, "no common media"))
            self._came_to_nothing(leg, Outcome.ERROR, now)
            return
        if leg.early:
            self._sessions.listen_anew(leg)
        self._audio.pop(leg.number, None)  # from here on nobody else is called
        lines.log(
            Level.INFO, "call answered", leg, after_s=round(now - leg.came_at, 1), codec=leg.negotiation.codec
        )
        if not (leg.post_dial and self._keys_out.press(leg, leg.post_dial, now, self._reached)):
            self._reached(leg, now)

    def _reached(self, leg: Leg, now: float) -> None:
        """They are there; behind an exchange that wanted keys, too."""
        leg.state, leg.post_dial = LegState.CALLED, ""
        if leg.user is not None:
            leg.user.answered(leg, now)

    def ended(self, leg: Leg, event: CallEnded, now: float) -> bool:
        """Take the end of a call that was not answered; False for one that was, which ends as all calls do."""
        if leg.state is not LegState.CALLING:
            return False
        status, cause, q850 = event.status, event.cause.value, event.q850
        why = f"{status} {event.reason}".strip()
        if self._next_phone(leg, status, now, event.statuses):
            return True
        if not (is_the_ways_fault(status, cause, q850) and self._goes_on(leg, why, now)):
            self._came_to_nothing(leg, outcome_of(status, cause, q850), now, status=status)
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
        self._trunks.ended(leg.number)
        self._ways.pop(leg.number, None)
        self._audio.pop(leg.number, None)
        self._negotiations.pop(leg.number, None)
        self._replaces.pop(leg.number, None)
        self._referred_by.pop(leg.number, None)
        self._registered.end(leg.number)
        if leg.limited:
            self._spending.ended(leg.number, now)
            self.watch()
        if leg.called_for is not None:
            leg.called_for.calls_out -= 1
        outcome = leg.outcome.value if leg.outcome is not None else because.value
        self._lines.effects.append(RecordCallEnded(leg.out, outcome, leg.via, leg.status, leg.cause))
        user, leg.user = leg.user, None
        if user is None:
            return
        if leg.outcome is not None:
            user.failed(leg, leg.outcome, now)
        elif leg.state in {LegState.OPENING, LegState.CALLING} or leg.post_dial:
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

    def _listener(self, destination: Destination, number: int) -> str:
        """Our address that the call goes out from: a listener of its transport, of the version of IP that leads there.

        Where that is a name nobody knows its version yet: it is taken for the old one.
        """
        phones = self._registered.of(number)
        if phones:
            return phones[0].way.flow.local[0]
        way = self._ways.get(number)
        trunk = None if way is None else self._trunks.get(way.trunk)
        target = Uri.parse(destination.uri) if trunk is None else trunk.settings.target
        transport = (target.parameter("transport") or "udp").lower()
        server = self._config.server
        hosts = [each.host for each in server.of(transport)]
        fits = (host for host in hosts if (":" in host) == (":" in target.host))
        return next(fits, (hosts or [address.host for _, _, address in server.listeners()])[0])

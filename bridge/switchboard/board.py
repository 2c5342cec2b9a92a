"""Events in, effects out: the one door of the bridge's heart.

A call comes in by `IncomingCall`; from then on everything that happens to it is an event with its number, whatever part
of the world it comes from. Each goes to whom it concerns: the leg's dialogue in reception, the room's conference after.
Events of what is over are late, not wrong: they are ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bridge.admission import Admission
from bridge.conference.events import LeaveReason, TimerKey
from bridge.conference.model import House
from bridge.service.directory import NOBODY, Directory
from bridge.service.role import Role
from bridge.switchboard.arrivals import Arrivals
from bridge.switchboard.calls_out import CallsOut
from bridge.switchboard.campaigns import Campaigns
from bridge.switchboard.console import Console
from bridge.switchboard.dialogues import Dialogues
from bridge.switchboard.effects import (
    Answered,
    Effect,
    Level,
    RejectCall,
)
from bridge.switchboard.errands import Errands
from bridge.switchboard.events import (
    Asked,
    BlastListFound,
    CallerRecognised,
    CallNotPlaced,
    CallPlaced,
    CounterPasswordChecked,
    Drain,
    Event,
    LookUpFailed,
    MessageKept,
    NameFound,
    PasscodeFound,
    Stop,
    StreamOpened,
    StreamRefused,
)
from bridge.switchboard.keys_in import KeyWay
from bridge.switchboard.keys_out import KeysOut
from bridge.switchboard.legs import Leg, LegState, LegTimer
from bridge.switchboard.lines import BoardTimer, Lines, TimerName, Voice
from bridge.switchboard.operators import Operators
from bridge.switchboard.performing import Performing
from bridge.switchboard.places import Places
from bridge.switchboard.receptions import Receptions, StoreAnswer
from bridge.switchboard.recordings import Recordings
from bridge.switchboard.registered import FindPhones, no_phones
from bridge.switchboard.room_records import RoomRecords
from bridge.switchboard.rooms import Rooms
from bridge.switchboard.sessions import Sessions
from bridge.switchboard.stage import Stage
from bridge.switchboard.streams import Streams
from bridge.switchboard.tapes import Tapes
from bridge.switchboard.terms import Terms
from bridge.switchboard.timers import Timers
from bridge.switchboard.transfers import Transfers
from bridge.switchboard.watchers import Watchers
from bridge.trunks.trunks import Trunks
from media import control
from media.arena import Arena
from media.recording.messages import Ended
from sip import events as sip

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable
    from datetime import datetime

    from bridge.conference.keymap import Keymap
    from bridge.config.settings import Config
    from bridge.service.spending import Spending
    from bridge.switchboard.room import Room
    from sip.securing import Entropy

LEFT_BECAUSE: Final = {
    sip.EndCause.BYE: LeaveReason.HUNG_UP,
    sip.EndCause.CANCELLED: LeaveReason.HUNG_UP,
    sip.EndCause.REJECTED: LeaveReason.HUNG_UP,
    sip.EndCause.LOCAL: LeaveReason.DISCONNECTED,
    sip.EndCause.NO_ACK: LeaveReason.LOST,
    sip.EndCause.TIMEOUT: LeaveReason.LOST,
    sip.EndCause.TRANSPORT: LeaveReason.FAILED,
    sip.EndCause.PROTOCOL: LeaveReason.FAILED,
}
"""What a call's end is in the records."""

KEY_WAYS: Final[dict[str, KeyWay]] = {"event": KeyWay.EVENT, "tone": KeyWay.TONE}
"""What media workers call them."""


class Switchboard:
    """Everybody on the line. One event in, then drain `effects`; `advance` when `next_deadline` has come."""

    __slots__ = (
        "_admission",
        "_arrivals",
        "_calls_out",
        "_campaigns",
        "_console",
        "_dialogues",
        "_errands",
        "_handlers",
        "_keys_out",
        "_lines",
        "_operators",
        "_performing",
        "_receptions",
        "_recordings",
        "_rooms",
        "_sessions",
        "_streams",
        "_tapes",
        "_timers",
        "_transfers",
        "_trunks",
        "_watchers",
    )

    def __init__(
        self,
        config: Config,
        voice: Voice,
        *,
        new_id: Callable[[], str],
        local_time: Callable[[float], datetime],
        arena: Arena,
        spending: Spending | None = None,
        trunks: Trunks | None = None,
        entropy: Entropy | None = None,
        find_phones: FindPhones = no_phones,
        directory: Directory = NOBODY,
    ) -> None:
        """Open a switchboard with nobody on the line.

        Parameters
        ----------
        local_time
            The time of day of the service, for a `now`.
        arena
            Where callers' recordings go, within what `voice` speaks from.
        spending
            What calls out have cost today; nothing where not given.
        trunks
            Their state; as the configuration has them where not given.
        entropy
            `entropy(n)` returns n random bytes, for the keys of secure audio; without it no audio is secured.
        find_phones
            Where the telephones of an account are registered at a `now`; nowhere where not given.
        directory
            The accounts of the bridge; none where not given.
        """
        plan = config.dial_plan(directory)

        def keymap_of(name: str, dialled: str) -> Keymap:
            number = config.access_number(dialled)
            return config.key_map(name, "" if number is None else number.key_map)

        lines = self._lines = Lines(voice, timers := Timers[TimerName]())
        self._timers = timers
        house = House(
            announce_up_to=config.names.announce_up_to,
            announce_queue_s=config.names.announce_queue_s,
            calls_out=config.dial_out.enabled,
            records=config.recording.allowed,
            announce_recording=config.recording.announce,
            stranded_answer_s=config.conference.stranded_answer_s,
        )
        self._admission = Admission(config.access_numbers, config.open_rooms, config.limits)
        self._recordings = Recordings(lines, arena)
        self._dialogues = Dialogues(lines, self._recordings)
        places = Places(lines)
        stage = Stage(lines, places, RoomRecords(lines, new_id))
        self._rooms = Rooms(lines, self._recordings, places, stage, keymap_of=keymap_of, house=house)
        self._tapes = stage.tapes = Tapes(lines, new_id=new_id, tell=self._rooms.tell)
        self._sessions = Sessions(lines)
        trunks = self._trunks = Trunks(config.trunks) if trunks is None else trunks
        terms = Terms(config, entropy)
        self._keys_out = KeysOut(lines, config)
        self._calls_out = CallsOut(
            lines,
            self._sessions,
            spending or config.spending(),
            config,
            trunks,
            new_id=new_id,
            local_time=local_time,
            terms=terms,
            keys_out=self._keys_out,
            find_phones=find_phones,
        )
        errands = Errands(lines, self._rooms, places, self._dialogues, self._calls_out, plan, config)
        self._campaigns = Campaigns(
            lines, self._rooms, self._dialogues, self._calls_out, self._recordings, plan, config
        )
        self._operators = Operators(
            lines, self._rooms, places, self._dialogues, self._calls_out, plan, config
        )
        self._transfers = Transfers(lines, self._rooms, errands, plan)
        self._watchers = Watchers(lines, local_time=local_time)
        self._performing = Performing(
            lines,
            self._rooms,
            self._dialogues,
            self._recordings,
            errands,
            self._campaigns,
            self._operators,
            self._transfers,
        )
        stage.performer = self._performing
        self._calls_out.on_cut = self._performing.dismissed
        self._rooms.on_closed = self._room_closed
        self._rooms.on_changed = self._watchers.changed
        self._errands = errands
        self._console = Console(lines, self._rooms, self._campaigns, self._operators, self._keys_out, trunks)
        self._receptions = Receptions(
            lines, self._rooms, self._dialogues, self._recordings, self._operators, self._console, config
        )
        self._arrivals = Arrivals(lines, self._rooms, self._admission, terms, trunks, config, directory)
        streams = self._streams = Streams(
            lines, self._arrivals, self._calls_out, self._rooms, self._dialogues, self._recordings
        )
        self._handlers: dict[type, Callable[[Any, float], None]] = {
            sip.IncomingCall: self._arrivals.call_came,
            sip.CallConfirmed: self._call_confirmed,
            sip.CallRinging: self._calls_out.rings,
            sip.CallAnswered: self._calls_out.answered,
            sip.OfferReceived: self._sessions.offer_came,
            sip.AnswerReceived: self._sessions.answer_came,
            sip.DigitReceived: self._digit_by_info,
            sip.DigitSent: self._keys_out.answered,
            sip.CallEnded: self._call_ended,
            sip.SubscribeReceived: self._watchers.came,
            sip.SubscriptionRefreshed: self._watchers.refreshed,
            sip.NotifyAnswered: self._watchers.answered,
            sip.SubscriptionEnded: self._watchers.ended,
            sip.ReferReceived: self._transfers.came,
            sip.ReferAnswered: self._transfers.answered,
            sip.ReferProgress: self._transfers.progressed,
            CallPlaced: self._calls_out.placed,
            CallNotPlaced: self._calls_out.not_placed,
            StreamOpened: streams.opened,
            StreamRefused: streams.refused,
            control.StreamClosed: streams.closed,
            control.DigitReceived: self._digit_by_rtp,
            control.PlaybackEnded: streams.playback_ended,
            control.RecordingEnded: streams.recording_ended,
            control.LineTroubled: streams.troubled,
            control.RtpTimedOut: streams.timed_out,
            Ended: self._tapes.over,
            PasscodeFound: self._store_answered,
            CounterPasswordChecked: self._store_answered,
            CallerRecognised: self._store_answered,
            NameFound: self._store_answered,
            LookUpFailed: self._store_answered,
            MessageKept: self._message_kept,
            BlastListFound: self._campaigns.list_found,
            Asked: self._asked,
            Drain: self._drain,
            Stop: self._stop,
        }

    # --- the five verbs ---

    def handle(self, event: Event, now: float) -> None:
        """Take one event. What it asks for is in `effects`; kinds that concern nobody here are ignored."""
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event, now)
            self._see_off(now)

    def advance(self, now: float) -> None:
        """Do what is due."""
        for kind, number in self._timers.due(now):
            if isinstance(kind, TimerKey):
                self._rooms.timer(kind, number, now)
            elif isinstance(kind, BoardTimer):
                self._board_timer(kind, number, now)
            else:
                leg = self._lines.by_number.get(number)
                if leg is not None:
                    self._leg_timer(leg, kind, now)
            self._see_off(now)

    def next_deadline(self) -> float | None:
        """When `advance` has something to do."""
        return self._timers.next_deadline()

    def effects(self) -> list[Effect]:
        """What is to be done, in order; each effect is handed out once."""
        effects, self._lines.effects = self._lines.effects, []
        return effects

    # --- what an operator sees ---

    @property
    def calls(self) -> int:
        """Calls that are up or coming up."""
        return len(self._lines.by_number)

    def call_id(self, leg: int) -> str:
        """The Call-ID of somebody on the line; empty where nobody has that number."""
        found = self._lines.by_number.get(leg)
        return "" if found is None else found.call_id

    @property
    def conferences(self) -> int:
        """Rooms with somebody in or on the way."""
        return len(self._rooms.by_number)

    @property
    def figures(self) -> Counter[str]:
        """What has happened so far: `came`, `refused:...`, `joined:...` and so on."""
        return self._lines.figures

    # --- calls ---

    def _call_confirmed(self, event: sip.CallConfirmed, now: float) -> None:
        leg = self._lines.by_call.get(event.call)
        if leg is None:
            return
        if leg.negotiation.late and not self._sessions.take_answer(leg, event.sdp):
            self._lines.hang_up(leg, LeaveReason.FAILED, "no common media")
            return
        self._sessions.confirmed(leg)
        self._arrivals.proved(leg)
        if leg.state is LegState.ANSWERED:
            self._begin(leg, now)

    def _begin(self, leg: Leg, now: float) -> None:
        """The caller hears us: in the reception, in the open room that was dialled, or where they take somebody's place."""
        if leg.succeeds:
            self._transfers.succeed(leg, now)
        elif leg.room is not None:
            self._rooms.join(leg, leg.room.key, self._arrivals.open_room, Role.PARTICIPANT, now)
        else:
            self._receptions.receive(leg, now)

    def _call_ended(self, event: sip.CallEnded, now: float) -> None:
        leg = self._lines.by_call.get(event.call)
        if leg is not None:
            leg.status, leg.cause = event.status, event.q850
        if leg is not None and not self._calls_out.ended(leg, event, now):
            because = LEFT_BECAUSE[event.cause]
            if because in {LeaveReason.LOST, LeaveReason.FAILED}:
                self._lines.log(
                    Level.INFO, "call broke off", leg, cause=event.cause.value, reason=event.reason
                )
            self._lines.end(leg, because)

    # --- keys ---

    def _digit_by_info(self, event: sip.DigitReceived, now: float) -> None:
        leg = self._lines.by_call.get(event.call)
        if leg is not None and leg.keys.take(event.digit, KeyWay.INFO, now, held_s=event.duration_ms / 1_000):
            self._digit(leg, event.digit, now)

    def _digit_by_rtp(self, event: control.DigitReceived, now: float) -> None:
        leg = self._lines.by_number.get(event.stream)
        if leg is not None and leg.keys.take(event.digit, KEY_WAYS[event.way], now):
            self._digit(leg, event.digit, now)

    def _digit(self, leg: Leg, key: str, now: float) -> None:
        """Bring a key to whoever owns the leg; after the last words it means nothing.

        A key tells as well as an ACK that the caller has our answer. Where the ACK is lost the next one is half a
        second away, and whoever dials number and passcode in one go would lose the first digits. An open room has no
        passcode, and is not entered so.
        """
        if leg.state is LegState.ANSWERED and not leg.negotiation.late and leg.room is None:
            self._begin(leg, now)
        if leg.runner is not None:
            self._dialogues.key(leg, key, now)
        elif leg.state is LegState.CONFERENCE:
            self._rooms.key(leg, key, now)
        elif leg.state is LegState.CALLED and leg.user is not None:
            leg.user.key(leg, key, now)

    # --- store, timers, operators ---

    def _store_answered(self, event: StoreAnswer, now: float) -> None:
        leg = self._lines.by_number.get(event.leg)
        if leg is not None:
            self._receptions.store_answered(leg, event, now)

    def _message_kept(self, event: MessageKept, now: float) -> None:
        leg = self._lines.by_number.get(event.leg)
        if leg is not None and (LegTimer.STORE, leg.number) in self._timers:  # else it comes too late
            self._performing.message_kept(leg, now, kept=event.kept)

    def _asked(self, event: Asked, now: float) -> None:
        reply = self._console.answer(event, now)
        self._lines.effects.append(Answered(event.ticket, reply))

    def _leg_timer(self, leg: Leg, timer: LegTimer, now: float) -> None:
        match timer:
            case LegTimer.STREAM:
                self._streams.not_answered(leg, now)
            case LegTimer.SPEECH:
                self._streams.speech_not_told(leg, now)
            case LegTimer.STORE:
                self._receptions.not_available(leg, now)
            case LegTimer.DIALOGUE:
                self._dialogues.timed_out(leg, now)
            case LegTimer.KEYS:
                self._rooms.keys_ended(leg, now)
            case LegTimer.RECORDING:
                self._streams.recording_not_told(leg, now)
            case LegTimer.RINGING:
                self._calls_out.rang_out(leg, now)
            case LegTimer.FAREWELL:
                self._transfers.not_gone(leg)
            case LegTimer.KEYS_OUT:
                self._keys_out.due(leg, now)

    def _board_timer(self, timer: BoardTimer, number: int, now: float) -> None:
        match timer:
            case BoardTimer.BLAST:
                self._campaigns.due(number, now)
            case BoardTimer.HELP:
                self._operators.due(now)
            case BoardTimer.ROSTER:
                self._watchers.due(number, now)
            case BoardTimer.SPENDING:
                self._calls_out.due(now)

    def _room_closed(self, room: Room, now: float) -> None:
        self._errands.room_closed(room, now)
        self._watchers.room_closed(room, now)

    def _drain(self, _event: Drain, _now: float) -> None:
        self._admission.draining = True

    def _stop(self, _event: Stop, _now: float) -> None:
        self._admission.draining = True
        for leg in list(self._lines.by_number.values()):
            if leg.state is LegState.OPENING and not leg.out:
                self._lines.effects.append(RejectCall(leg.call, 503))
                self._lines.end(leg, LeaveReason.SHUT_DOWN)
            else:
                self._lines.hang_up(leg, LeaveReason.SHUT_DOWN)

    def _see_off(self, now: float) -> None:
        """Take those who have ended out of their rooms and out of the count. That may end others: go on until none is left."""
        departures = self._lines.departures
        while departures:
            leg, because = departures.popleft()
            self._dialogues.end(leg)
            self._performing.dismissed(leg, now)
            self._transfers.left(leg, because)
            self._rooms.leave(leg, because, now)
            if leg.out:
                self._calls_out.left(leg, because, now)
            else:
                self._arrivals.proved(leg)
                self._admission.left(leg.source)
                self._trunks.ended(leg.number)
            self._receptions.left(leg)
            self._keys_out.left(leg)
            self._watchers.left(leg)
            self._recordings.drop(leg)
            self._console.identities.pop(leg.number, None)
            self._lines.figures[f"ended:{because.value}"] += 1
            self._lines.log(
                Level.INFO,
                "call ended",
                leg,
                reason=because.value,
                duration_s=round(now - leg.came_at, 1),
                pressed=leg.keys.ways,
                **{name: value for name in ("via", "status", "cause") if (value := getattr(leg, name))},
            )

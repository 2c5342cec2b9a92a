"""Callers before the conference: each has a dialogue, and what it asks of the service is done here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bridge.conference import commands
from bridge.conference.events import Given, LeaveReason
from bridge.conference.model import Refusal
from bridge.dialogue import requests
from bridge.dialogue.reception import reception
from bridge.dialogue.results import Ending
from bridge.dialogue.verdicts import Accepted, CounterVerdict, Verdict
from bridge.helpdesk.model import Kind
from bridge.service.role import Role
from bridge.switchboard.effects import (
    CheckCounterPassword,
    FetchName,
    KeepName,
    Level,
    LookUpPasscode,
    RecogniseCaller,
    WriteAudio,
)
from bridge.switchboard.events import (
    CallerRecognised,
    CounterPasswordChecked,
    LookUpFailed,
    NameFound,
    PasscodeFound,
)
from bridge.switchboard.legs import Leg, LegState, LegTimer
from media.control import Segment

if TYPE_CHECKING:
    from bridge.config.settings import Config
    from bridge.switchboard.console import Console
    from bridge.switchboard.dialogues import Dialogues
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.operators import Operators
    from bridge.switchboard.recordings import Recordings
    from bridge.switchboard.rooms import Rooms
    from prompts.values import Clip

StoreAnswer = PasscodeFound | CounterPasswordChecked | CallerRecognised | NameFound | LookUpFailed
"""What the store says of a caller in reception."""

STORE_S: Final = 5.0
"""How long a caller waits in silence for the store before being told that it does not work now."""


class Receptions:
    """The dialogues of all legs in RECEPTION: their `legs.Host`."""

    __slots__ = ("_config", "_console", "_dialogues", "_lines", "_operators", "_recordings", "_rooms")

    def __init__(
        self,
        lines: Lines,
        rooms: Rooms,
        dialogues: Dialogues,
        recordings: Recordings,
        operators: Operators,
        console: Console,
        config: Config,
    ) -> None:
        self._lines = lines
        self._rooms = rooms
        self._dialogues = dialogues
        self._recordings = recordings
        self._operators = operators
        self._console = console
        self._config = config

    def receive(self, leg: Leg, now: float) -> None:
        """Begin: the caller hears us."""
        leg.state = LegState.RECEPTION
        keymap = self._rooms.keymap_of("", leg.dialled)
        dialogue = reception(
            leg.language,
            attempts=self._config.service.attempts,
            help_keys=keymap.keys_of(commands.AskForHelp(), Role.PARTICIPANT)
            if self._config.operators
            else None,
            recognises=bool(leg.trusted_number),
            name_longest_s=self._config.names.longest_s,
        )
        self._dialogues.begin(leg, dialogue, self, now)

    # --- what the store says ---

    def store_answered(self, leg: Leg, event: StoreAnswer, now: float) -> None:
        """Bring an answer, if it is the one that is waited for. Any other is late: the dialogue has gone on without it."""
        if leg.awaits is None or not isinstance(event, leg.awaits | LookUpFailed):
            return
        match event:
            case PasscodeFound():
                self._judged(leg, event.verdict, now)
                reply: object = event.verdict
            case CounterPasswordChecked():
                self._checked(leg, event.verdict)
                reply = event.verdict
            case CallerRecognised():
                self._recognised(leg, event.verdict, now)
                reply = event.verdict
            case NameFound():
                reply = self._name_found(leg, event)
            case LookUpFailed():
                self.not_available(leg, now)
                return
        self._dialogues.answered(leg, reply, now)

    def not_available(self, leg: Leg, now: float) -> None:
        """Tell the dialogue that the store gave no answer."""
        self._lines.figures["store:not available"] += 1
        self._lines.log(Level.ERROR, "store not available", leg)
        self._dialogues.answered(leg, requests.NotAvailable(), now)

    def _judged(self, leg: Leg, verdict: Verdict, now: float) -> None:
        if isinstance(verdict, Accepted):
            self._lines.figures["passcode:accepted"] += 1
            self._take_who(leg, verdict, now)
            return
        self._lines.figures[f"passcode:{verdict.why.value}"] += 1
        self._lines.log(Level.INFO, "passcode refused", leg, why=verdict.why.value, source=leg.origin.source)

    def _checked(self, leg: Leg, verdict: CounterVerdict) -> None:
        leg.person, leg.name = verdict.person or leg.person, verdict.name or leg.name
        self._lines.figures[f"counter-password:{'right' if verdict.right else 'wrong'}"] += 1
        if not verdict.right:
            self._lines.log(Level.INFO, "counter-password refused", leg, source=leg.origin.source)

    def _recognised(self, leg: Leg, verdict: Accepted | None, now: float) -> None:
        if verdict is not None:
            self._lines.figures["caller:recognised"] += 1
            self._lines.log(Level.INFO, "caller recognised", leg, person=verdict.person)
            self._take_who(leg, verdict, now)

    def _name_found(self, leg: Leg, event: NameFound) -> Clip | None:
        """Put the name that was kept of somebody (C2) where it can be played from."""
        clip = None if event.audio is None else self._recordings.place(len(event.audio))
        if clip is not None:
            self._recordings.drop(leg)
            leg.clip, leg.clip_kept = clip, True
            self._lines.effects.append(WriteAudio(Segment(*clip), event.audio))
        return clip

    # --- the dialogue (`legs.Host`) ---

    def asked(self, leg: Leg, request: Any, now: float) -> None:
        """Find the answer, or whoever has it."""
        match request:
            case requests.MayJoin():
                self._dialogues.answered(leg, self._refusal(leg, request.accepted), now)
            case requests.Join():
                self._join(leg, request, now)
            case requests.Operator():
                self._operators.ask_before(leg, Kind.HELP, "", now)
            case requests.Hall():
                self._hall(leg, request.accepted, now)
            case requests.KeptName():
                self._kept_name(leg, request.accepted, now)
            case _:
                self._ask_store(leg, request, now)

    def concluded(self, leg: Leg, result: Any, _now: float) -> None:
        """Leave the caller to the conference, or hang up: the dialogue has said all there was to say."""
        if result is Ending.JOINED:
            return
        self._lines.log(Level.INFO, "not admitted", leg, why=result.value)
        self._lines.hang_up(leg, LeaveReason.DISCONNECTED, result.value)

    def left(self, leg: Leg) -> None:
        """Forget as whom somebody was to be let in who has gone before (O2)."""
        self._console.identities.pop(leg.number, None)

    def _join(self, leg: Leg, request: requests.Join, now: float) -> None:
        accepted = request.accepted
        refusal = self._refusal(leg, accepted)
        if refusal is not None:
            self._dialogues.answered(leg, refusal, now)
            return
        if leg.clip != request.name:
            self._recordings.drop(leg)
        if (
            accepted.settings.keep_names
            and leg.person is not None
            and leg.clip is not None
            and not leg.clip_kept
        ):
            self._lines.effects.append(KeepName(leg.person, leg.clip))
        self._rooms.join(leg, accepted.pair, accepted.settings, accepted.role, now, leg.hours_end_at)
        identity = self._console.identities.pop(leg.number, None)
        if identity is not None and leg.room is not None:
            self._rooms.tell(leg.room, Given(*identity), now)
        self._dialogues.answered(leg, None, now)

    def _refusal(self, leg: Leg, accepted: Accepted) -> Refusal | None:
        refusal = self._rooms.ask(accepted.pair, accepted.settings, accepted.role)
        if refusal not in {None, Refusal.ENDED}:  # while one ends the dialogue asks again and again
            self._lines.log(Level.INFO, "turned away", leg, pair=accepted.pair, reason=refusal.value)
        return refusal

    def _hall(self, leg: Leg, accepted: Accepted, now: float) -> None:
        room = self._rooms.by_key.get(accepted.pair)
        self._operators.ask_before(leg, Kind.GREETING, "" if room is None else room.conference_id, now)

    def _kept_name(self, leg: Leg, accepted: Accepted, now: float) -> None:
        if leg.person is None or not accepted.settings.keep_names:
            self._dialogues.answered(leg, None, now)
            return
        self._wait_for(leg, NameFound, now)
        self._lines.effects.append(FetchName(leg.number, leg.person))

    def _wait_for(self, leg: Leg, answer: type, now: float) -> None:
        leg.awaits = answer
        self._lines.timers.set((LegTimer.STORE, leg.number), now + STORE_S)

    def _ask_store(
        self,
        leg: Leg,
        request: requests.LookUpPasscode | requests.CheckCounterPassword | requests.Recognise,
        now: float,
    ) -> None:
        match request:
            case requests.LookUpPasscode():
                self._wait_for(leg, PasscodeFound, now)
                self._lines.effects.append(
                    LookUpPasscode(leg.number, request.passcode, leg.origin, leg.trusted_number)
                )
            case requests.CheckCounterPassword():
                self._wait_for(leg, CounterPasswordChecked, now)
                token = request.accepted.token
                self._lines.effects.append(
                    CheckCounterPassword(leg.number, token, request.password, leg.origin)
                )
            case requests.Recognise():
                self._wait_for(leg, CallerRecognised, now)
                self._lines.effects.append(RecogniseCaller(leg.number, leg.trusted_number))

    @staticmethod
    def _take_who(leg: Leg, accepted: Accepted, now: float) -> None:
        leg.customer, leg.conference_name = accepted.customer, accepted.conference
        hours_s = accepted.hours_end_in_s
        leg.hours_end_at = None if hours_s is None else now + hours_s
        leg.person, leg.name = accepted.person, accepted.name  # whose code it is now, whoever called before

"""What operators do on their telephones: they answer, press 1 or do not, key, and hang up (`*0`, O2, O4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bridge.conference.events import LeaveReason
from bridge.conference.model import ALONE
from bridge.dialogue.called import Errand, operator_call
from bridge.dialogue.results import Confirmed
from bridge.helpdesk import events
from bridge.helpdesk.model import Kind
from bridge.switchboard.effects import Level
from bridge.switchboard.talks import ALONE_KEYS, BOTH
from bridge.switchboard.telephones import Task
from prompts.phrases import Utterance

if TYPE_CHECKING:
    from bridge.service.outcome import Outcome
    from bridge.switchboard.dialogues import Dialogues
    from bridge.switchboard.legs import Leg
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.listening import Listening
    from bridge.switchboard.places import Places
    from bridge.switchboard.talks import Talks
    from bridge.switchboard.telephones import Telephone, Telephones
    from bridge.switchboard.waiting import Caller, Waiting

HELP_RETURNED: Final = Utterance("help_returned")


class Answering:
    """The `legs.User` of all operators' calls, and the `legs.Host` of the question whether they accept."""

    __slots__ = ("_dialogues", "_lines", "_listening", "_places", "_talks", "_telephones", "_waiting")

    def __init__(
        self,
        lines: Lines,
        places: Places,
        dialogues: Dialogues,
        telephones: Telephones,
        waiting: Waiting,
        listening: Listening,
        talks: Talks,
    ) -> None:
        self._lines = lines
        self._places = places
        self._dialogues = dialogues
        self._telephones = telephones
        self._waiting = waiting
        self._listening = listening
        self._talks = talks

    # --- an operator's call (`legs.User`) ---

    def ringing(self, leg: Leg, now: float) -> None:
        """Nobody is waiting to hear it."""

    def answered(self, leg: Leg, now: float) -> None:
        """Ask whether it is the operator, and not a voicemail."""
        telephone = self._telephones.of(leg)
        if telephone is None:
            self._lines.hang_up(leg, LeaveReason.DISCONNECTED)
            return
        errand, clip = None, None
        if telephone.task is Task.TALK:
            self._talks.tell(events.PhoneTaken(telephone.name, telephone.request), now)
            request = self._talks.desk.find(telephone.request)
            caller = None if request is None else self._waiting.by_leg.get(request.leg)
            if caller is not None:
                errand = Errand.GREET if caller.kind is Kind.GREETING else Errand.HELP
                clip = self._waiting.clip_of(caller)
        self._dialogues.begin(leg, operator_call(leg.language, errand, clip), self, now)

    def failed(self, leg: Leg, outcome: Outcome, now: float) -> None:
        """Somebody else, then."""
        telephone = self._telephones.of(leg)
        if telephone is not None:
            self._lines.note(
                Level.INFO, "operator not reached", operator=telephone.name, outcome=outcome.value
            )
            self._lost(telephone, now)

    def gone(self, leg: Leg, now: float) -> None:
        """The operator has hung up, or was. Who talked with them is not left alone."""
        telephone = self._telephones.of(leg)
        if telephone is not None:
            self._lost(telephone, now)

    def key(self, leg: Leg, key: str, now: float) -> None:
        """`*2` or `*3` in a private talk; `*3` of a monitor."""
        telephone = self._telephones.of(leg)
        if telephone is None:
            return
        keys = telephone.keys = key if key == "*" else telephone.keys + key
        if len(keys) > 1:
            telephone.keys = ""
        if keys in {BOTH, ALONE_KEYS} and telephone.caller is not None:
            self._talks.end(telephone, now, together=keys == BOTH)
        elif keys == ALONE_KEYS and telephone.task is Task.MONITOR:
            self._talks.hang_up(telephone, now)
            self._talks.do(now)

    # --- an operator's dialogue (`legs.Host`) ---

    def asked(self, leg: Leg, request: Any, now: float) -> None:
        """It asks nothing that is not between it and the operator."""

    def concluded(self, leg: Leg, result: Any, now: float) -> None:
        """The operator is there, or it is a machine."""
        telephone = self._telephones.of(leg)
        if telephone is None:
            return
        if not isinstance(result, Confirmed):
            leg.user = None
            self._lines.hang_up(leg, LeaveReason.DISCONNECTED, "not accepted")
            self._lost(telephone, now)
            return
        telephone.accepted = True
        if telephone.task is Task.TALK:
            self._talks.tell(events.OperatorAnswered(telephone.name, telephone.request), now)
        else:
            self._talks.arrive(telephone, now)
            self._talks.do(now)

    def _lost(self, telephone: Telephone, now: float) -> None:
        """The telephone came to nothing, or was hung up by its owner."""
        self._telephones.forget(telephone)
        caller, telephone.caller = telephone.caller, None
        if caller is not None:
            self._waiting.take(caller.leg.number)
            self._talks.desk.receive(events.OperatorDone(telephone.name), now)
            self._back_from(caller, now)
        elif telephone.task is Task.TALK:
            self._talks.desk.receive(events.OperatorFailed(telephone.name, telephone.request), now)
        else:
            if telephone.task is Task.MONITOR:
                self._listening.leave(telephone, now)
            self._talks.desk.receive(events.OperatorDone(telephone.name), now)
        self._talks.do(now)

    def _back_from(self, caller: Caller, now: float) -> None:
        """Their operator has hung up: they are told, and go back, or wait for another one in the hall."""
        if caller.leg.number not in self._lines.by_number:
            return
        if caller.kind is Kind.GREETING:
            self._lines.hush(caller.leg)
            self._places.route_apart(caller.leg, ALONE)
            self._talks.ask(caller, now)
        else:
            self._waiting.release(caller, now, admit=False, words=HELP_RETURNED)

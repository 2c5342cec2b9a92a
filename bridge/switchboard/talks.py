"""The help desk's wishes, done: telephones rung, and private talks from their beginning to their end (`*0`, O2, O3).

Theory of operation
-------------------
`bridge.helpdesk` says who is rung for whom; here its wishes become calls and private talks.

    a caller waits    in a room: talks on             in the IVR or the entry hall: hears music
    an operator       presses 1 to accept, so that no voicemail gets a caller
    both talk         in a side room of their own; nobody else hears them
    it ends           `*2` both go on together: into the room; from the hall the caller is admitted, alone
                      `*3` the caller alone: back to where they were; from the hall they are refused
    anybody hangs up  the other goes back to where they were; a caller in the hall is in the queue again

The desk is told of everything and drained in one place, `do`, which never runs within itself: what an effect leads to is
told to the desk at once, and done after what the desk wanted before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bridge.helpdesk import effects as wanted
from bridge.helpdesk import events
from bridge.helpdesk.desk import HelpDesk
from bridge.helpdesk.model import Kind, Operator
from bridge.switchboard.effects import Level, RecordAct
from bridge.switchboard.legs import LegState
from bridge.switchboard.lines import BoardTimer
from bridge.switchboard.telephones import Task
from prompts.phrases import Utterance, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.config.settings import Config
    from bridge.switchboard.legs import Leg
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.listening import Listening
    from bridge.switchboard.places import Places
    from bridge.switchboard.telephones import Telephone, Telephones
    from bridge.switchboard.waiting import Caller, Waiting

OPERATOR_NOTHING: Final = Utterance("operator_nothing")

BOTH, ALONE_KEYS = "*2", "*3"
"""What an operator keys in a private talk. Fixed, as an operator's telephone has no conference's key map."""

CHOICES: Final = {
    True: say("operator_choices", with_keys=BOTH, alone_keys=ALONE_KEYS),
    False: Utterance("operator_choices"),
}
"""What is said to an operator who has a caller: from a conference (True), from the IVR, where both keys only end the talk."""
HALL_CHOICES: Final = say("hall_choices", admit_keys=BOTH, refuse_keys=ALONE_KEYS)


class Talks:
    """The desk, and what it leads to."""

    __slots__ = (
        "_carry_out",
        "_doing",
        "_lines",
        "_listening",
        "_places",
        "_telephones",
        "_waiting",
        "desk",
        "not_taken",
        "on_talk",
    )

    def __init__(
        self,
        lines: Lines,
        places: Places,
        telephones: Telephones,
        waiting: Waiting,
        listening: Listening,
        config: Config,
    ) -> None:
        self._lines = lines
        self._places = places
        self._telephones = telephones
        self._waiting = waiting
        self._listening = listening
        self.on_talk: Callable[[Leg, float], None] | None = None
        """Told of each caller who is in a conference before the operator comes: what they are about is to be broken off."""
        self.not_taken: wanted.NotTaken | None = None
        """Why the last one that an operator wanted to take cannot be taken."""
        self.desk = HelpDesk(
            [Operator(each.name, each.address) for each in config.operators],
            config.help.ring_s,
            config.help.wait_s,
        )
        self._doing = False
        self._carry_out: dict[type, Callable[[Any, float], None]] = {
            wanted.RingOperator: self._ring_operator,
            wanted.StopRinging: self._stop_ringing,
            wanted.Connect: self._connect,
            wanted.TellPosition: self._tell_position,
            wanted.NobodyFree: self._nobody_free,
            wanted.NotTaken: self._keep_not_taken,
            wanted.Asked: self._asked_for,
            wanted.Withdrawn: self._withdrawn,
            wanted.OperatorChanged: self._operator_changed,
        }

    def tell(self, event: events.Event, now: float) -> None:
        self.desk.receive(event, now)
        self.do(now)

    def do(self, now: float) -> None:
        if self._doing:
            return
        self._doing = True
        while effects := self.desk.outgoing():
            for place, effect in enumerate(effects):
                if not _rings_on(effect, effects[place + 1 :]):
                    self._carry_out[type(effect)](effect, now)
        self._doing = False
        deadline = self.desk.next_deadline()
        if deadline is None:
            self._lines.timers.cancel((BoardTimer.HELP, 0))
        else:
            self._lines.timers.set((BoardTimer.HELP, 0), deadline)

    def ask(self, caller: Caller, now: float) -> None:
        self._waiting.add(caller)
        self.tell(events.Ask(caller.leg.number, caller.kind, caller.conference, caller.leg.caller), now)

    def _ring_operator(self, effect: wanted.RingOperator, now: float) -> None:
        telephone = self._telephones.by_name.get(effect.name)
        if telephone is not None and telephone.task is Task.LEAVING:
            self._telephones.hang_up(telephone, None, now)
            telephone = None
        if telephone is not None:
            telephone.ring_for(effect.request_id)
            if telephone.leg.state is LegState.CALLED:
                self.desk.receive(events.PhoneTaken(effect.name, effect.request_id), now)
            return
        request = self.desk.find(effect.request_id)
        if request is None or request.leg not in self._lines.by_number:
            return  # has just hung up: the withdrawal is on its way
        telephone = self._telephones.call(effect.name, now)
        if telephone is None:
            self.desk.receive(events.OperatorFailed(effect.name, effect.request_id), now)
        else:
            telephone.ring_for(effect.request_id)

    def _stop_ringing(self, effect: wanted.StopRinging, now: float) -> None:
        telephone = self._telephones.by_name.get(effect.name)
        if telephone is not None and telephone.task is Task.TALK and telephone.request == effect.request_id:
            self.hang_up(telephone, now, OPERATOR_NOTHING)

    def _connect(self, effect: wanted.Connect, now: float) -> None:
        telephone, caller = self._telephones.by_name[effect.name], self._waiting.by_leg[effect.leg]
        self._listening.leave(telephone, now)
        telephone.ring_for(effect.request_id)
        telephone.caller = caller
        if caller.room is not None and self.on_talk is not None:
            self.on_talk(caller.leg, now)
        place = self._places.new_talk()
        self._waiting.into_talk(caller, place, now)
        self._places.route_apart(telephone.leg, place)
        choices = HALL_CHOICES if caller.kind is Kind.GREETING else CHOICES[caller.room is not None]
        self._lines.say(telephone.leg, choices, telephone.leg.language)
        self._lines.figures["help:talks"] += 1
        self._lines.log(
            Level.INFO, "operator talks", caller.leg, operator=effect.name, request=effect.request_id
        )

    def _tell_position(self, effect: wanted.TellPosition, _now: float) -> None:
        caller = self._waiting.by_leg.get(effect.leg)
        if caller is not None:
            self._waiting.tell_position(caller, effect.position)

    def _nobody_free(self, effect: wanted.NobodyFree, now: float) -> None:
        self._lines.figures["help:nobody free"] += 1
        caller = self._waiting.by_leg.get(effect.leg)
        if caller is not None:
            self._waiting.nobody_free(caller, now, stays=effect.stays)

    def _keep_not_taken(self, effect: wanted.NotTaken, _now: float) -> None:
        self.not_taken = effect

    def _asked_for(self, effect: wanted.Asked, _now: float) -> None:
        request = effect.request
        self._lines.figures["help:asked"] += 1
        self._lines.note(
            Level.INFO,
            "operator wanted",
            request=request.id,
            leg=request.leg,
            kind=request.kind.value,
            conference=request.conference,
        )

    def _withdrawn(self, effect: wanted.Withdrawn, _now: float) -> None:
        self._lines.figures["help:withdrawn"] += 1
        self._lines.note(Level.INFO, "operator no longer wanted", request=effect.request_id, leg=effect.leg)

    def _operator_changed(self, effect: wanted.OperatorChanged, _now: float) -> None:
        self._lines.note(Level.INFO, "operator", operator=effect.name, state=effect.state.value)

    # --- ends ---

    def end(self, telephone: Telephone, now: float, *, together: bool, by: str = "") -> None:
        """Let the caller go back to where they were; `together`, the operator comes along, or the hall's door opens."""
        caller, telephone.caller = telephone.caller, None
        assert caller is not None
        self._waiting.take(caller.leg.number)
        if together and caller.room is not None:
            telephone.send(Task.VISIT, caller.room)
            self.desk.receive(events.Busy(telephone.name), now)
            self.arrive(telephone, now)
        else:
            self.hang_up(telephone, now)
        if caller.kind is Kind.GREETING:
            self.decided(caller, by or telephone.name, admit=together)
        self._waiting.release(caller, now, admit=together)
        self.do(now)

    def arrive(self, telephone: Telephone, now: float) -> None:
        """Into the conference that the telephone was sent to, or told why not."""
        refusal = self._listening.arrive(telephone, now)
        if refusal is not None:
            self.hang_up(telephone, now, refusal)

    def decided(self, caller: Caller, by: str, *, admit: bool) -> None:
        """For the audit trail (R4)."""
        action, leg = "admit_caller" if admit else "refuse_caller", caller.leg
        self._lines.figures[f"hall:{action}"] += 1
        details = {"conference": caller.conference, "role": "operator"}
        self._lines.effects.append(RecordAct(by, action, leg.name or leg.caller, details))

    def hang_up(self, telephone: Telephone, now: float, words: Utterance | None = None) -> None:
        """End a telephone's call, after these words where they can be heard. As long as it is up nobody rings it."""
        if telephone.task is Task.MONITOR:
            self._listening.leave(telephone, now)
        if self._telephones.hang_up(telephone, words, now):
            self.desk.receive(events.OperatorDone(telephone.name), now)
        else:
            self.desk.receive(events.Busy(telephone.name), now)


def _rings_on(effect: wanted.Effect, later: list[wanted.Effect]) -> bool:
    """Whether this telephone is to stop ringing for one and to ring for another: so it rings on."""
    return isinstance(effect, wanted.StopRinging) and any(
        isinstance(each, wanted.RingOperator) and each.name == effect.name for each in later
    )

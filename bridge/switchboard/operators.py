"""Operators as others see them: callers who want one, consoles, and commands about conferences (`*0`, O2, O3, O4).

Who waits is in `waiting`, the telephones are in `telephones`, what is keyed on them in `answering`, private talks and the desk
in `talks`, and what operators do in conferences in `listening`. Each method here leaves the desk with nothing to be done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.conference.commands import Outcome as Answer
from bridge.conference.words import CONFERENCE_ENDED, MONITOR_LOCKED
from bridge.conference.words import NOT_NOW as SAID_NOT_NOW
from bridge.dialogue import requests
from bridge.helpdesk import events
from bridge.helpdesk.model import Kind
from bridge.switchboard.answering import Answering
from bridge.switchboard.listening import Listening
from bridge.switchboard.talks import Talks
from bridge.switchboard.telephones import Task, Telephone, Telephones
from bridge.switchboard.waiting import Caller, Waiting
from prompts.phrases import Utterance

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.config.settings import Config
    from bridge.helpdesk.desk import HelpDesk
    from bridge.service.dialplan import DialPlan
    from bridge.switchboard.calls_out import CallsOut
    from bridge.switchboard.dialogues import Dialogues
    from bridge.switchboard.legs import Leg
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.places import Places
    from bridge.switchboard.room import Room
    from bridge.switchboard.rooms import Rooms

ASKS_MAX: Final = 20
"""How often somebody in a conference may ask for an operator in one call. Each time a telephone is called, maybe at a price; who
asks and withdraws more often is playing, and hears that it is not possible now."""

NO_OPERATOR: Final = Utterance("no_operator")
HELP_CANCELLED: Final = Utterance("help_cancelled")

NOT_NOW: Final = Answer(done=False, text="not_now")
UNKNOWN: Final = Answer(done=False, text="unknown operator")
DONE: Final = Answer(done=True)


class Operators:
    """All operators, and all who want one."""

    __slots__ = ("_config", "_dialogues", "_lines", "_listening", "_talks", "_telephones", "_waiting")

    def __init__(
        self,
        lines: Lines,
        rooms: Rooms,
        places: Places,
        dialogues: Dialogues,
        calls: CallsOut,
        plan: DialPlan,
        config: Config,
    ) -> None:
        self._lines = lines
        self._dialogues = dialogues
        self._config = config
        telephones = self._telephones = Telephones(lines, places, dialogues, calls, plan, config)
        listening = self._listening = Listening(lines, rooms)
        waiting = self._waiting = Waiting(lines, rooms, places, dialogues)
        talks = self._talks = Talks(lines, places, telephones, waiting, listening, config)
        telephones.user = Answering(lines, places, dialogues, telephones, waiting, listening, talks)

    @property
    def desk(self) -> HelpDesk:
        """The queue and the operators, to look at."""
        return self._talks.desk

    def tell_of_talks(self, on_talk: Callable[[Leg, float], None]) -> None:
        """Tell of each caller who is in a conference before the operator comes: what they are about is to be broken off."""
        self._talks.on_talk = on_talk

    # --- callers ---

    def ask_in_room(self, room: Room, leg: Leg, now: float) -> None:
        """`*0` in a conference: help, or no longer; in the talk with an operator it ends the talk."""
        talk = self._telephones.with_caller(leg)
        if talk is not None:
            self._talks.end(talk, now, together=False)
        elif not self._config.operators:
            self._lines.say(leg, NO_OPERATOR, leg.language)
        elif self._telephones.of(leg) is not None:
            self._lines.say(leg, SAID_NOT_NOW, leg.language)  # an operator themselves
        elif self._waiting.take(leg.number) is None:
            leg.asked_for_help += 1
            if leg.asked_for_help > ASKS_MAX:
                self._lines.figures["help:asked too often"] += 1
                self._lines.say(leg, SAID_NOT_NOW, leg.language)
                return
            self._talks.ask(Caller(leg, Kind.HELP, room.conference_id, room), now)
        else:
            self._talks.tell(events.Withdraw(leg.number), now)
            self._lines.say(leg, HELP_CANCELLED, leg.language)

    def ask_before(self, leg: Leg, kind: Kind, conference: str, now: float) -> None:
        """A caller in the IVR (`*0`, A3) or the entry hall (O2) waits with music; the dialogue is answered in the end."""
        if self._config.operators:
            self._talks.ask(Caller(leg, kind, conference, None), now)
        else:
            self._dialogues.answered(leg, requests.NobodyFree(), now)

    def talks(self, leg: Leg) -> bool:
        """Whether they are in private with an operator."""
        return self._telephones.with_caller(leg) is not None

    def return_with_operator(self, leg: Leg, now: float) -> bool:
        """`*2` of a caller: both into the conference. False where they talk with nobody in private."""
        talk = self._telephones.with_caller(leg)
        if talk is not None:
            self._talks.end(talk, now, together=True)
        return talk is not None

    def return_alone(self, leg: Leg, now: float) -> bool:
        """`*3` of a caller, or of a visiting operator: False where they talk with nobody in private, and visit nobody."""
        telephone = self._telephones.of(leg)
        if telephone is not None:
            self._talks.hang_up(telephone, now)
            self._talks.do(now)
            return True
        talk = self._telephones.with_caller(leg)
        if talk is not None:
            self._talks.end(talk, now, together=False)
        return talk is not None

    def left(self, leg: Leg, now: float) -> None:
        """Somebody has hung up, or is sent away by their conference: a caller, an operator, or who was whispered to."""
        telephones = self._telephones
        caller = self._waiting.take(leg.number)
        if caller is not None:
            talk = telephones.with_caller(leg)
            if talk is not None:
                talk.caller = None
                self._talks.hang_up(talk, now)
            self._talks.desk.receive(events.Withdraw(leg.number), now)
        visitor = telephones.of(leg)
        if visitor is not None and visitor.task is Task.VISIT and visitor.accepted:
            visitor.task, visitor.room, visitor.whispers_to = Task.LEAVING, None, 0
        self._ear_lost(leg, now)
        self._talks.do(now)

    def moves(self, leg: Leg, room: Room, now: float) -> None:
        """Somebody is about to be moved to another conference (O4): who waits waits on there, a visitor visits that one."""
        talk = self._telephones.with_caller(leg)
        if talk is not None:
            self._talks.end(talk, now, together=False)
        caller = self._waiting.by_leg.get(leg.number)
        if caller is not None:
            caller.room, caller.conference = room, room.conference_id
        visitor = self._telephones.of(leg)
        if visitor is not None:
            self._listening.end_whisper(visitor)
            visitor.send(Task.VISIT, room)
        self._ear_lost(leg, now)

    def _ear_lost(self, leg: Leg, now: float) -> None:
        for telephone in self._telephones.by_name.values():
            if telephone.whispers_to == leg.number:
                self._listening.lost_ear(telephone, now)

    # --- consoles ---

    def take(self, name: str, request: int, now: float) -> Answer:
        """An operator wants to talk to this one, or to the next."""
        telephone = self._telephones.by_name.get(name)
        somebody = (
            self._talks.desk.find(request) is not None if request else bool(self._talks.desk.queue(now))
        )
        if telephone is not None and somebody:
            self._ready_to_take(telephone, now)
        self._talks.not_taken = None
        self._talks.tell(events.Take(name, request) if request else events.TakeNext(name), now)
        refused, self._talks.not_taken = self._talks.not_taken, None
        return DONE if refused is None else Answer(done=False, text=refused.why.value.replace("_", " "))

    def _ready_to_take(self, telephone: Telephone, now: float) -> None:
        """The desk takes a telephone with a task for one that is up. Where it only rings, or is on its way out, it is not."""
        if telephone.task is Task.LEAVING:
            self._talks.hang_up(telephone, now)
        elif telephone.task is not Task.TALK and not telephone.accepted:
            telephone.ring_for(0)
            self._talks.desk.receive(events.OperatorDone(telephone.name), now)

    def set_away(self, name: str, now: float, *, away: bool) -> Answer:
        """Whether the operator's telephone is rung."""
        if self._config.operator(name) is None:
            return UNKNOWN
        self._talks.tell(events.SetAway(name, away), now)
        return DONE

    def conference_of(self, name: str) -> str:
        """Where the operator listens or talks; empty: nowhere."""
        telephone = self._telephones.by_name.get(name)
        room = None if telephone is None else telephone.room
        return "" if room is None else room.conference_id

    def waiting(self, request: int) -> Leg | None:
        """Who waits in the hall, or is being greeted, under that number."""
        found = self._talks.desk.find(request)
        if found is not None:
            return self._lines.by_number.get(found.leg) if found.kind is Kind.GREETING else None
        for telephone in self._telephones.by_name.values():
            caller = telephone.caller
            if telephone.request == request and caller is not None and caller.kind is Kind.GREETING:
                return caller.leg
        return None

    def decide(self, leg: Leg, by: str, now: float, *, admit: bool) -> Answer:
        """Admit somebody from the hall, or refuse them (O2)."""
        caller = self._waiting.by_leg.get(leg.number)
        if caller is None or caller.kind is not Kind.GREETING:
            return NOT_NOW
        talk = self._telephones.with_caller(leg)
        if talk is not None:
            self._talks.end(talk, now, together=admit, by=by)
            return DONE
        self._waiting.take(leg.number)
        self._talks.tell(events.Withdraw(leg.number), now)
        self._talks.decided(caller, by, admit=admit)
        self._waiting.release(caller, now, admit=admit)
        return DONE

    # --- commands of operators ---

    def monitor(self, room: Room, name: str, now: float, *, on: bool, announced: bool) -> Answer:
        """Listen to a conference, or no longer (O4)."""
        return (
            self._send(room, name, Task.MONITOR, now, announced=announced)
            if on
            else self._stop(name, Task.MONITOR, now)
        )

    def visit(self, room: Room, name: str, now: float, *, on: bool) -> Answer:
        """Talk with the people of a conference, or no longer."""
        return self._send(room, name, Task.VISIT, now) if on else self._stop(name, Task.VISIT, now)

    def whisper(self, room: Room, name: str, leg: int) -> Answer:
        """Be heard by one alone; 0: as before."""
        telephone = self._telephones.by_name.get(name)
        if telephone is None or telephone.room is not room or not self._listening.whisper(telephone, leg):
            return NOT_NOW
        return DONE

    def put_out(self, leg: Leg, now: float) -> None:
        """The conference does not have this monitor any more: it is locked, or over."""
        telephone = self._telephones.of(leg)
        if telephone is None or telephone.task is not Task.MONITOR or telephone.room is None:
            return
        words = MONITOR_LOCKED if telephone.room.conference.locked else CONFERENCE_ENDED
        telephone.room = None
        self._talks.hang_up(telephone, now, words)
        self._talks.do(now)

    def closed(self, room: Room, now: float) -> None:
        """A conference is over: no telephone rings for it any more."""
        for telephone in list(self._telephones.by_name.values()):
            if telephone.room is room:
                self._talks.hang_up(telephone, now, CONFERENCE_ENDED)
        self._talks.do(now)

    def _send(self, room: Room, name: str, task: Task, now: float, *, announced: bool = False) -> Answer:
        """Call an operator into a conference, or lead them there who is on the telephone already."""
        if self._config.operator(name) is None:
            return UNKNOWN
        telephone = self._telephones.by_name.get(name)
        if telephone is not None and telephone.task is Task.LEAVING:
            self._talks.hang_up(telephone, now)
            telephone = None
        if telephone is None:
            telephone = self._telephones.call(name, now)
        elif telephone.task is Task.TALK:
            telephone = None  # they have a caller, or one rings for them
        if telephone is None:
            return NOT_NOW
        if telephone.accepted and telephone.room is room and telephone.task is task:
            return DONE
        if telephone.accepted:
            self._listening.leave(telephone, now)
        telephone.send(task, room, announced=announced)
        self._talks.desk.receive(events.Busy(name), now)
        if telephone.accepted:
            self._talks.arrive(telephone, now)
        self._talks.do(now)
        return DONE

    def _stop(self, name: str, task: Task, now: float) -> Answer:
        telephone = self._telephones.by_name.get(name)
        if telephone is None or telephone.task is not task:
            return NOT_NOW
        self._talks.hang_up(telephone, now)
        self._talks.do(now)
        return DONE

    # --- time ---

    def due(self, now: float) -> None:
        """Let the desk do what its time has come for."""
        self._talks.desk.advance(now)
        self._talks.do(now)

"""Operators' telephones and those who want an operator (`*0`, O2, O3, O4).

Theory of operation
-------------------
`bridge.helpdesk` says who is rung for whom; here its wishes become calls and private talks. An operator's telephone is
called when there is something to do, and hung up when it is done: one `Task` at a time.

    a caller waits    in a room: talks on             in the IVR or the entry hall: hears music
    an operator       presses 1 to accept, so that no voicemail gets a caller
    both talk         in a side room of the caller's conference, or one of their own; nobody else hears them
    it ends           `*2` both go on together: into the room; the caller is admitted (hall)
                      `*3` the caller alone: back to where they were; refused (hall)
    anybody hangs up  the other goes back to where they were; a caller in the hall is in the queue again

Monitoring, whispering and visits are tasks of a telephone too, begun by command (`Monitor`, `Whisper`, `Visit`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from bridge.conference.commands import Outcome as Answer
from bridge.conference.events import LeaveReason, Listen, StepAside, StepBack
from bridge.conference.model import ALONE
from bridge.dialogue import requests
from bridge.dialogue.called import Errand, operator_call
from bridge.dialogue.results import Confirmed
from bridge.helpdesk import effects as wanted
from bridge.helpdesk import events
from bridge.helpdesk.desk import HelpDesk
from bridge.helpdesk.model import Kind, Operator
from bridge.service.role import Role
from bridge.switchboard.calls_out import Wanted
from bridge.switchboard.effects import Level
from bridge.switchboard.legs import Leg, LegState
from bridge.switchboard.lines import BoardTimer
from media.control import Music, Mute, Whisper
from prompts.phrases import Utterance, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.config.settings import Config
    from bridge.service.dialplan import DialPlan
    from bridge.service.outcome import Outcome
    from bridge.switchboard.calls_out import CallsOut
    from bridge.switchboard.dialogues import Dialogues
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.places import Places
    from bridge.switchboard.room import Room
    from bridge.switchboard.rooms import Rooms

NO_OPERATOR: Final = Utterance("no_operator")
HELP_CALLED: Final = Utterance("help_called")
HELP_CANCELLED: Final = Utterance("help_cancelled")
HELP_NONE_FREE: Final = Utterance("help_none_free")
OPERATOR_HERE: Final = Utterance("help_operator_here")
OPERATOR_NOTHING: Final = Utterance("operator_nothing")
MONITOR_BEGAN: Final = Utterance("monitor_began")
MONITOR_LOCKED: Final = Utterance("monitor_locked")
CONFERENCE_LOCKED: Final = Utterance("conference_locked")
HOLD_MUSIC: Final = Utterance("music.hold")
OPERATOR_CHOICES: Final = say("operator_choices", with_keys="*2", alone_keys="*3")

NOT_NOW: Final = Answer(done=False, text="not_now")
LOCKED: Final = Answer(done=False, text="conference_locked")
DONE: Final = Answer(done=True)

BOTH, ALONE_KEYS = "*2", "*3"
"""What an operator keys in a private talk. Fixed, as an operator's telephone has no conference's key map."""


class Task(Enum):
    """What an operator's telephone is called for."""

    TALK = "talk"
    MONITOR = "monitor"
    VISIT = "visit"


class Post:
    """An operator's telephone, while it is called or up."""

    __slots__ = (
        "announced",
        "caller",
        "keys",
        "leg",
        "name",
        "place",
        "request",
        "room",
        "task",
        "whispers_to",
    )

    def __init__(self, name: str, leg: Leg, task: Task) -> None:
        self.name = name
        self.leg = leg
        self.task = task
        self.request = 0
        """Rung for this request of the desk."""
        self.caller: Leg | None = None
        """In a private talk."""
        self.room: Room | None = None
        """Of a monitor or a visit."""
        self.announced = True
        self.place = ALONE
        self.keys = ""
        self.whispers_to = 0


@dataclass(slots=True)
class Caller:
    """Somebody who wants an operator, or is wanted to be greeted."""

    leg: Leg
    kind: Kind
    room: Room | None
    """The conference they are in; None in the IVR and the hall."""


class Operators:
    """The help desk and all telephones of operators."""

    __slots__ = (
        "_callers",
        "_calls",
        "_carry_out",
        "_config",
        "_desk",
        "_dialogues",
        "_lines",
        "_not_taken",
        "_places",
        "_plan",
        "_posts",
        "_rooms",
    )

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
        self._rooms = rooms
        self._places = places
        self._dialogues = dialogues
        self._calls = calls
        self._plan = plan
        self._config = config
        self._desk = HelpDesk(
            [Operator(each.name, each.address) for each in config.operators],
            config.help.ring_s,
            config.help.wait_s,
        )
        self._callers: dict[int, Caller] = {}
        self._posts: dict[str, Post] = {}
        self._not_taken: wanted.NotTaken | None = None
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

    @property
    def desk(self) -> HelpDesk:
        """The queue and the operators, to look at."""
        return self._desk

    # --- callers ---

    def ask_in_room(self, room: Room, leg: Leg, now: float) -> None:
        """`*0` in a conference: help, or no longer."""
        if not self._config.operators:
            self._lines.say(leg, NO_OPERATOR, leg.language)
        elif leg.number in self._callers:
            self._withdraw(leg, now)
            self._lines.say(leg, HELP_CANCELLED, leg.language)
        else:
            self._callers[leg.number] = Caller(leg, Kind.HELP, room)
            self._tell(events.Ask(leg.number, Kind.HELP, room.conference_id, leg.caller), now)

    def ask_before(self, leg: Leg, kind: Kind, conference: str, now: float) -> None:
        """A caller in the IVR (`*0`, A3) or the entry hall (O2) waits with music; the dialogue is answered in the end."""
        if not self._config.operators:
            self._dialogues.answered(leg, requests.NobodyFree(), now)
            return
        self._callers[leg.number] = Caller(leg, kind, None)
        self._music(leg, on=True)
        self._tell(events.Ask(leg.number, kind, conference, leg.caller), now)

    def return_alone(self, leg: Leg, now: float) -> bool:
        """`*3` of a caller or a visiting operator: False where they talk with nobody in private."""
        post = self._post_of(leg)
        if post is not None:
            self._end(post, now)
            return True
        talk = self._talk_of(leg)
        if talk is None:
            return False
        self._end(talk, now)
        return True

    def caller_gone(self, leg: Leg, now: float) -> None:
        """A caller has hung up, or was sent away: their operator is free."""
        caller = self._callers.pop(leg.number, None)
        if caller is None:
            return
        post = self._talk_of(leg)
        if post is not None:
            post.caller = None
            self._end(post, now)
        self._tell(events.Withdraw(leg.number), now)

    # --- consoles ---

    def take(self, name: str, request: int, now: float) -> Answer:
        """An operator wants to talk to this one, or to the next."""
        self._not_taken = None
        self._tell(events.Take(name, request) if request else events.TakeNext(name), now)
        refused, self._not_taken = self._not_taken, None
        return DONE if refused is None else Answer(done=False, text=refused.why.value.replace("_", " "))

    def set_away(self, name: str, now: float, *, away: bool) -> Answer:
        """Whether the operator's telephone is rung."""
        if self._config.operator(name) is None:
            return Answer(done=False, text="unknown operator")
        self._tell(events.SetAway(name, away), now)
        return DONE

    def conference_of(self, name: str) -> str:
        """Where the operator listens or talks; empty: nowhere."""
        post = self._posts.get(name)
        return "" if post is None or post.room is None else post.room.conference_id

    def waiting(self, request: int) -> Leg | None:
        """Who waits in the hall, or is being greeted, under that number."""
        for row in self._desk.queue(0.0):
            if row.request_id == request and row.kind is Kind.GREETING:
                return self._lines.by_number.get(row.leg)
        for post in self._posts.values():
            if post.request == request and post.caller is not None:
                return post.caller
        return None

    def decide(self, leg: Leg, now: float, *, admit: bool) -> Answer:
        """Admit somebody from the hall, or refuse them (O2)."""
        caller = self._callers.get(leg.number)
        if caller is None or caller.kind is not Kind.GREETING:
            return NOT_NOW
        post = self._talk_of(leg)
        if post is not None:
            self._end(post, now, together=admit, refused=not admit)
            return DONE
        del self._callers[leg.number]
        self._tell(events.Withdraw(leg.number), now)
        self._release(caller, now, admit=admit)
        return DONE

    # --- commands of operators ---

    def monitor(self, room: Room, name: str, now: float, *, on: bool, announced: bool) -> Answer:
        """Listen to a conference, or no longer (O4)."""
        if not on:
            post = self._posts.get(name)
            if post is None or post.task is not Task.MONITOR:
                return NOT_NOW
            self._end(post, now)
            return DONE
        return self._send(room, name, Task.MONITOR, now, announced=announced)

    def visit(self, room: Room, name: str, now: float, *, on: bool) -> Answer:
        """Talk with the people of a conference, or no longer."""
        if not on:
            post = self._posts.get(name)
            if post is None or post.task is not Task.VISIT:
                return NOT_NOW
            self._end(post, now)
            return DONE
        return self._send(room, name, Task.VISIT, now)

    def whisper(self, room: Room, name: str, leg: int) -> Answer:
        """Be heard by one alone; 0: as before."""
        post = self._posts.get(name)
        if post is None or post.room is not room or post.leg.state is LegState.CALLING:
            return NOT_NOW
        if leg and not room.conference.in_room(leg):
            return NOT_NOW
        # A monitor is muted but to the one it whispers to; so it is unmuted last, and muted first.
        number = post.leg.number
        if leg:
            self._lines.command(Whisper(number, leg))
            if post.task is Task.MONITOR:
                self._lines.command(Mute(number, muted=False))
        else:
            if post.task is Task.MONITOR:
                self._lines.command(Mute(number, muted=True))
            self._lines.command(Whisper(number, 0))
        post.whispers_to = leg
        return DONE

    def put_out(self, leg: Leg, now: float) -> None:
        """The conference does not have this monitor any more: it is locked, or over."""
        post = self._post_of(leg)
        if post is not None and post.task is Task.MONITOR and post.room is not None:
            words = MONITOR_LOCKED if post.room.conference.locked else None
            post.room = None
            self._hang_up(post, now, words)

    # --- time ---

    def due(self, now: float) -> None:
        """Let the desk do what its time has come for."""
        self._desk.advance(now)
        self._do(now)

    # --- the desk ---

    def _tell(self, event: events.Event, now: float) -> None:
        self._desk.receive(event, now)
        self._do(now)

    def _do(self, now: float) -> None:
        while effects := self._desk.outgoing():
            for effect in effects:
                self._carry_out[type(effect)](effect, now)
        deadline = self._desk.next_deadline()
        if deadline is None:
            self._lines.timers.cancel((BoardTimer.HELP, 0))
        else:
            self._lines.timers.set((BoardTimer.HELP, 0), deadline)

    def _ring_operator(self, effect: wanted.RingOperator, now: float) -> None:
        post = self._call(effect.name, Task.TALK, now)
        if post is None:
            self._desk.receive(events.OperatorFailed(effect.name, effect.request_id), now)
        else:
            post.request = effect.request_id

    def _stop_ringing(self, effect: wanted.StopRinging, now: float) -> None:
        post = self._posts.get(effect.name)
        if post is not None and post.request == effect.request_id:
            self._hang_up(post, now, OPERATOR_NOTHING if post.leg.state is LegState.CALLED else None)

    def _tell_position(self, effect: wanted.TellPosition, _now: float) -> None:
        leg = self._lines.by_number.get(effect.leg)
        if leg is None:
            return
        words = [say("help_position", position=effect.position)]
        if self._callers[effect.leg].room is not None:
            words.insert(0, HELP_CALLED)
        self._lines.say_list(leg, words, leg.language)

    def _keep_not_taken(self, effect: wanted.NotTaken, _now: float) -> None:
        self._not_taken = effect

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

    def _nobody_free(self, effect: wanted.NobodyFree, now: float) -> None:
        caller = self._callers.get(effect.leg)
        self._lines.figures["help:nobody free"] += 1
        if caller is None:
            return
        if caller.room is not None:
            self._lines.say(caller.leg, HELP_NONE_FREE, caller.leg.language)
        if effect.stays:
            return
        del self._callers[effect.leg]
        if caller.room is None:
            self._music(caller.leg, on=False)
            self._lines.hush(caller.leg)
            self._dialogues.answered(caller.leg, requests.NobodyFree(), now)

    # --- telephones ---

    def _call(self, name: str, task: Task, now: float) -> Post | None:
        destination = self._plan.operator(name)
        if destination is None or name in self._posts:
            return None
        operator = self._config.operator(name)
        language = (operator.language if operator else "") or self._config.service.language
        wish = Wanted(
            destination, "operator", 2 * self._config.help.ring_s, language, None, name, limited=False
        )
        leg = self._calls.place(wish, self, now)
        if not isinstance(leg, Leg):
            return None
        post = self._posts[name] = Post(name, leg, task)
        return post

    def _send(self, room: Room, name: str, task: Task, now: float, *, announced: bool = False) -> Answer:
        """Call an operator into a conference."""
        if room.conference.locked:
            return LOCKED
        post = self._call(name, task, now)
        if post is None:
            return NOT_NOW
        post.room, post.announced = room, announced
        self._tell(events.Busy(name), now)
        return DONE

    def _connect(self, effect: wanted.Connect, now: float) -> None:
        post, caller = self._posts[effect.name], self._callers[effect.leg]
        self._leave_conference(post, now)
        post.caller, post.request = caller.leg, effect.request_id
        post.place = self._places.new_talk()
        lines, leg = self._lines, caller.leg
        lines.hush(leg)
        if caller.room is not None:
            self._rooms.tell(caller.room, StepAside(leg.number, post.place), now)
        else:
            self._music(leg, on=False)
            self._places.route_apart(leg, post.place)
        self._places.route_apart(post.leg, post.place)
        lines.say(leg, OPERATOR_HERE, leg.language)
        lines.say(post.leg, OPERATOR_CHOICES, post.leg.language)
        lines.figures["help:talks"] += 1
        lines.log(Level.INFO, "operator talks", leg, operator=effect.name, request=effect.request_id)

    def _leave_conference(self, post: Post, now: float) -> None:
        """Who listens, or visits, and takes a caller leaves what they listened to."""
        room, post.room = post.room, None
        if room is not None and post.task is Task.MONITOR:
            self._rooms.tell(room, Listen(post.leg.number, on=False, announced=False), now)
        elif room is not None:
            self._rooms.leave(post.leg, LeaveReason.MOVED, now)
            post.leg.state = LegState.CALLED
        post.task = Task.TALK

    def _end(self, post: Post, now: float, *, together: bool = False, refused: bool = False) -> None:
        """End what this telephone is about; who it talked with goes back to where they were."""
        leg, caller_leg, room = post.leg, post.caller, post.room
        post.caller = None
        caller = None if caller_leg is None else self._callers.pop(caller_leg.number, None)
        if caller is not None and caller.room is not None and together:
            self._into(post, caller.room, now)
        elif post.task is Task.MONITOR and room is not None:
            post.room = None
            self._rooms.tell(room, Listen(leg.number, on=False, announced=False), now)
            self._hang_up(post, now)
        else:
            self._hang_up(post, now)
        if caller is not None:
            self._release(caller, now, admit=together and not refused)

    def _into(self, post: Post, room: Room, now: float) -> None:
        """The operator comes along into the caller's conference."""
        refusal = self._rooms.refusal(room, Role.OPERATOR)
        if refusal is not None:
            self._hang_up(post, now, refusal)
            return
        post.task, post.room, post.place = Task.VISIT, room, ALONE
        self._rooms.bring_in(post.leg, room, Role.OPERATOR, now, came_by="operator")

    def _release(self, caller: Caller, now: float, *, admit: bool) -> None:
        """Back to where they were; from the hall into the conference or not."""
        leg = caller.leg
        if leg.number not in self._lines.by_number:
            return
        self._lines.hush(leg)
        if caller.room is not None:
            self._rooms.tell(caller.room, StepBack(leg.number), now)
            return
        self._music(leg, on=False)
        self._places.route_apart(leg, ALONE)
        if caller.kind is Kind.HELP:
            self._dialogues.answered(leg, requests.OperatorEnded(), now)
        else:
            self._dialogues.answered(leg, requests.HallAdmitted() if admit else requests.HallRefused(), now)

    def _hang_up(self, post: Post, now: float, words: Utterance | None = None) -> None:
        """End the task of this telephone, and its call."""
        leg = post.leg
        if self._posts.pop(post.name, None) is None:
            return
        leg.user = None
        if leg.number in self._lines.by_number:
            self._dialogues.end(leg)
            if leg.state is LegState.CALLED:
                self._places.route_apart(leg, ALONE)
                self._lines.part(leg, words, LeaveReason.DISCONNECTED, now)
            else:
                self._lines.hang_up(leg, LeaveReason.DISCONNECTED)
        self._desk.receive(events.OperatorDone(post.name), now)

    def _withdraw(self, leg: Leg, now: float) -> None:
        del self._callers[leg.number]
        self._tell(events.Withdraw(leg.number), now)

    def _music(self, leg: Leg, *, on: bool) -> None:
        segment = self._lines.clips(HOLD_MUSIC, leg.language)[0] if on else None
        self._lines.command(Music(leg.number, segment))

    def _post_of(self, leg: Leg) -> Post | None:
        return next((post for post in self._posts.values() if post.leg is leg), None)

    def _talk_of(self, leg: Leg) -> Post | None:
        return next((post for post in self._posts.values() if post.caller is leg), None)

    # --- an operator's call (`legs.User`) ---

    def ringing(self, leg: Leg, now: float) -> None:
        """Nobody is waiting to hear it."""

    def answered(self, leg: Leg, now: float) -> None:
        """Ask whether it is the operator, and not a voicemail."""
        post = self._post_of(leg)
        if post is None:
            self._lines.hang_up(leg, LeaveReason.DISCONNECTED)
            return
        caller = self._caller_for(post)
        greets = caller is not None and caller.kind is Kind.GREETING
        errand = (Errand.GREET if greets else Errand.HELP) if post.task is Task.TALK else None
        self._dialogues.begin(
            leg, operator_call(leg.language, errand, caller.leg.clip if caller else None), self, now
        )

    def failed(self, leg: Leg, outcome: Outcome, now: float) -> None:
        """Somebody else, then."""
        post = self._post_of(leg)
        if post is not None:
            self._lines.note(Level.INFO, "operator not reached", operator=post.name, outcome=outcome.value)
            self._lost(post, now)

    def gone(self, leg: Leg, now: float) -> None:
        """The operator has hung up. Who talked with them is not left alone."""
        post = self._post_of(leg)
        if post is None:
            return
        caller_leg, post.caller = post.caller, None
        caller = None if caller_leg is None else self._callers.pop(caller_leg.number, None)
        if caller is None or post.task is not Task.TALK:
            self._lost(post, now)
            return
        self._posts.pop(post.name, None)
        self._desk.receive(events.OperatorDone(post.name), now)
        if caller.kind is Kind.GREETING and caller.leg.number in self._lines.by_number:
            self._places.route_apart(caller.leg, ALONE)
            self.ask_before(caller.leg, Kind.GREETING, "", now)
        else:
            self._release(caller, now, admit=False)
        self._do(now)

    def key(self, leg: Leg, key: str, now: float) -> None:
        """`*2` or `*3` in a private talk; `*3` of a monitor."""
        post = self._post_of(leg)
        if post is None:
            return
        post.keys = key if key == "*" else post.keys + key
        if post.keys == BOTH and post.caller is not None:
            self._end(post, now, together=True)
        elif post.keys == ALONE_KEYS and (post.caller is not None or post.room is not None):
            self._end(post, now)
        if len(post.keys) > 1:
            post.keys = ""
        self._do(now)

    # --- an operator's dialogue (`legs.Host`) ---

    def asked(self, leg: Leg, request: Any, now: float) -> None:
        """It asks nothing that is not between it and the operator."""

    def concluded(self, leg: Leg, result: Any, now: float) -> None:
        """The operator is there, or it is a machine."""
        post = self._post_of(leg)
        if post is None:
            return
        if not isinstance(result, Confirmed):
            leg.user = None
            self._lines.hang_up(leg, LeaveReason.DISCONNECTED, "not accepted")
            self._lost(post, now)
        elif post.task is Task.TALK:
            self._tell(events.OperatorAnswered(post.name, post.request), now)
        elif post.room is not None:
            self._arrive(post, post.room, now)

    def _arrive(self, post: Post, room: Room, now: float) -> None:
        """An operator who was sent to a conference is on the line."""
        if room.conference_id not in self._rooms.by_id or room.conference.locked:
            self._hang_up(post, now, CONFERENCE_LOCKED if room.conference.locked else OPERATOR_NOTHING)
            self._do(now)
        elif post.task is Task.VISIT:
            self._into(post, room, now)
        else:
            self._lines.say(post.leg, MONITOR_BEGAN, post.leg.language)
            self._rooms.tell(room, Listen(post.leg.number, on=True, announced=post.announced), now)

    def _caller_for(self, post: Post) -> Caller | None:
        row = next((row for row in self._desk.queue(0.0) if row.request_id == post.request), None)
        return None if row is None else self._callers.get(row.leg)

    def _lost(self, post: Post, now: float) -> None:
        """The telephone came to nothing, or was hung up by its owner."""
        self._posts.pop(post.name, None)
        room, post.room = post.room, None
        if post.task is Task.TALK:
            self._tell(events.OperatorFailed(post.name, post.request), now)
            return
        if room is not None and post.leg.number in room.conference.monitors:
            self._rooms.tell(room, Listen(post.leg.number, on=False, announced=False), now)
        self._tell(events.OperatorDone(post.name), now)

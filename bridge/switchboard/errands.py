"""A moderator's errand outside the room: `*1` and the private talk with whoever is called, `*2` or `*3` back (service.md).

Theory of operation
-------------------
    ASKING ---------> CALLING --------------------> TALKING
    a dialogue asks   it rings; what the network    answered: the two hear each
    for the number    says is heard                 other in a side room
Out of each of them the way leads back: `*3` at any time, a call that comes to nothing, and in TALKING `*2` with the guest,
or the guest's hanging up. Whoever of the two is gone, the other is never left alone in the side room: the moderator returns,
the guest is thanked and hung up. The room goes on meanwhile; the moderator is still one of its people, and back in it by
`StepBack`, whatever became of it.

A call out by a console has no moderator to talk with: see `invitations`.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from bridge.conference import commands
from bridge.conference.events import LeaveReason, StepAside, StepBack
from bridge.conference.model import ALONE
from bridge.conference.words import NOT_NOW, UNLOCK_FIRST
from bridge.dialogue import requests
from bridge.dialogue.dial_out import dial_out
from bridge.dialogue.results import Confirmed
from bridge.service import post_dial
from bridge.service.dialplan import Destination, Refused
from bridge.service.role import Role
from bridge.service.spending import Limit
from bridge.switchboard.call_words import OUTCOME_WORDS, REFUSED_WORDS, limit_words
from bridge.switchboard.calls_out import TIME_UP, Wanted
from bridge.switchboard.invitations import Invitations
from bridge.switchboard.legs import Leg, LegState
from prompts.phrases import Utterance, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.config.settings import Config
    from bridge.service.dialplan import DialPlan
    from bridge.service.outcome import Outcome
    from bridge.switchboard.calls_out import CallsOut
    from bridge.switchboard.dialogues import Dialogues
    from bridge.switchboard.effects import CallKind
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.places import Places
    from bridge.switchboard.room import Room
    from bridge.switchboard.rooms import Rooms

RINGING: Final = Utterance("tone.ringing")
HUNG_UP: Final = Utterance("dial_hung_up")
GUEST_DISMISSED: Final = Utterance("guest_dismissed")


class Stage(Enum):
    """How far an errand is."""

    ASKING = "asking"
    CALLING = "calling"
    TALKING = "talking"


class Errand:
    """One moderator's."""

    __slots__ = ("guest", "moderator", "place", "room", "stage")

    def __init__(self, moderator: Leg, room: Room) -> None:
        self.moderator = moderator
        self.room = room
        self.stage = Stage.ASKING
        self.guest: Leg | None = None
        self.place = ALONE
        """The side room, once there is somebody to hear."""


class Errands:
    """All that are under way."""

    __slots__ = (
        "_by_guest",
        "_by_moderator",
        "_calls",
        "_config",
        "_dialogues",
        "_invitations",
        "_lines",
        "_places",
        "_plan",
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
        self._by_moderator: dict[int, Errand] = {}
        self._by_guest: dict[int, Errand] = {}
        self._invitations = Invitations(lines, rooms, calls)

    # --- commands ---

    def dial_out(self, room: Room, moderator: Leg, now: float) -> None:
        """`*1`. Who is out of the room already, on an errand or with an operator, ends that first."""
        participant = room.conference.participants.get(moderator.number)
        if participant is None or participant.aside or moderator.runner is not None:
            self._lines.say(moderator, NOT_NOW, moderator.language)
            return
        self._by_moderator[moderator.number] = Errand(moderator, room)
        self._rooms.tell(room, StepAside(moderator.number, ALONE), now)
        numbering = self._config.dial_out.numbering
        dialogue = dial_out(
            moderator.language,
            carriers=bool(numbering.carriers),
            local_area=numbering.local_area,
            give_up_keys=self._rooms.keys_of(room, commands.ReturnAlone(), Role.MODERATOR),
        )
        self._dialogues.begin(moderator, dialogue, self, now)

    def invite(self, room: Room, number: str, name: str, now: float) -> Utterance | None:
        """Call somebody into the conference from a console: None, or why not."""
        number, keys = post_dial.split(number)
        destination = self._plan.address(number)
        if isinstance(destination, Refused):
            self._refused(room, destination)
            return REFUSED_WORDS[destination.why]
        wanted = self._wanted(room, destination, "api", name)._replace(keys=keys)
        called = self._calls.place(wanted, self._invitations, now)
        if isinstance(called, Limit):
            return limit_words(called)
        self._invitations.expect(called, room)
        return None

    @property
    def invited(self) -> Leg | None:
        """Whom `invite` has called last."""
        return self._invitations.newest

    def report(self, guest: Leg, tell: Callable[[int], None]) -> None:
        """Tell how it goes with somebody whom `invite` has called: by statuses as SIP has them, the last one from 200 on."""
        self._invitations.report(guest, tell)

    def refer(self, guest: Leg, by: str) -> None:
        """Tell somebody whom `invite` has just called on whose word."""
        self._calls.refer(guest, by)

    def take_place(self, guest: Leg, replaces: str, take: Callable[[Leg, float], bool]) -> None:
        """Let somebody whom `invite` has just called take the place of another call there, and somebody's place here: once they
        have answered, `take` sees to that.
        """
        self._calls.take_place(guest, replaces)
        self._invitations.take_place(guest, take)

    def give_up(self, guest: Leg) -> None:
        """Ring somebody no longer whom `invite` has called."""
        self._invitations.give_up(guest)

    def return_with_guest(self, moderator: Leg, now: float) -> bool:
        """`*2`: False where there is nobody to return with."""
        errand = self._by_moderator.get(moderator.number)
        guest = None if errand is None else errand.guest
        if errand is None or guest is None or guest.state is not LegState.CALLED:
            return False
        refusal = self._rooms.refusal(errand.room, Role.PARTICIPANT)
        if refusal is not None:
            words = UNLOCK_FIRST if errand.room.conference.locked else refusal
            self._lines.say(moderator, words, moderator.language)
            return True
        self._forget(errand)
        self._places.route_apart(guest, ALONE)  # wherever the conference wants them, it is not the side room
        self._invitations.lead_in(guest, errand.room, now)
        self._rooms.tell(errand.room, StepBack(moderator.number), now)
        return True

    def return_alone(self, moderator: Leg, now: float) -> bool:
        """`*3`: False where there is no errand."""
        errand = self._by_moderator.get(moderator.number)
        if errand is None:
            return False
        self._dismiss_guest(errand, now)
        self._go_back(errand, now)
        return True

    def abandon(self, moderator: Leg, now: float) -> None:
        """The moderator is gone, or on the way out: nobody is left behind."""
        errand = self._by_moderator.get(moderator.number)
        if errand is not None:
            self._dismiss_guest(errand, now)
            self._forget(errand)
            self._quiet(moderator)

    def room_closed(self, room: Room, _now: float) -> None:
        """The conference is over: whom a console has called for it need not come."""
        self._invitations.room_closed(room)

    # --- the moderator's dialogue (`legs.Host`) ---

    def asked(self, leg: Leg, request: Any, now: float) -> None:
        """Check the number that was keyed."""
        assert isinstance(request, requests.CheckNumber)
        destination = self._plan.read(request.digits)
        if isinstance(destination, Refused):
            errand = self._by_moderator[leg.number]
            self._refused(errand.room, destination, leg)
            self._dialogues.answered(leg, requests.NumberBad(REFUSED_WORDS[destination.why].name), now)
        else:
            self._dialogues.answered(leg, requests.NumberGood(destination.read_back, destination), now)

    def concluded(self, leg: Leg, result: Any, now: float) -> None:
        """Call the number, or go back."""
        errand = self._by_moderator.get(leg.number)
        if errand is None:
            return
        if not isinstance(result, Confirmed):
            self._go_back(errand, now)
            return
        participant = errand.room.conference.participants.get(leg.number)
        if participant is None or participant.role is Role.PARTICIPANT:  # the role is another's by now
            self._go_back(errand, now, NOT_NOW)
            return
        called = self._calls.place(self._wanted(errand.room, result.token, "dial_out"), self, now)
        if isinstance(called, Limit):
            self._go_back(errand, now, limit_words(called))
            return
        errand.guest, errand.stage = called, Stage.CALLING
        self._by_guest[called.number] = errand
        keys = self._rooms.keys_of(errand.room, commands.ReturnAlone(), Role.MODERATOR)
        self._lines.say(leg, say("dialing", **_keys(keys=keys)), leg.language)
        self._lines.music(leg, RINGING)

    # --- the guest's call (`legs.User`) ---

    def ringing(self, guest: Leg, now: float) -> None:
        """What the network says while it rings is for the moderator to hear."""
        errand = self._by_guest.get(guest.number)
        if errand is not None and guest.early:
            self._put_together(errand, guest, now)

    def answered(self, guest: Leg, now: float) -> None:
        """Private talk."""
        errand = self._by_guest[guest.number]
        self._put_together(errand, guest, now)
        errand.stage = Stage.TALKING
        moderator = errand.moderator
        self._lines.hush(moderator)
        with_keys = self._rooms.keys_of(errand.room, commands.ReturnWithGuest(), Role.MODERATOR)
        alone_keys = self._rooms.keys_of(errand.room, commands.ReturnAlone(), Role.MODERATOR)
        words = say("dial_connected", **_keys(with_keys=with_keys, alone_keys=alone_keys))
        self._lines.say(moderator, words, moderator.language)

    def failed(self, guest: Leg, outcome: Outcome, now: float) -> None:
        """Say why, and back to the room."""
        errand = self._by_guest.get(guest.number)
        if errand is not None:
            self._go_back(errand, now, OUTCOME_WORDS[outcome])

    def key(self, leg: Leg, key: str, now: float) -> None:
        """A guest in a private talk has nothing to key."""

    def gone(self, guest: Leg, now: float) -> None:
        """The guest has hung up, or was cut off (G3): the moderator is not left alone."""
        errand = self._by_guest.get(guest.number)
        if errand is not None:
            cut = guest.leaves_because is LeaveReason.CALL_LIMIT
            self._go_back(errand, now, TIME_UP if cut else HUNG_UP)

    # --- within ---

    def _wanted(self, room: Room, destination: Destination, kind: CallKind, name: str = "") -> Wanted:
        ring_s = self._config.dial_out.ring_s
        return Wanted(destination, kind, ring_s, room.language, room, name or None)

    def _put_together(self, errand: Errand, guest: Leg, now: float) -> None:
        """Moderator and called side into the side room, once."""
        if errand.place != ALONE:
            return
        moderator = errand.moderator
        errand.place = self._places.new_talk()
        self._lines.music(moderator, None)
        self._rooms.tell(errand.room, StepAside(moderator.number, errand.place), now)
        self._places.route(guest, errand.room, errand.place)

    def _dismiss_guest(self, errand: Errand, now: float) -> None:
        """Thank whoever has answered; ring no longer whoever has not."""
        guest = errand.guest
        if guest is None or guest.number not in self._lines.by_number:
            return
        guest.user = None
        if guest.state is LegState.CALLED:
            self._places.route_apart(guest, ALONE)
            self._lines.part(guest, GUEST_DISMISSED, LeaveReason.DISCONNECTED, now)
        else:
            self._calls.cancel(guest)

    def _go_back(self, errand: Errand, now: float, words: Utterance | None = None) -> None:
        """Lead the moderator back into the room, with word of what came of it."""
        moderator = errand.moderator
        self._forget(errand)
        if moderator.number not in self._lines.by_number:
            return
        self._dialogues.end(moderator)
        self._quiet(moderator)
        if words is not None:
            self._lines.say(moderator, words, moderator.language)
        self._rooms.tell(errand.room, StepBack(moderator.number), now)

    def _quiet(self, moderator: Leg) -> None:
        """Nothing rings any more, and nothing is said of what is over."""
        if moderator.number in self._lines.by_number:
            self._lines.hush(moderator)
            self._lines.music(moderator, None)

    def _forget(self, errand: Errand) -> None:
        del self._by_moderator[errand.moderator.number]
        if errand.guest is not None:
            self._by_guest.pop(errand.guest.number, None)

    def _refused(self, room: Room, refused: Refused, leg: Leg | None = None) -> None:
        """What is refused is counted and logged (G3); never the digits."""
        self._lines.figures[f"number refused:{refused.why.value}"] += 1
        self._lines.refusal(room, refused.why.value, leg)


def _keys(**keys: str | None) -> dict[str, str]:
    """Those that the map has."""
    return {name: each for name, each in keys.items() if each}

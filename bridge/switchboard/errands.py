"""A moderator's errand outside the room: `*1` and the private talk with whoever is called, `*2` or `*3` back (service.md).

Theory of operation
-------------------
    ASKING ---------> CALLING --------------------> TALKING
    a dialogue asks   it rings; what the network    answered: the two hear each
    for the number    says is heard                 other in a side room
Out of each of them the way leads back: `*3` at any time, a call that comes to nothing, and in TALKING `*2` with the guest,
or the guest's hanging up. Whoever of the two is gone, the other is never left alone in the side room: the moderator returns,
the guest is thanked and hung up. The room goes on meanwhile; the moderator is still one of its people.

A call out by a console has no moderator to talk with: the guest is led into the conference when answered.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from bridge.conference import commands
from bridge.conference.events import LeaveReason, StepAside, StepBack
from bridge.conference.model import ALONE
from bridge.dialogue import requests
from bridge.dialogue.dial_out import dial_out
from bridge.dialogue.results import Confirmed
from bridge.service.dialplan import Destination, Refused, Why
from bridge.service.outcome import Outcome
from bridge.service.role import Role
from bridge.service.spending import Limit
from bridge.switchboard.calls_out import Wanted
from bridge.switchboard.legs import Leg, LegState
from media.control import Music
from prompts.phrases import Utterance, say

if TYPE_CHECKING:
    from bridge.config.settings import Config
    from bridge.service.dialplan import DialPlan
    from bridge.switchboard.calls_out import CallsOut
    from bridge.switchboard.dialogues import Dialogues
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.places import Places
    from bridge.switchboard.room import Room
    from bridge.switchboard.rooms import Rooms

RINGING: Final = Utterance("tone.ringing")
NOT_NOW: Final = Utterance("not_now")
HUNG_UP: Final = Utterance("dial_hung_up")
GUEST_WELCOME: Final = Utterance("guest_welcome")
GUEST_DISMISSED: Final = Utterance("guest_dismissed")
INVITED_LOCKED: Final = Utterance("invited_locked")

REFUSED_WORDS: Final[dict[Why, Utterance]] = {
    Why.INCOMPLETE: Utterance("dial_incomplete"),
    Why.NOT_A_NUMBER: Utterance("dial_not_a_number"),
    Why.CARRIER: Utterance("dial_carrier"),
    Why.EMERGENCY: Utterance("dial_emergency"),
    Why.PREMIUM: Utterance("dial_premium"),
    Why.NOT_ALLOWED: Utterance("dial_not_allowed"),
    Why.CLOSED: Utterance("dial_closed"),
}
OUTCOME_WORDS: Final[dict[Outcome, Utterance]] = {
    Outcome.BUSY: Utterance("dial_busy"),
    Outcome.NO_ANSWER: Utterance("dial_no_answer"),
    Outcome.DECLINED: Utterance("dial_declined"),
    Outcome.UNKNOWN_NUMBER: Utterance("dial_unknown"),
    Outcome.UNREACHABLE: Utterance("dial_unreachable"),
    Outcome.CONGESTED: Utterance("dial_congested"),
    Outcome.ERROR: Utterance("dial_failed"),
    Outcome.REFUSED: Utterance("dial_not_allowed"),
}
NIGHT: Final = Utterance("dial_night")
LIMIT: Final = Utterance("dial_limit")


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
    """All that are under way, and guests whom a console has called."""

    __slots__ = (
        "_by_guest",
        "_by_moderator",
        "_calls",
        "_config",
        "_dialogues",
        "_invited",
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
        self._invited: dict[int, Room] = {}
        """Guests of consoles who have not answered yet, and where they are to go."""

    # --- commands ---

    def dial_out(self, room: Room, moderator: Leg, now: float) -> None:
        """`*1`."""
        if moderator.number in self._by_moderator or moderator.runner is not None:
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
        destination = self._plan.address(number)
        if isinstance(destination, Refused):
            self._refused(room, destination)
            return REFUSED_WORDS[destination.why]
        called = self._call(room, destination, name or None, now, kind="api")
        if isinstance(called, Limit):
            return limit_words(called)
        self._invited[called.number] = room
        return None

    def return_with_guest(self, moderator: Leg, now: float) -> bool:
        """`*2`: False where there is nobody to return with."""
        errand = self._by_moderator.get(moderator.number)
        if errand is None or errand.stage is not Stage.TALKING or errand.guest is None:
            return False
        guest = errand.guest
        refusal = self._rooms.refusal(errand.room, Role.PARTICIPANT)
        if refusal is not None:
            self._lines.say(moderator, refusal, moderator.language)
            return True
        self._forget(errand)
        guest.user = None
        self._lines.say(guest, GUEST_WELCOME, guest.language)
        self._rooms.bring_in(guest, errand.room, Role.PARTICIPANT, now, came_by="dial-out")
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
        called = self._call(errand.room, result.token, None, now, kind="dial_out")
        if isinstance(called, Limit):
            self._go_back(errand, now, limit_words(called))
            return
        errand.guest, errand.stage = called, Stage.CALLING
        self._by_guest[called.number] = errand
        keys = self._rooms.keys_of(errand.room, commands.ReturnAlone(), Role.MODERATOR)
        self._lines.say(leg, say("dialing", **_keys(keys=keys)), leg.language)
        self._lines.command(Music(leg.number, self._lines.clips(RINGING, leg.language)[0]))

    # --- the guest's call (`legs.User`) ---

    def ringing(self, guest: Leg, now: float) -> None:
        """What the network says while it rings is for the moderator to hear."""
        errand = self._by_guest.get(guest.number)
        if errand is not None and guest.early:
            self._put_together(errand, guest, now)

    def answered(self, guest: Leg, now: float) -> None:
        """Private talk; or straight into the conference, where a console called."""
        room = self._invited.pop(guest.number, None)
        if room is not None:
            self._lead_in(room, guest, now)
            return
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
        self._invited.pop(guest.number, None)
        errand = self._by_guest.get(guest.number)
        if errand is not None:
            errand.guest = None
            self._go_back(errand, now, OUTCOME_WORDS[outcome])

    def key(self, leg: Leg, key: str, now: float) -> None:
        """A guest in a private talk has nothing to key."""

    def gone(self, guest: Leg, now: float) -> None:
        """The guest has hung up: the moderator is not left alone."""
        self._invited.pop(guest.number, None)
        errand = self._by_guest.get(guest.number)
        if errand is not None:
            errand.guest = None
            self._go_back(errand, now, HUNG_UP)

    # --- within ---

    def _call(
        self, room: Room, destination: Destination, name: str | None, now: float, *, kind: Any
    ) -> Leg | Limit:
        ring_s = self._config.dial_out.ring_s
        return self._calls.place(Wanted(destination, kind, ring_s, room.language, room, name), self, now)

    def _put_together(self, errand: Errand, guest: Leg, now: float) -> None:
        """Moderator and called side into the side room, once."""
        if errand.place != ALONE:
            return
        moderator = errand.moderator
        errand.place = self._places.new_talk()
        self._lines.command(Music(moderator.number, None))
        self._rooms.tell(errand.room, StepAside(moderator.number, errand.place), now)
        self._places.route(guest, errand.room, errand.place)

    def _lead_in(self, room: Room, guest: Leg, now: float) -> None:
        guest.user = None
        refusal = self._rooms.refusal(room, Role.PARTICIPANT)
        if refusal is not None:
            self._lines.part(guest, refusal, LeaveReason.DISCONNECTED, now)
            return
        self._lines.say(guest, GUEST_WELCOME, guest.language)
        self._rooms.bring_in(guest, room, Role.PARTICIPANT, now, came_by="dial-out")

    def _dismiss_guest(self, errand: Errand, now: float) -> None:
        guest, errand.guest = errand.guest, None
        if guest is None or guest.number not in self._lines.by_number:
            return
        self._by_guest.pop(guest.number, None)
        guest.user = None
        if guest.state is LegState.CALLED:
            self._places.route(guest, errand.room, ALONE)
            self._lines.part(guest, GUEST_DISMISSED, LeaveReason.DISCONNECTED, now)
        else:
            self._calls.cancel(guest)

    def _go_back(self, errand: Errand, now: float, words: Utterance | None = None) -> None:
        """Lead the moderator back into the room, with word of what came of it."""
        moderator = errand.moderator
        self._forget(errand)
        self._dialogues.end(moderator)
        self._lines.hush(moderator)
        self._lines.command(Music(moderator.number, None))
        if words is not None:
            self._lines.say(moderator, words, moderator.language)
        self._rooms.tell(errand.room, StepBack(moderator.number), now)

    def _forget(self, errand: Errand) -> None:
        self._by_moderator.pop(errand.moderator.number, None)
        if errand.guest is not None:
            self._by_guest.pop(errand.guest.number, None)
        for number in [number for number, each in self._by_guest.items() if each is errand]:
            del self._by_guest[number]

    def _refused(self, room: Room, refused: Refused, leg: Leg | None = None) -> None:
        """What is refused is counted and logged (G3); never the digits."""
        self._lines.figures[f"number refused:{refused.why.value}"] += 1
        self._lines.refusal(room, refused.why.value, leg)


def limit_words(limit: Limit) -> Utterance:
    """What whoever wanted the call hears."""
    return NIGHT if limit is Limit.NIGHT else LIMIT


def _keys(**keys: str | None) -> dict[str, str]:
    """Those that the map has."""
    return {name: each for name, each in keys.items() if each}

"""Those who want an operator, or are to be greeted by one: where they wait, and where they go on (`*0`, A3, O2).

in a conference   talk on; step aside for the private talk, and back
in the IVR        hear music; the dialogue goes on when an operator has been with them, or none was free
in the hall       hear music; are admitted or refused
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bridge.conference.events import StepAside, StepBack
from bridge.conference.model import ALONE
from bridge.dialogue import requests
from bridge.helpdesk.model import Kind
from bridge.switchboard.lines import HOLD_MUSIC
from prompts.phrases import Utterance, say

if TYPE_CHECKING:
    from bridge.switchboard.dialogues import Dialogues
    from bridge.switchboard.legs import Leg
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.places import Places
    from bridge.switchboard.room import Room
    from bridge.switchboard.rooms import Rooms
    from prompts.values import Clip

HELP_CALLED: Final = Utterance("help_called")
HELP_NONE_FREE: Final = Utterance("help_none_free")
OPERATOR_HERE: Final = Utterance("help_operator_here")


@dataclass(slots=True, eq=False)
class Caller:
    """Somebody who waits for an operator, or talks with one."""

    leg: Leg
    kind: Kind
    conference: str
    """Its id: which they are in, or want to enter; empty where nobody knows yet."""
    room: Room | None
    """The conference they are in; None in the IVR and the hall."""


class Waiting:
    """All of them, by leg."""

    __slots__ = ("_dialogues", "_lines", "_places", "_rooms", "by_leg")

    def __init__(self, lines: Lines, rooms: Rooms, places: Places, dialogues: Dialogues) -> None:
        self._lines = lines
        self._rooms = rooms
        self._places = places
        self._dialogues = dialogues
        self.by_leg: dict[int, Caller] = {}

    def add(self, caller: Caller) -> None:
        """Let somebody wait. Whoever is alone on the line hears music."""
        self.by_leg[caller.leg.number] = caller
        if caller.room is None:
            self._music(caller.leg, on=True)

    def take(self, leg: int) -> Caller | None:
        """Out of the table."""
        return self.by_leg.pop(leg, None)

    def clip_of(self, caller: Caller) -> Clip | None:
        """Their name as they said it (C2), or None."""
        if caller.room is None:
            return caller.leg.clip
        participant = caller.room.conference.participants.get(caller.leg.number)
        return None if participant is None else participant.clip

    def tell_position(self, caller: Caller, position: int) -> None:
        """Say how many are served before them."""
        words = [say("help_position", position=position)]
        if caller.room is not None:
            words.insert(0, HELP_CALLED)
        self._lines.say_list(caller.leg, words, caller.leg.language)

    def nobody_free(self, caller: Caller, now: float, *, stays: bool) -> None:
        """Say so; the dialogue of whoever is alone on the line says it itself."""
        if caller.room is not None:
            self._lines.say(caller.leg, HELP_NONE_FREE, caller.leg.language)
        if stays:
            return
        self.take(caller.leg.number)
        if caller.room is None:
            self._music(caller.leg, on=False)
            self._lines.hush(caller.leg)
            self._dialogues.answered(caller.leg, requests.NobodyFree(), now)

    def into_talk(self, caller: Caller, place: int, now: float) -> None:
        """Lead them into the private talk."""
        leg = caller.leg
        if caller.room is not None:
            self._rooms.tell(caller.room, StepAside(leg.number, place), now)
        else:
            self._music(leg, on=False)
            self._places.route_apart(leg, place)
        self._lines.hush(leg)
        self._lines.say(leg, OPERATOR_HERE, leg.language)

    def release(self, caller: Caller, now: float, *, admit: bool, words: Utterance | None = None) -> None:
        """Lead them back to where they were; from the hall into the conference, or not."""
        leg = caller.leg
        if leg.number not in self._lines.by_number:
            return
        self._lines.hush(leg)
        if caller.room is not None:
            if words is not None:
                self._lines.say(leg, words, leg.language)
            self._rooms.tell(caller.room, StepBack(leg.number), now)
            return
        self._music(leg, on=False)
        self._places.route_apart(leg, ALONE)
        reply: requests.Reply = requests.OperatorEnded()
        if caller.kind is Kind.GREETING:
            reply = requests.HallAdmitted() if admit else requests.HallRefused()
        self._dialogues.answered(leg, reply, now)

    def _music(self, leg: Leg, *, on: bool) -> None:
        self._lines.music(leg, HOLD_MUSIC if on else None)

"""Operators in conferences: listening to one, talking with its people, speaking to one of them alone (O4).

A lock keeps all of it out: nobody comes in, and who listens is led out by the conference itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.conference.commands import Actor, MuteSelf
from bridge.conference.events import Given, Listen
from bridge.conference.model import MAIN
from bridge.conference.words import CONFERENCE_ENDED
from bridge.service.role import Role
from bridge.switchboard.legs import LegState
from bridge.switchboard.taking_out import take_out
from bridge.switchboard.telephones import Task
from media.control import Mute, Whisper
from prompts.phrases import Utterance

if TYPE_CHECKING:
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.rooms import Rooms
    from bridge.switchboard.telephones import Telephone

MONITOR_BEGAN: Final = Utterance("monitor_began")


class Listening:
    """What telephones with the task MONITOR or VISIT do."""

    __slots__ = ("_lines", "_rooms")

    def __init__(self, lines: Lines, rooms: Rooms) -> None:
        self._lines = lines
        self._rooms = rooms

    def arrive(self, telephone: Telephone, now: float) -> Utterance | None:
        """Into the conference, as the task says: None, or why not."""
        room, leg = telephone.room, telephone.leg
        if room is None or self._rooms.by_id.get(telephone.conference) is not room:
            return CONFERENCE_ENDED
        refusal = self._rooms.refusal(room, Role.OPERATOR)
        if refusal is not None:
            return refusal
        if telephone.task is Task.VISIT:
            self._rooms.bring_in(leg, room, Role.OPERATOR, now, came_by="operator")
        else:
            self._lines.say(leg, MONITOR_BEGAN, leg.language)
            self._rooms.tell(room, Listen(leg.number, on=True, announced=telephone.announced), now)
        return None

    def leave(self, telephone: Telephone, now: float) -> None:
        """Out of it again, and still on the telephone."""
        room, leg = telephone.room, telephone.leg
        telephone.room = None
        if room is None or not telephone.accepted:
            return
        if telephone.task is Task.MONITOR:
            self.end_whisper(telephone)
            self._rooms.tell(room, Listen(leg.number, on=False, announced=False), now)
        else:
            take_out(self._lines, self._rooms, leg, now)
            leg.state = LegState.CALLED
            self.end_whisper(telephone)
        leg.language = telephone.language

    def whisper(self, telephone: Telephone, leg: int) -> bool:
        """Be heard by one alone; 0: as before. False where that one does not hear what the operator hears."""
        room = telephone.room
        if room is None or not telephone.accepted:
            return False
        if not leg:
            self.end_whisper(telephone)
            return True
        conference = room.conference
        here = MAIN if telephone.task is Task.MONITOR else conference.place(telephone.leg.number)
        if not conference.in_room(leg) or conference.place(leg) != here or leg == telephone.leg.number:
            return False
        self._lines.command(Whisper(telephone.leg.number, leg))
        if telephone.task is Task.MONITOR and not telephone.whispers_to:
            # Muted but to the one they whisper to: unmuted last here, and muted first below.
            self._lines.command(Mute(telephone.leg.number, muted=False))
        telephone.whispers_to = leg
        return True

    def lost_ear(self, telephone: Telephone, now: float) -> None:
        """Whom they whispered to has left. What was for those ears is not for all now: a visitor is muted, and hears so."""
        number, room = telephone.leg.number, telephone.room
        if telephone.task is Task.VISIT and room is not None:
            self._rooms.tell(room, Given(MuteSelf(on=True), Actor(Role.OPERATOR, number)), now)
        self.end_whisper(telephone)

    def end_whisper(self, telephone: Telephone) -> None:
        """Be heard as before."""
        if not telephone.whispers_to:
            return
        telephone.whispers_to = 0
        if telephone.leg.number not in self._lines.by_number:
            return
        if telephone.task is Task.MONITOR:
            self._lines.command(Mute(telephone.leg.number, muted=True))
        self._lines.command(Whisper(telephone.leg.number, 0))

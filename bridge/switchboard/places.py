"""Where people's audio goes: the media plane's rooms behind conferences, sub-conferences and private talks.

A place is what a conference calls it (`conference.model.Participant.place`): MAIN, a sub-conference from 1 to
`LARGEST_GROUP`, a private talk above, or ALONE. The media plane knows one number for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.conference.model import ALONE, LARGEST_GROUP, MAIN
from media.control import NO_ROOM, Route

if TYPE_CHECKING:
    from bridge.switchboard.legs import Leg
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.room import Room


class Places:
    """Gives out the numbers; none is used twice."""

    __slots__ = ("_lines", "_number")

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._number = NO_ROOM

    def new_room(self) -> int:
        """Find the media plane's number for a new room."""
        self._number += 1
        return self._number

    def new_talk(self) -> int:
        """Find the place of a new private talk."""
        return LARGEST_GROUP + self.new_room()

    def route(self, leg: Leg, room: Room, place: int) -> None:
        """Move the leg's audio to a place of a conference, unless it is there."""
        if place == MAIN:
            self._route(leg, room.number)
        elif place in range(1, LARGEST_GROUP + 1):
            if place not in room.groups:
                room.groups[place] = self.new_room()
            self._route(leg, room.groups[place])
        else:
            self.route_apart(leg, place)

    def route_apart(self, leg: Leg, place: int) -> None:
        """Move the leg's audio to a place of no conference: alone, or into a private talk."""
        self._route(leg, NO_ROOM if place == ALONE else place - LARGEST_GROUP)

    def _route(self, leg: Leg, number: int) -> None:
        if leg.routed_to != number:
            leg.routed_to = number
            self._lines.command(Route(leg.number, number))

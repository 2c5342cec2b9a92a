"""Where people's audio goes: one number of the media plane for each place, and no route that changes nothing."""

from __future__ import annotations

from bridge.conference.model import ALONE, LARGEST_GROUP, MAIN, Conference
from bridge.service.settings import Settings
from bridge.switchboard.legs import Leg
from bridge.switchboard.lines import Lines, TimerName
from bridge.switchboard.places import Places
from bridge.switchboard.room import Room
from bridge.switchboard.timers import Timers
from media.control import NO_ROOM, Route
from tests.support.builders import ReadableVoice, a_leg


def plane() -> tuple[Lines, Places, Room, Leg]:
    lines = Lines(ReadableVoice(), Timers[TimerName]())
    places = Places(lines)
    room = Room(7, places.new_room(), Conference(Settings()))
    return lines, places, room, a_leg(1)


def routed(lines: Lines) -> list[Route]:
    routes = [each.command for each in lines.effects]  # type: ignore[union-attr]  # nothing else is wanted here
    lines.effects.clear()
    return routes


def test_a_place_of_a_conference_a_part_of_it_a_private_talk_and_nowhere() -> None:
    lines, places, room, leg = plane()
    talk = places.new_talk()
    assert talk > LARGEST_GROUP
    for place, number in ((MAIN, 1), (talk, 2), (3, 3), (4, 4), (3, 3), (ALONE, NO_ROOM), (MAIN, 1)):
        places.route(leg, room, place)
        assert routed(lines) == [Route(1, number)]
        assert leg.routed_to == number
    assert room.groups == {3: 3, 4: 4}


def test_who_is_there_already_is_not_moved() -> None:
    lines, places, room, leg = plane()
    places.route(leg, room, ALONE)
    assert routed(lines) == []
    places.route(leg, room, MAIN)
    places.route(leg, room, MAIN)
    assert len(routed(lines)) == 1


def test_rooms_groups_and_talks_never_share_a_number() -> None:
    _, places, room, leg = plane()
    other = Room(8, places.new_room(), Conference(Settings()))
    numbers = {
        room.number,
        other.number,
        places.new_talk() - LARGEST_GROUP,
        places.new_talk() - LARGEST_GROUP,
    }
    for each in (room, other):
        for group in range(1, LARGEST_GROUP + 1):
            places.route(leg, each, group)
            numbers.add(leg.routed_to)
    assert len(numbers) == 4 + 2 * LARGEST_GROUP
    assert NO_ROOM not in numbers

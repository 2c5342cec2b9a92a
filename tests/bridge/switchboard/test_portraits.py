"""Rooms as others may see them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.conference import commands
from bridge.conference.commands import Actor
from bridge.conference.events import End, Given, Join, Leave, LeaveReason, LineTroubled, StepAside
from bridge.conference.model import ALONE, Conference
from bridge.conference.reducer import reduce
from bridge.conference.trouble import Trouble
from bridge.roster.model import Audio, CameBy, LeftBy, Part, Roster, Standing
from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.service.settings import Settings
from bridge.switchboard.portraits import ANONYMOUS, SHOWN_MAX, entity_of, leg_of, portrait
from bridge.switchboard.room import Room
from tests.support.builders import a_leg


def room(*events: Any, **settings: Any) -> Room:
    conference = Conference(Settings(**settings))
    for event in (Join(1, Role.MODERATOR, "Ana"), *events):
        conference, _ = reduce(conference, event, 60.0)
    made = Room("sales", 1, conference)
    made.conference_id = "c-1"
    return made


def drawn(made: Room, *private: int) -> Roster:
    legs = {number: a_leg(number) for number in made.conference.participants}
    for number in private:
        legs[number].private = True
    return portrait(made, legs, lambda now: datetime.fromtimestamp(now, UTC), ())


def test_people_are_shown_by_name_or_by_as_much_of_their_number_as_they_know_their_own_by() -> None:
    seen = drawn(
        room(Join(2, Role.PARTICIPANT, caller="+551133334444"), Join(3, Role.PARTICIPANT, caller="bob"))
    )
    assert [user.display for user in seen.users] == ["Ana", "+5511****4444", "****"]
    assert [user.part for user in seen.users] == [Part.MODERATOR, Part.PARTICIPANT, Part.PARTICIPANT]
    assert (seen.conference, seen.subject, seen.user_count) == ("c-1", "sales", 3)
    assert seen.users[0].joined_at == datetime.fromtimestamp(60, UTC)
    assert "3333" not in repr(seen)


def test_who_asked_for_privacy_is_a_voice_among_others() -> None:
    seen = drawn(room(Join(2, Role.PARTICIPANT, "Bob", caller="+551133334444")), 2)
    assert seen.users[1].display == ANONYMOUS
    assert "Bob" not in repr(seen)
    assert "4444" not in repr(seen)


@pytest.mark.parametrize(
    ("events", "standing", "audio"),
    [
        ((), Standing.CONNECTED, Audio.BOTH_WAYS),
        ((Given(commands.MuteSelf(on=True), Actor(Role.PARTICIPANT, 2)),), Standing.MUTED, Audio.LISTENS),
        ((Given(commands.Lecture(on=True), Actor(Role.OPERATOR)),), Standing.MUTED, Audio.LISTENS),
        ((StepAside(2, ALONE),), Standing.ON_HOLD, Audio.NONE),
        ((StepAside(2, 12),), Standing.ON_HOLD, Audio.NONE),
    ],
)
def test_how_somebody_is_in(events: tuple[Any, ...], standing: Standing, audio: Audio) -> None:
    user = drawn(room(Join(2, Role.PARTICIPANT), *events)).users[1]
    assert (user.standing, user.audio, user.left_by) == (standing, audio, None)


def test_who_waits_for_the_moderator_is_on_hold_and_nothing_goes_on_yet() -> None:
    made = room(Leave(1), Join(2, Role.PARTICIPANT), begins_with_moderator=True)
    seen = drawn(made)
    assert [user.standing for user in seen.users] == [Standing.ON_HOLD]
    assert not seen.active
    locked = room(Given(commands.Lock(on=True), Actor(Role.OPERATOR)), level=Level.HIGHLY_SECURE)
    assert drawn(locked).locked


def test_who_has_been_told_to_go_is_going() -> None:
    seen = drawn(room(Join(2, Role.PARTICIPANT), Given(commands.Disconnect(2), Actor(Role.OPERATOR))))
    assert (seen.users[1].standing, seen.users[1].left_by) == (Standing.DISCONNECTED, LeftBy.BOOTED)
    assert seen.user_count == 1
    ended = drawn(room(Join(2, Role.PARTICIPANT), End("ana", LeaveReason.HUNG_UP)))
    assert {user.left_by for user in ended.users} == {LeftBy.DEPARTED}


def test_operators_are_not_seen_and_the_called_are_seen_as_such() -> None:
    seen = drawn(room(Join(2, Role.OPERATOR, "Eva"), Join(3, Role.PARTICIPANT, "Rui", came_by="dial-out")))
    assert [user.display for user in seen.users] == ["Ana", "Rui"]
    assert [user.came_by for user in seen.users] == [CameBy.DIALED_IN, CameBy.DIALED_OUT]
    assert seen.user_count == 2


def test_a_line_that_disturbs_is_seen_by_all() -> None:
    seen = drawn(room(Join(2, Role.PARTICIPANT), LineTroubled(2, Trouble.ECHO)))
    assert [user.trouble for user in seen.users] == ["", "echo"]


def test_of_a_crowd_the_first_are_shown_and_all_are_counted() -> None:
    seen = drawn(room(*[Join(leg, Role.PARTICIPANT) for leg in range(2, SHOWN_MAX + 21)]))
    assert (len(seen.users), seen.user_count) == (SHOWN_MAX, SHOWN_MAX + 20)


@pytest.mark.parametrize("user", ["", "leg-", "leg-x", "12", "leg-1234567890", "leg-²"])
def test_what_is_no_name_of_ours_names_no_leg(user: str) -> None:
    assert leg_of(user) is None


def test_a_leg_is_found_by_its_name() -> None:
    assert entity_of(12) == "sip:leg-12@conference.invalid"
    assert leg_of("leg-12") == 12

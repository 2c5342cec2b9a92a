"""The lock, and those who listen (`*7`, O4)."""

import pytest

from bridge.conference import commands
from bridge.conference.attendance import admit
from bridge.conference.commands import Outcome
from bridge.conference.effects import Enter, Say, SayRoom, SetMute, Withdraw
from bridge.conference.events import Join, Leave, Listen, StepAside
from bridge.conference.model import Refusal, Refused
from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.service.settings import Settings
from prompts.phrases import say
from tests.bridge.conference.room import Room

PHONE = 77
"""An operator's."""


def meeting(level: Level = Level.HIGHLY_SECURE) -> Room:
    room = Room(Settings(level=level))
    room.moderator(1)
    room.participant(2)
    return room


def test_o4_whoever_listens_is_muted_before_they_hear_anything_and_nobody_is_told_unless_it_is_set():
    room = meeting()
    assert room(Listen(PHONE, on=True, announced=False)) == [SetMute(PHONE, muted=True), Enter(PHONE)]
    assert PHONE not in room.conference.participants
    assert room(Listen(PHONE, on=True, announced=False)) == [], "once is enough"


def test_o4_the_room_is_told_where_it_is_set():
    room = meeting()
    assert SayRoom(say("monitor_announced")) in room(Listen(PHONE, on=True, announced=True))


def test_o4_whoever_stops_listening_leaves_as_they_came():
    room = meeting()
    room(Listen(PHONE, on=True, announced=False))
    assert room(Listen(PHONE, on=False, announced=False)) == [Withdraw(PHONE), SetMute(PHONE, muted=False)]
    assert room(Listen(PHONE, on=False, announced=False)) == []


def test_o4_a_listening_phone_that_hangs_up_is_forgotten_and_recorded_nowhere():
    room = meeting()
    room(Listen(PHONE, on=True, announced=False))
    assert room(Leave(PHONE)) == [Withdraw(PHONE), SetMute(PHONE, muted=False)]
    assert room.conference.monitors == frozenset()


def test_o4_whoever_listened_may_come_in_to_talk():
    room = meeting()
    room(Listen(PHONE, on=True, announced=False))
    effects = room(Join(PHONE, Role.OPERATOR))
    assert (
        effects.index(Withdraw(PHONE))
        < effects.index(SetMute(PHONE, muted=False))
        < effects.index(Enter(PHONE))
    )
    assert room.conference.monitors == frozenset()
    assert room(Listen(PHONE, on=True, announced=True)) == [], "who is in hears already"


def test_star_7_leads_out_whoever_listens_and_tells_them():
    room = meeting()
    room(Listen(PHONE, on=True, announced=False))
    room(Listen(78, on=True, announced=False))
    room.keys(1, "*7")
    assert room.withdrawn() == [77, 78]
    assert room.said(77) == room.said(78) == ["monitor_locked"]
    assert room.conference.monitors == frozenset()


def test_nobody_begins_to_listen_once_it_is_locked_even_if_it_was_allowed_a_moment_before():
    room = meeting()
    assert room.console(commands.Monitor()) is None
    room.keys(1, "*7")
    assert room(Listen(PHONE, on=True, announced=False)) == [Say(PHONE, say("monitor_locked"))]


@pytest.mark.parametrize("command", [commands.Monitor(), commands.Visit(), commands.Whisper(2)])
def test_a_lock_keeps_operators_ears_and_voices_out(command):
    room = meeting()
    room.keys(1, "*7")
    assert room.console(command) == Outcome(False, "conference_locked")
    assert admit(room.conference, Role.OPERATOR) == Refused(Refusal.LOCKED)
    room.keys(1, "*7")
    assert room.console(command) is None


@pytest.mark.parametrize(
    "command", [commands.Monitor(on=False), commands.Visit(on=False), commands.Whisper()]
)
def test_a_lock_keeps_nobody_from_ending_what_they_began(command):
    room = meeting()
    room.keys(1, "*7")
    assert room.console(command) is None


def test_an_operator_who_visits_a_locked_room_may_not_whisper_there():
    room = meeting()
    room(Join(9, Role.OPERATOR))
    room.keys(1, "*7")
    room.command(9, commands.Whisper(2))
    assert room.said(9) == ["conference_locked"]


def test_what_an_operator_does_without_hearing_anything_a_lock_allows():
    room = meeting()
    room.keys(1, "*7")
    assert room.console(commands.MuteOne(2)) == Outcome(True, "muted")
    assert room.console(commands.Disconnect(2)) == Outcome(True, "removed")
    assert room.console(commands.SetGain(2, 3.0)).text != "conference_locked"


def test_nobody_is_called_into_a_locked_room_who_would_be_turned_away_at_its_door():
    room = meeting()
    room.keys(1, "*7")
    for command in (commands.Blast(), commands.DialOut("+551133334444")):
        assert room.console(command) == Outcome(False, "invited_locked")
    room.keys(1, "*1")
    assert room.performed() == [commands.DialOut()], "a private talk disturbs no lock"


def test_where_the_level_has_no_lock_operators_have_none_either():
    room = meeting(Level.MODERATE)
    assert room.console(commands.Lock()) == Outcome(False, "lock_not_allowed")
    assert not room.conference.locked


def test_lock_and_unlock_can_be_said_outright():
    room = meeting()
    for on, answer in ((True, "locked"), (True, "locked"), (False, "unlocked"), (False, "unlocked")):
        room.command(1, commands.Lock(on=on))
        assert room.said(1) == [answer]
        assert room.conference.locked == on


def test_what_a_moderator_locked_no_operator_opens():
    """Else an operator could open the door, listen, and close it again."""
    room = meeting()
    room(Join(9, Role.OPERATOR))
    room.keys(1, "*7")
    assert room.console(commands.Lock(on=False)) == Outcome(False, "conference_locked")
    room.command(9, commands.Lock())
    assert room.said(9) == ["conference_locked"]
    assert room.console(commands.Lock(on=True)) == Outcome(True, "locked")
    assert room.console(commands.Lock(on=False)) == Outcome(False, "conference_locked"), (
        "it is still the moderator's"
    )
    assert room.conference.locked
    assert room.console(commands.Lock(on=False), Role.MODERATOR) == Outcome(True, "unlocked")


def test_nobody_of_the_house_unlocks_without_the_room_hearing_it():
    unlocked = SayRoom(say("unlocked"))
    room = meeting()
    room(Join(9, Role.OPERATOR))
    room.console(commands.Lock(on=True))
    assert room.console(commands.Lock(on=False)) == Outcome(True, "unlocked")
    assert unlocked in room.effects
    room.console(commands.Lock(on=True))
    room.command(9, commands.Lock())
    assert room.effects.count(unlocked) == 1, "the operator, who is in, hears it with the others"
    assert room.said(9) == []
    room.keys(1, "*7")
    room.keys(1, "*7")
    assert unlocked not in room.effects, "a moderator's own keys answer the moderator alone"


def test_there_is_nothing_to_listen_to_where_nobody_is():
    room = Room()
    assert room(Listen(PHONE, on=True, announced=True)) == [Say(PHONE, say("not_now"))]


def test_whoever_listens_is_led_out_when_it_ends_and_when_the_last_one_leaves():
    room = meeting()
    room(Listen(PHONE, on=True, announced=False))
    room.console(commands.EndConference())
    assert PHONE in room.withdrawn()
    room = meeting()
    room(Listen(PHONE, on=True, announced=False))
    room.leave(2)
    room.leave(1)
    assert PHONE in room.withdrawn()
    assert room.conference == meeting_never_held()


def meeting_never_held():
    return Room(Settings(level=Level.HIGHLY_SECURE)).conference


def test_whoever_listens_hears_no_private_talk_and_is_in_nobodys_count():
    room = meeting()
    room(Listen(PHONE, on=True, announced=False))
    effects = room(StepAside(1, 10))
    assert [e for e in effects if isinstance(e, Enter)] == [Enter(1, 10)]
    room.command(2, commands.Headcount())
    assert Say(2, say("participants_count", count=2)) in room.effects

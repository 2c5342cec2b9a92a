"""One telephone in the place of another (RFC 3891): the same person to everybody."""

from bridge.conference import commands
from bridge.conference.effects import (
    Enter,
    Music,
    RecordJoin,
    RecordLeave,
    SayRoom,
    SetAutoGain,
    SetGain,
    SetMute,
    ToneRoom,
    Withdraw,
)
from bridge.conference.events import End, Replaced, StepAside
from bridge.conference.model import ALONE
from bridge.service.role import Role
from bridge.service.settings import MuteMode, Settings
from tests.bridge.conference.room import Room


def meeting(**settings: object) -> Room:
    room = Room(Settings(**settings))
    room.moderator(1)
    for leg in (2, 3):
        room.participant(leg, name=f"Person {leg}", caller=f"+5511{leg}")
    return room


def test_the_new_telephone_is_led_in_and_the_old_one_out_and_nobody_hears_of_it():
    room = meeting()
    before = room.conference.participants[2]
    effects = room(Replaced(2, 12))
    assert [e for e in effects if isinstance(e, Enter | Withdraw)] == [Withdraw(2), Enter(12)]
    assert not any(isinstance(e, RecordJoin | RecordLeave | SayRoom | ToneRoom) for e in effects)
    after = room.conference.participants
    assert list(after) == [1, 12, 3]
    assert (after[12].name, after[12].caller, after[12].joined_at) == (
        before.name,
        before.caller,
        before.joined_at,
    )
    assert room.leave(2) == []


def test_a_moderator_is_one_still_and_the_conference_goes_on():
    room = meeting()
    room(Replaced(1, 11))
    assert room.conference.participants[11].role is Role.MODERATOR
    assert room.conference.moderators == 1


def test_what_was_done_to_the_line_is_done_to_the_new_one():
    room = meeting()
    room.console(commands.MuteOne(2), Role.OPERATOR)
    room.console(commands.SetGain(2, 6.0), Role.OPERATOR)
    room.console(commands.LevelVoices(on=True), Role.OPERATOR)
    effects = room(Replaced(2, 12))
    assert effects[:5] == [
        Withdraw(2), SetMute(12, muted=True), SetGain(12, 6.0), SetAutoGain(12, on=True), Enter(12),
    ]  # fmt: skip


def test_hand_and_floor_go_with_the_person():
    room = meeting()
    room.console(commands.SetMode(MuteMode.QUESTIONS), Role.OPERATOR)
    for leg in (2, 3):
        room.command(leg, commands.RaiseHand(on=True))
    room(Replaced(3, 13))
    assert room.conference.hands == (2, 13)
    room.console(commands.NextQuestion(), Role.OPERATOR)
    effects = room(Replaced(2, 12))
    assert room.conference.asking == 12
    assert SetMute(12, muted=True) not in effects


def test_who_waits_with_music_goes_on_so():
    room = Room(Settings(begins_with_moderator=True, music_until_moderator=True))
    room.participant(2)
    assert [e for e in room(Replaced(2, 12)) if isinstance(e, Music | Enter)] == [Music(12, on=True)]


def test_in_a_group_it_is_the_group():
    room = meeting()
    room.console(commands.Split((2,), 4), Role.OPERATOR)
    assert Enter(12, 4) in room(Replaced(2, 12))


def test_not_while_aside_nor_on_the_way_out_nor_twice():
    room = meeting()
    room(StepAside(2, ALONE))
    assert room(Replaced(2, 12)) == []
    assert room(Replaced(3, 1)) == [], "that one is in"
    room(End("somebody"))
    assert room(Replaced(3, 13)) == []

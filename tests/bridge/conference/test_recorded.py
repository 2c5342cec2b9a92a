"""Recording (C6): who may, when, who is told, and that it never outlasts the talk."""

from __future__ import annotations

import pytest

from bridge.conference import commands
from bridge.conference.effects import SayRoom, SetRecording
from bridge.conference.events import RecordingStopped
from bridge.conference.keymap import DEFAULT_KEYMAP
from bridge.conference.model import House
from bridge.conference.tape import Tape
from bridge.service.role import Role
from bridge.service.settings import Settings
from tests.bridge.conference.room import Room

ALLOWED = Settings(recording_allowed=True)


def meeting(settings: Settings = ALLOWED, *, announce: bool = True, records: bool = True) -> Room:
    """A moderator (1) and a participant (2), talking."""
    house = House(records=records, announce_recording=announce)
    room = Room(settings, house=house, keymap=DEFAULT_KEYMAP)
    room.moderator(1)
    room.participant(2)
    return room


def tapes(room: Room) -> list[Tape]:
    return [effect.tape for effect in room.effects if isinstance(effect, SetRecording)]


def test_star_90_begins_and_ends_it_and_everybody_is_told_on_the_recording_itself_c6() -> None:
    room = meeting()
    room.keys(1, "*90")
    kinds = [type(effect) for effect in room.effects]
    assert tapes(room) == [Tape.RUNNING]
    assert kinds.index(SetRecording) < kinds.index(SayRoom)
    assert room.announced() == ["recording_started"]
    assert room.acts() == [("record_conference", "on")]
    room.keys(1, "*90")
    assert tapes(room) == [Tape.OFF]
    assert room.announced() == ["recording_ended"]


def test_whoever_comes_in_hears_that_it_is_recorded_but_not_while_it_is_paused() -> None:
    room = meeting()
    room.keys(1, "*90")
    room.participant(3)
    assert "being_recorded" in room.said(3)
    room.console(commands.PauseRecording())
    assert tapes(room) == [Tape.PAUSED]
    assert room.announced() == ["recording_paused"]
    room.participant(4)
    assert "being_recorded" not in room.said(4)
    room.console(commands.PauseRecording())
    assert tapes(room) == [Tape.RUNNING]
    assert room.announced() == ["recording_resumed"]


def test_participants_may_not() -> None:
    room = meeting()
    room.keys(2, "*90")
    assert room.said(2) == ["command_forbidden"]
    assert tapes(room) == []


@pytest.mark.parametrize(("settings", "records"), [(Settings(), True), (ALLOWED, False), (Settings(), False)])
def test_nobody_records_what_is_not_allowed_by_pair_and_house(settings: Settings, records: bool) -> None:
    room = meeting(settings, records=records)
    room.keys(1, "*90")
    assert room.said(1) == ["recording_not_allowed"]
    outcome = room.console(commands.RecordConference(on=True), Role.OPERATOR)
    assert outcome == commands.Outcome(done=False, text="recording_not_allowed")
    assert tapes(room) == []
    room.keys(1, "*#")
    assert "help_record" not in room.said(1)


def test_who_can_record_is_told_the_keys() -> None:
    room = meeting()
    room.keys(1, "*#")
    assert "help_record" in room.said(1)


def test_the_waiting_time_is_never_recorded() -> None:
    room = Room(ALLOWED, house=House(records=True), keymap=DEFAULT_KEYMAP)
    room.participant(2)
    outcome = room.console(commands.RecordConference(on=True))
    assert outcome == commands.Outcome(done=False, text="not_now")
    assert tapes(room) == []


def test_what_is_asked_for_twice_is_done_once() -> None:
    room = meeting()
    for _ in range(2):
        outcome = room.console(commands.RecordConference(on=True))
        assert outcome == commands.Outcome(done=True, text="recording_started")
    assert tapes(room) == []
    room.console(commands.PauseRecording(on=False))
    assert tapes(room) == []
    room.console(commands.RecordConference(on=False))
    assert tapes(room) == [Tape.OFF]
    assert room.console(commands.PauseRecording()) == commands.Outcome(done=False, text="not_now")


def test_it_ends_with_the_conference() -> None:
    room = meeting()
    room.keys(1, "*90")
    room.console(commands.EndConference())
    assert tapes(room) == [Tape.OFF]
    room.leave(1)
    room.leave(2)
    assert tapes(room) == []


def test_it_ends_when_everybody_has_left_and_the_next_conference_begins_without() -> None:
    room = meeting(Settings(recording_allowed=True, begins_with_moderator=False))
    room.keys(1, "*90")
    room.leave(1)
    room.wait(3_600)
    room.leave(2)
    assert room.conference.tape is Tape.OFF
    room.moderator(5)
    assert "being_recorded" not in room.said(5)


def test_a_full_disk_ends_the_recording_not_the_conference_and_those_in_charge_hear_it() -> None:
    room = meeting()
    room.keys(1, "*90")
    room(RecordingStopped("disk_full", failed=True))
    assert room.announced() == ["recording_ended"]
    assert room.said(1) == ["recording_failed"]
    assert room.said(2) == []
    assert tapes(room) == [], "it has ended already"
    assert room.conference.tape is Tape.OFF
    room(RecordingStopped("disk_full", failed=True))
    assert room.effects == []


def test_one_that_was_as_long_as_it_may_be_is_no_failure() -> None:
    room = meeting()
    room.keys(1, "*90")
    room(RecordingStopped("longest", failed=False))
    assert room.announced() == ["recording_ended"]
    assert room.said(1) == []


def test_a_house_that_does_not_announce_answers_only_who_asked() -> None:
    room = meeting(announce=False)
    room.keys(1, "*90")
    assert room.announced() == []
    assert room.said(1) == ["recording_started"]
    room.participant(3)
    assert "being_recorded" not in room.said(3)

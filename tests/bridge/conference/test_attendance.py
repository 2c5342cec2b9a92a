"""Who comes in and who goes: C1, C6, lock."""

import pytest

from bridge.conference.attendance import admit
from bridge.conference.commands import Disconnect, Outcome
from bridge.conference.effects import (
    ConferenceBegan,
    ConferenceEnded,
    ConferenceOpened,
    Enter,
    RecordJoin,
    RecordLeave,
    Say,
    SetMute,
    TurnAway,
)
from bridge.conference.events import End, Join, Leave, LeaveReason
from bridge.conference.model import Admitted, Phase, Refusal, Refused
from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.service.settings import LastModerator, Settings
from prompts.phrases import Utterance
from prompts.values import Clip
from tests.bridge.conference.room import Room

LOCKABLE = Settings(level=Level.HIGHLY_SECURE)


def test_c1_a_tone_tells_of_an_entry_and_another_of_an_exit():
    room = Room()
    room.moderator(1)
    room.now += 10
    room.participant(2)
    assert room.tones() == ["entry"]
    room.now += 10
    room.leave(2)
    assert room.tones() == ["exit"]


def test_c1_without_tones_nobody_hears_who_comes_and_goes():
    room = Room(Settings(entry_exit_tones=False))
    room.moderator(1)
    room.participant(2)
    assert room.tones() == []
    room.leave(2)
    assert room.tones() == []


def test_c1_people_who_come_in_the_same_second_are_one_tone():
    room = Room()
    room.moderator(1)
    tones = []
    for leg in range(2, 12):
        room.participant(leg)
        tones += room.tones()
        room.now += 0.09
    assert tones == ["entry"]
    room.now += 1
    room.participant(99)
    assert room.tones() == ["entry"]


def test_c1_an_exit_right_after_an_entry_is_still_heard():
    room = Room()
    room.moderator(1)
    room.participant(2)
    room.leave(2)
    assert room.tones() == ["exit"]


def test_r2_a_join_is_recorded_once_and_before_the_leg_is_routed():
    room = Room()
    room.moderator(1)
    effects = room.participant(2, name="Ana")
    assert effects[0] == RecordJoin(2, Role.PARTICIPANT, "Ana", room.now)
    assert effects[1] == Enter(2)
    assert room.participant(2) == []


def test_r2_a_conference_opens_begins_and_ends_once():
    room = Room()
    seen = room.participant(1) + room.moderator(2) + room.leave(2) + room.leave(1, LeaveReason.LOST)
    milestones = [e for e in seen if isinstance(e, ConferenceOpened | ConferenceBegan | ConferenceEnded)]
    assert milestones == [
        ConferenceOpened(room.now),
        ConferenceBegan(room.now),
        ConferenceEnded(room.now, LeaveReason.LOST),
    ]


def test_a_leave_of_somebody_who_is_not_in_changes_nothing():
    room = Room()
    room.moderator(1)
    before = room.conference
    assert room.leave(7) == []
    assert room.conference == before


def test_c6_the_last_place_is_kept_for_the_moderator():
    room = Room(Settings(maximum_participants=3))
    room.participant(1)
    room.participant(2)
    assert admit(room.conference, Role.PARTICIPANT) == Refused(Refusal.FULL)
    assert admit(room.conference, Role.MODERATOR) == Admitted(waits=False)
    room.moderator(3)
    assert admit(room.conference, Role.PARTICIPANT) == Refused(Refusal.FULL)
    assert admit(room.conference, Role.MODERATOR) == Refused(Refusal.FULL)
    room.leave(2)
    assert admit(room.conference, Role.PARTICIPANT) == Admitted(waits=False)


def test_c6_a_room_that_needs_no_moderator_keeps_no_place():
    room = Room(Settings.for_open_room(maximum_participants=2))
    room.participant(1)
    assert admit(room.conference, Role.PARTICIPANT) == Admitted(waits=False)
    room.participant(2)
    assert admit(room.conference, Role.PARTICIPANT) == Refused(Refusal.FULL)


def test_c6_whoever_comes_too_late_is_turned_away_with_a_word_and_never_recorded():
    room = Room(Settings(maximum_participants=2))
    room.moderator(1)
    room.participant(2)
    effects = room.participant(3)
    assert TurnAway(3, Utterance("conference_full")) in effects
    assert not any(isinstance(e, RecordJoin | Enter) for e in effects)
    assert 3 not in room.conference.participants
    assert room.leave(3) == []


@pytest.mark.parametrize("role", Role)
def test_a_locked_conference_lets_nobody_in(role):
    room = Room(LOCKABLE)
    room.moderator(1)
    room.keys(1, "*7")
    assert admit(room.conference, role) == Refused(Refusal.LOCKED)
    room.keys(1, "*7")
    assert admit(room.conference, role) == Admitted(waits=False)


def test_whoever_calls_a_locked_room_is_told_so():
    room = Room(LOCKABLE)
    room.moderator(1)
    room.keys(1, "*7")
    assert TurnAway(2, Utterance("conference_locked")) in room.participant(2)


def test_c5_a_moderator_whose_line_dropped_returns_to_a_room_locked_by_nobody_else():
    room = Room(LOCKABLE)
    room.moderator(1)
    room.participant(2)
    room.keys(1, "*7")
    room.leave(1, LeaveReason.LOST)
    assert admit(room.conference, Role.PARTICIPANT) == Refused(Refusal.LOCKED)
    assert admit(room.conference, Role.MODERATOR) == Admitted(waits=False)
    room.moderator(3)
    assert room.phase is Phase.RUNNING
    assert room.conference.locked
    assert admit(room.conference, Role.MODERATOR) == Refused(Refusal.LOCKED)


def test_lock_and_lecture_fall_away_with_the_last_call():
    room = Room(LOCKABLE)
    room.moderator(1)
    room.keys(1, "*7")
    room.keys(1, "*5")
    room.leave(1)
    assert room.conference == Room(LOCKABLE).conference
    assert admit(room.conference, Role.PARTICIPANT) == Admitted(waits=True)


def test_who_waits_and_who_begins_is_known_before_joining():
    room = Room()
    assert admit(room.conference, Role.PARTICIPANT) == Admitted(waits=True)
    assert admit(room.conference, Role.MODERATOR) == Admitted(waits=False)
    room.moderator(1)
    assert admit(room.conference, Role.PARTICIPANT) == Admitted(waits=False)


def test_nobody_joins_a_conference_that_is_being_ended():
    room = Room()
    room.moderator(1)
    room(End("operator"))
    assert admit(room.conference, Role.MODERATOR) == Refused(Refusal.ENDED)
    room(Leave(1))
    assert admit(room.conference, Role.MODERATOR) == Admitted(waits=False)


def test_c6_participants_come_in_muted_where_set_and_are_told_how_to_speak():
    room = Room(Settings(mute_on_entry=True))
    room.moderator(1)
    assert room.mutes() == []
    effects = room.participant(2)
    assert room.mutes() == [(2, True)]
    assert Say(2, Utterance("muted_on_entry", (("keys", "*6"),))) in effects
    assert effects.index(SetMute(2, muted=True)) < effects.index(Enter(2)), "not heard for a moment"
    room.keys(2, "*6")
    assert room.mutes() == [(2, False)]


def test_somebody_who_muted_before_coming_in_comes_in_muted():
    room = Room()
    room.moderator(1, muted=True)
    assert room.mutes() == [(1, True)]
    assert room.conference.muted(1)


def test_o4_somebody_put_out_is_led_out_at_once_and_recorded_as_such_when_the_call_ends():
    room = Room()
    room.moderator(1)
    room.participant(2)
    room.console(Disconnect(2))
    assert room.withdrawn() == [2]
    assert room.hung_up() == [(2, LeaveReason.DISCONNECTED)]
    assert room.tones() == ["exit"]
    assert room.console(Disconnect(2)) == Outcome(False, "not_now")
    assert room.leave(2) == [RecordLeave(2, LeaveReason.DISCONNECTED, room.now)]


def test_o4_putting_out_the_last_moderator_starts_the_grace_time():
    room = Room()
    room.moderator(1)
    room.participant(2)
    room.console(Disconnect(1))
    assert room.phase is Phase.ENDING
    room.leave(1)
    assert room.phase is Phase.ENDING
    assert room.announced() == []


def test_putting_out_somebody_who_is_not_in_changes_nothing():
    assert Room().console(Disconnect(4)) == Outcome(False, "not_now")


def test_c5_somebody_who_comes_during_the_grace_time_is_told_of_it():
    room = Room()
    room.moderator(1)
    room.participant(2)
    room.leave(1)
    room.wait(20)
    effects = room.participant(3)
    assert Enter(3) in effects
    assert [e.utterance for e in effects if hasattr(e, "utterance")] == [
        Utterance("moderator_left", (("seconds", 40),))
    ]


def test_c5_where_the_conference_goes_on_newcomers_join_it():
    room = Room(Settings(when_last_moderator_leaves=LastModerator.CONTINUE))
    room.moderator(1)
    room.participant(2)
    room.leave(1)
    assert room.phase is Phase.RUNNING
    room.participant(3)
    assert room.entered() == [3]


def test_c6_operators_take_nobodys_place():
    room = Room(Settings(maximum_participants=2))
    room.moderator(1)
    room(Join(9, Role.OPERATOR))
    assert admit(room.conference, Role.PARTICIPANT) == Admitted(waits=False)
    room.participant(2)
    assert admit(room.conference, Role.PARTICIPANT) == Refused(Refusal.FULL)
    assert admit(room.conference, Role.OPERATOR) == Admitted(waits=False)


def test_c4_c5_an_operator_neither_begins_a_conference_nor_keeps_it_going():
    room = Room()
    room(Join(9, Role.OPERATOR))
    assert room.phase is Phase.WAITING
    room.moderator(1)
    room.leave(1)
    assert room.phase is Phase.ENDING


def test_somebody_who_is_put_out_is_missed_by_name():
    room = Room(Settings(announce_names=True))
    room.moderator(1)
    room.participant(2, clip=Clip(0, 8000))
    room.console(Disconnect(2))
    assert room.announced() == ["has_left"]
    room.leave(2)
    assert room.announced() == []

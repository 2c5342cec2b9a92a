"""How a conference begins, loses its moderator, and ends: C3 to C6, level 1."""

from bridge.conference.effects import (
    ConferenceBegan,
    ConferenceEnded,
    HangUp,
    Music,
    RecordLeave,
    Say,
    SayRoom,
)
from bridge.conference.events import End, HoursEndAt, LeaveReason, SettingsChanged, TimerKey
from bridge.conference.model import Phase
from bridge.service.levels import Level
from bridge.service.settings import LastModerator, Settings
from prompts.phrases import Utterance, say
from tests.bridge.conference.room import Room

QUIET = Settings(music_until_moderator=False)


def test_c3_who_waits_is_told_hears_music_and_nobody_else():
    room = Room()
    room.participant(1)
    assert room.phase is Phase.WAITING
    assert room.said(1) == ["wait_for_moderator"]
    assert room.music() == [(1, True)]
    room.participant(2)
    assert room.entered() == []
    assert room.tones() == []


def test_c3_without_music_a_word_from_time_to_time_tells_that_the_line_is_alive():
    room = Room(QUIET)
    room.participant(1)
    room.wait(30)
    room.participant(2)
    assert room.music() == []
    effects = room.wait(31)
    assert [e.leg for e in effects if isinstance(e, Say)] == [1, 2]
    room.wait(60)
    assert room.said(1) == ["wait_for_moderator"]
    room.moderator(3)
    assert TimerKey.WAITING_PROMPT in room.timers_cancelled()
    room.wait(300)
    assert room.said(1) == []


def test_c4_a_moderator_begins_it_and_all_who_waited_are_led_in_at_once():
    room = Room()
    for leg in (1, 2, 3):
        room.participant(leg)
    effects = room.moderator(4)
    assert room.phase is Phase.RUNNING
    assert room.music() == [(1, False), (2, False), (3, False)]
    assert room.entered() == [1, 2, 3, 4]
    assert room.announced() == ["conference_starts"]
    assert effects.count(ConferenceBegan(room.now)) == 1


def test_c4_people_who_come_in_the_same_instant_as_the_moderator_lose_their_music_too():
    room = Room()
    room.participant(1)
    room.moderator(2)
    assert Music(1, on=False) in room.effects


def test_a_moderator_alone_is_told_so_and_the_conference_runs():
    room = Room()
    room.moderator(1)
    assert room.phase is Phase.RUNNING
    assert room.said(1) == ["you_are_first"]
    assert room.announced() == []


def test_c4_where_no_moderator_is_needed_the_first_caller_begins_it():
    room = Room(Settings(begins_with_moderator=False))
    room.participant(1)
    assert room.phase is Phase.RUNNING
    assert room.entered() == [1]
    assert room.music() == []


def test_c6_people_muted_on_entry_hear_so_when_the_conference_begins():
    room = Room(Settings(mute_on_entry=True))
    room.participant(1)
    assert room.said(1) == ["wait_for_moderator"]
    room.moderator(2)
    assert room.said(1) == ["muted_on_entry"]
    assert room.said(2) == []


def test_an_open_room_is_silent_but_for_its_people():
    room = Room(Settings.for_open_room(maximum_length_s=1000))
    heard = room.participant(1) + room.participant(2) + room.leave(1) + room.wait(999)
    assert not [e for e in heard if isinstance(e, Say | SayRoom | Music)]
    room.wait(1)
    assert room.hung_up() == [(2, LeaveReason.MAXIMUM_LENGTH)]
    assert [e.utterance for e in room.effects if isinstance(e, HangUp)] == [None]


def test_c5_the_last_moderators_leaving_is_announced_and_ends_it_after_the_grace_time():
    room = Room()
    room.moderator(1)
    room.participant(2)
    room.participant(3)
    effects = room.leave(1)
    assert room.phase is Phase.ENDING
    assert SayRoom(Utterance("moderator_left", (("seconds", 60),))) in effects
    assert room.wait(59) == []
    room.wait(1)
    assert room.phase is Phase.ENDED
    assert room.withdrawn() == [2, 3]
    assert room.hung_up() == [(2, LeaveReason.MODERATOR_LEFT), (3, LeaveReason.MODERATOR_LEFT)]
    assert {e.utterance for e in room.effects if isinstance(e, HangUp)} == {Utterance("conference_ended")}
    assert room.leave(2)[0] == RecordLeave(2, LeaveReason.MODERATOR_LEFT, room.now)
    assert ConferenceEnded(room.now, LeaveReason.MODERATOR_LEFT) in room.leave(3)
    assert room.phase is Phase.EMPTY


def test_c5_a_returning_moderator_cancels_the_end():
    room = Room()
    room.moderator(1)
    room.participant(2)
    room.leave(1)
    room.wait(59)
    room.moderator(3)
    assert room.phase is Phase.RUNNING
    assert room.announced() == ["moderator_returned"]
    assert TimerKey.GRACE in room.timers_cancelled()
    assert room.wait(600) == []


def test_c5_one_moderator_of_two_may_leave():
    room = Room()
    room.moderator(1)
    room.moderator(2)
    room.leave(1)
    assert room.phase is Phase.RUNNING
    assert room.announced() == []


def test_c5_the_conference_goes_on_where_it_is_set_so():
    room = Room(Settings(when_last_moderator_leaves=LastModerator.CONTINUE))
    room.moderator(1)
    room.participant(2)
    room.participant(3)
    room.leave(1)
    assert room.phase is Phase.RUNNING
    assert room.announced() == []
    assert room.conference.deadlines == {}


def test_c5_a_lecture_ends_with_its_last_moderator_where_the_conference_goes_on():
    room = Room(Settings(when_last_moderator_leaves=LastModerator.CONTINUE))
    room.moderator(1)
    room.participant(2)
    room.keys(1, "*5")
    room.leave(1)
    assert room.mutes() == [(2, False)]
    assert room.announced() == ["lecture_off"]


def test_c5_a_grace_time_of_none_ends_it_at_once():
    room = Room(Settings(grace_s=0))
    room.moderator(1)
    room.participant(2)
    room.leave(1)
    assert room.phase is Phase.ENDED
    assert room.announced() == []
    assert room.hung_up() == [(2, LeaveReason.MODERATOR_LEFT)]


def test_c5_a_conference_that_all_left_in_the_grace_time_is_empty_and_its_timer_gone():
    room = Room()
    room.moderator(1)
    room.participant(2)
    room.leave(1)
    room.leave(2)
    assert room.phase is Phase.EMPTY
    assert TimerKey.GRACE in room.timers_cancelled()


def test_c6_the_maximum_length_is_announced_five_minutes_before_and_then_ends_it():
    room = Room(Settings(maximum_length_s=3600))
    room.participant(1)
    room.wait(900)
    room.moderator(2)
    assert room.timers_set() == {TimerKey.LENGTH: 3600, TimerKey.LENGTH_WARNING: 3300}
    assert room.wait(3299) == []
    assert room.wait(1) == [SayRoom(Utterance("maximum_length_warning", (("minutes", 5),)))]
    room.wait(300)
    assert room.phase is Phase.ENDED
    assert room.hung_up() == [(1, LeaveReason.MAXIMUM_LENGTH), (2, LeaveReason.MAXIMUM_LENGTH)]
    assert {e.utterance.name for e in room.effects if isinstance(e, HangUp)} == {"maximum_length_reached"}


def test_c6_a_very_short_conference_has_no_warning():
    room = Room(Settings(maximum_length_s=300))
    room.moderator(1)
    room.participant(2)
    assert room.conference.deadlines == {TimerKey.LENGTH: room.now + 300}


def test_level_1_at_the_end_of_its_hours_people_are_told_and_go_on():
    room = Room()
    room.moderator(1)
    room(HoursEndAt(room.now + 1800))
    room.wait(1800)
    assert room.announced() == ["hours_ending"]
    assert room.phase is Phase.RUNNING
    assert room.hung_up() == []


def test_level_1_who_still_waits_when_the_hours_end_is_told_the_hours_and_waits_no_longer():
    room = Room(Settings(level=Level.MODERATE))
    room.participant(1)
    room(HoursEndAt(room.now + 1800))
    room.wait(1800)
    assert room.hung_up() == [(1, LeaveReason.HOURS_ENDED)]
    assert room.music() == [(1, False)], "the hours are not said over music"
    assert [e.utterance for e in room.effects if isinstance(e, HangUp)] == [
        say("outside_hours", start=6, end=24)
    ]


def test_level_1_hours_that_are_over_already_are_told_at_once():
    room = Room()
    room.moderator(1)
    room(HoursEndAt(room.now - 5))
    assert room.timers_set() == {TimerKey.HOURS_END: 0}


def test_the_end_of_hours_of_an_empty_room_is_nobodys_matter():
    assert Room()(HoursEndAt(2000.0)) == []


def test_whoever_ends_it_is_in_the_log_and_everybody_hears_why():
    room = Room()
    room.participant(1)
    room(End("operator 7"))
    assert room.phase is Phase.ENDED
    assert room.music() == [(1, False)], "the last words are not said over music"
    assert room.withdrawn() == []
    assert ("by", "operator 7") in room.effects[0].fields


def test_an_empty_conference_cannot_be_ended():
    room = Room()
    room(End("operator"))
    assert room.phase is Phase.EMPTY
    assert room.hung_up() == []


def test_a_conference_is_ended_once():
    room = Room()
    room.moderator(1)
    room(End("operator"))
    room(End("operator"))
    assert room.hung_up() == []


def test_a_call_that_never_ends_does_not_keep_the_room():
    room = Room()
    room.moderator(1)
    room.participant(2)
    room(End("operator"))
    room.leave(1)
    effects = room.wait(30)
    assert RecordLeave(2, LeaveReason.CONFERENCE_ENDED, room.now) in effects
    assert effects[-1] == ConferenceEnded(room.now, LeaveReason.CONFERENCE_ENDED)
    assert room.phase is Phase.EMPTY
    assert room.leave(2) == [], "its end, should it still come, is counted once"


def test_a7_a_conference_in_progress_keeps_its_settings_and_the_next_has_the_new_ones():
    room = Room()
    room.moderator(1)
    new = Settings(mute_on_entry=True, entry_exit_tones=False)
    room(SettingsChanged(new))
    room.participant(2)
    assert room.tones() == ["entry"]
    assert room.mutes() == []
    room.leave(1)
    room.leave(2)
    assert room.conference.settings == new
    assert room.conference.next_settings is None


def test_a7_an_empty_room_has_new_settings_at_once():
    room = Room()
    room(SettingsChanged(QUIET))
    assert room.conference.settings == QUIET

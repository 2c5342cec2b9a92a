"""What a conference wants, and what becomes of it: routes, words, tones, ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.conference.course import STRAGGLERS_S
from bridge.conference.events import LeaveReason
from bridge.service.role import Role
from bridge.service.settings import DEFAULT_STRANDED_AFTER_S, LastModerator, Settings
from bridge.switchboard.effects import CloseRoom, CloseStream, Log, RecordConferenceEnded, RecordLeft
from bridge.switchboard.events import Stop, StreamOpened
from bridge.switchboard.lines import SPEECH_GUARD_S
from bridge.switchboard.stage import HOLD_MUSIC, TONES
from media.control import NO_ROOM, Mute, Play, Route, StopPlay, StreamClosed
from prompts.recordings import HOLD_MUSIC as HOLD_MUSIC_CLIP
from prompts.tones import TONES as TONE_CLIPS
from sip.events import CallConfirmed, CallEnded, EndCause
from tests.support.builders import BRIDGE_HOST, TRUSTED_HOST, accepted, incoming
from tests.support.playbook import Says, SaysRoom, a, after, call, hangs_up, joined, keyed, press

if TYPE_CHECKING:
    from tests.support.playbook import Playbook

PARTICIPANT = Role.PARTICIPANT


def gone(leg: int) -> CallEnded:
    return CallEnded(leg, EndCause.BYE, 0, "")


def test_a_tone_when_somebody_enters_and_another_when_somebody_leaves_c1(play: Playbook) -> None:
    joined(play)
    joined(play, PARTICIPANT, leg=2) >> after(5)
    assert "tone.join" in "".join(play._transcript)
    play >> gone(2) << CloseStream(2) << a(RecordLeft) << SaysRoom(1, "tone.leave")


def test_star_six_mutes_and_unmutes_oneself(play: Playbook) -> None:
    press(joined(play), "*6") << StopPlay(1) << a(Mute, stream=1, muted=True) << Says(1, "muted")
    press(play, "*6") << StopPlay(1) << a(Mute, stream=1, muted=False) << Says(1, "unmuted")


def test_a_key_a_participant_may_not_press_says_so(play: Playbook) -> None:
    joined(play)
    (
        press(joined(play, PARTICIPANT, leg=2), "*5", leg=2)
        << StopPlay(2)
        << Says(2, "command_forbidden", None, (("keys", "*5"),))
    )


def test_keys_that_begin_a_longer_command_wait_a_moment_and_then_count(play: Playbook) -> None:
    """`*9` begins `*92`; by itself it stops the roll call."""
    press(joined(play), "*8") << StopPlay(1) << Says(1, "roll_call_intro")
    press(play, "*9") >> after(1.0) << StopPlay(1)


def test_keys_of_a_caller_who_left_in_mid_command_are_forgotten(play: Playbook) -> None:
    press(joined(play), "*9") >> gone(1)
    play.skip() >> after(10)


def test_the_last_moderator_s_leaving_is_told_and_ends_the_conference_c5(play: Playbook) -> None:
    joined(play, grace_s=60.0)
    joined(play, PARTICIPANT, leg=2, grace_s=60.0) >> after(5)
    play.skip() >> gone(1)
    assert "moderator_left" in "".join(play._readable(effect) for effect in play._open)
    play.skip() >> after(60) << a(Route, stream=2, room=NO_ROOM) << Says(2, "conference_ended")
    play.spoken(2) << hangs_up(2, "moderator left") << CloseStream(2)
    play << a(RecordLeft, reason=LeaveReason.MODERATOR_LEFT) << a(RecordConferenceEnded) << CloseRoom(1)


def test_a_conference_may_go_on_without_its_moderator_c5(play: Playbook) -> None:
    joined(play, when_last_moderator_leaves=LastModerator.CONTINUE)
    joined(play, PARTICIPANT, leg=2) >> gone(1)
    play.skip() >> after(DEFAULT_STRANDED_AFTER_S - 1)
    assert play.skip().board.calls == 1


def test_who_is_left_alone_for_long_is_asked_and_stays_by_any_key(play: Playbook) -> None:
    joined(play, when_last_moderator_leaves=LastModerator.CONTINUE)
    joined(play, PARTICIPANT, leg=2) >> gone(1)
    play.skip() >> after(DEFAULT_STRANDED_AFTER_S) << Says(2, "still_there")
    press(play, "5", leg=2) << Says(2, "still_there_thanks")
    play >> after(DEFAULT_STRANDED_AFTER_S) << Says(2, "still_there")
    play >> after(60)
    assert play.skip().board.calls == 0


def test_last_words_are_followed_by_a_hang_up_even_if_their_end_is_never_told(play: Playbook) -> None:
    joined(play, maximum_length_s=60.0) >> after(60)
    assert "maximum_length_reached" in "".join(play._readable(effect) for effect in play._open)
    play.skip() >> after(1.0 + SPEECH_GUARD_S) << hangs_up(1, "maximum length") << CloseStream(1)
    play << a(RecordLeft, reason=LeaveReason.MAXIMUM_LENGTH) << a(RecordConferenceEnded) << CloseRoom(1)


def test_who_hangs_up_during_the_last_words_is_recorded_by_why_they_were_said(play: Playbook) -> None:
    joined(play, maximum_length_s=60.0) >> after(60)
    play.skip() >> gone(1) << CloseStream(1)
    play << a(RecordLeft, reason=LeaveReason.MAXIMUM_LENGTH) << a(RecordConferenceEnded) << CloseRoom(1)


def test_keys_during_the_last_words_mean_nothing(play: Playbook) -> None:
    press(joined(play, maximum_length_s=60.0).skip() >> after(60), "*6")


def test_a_stream_lost_during_the_last_words_ends_the_call_at_once(play: Playbook) -> None:
    joined(play, maximum_length_s=60.0) >> after(60)
    play.skip() >> StreamClosed(1) << hangs_up(1)
    play.skip()


def test_nothing_is_said_to_those_who_have_gone(play: Playbook) -> None:
    joined(play)
    joined(play, PARTICIPANT, leg=2) >> after(5)
    play.skip() >> gone(2)
    plays = [effect.command for effect in play._open if a(Play).matches(effect, play.voice)]
    assert not any(each.stream == 2 for each in plays)
    play.skip()


def test_a_conference_that_opens_again_is_another_one_in_the_records(play: Playbook) -> None:
    joined(play) >> gone(1)
    play.skip()
    joined(play, leg=2)
    joined(play, leg=3)
    assert len(play.board._rooms.by_number) == 1
    assert next(iter(play.board._rooms.by_number.values())).conference_id == "id-3"


def test_a_bridge_that_stops_hangs_up_everybody_and_records_why(play: Playbook) -> None:
    joined(play)
    call(play, 2) >> Stop() << hangs_up(1, "shut down") << CloseStream(1) << hangs_up(2) << CloseStream(2)
    play << a(RecordLeft, reason=LeaveReason.SHUT_DOWN) << a(RecordConferenceEnded) << CloseRoom(1)
    assert play.board.calls == 0


def test_the_one_place_is_the_moderator_s_and_who_comes_before_is_told_by_the_reception_c6(
    play: Playbook,
) -> None:
    keyed(play, accepted(PARTICIPANT, maximum_participants=1)) << Says(1, "conference_full")
    play << a(Log, event="turned away")
    assert play.board.conferences == 0


def into_open_room(play: Playbook, *legs: int) -> None:
    """They dial a room with one place; who comes second is turned away."""
    play.board._arrivals.open_room = Settings.for_open_room(maximum_participants=1)
    for leg in legs:
        play >> incoming(leg, dialled="conf-a", source=TRUSTED_HOST)
        play.skip()
    for leg in legs:
        play >> StreamOpened(leg, BRIDGE_HOST, 20_000 + 2 * leg)
        play.skip() >> CallConfirmed(leg, None)
        play.skip()


def test_a_room_closes_once_though_who_was_turned_away_hangs_up_later(play: Playbook) -> None:
    into_open_room(play, 1, 2)
    play >> gone(1) << CloseStream(1) << a(RecordLeft) << a(RecordConferenceEnded) << CloseRoom(1)
    play >> gone(2) << CloseStream(2)


def test_who_was_turned_away_closes_no_room_that_has_opened_since(play: Playbook) -> None:
    into_open_room(play, 1, 2)
    play >> gone(1)
    play.skip()
    into_open_room(play, 3)
    play >> gone(2) << CloseStream(2)
    assert set(play.board._rooms.by_number) == {2}


def test_a_room_closes_when_the_last_stragglers_are_forgotten(play: Playbook) -> None:
    play.voice.LENGTH = int(2 * STRAGGLERS_S * 8000)  # last words longer than anybody waits for them
    joined(play, maximum_length_s=60.0) >> after(60)
    play.skip() >> after(STRAGGLERS_S) << a(RecordLeft) << a(RecordConferenceEnded) << CloseRoom(1)
    assert play.board.conferences == 0
    play >> gone(1) << CloseStream(1)


def test_every_tone_and_the_music_are_in_the_library() -> None:
    assert {f"tone.{name}" for name in TONE_CLIPS} >= {tone.name for tone in TONES.values()}
    assert HOLD_MUSIC.name == HOLD_MUSIC_CLIP

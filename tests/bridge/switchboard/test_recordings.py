"""Recorded names (C2): said, kept, heard by the others, and their place in the arena given back whatever happens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bridge.config.meeting import Names
from bridge.service.role import Role
from bridge.switchboard import rooms
from bridge.switchboard.effects import FetchName, KeepName, Log, RecordJoined, WriteAudio
from bridge.switchboard.events import LookUpFailed, NameFound
from bridge.switchboard.receptions import STORE_S
from bridge.switchboard.recordings import GUARD_S
from media.control import Record, RecordingEnded, Segment, StopPlay, StopRecording, StreamClosed
from prompts.values import Clip
from sip.events import CallEnded, EndCause
from tests.support.builders import ARENA_FIRST, accepted, config
from tests.support.playbook import Playbook, Says, a, after, joined, keyed, press

LONGEST_S = Names().longest_s
LONGEST = int(LONGEST_S * 8000)
SAID = 16_000
NAMED: dict[str, Any] = {"announce_names": True}
KEPT: dict[str, Any] = {**NAMED, "keep_names": True, "person": 12}
CLIP = Clip(ARENA_FIRST, SAID)
BYE = CallEnded(1, EndCause.BYE, 0, "")


def free(play: Playbook) -> int:
    return play.board._recordings._arena.free


WHOLE = free(Playbook())


def recording(play: Playbook, leg: int = 1, role: Role = Role.MODERATOR, **given: Any) -> Playbook:
    """Somebody says their name."""
    keyed(play, accepted(role, **{**NAMED, **given}), leg).skip()
    play.spoken(leg) << Says(leg, "tone.record")
    play.spoken(leg) << a(Record, stream=leg)
    return play


def said(play: Playbook, leg: int = 1, number: int = 1) -> Playbook:
    """The recording is over, has been heard, and is asked about."""
    play.skip() >> RecordingEnded(leg, number, SAID)
    play.skip().spoken(leg)
    return play.skip()


def test_a_name_is_recorded_heard_again_and_accepted_c2(play: Playbook) -> None:
    keyed(play, accepted(**NAMED)) << Says(1, "say_your_name")
    play.spoken() << Says(1, "tone.record")
    play.spoken() << a(Record, stream=1, recording=1, into=Segment(ARENA_FIRST, LONGEST))
    press(play, "#") << StopRecording(1)
    play >> RecordingEnded(1, 1, SAID) << Says(1, "you_said", None, (("name", CLIP),))
    assert free(play) == WHOLE - SAID, "what was reserved in vain is free again"
    play.spoken() << Says(1, "name_choice")
    press(play, "1").skip()
    play.spoken() << a(object) << a(RecordJoined)
    play.skip()
    participant = next(iter(play.board._rooms.by_number.values())).conference.participants[1]
    assert participant.clip == CLIP


def test_a_name_said_anew_takes_the_place_of_the_first_c2(play: Playbook) -> None:
    press(said(recording(play)), "2").skip()
    play.spoken()
    play.skip().spoken() << a(Record, recording=2, into=Segment(ARENA_FIRST, LONGEST))
    assert free(play) == WHOLE - LONGEST


def test_the_name_is_heard_at_entry_and_exit_c2(play: Playbook) -> None:
    press(said(recording(play)), "1").skip().spoken()
    play.skip() >> after(20)
    press(said(recording(play, 2, Role.PARTICIPANT), 2, 2), "1", leg=2)
    assert any("room 1: has_joined" in play._readable(each) for each in play._open)
    play.skip() >> after(20)
    play >> CallEnded(2, EndCause.BYE, 0, "")
    assert any("room 1: has_left" in play._readable(each) for each in play._open)
    play.skip() >> BYE
    play.skip()
    assert free(play) == WHOLE


def test_names_live_as_long_as_the_conference_though_their_owner_has_gone_c2(play: Playbook) -> None:
    press(said(recording(play, role=Role.PARTICIPANT, begins_with_moderator=False)), "1").skip()
    joined(play, leg=2)
    play >> BYE
    play.skip()
    assert free(play) == WHOLE - SAID
    play >> CallEnded(2, EndCause.BYE, 0, "")
    play.skip()
    assert free(play) == WHOLE


# --- what nobody takes is given back ---


@pytest.mark.parametrize("told", [True, False])
def test_a_caller_who_hangs_up_while_recording_leaves_nothing_behind(play: Playbook, told: bool) -> None:
    recording(play) >> BYE
    play.skip()
    assert free(play) == WHOLE - LONGEST, "until the worker says so it may still write there"
    if told:
        play >> RecordingEnded(1, 1, SAID)
        assert free(play) == WHOLE
    play >> StreamClosed(1)
    assert free(play) == WHOLE
    play >> RecordingEnded(1, 1, SAID)
    assert free(play) == WHOLE
    assert play.board.next_deadline() is None


@pytest.mark.parametrize("keys", ["", "3", "1"])
def test_a_caller_who_hangs_up_after_it_leaves_nothing_behind(play: Playbook, keys: str) -> None:
    press(said(recording(play)), keys).skip() >> BYE
    play.skip()
    assert free(play) == WHOLE


def test_whoever_is_turned_away_after_it_leaves_nothing_behind(play: Playbook) -> None:
    joined(play, maximum_participants=2)
    recording(play, 2, Role.PARTICIPANT)
    joined(play, Role.PARTICIPANT, leg=3)
    press(said(play, 2), "1", leg=2) << StopPlay(2) << Says(2, "conference_full")
    play.spoken(2)
    play.skip().spoken(2)
    play.skip()
    assert free(play) == WHOLE


def test_a_name_of_nothing_is_asked_for_once_more(play: Playbook) -> None:
    recording(play) >> RecordingEnded(1, 1, 0) << Says(1, "name_not_heard")
    assert free(play) == WHOLE


def test_an_end_of_recording_that_is_never_told_keeps_nobody_out(play: Playbook) -> None:
    recording(play) >> after(LONGEST_S + GUARD_S) << StopRecording(1) << Says(1, "name_not_recorded")
    play << a(Log, event="end of recording not told")
    play >> RecordingEnded(1, 1, SAID)
    assert free(play) == WHOLE
    play.spoken() << Says(1, "you_are_moderator")


def test_where_there_is_no_room_for_names_people_come_in_without_c2() -> None:
    play = Playbook()
    arena = play.board._recordings._arena
    arena.take(arena.free)
    keyed(play, accepted(**NAMED)).skip().spoken()
    play.skip().spoken() << Says(1, "name_not_recorded")
    play << a(Log, event="no room for a recording")
    play.done()


def test_the_longest_name_is_configured() -> None:
    play = Playbook(replace(config(), names=Names(longest_s=2.0)))
    keyed(play, accepted(**NAMED)).skip().spoken()
    play.skip().spoken() << a(Record, into=Segment(ARENA_FIRST, 16_000))
    play.done()


# --- names that are kept (C2) ---


def test_a_name_is_kept_for_the_next_conference_and_not_asked_for_again(play: Playbook) -> None:
    keyed(play, accepted(**KEPT)) << FetchName(1, 12)
    play >> NameFound(1, np.ones(SAID, np.int16)) << a(WriteAudio, into=Segment(*CLIP))
    play << Says(1, "you_are_moderator")
    play.spoken()
    assert not any(isinstance(each, KeepName) for each in play._open), "it is kept already"
    play.skip()
    play >> BYE
    play.skip()
    assert free(play) == WHOLE


def test_a_name_that_nobody_has_kept_is_asked_for_and_kept(play: Playbook) -> None:
    keyed(play, accepted(**KEPT)) << FetchName(1, 12)
    play >> NameFound(1, None) << Says(1, "say_your_name")
    play.spoken()
    play.skip().spoken()
    press(said(play), "1").skip()
    play.spoken() << KeepName(12, CLIP)
    play.skip()


@pytest.mark.parametrize("fails", [LookUpFailed(1), after(STORE_S)])
def test_a_store_that_is_away_is_no_reason_to_know_nobody_s_name(play: Playbook, fails: object) -> None:
    keyed(play, accepted(**KEPT)) << FetchName(1, 12)
    play >> fails << Says(1, "say_your_name")


def test_a_kept_name_that_comes_too_late_is_not_taken_for_what_is_being_said(play: Playbook) -> None:
    keyed(play, accepted(**KEPT)).skip() >> after(STORE_S)
    play.skip().spoken()
    play.skip().spoken() << a(Record)
    play >> NameFound(1, np.ones(SAID, np.int16))
    play >> LookUpFailed(1)
    assert free(play) == WHOLE - LONGEST
    play >> RecordingEnded(1, 1, SAID) << Says(1, "you_said")


def test_the_place_of_a_kept_name_is_given_back_where_nobody_joins(play: Playbook) -> None:
    keyed(play, accepted(**KEPT)).skip() >> NameFound(1, np.ones(SAID, np.int16))
    play.skip() >> BYE
    play.skip()
    assert free(play) == WHOLE


def test_who_comes_and_goes_all_day_does_not_fill_the_arena(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "NAMES_GONE", 2)
    play = said(recording(Playbook()))
    press(play, "1").skip()
    play.spoken().skip()
    held = WHOLE - free(play)
    assert held == SAID
    for leg in range(2, 8):
        said(recording(play, leg, Role.PARTICIPANT), leg, leg)
        press(play, "1", leg).skip()
        play >> CallEnded(leg, EndCause.BYE, 0, "")
        play.skip() >> StreamClosed(leg)
        assert WHOLE - free(play) <= held + 2 * SAID
    play >> BYE
    assert free(play.skip()) == WHOLE

"""Speaking to a leg and ending it: last words are heard, and whatever it holds is given back once."""

from __future__ import annotations

from bridge.conference.events import LeaveReason
from bridge.switchboard.effects import CloseStream, HangUpCall
from bridge.switchboard.legs import LegState, LegTimer, StreamState
from bridge.switchboard.lines import SPEECH_GUARD_S, Lines, TimerName
from bridge.switchboard.timers import Timers
from media.control import Play, StopPlay
from prompts.phrases import Utterance
from tests.support.builders import ReadableVoice, a_leg

GOODBYE, HELLO = Utterance("goodbye"), Utterance("greeting")


def speaking() -> Lines:
    lines = Lines(ReadableVoice(), Timers[TimerName]())
    leg = a_leg(1)
    leg.stream = StreamState.OPEN
    lines.add(leg)
    return lines


def commands(lines: Lines) -> list[object]:
    return [getattr(each, "command", each) for each in lines.effects]


def test_last_words_are_not_hushed_whatever_else_is_over() -> None:
    lines = speaking()
    leg = lines.by_number[1]
    lines.part(leg, GOODBYE, LeaveReason.CALL_LIMIT, 5.0)
    lines.hush(leg)
    assert leg.state is LegState.LAST_WORDS
    assert not any(isinstance(each, StopPlay) for each in commands(lines))
    assert (LegTimer.SPEECH, 1) in lines.timers
    assert lines.timers.next_deadline() == 5.0 + 1.0 + SPEECH_GUARD_S


def test_who_would_not_hear_last_words_is_hung_up_at_once() -> None:
    lines = speaking()
    leg = lines.by_number[1]
    leg.stream = StreamState.GONE
    lines.part(leg, GOODBYE, LeaveReason.DISCONNECTED, 0.0)
    assert lines.effects == [HangUpCall(1, "disconnected")]
    assert not lines.by_number
    assert not lines.by_call


def test_the_first_reason_to_go_is_the_one_that_counts() -> None:
    lines = speaking()
    leg = lines.by_number[1]
    lines.part(leg, GOODBYE, LeaveReason.CALL_LIMIT, 0.0)
    lines.end(leg, LeaveReason.HUNG_UP)
    lines.end(leg, LeaveReason.LOST)
    assert list(lines.departures) == [(leg, LeaveReason.CALL_LIMIT)]
    assert commands(lines).count(CloseStream(1)) == 1
    assert len(lines.timers) == 0


def test_what_is_said_in_turn_is_one_speech() -> None:
    lines = speaking()
    leg = lines.by_number[1]
    lines.say_list(leg, [HELLO, GOODBYE], "en")
    (play,) = commands(lines)
    assert isinstance(play, Play)
    assert len(play.segments) == 2

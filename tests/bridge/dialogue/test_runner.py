"""Keys, ends of speech, answers and pauses: what they do at each request a dialogue can stand at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.dialogue.requests import (
    FIRST_DIGIT_S,
    NEXT_DIGIT_S,
    Collect,
    Dialogue,
    Hall,
    HoldBack,
    Keyed,
    KeyedBy,
    LookUpPasscode,
    NotAvailable,
    Operator,
    OperatorEnded,
    Pause,
    Record,
    Recorded,
    Request,
    Say,
    Step,
)
from bridge.dialogue.results import Ending
from bridge.dialogue.runner import (
    TYPED_AHEAD_KEYS,
    CancelTimer,
    Ended,
    Hush,
    Runner,
    RunnerEffect,
    SetTimer,
    State,
    StopRecording,
)
from prompts.phrases import Utterance
from prompts.values import Clip
from tests.support.builders import accepted

if TYPE_CHECKING:
    from collections.abc import Callable

WELCOME = Say(Utterance("welcome"), "en")
ENTER = Say(Utterance("enter_passcode"), "en")
FRESH = Say(Utterance("invalid_passcode"), "en", fresh=True)
GOODBYE = Say(Utterance("goodbye"), "en", final=True)
CODE = Collect(max_digits=6)


def dialogue(*requests: Request, heard: list[object] | None = None) -> Dialogue:
    """One request after another; what comes back for each goes into `heard`."""
    for request in requests:
        reply = yield request
        if heard is not None:
            heard.append(reply)
    return Ending.JOINED


def started(*requests: Request, heard: list[object] | None = None) -> tuple[Runner, list[RunnerEffect]]:
    runner = Runner(dialogue(*requests, heard=heard))
    return runner, runner.start(0.0)


def press(runner: Runner, keys: str, now: float = 1.0) -> list[RunnerEffect]:
    return [effect for key in keys for effect in runner.key(key, now)]


def test_prompts_follow_each_other_as_each_is_heard_to_its_end() -> None:
    runner, effects = started(WELCOME, ENTER)
    assert effects == [WELCOME]
    assert runner.spoken(2.0) == [ENTER]
    assert runner.spoken(4.0) == [Ended(Ending.JOINED)]


def test_a_key_interrupts_a_prompt_and_counts_a3() -> None:
    heard: list[object] = []
    runner, _ = started(WELCOME, ENTER, CODE, heard=heard)
    assert runner.key("4", 1.0) == [Hush(), SetTimer(1.0 + NEXT_DIGIT_S)]
    press(runner, "2#")
    assert heard[-1] == Keyed("42", KeyedBy.HASH)


def test_a_pause_without_hash_also_submits_a3() -> None:
    heard: list[object] = []
    runner, _ = started(CODE, heard=heard)
    press(runner, "42")
    assert runner.timed_out(1.0 + NEXT_DIGIT_S) == [Ended(Ending.JOINED)]
    assert heard == [Keyed("42", KeyedBy.PAUSE)]


def test_who_presses_nothing_has_longer_than_who_has_begun() -> None:
    runner, effects = started(CODE)
    assert effects == [SetTimer(FIRST_DIGIT_S)]
    assert runner.key("4", 3.0) == [SetTimer(3.0 + NEXT_DIGIT_S)]


def test_nothing_pressed_is_an_empty_entry() -> None:
    heard: list[object] = []
    runner, _ = started(CODE, heard=heard)
    runner.timed_out(FIRST_DIGIT_S)
    assert heard == [Keyed("", KeyedBy.PAUSE)]


def test_a_hash_stops_the_clock() -> None:
    runner, _ = started(CODE, WELCOME)
    assert press(runner, "4#") == [SetTimer(1.0 + NEXT_DIGIT_S), CancelTimer(), WELCOME]


def test_a_star_begins_the_entry_anew() -> None:
    heard: list[object] = []
    runner, _ = started(CODE, heard=heard)
    press(runner, "99*42#")
    assert heard == [Keyed("42", KeyedBy.HASH)]


def test_too_many_keys_are_a_wrong_entry_never_a_shorter_right_one() -> None:
    heard: list[object] = []
    runner, _ = started(CODE, heard=heard)
    press(runner, "1234567890#")
    assert heard == [Keyed("1234567", KeyedBy.HASH)]


def test_keys_typed_ahead_skip_the_prompts_between_two_entries() -> None:
    heard: list[object] = []
    runner, _ = started(ENTER, CODE, WELCOME, CODE, heard=heard)
    assert press(runner, "12#34#")[-1] == Ended(Ending.JOINED)
    assert heard == [None, Keyed("12", KeyedBy.HASH), None, Keyed("34", KeyedBy.HASH)]


def test_keys_typed_ahead_of_an_answer_wait_for_it() -> None:
    heard: list[object] = []
    runner, effects = started(LookUpPasscode("1"), ENTER, CODE, heard=heard)
    assert effects == [LookUpPasscode("1")]
    assert press(runner, "34#") == []
    assert runner.answered("verdict", 2.0) == [Ended(Ending.JOINED)]
    assert heard == ["verdict", None, Keyed("34", KeyedBy.HASH)]


def test_after_a_wrong_code_what_was_typed_ahead_is_forgotten() -> None:
    runner, _ = started(LookUpPasscode("1"), FRESH, CODE)
    press(runner, "34#")
    assert runner.answered("wrong", 2.0) == [FRESH]


def test_a_key_during_a_fresh_prompt_interrupts_it_and_counts() -> None:
    runner, _ = started(FRESH, CODE)
    assert runner.key("7", 1.0) == [Hush(), SetTimer(1.0 + NEXT_DIGIT_S)]


def test_a_final_word_is_heard_whatever_is_pressed() -> None:
    runner, _ = started(CODE, GOODBYE)
    assert press(runner, "1#23#")[-1] == GOODBYE
    assert runner.spoken(9.0) == [Ended(Ending.JOINED)]


def test_a_pause_is_waited_out() -> None:
    runner, effects = started(Pause(4.0), WELCOME)
    assert effects == [SetTimer(4.0)]
    assert runner.key("1", 1.0) == []
    assert runner.spoken(2.0) == []
    assert runner.timed_out(4.0) == [Ended(Ending.JOINED)]  # the key skipped the welcome


def test_an_answer_is_held_back_from_the_question_on_however_long_the_look_up_took_g5() -> None:
    for took in (0.1, 2.9):
        runner, _ = started(LookUpPasscode("1"), HoldBack(3.0), WELCOME)
        assert runner.answered("verdict", took) == [SetTimer(3.0)]
        assert runner.timed_out(3.0) == [WELCOME]


def test_an_answer_that_took_longer_than_it_is_held_back_comes_at_once() -> None:
    runner, _ = started(LookUpPasscode("1"), HoldBack(3.0), WELCOME)
    assert runner.answered("verdict", 3.5) == [WELCOME]


def test_no_pause_is_no_wait() -> None:
    assert started(Pause(0.0), WELCOME)[1] == [WELCOME]


def test_a_hang_up_closes_the_dialogue_where_it_stands() -> None:
    closed = []

    def speaker() -> Dialogue:
        try:
            yield WELCOME
        finally:
            closed.append(True)
        return Ending.JOINED

    runner = Runner(speaker())
    runner.start(0.0)
    runner.close()
    assert closed == [True]
    assert runner.state is State.ENDED
    assert (
        runner.key("1", 1.0)
        == runner.spoken(1.0)
        == runner.timed_out(1.0)
        == runner.answered(None, 1.0)
        == []
    )


def test_a_dialogue_that_nobody_started_can_be_closed() -> None:
    runner = Runner(dialogue(WELCOME))
    runner.close()
    assert runner.start(0.0) == []


def test_what_comes_at_the_wrong_moment_is_ignored() -> None:
    runner, _ = started(CODE)
    assert runner.spoken(1.0) == []
    assert runner.answered("late", 1.0) == []
    assert runner.key("A", 1.0) == []
    assert runner.state is State.KEYS


def test_a_stuck_key_fills_no_memory() -> None:
    runner, _ = started(LookUpPasscode("1"), CODE)
    press(runner, "5" * 1000)
    assert len(runner._ahead) == TYPED_AHEAD_KEYS


def test_a_step_gives_its_answer_to_the_dialogue_that_takes_it() -> None:
    def code() -> Step[str]:
        keyed = yield CODE
        return str(keyed.digits)

    def whole() -> Dialogue:
        first = yield from code()
        second = yield from code()
        return Ending.JOINED if first == second else Ending.NO_PASSCODE

    runner = Runner(whole())
    runner.start(0.0)
    assert press(runner, "12#12#")[-1] == Ended(Ending.JOINED)


RECORD = Record(longest_s=5.0, silence_s=2.0)
ONE_OR_TWO = Collect(1, whole=True)


def stopped_by(*stops: str, max_digits: int = 6) -> Collect:
    return Collect(max_digits, stops=stops)


def test_a_star_command_ends_the_entry_at_once_whatever_was_keyed() -> None:
    for keys in ("*3", "12*3", "**3", "1**3", "*1*3"):
        heard: list[object] = []
        runner, _ = started(stopped_by("*3", "*0"), heard=heard)
        assert press(runner, keys)[-2:] == [CancelTimer(), Ended(Ending.JOINED)]
        assert heard == [Keyed("", KeyedBy.STOP, "*3")]


@pytest.mark.parametrize(
    ("keys", "digits"), [("99*42#", "42"), ("**42#", "42"), ("99*#", ""), ("9*4*2#", "2")]
)
def test_a_star_that_begins_no_stop_begins_the_entry_anew(keys: str, digits: str) -> None:
    heard: list[object] = []
    runner, _ = started(stopped_by("*3"), heard=heard)
    press(runner, keys)
    assert heard == [Keyed(digits, KeyedBy.HASH)]


def test_after_a_star_the_next_key_is_waited_for_as_between_digits() -> None:
    heard: list[object] = []
    runner, _ = started(stopped_by("*3"), heard=heard)
    assert press(runner, "12*")[-1] == SetTimer(1.0 + NEXT_DIGIT_S)
    runner.timed_out(1.0 + NEXT_DIGIT_S)
    assert heard == [Keyed("", KeyedBy.PAUSE)]


@pytest.mark.parametrize(
    ("keys", "stop", "left"),
    [("*92", "*92", ""), ("*9#", "*9", "#"), ("*95#", "*9", "5#"), ("*9*3", "*9", "*3"), ("*#", "*#", "")],
)
def test_of_two_stops_that_begin_alike_the_longer_one_wins(keys: str, stop: str, left: str) -> None:
    heard: list[object] = []
    runner, _ = started(stopped_by("*9", "*92", "*#"), LookUpPasscode("1"), heard=heard)
    press(runner, keys)
    assert heard == [Keyed("", KeyedBy.STOP, stop)]
    assert runner._ahead == left


def test_a_pause_settles_a_stop_that_a_longer_one_continues() -> None:
    heard: list[object] = []
    runner, _ = started(stopped_by("*9", "*92"), heard=heard)
    press(runner, "12*9")
    runner.timed_out(9.0)
    assert heard == [Keyed("", KeyedBy.STOP, "*9")]


def test_digits_after_the_beginning_of_a_longer_stop_are_digits() -> None:
    heard: list[object] = []
    runner, _ = started(stopped_by("*92"), heard=heard)
    press(runner, "7*945#")
    assert heard == [Keyed("945", KeyedBy.HASH)]


def test_a_stop_typed_ahead_ends_the_next_entry() -> None:
    heard: list[object] = []
    runner, _ = started(LookUpPasscode("1"), ENTER, stopped_by("*0"), heard=heard)
    press(runner, "*0")
    runner.answered("verdict", 2.0)
    assert heard[-1] == Keyed("", KeyedBy.STOP, "*0")


def test_without_stops_a_star_and_a_digit_are_a_digit() -> None:
    heard: list[object] = []
    runner, _ = started(CODE, heard=heard)
    press(runner, "*3#")
    assert heard == [Keyed("3", KeyedBy.HASH)]


@pytest.mark.parametrize(
    ("keys", "keyed"),
    [
        ("2", Keyed("2", KeyedBy.WHOLE)),
        ("#", Keyed("", KeyedBy.HASH)),
        ("*2", Keyed("2", KeyedBy.WHOLE)),
        ("**2", Keyed("2", KeyedBy.WHOLE)),
    ],
)
def test_a_question_of_one_key_is_answered_at_the_key(keys: str, keyed: Keyed) -> None:
    heard: list[object] = []
    runner, _ = started(ONE_OR_TWO, heard=heard)
    press(runner, keys)
    assert heard == [keyed]


def test_what_follows_the_key_is_the_next_entry_s() -> None:
    heard: list[object] = []
    runner, _ = started(ENTER, ONE_OR_TWO, ENTER, CODE, heard=heard)
    press(runner, "234#")
    assert heard == [None, Keyed("2", KeyedBy.WHOLE), None, Keyed("34", KeyedBy.HASH)]


def test_an_entry_that_waits_for_nothing_takes_only_what_was_typed_ahead() -> None:
    ahead = Collect(6, first_digit_s=0.0)
    heard: list[object] = []
    assert started(ahead, WELCOME, heard=heard)[1] == [WELCOME]
    assert heard == [Keyed("", KeyedBy.PAUSE)]
    heard.clear()
    runner, _ = started(ENTER, ahead, heard=heard)
    assert runner.key("1", 1.0) == [Hush(), SetTimer(1.0 + NEXT_DIGIT_S)]
    press(runner, "2#")
    assert heard[-1] == Keyed("12", KeyedBy.HASH)


def test_a_recording_begins_with_what_was_typed_ahead_forgotten_c2() -> None:
    runner, _ = started(LookUpPasscode("1"), ENTER, RECORD)
    press(runner, "12#")
    assert runner.answered("verdict", 2.0) == [RECORD]
    assert runner.state is State.RECORDING


def test_any_key_ends_a_recording_and_counts_as_nothing_else_c2() -> None:
    for key in "05*#":
        heard: list[object] = []
        runner, _ = started(RECORD, ENTER, heard=heard)
        assert runner.key(key, 2.0) == [StopRecording()]
        assert runner.answered(Recorded(Clip(0, 80)), 2.1) == [ENTER]
        assert heard == [Recorded(Clip(0, 80))]


def test_the_end_of_a_recording_is_asked_for_once_and_keys_after_it_are_typed_ahead() -> None:
    heard: list[object] = []
    runner, _ = started(RECORD, ENTER, ONE_OR_TWO, heard=heard)
    assert press(runner, "#1") == [StopRecording()]
    assert runner.answered(Recorded(None), 3.0) == [Ended(Ending.JOINED)]
    assert heard[-1] == Keyed("1", KeyedBy.WHOLE)


def test_each_recording_is_ended_by_a_key_of_its_own() -> None:
    runner, _ = started(RECORD, RECORD)
    press(runner, "#")
    assert runner.answered(Recorded(None), 2.0) == [RECORD]
    assert runner.key("#", 3.0) == [StopRecording()]


def test_a_recording_that_cannot_be_made_is_answered_like_any_question() -> None:
    heard: list[object] = []
    runner, _ = started(RECORD, heard=heard)
    assert runner.answered(NotAvailable(), 1.0) == [Ended(Ending.JOINED)]
    assert heard == [NotAvailable()]


def test_a_letter_ends_no_recording() -> None:
    runner, _ = started(RECORD)
    assert runner.key("A", 1.0) == []


@pytest.mark.parametrize("lasting", [Operator(), Hall(accepted())])
def test_keys_before_and_during_a_talk_with_somebody_are_not_the_dialogue_s(lasting: Request) -> None:
    heard: list[object] = []
    runner, _ = started(LookUpPasscode("1"), lasting, ENTER, CODE, heard=heard)
    press(runner, "12#")
    assert runner.answered("verdict", 1.0) == [lasting]
    assert runner.state is State.LASTING
    assert press(runner, "34#") == runner.timed_out(3.0) == runner.spoken(3.0) == []
    assert runner.answered(OperatorEnded(), 90.0) == [ENTER]


@pytest.mark.parametrize("at", [RECORD, Operator(), Hall(accepted()), stopped_by("*3"), ONE_OR_TWO])
def test_a_hang_up_closes_the_dialogue_at_the_new_requests_too(at: Request) -> None:
    runner, _ = started(at, WELCOME)
    press(runner, "*")
    runner.close()
    assert runner.answered(Recorded(None), 2.0) == press(runner, "3#1") == runner.timed_out(3.0) == []


@given(st.text("0123*#", max_size=12), st.sets(st.sampled_from(["*0", "*1", "*12", "*#", "**3"]), max_size=4))
def test_an_entry_ends_with_at_most_one_stop_and_never_loses_its_place(keys: str, stops: set[str]) -> None:
    heard: list[object] = []
    runner, _ = started(*[Collect(3, stops=tuple(stops))] * 13, heard=heard)
    press(runner, keys)
    runner.timed_out(99.0)
    for keyed in heard:
        assert isinstance(keyed, Keyed)
        assert (keyed.by is KeyedBy.STOP) == bool(keyed.stop)
        assert not (keyed.stop and keyed.digits)
        assert keyed.stop in {"", *stops}
        assert keyed.digits.isdecimal() or not keyed.digits


STEPS: list[Callable[[Runner, float], list[RunnerEffect]]] = [
    *(lambda runner, now, key=key: runner.key(key, now) for key in "012#*"),
    Runner.spoken,
    Runner.timed_out,
    lambda runner, now: runner.answered("reply", now),
]

WISHES = [
    WELCOME,
    FRESH,
    GOODBYE,
    CODE,
    ONE_OR_TWO,
    stopped_by("*0", "*01"),
    Pause(1.0),
    LookUpPasscode("1"),
    RECORD,
    Operator(),
]


@given(
    st.lists(st.sampled_from(WISHES), max_size=8),
    st.lists(st.sampled_from(STEPS), max_size=40),
)
def test_a_timer_runs_exactly_while_keys_or_a_pause_are_waited_for(
    requests: list[Request], steps: list[Callable[[Runner, float], list[RunnerEffect]]]
) -> None:
    runner = Runner(dialogue(*requests))
    armed = False
    ended = 0
    for now, step in enumerate([Runner.start, *steps]):
        if step is Runner.timed_out:
            armed = False
            if runner.state not in {State.KEYS, State.SILENCE}:
                continue
        for effect in step(runner, float(now)):
            if isinstance(effect, SetTimer):
                armed = True
            elif isinstance(effect, CancelTimer):
                armed = False
            ended += isinstance(effect, Ended)
        assert armed == (runner.state in {State.KEYS, State.SILENCE})
        assert ended == (runner.state is State.ENDED)

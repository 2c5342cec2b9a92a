"""Keys, ends of speech, answers and pauses: what they do at each request a dialogue can stand at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from bridge.dialogue.requests import (
    FIRST_DIGIT_S,
    NEXT_DIGIT_S,
    Collect,
    Dialogue,
    HoldBack,
    Keyed,
    KeyedBy,
    LookUpPasscode,
    Pause,
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
)
from prompts.phrases import Utterance

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


STEPS: list[Callable[[Runner, float], list[RunnerEffect]]] = [
    *(lambda runner, now, key=key: runner.key(key, now) for key in "012#*"),
    Runner.spoken,
    Runner.timed_out,
    lambda runner, now: runner.answered("reply", now),
]


@given(
    st.lists(st.sampled_from([WELCOME, FRESH, GOODBYE, CODE, Pause(1.0), LookUpPasscode("1")]), max_size=8),
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

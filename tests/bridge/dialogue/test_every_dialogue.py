"""Whatever callers press, say and are told, and wherever they hang up: each dialogue ends, once, and then asks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.conference.model import Refusal
from bridge.dialogue import (
    called,
    choosing,
    dial_out,
    helpline,
    message,
    name,
    reception,
    takes,
)
from bridge.dialogue.called import Errand, blast_greeting, operator_call
from bridge.dialogue.choosing import choose_person
from bridge.dialogue.message import record_message
from bridge.dialogue.requests import (
    CheckCounterPassword,
    CheckNumber,
    Hall,
    HallAdmitted,
    HallRefused,
    Join,
    KeptName,
    LookUpPasscode,
    MayJoin,
    NobodyFree,
    NotAvailable,
    NumberBad,
    NumberGood,
    Operator,
    OperatorEnded,
    Recognise,
    Record,
    Recorded,
    Saved,
    SaveMessage,
)
from bridge.dialogue.results import Result
from bridge.dialogue.runner import State, StopRecording
from bridge.dialogue.verdicts import CounterVerdict, Denied, Why
from bridge.service.role import Role
from prompts.catalogue import catalogue
from prompts.phrases import RECORDED, Utterance, is_common, say, sounds
from prompts.values import Clip
from tests.bridge.dialogue.caller import Caller
from tests.support.builders import accepted

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from bridge.dialogue.requests import Dialogue

CLIP = Clip(0, 8000)
FAIR_MOVES = 2000
"""More than the longest dialogue of somebody who does every wrong thing as often as it may be done."""

DIALOGUES: dict[str, Callable[[], Dialogue]] = {
    "reception": lambda: reception.reception("en", attempts=3, help_keys="*0", recognises=True),
    "reception without an operator": lambda: reception.reception("en", attempts=3),
    "dial-out": lambda: dial_out.dial_out("en", carriers=True, local_area="11", give_up_keys="*3"),
    "choosing": lambda: choose_person("en", [(4, CLIP), (5, None)], give_up_keys="*3"),
    "blast": lambda: blast_greeting("en", CLIP, press_one=True),
    "message": lambda: record_message("en"),
    "operator": lambda: operator_call("en", Errand.GREET, CLIP),
}

LIVELY = {"announce_names": True, "keep_names": True, "assisted": True}
ACCEPTED = [
    accepted(Role.PARTICIPANT),
    accepted(Role.MODERATOR, expires_in_days=3, **LIVELY),
    accepted(Role.PARTICIPANT, asks_counter_password=True, delay_s=2.5, **LIVELY),
]
REFUSALS = [None, *Refusal]
REPLIES: dict[type, list[object]] = {
    Recognise: [None, NotAvailable(), *ACCEPTED],
    LookUpPasscode: [NotAvailable(), *(Denied(why=why, delay_s=1.0) for why in Why), *ACCEPTED],
    CheckCounterPassword: [NotAvailable(), CounterVerdict(right=False), CounterVerdict(right=True)],
    Operator: [OperatorEnded(), NobodyFree(), NotAvailable()],
    Record: [Recorded(None), Recorded(CLIP), NotAvailable()],
    KeptName: [None, CLIP, NotAvailable()],
    SaveMessage: [Saved(), NotAvailable()],
    Hall: [HallAdmitted(), HallRefused(), NobodyFree(), NotAvailable()],
    CheckNumber: [NumberGood("11", "token"), NumberBad("dial_incomplete"), NotAvailable()],
    MayJoin: REFUSALS,
    Join: REFUSALS,
}

MOVES = ["spoken", "time", "0", "1", "2", "3", "#", "*", "*0", "*3", "12#", "99999999999999999999#"]


def answer(caller: Caller, choice: int) -> None:
    asked = next(each for each in reversed(caller.asked) if not isinstance(each, StopRecording))
    replies = REPLIES[type(asked)]
    caller.answers(replies[choice % len(replies)])


def move(caller: Caller, step: str | int) -> None:
    """Do one thing, at the right moment or not. A number is an answer, where something was asked."""
    match step:
        case int():
            if caller.runner.state in {State.REPLY, State.RECORDING, State.LASTING}:
                answer(caller, step)
            else:
                caller.answers(NotAvailable())
        case "spoken":
            caller.hears()
        case "time":
            caller.passes_time()
        case keys:
            caller.press(keys)


def go_on(caller: Caller, choice: int = 0) -> None:
    """Do what the dialogue waits for, so that it cannot stand still."""
    match caller.runner.state:
        case State.SPEECH:
            caller.hears()
        case State.KEYS | State.SILENCE:
            caller.passes_time()
        case State.REPLY | State.RECORDING | State.LASTING:
            answer(caller, choice)


def is_over(caller: Caller) -> bool:
    return caller.runner.state is State.ENDED


def is_silent(caller: Caller) -> bool:
    """Whether nothing comes out, whatever goes in."""
    said, asked, ends = list(caller.says), list(caller.asked), caller.ends
    caller.press("1*0#").hears().passes_time().answers(Recorded(CLIP))
    return (caller.says, caller.asked, caller.ends) == (said, asked, ends)


STEPS = st.one_of(st.sampled_from(MOVES), st.integers(0, 9))
KINDS = st.sampled_from(sorted(DIALOGUES))


@given(KINDS, st.lists(STEPS, max_size=60), st.integers(0, 9))
@settings(max_examples=300)
def test_a_dialogue_ends_once_whatever_happens_and_then_asks_nothing(
    kind: str, steps: list[str | int], choice: int
) -> None:
    caller = Caller(DIALOGUES[kind]())
    for step in steps:
        move(caller, step)
    for _ in range(FAIR_MOVES):
        if is_over(caller):
            break
        go_on(caller, choice)
    assert caller.ends == 1
    assert isinstance(caller.result, Result)
    assert is_silent(caller)


@given(KINDS, st.lists(STEPS, max_size=6))
@settings(max_examples=200)
def test_nobody_keeps_a_dialogue_going_for_ever_by_doing_the_same_again_and_again(
    kind: str, habit: list[str | int]
) -> None:
    caller = Caller(DIALOGUES[kind]())
    choice = next((step for step in habit if isinstance(step, int)), 0)
    for _ in range(FAIR_MOVES):
        if is_over(caller):
            break
        for step in habit:
            move(caller, step)
        go_on(caller, choice)
    assert caller.ends == 1


@given(KINDS, st.lists(STEPS, max_size=40))
@settings(max_examples=200)
def test_a_hang_up_at_any_point_is_the_end_of_it(kind: str, steps: list[str | int]) -> None:
    caller = Caller(DIALOGUES[kind]())
    for step in steps:
        move(caller, step)
    ends = caller.ends
    caller.hangs_up()
    assert is_over(caller)
    assert is_silent(caller)
    assert caller.ends == ends


@given(KINDS, st.lists(STEPS, max_size=60))
def test_all_that_is_ever_said_can_be_said_in_every_language(kind: str, steps: list[str | int]) -> None:
    caller = Caller(DIALOGUES[kind]())
    for step in steps:
        move(caller, step)
    for each in caller.says:
        assert all(sounds(each.utterance, language) for language in catalogue().languages)


@pytest.mark.parametrize(
    "module",
    [called, choosing, dial_out, helpline, message, name, reception, takes],
    ids=lambda it: it.__name__,
)
def test_every_constant_utterance_is_in_the_catalogue(module: ModuleType) -> None:
    said = [value for value in vars(module).values() if isinstance(value, Utterance)]
    catalogue().require(each.name for each in said if not is_common(each.name) and each.name != RECORDED)


@pytest.mark.parametrize(
    "utterance",
    [
        say("offer_operator", keys="*0"),
        say("dial_number_local", area="11"),
        say("dial_read_back", number="1512345678"),
        say("dial_confirm", keys="*3"),
        say("role_choice", number=3, name=CLIP),
        say("role_choice_unnamed", number=3),
        say("you_said", name=CLIP),
        *(Utterance(errand.value) for errand in Errand),
        Utterance("tone.record"),
    ],
    ids=lambda it: it.name,
)
def test_what_has_values_speaks_them(utterance: Utterance) -> None:
    for language in catalogue().languages:
        spoken = sounds(utterance, language)
        assert spoken
        bare = sounds(Utterance(utterance.name), language)
        assert spoken != bare or not utterance.values

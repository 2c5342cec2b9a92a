"""Handing the moderator's role on: who is read out, who is meant."""

from __future__ import annotations

import pytest

from bridge.dialogue.choosing import CHOOSING_TRIES, MOST_CHOICES, choose_person
from bridge.dialogue.results import Chosen, GivenUp
from prompts.values import Clip
from tests.bridge.dialogue.caller import Caller

BIA = Clip(0, 8000)
PEOPLE = [(41, BIA), (17, None), (99, Clip(8000, 8000))]
READ = ["role_choose", "role_choice", "role_choice_unnamed", "role_choice"]


def choosing() -> Caller:
    return Caller(choose_person("en", PEOPLE, give_up_keys="*3"))


def test_everybody_is_read_out_by_number_and_name() -> None:
    caller = choosing().listens()
    assert caller.said == READ
    assert [dict(each.utterance.values) for each in caller.says[1:3]] == [
        {"number": 1, "name": BIA},
        {"number": 2},
    ]
    assert caller.press("2#").result == Chosen(17)


def test_a_number_may_be_keyed_before_all_have_been_read() -> None:
    caller = choosing().press("3")
    assert caller.said == ["role_choose"]
    assert caller.press("#").result == Chosen(99)


def test_a_pause_submits_too() -> None:
    assert choosing().press("1").waits().result == Chosen(41)


@pytest.mark.parametrize("keys", ["4#", "0#", "#", "111#", "*#", "99999999999#"])
def test_a_number_that_is_nobody_s_reads_the_list_again(keys: str) -> None:
    caller = choosing().press(keys).forget()
    assert caller.press("*2#").result == Chosen(17)
    caller = choosing()
    for _ in range(CHOOSING_TRIES):
        assert caller.result is None
        caller.press(keys)
    assert caller.result == GivenUp()


def test_a_leading_zero_is_no_mistake() -> None:
    assert choosing().press("01#").result == Chosen(41)


def test_silence_does_not_keep_the_list_going_for_ever() -> None:
    caller = choosing()
    for _ in range(CHOOSING_TRIES):
        caller.waits()
    assert caller.result == GivenUp()
    assert caller.said == READ * CHOOSING_TRIES


def test_the_keys_for_returning_give_up_at_once() -> None:
    assert choosing().press("*3").result == GivenUp()
    assert choosing().press("1*3").result == GivenUp()


def test_without_such_keys_a_star_begins_anew() -> None:
    assert Caller(choose_person("en", PEOPLE)).press("1*3#").result == Chosen(99)


def test_where_nobody_else_is_there_that_is_said() -> None:
    caller = Caller(choose_person("en", []))
    assert caller.said == ["role_nobody"]
    assert caller.listens().result == GivenUp()


def test_in_a_large_room_only_so_many_are_read_out_and_can_be_chosen() -> None:
    people = [(1000 + number, None) for number in range(MOST_CHOICES + 5)]
    caller = Caller(choose_person("en", people)).listens()
    assert len(caller.said) == 1 + MOST_CHOICES
    assert caller.press(f"{MOST_CHOICES}#").result == Chosen(1000 + MOST_CHOICES - 1)

"""What the commands for a running bridge have in common; they are `lock` here."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.cli.console import SHORT_ID, TOLD_OF_OTHERS, short_ids
from bridge.conference import words
from bridge.conference.commands import Lock
from bridge.control.protocol import Conferences, Give, Given, Problem
from prompts.phrases import Utterance
from tests.bridge.cli.bridge_in_a_thread import BOARD, SALES, FakeBridge
from tests.bridge.cli.conftest import Roda


@pytest.mark.parametrize("said", [BOARD.id, BOARD.id[:15], "0192f3a4-1", "Board"])
def test_a_conference_is_meant_by_its_id_the_beginning_of_it_or_its_name(
    roda: Roda, bridge: FakeBridge, said: str
) -> None:
    status, out, err = roda("lock", said)
    assert bridge.asked == [Give(BOARD.id, Lock(on=True), "rosa")]
    assert (status, out, err) == (0, "The conference is now locked. No one else can join.\n", "")


def test_a_beginning_that_several_have_is_not_guessed(roda: Roda, bridge: FakeBridge) -> None:
    status, out, err = roda("lock", "0192")
    assert (status, out, bridge.asked) == (1, "", [])
    assert "may be any of 0192f3a4-1111, 0192f3a4-2222: say more of it" in err


def test_a_whole_id_is_never_another_ones_beginning(roda: Roda, bridge: FakeBridge) -> None:
    bridge.rows = (msgspec.structs.replace(SALES, id=BOARD.id + "-2"), BOARD)
    roda("lock", BOARD.id)
    assert bridge.command == Lock(on=True)


@pytest.mark.parametrize("said", ["nowhere", "", "192f"])
def test_a_conference_that_is_not_there_is_said_so(roda: Roda, bridge: FakeBridge, said: str) -> None:
    status, _, err = roda("lock", said)
    assert (status, bridge.asked) == (1, [])
    assert f'there is no conference "{said}" in progress: see roda conferences' in err


@pytest.mark.parametrize(
    ("reply", "out", "err"),
    [
        (Given(done=True), "Done.\n", ""),
        (Given(done=True, text="muted"), "They are muted now.\n", ""),
        (Given(done=True, text="Rui is being called"), "Rui is being called\n", ""),
        (Given(done=False, text="not_now_at_all"), "", "roda: not now at all\n"),
        (Given(done=False), "", "roda: it cannot be done now\n"),
        (Problem("there is no leg 7"), "", "roda: there is no leg 7\n"),
    ],
)
def test_what_became_of_a_command_is_said_and_is_the_status(
    roda: Roda, bridge: FakeBridge, reply: Given | Problem, out: str, err: str
) -> None:
    bridge.reply = reply
    assert roda("lock", "Board") == (1 if err else 0, out, err)


def test_what_is_told_of_others_takes_the_place_of_prompts_that_there_are() -> None:
    prompts = {each.name for each in vars(words).values() if isinstance(each, Utterance)}
    prompts.add(words.moved_apart(1).name)
    assert set(TOLD_OF_OTHERS) <= prompts


def test_programs_are_told_in_json(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Given(done=False, text="not_now")
    status, out, err = roda("lock", "Board", "--json")
    assert (status, json.loads(out), err) == (1, {"type": "given", "done": False, "text": "not_now"}, "")


def test_an_answer_to_something_else_is_not_taken_for_one(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Conferences(())
    status, _, err = roda("lock", "Board")
    assert (status, "is it of another version" in err) == (1, True)


def test_without_a_bridge_it_is_said_where_none_is(roda: Roda) -> None:
    status, out, err = roda("lock", "Board")
    assert (status, out) == (1, "")
    assert err.startswith("roda: no bridge is running here (var/control.sock): start one with roda serve")


def test_a_bridge_that_takes_no_commands_is_said_to_take_none(roda: Roda, tmp_path: Path) -> None:
    (tmp_path / "roda.toml").write_text('[control]\nsocket = ""\n')
    status, _, err = roda("lock", "Board")
    assert (status, "control.socket is empty" in err) == (1, True)


@given(st.lists(st.text("0123456789abcdef-", min_size=1, max_size=20), unique=True, max_size=8))
def test_a_short_id_means_one_conference_only(ids: list[str]) -> None:
    short = short_ids([msgspec.structs.replace(BOARD, id=one) for one in ids])
    for one, beginning in short.items():
        assert one.startswith(beginning)
        assert len(beginning) >= min(SHORT_ID, len(one))
        others = [other for other in ids if other.startswith(beginning) and other != one]
        assert not others or beginning == one

"""Calls out of a conference."""

from __future__ import annotations

import json

import pytest

from bridge.blast.states import State
from bridge.conference import commands
from bridge.conference.commands import Command
from bridge.control.protocol import BlastBoard, Board, BoardRow
from bridge.service.outcome import Outcome
from tests.bridge.cli.bridge_in_a_thread import BOARD, FakeBridge
from tests.bridge.cli.conftest import Roda


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("dial Board +5511999", commands.DialOut(number="+5511999")),
        ("dial Board +5511999 --name Ana", commands.DialOut(number="+5511999", name="Ana")),
        ("blast Board", commands.Blast()),
        ("blast Board sales", commands.Blast(list="sales")),
        ("cancel-blast Board", commands.CancelBlast()),
    ],
)
def test_a_command_is_given_to_the_conference_that_is_meant(
    roda: Roda, bridge: FakeBridge, words: str, command: Command
) -> None:
    assert roda(*words.split())[0] == 0
    assert bridge.command == command


def test_the_board_shows_how_far_each_call_is(roda: Roda, bridge: FakeBridge) -> None:
    """Service.md `*92`: busy and no answer are reported."""
    bridge.reply = Board(
        (
            BoardRow("Ana", "+5511", State.JOINED, 1, 61.0),
            BoardRow("Rui", "+5521", State.NO_ANSWER, 2, 5.0, Outcome.NO_ANSWER),
        )
    )
    status, out, _ = roda("blast-board", "Board")
    assert (status, bridge.asked) == (0, [BlastBoard(BOARD.id)])
    assert [line.split() for line in out.splitlines()[1:]] == [
        ["Ana", "+5511", "joined", "0:01:01", "1"],
        ["Rui", "+5521", "no", "answer", "0:00:05", "2", "no", "answer"],
    ]
    rows = json.loads(roda("blast-board", "Board", "--json")[1])["rows"]
    assert [row["state"] for row in rows] == ["joined", "no_answer"]


def test_a_board_without_calls_says_so(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Board(())
    assert roda("blast-board", "Board") == (0, "Nobody is being called.\n", "")

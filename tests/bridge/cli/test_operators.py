"""What operators do (O2, O3, O4)."""

from __future__ import annotations

import json

import pytest

from bridge.conference import commands
from bridge.conference.commands import Command
from bridge.control.protocol import (
    AdmitCaller,
    AnyRequest,
    Give,
    HelpQueue,
    OperatorRow,
    Queue,
    QueueRow,
    RefuseCaller,
    SetAway,
    TakeRequest,
)
from tests.bridge.cli.bridge_in_a_thread import BOARD, SALES, FakeBridge
from tests.bridge.cli.conftest import Roda


def test_the_queue_says_who_where_and_how_long_and_who_could_help(roda: Roda, bridge: FakeBridge) -> None:
    """O3."""
    bridge.reply = Queue(
        (
            QueueRow(3, "help", 7, "Ana", "+5511", BOARD.id, 61.0, "rui"),
            QueueRow(4, "greet", 8, "", "+5521", "", 5.0),
        ),
        (OperatorRow("rui", "ringing", 3), OperatorRow("eva", "monitoring", 0, SALES.id)),
    )
    status, out, _ = roda("queue")
    assert (status, bridge.asked) == (0, [HelpQueue()])
    assert [line.split() for line in out.splitlines()] == [
        ["REQUEST", "WANTS", "NAME", "CALLER", "LEG", "CONFERENCE", "WAITS", "OPERATOR"],
        ["3", "help", "Ana", "+5511", "7", "0192f3a4-1111", "0:01:01", "rui"],
        ["4", "greet", "+5521", "8", "0:00:05"],
        [],
        ["OPERATOR", "STATE", "REQUEST", "CONFERENCE"],
        ["rui", "ringing", "3"],
        ["eva", "monitoring", "0192f3a4-2222"],
    ]
    assert json.loads(roda("queue", "--json")[1])["rows"][1]["caller"] == "+5521"


def test_an_empty_queue_and_no_operators_are_said_so(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Queue(())
    assert roda("queue")[1].splitlines() == [
        "Nobody waits for an operator.",
        "",
        "There is no operator: see [[operators]] in the configuration.",
    ]


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        ("take rui", TakeRequest("rui", 0)),
        ("take rui 3", TakeRequest("rui", 3)),
        ("away rui on", SetAway("rui", away=True)),
        ("away rui off", SetAway("rui", away=False)),
        ("admit 3", AdmitCaller(3, "rosa")),
        (
            "admit 3 --name Ana --company Sol --phone 11 --email a@b",
            AdmitCaller(3, "rosa", "Ana", "Sol", "11", "a@b"),
        ),
        ("refuse 3", RefuseCaller(3, "rosa")),
    ],
)
def test_who_waits_is_taken_admitted_or_refused(
    roda: Roda, bridge: FakeBridge, words: str, request_: AnyRequest
) -> None:
    """O2, O3."""
    assert roda(*words.split())[0] == 0
    assert bridge.asked == [request_]


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("monitor Board --operator rui", commands.Monitor()),
        ("monitor Board --operator rui --silent", commands.Monitor(announced=False)),
        ("monitor Board --operator rui --announced", commands.Monitor(announced=True)),
        ("monitor Board --operator rui --stop", commands.Monitor(on=False)),
        ("whisper Board 7 --operator rui", commands.Whisper(leg=7)),
        ("whisper Board --stop --operator rui", commands.Whisper()),
        ("visit Board --operator rui", commands.Visit()),
        ("visit Board --operator rui --stop", commands.Visit(on=False)),
    ],
)
def test_an_operator_listens_whispers_and_joins_by_their_own_telephone(
    roda: Roda, bridge: FakeBridge, words: str, command: Command
) -> None:
    """O4."""
    assert roda(*words.split())[0] == 0
    assert bridge.asked == [Give(BOARD.id, command, "rui")]


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        ("monitor Board --operator rui --silent --announced", 1, "say one of"),
        ("monitor Board --operator rui --silent --stop", 1, "say one of"),
        ("whisper Board --operator rui", 1, "say either to whom, by number, or --stop"),
        ("whisper Board 7 --stop --operator rui", 1, "say either to whom"),
        ("monitor Board", 2, "--operator"),
        ("take rui 0", 2, "REQUEST"),
        ("admit x", 2, "REQUEST"),
    ],
)
def test_what_cannot_be_meant_is_said_so_before_the_bridge_hears_of_it(
    roda: Roda, bridge: FakeBridge, words: str, status: int, why: str
) -> None:
    ended, _, err = roda(*words.split())
    assert (ended, bridge.asked) == (status, [])
    assert why in err

"""`roda trunks`: what is up, and how busy it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.control.protocol import ListTrunks, TrunkRow, Trunks
from tests.bridge.cli.bridge_in_a_thread import FakeBridge
from tests.bridge.cli.conftest import Roda


def row(**changes: Any) -> TrunkRow:
    given = {
        "name": "carrier", "address": "sip.example", "transport": "udp", "up": True, "answers": True,
        "registered": True, "calls_out": 3, "calls_in": 2, "most_out": 30, "most_in": 0, "since_s": 61.0,
    }  # fmt: skip
    return TrunkRow(**{**given, **changes})


def test_shows_each_with_its_calls_and_what_went_wrong(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Trunks(
        (row(), row(name="pbx", since_s=None, up=False, answers=False, last_error="408", without_ack=7))
    )
    status, out, _ = roda("trunks")
    assert (status, bridge.asked) == (0, [ListTrunks()])
    assert [line.split() for line in out.splitlines()] == [
        ["TRUNK", "ADDRESS", "BY", "STATE", "SINCE", "OUT", "IN", "NO", "ACK", "LAST", "ERROR"],
        ["carrier", "sip.example", "udp", "registered", "0:01:01", "3/30", "2", "0"],
        ["pbx", "sip.example", "udp", "no", "answer", "3/30", "2", "7", "408"],
    ]
    assert json.loads(roda("trunks", "--json")[1])["rows"][0]["calls_out"] == 3


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "registered"),
        ({"registered": None}, " up "),
        ({"registered": False}, "not registered"),
        ({"answers": False, "registered": False}, "no answer"),
    ],
)
def test_the_state_is_what_is_wrong_where_something_is(
    roda: Roda, bridge: FakeBridge, changes: dict[str, Any], word: str
) -> None:
    bridge.reply = Trunks((row(**changes),))
    assert word in roda("trunks")[1]


def test_without_any_it_says_so(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Trunks(())
    assert roda("trunks") == (0, "No trunk is configured.\n", "")

"""`roda sip`."""

from __future__ import annotations

import json

from bridge.control.protocol import Figures, ShowFigures
from tests.bridge.cli.bridge_in_a_thread import FakeBridge
from tests.bridge.cli.conftest import Roda

COUNTED = Figures(
    {
        "sip": {"sent:200": 12, "received:INVITE": 3, "retransmitted": 1, "sent:486": 0},
        "guard": {"dropped:scanner": 7},
        "media": {"workers replaced": 1},
    }
)


def test_what_was_counted_is_a_table_of_part_kind_and_number(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = COUNTED
    status, out, _ = roda("sip")
    assert (status, bridge.asked) == (0, [ShowFigures()])
    assert [line.split() for line in out.splitlines()[1:]] == [
        ["sip", "received", "INVITE", "3"],
        ["sip", "retransmitted", "1"],
        ["sip", "sent", "200", "12"],
        ["guard", "dropped", "scanner", "7"],
    ]


def test_all_is_all(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = COUNTED
    assert "workers replaced" in roda("sip", "--all")[1]


def test_for_programs_it_is_json(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = COUNTED
    assert json.loads(roda("sip", "--json")[1])["parts"]["guard"] == {"dropped:scanner": 7}


def test_nothing_is_said_so(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Figures({})
    assert roda("sip")[1] == "Nothing has been counted yet.\n"

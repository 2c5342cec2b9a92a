"""`roda bans`."""

from __future__ import annotations

import json

from bridge.control.protocol import BanRow, Bans, Given, LiftBan, ListBans
from tests.bridge.cli.bridge_in_a_thread import FakeBridge
from tests.bridge.cli.conftest import Roda

ROWS = (
    BanRow("198.51.100.7", "scanner", 61.0, 179.0, 2, True),
    BanRow("2001:db8::/64", "wrong password", 1.0, 59.0, 1, False),
)


def test_bans_are_listed_with_why_and_how_long(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Bans(ROWS, 2)
    status, out, _ = roda("bans")
    assert (status, bridge.asked) == (0, [ListBans()])
    assert [line.split() for line in out.splitlines()[1:]] == [
        ["198.51.100.7", "scanner", "0:01:01", "0:02:59", "2", "UDP"],
        ["2001:db8::/64", "wrong", "password", "0:00:01", "0:00:59", "1", "any", "way"],
    ]


def test_very_many_are_counted(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Bans(ROWS, 700)
    assert "... and 698 more" in roda("bans")[1]


def test_nobody_is_said_so(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Bans(())
    assert roda("bans")[1] == "Nobody is banned.\n"


def test_for_programs_it_is_json(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Bans(ROWS, 2)
    assert json.loads(roda("bans", "--json")[1])["rows"][0]["datagrams_only"] is True


def test_a_ban_is_lifted(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Given(done=True, text="listened to again")
    status, out, _ = roda("bans", "--lift", "198.51.100.7")
    assert (status, out, bridge.asked) == (0, "listened to again\n", [LiftBan("198.51.100.7")])


def test_one_that_is_not_banned_is_said_so(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Given(done=False, text="it is not banned")
    status, _, err = roda("bans", "--lift", "198.51.100.8")
    assert status == 1
    assert "it is not banned" in err

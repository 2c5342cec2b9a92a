"""`roda phones`: who is registered where."""

from __future__ import annotations

import json

from bridge.control.protocol import ListPhones, PhoneRow, Phones
from tests.bridge.cli.bridge_in_a_thread import FakeBridge
from tests.bridge.cli.conftest import Roda

ANA = PhoneRow("ana", "sip:ana@10.0.0.9", "udp", "192.0.2.1:5062", "Phone/1", 61.0, 239.0)


def test_says_who_where_and_for_how_long(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Phones((ANA,), 1)
    status, out, _ = roda("phones")
    assert (status, bridge.asked) == (0, [ListPhones()])
    assert [line.split() for line in out.splitlines()] == [
        ["ACCOUNT", "CONTACT", "BY", "FROM", "PRODUCT", "SINCE", "LEFT"],
        ["ana", "sip:ana@10.0.0.9", "udp", "192.0.2.1:5062", "Phone/1", "0:01:01", "0:03:59"],
    ]
    assert json.loads(roda("phones", "--json")[1])["rows"][0]["account"] == "ana"


def test_can_be_asked_of_one_account_and_says_what_it_leaves_out(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Phones((ANA,), 7)
    assert roda("phones", "ana")[1].splitlines()[-1] == "1 of 7"
    assert bridge.asked == [ListPhones("ana")]


def test_says_that_nobody_is(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Phones(())
    assert roda("phones")[1] == "No telephone is registered.\n"

"""sipp calls a started bridge: another reading of RFC 3261 than ours, at every turn of a call."""

from __future__ import annotations

import time

import pytest

from tests.interop.sipp import JOIN_AND_LEAVE, Sipp, may_open_raw_sockets
from tests.interop.started import ACCESS_NUMBER, Bridge, Demo

TRANSPORTS = pytest.mark.parametrize("transport", ["u1", "t1"], ids=["udp", "tcp"])


@TRANSPORTS
def test_somebody_joins_an_open_room_and_leaves(bridge: Bridge, sipp: Sipp, transport: str):
    sipp.run(JOIN_AND_LEAVE, bridge, f"conf-join-{transport}", transport=transport)
    (record,) = bridge.left(f"conf-join-{transport}")
    assert (record["room"], record["role"]) == (f"join-{transport}", "participant")
    assert (record["caller"], record["reason"]) == ("sipp", "hung_up")


def test_hold_is_answered_with_its_mirror_image_and_resumed(bridge: Bridge, sipp: Sipp):
    sipp.run("hold.xml", bridge, "conf-hold")


def test_who_brings_no_offer_gets_ours(bridge: Bridge, sipp: Sipp):
    sipp.run("late_offer.xml", bridge, "conf-late")
    bridge.left("conf-late")


@TRANSPORTS
def test_what_is_not_taken_is_refused_with_the_reason(bridge: Bridge, sipp: Sipp, transport: str):
    sipp.run("refusals.xml", bridge, "conf-refusals", transport=transport)
    assert not bridge.records("conf-refusals")


@TRANSPORTS
@pytest.mark.parametrize("way", ["info", "rtp"])
def test_a_keyed_passcode_lets_in(bridge: Bridge, demo: Demo, sipp: Sipp, way: str, transport: str):
    if way == "rtp" and not may_open_raw_sockets():
        pytest.skip("sipp plays RTP over raw sockets, which need root")
    since = time.time()
    sipp.run(
        f"{way}_digits.xml",
        bridge,
        ACCESS_NUMBER,
        "-key",
        "code",
        f"{demo.participant}#",
        transport=transport,
    )
    (record,) = bridge.left(ACCESS_NUMBER, since=since)
    assert (record["role"], record["reason"]) == ("participant", "hung_up")


def test_many_short_calls_leave_nothing_behind(bridge: Bridge, sipp: Sipp):
    """50 calls a second, each into a room that is made for it and ends with it."""
    sipp.run(JOIN_AND_LEAVE, bridge, "conf-warm-up")
    bridge.left("conf-warm-up")
    before = bridge.holdings()
    sipp.run(JOIN_AND_LEAVE, bridge, "conf-many", "-m", "300", "-r", "50")
    bridge.left("conf-many", count=300)
    assert bridge.holdings() == before

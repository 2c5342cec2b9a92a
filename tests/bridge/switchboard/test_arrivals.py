"""What is known of a call from the beginning: who has proved to be it, and whether the caller wants to be shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.conference.events import LeaveReason
from bridge.control import protocol
from bridge.switchboard import arrivals
from bridge.switchboard.arrivals import ACK_S, NO_ACK, TRUNK_NO_ACK
from sip.events import CallEnded, EndCause
from sip.message import Request
from tests.support.builders import ACCESS_NUMBER, incoming
from tests.support.operated_world import OperatedWorld, settled
from tests.support.roster_reader import Reader


def arrives(
    world: OperatedWorld, *, privacy: str = "", identity: str = "", dialled: str = "551130000000"
) -> int:
    """A call; its leg."""
    world._next_call += 1
    call = world._next_call
    world.calls[call] = "invited"
    source = "127.0.0.1" if dialled.startswith("conf-") else "192.0.2.7"
    event = incoming(call, dialled=dialled, source=source)
    headers = event.request.headers.copy()
    if privacy:
        headers.add("Privacy", privacy)
    request = Request("INVITE", event.request_uri, headers)
    world.happens(replace(event, request=request, identity=identity))
    world.pool_answers(-1, opens=True)
    world.acknowledges(call)
    return world.board._lines.by_call[call].number


@pytest.mark.parametrize(("privacy", "shown"), [("", "****"), ("none", "****"), ("id", "Anonymous")])
def test_who_wants_to_be_known_to_nobody_is_not_shown(world: OperatedWorld, privacy: str, shown: str) -> None:
    """RFC 3323: to the others in the room, who see the roster."""
    leg = arrives(world, privacy=privacy, dialled="conf-sales")
    subscription = world.watches(world.leg(leg).call)
    reader = Reader()
    reader.read(world.watching[subscription][0])
    assert list(reader.seen("role")) == [shown]
    settled(world)


def test_the_account_that_called_is_kept_for_what_it_asks_later(world: OperatedWorld) -> None:
    leg = arrives(world, identity="ana", dialled="conf-sales")
    assert world.leg(leg).identity == "ana"
    subscription = world.watches(0, uri="sip:conf-sales@192.0.2.1", identity="ana")
    assert world.watching[subscription]
    settled(world)


def test_a_call_through_the_reception_is_known_alike(world: OperatedWorld) -> None:
    leg = arrives(world, identity="trunk", privacy="user")
    assert (world.leg(leg).identity, world.leg(leg).private) == ("trunk", True)
    settled(world)


def test_of_strangers_who_never_acknowledge_the_oldest_make_way(
    world: OperatedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood from invented addresses has neither all ports nor the calls of those who are known."""
    monkeypatch.setattr(arrivals, "UNPROVED_MAX", 3)
    lines = world.board._lines
    calls = []
    for _ in range(3):
        calls.append(world.calls_in(ACCESS_NUMBER))
        world.pool_answers(-1, opens=True)
    world.acknowledges(calls[0])
    calls.append(world.calls_in(ACCESS_NUMBER))
    world.pool_answers(-1, opens=True)
    world.calls_in(ACCESS_NUMBER)
    assert lines.figures[f"refused:{NO_ACK}"] == 1, "the oldest may be on its way yet"
    known = world.calls_in(ACCESS_NUMBER, trusted=True)
    assert known in lines.by_call
    world.pool_answers(-1, opens=True)
    world.passes(ACK_S)
    last = world.calls_in(ACCESS_NUMBER)
    assert {calls[0], calls[2], calls[3], known, last} == set(lines.by_call)
    assert lines.figures[f"ended:{LeaveReason.LOST.value}"] == 1


def forged(world: OperatedWorld, *, real: bool = False, identity: str = "trunk:carrier", **flow: Any) -> int:
    """A call that says to be a trunk's, of which no ACK has come; its number."""
    world._next_call += 1
    call = world._next_call
    world.calls[call] = "invited"
    event = incoming(call, dialled=ACCESS_NUMBER, source="192.0.2.9")
    world.happens(replace(event, identity=identity, real=real, flow=replace(event.flow, **flow)))
    if call in world.board._lines.by_call:
        world.pool_answers(-1, opens=True)
    return call


def test_calls_in_a_trunks_name_that_nobody_acknowledges_make_way_for_its_own(
    world: OperatedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "TRUNK_UNPROVED_MAX", 3)
    lines = world.board._lines
    calls = [forged(world) for _ in range(3)]
    (row,) = world.asks(protocol.ListTrunks()).rows
    assert (row.calls_in, row.without_ack) == (3, 3)
    forged(world)
    assert lines.figures[f"refused:{TRUNK_NO_ACK}"] == 1, "the oldest may be on its way yet"
    assert world.calls_in(ACCESS_NUMBER) in lines.by_call, "strangers are counted apart"
    world.pool_answers(-1, opens=True)
    world.acknowledges(calls[1])
    assert forged(world) in lines.by_call
    assert forged(world, transport="tcp", connection=7) in lines.by_call, "a connection is not forged"
    world.passes(ACK_S)
    honest = forged(world)
    assert honest in lines.by_call
    assert calls[0] not in lines.by_call
    world.acknowledges(honest)
    (row,) = world.asks(protocol.ListTrunks()).rows
    assert (row.calls_in, row.without_ack) == (5, 2)
    for call in list(lines.by_call):
        world.happens(CallEnded(call, EndCause.BYE, 0, ""))
    (row,) = world.asks(protocol.ListTrunks()).rows
    assert (row.calls_in, row.without_ack) == (0, 0)


def test_a_stranger_who_has_acknowledged_before_is_none_of_those_who_make_way(
    world: OperatedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "UNPROVED_MAX", 1)
    assert forged(world, identity="") in world.board._lines.by_call
    assert forged(world, identity="") not in world.board._lines.by_call
    assert forged(world, identity="", real=True) in world.board._lines.by_call

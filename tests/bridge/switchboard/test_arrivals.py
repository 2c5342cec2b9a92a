"""What is known of a call from the beginning: who has proved to be it, and whether the caller wants to be shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.conference.events import LeaveReason
from bridge.switchboard import arrivals
from bridge.switchboard.arrivals import ACK_S, NO_ACK
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

"""What consoles are told of signalling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from bridge.control import protocol
from bridge.lookout import BANS_SHOWN, NO_TRACE, NOBODY, READ_BYTES_MAX, TOO_MANY, Lookout
from sip.flow import Flow
from sip.guard import Guard, GuardSettings
from sip.trace import WATCHES_MAX, Trace

FLOW = Flow("udp", ("192.0.2.1", 5060), ("198.51.100.7", 5070))
MESSAGE = b"INVITE sip:1000@b SIP/2.0\r\nCall-ID: c1\r\n\r\n"


class World:
    def __init__(self) -> None:
        self.guard, self.trace = Guard(GuardSettings()), Trace()
        self.lookout = Lookout(
            self.guard,
            self.trace,
            call_id_of=lambda leg: "c1" if leg == 4 else "",
            figures=lambda: {"sip": {"sent:200": 3}, "guard": self.guard.counters},
        )

    def asks(self, request: protocol.SignallingRequest, now: float = 10.0) -> Any:
        reply = self.lookout.answer(request, now)
        assert protocol.read_reply(protocol.encoded(reply)) == reply, "and it goes over the wire"
        return reply

    def ban(self, host: str) -> None:
        for _ in range(3):
            self.guard.noticed(Flow("udp", FLOW.local, (host, 5060)), "scanner", 0.0)


@pytest.fixture
def world() -> World:
    return World()


def test_bans_are_listed_and_lifted(world: World) -> None:
    world.ban("198.51.100.7")
    row = protocol.BanRow("198.51.100.7", "scanner", 10.0, 50.0, 1, True)
    assert world.asks(protocol.ListBans()) == protocol.Bans((row,), 1)
    assert world.asks(protocol.LiftBan("198.51.100.7")).done
    assert world.asks(protocol.ListBans()) == protocol.Bans(())
    assert not world.asks(protocol.LiftBan("198.51.100.7")).done
    assert not world.asks(protocol.LiftBan("no address at all")).done


def test_of_very_many_bans_the_first_are_listed_and_all_counted(world: World) -> None:
    for number in range(BANS_SHOWN + 10):
        world.ban(f"10.0.{number // 250}.{number % 250}")
    reply = world.asks(protocol.ListBans())
    assert (len(reply.rows), reply.total) == (BANS_SHOWN, BANS_SHOWN + 10)


def test_figures_are_given_as_they_stand(world: World) -> None:
    world.guard.noticed(FLOW, "malformed", 0.0)
    parts = world.asks(protocol.ShowFigures()).parts
    assert parts == {"sip": {"sent:200": 3}, "guard": {"noticed:malformed": 1}}


def test_a_trace_is_begun_read_and_stopped(world: World) -> None:
    begun = world.asks(protocol.StartTrace(60.0, leg=4))
    assert begun == protocol.Tracing(1, "c1")
    world.trace.arrived(FLOW, MESSAGE, 11.0)
    world.trace.left(FLOW, MESSAGE, 12.0)
    world.trace.arrived(FLOW, MESSAGE.replace(b"c1", b"c2"), 12.0)
    first, second = world.asks(protocol.ReadTrace(begun.trace), 13.0).rows
    assert first == protocol.TraceRow(1, 2.0, False, "udp", FLOW.local, FLOW.remote, "c1", MESSAGE)
    assert (second.outward, second.ago_s) == (True, 1.0)
    assert world.asks(protocol.ReadTrace(begun.trace, after=first.number), 13.0).rows == (second,)
    assert world.asks(protocol.StopTrace(begun.trace)).done
    assert not world.trace.on
    assert world.asks(protocol.ReadTrace(begun.trace)) == NO_TRACE
    assert world.asks(protocol.StopTrace(begun.trace)) == NO_TRACE


@pytest.mark.parametrize(
    "request_",
    [
        protocol.StartTrace(60.0),
        protocol.StartTrace(60.0, call_id="c1"),
        protocol.StartTrace(60.0, number="1000"),
        protocol.StartTrace(60.0, address="198.51.100.7"),
    ],
)
def test_a_call_may_be_told_in_any_of_these_ways(world: World, request_: protocol.StartTrace) -> None:
    begun = world.asks(request_)
    world.trace.arrived(FLOW, MESSAGE, 11.0)
    assert len(world.asks(protocol.ReadTrace(begun.trace)).rows) == 1


def test_nobody_of_that_leg_is_said_so(world: World) -> None:
    assert world.asks(protocol.StartTrace(60.0, leg=5)) == NOBODY
    assert not world.trace.on


def test_too_many_traces_are_refused(world: World) -> None:
    for _ in range(WATCHES_MAX):
        assert isinstance(world.asks(protocol.StartTrace(60.0)), protocol.Tracing)
    assert world.asks(protocol.StartTrace(60.0)) == TOO_MANY


def test_much_is_read_in_pieces(world: World) -> None:
    begun = world.asks(protocol.StartTrace(60.0))
    for _ in range(10):
        world.trace.arrived(FLOW, MESSAGE + b"x" * 60_000, 11.0)
    read, last = [], 0
    while True:
        reply = world.asks(protocol.ReadTrace(begun.trace, after=last))
        assert 0 < sum(len(row.data) for row in reply.rows) <= READ_BYTES_MAX
        read += [row.number for row in reply.rows]
        last = read[-1]
        if not reply.more:
            break
    assert read == sorted(set(read))
    assert len(read) == 8, "of one call half a megabyte is kept"


def test_every_request_about_signalling_is_answered(world: World) -> None:
    asked = {
        protocol.ListBans(),
        protocol.LiftBan("x"),
        protocol.ShowFigures(),
        protocol.StartTrace(1.0),
        protocol.ReadTrace(9),
        protocol.StopTrace(9),
    }
    assert {type(each) for each in asked} == set(get_args(protocol.SignallingRequest))
    for request in asked:
        world.asks(request)


def test_of_a_listener_on_every_address_the_one_in_use_is_shown() -> None:
    trace = Trace()
    lookout = Lookout(
        Guard(GuardSettings()),
        trace,
        call_id_of=lambda _leg: "",
        figures=dict,
        heard_at=lambda flow: ("192.0.2.9", flow.local[1]),
    )
    begun = lookout.answer(protocol.StartTrace(60.0), 10.0)
    assert isinstance(begun, protocol.Tracing)
    trace.arrived(replace(FLOW, local=("0.0.0.0", 5060)), MESSAGE, 11.0)
    read = lookout.answer(protocol.ReadTrace(begun.trace), 13.0)
    assert isinstance(read, protocol.TraceRows)
    assert read.rows[0].local == ("192.0.2.9", 5060)

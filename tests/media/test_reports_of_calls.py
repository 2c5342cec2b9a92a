"""From packets of a call to what its peer is told, and to what is left of it when it ends."""

from __future__ import annotations

import numpy as np
import pytest

from media import control, rtcp
from tests.media.wire import Phone, World, not_in_block, packet, tone


def reported(world: World, ticks: int, story: str, phone: Phone) -> list[rtcp.Report]:
    """What `phone` is told while it speaks: '.' comes, 'x' is lost, 'o' comes 400 ms later."""
    told = []
    late: list[tuple[int, bytes]] = []
    for tick in range(ticks):
        data = phone.audio(tone(300, 160, start=phone.timestamp))
        match story[tick % len(story)]:
            case ".":
                world.receive(phone, data)
            case "o":
                late.append((tick + 20, data))
        while late and late[0][0] <= tick:
            world.receive(phone, late.pop(0)[1])
        for row, report in world.tick().reports:
            parsed = rtcp.parse(report, 7)
            if row == phone.row and parsed is not None:
                told.append(parsed)
    return told


def asks(world: World, stream: int) -> None:
    world.apply(control.UpdateStream(stream, control.Format(control.Codec.PCMU, 0, 101, xr=True)))


def test_who_asks_is_told_how_good_it_sounds_here_and_who_does_not_is_not() -> None:
    world = World()
    talker, other = world.call(1, room=5), world.call(2, room=5)
    asks(world, 1)
    told = reported(world, 520, "." * 47 + "x.o", talker)
    metrics = told[-1].metrics
    assert metrics is not None
    assert (metrics.loss_rate, metrics.discard_rate) == (256 * 10 // 500, 256 * 9 // 500)  # one is under way
    assert metrics.burst_ms == pytest.approx(60, abs=1)
    assert metrics.burst_density == 256 * 2 // 3
    assert metrics.signal_dbm0 == pytest.approx(20 * np.log10(8_000 / 2**15) - 3 + 6.15, abs=2)
    assert metrics.opinion_listening < 44
    assert {report.metrics for report in reported(world, 260, ".", other)} == {None}


def test_a_call_that_ends_leaves_its_figures() -> None:
    world = World()
    phone = world.call(1, room=5)
    reported(world, 300, "." * 19 + "x", phone)
    world.apply(control.CloseStream(1))
    [closed] = [event for event in world.engine.events() if isinstance(event, control.StreamClosed)]
    assert closed.lost in {14, 15}
    assert closed.concealed > 0
    assert 3.5 < closed.mos < 4.3
    assert 60 < closed.r_factor < 90
    assert 0 < closed.delay_ms < 100


def test_a_call_that_never_spoke_has_no_opinion() -> None:
    world = World()
    world.call(1)
    world.apply(control.CloseStream(1))
    [closed] = [event for event in world.engine.events() if isinstance(event, control.StreamClosed)]
    assert (closed.mos, closed.r_factor, closed.concealed) == (0.0, 0.0, 0)


def test_octets_are_those_of_what_was_sent_whatever_the_codec() -> None:
    """RFC 3550 section 6.4.1. L16 at 16 kHz has 640 bytes for 20 ms, and a pressed key four."""
    world = World()
    phone = world.call(1)
    world.receive(phone, packet(bytes(160), sequence=1, timestamp=160))
    new = control.Format(control.Codec.L16_16, 97, 101)
    world.apply(control.UpdateStream(1, new))
    sizes: list[int] = []
    for _ in range(251):
        if len(sizes) == 50:
            world.apply(control.SendDigits(1, "5"))
        outgoing = world.tick()
        sizes += [len(data) - 12 for _, data in not_in_block(world.engine, outgoing)]
        sizes += [160] * len(outgoing.rows)
        if outgoing.reports:
            told = outgoing.reports[-1][1]
            assert told[1] == 200
            assert told[20:28] == len(sizes).to_bytes(4, "big") + sum(sizes).to_bytes(4, "big")
    assert {4, 640} <= set(sizes)

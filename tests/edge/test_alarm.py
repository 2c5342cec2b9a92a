"""bridge/alarm.py on a real loop, whose clock says when something was due."""

from __future__ import annotations

import asyncio

from bridge.alarm import Alarm


def rings(*deadlines_s: float | None, cancelled: bool = False) -> list[float]:
    """When an alarm goes off that is armed with each of `deadlines_s` in turn, in ms after the start."""
    rang: list[float] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        alarm = Alarm(lambda: rang.append(loop.time() - started))
        for deadline_s in deadlines_s:
            alarm.arm(None if deadline_s is None else started + deadline_s)
        if cancelled:
            alarm.cancel()
        over = loop.create_future()
        loop.call_at(started + 0.06, over.set_result, None)
        await over

    asyncio.run(run())
    return rang


def test_an_alarm_goes_off_once_at_the_earliest_deadline() -> None:
    (at_s,) = rings(0.05, 0.02, 0.04)
    assert 0.019 <= at_s < 0.05


def test_a_deadline_that_has_passed_is_due_at_once() -> None:
    (at_s,) = rings(-1.0)
    assert at_s < 0.02


def test_without_a_deadline_or_after_cancel_nothing_happens() -> None:
    assert rings(None) == []
    assert rings(0.01, cancelled=True) == []

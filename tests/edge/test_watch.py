"""bridge/watch.py on a real loop: what the guard is told, and what it tells."""

from __future__ import annotations

import asyncio

import pytest
import structlog.testing

from bridge.watch import LINES_AT_ONCE, Watch
from sip.flow import Flow
from sip.guard import Guard, GuardSettings
from sip.shedding import Level
from sip.transactions import TRANSACTIONS_MAX


def watched(
    guard: Guard, *, transactions: int = 0, late: int = 0, for_s: float = 0.3
) -> list[dict[str, object]]:
    """Watch for a while; the lines that were written."""
    ticks = iter(range(0, 1000, 10))

    async def run() -> None:
        watch = Watch(
            guard,
            transactions=lambda: transactions,
            ticks=lambda: [("media-1", (at := next(ticks)), at * late // 10)],
            alert_per_minute=1,
        )
        watch.start()
        over = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(for_s, over.set_result, None)
        await over
        watch.close()

    with structlog.testing.capture_logs() as lines:
        asyncio.run(run())
    return list(lines)


def ban(guard: Guard, host: str) -> None:
    flow = Flow("tcp", ("192.0.2.1", 5060), (host, 40_000), 1)
    for _ in range(200):
        guard.noticed(flow, "wrong password", 0.0)


def test_each_ban_is_a_line_with_its_source_and_why() -> None:
    guard = Guard(GuardSettings())
    ban(guard, "198.51.100.7")
    lines = watched(guard)
    assert {"event": "source banned", "source": "198.51.100.7", "why": "wrong password"}.items() <= lines[
        0
    ].items()


def test_a_botnets_bans_are_a_few_lines_and_a_number() -> None:
    guard = Guard(GuardSettings())
    for number in range(100):
        ban(guard, f"198.51.100.{number}")
    lines = watched(guard)
    assert len(lines) == LINES_AT_ONCE + 1
    assert int(str(lines[-1]["count"])) >= 100 - LINES_AT_ONCE


@pytest.mark.parametrize("pressed", [{"transactions": 2 * TRANSACTIONS_MAX}, {"late": 10}])
def test_a_pressed_machine_sheds_and_says_so(pressed: dict[str, int]) -> None:
    guard = Guard(GuardSettings())
    lines = watched(guard, **pressed, for_s=1.7)
    assert guard.level is not Level.CALM
    assert any(line["event"] == "pressed" for line in lines)


def test_a_machine_at_rest_sheds_nothing_and_says_nothing() -> None:
    guard = Guard(GuardSettings())
    assert watched(guard) == []
    assert guard.level is Level.CALM

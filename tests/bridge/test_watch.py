"""How often the media is late, as workers count it, and who is refused for that (`sip.shedding`): without a loop or a worker."""

from __future__ import annotations

import mmap

import pytest

from bridge.watch import EVERY_S, Lateness, ticks_of
from media.pacer import Outcome, Pacer
from media.streams import Streams, table_bytes
from sip.shedding import Level, Load, Shedding

STEP_S = 0.002
"""How finely the time of this world passes."""

Pause = tuple[float, float]
"""When a worker does not run, and for how long."""


def levels(pauses: list[Pause], *, look_at_s: float = 0.0) -> set[Level]:
    """The levels of ten seconds in which a worker keeps its ticks but for these pauses; it is looked at as the bridge does, the
    first time at `look_at_s`.
    """
    header = Streams(4, mmap.mmap(-1, table_bytes(4)))
    pacer, lateness, shedding = Pacer(0.02), Lateness(), Shedding()
    seen = {shedding.level}
    for step in range(round(10.0 / STEP_S)):
        now = step * STEP_S
        if not any(began <= now < began + length for began, length in pauses):
            outcome = pacer.poll(now)
            header.ticks[0] += outcome is not Outcome.EARLY
            header.caught_up[0] += outcome is Outcome.CAUGHT_UP
            header.skipped[0] = pacer.skipped_ticks
        if now >= look_at_s:
            look_at_s += EVERY_S
            shedding.measure(Load(late_share=lateness.share([ticks_of("media-1", header)])), now)
            seen.add(shedding.level)
    return seen


@pytest.mark.parametrize("look_at_s", [0.0, 0.08, 0.16])
@pytest.mark.parametrize("length", [0.1, 0.15, 0.2, 0.25, 0.5, 3.0])
def test_a_single_pause_of_a_worker_refuses_nobody_however_long_it_is(
    length: float, look_at_s: float
) -> None:
    """Whatever else the machine had to do is over, and who calls now can be served."""
    assert levels([(3.0, length)], look_at_s=look_at_s) == {Level.CALM}


@pytest.mark.parametrize("look_at_s", [0.0, 0.08, 0.16])
def test_nor_do_two_within_a_second(look_at_s: float) -> None:
    assert levels([(3.0, 0.25), (3.8, 0.25)], look_at_s=look_at_s) == {Level.CALM}


@pytest.mark.parametrize(("each", "length"), [(0.1, 0.045), (0.1, 0.07), (0.25, 0.125), (0.5, 0.4)])
def test_a_worker_that_is_late_again_and_again_takes_nobody_more(each: float, length: float) -> None:
    """Within two seconds and a half: those who are in must hear each other."""
    late = [(3.0 + each * number, length) for number in range(round(2.5 / each))]
    assert Level.FULL in levels(late)


def test_of_several_workers_the_one_that_is_late_most_counts() -> None:
    lateness = Lateness()
    assert lateness.share([("media-1", 100, 50), ("media-2", 100, 0)]) == 0.0, (
        "what was before the first look"
    )
    assert lateness.share([("media-1", 112, 53), ("media-2", 110, 5)]) == 0.5
    assert lateness.share([("media-1", 112, 53), ("media-2", 120, 5)]) == 0.0, (
        "one does not run, the other does"
    )
    assert lateness.share([("media-1", 2, 2), ("media-2", 130, 5)]) == 0.0, "a worker that began anew"

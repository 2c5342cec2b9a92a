"""Servers that failed are tried last for a minute (interop.md 5, row 32: back within 60 s)."""

from __future__ import annotations

from bridge import health
from bridge.health import LAST_FOR_S, Health
from sip.locating import Target

ONE, TWO, THREE = (Target("udp", f"192.0.2.{n}", 5060, "a.example") for n in (1, 2, 3))


def test_who_failed_is_last_for_a_minute_and_then_back_in_place() -> None:
    kept = Health()
    kept.failed(ONE, 100.0)
    assert kept.in_order([ONE, TWO, THREE], 101.0) == [TWO, THREE, ONE]
    assert kept.in_order([ONE, TWO, THREE], 100 + LAST_FOR_S) == [ONE, TWO, THREE]
    assert LAST_FOR_S <= 60


def test_who_is_heard_to_work_is_back_at_once() -> None:
    kept = Health()
    kept.failed(ONE, 100.0)
    kept.works(ONE)
    assert kept.in_order([ONE, TWO], 101.0) == [ONE, TWO]
    kept.works(TWO)


def test_where_all_failed_the_oldest_failure_is_first() -> None:
    kept = Health()
    for at, target in ((1.0, TWO), (2.0, ONE), (3.0, THREE)):
        kept.failed(target, at)
    assert kept.in_order([ONE, TWO, THREE], 4.0) == [TWO, ONE, THREE]
    kept.failed(TWO, 5.0)
    assert kept.in_order([ONE, TWO, THREE], 6.0) == [ONE, THREE, TWO]


def test_the_same_server_under_another_name_is_the_same() -> None:
    kept = Health()
    kept.failed(ONE, 1.0)
    other = Target("udp", ONE.host, 5060, "b.example")
    assert kept.in_order([other, TWO], 2.0) == [TWO, other]
    assert kept.in_order([Target("tcp", ONE.host, 5060, ""), TWO], 2.0)[0].transport == "tcp"


def test_failures_are_bounded(monkeypatch) -> None:
    monkeypatch.setattr(health, "FAILURES_MAX", 2)
    kept = Health()
    for at, target in enumerate((ONE, TWO, THREE)):
        kept.failed(target, float(at))
    assert kept.in_order([TWO, ONE], 3.0) == [ONE, TWO]

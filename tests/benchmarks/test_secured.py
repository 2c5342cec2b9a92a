"""What secured audio costs, of few calls for a moment: that it runs, loses nothing and compares with what it says."""

from __future__ import annotations

from benchmarks.secured import KINDS, measure


def test_every_kind_is_measured_beside_plain_audio() -> None:
    results = measure(KINDS, rows=12, ticks=3)
    assert [each["kind"] for each in results] == [kind.name for kind in KINDS]
    assert results[0]["ratio_with_sockets"] == 1.0
    assert all(each["with_sockets_us"] > each["engine_us"] > 0 for each in results)

"""What has been added since the last look."""

from __future__ import annotations

from collections import Counter

from bridge.figures import Figures


def test_only_what_has_changed_is_news() -> None:
    calls, sip = Counter({"came": 2}), Counter({"sent:200": 5})
    figures = Figures({"calls": lambda: calls, "sip": lambda: sip})
    assert figures.news() == {"calls": {"came": 2}, "sip": {"sent:200": 5}}
    assert figures.news() == {}
    calls["came"] += 3
    calls["refused:full"] += 1
    assert figures.news() == {"calls": {"came": 3, "refused:full": 1}}
    assert figures.totals() == {"calls": {"came": 5, "refused:full": 1}, "sip": {"sent:200": 5}}

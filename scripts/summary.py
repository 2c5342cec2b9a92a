"""The last word of a test run: how many tests passed, how many with real peers, and what was skipped for want of one.

Fails where no test passed: a run that tested nothing is no success.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Final

INTEROP: Final = "tests.interop"
"""Tests of this package call a started bridge with sipp or baresip."""


def outcome(case: ET.Element) -> str:
    """What became of one test."""
    tags = {child.tag for child in case}
    if tags & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in tags else "passed"


def summary(reports: list[Path]) -> tuple[str, bool]:
    """What to print about JUnit reports, and whether they are a success."""
    try:
        cases = [case for report in reports for case in ET.parse(report).iter("testcase")]  # noqa: S314 - pytest wrote them a moment ago
    except (OSError, ET.ParseError):
        return "no test ran", False
    total = Counter(outcome(case) for case in cases)
    interop = Counter(outcome(case) for case in cases if case.get("classname", "").startswith(INTEROP))
    reasons = {
        skipped.get("message", "")
        for case in cases
        if case.get("classname", "").startswith(INTEROP)
        for skipped in case.iter("skipped")
    }
    lines = [f"tests: {_counts(total)}", f"of them with real SIP peers: {_counts(interop)}"]
    lines += [f"  skipped: {reason}" for reason in sorted(reasons)]
    return "\n".join(lines), total["passed"] > 0 and total["failed"] == 0


def _counts(outcomes: Counter[str]) -> str:
    return ", ".join(f"{outcomes[name]} {name}" for name in ("passed", "failed", "skipped"))


if __name__ == "__main__":
    text, success = summary([Path(name) for name in sys.argv[1:]])
    print(text)
    sys.exit(not success)

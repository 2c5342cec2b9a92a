"""The last word of a test run: how many tests passed, how many with real peers, and what was skipped for want of one.

A test that failed and passed when it was tried again (reports named `again.xml`) has passed, and is named. Fails where no test
passed, since a run that tested nothing is no success, and where many needed a second try, since that is no accident.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Final

INTEROP: Final = "tests.interop"
"""Tests of this package call a started bridge with sipp or baresip."""
AGAIN: Final = "again"
SECOND_TRIES: Final = 3
"""So many tests of a run may need a second try: telephones that are not ours, on machines that others use, too. With more the run fails."""


def outcome(case: ET.Element) -> str:
    """What became of one test."""
    tags = {child.tag for child in case}
    if tags & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in tags else "passed"


def name(case: ET.Element) -> str:
    return f"{case.get('classname', '')}::{case.get('name', '')}"


def summary(reports: list[Path]) -> tuple[str, bool]:
    """What to print about JUnit reports, and whether they are a success."""
    outcomes: dict[str, str] = {}
    again: dict[str, str] = {}
    reasons = set()
    try:
        for report in reports:
            for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote them a moment ago
                told = again if report.stem == AGAIN else outcomes
                # The failure of a fixture's end stands beside its last test's own case, under the same name.
                if told.get(name(case)) != "failed":
                    told[name(case)] = outcome(case)
                if name(case).startswith(INTEROP):
                    reasons |= {skipped.get("message", "") for skipped in case.iter("skipped")}
    except (OSError, ET.ParseError):
        return "no test ran", False
    second = sorted(test for test, how in again.items() if how == "passed" and outcomes.get(test) == "failed")
    outcomes |= again
    total = Counter(outcomes.values())
    interop = Counter(how for test, how in outcomes.items() if test.startswith(INTEROP))
    lines = [f"tests: {_counts(total)}", f"of them with real SIP peers: {_counts(interop)}"]
    lines += [f"  skipped: {reason}" for reason in sorted(reasons)]
    lines += [f"  passed at the second try: {test}" for test in second]
    if len(second) > SECOND_TRIES:
        lines.append(f"  more than {SECOND_TRIES} needed a second try: that is no accident")
    return "\n".join(lines), total["passed"] > 0 and total["failed"] == 0 and len(second) <= SECOND_TRIES


def _counts(outcomes: Counter[str]) -> str:
    return ", ".join(f"{outcomes[name]} {name}" for name in ("passed", "failed", "skipped"))


if __name__ == "__main__":
    text, success = summary([Path(name) for name in sys.argv[1:]])
    print(text)
    sys.exit(not success)

"""The last word of a test run, by reports as pytest writes them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

FILE = Path(__file__).parents[1] / "scripts" / "summary.py"
_spec = importlib.util.spec_from_file_location("summary", FILE)
assert _spec is not None
assert _spec.loader is not None
summary = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(summary)

CASES = {
    "passed": '<testcase classname="{where}" name="{name}"/>',
    "failed": '<testcase classname="{where}" name="{name}"><failure/></testcase>',
    "skipped": '<testcase classname="{where}" name="{name}"><skipped message="no baresip"/></testcase>',
}


def report(folder: Path, file: str, cases: dict[str, str], where: str = "tests.interop.test_hd") -> Path:
    text = "".join(CASES[how].format(where=where, name=name) for name, how in cases.items())
    path = folder / f"{file}.xml"
    path.write_text(f"<testsuites><testsuite>{text}</testsuite></testsuites>")
    return path


def test_a_run_in_which_all_passed_is_a_success(tmp_path: Path) -> None:
    text, success = summary.summary(
        [
            report(tmp_path, "shared", {"a": "passed"}, "tests.sip"),
            report(tmp_path, "patient", {"b": "passed"}),
        ]
    )
    assert success
    assert text.splitlines() == [
        "tests: 2 passed, 0 failed, 0 skipped",
        "of them with real SIP peers: 1 passed, 0 failed, 0 skipped",
    ]


@pytest.mark.parametrize("cases", [{}, {"a": "skipped"}, {"a": "passed", "b": "failed"}])
def test_one_that_tested_nothing_or_failed_somewhere_is_none(tmp_path: Path, cases: dict[str, str]) -> None:
    assert not summary.summary([report(tmp_path, "patient", cases)])[1]


def test_what_passed_at_the_second_try_has_passed_and_is_named(tmp_path: Path) -> None:
    reports = [
        report(tmp_path, "again", {"b": "passed"}),
        report(tmp_path, "patient", {"a": "passed", "b": "failed"}),
    ]
    text, success = summary.summary(reports)
    assert success
    assert "tests: 2 passed, 0 failed" in text
    assert "passed at the second try: tests.interop.test_hd::b" in text


def test_what_failed_twice_has_failed(tmp_path: Path) -> None:
    reports = [
        report(tmp_path, "again", {"b": "failed"}),
        report(tmp_path, "patient", {"a": "passed", "b": "failed"}),
    ]
    text, success = summary.summary(reports)
    assert not success
    assert "1 passed, 1 failed" in text


def test_a_run_in_which_many_needed_a_second_try_is_no_success(tmp_path: Path) -> None:
    names = [f"test {i}" for i in range(summary.SECOND_TRIES + 1)]
    reports = [
        report(tmp_path, "again", dict.fromkeys(names, "passed")),
        report(tmp_path, "patient", dict.fromkeys(names, "failed")),
    ]
    assert not summary.summary(reports)[1]
    assert summary.summary([report(tmp_path, "again", {}), report(tmp_path, "patient", {"a": "passed"})])[1]


def test_what_was_skipped_for_want_of_a_telephone_says_why(tmp_path: Path) -> None:
    text, _ = summary.summary([report(tmp_path, "patient", {"a": "passed", "b": "skipped"})])
    assert "skipped: no baresip" in text

"""docs/sip.md is true: its files are there, each RFC has a verdict, and nothing that we say on the wire is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sip.settings import KNOWN_METHODS, METHODS, SUPPORTED

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/sip.md").read_text()

VERDICTS = {"supported", "partly", "read", "not supported", "not for us"}
PROVED = {"supported", "partly", "read"}
"""What is claimed to be done, and so is tested somewhere."""

QUOTED = re.compile(r"`([^`\n]+)`")
PLACE = re.compile(r"[\w./-]+\.py|[\w.-]+/[\w./-]*")
LINKED = re.compile(r"\]\(([^)#:]+)\)")
CONSTANT = re.compile(r"[A-Z][A-Z_]+|bindings_max")
MIME = ("application/", "audio/")

RFC_ROWS = [row for row in PAGE.splitlines() if re.match(r"\| \d{4}", row)]
LIMITS = [row for row in PAGE.split("## Limits")[1].split("\n## ")[0].splitlines() if row.startswith("| `")]


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


def _is_there(name: str) -> bool:
    return any((place / name).exists() for place in (ROOT, ROOT / "tests"))


def test_every_file_that_is_named_is_there() -> None:
    named = {word for word in QUOTED.findall(PAGE) if PLACE.fullmatch(word) and not word.startswith(MIME)}
    assert len(named) > 60
    assert sorted(name for name in named if not _is_there(name)) == []


def test_every_page_that_is_linked_is_there() -> None:
    linked = set(LINKED.findall(PAGE))
    assert linked
    assert sorted(name for name in linked if not (ROOT / "docs" / name).exists()) == []


@pytest.mark.parametrize("row", RFC_ROWS, ids=lambda row: _cells(row)[0])
def test_every_rfc_has_a_verdict_and_what_is_claimed_is_tested(row: str) -> None:
    numbers, _, verdict, done, tested, left_out = _cells(row)
    assert all(re.fullmatch(r"\d{4}", number) for number in numbers.split(", "))
    assert verdict in VERDICTS
    if verdict in PROVED:
        assert done
        assert QUOTED.search(tested), f"RFC {numbers} is {verdict}, and no test is named"
    if verdict != "supported":
        assert done or left_out


def test_no_rfc_is_judged_twice_and_they_stand_in_order() -> None:
    numbers = [_cells(row)[0].split(", ") for row in RFC_ROWS]
    firsts = [int(group[0]) for group in numbers]
    every = [number for group in numbers for number in group]
    assert firsts == sorted(firsts)
    assert len(every) == len(set(every)) > 80


def test_every_rfc_that_the_sources_of_sip_go_by_is_in_the_table() -> None:
    cited = {
        number
        for path in (ROOT / "sip").rglob("*.py")
        for number in re.findall(r"RFCs? (\d{4})", path.read_text())
    }
    judged = {number for row in RFC_ROWS for number in _cells(row)[0].split(", ")}
    assert sorted(cited - judged - NOT_SIP) == []


NOT_SIP = {
    "3403",  # NAPTR as a record: part of 3263 here
    "4291",  # how IPv6 addresses are built
    "5482",  # TCP user time-out
    "5737",  # addresses of examples
    "5769",  # test vectors of STUN
    "6066",  # TLS extensions (SNI)
    "6177",  # how large a customer's IPv6 network is
    "6335",  # ranges of ports
    "6454",  # origin of a web page
}
"""What a source cites in passing: no part of SIP, SDP or RTP."""


@pytest.mark.parametrize("word", [*METHODS, *sorted(KNOWN_METHODS), *SUPPORTED])
def test_every_method_and_option_tag_is_mentioned(word: str) -> None:
    assert f"`{word}`" in PAGE


@pytest.mark.parametrize("row", LIMITS, ids=lambda row: _cells(row)[0])
def test_every_limit_is_in_the_file_that_is_named(row: str) -> None:
    names, _, _, where = _cells(row)
    sources = "".join((ROOT / name).read_text() for name in QUOTED.findall(where))
    for name in QUOTED.findall(names):
        assert CONSTANT.fullmatch(name)
        assert re.search(rf"(?m)^ *{name}(: [^=\n]+)? = ", sources), f"{name} is not in {where}"

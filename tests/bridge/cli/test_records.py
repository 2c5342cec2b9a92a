from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from bridge.cli.terminal import legible
from bridge.store.calls import CallAnswered, CallEnded, CallPlaced
from bridge.store.customers import Customers
from bridge.store.database import open_database
from bridge.store.records import ConferenceStarted, Joined, Left, Records
from tests.bridge.cli.conftest import Roda

NOON = 1767279600.0
"""2026-01-01, 12:00 in São Paulo."""


@pytest.fixture
def kept(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/var/roda.db")
    with database.transaction() as connection:
        Records(connection).append(
            [
                ConferenceStarted("c1", NOON, "roda", 1, "Board"),
                Joined("p1", "c1", NOON, "id1", "moderator", "=1+1", "1000"),
                Left("p1", NOON + 60, "hung up"),
                Joined("p2", "c1", NOON + 86400, "id2", "participant", "+5511", "1000"),
            ]
        )
    database.close()


@pytest.mark.usefixtures("kept")
def test_records_are_shown_for_reading(roda: Roda) -> None:
    """R2."""
    out = roda("records", "list")[1]
    later, earlier = (line.split("  ") for line in out.splitlines()[1:])
    assert [cell for cell in (part.strip() for part in earlier) if cell] == [
        *("2026-01-01 12:00", "0:01:00", "Board", "moderator", "=1+1", "hung up"),
    ]
    assert "still in" in later


@pytest.mark.usefixtures("kept")
def test_records_for_programs_have_every_fact(roda: Roda) -> None:
    later, earlier = json.loads(roda("records", "list", "--format", "json")[1])
    assert (earlier["participant"], earlier["left_at"]) == ("p1", "2026-01-01T12:01:00-03:00")
    assert (later["participant"], later["left_at"]) == ("p2", None)


@pytest.mark.usefixtures("kept")
def test_a_spreadsheet_takes_no_caller_for_a_formula(roda: Roda) -> None:
    rows = list(csv.DictReader(io.StringIO(roda("records", "list", "--format", "csv")[1])))
    assert [row["caller"] for row in rows] == ["'+5511", "'=1+1"]


def test_what_is_shown_steers_no_terminal() -> None:
    assert legible("Zoë [red] \x1b[2J\x9b2J\u202e\n") == "Zoë [red] \ufffd[2J\ufffd2J\ufffd\ufffd"


@pytest.mark.usefixtures("kept")
def test_a_period_may_be_asked_for(roda: Roda) -> None:
    out = roda("records", "list", "--since", "2026-01-02", "--until", "2026-01-03", "--format", "json")[1]
    assert [row["participant"] for row in json.loads(out)] == ["p2"]


def test_a_wrong_date_is_said_so_and_no_record_is_no_fault(roda: Roda) -> None:
    assert roda("records", "list") == (0, "No records.\n", "")
    status, _, err = roda("records", "list", "--since", "yesterday")
    assert (status, err.count("\n")) == (1, 1)


@pytest.fixture
def called(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/var/roda.db")
    with database.transaction() as connection:
        acme = Customers(connection).add("Acme", at=1.0)
        placed = [
            CallPlaced(
                call=f"k{number}", at=NOON + number, node="n1", conference="c1", pair=None, customer=acme,
                kind="dial_out", number="+551130001000", price_per_minute="0.125",
            )
            for number in range(4)
        ]  # fmt: skip
        Records(connection).append(
            [
                *placed,
                CallAnswered("k0", NOON + 10),
                CallEnded("k0", NOON + 100, "hung_up"),
                CallEnded("k1", NOON + 30, "busy"),
                CallAnswered("k2", NOON + 10),
            ]
        )
    database.close()


@pytest.mark.usefixtures("called")
def test_calls_out_are_shown_for_reading_spreadsheets_and_programs(roda: Roda) -> None:
    """G3, R1: what they cost is said to the digit."""
    ringing, talking, busy, over = roda("records", "calls")[1].splitlines()[1:]
    assert "ringing" in ringing
    assert "talking" in talking
    assert busy.split() == [
        *("2026-01-01", "12:00", "Acme", "moderator", "+551130001000", "0.125", "busy"),
    ]
    assert "0:01:30" in over
    assert "hung up" in over
    rows = json.loads(roda("records", "calls", "--format", "json", "--limit", "1")[1])
    assert [(row["call"], row["ended_at"]) for row in rows] == [("k3", None)]
    (first,) = csv.DictReader(
        io.StringIO(roda("records", "calls", "--format", "csv", "--until", "2026-01-01T12:00:01")[1])
    )
    assert (first["number"], first["customer_name"]) == ("'+551130001000", "Acme")
    assert first["answered_at"] == "2026-01-01T12:00:10-03:00"


def test_no_call_is_no_fault(roda: Roda) -> None:
    assert roda("records", "calls") == (0, "No calls.\n", "")
    assert roda("records", "calls", "--since", "yesterday")[0] == 1

"""`roda records`: who was in which conference (R2), and whom it called (G3, R1)."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec
import typer

from bridge.cli.found import moment_said
from bridge.cli.terminal import ConfigFile, Store, minute, moment, show_table, store
from bridge.config import Config
from bridge.store.calls import CallOut, CallsOut
from bridge.store.records import Entry, Records

app = typer.Typer()

DEFAULT_ENTRIES: Final = 100
"""What fits a look; `--limit` for more."""

MOST_ENTRIES: Final = 1_000_000
"""All are held at once, some kilobytes each: a larger report is made by months."""


_PLACED_BY: Final = {"dial_out": "moderator", "blast": "list", "api": "console"}
"""Whose calls are whose, for reading; those of operators are called that."""


class Form(StrEnum):
    """How the records are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


AsForm = Annotated[Form, typer.Option("--format", help="For reading, spreadsheets or programs.")]
Since = Annotated[str, typer.Option(metavar="DATE", help="Began at or after, such as 2026-03-01.")]
Until = Annotated[str, typer.Option(metavar="DATE", help="Began before, such as 2026-04-01T12:00.")]
Limit = Annotated[int, typer.Option(min=1, max=MOST_ENTRIES, help="At most so many, the latest.")]


@app.command(name="list")
def show(
    config: ConfigFile = None,
    *,
    form: AsForm = Form.TABLE,
    since: Since = "",
    until: Until = "",
    limit: Limit = DEFAULT_ENTRIES,
) -> None:
    """List who was in which conference, the latest first."""
    with store(config) as opened:
        entries = Records(opened.connection).entries(
            **period(opened, since, until),
            limit=limit,
        )
    if form is not Form.TABLE:
        write(entries, Entry, form, opened.config)
    else:
        show_table(
            ["JOINED", "LENGTH", "ROOM", "ROLE", "CALLER", "VIA", "REASON", "CAUSE"],
            [
                (
                    minute(each.joined_at, opened.config),
                    _length(each),
                    each.room,
                    each.role,
                    each.name or each.caller,
                    each.via,
                    (each.reason or "").replace("_", " "),
                    each.cause or "",
                )
                for each in entries
            ],
            empty="No records.",
        )


@app.command()
def calls(
    config: ConfigFile = None,
    *,
    form: AsForm = Form.TABLE,
    since: Since = "",
    until: Until = "",
    limit: Limit = DEFAULT_ENTRIES,
) -> None:
    """List whom conferences called, the latest first."""
    with store(config) as opened:
        entries = CallsOut(opened.connection).entries(
            **period(opened, since, until),
            limit=limit,
        )
    if form is not Form.TABLE:
        write(entries, CallOut, form, opened.config)
    else:
        show_table(
            [
                "PLACED",
                "TALK",
                "CUSTOMER",
                "ROOM",
                "BY",
                "NUMBER",
                "PER MIN",
                "VIA",
                "OUTCOME",
                "STATUS",
                "CAUSE",
            ],
            [
                (
                    minute(each.placed_at, opened.config),
                    _talk(each),
                    each.customer_name,
                    each.room,
                    _PLACED_BY.get(each.kind, each.kind),
                    each.number,
                    each.price_per_minute,
                    each.via,
                    (each.outcome or "").replace("_", " "),
                    each.status or "",
                    each.cause or "",
                )
                for each in entries
            ],
            empty="No calls.",
        )


def period(opened: Store, since: str, until: str) -> dict[str, Any]:
    return {
        "since": moment_said(since, opened) if since else 0.0,
        "until": moment_said(until, opened) if until else None,
    }


def write(entries: Sequence[msgspec.Struct], kind: type[msgspec.Struct], form: Form, config: Config) -> None:
    rows = [_row(each, config) for each in entries]
    if form is Form.JSON:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(rows)).decode() + "\n")
    else:
        writer = csv.DictWriter(sys.stdout, kind.__struct_fields__)
        writer.writeheader()
        writer.writerows(_harmless(row) for row in rows)


def _talk(call: CallOut) -> str:
    """How long they talked, as h:mm:ss: what costs."""
    if call.answered_at is None:
        return "" if call.ended_at is not None else "ringing"
    return (
        "talking"
        if call.ended_at is None
        else str(timedelta(seconds=round(call.ended_at - call.answered_at)))
    )


def _length(entry: Entry) -> str:
    """How long somebody was in, as h:mm:ss."""
    if entry.left_at is None:
        return "still in"
    return str(timedelta(seconds=round(entry.left_at - entry.joined_at)))


def _row(entry: msgspec.Struct, config: Config) -> dict[str, Any]:
    row = msgspec.structs.asdict(entry)
    return row | {name: moment(row[name], config) for name in row if name.endswith("_at")}


def _harmless(row: dict[str, Any]) -> dict[str, Any]:
    """Callers choose their names: a spreadsheet must not take one for a formula."""
    return {
        name: f"'{value}"
        if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
        else value
        for name, value in row.items()
    }

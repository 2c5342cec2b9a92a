"""`roda records`: who was in which conference (R2)."""

from __future__ import annotations

import csv
import sys
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec
import typer

from bridge.cli.terminal import ConfigFile, UserError, minute, moment, show_table, store
from bridge.config import Config
from bridge.store.records import Entry, Records

app = typer.Typer(help="Call detail records: who was in which conference.", no_args_is_help=True)

DEFAULT_ENTRIES: Final = 100
"""What fits a look; `--limit` for more."""

MOST_ENTRIES: Final = 1_000_000
"""All are held at once, some kilobytes each: a larger report is made by months."""


class Form(StrEnum):
    """How the records are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@app.command(name="list")
def show(
    config: ConfigFile = None,
    *,
    form: Annotated[
        Form, typer.Option("--format", help="For reading, spreadsheets or programs.")
    ] = Form.TABLE,
    since: Annotated[str, typer.Option(metavar="DATE", help="Joined at or after, such as 2026-03-01.")] = "",
    until: Annotated[str, typer.Option(metavar="DATE", help="Joined before, such as 2026-04-01T12:00.")] = "",
    limit: Annotated[
        int, typer.Option(min=1, max=MOST_ENTRIES, help="At most so many, the latest.")
    ] = DEFAULT_ENTRIES,
) -> None:
    """List who was in which conference, the latest first."""
    with store(config) as opened:
        entries = Records(opened.connection).entries(
            since=_instant(since, opened.config) if since else 0.0,
            until=_instant(until, opened.config) if until else None,
            limit=limit,
        )
    rows = [_row(each, opened.config) for each in entries]
    if form is Form.JSON:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(rows)).decode() + "\n")
    elif form is Form.CSV:
        writer = csv.DictWriter(sys.stdout, Entry.__struct_fields__)
        writer.writeheader()
        writer.writerows(_harmless(row) for row in rows)
    else:
        show_table(
            ["JOINED", "LENGTH", "ROOM", "ROLE", "CALLER", "REASON"],
            [
                (
                    minute(each.joined_at, opened.config),
                    _length(each),
                    each.room,
                    each.role,
                    each.name or each.caller,
                    (each.reason or "").replace("_", " "),
                )
                for each in entries
            ],
            empty="No records.",
        )


def _instant(text: str, config: Config) -> float:
    """A date or moment as the user wrote it, where the service is unless it says its own offset."""
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f'"{text}" is no date: write it as 2026-03-01 or 2026-03-01T12:00') from None
    return (said if said.tzinfo else said.replace(tzinfo=config.service.time_zone)).timestamp()


def _length(entry: Entry) -> str:
    """How long somebody was in, as h:mm:ss."""
    if entry.left_at is None:
        return "still in"
    return str(timedelta(seconds=round(entry.left_at - entry.joined_at)))


def _row(entry: Entry, config: Config) -> dict[str, Any]:
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

"""`roda bans`: who is not listened to, and letting them in again."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge.cli.console import OPERATING, AsJson, console, length, show_json, tell
from bridge.cli.terminal import ConfigFile, say, show_table
from bridge.control.protocol import Bans, Given, LiftBan, ListBans

app = typer.Typer()


@app.command(rich_help_panel=OPERATING)
def bans(
    config: ConfigFile = None,
    *,
    lift: Annotated[
        str, typer.Option(metavar="SOURCE", help="Listen to this one again: as listed, or any address of it.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List the sources of signalling that are banned for a time, or lift a ban."""
    with console(config) as bridge:
        if lift:
            tell(bridge.ask(LiftBan(lift), Given), as_json=as_json)
            return
        found = bridge.ask(ListBans(), Bans)
    if as_json:
        show_json(found)
        return
    show_table(
        ["SOURCE", "WHY", "FOR", "LEFT", "TIMES", "NOT HEARD BY"],
        [
            (
                row.source,
                row.why,
                length(row.since_s),
                length(row.left_s),
                row.times,
                "UDP" if row.datagrams_only else "any way",
            )
            for row in found.rows
        ],
        empty="Nobody is banned.",
    )
    if found.total > len(found.rows):
        say(f"... and {found.total - len(found.rows)} more")

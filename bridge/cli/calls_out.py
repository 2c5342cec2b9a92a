"""Calls out of a conference: `roda dial`, `blast`, `cancel-blast`, `blast-board`."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge.cli.console import RUNNING, AsJson, ConferenceId, console, give, length, show_json
from bridge.cli.terminal import ConfigFile, show_table
from bridge.conference import commands
from bridge.control.protocol import BlastBoard, Board

app = typer.Typer()


@app.command(rich_help_panel=RUNNING)
def dial(
    conference: ConferenceId,
    number: Annotated[
        str,
        typer.Argument(
            metavar="NUMBER", help="As a moderator would key it, or +55...; ,, and digits are keyed there."
        ),
    ],
    config: ConfigFile = None,
    *,
    name: Annotated[str, typer.Option(help="Who is called.")] = "",
    as_json: AsJson = False,
) -> None:
    """Call somebody and bring them in when they answer."""
    give(config, conference, commands.DialOut(number=number, name=name), as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def blast(
    conference: ConferenceId,
    blast_list: Annotated[
        str, typer.Argument(metavar="LIST", help="Its name; else the conference's own.")
    ] = "",
    config: ConfigFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Call everybody on a list and bring in who answers."""
    give(config, conference, commands.Blast(list=blast_list), as_json=as_json)


@app.command(name="cancel-blast", rich_help_panel=RUNNING)
def cancel_blast(conference: ConferenceId, config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """Call nobody more who has not answered yet."""
    give(config, conference, commands.CancelBlast(), as_json=as_json)


@app.command(name="blast-board", rich_help_panel=RUNNING)
def blast_board(conference: ConferenceId, config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """Show how far the calls of a list are."""
    with console(config) as bridge:
        board = bridge.ask(BlastBoard(bridge.conference(conference)), Board)
    if as_json:
        show_json(board)
        return
    show_table(
        ["NAME", "NUMBER", "STATE", "FOR", "CALLS", "WHY"],
        [
            (
                row.name,
                row.number,
                row.state.value.replace("_", " "),
                length(row.since_s),
                row.attempts,
                "" if row.outcome is None else row.outcome.value.replace("_", " "),
            )
            for row in board.rows
        ],
        empty="Nobody is being called.",
    )

"""What operators do (O2, O3, O4): `roda queue`, `take`, `away`, `admit`, `refuse`, `monitor`, `whisper`, `visit`."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge.cli.console import (
    OPERATING,
    SHORT_ID,
    AsJson,
    ConferenceId,
    Switch,
    console,
    give,
    length,
    show_json,
    tell,
)
from bridge.cli.terminal import ConfigFile, UserError, say, show_table, user
from bridge.conference import commands
from bridge.control.protocol import (
    AdmitCaller,
    AnyRequest,
    Given,
    HelpQueue,
    Queue,
    RefuseCaller,
    SetAway,
    TakeRequest,
)

app = typer.Typer()

Operator = Annotated[str, typer.Argument(metavar="OPERATOR", help="Their name in the configuration.")]
ByOperator = Annotated[
    str, typer.Option("--operator", metavar="NAME", help="Whose telephone, as named in the configuration.")
]
Waiting = Annotated[int, typer.Argument(metavar="REQUEST", min=1, help="Its number: roda queue.")]
Stop = Annotated[bool, typer.Option("--stop", help="No longer.")]


@app.command(rich_help_panel=OPERATING)
def queue(config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """List who waits for an operator, and the operators."""
    with console(config) as bridge:
        found = bridge.ask(HelpQueue(), Queue)
    if as_json:
        show_json(found)
        return
    show_table(
        ["REQUEST", "WANTS", "NAME", "CALLER", "LEG", "CONFERENCE", "WAITS", "OPERATOR"],
        [
            (
                row.request,
                row.kind,
                row.name,
                row.caller,
                row.leg,
                row.conference[:SHORT_ID],
                length(row.waited_s),
                row.operator,
            )
            for row in found.rows
        ],
        empty="Nobody waits for an operator.",
    )
    say("")
    show_table(
        ["OPERATOR", "STATE", "REQUEST", "CONFERENCE"],
        [(row.name, row.state, row.request or "", row.conference[:SHORT_ID]) for row in found.operators],
        empty="There is no operator: see [[operators]] in the configuration.",
    )


@app.command(rich_help_panel=OPERATING)
def take(
    operator: Operator,
    request: Annotated[
        int | None,
        typer.Argument(metavar="REQUEST", min=1, help="Its number; else who has waited longest."),
    ] = None,
    config: ConfigFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Ring the operator's telephone for somebody who waits."""
    _tell(config, TakeRequest(operator, request or 0), as_json=as_json)


@app.command(rich_help_panel=OPERATING)
def away(operator: Operator, on: Switch, config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """Say that the operator's telephone is not to be rung, or is again."""
    _tell(config, SetAway(operator, on is Switch.ON), as_json=as_json)


@app.command(rich_help_panel=OPERATING)
def admit(
    request: Waiting,
    config: ConfigFile = None,
    *,
    name: str = "",
    company: str = "",
    phone: str = "",
    email: str = "",
    as_json: AsJson = False,
) -> None:
    """Let a caller out of the entry hall into the conference."""
    _tell(config, AdmitCaller(request, user(), name, company, phone, email), as_json=as_json)


@app.command(rich_help_panel=OPERATING)
def refuse(request: Waiting, config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """Do not let a caller out of the entry hall into the conference."""
    _tell(config, RefuseCaller(request, user()), as_json=as_json)


@app.command(rich_help_panel=OPERATING)
def monitor(
    conference: ConferenceId,
    operator: ByOperator,
    config: ConfigFile = None,
    *,
    silent: Annotated[bool, typer.Option("--silent", help="Without telling the room.")] = False,
    announced: Annotated[bool, typer.Option("--announced", help="The room is told.")] = False,
    stop: Stop = False,
    as_json: AsJson = False,
) -> None:
    """Let an operator listen; whether the room is told, the settings say, or you."""
    if silent + announced + stop > 1:
        raise UserError("say one of --silent, --announced and --stop")
    told = False if silent else True if announced else None
    give(config, conference, commands.Monitor(on=not stop, announced=told), by=operator, as_json=as_json)


@app.command(rich_help_panel=OPERATING)
def whisper(
    conference: ConferenceId,
    operator: ByOperator,
    leg: Annotated[int | None, typer.Argument(metavar="LEG", min=1, help="Who alone shall hear it.")] = None,
    config: ConfigFile = None,
    *,
    stop: Stop = False,
    as_json: AsJson = False,
) -> None:
    """Let an operator who listens speak to one alone."""
    if (leg is not None) == stop:
        raise UserError("say either to whom, by number, or --stop")
    give(config, conference, commands.Whisper(leg=leg or 0), by=operator, as_json=as_json)


@app.command(rich_help_panel=OPERATING)
def visit(
    conference: ConferenceId,
    operator: ByOperator,
    config: ConfigFile = None,
    *,
    stop: Stop = False,
    as_json: AsJson = False,
) -> None:
    """Let an operator join the talk."""
    give(config, conference, commands.Visit(on=not stop), by=operator, as_json=as_json)


def _tell(config: ConfigFile, request: AnyRequest, *, as_json: bool) -> None:
    with console(config) as bridge:
        given = bridge.ask(request, Given)
    tell(given, as_json=as_json)

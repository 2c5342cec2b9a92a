"""Who is heard, and how: `roda mute`, `gain`, `lecture`, `mode`, `level`, `denoise`, `hands`."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge.cli.console import RUNNING, AsJson, ConferenceId, Leg, Switch, give
from bridge.cli.terminal import ConfigFile, UserError
from bridge.conference import commands
from bridge.service.settings import MuteMode

app = typer.Typer()

OneLeg = Annotated[int | None, typer.Argument(metavar="LEG", min=1, help="Who, by number.")]
Everybody = Annotated[bool, typer.Option("--all", help="Every participant, not the moderators.")]


def _one_or_all(leg: int | None, *, everybody: bool, on: bool) -> commands.AnyCommand:
    if (leg is None) != everybody:
        raise UserError("say either who, by number, or --all")
    return commands.MuteAll(on=on) if leg is None else commands.MuteOne(leg=leg, on=on)


@app.command(rich_help_panel=RUNNING)
def mute(
    conference: ConferenceId,
    leg: OneLeg = None,
    config: ConfigFile = None,
    *,
    everybody: Everybody = False,
    as_json: AsJson = False,
) -> None:
    """Mute one, or all participants."""
    give(config, conference, _one_or_all(leg, everybody=everybody, on=True), as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def unmute(
    conference: ConferenceId,
    leg: OneLeg = None,
    config: ConfigFile = None,
    *,
    everybody: Everybody = False,
    as_json: AsJson = False,
) -> None:
    """Unmute one, or all participants."""
    give(config, conference, _one_or_all(leg, everybody=everybody, on=False), as_json=as_json)


@app.command(rich_help_panel=RUNNING, context_settings={"ignore_unknown_options": True})
def gain(
    conference: ConferenceId,
    leg: Leg,
    gain_db: Annotated[
        float, typer.Argument(metavar="DB", help="Such as 6 or -6; 0 is as it came.", min=-60, max=60)
    ],
    config: ConfigFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make one louder or softer for everybody."""
    give(config, conference, commands.SetGain(leg=leg, gain_db=gain_db), as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def level(
    conference: ConferenceId, on: Switch, config: ConfigFile = None, *, as_json: AsJson = False
) -> None:
    """Level all voices, or leave them as they are."""
    give(config, conference, commands.LevelVoices(on=on is Switch.ON), as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def denoise(
    conference: ConferenceId,
    on: Switch,
    leg: OneLeg = None,
    config: ConfigFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Take noise out of what one says, or everybody and whoever comes; or let it in again."""
    give(config, conference, commands.SuppressNoise(leg=leg or 0, on=on is Switch.ON), as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def lecture(
    conference: ConferenceId, on: Switch, config: ConfigFile = None, *, as_json: AsJson = False
) -> None:
    """Let only moderators be heard, or everybody again."""
    give(config, conference, commands.Lecture(on=on is Switch.ON), as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def mode(
    conference: ConferenceId, mode: MuteMode, config: ConfigFile = None, *, as_json: AsJson = False
) -> None:
    """Say who may speak: everybody, one after another who raise the hand, or moderators alone."""
    give(config, conference, commands.SetMode(mode), as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def hands(
    conference: ConferenceId,
    what: Annotated[
        str, typer.Argument(metavar="next|clear|LEG", help="Whose turn it is, or all hands down.")
    ],
    config: ConfigFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Give the floor to the next who raised the hand, or to one; or take all hands down."""
    if what == "next":
        command: commands.AnyCommand = commands.NextQuestion()
    elif what == "clear":
        command = commands.ClearHands()
    elif what.isascii() and what.isdigit():
        command = commands.GiveFloor(leg=int(what))
    else:
        raise UserError(f'"{what}" is not next, clear or the number of a leg')
    give(config, conference, command, as_json=as_json)

"""Who comes, goes and stays: `roda lock`, `kick`, `end`, `extend`, `move`, `transfer`, `send-keys`, `split`, `role`, `identify`, `say`; and `roda give`."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Final

import typer

from bridge.cli.console import RUNNING, AsJson, ConferenceId, Leg, ask_and_tell, console, give, tell
from bridge.cli.terminal import ConfigFile, UserError, user
from bridge.conference import commands
from bridge.conference.spelling import KINDS, SpellingError, spelled_in_text
from bridge.control.protocol import Give, Given, SendKeys
from bridge.service.post_dial import KEYS_MAX
from bridge.service.role import Role

app = typer.Typer()

KEYS: Final = re.compile(rf"[0-9*#A-D,]{{1,{KEYS_MAX}}}")


class CallersRole(StrEnum):
    """What a caller can be made."""

    MODERATOR = "moderator"
    PARTICIPANT = "participant"


@app.command(name="say", rich_help_panel=RUNNING)
def announce(
    conference: ConferenceId,
    text: Annotated[str, typer.Argument(metavar="PROMPT", help="Its name: roda prompts list.")],
    config: ConfigFile = None,
    *,
    to: Annotated[int | None, typer.Option(metavar="LEG", min=1, help="To this one alone.")] = None,
    as_json: AsJson = False,
) -> None:
    """Play a prompt to everybody, or to one."""
    give(config, conference, commands.Announce(text=text, leg=to or 0), as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def kick(conference: ConferenceId, leg: Leg, config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """Put one out."""
    give(config, conference, commands.Disconnect(leg=leg), as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def end(conference: ConferenceId, config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """End it for everybody, at once."""
    give(config, conference, commands.EndConference(), as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def extend(conference: ConferenceId, config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """Give it more time, as much as its settings say."""
    give(config, conference, commands.Extend(), as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def lock(conference: ConferenceId, config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """Let nobody in any more, nor listen."""
    give(config, conference, commands.Lock(on=True), as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def unlock(conference: ConferenceId, config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """Let people in again."""
    give(config, conference, commands.Lock(on=False), as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def role(
    conference: ConferenceId,
    leg: Leg,
    role: CallersRole,
    config: ConfigFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make one a moderator or a participant."""
    give(config, conference, commands.SetRole(leg=leg, role=Role(role.value)), as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def identify(
    conference: ConferenceId,
    leg: Leg,
    config: ConfigFile = None,
    *,
    name: str = "",
    company: str = "",
    phone: str = "",
    email: str = "",
    as_json: AsJson = False,
) -> None:
    """Say who one is, for the roster and the records; what is left out stays as it is."""
    command = commands.Identify(leg=leg, name=name, company=company, phone=phone, email=email)
    if command == commands.Identify(leg=leg):
        raise UserError("say at least one of --name, --company, --phone, --email")
    give(config, conference, command, as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def move(
    conference: ConferenceId,
    leg: Leg,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The conference where they shall be.")],
    config: ConfigFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Bring one into another conference."""
    with console(config) as bridge:
        command = commands.Move(leg=leg, conference=bridge.conference(other))
        request = Give(bridge.conference(conference), command, user())
        ask_and_tell(bridge, request, as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def transfer(
    conference: ConferenceId,
    leg: Leg,
    to: Annotated[str, typer.Argument(metavar="TO", help="A number, or a SIP address.")],
    config: ConfigFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Ask one's telephone to call somebody else instead; they stay until it has got there."""
    give(config, conference, commands.Transfer(leg=leg, to=to), as_json=as_json)


@app.command(name="send-keys", rich_help_panel=RUNNING)
def send_keys(
    leg: Leg,
    keys: Annotated[str, typer.Argument(metavar="KEYS", help="0-9 * # A-D; a comma waits for a second.")],
    config: ConfigFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Press keys on one's line, as for the menu of a system that was called."""
    if not KEYS.fullmatch(keys):
        raise UserError("keys are up to 32 of 0-9 * # A-D, and commas for pauses")
    with console(config) as bridge:
        tell(bridge.ask(SendKeys(leg, keys, user()), Given), as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def split(
    conference: ConferenceId,
    group: Annotated[
        int, typer.Argument(metavar="GROUP", min=0, help="From 1 on; 0 is back where all others are.")
    ],
    legs: Annotated[list[int], typer.Argument(metavar="LEG...", min=1, help="Who, by number.")],
    config: ConfigFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Let some talk among themselves, in a group of that number."""
    give(config, conference, commands.Split(legs=tuple(legs), group=group), as_json=as_json)


@app.command(rich_help_panel=RUNNING)
def rejoin(conference: ConferenceId, config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """Bring all groups back together."""
    give(config, conference, commands.Rejoin(), as_json=as_json)


@app.command(
    name="give",
    rich_help_panel=RUNNING,
    epilog="Commands: " + ", ".join(sorted(name for name, kind in KINDS.items() if not kind.keypad_only)),
)
def any_command(
    conference: ConferenceId,
    command: Annotated[str, typer.Argument(metavar="COMMAND", help="Its name, as in key maps.")],
    given: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE", help="Such as leg=7 on=off legs=1,2.")
    ] = None,
    config: ConfigFile = None,
    *,
    by: Annotated[str, typer.Option(metavar="NAME", help="Who gives it, if not you.")] = "",
    moderator: Annotated[
        bool, typer.Option("--moderator", help="As a moderator may, not an operator.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Give any command there is."""
    try:
        made = spelled_in_text(command, _pairs(given or []))
    except SpellingError as error:
        raise UserError(str(error)) from error
    if made.keypad_only:
        raise UserError(f'the command "{command}" is about the one who keys it: it has no use from here')
    give(config, conference, made, by=by, moderator=moderator, as_json=as_json)


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise UserError(f'"{each}" is no value: write it as name=value, such as leg=7')
        pairs[name] = value
    return pairs

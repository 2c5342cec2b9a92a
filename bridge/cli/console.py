"""What the commands for a running bridge share: asking it, finding the conference that is meant, and showing the answer."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeVar

import msgspec
import typer

from bridge.cli.terminal import ConfigFile, UserError, configuration, say, user, warn
from bridge.conference.commands import AnyCommand
from bridge.control.client import Client, ClientError
from bridge.control.protocol import (
    AnyRequest,
    ConferenceRow,
    Conferences,
    Give,
    Given,
    ListConferences,
    Problem,
    Reply,
    Roster,
    ShowConference,
)
from prompts.errors import PromptError

RUNNING: Final = "Conferences in progress"
"""The panel of `roda --help` where these commands stand together."""
OPERATING: Final = "Operators"

SHORT_ID: Final = 13
"""Characters of an id that say when its conference opened, to the millisecond (`store.identity`): one that opens later
has others, so what was read off a list a while ago is never another conference."""

TOLD_OF_OTHERS: Final = {
    "muted": "They are muted now.",
    "unmuted": "They are muted no longer.",
    "your_turn": "They have the floor.",
    "role_given": "They are a moderator now.",
    "role_given_away": "They are a participant now.",
    "moved_apart": "They are in a group of their own now.",
    "moved_back": "They are back where all others are.",
    "removed": "They are put out.",
}
"""What is said to those whom a command is about, in words for the one who gave it from here."""

ConferenceId = Annotated[
    str,
    typer.Argument(
        metavar="CONFERENCE", help="Its id or the beginning of it (roda conferences), or its name."
    ),
]
Leg = Annotated[int, typer.Argument(metavar="LEG", min=1, help="Who, by number: roda conference CONFERENCE.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]

Kind = TypeVar("Kind", bound=Reply)


class Switch(StrEnum):
    """A state that is said."""

    ON = "on"
    OFF = "off"


class Console:
    """A connection to the running bridge."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def ask(self, request: AnyRequest, kind: type[Kind]) -> Kind:
        """The reply, which must be of that kind; a `Problem` is told to the user."""
        reply = self._client.ask(request)
        if isinstance(reply, Problem):
            raise UserError(reply.text)
        if not isinstance(reply, kind):
            raise UserError("the bridge answered something else than was asked: is it of another version?")
        return reply

    def explain(self, request: Give) -> None:
        """Raise `UserError` where a command was not carried out because nobody there has such a number."""
        present = {row.leg for row in self.ask(ShowConference(request.conference), Roster).rows}
        if absent := sorted(_legs(request.command) - present):
            shown = f"roda conference {request.conference[:SHORT_ID]}"
            raise UserError(f"nobody in this conference has the number {absent[0]}: see {shown}")

    def conference(self, said: str) -> str:
        """The id of the one conference that is meant."""
        rows = self.ask(ListConferences(), Conferences).rows
        found = (
            [row for row in rows if row.id == said]
            or [row for row in rows if said and row.name == said]
            or [row for row in rows if said and row.id.startswith(said)]
        )
        if len(found) == 1:
            return found[0].id
        if found:
            ids = short_ids(found)
            raise UserError(
                f'"{said}" may be any of {", ".join(ids[row.id] for row in found)}: say more of it'
            )
        raise UserError(f'there is no conference "{said}" in progress: see roda conferences')


@contextmanager
def console(path: Path | None) -> Iterator[Console]:
    """The bridge of that configuration."""
    socket = configuration(path).control_socket
    if socket is None:
        raise UserError("the bridge takes no commands: control.socket is empty in its configuration")
    try:
        with Client(socket) as client:
            yield Console(client)
    except ClientError as error:
        raise UserError(str(error)) from error


def give(
    config: ConfigFile,
    conference: str,
    command: AnyCommand,
    *,
    by: str = "",
    moderator: bool = False,
    as_json: bool = False,
) -> None:
    """Give a command to a conference, and say what became of it."""
    with console(config) as bridge:
        request = Give(bridge.conference(conference), command, by or user(), moderator=moderator)
        ask_and_tell(bridge, request, as_json=as_json)


def ask_and_tell(bridge: Console, request: Give, *, as_json: bool) -> None:
    """Have a command carried out, and say what became of it; why not, where that can be known."""
    given = bridge.ask(request, Given)
    if not given.done and not as_json and _legs(request.command):
        bridge.explain(request)
    tell(given, as_json=as_json)


def tell(given: Given, *, as_json: bool = False) -> None:
    """Say what became of a command; one that was not carried out ends the program with a fault."""
    if as_json:
        show_json(given)
    elif given.done:
        say(_words(given.text) or "Done.")
    else:
        warn(f"roda: {_words(given.text) or 'it cannot be done now'}")
    if not given.done:
        raise typer.Exit(1)


def show_json(reply: Reply) -> None:
    """The reply as it came."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(reply)).decode() + "\n")


def short_ids(rows: list[ConferenceRow] | tuple[ConferenceRow, ...]) -> dict[str, str]:
    """By id, the least of each that tells it from all others."""
    ordered = sorted(row.id for row in rows)
    short = {}
    for before, one, after in zip(["", *ordered], ordered, [*ordered[1:], ""], strict=False):
        shared = max(_shared(one, other) for other in (before, after))
        short[one] = one[: max(SHORT_ID, shared + 1)]
    return short


def _legs(command: AnyCommand) -> set[int]:
    """The people that a command is about; 0 stands for nobody."""
    return {getattr(command, "leg", 0), *getattr(command, "legs", ())} - {0}


def _shared(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = zip(one, other, strict=False)
    return next(
        (index for index, (ours, theirs) in enumerate(pairs) if ours != theirs), min(len(one), len(other))
    )


def length(seconds: float | None) -> str:
    """How long, as h:mm:ss; nothing where it has not begun."""
    return "" if seconds is None else str(timedelta(seconds=round(seconds)))


def _words(text: str) -> str:
    """What a caller would hear, in words; what is no prompt is words already."""
    if text in TOLD_OF_OTHERS or not text:
        return TOLD_OF_OTHERS.get(text, "")
    from prompts import phrases

    try:
        return phrases.text(phrases.say(text), "en")
    except PromptError:
        return text.replace("_", " ")

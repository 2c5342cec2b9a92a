"""`roda blast-list`: whom `*92` calls, and what they hear first (O5)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.found import pair_numbered
from bridge.cli.terminal import ConfigFile, Store, UserError, say, show_table, store
from bridge.service.blast_list import DEFAULT_NAME, BlastEntry, BlastList, BlastListError, entry_of, read_csv
from bridge.store.blast_lists import BlastLists
from bridge.store.messages import Messages

app = typer.Typer()

Pair = Annotated[int, typer.Argument(metavar="PAIR", help="The pair's number, as `roda passcode list` says.")]
Name = Annotated[str, typer.Option(help='Which list; without it "default", or the only one that there is.')]


@app.command()
def add(
    pair: Pair,
    file: Annotated[
        Path | None, typer.Argument(metavar="CSV", help="A table: a name, a comma, a number on each line.")
    ] = None,
    config: ConfigFile = None,
    *,
    name: Annotated[str, typer.Option(help="Which list; it is made if it is not there.")] = DEFAULT_NAME,
    number: Annotated[str | None, typer.Option(help="One number, instead of a table.")] = None,
    person: Annotated[str, typer.Option(help="The name of whom that number reaches.")] = "",
    press_one: Annotated[
        bool | None, typer.Option(help="Whoever answers has to press 1 first; else as the service has it.")
    ] = None,
) -> None:
    """Put people at the end of a list."""
    if (file is None) == (number is None):
        raise UserError("say whom: a table, or one --number")
    entries = _read(file) if file is not None else _one(person, number or "")
    if not entries:
        raise UserError(f"{file}: there is nobody in it")
    with store(config) as opened:
        pair_numbered(opened, pair)
        lists = BlastLists(opened.connection)
        found = lists.add(pair, name, entries)
        if press_one is not None:
            lists.set_press_one(found.id, press_one)
        opened.note("add to blast list", f"pair {pair}", list=name, entries=len(entries))
    count = len(found.entries)
    say(f'List "{name}" of pair {pair} has {count} {"person" if count == 1 else "people"}')


@app.command()
def show(pair: Pair, config: ConfigFile = None, *, name: Name = "") -> None:
    """Show a list; where there are several and none is named, which there are."""
    with store(config) as opened:
        pair_numbered(opened, pair)
        lists = BlastLists(opened.connection)
        found = lists.find(pair, name)
        every = lists.list(pair)
    if found is None and name:
        raise UserError(_missing(pair, name))
    if found is None:
        show_table(
            ["LIST", "PEOPLE", "MESSAGE"],
            [(each.name, len(each.entries), each.message or "none") for each in every],
            empty=f"No list yet: roda blast-list add {pair} people.csv",
        )
        return
    pressed = {True: "yes", False: "no", None: "as the service has it"}[found.press_one]
    say(f'List "{found.name}" of pair {pair}; message: {found.message or "none"}; press 1: {pressed}')
    show_table(
        ["NAME", "NUMBER"], [(each.name, each.number) for each in found.entries], empty="Nobody is on it."
    )


@app.command()
def remove(
    pair: Pair,
    config: ConfigFile = None,
    *,
    name: Name = "",
    number: Annotated[str | None, typer.Option(help="Only this one; else the whole list.")] = None,
) -> None:
    """Take somebody off a list, or delete it with its message."""
    with store(config) as opened:
        found = _list(opened, pair, name)
        lists = BlastLists(opened.connection)
        if number is None:
            lists.remove(found.id)
            Messages(opened.config.state_directory).forget(found.message)
        elif not lists.remove_entry(found.id, _one("", number)[0].number):
            raise UserError(f'{number} is not on list "{found.name}" of pair {pair}')
        opened.note("remove from blast list", f"pair {pair}", list=found.name, number=number or "all")
    say(f'List "{found.name}" of pair {pair}: {number or "all of it"} is removed')


@app.command()
def message(
    pair: Pair,
    file: Annotated[
        Path | None, typer.Argument(metavar="AUDIO", help="WAV, FLAC or Ogg, of any rate, up to a minute.")
    ] = None,
    config: ConfigFile = None,
    *,
    name: Name = "",
) -> None:
    """Have a message played to whoever answers; without a file, none any more."""
    with store(config) as opened:
        found = _list(opened, pair, name)
        messages = Messages(opened.config.state_directory)
        if file is None:
            messages.forget(found.message)
        BlastLists(opened.connection).set_message(
            found.id, "" if file is None else messages.take(found.id, file)
        )
        opened.note(
            "set blast message", f"pair {pair}", list=found.name, file="" if file is None else file.name
        )
    say(f'List "{found.name}" of pair {pair} {"has no message now" if file is None else "has its message"}')


def _list(opened: Store, pair: int, name: str) -> BlastList:
    pair_numbered(opened, pair)
    found = BlastLists(opened.connection).find(pair, name)
    if found is None:
        raise UserError(_missing(pair, name))
    return found


def _missing(pair: int, name: str) -> str:
    called = f'no list "{name}"' if name else "no list, or several: say which by --name"
    return f"pair {pair} has {called}; see roda blast-list show {pair}"


def _read(file: Path) -> tuple[BlastEntry, ...]:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")  # as spreadsheets in Portuguese and Spanish still write
    try:
        return read_csv(text)
    except BlastListError as error:
        raise UserError(f"{file}: {error}") from error


def _one(name: str, number: str) -> tuple[BlastEntry, ...]:
    try:
        return (entry_of(name, number),)
    except BlastListError as error:
        raise UserError(str(error)) from error

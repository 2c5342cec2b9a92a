"""`roda profile`: named settings that are given to pairs whole (C7)."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge.cli import words
from bridge.cli.found import customer_named, pair_numbered
from bridge.cli.terminal import ConfigFile, UserError, say, show_table, store
from bridge.service.profiles import NEVER, profile_of
from bridge.store.profiles import Profiles

app = typer.Typer()

Name = Annotated[str, typer.Argument(help="What the profile is called.")]
Whose = Annotated[str | None, typer.Option("--customer", help="For this customer alone; else for all.")]


@app.command(name="list")
def show(
    config: ConfigFile = None,
    *,
    customer: Annotated[str | None, typer.Option(help="Those that this one may use.")] = None,
) -> None:
    """List profiles and what they set."""
    with store(config) as opened:
        owner = None if customer is None else customer_named(opened, customer).id
        found = Profiles(opened.connection).list(customer=owner)
    show_table(
        ["PROFILE", "FOR", "SETS"],
        [
            (
                each.name,
                "all, shipped" if each.shipped else each.customer or "all",
                " ".join(words.written(each.settings)),
            )
            for each in found
        ],
        empty="",
    )


@app.command()
def save(
    name: Name,
    values: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...", help="Such as muted=yes; `roda passcode show` has the keys."
        ),
    ] = None,
    config: ConfigFile = None,
    *,
    pair: Annotated[
        int | None, typer.Option(metavar="PAIR", help="Begin with all settings of this pair.")
    ] = None,
    customer: Whose = None,
) -> None:
    """Keep settings under a name, in place of what had it; pairs keep what they were given."""
    asked = words.read(values or ())
    for field in NEVER & asked.keys():
        raise UserError(f"a profile says nothing of the {field}: it is each pair's own")
    with store(config) as opened:
        owner = None if customer is None else customer_named(opened, customer).id
        begin = {} if pair is None else profile_of(pair_numbered(opened, pair).own)
        settings = {**begin, **asked}
        if not settings:
            raise UserError("a profile needs settings: name a --pair, or write KEY=VALUE")
        Profiles(opened.connection).save(name, settings, customer=owner)
        opened.note("save profile", name, customer=customer or "all")
    say(f'Profile "{name}" is kept. Next: roda passcode set PAIR --profile "{name}"')


@app.command()
def delete(name: Name, config: ConfigFile = None, *, customer: Whose = None) -> None:
    """Forget a profile; pairs keep what it gave them."""
    with store(config) as opened:
        owner = None if customer is None else customer_named(opened, customer).id
        if not Profiles(opened.connection).remove(name, customer=owner):
            raise UserError(f'nobody saved a profile "{name}" here: see roda profile list')
        opened.note("delete profile", name, customer=customer or "all")
    say(f'Profile "{name}" is deleted')

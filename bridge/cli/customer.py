"""`roda customer`: who holds passcodes."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge.cli.found import customer_named
from bridge.cli.terminal import ConfigFile, UserError, day, say, show_table, store
from bridge.store.customers import Customers

app = typer.Typer()


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="As it shall stand on reports.")], config: ConfigFile = None
) -> None:
    """Add a customer."""
    if not name.strip():
        raise UserError("a customer needs a name")
    with store(config) as opened:
        Customers(opened.connection).add(name, at=opened.now)
        opened.note("add customer", name)
    say(f'Customer "{name}" is there. Next: roda passcode new "{name}"')


@app.command(name="list")
def show(config: ConfigFile = None) -> None:
    """List all customers."""
    with store(config) as opened:
        found = Customers(opened.connection).list()
    show_table(
        ["CUSTOMER", "SINCE", "PAIRS", "DIAL-OUT", "STATE"],
        [
            (
                each.name,
                day(each.created_at, opened.config),
                each.pairs,
                "blocked" if each.dial_out_blocked else "as set",
                "disabled" if each.disabled_at else "enabled",
            )
            for each in found
        ],
        empty='No customer yet: roda customer add "Name"',
    )


@app.command()
def block_dial_out(
    name: Annotated[str, typer.Argument(help="Whose: `roda customer list`.")],
    config: ConfigFile = None,
    *,
    lift: Annotated[bool, typer.Option("--lift", help="Let the pairs' own settings hold again.")] = False,
) -> None:
    """Let no moderator of any of its pairs dial out or call a list (O7); operators still may."""
    with store(config) as opened:
        found = customer_named(opened, name)
        Customers(opened.connection).block_dial_out(found.id, blocked=not lift)
        opened.note("lift dial-out block" if lift else "block dial-out", name)
    say(f'Dial-out of "{name}" is {"as its pairs are set" if lift else "blocked"}')

"""`roda customer`: who holds passcodes."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge.cli.terminal import ConfigFile, UserError, day, say, show_table, store
from bridge.store.customers import Customers

app = typer.Typer(help="Customers: who holds passcodes.", no_args_is_help=True)


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
        ["CUSTOMER", "SINCE", "PAIRS", "STATE"],
        [
            (
                each.name,
                day(each.created_at, opened.config),
                each.pairs,
                "disabled" if each.disabled_at else "enabled",
            )
            for each in found
        ],
        empty='No customer yet: roda customer add "Name"',
    )

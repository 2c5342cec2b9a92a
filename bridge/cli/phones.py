"""`roda phones`: where telephones have registered."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge.cli.console import AsJson, console, length, show_json
from bridge.cli.terminal import ConfigFile, say, show_table
from bridge.control.protocol import LONGEST_NAME, ListPhones, Phones

app = typer.Typer()


@app.command()
def phones(
    account: Annotated[str, typer.Argument(metavar="[NAME]", help="Of this account alone.")] = "",
    config: ConfigFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the telephones that have registered, by account."""
    with console(config) as bridge:
        found = bridge.ask(ListPhones(account[:LONGEST_NAME]), Phones)
    if as_json:
        show_json(found)
        return
    show_table(
        ["ACCOUNT", "CONTACT", "BY", "FROM", "PRODUCT", "SINCE", "LEFT"],
        [
            (
                row.account,
                row.contact,
                row.transport,
                row.source,
                row.product,
                length(row.since_s),
                length(row.left_s),
            )
            for row in found.rows
        ],
        empty="No telephone is registered.",
    )
    if found.total > len(found.rows):
        say(f"{len(found.rows)} of {found.total}")

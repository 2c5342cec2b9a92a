"""`roda trunks`: the carriers and PBXs that calls go to and come from."""

from __future__ import annotations

import typer

from bridge.cli.console import AsJson, console, length, show_json
from bridge.cli.terminal import ConfigFile, show_table
from bridge.control.protocol import ListTrunks, TrunkRow, Trunks

app = typer.Typer()


@app.command()
def trunks(config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """List the trunks: whether they are up, and how many calls they have."""
    with console(config) as bridge:
        found = bridge.ask(ListTrunks(), Trunks)
    if as_json:
        show_json(found)
        return
    show_table(
        ["TRUNK", "ADDRESS", "BY", "STATE", "SINCE", "OUT", "IN", "NO ACK", "LAST ERROR"],
        [
            (
                row.name,
                row.address,
                row.transport,
                state(row),
                "" if row.since_s is None else length(row.since_s),
                _count(row.calls_out, row.most_out),
                _count(row.calls_in, row.most_in),
                str(row.without_ack),
                row.last_error,
            )
            for row in found.rows
        ],
        empty="No trunk is configured.",
    )


def state(row: TrunkRow) -> str:
    """In a word or two: what is wrong, where something is."""
    if not row.answers:
        return "no answer"
    if row.registered is None:
        return "up"
    return "registered" if row.registered else "not registered"


def _count(calls: int, most: int) -> str:
    return f"{calls}/{most}" if most else str(calls)

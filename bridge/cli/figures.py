"""`roda sip`: what has been counted since the bridge was started."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from bridge.cli.console import OPERATING, AsJson, console, show_json
from bridge.cli.terminal import ConfigFile, show_table
from bridge.control.protocol import Figures, ShowFigures

SIGNALLING: Final = ("sip", "guard", "telephones", "transport")
"""The parts that are about signalling; others are shown by --all."""

app = typer.Typer()


@app.command(rich_help_panel=OPERATING)
def sip(
    config: ConfigFile = None,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="What else is counted, too: media, store, log.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what signalling came, went and was dropped, by method, status and reason."""
    with console(config) as bridge:
        found = bridge.ask(ShowFigures(), Figures)
    if as_json:
        show_json(found)
        return
    show_table(
        ["PART", "WHAT", "HOW", "COUNT"],
        [
            (part, *_split(name), count)
            for part, counts in found.parts.items()
            if everything or part in SIGNALLING
            for name, count in sorted(counts.items())
            if count
        ],
        empty="Nothing has been counted yet.",
    )


def _split(name: str) -> tuple[str, str]:
    """`sent:200` and its like, in two columns."""
    what, colon, how = name.partition(":")
    return (what, how) if colon else (name, "")

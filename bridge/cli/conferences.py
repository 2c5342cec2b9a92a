"""`roda conferences`, `roda conference`, `roda calls`: who is on the line now."""

from __future__ import annotations

from collections.abc import Mapping

import typer

from bridge.cli.console import RUNNING, SHORT_ID, AsJson, ConferenceId, console, length, short_ids, show_json
from bridge.cli.terminal import ConfigFile, say, show_table
from bridge.conference.model import ALONE, LARGEST_GROUP
from bridge.control.protocol import (
    Calls,
    ConferenceRow,
    Conferences,
    ListCalls,
    ListConferences,
    PersonRow,
    Roster,
    ShowConference,
)

app = typer.Typer()


@app.command(rich_help_panel=RUNNING)
def conferences(config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """List the conferences in progress."""
    with console(config) as bridge:
        found = bridge.ask(ListConferences(), Conferences)
    if as_json:
        show_json(found)
        return
    ids = short_ids(found.rows)
    show_table(
        ["CONFERENCE", "NAME", "PAIR", "STATE", "FOR", "PEOPLE", "MODERATORS", "MODE", ""],
        [
            (
                ids[row.id],
                row.name,
                row.pair or "",
                row.phase.value,
                length(row.began_s),
                row.people,
                row.moderators,
                row.mode.value,
                "locked" if row.locked else "",
            )
            for row in found.rows
        ],
        empty="No conference is in progress.",
    )


@app.command(rich_help_panel=RUNNING)
def conference(conference: ConferenceId, config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """Show one conference and who is in it."""
    with console(config) as bridge:
        found = bridge.ask(ShowConference(bridge.conference(conference)), Roster)
    if as_json:
        show_json(found)
        return
    say(_heading(found.conference))
    show_table(
        ["LEG", "ROLE", "NAME", "CALLER", "CAME BY", "FOR", "KEYS BY", "STATE"],
        [
            (
                row.leg,
                row.role.value,
                row.name,
                row.caller,
                row.came_by,
                length(row.joined_s),
                _keys(row.keys),
                ", ".join(_states(row)),
            )
            for row in found.rows
        ],
        empty="Nobody is in it.",
    )


@app.command(rich_help_panel=RUNNING)
def calls(config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """List all calls, in a conference or not."""
    with console(config) as bridge:
        found = bridge.ask(ListCalls(), Calls)
    if as_json:
        show_json(found)
        return
    show_table(
        [
            "LEG",
            "CALLER",
            "DIALLED",
            "VIA",
            "STATE",
            "CONFERENCE",
            "FOR",
            "CODEC",
            "SECURED",
            "KEYS BY",
            "MOS",
            "LOST",
        ],
        [
            (
                row.leg,
                row.caller,
                row.dialled,
                row.via,
                row.state,
                row.conference[:SHORT_ID],
                length(row.since_s),
                row.codec,
                row.secured,
                _keys(row.keys),
                f"{row.mos:.1f}" if row.mos else "",
                f"{row.loss_percent:.1f} %" if row.loss_percent else "",
            )
            for row in found.rows
        ],
        empty="There is no call.",
    )


def _heading(row: ConferenceRow) -> str:
    parts = [row.id, row.name, row.phase.value, row.mode.value]
    if row.began_s is not None:
        parts.append(f"for {length(row.began_s)}")
    if row.locked:
        parts.append("locked")
    return "  ".join(part for part in parts if part)


def _keys(came: Mapping[str, int]) -> str:
    """Which ways somebody's keys come, and how many did."""
    return ", ".join(f"{way} {count}" for way, count in came.items())


def _states(row: PersonRow) -> list[str]:
    states = []
    if row.muted:
        states.append("muted")
    if row.silenced:
        states.append("silenced")
    if row.asking:
        states.append("has the floor")
    if row.hand:
        states.append(f"hand {row.hand}")
    if row.place == ALONE:
        states.append("aside")
    elif row.place > LARGEST_GROUP:
        states.append("private")
    elif row.place:
        states.append(f"group {row.place}")
    if row.gain_db:
        states.append(f"{row.gain_db:+g} dB")
    return states + _line(row)


def _line(row: PersonRow) -> list[str]:
    """What their line disturbs by, and what is done about it."""
    states = [row.trouble] if row.trouble else []
    if row.lowered:
        states.append("lowered")
    if row.suppressed:
        states.append("denoised")
    return states

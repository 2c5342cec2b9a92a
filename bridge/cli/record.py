"""`roda record`: recordings of conferences (C6): begin and end them, and what there is."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import typer

from bridge.cli.console import AsJson, ConferenceId, give
from bridge.cli.records import DEFAULT_ENTRIES, AsForm, Form, Limit, Since, Until, period, write
from bridge.cli.terminal import ConfigFile, minute, show_table, store
from bridge.conference import commands
from bridge.store.recordings import Recording, Recordings

app = typer.Typer()

_MB: Final = 1_000_000


@app.command()
def start(conference: ConferenceId, config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """Record a conference from now on; everybody in it is told."""
    give(config, conference, commands.RecordConference(on=True), as_json=as_json)


@app.command()
def stop(conference: ConferenceId, config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """End the recording; its files are there a moment later."""
    give(config, conference, commands.RecordConference(on=False), as_json=as_json)


@app.command()
def pause(conference: ConferenceId, config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """Leave out what is said from now on."""
    give(config, conference, commands.PauseRecording(on=True), as_json=as_json)


@app.command()
def resume(conference: ConferenceId, config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """Go on with a recording that is paused."""
    give(config, conference, commands.PauseRecording(on=False), as_json=as_json)


@app.command(name="list")
def show(
    config: ConfigFile = None,
    *,
    form: AsForm = Form.TABLE,
    since: Since = "",
    until: Until = "",
    limit: Limit = DEFAULT_ENTRIES,
) -> None:
    """List the files of recordings that are over, the latest first; those gone from this machine's folder have a star."""
    with store(config) as opened:
        entries = Recordings(opened.connection).entries(**period(opened, since, until), limit=limit)
    if form is not Form.TABLE:
        write(entries, Recording, form, opened.config)
        return
    folder, node = opened.config.recordings_folder, opened.config.server.node
    show_table(
        ["ENDED", "ROOM", "WHO", "BEGINS", "LENGTH", "MB", "WHY ENDED", "", "FILE"],
        [
            (
                minute(each.ended_at, opened.config),
                each.room,
                each.participant or "everybody",
                str(timedelta(seconds=round(each.begins_s))),
                str(timedelta(seconds=round(each.length_s))),
                f"{each.size_bytes / _MB:.1f}",
                each.reason.replace("_", " "),
                "*" if each.node == node and each.file and not (folder / each.file).exists() else "",
                each.file or "none",
            )
            for each in entries
        ],
        empty="No recordings.",
    )

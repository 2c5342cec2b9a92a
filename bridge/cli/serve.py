"""`roda serve` and `roda check`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.terminal import DEFAULT_FILE, ConfigFile, configuration, say, warn
from bridge.config import Config, ConfigError, load


def serve(
    config: ConfigFile = None,
    *,
    open_rooms: Annotated[
        bool,
        typer.Option(
            "--open-rooms", help="Let this machine dial conf-NAME straight into room NAME, without passcode."
        ),
    ] = False,
) -> None:
    """Take calls until interrupted."""
    chosen = chosen_configuration(config, open_rooms=open_rooms)
    from bridge.server import serve as run  # the other commands do without the media engine

    raise typer.Exit(run(chosen))


def chosen_configuration(path: Path | None, *, open_rooms: bool) -> Config:
    """What `serve` goes by: `--open-rooms` alone means the defaults, whatever lies around; with a file it adds to it."""
    if not open_rooms:
        return configuration(path)
    opened = Config.with_open_rooms()
    if path is None:
        return opened
    config = load(path)
    others = tuple(
        each for each in opened.open_rooms if each.pattern not in {room.pattern for room in config.open_rooms}
    )
    return replace(config, open_rooms=config.open_rooms + others)


def check(
    config: Annotated[
        Path, typer.Option("--config", "-c", metavar="FILE", help="The file to look at.")
    ] = DEFAULT_FILE,
) -> None:
    """Say every fault of a configuration, each with its line, and what will soon be one."""
    from bridge.config import expiry, exposure, libraries  # the first takes longer to load than all else here
    from bridge.config.certificates import tls_settings

    try:
        sound = load(config)
    except ConfigError as error:
        warn(str(error))
        count = len(error.faults)
        warn(f"{count} fault{'' if count == 1 else 's'}")
        raise typer.Exit(1) from None
    ends = expiry.warnings(tls_settings(sound.server.identity, sound.resolve), datetime.now(UTC))
    for text in (*ends, *exposure.warnings(sound), *libraries.warnings(sound)):
        warn(f"warning: {text}")
    say(f"{config}: no fault")

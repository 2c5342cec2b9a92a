"""`roda prompts`: what callers hear."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.terminal import ConfigFile, UserError, configuration, say, show_table, warn
from prompts import inspection, render
from prompts.phrases import say as utterance
from prompts.values import Value

app = typer.Typer()


def _override(config: Path | None) -> Path | None:
    chosen = configuration(config)
    return chosen.resolve(chosen.prompts.directory) if chosen.prompts.directory else None


@app.command(name="list")
def show(
    folder: Annotated[str | None, typer.Argument(help="pt-BR, en, es, tone or music; else all.")] = None,
    config: ConfigFile = None,
) -> None:
    """List the recordings with their words and lengths; a star marks your own."""
    found = [each for each in inspection.listing(_override(config)) if folder in {None, each.folder}]
    show_table(
        ["", "CLIP", "SECONDS", "WORDS"],
        [
            ("*" if each.replaced else "", f"{each.folder}/{each.clip}", f"{each.duration_s:.2f}", each.text)
            for each in found
        ],
        empty=f"There is nothing in {folder}.",
    )


@app.command()
def check(config: ConfigFile = None) -> None:
    """Say every fault of the recordings, yours included."""
    faults = inspection.check(_override(config))
    for fault in faults:
        warn(fault)
    if faults:
        raise typer.Exit(1)
    say("All prompts are well.")


@app.command(name="render")
def make(
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Make all of them anew, not only what changed.")
    ] = False,
) -> None:
    """Make the recordings from their texts, in the source tree; needs the speech synthesizers."""
    done = render.render(force=force)
    say(f"{len(done.made)} made, {len(done.kept)} kept, {len(done.removed)} removed")


@app.command()
def export(
    name: Annotated[str, typer.Argument(help="What to say, such as greeting or participants_count.")],
    target: Annotated[Path, typer.Argument(help="The WAV file to write.")],
    values: Annotated[
        list[str] | None, typer.Argument(metavar="[VALUE=...]...", help="Such as count=3.")
    ] = None,
    language: Annotated[str, typer.Option(help="pt-BR, en or es.")] = "en",
    *,
    hd: Annotated[bool, typer.Option("--hd", help="As an HD telephone plays it, at 16 kHz.")] = False,
    config: ConfigFile = None,
) -> None:
    """Write what a caller would hear to a WAV file."""
    try:
        length_s = inspection.export(
            utterance(name, **_given(values or [])), language, target, override=_override(config), hd=hd
        )
    except OSError as error:
        raise UserError(f"{target}: {error.strerror}") from error
    say(f"{target}: {length_s:.2f} s")


def _given(values: list[str]) -> dict[str, Value]:
    given: dict[str, Value] = {}
    for each in values:
        name, equals, value = each.partition("=")
        if not equals or not name.isidentifier():
            raise UserError(f'"{each}" is no value: write it as name=value, such as count=3')
        given[name] = int(value) if value.isdecimal() else value
    return given

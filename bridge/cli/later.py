"""Groups of commands whose modules are imported when one of them is wanted: the others answer at once."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup


def add_later(app: typer.Typer, name: str, *, module: str, help: str) -> None:  # noqa: A002 - as Typer names it
    """Give `app` the commands of `module.app` as a group, looked up there once somebody uses the group."""

    class Group(TyperGroup):
        def make_context(self, *arguments: Any, **more: Any) -> Any:
            self.commands = typer.main.get_group(import_module(module).app).commands
            return super().make_context(*arguments, **more)

    app.add_typer(typer.Typer(cls=Group, help=help, no_args_is_help=True), name=name)

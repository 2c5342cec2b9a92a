"""The command with its groups, and the one place where errors become words."""

from __future__ import annotations

import sys
from typing import Final

import typer

from bridge.cli import (
    blast_list,
    calls_out,
    conferences,
    customer,
    floor,
    operators,
    passcode,
    people,
    profile,
    prompts,
    records,
    room,
    serve,
    setup,
)
from bridge.cli.terminal import UserError, warn
from bridge.config import ConfigError
from bridge.store.errors import StoreError
from prompts.errors import PromptError

INTERRUPTED: Final = 130
"""What shells expect of a program that Ctrl-C ended: 128 and the number of SIGINT."""

app = typer.Typer(
    name="roda",
    help="Roda, a telephone conference service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(serve.serve)
app.command()(serve.check)
app.command()(setup.init)
app.add_typer(passcode.app, name="passcode")
app.add_typer(customer.app, name="customer")
app.add_typer(people.app, name="people")
app.add_typer(profile.app, name="profile")
app.add_typer(blast_list.app, name="blast-list")
app.add_typer(prompts.app, name="prompts")
app.add_typer(records.app, name="records")
for each in (conferences, room, floor, calls_out, operators):
    app.add_typer(each.app)


def main() -> None:
    """Run the command line of this process."""
    try:
        app()
    except ConfigError as error:
        warn(str(error))
    except UserError as error:
        warn(f"roda: {error}")
    except StoreError as error:
        warn(f"roda: the store: {error}")
    except PromptError as error:
        warn(f"roda: prompts: {error}")
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        sys.stderr.close()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(1)

"""The command with its groups, and the one place where errors become words."""

from __future__ import annotations

import sys
from typing import Final

import typer

from bridge.cli import (
    bans,
    calls_out,
    conferences,
    figures,
    floor,
    operators,
    phones,
    room,
    serve,
    setup,
    trace,
    trunks,
)
from bridge.cli.later import add_later
from bridge.cli.terminal import UserError, warn
from bridge.config import ConfigError
from bridge.store.errors import StoreError
from prompts.errors import PromptError

INTERRUPTED: Final = 130
"""What shells expect of a program that Ctrl-C ended: 128 and the number of SIGINT."""

GROUPS: Final = {
    "passcode": "Passcode pairs: a code for moderators, a code for participants.",
    "customer": "Customers: who holds passcodes.",
    "account": "Accounts: who may register a telephone.",
    "people": "People of a customer, and the numbers they call from.",
    "profile": "Profiles: settings for a kind of conference. Given by `roda passcode new` and `set`.",
    "blast-list": "Blast lists: whom *92 calls, and what they hear first.",
    "prompts": "Prompts: what callers hear.",
    "record": "Recordings of conferences: begin, end, list.",
    "records": "Call detail records: who was in which conference, and whom it called.",
}
"""Those of the store and the prompts, each a module of that name."""

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
for name, what in GROUPS.items():
    add_later(app, name, module=f"bridge.cli.{name.replace('-', '_')}", help=what)
for each in (conferences, room, floor, calls_out, operators, phones, trunks, trace, bans, figures):
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

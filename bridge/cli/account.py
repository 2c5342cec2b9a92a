"""`roda account`: who may register a telephone with the bridge and prove to be who calls."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Final

import typer

from bridge.cli.found import customer_named, pair_numbered
from bridge.cli.terminal import ConfigFile, Store, UserError, day, say, show_table, store
from bridge.store.accounts import Accounts, StoredAccount

app = typer.Typer()

LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""Of passwords that we draw: none is taken for another when somebody copies them from paper. 32 of them, 5 bits each."""
LENGTH: Final = 20
"""100 bits: who listened to a registration does not find it by trying (RFC 7616 5.8)."""

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="The user part of its address, such as 2001 or ana.")
]
Ask = Annotated[
    bool,
    typer.Option(
        "--ask", help="Ask for the password, or read it from standard input, instead of drawing one."
    ),
]


@app.command()
def add(
    name: Name,
    config: ConfigFile = None,
    *,
    number: Annotated[
        str, typer.Option("--number", "--caller", help="Whose calls it makes, such as +5511999990000.")
    ] = "",
    display: Annotated[str, typer.Option(help="Its name on lists and rosters.")] = "",
    customer: Annotated[str | None, typer.Option(help="Whose it is: `roda customer list`.")] = None,
    pair: Annotated[int | None, typer.Option(help="The pair it belongs to: `roda passcode list`.")] = None,
    ask: Ask = False,
) -> None:
    """Let a telephone register as NAME, and say its password, this once."""
    password = _asked() if ask else _drawn()
    with store(config) as opened:
        owner = None if customer is None else customer_named(opened, customer).id
        if pair is not None:
            pair_numbered(opened, pair)
        Accounts(opened.connection).add(
            name, password, realm=opened.config.realm, at=opened.now,
            display=display, number=number, customer=owner, pair=pair,
        )  # fmt: skip
        opened.note("add account", f"account {name}", number=number, customer=customer or "")
        realm = opened.config.realm
    say(f"Account {name} of realm {realm}")
    _tell(password, ask=ask)


@app.command(name="list")
def show(config: ConfigFile = None) -> None:
    """List all accounts by name."""
    with store(config) as opened:
        found = Accounts(opened.connection).list()
        realm = opened.config.realm
    show_table(
        ["NAME", "DISPLAY", "NUMBER", "CUSTOMER", "PAIR", "SINCE", "STATE"],
        [
            (each.name, each.display, each.number, each.customer, each.pair,
             day(each.created_at, opened.config), _state(each, realm))
            for each in found
        ],
        empty="No account yet: roda account add NAME",
    )  # fmt: skip


@app.command()
def password(name: Name, config: ConfigFile = None, *, ask: Ask = False) -> None:
    """Give an account a new password and say it, this once; the old one stops within seconds."""
    new = _asked() if ask else _drawn()
    with store(config) as opened:
        _named(opened, name)
        Accounts(opened.connection).set_password(name, new, realm=opened.config.realm, at=opened.now)
        opened.note("change password", f"account {name}")
    say(f"Account {name}: the old password is no longer good")
    _tell(new, ask=ask)


@app.command()
def disable(name: Name, config: ConfigFile = None) -> None:
    """Take an account's telephones out, and let it neither register nor call, within seconds."""
    with store(config) as opened:
        _named(opened, name)
        Accounts(opened.connection).disable(name, at=opened.now)
        opened.note("disable", f"account {name}")
    say(f"Account {name} is disabled")


@app.command()
def enable(name: Name, config: ConfigFile = None) -> None:
    """Let a disabled account register again, with its password of before."""
    with store(config) as opened:
        _named(opened, name)
        Accounts(opened.connection).enable(name, at=opened.now)
        opened.note("enable", f"account {name}")
    say(f"Account {name} is enabled")


@app.command()
def remove(name: Name, config: ConfigFile = None) -> None:
    """Remove an account for good; its name may be given again."""
    with store(config) as opened:
        _named(opened, name)
        Accounts(opened.connection).remove(name, at=opened.now)
        opened.note("remove", f"account {name}")
    say(f"Account {name} is removed")


def _named(opened: Store, name: str) -> StoredAccount:
    found = Accounts(opened.connection).find(name)
    if found is None:
        raise UserError(f'there is no account "{name}": see roda account list')
    return found


def _state(account: StoredAccount, realm: str) -> str:
    if not account.living:
        return "disabled"
    return "enabled" if account.realm == realm else f"password is of {account.realm}"


def _drawn() -> str:
    return "".join(LETTERS[octet % len(LETTERS)] for octet in os.urandom(LENGTH))


def _asked() -> str:
    """A password that somebody chose. Never an argument: those stand in lists of processes and in shells' histories."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _tell(password: str, *, ask: bool) -> None:
    if not ask:
        say(f"  password {password}")
        say("Write it down: it is kept as digests and never shown again.")

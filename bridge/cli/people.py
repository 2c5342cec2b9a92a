"""`roda people`: a customer's directory, whose codes stop with them, and by which numbers they are known (O6)."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Final

import typer

from bridge.cli.found import customer_named, pair_numbered, person_numbered, person_of
from bridge.cli.terminal import ConfigFile, UserError, day, say, show_table, store
from bridge.service.numbering import known_as
from bridge.service.role import Role
from bridge.store.known_callers import NUMBER, KnownCallers
from bridge.store.names import Names
from bridge.store.passcodes import Passcodes
from bridge.store.people import People

app = typer.Typer()

Number = Annotated[
    int, typer.Argument(metavar="PERSON", help="The person's number, as `roda people list` says.")
]
Caller = Annotated[
    str, typer.Argument(metavar="NUMBER", help="As a trusted network says it, such as +5511999990000.")
]
PairNumber = Annotated[int, typer.Option("--pair", metavar="PAIR", help="As `roda passcode list` says.")]

_PUNCTUATION: Final = re.compile(r"[ ().-]")


class As(StrEnum):
    """In which role somebody is let in."""

    MODERATOR = "moderator"
    PARTICIPANT = "participant"


@app.command(name="list")
def show(
    config: ConfigFile = None,
    *,
    customer: Annotated[str | None, typer.Option(help="Only this one's.")] = None,
) -> None:
    """List people by customer and name."""
    with store(config) as opened:
        found = People(opened.connection).list(customer=customer)
    show_table(
        ["PERSON", "CUSTOMER", "NAME", "COMPANY", "PHONE", "E-MAIL", "SINCE", "STATE"],
        [
            (
                each.id, each.customer, each.name, each.company, each.phone, each.email,
                day(each.created_at, opened.config),
                "enabled" if each.disabled_at is None else "disabled",
            )
            for each in found
        ],
        empty='Nobody yet: roda people add "Customer" "Name"',
    )  # fmt: skip


@app.command()
def add(
    customer: Annotated[str, typer.Argument(help="Whose directory: `roda customer list`.")],
    name: Annotated[str, typer.Argument(help="As it shall stand on reports.")],
    config: ConfigFile = None,
    *,
    company: Annotated[str, typer.Option(help="Where they work.")] = "",
    phone: Annotated[str, typer.Option(help="Where to reach them.")] = "",
    email: Annotated[str, typer.Option(help="For invitations.")] = "",
) -> None:
    """Add a person to a customer's directory."""
    with store(config) as opened:
        owner = customer_named(opened, customer)
        person = People(opened.connection).add(
            owner.id, name, at=opened.now, company=company, phone=phone, email=email
        )
        opened.note("add person", f"person {person}", customer=customer)
    say(f'Person {person} is "{name}" of {customer}')


@app.command()
def change(
    person: Number,
    config: ConfigFile = None,
    *,
    name: Annotated[str | None, typer.Option(help="As it shall stand on reports.")] = None,
    company: Annotated[str | None, typer.Option(help="Where they work.")] = None,
    phone: Annotated[str | None, typer.Option(help="Where to reach them.")] = None,
    email: Annotated[str | None, typer.Option(help="For invitations.")] = None,
) -> None:
    """Keep what is known of a person current (I4)."""
    said = {"name": name, "company": company, "phone": phone, "email": email}
    values = {key: value for key, value in said.items() if value is not None}
    with store(config) as opened:
        person_numbered(opened, person)
        People(opened.connection).change(person, **values)
        opened.note("change person", f"person {person}", changed=sorted(values))
    say(f"Person {person}: {', '.join(values) or 'nothing'} changed")


@app.command()
def disable(person: Number, config: ConfigFile = None) -> None:
    """Stop all codes of a person at once: their counter-passwords, known numbers and own pairs (O6)."""
    with store(config) as opened:
        found = person_numbered(opened, person)
        People(opened.connection).disable(person, at=opened.now)
        opened.note("disable", f"person {person}")
    say(f"{found.name} is disabled, and so are the codes of theirs")


@app.command()
def enable(person: Number, config: ConfigFile = None) -> None:
    """Let a disabled person's codes work again."""
    with store(config) as opened:
        found = person_numbered(opened, person)
        People(opened.connection).enable(person)
        opened.note("enable", f"person {person}")
    say(f"{found.name} is enabled")


@app.command()
def delete(person: Number, config: ConfigFile = None) -> None:
    """Forget a person; records keep what happened. Pairs they were responsible for are disabled."""
    with store(config) as opened:
        found = person_numbered(opened, person)
        People(opened.connection).delete(person, at=opened.now)
        Names(opened.config.state_directory).forget(person)
        opened.note("delete", f"person {person}")
    say(f"{found.name} is deleted, and so are the codes of theirs")


@app.command()
def know(
    number: Caller,
    config: ConfigFile = None,
    *,
    pair: PairNumber,
    role: Annotated[As, typer.Option("--as", help="How they are let in.")] = As.PARTICIPANT,
    person: Annotated[
        str | None, typer.Option(metavar="PERSON", help="Who calls from there: a number or a name.")
    ] = None,
    ask_counter_password: Annotated[
        bool, typer.Option("--ask-counter-password", help="The number alone is not enough.")
    ] = False,
) -> None:
    """Let whoever calls from this number into a pair without its code; trusted networks alone can say numbers."""
    written = _plain(number)
    with store(config) as opened:
        plain = known_as(opened.config.dial_out.numbering, written) or written
        found = pair_numbered(opened, pair)
        asked = Passcodes(opened.connection).roles_with_counter_password(pair)
        if ask_counter_password and Role(role.value) not in asked:
            raise UserError(
                f"the {role.value}s of pair {pair} have no counter-password: roda passcode change {pair} "
                f"--counter-password --of {role.value}"
            )
        who = None if person is None else person_of(opened, found.customer_id, person)
        KnownCallers(opened.connection).know(
            plain,
            pair,
            Role(role.value),
            person=None if who is None else who.id,
            asks_counter_password=ask_counter_password,
        )
        opened.note("know caller", f"pair {pair}", number=plain, role=role.value)
        others = [each.pair for each in KnownCallers(opened.connection).find(plain) if each.pair != pair]
        trusted = bool(opened.config.server.trusted_networks)
    then = " after the counter-password" if ask_counter_password else ""
    if others:
        also = ", ".join(map(str, others))
        say(
            f"{plain} is known for pair {pair}, and for {also}: the code says which, no counter-password is asked"
        )
    else:
        say(f"{plain} enters pair {pair} as {role.value}{then}")
    if not trusted:
        say("No network is trusted yet, so no number is believed: name carriers in server.trusted_networks.")


@app.command()
def known(
    config: ConfigFile = None,
    *,
    pair: PairNumber,
) -> None:
    """List the numbers that are let into a pair without its code."""
    with store(config) as opened:
        pair_numbered(opened, pair)
        found = KnownCallers(opened.connection).list(pair)
    show_table(
        ["NUMBER", "AS", "PERSON", "COUNTER-PASSWORD"],
        [
            (each.number, each.role.value, each.name, "asked" if each.asks_counter_password else "not asked")
            for each in found
        ],
        empty=f"No number is known for pair {pair}.",
    )


@app.command()
def forget(
    number: Caller,
    config: ConfigFile = None,
    *,
    pair: PairNumber,
) -> None:
    """Ask callers from this number for the code again."""
    plain = _plain(number)
    with store(config) as opened:
        pair_numbered(opened, pair)
        spellings = {plain, known_as(opened.config.dial_out.numbering, plain)}
        known_before = [KnownCallers(opened.connection).forget(each, pair) for each in spellings]
        if not any(known_before):
            raise UserError(f"{plain} is not known for pair {pair}: see roda people known --pair {pair}")
        opened.note("forget caller", f"pair {pair}", number=plain)
    say(f"{plain} needs the code of pair {pair} again")


def _plain(number: str) -> str:
    plain = _PUNCTUATION.sub("", number)
    if not NUMBER.fullmatch(plain):
        raise UserError(f'"{number}" is no number: write it as +5511999990000')
    return plain

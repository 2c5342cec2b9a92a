"""`roda passcode`: pairs of codes, what is set for each, and how long they live (A4 to A7, C1 to C7)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from bridge.cli import new_pair, words
from bridge.cli.found import moment_said, pair_numbered, person_of
from bridge.cli.issuing import drawn, issuer, known_keys, profiled, tell, told
from bridge.cli.terminal import ConfigFile, UserError, day, say, show_table, store
from bridge.service.role import Role
from bridge.store.issuance import CODED, Issued
from bridge.store.passcodes import Pair, Passcodes
from bridge.store.people import People

app = typer.Typer()

Number = Annotated[
    int, typer.Argument(metavar="PAIR", help="The pair's number, as `roda passcode list` says.")
]
app.command()(new_pair.new)


class Coded(StrEnum):
    """The roles that have a code."""

    MODERATOR = "moderator"
    PARTICIPANT = "participant"


@app.command(name="list")
def show_all(
    config: ConfigFile = None,
    *,
    customer: Annotated[str | None, typer.Option(help="Only this one's.")] = None,
) -> None:
    """List all pairs, without their codes."""
    with store(config) as opened:
        found = Passcodes(opened.connection).list(customer=customer)
    show_table(
        ["PAIR", "CUSTOMER", "NAME", "LEVEL", "UNTIL", "STATE"],
        [
            (each.id, each.customer, each.name, int(each.settings.level), day(each.expires_at, opened.config),
             _state(each, opened.now))
            for each in found
        ],
        empty='No passcode yet: roda passcode new "Customer"',
    )  # fmt: skip


@app.command()
def show(pair: Number, config: ConfigFile = None) -> None:
    """Show what is set for a pair; codes are never shown again: `change` gives new ones."""
    with store(config) as opened:
        found = pair_numbered(opened, pair)
        roles = Passcodes(opened.connection).roles_with_counter_password(pair)
        responsible = None if found.responsible is None else People(opened.connection).get(found.responsible)
        own = Passcodes(opened.connection).people_with_counter_password(pair)
    facts: list[tuple[str, object]] = [
        ("pair", found.id),
        ("customer", found.customer),
        ("name", found.name),
        ("responsible", responsible.name if responsible else "nobody"),
        ("state", _state(found, opened.now)),
        ("made", day(found.created_at, opened.config)),
        ("until", day(found.expires_at, opened.config)),
        ("counter-password", ", ".join(sorted(role.value for role in roles)) or "none"),
        ("of their own", ", ".join(own) or "nobody"),
        *(
            (f"the moderator may {what}", "yes" if found.settings.may(right) else "no")
            for right, what in words.RIGHTS.items()
        ),
    ]
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        say(f"{name:<{width}}  {value}")
    show_table(["KEY", "VALUE", "WHAT IT SETS"], words.shown(found.own), empty="")
    if found.settings.dial_out_blocked and not found.own.dial_out_blocked:
        say(f"Dial-out is blocked for all pairs of {found.customer}: roda customer block-dial-out")


@app.command(name="set")
def settle(
    pair: Number,
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Such as grace=30; `roda passcode show` has the keys."),
    ] = None,
    config: ConfigFile = None,
    *,
    profile: Annotated[str | None, typer.Option(help="A profile's settings, before the others (C7).")] = None,
    name: Annotated[str | None, typer.Option(help="What the conference is called.")] = None,
    responsible: Annotated[str | None, typer.Option(metavar="PERSON", help="Who answers for it.")] = None,
) -> None:
    """Change what is set for a pair; a conference in progress keeps what it began with."""
    asked = words.read(values or ())
    with store(config) as opened:
        found = pair_numbered(opened, pair)
        begin = profiled(opened, found.own, profile, found.customer_id)
        settings = known_keys(opened, words.changed(begin, asked))
        answers = None if responsible is None else person_of(opened, found.customer_id, responsible).id
        Passcodes(opened.connection).change(pair, settings=settings, name=name, responsible=answers)
        before, after = words.shown(found.own), words.shown(settings)
        changes = {
            key: value for (key, was, _), (_, value, _) in zip(before, after, strict=True) if was != value
        }
        changes |= {} if name is None else {"name": name}
        changes |= {} if answers is None else {"responsible": str(answers)}
        opened.note("set", f"pair {pair}", **changes)
    news = ", ".join(f"{key}={value}" for key, value in changes.items())
    say(f"Pair {pair}: {news or 'nothing changes'}")


@app.command()
def change(
    pair: Number,
    config: ConfigFile = None,
    *,
    codes: Annotated[bool, typer.Option("--codes", help="New codes.")] = False,
    counter_password: Annotated[
        bool, typer.Option("--counter-password", help="New counter-passwords for all to share.")
    ] = False,
    counter_password_for: Annotated[
        list[str] | None,
        typer.Option(metavar="PERSON", help="A new counter-password for this person alone; made if unknown."),
    ] = None,
    no_counter_password: Annotated[
        bool, typer.Option("--no-counter-password", help="Take the shared counter-password away.")
    ] = False,
    no_counter_password_for: Annotated[
        list[str] | None, typer.Option(metavar="PERSON", help="Take this person's counter-password away.")
    ] = None,
    of: Annotated[
        Coded | None,
        typer.Option(
            help="Of one role alone; else both. What is a person's own is a participant's unless said."
        ),
    ] = None,
) -> None:
    """Give a pair new codes or counter-passwords and say them, this once; the old ones stop at once (A7)."""
    if not (
        codes or counter_password or counter_password_for or no_counter_password or no_counter_password_for
    ):
        raise UserError(
            "say what is to change: --codes, --counter-password, --counter-password-for PERSON ..."
        )
    roles = CODED if of is None else (Role(of.value),)
    role = Role.PARTICIPANT if of is None else Role(of.value)
    with store(config) as opened:
        found = pair_numbered(opened, pair)
        passcodes = Passcodes(opened.connection)
        people = [
            person_of(opened, found.customer_id, said, may_add=True).id for said in counter_password_for or ()
        ]
        gone = [person_of(opened, found.customer_id, said).id for said in no_counter_password_for or ()]
        for each in roles if no_counter_password else ():
            passcodes.set_counter_password(pair, each, None)
        for person in gone:
            passcodes.set_counter_password(pair, role, None, person=person)
        made: list[Issued] = []
        if codes:
            made.append(drawn(lambda: issuer(opened).renew(pair, roles, counter_passwords=False)))
        if counter_password or people:
            shared = roles if counter_password else ()
            made.append(drawn(lambda: issuer(opened).new_counter_passwords(pair, shared, people, role=role)))
        opened.note(
            "change",
            f"pair {pair}",
            codes=[each.value for each in roles] if codes else [],
            counter_passwords=[each.value for each in roles] if counter_password else [],
            people=people,
            taken=[each.value for each in roles] if no_counter_password else [],
            taken_from=gone,
        )
        lines = [line for issued in made for line in told(opened, issued)]
    say(f'Pair {pair}, "{found.name}" of {found.customer}: changed, what was before has stopped')
    tell(lines)


@app.command()
def renew(
    pair: Number,
    config: ConfigFile = None,
    *,
    only: Annotated[Coded | None, typer.Option(help="Of one role alone; else both.")] = None,
) -> None:
    """Give a pair new codes, with shared counter-passwords, and say them, this once; the old ones stop (A7)."""
    with store(config) as opened:
        found = pair_numbered(opened, pair)
        issued = drawn(lambda: issuer(opened).renew(pair, [Role(only.value)] if only else CODED))
        opened.note("renew", f"pair {pair}", only=only.value if only else "both")
        lines = told(opened, issued)
    say(f'Pair {pair}, "{found.name}" of {found.customer}: new codes, the old ones have stopped')
    tell(lines)


@app.command()
def disable(pair: Number, config: ConfigFile = None) -> None:
    """Stop both codes of a pair at once; a conference in progress goes on."""
    with store(config) as opened:
        pair_numbered(opened, pair)
        Passcodes(opened.connection).disable(pair, at=opened.now)
        opened.note("disable", f"pair {pair}")
    say(f"Pair {pair} is disabled")


@app.command()
def enable(pair: Number, config: ConfigFile = None) -> None:
    """Let both codes of a disabled pair work again."""
    with store(config) as opened:
        pair_numbered(opened, pair)
        Passcodes(opened.connection).enable(pair)
        opened.note("enable", f"pair {pair}")
        state = _state(pair_numbered(opened, pair), opened.now)
    say(f"Pair {pair} is {state}")


@app.command()
def expire(
    pair: Number,
    until: Annotated[str, typer.Argument(metavar="DATE", help="The first day it does not work; or `now`.")],
    config: ConfigFile = None,
) -> None:
    """Say how long a pair lives (A6)."""
    with store(config) as opened:
        pair_numbered(opened, pair)
        at = opened.now if until == "now" else moment_said(until, opened)
        Passcodes(opened.connection).change(pair, expires_at=at)
        opened.note("expire", f"pair {pair}", at=at)
    ended = at <= opened.now
    say(f"Pair {pair} {'has expired' if ended else f'works until {day(at, opened.config)}'}")


def _state(pair: Pair, now: float) -> str:
    if not pair.enabled:
        return "disabled"
    return "expired" if pair.expires_at <= now else "enabled"

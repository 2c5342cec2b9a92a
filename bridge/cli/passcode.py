"""`roda passcode`: pairs of codes, what is set for each, and how long they live (A4 to A7)."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final

import typer

from bridge.cli.terminal import ConfigFile, Store, UserError, day, local, say, show_table, store
from bridge.config.settings import LANGUAGES
from bridge.service.digests import Digests
from bridge.service.levels import LEVELS, Grant, Level, Right
from bridge.service.pairs import LIFE_MONTHS, end_of_life
from bridge.service.passcodes import PasscodeError
from bridge.service.role import Role
from bridge.service.settings import LastModerator, Settings, SettingsError
from bridge.store.customers import Customers
from bridge.store.issuance import Issued, Issuer
from bridge.store.passcodes import Pair, Passcodes

app = typer.Typer(
    help="Passcode pairs: a code for moderators, a code for participants.", no_args_is_help=True
)

Number = Annotated[
    int, typer.Argument(metavar="PAIR", help="The pair's number, as `roda passcode list` says.")
]

LONGEST_LIFE_MONTHS: Final = 1200
"""A century: whoever means for ever."""


RIGHTS: Final = {
    Right.LOCK: "lock, *7",
    Right.DIAL_OUT: "dial out, *1",
    Right.BLAST: "call the list, *92",
}


@app.command()
def new(
    customer: Annotated[str, typer.Argument(help="Whose pair: `roda customer list`.")],
    config: ConfigFile = None,
    *,
    name: Annotated[str, typer.Option(help="What the conference is called.")] = "Conference",
    months: Annotated[
        int, typer.Option(min=1, max=LONGEST_LIFE_MONTHS, help="How long it lives (A6).")
    ] = LIFE_MONTHS,
    level: Annotated[
        int, typer.Option(min=1, max=3, help="1 moderate, 2 secure, 3 highly secure.")
    ] = Level.SECURE,
    language: Annotated[str | None, typer.Option(help="Of the prompts: pt-BR, en or es (C6).")] = None,
    tones: Annotated[bool, typer.Option(help="A tone at entry and exit (C1).")] = True,
    music: Annotated[bool, typer.Option(help="Hold music until a moderator enters (C3).")] = True,
    wait: Annotated[bool, typer.Option(help="Begin only with a moderator (C4).")] = True,
    end_with_moderator: Annotated[bool, typer.Option(help="End when the last moderator leaves (C5).")] = True,
    grace: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Before that end (C5).")
    ] = None,
    max_people: Annotated[int | None, typer.Option(min=1, help="At most so many (C6).")] = None,
    max_minutes: Annotated[float | None, typer.Option(min=1, help="At most so long (C6).")] = None,
    muted: Annotated[bool, typer.Option(help="Participants come in muted (C6).")] = False,
    recording: Annotated[bool, typer.Option(help="May be recorded (C6).")] = False,
    lock: Annotated[bool, typer.Option(help="Level 2: the moderator may lock, *7.")] = False,
    dial_out: Annotated[bool, typer.Option(help="Level 2: the moderator may dial out, *1.")] = False,
    blast: Annotated[bool, typer.Option(help="Level 2: the moderator may call the whole list, *92.")] = False,
    counter_password: Annotated[
        bool, typer.Option(help="The moderator keys a counter-password (A5).")
    ] = True,
    participants_counter_password: Annotated[
        bool, typer.Option(help="Participants key one, too (A5).")
    ] = False,
) -> None:
    """Make a pair and say its codes, this once."""
    _may_ask(Level(level), {Right.LOCK: lock, Right.DIAL_OUT: dial_out, Right.BLAST: blast})
    asked = [Role.MODERATOR] * counter_password + [Role.PARTICIPANT] * participants_counter_password
    with store(config) as opened:
        owner = Customers(opened.connection).find(customer)
        if owner is None:
            raise UserError(f'there is no customer "{customer}": roda customer add "{customer}"')
        settings = _settings(
            level=Level(level),
            language=_language(language or opened.config.service.language),
            entry_exit_tones=tones,
            music_until_moderator=music,
            begins_with_moderator=wait,
            when_last_moderator_leaves=LastModerator.END if end_with_moderator else LastModerator.CONTINUE,
            grace_s=opened.config.service.grace_s if grace is None else grace,
            maximum_participants=max_people,
            maximum_length_s=None if max_minutes is None else max_minutes * 60,
            mute_on_entry=muted,
            recording_allowed=recording,
            lock_allowed=lock,
            dial_out_allowed=dial_out,
            blast_allowed=blast,
        )
        expires_at = end_of_life(local(opened.now, opened.config), months=months).timestamp()
        issued = _drawn(
            lambda: issuer(opened).new_pair(
                customer=owner.id,
                name=name,
                settings=settings,
                counter_passwords=asked,
                at=opened.now,
                expires_at=expires_at,
            )
        )
        opened.note("new pair", f"pair {issued.pair}", customer=customer, name=name)
    say(f'Pair {issued.pair}, "{name}" of {customer}, until {day(expires_at, opened.config)}')
    _tell(issued)


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
    """Show what is set for a pair; codes are never shown again: `renew` gives new ones."""
    with store(config) as opened:
        found = _found(opened, pair)
        roles = Passcodes(opened.connection).roles_with_counter_password(pair)
    settings = found.settings
    leaves = settings.when_last_moderator_leaves
    length = settings.maximum_length_s
    facts: list[tuple[str, object]] = [
        ("pair", found.id),
        ("customer", found.customer),
        ("name", found.name),
        ("state", _state(found, opened.now)),
        ("made", day(found.created_at, opened.config)),
        ("until", day(found.expires_at, opened.config)),
        ("level", int(settings.level)),
        ("language", settings.language),
        ("counter-password", ", ".join(sorted(role.value for role in roles)) or "none"),
        ("tones", _yes(settings.entry_exit_tones)),
        ("music until a moderator enters", _yes(settings.music_until_moderator)),
        ("begins with a moderator", _yes(settings.begins_with_moderator)),
        (
            "when the last moderator leaves",
            f"ends after {settings.grace_s:g} s" if leaves is LastModerator.END else "goes on",
        ),
        ("people", settings.maximum_participants or "any number"),
        ("length", f"{length / 60:g} min" if length else "any"),
        ("muted on entry", _yes(settings.mute_on_entry)),
        ("recording", _yes(settings.recording_allowed)),
        *((f"the moderator may {words}", _yes(settings.may(right))) for right, words in RIGHTS.items()),
    ]
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        say(f"{name:<{width}}  {value}")


@app.command()
def renew(
    pair: Number,
    config: ConfigFile = None,
    *,
    only: Annotated[Role | None, typer.Option(help="Of one role alone; else both.")] = None,
) -> None:
    """Give a pair new codes and say them, this once; the old ones stop at once (A7)."""
    with store(config) as opened:
        found = _found(opened, pair)
        issued = _drawn(lambda: issuer(opened).renew(pair, [only] if only else list(Role)))
        opened.note("renew", f"pair {pair}", only=only.value if only else "both")
    say(f'Pair {pair}, "{found.name}" of {found.customer}: new codes, the old ones have stopped')
    _tell(issued)


@app.command()
def disable(pair: Number, config: ConfigFile = None) -> None:
    """Stop both codes of a pair at once; a conference in progress goes on."""
    with store(config) as opened:
        _found(opened, pair)
        Passcodes(opened.connection).disable(pair, at=opened.now)
        opened.note("disable", f"pair {pair}")
    say(f"Pair {pair} is disabled")


@app.command()
def enable(pair: Number, config: ConfigFile = None) -> None:
    """Let both codes of a disabled pair work again."""
    with store(config) as opened:
        _found(opened, pair)
        Passcodes(opened.connection).enable(pair)
        opened.note("enable", f"pair {pair}")
        state = _state(_found(opened, pair), opened.now)
    say(f"Pair {pair} is {state}")


@app.command()
def expire(
    pair: Number,
    until: Annotated[str, typer.Argument(metavar="DATE", help="The first day it does not work; or `now`.")],
    config: ConfigFile = None,
) -> None:
    """Say how long a pair lives (A6)."""
    with store(config) as opened:
        _found(opened, pair)
        at = opened.now if until == "now" else _date(until, opened)
        Passcodes(opened.connection).change(pair, expires_at=at)
        opened.note("expire", f"pair {pair}", at=at)
    ended = at <= opened.now
    say(f"Pair {pair} {'has expired' if ended else f'works until {day(at, opened.config)}'}")


def issuer(opened: Store) -> Issuer:
    """What gives out codes in this command's transaction."""
    return Issuer(
        opened.connection,
        Digests(opened.key()),
        digits=opened.config.service.passcode_length,
        entropy=os.urandom,
    )


def _drawn(make: Any) -> Issued:
    try:
        issued: Issued = make()
    except PasscodeError as error:
        raise UserError(f"{error}; see service.passcode_length") from error
    return issued


def _settings(**values: Any) -> Settings:
    try:
        return replace(Settings(), **values)
    except SettingsError as error:
        raise UserError(str(error)) from error


def _may_ask(level: Level, asked: dict[Right, bool]) -> None:
    """A right that the level never gives would be sold and never work."""
    for right, wanted in asked.items():
        if wanted and LEVELS[level].rights[right] is Grant.NEVER:
            raise UserError(f"level {level} never lets a moderator {RIGHTS[right]}: choose level 2 or 3")


def _language(tag: str) -> str:
    if tag not in LANGUAGES:
        raise UserError(f'there are no prompts in "{tag}": use one of {", ".join(LANGUAGES)}')
    return tag


def _found(opened: Store, pair: int) -> Pair:
    found = Passcodes(opened.connection).pair(pair)
    if found is None:
        raise UserError(f"there is no pair {pair}: see roda passcode list")
    return found


def _date(text: str, opened: Store) -> float:
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f'"{text}" is no date: write it as 2026-03-01') from None
    return (said if said.tzinfo else said.replace(tzinfo=opened.config.service.time_zone)).timestamp()


def _state(pair: Pair, now: float) -> str:
    if not pair.enabled:
        return "disabled"
    return "expired" if pair.expires_at <= now else "enabled"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _tell(issued: Issued) -> None:
    for role in Role:
        if role in issued.codes:
            password = issued.counter_passwords.get(role)
            say(
                f"  {role.value:<12} {issued.codes[role]}"
                + (f"  counter-password {password}" if password else "")
            )
    say("Write them down: they are kept as digests and never shown again.")

"""`roda passcode`: pairs of codes, what is set for each, and how long they live (A4 to A7, C1 to C7)."""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Final

import typer

from bridge.cli import words
from bridge.cli.found import customer_named, moment_said, pair_numbered, person_of
from bridge.cli.terminal import ConfigFile, Store, UserError, day, local, say, show_table, store
from bridge.service.digests import Digests
from bridge.service.levels import Level
from bridge.service.pairs import LIFE_MONTHS, end_of_life
from bridge.service.passcodes import PasscodeError
from bridge.service.profiles import apply
from bridge.service.role import Role
from bridge.service.settings import LastModerator, MuteMode, Settings, SettingsError
from bridge.store.issuance import CODED, Issued, Issuer
from bridge.store.passcodes import Pair, Passcodes
from bridge.store.people import People
from bridge.store.profiles import Profiles

app = typer.Typer(
    help="Passcode pairs: a code for moderators, a code for participants.", no_args_is_help=True
)

Number = Annotated[
    int, typer.Argument(metavar="PAIR", help="The pair's number, as `roda passcode list` says.")
]
YesNo = bool | None
"""An option that was given, or leaves it to the profile and the defaults."""

LONGEST_LIFE_MONTHS: Final = 1200
"""A century: whoever means for ever."""


class Coded(StrEnum):
    """The roles that have a code."""

    MODERATOR = "moderator"
    PARTICIPANT = "participant"


class Heard(StrEnum):
    """`MuteMode` as an option."""

    CONVERSATION = "conversation"
    QUESTIONS = "questions"
    PRESENTATION = "presentation"


@app.command()
def new(
    customer: Annotated[str, typer.Argument(help="Whose pair: `roda customer list`.")],
    config: ConfigFile = None,
    *,
    name: Annotated[str, typer.Option(help="What the conference is called.")] = "Conference",
    months: Annotated[
        int, typer.Option(min=1, max=LONGEST_LIFE_MONTHS, help="How long it lives (A6).")
    ] = LIFE_MONTHS,
    responsible: Annotated[
        str | None, typer.Option(metavar="PERSON", help="Who answers for it; it stops with them (A8, O6).")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="Begin with these settings: `roda profile list` (C7).")
    ] = None,
    level: Annotated[int, typer.Option(min=1, max=3, help="1 moderate, 2 secure, 3 highly secure.")] = 2,
    language: Annotated[str | None, typer.Option(help="Of the prompts: pt-BR, en or es (C6).")] = None,
    assisted: Annotated[YesNo, typer.Option(help="An operator greets and admits each caller (O2).")] = None,
    tones: Annotated[YesNo, typer.Option(help="A tone at entry and exit (C1); on.")] = None,
    names: Annotated[YesNo, typer.Option(help="Recorded names at entry and exit (C2).")] = None,
    keep_names: Annotated[
        YesNo, typer.Option(help="Names of known people are kept for the next conference (C2).")
    ] = None,
    music: Annotated[YesNo, typer.Option(help="Hold music until a moderator enters (C3); on.")] = None,
    wait: Annotated[YesNo, typer.Option(help="Begin only with a moderator (C4); on.")] = None,
    end_with_moderator: Annotated[
        YesNo, typer.Option(help="End when the last moderator leaves (C5); on.")
    ] = None,
    grace: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Before that end (C5).")
    ] = None,
    max_people: Annotated[int | None, typer.Option(min=1, help="At most so many (C6).")] = None,
    max_minutes: Annotated[float | None, typer.Option(min=1, help="At most so long (C6).")] = None,
    extension: Annotated[
        float | None, typer.Option(min=0, metavar="MINUTES", help="What the extend key adds; 15. 0: nothing.")
    ] = None,
    muted: Annotated[YesNo, typer.Option(help="Participants come in muted (C6).")] = None,
    mute_mode: Annotated[Heard | None, typer.Option(help="Who is heard at the beginning.")] = None,
    strict_mute: Annotated[YesNo, typer.Option(help="Who was muted may not unmute themselves by *6.")] = None,
    recording: Annotated[YesNo, typer.Option(help="May be recorded (C6).")] = None,
    lock: Annotated[YesNo, typer.Option(help="Level 2: the moderator may lock, *7.")] = None,
    dial_out: Annotated[YesNo, typer.Option(help="Level 2: the moderator may dial out, *1.")] = None,
    blast: Annotated[YesNo, typer.Option(help="Level 2: the moderator may call the whole list, *92.")] = None,
    block_dial_out: Annotated[
        YesNo, typer.Option(help="No *1 and no *92, whatever the level says (O7).")
    ] = None,
    max_calls_out: Annotated[int | None, typer.Option(min=1, help="Calls out at once (G3).")] = None,
    mask_numbers: Annotated[YesNo, typer.Option(help="Callers' numbers are shown in part.")] = None,
    monitor_announced: Annotated[
        YesNo, typer.Option(help="The room is told when an operator listens (O4); on.")
    ] = None,
    stranded: Annotated[
        float | None,
        typer.Option(min=0, metavar="MINUTES", help="Alone for so long, one is asked; 30. 0: never."),
    ] = None,
    key_map: Annotated[str | None, typer.Option(help="Whose keys; else those of the access number.")] = None,
    counter_password: Annotated[
        bool, typer.Option(help="The moderator keys a counter-password (A5).")
    ] = True,
    participants_counter_password: Annotated[
        bool, typer.Option(help="Participants key one, too: the same for all (A5).")
    ] = False,
    counter_password_for: Annotated[
        list[str] | None,
        typer.Option(metavar="PERSON", help="This participant has one alone, that says who calls (A5)."),
    ] = None,
) -> None:
    """Make a pair and say its codes, this once."""
    asked = [Role.MODERATOR] * counter_password + [Role.PARTICIPANT] * participants_counter_password
    given = {
        "level": Level(level),
        "assisted": assisted,
        "entry_exit_tones": tones,
        "announce_names": names,
        "keep_names": keep_names,
        "music_until_moderator": music,
        "begins_with_moderator": wait,
        "when_last_moderator_leaves": {
            True: LastModerator.END, False: LastModerator.CONTINUE, None: None
        }[end_with_moderator],
        "grace_s": grace,
        "maximum_participants": max_people,
        "maximum_length_s": None if max_minutes is None else max_minutes * 60,
        "extension_s": None if extension is None else extension * 60,
        "mute_on_entry": muted,
        "mute_mode": None if mute_mode is None else MuteMode(mute_mode.value),
        "strict_mute": strict_mute,
        "recording_allowed": recording,
        "lock_allowed": lock,
        "dial_out_allowed": dial_out,
        "blast_allowed": blast,
        "dial_out_blocked": block_dial_out,
        "max_calls_out": max_calls_out,
        "mask_numbers": mask_numbers,
        "monitor_announced": monitor_announced,
        "stranded_after_s": None if stranded is None else stranded * 60,
        "key_map": key_map,
    }  # fmt: skip
    values: dict[str, object] = {field: value for field, value in given.items() if value is not None}
    if stranded == 0:
        values["stranded_after_s"] = None
    if language is not None:
        values |= words.read([f"language={language}"])
    with store(config) as opened:
        owner = customer_named(opened, customer)
        service = opened.config.service
        begin = Settings(language=service.language, grace_s=service.grace_s)
        settings = words.changed(_profiled(opened, begin, profile, owner.id), values)
        expires_at = end_of_life(local(opened.now, opened.config), months=months).timestamp()
        people = [person_of(opened, owner.id, said, may_add=True).id for said in counter_password_for or ()]
        issued = _drawn(
            lambda: issuer(opened).new_pair(
                customer=owner.id,
                name=name,
                settings=settings,
                counter_passwords=asked,
                at=opened.now,
                expires_at=expires_at,
                people=people,
                responsible=None if responsible is None else person_of(opened, owner.id, responsible).id,
            )
        )
        opened.note("new pair", f"pair {issued.pair}", customer=customer, name=name)
        told = _told(opened, issued)
    say(f'Pair {issued.pair}, "{name}" of {customer}, until {day(expires_at, opened.config)}')
    _tell(told)


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
        settings = words.changed(_profiled(opened, found.own, profile, found.customer_id), asked)
        answers = None if responsible is None else person_of(opened, found.customer_id, responsible).id
        Passcodes(opened.connection).change(pair, settings=settings, name=name, responsible=answers)
        before, after = words.shown(found.own), words.shown(settings)
        changes = {
            key: value for (key, was, _), (_, value, _) in zip(before, after, strict=True) if was != value
        }
        changes |= {} if name is None else {"name": name}
        changes |= {} if answers is None else {"responsible": str(answers)}
        opened.note("set", f"pair {pair}", **changes)
    told = ", ".join(f"{key}={value}" for key, value in changes.items())
    say(f"Pair {pair}: {told or 'nothing changes'}")


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
            help="Of one role alone; else both, but for a person: then participants, and to take away."
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
        drawn: list[Issued] = []
        if codes:
            drawn.append(_drawn(lambda: issuer(opened).renew(pair, roles, counter_passwords=False)))
        if counter_password or people:
            shared = roles if counter_password else ()
            drawn.append(
                _drawn(lambda: issuer(opened).new_counter_passwords(pair, shared, people, role=role))
            )
        opened.note(
            "change",
            f"pair {pair}",
            codes=[each.value for each in roles] if codes else [],
            counter_passwords=[each.value for each in roles] if counter_password else [],
            people=people,
            taken=[each.value for each in roles] if no_counter_password else [],
            taken_from=gone,
        )
        told = [line for issued in drawn for line in _told(opened, issued)]
    say(f'Pair {pair}, "{found.name}" of {found.customer}: changed, what was before has stopped')
    _tell(told)


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
        issued = _drawn(lambda: issuer(opened).renew(pair, [Role(only.value)] if only else CODED))
        opened.note("renew", f"pair {pair}", only=only.value if only else "both")
        told = _told(opened, issued)
    say(f'Pair {pair}, "{found.name}" of {found.customer}: new codes, the old ones have stopped')
    _tell(told)


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


def issuer(opened: Store) -> Issuer:
    """What gives out codes in this command's transaction."""
    return Issuer(
        opened.connection,
        Digests(opened.key()),
        digits=opened.config.service.passcode_length,
        entropy=os.urandom,
    )


def _drawn(make: Callable[[], Issued]) -> Issued:
    try:
        return make()
    except PasscodeError as error:
        raise UserError(f"{error}; see service.passcode_length") from error


def _profiled(opened: Store, settings: Settings, profile: str | None, customer: int) -> Settings:
    """`settings` with those of a profile, where one is asked for (C7)."""
    if profile is None:
        return settings
    found = Profiles(opened.connection).find(profile, customer=customer)
    if found is None:
        raise UserError(f'there is no profile "{profile}": see roda profile list')
    try:
        return apply(found, settings)
    except SettingsError as error:
        raise UserError(f'profile "{profile}": {error}') from error


def _state(pair: Pair, now: float) -> str:
    if not pair.enabled:
        return "disabled"
    return "expired" if pair.expires_at <= now else "enabled"


def _told(opened: Store, issued: Issued) -> list[str]:
    """What is to be said once the store has kept it, and not before."""
    lines = []
    for role in CODED:
        code, password = issued.codes.get(role), issued.counter_passwords.get(role)
        said = ([code] if code else []) + ([f"counter-password {password}"] if password else [])
        if said:
            lines.append(f"  {role.value:<12} {'  '.join(said)}")
    for person, password in issued.own.items():
        known = People(opened.connection).get(person)
        lines.append(f"  {known.name if known else person}: counter-password {password}")
    return lines


def _tell(lines: list[str]) -> None:
    for line in lines:
        say(line)
    if lines:
        say("Write them down: they are kept as digests and never shown again.")

"""`roda passcode new`: a pair with all that can be set for it (A4 to A8, C1 to C7)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import typer

from bridge.cli import words
from bridge.cli.found import customer_named, person_of
from bridge.cli.issuing import drawn, issuer, known_keys, profiled, tell, told
from bridge.cli.terminal import ConfigFile, day, local, say, store
from bridge.service.levels import Level
from bridge.service.pairs import LIFE_MONTHS, end_of_life
from bridge.service.role import Role
from bridge.service.settings import LastModerator, MuteMode, NoisyLines, Settings

YesNo = bool | None
"""An option that was given, or leaves it to the profile and the defaults."""

LONGEST_LIFE_MONTHS: Final = 1200
"""A century: whoever means for ever."""


class Noisy(StrEnum):
    """`NoisyLines` as an option."""

    TELL = "tell"
    LOWER = "lower"
    MUTE = "mute"


class Heard(StrEnum):
    """`MuteMode` as an option."""

    CONVERSATION = "conversation"
    QUESTIONS = "questions"
    PRESENTATION = "presentation"


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
    noisy_lines: Annotated[
        Noisy | None, typer.Option(help="Tell, lower or mute lines with noise, hold music, howl, echo; tell.")
    ] = None,
    noisy_notices: Annotated[
        YesNo, typer.Option(help="Moderators hear of noisy lines, now and then.")
    ] = None,
    suppress_noise: Annotated[YesNo, typer.Option(help="Take noise out of every line.")] = None,
    level_voices: Annotated[YesNo, typer.Option(help="Begin as after *4: all voices equally loud.")] = None,
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
        "noisy_lines": None if noisy_lines is None else NoisyLines(noisy_lines.value),
        "noisy_notices": noisy_notices,
        "suppress_noise": suppress_noise,
        "level_voices": level_voices,
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
        settings = known_keys(opened, words.changed(profiled(opened, begin, profile, owner.id), values))
        expires_at = end_of_life(local(opened.now, opened.config), months=months).timestamp()
        people = [person_of(opened, owner.id, said, may_add=True).id for said in counter_password_for or ()]
        issued = drawn(
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
        lines = told(opened, issued)
    say(f'Pair {issued.pair}, "{name}" of {customer}, until {day(expires_at, opened.config)}')
    tell(lines)

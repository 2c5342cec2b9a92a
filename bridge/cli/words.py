"""Settings as an operator writes and reads them: `grace=30`, `muted=yes`, `stranded=never`.

One table has them all; `roda passcode set`, `show` and the options of `new` use the same words. Times are in the unit
that people think of them in, and say so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from bridge.cli.terminal import UserError
from bridge.config.settings import LANGUAGES
from bridge.service.levels import LEVELS, Grant, Level, Right
from bridge.service.settings import LastModerator, MuteMode, NoisyLines, Settings, SettingsError

RIGHTS: Final = {
    Right.LOCK: "lock, *7",
    Right.DIAL_OUT: "dial out, *1",
    Right.BLAST: "call the list, *92",
}

_SOLD: Final = {
    Right.LOCK: "lock_allowed",
    Right.DIAL_OUT: "dial_out_allowed",
    Right.BLAST: "blast_allowed",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """How a value is written: `read` raises ValueError with what it should have been."""

    read: Callable[[str], Any]
    show: Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Word:
    """One setting."""

    key: str
    field: str
    kind: Kind
    means: str


def _yes(text: str) -> bool:
    if text.lower() in {"yes", "on", "true", "1"}:
        return True
    if text.lower() in {"no", "off", "false", "0"}:
        return False
    raise ValueError("yes or no")


def _choice(values: Mapping[str, Any]) -> Kind:
    def read(text: str) -> Any:
        if text not in values:
            raise ValueError(f"one of {', '.join(values)}")
        return values[text]

    return Kind(read, lambda value: next(word for word, each in values.items() if each == value))


def _amount(*, unit_s: float = 1, none: str = "", whole: bool = False) -> Kind:
    """A number of units; `none` is the word for no limit."""
    wanted = ("a whole number" if whole else "a number") + (f' or "{none}"' if none else "")

    def read(text: str) -> float | int | None:
        if none and text.lower() == none:
            return None
        try:
            amount = int(text) if whole else float(text) * unit_s
        except ValueError:
            raise ValueError(wanted) from None
        if not math.isfinite(amount):
            raise ValueError(wanted)
        return amount

    def show(value: float | None) -> str:
        return none if value is None else f"{value / unit_s:g}"

    return Kind(read, show)


YES_NO: Final = Kind(_yes, lambda value: "yes" if value else "no")
END: Final = _choice({"yes": LastModerator.END, "no": LastModerator.CONTINUE})
TEXT: Final = Kind(str, str)

WORDS: Final = (
    Word("level", "level", _choice({str(int(each)): each for each in Level}), "1 moderate, 2 secure, 3 highly"),
    Word("language", "language", _choice({tag: tag for tag in LANGUAGES}), "of the prompts (C6)"),
    Word("assisted", "assisted", YES_NO, "an operator greets and admits each caller (O2)"),
    Word("tones", "entry_exit_tones", YES_NO, "a tone at entry and exit (C1)"),
    Word("names", "announce_names", YES_NO, "recorded names at entry and exit (C2)"),
    Word("keep-names", "keep_names", YES_NO, "names of known people are kept for next time (C2)"),
    Word("music", "music_until_moderator", YES_NO, "hold music until a moderator enters (C3)"),
    Word("wait", "begins_with_moderator", YES_NO, "begins only with a moderator (C4)"),
    Word("end-with-moderator", "when_last_moderator_leaves", END, "ends when the last moderator leaves (C5)"),
    Word("grace", "grace_s", _amount(), "seconds before that end (C5)"),
    Word("max-people", "maximum_participants", _amount(none="any", whole=True), "at most so many (C6)"),
    Word("max-minutes", "maximum_length_s", _amount(unit_s=60, none="any"), "at most so long (C6)"),
    Word("extension", "extension_s", _amount(unit_s=60), "minutes that the extend key adds; 0: none"),
    Word("muted", "mute_on_entry", YES_NO, "participants come in muted (C6)"),
    Word("mute-mode", "mute_mode", _choice({each.value: each for each in MuteMode}), "who is heard at first"),
    Word("strict-mute", "strict_mute", YES_NO, "the muted may not unmute themselves, *6"),
    Word("noisy-lines", "noisy_lines", _choice({each.value: each for each in NoisyLines}), "what is done about them"),
    Word("noisy-notices", "noisy_notices", YES_NO, "moderators hear of noisy lines, now and then"),
    Word("suppress-noise", "suppress_noise", YES_NO, "noise is taken out of every line"),
    Word("level-voices", "level_voices", YES_NO, "begins as after *4: all voices equally loud"),
    Word("recording", "recording_allowed", YES_NO, "may be recorded (C6)"),
    Word("lock", "lock_allowed", YES_NO, "level 2: the moderator may lock, *7"),
    Word("dial-out", "dial_out_allowed", YES_NO, "level 2: the moderator may dial out, *1"),
    Word("blast", "blast_allowed", YES_NO, "level 2: the moderator may call the list, *92"),
    Word("block-dial-out", "dial_out_blocked", YES_NO, "no calls out by moderators, whatever the level (O7)"),
    Word("max-calls-out", "max_calls_out", _amount(none="any", whole=True), "calls out at once (G3)"),
    Word("mask-numbers", "mask_numbers", YES_NO, "callers' numbers are shown in part"),
    Word("monitor-announced", "monitor_announced", YES_NO, "the room is told when an operator listens (O4)"),
    Word("stranded", "stranded_after_s", _amount(unit_s=60, none="never"), "minutes alone until asked"),
    Word("key-map", "key_map", TEXT, "the keys; empty: those of the access number"),
)  # fmt: skip
"""In the order in which they are shown."""

_BY_KEY: Final = {word.key: word for word in WORDS}
_BY_FIELD: Final = {word.field: word for word in WORDS}


def read(said: Iterable[str]) -> dict[str, Any]:
    """Settings by the names of their fields, from words such as `grace=30`; raises `UserError`."""
    values: dict[str, Any] = {}
    for each in said:
        key, equals, text = each.partition("=")
        word = _BY_KEY.get(key.strip().replace("_", "-"))
        if not equals or word is None:
            raise UserError(f'"{each}" sets nothing: write KEY=VALUE; the keys are {", ".join(_BY_KEY)}')
        try:
            values[word.field] = word.kind.read(text.strip())
        except ValueError as error:
            raise UserError(f'{word.key} is "{text}": it must be {error}') from None
    return values


def written(values: Mapping[str, Any]) -> list[str]:
    """Settings as `read` takes them, by their fields' names."""
    return [f"{word.key}={word.kind.show(values[word.field])}" for word in WORDS if word.field in values]


def shown(settings: Settings) -> list[tuple[str, str, str]]:
    """Each setting's key, value and meaning."""
    return [(word.key, word.kind.show(getattr(settings, word.field)), word.means) for word in WORDS]


def changed(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """`settings` with these values; raises `UserError` where they cannot be, or would never have any effect."""
    try:
        result = replace(settings, **values)
    except SettingsError as error:
        word = _BY_FIELD.get(str(error).partition(" ")[0])
        raise UserError(str(error).replace(word.field, word.key, 1) if word else str(error)) from error
    for right, field in _SOLD.items():
        if values.get(field) and LEVELS[result.level].rights[right] is Grant.NEVER:
            raise UserError(
                f"level {int(result.level)} never lets a moderator {RIGHTS[right]}: choose level 2 or 3"
            )
    return result

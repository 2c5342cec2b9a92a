"""Commands out of words: a name, and what the command is given, as key maps and the command line spell them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from math import isfinite
from types import MappingProxyType, UnionType
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

import msgspec

from bridge.conference.commands import AnyCommand, Command

KINDS: Final[Mapping[str, type[Command]]] = MappingProxyType(
    {str(kind.__struct_config__.tag): kind for kind in get_args(AnyCommand)}
)
"""Every command by its name."""

_SWITCH: Final = MappingProxyType({"on": True, "yes": True, "off": False, "no": False})


class SpellingError(ValueError):
    """Words that spell no command; the text says which and why."""


def spelled(name: str, given: Mapping[str, object]) -> AnyCommand:
    """The command of that name with what it is given, typed as in TOML or JSON; raises `SpellingError`."""
    return _spelled(name, given, strict=True)


def spelled_in_text(name: str, given: Mapping[str, str]) -> AnyCommand:
    """The same where everything is text: `on` and `off` are a switch's, a list's items stand between commas."""
    hints = get_type_hints(_kind(name))
    typed = {field: _typed(hints.get(field), text) for field, text in given.items()}
    return _spelled(name, typed, strict=False)


def _typed(hint: Any, text: str) -> object:
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if bool in kinds:
        return _SWITCH.get(text.lower(), text)
    if any(get_origin(kind) is tuple for kind in kinds):
        return [each.strip() for each in text.split(",")]
    return text


def _spelled(name: str, given: Mapping[str, object], *, strict: bool) -> AnyCommand:
    fields = {each.name for each in msgspec.structs.fields(_kind(name))}
    for field in given:
        if field not in fields:
            raise SpellingError(f'the command "{name}" has no "{field}"{_near(field, fields)}')
    try:
        made: AnyCommand = msgspec.convert({**given, "command": name}, cast("Any", AnyCommand), strict=strict)
    except msgspec.ValidationError as error:
        raise SpellingError(f'the command "{name}": {_plain(str(error))}') from error
    for field in fields:
        number = getattr(made, field)
        if isinstance(number, float) and not isfinite(number):
            raise SpellingError(f'the command "{name}": "{field}" must be a number')
    return made


def _kind(name: str) -> type[Command]:
    kind = KINDS.get(name)
    if kind is None:
        raise SpellingError(f'there is no command "{name}"{_near(name, KINDS)}')
    return kind


def _near(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f': did you mean "{near[0]}"?' if near else ""


def _plain(text: str) -> str:
    """What msgspec says, in the words of those who spell."""
    text = text.replace("Object missing required field", "it needs").replace(" - at `$.", " in `")
    return text.replace("`", '"')

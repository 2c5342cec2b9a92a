"""Which keys mean which command, and the reading of keys one at a time.

A star command begins with `*`. The longest command wins: `*9` waits a moment, because a `2` would make it `*92`. How
keys are read, in full:

- A digit outside a star command is nothing to us.
- Keys that spell a command which no longer one continues are that command at once.
- Keys that spell a command which a longer one continues are it after `AMBIGUOUS_S` without a key; at once on `#`, or
  on the `*` of the next command.
- Keys that begin a command but are none wait `INTER_DIGIT_S` for the next key, then they are an unknown command; a
  single `*` is dropped, it is what a slipped finger leaves.
- Keys that no command begins with are an unknown command at once.
- `*` starts afresh, unless the map has a command that goes on with it (`**`).

One `Matcher` per person; it is a core like all: keys and `now` in, matches out, `next_deadline` for the timer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from bridge.conference.commands import Command
from bridge.service.role import Role

INTER_DIGIT_S: Final = 4.0
"""Patience between the keys of a command: time to take a mobile phone from the ear, press, and look for the next key.
Nothing else waits meanwhile, so only a `*` pressed by mistake could make it too long."""

AMBIGUOUS_S: Final = 0.9
"""Patience where the keys are a command already. Somebody who knows that he keys `*92` presses the `2` well within
half a second; everybody who keyed `*9` waits this long for an answer, so it must not feel slow."""

LONGEST_KEYS: Final = 6
"""A command has at most so many keys, its `*` included: more cannot be remembered. A longer one is a `KeymapError`."""

_KEYS: Final = frozenset("0123456789*#")
_NONE: Final[Mapping[str, Command]] = MappingProxyType({})


class KeymapError(ValueError):
    """A map that cannot be keyed; the message names the keys."""


@dataclass(frozen=True, slots=True)
class Keymap:
    """Keys to commands: for everybody, and what is different for one role.

    A role's own map adds to `everybody` and wins over it. Who may give a command is not the map's matter: a participant
    who keys a moderator's command is to hear that it is forbidden, not that it does not exist.
    """

    everybody: Mapping[str, Command]
    moderator: Mapping[str, Command] = field(default_factory=lambda: _NONE)
    participant: Mapping[str, Command] = field(default_factory=lambda: _NONE)

    def __post_init__(self) -> None:
        for keys in (*self.everybody, *self.moderator, *self.participant):
            if not keys.startswith("*") or len(keys) < 2:
                raise KeymapError(f"{keys!r}: a command is * and at least one key more")
            if len(keys) > LONGEST_KEYS:
                raise KeymapError(f"{keys!r}: a command has at most {LONGEST_KEYS} keys")
            if not _KEYS.issuperset(keys):
                raise KeymapError(f"{keys!r}: a telephone has the keys 0 to 9, * and #")

    def of(self, role: Role) -> Mapping[str, Command]:
        """What `role` can key."""
        own = self.moderator if role is Role.MODERATOR else self.participant
        return {**self.everybody, **own} if own else self.everybody

    def keys_of(self, command: Command, role: Role) -> str | None:
        """What `role` keys for `command`: the shortest, or None where the map has no keys for it."""
        return min((keys for keys, bound in self.of(role).items() if bound is command), key=len, default=None)


DEFAULT_KEYMAP: Final = Keymap(
    everybody=MappingProxyType(
        {
            "*0": Command.ASK_FOR_HELP,
            "*1": Command.DIAL_OUT,
            "*2": Command.RETURN_WITH_GUEST,
            "*3": Command.RETURN_ALONE,
            "*4": Command.LEVEL_VOICES,
            "*5": Command.LECTURE,
            "*6": Command.MUTE_SELF,
            "*7": Command.LOCK,
            "*8": Command.ROLL_CALL,
            "*9": Command.STOP_ROLL_CALL,
            "*92": Command.BLAST,
            "*#": Command.LIST_COMMANDS,
        }
    )
)
"""The manual's keys, and `*#`."""


@dataclass(frozen=True, slots=True)
class Match:
    """Keys that have been read to their end."""

    keys: str
    command: Command | None
    """None: the map has no such command."""


class Matcher:
    """Reads one person's keys."""

    __slots__ = ("_deadline", "_keys", "_map", "_starts")

    def __init__(self, keymap: Mapping[str, Command]) -> None:
        self._map = keymap
        self._starts = frozenset(keys[:length] for keys in keymap for length in range(1, len(keys)))
        self._keys = ""
        self._deadline: float | None = None

    @property
    def pending(self) -> str:
        """The keys of a command not yet read to its end; empty outside one."""
        return self._keys

    def press(self, digit: str, now: float) -> Match | None:
        """Read a key. At most one command ends with it; None where none does.

        Anything that is not one of the twelve keys is ignored.
        """
        overdue = self.advance(now)
        if digit not in _KEYS or len(digit) != 1:
            return overdue
        # A command that was overdue has been read to its end: what follows is either `*` or outside of any.
        return self._read(digit, now) or overdue

    def advance(self, now: float) -> Match | None:
        """Let time pass: the command that patience ran out for, if any."""
        if self._deadline is None or now < self._deadline:
            return None
        keys = self._reset()
        return None if keys == "*" else Match(keys, self._map.get(keys))

    def next_deadline(self) -> float | None:
        """When `advance` has something to do."""
        return self._deadline

    def _read(self, digit: str, now: float) -> Match | None:
        keys = self._keys + digit
        if not self._keys and digit != "*":
            return None
        if keys == "*" or keys in self._starts:
            patience = AMBIGUOUS_S if keys in self._map else INTER_DIGIT_S
            self._keys, self._deadline = keys, now + patience
            return None
        before = self._reset()
        command = self._map.get(keys)
        if command is not None:
            return Match(keys, command)
        if digit == "*":
            self._keys, self._deadline = "*", now + INTER_DIGIT_S
            return Match(before, self._map[before]) if before in self._map else None
        if digit == "#" and before in self._map:
            return Match(before, self._map[before])
        return Match(keys, None)

    def _reset(self) -> str:
        keys, self._keys, self._deadline = self._keys, "", None
        return keys

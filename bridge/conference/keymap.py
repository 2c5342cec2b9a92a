"""Which keys mean which command, and the reading of keys one at a time.

A star command begins with `*`: `*6`. A hash command begins with a digit or `#`, goes on with digits and ends with `#`:
`3#`, `00#`, `##`. Most maps have star commands alone, and then nothing else is ever waited for. The longest command wins:
`*9` waits a moment, because a `2` would make it `*92`. How keys are read, in full:

- Outside a star command, keys up to the next `#` are one word. A word that is a hash command of the map is that command,
  at its `#`. Any other is nothing to us, whole: where `2#` is a command, `12#` is still none.
- A single `#` is a word, and nothing, unless the map has a command that goes on with the next key (`##`).
- A word that has begun waits `INTER_DIGIT_S` for each next key, then it is nothing.
- `*` begins a star command, wherever it comes: a word before it is nothing.
- Keys that spell a star command which no longer one continues are that command at once.
- Keys that spell a star command which a longer one continues are it after `AMBIGUOUS_S` without a key; at once on `#`, or
  on the `*` of the next command.
- Keys that begin a star command but are none wait `INTER_DIGIT_S` for the next key, then they are an unknown command; a
  single `*` is dropped, it is what a slipped finger leaves.
- Keys after a `*` that no command begins with are an unknown command at once.
- `*` starts afresh, unless the map has a command that goes on with it (`**`).

So two hash commands can never be taken for each other, nor for a star command: one ends at its only `#` after the first
key, the other begins with `*`. What was keyed decides; how fast it was keyed does only where patience has run out.

One `Matcher` per person; it is a core like all: keys and `now` in, matches out, `next_deadline` for the timer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from bridge.conference import commands
from bridge.conference.commands import Command
from bridge.service.role import Role

INTER_DIGIT_S: Final = 4.0
"""Patience between the keys of a command: time to take a mobile phone from the ear, press, and look for the next key.
Nothing else waits meanwhile, so only a `*` pressed by mistake could make it too long."""

AMBIGUOUS_S: Final = 0.9
"""Patience where the keys are a command already. Somebody who knows that he keys `*92` presses the `2` well within
half a second; everybody who keyed `*9` waits this long for an answer, so it must not feel slow."""

LONGEST_KEYS: Final = 6
"""A command has at most so many keys, its `*` or `#` included: more cannot be remembered. A longer one is a
`KeymapError`; a longer word that is keyed is nothing, and is not kept."""

_KEYS: Final = frozenset("0123456789*#")
_HASH_COMMAND: Final = re.compile(r"[0-9#][0-9]*#", re.ASCII)
_NONE: Final[Mapping[str, Command]] = MappingProxyType({})


class KeymapError(ValueError):
    """A map that cannot be keyed; the message names the keys."""


def check_keys(keys: str) -> None:
    """Raise `KeymapError` where `keys` can be no command's."""
    if not _KEYS.issuperset(keys):
        raise KeymapError(f"{keys!r}: a telephone has the keys 0 to 9, * and #")
    if len(keys) < 2 or not (keys.startswith("*") or _HASH_COMMAND.fullmatch(keys)):
        raise KeymapError(
            f"{keys!r}: a command is * and at least one key more, as *6, or a digit or #, digits, and # at the end, as 3#"
        )
    if len(keys) > LONGEST_KEYS:
        raise KeymapError(f"{keys!r}: a command has at most {LONGEST_KEYS} keys")


@dataclass(frozen=True, slots=True)
class Keymap:
    """Keys to commands: for everybody, and what is different for one role.

    A role's own map adds to `everybody` and wins over it, so keys never mean two things to one person. Who may give a command is not the map's matter: a participant
    who keys a moderator's command is to hear that it is forbidden, not that it does not exist.
    """

    everybody: Mapping[str, Command]
    moderator: Mapping[str, Command] = field(default_factory=lambda: _NONE)
    participant: Mapping[str, Command] = field(default_factory=lambda: _NONE)
    operator: Mapping[str, Command] = field(default_factory=lambda: _NONE)

    def __post_init__(self) -> None:
        for keys in (*self.everybody, *self.moderator, *self.participant, *self.operator):
            check_keys(keys)

    def of(self, role: Role) -> Mapping[str, Command]:
        """What `role` can key."""
        own = self.own(role)
        return {**self.everybody, **own} if own else self.everybody

    def own(self, role: Role) -> Mapping[str, Command]:
        """What is different for `role`."""
        if role is Role.MODERATOR:
            return self.moderator
        return self.participant if role is Role.PARTICIPANT else self.operator

    def keys_of(self, command: Command, role: Role) -> str | None:
        """What `role` keys for `command`: the shortest, of several the first, or None where the map has no keys for it.

        Commands are told apart by their arguments, too: the keys of `Lecture(on=True)` are not those of `Lecture()`.
        """
        return min((keys for keys, bound in self.of(role).items() if bound == command), key=len, default=None)


DEFAULT_KEYMAP: Final = Keymap(
    everybody=MappingProxyType(
        {
            "*0": commands.AskForHelp(),
            "*1": commands.DialOut(),
            "*2": commands.ReturnWithGuest(),
            "*3": commands.ReturnAlone(),
            "*4": commands.LevelVoices(),
            "*5": commands.Lecture(),
            "*6": commands.MuteSelf(),
            "*7": commands.Lock(),
            "*8": commands.RollCall(),
            "*9": commands.StopRollCall(),
            "*92": commands.Blast(),
            "*#": commands.ListCommands(),
            "*90": commands.RecordConference(),
            "*91": commands.Headcount(),
            "*93": commands.NextQuestion(),
            "*94": commands.SetMode(),
            "*95": commands.HandOver(),
            "*96": commands.LeaveWithoutEnding(),
            "*97": commands.ClearHands(),
            "*98": commands.Extend(),
            "*99": commands.RecordMessage(),
        }
    ),
    participant=MappingProxyType({"*2": commands.RaiseHand()}),
)
"""The manual's keys; `*#` and what begins with `*9` is ours. `*92` has made `*9` wait already, so those cost nobody any
time. Nor does a participant's `*2`: what it is in the manual, a moderator alone can do."""


@dataclass(frozen=True, slots=True)
class Match:
    """Keys that have been read to their end."""

    keys: str = field(repr=False)
    command: Command | None
    """None: the map has no such command."""


class Matcher:
    """Reads one person's keys."""

    __slots__ = ("_deadline", "_has_words", "_in_vain", "_keys", "_map", "_starts")

    def __init__(self, keymap: Mapping[str, Command]) -> None:
        self._map = keymap
        self._starts = frozenset(keys[:length] for keys in keymap for length in range(1, len(keys)))
        self._has_words = any(not keys.startswith("*") for keys in keymap)
        """The map has hash commands: otherwise all words are nothing, and need not be told apart."""
        self._keys = ""
        self._in_vain = False
        """The keys of a word that is nothing are being pressed: up to its `#`, or until patience runs out."""
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
        # A command that was overdue has been read to its end: what follows begins another, and none is a single key.
        return self._read(digit, now) or overdue

    def advance(self, now: float) -> Match | None:
        """Let time pass: the command that patience ran out for, if any."""
        if self._deadline is None or now < self._deadline:
            return None
        keys = self._reset()
        return Match(keys, self._map.get(keys)) if keys.startswith("*") and keys != "*" else None

    def next_deadline(self) -> float | None:
        """When `advance` has something to do."""
        return self._deadline

    def _read(self, digit: str, now: float) -> Match | None:
        if self._keys.startswith("*"):
            return self._read_after_star(digit, now)
        if digit == "*":
            self._wait("*", now)
            return None
        return self._read_word(digit, now)

    def _read_after_star(self, digit: str, now: float) -> Match | None:
        keys = self._keys + digit
        if keys in self._starts:
            self._wait(keys, now)
            return None
        before = self._reset()
        command = self._map.get(keys)
        if command is not None:
            return Match(keys, command)
        if digit == "*":
            self._wait("*", now)
            return Match(before, self._map[before]) if before in self._map else None
        if digit == "#" and before in self._map:
            return Match(before, self._map[before])
        return Match(keys, None)

    def _read_word(self, digit: str, now: float) -> Match | None:
        begun, in_vain, keys = self._keys, self._in_vain, self._keys + digit
        if begun == "#" and keys not in self._starts and keys not in self._map:
            begun, keys = "", digit  # that `#` was a word of its own
        self._reset()
        if not in_vain and keys in self._starts:
            self._wait(keys, now)
        elif digit != "#":
            if self._has_words:
                self._in_vain, self._deadline = True, now + INTER_DIGIT_S
        elif not in_vain and keys in self._map:
            return Match(keys, self._map[keys])
        return None

    def _wait(self, keys: str, now: float) -> None:
        """For the next key of a command, or for the time in which there is none."""
        self._keys, self._in_vain = keys, False
        self._deadline = now + (AMBIGUOUS_S if keys in self._map else INTER_DIGIT_S)

    def _reset(self) -> str:
        keys, self._keys, self._in_vain, self._deadline = self._keys, "", False, None
        return keys

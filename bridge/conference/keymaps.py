"""The key maps that come with the bridge, and the operator's own from the configuration.

- **manual** the manual's keys, with ours where they cost nothing: what callers key unless somebody says otherwise.
- **globalmeet** as GlobalMeet (PGi) has them. Its volume of one's own line `*7` `*8`, sub-conferences
  `*21`, security code `*31`, and switches for introduction and tones `*32` `*39` are not there. Its `*4` is the volume
  of the line; here it levels all. Its `*93` puts all guests out; here the moderators go, too.
- **instantconference** as InstantConference and FreeConference have them. Their sub-conferences `*3` and
  tones `*8` are not there.
- **confertel** as ConferTel has them, whose commands end with `#`. Its replay `7#` and sub-conferences
  are not there (these share `2#` with the lock, which is meant here). Its `00#` brings the called person in as a
  moderator; here as the participant that `##` brings in, whom the moderator can then hand the role. Its `*#` is ours: no
  other key would tell what there is.

Sources: the touch-tone guides of these services. An own map is a table of the configuration:

    [key_maps.sales]
    base = "manual"                                     # which map it begins with; "" is none; the manual's if not said
    "*5" = "lock"                                       # a command by its name,
    "*7" = { command = "set_mode", mode = "questions" } # or with more to say about it,
    "*92" = ""                                          # or none any more
    [key_maps.sales.participant]                        # for participants alone; so moderator, operator
    "*2" = ""

What one role has of its own wins over what everybody has, also where it comes from the base.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from bridge.conference import commands
from bridge.conference.commands import Command
from bridge.conference.keymap import DEFAULT_KEYMAP, Keymap, KeymapError, check_keys
from bridge.conference.spelling import SpellingError, spelled
from bridge.service.role import Role

MANUAL: Final = "manual"
"""The name of the map where none is named."""

GLOBALMEET: Final = Keymap(
    everybody=MappingProxyType(
        {
            "*0": commands.AskForHelp(),
            "*1": commands.ListCommands(),
            "*4": commands.LevelVoices(),
            "*6": commands.MuteSelf(),
            "*9": commands.ListCommands(),
            "*22": commands.RecordConference(),
            "*38": commands.LeaveWithoutEnding(),
            "*91": commands.Headcount(),
            "*92": commands.RollCall(),
            "*93": commands.EndConference(),
            "*94": commands.Lock(),
            "*96": commands.Lecture(on=True),
            "*97": commands.Lecture(on=False),
        }
    )
)

INSTANTCONFERENCE: Final = Keymap(
    everybody=MappingProxyType(
        {
            "*0": commands.EndConference(),
            "*2": commands.RaiseHand(),
            "*4": commands.ListCommands(),
            "*5": commands.Lock(),
            "*6": commands.MuteSelf(),
            "*7": commands.SetMode(),
            "*9": commands.RecordConference(),
        }
    )
)

CONFERTEL: Final = Keymap(
    everybody=MappingProxyType(
        {
            "0#": commands.AskForHelp(),
            "1#": commands.DialOut(),
            "##": commands.ReturnWithGuest(),
            "00#": commands.ReturnWithGuest(),
            "**": commands.ReturnAlone(),
            "2#": commands.Lock(),
            "3#": commands.Lecture(),
            "4#": commands.MuteSelf(),
            "5#": commands.RollCall(),
            "6#": commands.RecordConference(),
            "8#": commands.Headcount(),
            "9#": commands.EndConference(),
            "*#": commands.ListCommands(),
        }
    )
)

SHIPPED: Final[Mapping[str, Keymap]] = MappingProxyType(
    {
        MANUAL: DEFAULT_KEYMAP,
        "globalmeet": GLOBALMEET,
        "instantconference": INSTANTCONFERENCE,
        "confertel": CONFERTEL,
    }
)
"""By the names that access numbers and passcode pairs use."""

NOTHING: Final = Keymap(everybody=MappingProxyType({}))


class TableError(KeymapError):
    """What is wrong with an own map, and at which keys of its table."""

    def __init__(self, text: str, path: tuple[str, ...]) -> None:
        super().__init__(text)
        self.path = path


def find(name: str, own: Mapping[str, Keymap]) -> Keymap | None:
    """The map of that name, an own one before one of ours; the manual's where the name is empty, None where there is none."""
    return own.get(name or MANUAL) or SHIPPED.get(name or MANUAL)


def from_config(table: Mapping[str, object]) -> Keymap:
    """An own map, as the configuration has it; raises `TableError` for the first thing that is wrong with it."""
    keymap, faults = read(table)
    if faults:
        raise faults[0]
    return keymap


def read(table: Mapping[str, object]) -> tuple[Keymap, list[TableError]]:
    """An own map without whatever is wrong with it, and all that is."""
    faults: list[TableError] = []
    try:
        base = _base(table)
    except TableError as fault:
        faults.append(fault)
        base = DEFAULT_KEYMAP
    everybody = dict(base.everybody)
    own = {role: dict(base.own(role)) for role in Role}
    roles = {role.value: role for role in Role}
    for path, value in _entries(table, roles):
        bound = own[roles[path[0]]] if path[0] in roles else everybody
        try:
            _bind(bound, path[-1], value, path)
        except TableError as fault:
            faults.append(fault)
    keymap = Keymap(
        everybody=MappingProxyType(everybody),
        moderator=MappingProxyType(own[Role.MODERATOR]),
        participant=MappingProxyType(own[Role.PARTICIPANT]),
        operator=MappingProxyType(own[Role.OPERATOR]),
    )
    return keymap, faults


def _entries(table: Mapping[str, object], roles: Container[str]) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every pair of keys and command, with its place: in the table itself, or in that of a role."""
    for keys, value in table.items():
        if keys in roles and isinstance(value, Mapping):
            yield from (((keys, inner), command) for inner, command in value.items())
        elif keys != "base":
            yield (keys,), value


def _base(table: Mapping[str, object]) -> Keymap:
    name = table.get("base", MANUAL)
    if name == "":
        return NOTHING
    base = SHIPPED.get(name) if isinstance(name, str) else None
    if base is None:
        names = ", ".join(f'"{each}"' for each in SHIPPED)
        raise TableError(f'base must be one of {names}, or "" for none', ("base",))
    return base


def _bind(bound: dict[str, Command], keys: str, value: object, path: tuple[str, ...]) -> None:
    if len(path) == 1 and keys in {role.value for role in Role}:
        raise TableError(f"{keys} must be a table of keys and commands", path)
    try:
        check_keys(keys)
    except KeymapError as error:
        raise TableError(str(error), path) from error
    if value == "":
        bound.pop(keys, None)
    else:
        bound[keys] = _command(value, path)


def _command(value: object, path: tuple[str, ...]) -> Command:
    """A command by its name, or a table with its name and what it is given."""
    said = {"command": value} if isinstance(value, str) else value
    if not isinstance(said, Mapping) or not isinstance(said.get("command"), str):
        raise TableError(
            f'{path[-1]} must be the name of a command, such as "lock", or a table such as'
            ' { command = "set_mode", mode = "questions" }',
            path,
        )
    try:
        return spelled(said["command"], {field: each for field, each in said.items() if field != "command"})
    except SpellingError as error:
        raise TableError(str(error), path) from error

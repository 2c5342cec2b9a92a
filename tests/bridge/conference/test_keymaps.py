"""The maps that come with the bridge, key by key, and own ones."""

import tomllib

import pytest

from bridge.conference import commands
from bridge.conference.commands import (
    AskForHelp,
    CancelBlast,
    DialOut,
    EndConference,
    Headcount,
    Lecture,
    LevelVoices,
    ListCommands,
    Lock,
    MuteSelf,
    RaiseHand,
    ReturnAlone,
    ReturnWithGuest,
    RollCall,
    SetMode,
)
from bridge.conference.keymap import AMBIGUOUS_S, DEFAULT_KEYMAP, Keymap, KeymapError, Match, Matcher
from bridge.conference.keymaps import MANUAL, SHIPPED, TableError, find, from_config
from bridge.conference.keymaps import read as read_table
from bridge.service.role import Role
from bridge.service.settings import MuteMode

TABLE = {
    MANUAL: {
        "*0": AskForHelp(),
        "*1": DialOut(),
        "*2": ReturnWithGuest(),
        "*3": ReturnAlone(),
        "*4": LevelVoices(),
        "*5": Lecture(),
        "*6": MuteSelf(),
        "*7": Lock(),
        "*8": RollCall(),
        "*9": commands.StopRollCall(),
        "*92": commands.Blast(),
        "*#": ListCommands(),
        "*90": commands.RecordConference(),
        "*91": Headcount(),
        "*93": commands.NextQuestion(),
        "*94": SetMode(),
        "*95": commands.HandOver(),
        "*96": commands.LeaveWithoutEnding(),
        "*97": commands.ClearHands(),
        "*98": commands.Extend(),
        "*99": commands.RecordMessage(),
    },
    "globalmeet": {
        "*0": AskForHelp(),
        "*1": ListCommands(),
        "*9": ListCommands(),
        "*4": LevelVoices(),
        "*96": Lecture(on=True),
        "*97": Lecture(on=False),
        "*6": MuteSelf(),
        "*94": Lock(),
        "*92": RollCall(),
        "*91": Headcount(),
        "*93": EndConference(),
        "*22": commands.RecordConference(),
        "*38": commands.LeaveWithoutEnding(),
    },
    "instantconference": {
        "*4": ListCommands(),
        "*7": SetMode(),
        "*6": MuteSelf(),
        "*5": Lock(),
        "*2": RaiseHand(),
        "*9": commands.RecordConference(),
        "*0": EndConference(),
    },
    "confertel": {
        "0#": AskForHelp(),
        "1#": DialOut(),
        "##": ReturnWithGuest(),
        "00#": ReturnWithGuest(),
        "**": ReturnAlone(),
        "3#": Lecture(),
        "4#": MuteSelf(),
        "2#": Lock(),
        "5#": RollCall(),
        "6#": commands.RecordConference(),
        "8#": Headcount(),
        "9#": EndConference(),
        "*#": ListCommands(),
    },
}
"""field.md 1.6, column by column, and the manual's star commands (service.md)."""


def read(keymap: Keymap, role: Role, keys: str) -> list[Match]:
    matcher = Matcher(keymap.of(role))
    found = [matcher.press(key, 0.0) for key in keys] + [matcher.advance(AMBIGUOUS_S)]
    return [match for match in found if match]


def test_the_maps_are_those_of_the_table():
    assert set(SHIPPED) == set(TABLE)
    assert {name: dict(keymap.of(Role.MODERATOR)) for name, keymap in SHIPPED.items()} == TABLE


@pytest.mark.parametrize(
    ("name", "keys", "command"), [(name, *each) for name, table in TABLE.items() for each in table.items()]
)
def test_a_moderator_keys_every_command_of_every_map(name, keys, command):
    assert read(SHIPPED[name], Role.MODERATOR, keys) == [Match(keys, command)]


def test_a_participants_star_2_raises_the_hand_and_a_moderators_comes_back_with_the_guest():
    assert read(DEFAULT_KEYMAP, Role.PARTICIPANT, "*2") == [Match("*2", RaiseHand())]
    assert read(DEFAULT_KEYMAP, Role.MODERATOR, "*2") == [Match("*2", ReturnWithGuest())]
    assert DEFAULT_KEYMAP.keys_of(RaiseHand(), Role.PARTICIPANT) == "*2"
    assert DEFAULT_KEYMAP.keys_of(RaiseHand(), Role.MODERATOR) is None


@pytest.mark.parametrize("name", SHIPPED)
def test_by_every_map_the_room_is_locked_quieted_and_oneself_is_muted(name):
    """Service.md, star commands: whatever the keys are, these a conference cannot do without."""
    theirs = {type(command) for command in SHIPPED[name].of(Role.MODERATOR).values()}
    assert theirs >= {Lock, MuteSelf, ListCommands}
    assert theirs & {Lecture, SetMode}
    assert MuteSelf in {type(command) for command in SHIPPED[name].of(Role.PARTICIPANT).values()}


@pytest.mark.parametrize("name", SHIPPED)
def test_no_key_is_bound_to_what_nobody_who_keys_it_may_do(name):
    for role in (Role.MODERATOR, Role.PARTICIPANT):
        for keys in SHIPPED[name].own(role):
            assert role in SHIPPED[name].own(role)[keys].givers
    for command in SHIPPED[name].everybody.values():
        assert command.givers & {Role.MODERATOR, Role.PARTICIPANT}


def own(text: str) -> Keymap:
    return from_config(tomllib.loads(text))


def test_an_own_map_begins_with_the_manuals_and_changes_it():
    """Service.md: "The map of keys to commands is configuration"."""
    keymap = own(
        """
        base = "manual"
        "*5" = "lock"
        "*7" = { command = "set_mode", mode = "questions" }
        "*92" = ""
        "3#" = "blast"
        [participant]
        "*2" = ""
        "*5" = "raise_hand"
        [moderator]
        "*2" = "extend"
        [operator]
        "*88" = { command = "visit", on = false }
        """
    )
    changed = {"*5": Lock(), "*7": SetMode(MuteMode.QUESTIONS), "3#": commands.Blast()}
    manual = {
        keys: command for keys, command in DEFAULT_KEYMAP.of(Role.MODERATOR).items() if keys != "*92"
    } | changed
    assert keymap.of(Role.MODERATOR) == manual | {"*2": commands.Extend()}
    assert keymap.of(Role.PARTICIPANT) == manual | {"*5": RaiseHand()}
    assert keymap.of(Role.OPERATOR) == manual | {"*88": commands.Visit(on=False)}
    assert "*92" in DEFAULT_KEYMAP.everybody


def test_without_a_base_the_manuals_is_meant_and_an_empty_one_is_none():
    assert from_config({}) == DEFAULT_KEYMAP
    assert own('base = ""\n"*1" = "mute_self"') == Keymap(everybody={"*1": MuteSelf()})
    assert own('base = "confertel"') == SHIPPED["confertel"]


def test_taking_away_what_is_not_there_is_no_fault():
    assert own('"*55" = ""') == DEFAULT_KEYMAP


@pytest.mark.parametrize(
    ("text", "path", "why"),
    [
        ('base = "manuel"', ("base",), 'base must be one of "manual", "globalmeet"'),
        ("base = 7", ("base",), "base must be one of"),
        ('"5" = "lock"', ("5",), "'5': a command is"),
        ('"*A" = "lock"', ("*A",), "a telephone has"),
        ('moderater."*5" = "lock"', ("moderater",), "a telephone has"),
        ('moderator = "lock"', ("moderator",), "moderator must be a table"),
        ('"*5" = "lokc"', ("*5",), 'there is no command "lokc": did you mean "lock"?'),
        ('"*5" = 5', ("*5",), "*5 must be the name of a command"),
        ('"*5" = {on = true}', ("*5",), "*5 must be the name of a command"),
        ('"*5" = {command = 5}', ("*5",), "*5 must be the name of a command"),
        ('"*5" = "mute_one"', ("*5",), 'it needs "leg"'),
        ('"*5" = {command = "lock", on = "yes"}', ("*5",), '"on"'),
        ('"*5" = {command = "lock", off = true}', ("*5",), 'has no "off"'),
        ('participant."*5" = "lokc"', ("participant", "*5"), "did you mean"),
        ('participant."*5" = {"*5" = "lock"}', ("participant", "*5"), "*5 must be the name of a command"),
    ],
)
def test_a_fault_of_an_own_map_is_told_with_its_place(text, path, why):
    with pytest.raises(TableError) as refused:
        own(text)
    assert refused.value.path == path
    assert why in str(refused.value)
    assert isinstance(refused.value, KeymapError)


def test_every_fault_of_a_map_is_told_and_the_rest_of_it_stands():
    keymap, faults = read_table(
        {"base": "x", "5": "lock", "*5": "lock", "moderator": 5, "operator": {"*7": "x", "*8": "blast"}}
    )
    assert [fault.path for fault in faults] == [("base",), ("5",), ("moderator",), ("operator", "*7")]
    assert keymap.of(Role.OPERATOR) == {
        **DEFAULT_KEYMAP.everybody,
        "*5": Lock(),
        "*8": commands.Blast(),
    }


def test_a_map_is_found_by_its_name_and_an_own_one_before_ours():
    mine = Keymap(everybody={"*1": CancelBlast()})
    assert find("", {}) is DEFAULT_KEYMAP
    assert find("confertel", {"sales": mine}) is SHIPPED["confertel"]
    assert find("sales", {"sales": mine}) is mine
    assert find("manual", {"manual": mine}) is find("", {"manual": mine}) is mine
    assert find("nowhere", {}) is None

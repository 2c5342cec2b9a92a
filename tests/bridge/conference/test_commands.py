"""The commands as types: their names, who may give them, and the way to and from text."""

from typing import get_args

import msgspec
import pytest

from bridge.conference import commands
from bridge.conference.commands import EVERYBODY, IN_CHARGE, OPERATORS, PERFORMED, AnyCommand
from bridge.conference.given import COMMANDS
from bridge.conference.keymap import DEFAULT_KEYMAP
from bridge.service.role import Role

ALL = get_args(AnyCommand)


def test_every_command_is_carried_out_here_or_performed_elsewhere():
    assert set(COMMANDS) | set(PERFORMED) == set(ALL)
    assert not set(COMMANDS) & set(PERFORMED)


def test_every_type_of_command_is_one_of_them():
    assert set(commands.Command.__subclasses__()) == set(ALL)


@pytest.mark.parametrize("command", ALL)
def test_somebody_may_give_it_and_participants_no_more_than_everybodys_own(command):
    assert command.givers in {EVERYBODY, IN_CHARGE, OPERATORS, frozenset({Role.MODERATOR})}
    assert (Role.PARTICIPANT in command.givers) == (command.givers == EVERYBODY)


def test_what_everybody_may_is_about_themselves():
    assert all(command.keypad_only for command in ALL if command.givers == EVERYBODY)


def test_the_manuals_keys_are_commands():
    assert all(type(command) in ALL for command in DEFAULT_KEYMAP.everybody.values())


@pytest.mark.parametrize(
    "command", [commands.MuteOne(3, on=False), commands.Split((1, 2), 3), commands.Lecture()]
)
def test_a_command_goes_through_text_and_comes_back_the_same(command):
    text = msgspec.json.encode(command)
    assert msgspec.json.decode(text, type=AnyCommand) == command
    assert f'"command":"{command.tag}"'.encode() in text


def test_a_name_is_the_type_in_small_letters():
    assert commands.LeaveWithoutEnding().tag == "leave_without_ending"


def test_a_command_with_a_field_of_that_name_has_its_own_name_all_the_same():
    assert commands.DialOut(name="Ana").tag == "dial_out"

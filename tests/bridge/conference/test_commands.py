from bridge.conference.commands import PERMITTED, Command
from bridge.conference.keymap import DEFAULT_KEYMAP
from bridge.service.role import Role


def test_it_is_said_of_every_command_who_may_give_it():
    assert set(PERMITTED) == set(Command)


def test_moderators_may_give_all_commands():
    assert all(Role.MODERATOR in roles for roles in PERMITTED.values())


def test_participants_may_mute_themselves_ask_for_help_and_for_the_commands():
    theirs = {command for command, roles in PERMITTED.items() if Role.PARTICIPANT in roles}
    assert theirs == {Command.MUTE_SELF, Command.ASK_FOR_HELP, Command.LIST_COMMANDS}


def test_the_manuals_keys_reach_every_command():
    assert set(DEFAULT_KEYMAP.everybody.values()) == set(Command)

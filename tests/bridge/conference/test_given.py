"""Who may give which command, what is answered to whom, and what the audit trail gets (R4)."""

from typing import get_args

import pytest

from bridge.conference import commands
from bridge.conference.commands import PERFORMED, Actor, AnyCommand, Outcome
from bridge.conference.effects import Act, Hush, Perform, Reply, Say
from bridge.conference.events import Given, UnknownKeys
from bridge.conference.keymap import Keymap
from bridge.conference.model import House, Phase
from bridge.conference.tape import Tape
from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.service.settings import Settings
from prompts.phrases import say
from tests.bridge.conference.room import Room

FREE = Settings(level=Level.HIGHLY_SECURE, maximum_length_s=3600, recording_allowed=True)
RECORDS = House(records=True)


def meeting(settings: Settings = FREE, **more: object) -> Room:
    """A moderator (1), two participants (2, 3)."""
    room = Room(settings, **more)
    room.moderator(1, name="Ana")
    room.participant(2, name="Bia")
    room.participant(3, caller="+5511999990003")
    return room


ARGUMENTS = {
    "leg": 2,
    "legs": (2,),
    "group": 1,
    "gain_db": 3.0,
    "role": Role.PARTICIPANT,
    "text": "excuse",
    "conference": "c2",
    "to": "sip:bob@b.example",
}


def example(kind: type[AnyCommand]) -> AnyCommand:
    return kind(**{name: ARGUMENTS[name] for name in kind.__struct_fields__ if name in ARGUMENTS})


@pytest.mark.parametrize("kind", get_args(AnyCommand))
def test_every_command_that_a_console_may_give_is_replied_to_once_or_performed(kind):
    room = meeting(house=RECORDS, tape=Tape.RUNNING if kind is commands.PauseRecording else Tape.OFF)
    outcome = room.console(example(kind), Role.OPERATOR if Role.OPERATOR in kind.givers else Role.MODERATOR)
    assert (outcome is None) == (room.performed() == [example(kind)])
    if kind.keypad_only:
        assert outcome == Outcome(False, "not_now")
    else:
        assert outcome is None or outcome.done
        assert [action for action, _ in room.acts()] == [example(kind).tag]


@pytest.mark.parametrize("kind", get_args(AnyCommand))
def test_a_participant_may_give_only_what_is_everybodys_own(kind):
    room = meeting()
    before = room.conference
    room.command(2, example(kind), "*99")
    if Role.PARTICIPANT in kind.givers:
        assert not room.acts()
    else:
        assert room.effects == [Hush(2), Say(2, say("command_forbidden", keys="*99"))]
        assert room.conference == before


def test_a_role_that_somebody_only_claims_to_have_is_worth_nothing():
    room = meeting()
    room(Given(commands.Lock(), Actor(Role.OPERATOR, 2), "*7"))
    assert room.said(2) == ["command_forbidden"]
    room(Given(commands.Lock(), Actor(Role.PARTICIPANT, 1), "*7"))
    assert room.said(1) == ["locked"]


def test_a_console_of_a_participant_is_forbidden_what_participants_are():
    room = meeting()
    assert room.console(commands.MuteAll(), Role.PARTICIPANT) == Outcome(False, "command_forbidden")


def test_operators_alone_listen_whisper_visit_move_and_transfer():
    room = meeting()
    for command in (
        commands.Monitor(),
        commands.Whisper(2),
        commands.Visit(),
        commands.Move(2, "c2"),
        commands.Transfer(2, "+551133334444"),
    ):
        assert room.console(command, Role.MODERATOR) == Outcome(False, "command_forbidden")
        assert room.console(command, Role.OPERATOR) is None
        assert room.performed() == [command]


@pytest.mark.parametrize(
    "command",
    [
        commands.MuteOne(9),
        commands.SetGain(9, 3.0),
        commands.Disconnect(9),
        commands.GiveFloor(9),
        commands.SetRole(9, Role.MODERATOR),
        commands.Identify(9),
        commands.Move(9, "c2"),
        commands.Transfer(9, "+551133334444"),
        commands.Whisper(9),
        commands.Announce("excuse", 9),
        commands.MuteOne(0),
        commands.Split((2, 9), 1),
    ],
)
def test_a_command_about_somebody_who_is_not_in_is_not_possible(command):
    room = meeting()
    assert room.console(command) == Outcome(False, "not_now")
    assert len(room.effects) == 1


@pytest.mark.parametrize("command", [commands.DialOut(), commands.Blast()])
@pytest.mark.parametrize(
    ("settings", "included"),
    [
        (Settings(level=Level.MODERATE, dial_out_allowed=True, blast_allowed=True), False),
        (Settings(level=Level.SECURE), False),
        (Settings(level=Level.SECURE, dial_out_allowed=True, blast_allowed=True), True),
        (Settings(level=Level.HIGHLY_SECURE), True),
        (Settings(level=Level.HIGHLY_SECURE, dial_out_blocked=True), False),
    ],
)
def test_levels_and_o7_bind_moderators_who_call_out_and_no_operator(command, settings, included):
    room = meeting(settings)
    room.command(1, command)
    name = "dial_not_included" if command == commands.DialOut() else "blast_not_included"
    assert room.said(1) == ([] if included else [name])
    assert room.performed() == ([command] if included else [])
    assert bool(room.acts()) == included
    assert room.console(command, Role.MODERATOR) == (None if included else Outcome(False, name))
    assert room.console(command, Role.OPERATOR) is None


def test_o5_who_may_not_blast_records_no_message_for_it():
    room = meeting(Settings(level=Level.SECURE))
    room.command(1, commands.RecordMessage())
    assert room.said(1) == ["blast_not_included"]
    assert room.performed() == []


def test_a_command_for_the_switchboard_is_performed_as_the_one_who_gave_it_is_known():
    room = meeting()
    room(Given(commands.DialOut(), Actor(Role.PARTICIPANT, 1), "*1"))
    ana = Actor(Role.MODERATOR, 1, "Ana")
    assert room.effects == [Hush(1), Perform(commands.DialOut(), ana), Act(ana, "dial_out")]


def test_everybody_may_ask_for_help_and_that_is_no_act_of_somebody_in_charge():
    room = meeting()
    for leg in (1, 2):
        room.keys(leg, "*0")
        assert room.performed() == [commands.AskForHelp()]
        assert room.acts() == []


@pytest.mark.parametrize(
    ("command", "subject"),
    [
        (commands.MuteOne(2), "Bia"),
        (commands.MuteOne(2, on=False), "Bia, off"),
        (commands.MuteOne(3), "+5511999990003"),
        (commands.SetGain(2, 60.0), "Bia, +24.0 dB"),
        (commands.Lecture(), "on"),
        (commands.Lock(), "on"),
        (commands.SetRole(2, Role.MODERATOR), "Bia, moderator"),
        (commands.DialOut("+551133334444"), "+551133334444"),
        (commands.Move(2, "c2"), "Bia, c2"),
        (commands.Transfer(2, "+551133334444"), "Bia, +551133334444"),
        (commands.Announce("excuse"), "excuse"),
        (commands.Monitor(on=False), "off"),
        (commands.Whisper(2), "Bia"),
        (commands.Split((2, 3), 4), "Bia, +5511999990003"),
    ],
)
def test_r4_the_audit_trail_has_who_did_what_to_whom(command, subject):
    room = meeting()
    room.console(command)
    assert room.acts() == [(command.tag, subject)]
    act = room.effects[-1]
    assert isinstance(act, Act)
    assert act.actor == Actor(Role.OPERATOR, name="Olga")


def test_r4_what_was_refused_is_no_act():
    room = meeting(Settings(level=Level.MODERATE))
    room.keys(1, "*7")
    assert room.acts() == []


def test_people_can_be_called_into_a_conference_in_which_nobody_is_yet():
    room = Room(FREE)
    assert room.console(commands.Blast()) is None
    assert room.console(commands.DialOut("+551133334444")) is None
    before = room.conference
    for command in (commands.Lock(), commands.MuteAll(), commands.SetMode(), commands.EndConference()):
        assert room.console(command) == Outcome(False, "not_now")
    assert room.conference == before


def test_in_a_conference_that_is_over_only_what_was_begun_can_be_stopped():
    room = meeting()
    room.console(commands.EndConference())
    assert room.phase is Phase.ENDED
    for command in (commands.DialOut("1"), commands.Blast(), commands.Monitor(), commands.Lock()):
        assert room.console(command) == Outcome(False, "not_now")
    for command in (
        commands.CancelBlast(),
        commands.Monitor(on=False),
        commands.Visit(on=False),
        commands.Whisper(),
    ):
        assert room.console(command) is None


def test_who_ends_the_conference_by_key_hears_it_end_like_the_others():
    room = meeting()
    room.command(1, commands.EndConference())
    assert room.said(1) == []
    assert [leg for leg, _ in room.hung_up()] == [1, 2, 3]
    assert room.acts() == [("end_conference", "")]


def test_unknown_keys_of_somebody_who_is_not_in_are_nothing():
    assert meeting()(UnknownKeys(9, "*77")) == []


def test_star_hash_finds_the_keys_of_a_map_with_two_keys_for_on_and_off():
    keymap = Keymap(
        everybody={
            "*61": commands.MuteSelf(on=True),
            "*60": commands.MuteSelf(on=False),
            "*27": commands.RaiseHand(),
            "*28": commands.Extend(),
        }
    )
    room = meeting(Settings(maximum_length_s=3600), keymap=keymap)
    room.command(1, commands.ListCommands())
    said = [e.utterance for e in room.effects if isinstance(e, Say)]
    assert said == [
        say("help_intro"),
        say("help_mute", keys="*61"),
        say("help_hand", keys="*27"),
        say("help_extend", keys="*28"),
    ]
    room = meeting(Settings(), keymap=keymap)
    room.command(1, commands.ListCommands())
    assert "help_extend" not in room.said(1), "it has no end that could be moved"


def test_performed_commands_are_never_replied_to_here():
    room = meeting()
    for kind in PERFORMED:
        room.console(example(kind))
        if room.performed():
            assert not [e for e in room.effects if isinstance(e, Reply)]

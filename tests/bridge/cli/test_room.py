"""Commands by name, and any command there is."""

from __future__ import annotations

import json
from typing import Any, get_args

import msgspec
import pytest

from bridge.conference import commands
from bridge.conference.commands import AnyCommand, Command
from bridge.conference.keymaps import SHIPPED
from bridge.conference.spelling import KINDS
from bridge.control.protocol import Give, Roster, SendKeys
from bridge.service.role import Role
from tests.bridge.cli.bridge_in_a_thread import BOARD, SALES, FakeBridge
from tests.bridge.cli.conftest import Roda
from tests.bridge.cli.test_conferences import person

EXAMPLES = {
    "leg": "7",
    "legs": "7,8",
    "group": "1",
    "gain_db": "-1.5",
    "role": "moderator",
    "text": "locked",
    "conference": "c2",
    "to": "sip:bob@b.example",
}


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("say Board welcome", commands.Announce(text="welcome")),
        ("say Board welcome --to 7", commands.Announce(text="welcome", leg=7)),
        ("kick Board 7", commands.Disconnect(leg=7)),
        ("end Board", commands.EndConference()),
        ("extend Board", commands.Extend()),
        ("lock Board", commands.Lock(on=True)),
        ("unlock Board", commands.Lock(on=False)),
        ("role Board 7 moderator", commands.SetRole(leg=7, role=Role.MODERATOR)),
        ("role Board 7 participant", commands.SetRole(leg=7, role=Role.PARTICIPANT)),
        ("identify Board 7 --name Ana --company Sol", commands.Identify(leg=7, name="Ana", company="Sol")),
        ("identify Board 7 --phone 11 --email a@b", commands.Identify(leg=7, phone="11", email="a@b")),
        ("move Board 7 sales", commands.Move(leg=7, conference=SALES.id)),
        ("transfer Board 7 +551133334444", commands.Transfer(leg=7, to="+551133334444")),
        ("split Board 2 7 8", commands.Split(legs=(7, 8), group=2)),
        ("split Board 0 7", commands.Split(legs=(7,), group=0)),
        ("rejoin Board", commands.Rejoin()),
        ("give Board mute_one leg=7 on=off", commands.MuteOne(leg=7, on=False)),
        ("give Board identify name=a=b leg=7", commands.Identify(leg=7, name="a=b")),
    ],
)
def test_a_command_is_given_to_the_conference_that_is_meant(
    roda: Roda, bridge: FakeBridge, words: str, command: Command
) -> None:
    """O4, C6, and more."""
    assert roda(*words.split())[0] == 0
    assert bridge.command == command


def test_keys_are_pressed_on_one_line_wherever_they_are(roda: Roda, bridge: FakeBridge) -> None:
    bridge.replies = []
    assert roda("send-keys", "7", "12,34#")[0] == 0
    (asked,) = bridge.asked
    assert isinstance(asked, SendKeys)
    assert (asked.leg, asked.keys) == (7, "12,34#")
    assert "12" not in repr(asked).replace("leg=7", ""), "it may be a code"


@pytest.mark.parametrize("keys", ["12x", "1" * 33, ""])
def test_what_is_no_key_is_not_sent(roda: Roda, bridge: FakeBridge, keys: str) -> None:
    status, _, error = roda("send-keys", "7", keys)
    assert status == 1
    assert "keys are up to 32" in error
    assert not bridge.asked


def test_any_command_may_be_given_by_another_and_as_a_moderator(roda: Roda, bridge: FakeBridge) -> None:
    """R4: the audit trail has the name."""
    roda("give", "Board", "lock", "--by", "ana", "--moderator")
    assert bridge.asked == [Give(BOARD.id, commands.Lock(), "ana", moderator=True)]


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if not kind.keypad_only])
def test_every_command_that_is_not_the_keypads_alone_can_be_given_from_here(
    roda: Roda, bridge: FakeBridge, name: str
) -> None:
    needed = [
        f"{each.name}={EXAMPLES[each.name]}" for each in msgspec.structs.fields(KINDS[name]) if each.required
    ]
    assert roda("give", "Board", name, *needed)[0] == 0
    assert type(bridge.command) is KINDS[name]


def test_every_command_has_keys_in_some_map_or_can_be_given_from_here() -> None:
    keyed: set[Any] = {
        type(command) for keymap in SHIPPED.values() for role in Role for command in keymap.of(role).values()
    }
    given = {kind for kind in get_args(AnyCommand) if not kind.keypad_only}
    assert keyed | given == set(get_args(AnyCommand))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("give Board lokc", 'there is no command "lokc": did you mean "lock"?'),
        ("give Board mute_one", 'it needs "leg"'),
        ("give Board mute_one 7", '"7" is no value: write it as name=value'),
        ("give Board mute_self", "is about the one who keys it"),
        ("identify Board 7", "say at least one of --name"),
        ("move Board 7 nowhere", 'there is no conference "nowhere"'),
    ],
)
def test_what_is_no_command_is_said_so_before_the_bridge_hears_of_it(
    roda: Roda, bridge: FakeBridge, words: str, why: str
) -> None:
    status, _, err = roda(*words.split())
    assert (status, bridge.asked) == (1, [])
    assert why in err


@pytest.mark.parametrize(
    "words",
    [
        "kick Board",
        "kick Board 0",
        "kick Board x",
        "role Board 7 operator",
        "split Board -1 7",
        "split Board 1",
    ],
)
def test_what_is_said_wrongly_is_told_by_the_command_line(roda: Roda, bridge: FakeBridge, words: str) -> None:
    assert roda(*words.split())[0] == 2
    assert bridge.asked == []


@pytest.mark.parametrize("words", ["kick Board 7", "split Board 1 8 7", "move Board 7 sales", "mute Board 7"])
def test_a_number_that_nobody_has_is_told_as_that(roda: Roda, bridge: FakeBridge, words: str) -> None:
    bridge.refused, bridge.reply = True, Roster(BOARD, (person(8, Role.PARTICIPANT, "Rui"),))
    status, out, err = roda(*words.split())
    told = "roda: nobody in this conference has the number 7: see roda conference 0192f3a4-1111\n"
    assert (status, out, err) == (1, "", told)


@pytest.mark.parametrize("words", ["kick Board 8", "lock Board", "say Board goodbye"])
def test_what_is_refused_for_another_reason_is_told_with_that(
    roda: Roda, bridge: FakeBridge, words: str
) -> None:
    bridge.refused, bridge.reply = True, Roster(BOARD, (person(8, Role.PARTICIPANT, "Rui"),))
    assert roda(*words.split()) == (1, "", "roda: That is not possible at the moment.\n")
    assert json.loads(roda("kick", "Board", "7", "--json")[1])["text"] == "not_now"

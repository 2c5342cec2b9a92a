"""Who is heard, and how."""

from __future__ import annotations

import pytest

from bridge.conference import commands
from bridge.conference.commands import Command
from bridge.service.settings import MuteMode
from tests.bridge.cli.bridge_in_a_thread import FakeBridge
from tests.bridge.cli.conftest import Roda


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("mute Board 7", commands.MuteOne(leg=7, on=True)),
        ("unmute Board 7", commands.MuteOne(leg=7, on=False)),
        ("mute Board --all", commands.MuteAll(on=True)),
        ("unmute Board --all", commands.MuteAll(on=False)),
        ("gain Board 7 6", commands.SetGain(leg=7, gain_db=6.0)),
        ("gain Board 7 -4.5", commands.SetGain(leg=7, gain_db=-4.5)),
        ("level Board on", commands.LevelVoices(on=True)),
        ("level Board off", commands.LevelVoices(on=False)),
        ("denoise Board on", commands.SuppressNoise(on=True)),
        ("denoise Board off 7", commands.SuppressNoise(leg=7, on=False)),
        ("lecture Board on", commands.Lecture(on=True)),
        ("lecture Board off", commands.Lecture(on=False)),
        ("mode Board conversation", commands.SetMode(MuteMode.CONVERSATION)),
        ("mode Board questions", commands.SetMode(MuteMode.QUESTIONS)),
        ("mode Board presentation", commands.SetMode(MuteMode.PRESENTATION)),
        ("hands Board next", commands.NextQuestion()),
        ("hands Board clear", commands.ClearHands()),
        ("hands Board 7", commands.GiveFloor(leg=7)),
    ],
)
def test_a_command_is_given_to_the_conference_that_is_meant(
    roda: Roda, bridge: FakeBridge, words: str, command: Command
) -> None:
    """O4."""
    assert roda(*words.split())[0] == 0
    assert bridge.command == command


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        ("mute Board", 1, "say either who, by number, or --all"),
        ("mute Board 7 --all", 1, "say either who, by number, or --all"),
        ("hands Board first", 1, '"first" is not next, clear or the number of a leg'),
        ("gain Board 7 loud", 2, "DB"),
        ("gain Board 7 nan", 2, "DB"),
        ("gain Board 7 99", 2, "DB"),
        ("lecture Board maybe", 2, "maybe"),
        ("mode Board silence", 2, "silence"),
    ],
)
def test_what_cannot_be_meant_is_said_so_before_the_bridge_hears_of_it(
    roda: Roda, bridge: FakeBridge, words: str, status: int, why: str
) -> None:
    ended, _, err = roda(*words.split())
    assert (ended, bridge.asked) == (status, [])
    assert why in err

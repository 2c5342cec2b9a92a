"""A line that disturbs: from the worker's word to the conference, the log, the figures and the console."""

from __future__ import annotations

from bridge.conference import commands
from bridge.conference.trouble import Trouble
from bridge.control import protocol
from bridge.service.levels import Level
from bridge.service.settings import NoisyLines
from bridge.switchboard.effects import Log
from media import control
from tests.support.operated_world import OperatedWorld


def meeting(noisy_lines: NoisyLines) -> tuple[OperatedWorld, int]:
    """A moderator and a participant; the participant's leg."""
    world = OperatedWorld()
    world.moderates(level=Level.HIGHLY_SECURE, noisy_lines=noisy_lines)
    participant = world.joins()
    world.heard.clear()
    return world, participant


def shown(world: OperatedWorld, leg: int) -> protocol.PersonRow:
    roster = world.asks(protocol.ShowConference(world.room().conference_id))
    assert isinstance(roster, protocol.Roster)
    (row,) = [row for row in roster.rows if row.leg == leg]
    return row


def test_it_is_logged_with_call_and_conference_counted_and_shown() -> None:
    world, participant = meeting(NoisyLines.TELL)
    world.board.handle(control.LineTroubled(participant, "howl"), world.now)
    lines = {each.event: each.fields for each in world.board.effects() if isinstance(each, Log)}
    assert shown(world, participant).trouble == "howl"
    assert world.board.figures["line:howl"] == 1
    call_id, conference = world.leg(participant).call_id, world.room().conference_id
    known = {"leg": participant, "call_id": call_id, "conference": conference, "trouble": "howl"}
    assert lines["line troubled"] == known
    assert lines["noisy line"] == {**known, "done": "told"}
    world.happens(control.LineTroubled(participant, "none"))
    assert shown(world, participant).trouble == ""
    assert world.board.figures["line:howl"] == 1
    assert not world.said(participant)


def test_it_is_lowered_and_raised_again() -> None:
    world, participant = meeting(NoisyLines.LOWER)
    world.happens(control.LineTroubled(participant, "noise"))
    assert shown(world, participant).lowered
    assert world.gains[participant] == -12.0
    world.happens(control.LineTroubled(participant, "none"))
    assert world.gains[participant] == 0.0


def test_it_is_muted_told_how_to_speak_and_opened_by_star_six() -> None:
    world, participant = meeting(NoisyLines.MUTE)
    world.happens(control.LineTroubled(participant, "music"))
    assert world.muted[participant]
    assert world.said(participant) == ["line_disturbs", "muted_on_entry"]
    assert world.values["muted_on_entry"] == {"keys": "*6"}
    world.presses(participant, "*6")
    assert not world.muted[participant]
    assert world.said(participant) == ["unmuted"]


def test_whoever_is_moved_takes_the_trouble_along() -> None:
    world, participant = meeting(NoisyLines.LOWER)
    world.moderates(pair=8, level=Level.HIGHLY_SECURE, noisy_lines=NoisyLines.MUTE)
    world.happens(control.LineTroubled(participant, "echo"))
    world.gives(commands.Move(participant, world.room(8).conference_id))
    assert world.gains[participant] == 0.0
    assert world.person(participant, 8).trouble is Trouble.ECHO
    assert world.muted[participant]


def test_nobody_is_told_of_a_line_that_is_gone_or_in_no_conference() -> None:
    world, _ = meeting(NoisyLines.MUTE)
    caller = world.dials()
    world.happens(control.LineTroubled(caller, "noise"))
    world.happens(control.LineTroubled(9_999, "noise"))
    assert world.room().conference.noisy == frozenset()
    assert world.leg(caller).trouble is Trouble.NOISE

"""Lock, lecture and help as the manual has them, and what operators do from the command line, by ear."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.interop.baresip import Baresip, missing
from tests.interop.line import Line
from tests.interop.phone import Phone
from tests.interop.service import OPERATOR, Service
from tests.interop.started import ACCESS_NUMBER, until

MODERATOR_HZ, ANA_HZ, BIA_HZ, OPERATOR_HZ = 440.0, 660.0, 1000.0, 1240.0
LONG_S = 15.0
"""For a refusal to be said to its end."""

with_baresip = pytest.mark.skipif(
    shutil.which("baresip") is None or bool(missing()),
    reason=missing() or "baresip is not installed (apt-get install baresip-core)",
)


@dataclass
class Meeting:
    """A moderator and two participants who talk all the time."""

    service: Service
    moderator: Line
    ana: Line
    bia: Line

    @property
    def id(self) -> str:
        return self.service.conference()

    @contextmanager
    def quiet(self) -> Iterator[tuple[Line, ...]]:
        """All of them, holding their tongue for as long."""
        says = {self.moderator: MODERATOR_HZ, self.ana: ANA_HZ, self.bia: BIA_HZ}
        for line in says:
            line.say(0)
        for line in says:
            line.until_hears()
        yield tuple(says)
        for line, frequency_hz in says.items():
            line.say(frequency_hz)

    def is_as_ever(self) -> None:
        """Wait until all hear all again."""
        self.moderator.until_hears(ANA_HZ, BIA_HZ)
        self.ana.until_hears(MODERATOR_HZ, BIA_HZ)
        self.bia.until_hears(MODERATOR_HZ, ANA_HZ)


@pytest.fixture(scope="module")
def meeting_of_the_module(started_service: Service) -> Iterator[Meeting]:
    service = started_service
    with (
        service.participant(ANA_HZ) as ana,
        service.participant(BIA_HZ) as bia,
        service.moderator(MODERATOR_HZ) as moderator,
    ):
        yield Meeting(service, moderator, ana, bia)
    service.until_empty()


@pytest.fixture
def meeting(meeting_of_the_module: Meeting) -> Iterator[Meeting]:
    """It, as it was at its beginning before and after each test."""
    meeting_of_the_module.is_as_ever()
    yield meeting_of_the_module
    meeting_of_the_module.is_as_ever()
    assert len(meeting_of_the_module.service.calls()) == 3
    meeting_of_the_module.service.assert_unhurt()


def is_turned_away(service: Service) -> None:
    """Somebody keys the right code, is told something and hung up."""
    with Line(Phone(service.address, LONG_S)) as caller:
        caller.call(ACCESS_NUMBER)
        caller.key(f"{service.quiet.participant}#")
        mark = caller.mark()
        caller.be_hung_up()
        assert caller.told_s(mark) > 0


def test_star_7_locks_and_unlocks(meeting: Meeting):
    meeting.moderator.key("*7")
    meeting.moderator.until_told(ANA_HZ, BIA_HZ)
    is_turned_away(meeting.service)
    assert len(meeting.service.roster()) == 3
    meeting.moderator.key("*7")
    with meeting.service.participant(0):
        assert len(meeting.service.roster()) == 4
    meeting.service.until_calls(3)


def test_star_5_lets_moderators_alone_be_heard_and_star_6_says_so(meeting: Meeting):
    meeting.moderator.key("*5")
    meeting.moderator.until_hears()
    meeting.bia.until_hears(MODERATOR_HZ)
    meeting.ana.until_hears(MODERATOR_HZ)
    meeting.ana.key("*6")
    meeting.ana.until_told(MODERATOR_HZ)
    meeting.ana.until_hears(MODERATOR_HZ)
    assert meeting.bia.hears_for(0.5) == {MODERATOR_HZ}
    meeting.moderator.key("*5")
    meeting.is_as_ever()


@with_baresip
def test_star_0_brings_an_operator_to_talk_with_in_private(meeting: Meeting, tmp_path: Path):
    service, ana = meeting.service, meeting.ana
    with Baresip(tmp_path, OPERATOR, OPERATOR_HZ, "PCMU", port=service.desk) as operator:
        marks = {line: line.mark() for line in (meeting.moderator, meeting.bia)}
        ana.key("*0")
        operator.wait_for("CALL_ESTABLISHED")
        operator.until_told()
        (waiting,) = service.ask(type="help_queue")["rows"]
        assert (waiting["caller"], waiting["operator"]) == (ana.phone.name, OPERATOR)
        operator.key("1")
        operator.until_hears(ANA_HZ)
        ana.until_hears(OPERATOR_HZ)
        assert meeting.moderator.hears_for(0.5) == {BIA_HZ}
        operator.key("*3")
        operator.wait_for("CALL_CLOSED")
        meeting.is_as_ever()
        for line, mark in marks.items():
            assert line.never_heard(mark, OPERATOR_HZ)
    assert not service.ask(type="help_queue")["rows"]


@with_baresip
def test_an_operator_listens_and_whispers_until_the_room_is_locked(meeting: Meeting, tmp_path: Path):
    """`roda monitor`, `whisper`, `lock`."""
    service = meeting.service
    with Baresip(tmp_path, OPERATOR, OPERATOR_HZ, "PCMA", port=service.desk) as operator:
        marks = {line: line.mark() for line in (meeting.moderator, meeting.bia)}
        service.roda("monitor", meeting.id, "--operator", OPERATOR, "--silent")
        operator.wait_for("CALL_ESTABLISHED")
        operator.until_told()
        operator.key("1")
        operator.until_hears(MODERATOR_HZ, ANA_HZ, BIA_HZ)
        assert meeting.ana.hears_for(0.3) == {MODERATOR_HZ, BIA_HZ}
        service.roda("whisper", meeting.id, str(service.leg(meeting.ana)), "--operator", OPERATOR)
        meeting.ana.until_hears(MODERATOR_HZ, BIA_HZ, OPERATOR_HZ)
        service.give(OPERATOR, command="whisper", leg=0)
        meeting.ana.until_hears(MODERATOR_HZ, BIA_HZ)
        service.roda("lock", meeting.id)
        operator.wait_for("CALL_CLOSED")
        for line, mark in marks.items():
            assert line.never_heard(mark, OPERATOR_HZ)
    is_turned_away(service)
    service.give(command="lock", on=False)


def test_the_command_line_mutes_speaks_and_puts_out(meeting: Meeting):
    service, ana = meeting.service, meeting.ana
    leg = str(service.leg(ana))
    service.roda("mute", meeting.id, leg)
    meeting.bia.until_hears(MODERATOR_HZ)
    meeting.moderator.until_hears(BIA_HZ)
    service.give(command="mute_one", leg=int(leg), on=False)
    meeting.is_as_ever()
    with meeting.quiet() as lines:
        marks = [line.mark() for line in lines]
        service.roda("say", meeting.id, "conference_locked")
        for line, mark in zip(lines, marks, strict=True):
            until(lambda line=line, mark=mark: line.told_s(mark) > 0, f"{line} to be told")
    with service.participant(0) as victim:
        service.roda("kick", meeting.id, str(service.leg(victim)))
        victim.be_hung_up()
    service.until_calls(3)

"""Telephones beside a street: what the others hear of it is what the pair has asked for, and nobody is stuck muted."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.conference import commands
from bridge.conference.model import LOWERED_DB
from bridge.control import protocol
from bridge.service.settings import NoisyLines
from dsp.level import rms_dbov
from tests.simulation.office import Office
from tests.simulation.phone import Phone

STREET = 1_500.0
"""-27 dBov: as loud as somebody who speaks softly."""


def office(**given: object) -> tuple[Office, Phone, Phone]:
    """Ana, who is beside a street and says nothing, and Rui, a moderator who listens."""
    made = Office(given=given)
    ana, rui = made.participant("ana"), made.moderator("rui")
    made.quiet()
    for phone in (ana, rui):
        phone.say(0)
    ana.noise = STREET
    made.run(1.0)
    return made, ana, rui


def loudness(made: Office, listener: Phone, seconds: float = 1.0) -> float:
    """What somebody hears, in dBov."""
    return float(np.median(rms_dbov(listener.ear.frames(made.now - seconds, made.now))))


def shown(made: Office, phone: Phone) -> protocol.PersonRow:
    roster = made.bridge.ask(protocol.ShowConference(made.room.conference_id))
    assert isinstance(roster, protocol.Roster)
    (row,) = [row for row in roster.rows if row.leg == made.number_of(phone)]
    return row


def test_a_noisy_line_is_muted_told_and_opened_again_by_its_owner() -> None:
    made, ana, rui = office(noisy_lines=NoisyLines.MUTE)
    assert loudness(made, rui, 0.5) > -30
    made.told(ana, "muted_on_entry", keys="*6")
    assert ana.heard("line_disturbs")
    made.quiet()
    assert loudness(made, rui) < -60
    assert (shown(made, ana).muted, shown(made, ana).trouble) == (True, "noise")
    ana.press("*6")
    made.told(ana, "unmuted")
    ana.say(made.voice(ana))
    made.quiet()
    made.run(12.0)
    assert rui.hears(ana), "whoever has opened the line is left alone"
    assert not shown(made, ana).muted
    made.nothing_is_left()


def test_a_noisy_line_is_lowered_until_it_is_quiet() -> None:
    made, ana, rui = office(noisy_lines=NoisyLines.LOWER, noisy_notices=True)
    before = loudness(made, rui, 0.5)
    made.told(rui, "noisy_line")
    made.quiet()
    assert loudness(made, rui) == pytest.approx(before + LOWERED_DB, abs=1.0)
    ana.noise = 0.0
    made.until(lambda: not shown(made, ana).trouble, within_s=15.0)
    assert not shown(made, ana).lowered
    ana.amplitude = STREET
    ana.say(made.voice(ana))
    made.run(2.0)
    assert loudness(made, rui) > before - 6.0
    made.nothing_is_left()


def test_noise_is_taken_out_of_all_lines_by_the_console() -> None:
    made, _, rui = office()
    before = loudness(made, rui, 0.5)
    assert made.give(commands.SuppressNoise(on=True)).done
    made.run(6.0)
    assert loudness(made, rui) < before - 10.0
    assert all(each.suppressed for each in made.room.conference.participants.values())
    made.give(commands.SuppressNoise(on=False))
    made.run(1.0)
    assert loudness(made, rui, 0.5) == pytest.approx(before, abs=1.0)
    made.nothing_is_left()

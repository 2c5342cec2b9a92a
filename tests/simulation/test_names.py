"""Recorded names, heard where they must be and nowhere else (C2, `*8`, `*9`): everybody's name is the own tone, in syllables."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from tests.simulation.meeting import COUNTER_PASSWORD, MODERATOR, PARTICIPANT
from tests.simulation.office import Office
from tests.simulation.phone import Phone

NAMED: Final = {"announce_names": True}
SECOND: Final = 50
MOST_OF_IT: Final = 30
"""Of its frames: between two syllables a name is soft."""


def comes(office: Office, name: str, code: str) -> Phone:
    """Dial, key the code, say the name, keep it, be in."""
    phone = office.caller(name)
    phone.press(code)
    office.says_name(phone)
    office.until(lambda: office.is_in(phone))
    return phone


def when_heard(office: Office, listener: Phone, name_of: Phone, since: float) -> float | None:
    """When a second began in which a name sounded most of the time: no prompt has one frequency for so long."""
    heard = listener.ear.presence(office.voice(name_of), since, office.now)
    if len(heard) < SECOND:
        return None
    sounding = np.convolve(heard, np.ones(SECOND), "valid")
    whole = np.flatnonzero(sounding >= MOST_OF_IT)
    return since + 0.02 * float(whole[0]) if len(whole) else None


def meet(office: Office) -> tuple[Phone, Phone, Phone]:
    rui = comes(office, "rui", f"{MODERATOR}#{COUNTER_PASSWORD}#")
    ana, bia = (comes(office, name, f"{PARTICIPANT}#") for name in ("ana", "bia"))
    office.quiet()
    return rui, ana, bia


def test_the_manuals_roll_call_plays_the_names_in_order_to_the_one_who_asked_until_star_nine() -> None:
    """`*8`, `*9`."""
    office = Office(given=NAMED)
    rui, ana, bia = meet(office)
    asked_at = office.now
    rui.press("*8")
    office.told(rui, "roll_call_intro", count=3)
    office.told(rui, "roll_call_end")
    moments = [when_heard(office, rui, each, asked_at) for each in (rui, ana, bia)]
    assert None not in moments
    assert moments == sorted(moments)
    assert [when_heard(office, ana, each, asked_at) for each in (rui, ana, bia)] == [None] * 3
    office.quiet()
    rui.press("*8")
    asked_at = office.now
    office.until(lambda: when_heard(office, rui, rui, asked_at) is not None)
    rui.press("*9")
    office.run(1.6)  # a `2` could still make it `*92`
    stopped_at = office.now
    office.run(4.0)
    assert when_heard(office, rui, bia, stopped_at) is None
    assert rui.hears_silence(2.0)
    office.nothing_is_left()


def test_names_are_said_to_the_room_at_entry_and_exit() -> None:
    """C2: to those who are in; not what was said before the tone, nor into the recording."""
    office = Office(given=NAMED)
    rui, ana, _ = meet(office)
    leo = office.caller("leo")
    leo.press(f"{PARTICIPANT}#")
    began = office.now
    office.says_name(leo)
    assert when_heard(office, rui, leo, began) is None, "nobody hears a recording being made"
    assert leo.ear.presence(office.voice(leo), began, office.now).any(), "but its owner hears it again"
    came = office.now
    office.until(lambda: when_heard(office, rui, leo, came) is not None)
    assert when_heard(office, ana, leo, came) is not None
    office.quiet()
    left = office.now
    leo.hang_up()
    office.until(lambda: when_heard(office, rui, leo, left) is not None)
    office.nothing_is_left()


@pytest.mark.parametrize("gives_up_at", ["say_your_name", "name_choice"])
def test_who_hangs_up_while_a_name_is_recorded_leaves_nothing(gives_up_at: str) -> None:
    office = Office(given=NAMED)
    ana = office.caller("ana")
    ana.press(f"{PARTICIPANT}#")
    if gives_up_at == "name_choice":
        office.says_name(ana)
    else:
        office.told(ana, "say_your_name")
        office.run(2.0)
    ana.hang_up()
    office.nothing_is_left()


def test_who_says_nothing_is_asked_once_more_and_comes_in_without_a_name() -> None:
    """A dead microphone shuts nobody out."""
    office = Office(given=NAMED)
    rui, ana = comes(office, "rui", f"{MODERATOR}#{COUNTER_PASSWORD}#"), office.caller("ana")
    ana.say(0)
    ana.press(f"{PARTICIPANT}#")
    office.told(ana, "name_not_heard", within_s=30.0)
    office.told(ana, "name_not_recorded", within_s=30.0)
    office.until(lambda: office.is_in(ana))
    office.quiet()
    rui.press("*8")
    office.told(rui, "roll_call_unnamed", count=1)
    office.nothing_is_left()

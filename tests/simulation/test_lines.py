"""Bad lines: keys and voices through loss, jitter, reorder and duplication."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.switchboard.effects import LookUpPasscode
from tests.simulation.meeting import PARTICIPANT, Meeting
from tests.simulation.phone import State
from tests.support.netem import Burst, Conditions

HURT = Conditions(latency_s=0.030, jitter_s=0.020, loss=0.05, reorder=0.02, duplication=0.02)
"""5 % loss, and everything else that a bad mobile line does."""
LOSSY = Conditions(latency_s=0.030, jitter_s=0.015, loss=0.02)
BURSTS = Conditions(latency_s=0.030, jitter_s=0.015, burst=Burst(begins=0.01, ends=0.5))
"""2 % loss as it comes: two packets in a row at the mean."""
CALLERS = 50


def longest_gap_s(heard: NDArray[np.bool_]) -> float:
    """The longest time without the tone."""
    return 0.020 * max((len(list(run)) for there, run in groupby(heard.tolist()) if not there), default=0)


def test_passcodes_keyed_through_five_percent_loss_enter_right() -> None:
    """Of 50 callers 99 % come in, and at their first attempt."""
    meeting = Meeting(seed=5)
    callers = [meeting.phone(f"caller{number}", up=HURT) for number in range(CALLERS)]
    for phone in callers:
        phone.dial("551130000000")
    meeting.until(lambda: all(phone.state is State.TALKING for phone in callers))
    for phone in callers:
        phone.press(f"{PARTICIPANT}#")
    meeting.until(lambda: not any(phone.pressing for phone in callers))
    meeting.run(1.0)
    right = sum(meeting.is_in(phone) for phone in callers)
    assert right >= 0.99 * CALLERS, f"{right} of {CALLERS}"
    attempts = sum(isinstance(effect, LookUpPasscode) for effect in meeting.bridge.done)
    assert attempts == CALLERS
    meeting.nothing_is_left()


def test_short_keys_pressed_by_a_machine_enter_right_too() -> None:
    """40 ms down and 40 ms up is the fastest that equipment must understand (ITU-T Q.24)."""
    meeting = Meeting(seed=6)
    callers = [meeting.phone(f"caller{number}", up=LOSSY) for number in range(10)]
    for phone in callers:
        phone.dial("551130000000")
    meeting.until(lambda: all(phone.state is State.TALKING for phone in callers))
    for phone in callers:
        phone.press(f"{PARTICIPANT}#", key_ms=40, gap_ms=40)
    meeting.run(3.0)
    assert all(meeting.is_in(phone) for phone in callers)
    meeting.nothing_is_left()


@pytest.mark.parametrize("line", [LOSSY, BURSTS], ids=["evenly", "in bursts"])
def test_a_voice_through_two_percent_loss_is_hardly_interrupted(line: Conditions) -> None:
    """The talker's line loses, the listeners' do not: what is missed is what the bridge could not conceal."""
    meeting = Meeting(seed=7)
    ana, bia, leo = (
        meeting.phone("ana", up=line),
        meeting.phone("bia"),
        meeting.phone("leo"),
    )
    for phone in (ana, bia, leo):
        phone.dial("conf-talk")
    bia.say(0)
    leo.say(0)
    meeting.run(3.0)
    began = meeting.now
    meeting.run(10.0)
    for listener in (bia, leo):
        heard = listener.ear.presence(ana.frequency_hz, began, meeting.now)
        assert len(heard) >= 495
        assert heard.mean() > 0.98
        assert longest_gap_s(heard) <= 0.060
    assert ana.level(ana.frequency_hz, 5.0) < -60.0, "nobody hears himself"
    meeting.nothing_is_left()


def test_who_waits_hears_nobody_however_bad_the_lines_are() -> None:
    """C3."""
    meeting = Meeting(seed=8, given={"music_until_moderator": False})
    phones = [meeting.phone(f"caller{number}", up=LOSSY) for number in range(3)]
    for phone in phones:
        meeting.keys_participant(meeting.calls(phone))
    meeting.run(8.0)
    for phone in phones:
        assert phone.hears_silence(2.0)
    meeting.nothing_is_left()


def test_a_line_that_loses_signalling_as_well_still_brings_people_together() -> None:
    """INVITE, 200, ACK and BYE through 20 % loss: slower, and all the same."""
    meeting = Meeting(seed=9)
    phones = [meeting.phone(f"caller{number}", up=Conditions(loss=0.2)) for number in range(6)]
    for phone in phones:
        phone.dial("conf-far")
    meeting.until(lambda: all(phone.state is State.TALKING for phone in phones), within_s=10.0)
    meeting.run(2.0)
    assert all(phones[0].hears(other) for other in phones[1:])
    meeting.nothing_is_left()


def test_a_change_of_the_path_is_survived() -> None:
    """The delay jumps by 150 ms and back: the buffer grows, then drains again."""
    meeting = Meeting(seed=10)
    ana, bia = meeting.phone("ana"), meeting.phone("bia")
    for phone in (ana, bia):
        phone.dial("conf-move")
    meeting.run(2.0)
    ana.line.rtp_up.conditions = Conditions(latency_s=0.155)
    meeting.run(5.0)
    assert bia.hears(ana, 2.0)
    ana.line.rtp_up.conditions = Conditions()
    meeting.run(5.0)
    assert bia.hears(ana, 2.0)
    worker = meeting.pool.worker_of(meeting.leg(ana))
    meeting.run(15.0)
    rows = np.flatnonzero(worker.table.stream > 0)
    assert worker.table.delay_ms[rows].max() < 60.0
    meeting.nothing_is_left()

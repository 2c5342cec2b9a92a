"""Everything that the bridge wants done fails once: callers hear of it, calls end well, and nothing is left behind."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bridge.switchboard import effects
from tests.simulation.bridge import ACCESS_NUMBER
from tests.simulation.meeting import COUNTER_PASSWORD, MODERATOR, PARTICIPANT, Meeting
from tests.simulation.phone import State
from tests.support.netem import Conditions

# Streams


def test_when_no_port_is_left_callers_are_asked_to_come_again() -> None:
    meeting = Meeting(ports=(20_000, 20_004))
    ana, bia, leo = (meeting.phone(name) for name in ("ana", "bia", "leo"))
    for phone in (ana, bia):
        meeting.calls(phone)
    leo.dial(ACCESS_NUMBER)
    meeting.until(lambda: leo.state is State.OVER, within_s=1.0)
    assert leo.refusal is not None
    assert leo.refusal.status == 503
    assert int(leo.refusal.headers.get("Retry-After") or 0) > 0
    ana.hang_up()
    meeting.run(1.0)
    meeting.calls(leo)
    meeting.nothing_is_left()


def test_when_every_worker_is_full_callers_are_asked_to_come_again() -> None:
    meeting = Meeting(workers=2, rows=1)
    phones = [meeting.phone(name) for name in ("ana", "bia", "leo")]
    for phone in phones:
        phone.dial(ACCESS_NUMBER)
    meeting.run(1.0)
    assert [phone.state for phone in phones] == [State.TALKING, State.TALKING, State.OVER]
    assert phones[2].refusal is not None
    assert phones[2].refusal.status == 503
    meeting.nothing_is_left()


# The store


def test_while_the_store_is_down_callers_are_told_so_and_those_inside_talk_on(meeting: Meeting) -> None:
    """R3: what was recorded meanwhile is written when it is back."""
    rui, ana = meeting.moderator("rui"), meeting.participant("ana")
    meeting.bridge.store.down = True
    bia = meeting.caller("bia")
    bia.press(f"{PARTICIPANT}#")
    meeting.until(lambda: bia.heard("service_problem", within_s=5.0))
    meeting.until(lambda: bia.state is State.OVER)
    assert rui.hears(ana)
    ana.hang_up()
    meeting.run(1.0)
    meeting.bridge.store.down = False
    meeting.run(8.0)
    assert {entry.caller: entry.reason for entry in meeting.records()} == {"rui": None, "ana": "hung_up"}
    meeting.nothing_is_left()


# A worker


def test_a_worker_that_dies_costs_a_moment_of_silence_and_nothing_else() -> None:
    """design.md section 2: the same sockets, numbers that go on, sound within a second, mute and prompts remembered."""
    meeting = Meeting(workers=2)
    rui, ana, bia = meeting.moderator("rui"), meeting.participant("ana"), meeting.participant("bia")
    bia.press("*6")
    meeting.run(4.0)
    phones, ports = (rui, ana, bia), [phone._bridge_port for phone in (rui, ana, bia)]
    killed_at = meeting.now
    meeting.pool.kill(meeting.pool.worker_of(meeting.leg(rui)))
    meeting.run(1.0)
    assert meeting.pool.replaced == 1
    assert ana.hears(rui)
    assert rui.hears(ana)
    assert not rui.hears(bia), "muted before, muted after"
    for phone in phones:
        numbers = phone.ear.sequences(killed_at - 1.0, meeting.now)
        assert {(after - before) & 0xFFFF for before, after in pairwise(numbers)} == {1}
    assert [phone._bridge_port for phone in phones] == ports
    assert not any("INVITE" in line for phone in phones for line in phone.received)
    bia.press("*6")
    meeting.until(lambda: rui.hears(bia))
    meeting.nothing_is_left()


def test_a_caller_in_reception_whose_worker_dies_hears_the_question_and_comes_in() -> None:
    meeting = Meeting()
    ana = meeting.caller("ana")
    meeting.run(0.5)
    meeting.pool.kill(meeting.pool.workers[0])
    meeting.until(lambda: ana.heard("enter_passcode"))
    meeting.keys_participant(ana)
    meeting.until(ana.hears_music, within_s=8.0)
    meeting.pool.kill(meeting.pool.workers[0])
    meeting.run(1.0)
    assert ana.hears_music()
    meeting.nothing_is_left()


def test_a_worker_that_dies_while_its_callers_leave_takes_nothing_with_it() -> None:
    """Streams that were being closed or moved are closed or moved all the same."""
    meeting = Meeting(workers=2)
    rui, ana, bia = meeting.moderator("rui"), meeting.participant("ana"), meeting.caller("bia")
    leaving = [ana, rui]
    bia.press(f"{PARTICIPANT}#")
    for phone in leaving:
        phone.hang_up()
    meeting.run(0.006)
    for worker in list(meeting.pool.workers):
        meeting.pool.kill(worker)
    meeting.run(2.0)
    meeting.nothing_is_left()


# Sending


def test_a_phone_that_cannot_be_reached_any_more_loses_its_call_and_no_other(meeting: Meeting) -> None:
    """Every datagram to it fails from one moment on; it still talks, so it is noticed at its first unanswered request."""
    rui, ana = meeting.moderator("rui"), meeting.participant("ana")
    bia = meeting.participant("bia")
    meeting.run(3.0)
    bia.line.sip_down.cut = bia.line.rtp_down.cut = True
    meeting.run(2.0)
    assert rui.hears(bia)
    rui.hang_up()
    ana.hang_up()
    meeting.run(80.0)
    assert meeting.bridge.board.calls == 0, "the grace time is over, its BYE was said to nobody"
    bia.vanish()
    bia.state = State.OVER
    meeting.nothing_is_left()


# Each effect, once


def day(meeting: Meeting) -> None:
    """One waits, the moderator comes, keys are pressed, people go. It takes what it takes: some calls may fail."""
    ana, rui = meeting.phone("ana"), meeting.phone("rui")
    ana.dial(ACCESS_NUMBER)
    meeting.run(0.4)
    ana.press(f"{PARTICIPANT}#")
    meeting.run(2.1)
    rui.dial(ACCESS_NUMBER)
    meeting.run(0.4)
    rui.press(f"{MODERATOR}#{COUNTER_PASSWORD}#")
    meeting.run(3.6)
    ana.press("*6")
    rui.press("*7*5")
    meeting.run(1.2)
    if ana.state is State.TALKING:
        ana.hold()
        meeting.run(0.1)
        ana.resume()
        meeting.run(0.1)
    ana.hang_up()
    meeting.run(0.1)
    rui.hang_up()
    meeting.run(0.5)


def kind(effect: effects.Effect) -> str:
    """By what the effect is told apart: a command to a worker by the command."""
    thing = effect.command if isinstance(effect, effects.MediaCommand) else effect
    return type(thing).__name__


KINDS = (
    "AcceptCall", "AcceptOffer", "CheckCounterPassword", "CloseRoom", "CloseStream", "HangUpCall", "LookUpPasscode",
    "Music", "Mute", "OpenStream", "Play", "PlayRoom", "RecordAct", "RecordConferenceEnded", "RecordConferenceStarted",
    "RecordJoined", "RecordLeft", "Route", "StopPlay", "UpdateStream",
)  # fmt: skip
"""What a day has. HangUpCall is not among a good day's; it is what a bad one ends with."""


def test_a_day_has_all_these_effects() -> None:
    meeting = Meeting(seed=3)
    day(meeting)
    meeting.nothing_is_left()
    assert {kind(effect) for effect in meeting.bridge.done} == set(KINDS) - {"HangUpCall"}
    assert [entry.reason for entry in meeting.bridge.entries()] == ["hung_up", "hung_up"]


@pytest.mark.parametrize("failing", [name for name in KINDS if name not in {"CloseStream", "HangUpCall"}])
def test_a_day_on_which_one_thing_fails_once_ends_well(failing: str) -> None:
    """CloseStream and HangUpCall cannot fail: the pool and the agent always have what they name."""
    meeting = Meeting(seed=3)
    failed: list[effects.Effect] = []

    def fails(effect: effects.Effect) -> bool:
        if failed or kind(effect) != failing:
            return False
        failed.append(effect)
        return True

    meeting.bridge.fails = fails
    day(meeting)
    assert failed
    if failing.startswith("Record"):
        meeting.everybody_hangs_up()
        meeting.run(2.0)
        assert meeting.bridge.board.calls == 0
        return
    meeting.nothing_is_left()


def test_through_a_line_that_fails_half_of_the_time_calls_end_well() -> None:
    meeting = Meeting(seed=4)
    phones = [meeting.phone(f"caller{number}", up=Conditions(loss=0.5)) for number in range(8)]
    for phone in phones:
        phone.dial("conf-storm")
    meeting.run(6.0)
    meeting.nothing_is_left()

"""Timers: each has something to do, at its time and not before."""

import pytest

from bridge.conference.alarms import ALARMS, TIMER_SLACK_S
from bridge.conference.events import TimerFired, TimerKey
from bridge.conference.model import Phase
from tests.bridge.conference.room import Room


def test_every_timer_has_its_alarm():
    assert set(ALARMS) == set(TimerKey)


@pytest.mark.parametrize("early", [TIMER_SLACK_S * 2, 30.0])
def test_a_timer_that_was_meant_for_an_earlier_deadline_is_ignored(early):
    room = Room()
    room.moderator(1)
    room.participant(2)
    room.leave(1)
    room.now += 60 - early
    assert room(TimerFired(TimerKey.GRACE)) == []
    assert room.phase is Phase.ENDING


def test_a_timer_may_fire_a_little_early():
    room = Room()
    room.moderator(1)
    room.participant(2)
    room.leave(1)
    room.now += 60 - TIMER_SLACK_S / 2
    room(TimerFired(TimerKey.GRACE))
    assert room.phase is Phase.ENDED


def test_a_timer_that_does_not_run_is_ignored():
    room = Room()
    room.moderator(1)
    assert room(TimerFired(TimerKey.GRACE)) == []

"""Operators' telephones that are answered late, by a machine, or not at all (O3)."""

from __future__ import annotations

import pytest

from bridge.helpdesk.desk import ACCEPT_S, REST_S
from tests.support.operated_world import RING_S, OperatedWorld, settled


def test_an_operator_who_does_not_answer_is_followed_by_the_next(world: OperatedWorld) -> None:
    caller = world.moderates()
    world.presses(caller, "*0")
    world.rings_there()
    world.passes(RING_S)
    assert list(world.telephones()) == ["bia"]
    settled(world)


@pytest.mark.parametrize("status", [486, 603, 503, 404])
def test_an_operator_who_is_busy_or_declines_is_followed_by_the_next(
    world: OperatedWorld, status: int
) -> None:
    caller = world.moderates()
    world.presses(caller, "*0")
    ana = world.rings_there()
    world.refuses(world.leg(ana).call, status)
    assert list(world.telephones()) == ["bia"]
    assert world.routed[caller] == world.room().number
    settled(world)


def test_an_operator_who_cannot_be_reached_is_followed_by_the_next(world: OperatedWorld) -> None:
    caller = world.moderates()
    world.presses(caller, "*0")
    world.pool_answers(0, opens=True)
    world.call_is_placed(found=False)
    assert list(world.telephones()) == ["bia"]
    world.pool_answers(0, opens=False)
    assert not world.telephones(), "no stream for bia either"
    world.passes(REST_S)
    assert list(world.telephones()) == ["ana"]
    settled(world)


def test_a_voicemail_never_presses_one(world: OperatedWorld) -> None:
    caller = world.moderates()
    world.presses(caller, "*0")
    ana = world.takes_phone("ana")
    began = world.now
    while world.is_up(ana):
        world.hears_all()
        world.passes(1.0)
    assert world.now - began < ACCEPT_S
    assert list(world.telephones()) == ["bia"]
    assert world.routed[caller] == world.room().number
    settled(world)


def test_who_hangs_up_instead_of_pressing_one_is_followed_by_the_next(world: OperatedWorld) -> None:
    caller = world.moderates()
    world.presses(caller, "*0")
    ana = world.takes_phone("ana")
    world.ends(ana)
    assert list(world.telephones()) == ["bia"]
    settled(world)


def test_who_takes_the_phone_late_still_has_time_to_press_one(world: OperatedWorld) -> None:
    caller = world.moderates()
    world.presses(caller, "*0")
    world.rings_there()
    world.passes(RING_S - 1)
    ana = world.takes_phone("ana")
    world.passes(6.0)
    world.presses(ana, "1")
    assert world.together(caller, ana)
    settled(world)


def test_a_question_whose_end_is_never_told_is_given_up(world: OperatedWorld) -> None:
    """No media worker says that the words have been heard: the switchboard's own guard does."""
    caller = world.moderates()
    world.presses(caller, "*0")
    world.takes_phone("ana")
    world.passes(ACCEPT_S + 10.0)
    assert "ana" not in world.telephones()
    settled(world)

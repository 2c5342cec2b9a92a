"""Nobody free: in the room, in the IVR, in the hall (`*0`, A3, O2)."""

from __future__ import annotations

from bridge.control import protocol
from bridge.service.role import Role
from bridge.switchboard.operators import ASKS_MAX
from tests.support.operated_world import WAIT_S, OperatedWorld, away, settled


def test_in_the_room_who_waited_too_long_is_told_once_and_waits_on(world: OperatedWorld) -> None:
    away(world)
    caller = world.moderates()
    world.presses(caller, "*0")
    world.said(caller)
    world.passes(WAIT_S)
    assert world.said(caller) == ["help_none_free"]
    world.passes(WAIT_S)
    assert "help_none_free" not in world.said(caller)
    world.asks(protocol.SetAway("bia", False))
    assert world.together(caller, world.accepts("bia"))
    settled(world)


def test_in_the_ivr_who_waited_too_long_goes_on_without_an_operator(world: OperatedWorld) -> None:
    away(world)
    caller = world.asks_before()
    world.said(caller)
    world.passes(WAIT_S)
    assert world.music[caller] is None
    assert world.said(caller) == ["help_none_free"]
    world.hears_all()
    world.keys_code(caller, Role.MODERATOR)
    assert world.routed[caller] == world.room().number
    settled(world)


def test_in_the_hall_who_waited_too_long_is_not_let_in(world: OperatedWorld) -> None:
    """O2: who is not greeted is not admitted."""
    away(world)
    world.moderates(assisted=True)
    caller = world.joins(assisted=True)
    world.passes(WAIT_S)
    world.hears_all()
    world.hears_all()
    assert world.said(caller)[-2:] == ["help_none_free", "goodbye"]
    assert not world.is_up(caller)
    settled(world)


def test_with_no_operators_nobody_is_let_in_by_the_hall() -> None:
    world = OperatedWorld()
    world.moderates(assisted=True)
    caller = world.keys_code(world.dials(), assisted=True)
    assert "help_none_free" in world.said(caller)
    world.hears_all()
    world.hears_all()
    assert not world.is_up(caller)


def test_who_asks_and_withdraws_again_and_again_rings_no_telephone_any_more(world: OperatedWorld) -> None:
    """Each time a telephone is called, maybe at a price (G3)."""
    moderator = world.moderates()
    for _ in range(ASKS_MAX):
        world.presses(moderator, "*0*0")
    world.said(moderator)
    world.presses(moderator, "*0")
    assert world.said(moderator) == ["not_now"]
    assert not world.asks(protocol.HelpQueue()).rows
    settled(world)

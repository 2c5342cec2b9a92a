"""Going by a table."""

from __future__ import annotations

from enum import StrEnum

import pytest

from sip.errors import LocalError
from sip.walking import Walker, go


class Light(StrEnum):
    RED = "red"
    GREEN = "green"


class Told(StrEnum):
    GO = "go"
    STOP = "stop"


TABLE = {Light.RED: {Told.GO: Light.GREEN}, Light.GREEN: {Told.STOP: Light.RED}}


class Lamp(Walker[Light, Told]):
    table = TABLE
    __slots__ = ("other",)

    def __init__(self) -> None:
        self.state = self.other = Light.RED

    def __str__(self) -> str:
        return "lamp 7"


def test_it_goes_where_the_table_leads_and_stays_where_it_leads_nowhere() -> None:
    lamp = Lamp()
    assert lamp.may(Told.GO)
    assert lamp.step(Told.GO)
    assert lamp.state is Light.GREEN
    assert not lamp.may(Told.GO)
    assert not lamp.step(Told.GO)
    assert lamp.state is Light.GREEN


def test_a_verb_of_ours_that_is_out_of_place_is_our_fault() -> None:
    lamp = Lamp()
    lamp.require(Told.GO)
    with pytest.raises(LocalError, match="lamp 7 is green: go is out of place"):
        lamp.require(Told.GO)


def test_a_walker_may_have_another_state_beside_that_goes_its_own_way() -> None:
    lamp = Lamp()
    assert go(lamp, "other", TABLE, Told.GO)
    assert not go(lamp, "other", TABLE, Told.GO)
    assert (lamp.state, lamp.other) == (Light.RED, Light.GREEN)

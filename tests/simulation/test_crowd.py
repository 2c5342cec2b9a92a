"""Whatever people do: nobody is in two places, hears a room before it begins or another room, is stuck muted, or left."""

from __future__ import annotations

import pytest

from tests.simulation.crowd import Crowd


@pytest.mark.parametrize("seed", range(2))
def test_whatever_people_press_and_whenever_they_go_everybody_hears_whom_they_should(seed: int) -> None:
    """C3, C4, G1, `*5`, `*6`; half way through a worker dies."""
    crowd = Crowd(seed, people=10)
    crowd.live(30.0)
    assert crowd.looks > 100
    assert crowd.heard > 10
    crowd.world.nothing_is_left()

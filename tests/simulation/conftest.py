"""What the tests of the simulation share."""

from __future__ import annotations

import pytest

from tests.simulation.meeting import Meeting


@pytest.fixture
def meeting() -> Meeting:
    """A world with a conference that anybody may come to who has a code."""
    return Meeting()

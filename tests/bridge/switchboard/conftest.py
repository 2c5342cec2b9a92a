"""A conversation that ends with nothing unexpected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.operated_world import OperatedWorld
from tests.support.playbook import Playbook

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def play() -> Iterator[Playbook]:
    book = Playbook()
    yield book
    book.done()


@pytest.fixture
def world() -> OperatedWorld:
    return OperatedWorld("ana", "bia")

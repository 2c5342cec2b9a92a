"""The library is read once for all tests."""

from __future__ import annotations

import pytest

from prompts.library import Library


@pytest.fixture(scope="session")
def library() -> Library:
    return Library.load()

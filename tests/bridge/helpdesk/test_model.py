"""Who loses nothing by waiting on."""

from __future__ import annotations

import pytest

from bridge.helpdesk.model import Kind, Request


@pytest.mark.parametrize(
    ("kind", "conference", "in_room"),
    [
        (Kind.HELP, "c-1", True),
        (Kind.HELP, "", False),
        (Kind.GREETING, "c-1", False),
        (Kind.GREETING, "", False),
    ],
)
def test_only_who_asked_for_help_in_a_conference_is_among_others(
    kind: Kind, conference: str, in_room: bool
) -> None:
    assert Request(1, 7, kind, conference, "Ana", 0.0).in_room is in_room

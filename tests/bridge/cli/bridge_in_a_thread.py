"""A bridge that takes commands and does nothing (the fixture `bridge`): what it was asked is kept, what it answers a test says."""

from __future__ import annotations

from typing import Any

from bridge.conference.model import Phase
from bridge.control.protocol import (
    AnyReply,
    AnyRequest,
    ConferenceRow,
    Conferences,
    Give,
    Given,
    ListConferences,
)
from bridge.service.settings import MuteMode

BOARD = ConferenceRow(
    "0192f3a4-1111-7aaa-8000-000000000001", 7, "Board", Phase.RUNNING, 3, 1, MuteMode.QUESTIONS, True, 75.4
)
SALES = ConferenceRow(
    "0192f3a4-2222-7bbb-8000-000000000002",
    0,
    "sales",
    Phase.WAITING,
    1,
    0,
    MuteMode.CONVERSATION,
    False,
    None,
)


class FakeBridge:
    """Two conferences, and a reply to whatever else is asked."""

    def __init__(self) -> None:
        self.asked: list[AnyRequest] = []
        """Without the looking for a conference that goes before."""
        self.rows: tuple[ConferenceRow, ...] = (BOARD, SALES)
        self.reply: AnyReply = Given(done=True, text="locked")
        self.refused = False
        """Whether commands are; `reply` is then to what is asked next."""

    def answer(self, request: Any) -> AnyReply:
        if isinstance(request, ListConferences):
            return Conferences(self.rows)
        self.asked.append(request)
        if self.refused and isinstance(request, Give):
            return Given(done=False, text="not_now")
        return self.reply

    @property
    def command(self) -> Any:
        """The one command that was given to the board's conference."""
        (request,) = self.asked
        assert isinstance(request, Give)
        assert request.conference == BOARD.id
        return request.command

"""The desk's own books: a request and an operator as they stand at the moment. Nobody else changes them."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from bridge.helpdesk.states import REQUEST, OperatorState, RequestState, RequestTurn

if TYPE_CHECKING:
    from bridge.helpdesk.model import Operator, Request


class Case:
    """A request and how it stands."""

    __slots__ = ("patient_until", "post", "request", "state", "told")

    def __init__(self, request: Request, patient_until: float) -> None:
        self.request = request
        self.state = RequestState.WAITING
        self.patient_until = patient_until
        self.post: Post | None = None
        """The operator it is offered to."""
        self.told = False
        """That nobody is free."""

    def step(self, turn: RequestTurn) -> None:
        """Turn the request's state, as the table says."""
        self.state = REQUEST[self.state][turn]


class Post:
    """An operator and how they stand."""

    __slots__ = (
        "case",
        "idle_since",
        "name",
        "phone_up",
        "rests_until",
        "rings_until",
        "since",
        "state",
        "wants_away",
    )

    def __init__(self, operator: Operator) -> None:
        self.name = operator.name
        self.state = OperatorState.FREE
        self.since = 0.0
        self.idle_since = 0.0
        """A ring that came to nothing does not count as work."""
        self.phone_up = False
        self.wants_away = False
        """Away as soon as free: also while an operator who is away takes a caller, or listens."""
        self.case: Case | None = None
        """RINGING and TALKING: for whom, with whom."""
        self.rings_until = inf
        self.rests_until = -inf

    def has(self, request_id: int) -> bool:
        """Whether they are rung for this request, or talk because of it."""
        return self.case is not None and self.case.request.id == request_id

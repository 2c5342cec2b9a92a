"""The subscribing half of a telephone, beside an agent that has only the notifying one: it asks, refreshes, and answers NOTIFYs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.client_transaction import Failure
from sip.message import Request, Response
from sip.parser import parse
from sip.reply import Echo
from sip.settings import PACKAGES

if TYPE_CHECKING:
    from sip.agent import Agent
    from sip.client_transaction import ClientTransaction, Outcome
    from sip.dialog import Dialog
    from sip.flow import Flow


class RosterPhone:
    """One subscription, in the dialog of a call or in one of its own."""

    def __init__(self, agent: Agent, dialog: Dialog) -> None:
        self._agent = agent
        self._dialog = dialog
        self.answers: list[int] = []
        """To our SUBSCRIBEs: 408 where none came."""
        self.states: list[str] = []
        """Of Subscription-State, in the order of the NOTIFYs."""
        self.bodies: list[bytes] = []
        self.repeated = 0
        """NOTIFYs that came more than once, or too late."""
        self._last = 0

    def subscribe(self, expires_s: int, now: float) -> None:
        """Ask, ask for longer, or (0) ask no more."""
        core = self._agent._core
        fields = (
            core.contact(self._dialog.flow),
            ("Event", "conference"),
            ("Accept", PACKAGES["conference"]),
            ("Expires", str(expires_s)),
        )
        core.request(self._dialog, "SUBSCRIBE", now, user=self._answered, fields=fields)

    def _answered(self, _: ClientTransaction, outcome: Outcome, now: float) -> None:
        if isinstance(outcome, Failure):
            self.answers.append(408)
        elif outcome.status >= 200:
            self.answers.append(outcome.status)
            if outcome.status < 300:
                self._learn(outcome)

    def _learn(self, response: Response) -> None:
        dialog = self._dialog
        if not dialog.remote_tag:
            dialog.remote = response.headers.get("To") or ""
            dialog.remote_tag = response.to.tag or ""
        dialog.refresh(response)

    def takes(self, data: bytes, flow: Flow) -> bytes | None:
        """Answer a NOTIFY that is ours; None for all that is not."""
        if not data.startswith(b"NOTIFY "):
            return None
        request = parse(data)
        assert isinstance(request, Request)
        if request.headers.get("Event") != "conference" or request.to.tag != self._dialog.local_tag:
            return None
        assert request.call_id == self._dialog.call_id
        number = request.cseq.number
        if number <= self._last:
            self.repeated += 1
        else:
            self._last = number
            self.states.append(request.headers.get("Subscription-State") or "")
            if request.body:
                assert request.headers.get("Content-Type") == PACKAGES["conference"]
                self.bodies.append(request.body)
        return Echo(request, flow, "").encode(200, [self._agent._core.contact(flow)])

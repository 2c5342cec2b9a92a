"""INVITEs that we no longer want an answer to: CANCEL (RFC 3261 9.1), and what still comes by a way that was left.

Who gave no sign of life is asked no more, but listened to until timer B: a provisional response brings the CANCEL on its
way, and a 2xx is acknowledged and hung up, so that no telephone is left off the hook.
"""

from typing import Final

from sip.client_transaction import ClientTransaction, Failure, Outcome
from sip.core import Acknowledgement, Core
from sip.dialog import Dialog
from sip.draft import Fields
from sip.message import Response
from sip.timers import GIVE_UP_S

FORKS_MAX: Final = 16
"""Answers to one INVITE that are acknowledged and hung up; further ones are dropped and counted."""


def leave(core: Core, transaction: ClientTransaction, tag: str) -> None:
    """Turn to another way; this one may yet wake up."""
    core.transactions.hush(transaction)
    transaction.user = _Left(core, tag)


def send_cancel(core: Core, transaction: ClientTransaction, fields: Fields, now: float) -> None:
    """CANCEL, by the way of its INVITE."""
    core.start(transaction.draft.cancelling((*fields, *core.agent)), transaction.flow, None, now)


class _Left:
    """An INVITE that was left behind, as the user of its transaction."""

    __slots__ = ("acknowledgements", "cancelled", "core", "tag")

    def __init__(self, core: Core, tag: str) -> None:
        self.core = core
        self.tag = tag
        self.cancelled = False
        self.acknowledgements: dict[str, Acknowledgement] = {}

    def __call__(self, transaction: ClientTransaction, outcome: Outcome, now: float) -> None:
        if isinstance(outcome, Failure) or outcome.status >= 300:
            return
        if outcome.status >= 200:
            self._answered(transaction, outcome, now)
        elif not self.cancelled:
            self.cancelled = True
            send_cancel(self.core, transaction, (), now)
            # A peer of RFC 2543 may leave it at that (9.1).
            self.core.deadlines.set(now + GIVE_UP_S, lambda _: self.core.transactions.give_up(transaction))

    def _answered(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        core = self.core
        peer = response.to.tag or ""
        known = self.acknowledgements.get(peer)
        if known is not None:
            core.send(*known)
        elif len(self.acknowledgements) >= FORKS_MAX:
            core.counters["dropped:too many forks"] += 1
        else:
            dialog = Dialog.of_response(response, transaction.draft, transaction.flow, self.tag)
            self.acknowledgements[peer] = core.acknowledge(dialog, transaction.draft)
            core.request(dialog, "BYE", now)

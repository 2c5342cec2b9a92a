"""What the switchboard wants of subscriptions and REFERs, done by the agent: its effects, each by the verb of that name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.switchboard import effects
from sip.headers import Address
from sip.uri import Uri

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.agent import Agent


def performs(agent: Agent, now: Callable[[], float]) -> dict[type, Callable[[Any], None]]:
    """Return who does what, by the effect's type."""
    return {
        effects.AcceptSubscription: lambda effect: agent.accept_subscription(
            effect.subscription, now(), pending=effect.pending
        ),
        effects.RejectSubscription: lambda effect: agent.reject_subscription(
            effect.subscription, effect.status, now(), headers=effect.headers
        ),
        effects.Notify: lambda effect: agent.notify(
            effect.subscription, effect.body, effect.content_type, now()
        ),
        effects.EndSubscription: lambda effect: agent.end_subscription(
            effect.subscription, effect.reason, now()
        ),
        effects.AcceptRefer: lambda effect: agent.accept_refer(effect.refer, now()),
        effects.RejectRefer: lambda effect: agent.reject_refer(effect.refer, effect.status, now()),
        effects.ReportRefer: lambda effect: agent.refer_progress(effect.refer, effect.status, "", now()),
        effects.Refer: lambda effect: agent.refer(effect.call, Address("", Uri.parse(effect.to)), now()),
    }

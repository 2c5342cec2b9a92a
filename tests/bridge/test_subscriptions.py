"""Every effect about subscriptions and REFERs is done by the agent's verb of that name."""

from unittest.mock import Mock, call

import pytest

from bridge.subscriptions import performs
from bridge.switchboard import effects
from sip.agent import Agent
from sip.headers import Address


@pytest.mark.parametrize(
    ("effect", "done"),
    [
        (effects.AcceptSubscription(7), call.accept_subscription(7, 5.0, pending=False)),
        (effects.AcceptSubscription(7, pending=True), call.accept_subscription(7, 5.0, pending=True)),
        (
            effects.RejectSubscription(7, 489, (("Allow-Events", "conference"),)),
            call.reject_subscription(7, 489, 5.0, headers=(("Allow-Events", "conference"),)),
        ),
        (effects.Notify(7, b"x", "text/x"), call.notify(7, b"x", "text/x", 5.0)),
        (effects.EndSubscription(7, "noresource"), call.end_subscription(7, "noresource", 5.0)),
        (effects.AcceptRefer(8), call.accept_refer(8, 5.0)),
        (effects.RejectRefer(8, 603), call.reject_refer(8, 603, 5.0)),
        (effects.ReportRefer(8, 180), call.refer_progress(8, 180, "", 5.0)),
        (
            effects.Refer(9, "sip:bob@b.example;transport=tcp"),
            call.refer(9, Address.parse("<sip:bob@b.example;transport=tcp>"), 5.0),
        ),
    ],
)
def test_what_is_wanted_is_done(effect: effects.Effect, done: object) -> None:
    agent = Mock(spec=Agent)
    performs(agent, lambda: 5.0)[type(effect)](effect)
    assert agent.mock_calls == [done]

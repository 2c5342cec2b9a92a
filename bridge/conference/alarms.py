"""What each timer of a conference is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.conference import course, patience
from bridge.conference.events import TimerKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.conference.draft import Draft

TIMER_SLACK_S: Final = 0.05
"""A timer may fire this much early, as the clocks of event loops do. One that fires earlier was meant for a deadline
that has been moved since, and is ignored."""

ALARMS: Final[dict[TimerKey, Callable[[Draft], None]]] = {
    TimerKey.WAITING_PROMPT: course.waiting_prompt,
    TimerKey.GRACE: course.grace_over,
    TimerKey.LENGTH_WARNING: course.warn_of_length,
    TimerKey.LENGTH: course.length_reached,
    TimerKey.HOURS_END: course.hours_ended,
    TimerKey.STRANDED: patience.ask,
    TimerKey.STRANDED_ANSWER: patience.give_up,
    TimerKey.STRAGGLERS: course.forget_stragglers,
}


def timer_fired(draft: Draft, key: TimerKey) -> None:
    """Do what the timer was for, unless it was cancelled or set anew meanwhile."""
    due = draft.due(key)
    if due is None or draft.now < due - TIMER_SLACK_S:
        return
    draft.forget_timer(key)
    ALARMS[key](draft)

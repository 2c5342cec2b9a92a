"""One event in; the next conference and what is to be done, out.

`reduce` changes nothing it is given, knows no clock and never fails on anything that people or a network can do: an
event that comes too late (a key of somebody who has left, a timer that was cancelled) has no effect. Do the effects in
the order given, then bring the next event.

The rules themselves: `attendance` (who comes and goes), `course` (begin, grace, end), `floor` (commands).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from bridge.conference import attendance, course, floor, words
from bridge.conference.attendance import admit
from bridge.conference.draft import Draft
from bridge.conference.events import (
    Disconnect,
    End,
    HoursEndAt,
    Join,
    Leave,
    MuteOne,
    Press,
    SettingsChanged,
    TimerFired,
)
from bridge.conference.model import Phase

if TYPE_CHECKING:
    from bridge.conference.effects import Effect
    from bridge.conference.events import Event
    from bridge.conference.model import Conference

__all__ = ["admit", "reduce"]


def reduce(conference: Conference, event: Event, now: float) -> tuple[Conference, list[Effect]]:
    """Return what the conference is after `event`, and the effects in order."""
    draft = Draft(conference, now)
    match event:
        case Join():
            attendance.join(draft, event, admit(conference, event.role))
        case Leave():
            attendance.leave(draft, event)
        case Press():
            floor.press(draft, event)
        case MuteOne():
            floor.mute_one(draft, event)
        case Disconnect():
            attendance.disconnect(draft, event)
        case End():
            draft.log("ended", by=event.by, reason=event.reason.value)
            course.over(draft, event.reason, words.CONFERENCE_ENDED)
        case TimerFired():
            course.timer_fired(draft, event.key)
        case HoursEndAt():
            course.hours_end_at(draft, event)
        case SettingsChanged():
            _change_settings(draft, event)
        case _:
            assert_never(event)
    return draft.finished(), draft.effects


def _change_settings(draft: Draft, event: SettingsChanged) -> None:
    """A7: those who talk go on as they began; the next conference has the new settings."""
    if draft.phase is Phase.EMPTY:
        draft.settings = event.settings
    else:
        draft.next_settings = event.settings

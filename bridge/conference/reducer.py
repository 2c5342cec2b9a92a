"""One event in; the next conference and what is to be done, out.

`reduce` changes nothing it is given, knows no clock and never fails on anything that people or a network can do: an
event that comes too late (a key of somebody who has left, a timer that was cancelled) has no effect. Do the effects in
the order given, then bring the next event.

The rules themselves: `attendance` (who comes and goes), `course` (begin, grace, end), `given` (who may command what),
and what commands do: `floor`, `questions`, `doors`, `naming`, `sides`, `charge`, `patience`; `recorded`; `noisy` for lines that
disturb; `succession` for a telephone that takes another's place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from bridge.conference import (
    alarms,
    attendance,
    course,
    doors,
    given,
    noisy,
    patience,
    recorded,
    sides,
    succession,
    words,
)
from bridge.conference.attendance import admit
from bridge.conference.draft import Draft
from bridge.conference.events import (
    End,
    Given,
    HoursEndAt,
    Join,
    Leave,
    LineTroubled,
    Listen,
    RecordingStopped,
    Replaced,
    SettingsChanged,
    StepAside,
    StepBack,
    StillThere,
    TimerFired,
    UnknownKeys,
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
        case Given() | UnknownKeys() | StillThere():
            _key(draft, event)
        case StepAside() | StepBack() | Listen() | Replaced() | RecordingStopped() | LineTroubled():
            _elsewhere(draft, event)
        case End():
            attendance.end(draft, event.by, event.reason)
        case TimerFired():
            alarms.timer_fired(draft, event.key)
        case HoursEndAt():
            course.hours_end_at(draft, event)
        case SettingsChanged():
            _change_settings(draft, event)
        case _:
            assert_never(event)
    noisy.watch(draft)
    patience.watch(draft, conference)
    recorded.watch(draft, conference)
    return draft.finished(), draft.effects


def _key(draft: Draft, event: Given | UnknownKeys | StillThere) -> None:
    """Whatever is keyed shows that somebody is there. The answer comes first: it cuts short what is being said."""
    match event:
        case Given():
            given.give(draft, event)
            patience.still_there(draft, event.actor.leg)
        case UnknownKeys():
            given.unknown_keys(draft, event)
            patience.still_there(draft, event.leg)
        case StillThere():
            if patience.still_there(draft, event.leg):
                draft.say(event.leg, words.STILL_THERE_THANKS)


def _elsewhere(
    draft: Draft, event: StepAside | StepBack | Listen | Replaced | RecordingStopped | LineTroubled
) -> None:
    """What the switchboard has arranged around the room."""
    match event:
        case StepAside():
            patience.still_there(draft, event.leg)
            sides.step_aside(draft, event)
        case StepBack():
            sides.step_back(draft, event)
        case Listen():
            doors.listen(draft, event)
        case Replaced():
            succession.replaced(draft, event)
        case RecordingStopped():
            recorded.stopped(draft, event)
        case LineTroubled():
            noisy.line_troubled(draft, event)


def _change_settings(draft: Draft, event: SettingsChanged) -> None:
    """A7: those who talk go on as they began; the next conference has the new settings."""
    if draft.phase is Phase.EMPTY:
        draft.settings = event.settings
    else:
        draft.next_settings = event.settings

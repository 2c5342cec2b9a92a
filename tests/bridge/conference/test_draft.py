from dataclasses import replace

from bridge.conference.draft import Draft
from bridge.conference.effects import CancelTimer, Log, SetTimer
from bridge.conference.events import LeaveReason, TimerKey
from bridge.conference.model import Conference, Participant
from bridge.service.role import Role
from bridge.service.settings import Settings

ANA = Participant(leg=1, role=Role.PARTICIPANT, name="Ana", joined_at=0.0)
BEA = Participant(leg=2, role=Role.PARTICIPANT, name="Bea", joined_at=0.0)


def test_a_draft_leaves_the_conference_it_came_from_as_it_was():
    before = Conference(Settings(), participants={1: ANA}, deadlines={TimerKey.GRACE: 5.0})
    draft = Draft(before, 1.0)
    draft.put(BEA)
    draft.take(1)
    draft.set_timer(TimerKey.LENGTH, 9.0)
    draft.cancel_timer(TimerKey.GRACE)
    assert before.participants == {1: ANA}
    assert before.deadlines == {TimerKey.GRACE: 5.0}
    assert draft.finished().participants == {2: BEA}
    assert draft.finished().deadlines == {TimerKey.LENGTH: 9.0}
    assert draft.effects == [SetTimer(TimerKey.LENGTH, 9.0), CancelTimer(TimerKey.GRACE)]


def test_a_draft_that_changes_nobody_shares_the_table():
    before = Conference(Settings(), participants={1: ANA})
    draft = Draft(before, 1.0)
    draft.log("looked", leg=1)
    assert draft.finished().participants is before.participants
    assert draft.effects == [Log("looked", (("leg", 1),))]


def test_a_timer_that_does_not_run_is_not_cancelled():
    draft = Draft(Conference(Settings()), 1.0)
    draft.cancel_timer(TimerKey.GRACE)
    assert draft.effects == []


def test_who_was_told_to_go_is_no_longer_found_but_still_has_a_call():
    draft = Draft(
        Conference(Settings(), participants={1: replace(ANA, dismissed=LeaveReason.DISCONNECTED), 2: BEA}),
        1.0,
    )
    assert draft.find(1) is None
    assert draft.has(1)
    assert draft.present() == [BEA]
    assert draft.calls == 2

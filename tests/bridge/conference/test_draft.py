from dataclasses import replace

from bridge.conference.draft import Draft
from bridge.conference.effects import CancelTimer, Enter, Log, Music, SetMute, SetTimer, Withdraw
from bridge.conference.events import LeaveReason, TimerKey
from bridge.conference.model import Conference, Participant, Phase
from bridge.service.role import Role
from bridge.service.settings import Settings
from prompts.phrases import say

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


def test_nobody_is_heard_on_the_way_from_one_room_to_another():
    silent = replace(ANA, muted=True)
    draft = Draft(Conference(Settings(), phase=Phase.RUNNING, participants={1: silent, 2: BEA}), 1.0)
    with draft.rearranging([silent, BEA]):
        draft.put(replace(silent, muted=False, place=3))
        draft.put(replace(BEA, muted=True, place=4))
    assert draft.effects == [SetMute(2, muted=True), Enter(1, 3), Enter(2, 4), SetMute(1, muted=False)]


def test_music_ends_before_anybody_enters_and_begins_after_they_have_left():
    draft = Draft(Conference(Settings(), phase=Phase.WAITING, participants={1: ANA, 2: BEA}), 1.0)
    draft.change(ANA, replace(ANA, aside=True, place=10))
    draft.change(draft.table[1], ANA)
    assert draft.effects == [Music(1, on=False), Enter(1, 10), Withdraw(1), Music(1, on=True)]


def test_what_stays_the_same_is_not_told_again():
    draft = Draft(Conference(Settings(), phase=Phase.RUNNING, participants={1: ANA}), 1.0)
    assert not draft.change(ANA, replace(ANA, name="Anna"))
    assert draft.effects == []


def test_an_announcement_reaches_the_groups_that_there_are_and_no_private_talk():
    people = {leg: replace(ANA, leg=leg, place=place) for leg, place in enumerate([0, 2, 2, 1, 10, -1])}
    draft = Draft(Conference(Settings(), phase=Phase.RUNNING, participants=people), 1.0)
    assert draft.announce(say("hours_ending"), groups=True)
    assert [effect.place for effect in draft.effects] == [0, 1, 2]
    draft.settings = Settings.for_open_room()
    assert not draft.announce(say("hours_ending"))

"""Where somebody belongs, and whether they are heard: one rule for all."""

from dataclasses import replace

import pytest

from bridge.conference.events import LeaveReason
from bridge.conference.model import ALONE, MAIN, Conference, Participant, Phase, Standing, standing
from bridge.service.role import Role
from bridge.service.settings import MuteMode, Settings

ANA = Participant(leg=1, role=Role.PARTICIPANT, name="Ana", joined_at=0.0)
ASIDE = replace(ANA, aside=True, place=10)
GONE = LeaveReason.DISCONNECTED


@pytest.mark.parametrize(
    ("phase", "participant", "place", "music"),
    [
        (Phase.WAITING, ANA, None, True),
        (Phase.WAITING, ASIDE, 10, False),
        (Phase.WAITING, replace(ASIDE, place=ALONE), None, False),
        (Phase.WAITING, replace(ANA, dismissed=GONE), None, False),
        (Phase.RUNNING, ANA, MAIN, False),
        (Phase.ENDING, ANA, MAIN, False),
        (Phase.RUNNING, replace(ANA, place=3), 3, False),
        (Phase.RUNNING, ASIDE, 10, False),
        (Phase.RUNNING, replace(ASIDE, place=ALONE), None, False),
        (Phase.RUNNING, replace(ASIDE, dismissed=GONE), None, False),
        (Phase.ENDED, replace(ANA, dismissed=GONE), None, False),
    ],
)
def test_where_somebody_belongs(phase, participant, place, music):
    conference = Conference(Settings(), phase=phase, participants={1: participant})
    assert standing(conference, participant) == Standing(place, silenced=False, music=music)
    assert conference.place(1) == place
    assert conference.in_room(1) == (place is not None and not participant.aside)


@pytest.mark.parametrize("mode", MuteMode)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("place", [MAIN, 3, 10])
@pytest.mark.parametrize("asking", [None, 1])
def test_the_mode_silences_participants_in_the_main_room_without_the_floor(mode, role, place, asking):
    participant = replace(ANA, role=role, place=place)
    conference = Conference(Settings(), mode=mode, asking=asking, participants={1: participant})
    free = mode is MuteMode.CONVERSATION or (mode is MuteMode.QUESTIONS and asking == 1)
    assert conference.muted(1) == (role is Role.PARTICIPANT and place == MAIN and not free)


def test_somebody_muted_is_heard_nowhere_whoever_they_are():
    for role in Role:
        assert Conference(Settings(), participants={1: replace(ANA, role=role, muted=True)}).muted(1)


def test_a_mute_of_the_room_waits_for_somebody_aside():
    muted = ASIDE.muted_for_the_room(True, by_other=True)
    assert (muted.muted, muted.returns_muted, muted.muted_by_other) == (False, True, True)
    unmuted = ANA.muted_for_the_room(False, by_other=True)
    assert (unmuted.muted, unmuted.muted_by_other) == (False, False)


def test_who_is_not_in_is_nowhere():
    assert Conference(Settings()).place(7) is None
    assert not Conference(Settings()).in_room(7)

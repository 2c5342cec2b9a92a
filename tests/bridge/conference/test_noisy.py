"""Lines that disturb: told, lowered or muted as the pair wants it, and nobody is ever stuck muted or muted in mid-sentence."""

from __future__ import annotations

import pytest

from bridge.conference import commands
from bridge.conference.effects import Effect, Log, Say, SetAutoGain, SetGain, SetMute, SetSuppression
from bridge.conference.events import LineTroubled, Replaced, StepAside, StepBack
from bridge.conference.keymap import DEFAULT_KEYMAP, Keymap
from bridge.conference.model import ALONE, LOWERED_DB
from bridge.conference.noisy import NOTICE_EVERY_S, REMINDED_EVERY_S, SPARED_S
from bridge.conference.roster import roster, summary
from bridge.conference.trouble import Trouble
from bridge.service.role import Role
from bridge.service.settings import MuteMode, NoisyLines, Settings, SettingsError
from prompts.phrases import RECORDED, say
from prompts.values import Clip
from tests.bridge.conference.room import Room

CLIP = Clip(1, 100)
TOLD_HOW = [Say(2, say("line_disturbs")), Say(2, say("muted_on_entry", keys="*6"))]


def meeting(noisy_lines: NoisyLines, *, notices: bool = False, **more: object) -> Room:
    """A moderator (1) and two participants (2, 3), talking."""
    settings = Settings(noisy_lines=noisy_lines, noisy_notices=notices, **more)
    room = Room(settings, keymap=DEFAULT_KEYMAP)
    room.moderator(1)
    room.participant(2, clip=CLIP)
    room.participant(3)
    return room


def done(effects: list[Effect]) -> list[Effect]:
    """What changes anything, or is heard."""
    return [effect for effect in effects if not isinstance(effect, Log)]


def logged(room: Room) -> list[tuple[str, dict[str, object]]]:
    return [(effect.event, dict(effect.fields)) for effect in room.effects if isinstance(effect, Log)]


def test_where_lines_are_told_the_roster_shows_it_and_nothing_else_happens() -> None:
    room = meeting(NoisyLines.TELL)
    assert done(room(LineTroubled(2, Trouble.NOISE))) == []
    assert logged(room) == [("noisy line", {"leg": 2, "trouble": "noise", "done": "told"})]
    assert [(row.trouble, row.lowered) for row in roster(room.conference, masked=False)] == [
        ("", False), ("noise", False), ("", False),
    ]  # fmt: skip
    assert summary(room.conference).troubled == 1
    assert room(LineTroubled(2, Trouble.NOISE)) == [], "told already"
    assert room(LineTroubled(2, None)) == []
    assert summary(room.conference).troubled == 0
    assert room.conference.noisy == frozenset()


def test_a_lowered_line_is_softer_as_long_as_it_disturbs_on_top_of_its_gain() -> None:
    room = meeting(NoisyLines.LOWER)
    room.console(commands.SetGain(2, 6.0))
    assert done(room(LineTroubled(2, Trouble.ECHO))) == [SetGain(2, 6.0 + LOWERED_DB)]
    assert done(room(LineTroubled(2, Trouble.NOISE))) == [], "it is lowered already"
    room.console(commands.SetGain(2, -3.0))
    assert SetGain(2, -3.0 + LOWERED_DB) in room.effects
    assert done(room(LineTroubled(2, None))) == [SetGain(2, -3.0)]


@pytest.mark.parametrize("trouble", Trouble)
def test_a_muted_line_hears_how_it_is_opened_and_star_six_opens_it(trouble: Trouble) -> None:
    room = meeting(NoisyLines.MUTE, strict_mute=True)
    assert done(room(LineTroubled(2, trouble))) == [SetMute(2, muted=True), *TOLD_HOW]
    assert logged(room) == [("noisy line", {"leg": 2, "trouble": trouble.value, "done": "muted"})]
    room.keys(2, "*6")
    assert room.mutes() == [(2, False)], "strict muting does not bind whom the bridge muted"
    assert room.said(2) == ["unmuted"]


def test_whoever_opens_the_line_is_not_muted_again_at_once() -> None:
    room = meeting(NoisyLines.MUTE)
    room(LineTroubled(2, Trouble.NOISE))
    room.keys(2, "*6")
    for trouble in (Trouble.HOWL, None, Trouble.NOISE, None):
        room(LineTroubled(2, trouble))
        assert room.mutes() == []
        assert room.said(2) == []
    room.wait(SPARED_S)
    room(LineTroubled(2, Trouble.NOISE))
    assert room.mutes() == [(2, True)]


def test_somebody_in_charge_opens_it_too() -> None:
    room = meeting(NoisyLines.MUTE)
    room(LineTroubled(2, Trouble.MUSIC))
    room.console(commands.MuteOne(2, on=False))
    assert room.mutes() == [(2, False)]
    assert done(room(LineTroubled(2, Trouble.NOISE))) == []


def test_whoever_had_put_the_conference_on_hold_hears_it_on_return() -> None:
    room = meeting(NoisyLines.MUTE)
    room(LineTroubled(2, Trouble.MUSIC))
    room.wait(REMINDED_EVERY_S)
    assert done(room(LineTroubled(2, None))) == TOLD_HOW
    room(LineTroubled(2, Trouble.MUSIC))
    assert room.mutes() == []
    room.wait(REMINDED_EVERY_S - 1)
    assert done(room(LineTroubled(2, None))) == [], "music with pauses does not have it said in each of them"
    assert room.conference.muted(2)
    room.keys(2, "*6")
    assert room.mutes() == [(2, False)]
    assert room.conference.noisy == frozenset()


def test_whoever_opens_a_line_that_was_muted_before_it_disturbed_means_it() -> None:
    room = meeting(NoisyLines.MUTE)
    room.keys(2, "*6")
    assert done(room(LineTroubled(2, Trouble.NOISE))) == []
    room.keys(2, "*6")
    assert room.mutes() == [(2, False)]


def test_whom_the_mode_silences_is_muted_only_when_it_lifts() -> None:
    room = meeting(NoisyLines.MUTE)
    room.keys(1, "*5")
    assert done(room(LineTroubled(2, Trouble.NOISE))) == []
    room.keys(1, "*5")
    assert room.mutes() == [(2, False), (3, False), (2, True)]
    assert room.said(2) == ["line_disturbs", "muted_on_entry"]


def test_a_private_talk_is_left_alone_and_the_room_is_spared_afterwards() -> None:
    room = meeting(NoisyLines.MUTE)
    room(StepAside(2, ALONE))
    assert done(room(LineTroubled(2, Trouble.NOISE))) == []
    room(StepBack(2))
    assert room.mutes() == [(2, True)]
    assert "line_disturbs" in room.said(2)


def test_moderators_hear_of_it_where_they_want_to_and_not_all_the_time() -> None:
    room = meeting(NoisyLines.TELL, notices=True)
    assert done(room(LineTroubled(2, Trouble.NOISE))) == [
        Say(1, say("noisy_line")), Say(1, say(RECORDED, name=CLIP)),
    ]  # fmt: skip
    assert done(room(LineTroubled(3, Trouble.NOISE))) == []
    room.wait(NOTICE_EVERY_S)
    room(LineTroubled(3, None))
    assert done(room(LineTroubled(3, Trouble.ECHO))) == [Say(1, say("noisy_line"))]
    room.wait(NOTICE_EVERY_S)
    assert done(room(LineTroubled(1, Trouble.NOISE))) == [], "nobody hears of the own line"


def test_moderators_hear_nothing_of_a_line_that_is_muted_already() -> None:
    room = meeting(NoisyLines.MUTE, notices=True)
    room(LineTroubled(2, Trouble.MUSIC))
    assert room.said(1) == []


def test_another_telephone_in_ones_place_disturbs_nobody() -> None:
    room = meeting(NoisyLines.MUTE)
    room(LineTroubled(2, Trouble.MUSIC))
    room(Replaced(2, 12))
    assert room.mutes() == [], "a new leg is unmuted"
    assert not room.conference.muted(12)
    assert room.conference.noisy == frozenset()


def test_without_a_key_for_it_no_key_is_named() -> None:
    room = Room(Settings(noisy_lines=NoisyLines.MUTE), keymap=Keymap(everybody={"*5": commands.Lecture()}))
    room.moderator(1)
    room(LineTroubled(1, Trouble.NOISE))
    assert room.said(1) == ["line_disturbs", "muted"]


def test_who_is_not_in_disturbs_nobody() -> None:
    assert meeting(NoisyLines.MUTE)(LineTroubled(9, Trouble.NOISE)) == []


def test_noise_is_taken_out_of_one_line_or_of_all_and_those_that_come() -> None:
    room = meeting(NoisyLines.TELL)
    assert room.console(commands.SuppressNoise(2)).text == "suppression_on"
    assert [e for e in room.effects if isinstance(e, SetSuppression)] == [SetSuppression(2, on=True)]
    assert room.acts() == [("suppress_noise", "leg 2, on")]
    room.console(commands.SuppressNoise(on=True))
    assert [e.leg for e in room.effects if isinstance(e, SetSuppression)] == [1, 3]
    assert SetSuppression(4, on=True) in room.participant(4)
    assert summary(room.conference).suppressing
    assert all(row.suppressed for row in roster(room.conference, masked=False))
    assert room.console(commands.SuppressNoise(3, on=False)).text == "suppression_off"
    assert SetSuppression(12, on=True) in room(Replaced(2, 12))
    room.console(commands.SuppressNoise())
    assert [e.leg for e in room.effects if isinstance(e, SetSuppression)] == [1, 12, 4]
    assert room.console(commands.SuppressNoise(9), Role.OPERATOR).text == "not_now"


def test_a_pair_can_have_its_conferences_begin_levelled_and_without_noise() -> None:
    room = Room(Settings(level_voices=True, suppress_noise=True, mute_mode=MuteMode.QUESTIONS))
    effects = room.moderator(1)
    assert SetAutoGain(1, on=True) in effects
    assert SetSuppression(1, on=True) in effects
    room.keys(1, "*4")
    assert SetAutoGain(1, on=False) in room.effects
    room.console(commands.SuppressNoise(on=False))
    room.leave(1)
    effects = room.moderator(2)
    assert SetAutoGain(2, on=True) in effects, "the next one begins so again"
    assert SetSuppression(2, on=True) in effects


@pytest.mark.parametrize("wanted", [{"noisy_lines": NoisyLines.MUTE}, {"noisy_notices": True}])
def test_nothing_is_said_about_lines_in_an_open_room(wanted: dict[str, object]) -> None:
    open_room = Settings.for_open_room()
    values = {name: getattr(open_room, name) for name in Settings.__slots__}
    with pytest.raises(SettingsError, match="open_room"):
        Settings(**{**values, **wanted})

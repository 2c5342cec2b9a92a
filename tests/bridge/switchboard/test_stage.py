"""What a conference wants, done: every kind of effect has its way to the media plane, the records or the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from bridge.conference import effects as wanted
from bridge.conference.commands import Outcome
from bridge.conference.events import LeaveReason, TimerKey
from bridge.conference.model import LARGEST_GROUP, MAIN
from bridge.service.role import Role
from bridge.switchboard.effects import Log
from bridge.switchboard.stage import HOLD_MUSIC, TONES
from media.control import NO_ROOM, AutoGain, Gain, Music, Mute, Play, PlayRoom, Route, StopPlay, Suppress
from prompts.phrases import Utterance
from tests.support.playbook import Says, SaysRoom, joined

if TYPE_CHECKING:
    from bridge.switchboard.stage import Stage
    from tests.support.playbook import Playbook

HELLO, GOODBYE = Utterance("greeting"), Utterance("goodbye")


def does(play: Playbook, effect: wanted.Effect) -> Playbook:
    """The conference of leg 1, which has the number 1, wants this."""
    room = play.board._rooms.by_number[1]
    stage(play).carry_out(room, effect, play.now)
    play._drain()
    return play


def stage(play: Playbook) -> Stage:
    return play.board._rooms._stage


def test_nothing_that_a_conference_can_want_is_unknown(play: Playbook) -> None:
    known = {*stage(play)._for_room, *stage(play)._for_one}
    assert known == set(get_args(wanted.Effect))
    assert not set(stage(play)._for_room) & set(stage(play)._for_one)


@pytest.mark.parametrize(
    ("effect", "command"),
    [
        (wanted.Enter(1, LARGEST_GROUP + 9), Route(1, 9)),
        (wanted.Withdraw(1), Route(1, NO_ROOM)),
        (wanted.SetMute(1, muted=True), Mute(1, muted=True)),
        (wanted.SetGain(1, -6.0), Gain(1, -6.0)),
        (wanted.SetAutoGain(1, on=True), AutoGain(1, on=True)),
        (wanted.SetSuppression(1, on=True), Suppress(1, on=True)),
        (wanted.Music(1, on=False), Music(1, None)),
        (wanted.Hush(1), StopPlay(1)),
    ],
)
def test_what_is_wanted_for_one(play: Playbook, effect: wanted.Effect, command: object) -> None:
    joined(play)
    does(play, effect) << command


def test_words_to_one_and_to_a_room(play: Playbook) -> None:
    joined(play)
    does(play, wanted.Say(1, HELLO)) << Says(1, "greeting", "en")
    does(play, wanted.SayRoom(HELLO)) << SaysRoom(1, "greeting")
    for tone, utterance in TONES.items():
        does(play, wanted.ToneRoom(tone)) << SaysRoom(1, utterance.name)
    does(play, wanted.SayList(1, (HELLO, GOODBYE)))
    (effect,) = play._open
    assert [each.name for each in play.voice.read(effect.command.segments)] == ["greeting", "goodbye"]  # type: ignore[union-attr]
    play.skip()


def test_words_to_a_part_of_the_conference_that_nobody_was_ever_in_are_nobody_s(play: Playbook) -> None:
    joined(play)
    does(play, wanted.SayRoom(HELLO, place=3))
    does(play, wanted.Enter(1, 3)) << Route(1, 2)
    does(play, wanted.SayRoom(HELLO, place=3)) << SaysRoom(2, "greeting")
    does(play, wanted.Enter(1, MAIN)) << Route(1, 1)


def test_hold_music_is_in_the_language_of_the_one_who_waits(play: Playbook) -> None:
    joined(play)
    does(play, wanted.Music(1, on=True))
    (effect,) = play._open
    spoken = play.voice.read([effect.command.segment])[0]  # type: ignore[union-attr]
    assert (spoken.name, spoken.language) == (HOLD_MUSIC.name, "en")
    play.skip()


def test_what_is_wanted_for_a_leg_that_has_gone_is_wanted_no_more(play: Playbook) -> None:
    joined(play)
    for effect in (
        wanted.Say(9, HELLO),
        wanted.Enter(9),
        wanted.HangUp(9, LeaveReason.DISCONNECTED, HELLO),
        wanted.RecordJoin(9, Role.PARTICIPANT, None, 0.0),
    ):
        does(play, effect)


def test_timers_are_the_room_s(play: Playbook) -> None:
    joined(play)
    does(play, wanted.SetTimer(TimerKey.LENGTH, 5000.0))
    assert (TimerKey.LENGTH, 1) in play.board._timers
    does(play, wanted.CancelTimer(TimerKey.LENGTH))
    assert (TimerKey.LENGTH, 1) not in play.board._timers


def test_an_answer_to_a_console_is_kept_for_it(play: Playbook) -> None:
    joined(play)
    does(play, wanted.Reply(Outcome(done=True, text="locked")))
    assert stage(play).outcome == Outcome(done=True, text="locked")


def test_a_line_of_the_log_names_the_conference_and_the_call(play: Playbook) -> None:
    joined(play)
    room = play.board._rooms.by_number[1]
    stage(play).carry_out(room, wanted.Log("disconnected", (("leg", 1),)), play.now)
    (line,) = play.board.effects()
    assert isinstance(line, Log)
    assert line.fields == {"conference": "id-1", "leg": 1, "call_id": "call-1"}


def test_last_words_come_after_whatever_the_one_was_about_is_broken_off(play: Playbook) -> None:
    joined(play)
    does(play, wanted.HangUp(1, LeaveReason.DISCONNECTED, GOODBYE))
    plays = [
        each.command for each in play._open if isinstance(getattr(each, "command", None), Play | PlayRoom)
    ]
    assert [play.voice.read(each.segments)[0].name for each in plays] == ["goodbye"]
    assert play._open[-1].command is plays[-1]  # type: ignore[union-attr]
    play.skip().spoken(1)
    play.skip()
    assert play.board.calls == 0

"""Dialogues on legs: whoever runs one hears of its end, and one that is broken off leaves nothing running."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bridge.dialogue.requests import CheckNumber, Collect, Keyed, KeyedBy, Pause, Record, Recorded, Say
from bridge.dialogue.results import GivenUp
from bridge.dialogue.runner import State
from bridge.switchboard.events import PasscodeFound
from bridge.switchboard.legs import LegTimer
from media.control import Play, RecordingEnded, StopPlay, StopRecording
from prompts.phrases import Utterance
from tests.support.builders import accepted
from tests.support.playbook import Playbook, Says, a, joined, press

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.dialogue.requests import Dialogue
    from bridge.switchboard.legs import Leg

HELLO = Utterance("greeting")


class Asker:
    """Runs a dialogue; answers nothing by itself."""

    def __init__(self) -> None:
        self.asks: list[object] = []
        self.results: list[object] = []

    def asked(self, leg: Leg, request: Any, now: float) -> None:
        self.asks.append(request)

    def concluded(self, leg: Leg, result: Any, now: float) -> None:
        self.results.append(result)


@pytest.fixture
def play() -> Iterator[Playbook]:
    """Somebody in a conference, with whom one can speak."""
    book = joined(Playbook())
    yield book
    book.done()


def begins(play: Playbook, dialogue: Dialogue, host: Asker | None = None) -> Asker:
    host = host or Asker()
    play.board._dialogues.begin(play.board._lines.by_number[1], dialogue, host, play.now)
    play._drain()
    return host


def leg(play: Playbook) -> Leg:
    return play.board._lines.by_number[1]


def one_request(*requests: Any, heard: list[object] | None = None) -> Dialogue:
    for request in requests:
        reply = yield request
        if heard is not None:
            heard.append(reply)
    return GivenUp()


def test_its_host_is_told_what_it_came_to_once(play: Playbook) -> None:
    host = begins(play, one_request(Say(HELLO, "en")))
    play << Says(1, "greeting", "en")
    play.spoken()
    assert host.results == [GivenUp()]
    assert leg(play).runner is None


def test_its_keys_are_no_commands_of_the_conference_as_long_as_it_runs(play: Playbook) -> None:
    heard: list[object] = []
    begins(play, one_request(Collect(2, whole=True), heard=heard))
    press(play, "67")
    assert heard == [Keyed("67", KeyedBy.WHOLE)]
    press(play, "*6") << StopPlay(1) << a(object) << Says(1, "muted")


def test_what_only_others_know_is_asked_of_its_host_who_answers_when_it_can(play: Playbook) -> None:
    heard: list[object] = []
    host = begins(play, one_request(CheckNumber("123"), heard=heard))
    assert host.asks == [CheckNumber("123")]
    play.board._dialogues.answered(leg(play), "answer", play.now)
    assert heard == ["answer"]


def test_one_that_is_broken_off_is_silent_and_its_host_hears_nothing(play: Playbook) -> None:
    host = begins(play, one_request(Say(HELLO, "en"), Pause(5.0)))
    runner = leg(play).runner
    play << a(Play)
    play.board._dialogues.end(leg(play))
    play._drain()
    play << StopPlay(1)
    assert host.results == []
    assert runner is not None
    assert runner.state is State.ENDED
    assert not any((timer, 1) in play.board._timers for timer in LegTimer)
    play.board._dialogues.end(leg(play))


def test_one_that_begins_ends_the_one_before(play: Playbook) -> None:
    first = begins(play, one_request(Pause(5.0)))
    begins(play, one_request(Say(HELLO, "en")))
    play << StopPlay(1) << Says(1, "greeting")
    assert first.results == []


def test_a_recording_that_nobody_waits_for_any_more_is_stopped(play: Playbook) -> None:
    free = play.board._recordings._arena.free
    begins(play, one_request(Record(5.0, 2.0)))
    play.skip()
    play.board._dialogues.end(leg(play))
    play._drain()
    play << StopPlay(1) << StopRecording(1)
    play >> RecordingEnded(1, 1, 8000)
    assert play.board._recordings._arena.free == free
    assert leg(play).clip is None


def test_a_recording_without_room_is_answered_at_once(play: Playbook) -> None:
    arena = play.board._recordings._arena
    arena.take(arena.free)
    heard: list[object] = []
    host = begins(play, one_request(Record(5.0, 2.0), heard=heard))
    assert not isinstance(heard[0], Recorded)
    assert host.results == [GivenUp()]


def test_an_answer_of_the_store_that_it_never_asked_for_is_not_its_own(play: Playbook) -> None:
    heard: list[object] = []
    begins(play, one_request(CheckNumber("1"), heard=heard))
    play >> PasscodeFound(1, accepted())
    assert heard == []


def test_a_host_may_begin_another_one_while_it_is_asked(play: Playbook) -> None:
    class Restless(Asker):
        def concluded(self, leg: Leg, result: Any, now: float) -> None:
            super().concluded(leg, result, now)
            if len(self.results) == 1:
                play.board._dialogues.begin(leg, one_request(Say(HELLO, "en")), self, now)

    host = begins(play, one_request(Pause(0.0)), Restless())
    play << Says(1, "greeting")
    play.spoken()
    assert len(host.results) == 2

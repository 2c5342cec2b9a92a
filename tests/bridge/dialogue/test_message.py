"""A blast's message, recorded by phone (O5)."""

from __future__ import annotations

import pytest

from bridge.dialogue.message import MESSAGE_LONGEST_S, MESSAGE_SILENCE_S, record_message
from bridge.dialogue.requests import NotAvailable, Record, Recorded, Saved, SaveMessage
from bridge.dialogue.results import GivenUp, MessageKept
from prompts.values import Clip
from tests.bridge.dialogue.caller import Caller

SPEECH = Clip(800, 80_000)


def recorded() -> Caller:
    return Caller(record_message("en")).is_told(Recorded(SPEECH))


def test_a_message_is_recorded_played_and_kept_o5() -> None:
    caller = Caller(record_message("en")).listens()
    assert caller.said == ["message_record", "tone.record"]
    assert caller.last == Record(MESSAGE_LONGEST_S, MESSAGE_SILENCE_S)
    caller.press("#").answers(Recorded(SPEECH)).listens()
    assert caller.said[2:] == ["recorded", "name_choice"]
    assert dict(caller.says[2].utterance.values) == {"name": SPEECH}
    caller.press("1")
    assert caller.last == SaveMessage(SPEECH)
    assert caller.answers(Saved()).listens().said[-1] == "message_saved"
    assert caller.result == MessageKept(SPEECH)


def test_a_message_can_be_spoken_anew_before_it_is_kept_o5() -> None:
    better = Clip(0, 800)
    caller = recorded().press("2").is_told(Recorded(better)).press("#")
    assert caller.answers(Saved()).listens().result == MessageKept(better)


@pytest.mark.parametrize("reply", [NotAvailable(), None])
def test_a_full_disk_is_told_to_whoever_spoke(reply: object) -> None:
    caller = recorded().press("1").answers(reply).listens()
    assert caller.said[-1] == "message_not_saved"
    assert caller.result == GivenUp()


def test_where_no_recording_can_be_made_nothing_is_saved() -> None:
    caller = Caller(record_message("en")).is_told(NotAvailable()).listens()
    assert caller.said[-1] == "message_not_saved"
    assert caller.result == GivenUp()


def test_whoever_says_nothing_is_asked_once_more_and_hears_that_nothing_is_saved() -> None:
    caller = Caller(record_message("en")).is_told(Recorded(None)).is_told(Recorded(None)).listens()
    asked = ["message_record", "tone.record"]
    assert caller.said == [*asked, "please_try_again", *asked, "message_not_saved"]
    assert caller.result == GivenUp()

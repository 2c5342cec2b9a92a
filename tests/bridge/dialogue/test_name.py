"""What is recorded at the door and what becomes of it, whatever a caller presses (C2)."""

from __future__ import annotations

import pytest

from bridge.dialogue.helpline import Helpline
from bridge.dialogue.name import NAME_SILENCE_S, name
from bridge.dialogue.requests import (
    FIRST_DIGIT_S,
    Dialogue,
    KeptName,
    NobodyFree,
    NotAvailable,
    Operator,
    OperatorEnded,
    Record,
    Recorded,
    Say,
)
from bridge.dialogue.results import Confirmed
from bridge.dialogue.runner import State, StopRecording
from bridge.dialogue.takes import HEARD_TIMES, MOST_TAKES, TONE
from prompts.values import Clip
from tests.bridge.dialogue.caller import Caller
from tests.support.builders import accepted

ANA = Clip(0, 8000)
ANA_AGAIN = Clip(16_000, 7000)
SAID_BACK = ["you_said", "name_choice"]
ASKED = ["say_your_name", "tone.record"]


def naming(help_keys: str | None = None, **settings: object) -> Caller:
    def whole() -> Dialogue:
        clip = yield from name("en", accepted(**settings), Helpline(help_keys), 5.0)
        return Confirmed(clip)

    return Caller(whole())


def heard(clip: Clip | None = ANA, **given: object) -> Caller:
    """A caller who has said a name, and hears it."""
    return naming(**given).is_told(Recorded(clip))


def kept(caller: Caller) -> object:
    assert isinstance(caller.result, Confirmed)
    return caller.result.token


def test_the_name_is_asked_for_recorded_played_and_kept_c2() -> None:
    caller = naming().listens()
    assert caller.said == ASKED
    assert caller.last == Record(5.0, NAME_SILENCE_S)
    caller.press("#")
    assert caller.last == StopRecording()
    caller.answers(Recorded(ANA)).listens()
    assert caller.said == [*ASKED, *SAID_BACK]
    assert dict(caller.says[-2].utterance.values) == {"name": ANA}
    assert kept(caller.press("1")) == ANA


@pytest.mark.parametrize("keys", ["1", "#", "*1", "*#", "**1"])
def test_one_or_pound_keeps_it_also_while_it_is_being_played_c2(keys: str) -> None:
    assert kept(heard().listens().press(keys)) == ANA
    assert kept(heard().press(keys)) == ANA


def test_silence_keeps_it_c2() -> None:
    caller = heard().listens()
    began = caller.now
    assert kept(caller.waits()) == ANA
    assert caller.now == began + FIRST_DIGIT_S


def test_two_records_it_again_c2() -> None:
    caller = heard().listens().forget().press("2").listens()
    assert caller.said == ASKED
    assert kept(caller.answers(Recorded(ANA_AGAIN)).press("1")) == ANA_AGAIN


def test_three_plays_it_again_c2() -> None:
    caller = heard().listens().forget().press("3").listens()
    assert caller.said == SAID_BACK
    assert kept(caller.press("1")) == ANA


@pytest.mark.parametrize("wrong", ["7", "0", "*9", "55555"])
def test_a_wrong_key_is_asked_about_once_more_then_the_name_is_kept(wrong: str) -> None:
    caller = heard().listens().forget().errs(wrong)
    assert caller.said == ["name_choice"]
    assert caller.listens().errs("9").result is not None
    assert kept(caller) == ANA


def test_after_a_wrong_key_the_right_one_counts() -> None:
    assert heard().listens().errs("7").press("2").listens().last == Record(5.0, NAME_SILENCE_S)


def test_who_says_nothing_is_asked_once_more_and_goes_in_without_a_name_c2() -> None:
    caller = heard(None).listens()
    assert caller.said == [*ASKED, "name_not_heard", *ASKED]
    caller.answers(Recorded(None)).listens()
    assert caller.said[-1] == "name_not_recorded"
    assert kept(caller) is None


def test_who_is_heard_the_second_time_has_a_name() -> None:
    assert kept(heard(None).is_told(Recorded(ANA)).press("1")) == ANA


def test_a_recording_that_cannot_be_made_keeps_nobody_out() -> None:
    """Full arena, full disk, a worker that died."""
    caller = naming().is_told(NotAvailable()).listens()
    assert caller.said == [*ASKED, "name_not_recorded"]
    assert kept(caller) is None


def test_a_second_recording_that_cannot_be_made_goes_on_without_a_name() -> None:
    caller = heard().press("2").is_told(NotAvailable()).listens()
    assert kept(caller) is None


def test_nobody_records_for_ever() -> None:
    caller = naming()
    for _ in range(MOST_TAKES - 1):
        caller.is_told(Recorded(ANA)).press("2")
    assert kept(caller.is_told(Recorded(ANA_AGAIN)).listens()) == ANA_AGAIN
    assert caller.said[-1] == "you_said"
    assert caller.asked.count(Record(5.0, NAME_SILENCE_S)) == MOST_TAKES


def test_nobody_listens_for_ever() -> None:
    caller = heard()
    caller.press("3" * HEARD_TIMES)
    assert kept(caller) == ANA


def test_the_tone_is_heard_to_its_end_and_a_key_before_it_ends_nothing() -> None:
    caller = naming().press("#")
    assert caller.says[-1] == Say(TONE, "en", fresh=True, final=True)
    caller.press("12#").hears()
    assert caller.runner.state is State.RECORDING
    assert StopRecording() not in caller.asked


def test_a_known_person_s_name_is_kept_from_last_time_c2() -> None:
    caller = naming(keep_names=True)
    assert isinstance(caller.last, KeptName)
    assert kept(caller.answers(ANA)) == ANA
    assert caller.said == []


@pytest.mark.parametrize("reply", [None, NotAvailable()])
def test_whose_name_is_not_kept_is_asked_for_it(reply: object) -> None:
    assert naming(keep_names=True).answers(reply).listens().said == ASKED


def test_names_are_looked_for_only_where_they_are_kept() -> None:
    assert naming().asked == []


@pytest.mark.parametrize("reply", [OperatorEnded(), NobodyFree()])
def test_an_operator_can_be_called_at_the_choice_which_is_then_asked_again(reply: object) -> None:
    caller = heard(help_keys="*0").listens().press("*0").listens()
    assert caller.last == Operator()
    caller.forget().answers(reply).listens()
    assert caller.said == [*([] if isinstance(reply, OperatorEnded) else ["help_none_free"]), *SAID_BACK]
    assert kept(caller.press("1")) == ANA


def test_a_hang_up_while_the_name_is_recorded_ends_all() -> None:
    caller = naming().listens()
    caller.hangs_up().press("#1").answers(Recorded(ANA))
    assert caller.ends == 0
    assert caller.runner.state is State.ENDED

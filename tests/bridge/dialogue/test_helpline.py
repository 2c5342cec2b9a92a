"""The way to an operator, from a question and by an offer (`*0`, A3)."""

from __future__ import annotations

import pytest

from bridge.dialogue.helpline import CALLS, OFFER_S, Helpline
from bridge.dialogue.requests import Dialogue, NobodyFree, NotAvailable, Operator, OperatorEnded
from bridge.dialogue.results import Confirmed
from bridge.dialogue.runner import State
from tests.bridge.dialogue.caller import Caller


def calling(helpline: Helpline) -> Caller:
    def whole() -> Dialogue:
        came = yield from helpline.call("en")
        return Confirmed(came)

    return Caller(whole())


def offered(helpline: Helpline | None = None) -> Caller:
    way = helpline or Helpline("*0")

    def whole() -> Dialogue:
        came = yield from way.offer("en")
        return Confirmed(came)

    return Caller(whole())


def test_a_caller_waits_for_an_operator_and_goes_on_afterwards() -> None:
    caller = calling(Helpline("*0")).listens()
    assert caller.said == ["hall_wait"]
    assert caller.last == Operator()
    assert caller.runner.state is State.LASTING
    assert caller.answers(OperatorEnded()).result == Confirmed(token=True)


@pytest.mark.parametrize("reply", [NobodyFree(), NotAvailable()])
def test_that_nobody_is_free_is_said(reply: object) -> None:
    caller = calling(Helpline("*0")).is_told(reply).listens()
    assert caller.said == ["hall_wait", "help_none_free"]
    assert caller.result == Confirmed(token=False)


def test_operators_are_called_only_so_often_by_one_caller() -> None:
    helpline = Helpline("*0")
    for _ in range(CALLS):
        assert helpline.keys == ("*0",)
        calling(helpline).is_told(NobodyFree())
    assert helpline.keys == ()


def test_without_keys_there_is_no_way() -> None:
    assert Helpline().keys == ()
    assert Helpline("").keys == ()


@pytest.mark.parametrize("keys", ["*0", "0", "**0"])
def test_the_offer_is_taken_by_its_keys_or_the_digit_alone_a3(keys: str) -> None:
    caller = offered()
    assert caller.said == ["offer_operator"]
    assert dict(caller.says[0].utterance.values) == {"keys": "*0"}
    assert caller.press(keys).listens().last == Operator()


def test_silence_declines_the_offer_a3() -> None:
    caller = offered().listens()
    began = caller.now
    assert caller.waits().result == Confirmed(token=False)
    assert caller.now == began + OFFER_S
    assert caller.asked == []


@pytest.mark.parametrize("wrong", ["1", "#", "123456#", "*1"])
def test_another_key_has_the_offer_made_once_more(wrong: str) -> None:
    caller = offered().press(wrong)
    if caller.runner.state is State.KEYS:
        caller.passes_time()
    assert caller.said == ["offer_operator"] * 2
    assert caller.press("0").listens().last == Operator()

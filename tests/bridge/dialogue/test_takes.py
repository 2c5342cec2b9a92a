"""A recording's own words: how it is asked for, how it is played. What may happen meanwhile is in `test_name`."""

from __future__ import annotations

from bridge.dialogue.helpline import Helpline
from bridge.dialogue.requests import Dialogue, NotAvailable, Record, Recorded
from bridge.dialogue.results import Confirmed
from bridge.dialogue.takes import Take, take
from prompts.phrases import Utterance, say
from prompts.values import Clip
from tests.bridge.dialogue.caller import Caller

MOTTO = Take(
    ask=Utterance("ask"),
    unheard=Utterance("unheard"),
    play=lambda clip: say("play", clip=clip),
    silence_s=3.0,
)


def taking() -> Caller:
    def whole() -> Dialogue:
        answer = yield from take("es", MOTTO, Helpline(), 20.0)
        return Confirmed(answer)

    return Caller(whole())


def test_a_take_is_asked_for_and_played_in_its_own_words() -> None:
    caller = taking().is_told(Recorded(None)).is_told(Recorded(Clip(0, 80))).listens()
    assert caller.said == ["ask", "tone.record", "unheard", "ask", "tone.record", "play", "name_choice"]
    assert caller.asked == [Record(20.0, 3.0)] * 2
    assert {each.language for each in caller.says} == {"es"}


def test_what_came_of_it_is_told_apart() -> None:
    assert taking().is_told(NotAvailable()).result == Confirmed(NotAvailable())
    assert taking().is_told(Recorded(None)).is_told(Recorded(None)).result == Confirmed(None)
    assert taking().is_told(Recorded(Clip(0, 80))).press("#").result == Confirmed(Clip(0, 80))

"""What is said of a call out that is not made, or comes to nothing (`*1`, G3): a prompt for each reason there is."""

from __future__ import annotations

from typing import Final

from bridge.service.dialplan import Why
from bridge.service.outcome import Outcome
from bridge.service.spending import Limit
from prompts.phrases import Utterance

REFUSED_WORDS: Final[dict[Why, Utterance]] = {
    Why.INCOMPLETE: Utterance("dial_incomplete"),
    Why.NOT_A_NUMBER: Utterance("dial_not_a_number"),
    Why.CARRIER: Utterance("dial_carrier"),
    Why.EMERGENCY: Utterance("dial_emergency"),
    Why.PREMIUM: Utterance("dial_premium"),
    Why.NOT_ALLOWED: Utterance("dial_not_allowed"),
    Why.CLOSED: Utterance("dial_closed"),
}
"""By what the dial plan says."""

OUTCOME_WORDS: Final[dict[Outcome, Utterance]] = {
    Outcome.BUSY: Utterance("dial_busy"),
    Outcome.NO_ANSWER: Utterance("dial_no_answer"),
    Outcome.DECLINED: Utterance("dial_declined"),
    Outcome.UNKNOWN_NUMBER: Utterance("dial_unknown"),
    Outcome.UNREACHABLE: Utterance("dial_unreachable"),
    Outcome.CONGESTED: Utterance("dial_congested"),
    Outcome.ERROR: Utterance("dial_failed"),
    Outcome.REFUSED: Utterance("dial_not_allowed"),
}
"""By what became of the call."""

NIGHT: Final = Utterance("dial_night")
LIMIT: Final = Utterance("dial_limit")


def limit_words(limit: Limit) -> Utterance:
    """What whoever wanted the call hears: that it is night, that all lines are taken, or that there have been enough; not
    whose limit it is.
    """
    if limit is Limit.TRUNK:
        return OUTCOME_WORDS[Outcome.CONGESTED]
    return NIGHT if limit is Limit.NIGHT else LIMIT

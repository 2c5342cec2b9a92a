"""The way to an operator from any question (`*0`, A3)."""

from __future__ import annotations

from typing import Final

from bridge.dialogue.questions import one_key
from bridge.dialogue.requests import Operator, OperatorEnded, Say, Step
from prompts.phrases import Utterance, say

CALLS: Final = 3
"""How often a caller may ask for an operator before the conference; after that its keys mean nothing. Without an end,
a call that never joins could be kept for ever, and others would wait for the same operators."""

OFFER_S: Final = 5.0
"""Silence that declines the offer of an operator: time to find two keys, not a code on a paper."""

PLAINLY: Final = "0"
"""What the offer takes too: it names a star command, and half of all people press only the digit."""

OPERATOR_COMES: Final = Utterance("hall_wait")
NONE_FREE: Final = Utterance("help_none_free")


class Helpline:
    """What is left of one caller's way to an operator."""

    __slots__ = ("_keys", "_left")

    def __init__(self, keys: str | None = None) -> None:
        self._keys = (keys,) if keys else ()
        self._left = CALLS

    @property
    def keys(self) -> tuple[str, ...]:
        """What calls one, for `Collect.stops`; nothing where nobody can be called, or not once more."""
        return self._keys if self._left else ()

    def call(self, language: str) -> Step[bool]:
        """Call an operator. Whether one has been with the caller; where not, that has been said."""
        self._left -= 1
        yield Say(OPERATOR_COMES, language, fresh=True)
        reply = yield Operator()
        if isinstance(reply, OperatorEnded):
            return True
        yield Say(NONE_FREE, language, fresh=True)
        return False

    def offer(self, language: str) -> Step[bool]:
        """Offer an operator to whoever came no further (A3), and call one if they want: as for `call`."""
        keys = self.keys
        offer = say("offer_operator", keys=keys[0])
        wanted = yield from one_key(
            language, (offer,), PLAINLY, stops=keys, first_digit_s=OFFER_S, insists=False
        )
        return bool(wanted) and (yield from self.call(language))

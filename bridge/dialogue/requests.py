"""What a dialogue may ask for. Each request is yielded; what the dialogue is sent back is said at each.

A dialogue is a generator; one part of it that has an answer is a `Step`, taken by `yield from`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from bridge.dialogue.verdicts import Accepted
    from prompts.phrases import Utterance

FIRST_DIGIT_S: Final = 8.0
"""Silence after a prompt before a caller counts as having keyed nothing: time to find the paper with the code on it."""

NEXT_DIGIT_S: Final = 4.0
"""A pause between two keys that submits what was keyed (A3), long enough to look at the paper again."""


@dataclass(frozen=True, slots=True)
class Say:
    """Speak; nothing is sent back, at the end or as soon as a key interrupts.

    Keys typed ahead skip it, and a key during it ends it and counts (A3). `fresh` forgets what was typed ahead before:
    after a wrong code, keys meant for the step after a right one mean nothing. An utterance that is `final` is heard to
    its end whatever is pressed.
    """

    utterance: Utterance
    language: str
    fresh: bool = False
    final: bool = False


@dataclass(frozen=True, slots=True)
class Collect:
    """Keys up to `#`, or up to a pause. Sent back: `Keyed`."""

    max_digits: int
    """More are a mistake: the answer is then one digit longer than allowed, which no code is."""
    first_digit_s: float = FIRST_DIGIT_S
    next_digit_s: float = NEXT_DIGIT_S


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait in silence. Keys meanwhile are typed ahead."""

    seconds: float


@dataclass(frozen=True, slots=True)
class HoldBack:
    """Wait in silence until so long after the last question went to the service.

    So the time of an answer tells nothing about the code, not even how long it was looked for (G5).
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class LookUpPasscode:
    """Whose passcode is this? Sent back: `Verdict`, or `NotAvailable`."""

    passcode: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckCounterPassword:
    """Is this a counter-password of that passcode? Sent back: `CounterVerdict`, or `NotAvailable`."""

    accepted: Accepted
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MayJoin:
    """Would the conference have this one? Sent back: `Refusal`, or None where it would."""

    accepted: Accepted


@dataclass(frozen=True, slots=True)
class Join:
    """Into the conference. Sent back as for `MayJoin`: things may have changed meanwhile."""

    accepted: Accepted


Request = Say | Collect | Pause | HoldBack | LookUpPasscode | CheckCounterPassword | MayJoin | Join


class KeyedBy(Enum):
    """What ended a `Collect`."""

    HASH = "hash"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Keyed:
    """The digits before `#` or before the pause; empty where nobody pressed anything."""

    digits: str = field(repr=False)
    by: KeyedBy


@dataclass(frozen=True, slots=True)
class NotAvailable:
    """The store did not answer: not the caller's fault, and the caller is told so."""


class Ending(Enum):
    """What becomes of the caller when a dialogue ends. The value of all but JOINED is recorded as the reason."""

    JOINED = "joined"
    NO_PASSCODE = "no valid passcode"
    NO_COUNTER_PASSWORD = "no valid counter-password"  # noqa: S105 - a reason, not a secret
    NOT_ALLOWED = "passcode may not be used"
    NOT_ADMITTED = "conference is locked, full or over"
    SERVICE_PROBLEM = "service problem"


Reply = Any
"""What a dialogue is sent: None, or what the request says."""

Answer = TypeVar("Answer")
Step = Generator[Request, Reply, Answer]
"""A piece of a dialogue that ends with an answer."""

Dialogue = Step[Ending]

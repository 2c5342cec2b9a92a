"""What a dialogue may ask for. Each request is yielded; what the dialogue is sent back is said at each.

A dialogue is a generator; one part of it that has an answer is a `Step`, taken by `yield from`. What a whole one comes to
is in `results`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from bridge.dialogue.results import Result
    from bridge.dialogue.verdicts import Accepted
    from prompts.phrases import Utterance
    from prompts.values import Clip

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
    """Keys up to `#`, or up to a pause. Sent back: `Keyed`.

    A `*` begins the entry anew, unless it begins one of `stops`; which of the two it does, the next key says.
    """

    max_digits: int
    """More are a mistake: the answer is then one digit longer than allowed, which no code is."""
    first_digit_s: float = FIRST_DIGIT_S
    """0: only what was typed ahead, nothing is waited for."""
    next_digit_s: float = NEXT_DIGIT_S
    stops: tuple[str, ...] = ()
    """Star commands, as the key map has them ("*3"), that end it at once, whatever was keyed before."""
    whole: bool = False
    """The last digit that fits ends it, without `#`: "press 1 or 2"."""


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
class Recognise:
    """Does the caller's number say who it is? Sent back: `Accepted`, as if they had keyed their code, or None."""


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator, please (`*0`, A3). Sent back: `OperatorEnded`, or `NobodyFree`.

    Lasting: while the caller waits and talks, keys are not the dialogue's. If the operator takes the caller into a
    conference, the dialogue is closed.
    """


@dataclass(frozen=True, slots=True)
class Record:
    """What the caller says, up to a key, a silence or the longest time. Sent back: `Recorded`, or `NotAvailable`.

    Any key ends it and counts as nothing else; what was typed ahead of it is forgotten, or a key pressed too early
    would end it before a word was said.
    """

    longest_s: float
    silence_s: float


@dataclass(frozen=True, slots=True)
class KeptName:
    """The name that a known person recorded for an earlier conference (C2). Sent back: its `Clip`, or None."""

    accepted: Accepted


@dataclass(frozen=True, slots=True)
class SaveMessage:
    """Keep a recorded message (O5). Sent back: `Saved`, or `NotAvailable`."""

    clip: Clip


@dataclass(frozen=True, slots=True)
class Hall:
    """Into the entry hall, where an operator greets the caller (O2).

    Lasting, as `Operator`. Sent back: `HallAdmitted`, `HallRefused` or `NobodyFree`.
    """

    accepted: Accepted
    name: Clip | None = None


@dataclass(frozen=True, slots=True)
class CheckNumber:
    """May this number be called? Sent back: `NumberGood` or `NumberBad`, or `NotAvailable`."""

    digits: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MayJoin:
    """Would the conference have this one? Sent back: `Refusal`, or None where it would."""

    accepted: Accepted


@dataclass(frozen=True, slots=True)
class Join:
    """Into the conference. Sent back as for `MayJoin`: things may have changed meanwhile."""

    accepted: Accepted
    name: Clip | None = None
    """C2: as recorded, or kept."""


PassedOn = (
    Recognise
    | LookUpPasscode
    | CheckCounterPassword
    | Operator
    | Record
    | KeptName
    | SaveMessage
    | Hall
    | CheckNumber
    | MayJoin
    | Join
)
"""What only others can answer."""

Request = Say | Collect | Pause | HoldBack | PassedOn


class KeyedBy(Enum):
    """What ended a `Collect`."""

    HASH = "hash"
    PAUSE = "pause"
    WHOLE = "whole"
    """The last digit that fits."""
    STOP = "stop"
    """One of the `stops`."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """The digits before `#` or before the pause; empty where nobody pressed anything."""

    digits: str = field(repr=False)
    by: KeyedBy
    stop: str = ""
    """By STOP: which. There are no digits then."""


@dataclass(frozen=True, slots=True)
class NotAvailable:
    """Whoever was asked did not answer: not the caller's fault, and the caller is told so."""


@dataclass(frozen=True, slots=True)
class OperatorEnded:
    """An operator has been with the caller, who is now where they were before."""


@dataclass(frozen=True, slots=True)
class NobodyFree:
    """No operator took the call."""


@dataclass(frozen=True, slots=True)
class HallAdmitted:
    """The operator lets the caller in."""


@dataclass(frozen=True, slots=True)
class HallRefused:
    """The operator does not."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a `Record` has brought; None where nobody spoke.

    It is there as long as the dialogue asks for no other recording, and after it only where somebody took it over, with
    `Join` or `SaveMessage`.
    """

    clip: Clip | None


@dataclass(frozen=True, slots=True)
class Saved:
    """The message is kept."""


@dataclass(frozen=True, slots=True)
class NumberGood:
    """The number may be called (G3)."""

    read_back: str = field(repr=False)
    """The digits as they are spoken to whoever keyed them."""
    token: Any = field(default=None, repr=False)
    """Whatever the service needs to call it; nobody else looks into it."""


@dataclass(frozen=True, slots=True)
class NumberBad:
    """It may not, or is none."""

    text: str
    """The name of the prompt that says why."""


Reply = Any
"""What a dialogue is sent: None, or what the request says."""

Answer = TypeVar("Answer")
Step = Generator[Request, Reply, Answer]
"""A piece of a dialogue that ends with an answer."""

Dialogue = Generator[Request, Reply, "Result"]
"""A whole one."""

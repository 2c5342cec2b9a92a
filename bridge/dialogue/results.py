"""What a whole dialogue comes to: the last word of its generator, told by the runner's `Ended`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prompts.values import Clip


class Ending(Enum):
    """What becomes of a caller at the reception. The value of all but JOINED is recorded as the reason."""

    JOINED = "joined"
    NO_PASSCODE = "no valid passcode"
    NO_COUNTER_PASSWORD = "no valid counter-password"  # noqa: S105 - a reason, not a secret
    NOT_ALLOWED = "passcode may not be used"
    NOT_ADMITTED = "conference is locked, full or over"
    REFUSED_BY_OPERATOR = "refused by an operator"
    """O2."""
    NOBODY_TO_ADMIT = "no operator free to admit"
    """O2: who is not greeted is not let in."""
    SERVICE_PROBLEM = "service problem"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Yes, by a key that was pressed for it: call this number (`*1`), connect me (blast, an operator's phone)."""

    token: Any = field(default=None, repr=False)
    """Dial-out: the one of `NumberGood`."""


@dataclass(frozen=True, slots=True)
class Declined:
    """No, or no answer: a called person, or a machine, pressed nothing that means yes."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Whoever began it did not go through with it; they have heard why, where it was not their own wish."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One of those who were read out."""

    leg: int


@dataclass(frozen=True, slots=True)
class MessageKept:
    """The recorded message is in the store (O5), where its speaker has heard it and said yes."""

    clip: Clip


Result = Ending | Confirmed | Declined | GivenUp | Chosen | MessageKept

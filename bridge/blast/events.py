"""What a campaign is told, about an entry's call by the entry's id.

Of each call that `Dial` asks for, exactly one end is told, `Failed` or `Left`, also after `HangUp`: until then the
campaign counts it among those in parallel and does not call the entry again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.service.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Ringing:
    """It rings there."""

    id: int


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody, or something, took the call."""

    id: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The call did not come about: `bridge.service.outcome.outcome_of`, or REFUSED where none was made at all (G3)."""

    id: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Played:
    """What `Play` asked for has been heard to its end."""

    id: int


@dataclass(frozen=True, slots=True)
class Pressed:
    """They pressed a key, before or after the end of the message."""

    id: int
    digit: str


@dataclass(frozen=True, slots=True)
class Left:
    """The call is over: they hung up, were put out, or we hung up."""

    id: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Call nobody any more, and stop ringing. Who hears the message or is in the conference stays (`*3`)."""


Event = Ringing | Answered | Failed | Played | Pressed | Left | Cancel

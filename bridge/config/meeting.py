"""What can be set of conferences as such, beside what each passcode pair sets for itself: recorded names, people left alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bridge.config.values import Range


@dataclass(frozen=True, slots=True)
class Names:
    """Recorded names (C2, `*8`)."""

    longest_s: Annotated[float, Range(1, 15)] = 7.0
    """A name and a company are said in 3 s, by somebody who begins 3 s after the tone; the recording ends here, and is kept."""
    arena_s: Annotated[int, Range(60, 100_000)] = 4000
    """Seconds of names held at once, 32 kB each (16 kHz, 16 bits) and only when used: 128 MB, a name of 2 s for each of 2,000
    people. Where it is full a caller comes in without a recorded name."""
    announce_up_to: Annotated[int, Range(0, 1000)] = 25
    """People in a room up to which names are said at entry and exit; above it tones (C1), or nobody could talk."""
    announce_queue_s: Annotated[float, Range(1, 120)] = 10.0
    """Seconds of names that may wait to be said; what comes then gets a tone. Later, it would be news of the past."""


@dataclass(frozen=True, slots=True)
class Conference:
    """What holds for every conference."""

    stranded_answer_s: Annotated[float, Range(5, 300)] = 30.0
    """How long somebody who has been alone for long has for the key that says they are there, before the call ends."""

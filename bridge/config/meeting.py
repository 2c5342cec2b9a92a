"""What can be set of conferences as such: recorded names, people left alone, extension, and what others see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bridge.config.values import Range


@dataclass(frozen=True, slots=True)
class Names:
    """Recorded names (C2, `*8`)."""

    longest_s: Annotated[float, Range(1, 15)] = 5.0
    """A name and a company are said in 3 s; the recording ends here, and is kept."""
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

    stranded_after_s: Annotated[float, Range(0, 86_400)] = 1800.0
    """Alone in a room for so long, a person is asked to press a key: a forgotten telephone pays by the minute. 0: never."""
    stranded_answer_s: Annotated[float, Range(5, 300)] = 30.0
    """How long that person has for the key, before the call ends."""
    extension_s: Annotated[float, Range(60, 14_400)] = 900.0
    """What one press of the moderator adds to a conference that nears its maximum length (C6)."""
    mask_numbers: bool = False
    """Whether participants' numbers are shown and said to others with the middle left out. Operators see them whole."""

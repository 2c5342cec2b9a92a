"""How people come into a conference by its access number: passcode, and a name where one is asked for (A3, C2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.acting import Call, Listen, Press, Say, Wait
from benchmarks.mouths import TALK, TALK_HZ
from benchmarks.roda import ACCESS_NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.acting import Script

RECORD_HZ = 1000
"""After this tone one speaks, as with every answering machine."""
BEEP_PACKETS = 8
"""So many packets of the tone on end, and it is no vowel of a prompt."""
AFTER_BEEP_S = 0.5
"""From the beep's beginning until somebody speaks: it lasts 0.3 s."""
WITHIN_S = 30.0
"""How long somebody waits for the beep, or to hear the conference."""
SETTLE_S = 4.0
"""What the first one, who hears nobody, gives the bridge to say its words in."""
HEARD_PACKETS = 3
"""So many packets on end with the one who talks in them: in the conference."""


@dataclass(slots=True)
class Arrival:
    """What became of one who came; moments of CLOCK_MONOTONIC in seconds, None where it never came so far."""

    row: int
    called_at: float | None = None
    hash_at: float | None = None
    """The last `#` went down: that of the name, or of the passcode where no name is asked for."""
    last_key_at: float | None = None
    """The key by which the name is kept."""
    joined_at: float | None = None
    """The first packet with the conference's talk in it came."""

    @property
    def wait_s(self) -> float | None:
        """From the last `#` to the conference."""
        return None if self.joined_at is None or self.hash_at is None else self.joined_at - self.hash_at

    @property
    def keep_s(self) -> float | None:
        """From the last key of all to the conference."""
        return (
            None if self.joined_at is None or self.last_key_at is None else self.joined_at - self.last_key_at
        )


@dataclass(frozen=True, slots=True)
class Manner:
    """How people come in: `patience_s` of the greeting is heard, then they key; they say the name so many times on end, hear
    `listen_s` of it, and press `keep`.
    """

    patience_s: float = 2.0
    says: int = 1
    listen_s: float = 0.0
    keep: str = "1"


def guest(
    arrival: Arrival, code: str, clip: int | None, manner: Manner, joined: Callable[[int], None]
) -> Script:
    """Come in, say the name `clip` where one is asked for, and hear the one who talks; `joined` is told then."""
    yield from _key_in(arrival, code, clip, manner)
    if arrival.last_key_at is None:
        return
    arrival.joined_at = yield Listen(TALK_HZ, packets=HEARD_PACKETS, within_s=WITHIN_S)
    if arrival.joined_at is not None:
        joined(arrival.row)


def host(
    arrival: Arrival, code: str, clip: int | None, manner: Manner, *, talks: bool, begun: Callable[[], None]
) -> Script:
    """Come in first, and talk without end if that is what the scene needs; `begun` is told then."""
    yield from _key_in(arrival, code, clip, manner)
    if arrival.last_key_at is None:
        return
    yield Wait(SETTLE_S)
    if talks:
        yield Say(TALK)
    begun()


def stay(arrival: Arrival, code: str, clip: int | None, manner: Manner) -> Script:
    """Come in where nobody talks, and wait until the bridge has said its words."""
    yield from _key_in(arrival, code, clip, manner)
    yield Wait(SETTLE_S)


def keyed_in(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Return those who have keyed all that was asked of them."""
    return [each for each in arrivals if each.last_key_at is not None]


def _key_in(arrival: Arrival, code: str, clip: int | None, manner: Manner) -> Script:
    arrival.called_at = yield Call(ACCESS_NUMBER)
    yield Wait(manner.patience_s)
    keyed_at = yield Press(code + "#")
    if clip is None:
        arrival.hash_at = arrival.last_key_at = keyed_at
        return
    beep_at = yield Listen(RECORD_HZ, packets=BEEP_PACKETS, pure=True, within_s=WITHIN_S)
    if beep_at is None:
        return
    yield Wait(AFTER_BEEP_S)
    for _ in range(manner.says):
        yield Say(clip)
    arrival.hash_at = yield Press("#")
    if manner.listen_s:
        yield Wait(manner.listen_s)
    arrival.last_key_at = yield Press(manner.keep)


def waits_ms(arrivals: Sequence[Arrival]) -> list[float]:
    """Return, of all who came in, how long they waited after their last `#`, in milliseconds."""
    return [wait_s * 1000 for each in arrivals if (wait_s := each.wait_s) is not None]


def entry_s(arrivals: Sequence[Arrival]) -> float:
    """Return the time between the first and the last one's coming in; NaN where nobody came."""
    moments = [each.joined_at for each in arrivals if each.joined_at is not None]
    return max(moments) - min(moments) if moments else float("nan")

"""Callers of whom it is not known whether they are where they say, and how little is sent to that address.

Theory of operation
-------------------
Anybody can write anybody's address on a datagram. An INVITE that is answered with all that RFC 3261 13.3.1.4 has for a lost
ACK, eleven 200 and up to eleven BYEs, sends its victim twenty times its size; section 26.3.2.4 asks servers to leave such
repetitions out where they would do that. So the gate says of each call whether it is *real* (`Pass.real`): a connection, a
proof, or an ACK of the last day has shown that what is sent there arrives there. Of one that is not, until its ACK:

    200                 five times in 7.5 s, given up after 11.5 s       instead of eleven times, 32 s
    refusal             three times                                      eleven
    reliable 1xx        five times                                       seven
    BYE after all that  once                                             up to eleven times
    calls of a source   four at once; further INVITEs are dropped        as many as come

What it costs the honest: of calls whose every message is lost with probability p, each way, 1 - (1-p)^2 to the power of the
number of 200s: 0.02 % at 10 % loss, 0.6 % at 20 %, 3.5 % at 30 % (0.06 % with eleven). And only the first call of a day. A
BYE is no goodbye that anybody waits for: it tells a caller whose ACKs get lost that there is nobody.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from sip.timers import T1_S, T2_S

DOUBTFUL_GIVE_UP_S: Final = 15 * T1_S + T2_S
"""An answer is repeated so long: at 0, 0.5, 1.5, 3.5 and 7.5 s, and a last T2 is waited for the ACK."""
DOUBTFUL_G_S: Final = 2 * T1_S
"""The longest timer G: a refusal goes out at 0, 0.5 and 1.5 s. It needs no way back: at a loss of 30 % it gets lost in 2.7 %."""
DOUBTFUL_CALLS_MAX: Final = 4
"""Calls of one source whose ACK has not come. A further INVITE is dropped: an honest caller repeats it after half a second, and
by then the first of the house has sent its ACK and nobody of it is doubted any more."""


class Doubtful:
    """Calls whose ACK has not come, counted by the source that they say to be of."""

    __slots__ = ("_calls",)

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._calls.total()

    def takes(self, source: str) -> bool:
        """Whether one call more of a source may wait for its ACK."""
        return self._calls[source] < DOUBTFUL_CALLS_MAX

    def came(self, source: str) -> None:
        """One more waits."""
        self._calls[source] += 1

    def settled(self, source: str) -> None:
        """One has its ACK, or is over."""
        self._calls[source] -= 1
        if not self._calls[source]:
            del self._calls[source]

"""What packets of one source have come: the index that is not in them, and those that come again (RFC 3711 section 3.3).

A packet says the lower 16 bits of its index. The rest is guessed: of all indices with those bits the one that is nearest to
the highest one heard. The guess is proved by the tag, which covers it; nothing is remembered before.

Once a packet was proved its index has been used. The window shows the last 64; what is older has been used, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WINDOW: Final = 64
"""Packets that may come in any order: 1.28 s of audio. RFC 3711 section 3.3.2 asks for no fewer; later ones are dropped."""
_ALL: Final = (1 << WINDOW) - 1


@dataclass(slots=True)
class Window:
    """Of one source. `next` is one more than the highest index that came, 0 before the first; bit k of `seen`: `next - 1 - k` came."""

    next: int = 0
    seen: int = 0

    @classmethod
    def taken_over(cls, next_: int) -> Window:
        """Of which only the highest is known: nothing older is believed."""
        return cls(next_, _ALL if next_ else 0)

    def guess(self, sequence: int) -> int:
        """The index of a packet with this sequence number."""
        if not self.next:
            return sequence
        highest = self.next - 1
        index = highest + ((sequence - highest + 0x8000) & 0xFFFF) - 0x8000
        return index if index >= 0 else index + 0x10000

    def has(self, index: int) -> bool:
        """Tell whether this came before, or is too old to be known."""
        age = self.next - 1 - index
        return age >= 0 and (age >= WINDOW or bool(self.seen >> age & 1))

    def note(self, index: int) -> None:
        """Remember what has come and was proved."""
        ahead = index + 1 - self.next
        if ahead > 0:
            self.seen = (self.seen << min(ahead, WINDOW) | 1) & _ALL
            self.next = index + 1
        else:
            self.seen |= 1 << -ahead

"""Where each row's packets come from, and go to: the addresses of SDP, those that were learned, and those being learned.

What is believed is `latching`'s affair; here it is applied to rows, and what the sockets must be told is collected.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from media.latching import Address, Course, Latch
from media.streams import Streams


@dataclass(frozen=True, slots=True)
class Target:
    """Send to this address; listen to everybody until the source is learned."""

    row: int
    remote: Address | None


@dataclass(frozen=True, slots=True)
class Connect:
    """The source is learned: send to it, hear nobody else."""

    row: int
    remote: Address


@dataclass(frozen=True, slots=True)
class Carry:
    """From now on send the row's packet from the block of secured ones, so many bytes of it; 0: from the plain one."""

    row: int
    secured_bytes: int


class Sources:
    """The addresses of all rows."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._latches: dict[int, Latch] = {}  # of rows that are learning their source
        self._learned: dict[int, Address] = {}
        self._sdp_hosts: dict[int, str] = {}
        self._signals: dict[int, str] = {}  # hosts that the peers signal from
        self._hear_first: set[int] = set()  # nothing is sent to what SDP says
        self._changes: list[Target | Connect | Carry] = []

    def forget(self, row: int) -> None:
        """The stream is gone."""
        for table in (self._latches, self._learned, self._sdp_hosts, self._signals):
            table.pop(row, None)
        self._hear_first.discard(row)

    def changes(self) -> list[Target | Connect | Carry]:
        """What the sockets must be told since the last call."""
        changes, self._changes = self._changes, []
        return changes

    @property
    def changed(self) -> bool:
        """`changes` has something."""
        return bool(self._changes)

    def carry(self, row: int, secured_bytes: int) -> None:
        """The row's packets are secured from now on, or plain, or of another length."""
        self._changes.append(Carry(row, secured_bytes))

    def expect(
        self,
        row: int,
        remote: Address | None,
        now: float,
        *,
        hear_first: bool = False,
        proved: bool = False,
        signals: str | None = None,
    ) -> None:
        """SDP has said where the peer is (or not yet): learn its source.

        `hear_first`: send nothing before. `proved`: what comes is the peer's, whoever brings it. `signals`: the host that it signals from; None: the same as before.
        """
        if signals is None:
            signals = self._signals.get(row, "")
        self.forget(row)
        self._signals[row] = signals
        self._latches[row] = Latch.first(remote, now, signals, proved=proved)
        if remote is not None:
            self._sdp_hosts[row] = remote[0]
        self._streams.latched[row] = False
        if hear_first:
            self._hear_first.add(row)
        self._changes.append(Target(row, None if hear_first else remote))

    def trust(self, row: int, source: Address, signals: str = "") -> None:
        """The source was learned elsewhere, by another worker."""
        self.forget(row)
        self._signals[row] = signals
        self._sdp_hosts[row] = source[0]
        self._lock(row, source)

    def _hold(self, row: int, latch: Latch, source: Address) -> None:
        """Believe a source as long as nobody speaks who has a better claim."""
        latch.holder = source
        self._hear_first.discard(row)
        self._learned[row] = source
        self._streams.latched[row] = True
        self._changes.append(Target(row, source))

    def _lock(self, row: int, source: Address) -> None:
        self._latches.pop(row, None)
        self._hear_first.discard(row)
        self._learned[row] = source
        self._streams.latched[row] = True
        self._changes.append(Connect(row, source))

    def is_learning(self, row: int) -> bool:
        """Packets of anybody still come."""
        return row in self._latches

    def nowhere(self) -> Iterable[int]:
        """Rows of which nobody knows yet where to send to, or whom nothing is sent to before they were heard."""
        return (
            row
            for row, latch in self._latches.items()
            if (latch.expected is None and latch.holder is None) or row in self._hear_first
        )

    def weigh(self, row: int, source: Address, course: Course, now: float) -> bool | None:
        """Whether a packet is of the peer: True when its source has just been learned by it, None when it was before."""
        latch = self._latches.get(row)
        if latch is None:  # locked a moment ago, by an earlier packet: the socket did not know yet
            return None if self._learned.get(row) == source else False
        if source == latch.holder:
            if latch.is_over(now):
                self._lock(row, source)
            return None
        if not latch.consider(source, course.ssrc, course.sequence, now):
            return False
        if latch.is_sure(source):
            self._lock(row, source)
        else:
            self._hold(row, latch, source)
        return True

    def listen_again(self, row: int, course: Course, now: float) -> None:
        """A source that was locked is silent: it may have moved."""
        latch = self._latches.get(row)
        if latch is None or latch.holder is not None:
            source = self._learned[row]
            self._latches[row] = Latch.again(source, self._sdp_hosts.get(row), course, now)
            self._changes.append(Target(row, source))

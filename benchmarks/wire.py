"""How media packets enter and leave this process: the interface, and the choice between its two implementations.

A wire sends from `packets`, which `streams` keeps up to date, one row for each participant, or `way`, several, and hands
over what has arrived as columns. `wire_uring` needs about half the CPU of `wire_epoll` and stamps arrivals in the kernel; many containers
forbid it, hence the choice at start.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from media.uring import UringUnavailableError

if TYPE_CHECKING:
    import socket

    from numpy.typing import NDArray

RECEIVE_BUFFER_BYTES = 1 << 20
"""Per media socket: the kernel counts about 800 bytes per small packet, so this is 25 s of a stream. It never fills."""

PACKET_ROOM_BYTES = 12 + 4 * 15 + 960
"""The largest packet we look at: RTP header with all CSRCs and 60 ms of 16 kHz. Longer ones are cut, which analysis counts."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What came in since the last look, in no order; the payloads are valid until the next look.

    rows : ndarray of shape (N,), int64, the participants that received; at_ns : ndarray of shape (N,), int64, on
    CLOCK_MONOTONIC; sizes : ndarray of shape (N,), int64, of the whole packet; headers : ndarray of shape (N, 12), uint8;
    pool : ndarray of shape (M, W), uint8, packets from their first byte; places : ndarray of shape (N,), into the pool.
    """

    rows: NDArray[np.int64]
    at_ns: NDArray[np.int64]
    sizes: NDArray[np.int64]
    headers: NDArray[np.uint8]
    pool: NDArray[np.uint8]
    places: NDArray[Any]

    def payloads(self, which: NDArray[np.int64], samples: int) -> NDArray[np.uint8]:
        """Return the first `samples` bytes after the 12-byte header of the arrivals `which : ndarray of shape (K,)`."""
        return self.pool[self.places[which], 12 : 12 + samples]


class Wire(Protocol):
    """Media sockets of all participants."""

    name: str
    stamps: str
    send_errors: int

    def open(self, row: int, sock: socket.socket) -> None:
        """Receive on `sock`, bound and connected, as the participant `row`; send its packets from there."""

    def close_row(self, row: int) -> None:
        """Stop sending and receiving for `row`; its socket may be closed afterwards."""

    def send(self, which: NDArray[np.int64]) -> None:
        """Send these rows of `packets`, now; of P participants the row `n` is sent by `n % P`."""

    def resize(self, which: NDArray[np.int64], sizes: NDArray[np.int64]) -> None:
        """From now on these rows of `packets` have so many bytes; at first they have all that fit."""

    def wait(self, until_ns: int) -> None:
        """Sleep until `until_ns` on CLOCK_MONOTONIC while arrivals gather."""

    def collect(self) -> Arrivals:
        """Hand over what has arrived."""

    def close(self) -> None:
        """Give everything back."""


def open_wire(kind: str, packets: NDArray[np.uint8], participants: int = 0) -> Wire:
    """Open the wire of the kind `uring`, `epoll` or `auto` for `packets : ndarray of shape (N, bytes), uint8`.

    N is a multiple of `participants`; 0: each has one.
    """
    from benchmarks.wire_epoll import EpollWire  # noqa: PLC0415 - both implement the interface above
    from benchmarks.wire_uring import UringWire  # noqa: PLC0415

    participants = participants or len(packets)
    if kind == "epoll":
        return EpollWire(packets, participants)
    try:
        return UringWire(packets, participants)
    except UringUnavailableError:
        if kind == "uring":
            raise
        return EpollWire(packets, participants)


def realtime_minus_monotonic_ns() -> int:
    """Return the offset between the clock of kernel stamps and ours, from the tightest of a few readings."""
    best = (1 << 62, 0)
    for _ in range(5):
        before = time.monotonic_ns()
        wall = time.time_ns()
        after = time.monotonic_ns()
        best = min(best, (after - before, wall - (before + after) // 2))
    return best[1]


_NOTHING = np.empty(0, np.int64)
NO_ARRIVALS = Arrivals(
    _NOTHING, _NOTHING, _NOTHING, np.empty((0, 12), np.uint8), np.empty((0, 12), np.uint8), _NOTHING
)
"""The answer of a wire on which nothing came."""

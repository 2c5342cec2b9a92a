"""Media sockets through epoll, one `recv_into` and one `send` per packet: what works everywhere.

Arrivals are stamped when we read them. While nothing is due to be sent the wire sleeps in `epoll_wait` and reads at once, so
the stamp is late by the length of one burst at most; the run's own lateness is part of every report.
"""

from __future__ import annotations

import select
import socket
import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.wire import NO_ARRIVALS, PACKET_ROOM_BYTES, RECEIVE_BUFFER_BYTES, Arrivals

if TYPE_CHECKING:
    from numpy.typing import NDArray

POOL_PACKETS = 4096
"""Packets kept between two looks; when it is full the rest stays in the kernel until the next look."""

SLEEP_GRAIN_S = 0.001
"""epoll counts in milliseconds: the last one before the deadline is slept by the clock."""


class EpollWire:
    """Media sockets of all participants, polled."""

    name = "epoll"
    stamps = "read"

    def __init__(self, packets: NDArray[np.uint8], participants: int) -> None:
        self._octets = packets
        self._packets = [row.data for row in packets]
        self._sockets: list[socket.socket | None] = [None] * participants
        self._row_of: dict[int, int] = {}
        self._poll = select.epoll()
        self._pool = np.zeros((POOL_PACKETS, PACKET_ROOM_BYTES), np.uint8)
        self._views = [row.data for row in self._pool]
        self._rows: list[int] = []
        self._sizes: list[int] = []
        self._stamps: list[int] = []
        self.send_errors = 0

    def open(self, row: int, sock: socket.socket) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        sock.setblocking(False)
        self._sockets[row] = sock
        self._row_of[sock.fileno()] = row
        self._poll.register(sock, select.EPOLLIN)

    def close_row(self, row: int) -> None:
        sock = self._sockets[row]
        if sock is not None:
            self._poll.unregister(sock)
            del self._row_of[sock.fileno()]
            self._sockets[row] = None

    def send(self, which: NDArray[np.int64]) -> None:
        packets, sockets, participants = self._packets, self._sockets, len(self._sockets)
        for place in which.tolist():
            sock = sockets[place % participants]
            if sock is not None:
                try:
                    sock.send(packets[place])
                except OSError:
                    self.send_errors += 1

    def resize(self, which: NDArray[np.int64], sizes: NDArray[np.int64]) -> None:
        for place, size in zip(which.tolist(), sizes.tolist(), strict=True):
            self._packets[place] = self._octets[place, :size].data

    def wait(self, until_ns: int) -> None:
        while (left_s := (until_ns - time.monotonic_ns()) * 1e-9) > SLEEP_GRAIN_S:
            ready = self._poll.poll(left_s - SLEEP_GRAIN_S, 1024)
            if not self._read(ready):
                break
        if (left_s := (until_ns - time.monotonic_ns()) * 1e-9) > 0:
            time.sleep(left_s)
        self._read(self._poll.poll(0, POOL_PACKETS))

    def _read(self, ready: list[tuple[int, int]]) -> bool:
        """Read one packet from each ready socket; False if the pool is full."""
        views, sockets, row_of = self._views, self._sockets, self._row_of
        rows, sizes, stamps, clock = self._rows, self._sizes, self._stamps, time.monotonic_ns
        for fd, _ in ready:
            if len(rows) == POOL_PACKETS:
                return False
            row = row_of[fd]
            sock = sockets[row]
            if sock is None:
                continue
            try:
                size = sock.recv_into(views[len(rows)])
            except OSError:  # an ICMP error of an earlier packet
                self.send_errors += 1
                continue
            rows.append(row)
            sizes.append(size)
            stamps.append(clock())
        return True

    def collect(self) -> Arrivals:
        if not self._rows:
            return NO_ARRIVALS
        count = len(self._rows)
        arrivals = Arrivals(
            np.array(self._rows, np.int64),
            np.array(self._stamps, np.int64),
            np.array(self._sizes, np.int64),
            self._pool[:count, :12].copy(),
            self._pool,
            np.arange(count),
        )
        self._rows.clear()
        self._sizes.clear()
        self._stamps.clear()
        return arrivals

    def close(self) -> None:
        self._poll.close()

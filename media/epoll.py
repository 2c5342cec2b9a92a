"""Sockets driven by epoll: what every Linux allows.

The only Python that runs per packet is here: one receive call and one send call each. Who is readable, where the bytes go
and whose they are is in lists made beforehand.
"""

from __future__ import annotations

import select
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from media import rtp
from media.sockets import BATCH, Pair, Sockets


class EpollSockets(Sockets):
    """See `Sockets`."""

    name = "epoll"

    def __init__(
        self, block: NDArray[np.void], secured: NDArray[np.void], clock: Callable[[], float]
    ) -> None:
        super().__init__(block, secured, clock)
        self._slots = _pieces(self._packets.view(np.uint8), rtp.SLOT_BYTES)
        self._plain = _pieces(block.view(np.uint8), rtp.PACKET_OUT.itemsize)
        self._outgoing = list(self._plain)
        self._connected = select.epoll()
        self._receive_into: dict[int, Callable[[memoryview], int]] = {}  # by fd
        self._owner: dict[int, int] = {}
        self._lengths = [0] * BATCH
        self._owners = [0] * BATCH
        self._filled = 0
        self._stamps: list[tuple[int, float]] = []  # packets up to this index arrived at this time
        self._plan_rows: NDArray[np.intp] | None = None
        self._plan: list[tuple[Callable[[memoryview], int], memoryview]] = []

    def _listen(self, row: int, pair: Pair) -> None:
        fd = pair.rtp.fileno()
        self._receive_into[fd] = pair.rtp.recv_into
        self._owner[fd] = row
        self._connected.register(fd, select.EPOLLIN)

    def _ignore(self, row: int, pair: Pair) -> None:
        del row
        fd = pair.rtp.fileno()
        self._connected.unregister(fd)
        del self._receive_into[fd], self._owner[fd]

    def _receive(self) -> None:
        ready = self._connected.poll(0, BATCH)
        now = self._clock()
        filled = self._filled
        lengths, owners, slots = self._lengths, self._owners, self._slots
        receive_into, owner = self._receive_into, self._owner
        room = BATCH - filled
        events = iter(ready if len(ready) <= room else ready[:room])
        while True:
            try:
                for fd, _ in events:
                    lengths[filled] = receive_into[fd](slots[filled])
                    owners[filled] = owner[fd]
                    filled += 1
                break
            except OSError:
                self.errors += 1
        self._filled = filled
        self._stamps.append((filled, now))

    def _collect(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        filled, self._filled = self._filled, 0
        ends = np.array([end for end, _ in self._stamps], np.intp)
        times = [time for _, time in self._stamps]
        self._stamps.clear()
        arrivals = np.repeat(np.array(times, np.float64), np.diff(ends, prepend=0))
        return np.array(self._owners[:filled], np.intp), np.array(self._lengths[:filled], np.intp), arrivals

    def send(self, rows: NDArray[np.intp]) -> None:
        """See `Sockets.send`."""
        if rows is not self._plan_rows:
            self._plan = [self._way_out(row) for row in rows.tolist()]
            self._plan_rows = rows
        packets = iter(self._plan)
        while True:
            try:
                for send, packet in packets:
                    send(packet)
                break
            except OSError:
                self.errors += 1

    def _way_out(self, row: int) -> tuple[Callable[[memoryview], int], memoryview]:
        pair = self._pairs[row]
        packet = self._outgoing[row]
        if pair.connected or pair.remote is None:
            return pair.rtp.send, packet
        rtp_socket, remote = pair.rtp, pair.remote
        return lambda data: rtp_socket.sendto(data, remote), packet

    def _plan_anew(self) -> None:
        self._plan_rows = None

    def _carry(self, row: int, secured_bytes: int) -> None:
        if not secured_bytes:
            self._outgoing[row] = self._plain[row]
            return
        begin = row * self._secured.itemsize
        self._outgoing[row] = memoryview(self._secured.view(np.uint8).data)[begin : begin + secured_bytes]

    def close(self) -> None:
        """Close everything."""
        super().close()
        self._connected.close()


def _pieces(octets: NDArray[np.uint8], size: int) -> list[memoryview]:
    """Views of `size` bytes each on the whole of `octets`."""
    whole = memoryview(octets.data)
    return [whole[start : start + size] for start in range(0, len(octets), size)]

"""The sockets of a worker: one pair per row, drained into one block of memory and sent from another.

The only Python that runs per packet is here: one receive call and one send call each. Everything around them (who is
readable, where the bytes go, whose they are) is lists made beforehand. A socket whose source is learned is connected,
so the kernel drops everybody else and the port names the row; until then its packets are read with their source.

Errors of a single socket (a peer that closed its port answers with ICMP) are counted and go no further.
"""

from __future__ import annotations

import ctypes
import os
import select
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from media import rtp
from media.engine import Connect, Target
from media.latching import Address

BATCH: Final = 8_192
"""Packets taken in one tick at the most, 5 MB; two ticks of a full worker. More stay in the kernel until the next."""
_RTCP_BYTES: Final = 1_500
_AF_UNSPEC: Final = 0


@dataclass(slots=True)
class _Pair:
    """The sockets of one row."""

    rtp: socket.socket
    rtcp: socket.socket
    remote: Address | None = None
    connected: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """What was received since the last `take`."""

    rows: NDArray[np.intp]
    lengths: NDArray[np.intp]
    arrivals: NDArray[np.float64]
    packets: NDArray[np.void]
    sources: dict[int, Address]


class EpollSockets:
    """Sockets driven by epoll: what every Linux allows.

    Parameters
    ----------
    rows : int
        Rows of the engine.
    block : ndarray of shape (rows,), rtp.PACKET_OUT
        The engine's block; packets are sent from it in place.
    clock : callable
        The steady clock that the engine's `now` comes from.
    """

    def __init__(self, rows: int, block: NDArray[np.void], clock: Callable[[], float]) -> None:
        self._clock = clock
        self._packets = np.zeros(BATCH, rtp.PACKET_IN)
        whole = memoryview(self._packets.view(np.uint8).data)
        size = rtp.SLOT_BYTES
        self._slots = [whole[index * size : (index + 1) * size] for index in range(BATCH)]
        octets = memoryview(block.view(np.uint8).data)
        size = rtp.PACKET_OUT.itemsize
        self._outgoing = [octets[row * size : (row + 1) * size] for row in range(rows)]
        self._lengths = [0] * BATCH
        self._fds = [0] * BATCH
        self._filled = 0
        self._stamps: list[tuple[int, float]] = []  # packets up to this index arrived at this time
        self._sources: dict[int, Address] = {}
        self._pairs: dict[int, _Pair] = {}
        self._connected = select.epoll()
        self._others = select.epoll()
        self._receive: dict[int, Callable[[memoryview], int]] = {}  # connected sockets, by fd
        self._row_of: dict[int, int] = {}
        self._rtcp_row: dict[int, int] = {}
        self._reports: list[tuple[int, bytes]] = []
        self._plan_rows: NDArray[np.intp] | None = None
        self._plan: list[tuple[Callable[[memoryview], int], memoryview]] = []
        self.errors = 0
        """Sends and receives that failed."""

    def attach(self, row: int, rtp_socket: socket.socket, rtcp_socket: socket.socket) -> None:
        """Take over the pair of a new row; closed again by `detach`."""
        for each in (rtp_socket, rtcp_socket):
            each.setblocking(False)
            self._others.register(each.fileno(), select.EPOLLIN)
        self._pairs[row] = _Pair(rtp_socket, rtcp_socket)
        self._row_of[rtp_socket.fileno()] = row
        self._rtcp_row[rtcp_socket.fileno()] = row

    def detach(self, row: int) -> None:
        """The row is gone: close its copies."""
        pair = self._pairs.pop(row)
        self._forget(pair.rtp)
        self._others.unregister(pair.rtcp.fileno())
        del self._rtcp_row[pair.rtcp.fileno()]
        del self._row_of[pair.rtp.fileno()]
        pair.rtp.close()
        pair.rtcp.close()
        self._plan_rows = None

    def _forget(self, rtp_socket: socket.socket) -> None:
        fd = rtp_socket.fileno()
        (self._connected if self._receive.pop(fd, None) else self._others).unregister(fd)

    def address(self, changes: Iterable[Target | Connect]) -> None:
        """Carry out what the engine says about whom to send to and whom to hear."""
        for change in changes:
            pair = self._pairs.get(change.row)
            if pair is None:
                continue
            self._plan_rows = None
            match change:
                case Target(_, remote):
                    if pair.connected:
                        self._forget(pair.rtp)
                        _disconnect(pair.rtp)
                        self._others.register(pair.rtp.fileno(), select.EPOLLIN)
                        pair.connected = False
                    pair.remote = remote
                case Connect(_, remote):
                    pair.remote = remote
                    self._connect(pair, remote)

    def _connect(self, pair: _Pair, remote: Address) -> None:
        try:
            pair.rtp.connect(remote)
        except OSError:
            self.errors += 1
            return
        if not pair.connected:
            self._others.unregister(pair.rtp.fileno())
            self._connected.register(pair.rtp.fileno(), select.EPOLLIN)
            self._receive[pair.rtp.fileno()] = pair.rtp.recv_into
            pair.connected = True

    def poll(self) -> None:
        """Receive one packet of every socket that has any; never waits."""
        ready = self._connected.poll(0, BATCH)
        now = self._clock()
        filled = self._filled
        lengths, fds, slots, receive = self._lengths, self._fds, self._slots, self._receive
        room = BATCH - filled
        events = iter(ready if len(ready) <= room else ready[:room])
        while True:
            try:
                for fd, _ in events:
                    lengths[filled] = receive[fd](slots[filled])
                    fds[filled] = fd
                    filled += 1
                break
            except OSError:
                self.errors += 1
        self._filled = filled
        for fd, _ in self._others.poll(0, BATCH):
            row = self._rtcp_row.get(fd)
            if row is None:
                self._receive_unlearned(fd)
            else:
                self._receive_report(row)
        self._stamps.append((self._filled, now))

    def _receive_unlearned(self, fd: int) -> None:
        if self._filled == BATCH:
            return
        pair = self._pairs[self._row_of[fd]]
        try:
            length, source = pair.rtp.recvfrom_into(self._slots[self._filled])
        except OSError:
            self.errors += 1
            return
        self._lengths[self._filled] = length
        self._fds[self._filled] = fd
        self._sources[self._filled] = (source[0], source[1])
        self._filled += 1

    def _receive_report(self, row: int) -> None:
        pair = self._pairs[row]
        try:
            data, source = pair.rtcp.recvfrom(_RTCP_BYTES)
        except OSError:
            self.errors += 1
            return
        # Reports are taken from the host whose audio is heard, from nobody else.
        if pair.remote is not None and source[0] == pair.remote[0]:
            self._reports.append((row, data))

    def take(self) -> Batch | None:
        """What `poll` has received since the last call; None where that is nothing. Valid until the next `poll`."""
        filled = self._filled
        if not filled:
            self._stamps.clear()
            return None
        row_of = self._row_of
        rows = np.array([row_of.get(fd, -1) for fd in self._fds[:filled]], np.intp)
        ends = np.array([end for end, _ in self._stamps])
        times = np.array([time for _, time in self._stamps])
        arrivals = np.repeat(times, np.diff(ends, prepend=0))
        batch = Batch(
            rows, np.array(self._lengths[:filled], np.intp), arrivals, self._packets[:filled], self._sources
        )
        self._filled = 0
        self._stamps.clear()
        self._sources = {}
        return batch

    def reports(self) -> list[tuple[int, bytes]]:
        """RTCP received since the last call."""
        reports, self._reports = self._reports, []
        return reports

    def send(self, rows: NDArray[np.intp]) -> None:
        """Send the block's packets of `rows`. The plan is kept while `rows` is the same array."""
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

    def send_each(self, packets: Iterable[tuple[int, bytes]]) -> None:
        """Send the few RTP packets that are not in the block: telephone-events."""
        for row, data in packets:
            pair = self._pairs[row]
            if pair.remote is not None:
                self._send_one(pair.rtp, data, None if pair.connected else pair.remote)

    def send_reports(self, packets: Iterable[tuple[int, bytes]]) -> None:
        """Send RTCP, to the port above the peer's RTP (RFC 3550 section 11)."""
        for row, data in packets:
            pair = self._pairs[row]
            if pair.remote is not None:
                self._send_one(pair.rtcp, data, (pair.remote[0], pair.remote[1] + 1))

    def _send_one(self, by: socket.socket, data: bytes, to: Address | None) -> None:
        try:
            if to is None:
                by.send(data)
            else:
                by.sendto(data, to)
        except OSError:
            self.errors += 1

    def close(self) -> None:
        """Close everything."""
        for row in list(self._pairs):
            self.detach(row)
        self._connected.close()
        self._others.close()


_libc = ctypes.CDLL(None, use_errno=True)


def _disconnect(connected: socket.socket) -> None:
    """Undo a `connect` (connect(2) with AF_UNSPEC, which Python's own call cannot say); the port stays bound."""
    unspecified = ctypes.create_string_buffer(_AF_UNSPEC.to_bytes(2, "little") + bytes(14))
    if _libc.connect(connected.fileno(), unspecified, 16) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

"""The sockets of a worker: one pair per row, drained into one block of memory and sent from another.

A socket whose source is learned is connected: the kernel drops everybody else, and the socket names the row before its
packet is read. These are nearly all, and how their packets travel is a subclass's affair: `epoll` with one receive and
one send call per packet, or `uring_sockets` with one system call for all. What is here is the same for both and is not
in a hurry: sockets that still learn their source, RTCP, and the batch that the engine is given.

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
from media.latching import Address
from media.sources import Carry, Connect, Target

BATCH: Final = 8_192
"""Packets taken in one tick at the most, 5 MB; two ticks of a full worker. More stay in the kernel until the next."""
STRAYS_AT_ONCE: Final = 1_024
"""Packets read at once from a socket that hears everybody: more than a socket's buffer holds by default (about 250)."""
_RTCP_BYTES: Final = 1_500
_LAST_PORT: Final = 65_535
"""Above it there is none for reports."""


@dataclass(slots=True)
class Pair:
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


class Sockets:
    """Pairs of rows; a subclass moves the packets of those that are connected.

    Parameters
    ----------
    block : ndarray of shape (R,), rtp.PACKET_OUT
        The engine's block, one packet per row; packets are sent from it in place.
    secured : ndarray of shape (R,), srtp_out.PACKET_SECURED
        The same for rows with keys, whose packets are longer.
    clock : callable
        The steady clock that the engine's `now` comes from.
    """

    name = ""
    """Of the way packets travel, for the log."""

    def __init__(
        self, block: NDArray[np.void], secured: NDArray[np.void], clock: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._block = block
        self._secured = secured
        self._packets = np.zeros(BATCH, rtp.PACKET_IN)
        self._pairs: dict[int, Pair] = {}
        self._waiting = select.epoll()  # RTCP, and RTP of sources to be learned
        self._row_of: dict[int, int] = {}
        self._rtcp_row: dict[int, int] = {}
        self._strays: list[tuple[int, bytes, Address, float]] = []
        self._reports: list[tuple[int, bytes]] = []
        self.errors = 0
        """Sends and receives that failed."""

    # What a subclass does --------------------------------------------------------------------------------------

    def _listen(self, row: int, pair: Pair) -> None:
        """`pair.rtp` has been connected: receive its packets from now on."""
        raise NotImplementedError

    def _ignore(self, row: int, pair: Pair) -> None:
        """Receive no more of them; nothing of the row is in `_collect` any more."""
        raise NotImplementedError

    def _receive(self) -> None:
        """Fetch what has come to connected sockets; never waits."""
        raise NotImplementedError

    def _collect(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        """Rows, lengths and arrivals of what `_receive` has fetched, now in `_packets` from 0 on."""
        raise NotImplementedError

    def send(self, rows: NDArray[np.intp]) -> None:
        """Send the block's packets of `rows`. A plan may be kept while `rows` is the same array."""
        raise NotImplementedError

    def _plan_anew(self) -> None:
        """What is known of rows to be sent to has changed."""
        raise NotImplementedError

    def _carry(self, row: int, secured_bytes: int) -> None:
        """Send the row's packet from the block of secured ones, so many bytes; 0: from the plain one."""
        raise NotImplementedError

    # What is the same ------------------------------------------------------------------------------------------

    def attach(
        self, row: int, rtp_socket: socket.socket, rtcp_socket: socket.socket, *, emptied: bool = False
    ) -> None:
        """Take over the pair of a new row; closed again by `detach`. `emptied`: what waits in it is too old to be heard."""
        for each in (rtp_socket, rtcp_socket):
            each.setblocking(False)
            if emptied:
                _empty(each)
            self._waiting.register(each.fileno(), select.EPOLLIN)
        self._pairs[row] = Pair(rtp_socket, rtcp_socket)
        self._carry(row, 0)
        self._row_of[rtp_socket.fileno()] = row
        self._rtcp_row[rtcp_socket.fileno()] = row
        self._plan_anew()

    def detach(self, row: int) -> None:
        """The row is gone: close its copies."""
        pair = self._pairs.pop(row)
        if pair.connected:
            self._ignore(row, pair)
        else:
            self._waiting.unregister(pair.rtp.fileno())
            del self._row_of[pair.rtp.fileno()]
        self._waiting.unregister(pair.rtcp.fileno())
        del self._rtcp_row[pair.rtcp.fileno()]
        pair.rtp.close()
        pair.rtcp.close()
        self._plan_anew()

    def address(self, changes: Iterable[Target | Connect | Carry]) -> None:
        """Carry out what the engine says about whom to send to and whom to hear, and from where."""
        for change in changes:
            pair = self._pairs.get(change.row)
            if pair is None:
                continue
            self._plan_anew()
            if isinstance(change, Carry):
                self._carry(change.row, change.secured_bytes)
                continue
            pair.remote = change.remote
            if isinstance(change, Connect):
                self._connect(change.row, pair, change.remote)
                continue
            connected = pair.connected
            if connected:
                self._ignore(change.row, pair)
                pair.connected = False
            # Even a socket that we have not connected: another worker, which died, may have.
            _disconnect(pair.rtp)
            if connected:
                self._waiting.register(pair.rtp.fileno(), select.EPOLLIN)
                self._row_of[pair.rtp.fileno()] = change.row

    def _connect(self, row: int, pair: Pair, remote: Address) -> None:
        try:
            pair.rtp.connect(remote)
        except OSError:
            self.errors += 1
            return
        if not pair.connected:
            # What anybody sent before the connect is still queued: it is read with its source.
            self._receive_strays(row)
            self._waiting.unregister(pair.rtp.fileno())
            del self._row_of[pair.rtp.fileno()]
            pair.connected = True
            self._listen(row, pair)

    def poll(self) -> None:
        """Receive what there is, about a packet of each socket; never waits."""
        self._receive()
        for fd, _ in self._waiting.poll(0, BATCH):
            row = self._rtcp_row.get(fd)
            if row is None:
                self._receive_strays(self._row_of[fd])
            else:
                self._receive_report(row)

    def _receive_strays(self, row: int) -> None:
        """Read what waits at a socket that hears everybody."""
        receive = self._pairs[row].rtp.recvfrom
        for _ in range(STRAYS_AT_ONCE):
            try:
                data, source = receive(rtp.SLOT_BYTES)
            except BlockingIOError:
                return
            except OSError:
                self.errors += 1
                continue
            if len(self._strays) < BATCH:
                self._strays.append((row, data, (source[0], source[1]), self._clock()))

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
        """What was received since the last call; None where that is nothing. Valid until the next `poll`."""
        rows, lengths, arrivals = self._collect()
        sources: dict[int, Address] = {}
        if self._strays:
            strays = self._strays[: BATCH - len(rows)]
            self._strays = []
            for index, (_, data, source, _) in enumerate(strays, len(rows)):
                self._packets["bytes"][index, : len(data)] = np.frombuffer(data, np.uint8)
                sources[index] = source
            rows = np.append(rows, np.array([row for row, *_ in strays], np.intp))
            lengths = np.append(lengths, np.array([len(data) for _, data, *_ in strays], np.intp))
            arrivals = np.append(arrivals, np.array([arrival for *_, arrival in strays]))
        return Batch(rows, lengths, arrivals, self._packets[: len(rows)], sources) if len(rows) else None

    def reports(self) -> list[tuple[int, bytes]]:
        """RTCP received since the last call."""
        reports, self._reports = self._reports, []
        return reports

    def send_loose(self, block: NDArray[np.uint8], rows: NDArray[np.intp], lengths: NDArray[np.intp]) -> None:
        """Send packets that are not all of one length, of `rows` out of `block : ndarray of shape (R, B), uint8`."""
        self.send_each(
            (row, block[row, :length].tobytes())
            for row, length in zip(rows.tolist(), lengths.tolist(), strict=True)
        )

    def send_each(self, packets: Iterable[tuple[int, bytes]]) -> None:
        """Send the few RTP packets that are in no block: telephone-events, and those of several ticks."""
        for row, data in packets:
            pair = self._pairs[row]
            if pair.remote is not None:
                self._send_one(pair.rtp, data, None if pair.connected else pair.remote)

    def send_reports(self, packets: Iterable[tuple[int, bytes]]) -> None:
        """Send RTCP, to the port above the peer's RTP (RFC 3550 section 11)."""
        for row, data in packets:
            pair = self._pairs[row]
            if pair.remote is not None and pair.remote[1] < _LAST_PORT:
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
        self._waiting.close()


def _empty(waiting: socket.socket) -> None:
    """Throw away what waits in a socket."""
    for _ in range(STRAYS_AT_ONCE):
        try:
            waiting.recv(1)
        except BlockingIOError:
            return
        except OSError:  # an ICMP error was next in line
            continue


_libc = ctypes.CDLL(None, use_errno=True)
_AF_UNSPEC: Final = (0).to_bytes(16, "little")


def _disconnect(connected: socket.socket) -> None:
    """Undo a `connect` (connect(2) with AF_UNSPEC, which Python's own call cannot say); a port that was asked
    for by number stays bound.
    """
    unspecified = ctypes.create_string_buffer(_AF_UNSPEC, len(_AF_UNSPEC))
    if _libc.connect(connected.fileno(), unspecified, len(_AF_UNSPEC)) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

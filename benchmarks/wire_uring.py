"""Media sockets through io_uring: one system call per sub-tick for all sends, all receives and the sleep between.

Each socket has one multishot `recvmsg` armed, and the kernel says when each packet came, so our own sleep does not blur it.
"""

from __future__ import annotations

import ctypes
import errno
import socket
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.wire import (
    NO_ARRIVALS,
    RECEIVE_BUFFER_BYTES,
    Arrivals,
    realtime_minus_monotonic_ns,
)
from media.uring import (
    BUFFER_GROUP,
    CQE_F_BUFFER,
    CQE_F_MORE,
    OP_RECVMSG,
    OP_SEND,
    PREFIX_BYTES,
    RECV_MULTISHOT,
    SO_TIMESTAMPNS,
    SQE_BUFFER_SELECT,
    SQE_CQE_SKIP_SUCCESS,
    SUBMISSION,
    Buffers,
    Ring,
    stamped_receive,
    stamps_ns,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

PACKET_BYTES_MIN = 12 + 240
"""A server may answer with longer packets than we send: 30 ms always fit."""
SLACK_BYTES = 64
"""A packet may be this much longer than expected (CSRCs); what is longer still is cut."""
BUFFER_COUNT_MIN, BUFFER_COUNT_MAX = 1024, 16384
"""Packets that may wait for one look. Few and small buffers stay in the cache; when all are taken, receives stop and are
armed again, and the packets wait in their sockets."""
WAIT_FOR = 1 << 14
"""More completions than one sub-tick can bring: the time-out ends the wait, not the count."""
SEND_TAG = 1 << 32


class UringWire:
    """Media sockets of all participants through one io_uring."""

    name = "io_uring"
    stamps = "kernel"

    def __init__(self, packets: NDArray[np.uint8], participants: int) -> None:
        count_of_packets, size = packets.shape
        rows = self._participants = participants
        self._packets = packets
        self._ring = Ring(entries=4096, completions=2 * WAIT_FOR)
        count = min(max(1 << (rows - 1).bit_length(), BUFFER_COUNT_MIN), BUFFER_COUNT_MAX)
        self._buffers = Buffers(
            self._ring,
            count=count,
            size=-(-(PREFIX_BYTES + max(size, PACKET_BYTES_MIN) + SLACK_BYTES) // 64) * 64,
        )
        self._pool = self._buffers.data[:, PREFIX_BYTES:]
        self._template = stamped_receive()
        self._sends = np.zeros(count_of_packets, SUBMISSION)
        self._sends["opcode"] = OP_SEND
        self._sends["flags"] = SQE_CQE_SKIP_SUCCESS
        places = np.arange(count_of_packets, dtype=np.uint64)
        self._sends["address"] = packets.ctypes.data + packets.strides[0] * places
        self._sends["length"] = size
        self._sends["message_flags"] = socket.MSG_DONTWAIT
        self._sends["user_data"] = SEND_TAG + places
        self._receives = np.zeros(rows, SUBMISSION)
        self._receives["opcode"] = OP_RECVMSG
        self._receives["flags"] = SQE_BUFFER_SELECT
        self._receives["ioprio"] = RECV_MULTISHOT
        self._receives["address"] = ctypes.addressof(self._template)
        self._receives["length"] = 1
        self._receives["buffer_group"] = BUFFER_GROUP
        self._receives["user_data"] = np.arange(rows, dtype=np.uint64)
        self._is_open = np.zeros(rows, bool)
        self.send_errors = 0
        self._lent: NDArray[np.uint16] = np.empty(0, np.uint16)

    def open(self, row: int, sock: socket.socket) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._sends["fd"][row :: self._participants] = self._receives["fd"][row] = sock.fileno()
        self._is_open[row] = True
        self._ring.submit(self._receives[row : row + 1])

    def close_row(self, row: int) -> None:
        # The armed receive keeps the file alive until the ring goes; nothing is read from it any more.
        self._is_open[row] = False

    def send(self, which: NDArray[np.int64]) -> None:
        self._ring.submit(self._sends[which])
        self._ring.enter()  # now, so that the moment of sending is known

    def resize(self, which: NDArray[np.int64], sizes: NDArray[np.int64]) -> None:
        self._sends["length"][which] = sizes

    def wait(self, until_ns: int) -> None:
        self._ring.enter(wait_for=WAIT_FOR, until_ns=until_ns, now_ns=time.monotonic_ns())

    def collect(self) -> Arrivals:
        if len(self._lent):
            self._buffers.give_back(self._lent)
            self._lent = self._lent[:0]
        done = self._ring.completions()
        if not len(done):
            return NO_ARRIVALS
        received = (done["flags"] & CQE_F_BUFFER) != 0
        if not received.all() or not ((done["flags"] & CQE_F_MORE) != 0).all():
            self._mend(done)
        took = done[received]
        ids = (took["flags"] >> 16).astype(np.uint16)
        self._lent = ids
        heads = self._buffers.data[ids, : PREFIX_BYTES + 12]
        at_ns = stamps_ns(heads) - realtime_minus_monotonic_ns()
        rows = took["user_data"].astype(np.int64)
        sizes = took["result"].astype(np.int64) - PREFIX_BYTES
        return Arrivals(rows, at_ns, sizes, heads[:, PREFIX_BYTES:], self._pool, ids)

    def _mend(self, done: NDArray[Any]) -> None:
        """Count failed sends, and arm again what the kernel has ended for want of buffers or by an ICMP error."""
        is_send = done["user_data"] >= SEND_TAG
        self.send_errors += int(np.count_nonzero(is_send))
        ended = done[~is_send & ((done["flags"] & CQE_F_MORE) == 0)]
        rows = ended["user_data"].astype(np.int64)
        rows = rows[self._is_open[rows] & (ended["result"] != -errno.ECANCELED)]
        if len(rows):
            self._ring.submit(self._receives[rows])

    def close(self) -> None:
        self._ring.close()

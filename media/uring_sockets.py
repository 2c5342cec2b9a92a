"""Sockets driven by one io_uring: no system call and no Python statement per packet.

Each connected socket has a multishot receive armed, which fills a buffer of a shared ring per packet; one `enter` per poll
collects them all. The kernel stamps each when it comes, so the jitter buffer learns from the network and not from when
we look. All packets of a tick leave in one submission. Where the kernel, or the container we run in, does not give us a ring,
`UringUnavailableError` says so and the worker takes `epoll` instead.
"""

from __future__ import annotations

import ctypes
import errno
import socket
import time
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from media import rtp
from media.sockets import BATCH, Pair, Sockets
from media.uring import (
    BUFFER_GROUP,
    COMPLETION,
    CQE_F_BUFFER,
    CQE_F_MORE,
    OP_ASYNC_CANCEL,
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

_ENTRIES: Final = 4_096
"""Submissions at once: a full worker's sends; more go in a second round."""
_OTHER: Final = 1 << 63
"""Marks completions that are no receive: failed sends, cancellations."""
_GENERATION_BITS: Final = 32
OLDEST_S: Final = 1.0
"""A packet that waited longer than this in its socket counts as no older: so much is the most that a step of the wall clock, which
the kernel stamps by, can blur the jitter of one look."""


class _Fetched(NamedTuple):
    """What one look brought."""

    done: NDArray[np.void]
    now_s: float
    """When it was, by the steady clock."""
    wall_ahead_ns: int
    """By how much the wall clock was ahead of it."""


class UringSockets(Sockets):
    """See `Sockets`."""

    name = "io_uring"

    def __init__(
        self,
        block: NDArray[np.void],
        secured: NDArray[np.void],
        clock: Callable[[], float],
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        super().__init__(block, secured, clock)
        self._wall_ns = wall_ns
        rows = len(block)
        self._ring = Ring(entries=_ENTRIES, completions=2 * BATCH)
        self._buffers = Buffers(self._ring, count=BATCH, size=PREFIX_BYTES + rtp.SLOT_BYTES)
        self._sends = np.zeros(rows, SUBMISSION)
        self._sends["opcode"] = OP_SEND
        self._sends["flags"] = SQE_CQE_SKIP_SUCCESS
        self._plain_at = block.ctypes.data + block.itemsize * np.arange(rows, dtype=np.uint64)
        self._sends["address"] = self._plain_at
        self._sends["length"] = block.itemsize
        self._sends["message_flags"] = socket.MSG_DONTWAIT
        self._sends["user_data"] = _OTHER
        self._receives = np.zeros(rows, SUBMISSION)
        self._receives["opcode"] = OP_RECVMSG
        self._template = stamped_receive()
        self._receives["address"] = ctypes.addressof(self._template)
        self._receives["length"] = 1
        self._receives["flags"] = SQE_BUFFER_SELECT
        self._receives["ioprio"] = RECV_MULTISHOT
        self._receives["buffer_group"] = BUFFER_GROUP
        self._generation = np.zeros(rows, np.uint64)
        """Of each row's receive: what an earlier one still reports is nobody's."""
        self._armed = np.zeros(rows, np.bool_)
        self._fetched: list[_Fetched] = []
        self._plan_rows: NDArray[np.intp] | None = None
        self._plan = np.zeros(0, SUBMISSION)
        self._unconnected: list[int] = []

    def _listen(self, row: int, pair: Pair) -> None:
        pair.rtp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._sends["fd"][row] = self._receives["fd"][row] = pair.rtp.fileno()
        self._generation[row] += 1
        self._receives["user_data"][row] = np.uint64(row) | self._generation[row] << _GENERATION_BITS
        self._armed[row] = True
        self._ring.submit(self._receives[row : row + 1])

    def _ignore(self, row: int, pair: Pair) -> None:
        del pair
        self._armed[row] = False
        cancel = np.zeros(1, SUBMISSION)
        cancel["opcode"] = OP_ASYNC_CANCEL
        cancel["address"] = self._receives["user_data"][row]
        cancel["user_data"] = _OTHER
        cancel["flags"] = SQE_CQE_SKIP_SUCCESS
        self._ring.submit(cancel)
        # At once: an armed receive keeps the port bound, and control may want to give it to another call.
        self._run()

    def _run(self) -> None:
        """Let the kernel finish all that waits, now.

        It takes as much of it per call as we claim to wait for (20 pieces if for none), so we wait for more than there
        can be, until a moment that has passed.
        """
        self._ring.enter(wait_for=BATCH, until_ns=0)

    def _receive(self) -> None:
        self._run()
        done = self._ring.completions()
        if len(done):
            now_s = self._clock()
            self._fetched.append(_Fetched(done, now_s, self._wall_ns() - round(now_s * 1e9)))

    def _collect(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        fetched, self._fetched = self._fetched, []
        done = np.concatenate([part.done for part in fetched]) if fetched else np.zeros(0, COMPLETION)
        look = np.repeat(np.arange(len(fetched)), [len(part.done) for part in fetched])
        flags = done["flags"]
        has_packet = (flags & CQE_F_BUFFER) != 0
        if not has_packet.all() or not ((flags & CQE_F_MORE) != 0).all():
            self._mend(done)
            done, look = done[has_packet], look[has_packet]
        taken = (done["flags"] >> 16).astype(np.uint16)
        user_data = done["user_data"]
        rows = (user_data & np.uint64(0xFFFF_FFFF)).astype(np.intp)
        mine = self._armed[rows] & (user_data >> _GENERATION_BITS == self._generation[rows])
        lengths = done["result"].astype(np.intp) - PREFIX_BYTES
        if not mine.all():
            self._buffers.give_back(taken[~mine])
            rows, lengths, look, taken = rows[mine], lengths[mine], look[mine], taken[mine]
        if len(rows) > BATCH:
            self._buffers.give_back(taken[BATCH:])
            rows, lengths, look, taken = rows[:BATCH], lengths[:BATCH], look[:BATCH], taken[:BATCH]
        # Only as much of each slot as the longest packet has is copied, and the kernel gets its buffers back at once.
        width = min(int(lengths.max(initial=0)), rtp.SLOT_BYTES)
        received = self._buffers.data[taken, : PREFIX_BYTES + width]
        self._buffers.give_back(taken)
        self._packets["bytes"][: len(rows), :width] = received[:, PREFIX_BYTES:]
        return rows, lengths, _arrivals(received, fetched, look)

    def _mend(self, done: NDArray[np.void]) -> None:
        """Count failures, and arm again the receives that the kernel has ended (an ICMP error, no buffer left)."""
        user_data = done["user_data"]
        other = user_data >= np.uint64(_OTHER)
        ended = ~other & ((done["flags"] & CQE_F_MORE) == 0)
        result = done["result"]
        self.errors += int(np.count_nonzero((other | ended) & (result < 0) & (result != -errno.ENOENT)))
        rows = (user_data[ended] & np.uint64(0xFFFF_FFFF)).astype(np.intp)
        again = rows[self._armed[rows] & (user_data[ended] >> _GENERATION_BITS == self._generation[rows])]
        if len(again):
            self._ring.submit(self._receives[np.unique(again)])

    def send(self, rows: NDArray[np.intp]) -> None:
        """See `Sockets.send`."""
        if rows is not self._plan_rows:
            self._plan_rows = rows
            self._unconnected = [row for row in rows.tolist() if not self._pairs[row].connected]
            connected = rows if not self._unconnected else np.setdiff1d(rows, self._unconnected)
            self._plan = self._sends[connected]
        self._ring.submit(self._plan)
        self._ring.enter()
        for row in self._unconnected:
            pair = self._pairs[row]
            if pair.remote is not None:
                self._send_one(pair.rtp, self._packet(row), pair.remote)

    def send_loose(self, block: NDArray[np.uint8], rows: NDArray[np.intp], lengths: NDArray[np.intp]) -> None:
        """See `Sockets.send_loose`."""
        connected = self._armed[rows]
        mine = rows[connected]
        plan = self._sends[mine]
        plan["address"] = block.ctypes.data + block.strides[0] * mine.astype(np.uint64)
        plan["length"] = lengths[connected]
        self._ring.submit(plan)
        self._ring.enter()
        super().send_loose(block, rows[~connected], lengths[~connected])

    def _packet(self, row: int) -> bytes:
        plain = self._sends["address"][row] == self._plain_at[row]
        octets: bytes = (self._block if plain else self._secured)[row].tobytes()
        return octets[: int(self._sends["length"][row])]

    def _plan_anew(self) -> None:
        self._plan_rows = None

    def _carry(self, row: int, secured_bytes: int) -> None:
        secured = self._secured
        self._sends["address"][row] = (
            secured.ctypes.data + secured.itemsize * row if secured_bytes else self._plain_at[row]
        )
        self._sends["length"][row] = secured_bytes or self._block.itemsize

    def close(self) -> None:
        """Close everything."""
        super().close()
        self._ring.close()


def _arrivals(
    received: NDArray[np.uint8], fetched: list[_Fetched], look: NDArray[np.intp]
) -> NDArray[np.float64]:
    """When these packets came, by the steady clock; `look` says which of `fetched` brought each."""
    now_s = np.array([part.now_s for part in fetched])[look]
    ahead_ns = np.array([part.wall_ahead_ns for part in fetched], np.int64)[look]
    came_s = (stamps_ns(received) - ahead_ns) / 1e9
    return np.clip(came_s, now_s - OLDEST_S, now_s)

"""A small io_uring: one ring, receives into a ring of buffers, sends in one submission, driven from numpy.

The kernel's own interface (`man 7 io_uring`), as much of it as thousands of RTP sockets need; the load tester uses it
too. Submission entries are rows of a numpy array, completions come out as numpy arrays, so that a thousand packets cost
one system call and no Python statement each.

A receive by `OP_RECVMSG` with `stamped_receive()` fills its buffer with, in this order,

    struct io_uring_recvmsg_out (16 bytes) | control data (32 bytes: SCM_TIMESTAMPNS) | payload

and the stamp was taken when the packet reached the network layer: when we look blurs nothing.

Memory order: with IORING_SETUP_DEFER_TASKRUN the kernel touches the rings only while this thread is inside
`io_uring_enter`, so plain loads and stores are enough.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

SYS_SETUP, SYS_ENTER, SYS_REGISTER = 425, 426, 427

SETUP_CQSIZE = 1 << 3
SETUP_CLAMP = 1 << 4
SETUP_SUBMIT_ALL = 1 << 7
SETUP_SINGLE_ISSUER = 1 << 12
SETUP_DEFER_TASKRUN = 1 << 13

ENTER_GETEVENTS = 1 << 0
ENTER_EXT_ARG = 1 << 3
ENTER_ABS_TIMER = 1 << 5

REGISTER_PBUF_RING = 22

OP_RECVMSG = 10
OP_ASYNC_CANCEL = 14
OP_SEND = 26
OP_RECV = 27
SQE_BUFFER_SELECT = 1 << 5
SQE_CQE_SKIP_SUCCESS = 1 << 6
RECV_MULTISHOT = 1 << 1
CQE_F_BUFFER = 1 << 0
CQE_F_MORE = 1 << 1

SO_TIMESTAMPNS = 35
"""Option of a socket: stamp what it receives, by the wall clock."""
CONTROL_BYTES = 32
"""Of a stamp: cmsghdr of 16 bytes and a timespec of 16."""
_CONTROL_LENGTH_AT, _STAMP_AT = 4, 32
PREFIX_BYTES = 16 + CONTROL_BYTES
"""Before the payload in a buffer."""

OFFSET_SQES = 0x1000_0000
BUFFER_GROUP = 7

PARAMETERS = np.dtype(
    [
        ("sq_entries", "u4"),
        ("cq_entries", "u4"),
        ("flags", "u4"),
        ("sq_thread_cpu", "u4"),
        ("sq_thread_idle", "u4"),
        ("features", "u4"),
        ("wq_fd", "u4"),
        ("reserved", "u4", 3),
        ("sq_head", "u4"),
        ("sq_tail", "u4"),
        ("sq_mask", "u4"),
        ("sq_ring_entries", "u4"),
        ("sq_flags", "u4"),
        ("sq_dropped", "u4"),
        ("sq_array", "u4"),
        ("sq_reserved", "u4"),
        ("sq_address", "u8"),
        ("cq_head", "u4"),
        ("cq_tail", "u4"),
        ("cq_mask", "u4"),
        ("cq_ring_entries", "u4"),
        ("cq_overflow", "u4"),
        ("cq_cqes", "u4"),
        ("cq_flags", "u4"),
        ("cq_reserved", "u4"),
        ("cq_address", "u8"),
    ],
)
SUBMISSION = np.dtype(
    [
        ("opcode", "u1"),
        ("flags", "u1"),
        ("ioprio", "u2"),
        ("fd", "i4"),
        ("offset", "u8"),
        ("address", "u8"),
        ("length", "u4"),
        ("message_flags", "u4"),
        ("user_data", "u8"),
        ("buffer_group", "u2"),
        ("personality", "u2"),
        ("file_index", "i4"),
        ("address3", "u8"),
        ("pad", "u8"),
    ],
)
COMPLETION = np.dtype([("user_data", "u8"), ("result", "i4"), ("flags", "u4")])
BUFFER = np.dtype([("address", "u8"), ("length", "u4"), ("id", "u2"), ("reserved", "u2")])

_libc = ctypes.CDLL(None, use_errno=True)


class UringUnavailableError(Exception):
    """The kernel, or the container we run in, does not give us the ring we need."""


_syscall = _libc.syscall
_syscall.restype = ctypes.c_long
_syscall.argtypes = [ctypes.c_long, *6 * (ctypes.c_size_t,)]


def _call(
    number: int, fd: int, first: int, second: int = 0, third: int = 0, fourth: int = 0, fifth: int = 0
) -> int:
    result: int = _syscall(number, fd, first, second, third, fourth, fifth)
    return result


def _address(array: NDArray[Any]) -> int:
    return int(array.ctypes.data)


class MessageHeader(ctypes.Structure):
    """`struct msghdr`."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


def stamped_receive() -> MessageHeader:
    """Return what an `OP_RECVMSG` points to: no name, a stamp, the payload from the ring of buffers. It must outlive the ring."""
    return MessageHeader(control_length=CONTROL_BYTES)


def stamps_ns(buffers: NDArray[np.uint8]) -> NDArray[np.int64]:
    """When what is in these buffers came, by the wall clock; 0 where the kernel does not say.

    Parameters
    ----------
    buffers : ndarray of shape (N, at least PREFIX_BYTES), uint8
        The beginnings are enough.
    """
    stamp = buffers[:, _STAMP_AT:PREFIX_BYTES].copy().view(np.int64)
    at_ns: NDArray[np.int64] = stamp[:, 0] * 1_000_000_000 + stamp[:, 1]
    control = buffers[:, _CONTROL_LENGTH_AT : _CONTROL_LENGTH_AT + 4].copy().view(np.uint32)[:, 0]
    return at_ns if control.all() else np.where(control > 0, at_ns, 0)


class Ring:
    """One io_uring of this thread: `submit` fills the submission ring, `enter` hands it over and waits."""

    def __init__(self, *, entries: int, completions: int) -> None:
        parameters = np.zeros(1, PARAMETERS)
        parameters["flags"] = (
            SETUP_CQSIZE | SETUP_CLAMP | SETUP_SUBMIT_ALL | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN
        )
        parameters["cq_entries"] = completions
        self._fd = _call(SYS_SETUP, entries, _address(parameters))
        if self._fd < 0:
            raise UringUnavailableError(os.strerror(ctypes.get_errno()))
        told = parameters[0]
        size = max(
            int(told["sq_array"]) + 4 * int(told["sq_entries"]),
            int(told["cq_cqes"]) + 16 * int(told["cq_entries"]),
        )
        flags = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)
        self._map = mmap.mmap(self._fd, size, flags=flags)
        self._entries_map = mmap.mmap(self._fd, 64 * int(told["sq_entries"]), flags=flags, offset=OFFSET_SQES)
        self._ring = np.frombuffer(self._map, np.uint8)
        self._sqes = np.frombuffer(self._entries_map, SUBMISSION)
        self.entries = len(self._sqes)
        self._sq_mask = self.entries - 1
        self._sq_tail = self._word(told["sq_tail"])
        array = int(told["sq_array"])
        # The indirection array stays the identity for ever: entry k of the ring is submission k.
        self._ring[array : array + 4 * self.entries].view(np.uint32)[:] = np.arange(
            self.entries, dtype=np.uint32
        )
        self._cq_head, self._cq_tail = self._word(told["cq_head"]), self._word(told["cq_tail"])
        cqes, count = int(told["cq_cqes"]), int(told["cq_entries"])
        self._cqes = self._ring[cqes : cqes + 16 * count].view(COMPLETION)
        self._cq_mask = count - 1
        self._queued = 0
        # struct io_uring_getevents_arg { u64 sigmask; u32 sigmask_sz; u32 min_wait_usec; u64 ts; } and the timespec.
        self._deadline = np.zeros(2, np.int64)
        self._wait = np.zeros(3, np.uint64)
        self._wait[2] = _address(self._deadline)
        self._wait_address = _address(self._wait)
        self._absolute = True

    def _word(self, offset: Any) -> NDArray[np.uint32]:
        return self._ring[int(offset) : int(offset) + 4].view(np.uint32)

    def submit(self, entries: NDArray[Any]) -> None:
        """Queue `entries : ndarray of shape (N,), SUBMISSION`; they leave at the next `enter` (or now, if the ring is full)."""
        start = 0
        while start < len(entries):
            room = self.entries - self._queued
            if not room:
                self.enter()
                continue
            part = entries[start : start + room]
            tail = int(self._sq_tail[0])
            first = tail & self._sq_mask
            until_end = min(len(part), self.entries - first)
            self._sqes[first : first + until_end] = part[:until_end]
            self._sqes[: len(part) - until_end] = part[until_end:]
            self._sq_tail[0] = (tail + len(part)) & 0xFFFF_FFFF
            self._queued += len(part)
            start += len(part)

    def enter(self, *, wait_for: int = 0, until_ns: int | None = None, now_ns: int = 0) -> None:
        """Submit what is queued; with `until_ns` (CLOCK_MONOTONIC) stay in the kernel until then or `wait_for` completions."""
        if until_ns is None:
            submitted = _call(SYS_ENTER, self._fd, self._queued)
        else:
            flags = ENTER_GETEVENTS | ENTER_EXT_ARG | (ENTER_ABS_TIMER if self._absolute else 0)
            left_ns = until_ns if self._absolute else max(until_ns - now_ns, 0)
            self._deadline[:] = divmod(left_ns, 1_000_000_000)
            submitted = _call(SYS_ENTER, self._fd, self._queued, wait_for, flags, self._wait_address, 24)
            if submitted < 0 and ctypes.get_errno() == 22 and self._absolute:  # EINVAL: before Linux 6.12
                self._absolute = False
                self.enter(wait_for=wait_for, until_ns=until_ns, now_ns=now_ns)
                return
        self._queued = 0

    def completions(self) -> NDArray[Any]:
        """Return a copy of all completions that wait, `ndarray of shape (N,), COMPLETION`, and free their places."""
        head, tail = int(self._cq_head[0]), int(self._cq_tail[0])
        count = (tail - head) & 0xFFFF_FFFF
        if not count:
            return self._cqes[:0]
        first = head & self._cq_mask
        until_end = min(count, len(self._cqes) - first)
        done = np.concatenate((self._cqes[first : first + until_end], self._cqes[: count - until_end]))
        self._cq_head[0] = tail
        return done

    @property
    def fd(self) -> int:
        return self._fd

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class Buffers:
    """A ring of receive buffers that the kernel takes from and we give back to (IORING_REGISTER_PBUF_RING).

    `data : ndarray of shape (count, size), uint8`.
    """

    def __init__(self, ring: Ring, *, count: int, size: int) -> None:
        self._entries_map = mmap.mmap(-1, 16 * count)
        self._entries = np.frombuffer(self._entries_map, BUFFER)
        self._tail = np.frombuffer(self._entries_map, np.uint16)[7:8]  # overlays `reserved` of entry 0
        self._data_map = mmap.mmap(-1, count * size)
        self.data: NDArray[np.uint8] = np.frombuffer(self._data_map, np.uint8).reshape(count, size)
        self._mask = count - 1
        self._next = 0
        self._address = _address(self.data) + size * np.arange(count, dtype=np.uint64)
        self._size = size
        registration = np.zeros(5, np.uint64)
        registration[0] = _address(self._entries)
        registration[1] = count | (BUFFER_GROUP << 32)
        if _call(SYS_REGISTER, ring.fd, REGISTER_PBUF_RING, _address(registration), 1) < 0:
            raise UringUnavailableError(os.strerror(ctypes.get_errno()))
        self.give_back(np.arange(count, dtype=np.uint16))

    def give_back(self, ids: NDArray[np.uint16]) -> None:
        """Let the kernel use the buffers `ids : ndarray of shape (N,), uint16` again."""
        places = (self._next + np.arange(len(ids))) & self._mask
        self._entries["address"][places] = self._address[ids]
        self._entries["length"][places] = self._size
        self._entries["id"][places] = ids
        self._next += len(ids)
        self._tail[0] = self._next & 0xFFFF

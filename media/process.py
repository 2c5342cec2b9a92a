"""One media worker as control sees it: the process, its shared table, and the pipe between.

Commands are queued and leave together a moment later, in as few messages as the limits allow: a worker takes them at its
next tick anyway, and every message wakes a process.
"""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import socket
import subprocess
import sys
from typing import Final

from media import control
from media.streams import Streams, table_bytes

PIPE_BYTES: Final = 4 * control.MESSAGE_BYTES
GATHER_S: Final = 0.02
"""How long commands are gathered, a tick: at 100 calls a second those of two, and a tick is heard by nobody. To wake a worker
that sleeps costs more than a command does."""
RETRY_S: Final = 0.02
"""A worker whose pipe is full is behind by many messages; it reads every tick."""
EXIT_S: Final = 2.0
"""A worker that was told to end does so at its next tick; one that has not by then is killed."""
WORKER_ENVIRONMENT: Final = {
    # A tick's arrays go back to the allocator, not to the kernel: faulting their pages in again each tick costs more
    # than the arithmetic on them (four times, measured on the limiter at 1,000 rows).
    "MALLOC_TRIM_THRESHOLD_": "268435456",
    "MALLOC_MMAP_THRESHOLD_": "268435456",
    # One tick is one thread; matrix products must not start others.
    "OPENBLAS_NUM_THREADS": "1",
}


class WorkerProcess:
    """Started at once; `ready` is done when it has said its first word."""

    def __init__(self, name: str, rows: int) -> None:
        self.name = name
        with (
            contextlib.ExitStack() as undo
        ):  # where the system has no process left it is asked again every second
            self._table_fd = os.memfd_create(f"roda-{name}", os.MFD_CLOEXEC)
            undo.callback(os.close, self._table_fd)
            os.ftruncate(self._table_fd, table_bytes(rows))
            self.table = Streams(rows, mmap.mmap(self._table_fd, table_bytes(rows)))
            self.pipe, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            undo.callback(self.pipe.close)
            with theirs:
                for end in (self.pipe, theirs):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PIPE_BYTES)
                self.pipe.setblocking(False)
                self.process = subprocess.Popen(  # noqa: S603 (our own module, fixed arguments)
                    [
                        sys.executable, "-m", "media.worker",
                        "--pipe", str(theirs.fileno()), "--table", str(self._table_fd), "--rows", str(rows),
                    ],
                    pass_fds=(theirs.fileno(), self._table_fd),
                    stdin=subprocess.DEVNULL,
                    env=os.environ | WORKER_ENVIRONMENT,
                    start_new_session=True,  # a Ctrl-C at the terminal is for control; a worker ends when its pipe does
                )  # fmt: skip
            undo.pop_all()
        self.ready = asyncio.get_running_loop().create_future()
        self.streams: set[int] = set()
        self.last_ticks = -1
        self.seen: frozenset[int] = frozenset()
        """The streams it had when its ticks were looked at last."""
        self.stalled = 0
        self.gone = False
        """Its pipe is not read any more: it died, or we end."""
        self._queue: list[tuple[bytes, tuple[int, ...]]] = []
        self._flush_planned = False

    @property
    def load(self) -> int:
        """Streams it has."""
        return len(self.streams)

    def tell(self, command: control.AnyCommand, *fds: int) -> None:
        """Queue a command; `fds` travel beside it and stay the caller's."""
        encoded = control.encoder.encode(command)
        if not control.fitting([encoded]):
            raise ValueError(f"a {type(command).__name__} of {len(encoded)} bytes is too long for a worker")
        self._queue.append((encoded, fds))
        if not self._flush_planned:
            self._flush_planned = True
            asyncio.get_running_loop().call_later(GATHER_S, self.flush)

    def flush(self) -> None:
        """Send what is queued."""
        self._flush_planned = False
        while self._queue and not self.gone:
            count, fds = 0, list[int]()
            for _, theirs in self._queue[: control.fitting(encoded for encoded, _ in self._queue)]:
                if len(fds) + len(theirs) > control.FDS_PER_MESSAGE:
                    break
                fds.extend(theirs)
                count += 1
            data = control.pack([encoded for encoded, _ in self._queue[:count]])
            try:
                socket.send_fds(self.pipe, [data], fds)
            except (BrokenPipeError, ConnectionResetError):
                return  # it is dead; the pool finds out by reading and opens everything again elsewhere
            except (
                OSError
            ):  # its pipe is full, or the system has no memory or too many descriptors on their way just now
                self._flush_planned = True
                asyncio.get_running_loop().call_later(RETRY_S, self.flush)
                return
            del self._queue[:count]

    def await_exit(self) -> None:
        """Block until it has ended, or end it."""
        try:
            self.process.wait(EXIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def close(self) -> None:
        """Give back what control holds of it."""
        self.pipe.close()
        os.close(self._table_fd)

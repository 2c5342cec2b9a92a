"""Control's end of the recording process: it is started here, told what to record, and replaced when it dies.

A process that died leaves files that are not closed; the next mends them. What was being recorded goes on in new files, a
second part, a moment later; what was in the rings meanwhile is not lost.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from media.pipe import receive
from media.process import RETRY_S, WORKER_ENVIRONMENT
from media.recording import messages
from media.recording.messages import Reason
from media.recording.ring import SLOTS, ring_bytes

EXIT_S: Final = 5.0
"""At the end, for all files to be closed: a second of what was said last, and the disk. Then it is killed, and the next
start mends what is left."""
RESTARTS_PER_MINUTE: Final = 3
"""More deaths than this and something is wrong that another process will not mend: all recordings end."""

_log = structlog.get_logger("media.recording")


@dataclass(slots=True)
class _Running:
    """What the next process would have to be told of a recording."""

    begin: messages.Begin
    paused: bool = False


class Desk:
    """The recording process of this bridge.

    Parameters
    ----------
    on_event : callable
        Called with each `Ended`, `Mended` and `Removed`, in the control loop.
    clock, wall : callables
        The machine's steady clock, and seconds since 1970.
    """

    def __init__(
        self,
        *,
        on_event: Callable[[messages.AnyEvent], None],
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._on_event = on_event
        self._clock = clock
        self._wall = wall
        self._rings: dict[str, int] = {}  # worker to descriptor
        self._running: dict[int, _Running] = {}
        self._keep: messages.Keep | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: socket.socket | None = None
        self._queue: deque[tuple[bytes, int | None]] = deque()
        self._retry: asyncio.TimerHandle | None = None
        self._losses: list[float] = []
        self._stopping = False
        self.replaced = 0
        """Recording processes that died and were replaced."""

    # Life ------------------------------------------------------------------------------------------------------

    def start(self, keep: messages.Keep) -> None:
        """Start the process, which looks after the folder from then on."""
        self._keep = keep
        self._spawn()

    async def stop(self) -> None:
        """Finish all recordings, tell their ends, and end the process."""
        self._stopping = True
        process, pipe = self._process, self._pipe
        if process is not None and pipe is not None:
            self._tell(messages.Stop(self._clock()))
            loop = asyncio.get_running_loop()
            try:
                await loop.run_in_executor(None, process.wait, EXIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                await loop.run_in_executor(None, process.wait)
            self._process = None
            self._read()  # its last words, if they have not been read yet
        self._forget_pipe()
        for descriptor in self._rings.values():
            os.close(descriptor)
        self._rings.clear()

    @property
    def pid(self) -> int | None:
        """Of the process, while it runs."""
        return None if self._process is None else self._process.pid

    def _spawn(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own module, fixed arguments)
                [sys.executable, "-m", "media.recording.process", "--pipe", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                env=os.environ | WORKER_ENVIRONMENT,
                start_new_session=True,
            )
        finally:
            theirs.close()
        self._pipe = ours
        asyncio.get_running_loop().add_reader(ours.fileno(), self._read)
        if self._keep is not None:
            self._tell(self._keep)
        for source, descriptor in self._rings.items():
            self._tell(messages.Attach(source, SLOTS), descriptor)

    # The workers' rings ----------------------------------------------------------------------------------------

    def attach(self, source: str) -> tuple[int, int]:
        """Make a ring for a worker; returns its slots and its descriptor, which stays ours."""
        descriptor = os.memfd_create(f"roda-{source}-recorded", os.MFD_CLOEXEC)
        try:
            os.ftruncate(descriptor, ring_bytes(SLOTS))
        except OSError:
            os.close(descriptor)
            raise
        self._rings[source] = descriptor
        self._tell(messages.Attach(source, SLOTS), descriptor)
        return SLOTS, descriptor

    def detach(self, source: str) -> None:
        """The worker is gone."""
        descriptor = self._rings.pop(source, None)
        if descriptor is not None:
            # What waits to be sent cannot carry it any more: a number that is closed, or another's by then.
            self._queue = deque(waiting for waiting in self._queue if waiting[1] != descriptor)
            self._tell(messages.Detach(source))
            os.close(descriptor)

    # What is recorded ------------------------------------------------------------------------------------------

    def begin(self, begin: messages.Begin) -> None:
        """Record; `Ended` comes at some time in any case."""
        self._running[begin.recording] = _Running(begin)
        if self._process is None:
            self._give_up([begin.recording])
        else:
            self._tell(begin)

    def pause(self, recording: int) -> None:
        """Leave out what comes."""
        if recording in self._running:
            self._running[recording].paused = True
            self._tell(messages.Pause(recording, self._clock()))

    def resume(self, recording: int) -> None:
        """And no longer."""
        if recording in self._running:
            self._running[recording].paused = False
            self._tell(messages.Resume(recording, self._clock()))

    def end(self, recording: int) -> None:
        """Finish; `Ended` follows."""
        if recording in self._running:
            self._tell(messages.End(recording, self._clock()))

    # The pipe --------------------------------------------------------------------------------------------------

    def _tell(self, message: messages.AnyMessage, descriptor: int | None = None) -> None:
        if self._pipe is not None:
            self._queue.append((messages.encoder.encode(message), descriptor))
            self._flush()

    def _flush(self) -> None:
        self._retry = None
        while self._queue and self._pipe is not None:
            data, descriptor = self._queue[0]
            try:
                socket.send_fds(self._pipe, [data], [] if descriptor is None else [descriptor])
            except BlockingIOError:
                self._retry = asyncio.get_running_loop().call_later(RETRY_S, self._flush)
                return
            except OSError:
                return  # it is dead, which is found out by reading
            self._queue.popleft()

    def _read(self) -> None:
        while self._pipe is not None:
            data = receive(self._pipe, messages.MESSAGE_BYTES)
            if data is None:
                return
            if not data:
                self._lost()
                return
            event = messages.events_decoder.decode(data)
            if isinstance(event, messages.Ready):
                if event.version != messages.VERSION:
                    _log.error("recording_version", theirs=event.version, ours=messages.VERSION)
                continue
            if isinstance(event, messages.Ended):
                self._running.pop(event.recording, None)
            self._on_event(event)

    def _forget_pipe(self) -> None:
        if self._pipe is not None:
            asyncio.get_running_loop().remove_reader(self._pipe.fileno())
            self._pipe.close()
            self._pipe = None
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        self._queue.clear()

    def _lost(self) -> None:
        self._forget_pipe()
        if self._stopping:
            return
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        now = self._clock()
        self._losses = [*(at for at in self._losses if now - at < 60.0), now]
        _log.error("recording_process_lost", pid=process.pid, recordings=len(self._running))
        if len(self._losses) > RESTARTS_PER_MINUTE or not self._started_again():
            self._give_up(list(self._running))
            return
        self.replaced += 1
        for recording, known in self._running.items():
            known.begin = msgspec.structs.replace(
                known.begin, at_s=now, wall_s=self._wall(), part=known.begin.part + 1
            )
            self._tell(known.begin)
            if known.paused:
                self._tell(messages.Pause(recording, now))

    def _started_again(self) -> bool:
        try:
            self._spawn()
        except OSError as error:
            _log.exception("recording_process_not_started", error=str(error))
            return False
        return True

    def _give_up(self, recordings: list[int]) -> None:
        for recording in recordings:
            self._running.pop(recording, None)
            self._on_event(messages.Ended(recording, Reason.PROCESS_LOST, ()))

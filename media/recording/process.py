"""The recording process: the studio at a pipe. `python -m media.recording.process`, started by control.

It runs behind everything else (`NICENESS`): a second of delay is heard by nobody, and there are minutes in the rings.
"""

from __future__ import annotations

import argparse
import contextlib
import mmap
import os
import select
import signal
import socket
import time
from typing import Final

from media.recording import messages
from media.recording.ring import Ring
from media.recording.studio import Studio

TURN_S: Final = 0.1
"""How often rings are read while something is recorded."""
IDLE_S: Final = 60.0
"""And while nothing is: only to look for recordings whose days are over."""
NICENESS: Final = 10
"""Below everything that serves calls."""


class Process:
    """The edge: clock, pipe and shared memory around a studio."""

    def __init__(self, pipe: socket.socket, studio: Studio) -> None:
        self._pipe = pipe
        self._studio = studio
        self._open = True
        self._pipe_ready = select.poll()
        self._pipe_ready.register(pipe.fileno(), select.POLLIN)

    def run(self) -> None:
        """Serve until told to stop; if control is gone, what is recorded ends there."""
        self._tell(messages.Ready(messages.VERSION, os.getpid()))
        while not self._studio.done:
            wait_s = TURN_S if self._studio.busy else IDLE_S
            self._pipe_ready.poll(1_000 * wait_s)
            # All of it before the rings are read: no frame comes before the word that it is to be recorded.
            while self._open and self._pipe_ready.poll(0):
                self._read()
            self.turn()

    def turn(self) -> None:
        """Take what has come, write, and tell what happened."""
        self._studio.advance(time.monotonic(), time.time())
        for event in self._studio.events():
            self._tell(event)

    def _read(self) -> None:
        data, handed, _, _ = socket.recv_fds(self._pipe, messages.MESSAGE_BYTES, 1)
        if not data:
            self._open = False
            self._pipe_ready.unregister(self._pipe.fileno())
            self._studio.receive(messages.Stop(time.monotonic()), time.time())
            return
        message = messages.messages_decoder.decode(data)
        if isinstance(message, messages.Attach):
            if handed:
                self._studio.attach(message.source, Ring(mmap.mmap(handed[0], 0), message.slots))
        else:
            self._studio.receive(message, time.time())
        for descriptor in handed:
            os.close(descriptor)

    def _tell(self, event: messages.AnyEvent) -> None:
        with contextlib.suppress(OSError):  # control is gone: the files are there all the same
            self._pipe.send(messages.encoder.encode(event))


def main() -> None:
    """Entry of the process: the pipe's descriptor comes as an argument."""
    parser = argparse.ArgumentParser(description="Writes recordings; started by the bridge, not by hand.")
    parser.add_argument("--pipe", type=int, required=True)
    arguments = parser.parse_args()
    # A Ctrl-C or a service manager's stop goes to the whole group; when we end is for control to say, or its death.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file that may not grow is an error of its write
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    os.umask(0o077)
    Process(socket.socket(fileno=arguments.pipe), Studio()).run()


if __name__ == "__main__":
    main()

"""The desk's bookkeeping of rings and descriptors, with the recording process played by the test."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest

from media.recording import messages
from media.recording.desk import Desk
from tests.media.real import descriptors


def desk() -> Desk:
    return Desk(on_event=lambda _: None, clock=lambda: 0.0, wall=lambda: 0.0)


def read(pipe: socket.socket) -> list[messages.AnyMessage]:
    """What the process was told; descriptors are closed."""
    told = []
    while True:
        try:
            data, handed, _, _ = socket.recv_fds(pipe, messages.MESSAGE_BYTES, 1)
        except BlockingIOError:
            return told
        for descriptor in handed:
            os.close(descriptor)
        told.append(messages.messages_decoder.decode(data))


def test_a_worker_that_dies_while_the_process_reads_nothing_keeps_nothing_from_it() -> None:
    async def story() -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (ours, theirs):
            end.setblocking(False)
        mine = desk()
        mine._pipe = ours
        while not mine._queue:  # until the pipe is full
            mine._tell(messages.Pause(1, 0.0))
        waiting = len(mine._queue)
        mine.attach("media-1")
        mine.detach("media-1")
        mine.attach("media-2")
        assert len(mine._queue) == waiting + 2
        told = read(theirs)
        mine._flush()
        told += read(theirs)
        rings = [each for each in told if isinstance(each, messages.Attach | messages.Detach)]
        assert [type(each).__name__ + " " + each.source for each in rings] == [
            "Detach media-1",
            "Attach media-2",
        ]
        mine._pipe = None
        await mine.stop()
        ours.close()
        theirs.close()

    asyncio.run(story())


def test_a_ring_that_there_is_no_memory_for_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    before = descriptors(os.getpid())
    with monkeypatch.context() as patch:
        patch.setattr(os, "ftruncate", refuse)
        with pytest.raises(OSError, match="memory"):
            desk().attach("media-1")
    assert descriptors(os.getpid()) == before

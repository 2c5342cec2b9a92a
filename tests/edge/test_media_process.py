"""A worker process: it says when it is ready, lets nobody but control end it, and leaves nothing open."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess

import pytest

from media import control
from media.process import WorkerProcess
from tests.media.real import descriptors


async def answer(worker: WorkerProcess) -> list[control.AnyEvent]:
    """What it says next; nothing when it has ended."""
    data = await asyncio.wait_for(
        asyncio.get_running_loop().sock_recv(worker.pipe, control.MESSAGE_BYTES), 10.0
    )
    return control.events_decoder.decode(data) if data else []


def test_a_process_that_the_system_does_not_start_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    async def story() -> None:
        before = descriptors(os.getpid())
        with monkeypatch.context() as patch:
            patch.setattr(subprocess, "Popen", refuse)
            for _ in range(3):
                with pytest.raises(OSError, match="temporarily"):
                    WorkerProcess("test", 16)
        gc.collect()
        assert descriptors(os.getpid()) == before

    asyncio.run(story())


@pytest.mark.parametrize("end", ["told to", "control is gone"])
def test_a_worker_is_ready_survives_signals_to_all_and_ends_when_control_wants(end: str) -> None:
    async def story() -> None:
        before = descriptors(os.getpid())
        worker = WorkerProcess("test", 16)
        assert await answer(worker) == [control.Ready(control.VERSION, worker.process.pid)]
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(worker.process.pid, number)
        worker.tell(control.OpenStream(
            1, control.Format(control.Codec.PCMU, 0), ssrc=1, sequence=2, timestamp=3, cname="t",
        ))  # fmt: skip
        worker.flush()
        assert await answer(worker) == [control.StreamClosed(1)]  # without sockets it is refused
        if end == "told to":
            worker.tell(control.Shutdown())
            worker.flush()
            assert await answer(worker) == []
            worker.close()
        else:
            worker.close()
        await asyncio.get_running_loop().run_in_executor(None, worker.await_exit)
        assert worker.process.returncode == 0
        del worker
        assert descriptors(os.getpid()) <= before + 1  # the executor's wake-up, if anything

    asyncio.run(story())

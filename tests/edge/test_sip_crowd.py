"""Ten thousand silent connections: whoever has something to say is let in and answered all along (interop.md 5, row 19)."""

import asyncio
import contextlib
import os
import resource
import socket
import threading
import time

import pytest
import uvloop

from sip import crowd, streams
from sip.agent import Agent, AgentSettings
from sip.transport.driver import Driver
from sip.transport.stream import tcp
from tests.support.sip_playbook import Playbook

OPTIONS = Playbook().request("OPTIONS", {})
SOURCES = 200
EACH = 50
ANSWER_S = 0.2
"""What a fresh client is promised."""
DESCRIPTORS = SOURCES * EACH + crowd.PLACES + 500


class Listening(threading.Thread):
    """A listener with a loop of its own."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ready = threading.Event()
        self.stopped = asyncio.Event()

    def run(self):
        uvloop.run(self.serve())

    async def serve(self):
        self.loop = asyncio.get_running_loop()
        self.driver = Driver(Agent(settings=AgentSettings(), entropy=os.urandom), lambda event: None)
        self.transport = tcp("0.0.0.0", 0, self.driver)
        await self.driver.start(self.transport)
        self.ready.set()
        await self.stopped.wait()
        self.driver.close()

    def stop(self):
        self.loop.call_soon_threadsafe(self.stopped.set)
        self.join()


@pytest.fixture
def listening(monkeypatch):
    monkeypatch.setattr(
        crowd, "host_of", lambda address: address
    )  # loopback has addresses enough to be strangers
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < DESCRIPTORS:
        pytest.skip(f"needs {DESCRIPTORS} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    thread = Listening()
    thread.start()
    thread.ready.wait()
    yield thread
    thread.stop()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def comes(listening, source, stack):
    sock = stack.enter_context(socket.socket())
    sock.bind((source, 0))
    sock.connect(("127.0.0.1", listening.transport.local[1]))
    return sock


def asks(listening, source):
    """How long a fresh client waits for its answer."""
    with contextlib.ExitStack() as stack:
        start = time.monotonic()  # noqa: TID251 - it is measured
        sock = comes(listening, source, stack)
        sock.settimeout(5)
        sock.sendall(OPTIONS)
        assert sock.recv(4096).startswith(b"SIP/2.0 200")
        return time.monotonic() - start  # noqa: TID251


def test_fresh_clients_are_answered_among_ten_thousand_silent_ones(listening):
    waited = []
    with contextlib.ExitStack() as stack:
        for number in range(SOURCES * EACH):
            comes(listening, f"127.1.0.{number % SOURCES + 1}", stack)
            if number % 200 == 0:
                waited.append(asks(listening, f"127.2.0.{number // 200 + 1}"))
                waited.append(
                    asks(listening, "127.1.0.1")
                )  # next to those who hold all places of its address
        assert max(waited) < ANSWER_S
        asks(listening, "127.2.0.1")  # after all who came before it
        # Some are still on their way out.
        assert len(listening.transport) < crowd.PLACES + 100
        assert listening.driver.agent.counters["closed:crowded out"] > SOURCES * EACH - crowd.PLACES - 100


def test_one_address_cannot_take_the_places_of_others(listening):
    with contextlib.ExitStack() as stack:
        honest = comes(listening, "127.2.0.1", stack)
        honest.settimeout(5)
        for _ in range(5 * crowd.PLACES_PER_HOST):
            comes(listening, "127.1.0.1", stack)
        assert asks(listening, "127.1.0.1") < ANSWER_S
        honest.sendall(OPTIONS)
        assert honest.recv(4096).startswith(b"SIP/2.0 200")
        assert len(listening.transport) < 2 * crowd.PLACES_PER_HOST


def test_half_messages_are_closed_in_time_and_keep_nobody_waiting(listening, monkeypatch):
    """Slow-loris (AST-2016-005): a thousand who have begun to speak."""
    monkeypatch.setattr(streams, "FIRST_MESSAGE_S", 0.5)
    with contextlib.ExitStack() as stack:
        slow = [comes(listening, f"127.1.0.{number % SOURCES + 1}", stack) for number in range(1000)]
        for sock in slow:
            sock.sendall(OPTIONS[:100])
        assert asks(listening, "127.2.0.1") < ANSWER_S
        for sock in slow:
            sock.settimeout(5)
            assert sock.recv(100) == b""
        assert listening.driver.agent.counters["closed:slow stream"] == 1000


def test_a_storm_of_resets_harms_nobody(listening):
    """ES2018-04."""
    for number in range(1000):
        with contextlib.ExitStack() as stack:
            sock = comes(listening, f"127.1.0.{number % SOURCES + 1}", stack)
            sock.sendall(OPTIONS[: number % len(OPTIONS)])
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        if number % 100 == 0:
            assert asks(listening, "127.2.0.1") < ANSWER_S

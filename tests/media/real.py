"""A pool of real workers and phones with real sockets, for the edge tests; nothing here sleeps: a phone's pace is the
packets it is sent.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import socket
import struct
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dsp import g711
from media import control
from media.pool import Pool, PoolFullError
from media.ports import Ports
from tests.media.secured import Libsrtp
from tests.media.wire import packet, power_at, tone

HOST = "127.0.0.1"
DEADLINE_S = 5.0
_T = TypeVar("_T")


class House:
    """A pool, its event loop, and what it told."""

    def __init__(self, *, workers: int = 2, rows: int = 256, pairs: int = 300) -> None:
        self.loop = asyncio.new_event_loop()
        self.events: list[control.AnyEvent] = []
        self._arrived = asyncio.Event()
        low = random.randrange(20_000, 29_000, 2)
        self.ports = Ports(HOST, low, low + 2 * pairs, random.randrange)
        self.pool = Pool(
            workers=workers,
            rows=rows,
            ports=self.ports,
            cname="test",
            entropy=os.urandom,
            on_event=self._take,
        )
        self._streams = 0
        self.run(self.pool.start())

    def run(self, story: Coroutine[Any, Any, _T]) -> _T:
        """Let something happen, within the deadline."""
        return self.loop.run_until_complete(asyncio.wait_for(story, 4 * DEADLINE_S))

    async def load(self, descriptor: int, samples: int) -> None:
        """Give all workers the shared audio."""
        self.pool.load(descriptor, samples)

    def close(self) -> None:
        self.run(self.pool.stop())
        self.loop.close()

    def _take(self, event: control.AnyEvent) -> None:
        self.events.append(event)
        self._arrived.set()

    async def told(self, wanted: Callable[[control.AnyEvent], bool]) -> control.AnyEvent:
        """The first event that is wanted, waited for."""
        deadline = self.loop.time() + DEADLINE_S
        while True:
            for event in self.events:
                if wanted(event):
                    return event
            self._arrived.clear()
            await asyncio.wait_for(self._arrived.wait(), deadline - self.loop.time())

    def call(self, *, room: int = 0, srtp: control.Srtp | None = None) -> RealPhone:
        """A phone joins; with keys its audio goes through libsrtp."""
        self._streams += 1
        phone = RealPhone(self, self._streams, self.loop)
        format_ = control.Format(control.Codec.PCMU, 0, 101, srtp=srtp)
        if srtp is not None:
            peer = Libsrtp(srtp)
            phone.seal, phone.open = peer.seal, peer.open
        try:
            phone.port = self.pool.open(phone.stream, format_, phone.endpoint, room=room, rtp_timeout_s=60.0)
        except PoolFullError:
            phone.socket.close()
            raise
        return phone

    async def hang_up(self, *phones: RealPhone) -> None:
        """Calls end; returns when the pool has told so."""
        for phone in phones:
            self.pool.send(control.CloseStream(phone.stream))
        for phone in phones:
            number = phone.stream
            await self.told(
                lambda event, n=number: isinstance(event, control.StreamClosed) and event.stream == n
            )
            phone.socket.close()


class RealPhone:
    """A UDP socket that answers each packet with one."""

    def __init__(self, house: House, stream: int, loop: asyncio.AbstractEventLoop) -> None:
        self._house = house
        self._loop = loop
        self.stream = stream
        self.socket = udp_socket()
        self.port = 0
        self.sequence = random.randrange(0x10000)
        self.timestamp = random.randrange(2**32)
        self.ssrc = random.randrange(2**32)
        self.headers: list[tuple[int, int, int]] = []
        """Sequence, timestamp and SSRC of what came."""
        self.frames: list[np.ndarray[Any, np.dtype[np.int16]]] = []
        self.arrivals: list[float] = []
        self.seal = self.open = _as_it_is

    @property
    def endpoint(self) -> control.Endpoint:
        return control.Endpoint(*self.socket.getsockname())

    def send(self, frequency: float | None = None, *, by: socket.socket | None = None) -> None:
        """One packet of a tone, or of silence."""
        frame = (
            np.zeros(160, np.int16)
            if frequency is None
            else tone(frequency, 160, start=self.sequence % 1_000 * 160)
        )
        data = packet(
            g711.encode(frame, g711.Law.MU).tobytes(),
            sequence=self.sequence,
            timestamp=self.timestamp,
            ssrc=self.ssrc,
        )
        self.sequence += 1
        self.timestamp += 160
        (by or self.socket).sendto(self.seal(data), (HOST, self.port))

    def press(self, digit: int) -> None:
        """One key, as a single end packet."""
        data = packet(
            bytes((digit, 0x8A, 3, 0x20)),
            sequence=self.sequence,
            timestamp=self.timestamp,
            ssrc=self.ssrc,
            payload_type=101,
        )
        self.sequence += 1
        self.socket.sendto(self.seal(data), (HOST, self.port))

    async def hear(self) -> None:
        """Wait for the next packet."""
        data = self.open(await asyncio.wait_for(self._loop.sock_recv(self.socket, 2_000), DEADLINE_S))
        self.headers.append(struct.unpack("!HII", data[2:12]))
        self.frames.append(g711.decode(np.frombuffer(data[12:172], np.uint8)[None], g711.Law.MU)[0])
        self.arrivals.append(self._loop.time())

    async def talk(self, packets: int, frequency: float | None = None) -> None:
        """Answer so many packets with one of our own each."""
        for _ in range(packets):
            self.send(frequency)
            await self.hear()

    def loudness(self, frequency: float, frames: int = 8) -> float:
        """How loud a tone is in the last frames."""
        return power_at(np.concatenate(self.frames[-frames:]), frequency)

    def steps(self) -> list[int]:
        """From each sequence number to the next."""
        numbers = [header[0] for header in self.headers]
        return [(later - earlier) & 0xFFFF for earlier, later in itertools.pairwise(numbers)]

    def gaps_s(self) -> list[float]:
        """From each packet's arrival to the next."""
        return [later - earlier for earlier, later in itertools.pairwise(self.arrivals)]


def _as_it_is(data: bytes) -> bytes:
    return data


def udp_socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((HOST, 0))
    made.setblocking(False)
    return made


async def together(*stories: Coroutine[Any, Any, None]) -> None:
    """Let several phones talk at once."""
    await asyncio.gather(*stories)


def descriptors(pid: int) -> int:
    """How many files a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))

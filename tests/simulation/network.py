"""Lines between the phones and the bridge: SIP datagrams arrive as things that happen, RTP waits in sockets.

A phone is a host; its line has a path in each direction for each of SIP and RTP, so that one kind of traffic never
changes the fate of the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final

from tests.simulation.clock import Clock
from tests.support.netem import WIRE, Conditions, Path

Address = tuple[str, int]
Receiver = Callable[[Address, bytes, float], None]

BRIDGE: Final = "192.0.2.1"
SIP_PORT: Final = 5060


@dataclass
class Line:
    """The four paths of one phone. `up` is towards the bridge."""

    sip_up: Path
    sip_down: Path
    rtp_up: Path
    rtp_down: Path
    lost_on_purpose: list[tuple[str, bytes]] = field(default_factory=list)
    """(direction, first bytes) of SIP messages to be lost, each once: the next that begins so."""

    def loses(self, direction: str, data: bytes) -> bool:
        for doomed in self.lost_on_purpose:
            if doomed[0] == direction and data.startswith(doomed[1]):
                self.lost_on_purpose.remove(doomed)
                return True
        return False

    def cut(self) -> None:
        """The cable is pulled out."""
        for path in (self.sip_up, self.sip_down, self.rtp_up, self.rtp_down):
            path.cut = True


class Socket:
    """A bound UDP port of the bridge: shared by control and whichever worker has a copy, so it outlives a worker."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.peer: Address | None = None
        """Connected: the kernel drops what others send."""
        self.closed = False
        self._queue: list[tuple[float, int, Address, bytes]] = []
        self._serial = 0

    def fileno(self) -> int:
        """Descriptors are as good as port numbers here."""
        return self.port

    def close(self) -> None:
        self.closed = True

    def arrives(self, at: float, source: Address, data: bytes) -> None:
        self._serial += 1
        heappush(self._queue, (at, self._serial, source, data))

    def take(self, now: float) -> list[tuple[float, Address, bytes]]:
        """What has arrived by now."""
        taken: list[tuple[float, Address, bytes]] = []
        queue = self._queue
        while queue and queue[0][0] <= now:
            at, _, source, data = heappop(queue)
            if self.peer is None or source == self.peer:
                taken.append((at, source, data))
        return taken


class Network:
    """All lines."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self._clock = clock
        self._seed = seed
        self.lines: dict[str, Line] = {}
        self.sockets: dict[int, Socket] = {}
        """The bridge's bound ports."""
        self.sip_receivers: dict[Address, Callable[[Address, bytes], None]] = {}
        self.rtp_receivers: dict[Address, Receiver] = {}
        """Of phones: called at once with the time of arrival; an ear looks no further than its own now."""

    def connect(self, host: str, up: Conditions = WIRE, down: Conditions = WIRE, *, sip: bool = True) -> Line:
        """Give a host a line. With `sip` false the conditions are for its RTP alone."""
        paths = [
            Path(conditions if sip or kind == "rtp" else WIRE, f"{self._seed} {host} {kind} {direction}")
            for kind in ("sip", "rtp")
            for direction, conditions in (("up", up), ("down", down))
        ]
        line = self.lines[host] = Line(*paths)
        return line

    def send_sip(self, source: Address, destination: Address, data: bytes) -> None:
        """A datagram from anybody to anybody."""
        direction, host = ("down", destination[0]) if source[0] == BRIDGE else ("up", source[0])
        line = self.lines.get(host)
        receiver = self.sip_receivers.get(destination)
        if line is None or receiver is None or line.loses(direction, data):
            return
        path = line.sip_down if direction == "down" else line.sip_up
        for at in path.carry(self._clock.now):
            self._clock.at(at, lambda: receiver(source, data))

    def send_rtp_up(self, source: Address, port: int, data: bytes) -> None:
        """From a phone to a port of the bridge."""
        for at in self.lines[source[0]].rtp_up.carry(self._clock.now):
            socket = self.sockets.get(port)
            if socket is not None:
                socket.arrives(at, source, data)

    def send_rtp_down(self, destination: Address, data: bytes) -> None:
        """From the bridge to a phone."""
        receiver = self.rtp_receivers.get(destination)
        if receiver is not None:
            for at in self.lines[destination[0]].rtp_down.carry(self._clock.now):
                receiver((BRIDGE, 0), data, at)

"""Calls to a server, in real time: talkers with the networks of `traces`, listeners with perfect ones.

Each call is a room of its own with two phones. All that any of them sends is known beforehand, to the microsecond; one
loop sends each packet when it is due, and keeps what comes to the listeners with the moment it came. How late the loop
itself was is part of the record.

A listener is ideal: samples are played at their RTP timestamps, so far behind them as the median packet came, and what
did not come is silence. So every gap and every delay in what is heard is the server's.
"""

from __future__ import annotations

import gc
import random
import resource
import time
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks import g711, ports, processes, report
from benchmarks.analysis import spread
from benchmarks.ears import in_turns
from benchmarks.signalling import Answered, Failed, HungUp, MediaMoved, Phones
from benchmarks.transport import SipSocket, parse_address
from benchmarks.voice_score import Heard
from benchmarks.voice_speech import FRAME, RATE_HZ
from benchmarks.voice_talker import HEADER_BYTES, PACKET_BYTES, Plan, Stream, silence, stream
from benchmarks.wire import open_wire

GRAIN_NS: Final = 500_000
"""What is due within half a millisecond is sent together."""
SIGNAL_EVERY_NS: Final = 10_000_000
ANSWER_PATIENCE_S: Final = 20.0
BEFORE_S: Final = 1.0
"""From the last answer to the first packet of a talker."""
TAIL_S: Final = 1.0
FAREWELL_S: Final = 5.0
JUMP_S: Final = 0.3
"""An RTP timestamp that leaps by more against the clock than this begins a new count."""
PCMU: Final = 0


@dataclass(frozen=True, slots=True)
class Line:
    """How a listener's packets came."""

    packets: int
    missing: int
    """Sequence numbers that never came."""
    left_out: int
    """Packet times, by the RTP timestamps, for which nothing was ever numbered: a server that had no time leaves them out."""
    late_ms: float
    """p99 of how much later than the median packet one came."""


@dataclass(slots=True)
class Outcome:
    """All calls, and what a reader must know before he trusts them."""

    calls: list[tuple[Heard, Line]]
    late_ms: NDArray[np.float64]
    """(N,): how late each of our packets was sent."""
    seconds: float
    own_cores: float = 0.0
    server_cores: float = 0.0
    """0 where its processes are not known."""
    busy_cores: float = 0.0
    """All that the machine did meanwhile, the server and we included."""
    stolen_cores: float = 0.0
    """What the hypervisor kept."""
    failures: dict[int, int] = field(default_factory=dict)
    dropped_by_server: int = 0
    send_errors: int = 0

    def record(self) -> dict[str, Any]:
        """As plain data."""
        late = spread(self.late_ms)
        doubts = report.doubts(late_ms=late.p99, skipped_rounds=0)
        if self.failures:
            doubts.append(f"INVALID: calls failed, by status: {self.failures}")
        if self.dropped_by_server:
            doubts.append(f"INVALID: the server hung up {self.dropped_by_server} calls")
        if self.send_errors:
            doubts.append(f"{self.send_errors} packets of ours were refused")
        doubts += report.others(self.busy_cores - self.own_cores - self.server_cores)
        if self.stolen_cores > report.OTHERS_LIMIT_CORES:
            doubts.append(f"the hypervisor kept {self.stolen_cores:.2f} cores")
        return {
            "seconds": round(self.seconds, 1),
            "generator_late_ms": {"p50": late.p50, "p99": late.p99, "max": late.max},
            "own_cores": round(self.own_cores, 3),
            "server_cores": round(self.server_cores, 3),
            "busy_cores": round(self.busy_cores, 3),
            "faults": doubts,
        }


class Calls:
    """The loop. Rows of even number talk, the next one listens."""

    def __init__(
        self, plans: list[Plan], *, target: str, roots: list[int], user: str, first_room: int, wire: str
    ) -> None:
        self._plans, self._roots = plans, roots
        self._user, self._first_room = user, first_room
        address = parse_address(target)
        self._sip = SipSocket(address, "udp")
        rows = 2 * len(plans)
        self._sockets = ports.bind_all(rows, [self._sip.host])
        self._phones = Phones(
            target=f"{address[0]}:{address[1]}",
            local=self._sip.local,
            transport="udp",
            name=f"v{random.getrandbits(40):010x}",
        )
        self._packets = np.zeros((rows, PACKET_BYTES), np.uint8)
        self._wire = open_wire(wire, self._packets)
        self._up: set[int] = set()
        self._left: set[int] = set()
        self._is_leaving = False
        self._signalled_ns = 0
        self._came: list[tuple[NDArray[Any], ...]] = []
        self._late_ns: list[NDArray[np.int64]] = []
        self.failures: dict[int, int] = {}
        self.dropped_by_server = 0

    def run(self) -> Outcome:
        """Call, talk, listen, hang up."""
        gc.collect()
        gc.disable()
        before, started = self._spent_s(), time.monotonic()
        try:
            self._place()
            begin_s = time.monotonic() + BEFORE_S
            begins = [begin_s + plan.start_s for plan in self._plans]
            self._converse(begins)
            seconds = time.monotonic() - started
            own, server, busy, stolen = ((self._spent_s() - before) / seconds).tolist()
            self._hang_up()
        finally:
            gc.enable()
            self._wire.close()
            for sock in self._sockets:
                sock.close()
            self._sip.close()
        return Outcome(
            self._heard(begins),
            np.concatenate([np.zeros(0, np.int64), *self._late_ns]) / 1e6,
            seconds,
            own,
            server,
            busy,
            stolen,
            self.failures,
            self.dropped_by_server,
            self._wire.send_errors,
        )

    def _spent_s(self) -> NDArray[np.float64]:
        """CPU time of us, of the server, of the machine, and what the hypervisor kept."""
        own = resource.getrusage(resource.RUSAGE_SELF)
        server = processes.measure(self._roots, memory=False).cpu_s if self._roots else 0.0
        return np.array([own.ru_utime + own.ru_stime, server, *processes.machine_busy_s()])

    def _place(self) -> None:
        now = time.monotonic()
        for row, sock in enumerate(self._sockets):
            host, port = sock.getsockname()
            user = self._user.replace("{room}", str(self._first_room + row // 2))
            self._phones.place(row, user=user, rtp_host=host, rtp_port=port, now=now)
        while len(self._up) + sum(self.failures.values()) < len(self._sockets):
            if time.monotonic() > now + ANSWER_PATIENCE_S:
                self.failures[408] = len(self._sockets) - len(self._up)
                return
            self._wire.wait(time.monotonic_ns() + SIGNAL_EVERY_NS)
            self._wire.collect()
            self._signal(0)

    def _converse(self, begins: list[float]) -> None:
        streams = self._streams(begins)
        at_ns = np.concatenate([np.round(each.at_s * 1e9).astype(np.int64) for each in streams])
        rows = np.repeat(np.arange(len(streams)), [len(each.at_s) for each in streams])
        order = np.argsort(at_ns, kind="stable")
        at_ns, rows = at_ns[order], rows[order]
        contents = np.concatenate([each.packets for each in streams])
        sent = 0
        while sent < len(at_ns):
            self._wire.wait(int(at_ns[sent]) + GRAIN_NS)
            due = int(np.searchsorted(at_ns, time.monotonic_ns(), "right"))
            here = np.arange(sent, due)
            for turn in in_turns(rows[here], at_ns[here]):
                which = here[turn]
                self._packets[rows[which]] = contents[order[which]]
                self._wire.send(rows[which])
                self._late_ns.append(time.monotonic_ns() - at_ns[which])
            sent = due
            self._keep()
            self._signal(time.monotonic_ns())

    def _streams(self, begins: list[float]) -> list[Stream]:
        """What each row sends. Listeners talk nothing, as long as it takes their talkers, and from now on."""
        now = time.monotonic() + 0.1
        streams = []
        for place, (plan, begin_s) in enumerate(zip(self._plans, begins, strict=True)):
            talks = stream(plan, ssrc=0x5661_0000 + place, begin_s=begin_s)
            whole = talks.lengths == PACKET_BYTES  # the wire's packets are all of one length
            length_s = begin_s - now + plan.length_s + TAIL_S
            streams += [
                Stream(talks.at_s[whole], talks.packets[whole], talks.lengths[whole]),
                silence(int(length_s / 0.02), ssrc=0x5662_0000 + place, begin_s=now + plan.start_s / 2),
            ]
        return streams

    def _keep(self) -> None:
        arrivals = self._wire.collect()
        wanted = np.flatnonzero((arrivals.rows % 2 == 1) & (arrivals.sizes >= HEADER_BYTES))
        if not len(wanted):
            return
        size = int(arrivals.sizes[wanted].max()) - HEADER_BYTES
        self._came.append(
            (
                arrivals.rows[wanted],
                arrivals.at_ns[wanted],
                arrivals.sizes[wanted],
                arrivals.headers[wanted].copy(),
                arrivals.payloads(wanted, size).copy(),
            )
        )

    def _signal(self, at_ns: int) -> None:
        if at_ns and at_ns < self._signalled_ns + SIGNAL_EVERY_NS:
            return
        self._signalled_ns = at_ns
        self._sip.turn(self._phones, time.monotonic())
        for event in self._phones.events():
            match event:
                case Answered(row, media):
                    self._sockets[row].connect((media.host, media.port))
                    self._wire.open(row, self._sockets[row])
                    self._up.add(row)
                case MediaMoved(row, media):
                    self._sockets[row].connect((media.host, media.port))
                case Failed(_, status):
                    self.failures[status] = self.failures.get(status, 0) + 1
                case HungUp(row):
                    self.dropped_by_server += event.by_server and not self._is_leaving
                    self._left.add(row)
                    self._wire.close_row(row)

    def _hang_up(self) -> None:
        self._is_leaving = True
        for row in self._up:
            self._phones.hang_up(row, time.monotonic())
        end = time.monotonic() + FAREWELL_S
        while self._left != self._up and time.monotonic() < end:
            self._wire.wait(time.monotonic_ns() + SIGNAL_EVERY_NS)
            self._wire.collect()
            self._signal(0)

    def _heard(self, begins: list[float]) -> list[tuple[Heard, Line]]:
        columns: list[list[Any]] = [[] for _ in self._sockets]
        for rows, at_ns, sizes, headers, payloads in self._came:
            for place, row in enumerate(rows.tolist()):
                columns[row].append((at_ns[place], sizes[place], headers[place], payloads[place]))
        calls = []
        for place, (plan, begin_s) in enumerate(zip(self._plans, begins, strict=True)):
            samples, at_s, line = played(columns[2 * place + 1])
            heard = Heard(
                said=g711.decode(plan.frames.reshape(-1), "pcmu"),
                said_at_s=begin_s,
                skew_ppm=plan.network.skew_ppm,
                heard=samples,
                heard_at_s=at_s,
            )
            calls.append((heard, line))
        return calls


def played(
    packets: list[tuple[int, int, NDArray[np.uint8], NDArray[np.uint8]]],
) -> tuple[NDArray[np.int16], float, Line]:
    """What an ideal listener plays, the moment of its first sample in seconds, and how the packets came.

    Each packet is its arrival in ns, its size, its header and its payload; in the order they came.
    """
    packets = [each for each in packets if each[2][0] == 0x80 and each[2][1] & 0x7F == PCMU]
    if not packets:
        return np.zeros(0, np.int16), 0.0, Line(0, 0, 0, float("nan"))
    at_s = np.array([each[0] for each in packets]) * 1e-9
    headers = np.stack([each[2] for each in packets])
    timestamp = headers[:, 4:8].copy().view(">u4")[:, 0].astype(np.uint32)
    sequence = headers[:, 2:4].copy().view(">u2")[:, 0].astype(np.uint16)
    steps = np.diff(timestamp).view(np.int32).astype(np.int64)
    leap = np.flatnonzero(np.abs(steps / RATE_HZ - np.diff(at_s)) > JUMP_S)
    steps[leap] = np.round(np.diff(at_s)[leap] * RATE_HZ / FRAME).astype(np.int64) * FRAME
    position = np.concatenate([[0], np.cumsum(steps)])
    position -= position.min()
    waits = at_s - position / RATE_HZ
    begin_s = float(np.median(waits))
    lengths = np.array([each[1] for each in packets]) - HEADER_BYTES
    samples = np.zeros(int((position + lengths).max()), np.int16)
    for place, (_, _, _, payload) in enumerate(packets):
        length = int(lengths[place])
        samples[position[place] : position[place] + length] = g711.decode(payload[:length], "pcmu")
    numbered = int(np.diff(sequence).view(np.int16).astype(np.int64).sum()) + 1
    times = int((position + lengths).max()) // int(np.median(lengths))
    late_ms = float(np.percentile(waits - begin_s, 99)) * 1_000
    line = Line(len(packets), max(0, numbered - len(packets)), max(0, times - numbered), late_ms)
    return samples, begin_s, line

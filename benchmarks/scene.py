"""People who play their scripts against a server: the loop, and the reader of the clock, for `joining`, `roll_call`, `blast`.

As in `run`, each turn of the loop is one sub-tick: the people of one phase send, what has come is listened to, a little
signalling is done, and the wire sleeps until the next. All moments are seconds of CLOCK_MONOTONIC.

People who are *in* are watched: every packet that comes to them is kept with its moment, its number, and whether the one
who talks all the time was heard in it.
"""

from __future__ import annotations

import gc
import heapq
import random
import resource
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import g711, ports, processes
from benchmarks.acting import Actors, Call, Listen, PickUp, Press, Say, Script
from benchmarks.attendance import Attendance
from benchmarks.ears import Ears, tone_power
from benchmarks.hearing import HEARD_DBOV
from benchmarks.mouths import TALK_HZ, Mouths
from benchmarks.run import GIVE_UP_ROUNDS
from benchmarks.signalling import Answered, Failed, HungUp, Phones
from benchmarks.transport import SipSocket, TrunkSocket, parse_address
from benchmarks.trunk import Confirmed, Gone, Invited, Trunk
from benchmarks.wire import open_wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmarks.acting import Step
    from benchmarks.messages import MediaAnswer
    from benchmarks.wire import Arrivals

PTIME_MS = 20
PHASES = 10
SUB_TICK_NS = PTIME_MS * 1_000_000 // PHASES
SAMPLES = 8 * PTIME_MS
FAREWELL_S = 5.0


@dataclass(slots=True)
class Cost:
    """What a stretch of the scene cost: the server's family, us, and everybody."""

    seconds: float
    server_cpu_s: float
    server_cpu_s_by_process: dict[str, float]
    own_cpu_s: float
    busy_s: float

    @property
    def other_cores(self) -> float:
        """What programs that are neither the server nor we took meanwhile."""
        return max(0.0, self.busy_s - self.server_cpu_s - self.own_cpu_s) / self.seconds


class Scene:
    """`people` rows: those who call come first; the last `called` are called by the server, over a trunk."""

    def __init__(
        self,
        target: str,
        *,
        people: int,
        trunk: TrunkSocket | None = None,
        called: int = 0,
        wire: str = "auto",
    ) -> None:
        address = parse_address(target)
        self._sip = SipSocket(address, "udp")
        self._sockets = ports.bind_all(people, [self._sip.host])
        self._phones = Phones(
            target=f"{address[0]}:{address[1]}",
            local=self._sip.local,
            transport="udp",
            name=f"s{random.getrandbits(40):010x}",
        )
        self._trunk_socket = trunk
        self._trunk = Trunk(local=trunk.local, first_row=people - called) if trunk else None
        self._answering: Callable[[int, str], Script] | None = None
        self._callers = people - called
        self._people = people
        self.mouths = Mouths(people=people, ptime_ms=PTIME_MS, phases=PHASES)
        self._ears = Ears(people)
        self._actors = Actors()
        self._wire = open_wire(wire, self.mouths.packets)
        self._events = np.full(people, -1)
        """The payload type of keys, by row."""
        self._entrances: list[tuple[float, int, Script]] = []
        self._origin_ns = time.monotonic_ns() + SUB_TICK_NS
        self._turn = 0
        self._watched = np.zeros(people, bool)
        self._columns: list[
            tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]
        ] = []
        self._lateness_ns: list[int] = []
        self.skipped_rounds = 0
        self.failures: dict[int, int] = {}
        self.dropped_by_server = 0
        self._is_leaving = False
        gc.collect()
        gc.freeze()
        gc.disable()

    # --- direction ---

    def enter(self, at: float, row: int, script: Script) -> None:
        """Let `row` begin its script at that moment."""
        heapq.heappush(self._entrances, (at, row, script))

    def answer_with(self, answering: Callable[[int, str], Script]) -> None:
        """Let everybody whom the server calls play what `answering(row, number)` says."""
        self._answering = answering

    def watch(self, row: int) -> None:
        """Keep what comes to `row` from now on."""
        self._watched[row] = True

    def begin(self) -> None:
        """Forget what was measured so far, and the time that passed since the last packet was due."""
        behind = (time.monotonic_ns() - self._origin_ns) // SUB_TICK_NS - self._turn
        self._turn += max(0, behind // PHASES * PHASES)
        self._lateness_ns.clear()
        self._columns.clear()
        self.skipped_rounds = 0

    def play(self, within_s: float, until: Callable[[], bool]) -> bool:
        """Go on until something is so; False where that took too long."""
        end = time.monotonic() + within_s
        while not until():
            if time.monotonic() > end:
                return False
            self._sub_tick()
        return True

    @property
    def playing(self) -> int:
        """How many scripts have not come to their end, or not begun."""
        return self._actors.playing + len(self._entrances)

    def measured(self, roots: list[int], play: Callable[[], None]) -> Cost:
        """Let something be played, and return what it cost; only that counts for all else that is measured, too."""
        before, own, busy = processes.measure(roots, memory=False), _own_s(), processes.machine_busy_s()[0]
        self.begin()
        started = time.monotonic()
        play()
        seconds = time.monotonic() - started
        after = processes.measure(roots, memory=False)
        return Cost(
            seconds=seconds,
            server_cpu_s=after.cpu_s - before.cpu_s,
            server_cpu_s_by_process={
                f"{pid} {after.name_of[pid]}": after.cpu_s_of[pid] - before.cpu_s_of.get(pid, 0.0)
                for pid in after.cpu_s_of
            },
            own_cpu_s=_own_s() - own,
            busy_s=processes.machine_busy_s()[0] - busy,
        )

    def attendance(self) -> Attendance:
        """Return what came to those who are watched."""
        return Attendance.of(self._columns)

    @property
    def lateness_ms(self) -> NDArray[np.float64]:
        """How late each of our sub-ticks was, `ndarray of shape (N,)`."""
        return np.array(self._lateness_ns) / 1e6

    def close(self) -> None:
        """Everybody hangs up."""
        self._is_leaving = True
        for row in range(self._callers):
            self._phones.hang_up(row, time.monotonic())
        self.play(FAREWELL_S, lambda: not self.mouths.is_up[: self._callers].any())
        self._wire.close()
        for sock in self._sockets:
            sock.close()
        self._sip.close()
        if self._trunk_socket is not None:
            self._trunk_socket.close()
        gc.enable()

    # --- the loop ---

    def _sub_tick(self) -> None:
        behind = (time.monotonic_ns() - self._origin_ns) // SUB_TICK_NS - self._turn
        if behind > GIVE_UP_ROUNDS * PHASES:
            self._turn += behind // PHASES * PHASES
            self.skipped_rounds += behind // PHASES
        due_ns = self._origin_ns + self._turn * SUB_TICK_NS
        self._wire.wait(due_ns)
        phase = self._turn % PHASES
        rows, said = self.mouths.next_phase(phase)
        self._wire.send(rows)
        self._press_keys(phase)
        self._lateness_ns.append(time.monotonic_ns() - due_ns)
        self._turn += 1
        now = time.monotonic()
        for row in said.tolist():
            if isinstance(self._actors.step(row), Say):
                self._actors.done(row, now, now)
        self._listen(self._wire.collect(), now)
        self._signal(now)
        while self._entrances and self._entrances[0][0] <= now:
            _, row, script = heapq.heappop(self._entrances)
            self._actors.begin(row, script, now)
        self._actors.advance(now)
        while wishes := self._actors.wishes():
            for row, step in wishes:
                self._grant(row, step, now)

    def _grant(self, row: int, step: Step, now: float) -> None:
        host, port = self._sockets[row].getsockname()
        match step:
            case Call():
                self._phones.place(row, user=step.user, rtp_host=host, rtp_port=port, now=now)
            case PickUp():
                if self._trunk is not None:
                    self._trunk.pick_up(row, host, port, now)
            case Press():
                self.mouths.press(row, step.keys, int(self._events[row]))
            case Say():
                self.mouths.say(row, step.clip)
                if self.mouths.is_endless(step.clip):
                    self._actors.done(row, now, now)
            case Listen():
                self._ears.listen(row, step.hz, packets=step.packets, pure=step.pure)

    def _press_keys(self, phase: int) -> None:
        for row, packet, is_down in self.mouths.next_keys(phase):
            now = time.monotonic()
            try:
                self._sockets[row].send(packet)
            except OSError:
                self._wire.send_errors += 1
            if is_down:
                self._actors.done(row, now, now)

    def _listen(self, arrivals: Arrivals, now: float) -> None:
        whole = np.flatnonzero(arrivals.sizes >= 12 + SAMPLES)
        if not len(whole):
            return
        rows, at_ns = arrivals.rows[whole], arrivals.at_ns[whole]
        payloads = arrivals.payloads(whole, SAMPLES)
        for row, began_ns in self._ears.hear(rows, at_ns, payloads):
            if isinstance(self._actors.step(row), Listen):
                self._actors.done(row, began_ns * 1e-9, now)
        watched = self._watched[rows]
        if watched.any():
            waves = g711.decode(payloads[watched], "pcmu").astype(np.float64)
            power = tone_power(waves, np.full(len(waves), TALK_HZ))
            headers = arrivals.headers[whole[watched], 2:4].copy()
            sequence = headers.view(">u2")[:, 0].astype(np.int64)
            self._columns.append((rows[watched], at_ns[watched], sequence, power >= 10 ** (HEARD_DBOV / 10)))

    def _signal(self, now: float) -> None:
        self._sip.turn(self._phones, now)
        for event in self._phones.events():
            if isinstance(event, Answered):
                self._open(event.row, event.media)
                self._actors.done(event.row, now, now)
            elif isinstance(event, Failed):
                self.failures[event.status] = self.failures.get(event.status, 0) + 1
                self._actors.give_up(event.row)
            elif isinstance(event, HungUp):
                self.dropped_by_server += event.by_server and not self._is_leaving
                self._hang_up(event.row)
        if self._trunk is None or self._trunk_socket is None:
            return
        self._trunk_socket.turn(self._trunk, now)
        for called in self._trunk.events():
            match called:
                case Invited() if called.row < self._people and self._answering is not None:
                    self._actors.begin(called.row, self._answering(called.row, called.number), now)
                case Confirmed():
                    self._open(called.row, called.media)
                    self._actors.done(called.row, now, now)
                case Gone():
                    self.dropped_by_server += not self._is_leaving
                    self._hang_up(called.row)

    def _open(self, row: int, media: MediaAnswer) -> None:
        self._sockets[row].connect((media.host, media.port))
        self._wire.open(row, self._sockets[row])
        self._events[row] = -1 if media.telephone_event is None else media.telephone_event
        self.mouths.is_up[row] = True

    def _hang_up(self, row: int) -> None:
        self._actors.give_up(row)
        if row < self._people and self.mouths.is_up[row]:
            self.mouths.hush(row)
            self._wire.close_row(row)
            self._watched[row] = False


def _own_s() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime

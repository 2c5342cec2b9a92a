"""One load test from the first INVITE to the last BYE: the only loop, and the only reader of the clock.

Each turn of the loop is one sub-tick: the phones of one phase send, what has arrived is recorded, a little signalling is
done, and the wire sleeps until the next. Deadlines are absolute, so lateness never adds up; a sub-tick that is missed is made
up at once, unless this process was kept from running so long that it would become a flood.
"""

from __future__ import annotations

import gc
import random
import resource
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import digits, ports, processes, voices
from benchmarks.plan import WAYS
from benchmarks.recording import Captures, Recorder, Table
from benchmarks.repertoire import HD_CODECS
from benchmarks.signalling import Answered, Failed, HungUp, MediaMoved, Phones, Statistics
from benchmarks.streams import Streams
from benchmarks.tally import Tally
from benchmarks.transport import SipSocket, parse_address
from benchmarks.way import Way
from benchmarks.wire import open_wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from benchmarks.analysis import Delivery
    from benchmarks.messages import MediaAnswer
    from benchmarks.plan import Plan
    from benchmarks.voices import Mark

ANSWER_PATIENCE_S = 35.0
"""How long after the ramp answers may come: Timer B and a little."""
FAREWELL_PATIENCE_S = 10.0
GIVE_UP_ROUNDS = 10
"""So many packet times behind, the missed ones are left out: sent all at once they would be a flood no phone makes."""
LISTEN_AFTER_S = 0.3
"""Packets sent at the end of the window may still be on their way to a mark's listener."""
HD_PAYLOAD_BYTES = 240
"""Kept of each HD packet: 20 ms at 96 kbit/s, and what a buffer of `wire_uring` always holds."""
HD_LISTENERS = 12
"""Of each room, besides the talkers, whose HD audio is kept and decoded."""
LOOK_EVERY_S = 60.0
"""How often a run of endurance looks at the server's memory."""


@dataclass(slots=True)
class Result:
    """Everything measured, before it is judged."""

    table: Table
    captures: Captures
    received_samples: int
    marks: list[tuple[Mark, int]]
    begin_ns: int
    end_ns: int
    origin_ns: int
    up: NDArray[np.int64]
    streams: Streams
    statistics: Statistics
    failures: dict[int, int]
    dropped_by_server: int
    lateness_ms: NDArray[np.float64]
    sent_packets: int
    skipped_rounds: int
    send_errors: int
    generator_user_s: float
    generator_system_s: float
    window_s: float
    before: processes.Usage | None
    at_start: processes.Usage | None
    at_end: processes.Usage | None
    after: processes.Usage | None
    kernel_drops: dict[str, int]
    machine_busy_s: float
    machine_stolen_s: float
    wire_name: str
    stamps: str
    delivery: Delivery | None = None
    """Of a run that keeps counts; else `table` says it."""
    rss_kb: list[tuple[float, float]] = field(default_factory=list)
    """The server's memory over a run of endurance: seconds of the window, and kB."""
    phases_of_run_s: dict[str, float] = field(default_factory=dict)


class LoadTest:
    """Runs a `Plan` against a server; `say` receives a line of progress now and then.

    `codes`: what each row keys in place of `{code}` in the plan's digits.
    """

    def __init__(self, plan: Plan, say: Callable[[str], None], codes: Sequence[str] = ()) -> None:
        self._plan, self._say = plan, say
        target = parse_address(plan.target)
        self._sip = SipSocket(target, plan.transport)
        self._sockets = ports.bind_all(
            plan.participants, ports.source_addresses(plan.source_addresses, self._sip.host)
        )
        self._phones = Phones(
            target=f"{target[0]}:{target[1]}",
            local=self._sip.local,
            transport=plan.transport,
            codec=plan.codec,
            ptime_ms=plan.ptime,
            name=f"l{random.getrandbits(40):010x}",
        )
        self._streams = Streams(
            participants=plan.participants,
            rooms=plan.rooms,
            talkers=plan.talkers,
            codec=plan.codec,
            ptime_ms=plan.ptime,
            phases=plan.phases,
            quiet=plan.quiet,
            cadence=plan.cadence,
            seed=plan.seed,
        )
        self._recorder = Recorder(
            room=self._streams.room,
            place=self._streams.place,
            shift_s=self._streams.shift_s,
            samples=self._streams.samples if plan.codec not in HD_CODECS else HD_PAYLOAD_BYTES,
            whole=who_is_heard_whole(self._streams) if plan.codec in HD_CODECS else None,
            tally=Tally(plan.participants) if plan.endurance else None,
        )
        self._way: Way | None = None
        if plan.network != "clean":
            self._way = Way(
                WAYS[plan.network],
                self._streams.packets,
                sub_ticks=plan.phases,
                seed=plan.seed,
                packet_s=plan.ptime * 1e-3,
            )
        leaving = self._streams.packets if self._way is None else self._way.packets
        self._wire = open_wire(plan.wire, leaving, plan.participants)
        self._codes = codes
        self._keying: list[list[tuple[int, int, list[digits.KeyFrame], int]]] = [
            [] for _ in range(plan.phases)
        ]
        self._sub_tick_ns = plan.ptime * 1_000_000 // plan.phases
        self._origin_ns = 0
        self._turn = 0
        self._marks_due: list[Mark] = []
        self._marks_sent: list[tuple[Mark, int]] = []
        self._lateness_ns: list[int] = []
        self._sent = 0
        self._skipped_rounds = 0
        self._has_changed = False
        self._settled = 0
        self._failures: dict[int, int] = {}
        self._dropped_by_server = 0
        self._is_leaving = False

    def run(self) -> Result:
        """Ramp, settle, measure, say goodbye."""
        plan = self._plan
        roots = list(plan.pid) or (processes.find_pids(plan.pid_of) if plan.pid_of else [])
        before = processes.measure(roots) if roots else None
        gc.collect()
        gc.freeze()
        gc.disable()
        self._origin_ns = time.monotonic_ns() + self._sub_tick_ns
        took: dict[str, float] = {"ramp": self._ramp()}
        self._until(plan.settle)
        begin_s, drops = self._now_s(), processes.kernel_drops()
        self._marks_due = voices.plan_marks(
            self._who_marks(), self._streams.shift_s, start_s=begin_s, end_s=begin_s + plan.seconds
        )[::-1]
        self._lateness_ns.clear()
        sent, skipped = self._sent, self._skipped_rounds
        at_start = processes.measure(roots, memory=plan.endurance) if roots else None
        own_start, begin_ns = resource.getrusage(resource.RUSAGE_SELF), time.monotonic_ns()
        busy_s, stolen_s = processes.machine_busy_s()
        self._recorder.begin()
        rss_kb = self._stay(at_start)
        end_ns, own_end = time.monotonic_ns(), resource.getrusage(resource.RUSAGE_SELF)
        at_end = processes.measure(roots, memory=plan.endurance) if roots else None
        busy_end_s, stolen_end_s = processes.machine_busy_s()
        lateness_ms = np.array(self._lateness_ns) / 1e6
        sent = self._sent - sent
        up = np.flatnonzero(self._streams.is_up)
        delivery = self._recorder.delivery(up, begin_ns=begin_ns, end_ns=end_ns, ptime_ms=plan.ptime)
        self._until(LISTEN_AFTER_S)
        self._recorder.end()
        after = processes.measure(roots) if roots else None
        lost = processes.kernel_drops()
        took["farewell"] = self._farewell()
        self._close()
        gc.enable()
        return Result(
            table=self._recorder.table(),
            captures=self._recorder.captures(),
            received_samples=self._recorder.samples,
            marks=self._marks_sent,
            begin_ns=begin_ns,
            end_ns=end_ns,
            origin_ns=self._origin_ns,
            up=up,
            streams=self._streams,
            statistics=self._phones.statistics,
            failures=self._failures,
            dropped_by_server=self._dropped_by_server,
            lateness_ms=lateness_ms,
            sent_packets=sent,
            skipped_rounds=self._skipped_rounds - skipped,
            send_errors=self._wire.send_errors,
            generator_user_s=own_end.ru_utime - own_start.ru_utime,
            generator_system_s=own_end.ru_stime - own_start.ru_stime,
            window_s=(end_ns - begin_ns) * 1e-9,
            before=before,
            at_start=at_start,
            at_end=at_end,
            after=after,
            kernel_drops={name: lost[name] - drops.get(name, 0) for name in lost},
            machine_busy_s=busy_end_s - busy_s,
            machine_stolen_s=stolen_end_s - stolen_s,
            wire_name=self._wire.name,
            stamps=self._wire.stamps,
            delivery=delivery,
            rss_kb=rss_kb,
            phases_of_run_s=took,
        )

    def _ramp(self) -> float:
        plan, started, placed = self._plan, self._now_s(), 0
        patience = plan.participants / plan.ramp + ANSWER_PATIENCE_S + len(self._keys(0)) * plan.ptime * 1e-3
        told = started
        while self._settled < plan.participants or any(self._keying):
            now = self._now_s()
            if now - started > patience:
                break
            due = min(plan.participants, int((now - started) * plan.ramp) + 1)
            for row in range(placed, due):
                host, port = self._sockets[row].getsockname()
                self._phones.place(
                    row,
                    user=plan.user_of(int(self._streams.room[row])),
                    rtp_host=host,
                    rtp_port=port,
                    now=now,
                )
            placed = max(placed, due)
            self._sub_tick()
            if now - told > 2.0:
                told = now
                self._say(f"{placed} called, {int(self._streams.is_up.sum())} up")
        self._say(f"{int(self._streams.is_up.sum())} of {plan.participants} up")
        return self._now_s() - started

    def _farewell(self) -> float:
        self._is_leaving = True
        started = self._now_s()
        leaving = np.flatnonzero(self._streams.is_up).tolist()
        said = 0
        while self._now_s() - started < FAREWELL_PATIENCE_S + len(leaving) / self._plan.ramp:
            due = min(len(leaving), int((self._now_s() - started) * 2 * self._plan.ramp) + 1)
            for row in leaving[said:due]:
                self._phones.hang_up(row, self._now_s())
            said = max(said, due)
            if said == len(leaving) and not self._streams.is_up.any():
                break
            self._sub_tick()
        return self._now_s() - started

    def _stay(self, at_start: processes.Usage | None) -> list[tuple[float, float]]:
        """Let the window pass; in a run of endurance, say what memory the server has in each minute of it."""
        seconds = self._plan.seconds
        if not self._plan.endurance:
            self._until(seconds)
            return []
        pids = list(at_start.name_of) if at_start else []
        began, found = self._now_s(), []
        while (elapsed := self._now_s() - began) < seconds:
            if pids:
                found.append((elapsed, processes.resident_kb(pids)))
            self._say(f"{elapsed / 60:.0f} of {seconds / 60:.0f} minutes")
            self._until(min(LOOK_EVERY_S, seconds - elapsed))
        return found

    def _until(self, seconds: float) -> None:
        end = self._now_s() + seconds
        while self._now_s() < end:
            self._sub_tick()

    def _sub_tick(self) -> None:
        behind = (time.monotonic_ns() - self._origin_ns) // self._sub_tick_ns - self._turn
        if behind > GIVE_UP_ROUNDS * self._plan.phases:
            self._turn += behind // self._plan.phases * self._plan.phases
            self._skipped_rounds += behind // self._plan.phases
        due_ns = self._origin_ns + self._turn * self._sub_tick_ns
        self._wire.wait(due_ns)
        phase = self._turn % self._plan.phases
        at_s = (due_ns - self._origin_ns) * 1e-9
        while self._marks_due and self._marks_due[-1].at_s <= at_s:
            self._streams.begin_mark(self._marks_due.pop())
        rows, marks = self._streams.next_phase(phase, at_s)
        self._send(rows)
        if self._keying[phase]:
            self._press_keys(phase)
        sent_ns = time.monotonic_ns()
        self._sent += len(rows)
        self._lateness_ns.append(sent_ns - due_ns)
        self._marks_sent += [(mark, sent_ns) for mark in marks]
        self._turn += 1
        if phase == 0:
            self._recorder.follow(at_s)
        self._recorder.take(self._wire.collect())
        self._sip.turn(self._phones, self._now_s())
        for event in self._phones.events():
            self._on_event(event)
        if self._has_changed:
            self._has_changed = False
            self._streams.refresh()

    def _send(self, rows: NDArray[np.int64]) -> None:
        """Let the packets of `rows` go, and whatever else is due where they do not go straight to the server."""
        if self._way is None:
            if self._streams.varies:
                self._wire.resize(rows, self._streams.sizes[rows])
            self._wire.send(rows)
            return
        posted, whose = self._way.post(rows, self._turn)
        if self._streams.varies:
            self._wire.resize(posted, self._streams.sizes[whose])
        due = self._way.due(self._turn)
        self._wire.send(due[self._streams.is_up[due % self._plan.participants]])

    def _on_event(self, event: Answered | MediaMoved | Failed | HungUp) -> None:
        if isinstance(event, Answered):
            self._settled += 1
            self._open(event.row, event.media)
        elif isinstance(event, MediaMoved):
            self._sockets[event.row].connect((event.media.host, event.media.port))
        elif isinstance(event, Failed):
            self._settled += 1
            self._failures[event.status] = self._failures.get(event.status, 0) + 1
        else:
            if event.by_server and not self._is_leaving:
                self._dropped_by_server += 1
            self._streams.is_up[event.row] = False
            self._wire.close_row(event.row)
            self._has_changed = True

    def _open(self, row: int, media: MediaAnswer) -> None:
        self._sockets[row].connect((media.host, media.port))
        self._wire.open(row, self._sockets[row])
        self._streams.is_up[row] = True
        self._has_changed = True
        if self._plan.digits and media.telephone_event is not None:
            self._streams.is_keying[row] = True
            self._keying[self._streams.phase[row]].append((row, 0, self._keys(row), media.telephone_event))

    def _keys(self, row: int) -> list[digits.KeyFrame]:
        plan = self._plan
        if not plan.digits:
            return []
        keys = plan.digits.replace("{code}", self._codes[row]) if self._codes else plan.digits
        return digits.script(keys, pause_s=plan.digit_delay, ptime_ms=plan.ptime)

    def _press_keys(self, phase: int) -> None:
        still = []
        for row, place, frames, payload_type in self._keying[phase]:
            if place == len(frames) or not self._streams.is_up[row]:
                self._streams.is_keying[row] = False
                self._has_changed = True
                continue
            try:
                self._sockets[row].send(self._streams.key_packet(row, frames[place], payload_type))
            except OSError:
                self._wire.send_errors += 1
            still.append((row, place + 1, frames, payload_type))
        self._keying[phase] = still

    def _who_marks(self) -> list[NDArray[np.int64]]:
        """Return each room's participants who may mark: all that are up, or only the talkers where the others are mute."""
        may = self._streams.is_up & (self._streams.is_talker | (self._plan.quiet not in {"none", "dtx"}))
        return [rows[may[rows]] for rows in self._streams.members]

    def _now_s(self) -> float:
        return (time.monotonic_ns() - self._origin_ns) * 1e-9

    def _close(self) -> None:
        self._wire.close()
        for sock in self._sockets:
            sock.close()
        self._sip.close()


def who_is_heard_whole(streams: Streams) -> NDArray[np.bool_]:
    """Choose the talkers, who must not hear themselves, and some listeners of each room, `ndarray of shape (participants,)`."""
    chosen = streams.is_talker.copy()
    for members in streams.members:
        quiet = members[~streams.is_talker[members]]
        chosen[quiet[:: max(1, len(quiet) // HD_LISTENERS)][:HD_LISTENERS]] = True
    return chosen

"""Set calls up and tear them down at a given rate: `python -m benchmarks.calls --help`.

Each call is INVITE, 100, 200, ACK, BYE, 200 into a room, without a packet of media from us, so what is measured is the price
of signalling and of opening and closing a stream. `sipp/join_and_leave.xml` does the same with sipp, as a cross-check.
"""

from __future__ import annotations

import argparse
import heapq
import random
import resource
import select
import socket
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks import processes, report
from benchmarks.analysis import spread
from benchmarks.signalling import Answered, Failed, HungUp, Phones
from benchmarks.transport import TRANSPORTS, SipSocket, parse_address

IDLE_S = 2.0
"""How long the server is watched before the first call, for what it costs without any."""
FAREWELL_S = 35.0
WAITED = 0.05
"""Share of the time in which the server was ready to run and others had the cores; above it answers are late for their sake."""


@dataclass(slots=True)
class CallRun:
    """One run: `count` calls at `rate` a second, each held for `hold_s`, at most `concurrency` at once."""

    target: str
    transport: str = "udp"
    user: str = "conf-{room}"
    rooms: int = 10
    first_room: int = 1000
    rate: float = 100.0
    count: int = 1000
    hold_s: float = 0.0
    concurrency: int = 1000
    roots: list[int] = field(default_factory=list)

    def run(self) -> dict[str, Any]:
        """Place all calls and return the record."""
        family = processes.family(self.roots)
        idle = self._idle()
        target = parse_address(self.target)
        sip = SipSocket(target, self.transport)
        media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        media.bind((sip.host, 0))
        phones = Phones(
            target=f"{target[0]}:{target[1]}",
            local=sip.local,
            transport=self.transport,
            name=f"c{random.getrandbits(40):010x}",
        )
        before = processes.measure(self.roots) if self.roots else None
        spent_before, waited_before_s = processes.shares(self.roots), processes.waited_s(self.roots)
        own_before = resource.getrusage(resource.RUSAGE_SELF)
        started = time.monotonic()
        failures, statuses, most_late_s = self._place_all(phones, sip, media.getsockname())
        took_s = time.monotonic() - started
        own_after = resource.getrusage(resource.RUSAGE_SELF)
        spent = processes.shares(self.roots) - spent_before
        waited_s = processes.waited_s(self.roots) - waited_before_s
        after = processes.measure(self.roots) if self.roots else None
        sip.close()
        media.close()
        answers, byes = np.array(phones.statistics.answer_s), np.array(phones.statistics.bye_s)
        own_s = own_after.ru_utime - own_before.ru_utime + own_after.ru_stime - own_before.ru_stime
        record: dict[str, Any] = {
            "machine": processes.machine_line(),
            "calls": self.count,
            "asked_rate": self.rate,
            "rate": self.count / took_s,
            "completed": len(byes),
            "failures_by_status": failures,
            "bye_statuses": statuses,
            "answer_ms": asdict(spread(answers * 1000)),
            "bye_ms": asdict(spread(byes * 1000)),
            "retransmissions": phones.statistics.retransmissions,
            "trying": phones.statistics.trying,
            "generator_cpu_ms_per_call": own_s * 1000 / self.count,
            "generator_late_ms": most_late_s * 1000,
        }
        if before is not None and after is not None:
            own = spent - idle * took_s
            record["server_cpu_ms_per_call"] = spent.total_s * 1000 / self.count
            record["server_cpu_ms_per_call_above_idle"] = own.total_s * 1000 / self.count
            record["control_cpu_ms_per_call_above_idle"] = own.control_s * 1000 / self.count
            record["workers_cpu_ms_per_call_above_idle"] = own.workers_s * 1000 / self.count
            record["control_cores"] = spent.control_s / took_s
            record["control_waited"] = waited_s / took_s
            record["idle_cores"] = idle.total_s
            # A process that ended has taken its CPU time along, and one that began has paid for more than calls.
            record["replaced"] = len(set(family) ^ set(processes.family(self.roots)))
            record["pss_kb_before"], record["pss_kb_after"] = before.pss_kb, after.pss_kb
        return record

    def _idle(self) -> processes.Shares:
        """Return what the server uses in a second without calls."""
        if not self.roots:
            return processes.Shares(0.0, 0.0)
        before, started = processes.shares(self.roots), time.monotonic()
        time.sleep(IDLE_S)
        return (processes.shares(self.roots) - before) * (1 / (time.monotonic() - started))

    def _place_all(
        self, phones: Phones, sip: SipSocket, media: tuple[str, int]
    ) -> tuple[dict[int, int], dict[int, int], float]:
        failures: dict[int, int] = {}
        statuses: dict[int, int] = {}
        leaving: list[tuple[float, int]] = []
        placed = over = 0
        most_late_s = 0.0
        started = last_change = time.monotonic()
        while over < self.count and time.monotonic() - last_change < FAREWELL_S:
            now = time.monotonic()
            while placed < self.count and placed - over < self.concurrency:
                due = started + placed / self.rate
                if due > now:
                    break
                most_late_s = max(most_late_s, now - due)
                user = self.user.replace("{room}", str(self.first_room + placed % self.rooms))
                phones.place(placed, user=user, rtp_host=media[0], rtp_port=media[1], now=now)
                placed += 1
            while leaving and leaving[0][0] <= now:
                phones.hang_up(heapq.heappop(leaving)[1], now)
            sip.turn(phones, now)
            for event in phones.events():
                last_change = now
                if isinstance(event, Answered):
                    heapq.heappush(leaving, (now + self.hold_s, event.row))
                elif isinstance(event, (Failed, HungUp)):
                    counts = failures if isinstance(event, Failed) else statuses
                    counts[event.status] = counts.get(event.status, 0) + 1
                    over += 1
                    phones.forget(event.row)
            wakes = [started + placed / self.rate if placed < self.count else now + 0.1, now + 0.1]
            wakes += [
                at for at in (phones.next_deadline(), leaving[0][0] if leaving else None) if at is not None
            ]
            select.select([sip], [], [], max(0.0, min(wakes) - time.monotonic()))
        return failures, statuses, most_late_s


def cost_ms(record: dict[str, Any]) -> float:
    """CPU time of a call, all processes, above idle."""
    cost: float = record["server_cpu_ms_per_call_above_idle"]
    return cost


def is_whole(record: dict[str, Any]) -> bool:
    """Whether all calls came and went, nothing was sent twice, and the processes at the end were those of the beginning."""
    is_complete = record["completed"] == record["calls"]
    return is_complete and not record["retransmissions"] and not record.get("replaced")


def call_text(record: dict[str, Any]) -> str:
    """Write a run of calls in a line."""
    answer = record["answer_ms"]
    doubts = []
    if record["completed"] < record["calls"] or record["retransmissions"]:
        doubts.append(
            f"{record['completed']} of {record['calls']} completed, {record['retransmissions']} sent twice"
        )
    if record.get("replaced"):
        doubts.append("INVALID: processes of the server came or went, and their CPU time with them")
    if record.get("failures_by_status"):
        doubts.append(f"failed {record['failures_by_status']}")
    if (waited := record.get("control_waited", 0.0)) > WAITED:
        doubts.append(f"it had no core for {waited:.0%} of the time")
    doubts += report.others(record.get("other_programs_cores") or 0.0)
    return (
        f"{cost_ms(record):.2f} ms (control {record['control_cpu_ms_per_call_above_idle']:.2f}, "
        f"workers {record['workers_cpu_ms_per_call_above_idle']:.2f}); answer {answer['p50']:.1f} / {answer['p99']:.1f} ms"
        + "".join(f"; {doubt}" for doubt in doubts)
    )


def show(record: dict[str, Any], console: Console) -> None:
    """Print a run."""
    table = Table(
        title=f"{record['calls']} calls, {record['rate']:.0f}/s", show_header=False, title_justify="left"
    )
    table.add_row("completed", f"{record['completed']}, failed {record['failures_by_status'] or 0}")
    table.add_row("answer ms p50/p99/p99.9/max", report.milliseconds(record["answer_ms"]))
    table.add_row("BYE ms p50/p99/p99.9/max", report.milliseconds(record["bye_ms"]))
    table.add_row("retransmissions", str(record["retransmissions"]))
    if "server_cpu_ms_per_call" in record:
        above = record["server_cpu_ms_per_call_above_idle"]
        table.add_row(
            "server CPU per call",
            f"[bold]{record['server_cpu_ms_per_call']:.2f} ms[/] ({above:.2f} above idle: control "
            f"{record['control_cpu_ms_per_call_above_idle']:.2f}, workers {record['workers_cpu_ms_per_call_above_idle']:.2f})",
        )
    table.add_row(
        "this generator",
        f"{record['generator_cpu_ms_per_call']:.2f} ms per call, late {record['generator_late_ms']:.1f} ms at most",
    )
    console.print(table)
    console.print(report.machine_text(record["machine"]), style="dim")


def main() -> int:
    """Run; 0 if every call was completed."""
    parser = argparse.ArgumentParser(prog="benchmarks.calls", description=__doc__)
    parser.add_argument("--target", default="127.0.0.1:5060")
    parser.add_argument("--transport", choices=TRANSPORTS, default="udp")
    parser.add_argument("--user", default="conf-{room}")
    parser.add_argument("--rooms", type=int, default=10)
    parser.add_argument("--first-room", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=100.0, help="calls per second")
    parser.add_argument("--count", type=int, default=1000, help="calls in all")
    parser.add_argument("--hold", type=float, default=0.0, help="seconds between answer and BYE")
    parser.add_argument("--concurrency", type=int, default=1000, help="calls at once, at most")
    parser.add_argument("--pid", default="", help="account these processes and all their children")
    parser.add_argument("--pid-of", default="", help="the same by a part of the command line")
    parser.add_argument("--json", default="", metavar="FILE")
    options = parser.parse_args()
    roots = [int(part) for part in options.pid.split(",") if part]
    if options.pid_of:
        roots += processes.find_pids(options.pid_of)
    record = CallRun(
        target=options.target,
        transport=options.transport,
        user=options.user,
        rooms=options.rooms,
        first_room=options.first_room,
        rate=options.rate,
        count=options.count,
        hold_s=options.hold,
        concurrency=options.concurrency,
        roots=roots,
    ).run()
    show(record, report.open_console())
    if options.json:
        report.write_json(record, options.json)
    return 0 if record["completed"] == record["calls"] else 1


if __name__ == "__main__":
    raise SystemExit(main())

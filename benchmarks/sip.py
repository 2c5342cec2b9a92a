"""Measure SIP: `python -m benchmarks.sip`. Each part starts a `roda serve` of its own.

    python -m benchmarks.sip                              # everything, in about eight minutes
    python -m benchmarks.sip --only calls,most            # some of it
    python -m benchmarks.sip --markdown sip.md            # and the rows as README.md has them

A target is met only by a run that is whole: all calls completed, nothing sent twice. Where other programs took the machine
meanwhile, or the generator was late itself, the row says so; believe ratios of one run rather than such figures.
"""

from __future__ import annotations

import argparse
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import certificate, parsing, ports, processes, report, secured, sipp_calls
from benchmarks.beside import CallsBeside
from benchmarks.calls import WAITED, CallRun, call_text, cost_ms, is_whole
from benchmarks.lines import Line, markdown, plain, show
from benchmarks.messages import parse_message
from benchmarks.registering import RegisterRun
from benchmarks.roda import LOOPBACK, Roda, free_port
from benchmarks.sipp_calls import SippRun
from benchmarks.specimens import BARESIP
from benchmarks.standing import StandingCalls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

CPU_MS, RATE, ANSWER_MS, GAP_MS, REGISTERS = 1.2, 500, 4.0, 30.0, 1000
"""Targets of issue 4: CPU time of a call, calls a second, p99 of the answer beside a full worker, p99 of that worker's gaps,
registrations a second."""
PEERS = "Asterisk 1.3, FreeSWITCH 6.4"
RATES = (100, 200, 500)
SEARCHED = (300, 400, 500, 600, 700, 800)
TRANSPORT_RATE, BESIDE_RATE, SIPP_RATE = 100, 200, 200
TURNS = 2
"""How often each transport has its turn; the cheaper one counts. Others can only make a call dearer."""
WARM_UP = 50
"""Calls before those that are measured: the first ones of a process pay for much that none pays again."""
YARDSTICKS = 300
SECURE = """
[server.identity]
certificate = "server.crt"
key = "server.key"
"""
PASSWORD = "long enough for a telephone"  # noqa: S105 - of telephones that never were


@dataclass(slots=True)
class SipBench:
    """The measurements; `options` are those of the command line."""

    options: argparse.Namespace
    console: Console
    yardstick_us: list[float] = field(default_factory=list)

    def parts(self) -> dict[str, Callable[[], list[Line]]]:
        """Return the measurements by name, in the order of the table."""
        return {
            "calls": self.calls,
            "most": self.most,
            "transports": self.transports,
            "sipp": self.sipp,
            "beside": self.beside,
            "register": self.register,
            "parser": self.parser,
            "standing": self.standing,
            "srtp": self.srtp,
        }

    @contextmanager
    def serving(self, **more: Any) -> Iterator[tuple[Roda, list[int]]]:
        """Have a fresh bridge."""
        roda = Roda(log=self.options.log, **more)
        try:
            with roda.started() as roots:
                yield roda, roots
        finally:
            roda.close()

    def place(
        self, target: str, roots: list[int], rate: int, *, transport: str = "udp", is_fresh: bool = True
    ) -> dict[str, Any]:
        """Place calls at a rate for as long as each measurement takes."""
        self.say(f"{rate} calls a second over {transport}")
        if is_fresh:
            CallRun(target, transport, rate=100, count=WARM_UP).run()
        count = max(10, int(rate * self.options.seconds))
        busy_s, started = processes.machine_busy_s()[0], time.monotonic()
        record = CallRun(target, transport, rate=rate, count=count, roots=roots, concurrency=count).run()
        took_s = time.monotonic() - started
        ours_s = (record["server_cpu_ms_per_call"] + record["generator_cpu_ms_per_call"]) * count / 1000
        record["other_programs_cores"] = max(0.0, processes.machine_busy_s()[0] - busy_s - ours_s) / took_s
        self.look()
        return record

    def look(self) -> None:
        """Look how fast this machine is just now: what the same piece of Python takes."""
        self.yardstick_us.append(1e6 * parsing.read_s(parse_message, [BARESIP] * YARDSTICKS))

    def yardstick(self) -> Line:
        """The best of those looks, and the worst: by so much figures of different moments may differ."""
        best, worst = min(self.yardstick_us), max(self.yardstick_us)
        measured = (
            f"{best:.1f} to {worst:.1f} us for a fixed piece of Python, which neither server nor tester is"
        )
        return Line("the machine meanwhile", "", "", measured, True, {"yardstick_us": self.yardstick_us})

    def say(self, text: str) -> None:
        self.console.print(f"  {text}", style="dim")

    def calls(self) -> list[Line]:
        lines = []
        for rate in RATES:
            with self.serving() as (roda, roots):
                record = self.place(roda.target, roots, rate)
            holds = is_whole(record) and cost_ms(record) <= CPU_MS
            name = f"CPU per call, UDP, {rate}/s"
            lines.append(Line(name, f"<= {CPU_MS} ms", PEERS, call_text(record), holds, record))
        return lines

    def most(self) -> list[Line]:
        """Go up until a rate fails twice; the highest that held counts."""
        best, records = 0, []
        for rate in SEARCHED:
            with self.serving() as (roda, roots):
                held = False
                for turn in range(2):
                    record = self.place(roda.target, roots, rate, is_fresh=not turn)
                    records.append(record)
                    self.say(call_text(record))
                    held = is_whole(record) and record["rate"] > 0.9 * rate
                    if held:
                        break
            if not held:
                break
            best = rate
        last = call_text(records[-1])
        measured = f"{best}/s" + (
            "" if best == SEARCHED[-1] else f"; at {records[-1]['asked_rate']}/s: {last}"
        )
        record = {"best": best, "records": records}
        return [Line("calls a second, nothing sent twice", f">= {RATE}", "", measured, best >= RATE, record)]

    def transports(self) -> list[Line]:
        """The same calls over each transport, against one bridge: the ratio to UDP is what counts."""
        secure, browser, safe_browser = free_port(), free_port(), free_port()
        server = "".join(
            f'{name} = ["{LOOPBACK}:{port}"]\n'
            for name, port in (("tls", secure), ("ws", browser), ("wss", safe_browser))
        )
        roda = Roda(log=self.options.log, server=server, dial_out=SECURE)
        certificate.make(roda.folder, LOOPBACK)
        places = {"udp": roda.port, "tcp": roda.port, "tls": secure, "ws": browser, "wss": safe_browser}
        found: dict[str, dict[str, Any]] = {}
        try:
            with roda.started() as roots:
                for turn in range(TURNS):
                    for transport, port in places.items():
                        record = self.place(
                            f"{LOOPBACK}:{port}",
                            roots,
                            TRANSPORT_RATE,
                            transport=transport,
                            is_fresh=not turn,
                        )
                        if not turn or cost_ms(record) < cost_ms(found[transport]):
                            found[transport] = record
        finally:
            roda.close()
        return [
            Line(
                f"the same over {transport.upper()}, {TRANSPORT_RATE}/s",
                "",
                "",
                f"{cost_ms(record) / cost_ms(found['udp']):.2f} of UDP in turns with it: {call_text(record)}",
                is_whole(record),
                record,
            )
            for transport, record in found.items()
        ]

    def sipp(self) -> list[Line]:
        if not sipp_calls.is_installed():
            return []
        count = int(SIPP_RATE * self.options.seconds)
        self.say(f"{SIPP_RATE} calls a second by sipp")
        with self.serving() as (roda, roots):
            ours = self.place(roda.target, roots, SIPP_RATE)
            record = SippRun(target=roda.target, rate=SIPP_RATE, count=count, roots=roots).run()
        by_sipp, by_us = cost_ms(record), cost_ms(ours)
        measured = (
            f"{by_sipp:.2f} ms; {record['completed']} of {record['calls']}, {record['retransmissions']} sent twice; "
            f"{by_sipp / by_us:.2f} of ours in the same run"
        )
        holds = record["completed"] == record["calls"] and not record["retransmissions"]
        record["ours"] = ours
        return [Line(f"CPU per call by sipp, {SIPP_RATE}/s", "", "", measured, holds, record)]

    def beside(self) -> list[Line]:
        people = self.options.participants
        self.say(f"{BESIDE_RATE} calls a second beside {people} participants in one worker")
        with self.serving(workers=1) as (roda, roots):
            record = CallsBeside(
                roda.target, participants=people, seconds=self.options.seconds, rate=BESIDE_RATE, roots=roots
            ).run()
        if "delivery" not in record["load"]:
            return [Line("answer beside a full worker", "", "", "the load test did not run", False, record)]
        answer_ms, gap_ms = record["calls"]["answer_ms"]["p99"], record["load"]["delivery"]["gap_ms"]["p99"]
        complete = record["load"]["delivery"]["completeness"]
        is_valid = record["load"]["is_valid"] and is_whole(record["calls"])
        doubts = [
            *record["load"]["faults"],
            *([] if is_whole(record["calls"]) else [call_text(record["calls"])]),
        ]
        doubt = "" if is_valid else f" ({'; '.join(doubts)})"
        where = f"beside {people:,} participants"
        return [
            Line(
                f"answer p99 at {BESIDE_RATE}/s {where}", f"<= {ANSWER_MS:g} ms", "",
                f"{answer_ms:.1f} ms, median {record['calls']['answer_ms']['p50']:.1f}{doubt}",
                is_valid and answer_ms <= ANSWER_MS, record,
            ),
            Line(
                f"their p99 gap at {BESIDE_RATE} calls/s", f"<= {GAP_MS:g} ms", "",
                f"{gap_ms:.1f} ms, {complete:.2%} complete", is_valid and gap_ms <= GAP_MS, {},
            ),
        ]  # fmt: skip

    def register(self) -> list[Line]:
        names = [f"telephone{number}" for number in range(self.options.telephones)]
        roda = Roda(log=self.options.log)
        try:
            self.say(f"{len(names):,} accounts into the store")
            began = time.monotonic()
            roda.add_accounts(names, PASSWORD)
            self.say(
                f"took {time.monotonic() - began:.1f} s; now they register, {self.options.registers} a second"
            )
            with roda.started() as roots:
                record = RegisterRun(
                    roda.target,
                    names,
                    PASSWORD,
                    roots=roots,
                    rate=self.options.registers,
                    settle_s=self.options.settle,
                ).run()
        finally:
            roda.close()
        lines = []
        for part, what in (("ask", "401"), ("prove", "first proof"), ("refresh", "refresh")):
            found = record[part]
            measured = (
                f"{found['rate']:.0f}/s: answer p99 {found['answer_ms']['p99']:.1f} ms, "
                f"{found['control_cpu_ms_per_request']:.3f} ms CPU, {found['retransmissions']} sent twice"
            )
            if found["control_waited"] > WAITED:
                measured += f"; it had no core for {found['control_waited']:.0%} of the time"
            whole = not found["retransmissions"] and (part == "ask" or found["registered"] == len(names))
            holds = whole and found["rate"] >= 0.98 * min(REGISTERS, self.options.registers)
            lines.append(Line(f"REGISTER, {what}", f">= {REGISTERS:,}/s", "", measured, holds, record))
        for part, what in (("most_asked", "401"), ("most", "refresh")):
            found = record[part]
            measured = f"{found['rate']:.0f}/s, {found['control_cpu_ms_per_request']:.3f} ms CPU"
            holds = found["rate"] >= REGISTERS
            name = f"REGISTER, {what}, as many as it takes"
            lines.append(Line(name, f">= {REGISTERS:,}/s", "", measured, holds, {}))
        kilobytes = f"{record['kb_per_registration']:.1f} kB, of {len(names):,}"
        lines.append(Line("memory per registration", "", "", kilobytes, holds=True, record={}))
        return lines

    def parser(self) -> list[Line]:
        record = parsing.run(count=self.options.parsed, rounds=5)
        return [
            Line(
                f"to read: {name}", "", "",
                f"{found['message_us']:.0f} us"
                + (f", its description {found['description_us']:.0f} us" if found["description_us"] else ""),
                holds=True, record=found,
            )
            for name, found in record["messages"].items()
        ]  # fmt: skip

    def standing(self) -> list[Line]:
        count = self.options.up
        self.say(f"{count:,} calls that stand")
        workers = -(-count // 4000) + (count > 1000)
        with self.serving(workers=workers, media="rtp_timeout_s = 7200.0\n") as (roda, roots):
            record = StandingCalls(roda.target, count=count, roots=roots, settle_s=self.options.settle).run()
        whole = record["up"] == count and not record["left_up"]
        if not record["up"]:
            return [
                Line(
                    "memory per call", "", "", f"none came up: {record['failures_by_status']}", False, record
                )
            ]
        measured = (
            f"{record['kb_per_call']:.1f} kB, {record['descriptors_per_call']:.1f} descriptors; {record['up']:,} of "
            f"{count:,} up, {workers} workers"
        )
        return [Line("memory per call that stands", "", "", measured, whole, record)]

    def srtp(self) -> list[Line]:
        """What secured audio costs the engine with its sockets, beside the same without: `benchmarks.secured`, in short."""
        ports.allow_files(10_000)
        found = secured.measure(secured.KINDS, self.options.secured, 100)
        return [
            Line(
                f"participant-tick, {each['kind']}", "", "",
                f"{each['with_sockets_us']:.1f} us, {each['ratio_with_sockets']:.2f} of plain", holds=True, record=dict(each),
            )
            for each in found
        ]  # fmt: skip


def main() -> int:
    """Run the table; 0 if every target is met."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.sip", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", default="", help="names out of: calls,most,transports,sipp,beside,register,..."
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--participants", type=int, default=1000, help="beside whom calls come")
    parser.add_argument("--telephones", type=int, default=10_000, help="that register")
    parser.add_argument("--registers", type=float, default=1000.0, help="REGISTERs a second")
    parser.add_argument("--up", type=int, default=5000, help="calls that stand")
    parser.add_argument(
        "--settle", type=float, default=34.0, help="seconds until memory is measured: 64*T1 and a little"
    )
    parser.add_argument("--parsed", type=int, default=2000, help="messages of a kind")
    parser.add_argument("--secured", type=int, default=300, help="participants with and without SRTP")
    parser.add_argument("--log", default="", help="keep the servers' log there")
    parser.add_argument("--json", default="", metavar="FILE")
    parser.add_argument("--markdown", default="", metavar="FILE", help="keep the rows as a table for people")
    options = parser.parse_args()
    console = report.open_console()
    bench = SipBench(options, console)
    parts = bench.parts()
    chosen = [name.strip() for name in options.only.split(",") if name.strip()] or list(parts)
    if unknown := set(chosen) - set(parts):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    lines: list[Line] = []
    for place, name in enumerate(chosen, 1):
        console.print(f"[bold]{place} of {len(chosen)}: {name}[/]")
        for line in parts[name]():
            lines.append(line)
            console.print(f"  {line.name}: {line.measured}")
    if bench.yardstick_us:
        lines.append(bench.yardstick())
    show("SIP", lines, console)
    if options.json:
        rows = [row | {"record": line.record} for row, line in zip(plain(lines), lines, strict=True)]
        report.write_json({"machine": processes.machine_line(), "rows": rows}, options.json)
    if options.markdown:
        Path(options.markdown).write_text(markdown(lines))
    return 0 if all(line.holds for line in lines) else 1


if __name__ == "__main__":
    raise SystemExit(main())

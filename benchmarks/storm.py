"""A conference in a storm: `python -m benchmarks.storm --help`.

A `roda serve` of our own has a conference of some people; then all of `attackers` come at once, with sipp and sipvicious
where they are installed, and every two seconds an honest caller from an address that was never heard of. What is measured:
gaps in what those hear who are in, the memory of the server, and how long the honest wait for their answer (issue 4: no gap,
memory flat, within 2 s). It ends by itself.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from benchmarks import processes, report
from benchmarks.attackers import NICENESS
from benchmarks.roda import ACCESS_NUMBER, Roda
from benchmarks.signalling import Answered, Failed, HungUp, Phones
from benchmarks.transport import SipSocket, parse_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

SECURITY = """
[security]
exempt = ["127.0.0.1/32"]
"""
"""The people of the conference call from there, much faster than people do. All others are strangers."""
RAMP_PER_S = 50.0
LEAD_S = 5.0
"""From the start of the load test to its first INVITE, and then what it settles for: it imports numpy, and warms up."""
HONEST_EVERY_S = 2.0
BUSY = 503
HONEST_PATIENCE_S = 35.0
"""Timer B and a little: who is not in by then is not coming."""
CALLS_PER_SECOND = 10
"""Where the forged come twice: half of it is for strangers, of whom some hundred want it."""
AGAIN_S = 3.0
"""Who is told to come again does so after this: what Retry-After says in a burst, and a little."""
CALM_S = 3.0
"""Between the end of the storm and the last look at memory."""
LONGEST_GAP_MS, WAIT_MAX_S, GROWTH_MAX_MB = 100.0, 2.0, 50.0


@dataclass(slots=True)
class Storm:
    """One storm over a conference of `participants`."""

    seconds: float = 20.0
    participants: int = 20
    rate: float = 2000.0
    peers: bool = True
    log: str = ""
    twice: bool = False
    """The forged come twice each, and the honest come again who are told so."""
    waits_s: list[float] = field(default_factory=list)
    failures: dict[int, int] = field(default_factory=dict)
    told_to_come_again: int = 0

    def run(self) -> dict[str, Any]:
        """Start everything, measure, and stop everything."""
        roda = Roda(log=self.log, dial_out=SECURITY, calls_per_second=CALLS_PER_SECOND if self.twice else 0)
        try:
            with tempfile.TemporaryDirectory() as folder, roda.started() as roots:
                heard, attacked = Path(folder) / "load.json", Path(folder) / "attack.json"
                record = self._measure(roda.target, roots, heard, attacked)
            # That it is attacked is the one error which the log shall have.
            counts = roda.counts()
            errors = counts.get("(error)", 0) + counts.get("(critical)", 0)
            record["errors_logged"] = errors - counts.get("under attack", 0)
            record["bans_logged"] = counts.get("source banned", 0)
            return record
        finally:
            roda.close()

    def _measure(self, target: str, roots: list[int], heard: Path, attacked: Path) -> dict[str, Any]:
        ramp_s = self.participants / RAMP_PER_S
        load = _python(
            "benchmarks.load", "--target", target, "--participants", self.participants, "--ramp", RAMP_PER_S,
            "--settle", LEAD_S, "--seconds", self.seconds, "--json", heard,
        )  # fmt: skip
        with _ended(load):
            time.sleep(ramp_s + LEAD_S)
            before = processes.measure(roots)
            storm = _python(
                "benchmarks.attackers", "--target", target, "--seconds", self.seconds, "--rate", self.rate,
                "--user", ACCESS_NUMBER, "--json", attacked, *(["--twice"] if self.twice else []),
            )  # fmt: skip
            with _ended(storm), self._peers(target) as peers:
                self._honest(target, self.seconds)
                storm.wait(self.seconds + 30)
                peak = processes.measure(roots)
            load.wait(self.seconds + 60)
        time.sleep(CALM_S)
        after = processes.measure(roots)
        return {
            "machine": processes.machine_line(),
            "seconds": self.seconds,
            "participants": self.participants,
            "load": json.loads(heard.read_text()) if heard.exists() else {},
            "attack": json.loads(attacked.read_text()) if attacked.exists() else {},
            "peers": peers,
            "honest": {
                "waits_s": self.waits_s,
                "failures_by_status": self.failures,
                "told_to_come_again": self.told_to_come_again,
            },
            "memory_mb": {
                "before": before.pss_kb / 1024,
                "in_the_storm": peak.pss_kb / 1024,
                "after": after.pss_kb / 1024,
            },
            "alive": _answers(target),
        }

    def _honest(self, target: str, seconds: float) -> None:
        """Call every now and then, each time from another address, until the storm is over."""
        end, number = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            number += 1
            begun = time.monotonic()
            source = f"127.0.{1 + number // 250}.{1 + number % 250}"
            status = self._call(target, source)
            if status == BUSY and self.twice:
                self.told_to_come_again += 1
                time.sleep(AGAIN_S)
                status = self._call(target, source)
            if status:
                self.failures[status] = self.failures.get(status, 0) + 1
            time.sleep(max(0.0, min(begun + HONEST_EVERY_S, end) - time.monotonic()))

    def _call(self, target: str, source: str) -> int:
        """Call, be answered and hang up; the status where it fails, else 0."""
        sip = SipSocket(parse_address(target), "udp", source=source)
        media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        media.bind((source, 0))
        phones = Phones(
            target=target, local=sip.local, transport="udp", name=f"honest{time.monotonic_ns():x}"
        )
        host, port = media.getsockname()
        started, status = time.monotonic(), 0
        phones.place(0, user="conf-honest", rtp_host=host, rtp_port=port, now=started)
        over = False
        while not over and time.monotonic() - started < HONEST_PATIENCE_S:
            sip.turn(phones, time.monotonic())
            for event in phones.events():
                if isinstance(event, Answered):
                    self.waits_s.append(event.after_s)
                    phones.hang_up(0, time.monotonic())
                elif isinstance(event, Failed):
                    status, over = event.status, True
                elif isinstance(event, HungUp):
                    over = True
            sip.turn(phones, time.monotonic())
            if not over:
                select.select([sip], [], [], 0.01)
        sip.close()
        media.close()
        return status

    @contextlib.contextmanager
    def _peers(self, target: str) -> Iterator[list[str]]:
        """The attackers' own tools, where they are installed. Two of them choose their own address: they come from where the
        conference does, and are answered like anybody who has not proved who they are.
        """
        host, port = parse_address(target)
        tools = {
            "sipp": ["-sn", "uac", "-s", "999", "-i", "127.1.6.1", "-r", "100", "-m", "1000000", f"{host}:{port}"],
            "sipvicious_svmap": ["-b", "127.1.7.1", "-p", str(port), "-m", "INVITE", host],
            "sipvicious_svwar": ["--force", "-b", "127.1.7.2", "-e", "100-999", "-m", "REGISTER", f"udp://{target}"],
            "sipvicious_svcrack": ["-b", "127.1.7.3", "-u", "100", "-r", "100-9999", f"udp://{target}"],
        }  # fmt: skip
        running: dict[str, subprocess.Popen[bytes]] = {}
        with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
            for name, arguments in tools.items() if self.peers else ():
                program = shutil.which(name) or shutil.which(str(Path(sys.executable).with_name(name)))
                if program is not None:
                    running[name] = subprocess.Popen(
                        ["nice", "-n", str(NICENESS), program, *arguments],
                        cwd=folder,
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                    )
                    stack.enter_context(_ended(running[name]))
            yield list(running)


def _python(module: str, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextlib.contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """See that a program does not outlive us."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(target: str) -> bool:
    """Whether the server still talks."""
    address = parse_address(target)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(2.0)
        probe.connect(address)
        host, port = probe.getsockname()
        probe.send(
            f"OPTIONS sip:{target} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bKalive;rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:probe@{host}>;tag=1\r\nTo: <sip:{target}>\r\nCall-ID: alive-{port}\r\n"
            f"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n".encode()
        )
        try:
            return probe.recv(4096).startswith(b"SIP/2.0 200")
        except OSError:
            return False


def faults(record: dict[str, Any]) -> list[str]:
    """Say what should not have been."""
    found = []
    delivery = record["load"].get("delivery")
    if delivery is None or record["load"]["participants_up"] < record["participants"]:
        found.append("the conference did not come about")
    elif not delivery["gap_ms"]["max"] <= LONGEST_GAP_MS:
        found.append(f"a gap of {delivery['gap_ms']['max']:.0f} ms")
    if record["load"].get("hung_up_by_server"):
        found.append(f"{record['load']['hung_up_by_server']} were put out")
    honest = record["honest"]
    if honest["failures_by_status"] or not honest["waits_s"]:
        found.append(f"honest callers were refused: {honest['failures_by_status']}")
    elif max(honest["waits_s"]) > WAIT_MAX_S:
        found.append(f"an honest caller waited {max(honest['waits_s']):.1f} s")
    memory = record["memory_mb"]
    if max(memory["in_the_storm"], memory["after"]) - memory["before"] > GROWTH_MAX_MB:
        found.append(f"memory grew from {memory['before']:.0f} to {memory['in_the_storm']:.0f} MB")
    if not record["alive"]:
        found.append("the server does not answer any more")
    if record["errors_logged"]:
        found.append(f"{record['errors_logged']} errors in the log")
    return found


def show(record: dict[str, Any], console: Console) -> None:
    """Print a storm."""
    attack, honest, memory = record["attack"], record["honest"], record["memory_mb"]
    table = Table(
        title=f"{record['seconds']:g} s of storm, {record['participants']} in the conference",
        show_header=False,
        title_justify="left",
    )
    sent = ", ".join(f"{name} {count}" for name, count in sorted(attack.get("sent", {}).items()))
    table.add_row("sent by attackers", f"{sent}; {', '.join(record['peers']) or 'no tools of others'}")
    table.add_row("answers that they got", str(attack.get("answers", 0)))
    if "delivery" in record["load"]:
        delivery = record["load"]["delivery"]
        table.add_row("gap ms p50/p99/p99.9/max", report.milliseconds(delivery["gap_ms"]))
        table.add_row("complete", f"{delivery['completeness']:.3%}")
    waits = honest["waits_s"]
    table.add_row(
        "honest callers",
        f"{len(waits)} in, at the latest after {max(waits, default=0):.2f} s; refused {honest['failures_by_status'] or 0}"
        + (
            f", {honest['told_to_come_again']} of them at the second try"
            if honest.get("told_to_come_again")
            else ""
        ),
    )
    table.add_row(
        "memory MB", " -> ".join(f"{memory[when]:.0f}" for when in ("before", "in_the_storm", "after"))
    )
    table.add_row("bans in the log", str(record["bans_logged"]))
    console.print(table)
    for fault in faults(record):
        console.print(f"[red]{fault}[/]")
    console.print(report.machine_text(record["machine"]), style="dim")


def main() -> int:
    """Run; 0 if the storm did no harm."""
    parser = argparse.ArgumentParser(prog="benchmarks.storm", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--participants", type=int, default=200)
    parser.add_argument("--rate", type=float, default=2000.0, help="attackers' messages a second")
    parser.add_argument("--twice", action="store_true", help="the forged come twice, the honest when told to")
    parser.add_argument("--own", action="store_true", help="without sipp and sipvicious")
    parser.add_argument("--log", default="", help="keep the server's log there")
    parser.add_argument("--json", default="", metavar="FILE")
    options = parser.parse_args()
    storm = Storm(
        options.seconds, options.participants, options.rate, not options.own, options.log, options.twice
    )
    record = storm.run()
    show(record, report.open_console())
    if options.json:
        report.write_json(record, options.json)
    return 1 if faults(record) else 0


if __name__ == "__main__":
    raise SystemExit(main())

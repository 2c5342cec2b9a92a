"""What a load test is asked to do, and its command line options."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields
from typing import Any

from benchmarks import hd
from benchmarks.messages import CODECS
from benchmarks.repertoire import HD_CODECS
from benchmarks.traces import CROWD, FURTHER, NETWORKS
from benchmarks.transport import TRANSPORTS

WAYS = {network.name: network for network in (*NETWORKS, CROWD, *FURTHER) if not network.skew_ppm}
"""The networks that phones may have."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. Everything has the default of the comparison in README.md."""

    target: str = "127.0.0.1:5060"
    transport: str = "udp"
    user: str = "conf-{room}"
    participants: int = 10
    rooms: int = 1
    first_room: int = 1000
    talkers: int = 2
    seconds: float = 20.0
    settle: float = 3.0
    codec: str = "pcmu"
    ptime: int = 20
    ramp: float = 100.0
    digits: str = ""
    digit_delay: float = 1.5
    quiet: str = "silence"
    cadence: str = "steady"
    network: str = "clean"
    endurance: bool = False
    phases: int = 10
    source_addresses: int = 1
    wire: str = "auto"
    seed: int = 1
    pid: tuple[int, ...] = ()
    pid_of: str = ""

    def user_of(self, room: int) -> str:
        """Return the user part dialled for a room."""
        return self.user.replace("{room}", str(self.first_room + room))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a `Plan`."""
    defaults: dict[str, Any] = {field.name: field.default for field in fields(Plan)}

    def option(name: str, help_text: str, **more: Any) -> None:
        key = name.removeprefix("--").replace("-", "_")
        shown = f" ({defaults[key]})" if defaults[key] not in {"", (), False} else ""
        parser.add_argument(name, default=defaults[key], help=(help_text + shown).replace("%", "%%"), **more)

    option("--target", "the server's SIP address, HOST:PORT")
    option("--transport", "how SIP travels", choices=TRANSPORTS)
    option("--user", "what to dial; {room} becomes the room's number")
    option("--participants", "phones in all, spread evenly over the rooms", type=int)
    option("--rooms", "number of rooms", type=int)
    option("--first-room", "number of the first room", type=int)
    option("--talkers", "talkers per room; everybody else is muted", type=int)
    option("--seconds", "length of the steady window that is measured", type=float)
    option("--settle", "seconds between the last answer and the steady window", type=float)
    option("--codec", "what every phone offers", choices=list(CODECS))
    option("--ptime", "packet time in ms", type=int, choices=[10, 20, 30, 40, 60])
    option("--ramp", "calls placed per second", type=float)
    option(
        "--digits", "keys pressed after the answer as RFC 4733 events, e.g. 12345#; a comma waits a second"
    )
    option("--digit-delay", "seconds between the answer and the first key", type=float)
    option("--quiet", "what those who do not talk send", choices=["none", "silence", "noise", "dtx"])
    option("--cadence", "how talkers talk: without pause, or in bursts", choices=["steady", "speech"])
    option("--network", "what becomes of all packets of ours on their way", choices=list(WAYS))
    option(
        "--endurance",
        "keep counts of packets in place of the packets, and look at the server's memory every minute, so that a run may last for hours",
        action="store_true",
    )
    option("--phases", "sub-ticks over which the phones are spread in a packet time", type=int)
    option(
        "--source-addresses",
        "call from 127.0.0.1 to 127.0.0.N (more phones than one address has ports)",
        type=int,
    )
    option("--wire", "how packets enter and leave this process", choices=["auto", "uring", "epoll"])
    option("--seed", "of sequence numbers, timestamps and noise", type=int)
    option("--pid", "account these processes and all their children: PID[,PID...]", type=_pids)
    option("--pid-of", "account the processes whose command line contains this, and all their children")


def _pids(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",") if part)


def plan_from(options: argparse.Namespace) -> Plan:
    """Make the plan of parsed options."""
    plan = Plan(**{field.name: getattr(options, field.name) for field in fields(Plan)})
    if plan.participants < 1 or plan.rooms < 1 or not 1 <= plan.phases <= 40 or plan.ramp <= 0:
        raise SystemExit("participants and rooms must be at least 1, phases 1 to 40, ramp above 0")
    if plan.codec in HD_CODECS and (reason := hd.missing(plan.codec)):
        raise SystemExit(reason)
    if plan.quiet == "dtx" and plan.codec != "opus":
        raise SystemExit(f"{plan.codec} has no DTX")
    return plan

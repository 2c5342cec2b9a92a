"""What SIP costs inside the control process, without a socket: `python -m benchmarks.sip_call --help`.

Messages parsed per second, and the CPU time of a whole call (INVITE, 100, 200, ACK, BYE, 200 into an open room): through the
agent alone, and through agent and switchboard with a pool that opens every stream at once. Time is virtual and runs at a
steady rate of calls, so that the timers of the last 37 s are there as in a busy bridge. Of several rounds the best counts:
others can only make a round slower.

Unlike the other benchmarks this one runs our own code in its own process. It is for comparing two versions of it: run both
in turns, and believe the ratio rather than the figures.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import Console
from rich.table import Table

from benchmarks import processes, report
from bridge.config.settings import Config
from bridge.switchboard import effects as wanted
from bridge.switchboard.board import Switchboard
from bridge.switchboard.events import StreamOpened
from media.arena import Arena
from sip.agent import Agent, AgentSettings
from sip.events import IncomingCall
from sip.flow import Flow
from sip.parser import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prompts.phrases import Utterance
    from sip.events import Event

CALLS_PER_S = 200.0
HOLD_S = 0.5
WARM_UP_S = 38.0
"""All that an INVITE leaves behind is gone by then (64*T1 and T4, RFC 3261 17.2.1)."""

OFFER = (
    b"v=0\r\no=phone 3908 3908 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
)
ANSWER = OFFER.replace(b"RTP/AVP 0 8 101", b"RTP/AVP 0 101").replace(b"a=rtpmap:8 PCMA/8000\r\n", b"")
SERVER = ("127.0.0.1", 5060)
PHONE = Flow("udp", SERVER, ("127.0.0.1", 6061))


def request(method: str, number: int, to_tag: bytes = b"", body: bytes = b"") -> bytes:
    """Write a request of a softphone, with the headers that they send."""
    cseq = 2 if method == "BYE" else 1
    kind = "Content-Type: application/sdp\r\n" if body else ""
    head = (
        f"{method} sip:conf-{number % 10}@127.0.0.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:6061;branch=z9hG4bK-{number}-{method};rport\r\n"
        "Max-Forwards: 70\r\n"
        f'From: "A phone" <sip:phone@127.0.0.1>;tag=from{number}\r\n'
        f"To: <sip:conf-{number % 10}@127.0.0.1>{to_tag.decode()}\r\n"
        f"Call-ID: {number}-bench@127.0.0.1\r\n"
        f"CSeq: {cseq} {method}\r\n"
        "Contact: <sip:phone@127.0.0.1:6061>\r\n"
        "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE\r\n"
        "Supported: replaces, timer\r\n"
        "User-Agent: Softphone 1.0\r\n"
        f"{kind}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Server(Protocol):
    """What is measured."""

    def receive(self, data: bytes, now: float) -> list[bytes]:
        """Take a datagram; return what goes out."""


class AgentAlone:
    """An agent whose user answers every call at once."""

    def __init__(self) -> None:
        settings = AgentSettings(calls_max=100_000)
        self.agent = Agent(settings=settings, entropy=os.urandom)

    def receive(self, data: bytes, now: float) -> list[bytes]:
        agent = self.agent
        agent.advance(now)
        agent.receive(PHONE, data, now)
        while happened := agent.events():
            for event in happened:
                self.on_event(event, now)
        agent.next_deadline()
        return [out.data for out in agent.outgoing()]

    def on_event(self, event: Event, now: float) -> None:
        if isinstance(event, IncomingCall):
            self.agent.accept(event.call, ANSWER, now)


class Silence:
    """Nobody hears a prompt here."""

    def segments(self, _utterance: Utterance, _language: str) -> Sequence[tuple[int, int]]:
        return ((0, 1),)


class AgentAndSwitchboard(AgentAlone):
    """The control process without its edges."""

    def __init__(self) -> None:
        super().__init__()
        self.ids = 0
        self.switchboard = Switchboard(
            Config.with_open_rooms(),
            Silence(),
            new_id=self._new_id,
            local_time=lambda now: datetime.fromtimestamp(now, UTC),
            arena=Arena(0, 0),
        )

    def _new_id(self) -> str:
        self.ids += 1
        return str(self.ids)

    def on_event(self, event: Event, now: float) -> None:
        board = self.switchboard
        board.handle(event, now)
        while effects := board.effects():
            for effect in effects:
                if isinstance(effect, wanted.OpenStream):
                    board.handle(StreamOpened(effect.stream, SERVER[0], 20_000), now)
                elif isinstance(effect, wanted.AcceptCall):
                    self.agent.accept(effect.call, effect.sdp, now)
        board.next_deadline()


@dataclass(slots=True)
class CallBench:
    """Calls at a steady rate of virtual time."""

    server: Server
    placed: int = 0

    def run(self, calls: int) -> float:
        """Place `calls`; return CPU seconds per call."""
        tags: dict[int, bytes] = {}
        held = int(HOLD_S * CALLS_PER_S)
        messages_s = 0.0
        begun = time.process_time()
        for number in range(self.placed, self.placed + calls + held):
            now = number / CALLS_PER_S
            if number < self.placed + calls:
                ours = time.process_time()
                invite = request("INVITE", number, body=OFFER)
                messages_s += time.process_time() - ours
                answer = self.server.receive(invite, now)[-1]
                ours = time.process_time()
                tags[number] = answer[
                    (at := answer.index(b";tag=", answer.index(b"\r\nTo:"))) : answer.index(b"\r\n", at)
                ]
                ack = request("ACK", number, tags[number])
                messages_s += time.process_time() - ours
                self.server.receive(ack, now)
            if number - held in tags:
                ours = time.process_time()
                bye = request("BYE", number - held, tags.pop(number - held))
                messages_s += time.process_time() - ours
                assert self.server.receive(bye, now)[-1].startswith(b"SIP/2.0 200")
        took_s = time.process_time() - begun
        self.placed += calls + held
        return (took_s - messages_s) / calls


def best(rounds: int, measure: Callable[[], float]) -> float:
    """Return the shortest of several measurements."""
    return min(measure() for _ in range(rounds))


def parse_s(data: bytes, count: int) -> float:
    """Return CPU seconds to parse a message."""
    begun = time.process_time()
    for _ in range(count):
        parse(data)
    return (time.process_time() - begun) / count


def run(*, calls: int, rounds: int, warm_up_s: float = WARM_UP_S) -> dict[str, Any]:
    """Measure everything and return the record."""
    messages = {
        "INVITE": request("INVITE", 1, body=OFFER),
        "ACK": request("ACK", 1, b";tag=4fdf6dd3c7e5a1b0"),
        "BYE": request("BYE", 1, b";tag=4fdf6dd3c7e5a1b0"),
        "OPTIONS": request("OPTIONS", 1),
    }
    record: dict[str, Any] = {
        "machine": processes.machine_line(),
        "parse_us": {
            name: 1e6 * best(rounds, partial(parse_s, data, calls)) for name, data in messages.items()
        },
    }
    for name, server in (("agent", AgentAlone()), ("agent_and_switchboard", AgentAndSwitchboard())):
        bench = CallBench(server)
        bench.run(int(warm_up_s * CALLS_PER_S))
        record[f"{name}_us_per_call"] = 1e6 * best(rounds, partial(bench.run, calls))
    return record


def show(record: dict[str, Any], console: Console) -> None:
    """Print a run."""
    table = Table(title="SIP in the control process", title_justify="left")
    table.add_column("")
    table.add_column("us CPU", justify="right")
    table.add_column("per second", justify="right")
    rows = {f"parse {name}": us for name, us in record["parse_us"].items()}
    rows["call through the agent"] = record["agent_us_per_call"]
    rows["call through agent and switchboard"] = record["agent_and_switchboard_us_per_call"]
    for name, us in rows.items():
        table.add_row(name, f"{us:.1f}", f"{1e6 / us:,.0f}")
    console.print(table)
    console.print(report.machine_text(record["machine"]), style="dim")


def main() -> int:
    """Run and show."""
    parser = argparse.ArgumentParser(prog="benchmarks.sip_call", description=__doc__)
    parser.add_argument("--calls", type=int, default=2000, help="calls (and messages of a kind) per round")
    parser.add_argument("--rounds", type=int, default=5, help="of which the best counts")
    parser.add_argument("--json", default="", metavar="FILE")
    options = parser.parse_args()
    record = run(calls=options.calls, rounds=options.rounds)
    show(record, report.open_console())
    if options.json:
        report.write_json(record, options.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""What registered telephones cost inside the control process, without a socket: `python -m benchmarks.register --help`.

Every telephone has an address of its own. It registers as most do: a REGISTER without proof, a 401, and the same again with
proof; and later once more with the nonce it knows. Time is virtual and runs at a steady rate, so that the transactions of
the last 32 s are there as in a busy bridge; memory is measured when they are gone. Of several rounds the best counts.

The telephones' own sums are left out of the time. Like `benchmarks.sip_call` this runs our own code in its own process.
"""

from __future__ import annotations

import argparse
import gc
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from benchmarks import processes, report
from sip.accounts import Account
from sip.agent import Agent, AgentSettings
from sip.challenge import Challenger, Policy
from sip.digest import Answered, Credentials, authorize, repeat
from sip.events import RequestReceived
from sip.flow import Flow
from sip.message import Response
from sip.parser import parse
from sip.proof import Algorithm, ha1
from sip.registrar import Registrar, RegistrarSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.gate import Judgement
    from sip.message import Request

REALM = "roda.example"
PASSWORD = "correct horse battery staple"  # noqa: S105 - of telephones that never were
SERVER = ("127.0.0.1", 5060)
URI = f"sip:{REALM}"
REGISTERS_PER_S = 1000.0
WARM_UP_S = 33.0
"""What a REGISTER leaves behind in the transactions is gone by then (64*T1, RFC 3261 17.2.2)."""


class Door:
    """The gate: passwords alone."""

    def __init__(self, challenger: Challenger) -> None:
        self._challenger = challenger

    def admits(self, flow: Flow, data: bytes, now: float) -> bool:  # noqa: ARG002 - the shape of Gate
        return True

    def judge(self, request: Request, flow: Flow, now: float, *, inside: bool) -> Judgement:
        return self._challenger.judge(request, flow, now, inside=inside)

    def noticed(self, flow: Flow, what: str, now: float) -> None:
        raise AssertionError(f"{what} from {flow} at {now}")

    def acknowledged(self, flow: Flow, now: float) -> None:
        """Nobody is asked who acknowledges."""


class Server:
    """Agent, challenges and registrar, as in the control process."""

    def __init__(self, accounts: dict[str, Account], algorithm: Algorithm) -> None:
        challenger = Challenger(Policy(realm=REALM, algorithms=(algorithm,)), accounts, os.urandom)
        self.agent = Agent(
            settings=AgentSettings(served=("REGISTER",)), entropy=os.urandom, gate=Door(challenger)
        )
        self.registrar = Registrar(RegistrarSettings(), accounts)
        self.challenger = challenger

    def receive(self, flow: Flow, data: bytes, now: float) -> bytes:
        """Take a REGISTER; return the response."""
        agent, registrar = self.agent, self.registrar
        self.advance(now)
        agent.receive(flow, data, now)
        while happened := agent.events():
            for event in happened:
                if isinstance(event, RequestReceived):
                    status, fields = registrar.register(event.message, event.flow, event.identity, now)
                    agent.respond(event.request, status, now, headers=fields)
        registrar.events()
        agent.next_deadline()
        (answer,) = agent.outgoing()
        return answer.data

    def advance(self, now: float) -> None:
        """Let time pass."""
        self.agent.advance(now)
        self.registrar.advance(now)
        self.registrar.events()


@dataclass(slots=True)
class Telephone:
    """One account's."""

    name: str
    flow: Flow
    cseq: int = 0
    answered: Answered | None = None

    @property
    def credentials(self) -> Credentials:
        return Credentials(self.name, PASSWORD)

    def request(self, fields: tuple[tuple[str, str], ...] = ()) -> bytes:
        """Write a REGISTER with the headers that softphones send."""
        self.cseq += 1
        host, port = self.flow.remote
        proofs = "".join(f"{name}: {value}\r\n" for name, value in fields)
        return (
            f"REGISTER {URI} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK-{self.name}-{self.cseq};rport\r\n"
            "Max-Forwards: 70\r\n"
            f"From: <sip:{self.name}@{REALM}>;tag=from{self.name}\r\n"
            f"To: <sip:{self.name}@{REALM}>\r\n"
            f"Call-ID: {self.name}-bench@{host}\r\n"
            f"CSeq: {self.cseq} REGISTER\r\n"
            f"Contact: <sip:{self.name}@{host}:{port};ob>;expires=300\r\n"
            "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE\r\n"
            "User-Agent: Softphone 1.0\r\n"
            f"{proofs}"
            "Content-Length: 0\r\n\r\n"
        ).encode()

    def prove(self, refusal: bytes) -> bytes:
        """Write the same with proof."""
        response = parse(refusal)
        assert isinstance(response, Response)
        found = authorize(
            response,
            method="REGISTER",
            uri=URI,
            body=b"",
            credentials=self.credentials,
            cnonce="c0ffee",
            before=None,
        )
        assert found is not None
        fields, self.answered = found
        return self.request(fields)

    def again(self) -> bytes:
        """Write a REGISTER that proves itself with the nonce of before."""
        assert self.answered is not None
        fields, self.answered = repeat(
            self.answered, method="REGISTER", uri=URI, body=b"", credentials=self.credentials, cnonce="c0ffee"
        )
        return self.request(fields)


@dataclass(slots=True)
class RegisterBench:
    """Telephones that register at a steady rate of virtual time."""

    server: Server
    telephones: list[Telephone]
    now: float = 1.0
    messages_s: float = field(default=0.0)
    """CPU seconds of the telephones' own."""

    def register(self) -> float:
        """Every telephone registers from the beginning: two requests. Return CPU seconds for each telephone."""

        def one(telephone: Telephone) -> bytes:
            refusal = self.say(telephone, self.ours(telephone.request))
            return self.say(telephone, self.ours(lambda: telephone.prove(refusal)))

        return self.all(one)

    def refresh(self) -> float:
        """Every telephone registers once more with the nonce it knows, within its life: one request."""
        return self.all(lambda telephone: self.say(telephone, self.ours(telephone.again)))

    def all(self, one: Callable[[Telephone], bytes]) -> float:
        """Have each telephone do it; each must be let in."""
        self.messages_s = 0.0
        begun = time.process_time()
        for telephone in self.telephones:
            answer = one(telephone)
            assert answer.startswith(b"SIP/2.0 200"), answer
        return (time.process_time() - begun - self.messages_s) / len(self.telephones)

    def say(self, telephone: Telephone, data: bytes) -> bytes:
        """Have the server answer a request."""
        self.now += 1 / REGISTERS_PER_S
        return self.server.receive(telephone.flow, data, self.now)

    def ours(self, write: Callable[[], bytes]) -> bytes:
        """Take the time out that a telephone needs to write its request."""
        begun = time.process_time()
        data = write()
        self.messages_s += time.process_time() - begun
        return data


def flow(number: int) -> Flow:
    """Give each telephone an address of its own, in 10.0.0.0/8."""
    return Flow("udp", SERVER, (f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 5060))


def rss_kb() -> float:
    """Return what this process holds, after a look for what nobody needs."""
    gc.collect()
    return processes.measure([os.getpid()]).rss_kb


def memory_kb(telephones: int) -> dict[str, float]:
    """Return the memory of an account and of a registration, kB each."""
    names = [f"{number}" for number in range(telephones)]
    before = rss_kb()
    accounts = {
        name: Account(name, tuple((kind, ha1(kind, name, REALM, PASSWORD)) for kind in Algorithm))
        for name in names
    }
    known = rss_kb()
    server = Server(accounts, Algorithm.SHA256)
    for number, name in enumerate(names):
        telephone = Telephone(name, flow(number))
        now = 1.0 + number / REGISTERS_PER_S
        refusal = server.receive(telephone.flow, telephone.request(), now)
        server.receive(telephone.flow, telephone.prove(refusal), now)
        del telephone, refusal
    assert len(server.registrar) == telephones
    server.advance(now + 2 * WARM_UP_S)
    after = rss_kb()
    return {"account_kb": (known - before) / telephones, "registration_kb": (after - known) / telephones}


def run(*, telephones: int, rounds: int, warm_up_s: float = WARM_UP_S) -> dict[str, Any]:
    """Measure everything and return the record."""
    record: dict[str, Any] = {"machine": processes.machine_line(), "telephones": telephones}
    record |= memory_kb(telephones)
    for algorithm in (Algorithm.MD5, Algorithm.SHA256):
        names = [f"{number}" for number in range(telephones)]
        accounts = {
            name: Account(name, ((algorithm, ha1(algorithm, name, REALM, PASSWORD)),)) for name in names
        }
        bench = RegisterBench(
            Server(accounts, algorithm), [Telephone(name, flow(number)) for number, name in enumerate(names)]
        )
        while bench.now < warm_up_s:
            bench.register()
        figures = [(bench.register(), bench.refresh()) for _ in range(rounds)]
        record[f"{algorithm}_register_us"] = 1e6 * min(each for each, _ in figures)
        record[f"{algorithm}_refresh_us"] = 1e6 * min(each for _, each in figures)
    return record


def show(record: dict[str, Any], console: Console) -> None:
    """Print a run."""
    table = Table(title=f"{record['telephones']:,} telephones that register", title_justify="left")
    table.add_column("")
    table.add_column("us CPU", justify="right")
    table.add_column("per second", justify="right")
    for algorithm in (Algorithm.MD5, Algorithm.SHA256):
        for kind, what in (("register", "401, then proof"), ("refresh", "proof at once")):
            us = record[f"{algorithm}_{kind}_us"]
            table.add_row(f"{algorithm}, {what}", f"{us:.1f}", f"{1e6 / us:,.0f}")
    console.print(table)
    console.print(
        f"{record['account_kb']:.2f} kB for an account, {record['registration_kb']:.2f} kB for a registration"
    )
    console.print(report.machine_text(record["machine"]), style="dim")


def main() -> int:
    """Run and show."""
    parser = argparse.ArgumentParser(prog="benchmarks.register", description=__doc__)
    parser.add_argument("--telephones", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3, help="of which the best counts")
    parser.add_argument("--json", default="", metavar="FILE")
    options = parser.parse_args()
    record = run(telephones=options.telephones, rounds=options.rounds)
    show(record, report.open_console())
    if options.json:
        report.write_json(record, options.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

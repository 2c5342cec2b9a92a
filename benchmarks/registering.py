"""Ten thousand telephones that register with a bridge over the wire.

Rounds over all telephones: each asks without proof and is sent a 401 (`ask`); each proves itself (`prove`); and each once
more with a nonce it knows (`refresh`), as it will every few minutes from then on. These are at a steady rate. `most_asked` and
`most` are the first and the last as fast as the server answers while `AT_ONCE` wait for it. Nonces are new before the last
two rounds, so that none grows old in them; a refusal is asked again at once, as telephones do.

Memory is measured before and after `prove`. By then what `ask` left in the transactions is gone, and what `prove` leaves there
takes its place, so the difference is the registrations'.
"""

from __future__ import annotations

import random
import resource
import select
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from benchmarks import processes
from benchmarks.analysis import spread
from benchmarks.telephones import UNAUTHORIZED, Telephones
from benchmarks.transport import SipSocket, parse_address

AT_ONCE = 64
"""Requests that wait for their answer at once where the rate is the server's own: more than the turns of both loops hide."""
TRANSACTIONS_S = 34.0
"""What a REGISTER leaves behind in the transactions is gone by then (64*T1, RFC 3261 17.2.2)."""
PATIENCE_S = 40.0


@dataclass(slots=True)
class Round:
    """One round over all telephones."""

    took_s: float = 0.0
    registered: int = 0
    answers_s: list[float] = field(default_factory=list)
    most_late_s: float = 0.0
    own_s: float = 0.0
    waited_s: float = 0.0
    spent: processes.Shares = field(default_factory=lambda: processes.Shares(0.0, 0.0))
    sent: int = 0
    retransmissions: int = 0
    statuses: dict[int, int] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """Return the figures."""
        return {
            "requests": self.sent,
            "registered": self.registered,
            "rate": self.sent / self.took_s,
            "answer_ms": asdict(spread(np.array(self.answers_s) * 1000)),
            "retransmissions": self.retransmissions,
            "statuses": self.statuses,
            "control_waited": self.waited_s / self.took_s,
            "control_cpu_ms_per_request": self.spent.control_s * 1000 / self.sent,
            "generator_cpu_ms_per_request": self.own_s * 1000 / self.sent,
            "generator_late_ms": self.most_late_s * 1000,
        }


@dataclass(slots=True)
class RegisterRun:
    """Telephones of the accounts `names`, which all have one password."""

    target: str
    names: list[str]
    password: str = field(repr=False)
    transport: str = "udp"
    roots: list[int] = field(default_factory=list)
    rate: float = 1000.0
    settle_s: float = TRANSACTIONS_S
    _sip: SipSocket = field(init=False)
    _telephones: Telephones = field(init=False)

    def run(self) -> dict[str, Any]:
        """Register all and return the record."""
        target = parse_address(self.target)
        self._sip = SipSocket(target, self.transport)
        self._telephones = Telephones(
            self.names,
            self.password,
            target=f"{target[0]}:{target[1]}",
            local=self._sip.local,
            transport=self.transport,
            name=f"r{random.getrandbits(40):010x}",
        )
        record: dict[str, Any] = {
            "machine": processes.machine_line(),
            "telephones": len(self.names),
            "asked_rate": self.rate,
        }
        record["ask"] = self._round(again=False).record()
        time.sleep(self.settle_s)
        before = processes.measure(self.roots) if self.roots else None
        record["prove"] = self._round().record()
        if before is not None:
            grown_kb = processes.measure(self.roots).pss_kb - before.pss_kb
            record["kb_per_registration"] = grown_kb / len(self.names)
            record["descriptors"] = processes.descriptors(self.roots)
        self._telephones.forget()
        record["most_asked"] = self._round(again=False, rate=0.0).record()
        record["refresh"] = self._round().record()
        record["most"] = self._round(rate=0.0).record()
        self._sip.close()
        return record

    def _round(self, *, again: bool = True, rate: float | None = None) -> Round:
        """Have every telephone ask once, at `rate` a second; 0 is as fast as the answers come."""
        rate = self.rate if rate is None else rate
        telephones, found, statistics = self._telephones, Round(), self._telephones.statistics
        sent, retransmissions, statuses = (
            statistics.sent,
            statistics.retransmissions,
            statistics.statuses.copy(),
        )
        waiting: deque[int] = deque(range(len(telephones)))
        own, spent = resource.getrusage(resource.RUSAGE_SELF), processes.shares(self.roots)
        waited_s = processes.waited_s(self.roots)
        started = last_change = time.monotonic()
        in_flight = 0
        while (waiting or in_flight) and time.monotonic() - last_change < PATIENCE_S:
            now = time.monotonic()
            while waiting:
                due = started + (len(telephones) - len(waiting)) / rate if rate else now
                if due > now or (not rate and in_flight >= AT_ONCE):
                    break
                found.most_late_s = max(found.most_late_s, now - due)
                telephones.ask(waiting.popleft(), now)
                in_flight += 1
            self._sip.turn(telephones, now)
            for event in telephones.events():
                last_change = now
                found.answers_s.append(event.after_s)
                if event.status == UNAUTHORIZED and again:
                    telephones.ask(event.row, now)
                    continue
                in_flight -= 1
                found.registered += event.status == 200
            self._sip.turn(telephones, now)
            if rate and waiting:
                self._wait(started + (len(telephones) - len(waiting)) / rate)
            elif in_flight >= AT_ONCE or (in_flight and not waiting):
                self._wait(None)
        found.took_s = time.monotonic() - started
        found.spent = processes.shares(self.roots) - spent
        found.waited_s = processes.waited_s(self.roots) - waited_s
        ended = resource.getrusage(resource.RUSAGE_SELF)
        found.own_s = ended.ru_utime - own.ru_utime + ended.ru_stime - own.ru_stime
        found.sent = statistics.sent - sent
        found.retransmissions = statistics.retransmissions - retransmissions
        found.statuses = dict(statistics.statuses - statuses)
        return found

    def _wait(self, until: float | None) -> None:
        now = time.monotonic()
        wakes = [now + 0.1] + [at for at in (until, self._telephones.next_deadline()) if at is not None]
        select.select([self._sip], [], [], max(0.0, min(wakes) - now))

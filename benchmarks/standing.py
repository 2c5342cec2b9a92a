"""Calls that stand and say nothing: what each costs in memory and descriptors, after a while in which nothing happens.

All offer `inactive`, so that no packet goes either way: five thousand streams of audio are another benchmark's.
"""

from __future__ import annotations

import random
import select
import socket
import time
from dataclasses import dataclass, field
from typing import Any

from benchmarks import processes
from benchmarks.registering import TRANSACTIONS_S
from benchmarks.signalling import Answered, Failed, HungUp, Phones
from benchmarks.transport import SipSocket, parse_address

FAREWELL_S = 35.0


@dataclass(slots=True)
class StandingCalls:
    """`count` calls that come up at `rate` a second, in rooms of `room_size`, and stand for `settle_s`."""

    target: str
    count: int = 5000
    rate: float = 200.0
    room_size: int = 5
    user: str = "conf-{room}"
    settle_s: float = TRANSACTIONS_S
    roots: list[int] = field(default_factory=list)
    _up: set[int] = field(default_factory=set)
    _failures: dict[int, int] = field(default_factory=dict)
    _dropped: int = 0

    def run(self) -> dict[str, Any]:
        """Place all, wait, measure, hang up, and return the record."""
        target = parse_address(self.target)
        sip = SipSocket(target, "udp")
        media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        media.bind((sip.host, 0))
        host, port = media.getsockname()
        phones = Phones(
            target=f"{target[0]}:{target[1]}",
            local=sip.local,
            transport="udp",
            direction="inactive",
            name=f"s{random.getrandbits(40):010x}",
        )
        before, open_before = processes.measure(self.roots), processes.descriptors(self.roots)
        started = time.monotonic()
        for row in range(self.count):
            self._turn(phones, sip, until=started + row / self.rate)
            user = self.user.replace("{room}", str(row // self.room_size))
            phones.place(row, user=user, rtp_host=host, rtp_port=port, now=time.monotonic())
        self._turn(phones, sip, until=time.monotonic() + self.settle_s)
        after, open_after = processes.measure(self.roots), processes.descriptors(self.roots)
        up = len(self._up)
        record = {
            "machine": processes.machine_line(),
            "asked": self.count,
            "up": up,
            "failures_by_status": self._failures,
            "dropped_by_server": self._dropped,
            "retransmissions": phones.statistics.retransmissions,
            "pss_kb_before": before.pss_kb,
            "pss_kb_after": after.pss_kb,
            "kb_per_call": (after.pss_kb - before.pss_kb) / up if up else None,
            "descriptors_before": open_before,
            "descriptors_after": open_after,
            "descriptors_per_call": (sum(open_after.values()) - sum(open_before.values())) / up
            if up
            else None,
        }
        self._hang_up(phones, sip)
        record["left_up"] = len(self._up)
        sip.close()
        media.close()
        return record

    def _hang_up(self, phones: Phones, sip: SipSocket) -> None:
        started = time.monotonic()
        for place, row in enumerate(sorted(self._up)):
            self._turn(phones, sip, until=started + place / self.rate)
            phones.hang_up(row, time.monotonic())
        deadline = time.monotonic() + FAREWELL_S
        while self._up and time.monotonic() < deadline:
            self._turn(phones, sip, until=time.monotonic() + 0.1)

    def _turn(self, phones: Phones, sip: SipSocket, *, until: float) -> None:
        """Let the calls go on until then."""
        while True:
            now = time.monotonic()
            sip.turn(phones, now)
            for event in phones.events():
                if isinstance(event, Answered):
                    self._up.add(event.row)
                elif isinstance(event, Failed):
                    self._failures[event.status] = self._failures.get(event.status, 0) + 1
                elif isinstance(event, HungUp):
                    self._up.discard(event.row)
                    self._dropped += event.by_server
                    phones.forget(event.row)
            if now >= until:
                return
            select.select([sip], [], [], max(0.0, min(until, now + 0.1) - time.monotonic()))

"""A small name server on a loopback port, with a zone that tests write down, and with bad habits on demand."""

from __future__ import annotations

import asyncio
from collections import Counter
from types import TracebackType
from typing import Any, Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset


class NameServer(asyncio.DatagramProtocol):
    """Answers what is in `zone`: lines by name, such as `{"a.example": ["60 A 192.0.2.1"]}`."""

    def __init__(self, zone: dict[str, list[str]] | None = None) -> None:
        self.zone = zone or {}
        self.asked: Counter[str] = Counter()
        self.silent = False
        self.slow_s = 0.0
        self.rcode: int | None = None
        self.mangle: Any = None
        """A function of the answer's bytes."""
        self.address = ("", 0)
        self._transport: Any = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.address = self._transport.get_extra_info("sockname")[:2]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, peer: Any) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True), question.rdtype.name
        self.asked[f"{kind} {name}"] += 1
        if self.silent:
            return
        answer = self._answered(query, name, kind)
        if self.mangle is not None:
            answer = self.mangle(answer)
        if self.slow_s:
            asyncio.get_running_loop().call_later(self.slow_s, self._say, answer, peer)
        else:
            self._say(answer, peer)

    def _say(self, answer: bytes, peer: Any) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(answer, peer)

    def _answered(self, query: dns.message.Message, name: str, kind: str) -> bytes:
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        lines = self.zone.get(name)
        if self.rcode is not None:
            response.set_rcode(dns.rcode.Rcode(self.rcode))
        elif lines is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        self._add(response, name, kind)
        merged: dict[Any, dns.rrset.RRset] = {}
        for each in response.answer:
            merged.setdefault((each.name, each.rdtype), each).update(each)
        response.answer = list(merged.values())
        if not response.answer:
            apex = dns.name.from_text("example.")
            soa = "ns.example. me.example. 1 3600 600 86400 30"
            response.authority.append(dns.rrset.from_text(apex, 30, "IN", "SOA", soa))
        return response.to_wire()

    def _add(self, response: dns.message.Message, name: str, kind: str) -> None:
        for line in self.zone.get(name, ()):
            ttl, type_, data = line.split(None, 2)
            if type_ in {kind, "CNAME"}:
                response.answer.append(dns.rrset.from_text(name + ".", int(ttl), "IN", type_, data))
            if type_ == "CNAME":
                self._add(response, data.rstrip("."), kind)

"""The edge that asks the DNS: a SIP URI in, servers in their order out (`sip.locating` knows what to ask).

Who is asked, in this order:

    /etc/hosts      what stands there holds, as everywhere on the machine, and its names are hosts: no NAPTR or SRV is
                    asked of them. It is read by ourselves, since the system's resolver tells neither where an answer
                    came from nor how long it holds
    the cache       while an answer is fresh
    name servers    of the configuration, or of /etc/resolv.conf, which is read again when it has changed
    the system      (getaddrinfo) last, for addresses that the system's own name servers do not know: mDNS, search domains
                    and whatever else nsswitch.conf has. Last, because it blocks a thread and can be hurried by nobody

A question is waited for at most `QUESTION_S`; what is not there by then is taken from what was known before, up to an
hour old, or left out. The asking goes on behind and fills the cache. So three rounds of questions end within
`LOOK_UP_S` whatever the name servers do, and a name that was known yesterday at noon and is asked every minute does not
notice that they are down.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.nameserver
import dns.resolver

from bridge.health import Health
from bridge.hosts_file import HostsFile
from bridge.name_cache import NOTHING_MAX_S, NameCache
from sip.locating import ADDRESSES, HostAddress, Kind, Locating, Naptr, Question, Record, Srv, Target
from sip.uri import Uri

if TYPE_CHECKING:
    from dns.rdata import Rdata

LOOK_UP_S: Final = 5.0
"""A name that is not found by then is not to be called: whoever waits has waited long enough."""
QUESTION_S: Final = 1.6
"""How long one question is waited for: NAPTR, SRV and addresses one after the other stay within `LOOK_UP_S`."""
SERVER_S: Final = 0.7
"""How long one name server is waited for before the next is asked: two within `QUESTION_S`."""
SYSTEM_TTL_S: Final = 60.0
"""How long an answer of getaddrinfo holds, which does not say it itself."""
QUESTIONS_MAX: Final = 256
"""Questions asked at once. Above it: as if nobody answered. Trunks and allowed hosts are some dozens; a blast asks once."""

RESOLV_CONF: Final = Path("/etc/resolv.conf")


class Found(NamedTuple):
    """What a URI leads to."""

    targets: tuple[Target, ...]
    """The first to be tried first; those that failed lately come last."""
    why: str
    """Why there are none."""


class Resolver:
    """Finds servers. `health` is told by whoever tries them."""

    def __init__(
        self,
        *,
        transports: Sequence[str],
        versions: Sequence[int],
        now: Callable[[], float],
        entropy: Callable[[int], bytes],
        servers: Sequence[tuple[str, int]] = (),
        hosts: HostsFile | None = None,
    ) -> None:
        """`transports` and IP `versions` are those we can use, what we like best first; without `servers` the system's."""
        self.health = Health()
        self.counters: Counter[str] = Counter()
        """Questions by what became of them."""
        self._transports = tuple(transports)
        self._versions = tuple(versions)
        self._now = now
        self._entropy = entropy
        self._servers = tuple(servers)
        self._hosts = hosts or HostsFile()
        self._cache = NameCache()
        self._asking: dict[Question, asyncio.Task[tuple[Record, ...] | None]] = {}
        self._asker: dns.asyncresolver.Resolver | None = None
        self._asker_of = -1
        """The state of /etc/resolv.conf that `_asker` was made from."""

    def known(self, uri: Uri) -> Found | None:
        """The servers, where they can be said at once; None where somebody has to be asked."""
        locating = self._locating(uri)
        while not locating.done:
            for question in locating.questions():
                records = self._at_hand(question)
                if records is None:
                    return None
                locating.answered(question, records)
        return self._found(locating)

    async def locate(self, uri: Uri) -> Found:
        """The servers, within `LOOK_UP_S`."""
        locating = self._locating(uri)
        until = self._now() + LOOK_UP_S
        silent = False
        while not locating.done:
            questions = locating.questions()
            tasks = {
                question: self._ask(question) for question in questions if self._at_hand(question) is None
            }
            waiting = [task for task in tasks.values() if task is not None]
            if waiting:
                await asyncio.wait(waiting, timeout=min(QUESTION_S, max(0.0, until - self._now())))
            for question in questions:
                records = self._at_hand(question)
                if records is None:
                    records = self._cache.stale(question, self._now())
                    self.counters["stale" if records is not None else "unanswered"] += 1
                    silent = silent or records is None
                locating.answered(question, records or ())
        found = self._found(locating)
        if silent and not found.targets:
            return Found((), "no answer from the name servers")
        return found

    def close(self) -> None:
        """Ask nothing more."""
        for task in self._asking.values():
            task.cancel()

    def _locating(self, uri: Uri) -> Locating:
        return Locating(uri, transports=self._transports, versions=self._versions, entropy=self._entropy)

    def _found(self, locating: Locating) -> Found:
        return Found(tuple(self.health.in_order(locating.targets(), self._now())), locating.why)

    # One question

    def _at_hand(self, question: Question) -> tuple[Record, ...] | None:
        """The answer that needs nobody."""
        host = question.name
        while host.startswith("_"):  # _sip._udp.example.com is asked about example.com
            host = host.partition(".")[2]
        listed = self._hosts.addresses(host)
        if listed:
            return tuple([HostAddress(each) for each in listed if _kind(each) is question.kind])
        return self._cache.fresh(question, self._now())

    def _ask(self, question: Question) -> asyncio.Task[tuple[Record, ...] | None] | None:
        """Have it asked, once for all who want to know; None where that is of no use."""
        task = self._asking.get(question)
        if task is None:
            if self._cache.is_silent(question, self._now()) or len(self._asking) >= QUESTIONS_MAX:
                return None
            task = asyncio.ensure_future(self._answer(question))
            self._asking[question] = task
            task.add_done_callback(lambda _: self._asking.pop(question, None))
        return task

    async def _answer(self, question: Question) -> tuple[Record, ...] | None:
        """Ask, and keep what is answered; None where nobody answers."""
        answer = await self._of_servers(question)
        if not (answer and answer[0]) and not self._servers and question.kind in ADDRESSES.values():
            system = await self._of_system(question)
            answer = (system, SYSTEM_TTL_S) if system else answer
        if answer is None:
            self.counters["failed"] += 1
            self._cache.unanswered(question, self._now())
            return None
        self.counters["answered"] += 1
        self._cache.keep(question, *answer, self._now())
        return answer[0]

    async def _of_servers(self, question: Question) -> tuple[tuple[Record, ...], float] | None:
        """What name servers say, and for how long; None where they say nothing."""
        asker = self._by_whom()
        if asker is None:
            return None
        try:
            name = dns.name.from_text(question.name)  # absolute: search domains are the system's business
        except dns.exception.DNSException:
            return (), NOTHING_MAX_S  # it cannot be a name: a label too long
        try:
            answer = await asker.resolve(
                name, question.kind.value, lifetime=LOOK_UP_S, raise_on_no_answer=False, search=False
            )
        except dns.resolver.NXDOMAIN as error:
            return (), _ttl_of_nothing(error)
        except (dns.exception.DNSException, OSError, UnicodeError, EOFError):
            return None
        records = [_record(each) for each in answer.rrset or ()]
        return tuple(records), float(answer.chaining_result.minimum_ttl)

    async def _of_system(self, question: Question) -> tuple[Record, ...]:
        family = socket.AF_INET6 if question.kind is Kind.AAAA else socket.AF_INET
        try:
            async with asyncio.timeout(LOOK_UP_S):
                found = await asyncio.get_running_loop().getaddrinfo(
                    question.name, None, family=family, type=socket.SOCK_DGRAM
                )
        except (
            TimeoutError,
            OSError,
            UnicodeError,
        ):  # the last for a name that cannot be one: a label too long
            return ()
        return tuple([HostAddress(str(entry[4][0])) for entry in found if "%" not in str(entry[4][0])])

    def _by_whom(self) -> dns.asyncresolver.Resolver | None:
        """Who asks; None where the machine names no name server."""
        if self._servers:
            if self._asker is None:
                self._asker = dns.asyncresolver.Resolver(configure=False)
                self._asker.nameservers = [dns.nameserver.Do53Nameserver(*each) for each in self._servers]
                self._asker.timeout = SERVER_S
            return self._asker
        try:
            changed = RESOLV_CONF.stat().st_mtime_ns
            if changed != self._asker_of:
                self._asker, self._asker_of = dns.asyncresolver.Resolver(str(RESOLV_CONF)), changed
                self._asker.timeout = SERVER_S
        except (OSError, dns.exception.DNSException):
            return None
        return self._asker


def _kind(address: str) -> Kind:
    return Kind.AAAA if ":" in address else Kind.A


def _ttl_of_nothing(error: dns.resolver.NXDOMAIN) -> float:
    """How long a name that does not exist does not exist (RFC 2308 section 5)."""
    told: Any = error
    for response in told.responses().values():
        if isinstance(response, dns.message.QueryMessage):
            return float(response.resolve_chaining().minimum_ttl)
    return 0.0


def _record(found: Rdata) -> Record:
    """What dnspython has read, in our words."""
    data: Any = found
    if found.rdtype.name == "NAPTR":
        return Naptr(
            data.order,
            data.preference,
            data.flags.decode("latin-1"),
            data.service.decode("latin-1"),
            _text(data.replacement),
        )
    if found.rdtype.name == "SRV":
        return Srv(data.priority, data.weight, data.port, _text(data.target))
    return HostAddress(data.address)


def _text(name: dns.name.Name) -> str:
    """A name without its last dot; the root is nothing."""
    return "" if name == dns.name.root else name.to_text(omit_final_dot=True).lower()

"""Where a SIP URI leads (RFC 3263): the questions for the DNS, and from its answers the servers to try, in order.

Theory of operation. A `Locating` is fed one URI. It says which `questions()` are open; whoever can ask brings each answer
back by `answered`, in any order, with no records where there are none or where nobody answered in time. When `done`, the
`targets()` are there. Nothing is asked that need not be:

    the host is numeric                   no question at all                                    4.2
    a port is said                        addresses                                             4.2
    a transport is said, no port          SRV of that transport; without any, addresses         4.2
    neither                               NAPTR; without any, SRV of each transport that we
                                          speak; without any, addresses                         4.1

Among the servers of an SRV answer the lower priority comes first, and equals in a random order by weight (RFC 2782): the
random is `entropy`, an argument. What the DNS answers is somebody else's word, so everything is bounded: records that are
looked at, names that are asked for, targets that come out. What is beyond a bound comes too late to be tried anyhow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address
from typing import Final

from sip.flow import SIP_PORT
from sip.uri import Uri

SIPS_PORT: Final = 5061
"""The port of TLS where none is said (RFC 3261 19.1.2)."""

PORTS: Final = {"udp": SIP_PORT, "tcp": SIP_PORT, "tls": SIPS_PORT, "ws": 80, "wss": 443}
"""The default port of each transport (RFC 3261 19.1.2, RFC 7118 5.2.2)."""

SERVICES: Final = {
    "SIP+D2U": "udp",
    "SIP+D2T": "tcp",
    "SIPS+D2T": "tls",
    "SIP+D2W": "ws",
    "SIPS+D2W": "wss",
}
"""What a NAPTR record's service means (RFC 3263 4.1, RFC 7118 5.4)."""

SRV_NAMES: Final = {
    "udp": "_sip._udp",
    "tcp": "_sip._tcp",
    "tls": "_sips._tcp",
    "ws": "_sip._ws",
    "wss": "_sips._ws",
}
"""What is put before the domain (RFC 3263 4.1, RFC 7118 5.4)."""

SECURE: Final = {"tcp": "tls", "tls": "tls", "ws": "wss", "wss": "wss"}
"""What a `sips` URI makes of a transport. UDP is not among them: there is no TLS over it."""

RECORDS_MAX: Final = 32
"""Records of one answer that are looked at. Carriers publish two to eight; the rest of a longer answer is left."""
NAMES_MAX: Final = 16
"""Host names whose addresses are asked for. Servers beyond are left out: sixteen that fail take a minute already."""
TARGETS_MAX: Final = 16
"""Targets that come out. At four seconds each (`FAIL_OVER_S`) nobody waits for a seventeenth."""


class Kind(Enum):
    """The type of a record."""

    NAPTR = "NAPTR"
    SRV = "SRV"
    A = "A"
    AAAA = "AAAA"


ADDRESSES: Final = {4: Kind.A, 6: Kind.AAAA}
"""The type of an address by its IP version."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the DNS is to be asked. `name` has no dot at its end."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Naptr:
    """RFC 3403 section 4. The regular expression is left out: SIP does not use it (RFC 3263 4.1)."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Srv:
    """RFC 2782."""

    priority: int
    weight: int
    port: int
    target: str
    """"": the service is decidedly not there (a target of ".")."""


@dataclass(frozen=True, slots=True)
class HostAddress:
    """An A or AAAA record."""

    address: str


Record = Naptr | Srv | HostAddress


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """A server to try."""

    transport: str
    host: str
    """Numeric."""
    port: int
    name: str
    """The domain that was asked for, which a certificate must name (RFC 5922 section 7.1); the host where it was numeric."""


@dataclass(frozen=True, slots=True)
class _Service:
    """A place in the order of what is tried: servers by SRV, or one host."""

    transport: str
    question: Question | None
    """None: a host, `host`, without SRV."""
    host: str = ""
    port: int = 0
    """0: the transport's own."""


class Locating:
    """Finds the servers behind one URI. Holds nothing beyond it."""

    __slots__ = (
        "_answers",
        "_asked",
        "_domain",
        "_draw",
        "_open",
        "_ordered",
        "_secure",
        "_services",
        "_targets",
        "_transports",
        "_versions",
        "why",
    )

    def __init__(
        self,
        uri: Uri,
        *,
        transports: Sequence[str],
        entropy: Callable[[int], bytes],
        versions: Sequence[int] = (4, 6),
    ) -> None:
        """`transports` and IP `versions` are those we can use, what we like best first."""
        self.why = ""
        """Why there is no target, once done; "" where there are some."""
        self._transports = tuple(transports)
        self._versions = tuple(versions)
        self._secure = uri.scheme == "sips"
        self._domain = uri.host.rstrip(".")
        self._draw = entropy
        self._open: list[Question] = []
        self._asked: set[Question] = set()
        self._answers: dict[Question, tuple[Record, ...]] = {}
        self._services: list[_Service] = []
        self._ordered: dict[Question, list[Srv]] = {}
        self._targets: list[Target] | None = None
        if uri.scheme not in {"sip", "sips"} or not self._domain:
            self._none(f"{uri.scheme} says no host")
        else:
            self._begin(uri)

    # What the owner sees

    def questions(self) -> list[Question]:
        """What is to be asked now; each is given once."""
        wanted, self._open = self._open, []
        return wanted

    def answered(self, question: Question, records: Sequence[Record]) -> None:
        """Take an answer; none where there are no such records, or nobody to say so. What was not asked is ignored."""
        if question not in self._asked or question in self._answers or self._targets is not None:
            return
        self._answers[question] = tuple(records[:RECORDS_MAX])
        if question.kind is Kind.NAPTR:
            self._choose_services(question)
        self._step()

    @property
    def done(self) -> bool:
        return self._targets is not None

    def targets(self) -> list[Target]:
        """The servers, the first to be tried first; empty before `done`, and where there are none."""
        return list(self._targets or ())

    # How it goes

    def _begin(self, uri: Uri) -> None:
        said = (uri.parameter("transport") or "").lower()
        transport = self._transport(said)
        if said and transport is None:
            self._none(f"{said} is no transport of ours" + (" for sips" if self._secure else ""))
            return
        numeric = _is_numeric(self._domain)
        if transport is None and (numeric or uri.port is not None):
            # 4.1: UDP for sip and TLS for sips, whatever else we speak; where we do not, what we like best.
            usual = "tls" if self._secure else "udp"
            transport = usual if usual in self._transports else next(iter(self._usable()), None)
            if transport is None:
                self._none("no transport of ours leads there")
                return
        if numeric:
            self._numeric(transport or "", uri.port)
        elif transport is not None and uri.port is not None:
            self._services = [_Service(transport, None, self._domain, uri.port)]
            self._step()
        elif transport is not None:
            self._by_srv([transport])
        elif not self._usable():
            self._none("no transport of ours leads there")
        else:
            self._ask(Question(self._domain, Kind.NAPTR))

    def _numeric(self, transport: str, port: int | None) -> None:
        version = ip_address(self._domain).version
        if version not in self._versions:
            self._none(f"we have no address of IP version {version}")
        else:
            self._targets = [Target(transport, self._domain, port or PORTS[transport], self._domain)]

    def _transport(self, said: str) -> str | None:
        """The transport that is meant by the URI's parameter; None where there is none, or none of ours."""
        meant = SECURE.get(said) if self._secure else said
        return meant if meant in self._transports and meant in PORTS else None

    def _usable(self) -> list[str]:
        """Our transports that may carry this URI, what we like best first."""
        return [
            each
            for each in self._transports
            if each in PORTS and (not self._secure or each in {"tls", "wss"})
        ]

    def _choose_services(self, question: Question) -> None:
        """Take the NAPTR records that lead to a transport of ours, in their order (RFC 3263 4.1)."""
        usable = self._usable()
        found = [
            (each, SERVICES[each.service.upper()])
            for each in self._answers[question]
            if isinstance(each, Naptr)
            and SERVICES.get(each.service.upper()) in usable
            and each.flags.lower() in {"s", "a"}
            and each.replacement
        ]
        found.sort(key=lambda entry: (entry[0].order, entry[0].preference))
        for record, transport in found:
            if record.flags.lower() == "s":
                asked = Question(record.replacement, Kind.SRV)
                self._services.append(_Service(transport, asked))
                self._ask(asked)
            else:
                self._services.append(_Service(transport, None, record.replacement))
        if not found:
            self._by_srv(usable)

    def _by_srv(self, transports: Sequence[str]) -> None:
        for transport in transports:
            asked = Question(f"{SRV_NAMES[transport]}.{self._domain}", Kind.SRV)
            self._services.append(_Service(transport, asked))
            self._ask(asked)

    def _step(self) -> None:
        """Go on, once all that was asked is answered."""
        if any(question not in self._answers for question in self._asked):
            return
        hosts = self._hosts()
        if not hosts:
            if any(self._records(service) for service in self._services):
                self._none(f"{self._domain} offers no such service")  # RFC 2782: a target of "."
                return
            if self._only_a_host():
                self._none(f"{self._domain} has no address that we can use")
                return
            # 4.2: no SRV records at all, so the domain is a host; by the transport that was said, or the usual one.
            transport = self._services[0].transport
            if len(self._services) > 1:
                usual = "tls" if self._secure else "udp"
                transport = usual if usual in self._usable() else transport
            self._services = [_Service(transport, None, self._domain)]
            hosts = self._hosts()
        names = [name for name in dict.fromkeys(name for _, name, _ in hosts) if not _is_numeric(name)]
        for name in names[:NAMES_MAX]:
            for version in self._versions:
                self._ask(Question(name, ADDRESSES[version]))
        if all(question in self._answers for question in self._asked):
            self._finish(hosts)

    def _only_a_host(self) -> bool:
        return all(service.question is None for service in self._services)

    def _hosts(self) -> list[tuple[str, str, int]]:
        """Transport, host and port of each server, in order."""
        found: list[tuple[str, str, int]] = []
        for service in self._services:
            port = service.port or PORTS[service.transport]
            if service.question is None:
                found.append((service.transport, service.host, port))
            else:
                found += [(service.transport, each.target, each.port) for each in self._in_order(service)]
        return found

    def _records(self, service: _Service) -> list[Srv]:
        if service.question is None:
            return []
        return [each for each in self._answers.get(service.question, ()) if isinstance(each, Srv)]

    def _in_order(self, service: _Service) -> list[Srv]:
        """The servers of an SRV answer. The dice are thrown once: the order stays while addresses are asked for."""
        assert service.question is not None
        if service.question not in self._ordered:
            usable = [each for each in self._records(service) if each.target and 0 < each.port < 65536]
            self._ordered[service.question] = in_order(usable, self._draw)
        return self._ordered[service.question]

    def _finish(self, hosts: list[tuple[str, str, int]]) -> None:
        found: dict[Target, None] = {}
        for transport, host, port in hosts:
            for address in self._addresses(host):
                found[Target(transport, address, port, self._domain)] = None
        self._targets = list(found)[:TARGETS_MAX]
        if not self._targets:
            self.why = f"{self._domain} has no address that we can use"

    def _addresses(self, host: str) -> list[str]:
        if _is_numeric(host):  # against RFC 2782, and seen in the wild
            return [host] if ip_address(host).version in self._versions else []
        return [
            record.address
            for version in self._versions
            for record in self._answers.get(Question(host, ADDRESSES[version]), ())
            if isinstance(record, HostAddress) and _is_numeric(record.address)
        ]

    def _ask(self, question: Question) -> None:
        if question not in self._asked:
            self._asked.add(question)
            self._open.append(question)

    def _none(self, why: str) -> None:
        self._targets = []
        self.why = why


def in_order(records: Sequence[Srv], entropy: Callable[[int], bytes]) -> list[Srv]:
    """SRV records as they are to be tried (RFC 2782): by priority, and equals drawn one by one by their weight."""
    found: list[Srv] = []
    for priority in sorted({each.priority for each in records}):
        left = sorted(
            (each for each in records if each.priority == priority), key=lambda each: each.weight > 0
        )
        while left:
            chosen = _drawn(left, int.from_bytes(entropy(4), "big"))
            found.append(chosen)
            left.remove(chosen)
    return found


def _drawn(left: Sequence[Srv], dice: int) -> Srv:
    """The first whose running sum of weights reaches a number "between 0 and the sum"; those without weight stand first."""
    number = dice % (sum(each.weight for each in left) + 1)
    running = 0
    for each in left:
        running += each.weight
        if running >= number:
            return each
    return left[-1]


def _is_numeric(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True

"""The gate against strangers and floods: who is dropped unread, who is refused, who is banned for a time.

Theory of operation
-------------------
Every source (`sip.sources`) is exempt, vouched for, or a stranger. `admits` looks at bytes before they are parsed, in the
order of what each look costs: was the source ever heard of, is it banned, does a scanner say its name, how much comes.
`judge` looks at new requests outside dialogs: can the machine take more (`sip.shedding`), how many come, and what for.
What belongs to a call that is up always passes. `acknowledged` is told who has shown that answers of ours reach them.

Addresses may be forged on UDP. Hence two rules. No stranger can shut out who matters: exempt and vouched sources are never
banned, and a ban for datagrams does not hold for connections (`sip.bans`). And a flood from invented addresses costs
little: then who is new must knock twice (`sip.sources`).

Everything kept per source lives in tables of fixed size, so memory is flat whatever comes. What was dropped or refused is
counted by reason (`counters`); what an operator should hear of is told once (`events`).
"""

from __future__ import annotations

import zlib
from collections import Counter, deque
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from sip.allowance import Allowance
from sip.bans import POINTS, POINTS_FORGIVEN_PER_S, POINTS_MAX, POINTS_OTHERWISE, Ban, Bans
from sip.gate import PASS, PASS_DOUBTFUL, Ignore, Judgement, Refuse
from sip.scanners import SCANNERS, Scanners
from sip.settings import METHODS
from sip.shedding import Level, Load, Shedding
from sip.sources import Limit, Source, Sources, source_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.flow import Flow
    from sip.message import Request

PIECES_FACTOR: Final = 4.0
"""A connection may bring so many pieces for each datagram: a message in a few segments is nobody's fault."""
DELAY_S: Final = 3.0
"""A stranger's refusal waits so long where it is to be delayed: guessing a thousand numbers takes most of an hour then."""
RETRY_AFTER_S: Final = (5, 15)
"""What who is turned away is asked to wait: spread, so that they do not all come back together."""
TOLD_MAX: Final = 1000
"""Events that may wait to be fetched; of a longer storm the first are forgotten."""
NAMES_SOMEBODY: Final = frozenset({"INVITE", "MESSAGE", "SUBSCRIBE", "REFER"})
"""Methods whose Request-URI names somebody here. REGISTER names a domain, and digest answers it alike for all users, those
there are and those there are not."""


class Strangers(Enum):
    """What strangers get who ask for what there is not."""

    ANSWER = "answer"
    """The truth, at once: 404, 405."""
    DELAY = "delay"
    """403 after a pause, whatever was wrong."""
    SILENT = "silent"
    """Nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSettings:
    """Settings of one `Guard`. Rates are of a stranger's source: so many a second, so many at once; 0 is no limit."""

    strangers: Strangers = Strangers.ANSWER
    datagrams: tuple[float, float] = (500, 2000)
    requests: tuple[float, float] = (50, 200)
    """New requests outside dialogs, of any method."""
    invites: tuple[float, float] = (20, 100)
    registers: tuple[float, float] = (20, 200)
    ban_s: float = 60.0
    """The first ban of a source; 0 bans nobody."""
    ban_longest_s: float = 86_400.0
    scanners: tuple[str, ...] = SCANNERS
    served: tuple[str, ...] = ()
    """Methods beyond `sip.settings.METHODS` that are served, as in `AgentSettings`."""


@dataclass(frozen=True, slots=True)
class Spared:
    """A vouched source has done what others are banned for."""

    source: str
    why: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """The machine is pressed more or less than before."""

    level: Level
    pressure: float


Told = Ban | Spared | Pressed


class Guard:
    """A `sip.gate.Gate`.

    Parameters
    ----------
    is_exempt : callable
        Whether an address is a trunk's, or in a network that is trusted. It is asked again every few seconds.
    serves : callable
        Whether there is anything under a name that a request asks for (the user part of its URI) from an address.
    """

    def __init__(
        self,
        settings: GuardSettings,
        *,
        is_exempt: Callable[[str], bool] = lambda _host: False,
        serves: Callable[[str, str], bool] = lambda _user, _host: True,
    ) -> None:
        self._settings = settings
        self._serves = serves
        self._methods = frozenset((*METHODS, *settings.served))
        self._scanners = Scanners(settings.scanners)
        self._sources = Sources(is_exempt)
        self._bans = Bans(settings.ban_s, settings.ban_longest_s)
        self._shedding = Shedding()
        datagrams, at_once = settings.datagrams
        self._datagrams = Limit(datagrams, at_once)
        self._pieces = Limit(datagrams * PIECES_FACTOR, at_once * PIECES_FACTOR)
        self._requests = Limit(*settings.requests)
        self._invites = Limit(*settings.invites)
        self._registers = Limit(*settings.registers)
        self._guilt = Allowance(POINTS_FORGIVEN_PER_S, POINTS_MAX)
        self._told: deque[Told] = deque(maxlen=TOLD_MAX)
        self.counters: Counter[str] = Counter()
        """What was dropped, refused and noticed, by reason."""
        self.draining = False
        """No new calls: OPTIONS of strangers is left to the agent, which says so."""

    # What the agent asks

    def admits(self, flow: Flow, data: bytes, now: float) -> bool:
        """Whether these bytes are read."""
        source = self._sources.knocking(flow, now)
        if source is None:
            self.counters["dropped:must knock twice"] += 1
            return False
        if source.exempt:
            return True
        datagram = not flow.reliable
        if now >= source.vouched_until and self._bans.holds(source.name, now, datagram=datagram):
            self.counters["dropped:banned"] += 1
            return False
        if self._scanners.sent(data):
            self.counters["dropped:scanner"] += 1
            self._charge(source, flow, "scanner", now)
            return False
        used = (self._datagrams if datagram else self._pieces).take(source, source.arrivals, now)
        if used is None:
            self.counters["dropped:too fast"] += 1
            self._charge(source, flow, "too fast", now)
            return False
        source.arrivals = used
        return True

    def judge(self, request: Request, flow: Flow, now: float, *, inside: bool) -> Judgement:
        """What becomes of a new request."""
        if inside:
            return PASS
        source = self._sources.of(flow, now)
        known = source.is_known(now)
        real = flow.reliable or source.is_real(now)
        if self._shedding.refuses(request.method, known=known, real=real):
            self.counters["refused:pressed"] += 1
            return _later(request)
        if source.exempt:
            return PASS
        if not self._in_rate(source, request.method, now):
            self.counters["refused:too many requests"] += 1
            self._charge(source, flow, "too fast", now)
            # Where the address may be forged we say nothing, lest its owner be flooded by us; a telephone asks again.
            return _later(request) if known or flow.reliable else Ignore("too many requests")
        if known:
            return PASS
        judgement = self._stranger(request, source, flow, now)
        return judgement if real or judgement is not PASS else PASS_DOUBTFUL

    def noticed(self, flow: Flow, what: str, now: float) -> None:
        """Somebody did what honest telephones seldom do."""
        self.counters[f"noticed:{what}"] += 1
        source = self._sources.of(flow, now)
        if not source.exempt:
            self._charge(source, flow, what, now)

    def acknowledged(self, flow: Flow, now: float) -> None:
        """Somebody at the far end of a flow has got an answer of ours there."""
        self._sources.acknowledged(flow, now)

    # What the edge tells and asks

    def vouch(self, flow: Flow, now: float) -> None:
        """Somebody at the far end of a flow has proved who they are."""
        self._bans.pardon(self._sources.vouch(flow, now).name)

    def measure(self, load: Load, now: float) -> None:
        """Take how pressed the machine is; to be told several times a second."""
        if self._shedding.measure(load, now):
            self._told.append(Pressed(self._shedding.level, self._shedding.pressure))

    @property
    def level(self) -> Level:
        """How pressed the machine is."""
        return self._shedding.level

    @property
    def dropped(self) -> int:
        """How much was dropped unread."""
        return sum(count for name, count in self.counters.items() if name.startswith("dropped:"))

    @property
    def sources(self) -> int:
        """Sources remembered."""
        return len(self._sources)

    def bans(self, now: float) -> list[Ban]:
        """Who is banned, the longest first."""
        return self._bans.listed(now)

    def lift(self, source: str, now: float) -> bool:
        """Let a source in again; False where it was not banned. Any address stands for its source, too."""
        name = source if "/" in source else source_of(source)
        self._sources.forget(name)
        return self._bans.lift(name, now)

    def events(self) -> list[Told]:
        """What an operator should hear of, oldest first; each is told once."""
        told = list(self._told)
        self._told.clear()
        return told

    # Requests

    def _in_rate(self, source: Source, method: str, now: float) -> bool:
        requests = self._requests.take(source, source.requests, now)
        if requests is None:
            return False
        if method == "INVITE":
            invites = self._invites.take(source, source.invites, now)
            if invites is None:
                return False
            source.invites = invites
        elif method == "REGISTER":
            registers = self._registers.take(source, source.registers, now)
            if registers is None:
                return False
            source.registers = registers
        source.requests = requests
        return True

    def _stranger(self, request: Request, source: Source, flow: Flow, now: float) -> Judgement:
        method = request.method
        honest = self._settings.strangers is Strangers.ANSWER
        if method == "REGISTER":
            self._charge(source, flow, "unproved registration", now)
        if method == "OPTIONS":
            if not honest:
                return self._turned_away("stranger's OPTIONS")
            # A bare 200 keeps a way through a NAT open and tells nothing of what we are; RFC 3261 11.2 only wishes for more.
            return PASS if self.draining else Refuse(200)
        if method not in self._methods:
            if honest:
                return PASS  # the agent has the true answer, and notices it
            self._charge(source, flow, "unknown method", now)
            return self._turned_away("unknown method")
        if method in NAMES_SOMEBODY and not self._serves(request.uri.decoded_user, flow.remote[0]):
            self._charge(source, flow, "unknown number", now)
            return self._turned_away("unknown number")
        return PASS

    def _turned_away(self, why: str) -> Judgement:
        if self._settings.strangers is Strangers.SILENT:
            self.counters[f"ignored:{why}"] += 1
            return Ignore(why)
        self.counters[f"refused:{why}"] += 1
        if self._settings.strangers is Strangers.DELAY:
            return Refuse(403, after_s=DELAY_S)
        # Here and not above: what is kept of a call would repeat the answer for 32 s to whoever was named as its sender.
        return Refuse(404)

    def _charge(self, source: Source, flow: Flow, what: str, now: float) -> None:
        """Write points down; who has too many is banned."""
        guilt = self._guilt.take(source.guilt, now, POINTS.get(what, POINTS_OTHERWISE))
        if guilt is not None:
            source.guilt = guilt
            return
        source.guilt = 0.0
        if now < source.vouched_until:
            self._told.append(Spared(source.name, what))
        elif self._settings.ban_s:
            self.counters["bans"] += 1
            self._told.append(self._bans.ban(source.name, what, now, datagrams_only=not flow.reliable))


def _later(request: Request) -> Refuse:
    low, high = RETRY_AFTER_S
    spread = zlib.crc32(request.call_id.encode("utf-8", "surrogateescape")) % (high - low + 1)
    return Refuse(503, (("Retry-After", str(low + spread)),))

"""One call to several places at once (RFC 3261 16.7, as the one who calls): who answers first has it.

Each place has an INVITE of its own, with an offer of its own, in a call of its own (`placing`); their user sees one, by a handle
that is none of theirs. What they say is told so:

    it rings somewhere       CallRinging, each time; no early media, for nobody could say whose it is, nor a change of it: an
                             UPDATE with an offer is to come again later
    somebody answers         CallAnswered, and which; that call has the handle from now on, and the others are cancelled with
                             the reason that RFC 3326 has for it, so that no telephone shows a call missed
    somebody answers, too    acknowledged and hung up, as any 2xx that crosses a CANCEL (`placing`)
    6xx                      is meant for all: the others are cancelled
    all have refused         CallEnded, with the best of what they said

Best is, as for a proxy, a 6xx, else one of the lowest class (16.7 step 6). A proxy then prefers what tells how to ask again; we
shall not, so of one class it is what says most of the person: busy before not there, and what tells of the way alone comes last.
For the same reason 3xx is no better than that: one telephone that is sent elsewhere does not make another one less busy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from sip import placing
from sip.errors import LocalError
from sip.events import CallAnswered, CallEnded, CallRinging, EndCause
from sip.session import Input

if TYPE_CHECKING:
    from sip.core import Core
    from sip.headers import Address
    from sip.pending import Way
    from sip.session import Session
    from sip.uri import Uri

BRANCHES_MAX: Final = 10
"""Places that are called at once: as many as an account has telephones (`RegistrarSettings.contacts_max`). A call with more is a
LocalError: each costs an INVITE, and a telephone that rings."""
GLOBAL: Final = 600
"""From this status on an answer is for all places (RFC 3261 21.6)."""
ELSEWHERE: Final = 'SIP;cause=200;text="Call completed elsewhere"'
REFUSED_FOR_ALL: Final = 'SIP;cause={status};text="Refused elsewhere"'
WAY: Final = 3
TELLING: Final = {486: 0, 480: 1, 408: WAY, 430: WAY, 503: WAY}
"""Of one class, what is told of rather than others, the first before the last; those that are not here come third."""
UNTOLD: Final = 2


@dataclass(frozen=True, slots=True)
class Branch:
    """One of the places."""

    way: Way
    sdp: bytes = field(repr=False)
    """What is offered there."""


class Fork:
    """A call that is not answered yet."""

    __slots__ = ("_begun", "_best", "_core", "_early", "_ends", "_over", "call", "sessions")

    def __init__(self, core: Core, call: int) -> None:
        self._core = core
        self.call = call
        """The handle that its user knows."""
        self.sessions: list[Session] = []
        """By branch; those that have ended, too."""
        self._early: dict[int, bytes] = {}
        """What was said of the session before the answer, by call."""
        self._best: CallEnded | None = None
        self._ends: dict[int, int] = {}
        """The status that each place has ended with, by call."""
        self._begun = False
        self._over = False

    @property
    def call_id(self) -> str:
        """That of its first branch, as long as nobody has answered."""
        return self.sessions[0].dialog.call_id

    def begun(self) -> None:
        """All INVITEs are out; some may have met a closed door already."""
        self._begun = True
        self._end_if_all_have()

    # What a branch says

    def rings(self, event: CallRinging) -> None:
        """1xx."""
        if event.sdp is not None:
            self._early.setdefault(event.call, event.sdp)
        self._core.tell(CallRinging(self.call, event.status, None))

    def answered(self, event: CallAnswered, now: float) -> None:
        """2xx, the first one."""
        core, session = self._core, self._core.calls[event.call]
        self._over = True
        sdp = self._early.get(event.call) if event.sdp is None else event.sdp
        branch = self.sessions.index(session)
        del core.forks[self.call], core.calls[session.call]
        session.call = self.call
        core.calls[self.call] = session
        session.fork = None
        self._abandon(ELSEWHERE, now)
        core.tell(CallAnswered(self.call, sdp, branch, session.dialog.call_id))

    def ended(self, event: CallEnded) -> None:
        """It is over before anybody has answered it."""
        if self._over:
            return
        self._ends[event.call] = event.status
        if self._best is None or _rank(event) < _rank(self._best):
            self._best = event
        self._end_if_all_have()

    def refused(self, status: int, now: float) -> None:
        """The refusal that has just been told as an end is for all."""
        if status >= GLOBAL and not self._over:
            self._end()
            self._abandon(REFUSED_FOR_ALL.format(status=status), now)

    # What its user wants

    def hang_up(self, reason: str, cause: int, now: float) -> None:
        """Nobody is called any more."""
        self._over = True
        del self._core.forks[self.call]
        self._abandon(reason, now, cause)
        self._core.tell(CallEnded(self.call, EndCause.LOCAL, 0, reason))

    def _abandon(self, reason: str, now: float, cause: int = 0) -> None:
        for session in self.sessions:
            if session.fork is self and not session.told:
                placing.abandon(self._core, session, now, Input.HANG_UP, EndCause.LOCAL, reason, cause)

    def _end_if_all_have(self) -> None:
        if self._begun and not self._over and all(session.told for session in self.sessions):
            self._end()

    def _end(self) -> None:
        best = self._best
        assert best is not None
        self._over = True
        self._core.forks.pop(self.call, None)
        statuses = tuple([self._ends.get(session.call, 0) for session in self.sessions])
        self._core.tell(replace(best, call=self.call, statuses=statuses))


def invite(
    core: Core,
    uri: Uri,
    branches: Sequence[Branch],
    *,
    from_: Address,
    now: float,
    headers: Sequence[tuple[str, str]] = (),
    replaces: str = "",
    hurry: bool = False,
) -> Fork:
    """Call all at once; `uri` is for those whose way says none."""
    if not 0 < len(branches) <= BRANCHES_MAX:
        raise LocalError(f"{len(branches)} places are not called at once")
    core.last_call += 1
    fork = core.forks[core.last_call] = Fork(core, core.last_call)
    for branch in branches:
        session = placing.invite(
            core,
            branch.way.uri or uri,
            from_=from_,
            sdp=branch.sdp,
            ways=(branch.way,),
            now=now,
            headers=headers,
            replaces=replaces,
            hurry=hurry,
            fork=fork,
        )
        fork.sessions.append(session)
    fork.begun()
    return fork


def _rank(event: CallEnded) -> tuple[int, int]:
    """How good an end is to tell, the lowest best. One without a status is a way that broke."""
    status = event.status or 503
    if 300 <= status < 400:
        return 4, WAY
    return (0 if status >= GLOBAL else status // 100), TELLING.get(status, UNTOLD)

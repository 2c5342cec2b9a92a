"""The help desk: one queue of callers, and whose phone rings for whom (`*0`, O2, O3).

Theory of operation
-------------------
How an operator and a request may stand is in `states`; this file brings them together. After everything that happens,
`_match` pairs whoever waits longest with whoever has been idle longest, until one side runs out: first come, first
served, help and greetings in one queue. An operator whose phone does not answer is not rung for `REST_S`, and the caller
goes back to the old place in the queue, so that the next free operator gets the same caller.

A caller who has waited for `wait_s` is told that nobody is free, once. Who is in a room stays in the queue, since
nothing is lost by it; who is alone on the line (in the greeting, in the hall) is not kept there for ever: the request
ends, and their call goes on as the dialogue decides. A phone that rings for them just then is not hung up on: they are
told when it has rung in vain, so at the latest `wait_s + ring_s` after asking; a phone that somebody has taken at the
end of that time is waited for a little longer (`ACCEPT_S`).

An operator's phone may stay up between talks; then nothing rings and `Connect` comes at once.

There are dozens of operators at most, so they are simply looked through. Callers may be hundreds, and are not, but to
list them or to tell one who asks again their position: they are in order of time by themselves.
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING, Final

from bridge.helpdesk.effects import (
    Asked,
    Connect,
    Effect,
    NobodyFree,
    NotTaken,
    OperatorChanged,
    RingOperator,
    StopRinging,
    TellPosition,
    WhyNot,
    Withdrawn,
)
from bridge.helpdesk.events import (
    Ask,
    Busy,
    Event,
    OperatorAnswered,
    OperatorDone,
    OperatorFailed,
    PhoneTaken,
    SetAway,
    Take,
    TakeNext,
    Withdraw,
)
from bridge.helpdesk.model import HelpDeskError, Operator, OperatorRow, QueueRow, Request
from bridge.helpdesk.posts import Case, Post
from bridge.helpdesk.states import (
    OPERATOR,
    OperatorState,
    OperatorTurn,
    RequestState,
    RequestTurn,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

REST_S: Final = 60.0
"""An operator whose phone was busy, declined or not answered is not rung again for so long: they are at lunch or on
another line, and callers would wait through their ringing in vain. Who takes a request or says they are back is rung
before."""


ACCEPT_S: Final = 45.0
"""From taking the phone to pressing 1: what for is said twice, with the caller's name, and each time there are 8 s to find the
key (`dialogue.called`). The end is told before; this is for one that is not."""


class HelpDesk:
    """The queue and the operators. Tell it what happens, look at the time for it, and do what it wants."""

    __slots__ = ("_by_leg", "_cases", "_effects", "_impatient", "_last_id", "_posts", "_ring_s", "_wait_s")

    def __init__(self, operators: Sequence[Operator], ring_s: float, wait_s: float) -> None:
        """Open a desk; all operators are free.

        Parameters
        ----------
        operators
            In the order in which they are rung first.
        ring_s
            So long an operator's phone rings, more than 0.
        wait_s
            After so long a caller is told that nobody is free, 0 or more.

        Raises
        ------
        HelpDeskError
            Two operators have one name, or a time is out of its range.
        """
        if not 0 < ring_s < inf:
            raise HelpDeskError(f"ring_s is {ring_s}: it must be more than 0, and finite")
        if not 0 <= wait_s < inf:
            raise HelpDeskError(f"wait_s is {wait_s}: it must be 0 or more, and finite")
        self._posts = {operator.name: Post(operator) for operator in operators}
        if len(self._posts) < len(operators):
            raise HelpDeskError("two operators have one name")
        self._ring_s = ring_s
        self._wait_s = wait_s
        self._cases: dict[int, Case] = {}
        """Who waits or is offered, by id and so in order of time."""
        self._by_leg: dict[int, Case] = {}
        """The same, and who talks."""
        self._impatient: deque[Case] = deque()
        """Who has not been told yet that nobody is free, in order of time; some may have gone."""
        self._last_id = 0
        self._effects: list[Effect] = []

    def queue(self, now: float) -> tuple[QueueRow, ...]:
        """Who waits, the next one first (O3)."""
        return tuple(
            QueueRow(
                case.request.id,
                case.request.leg,
                case.request.kind,
                case.request.conference,
                case.request.caller,
                position,
                now - case.request.since,
                case.post.name if case.post is not None else None,
            )
            for position, case in enumerate(self._cases.values(), 1)
        )

    def find(self, request_id: int) -> Request | None:
        """Who waits under that number, be it that a phone rings for them."""
        case = self._cases.get(request_id)
        return None if case is None else case.request

    def operators(self) -> tuple[OperatorRow, ...]:
        """All operators as they stand."""
        return tuple(
            OperatorRow(
                post.name,
                post.state,
                post.since,
                post.case.request.id if post.case is not None else None,
                post.phone_up,
            )
            for post in self._posts.values()
        )

    def receive(self, event: Event, now: float) -> None:
        """Take note of what happened. What comes too late or for nobody changes nothing, but that a phone which is
        answered in vain is hung up.
        """
        match event:
            case Ask():
                self._ask(event, now)
            case Withdraw():
                self._withdraw(event.leg, now)
            case Take(name, request_id):
                self._take(name, self._cases.get(request_id), request_id, now)
            case TakeNext(name):
                self._take_next(name, now)
            case _:
                self._operator_event(event, now)
        self._match(now)

    def advance(self, now: float) -> None:
        """Do what is due: stop ringing in vain, tell who has waited too long, ring who has rested."""
        for post in self._posts.values():
            if post.rings_until <= now:
                post.rests_until = now + REST_S
                self._stop(post, now)
        self._match(now)
        while self._impatient and self._impatient[0].patient_until <= now:
            self._lose_patience(self._impatient.popleft())

    def next_deadline(self) -> float | None:
        """When `advance` has something to do, or None."""
        while self._impatient and self._impatient[0].request.id not in self._cases:
            self._impatient.popleft()
        moments = [post.rings_until for post in self._posts.values()]
        if self._impatient:
            moments.append(self._impatient[0].patient_until)
        if self._first_waiting() is not None:
            # Whoever is free and could be rung at once has been: those left are at rest.
            moments += [post.rests_until for post in self._posts.values() if post.state is OperatorState.FREE]
        deadline = min(moments, default=inf)
        return None if deadline == inf else deadline

    def outgoing(self) -> list[Effect]:
        """Take what is to be done, in order."""
        effects, self._effects = self._effects, []
        return effects

    def _ask(self, event: Ask, now: float) -> None:
        known = self._by_leg.get(event.leg)
        if known is not None:
            if known.request.id in self._cases:
                ahead = sum(each < known.request.id for each in self._cases)
                self._effects.append(TellPosition(event.leg, ahead + 1))
            return
        self._last_id += 1
        request = Request(self._last_id, event.leg, event.kind, event.conference, event.caller, now)
        case = Case(request, now + self._wait_s)
        self._cases[request.id] = self._by_leg[event.leg] = case
        self._impatient.append(case)
        self._effects += (Asked(request), TellPosition(event.leg, len(self._cases)))

    def _withdraw(self, leg: int, now: float) -> None:
        case = self._by_leg.pop(leg, None)
        if case is None or case.state is RequestState.CONNECTED:
            return  # a talk is over when `OperatorDone` says so
        if case.post is not None:
            self._stop(case.post, now, waits_on=False)
        self._end(case, RequestTurn.WITHDRAWN)
        self._effects.append(Withdrawn(case.request.id, leg))

    def _operator_event(
        self,
        event: PhoneTaken | OperatorAnswered | OperatorFailed | OperatorDone | Busy | SetAway,
        now: float,
    ) -> None:
        post = self._posts.get(event.name)
        if post is None:
            if isinstance(event, OperatorAnswered):
                self._effects.append(StopRinging(event.name, event.request_id))
            return
        match event:
            case PhoneTaken(_, request_id):
                self._taken(post, request_id, now)
            case OperatorAnswered(_, request_id):
                self._answered(post, request_id, now)
            case OperatorFailed(_, request_id) if post.has(request_id):
                if post.state is OperatorState.RINGING:
                    self._failed(post, now)
                else:
                    self._done(post, now, phone_up=False)
            case OperatorDone(_, phone_up) if post.state is not OperatorState.RINGING:
                self._done(post, now, phone_up=phone_up)
            case Busy():
                self._monitors(post, now)
            case SetAway(_, away):
                self._set_away(post, now, away=away)
            case _:
                pass

    def _taken(self, post: Post, request_id: int, now: float) -> None:
        if post.state is OperatorState.RINGING and post.has(request_id):
            post.rings_until = now + ACCEPT_S

    def _answered(self, post: Post, request_id: int, now: float) -> None:
        if not post.has(request_id):
            self._effects.append(StopRinging(post.name, request_id))
        elif post.state is OperatorState.RINGING and post.case is not None:
            self._connect(post, post.case, now)

    def _failed(self, post: Post, now: float) -> None:
        post.rests_until = now + REST_S
        self._put_back(post, now)

    def _done(self, post: Post, now: float, *, phone_up: bool) -> None:
        post.phone_up = phone_up
        self._forget_talk(post)
        if post.state in {OperatorState.TALKING, OperatorState.MONITORING}:
            self._step(post, OperatorTurn.DONE, now)
            post.idle_since = now
            self._leave_if_wanted(post, now)

    def _forget_talk(self, post: Post) -> None:
        case, post.case = post.case, None
        if case is not None and self._by_leg.get(case.request.leg) is case:
            del self._by_leg[case.request.leg]

    def _monitors(self, post: Post, now: float) -> None:
        if post.state is OperatorState.MONITORING:
            return
        if post.state is OperatorState.TALKING:
            self._forget_talk(post)
        self._stop(post, now)
        self._step(post, OperatorTurn.MONITORS, now)
        post.phone_up = True

    def _set_away(self, post: Post, now: float, *, away: bool) -> None:
        post.wants_away = away
        if away:
            self._stop(post, now)
            self._leave_if_wanted(post, now)
            return
        post.rests_until = -inf
        if post.state is OperatorState.AWAY:
            self._step(post, OperatorTurn.RETURNS, now)
            post.idle_since = now

    def _take(self, name: str, case: Case | None, request_id: int | None, now: float) -> None:
        post = self._posts.get(name)
        if post is None:
            self._effects.append(NotTaken(name, request_id, WhyNot.UNKNOWN_OPERATOR))
        elif post.state is OperatorState.TALKING:
            self._effects.append(NotTaken(name, request_id, WhyNot.TALKING))
        elif case is None:
            self._effects.append(NotTaken(name, request_id, WhyNot.NO_SUCH_REQUEST))
        elif case.post is not post:
            if case.post is not None:
                self._stop(case.post, now, waits_on=False)
            self._stop(post, now)
            self._offer(post, case, now)

    def _take_next(self, name: str, now: float) -> None:
        post = self._posts.get(name)
        if post is not None and post.state is OperatorState.RINGING:
            return  # the next one is who rings
        case = self._first_waiting() or next(iter(self._cases.values()), None)
        self._take(name, case, None, now)

    def _first_waiting(self) -> Case | None:
        return next((case for case in self._cases.values() if case.state is RequestState.WAITING), None)

    def _longest_idle(self, now: float) -> Post | None:
        free = (
            post
            for post in self._posts.values()
            if post.state is OperatorState.FREE and post.rests_until <= now
        )
        return min(free, key=lambda post: post.idle_since, default=None)

    def _match(self, now: float) -> None:
        while (case := self._first_waiting()) is not None and (post := self._longest_idle(now)) is not None:
            self._offer(post, case, now)

    def _offer(self, post: Post, case: Case, now: float) -> None:
        if post.phone_up:
            self._connect(post, case, now)
            return
        case.step(RequestTurn.OFFERED)
        case.post, post.case = post, case
        post.rings_until = now + self._ring_s
        self._effects.append(RingOperator(post.name, case.request.id))
        self._step(post, OperatorTurn.RUNG, now)

    def _connect(self, post: Post, case: Case, now: float) -> None:
        self._end(case, RequestTurn.CONNECTED)
        post.case = case
        post.phone_up = True
        post.rings_until = inf
        post.rests_until = -inf
        self._effects.append(Connect(post.name, case.request.leg, case.request.id))
        self._step(post, OperatorTurn.CONNECTED, now)

    def _stop(self, post: Post, now: float, *, waits_on: bool = True) -> None:
        """If this operator's phone rings, let it ring no longer. The caller waits on, or else goes, or is taken by
        another operator, in the same breath.
        """
        if post.case is not None and post.state is OperatorState.RINGING:
            self._effects.append(StopRinging(post.name, post.case.request.id))
            self._put_back(post, now, waits_on=waits_on)

    def _put_back(self, post: Post, now: float, *, waits_on: bool = True) -> None:
        case, post.case = post.case, None
        post.rings_until = inf
        self._step(post, OperatorTurn.UNRUNG, now)
        self._leave_if_wanted(post, now)
        if case is not None:
            case.step(RequestTurn.PUT_BACK)
            case.post = None
            if waits_on and case.patient_until <= now:
                self._lose_patience(case)

    def _lose_patience(self, case: Case) -> None:
        """They have waited long enough to be told, unless they have been or a phone rings for them."""
        if case.told or case.state is not RequestState.WAITING:
            return
        case.told = True
        request = case.request
        self._effects.append(NobodyFree(request.leg, request.id, stays=request.in_room))
        if not request.in_room:
            del self._by_leg[request.leg]
            self._end(case, RequestTurn.GIVEN_UP)

    def _leave_if_wanted(self, post: Post, now: float) -> None:
        if post.wants_away and post.state is OperatorState.FREE:
            self._step(post, OperatorTurn.LEAVES, now)

    def _end(self, case: Case, turn: RequestTurn) -> None:
        """Take a request out of the queue."""
        case.step(turn)
        case.post = None
        del self._cases[case.request.id]

    def _step(self, post: Post, turn: OperatorTurn, now: float) -> None:
        post.state = OPERATOR[post.state][turn]
        post.since = now
        self._effects.append(OperatorChanged(post.name, post.state))

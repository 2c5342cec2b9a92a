"""Telephones that watch the roster of their conference (RFC 4575): who may, and what they are told when.

Theory of operation. A watcher belongs to somebody who is in the room, by the dialog of their call, by its name as a focus, or
by the account that both the call and the SUBSCRIBE have proved; with them it ends. Nobody else is told anything, not even
whether there is such a conference. Telephones ask as soon as they are answered: whoever is still on the way into a conference
is told that it is pending, and is shown the room they come into.

Rooms tell of every event (`Rooms.on_changed`), which for a room that nobody watches is one look into a table. For the
others it sets a timer, and when that is due the room is drawn once for all its watchers, no more often than every
`INTERVAL_S`; each stream then makes of it what its subscriber does not know yet.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from bridge.conference.events import Join, Leave, LeaveReason, Replaced
from bridge.roster.document import CONTENT_TYPE
from bridge.roster.model import Audio, LeftBy, Standing
from bridge.roster.stream import INTERVAL_S, Stream
from bridge.switchboard.effects import (
    AcceptSubscription,
    EndSubscription,
    Level,
    Notify,
    RejectSubscription,
)
from bridge.switchboard.legs import LegState
from bridge.switchboard.lines import BoardTimer
from bridge.switchboard.portraits import LEFT_BY, entity_of, portrait

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bridge.conference.events import Event
    from bridge.roster.model import Roster, User
    from bridge.switchboard.legs import Leg
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.room import Room
    from sip.events import NotifyAnswered, SubscribeReceived, SubscriptionEnded, SubscriptionRefreshed

PACKAGE: Final = "conference"
WATCHERS_MAX: Final = 1000
"""Watchers in all: each may cost a document a second. Above: 503 with Retry-After."""
PER_LEG_MAX: Final = 2
"""Watchers of one person: a telephone, and the page beside it. Above: 403."""
FORBIDDEN: Final = 403
ON_THE_WAY: Final = frozenset({LegState.ANSWERED, LegState.RECEPTION})
"""Those who may come into a conference yet."""
RETRY_AFTER_S: Final = 60
"""What a 503 asks to wait: a place comes free when a conference ends."""


class Watcher:
    """One subscriber."""

    __slots__ = ("leg", "stream", "subscription")

    def __init__(self, subscription: int, leg: int, stream: Stream) -> None:
        self.subscription = subscription
        self.leg = leg
        """Whose."""
        self.stream = stream


class Pending(NamedTuple):
    """One who asked before they were in."""

    subscription: int
    entity: str


class Watched:
    """A room that somebody watches."""

    __slots__ = ("drawn_at", "leaving", "room", "roster", "watchers")

    def __init__(self, room: Room) -> None:
        self.room = room
        self.watchers: list[Watcher] = []
        self.roster: Roster | None = None
        """As it was drawn last."""
        self.drawn_at = float("-inf")
        self.leaving: list[User] = []
        """Who has left since: the next roster shows them going, the one after no more."""


class Watchers:
    """All of them."""

    __slots__ = ("_by_room", "_by_subscription", "_lines", "_local_time", "_pending")

    def __init__(self, lines: Lines, *, local_time: Callable[[float], datetime]) -> None:
        self._lines = lines
        self._local_time = local_time
        self._by_room: dict[int, Watched] = {}
        self._by_subscription: dict[int, tuple[Watched, Watcher]] = {}
        self._pending: dict[int, list[Pending]] = {}
        """By leg."""

    def __len__(self) -> int:
        return len(self._by_subscription) + sum(len(each) for each in self._pending.values())

    # --- subscribers ---

    def came(self, event: SubscribeReceived, now: float) -> None:
        """Let somebody watch, or not."""
        leg = self._whose(event)
        refusal = self._refusal(event, leg)
        if refusal is not None or leg is None:
            status, headers = refusal or (FORBIDDEN, ())
            self._lines.figures[f"watcher refused:{status}"] += 1
            self._lines.effects.append(RejectSubscription(event.subscription, status, headers))
            return
        self._lines.figures["watcher"] += 1
        pending = Pending(event.subscription, str(replace(event.message.uri, headers="")))
        if _is_in(leg):
            self._show(leg, pending, now)
        else:
            self._pending.setdefault(leg.number, []).append(pending)
            self._lines.effects.append(AcceptSubscription(event.subscription, pending=True))

    def _show(self, leg: Leg, pending: Pending, now: float) -> None:
        """They are in: from now on they see who else is."""
        room = leg.room
        assert room is not None
        watched = self._by_room.get(room.number)
        if watched is None:
            watched = self._by_room[room.number] = Watched(room)
        watcher = Watcher(pending.subscription, leg.number, Stream(pending.entity))
        watched.watchers.append(watcher)
        self._by_subscription[pending.subscription] = watched, watcher
        self._lines.log(Level.INFO, "roster watched", leg)
        self._lines.effects.append(AcceptSubscription(pending.subscription))
        self._tell(watcher, self._draw(watched, now), now)

    def refreshed(self, event: SubscriptionRefreshed, now: float) -> None:
        """They want to know all of it."""
        found = self._by_subscription.get(event.subscription)
        if found is not None:
            watched, watcher = found
            watcher.stream.refresh()
            self._tell(watcher, self._draw(watched, now), now)

    def answered(self, event: NotifyAnswered, now: float) -> None:
        """They know what they were told; meanwhile there may be more."""
        found = self._by_subscription.get(event.subscription)
        if found is not None:
            watched, watcher = found
            watcher.stream.answered()
            self._wake(watched, now)

    def ended(self, event: SubscriptionEnded, _now: float) -> None:
        """They watch no more."""
        self._forget(event.subscription)

    # --- rooms ---

    def changed(self, room: Room, event: Event, now: float) -> None:
        """Something has happened to a conference."""
        if self._pending and isinstance(event, Join):
            self._joined(event.leg, now)
        watched = self._by_room.get(room.number)
        if watched is None:
            return
        match event:
            case Leave(leg=leg, reason=reason):
                self._left(watched, leg, reason)
            case Replaced(leg=leg):
                self._end_for(watched, leg, "rejected")
        if watched.watchers:
            self._set_timer(watched, now)

    def due(self, number: int, now: float) -> None:
        """Draw a room, and tell those who do not know it so."""
        watched = self._by_room.get(number)
        if watched is None:
            return
        roster = self._draw(watched, now)
        for watcher in watched.watchers:
            self._tell(watcher, roster, now)
        self._wake(watched, now)

    def room_closed(self, room: Room, _now: float) -> None:
        """There is nothing to see any more."""
        watched = self._by_room.get(room.number)
        if watched is not None:
            for watcher in list(watched.watchers):
                self._end(watcher, "noresource")

    def left(self, leg: Leg) -> None:
        """The call is over, of one who may never have been in."""
        for pending in self._pending.pop(leg.number, ()):
            self._lines.effects.append(EndSubscription(pending.subscription, "rejected"))

    # --- within ---

    def _joined(self, number: int, now: float) -> None:
        leg = self._lines.by_number.get(number)
        if leg is not None and _is_in(leg):
            for pending in self._pending.pop(number, ()):
                self._show(leg, pending, now)

    def _whose(self, event: SubscribeReceived) -> Leg | None:
        """Whose telephone this is, of those who are on the line."""
        leg = self._lines.by_call.get(event.call)
        if leg is None and event.identity:
            # The room by the number that was dialled for it, the person by what both the call and this have proved.
            dialled = event.message.uri.user
            leg = next(
                (
                    each
                    for each in self._lines.by_number.values()
                    if each.identity == event.identity and each.dialled == dialled
                ),
                None,
            )
        return leg if leg is not None and (_is_in(leg) or leg.state in ON_THE_WAY) else None

    def _refusal(
        self, event: SubscribeReceived, leg: Leg | None
    ) -> tuple[int, tuple[tuple[str, str], ...]] | None:
        if event.package != PACKAGE:
            return 489, (("Allow-Events", PACKAGE),)
        if leg is None or self._watching(leg) >= PER_LEG_MAX:
            return FORBIDDEN, ()
        if len(self) >= WATCHERS_MAX:
            return 503, (("Retry-After", str(RETRY_AFTER_S)),)
        return None

    def _watching(self, leg: Leg) -> int:
        """How many watch on behalf of this one already."""
        watched = None if leg.room is None else self._by_room.get(leg.room.number)
        seeing = () if watched is None else watched.watchers
        return sum(each.leg == leg.number for each in seeing) + len(self._pending.get(leg.number, ()))

    def _draw(self, watched: Watched, now: float) -> Roster:
        leaving, watched.leaving = tuple(watched.leaving), []
        watched.roster = portrait(watched.room, self._lines.by_number, self._local_time, leaving)
        watched.drawn_at = now
        if leaving:  # and once more, without them
            self._set_timer(watched, now)
        return watched.roster

    def _tell(self, watcher: Watcher, roster: Roster, now: float) -> None:
        document = watcher.stream.tell(roster, now)
        if document is not None:
            self._lines.effects.append(Notify(watcher.subscription, document, CONTENT_TYPE))

    def _set_timer(self, watched: Watched, now: float) -> None:
        self._lines.timers.set(
            (BoardTimer.ROSTER, watched.room.number), max(now, watched.drawn_at + INTERVAL_S)
        )

    def _wake(self, watched: Watched, now: float) -> None:
        """Come back for those who may be told more, as soon as they may."""
        roster = watched.roster
        if roster is None or (BoardTimer.ROSTER, watched.room.number) in self._lines.timers:
            return
        at = [
            each.stream.next_at
            for each in watched.watchers
            if not each.stream.unanswered and each.stream.behind(roster)
        ]
        if at:
            self._lines.timers.set((BoardTimer.ROSTER, watched.room.number), max(now, min(at)))

    def _left(self, watched: Watched, leg: int, reason: LeaveReason) -> None:
        """Somebody is gone, and with them what watches on their behalf."""
        # Where they are now there is another roster to be seen.
        self._end_for(watched, leg, "deactivated" if reason is LeaveReason.MOVED else "rejected")
        known = () if watched.roster is None else watched.roster.users
        entity = entity_of(leg)
        watched.leaving += [
            replace(
                user,
                standing=Standing.DISCONNECTED,
                audio=Audio.NONE,
                left_by=LEFT_BY.get(reason, LeftBy.BOOTED),
            )
            for user in known
            if user.entity == entity and user.left_by is None
        ]

    def _end_for(self, watched: Watched, leg: int, reason: str) -> None:
        for watcher in [each for each in watched.watchers if each.leg == leg]:
            self._end(watcher, reason)

    def _end(self, watcher: Watcher, reason: str) -> None:
        self._lines.effects.append(EndSubscription(watcher.subscription, reason))
        self._forget(watcher.subscription)

    def _forget(self, subscription: int) -> None:
        found = self._by_subscription.pop(subscription, None)
        if found is None:
            self._forget_pending(subscription)
            return
        watched, watcher = found
        watched.watchers.remove(watcher)
        if not watched.watchers:
            del self._by_room[watched.room.number]
            self._lines.timers.cancel((BoardTimer.ROSTER, watched.room.number))

    def _forget_pending(self, subscription: int) -> None:
        for leg, waiting in list(self._pending.items()):
            rest = [each for each in waiting if each.subscription != subscription]
            if rest:
                self._pending[leg] = rest
            else:
                del self._pending[leg]


def _is_in(leg: Leg) -> bool:
    """Whether this one is in a conference, and has not been told to go."""
    if leg.state is not LegState.CONFERENCE or leg.room is None:
        return False
    participant = leg.room.conference.participants.get(leg.number)
    return participant is not None and participant.dismissed is None

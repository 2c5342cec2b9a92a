"""Guests whom a console calls into a conference (`DialOut` with a number): led in as soon as they answer.

Nobody talks with them first: what comes of such a call is in the log and the records, and told to the telephone that asked
for it, where one did (REFER). Where the conference is over before they answer, they are not called any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.conference.events import LeaveReason
from bridge.service.outcome import Outcome
from bridge.service.role import Role
from prompts.phrases import Utterance

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.switchboard.calls_out import CallsOut
    from bridge.switchboard.legs import Leg
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.room import Room
    from bridge.switchboard.rooms import Rooms

GUEST_WELCOME: Final = Utterance("guest_welcome")
RINGS: Final = 180
IN: Final = 200
GIVEN_UP: Final = 487
REFUSALS: Final = 400
"""From this status on a call came to nothing."""
NOT_IN: Final = 480
"""They answered, and the conference could not have them."""
STATUS_OF: Final = {
    Outcome.BUSY: 486,
    Outcome.NO_ANSWER: 480,
    Outcome.DECLINED: 603,
    Outcome.UNKNOWN_NUMBER: 404,
    Outcome.UNREACHABLE: 502,
    Outcome.CONGESTED: 503,
    Outcome.ERROR: 500,
    Outcome.REFUSED: 403,
}
"""How it is reported that a call came to nothing."""


class Invitations:
    """Those that have not been answered yet: their calls' `legs.User`."""

    __slots__ = ("_calls", "_lines", "_rooms", "_takes", "_tell", "_to", "newest")

    def __init__(self, lines: Lines, rooms: Rooms, calls: CallsOut) -> None:
        self._lines = lines
        self._rooms = rooms
        self._calls = calls
        self._to: dict[int, tuple[Leg, Room]] = {}
        """By leg: where it is to go."""
        self._tell: dict[int, Callable[[int], None]] = {}
        """By leg: who wants to know how it goes."""
        self._takes: dict[int, Callable[[Leg, float], bool]] = {}
        """By leg: who leads them to the place of somebody else."""
        self.newest: Leg | None = None

    def expect(self, guest: Leg, room: Room) -> None:
        """A call has been placed for this conference."""
        self._to[guest.number] = guest, room
        self.newest = guest

    def report(self, guest: Leg, tell: Callable[[int], None]) -> None:
        """Tell how it goes, until it has gone one way or the other."""
        if guest.number in self._to:
            self._tell[guest.number] = tell

    def take_place(self, guest: Leg, take: Callable[[Leg, float], bool]) -> None:
        """Let `take` lead the guest in, to the place of somebody; where it returns False there is none any more."""
        if guest.number in self._to:
            self._takes[guest.number] = take

    def give_up(self, guest: Leg) -> None:
        """Nobody waits for them any more."""
        if self._to.pop(guest.number, None) is not None:
            self._takes.pop(guest.number, None)
            self._report(guest, GIVEN_UP)
            self._calls.cancel(guest)

    def _report(self, guest: Leg, status: int) -> None:
        tell = self._tell.get(guest.number)
        if tell is not None:
            if status >= IN:
                del self._tell[guest.number]
            tell(status)

    def room_closed(self, room: Room) -> None:
        """Nobody is there to be led to."""
        for guest, to in list(self._to.values()):
            if to is room:
                self.give_up(guest)

    def lead_in(self, guest: Leg, room: Room, now: float) -> None:
        """Into the conference; from here on the call is one of its people's."""
        guest.user = None
        self._lines.say(guest, GUEST_WELCOME, guest.language)
        self._rooms.bring_in(guest, room, Role.PARTICIPANT, now, came_by="dial-out")

    # --- the guest's call (`legs.User`) ---

    def ringing(self, guest: Leg, now: float) -> None:  # noqa: ARG002 - the shape of User
        """Nobody hears it."""
        self._report(guest, RINGS)

    def answered(self, guest: Leg, now: float) -> None:
        """In, if the conference has them."""
        _, room = self._to.pop(guest.number)
        take = self._takes.pop(guest.number, None)
        if take is not None:
            taken = take(guest, now)
            self._report(guest, IN if taken else NOT_IN)
            return
        refusal = self._rooms.refusal(room, Role.PARTICIPANT)
        self._report(guest, IN if refusal is None else NOT_IN)
        if refusal is None:
            self.lead_in(guest, room, now)
        else:
            guest.user = None
            self._lines.part(guest, refusal, LeaveReason.DISCONNECTED, now)

    def failed(self, guest: Leg, outcome: Outcome, now: float) -> None:  # noqa: ARG002 - the shape of User
        """Nobody answered."""
        self._to.pop(guest.number, None)
        attended = self._takes.pop(guest.number, None) is not None
        # Who asked for an attended transfer wants to know what the other telephone said: 481 is another fault than 486.
        exact = attended and guest.status >= REFUSALS
        self._report(guest, guest.status if exact else STATUS_OF[outcome])

    def key(self, guest: Leg, key: str, now: float) -> None:
        """They are in, or on the way out, as soon as they could press one."""

    def gone(self, guest: Leg, now: float) -> None:
        """They hung up while they were led in or away."""

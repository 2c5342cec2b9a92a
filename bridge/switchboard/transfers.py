"""REFER (RFC 3515, 4579): a moderator's telephone adds and removes people; a call takes another one's place; callers are sent away.

Theory of operation. What somebody asks by REFER is a command like any other and goes the way of all commands, so that rights,
lock, dial plan and limits hold for it as for `roda dial`; only its answer is a status. Nobody but a moderator of the conference
that their call is in is heard at all (G3: transfers are how calls are stolen). Where an address leads is settled by the dial
plan: a host that a caller names is followed only if it is on its list, and a number is a number whatever host stands behind it.

    INVITE  the person is called; 180, 200 and failures are reported as they come
    BYE     the one of the room who is meant is put out; who that is may be said as the roster has it, or by number

A call that comes with Replaces (RFC 3891) is its predecessor to everybody: `take_over`. The other way round an operator sends
a caller's telephone elsewhere: it is asked by a REFER of ours, and the call ends once it has got there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bridge.conference import commands
from bridge.conference.commands import Actor, Outcome
from bridge.conference.events import LeaveReason
from bridge.service.dialplan import Refused
from bridge.service.role import Role
from bridge.switchboard.effects import AcceptRefer, Level, Refer, RejectRefer, ReportRefer
from bridge.switchboard.legs import Leg, LegState
from bridge.switchboard.portraits import leg_of
from sip.errors import ParseError
from sip.uri import Uri

if TYPE_CHECKING:
    from bridge.conference.model import Participant
    from bridge.service.dialplan import DialPlan
    from bridge.switchboard.errands import Errands
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.room import Room
    from bridge.switchboard.rooms import Rooms
    from sip.events import ReferAnswered, ReferProgress, ReferReceived

NAME_LENGTH: Final = 64
"""Characters of the name by which somebody who is called is announced on screens."""
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
AMBIGUOUS: Final = 485
DECLINED: Final = 603
OK: Final = 200
_NUMBER: Final = re.compile(r"\+?[0-9]{3,}")
_DIALLED: Final = re.compile(r"[+0-9*#]{1,32}")
_SEPARATORS: Final = re.compile(r"[.()\-]")

DONE: Final = Outcome(done=True)
NOT_NOW: Final = Outcome(done=False, text="not_now")


class Transfers:
    """All of them."""

    __slots__ = ("_errands", "_lines", "_plan", "_rooms", "_sent")

    def __init__(self, lines: Lines, rooms: Rooms, errands: Errands, plan: DialPlan) -> None:
        self._lines = lines
        self._rooms = rooms
        self._errands = errands
        self._plan = plan
        self._sent: set[int] = set()
        """Legs whose telephones have been asked to call elsewhere."""

    # --- REFER in ---

    def came(self, event: ReferReceived, now: float) -> None:
        """Do what is asked, or refuse."""
        leg = self._lines.by_call.get(event.call)
        participant = None if leg is None else _participant(leg)
        if leg is None or leg.room is None or participant is None or participant.role is not Role.MODERATOR:
            self._refuse(event, FORBIDDEN, leg)
        elif event.replaces or event.method not in {"INVITE", "BYE"}:
            self._refuse(event, DECLINED, leg)
        elif event.method == "INVITE":
            self._add(event, leg, leg.room, now)
        else:
            self._remove(event, leg, leg.room, now)

    def _add(self, event: ReferReceived, leg: Leg, room: Room, now: float) -> None:
        """Call somebody into the conference (RFC 4579 section 5.5)."""
        before = self._errands.invited
        name = event.to.display[:NAME_LENGTH]
        command = commands.DialOut(number=self._dialled(event.to.uri), name=name)
        outcome = self._rooms.give(room, command, _actor(room, leg), now)
        guest = self._errands.invited
        if not outcome.done or guest is None or guest is before:
            self._refuse(event, FORBIDDEN, leg, outcome.text)
            return
        self._lines.effects.append(AcceptRefer(event.refer))
        self._errands.report(
            guest, lambda status: self._lines.effects.append(ReportRefer(event.refer, status))
        )

    def _dialled(self, uri: Uri) -> str:
        """What the dial plan is asked about an address. A SIP address is taken as it stands only where its host is on the plan's
        list; else what looks like a number is one, and goes by our own trunks.
        """
        user = _SEPARATORS.sub("", uri.decoded_user)
        if uri.scheme == "tel":
            return user
        address = str(replace(uri, scheme="sip", headers="", password=None))
        if isinstance(self._plan.address(address), Refused) and _NUMBER.fullmatch(user):
            return user
        return address

    def _remove(self, event: ReferReceived, leg: Leg, room: Room, now: float) -> None:
        """Put somebody out (RFC 4579 section 5.11)."""
        meant = self._meant(room, event.to.uri)
        if len(meant) != 1:
            self._refuse(event, AMBIGUOUS if meant else NOT_FOUND, leg)
            return
        outcome = self._rooms.give(room, commands.Disconnect(meant[0]), _actor(room, leg), now)
        if not outcome.done:
            self._refuse(event, FORBIDDEN, leg, outcome.text)
            return
        self._lines.effects.append(AcceptRefer(event.refer))
        self._lines.effects.append(ReportRefer(event.refer, OK))

    def _meant(self, room: Room, uri: Uri) -> list[int]:
        """Find who is meant: by the roster's name for them, or by their number or address."""
        people = [each for each in room.conference.participants.values() if each.dismissed is None]
        user = uri.decoded_user
        number = leg_of(user)
        if number is not None:
            return [each.leg for each in people if each.leg == number]
        return [each.leg for each in people if user and self._is(each, user, uri)]

    def _is(self, participant: Participant, user: str, uri: Uri) -> bool:
        leg = self._lines.by_number.get(participant.leg)
        destination = None if leg is None else leg.destination
        known = {participant.caller, "" if destination is None else destination.number}
        if destination is not None and destination.uri == str(uri):
            return True
        return _SEPARATORS.sub("", user).lstrip("+") in {each.lstrip("+") for each in known if each}

    def _refuse(self, event: ReferReceived, status: int, leg: Leg | None, why: str = "") -> None:
        self._lines.figures[f"transfer refused:{status}"] += 1
        self._lines.effects.append(RejectRefer(event.refer, status))
        if leg is not None:
            self._lines.log(
                Level.WARNING, "transfer refused", leg, method=event.method, status=status, why=why
            )

    # --- Replaces ---

    def succeed(self, new: Leg, now: float) -> None:
        """Bring a call that came with Replaces to where its predecessor is; nowhere, if that has gone meanwhile."""
        old = self._lines.by_number.get(new.succeeds)
        new.succeeds = 0
        if old is None or not self.take_over(old, new, now):
            self._lines.hang_up(new, LeaveReason.FAILED, "nobody to replace")

    def may_be_replaced(self, leg: Leg) -> bool:
        """Whether another call may take this one's place: in a conference, and about nothing else."""
        participant = _participant(leg)
        return participant is not None and not participant.aside and leg.runner is None

    def take_over(self, old: Leg, new: Leg, now: float) -> bool:
        """Let `new` be who `old` was, and hang `old` up; False where that cannot be now."""
        if not self.may_be_replaced(old):
            return False
        self._rooms.replace(old, new, now)
        self._lines.log(Level.INFO, "call replaced", new, instead_of=old.call_id)
        self._lines.hang_up(old, LeaveReason.MOVED, "replaced")
        return True

    # --- REFER out ---

    def transfer(self, room: Room, number: int, to: str, _now: float) -> Outcome:
        """Ask a caller's telephone to call somebody else; the call stays until it has got there."""
        leg = self._lines.by_number.get(number)
        if leg is None or leg.room is not room or not leg.call or number in self._sent:
            return NOT_NOW
        address = _address(to, leg)
        if address is None:
            return Outcome(done=False, text="dial_not_a_number")
        self._sent.add(number)
        self._lines.log(Level.INFO, "transfer asked for", leg)
        self._lines.effects.append(Refer(leg.call, address))
        return DONE

    def answered(self, event: ReferAnswered, _now: float) -> None:
        """The telephone does it, or does not."""
        leg = self._lines.by_call.get(event.call)
        if leg is not None and event.status >= 300:
            self._stays(leg, event.status)

    def progressed(self, event: ReferProgress, _now: float) -> None:
        """The telephone tells how it goes. Where it has got there it does not need us any more."""
        leg = self._lines.by_call.get(event.call)
        if leg is None or 100 <= event.status < 200:
            return
        if OK <= event.status < 300:
            self._sent.discard(leg.number)
            self._lines.log(Level.INFO, "transferred", leg)
            self._lines.hang_up(leg, LeaveReason.DISCONNECTED, "transferred")
        else:
            self._stays(leg, event.status)

    def left(self, leg: Leg) -> None:
        """The call is over."""
        self._sent.discard(leg.number)

    def _stays(self, leg: Leg, status: int) -> None:
        self._sent.discard(leg.number)
        self._lines.figures["transfer failed"] += 1
        self._lines.log(Level.INFO, "transfer failed", leg, status=status)


def _participant(leg: Leg) -> Participant | None:
    """Who speaks over a leg, if they are in a conference and have not been told to go."""
    if leg.state is not LegState.CONFERENCE or leg.room is None:
        return None
    participant = leg.room.conference.participants.get(leg.number)
    return None if participant is None or participant.dismissed is not None else participant


def _actor(room: Room, leg: Leg) -> Actor:
    """The moderator, whose telephone is told by a status what others hear in words."""
    person = room.people.get(leg.number)
    return Actor(Role.MODERATOR, name=f"leg {leg.number}" if person is None else person.record)


def _address(to: str, leg: Leg) -> str | None:
    """Write what a telephone is asked to call: an address as it stands, a number at the host that the call came from."""
    if _DIALLED.fullmatch(to):
        user = to.replace("#", "%23")
        host = f"[{leg.source}]" if ":" in leg.source else leg.source
        return f"sip:{user}@{host}" if host else None
    try:
        uri = Uri.parse(to)
    except ParseError:
        return None
    if uri.scheme not in {"sip", "sips", "tel"} or uri.headers or uri.password is not None:
        return None
    return str(uri)

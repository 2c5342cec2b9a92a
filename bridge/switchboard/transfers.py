"""REFER (RFC 3515, 4579): a moderator's telephone adds and removes people; a call takes another one's place; callers are sent away.

Theory of operation. What somebody asks by REFER is a command like any other and goes the way of all commands, so that rights,
lock, dial plan and limits hold for it as for `roda dial`; only its answer is a status. Nobody but a moderator of the conference
that their call is in is heard at all (G3: transfers are how calls are stolen). Where an address leads is settled by the dial
plan: a host that a caller names is followed only if it is on its list, and a number is a number whatever host stands behind it.

    INVITE  the person is called; 180, 200 and failures are reported as they come
    BYE     the one of the room who is meant is put out; who that is may be said as the roster has it, or by number

An INVITE with Replaces is an attended transfer (RFC 5589 section 7): the telephone has another call, to somebody whom it wants in
its place here. They are called as anybody is, with the name of that other call, which ours replaces there; where they do not
know it, or know nothing of Replaces (420), nothing has happened. Once they answer they are who the caller was, and the caller's
telephone, told so by the last report, hangs up; after `FAREWELL_S` we do.

    they answer                                       in the place of the caller: 200
    they do not                                       nobody has moved; their own status is reported
    the caller hangs up first, as some telephones do  they come in by themselves, as what the caller was: 200
    the caller is put out, or lost                    they are rung no longer: 487
    the caller is elsewhere once they answer          they are hung up: 480

Whoever is called is told on whose word, by that one's own (Referred-By, RFC 3892), unless the caller is to be shown to nobody.
It is no proof of anything, here as there; what could be one is signed, in a body that we do not carry.

A telephone that has both calls with us is declined: to join them would link two conferences, or one with itself, and who is in
them has been asked by nobody. Both calls stay.

A call that comes with Replaces (RFC 3891) is its predecessor to everybody: `take_over`. The other way round an operator sends
a caller's telephone elsewhere: it is asked by a REFER of ours, and the call ends once it has got there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bridge.conference import commands
from bridge.conference.commands import Actor, Outcome
from bridge.conference.events import Given, LeaveReason
from bridge.service.dialplan import Refused
from bridge.service.role import Role
from bridge.switchboard.effects import AcceptRefer, Level, Refer, RejectRefer, ReportRefer
from bridge.switchboard.legs import Leg, LegState, LegTimer
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

FAREWELL_S: Final = 2.0
"""How long a telephone may take to hang up that has been told that its transfer is done: a report and its answer, once lost on
the way, and a BYE. Then we hang up; nobody is heard over that call meanwhile."""
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


@dataclass(slots=True)
class _Attended:
    """An attended transfer that is under way."""

    caller: Leg
    room: Room
    guest: Leg
    role: Role | None = None
    """What the caller was in the conference, once they have hung up before the guest was there."""
    name: str | None = None
    muted: bool = False


class Transfers:
    """All of them."""

    __slots__ = ("_attended", "_errands", "_lines", "_plan", "_rooms", "_sent")

    def __init__(self, lines: Lines, rooms: Rooms, errands: Errands, plan: DialPlan) -> None:
        self._lines = lines
        self._rooms = rooms
        self._errands = errands
        self._plan = plan
        self._sent: set[int] = set()
        """Legs whose telephones have been asked to call elsewhere."""
        self._attended: dict[int, _Attended] = {}
        """By the leg of whom is called, until they have answered or not."""

    # --- REFER in ---

    def came(self, event: ReferReceived, now: float) -> None:
        """Do what is asked, or refuse."""
        leg = self._lines.by_call.get(event.call)
        participant = None if leg is None else _participant(leg)
        if leg is None or leg.room is None or participant is None or participant.role is not Role.MODERATOR:
            self._refuse(event, FORBIDDEN, leg)
        elif event.method not in {"INVITE", "BYE"} or (event.replaces and event.method == "BYE"):
            self._refuse(event, DECLINED, leg)
        elif event.replaces:
            self._hand_over(event, leg, leg.room, now)
        elif event.method == "INVITE":
            self._add(event, leg, leg.room, now)
        else:
            self._remove(event, leg, leg.room, now)

    def _add(self, event: ReferReceived, leg: Leg, room: Room, now: float) -> None:
        """Call somebody into the conference (RFC 4579 section 5.5)."""
        self._called(event, leg, room, now)

    def _hand_over(self, event: ReferReceived, leg: Leg, room: Room, now: float) -> None:
        """Call somebody who is to be here instead of the caller (RFC 5589 section 7)."""
        why = ""
        if event.own:
            why = "both calls are ours"
        elif not self.may_be_replaced(leg):
            why = "about something else"
        elif any(each.caller is leg for each in self._attended.values()):
            why = "being transferred already"
        if why:
            self._refuse(event, DECLINED, leg, why)
            return
        guest = self._called(event, leg, room, now)
        if guest is None:
            return
        self._attended[guest.number] = _Attended(leg, room, guest)
        self._errands.take_place(guest, event.replaces, self._taken)
        self._lines.figures["attended transfer"] += 1
        self._lines.log(Level.INFO, "attended transfer", leg, to=guest.number)

    def _called(self, event: ReferReceived, leg: Leg, room: Room, now: float) -> Leg | None:
        """Place the call that a REFER asks for, and report on it; None where it may not be, which has been said."""
        before = self._errands.invited
        name = event.to.display[:NAME_LENGTH]
        command = commands.DialOut(number=self._dialled(event.to.uri), name=name)
        outcome = self._rooms.give(room, command, _actor(room, leg), now)
        guest = self._errands.invited
        if not outcome.done or guest is None or guest is before:
            self._refuse(event, FORBIDDEN, leg, outcome.text)
            return None
        self._lines.effects.append(AcceptRefer(event.refer))
        if event.referred_by and not leg.private:
            self._errands.refer(guest, event.referred_by)
        self._errands.report(
            guest, lambda status: self._lines.effects.append(ReportRefer(event.refer, status))
        )
        return guest

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

    # --- somebody in the caller's place ---

    def _taken(self, guest: Leg, now: float) -> bool:
        """They have answered, and what they talked in before has been replaced there: to the caller's place, if there is one."""
        transfer = self._attended.pop(guest.number)
        caller, room = transfer.caller, transfer.room
        guest.user = None
        if transfer.role is not None:
            return self._comes_after(transfer, transfer.role, now)
        if caller.room is not room or not self.may_be_replaced(caller):
            self._lines.hang_up(guest, LeaveReason.FAILED, "nobody to replace")
            return False
        self._exchange(caller, guest, now)
        self._lines.music(caller, None)
        caller.state, caller.leaves_because = LegState.LAST_WORDS, LeaveReason.MOVED
        self._lines.timers.set((LegTimer.FAREWELL, caller.number), now + FAREWELL_S)
        return True

    def _comes_after(self, transfer: _Attended, role: Role, now: float) -> bool:
        """Let them in whose predecessor did not wait for them: as what that one was, if the conference still takes anybody."""
        guest, room = transfer.guest, transfer.room
        refusal = self._rooms.refusal(room, role)
        if refusal is not None:
            self._lines.part(guest, refusal, LeaveReason.DISCONNECTED, now)
            return False
        guest.name = transfer.name or guest.name
        self._rooms.bring_in(guest, room, role, now, came_by="dial-out")
        if transfer.muted:  # who has shut the microphone is not to be heard by it
            self._rooms.tell(room, Given(commands.MuteSelf(on=True), Actor(role, guest.number)), now)
        return True

    def not_gone(self, leg: Leg) -> None:
        """A telephone whose place is another's has not hung up."""
        self._lines.hang_up(leg, LeaveReason.MOVED, "replaced")

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
        self._exchange(old, new, now)
        self._lines.hang_up(old, LeaveReason.MOVED, "replaced")
        return True

    def _exchange(self, old: Leg, new: Leg, now: float) -> None:
        self._rooms.replace(old, new, now)
        self._lines.log(Level.INFO, "call replaced", new, instead_of=old.call_id)

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

    def left(self, leg: Leg, because: LeaveReason) -> None:
        """The call is over; its place in the room is still there to be looked at."""
        self._sent.discard(leg.number)
        self._attended.pop(leg.number, None)
        transfer = next((each for each in self._attended.values() if each.caller is leg), None)
        if transfer is None:
            return
        participant = _participant(leg)
        if because is LeaveReason.HUNG_UP and participant is not None and leg.room is transfer.room:
            transfer.role, transfer.name = participant.role, participant.name
            transfer.muted = participant.muted_in_room
        else:
            self._errands.give_up(transfer.guest)

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

"""What consoles ask: rosters, queues, boards, and commands by name (`bridge.control.protocol`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bridge.conference import roster as rosters
from bridge.conference.commands import Actor, Identify
from bridge.control import protocol
from bridge.helpdesk.model import Kind
from bridge.helpdesk.states import OperatorState
from bridge.service.role import Role
from bridge.switchboard.effects import RecordAct
from bridge.switchboard.legs import LegState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bridge.helpdesk.model import QueueRow
    from bridge.switchboard.campaigns import Campaigns
    from bridge.switchboard.events import Asked
    from bridge.switchboard.keys_out import KeysOut
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.operators import Operators
    from bridge.switchboard.room import Room
    from bridge.switchboard.rooms import Rooms
    from bridge.trunks.trunk import Trunk

NO_CONFERENCE: Final = protocol.Problem("there is no such conference: `roda conferences` lists them")
NOBODY_WAITS: Final = protocol.Problem("nobody waits under that number: `roda queue` lists them")
NOBODY_THERE: Final = protocol.Problem("nobody is on that line: `roda calls` lists them")
STILL_KEYING: Final = protocol.Problem("keys are being sent there: wait for the last one")
KEYPAD_ONLY: Final = protocol.Problem("that is for a telephone's keys: it is about whoever presses them")

KINDS: Final = {Kind.HELP: "help", Kind.GREETING: "entry"}
STATES: Final = {
    OperatorState.FREE: "free",
    OperatorState.RINGING: "ringing",
    OperatorState.TALKING: "busy",
    OperatorState.MONITORING: "busy",
    OperatorState.AWAY: "away",
}


class Console:
    """Answers them."""

    __slots__ = (
        "_answers",
        "_campaigns",
        "_keys_out",
        "_lines",
        "_operators",
        "_rooms",
        "_trunks",
        "identities",
    )

    def __init__(
        self,
        lines: Lines,
        rooms: Rooms,
        campaigns: Campaigns,
        operators: Operators,
        keys_out: KeysOut,
        trunks: Iterable[Trunk] = (),
    ) -> None:
        self._lines = lines
        self._rooms = rooms
        self._campaigns = campaigns
        self._operators = operators
        self._keys_out = keys_out
        self._trunks = trunks
        self.identities: dict[int, tuple[Identify, Actor]] = {}
        """Who is admitted from the hall, by leg, and as whom: said of them once they are in (O2)."""
        self._answers: dict[type, Callable[[Any, float], protocol.AnyReply]] = {
            protocol.ListConferences: self._conferences,
            protocol.ShowConference: self._conference,
            protocol.ListCalls: self._calls,
            protocol.Give: self._give,
            protocol.HelpQueue: self._queue,
            protocol.TakeRequest: self._take,
            protocol.SetAway: self._set_away,
            protocol.AdmitCaller: self._admit,
            protocol.RefuseCaller: self._refuse,
            protocol.BlastBoard: self._board,
            protocol.SendKeys: self._send_keys,
            protocol.ListTrunks: self._list_trunks,
            protocol.ListPhones: lambda _request, _now: protocol.Phones(
                ()
            ),  # the edge's, if telephones register
        }

    def answer(self, event: Asked, now: float) -> protocol.AnyReply:
        """Answer a request."""
        return self._answers[type(event.request)](event.request, now)

    # --- looking ---

    def _row(self, room: Room, now: float) -> protocol.ConferenceRow:
        conference = room.conference
        began = conference.began_at
        return protocol.ConferenceRow(
            id=room.conference_id,
            pair=room.pair,
            name=room.name,
            phase=conference.phase,
            people=sum(each.dismissed is None for each in conference.participants.values()),
            moderators=conference.moderators,
            mode=conference.mode,
            locked=conference.locked,
            began_s=None if began is None else round(now - began, 1),
        )

    def _conferences(self, _request: protocol.ListConferences, now: float) -> protocol.AnyReply:
        return protocol.Conferences(tuple(self._row(room, now) for room in self._rooms.by_id.values()))

    def _conference(self, request: protocol.ShowConference, now: float) -> protocol.AnyReply:
        room = self._rooms.by_id.get(request.conference)
        if room is None:
            return NO_CONFERENCE
        masked = room.conference.settings.mask_numbers
        rows = tuple(
            protocol.PersonRow(
                leg=row.leg,
                role=row.role,
                name=row.name,
                caller=row.caller,
                came_by=row.came_by,
                muted=row.muted,
                silenced=row.silenced,
                hand=row.hand,
                asking=row.asking,
                place=row.place,
                gain_db=row.gain_db,
                joined_s=round(now - row.joined_at, 1),
                keys=self._lines.by_number[row.leg].keys.ways,
                trouble=row.trouble,
                lowered=row.lowered,
                suppressed=row.suppressed,
            )
            for row in rosters.roster(room.conference, masked=masked)
        )
        return protocol.Roster(self._row(room, now), rows)

    def _calls(self, _request: protocol.ListCalls, now: float) -> protocol.AnyReply:
        return protocol.Calls(
            tuple(
                protocol.CallRow(
                    leg=leg.number,
                    caller=self._number(leg.room, leg.caller)
                    if leg.destination is None
                    else leg.destination.masked,
                    dialled=leg.dialled,
                    state=leg.state.value,
                    conference="" if leg.room is None else leg.room.conference_id,
                    since_s=round(now - leg.came_at, 1),
                    keys=leg.keys.ways,
                    via=leg.via,
                    secured=leg.negotiation.secured,
                    codec=leg.negotiation.codec,
                )
                for leg in self._lines.by_number.values()
            )
        )

    def _list_trunks(self, _request: protocol.ListTrunks, now: float) -> protocol.AnyReply:
        return protocol.Trunks(
            tuple(
                protocol.TrunkRow(
                    name=trunk.name,
                    address=trunk.settings.address,
                    transport=trunk.settings.transport,
                    up=trunk.is_up,
                    answers=trunk.answers,
                    registered=trunk.registered if trunk.settings.register else None,
                    calls_out=trunk.calls_out,
                    calls_in=trunk.calls_in,
                    without_ack=len(trunk.unproved),
                    most_out=trunk.settings.calls_out,
                    most_in=trunk.settings.calls_in,
                    since_s=None if trunk.since is None else round(now - trunk.since, 1),
                    last_error=trunk.last_error,
                )
                for trunk in self._trunks
            )
        )

    def _board(self, request: protocol.BlastBoard, now: float) -> protocol.AnyReply:
        room = self._rooms.by_id.get(request.conference)
        if room is None:
            return NO_CONFERENCE
        return protocol.Board(
            tuple(
                protocol.BoardRow(
                    row.name,
                    self._number(room, row.number),
                    row.state,
                    row.attempts,
                    round(now - row.since, 1),
                    row.outcome,
                )
                for row in self._campaigns.board(room)
            )
        )

    def _queue(self, _request: protocol.HelpQueue, now: float) -> protocol.AnyReply:
        desk = self._operators.desk
        rows = tuple(self._queue_row(row) for row in desk.queue(now))
        operators = tuple(
            protocol.OperatorRow(
                row.name, STATES[row.state], row.request_id or 0, self._operators.conference_of(row.name)
            )
            for row in desk.operators()
        )
        return protocol.Queue(rows, operators)

    def _queue_row(self, row: QueueRow) -> protocol.QueueRow:
        leg = self._lines.by_number.get(row.leg)
        room = self._rooms.by_id.get(row.conference) if leg is None or leg.room is None else leg.room
        return protocol.QueueRow(
            request=row.request_id,
            kind=KINDS[row.kind],
            leg=row.leg,
            name=(leg.name if leg is not None else None) or "",
            caller=self._number(room, row.caller),
            conference=row.conference if room is None else room.conference_id,
            waited_s=round(row.waited_s, 1),
            operator=row.ringing or "",
        )

    @staticmethod
    def _number(room: Room | None, number: str) -> str:
        """As the conference's settings let it be shown."""
        return rosters.mask(number) if room is not None and room.conference.settings.mask_numbers else number

    # --- doing ---

    def _give(self, request: protocol.Give, now: float) -> protocol.AnyReply:
        room = self._rooms.by_id.get(request.conference)
        if room is None:
            return NO_CONFERENCE
        if request.command.keypad_only:
            return KEYPAD_ONLY
        role = Role.MODERATOR if request.moderator else Role.OPERATOR
        outcome = self._rooms.give(room, request.command, Actor(role, name=request.by), now)
        return protocol.Given(outcome.done, outcome.text)

    def _send_keys(self, request: protocol.SendKeys, now: float) -> protocol.AnyReply:
        leg = self._lines.by_number.get(request.leg)
        if leg is None or leg.state in {LegState.OPENING, LegState.CALLING}:
            return NOBODY_THERE
        if not self._keys_out.press(leg, request.keys, now):
            return STILL_KEYING
        details = {} if leg.room is None else {"conference": leg.room.conference_id}
        self._lines.effects.append(RecordAct(request.by, "send_keys", leg.name or leg.caller, details))
        return protocol.Given(done=True)

    def _take(self, request: protocol.TakeRequest, now: float) -> protocol.AnyReply:
        outcome = self._operators.take(request.operator, request.request, now)
        return protocol.Given(outcome.done, outcome.text)

    def _set_away(self, request: protocol.SetAway, now: float) -> protocol.AnyReply:
        outcome = self._operators.set_away(request.operator, now, away=request.away)
        return protocol.Given(outcome.done, outcome.text)

    def _admit(self, request: protocol.AdmitCaller, now: float) -> protocol.AnyReply:
        leg = self._operators.waiting(request.request)
        if leg is None:
            return NOBODY_WAITS
        identify = Identify(leg.number, request.name, request.company, request.phone, request.email)
        if request.name or request.company or request.phone or request.email:
            leg.name = request.name or leg.name
            self.identities[leg.number] = (identify, Actor(Role.OPERATOR, name=request.by))
        outcome = self._operators.decide(leg, request.by, now, admit=True)
        return protocol.Given(outcome.done, outcome.text)

    def _refuse(self, request: protocol.RefuseCaller, now: float) -> protocol.AnyReply:
        leg = self._operators.waiting(request.request)
        if leg is None:
            return NOBODY_WAITS
        outcome = self._operators.decide(leg, request.by, now, admit=False)
        return protocol.Given(outcome.done, outcome.text)

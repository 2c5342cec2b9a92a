"""Blasts that are under way (`*92`, O5): at most one of each conference, its calls, and what the called hear.

`bridge.blast` knows the rules of a campaign and nothing of telephones; here its entries become calls out. Whoever answers
hears the conference's message and is led in, after pressing 1 where that is set: a machine never presses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bridge.blast import effects as wanted
from bridge.blast import events
from bridge.blast.campaign import CONFIRMING_KEY, Campaign
from bridge.blast.model import BlastError, Entry, Rules
from bridge.blast.states import State
from bridge.conference.events import LeaveReason
from bridge.conference.words import CONFERENCE_ENDED
from bridge.dialogue.called import blast_greeting
from bridge.dialogue.results import Confirmed
from bridge.service import post_dial
from bridge.service.dialplan import Refused
from bridge.service.outcome import Outcome
from bridge.service.role import Role
from bridge.service.spending import Limit
from bridge.switchboard.calls_out import Wanted
from bridge.switchboard.effects import FetchBlastList, Level, WriteAudio
from bridge.switchboard.legs import Leg, LegState
from bridge.switchboard.lines import BoardTimer
from media.control import Segment
from prompts.phrases import Utterance, say

if TYPE_CHECKING:
    from bridge.blast.model import Row
    from bridge.config.settings import Config
    from bridge.service.dialplan import DialPlan
    from bridge.switchboard.calls_out import CallsOut
    from bridge.switchboard.dialogues import Dialogues
    from bridge.switchboard.events import BlastListFound
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.recordings import Recordings
    from bridge.switchboard.room import Room
    from bridge.switchboard.rooms import Rooms
    from prompts.values import Clip

NO_LIST: Final = Utterance("blast_no_list")
RUNNING: Final = Utterance("blast_running")
NOT_DONE: Final = Utterance("not_done")


class Blast:
    """One conference's."""

    __slots__ = ("by_entry", "by_leg", "campaign", "message", "numbers", "press_one", "room", "starter")

    def __init__(self, room: Room, starter: int) -> None:
        self.room = room
        self.starter = starter
        """The leg of the moderator who began it and hears what came of it; 0: a console."""
        self.campaign: Campaign | None = None
        """None until its list has been fetched."""
        self.numbers: dict[int, tuple[str, str]] = {}
        """Number and name, by entry."""
        self.by_entry: dict[int, Leg] = {}
        self.by_leg: dict[int, int] = {}
        self.message: Clip | None = None
        self.press_one = True


class Campaigns:
    """All that are under way."""

    __slots__ = (
        "_by_request",
        "_by_room",
        "_calls",
        "_config",
        "_dialogues",
        "_lines",
        "_of_leg",
        "_plan",
        "_recordings",
        "_request",
        "_rooms",
    )

    def __init__(
        self,
        lines: Lines,
        rooms: Rooms,
        dialogues: Dialogues,
        calls: CallsOut,
        recordings: Recordings,
        plan: DialPlan,
        config: Config,
    ) -> None:
        self._lines = lines
        self._rooms = rooms
        self._dialogues = dialogues
        self._calls = calls
        self._recordings = recordings
        self._plan = plan
        self._config = config
        self._by_room: dict[int, Blast] = {}
        """By the number of the room: the one that runs, or the last one, for the board."""
        self._by_request: dict[int, Blast] = {}
        self._of_leg: dict[int, Blast] = {}
        self._request = 0

    # --- commands ---

    def begin(self, room: Room, starter: int, name: str) -> Utterance | None:
        """Fetch the list of that name and call it: None, or why not."""
        running = self._by_room.get(room.number)
        if running is not None and (running.campaign is None or not running.campaign.over):
            return RUNNING
        self._request += 1
        self._by_room[room.number] = self._by_request[self._request] = Blast(room, starter)
        self._lines.effects.append(FetchBlastList(self._request, room.pair, name))
        return None

    def cancel(self, room: Room, now: float) -> int | None:
        """`*3`: how many calls are not made, or not waited for, after all; None where no blast is on."""
        blast = self._by_room.get(room.number)
        if blast is None or (blast.campaign is not None and blast.campaign.over):
            return None
        if blast.campaign is None:  # its list is still being fetched
            del self._by_room[room.number]
            return 0
        before = blast.campaign.summary[State.CANCELLED]
        blast.campaign.receive(events.Cancel(), now)
        self._do(blast, now)
        return blast.campaign.summary[State.CANCELLED] - before

    def board(self, room: Room) -> tuple[Row, ...]:
        """How each entry stands, of the blast that runs or the last one."""
        blast = self._by_room.get(room.number)
        return () if blast is None or blast.campaign is None else blast.campaign.board()

    def room_closed(self, room: Room, now: float) -> None:
        """The conference is over: nobody is called any more, and who is being greeted is told."""
        blast = self._by_room.pop(room.number, None)
        if blast is None or blast.campaign is None:
            return
        blast.campaign.receive(events.Cancel(), now)
        self._do(blast, now)
        for leg in list(blast.by_entry.values()):
            if leg.state is LegState.CALLED and leg.number in self._lines.by_number:
                self._dialogues.end(leg)
                self._lines.part(leg, CONFERENCE_ENDED, LeaveReason.CONFERENCE_ENDED, now)
        self._lines.timers.cancel((BoardTimer.BLAST, room.number))
        self._give_back(blast)

    # --- the list ---

    def list_found(self, event: BlastListFound, now: float) -> None:
        """Begin to call."""
        blast = self._by_request.pop(event.request, None)
        if blast is None or self._by_room.get(blast.room.number) is not blast:
            return
        found = event.blast_list
        if found is None or not found.entries:
            del self._by_room[blast.room.number]
            words = NOT_DONE if event.failed else NO_LIST
            self._lines.note(Level.WARNING, "no blast", conference=blast.room.conference_id, why=words.name)
            self._tell(blast, words)
            return
        settings = self._config.blast
        blast.press_one = settings.press_one if found.press_one is None else found.press_one
        rules = Rules(
            calls_per_second=settings.calls_per_second,
            parallel=settings.parallel,
            attempts=settings.attempts,
            retry_after_s=settings.retry_after_s,
            ring_s=settings.ring_s,
            press_one=blast.press_one,
        )
        blast.numbers = {number: (each.number, each.name) for number, each in enumerate(found.entries, 1)}
        try:
            blast.campaign = Campaign(
                [Entry(number, name, digits) for number, (digits, name) in blast.numbers.items()], rules
            )
        except BlastError as error:
            del self._by_room[blast.room.number]
            self._lines.note(
                Level.WARNING, "blast refused", conference=blast.room.conference_id, why=str(error)
            )
            self._tell(blast, NOT_DONE)
            return
        self._take_message(blast, event.audio)
        self._lines.note(
            Level.INFO,
            "blast began",
            conference=blast.room.conference_id,
            list=found.name,
            people=len(blast.numbers),
        )
        self._lines.figures["blasts"] += 1
        self._tell(blast, say("blast_started", count=len(blast.numbers)))
        blast.campaign.start(now)
        self._do(blast, now)

    def due(self, number: int, now: float) -> None:
        """Let a campaign do what its time has come for."""
        blast = self._by_room.get(number)
        if blast is not None and blast.campaign is not None:
            blast.campaign.advance(now)
            self._do(blast, now)

    def _take_message(self, blast: Blast, audio: Any) -> None:
        if audio is None:
            return
        blast.message = self._recordings.place(len(audio))
        if blast.message is not None:
            self._lines.effects.append(WriteAudio(Segment(*blast.message), audio))

    def _give_back(self, blast: Blast) -> None:
        """Nobody hears the message any more."""
        message, blast.message = blast.message, None
        if message is not None:
            self._recordings.give(message)

    # --- what campaigns want ---

    def _do(self, blast: Blast, now: float) -> None:
        campaign = blast.campaign
        assert campaign is not None
        while effects := campaign.outgoing():
            for effect in effects:
                self._carry_out(blast, campaign, effect, now)
        deadline = campaign.next_deadline()
        name = (BoardTimer.BLAST, blast.room.number)
        if deadline is None or self._by_room.get(blast.room.number) is not blast:
            self._lines.timers.cancel(name)
        else:
            self._lines.timers.set(name, deadline)

    def _carry_out(self, blast: Blast, campaign: Campaign, effect: wanted.Effect, now: float) -> None:
        match effect:
            case wanted.Dial():
                self._dial(blast, campaign, effect.entry_id, now)
            case wanted.HangUp():
                leg = blast.by_entry.get(effect.entry_id)
                if leg is not None:
                    self._hang_up(leg)
            case wanted.Play():
                leg = blast.by_entry[effect.entry_id]
                language = blast.room.language or leg.language
                self._dialogues.begin(
                    leg, blast_greeting(language, blast.message, press_one=blast.press_one), self, now
                )
            case wanted.Join():
                self._join(blast, blast.by_entry[effect.entry_id], now)
            case wanted.Changed():
                self._changed(blast, effect)
            case wanted.Over():
                self._over(blast, campaign)

    def _dial(self, blast: Blast, campaign: Campaign, entry: int, now: float) -> None:
        number, name = blast.numbers[entry]
        number, keys = post_dial.split(number)
        destination = self._plan.address(number)
        called: Leg | Limit | None = None
        if isinstance(destination, Refused):
            self._lines.figures[f"number refused:{destination.why.value}"] += 1
            self._lines.refusal(blast.room, destination.why.value)
        else:
            ring_s = self._config.blast.ring_s
            language = blast.room.language
            wish = Wanted(destination, "blast", ring_s, language, blast.room, name or None, keys=keys)
            called = self._calls.place(wish, self, now)
        if isinstance(called, Leg):
            blast.by_entry[entry] = called
            blast.by_leg[called.number] = entry
            self._of_leg[called.number] = blast
        else:
            full = called is Limit.TRUNK  # soon it is not: worth another try
            campaign.receive(events.Failed(entry, Outcome.CONGESTED if full else Outcome.REFUSED), now)

    def _join(self, blast: Blast, leg: Leg, now: float) -> None:
        self._dialogues.end(leg)
        if self._turned_away(blast, leg, now):
            return
        self._rooms.bring_in(leg, blast.room, Role.PARTICIPANT, now, came_by="blast")

    def _turned_away(self, blast: Blast, leg: Leg, now: float) -> bool:
        """Whether the conference would not have them (it has been locked, or is full): they have been told."""
        refusal = self._rooms.refusal(blast.room, Role.PARTICIPANT)
        if refusal is not None:
            self._lines.part(leg, refusal, LeaveReason.DISCONNECTED, now)
        return refusal is not None

    def _hang_up(self, leg: Leg) -> None:
        """End a call that is not in the conference; `failed` or `gone` follows, as the campaign expects."""
        if leg.number not in self._lines.by_number:
            return
        if leg.state in {LegState.OPENING, LegState.CALLING}:
            leg.outcome = Outcome.NO_ANSWER
        self._lines.hang_up(leg, LeaveReason.DISCONNECTED, "no longer wanted")

    def _changed(self, blast: Blast, effect: wanted.Changed) -> None:
        self._lines.figures[f"blast:{effect.state.value}"] += 1
        self._lines.note(
            Level.INFO,
            "blast",
            conference=blast.room.conference_id,
            entry=effect.entry_id,
            state=effect.state.value,
            **({} if effect.outcome is None else {"outcome": effect.outcome.value}),
        )

    def _over(self, blast: Blast, campaign: Campaign) -> None:
        joined = campaign.summary[State.JOINED] + campaign.summary[State.LEFT]
        others = sum(campaign.summary.values()) - joined - campaign.summary[State.CANCELLED]
        self._lines.note(
            Level.INFO, "blast over", conference=blast.room.conference_id, joined=joined, not_reached=others
        )
        self._give_back(blast)
        self._tell(blast, say("blast_answered", count=joined))
        if others:
            self._tell(blast, say("blast_failed", count=others))

    def _tell(self, blast: Blast, words: Utterance) -> None:
        """Say to the moderator who began it, if there still is one."""
        leg = self._lines.by_number.get(blast.starter)
        if leg is not None and leg.room is blast.room:
            self._lines.say(leg, words, leg.language)

    def _happened(self, blast: Blast, event: events.Event, now: float) -> None:
        assert blast.campaign is not None
        blast.campaign.receive(event, now)
        self._do(blast, now)

    def _event(self, leg: Leg, event: events.Event, now: float) -> None:
        self._happened(self._of_leg[leg.number], event, now)

    def _ended(self, leg: Leg, event: events.Event, now: float) -> None:
        blast = self._of_leg[leg.number]
        self._forget(leg)
        self._happened(blast, event, now)

    def _entry(self, leg: Leg) -> int:
        return self._of_leg[leg.number].by_leg[leg.number]

    def _forget(self, leg: Leg) -> None:
        blast = self._of_leg.pop(leg.number)
        entry = blast.by_leg.pop(leg.number)
        if blast.by_entry.get(entry) is leg:
            del blast.by_entry[entry]

    # --- calls (`legs.User`) ---

    def ringing(self, leg: Leg, now: float) -> None:
        """It rings there."""
        self._event(leg, events.Ringing(self._entry(leg)), now)

    def answered(self, leg: Leg, now: float) -> None:
        """Somebody, or something, is there."""
        self._event(leg, events.Answered(self._entry(leg)), now)

    def failed(self, leg: Leg, outcome: Outcome, now: float) -> None:
        """Nobody is."""
        self._ended(leg, events.Failed(self._entry(leg), outcome), now)

    def key(self, leg: Leg, key: str, now: float) -> None:
        """The greeting's dialogue reads keys; between it and the conference there is none."""

    def gone(self, leg: Leg, now: float) -> None:
        """They have hung up, or were."""
        self._ended(leg, events.Left(self._entry(leg)), now)

    # --- the greeting (`legs.Host`) ---

    def asked(self, leg: Leg, request: Any, now: float) -> None:
        """The greeting asks nothing that is not between it and the called person."""

    def concluded(self, leg: Leg, result: Any, now: float) -> None:
        """In, or not."""
        blast, entry = self._of_leg[leg.number], self._entry(leg)
        if not isinstance(result, Confirmed):
            self._lines.hang_up(leg, LeaveReason.DISCONNECTED, "did not want to join")
        elif not self._turned_away(blast, leg, now):
            heard = events.Pressed(entry, CONFIRMING_KEY) if blast.press_one else events.Played(entry)
            self._event(leg, heard, now)

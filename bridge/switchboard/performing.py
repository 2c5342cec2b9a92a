"""Commands that need more than their conference: calls out, operators, moves, announcements.

A conference has checked who gives the command, and that its level has it, before it comes here (`conference.effects.Perform`).
What somebody keyed is answered in words to that leg, what a console asked by an `Outcome`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bridge.conference import commands
from bridge.conference.commands import Actor, Outcome
from bridge.conference.events import Given, StepAside, StepBack
from bridge.conference.model import ALONE
from bridge.conference.words import NOT_NOW
from bridge.dialogue.choosing import choose_person
from bridge.dialogue.message import record_message
from bridge.dialogue.requests import NotAvailable, Saved, SaveMessage
from bridge.dialogue.results import Chosen
from bridge.service.role import Role
from bridge.switchboard.campaigns import Campaigns
from bridge.switchboard.effects import KeepMessage
from bridge.switchboard.legs import Leg, LegTimer
from bridge.switchboard.taking_out import take_out
from prompts.errors import PromptError
from prompts.phrases import Utterance, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.conference.commands import Command
    from bridge.switchboard.dialogues import Dialogues
    from bridge.switchboard.errands import Errands
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.operators import Operators
    from bridge.switchboard.recordings import Recordings
    from bridge.switchboard.room import Room
    from bridge.switchboard.rooms import Rooms
    from bridge.switchboard.transfers import Transfers

NOTHING_TO_CANCEL: Final = Utterance("blast_nothing_to_cancel")
STORE_S: Final = 5.0
"""How long a moderator waits in silence for the store to keep a message before being told that it could not."""

DONE: Final = Outcome(done=True)
REFUSED: Final = Outcome(done=False, text="not_now")

Answer = Utterance | Outcome | None
"""What a command comes to: words for whoever keyed it, an outcome for a console, None for "begun, and more is told later"."""


class Performing:
    """Carries them out."""

    __slots__ = (
        "_campaigns",
        "_dialogues",
        "_do",
        "_errands",
        "_lines",
        "_operators",
        "_recordings",
        "_rooms",
        "_transfers",
    )

    def __init__(
        self,
        lines: Lines,
        rooms: Rooms,
        dialogues: Dialogues,
        recordings: Recordings,
        errands: Errands,
        campaigns: Campaigns,
        operators: Operators,
        transfers: Transfers,
    ) -> None:
        self._lines = lines
        self._rooms = rooms
        self._dialogues = dialogues
        self._recordings = recordings
        self._errands = errands
        self._campaigns = campaigns
        self._operators = operators
        self._transfers = transfers
        operators.tell_of_talks(self._interrupted)
        self._do: dict[type, Callable[[Room, Any, Actor, float], Answer]] = {
            commands.AskForHelp: self._ask_for_help,
            commands.DialOut: self._dial_out,
            commands.ReturnWithGuest: self._return_with_guest,
            commands.ReturnAlone: self._return_alone,
            commands.Blast: self._blast,
            commands.CancelBlast: self._cancel_blast,
            commands.RecordMessage: self._record_message,
            commands.HandOver: self._hand_over,
            commands.Announce: self._announce,
            commands.Monitor: self._monitor,
            commands.Whisper: self._whisper,
            commands.Visit: self._visit,
            commands.Move: self._move,
            commands.Transfer: self._transfer,
        }

    def perform(self, room: Room, command: Command, actor: Actor, now: float) -> Outcome | None:
        """Begin it. What cannot be is said to whoever keyed it; the outcome is for consoles."""
        answer = self._do[type(command)](room, command, actor, now)
        if isinstance(answer, Utterance):
            leg = self._lines.by_number.get(actor.leg)
            if leg is not None:
                self._lines.say(leg, answer, leg.language)
            return Outcome(done=False, text=answer.name)
        return answer

    def dismissed(self, leg: Leg, now: float) -> None:
        """Break off what somebody was about whom the conference has sent away, or who has gone."""
        self._dialogues.end(leg)
        self._errands.abandon(leg, now)
        self._operators.left(leg, now)

    def put_out(self, leg: Leg, now: float) -> None:
        """A monitor is no longer wanted."""
        self._operators.put_out(leg, now)

    def closed(self, room: Room, now: float) -> None:
        """A conference is over."""
        self._campaigns.room_closed(room, now)
        self._operators.closed(room, now)

    def _interrupted(self, leg: Leg, now: float) -> None:
        """An operator comes to somebody who asked for one and is about something else meanwhile: that is broken off."""
        if not self._errands.return_alone(leg, now):
            self._dialogues.end(leg)
            self._recordings.drop(leg)

    # --- help and calls out ---

    def _leg(self, actor: Actor) -> Leg | None:
        return self._lines.by_number.get(actor.leg)

    def _ask_for_help(self, room: Room, _command: Command, actor: Actor, now: float) -> Answer:
        leg = self._leg(actor)
        if leg is None:
            return REFUSED
        self._operators.ask_in_room(room, leg, now)
        return DONE

    def _dial_out(self, room: Room, command: commands.DialOut, actor: Actor, now: float) -> Answer:
        if command.number:
            refused = self._errands.invite(room, command.number, command.name, now)
            return refused or DONE
        leg = self._leg(actor)
        if leg is None:
            return REFUSED
        if self._operators.talks(leg):
            return NOT_NOW
        self._errands.dial_out(room, leg, now)
        return DONE

    def _return_with_guest(self, _room: Room, _command: Command, actor: Actor, now: float) -> Answer:
        """`*2`: both into the room, with the guest or with the operator."""
        leg = self._leg(actor)
        if leg is None:
            return REFUSED
        if self._errands.return_with_guest(leg, now) or self._operators.return_with_operator(leg, now):
            return DONE
        return NOT_NOW

    def _return_alone(self, room: Room, command: Command, actor: Actor, now: float) -> Answer:
        """`*3`: out of a private talk, with whomever; else it is the moderator's cancelling of a blast."""
        leg = self._leg(actor)
        if leg is None:
            return REFUSED
        if self._errands.return_alone(leg, now) or self._operators.return_alone(leg, now):
            return DONE
        if actor.role is Role.PARTICIPANT:
            return NOT_NOW
        return self._cancel_blast(room, command, actor, now)

    def _blast(self, room: Room, command: commands.Blast, actor: Actor, _now: float) -> Answer:
        return self._campaigns.begin(room, actor.leg, command.list) or DONE

    def _cancel_blast(self, room: Room, _command: Command, actor: Actor, now: float) -> Answer:
        count = self._campaigns.cancel(room, now)
        if count is None:
            return NOTHING_TO_CANCEL
        leg = self._leg(actor)
        words = say("blast_cancelled", count=count)
        if leg is not None:
            self._lines.say(leg, words, leg.language)
        return Outcome(done=True, text=words.name)

    # --- dialogues in the room ---

    def _record_message(self, room: Room, _command: Command, actor: Actor, now: float) -> Answer:
        """O5: out of the room, so that the others do not hear it said, and back when it is kept."""
        leg = self._free(room, actor)
        if leg is None or not room.pair:
            return NOT_NOW
        self._rooms.tell(room, StepAside(leg.number, ALONE), now)
        self._dialogues.begin(leg, record_message(leg.language), self, now)
        return DONE

    def _free(self, room: Room, actor: Actor) -> Leg | None:
        """Whoever keyed it, unless they are about something else already."""
        leg, participant = self._leg(actor), room.conference.participants.get(actor.leg)
        if leg is None or participant is None or participant.aside or leg.runner is not None:
            return None
        return leg

    def _hand_over(self, room: Room, _command: Command, actor: Actor, now: float) -> Answer:
        leg = self._free(room, actor)
        if leg is None:
            return NOT_NOW
        people = [
            (person.leg, person.clip)
            for person in room.conference.participants.values()
            if person.role is Role.PARTICIPANT and person.dismissed is None
        ]
        self._dialogues.begin(leg, choose_person(leg.language, people, give_up_keys="*3"), self, now)
        return DONE

    def asked(self, leg: Leg, request: Any, now: float) -> None:
        """Keep the message that a moderator has recorded (`legs.Host`)."""
        if isinstance(request, SaveMessage) and leg.room is not None:
            self._lines.timers.set((LegTimer.STORE, leg.number), now + STORE_S)
            self._lines.effects.append(KeepMessage(leg.number, leg.room.pair, request.clip))
        else:
            self._dialogues.answered(leg, NotAvailable(), now)

    def message_kept(self, leg: Leg, now: float, *, kept: bool) -> None:
        """The message is in the store, or the disk is full. Of one that is waited for no more nobody wants to know."""
        if leg.host is self:
            self._dialogues.answered(leg, Saved() if kept else NotAvailable(), now)

    def concluded(self, leg: Leg, result: Any, now: float) -> None:
        """Hand the role on to whoever was chosen (`legs.Host`); back into the room from a message, whose place is free."""
        self._recordings.drop(leg)
        if leg.room is None:
            return
        self._rooms.tell(leg.room, StepBack(leg.number), now)
        if isinstance(result, Chosen):
            actor = Actor(Role.MODERATOR, leg.number)
            self._rooms.tell(leg.room, Given(commands.HandOver(result.leg), actor), now)

    # --- operators ---

    def _announce(self, room: Room, command: commands.Announce, _actor: Actor, _now: float) -> Answer:
        words = Utterance(command.text)
        leg = self._lines.by_number.get(command.leg)
        try:
            if not command.leg:
                self._lines.say_room(room.number, words, room.language)
            elif leg is not None and leg.room is room:
                self._lines.say(leg, words, leg.language)
            else:
                return REFUSED
        except PromptError as error:
            return Outcome(done=False, text=str(error))
        return DONE

    def _monitor(self, room: Room, command: commands.Monitor, actor: Actor, now: float) -> Answer:
        announced = command.announced
        if announced is None:
            announced = room.conference.settings.monitor_announced
        return self._operators.monitor(room, actor.name, now, on=command.on, announced=announced)

    def _visit(self, room: Room, command: commands.Visit, actor: Actor, now: float) -> Answer:
        return self._operators.visit(room, actor.name, now, on=command.on)

    def _whisper(self, room: Room, command: commands.Whisper, actor: Actor, _now: float) -> Answer:
        return self._operators.whisper(room, actor.name, command.leg)

    def _transfer(self, room: Room, command: commands.Transfer, _actor: Actor, now: float) -> Answer:
        return self._transfers.transfer(room, command.leg, command.to, now)

    def _move(self, room: Room, command: commands.Move, _actor: Actor, now: float) -> Answer:
        """Into another conference (O4): it must take them, or they stay."""
        leg = self._lines.by_number.get(command.leg)
        other = self._rooms.by_id.get(command.conference)
        participant = room.conference.participants.get(command.leg)
        if leg is None or other is None or other is room or participant is None or leg.room is not room:
            return REFUSED
        # A moderator elsewhere has no say here, nor does a locked room open to them as to one of its own (G1).
        role = participant.role if participant.role is Role.OPERATOR else Role.PARTICIPANT
        refusal = self._rooms.refusal(other, role)
        if refusal is not None:
            return Outcome(done=False, text=refusal.name)
        self._dialogues.end(leg)
        self._errands.abandon(leg, now)
        self._operators.moves(leg, other, now)
        self._recordings.drop(leg)  # of a message that was being recorded
        leg.clip = participant.clip
        if participant.clip is not None:
            room.clips.remove(participant.clip)
        take_out(self._lines, self._rooms, leg, now)
        self._rooms.bring_in(leg, other, role, now, came_by=participant.came_by)
        if participant.returns_muted if participant.aside else participant.muted:
            # Who has shut their microphone is not to find it open elsewhere.
            self._rooms.tell(other, Given(commands.MuteSelf(on=True), Actor(role, leg.number)), now)
        return DONE

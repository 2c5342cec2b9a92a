"""What comes of a command: whether it was done, and what the one who gave it is told.

A command does its work on the draft and returns an `Answer`; who gives it (a leg or a console) is only seen by `given`,
which speaks the answer or replies with it. A command that tells one person about another's line takes care not to
speak twice to somebody who gave it about themselves: hence `Asker`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.conference.commands import Actor
    from bridge.conference.model import Participant
    from prompts.phrases import Utterance


@dataclass(frozen=True, slots=True)
class Asker:
    """Who gives a command, as the conference knows them."""

    actor: Actor
    participant: Participant | None
    """None: not in the conference; a console."""

    @property
    def leg(self) -> int:
        """0 for a console."""
        return self.actor.leg


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of a command."""

    done: bool
    utterance: Utterance | None = None
    """None: nothing needs to be said, or it has been said in the doing."""
    subject: str = ""
    """Of the `Act`."""
    to_room: bool = False
    """The main room has heard the utterance already, the one who asked with it."""


def done(utterance: Utterance | None = None, subject: str = "", *, to_room: bool = False) -> Answer:
    """Return that it was done."""
    return Answer(done=True, utterance=utterance, subject=subject, to_room=to_room)


def refused(utterance: Utterance) -> Answer:
    """Return why not."""
    return Answer(done=False, utterance=utterance)


def who(participant: Participant) -> str:
    """Name somebody for the audit trail (R4), as well as is known."""
    return participant.name or participant.caller or f"leg {participant.leg}"


def switched(on: bool) -> str:
    """Say which way, for the audit trail."""
    return "on" if on else "off"

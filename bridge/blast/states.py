"""Theory of operation: how far one entry of a list has come.

            DIALLED          RANG          ANSWERED           CONFIRMED         LEFT
    WAITING ------> CALLING -----> RINGING -------> GREETED ----------> JOINED -----> LEFT
     |  ^              '-------+------'              |   | ASKED           ^
     |  |                      |                     |   v                 |
     |  |                      |                     |  CONFIRMING --------+ CONFIRMED
     |  |                      |                     |   |
     |  |                      |                     '---+--- UNCONFIRMED ---> NOT_CONFIRMED
     |  |                      |
     |  | RETRIED              |--- BUSY, UNANSWERED, FAILED ---> BUSY, NO_ANSWER, FAILED
     |  '----------------------|------------------------------------------'
     |                         |--- DECLINED, REFUSED ---> DECLINED, REFUSED
     |                         |
     '------- CANCELLED -------'-------------------------> CANCELLED

GREETED hears the message. Where the rules want a key, the end of the message leads to CONFIRMING; where they do not, it
is confirmation enough, and so is the key pressed before the message has ended. What answers and is gone, or silent,
before that is NOT_CONFIRMED: a machine, a voicemail, or somebody who does not want to. It is never connected.

Three rules. Every change of state is in `NEXT`; a turn that the table does not know in a state is late or out of place
and changes nothing. A state says what we know of a person, not whether a line is still open: an entry may be NO_ANSWER
or CANCELLED while its call is still being taken down, and the campaign keeps count of that beside the state. And which
outcome leads where, and whether it is worth another attempt, is in `AFTER`, which names every outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from bridge.service.outcome import Outcome


class State(Enum):
    """How far an entry is."""

    WAITING = "waiting"
    """To be called when its turn comes."""
    CALLING = "calling"
    """Being called; nothing heard of it yet."""
    RINGING = "ringing"
    """It rings there."""
    GREETED = "greeted"
    """Somebody answered and hears the message."""
    CONFIRMING = "confirming"
    """They have heard it and been asked to press 1."""
    JOINED = "joined"
    """In the conference."""
    LEFT = "left"
    """Was in the conference and has gone."""
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    FAILED = "failed"
    """The call cannot be made; its outcome says why."""
    NOT_CONFIRMED = "not_confirmed"
    """Answered, and never came in: hung up, or did not press 1."""
    REFUSED = "refused"
    """Never called: dial plan or limits (G3)."""
    CANCELLED = "cancelled"
    """Not called any more (`*3`)."""


class Turn(Enum):
    """What turns one state into another."""

    DIALLED = "dialled"
    RANG = "rang"
    ANSWERED = "answered"
    ASKED = "asked"
    """The message was heard, and a key is wanted."""
    CONFIRMED = "confirmed"
    """The key came, or none is wanted and the message was heard."""
    UNCONFIRMED = "unconfirmed"
    """Gone, or silent for too long."""
    LEFT = "left"
    BUSY = "busy"
    UNANSWERED = "unanswered"
    DECLINED = "declined"
    FAILED = "failed"
    REFUSED = "refused"
    RETRIED = "retried"
    """The time to wait between two attempts is over."""
    CANCELLED = "cancelled"


_NOT_TAKEN: Final[dict[Turn, State]] = {
    Turn.ANSWERED: State.GREETED,
    Turn.BUSY: State.BUSY,
    Turn.UNANSWERED: State.NO_ANSWER,
    Turn.DECLINED: State.DECLINED,
    Turn.FAILED: State.FAILED,
    Turn.REFUSED: State.REFUSED,
    Turn.CANCELLED: State.CANCELLED,
}
"""How a call goes on that nobody has taken yet, whether or not it rings."""

NEXT: Final[dict[State, dict[Turn, State]]] = {
    State.WAITING: {Turn.DIALLED: State.CALLING, Turn.CANCELLED: State.CANCELLED},
    State.CALLING: {Turn.RANG: State.RINGING, **_NOT_TAKEN},
    State.RINGING: _NOT_TAKEN,
    State.GREETED: {
        Turn.ASKED: State.CONFIRMING,
        Turn.CONFIRMED: State.JOINED,
        Turn.UNCONFIRMED: State.NOT_CONFIRMED,
    },
    State.CONFIRMING: {Turn.CONFIRMED: State.JOINED, Turn.UNCONFIRMED: State.NOT_CONFIRMED},
    State.JOINED: {Turn.LEFT: State.LEFT},
    State.BUSY: {Turn.RETRIED: State.WAITING},
    State.NO_ANSWER: {Turn.RETRIED: State.WAITING},
    State.FAILED: {Turn.RETRIED: State.WAITING},
    State.LEFT: {},
    State.DECLINED: {},
    State.NOT_CONFIRMED: {},
    State.REFUSED: {},
    State.CANCELLED: {},
}


@dataclass(frozen=True, slots=True)
class After:
    """What an outcome means for an entry."""

    turn: Turn
    again: bool
    """Whether another attempt may end otherwise."""


AFTER: Final[dict[Outcome, After]] = {
    Outcome.BUSY: After(Turn.BUSY, again=True),
    Outcome.NO_ANSWER: After(Turn.UNANSWERED, again=True),
    Outcome.CONGESTED: After(Turn.FAILED, again=True),  # our own burst of calls may have filled the trunk
    Outcome.DECLINED: After(Turn.DECLINED, again=False),  # they said no: to ask again would be a nuisance
    Outcome.UNKNOWN_NUMBER: After(Turn.FAILED, again=False),
    Outcome.UNREACHABLE: After(Turn.FAILED, again=False),
    Outcome.ERROR: After(Turn.FAILED, again=False),
    Outcome.REFUSED: After(Turn.REFUSED, again=False),
}

"""Theory of operation: an operator, and a request.

    operator                RUNG                 CONNECTED
             FREE <------------------> RINGING -------------> TALKING
              | ^         UNRUNG          ^                      |  '-- MONITORS --> MONITORING
              | '--------------------- DONE ---------------------'
              |                           |
              |--- MONITORS --> MONITORING  -- DONE --> FREE, or CONNECTED --> TALKING
              '--- LEAVES ----> AWAY        -- RETURNS --> FREE, or whatever FREE may do but LEAVES

    request              OFFERED              CONNECTED
            WAITING <-----------------> OFFERED ----------> CONNECTED
               |         PUT_BACK          |
               |--- CONNECTED -------------|--------------> CONNECTED
               |--- WITHDRAWN -------------'--------------> WITHDRAWN
               '--- GIVEN_UP -----------------------------> GIVEN_UP

An operator whose phone is up already (they have just talked, or listen to a conference) is CONNECTED without ringing.
Nobody AWAY is rung on the desk's own account; but who takes a request from the console while away means to talk, is rung
for it, and is away again afterwards. Who goes along into the conference of whom they talked with MONITORS it from then
on: the talk is over. A request is OFFERED to one operator at a time, whose phone rings for it alone: a
RINGING operator and an OFFERED request are always a pair, and so are TALKING and CONNECTED until the talk is done.

Every change of state is in the two tables. What the tables do not know in a state is late or out of place.
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class OperatorState(Enum):
    """What an operator does."""

    FREE = "free"
    RINGING = "ringing"
    """Their phone rings for a request."""
    TALKING = "talking"
    MONITORING = "monitoring"
    """They listen to a conference (O4), or are in one, and are not rung."""
    AWAY = "away"
    """Not to be rung."""


class OperatorTurn(Enum):
    """What turns one state of an operator into another."""

    RUNG = "rung"
    UNRUNG = "unrung"
    """The ringing is over without a talk."""
    CONNECTED = "connected"
    DONE = "done"
    MONITORS = "monitors"
    LEAVES = "leaves"
    RETURNS = "returns"


class RequestState(Enum):
    """How a request stands."""

    WAITING = "waiting"
    OFFERED = "offered"
    """An operator's phone rings for it."""
    CONNECTED = "connected"
    """The end that everybody wishes for."""
    WITHDRAWN = "withdrawn"
    """They hung up or changed their mind."""
    GIVEN_UP = "given_up"
    """They were told that nobody is free."""


class RequestTurn(Enum):
    """What turns one state of a request into another."""

    OFFERED = "offered"
    PUT_BACK = "put_back"
    """Back to its old place in the queue."""
    CONNECTED = "connected"
    WITHDRAWN = "withdrawn"
    GIVEN_UP = "given_up"


OPERATOR: Final[dict[OperatorState, dict[OperatorTurn, OperatorState]]] = {
    OperatorState.FREE: {
        OperatorTurn.RUNG: OperatorState.RINGING,
        OperatorTurn.CONNECTED: OperatorState.TALKING,
        OperatorTurn.MONITORS: OperatorState.MONITORING,
        OperatorTurn.LEAVES: OperatorState.AWAY,
    },
    OperatorState.RINGING: {
        OperatorTurn.UNRUNG: OperatorState.FREE,
        OperatorTurn.CONNECTED: OperatorState.TALKING,
    },
    OperatorState.TALKING: {
        OperatorTurn.DONE: OperatorState.FREE,
        OperatorTurn.MONITORS: OperatorState.MONITORING,
    },
    OperatorState.MONITORING: {
        OperatorTurn.DONE: OperatorState.FREE,
        OperatorTurn.CONNECTED: OperatorState.TALKING,
    },
    OperatorState.AWAY: {
        OperatorTurn.RUNG: OperatorState.RINGING,
        OperatorTurn.CONNECTED: OperatorState.TALKING,
        OperatorTurn.MONITORS: OperatorState.MONITORING,
        OperatorTurn.RETURNS: OperatorState.FREE,
    },
}

REQUEST: Final[dict[RequestState, dict[RequestTurn, RequestState]]] = {
    RequestState.WAITING: {
        RequestTurn.OFFERED: RequestState.OFFERED,
        RequestTurn.CONNECTED: RequestState.CONNECTED,
        RequestTurn.WITHDRAWN: RequestState.WITHDRAWN,
        RequestTurn.GIVEN_UP: RequestState.GIVEN_UP,
    },
    RequestState.OFFERED: {
        RequestTurn.PUT_BACK: RequestState.WAITING,
        RequestTurn.CONNECTED: RequestState.CONNECTED,
        RequestTurn.WITHDRAWN: RequestState.WITHDRAWN,
    },
    RequestState.CONNECTED: {},
    RequestState.WITHDRAWN: {},
    RequestState.GIVEN_UP: {},
}

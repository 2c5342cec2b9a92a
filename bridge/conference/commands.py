"""What can be asked of a conference: one frozen type per command, and who may give it.

One layer for all. The keypad reaches these types through `keymap`, the command line and the API build them from text;
whichever way one comes, `reduce` gets it as `Given(command, actor)` and answers it to the one who gave it. A command
that a conference cannot carry out by itself (a call out, an operator) is checked there like all others and then handed
on as `Perform`.

`on=None` means the other way round: what a single key does, where a page has two buttons.
"""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from bridge.service.role import Role
from bridge.service.settings import MuteMode

EVERYBODY: Final = frozenset(Role)
IN_CHARGE: Final = frozenset({Role.MODERATOR, Role.OPERATOR})
OPERATORS: Final = frozenset({Role.OPERATOR})


def tag_of(name: str) -> str:
    """What a type is called in text: `MuteOne` is `mute_one`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


class Command(msgspec.Struct, frozen=True, tag_field="command", tag=tag_of):
    """Base of all. The tag (`mute_one`) is its name in key maps, on the command line, in the log and in figures."""

    givers: ClassVar[frozenset[Role]] = EVERYBODY
    """Who may give it. Somebody on a customer's page acts as the moderator they are."""
    keypad_only: ClassVar[bool] = False
    """It is about the one who gives it, so it needs a leg: no use from a console."""

    @property
    def tag(self) -> str:
        """Its name everywhere: `mute_one`."""
        return str(self.__struct_config__.tag)


class Actor(msgspec.Struct, frozen=True):
    """Who gives a command."""

    role: Role
    leg: int = 0
    """Over whose keys it came; the answer is spoken there. 0: from a console, and the answer is an `Outcome`."""
    name: str = ""
    """For the audit trail, where it is no leg: the operator's or the person's."""


# Everybody's own -------------------------------------------------------------------------------------------------


class MuteSelf(Command, frozen=True):
    """`*6`."""

    keypad_only: ClassVar[bool] = True
    on: bool | None = None


class RaiseHand(Command, frozen=True):
    """Into the queue of those who want to ask, or out of it."""

    keypad_only: ClassVar[bool] = True
    on: bool | None = None


class RollCall(Command, frozen=True):
    """`*8`: the names, one after another, to the one who asked."""

    keypad_only: ClassVar[bool] = True


class StopRollCall(Command, frozen=True):
    """`*9`."""

    keypad_only: ClassVar[bool] = True


class Headcount(Command, frozen=True):
    """How many are in, to the one who asked."""

    keypad_only: ClassVar[bool] = True


class ListCommands(Command, frozen=True):
    """`*#`: what the one who asked can key."""

    keypad_only: ClassVar[bool] = True


class AskForHelp(Command, frozen=True):
    """`*0`: an operator, please; once more: no longer."""

    keypad_only: ClassVar[bool] = True


# The floor -------------------------------------------------------------------------------------------------------


class Lecture(Command, frozen=True):
    """`*5`: only moderators are heard (the mode PRESENTATION), or everybody again."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    on: bool | None = None


class SetMode(Command, frozen=True):
    """One of the three mute modes; None is the next one, round and round."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    mode: MuteMode | None = None


class NextQuestion(Command, frozen=True):
    """The first hand of the queue has the floor, whoever had it before has not."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE


class ClearHands(Command, frozen=True):
    """All hands down."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE


class GiveFloor(Command, frozen=True):
    """One has the floor, wherever in the queue."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    leg: int


class LevelVoices(Command, frozen=True):
    """`*4`: automatic gain on every line."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    on: bool | None = None


class SuppressNoise(Command, frozen=True):
    """Take noise out of what one says, or (0) everybody here and whoever comes."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    leg: int = 0
    on: bool | None = None


class MuteOne(Command, frozen=True):
    """O4. With strict muting only somebody in charge can undo it."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    leg: int
    on: bool = True


class MuteAll(Command, frozen=True):
    """Every participant here now, as by `MuteOne`; those who come later are not touched."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    on: bool = True


class SetGain(Command, frozen=True):
    """O4: how much louder this one is heard, in dB."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    leg: int
    gain_db: float


# Doors and time --------------------------------------------------------------------------------------------------


class Lock(Command, frozen=True):
    """`*7`: nobody enters or monitors."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    on: bool | None = None


class RecordConference(Command, frozen=True):
    """C6: everybody is told that it is recorded, or no more."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    on: bool | None = None


class PauseRecording(Command, frozen=True):
    """What is said meanwhile is left out."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    on: bool | None = None


class Disconnect(Command, frozen=True):
    """Put one out (O4)."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    leg: int


class EndConference(Command, frozen=True):
    """For everybody, now (O4)."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE


class Extend(Command, frozen=True):
    """More time (C6), as much as the settings say."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE


class LeaveWithoutEnding(Command, frozen=True):
    """The moderator goes, and this conference goes on without one (against C5)."""

    givers: ClassVar[frozenset[Role]] = frozenset({Role.MODERATOR})
    keypad_only: ClassVar[bool] = True


class HandOver(Command, frozen=True):
    """The moderator's role to somebody else. Without a `leg` the moderator is asked to whom."""

    givers: ClassVar[frozenset[Role]] = frozenset({Role.MODERATOR})
    keypad_only: ClassVar[bool] = True
    leg: int = 0


class SetRole(Command, frozen=True):
    """Make one a moderator or a participant."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    leg: int
    role: Role


class Identify(Command, frozen=True):
    """Who this one is (O2, R2); empty fields are left as they are."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    leg: int
    name: str = ""
    company: str = ""
    phone: str = ""
    email: str = ""


# Calls out, operators: performed by the switchboard --------------------------------------------------------------


class DialOut(Command, frozen=True):
    """`*1`: without a number the moderator is asked for it and talks with the called person in private. With one (API)
    whoever answers is connected to the conference.
    """

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    number: str = ""
    name: str = ""


class ReturnWithGuest(Command, frozen=True):
    """`*2`, out of a private talk."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    keypad_only: ClassVar[bool] = True


class ReturnAlone(Command, frozen=True):
    """`*3`, out of a private talk or a call that is not answered; otherwise as `CancelBlast`."""

    keypad_only: ClassVar[bool] = True


class Blast(Command, frozen=True):
    """`*92`: call everybody on a list."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    list: str = ""
    """Empty: the conference's own."""


class RecordMessage(Command, frozen=True):
    """What the called of a blast hear first, said into the telephone (O5)."""

    givers: ClassVar[frozenset[Role]] = frozenset({Role.MODERATOR})
    keypad_only: ClassVar[bool] = True


class CancelBlast(Command, frozen=True):
    """`*3`: whoever has not answered yet is not called any more."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE


class Announce(Command, frozen=True):
    """A text of the prompt catalogue to everybody, or to one."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    text: str
    leg: int = 0


class Monitor(Command, frozen=True):
    """O4: the operator's phone hears the conference and is not heard. Never when locked."""

    givers: ClassVar[frozenset[Role]] = OPERATORS
    on: bool = True
    announced: bool | None = None
    """None: as the settings say."""


class Whisper(Command, frozen=True):
    """What the operator says is heard by this one alone; 0 ends it."""

    givers: ClassVar[frozenset[Role]] = OPERATORS
    leg: int = 0


class Visit(Command, frozen=True):
    """The operator's phone joins the talk, or leaves it."""

    givers: ClassVar[frozenset[Role]] = OPERATORS
    on: bool = True


class Move(Command, frozen=True):
    """One to another conference, by its id."""

    givers: ClassVar[frozenset[Role]] = OPERATORS
    leg: int
    conference: str


class Transfer(Command, frozen=True):
    """One's telephone is asked to call somebody else instead (REFER): a number, or a SIP address."""

    givers: ClassVar[frozenset[Role]] = OPERATORS
    leg: int
    to: str


class Split(Command, frozen=True):
    """These into a sub-conference of their own, from 1 on; 0 is back into the main room."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE
    legs: tuple[int, ...]
    group: int


class Rejoin(Command, frozen=True):
    """Everybody of all sub-conferences back into the main room."""

    givers: ClassVar[frozenset[Role]] = IN_CHARGE


AnyCommand = (
    MuteSelf
    | RaiseHand
    | RollCall
    | StopRollCall
    | Headcount
    | ListCommands
    | AskForHelp
    | Lecture
    | SetMode
    | NextQuestion
    | ClearHands
    | GiveFloor
    | LevelVoices
    | SuppressNoise
    | MuteOne
    | MuteAll
    | SetGain
    | Lock
    | RecordConference
    | PauseRecording
    | Disconnect
    | EndConference
    | Extend
    | LeaveWithoutEnding
    | HandOver
    | SetRole
    | Identify
    | DialOut
    | ReturnWithGuest
    | ReturnAlone
    | Blast
    | RecordMessage
    | CancelBlast
    | Announce
    | Monitor
    | Whisper
    | Visit
    | Move
    | Transfer
    | Split
    | Rejoin
)

PERFORMED: Final[tuple[type[Command], ...]] = (
    AskForHelp,
    DialOut,
    ReturnWithGuest,
    ReturnAlone,
    Blast,
    RecordMessage,
    CancelBlast,
    Announce,
    Monitor,
    Whisper,
    Visit,
    Move,
    Transfer,
)
"""What the switchboard carries out, once the conference has allowed it."""


class Outcome(msgspec.Struct, frozen=True):
    """What becomes of a command from a console: what the keypad's spoken answer is to a leg."""

    done: bool
    text: str = ""
    """The prompt that a caller would hear, by its name in the catalogue: `locked`, `dial_limit`."""

"""What a conference is between two events: who is in it, and how it stands.

A `Conference` is a value. `reduce` makes the next one out of it and leaves it alone, so an old one can be kept,
compared and replayed. The table of participants is copied when it changes: 3 us for 1,000 people, which is less than
the rest of a join costs, and nobody can change a conference behind another's back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from bridge.conference.keymap import DEFAULT_KEYMAP, Keymap
from bridge.conference.tape import Tape
from bridge.service.role import Role
from bridge.service.settings import LastModerator, MuteMode, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.conference.effects import ToneName
    from bridge.conference.events import LeaveReason, TimerKey
    from bridge.conference.trouble import Trouble
    from prompts.values import Clip

__all__ = [
    "Admitted",
    "Conference",
    "House",
    "LastModerator",
    "Participant",
    "Phase",
    "Refusal",
    "Refused",
    "Role",
    "Settings",
    "Standing",
    "standing",
]


class Phase(Enum):
    """How far a conference is; `phases` says what leads from one to the next."""

    EMPTY = "empty"
    """Nobody is there."""
    WAITING = "waiting"
    """People are there and hear nobody, until a moderator comes (C3, C4)."""
    RUNNING = "running"
    """Everybody hears everybody."""
    ENDING = "ending"
    """Running still, but its last moderator has left and the grace time runs (C5)."""
    ENDED = "ended"
    """Over: everybody is being told and disconnected."""


MAIN: Final = 0
"""The place of those who are where the conference is."""
ALONE: Final = -1
"""The place of somebody who hears nothing but the bridge: keying a number, waiting for a call to be answered."""

LARGEST_GROUP: Final = 9
"""Sub-conferences are numbered 1 to 9, so that each is one key and one spoken word; a higher number is refused. The side
rooms above are for private talks, as many as there are."""

LOWERED_DB: Final = -12.0
"""Where lines that disturb are lowered, they are so much: a quarter of the amplitude. A noise as loud as speech falls behind
it, and who speaks over the noise is still understood."""

TALKING: Final = frozenset({Phase.RUNNING, Phase.ENDING})
"""The phases in which people hear each other."""


@dataclass(frozen=True, slots=True)
class House:
    """What holds in every conference of this bridge, whatever its settings."""

    announce_up_to: int = 25
    """C2: in a room of more people than this a tone stands for the name: nobody listens to hundreds of names."""
    announce_queue_s: float = 10.0
    """C2: a name that would be heard later than this after its owner came or left is a tone instead, so that a crowd at
    the door never talks over the meeting for longer."""
    calls_out: bool = True
    """Whether this bridge calls anybody at all: keys for what cannot be had are not read out."""
    records: bool = False
    """Whether this bridge records anything."""
    announce_recording: bool = True
    """Whether everybody is told that a conference is recorded, those who come in later too."""
    stranded_answer_s: float = 30.0
    """Time to find the telephone and press a key, for somebody who is asked whether they are still there."""


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in a conference, moderator or not."""

    leg: int
    role: Role
    name: str | None
    joined_at: float
    muted: bool = False
    """Own choice, somebody else's, or mute on entry. The mode is the conference's, not theirs. While aside: own choice
    for the private talk."""
    muted_by_other: bool = False
    """The mute is a moderator's or operator's (O4), or mute on entry: with strict muting only they undo it."""
    clip: Clip | None = None
    """The name as the caller said it (C2)."""
    caller: str = ""
    """The number, whole: whoever shows it masks it."""
    came_by: str = "dial-in"
    gain_db: float = 0.0
    """O4."""
    suppressed: bool = False
    """Noise is taken out of what they say."""
    trouble: Trouble | None = None
    """What their line disturbs the others by, now."""
    trouble_dealt_with: bool = False
    """What is to be done about it has been done, if anything (`noisy`)."""
    lowered: bool = False
    """Heard softer by `LOWERED_DB` as long as it lasts."""
    hushed_at: float | None = None
    """They are muted for a trouble, and were last told of it then; None once somebody has opened the line."""
    opened_at: float | None = None
    """When that was."""
    place: int = MAIN
    """MAIN, ALONE, or the number of a side room: a sub-conference (1 to `LARGEST_GROUP`) or a private talk (above)."""
    aside: bool = False
    """Out of the room by `StepAside`, and comes back by `StepBack` to `returns_to`, muted as `returns_muted`."""
    returns_to: int = MAIN
    """MAIN or a sub-conference."""
    returns_muted: bool = False
    """What `muted` is in the room; a moderator's mute meanwhile is kept here."""
    dismissed: LeaveReason | None = None
    """Already told to go, and why: what the record will say, however the call ends."""

    @property
    def heard_gain_db(self) -> float:
        """How much louder they are heard than they come, but for the levelling."""
        return self.gain_db + LOWERED_DB if self.lowered else self.gain_db

    @property
    def muted_in_room(self) -> bool:
        """Their line is, or will be when they come back."""
        return self.returns_muted if self.aside else self.muted

    def muted_for_the_room(self, muted: bool, *, by_other: bool) -> Participant:
        """Return them muted or not; somebody aside will find it so on their return."""
        changed = replace(self, muted_by_other=muted and by_other)
        return replace(changed, returns_muted=muted) if self.aside else replace(changed, muted=muted)


@dataclass(frozen=True, slots=True)
class Conference:
    """One room and the people in it. `Conference(settings)` is an empty one."""

    settings: Settings
    phase: Phase = Phase.EMPTY
    participants: Mapping[int, Participant] = field(default_factory=lambda: _NOBODY)
    """By leg, in the order they came. Never changed in place."""
    moderators: int = 0
    """How many of them are moderators and have not been dismissed."""
    mode: MuteMode = MuteMode.CONVERSATION
    """`*5` and Q&A: who may speak in the main room."""
    lecture: bool = False
    """PRESENTATION, begun by `*5`: people know it by that name."""
    hands: tuple[int, ...] = ()
    """Those who want to ask, in the order they raised their hands."""
    asking: int | None = None
    """Who has the floor in QUESTIONS."""
    levelling: bool = False
    """`*4`."""
    suppressing: bool = False
    """Noise is taken out of all lines, those that come, too."""
    noisy: frozenset[int] = frozenset()
    """Legs that have a trouble, or were muted for one."""
    noticed_at: float | None = None
    """When moderators last heard of a noisy line."""
    monitors: frozenset[int] = frozenset()
    """Operators' legs that listen: in nobody's count, and out at once when the conference is locked."""
    unanswered: frozenset[int] = frozenset()
    """Asked whether they are still there, and silent so far."""
    locked: bool = False
    """`*7`: nobody comes in."""
    moderators_lock: bool = False
    """A moderator locked it: no operator may lift it."""
    tape: Tape = Tape.OFF
    began_at: float | None = None
    """When people began to hear each other."""
    deadlines: Mapping[TimerKey, float] = field(default_factory=lambda: _NO_TIMERS)
    """The timers that run, and when each is due."""
    toned_at: Mapping[ToneName, float] = field(default_factory=lambda: _NO_TONES)
    """When each tone was last given."""
    announced_until: float = 0.0
    """When the names will have been said that are queued to the room (C2)."""
    keymap: Keymap = DEFAULT_KEYMAP
    """What people can key; the help reads it out."""
    house: House = field(default_factory=House)
    next_settings: Settings | None = None
    """Changed while people are in: holds once the room is empty (A7)."""

    def muted(self, leg: int) -> bool:
        """Whether the leg is heard by nobody, for whatever reason."""
        return standing(self, self.participants[leg]).silenced

    def place(self, leg: int) -> int | None:
        """Where the leg hears others and is heard by them; None where it hears nobody."""
        participant = self.participants.get(leg)
        return None if participant is None else standing(self, participant).place

    def in_room(self, leg: int) -> bool:
        """Whether the leg hears the conference or, where it was split, its part of it. Who is aside does not."""
        return self.place(leg) is not None and not self.participants[leg].aside


_NOBODY: Final[Mapping[int, Participant]] = MappingProxyType({})
_NO_TIMERS: Final[Mapping[TimerKey, float]] = MappingProxyType({})
_NO_TONES: Final[Mapping[ToneName, float]] = MappingProxyType({})


class Refusal(Enum):
    """Why somebody with a good code may not come in now."""

    LOCKED = "locked"
    FULL = "full"
    ENDED = "ended"
    """The conference is just being ended; in a moment a new one can be had."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Come in. `waits` where the conference has not begun and this one does not begin it."""

    waits: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Not now."""

    reason: Refusal


class Standing(NamedTuple):
    """How one person stands: all that the bridge does for them follows from it."""

    place: int | None
    """None: hears nobody and is heard by nobody."""
    silenced: bool
    music: bool


class Rules(Protocol):
    """What of a conference says how people stand. A finished one has it, and one in the making."""

    @property
    def phase(self) -> Phase: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def mode(self) -> MuteMode: ...
    @property
    def asking(self) -> int | None: ...


def standing(rules: Rules, participant: Participant) -> Standing:
    """Return where somebody belongs now, and whether they are heard there. There is no other rule for it."""
    gone, aside = participant.dismissed is not None, participant.aside
    place: int | None = None
    if not gone and (rules.phase in TALKING or aside) and participant.place != ALONE:
        place = participant.place
    return Standing(
        place=place,
        silenced=participant.muted or silenced_by_mode(rules, participant),
        music=rules.phase is Phase.WAITING
        and rules.settings.music_until_moderator
        and not gone
        and not aside,
    )


def silenced_by_mode(rules: Rules, participant: Participant) -> bool:
    """Whether the mode keeps this one quiet: a participant, in the main room, without the floor."""
    return (
        rules.mode is not MuteMode.CONVERSATION
        and participant.role is Role.PARTICIPANT
        and participant.place == MAIN
        and not (rules.mode is MuteMode.QUESTIONS and rules.asking == participant.leg)
    )

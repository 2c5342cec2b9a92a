"""A conference to play with: events in by short names, effects checked by what they do."""

from bridge.conference import commands
from bridge.conference.commands import Actor, AnyCommand, Outcome
from bridge.conference.effects import (
    Act,
    CancelTimer,
    Effect,
    Enter,
    HangUp,
    Music,
    Perform,
    Reply,
    Say,
    SayRoom,
    SetMute,
    SetTimer,
    ToneRoom,
    Withdraw,
)
from bridge.conference.events import Event, Given, Join, Leave, LeaveReason, TimerFired, TimerKey, UnknownKeys
from bridge.conference.keymap import Keymap
from bridge.conference.model import Conference, Phase
from bridge.conference.reducer import reduce
from bridge.service.role import Role
from bridge.service.settings import Settings

KEYS = Keymap(
    everybody={
        "*0": commands.AskForHelp(),
        "*1": commands.DialOut(),
        "*2": commands.ReturnWithGuest(),
        "*3": commands.ReturnAlone(),
        "*4": commands.LevelVoices(),
        "*5": commands.Lecture(),
        "*6": commands.MuteSelf(),
        "*7": commands.Lock(),
        "*8": commands.RollCall(),
        "*9": commands.StopRollCall(),
        "*92": commands.Blast(),
        "*#": commands.ListCommands(),
    }
)
"""The manual's, and nothing else: what these tests know of a key map."""


class Room:
    """Keeps the conference, the clock, and what the last event brought."""

    def __init__(self, settings: Settings | None = None, **more: object) -> None:
        self.conference = Conference(settings or Settings(), **{"keymap": KEYS, **more})
        self.now = 1000.0
        self.effects: list[Effect] = []

    def __call__(self, event: Event) -> list[Effect]:
        self.conference, self.effects = reduce(self.conference, event, self.now)
        return self.effects

    @property
    def phase(self) -> Phase:
        return self.conference.phase

    def moderator(self, leg: int, **more: object) -> list[Effect]:
        return self(Join(leg, Role.MODERATOR, **more))

    def participant(self, leg: int, **more: object) -> list[Effect]:
        return self(Join(leg, Role.PARTICIPANT, **more))

    def leave(self, leg: int, reason: LeaveReason = LeaveReason.HUNG_UP) -> list[Effect]:
        return self(Leave(leg, reason))

    def keys(self, leg: int, keys: str) -> list[Effect]:
        role = self.conference.participants[leg].role
        command = self.conference.keymap.of(role).get(keys)
        return self(UnknownKeys(leg, keys)) if command is None else self.command(leg, command, keys)

    def command(self, leg: int, command: AnyCommand, keys: str = "") -> list[Effect]:
        """By the keypad, as whoever has this leg."""
        return self(Given(command, Actor(self.conference.participants[leg].role, leg), keys))

    def console(self, command: AnyCommand, role: Role = Role.OPERATOR) -> Outcome | None:
        """From a console. What is replied, if anything is."""
        self(Given(command, Actor(role, name="Olga")))
        replies = [e.outcome for e in self.effects if isinstance(e, Reply)]
        assert len(replies) <= 1
        return replies[0] if replies else None

    def wait(self, seconds: float) -> list[Effect]:
        """Let time pass; timers fire when they are due."""
        effects = []
        end = self.now + seconds
        while self.conference.deadlines:
            key, at = min(self.conference.deadlines.items(), key=lambda item: item[1])
            if at > end:
                break
            self.now = max(self.now, at)
            effects += self(TimerFired(key))
        self.now = end
        self.effects = effects
        return effects

    # What the last event brought

    def said(self, leg: int) -> list[str]:
        return [e.utterance.name for e in self.effects if isinstance(e, Say) and e.leg == leg]

    def announced(self) -> list[str]:
        return [e.utterance.name for e in self.effects if isinstance(e, SayRoom)]

    def performed(self) -> list[AnyCommand]:
        return [e.command for e in self.effects if isinstance(e, Perform)]

    def acts(self) -> list[tuple[str, str]]:
        return [(e.action, e.subject) for e in self.effects if isinstance(e, Act)]

    def entered(self) -> list[int]:
        return [e.leg for e in self.effects if isinstance(e, Enter)]

    def withdrawn(self) -> list[int]:
        return [e.leg for e in self.effects if isinstance(e, Withdraw)]

    def music(self) -> list[tuple[int, bool]]:
        return [(e.leg, e.on) for e in self.effects if isinstance(e, Music)]

    def mutes(self) -> list[tuple[int, bool]]:
        return [(e.leg, e.muted) for e in self.effects if isinstance(e, SetMute)]

    def tones(self) -> list[str]:
        return [e.tone.value for e in self.effects if isinstance(e, ToneRoom)]

    def hung_up(self) -> list[tuple[int, LeaveReason]]:
        return [(e.leg, e.reason) for e in self.effects if isinstance(e, HangUp)]

    def timers_set(self) -> dict[TimerKey, float]:
        return {e.key: e.at - self.now for e in self.effects if isinstance(e, SetTimer)}

    def timers_cancelled(self) -> list[TimerKey]:
        return [e.key for e in self.effects if isinstance(e, CancelTimer)]

"""Six people on lines that lose, for minutes, as a function of the seed; `python -m` prints what came of it.

They talk in turns, over each other, mute themselves, come and go; there is a lecture, and half way through the worker
dies. All dice are the seed's, so two runs must agree in every record and every sample.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import asdict, dataclass, field
from typing import Final

from dsp.g711 import Law
from tests.simulation.meeting import Meeting
from tests.simulation.phone import Phone, State
from tests.simulation.world import VOICES_HZ
from tests.support.netem import Conditions

LENGTH_S: Final = 100.0
"""5,000 ticks. `python -m tests.simulation.long_conference 11 600` holds a longer one."""
NAMES: Final = ("rui", "ana", "bia", "leo", "eva", "gil")
LINE: Final = Conditions(latency_s=0.025, jitter_s=0.006, loss=0.02, reorder=0.001, duplication=0.001)
SURE_S: Final = 0.6
"""After a change it takes so long until everybody hears it, late frames and the ear's window included."""
SPOKEN_TO_S: Final = 5.0
"""Who has pressed a key is being told what came of it for so long, in a voice that may sound like anybody's."""


@dataclass
class Outcome:
    """What came of it."""

    records: list[list[object]] = field(default_factory=list)
    checksums: dict[str, str] = field(default_factory=dict)
    """Of all audio that each phone got."""
    packets: dict[str, int] = field(default_factory=dict)
    turns: int = 0
    """Looks at who hears whom."""
    misheard: list[str] = field(default_factory=list)
    """Looks at which somebody did not hear a speaker, or heard who was muted."""
    in_s: dict[str, float] = field(default_factory=dict)
    """How long each was in."""


class Conversation:
    """The people and their dice."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.meeting = Meeting(seed=seed, workers=2)
        self.outcome = Outcome()
        self.muted: set[str] = set()
        self.lecture = False
        self.phones: dict[str, Phone] = {}
        for index, name in enumerate(NAMES):
            phone = self.meeting.phone(name, up=LINE, law=Law.A if index % 3 == 2 else Law.MU, sip=False)
            phone.saves_silence = index % 2 == 1
            self.phones[name] = phone
            self.comes(name)

    def comes(self, name: str) -> None:
        phone, meeting = self.phones[name], self.meeting
        meeting.calls(phone)
        (meeting.keys_moderator if name == "rui" else meeting.keys_participant)(phone)
        self.muted.discard(name)

    def heard(self, name: str) -> bool:
        """Whether others should hear this one."""
        return name not in self.muted and (not self.lecture or name == "rui")

    def turn(self) -> None:
        """One or two say something; at the end of it everybody is asked what they hear."""
        phones = {name: phone for name, phone in self.phones.items() if phone.state is State.TALKING}
        speakers = set(self.chance.sample(sorted(phones), self.chance.choice((1, 1, 1, 2))))
        for name, phone in phones.items():
            phone.say(self.voice(name) if name in speakers else 0)
        self.meeting.run(SURE_S + self.chance.uniform(0.2, 3.0))
        self.outcome.turns += 1
        for listener, ear in phones.items():
            if ear.pressed_at[-1][0] > self.meeting.now - SPOKEN_TO_S:
                continue
            for speaker in sorted(speakers):
                expected = speaker != listener and self.heard(speaker)
                if (ear.level(self.voice(speaker)) > -40.0) is not expected:
                    self.outcome.misheard.append(f"{self.meeting.now:.1f} {listener} of {speaker}")

    def voice(self, name: str) -> int:
        return VOICES_HZ[NAMES.index(name)]

    def something(self) -> None:
        """Between two turns."""
        what = self.chance.random()
        others = [name for name in NAMES[1:] if self.phones[name].state is State.TALKING]
        if what < 0.25:
            name = self.chance.choice(others)
            if not self.lecture:
                self.phones[name].press("*6")
                self.muted ^= {name}
        elif what < 0.32:
            self.phones["rui"].press("*5")
            self.lecture = not self.lecture
        elif what < 0.42 and len(others) > 2:
            self.phones[self.chance.choice(others)].hang_up()
        elif what < 0.60:
            for name in NAMES[1:]:
                if self.phones[name].state is State.OVER:
                    self.comes(name)
                    break
        self.meeting.run(SURE_S)


def hold(seed: int, length_s: float = LENGTH_S) -> Outcome:
    """The whole conference."""
    conversation = Conversation(seed)
    meeting, outcome = conversation.meeting, conversation.outcome
    began = meeting.now
    killed = False
    while meeting.now < began + length_s:
        conversation.turn()
        conversation.something()
        if not killed and meeting.now > began + length_s / 2:
            killed = True
            meeting.pool.kill(meeting.pool.worker_of(meeting.leg(conversation.phones["rui"])))
            meeting.run(1.0)
    meeting.nothing_is_left()
    for entry in meeting.bridge.entries():
        outcome.records.append([entry.caller, entry.role, entry.joined_at, entry.left_at, entry.reason])
        assert entry.left_at is not None
        outcome.in_s[entry.caller] = outcome.in_s.get(entry.caller, 0.0) + entry.left_at - entry.joined_at
    for name, phone in conversation.phones.items():
        outcome.checksums[name] = phone.ear.checksum()
        outcome.packets[name] = phone.ear.packets
    return outcome


if __name__ == "__main__":
    json.dump(asdict(hold(int(sys.argv[1]), float(sys.argv[2]))), sys.stdout)

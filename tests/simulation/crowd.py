"""People who dial, press anything at any time, hold, mute, vanish, give up and come again; and somebody who looks on.

The onlooker knows from the switchboard who is in which room, muted or not, and asks the telephones what they hear.
Only what has been so for `SETTLED_S` counts: a change needs some packets until everybody hears it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from bridge.service.levels import Level
from bridge.service.settings import LastModerator
from bridge.switchboard.legs import LegState
from tests.simulation.bridge import ACCESS_NUMBER
from tests.simulation.phone import TENTHS, Phone, State
from tests.simulation.world import World
from tests.support.netem import WIRE, Burst, Conditions

SETTLED_S: Final = 0.8
LOOK_S: Final = 0.2
MOST_SPEAKERS: Final = 6
"""At once, all rooms together: a room lets no more be heard."""
STEADY: Final = 3
"""Of so many tenths of a second a voice is heard that should be; one that should not, never in all of them."""
LINES: Final = (
    WIRE,
    WIRE,
    Conditions(latency_s=0.03, jitter_s=0.01, loss=0.01),
    Conditions(latency_s=0.04, jitter_s=0.02, burst=Burst(0.005, 0.6), reorder=0.005, duplication=0.01),
)
COMMANDS: Final = ("*6", "*6", "*6", "*6", "*5", "*5", "*7", "*7", "*#", "*8", "*92", "*", "#", "5*6")
CODES: Final = (("48271593", "60915284", "7319"), ("73920184", "51830627", ""), ("26918305", "84036172", ""))


@dataclass(frozen=True)
class Place:
    """Where the switchboard has somebody."""

    room: int = 0
    """0: in none."""
    hears: bool = False
    muted: bool = False


class Crowd:
    """A world and its restless people."""

    def __init__(self, seed: int, people: int) -> None:
        self.chance = random.Random(seed)
        self.world = World(seed=seed)
        self.looks = 0
        """Pairs of people of whom it was known, and checked, whether one hears the other."""
        self.heard = 0
        """Of these: those who should, and did."""
        pair = self.world.pair
        (first, second, third) = CODES
        pair(*first[:2], counter_password=first[2], level=Level.HIGHLY_SECURE, grace_s=5.0)
        pair(*second[:2], music_until_moderator=False, mute_on_entry=True, maximum_length_s=25.0)
        pair(
            *third[:2],
            maximum_participants=4,
            begins_with_moderator=False,
            when_last_moderator_leaves=LastModerator.CONTINUE,
        )
        self.people = [
            self.world.phone(f"person{number}", up=LINES[number % len(LINES)]) for number in range(people)
        ]
        self._voices = {phone.name: phone.frequency_hz for phone in self.people}
        self._over = False
        self._speakers: set[str] = set()
        self._held: set[str] = set()
        self._placed: dict[str, tuple[Place, float]] = {}
        for phone in self.people:
            phone.say(0)
            self._later(phone)

    def _later(self, phone: Phone) -> None:
        self.world.clock.after(self.chance.expovariate(1 / 2.0), lambda: self._acts(phone))

    def _acts(self, phone: Phone) -> None:
        """Something, anything."""
        if self._over:
            return
        if phone.state is State.TALKING:
            self._does(phone, self.chance.random())
        elif phone.state is State.CALLING:
            if self.chance.random() < 0.3:
                phone.hang_up()
        elif not phone.vanished:
            self._held.discard(phone.name)
            phone.dial(self.chance.choice((ACCESS_NUMBER, ACCESS_NUMBER, "conf-open")))
        self._later(phone)

    def _does(self, phone: Phone, dice: float) -> None:
        """Somebody on the line."""
        inside = self._place(phone).room
        if phone.name in self._held:
            phone.resume()
            self._held.discard(phone.name)
        elif dice < (0.1 if inside else 0.7):
            moderator, participant, counter = self.chance.choice(CODES)
            moderates = self.chance.random() < 0.4
            phone.press(f"{moderator}#{counter}#" if moderates else f"{participant}#")
        elif dice < 0.4:
            phone.press(self.chance.choice(COMMANDS))
        elif dice < 0.45:
            phone.press("".join(self.chance.choices("0123456789*#ABCD", k=self.chance.randrange(1, 12))))
        elif dice < 0.5:
            phone.press_by_info(self.chance.choice(("*6", "1#", "*")))
        elif dice < 0.55 and not phone.pressing:
            phone.hold(self.chance.choice(("sendonly", "inactive")), music=self.chance.random() < 0.5)
            self._held.add(phone.name)
        elif dice > 0.92:
            phone.hang_up()
        elif dice > 0.91:
            phone.vanish()

    def _change_speakers(self) -> None:
        self._speakers = {phone.name for phone in self.chance.sample(self.people, MOST_SPEAKERS)}
        for phone in self.people:
            phone.say(self._voices[phone.name] if phone.name in self._speakers else 0)

    def live(self, seconds: float) -> None:
        """Let them live, and look on."""
        until = self.world.now + seconds
        spoke_at = -1.0
        killed = False
        while self.world.now < until:
            if self.world.now - spoke_at > 3.0:
                self._change_speakers()
                spoke_at = self.world.now
                self._placed.clear()
            if not killed and self.world.now > until - seconds / 2:
                killed = True
                self.world.pool.kill(self.world.pool.workers[0])
                self._placed.clear()
            self.world.run(LOOK_S)
            self._look()
        self._over = True

    def _place(self, phone: Phone) -> Place:
        """Where the switchboard has this one; it must be one place."""
        board = self.world.bridge.board
        number = self.world.leg(phone)
        rooms = [room for room in board._rooms.by_number.values() if number in room.conference.participants]
        assert len(rooms) <= 1
        if number is None:
            assert not rooms
            return Place()
        leg = board._lines.by_number[number]
        coming = leg.state in {LegState.OPENING, LegState.ANSWERED}
        assert bool(rooms) is (leg.room is not None and not coming), leg.state
        if not rooms:
            return Place()
        conference = rooms[0].conference
        return Place(rooms[0].number, conference.in_room(number), conference.muted(number))

    def _look(self) -> None:
        now = self.world.now
        settled: dict[str, tuple[Phone, Place]] = {}
        for phone in self.people:
            place = self._place(phone)
            known, since = self._placed.get(phone.name, (None, now))
            busy = phone.vanished or phone.state is not State.TALKING or not phone.both_ways
            busy |= self._fingers_move(phone) or self.world.spoken_to(phone)
            if busy or known != place:
                self._placed[phone.name] = (place, now)
            elif now - since > SETTLED_S:
                settled[phone.name] = (phone, place)
        for listener, here in settled.values():
            for speaker, there in settled.values():
                if speaker.name not in self._speakers:
                    continue
                together = here.hears and there.hears and here.room == there.room
                expected = together and not there.muted and listener is not speaker
                self._ask(listener, speaker, expected=expected)

    def _fingers_move(self, phone: Phone) -> bool:
        """While a key is down its phone sends no audio."""
        return phone.pressing or bool(
            phone.pressed_at and phone.pressed_at[-1][0] > self.world.now - 2 * LOOK_S
        )

    def _ask(self, listener: Phone, speaker: Phone, *, expected: bool) -> None:
        now = self.world.now
        times = listener.tenths_heard(self._voices[speaker.name])
        # A burst of loss may take a tenth of a second or two from who should hear.
        heard = times >= (STEADY if expected else TENTHS)
        assert heard is expected, (
            f"{now:.1f}: {listener.name} {'hears' if heard else 'does not hear'} {speaker.name}"
        )
        self.looks += 1
        self.heard += expected

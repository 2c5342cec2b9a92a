"""A world in which people meet: one passcode pair, and the way in that everybody takes."""

from __future__ import annotations

from typing import Any, Final

from bridge.service.levels import Level
from tests.simulation.bridge import ACCESS_NUMBER
from tests.simulation.phone import Phone, State
from tests.simulation.world import World

MODERATOR: Final = "48271593"
PARTICIPANT: Final = "60915284"
COUNTER_PASSWORD: Final = "7319"


class Meeting(World):
    """A world with a conference: level 3, everything else as the manual has it.

    One media worker is enough for most stories; with two, callers move from one to the other on their way in.
    """

    def __init__(
        self, seed: int = 1, *, given: dict[str, Any] | None = None, workers: int = 1, **world: Any
    ) -> None:
        super().__init__(seed, workers=workers, **world)
        settings = {"level": Level.HIGHLY_SECURE} | (given or {})
        self.pair_id = self.pair(MODERATOR, PARTICIPANT, counter_password=COUNTER_PASSWORD, **settings)

    def caller(self, name: str, **given: Any) -> Phone:
        """Somebody who has dialled and is being greeted."""
        phone = self.phone(name, **given)
        return self.calls(phone)

    def calls(self, phone: Phone) -> Phone:
        phone.dial(ACCESS_NUMBER)
        self.until(lambda: phone.state is State.TALKING)
        return phone

    def participant(self, name: str, **given: Any) -> Phone:
        """Somebody who is in, or waits, by the participants' code."""
        return self.keys_participant(self.caller(name, **given))

    def keys_participant(self, phone: Phone) -> Phone:
        phone.press(f"{PARTICIPANT}#")
        self.until(lambda: self.is_in(phone))
        return phone

    def moderator(self, name: str, **given: Any) -> Phone:
        """Somebody who is in by the moderators' code and its counter-password (A3, A5)."""
        return self.keys_moderator(self.caller(name, **given))

    def keys_moderator(self, phone: Phone) -> Phone:
        phone.press(f"{MODERATOR}#{COUNTER_PASSWORD}#")
        self.until(lambda: self.is_in(phone))
        return phone

    def is_in(self, phone: Phone) -> bool:
        """Whether a conference has this phone's call."""
        leg = self.leg(phone)
        rooms = self.bridge.board._rooms.by_number.values()
        return any(leg in room.conference.participants for room in rooms)

    def say(self, seconds: float = 1.0) -> None:
        """Let people talk: longer than a prompt's tail, so that what is heard is the room."""
        self.run(seconds)

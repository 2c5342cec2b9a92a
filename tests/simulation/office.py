"""A meeting whose bridge can call: a trunk behind which people have numbers, two operators, and a console.

`talk` is the question that most of its tests end with: who hears whom, among everybody who is on the telephone? Each
phone has a tone of its own, everybody sounds at once, and what each hears is told apart. It is asked when nothing is
being said to anybody, so that no prompt is taken for a voice.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from bridge.conference.commands import AnyCommand
from bridge.config.calling import Blast, DialOut, Prefix
from bridge.config.meeting import Conference
from bridge.config.settings import Help, Operator
from bridge.config.trunks import Trunk
from bridge.control import protocol
from bridge.switchboard.room import Room
from tests.simulation.bridge import CONFIG, EXCHANGE
from tests.simulation.meeting import Meeting
from tests.simulation.phone import Manners, Phone, State
from tests.simulation.world import VOICES_HZ

GUEST_E164: Final = "+551140028922"
GUEST_LOCAL: Final = "40028922"
GUEST_KEYED: Final = f"1511{GUEST_LOCAL}"
"""Carrier, area, number: as the manual has it."""

OPERATORS: Final = {"olga": "10.9.0.1", "otto": "10.9.0.2"}
ACCEPTS: Final = Manners(keys="1")
"""An operator who is there, or a guest who wants in."""

HEARD_FOR_S: Final = 0.3
QUIET_FOR_S: Final = 0.7
"""After the last word that is said to anybody."""

CALLING: Final = replace(
    CONFIG,
    dial_out=DialOut(
        enabled=True,
        prefixes=(Prefix("+55", Decimal("0.10")), Prefix("+1", Decimal("0.50"), at_night=True)),
        ring_s=10.0,
    ),
    trunks=(Trunk(name="exchange", address=EXCHANGE, ping_s=0),),
    blast=Blast(calls_per_second=10, attempts=2, retry_after_s=5.0, ring_s=8.0),
    conference=Conference(stranded_answer_s=6.0),
    help=Help(ring_s=8.0, wait_s=60.0),
    operators=tuple(Operator(name, f"sip:{name}@{host}") for name, host in OPERATORS.items()),
)

Talk = dict[str, set[str]]


class Office(Meeting):
    """A world with a conference, and with people who can be called into it."""

    def __init__(self, seed: int = 1, *, given: dict[str, Any] | None = None, **world: Any) -> None:
        super().__init__(
            seed, given={"entry_exit_tones": False} | (given or {}), **{"config": CALLING} | world
        )

    def guest(self, name: str = "gil", manners: Manners | None = None, number: str = GUEST_E164) -> Phone:
        """Somebody at home, by the telephone."""
        return self.phone(name, number=number, manners=manners or Manners())

    def operator(self, name: str = "olga", manners: Manners = ACCEPTS) -> Phone:
        """An operator at the desk."""
        return self.phone(name, host=OPERATORS[name], manners=manners)

    def says_name(self, phone: Phone) -> None:
        """Whoever is asked for a name says it, a second of the own tone, and keeps it (C2). Then silent."""
        frequency_hz = self.voice(phone)
        phone.say(0)
        self.told(phone, "say_your_name")
        self.until(lambda: phone.heard("tone.record", within_s=2.0))
        self.run(0.4)
        phone.in_syllables = True
        phone.say(frequency_hz)
        self.run(1.0)
        phone.say(0)
        phone.press("#")
        self.told(phone, "name_choice")
        phone.press("1")

    def voice(self, phone: Phone) -> int:
        """Whose tone is whose, also of those who are silent now."""
        return VOICES_HZ[self.phones.index(phone) % len(VOICES_HZ)]

    # The console

    @property
    def room(self) -> Room:
        """The only one."""
        (room,) = self.bridge.board._rooms.by_number.values()
        return room

    def give(self, command: AnyCommand, by: str = "olga") -> protocol.Given:
        """A command to the only conference."""
        reply = self.bridge.ask(protocol.Give(self.room.conference_id, command, by))
        assert isinstance(reply, protocol.Given)
        return reply

    def queue(self) -> protocol.Queue:
        reply = self.bridge.ask(protocol.HelpQueue())
        assert isinstance(reply, protocol.Queue)
        return reply

    def number_of(self, phone: Phone) -> int:
        """The leg of somebody who is on the line."""
        leg = self.leg(phone)
        assert leg is not None
        return leg

    # Who hears whom

    def quiet(self, within_s: float = 30.0) -> None:
        """Wait until nothing is being said to anybody, and no key is down."""

        def still() -> bool:
            pool = self.pool
            speaks = any(stream.wanted.plays for stream in pool._streams.values()) or pool._announcements
            return not speaks and not any(phone.pressing for phone in self.phones)

        self.until(still, within_s)
        self.run(QUIET_FOR_S)

    def talk(self) -> Talk:
        """Whom each one hears who is on the line."""
        self.quiet()
        talking = [phone for phone in self.phones if phone.state is State.TALKING]
        return {
            listener.name: {
                each.name for each in talking if each.frequency_hz and listener.hears(each, HEARD_FOR_S)
            }
            for listener in talking
        }

    def told(self, phone: Phone, prompt: str, within_s: float = 20.0, **values: int | str) -> None:
        """Wait until somebody hears a prompt."""
        self.until(lambda: phone.heard(prompt, within_s=4.0, **values), within_s)

    # `*1`, step by step

    def asks_for_number(self, moderator: Phone, keyed: str = GUEST_KEYED) -> None:
        """`*1`, the question, the number and `#`."""
        moderator.press("*1")
        self.told(moderator, "dial_number_local", area="11")
        moderator.press(f"{keyed}#")

    def calls_out(self, moderator: Phone, keyed: str = GUEST_KEYED) -> None:
        """`*1`, the number, its reading back, and 1 to confirm."""
        self.asks_for_number(moderator, keyed)
        self.told(moderator, "dial_read_back", number=keyed)
        self.told(moderator, "dial_confirm", keys="*3")
        moderator.press("1")

    def calls_out_fast(self, moderator: Phone, keyed: str = GUEST_KEYED) -> None:
        """As somebody who knows the questions."""
        moderator.press(f"*1{keyed}#")
        self.until(lambda: not moderator.pressing)
        self.run(0.3)
        moderator.press("1")

    def in_private(self, moderator: Phone, guest: Phone, keyed: str = GUEST_KEYED) -> None:
        """All of that, and the guest answers."""
        self.calls_out(moderator, keyed)
        self.until(lambda: guest.state is State.TALKING)
        self.told(moderator, "dial_connected", with_keys="*2", alone_keys="*3")


def together(*people: Phone) -> Talk:
    """What `talk` says where all of these hear each other, and nobody else."""
    names = {phone.name for phone in people}
    return {name: names - {name} for name in names}

"""A bridge, its callers, the lines between them and a clock: everything real but the wires and the hours.

    world = World(seed=1)
    world.pair(moderator="48271593", participant="60915284", counter_password="7319")
    ana = world.phone("ana")
    ana.dial(ACCESS_NUMBER)
    world.until(lambda: ana.heard("enter_passcode"))

Real are the SIP agents of both sides, the switchboard with all its rules, the desk, the tables of the store, the pool's
rules, the media engines and the prompts. The same seed is the same world, packet by packet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from bridge.conference.model import Phase
from bridge.config.settings import Config
from bridge.store.records import Entry
from dsp.g711 import Law
from media.pacer import TICK_S
from sip.timers import GIVE_UP_S
from tests.simulation.bridge import CONFIG, EXCHANGE, MORNING, Bridge
from tests.simulation.clock import Clock
from tests.simulation.hearing import ARENA_SAMPLES, audio_with_arena, library
from tests.simulation.network import Network
from tests.simulation.phone import Manners, Phone, State
from tests.simulation.workers import RTP_PORTS, PoolTwin
from tests.support.netem import WIRE, Conditions

LOOK_EVERY_S: Final = 0.2
"""How often `until` looks."""
VOICES_HZ: Final = tuple(round(440 * 2 ** ((21.5 + semitone) / 12)) for semitone in range(14))
"""Each phone has its own voice, 1.5 to 3.2 kHz: between the notes of the music, and as far from the next voice as a note
is from another, which an ear of 100 ms tells apart."""


class World:
    """One small world."""

    def __init__(
        self,
        seed: int = 1,
        *,
        workers: int = 2,
        rows: int = 64,
        ports: tuple[int, int] = RTP_PORTS,
        config: Config = CONFIG,
        opens_at: float = MORNING,
    ) -> None:
        self.seed = seed
        self.clock = Clock()
        self.network = Network(self.clock, seed)
        audio, arena = audio_with_arena()
        self.bridge = Bridge(
            self.clock,
            self.network,
            lambda on_event: PoolTwin(
                clock=self.clock,
                network=self.network,
                audio=audio,
                arena=arena,
                seed=seed,
                workers=workers,
                rows=rows,
                ports=ports,
                on_event=on_event,
            ),
            library(),
            arena,
            seed=seed,
            config=config,
            opens_at=opens_at,
        )
        self.phones: list[Phone] = []
        self.phone("exchange", host=EXCHANGE, manners=Manners(rings_s=0.0, status=404))
        self.phones.clear()

    @property
    def now(self) -> float:
        return self.clock.now

    @property
    def pool(self) -> PoolTwin:
        return self.bridge.pool

    def pair(self, moderator: str, participant: str, **given: Any) -> int:
        """A passcode pair with settings; see `Bridge.pair`."""
        return self.bridge.pair(moderator, participant, **given)

    def phone(
        self,
        name: str,
        *,
        up: Conditions = WIRE,
        down: Conditions | None = None,
        sip: bool = True,
        law: Law = Law.MU,
        late_offer: bool = False,
        number: str = "",
        manners: Manners | None = None,
        host: str = "",
    ) -> Phone:
        """A telephone with a line of its own. `down` is like `up` unless given; `sip` false spares the signalling.

        `number` is what it is called by at the trunk, `manners` what it does then; `host` is a free address unless given.
        """
        serial = len(self.phones) + 1
        host = host or f"10.0.{serial // 250}.{serial % 250 + 1}"
        line = self.network.connect(host, up, up if down is None else down, sip=sip)
        phone = Phone(
            self.clock,
            self.network,
            line,
            name=name,
            host=host,
            seed=self.seed,
            law=law,
            late_offer=late_offer,
        )
        phone.say(VOICES_HZ[(serial - 1) % len(VOICES_HZ)])
        if number:
            self.bridge.subscribers[number] = host
        if manners is not None:
            phone.manners = manners
        self.phones.append(phone)
        return phone

    # Time

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        self.clock.run(self.now + seconds)

    def until(self, condition: Callable[[], object], within_s: float = 20.0) -> None:
        """Let time pass until something is so; that it never is fails the test."""
        deadline = self.now + within_s
        while not condition():
            assert self.now < deadline, f"not so within {within_s} s"
            self.run(LOOK_EVERY_S)

    # What an operator with eyes in the machine would see

    def leg(self, phone: Phone) -> int | None:
        """The switchboard's number of a phone's call, whoever called whom."""
        for leg in self.bridge.board._lines.by_number.values():
            if phone.host in {leg.source, self.bridge.placed.get(leg.number)}:
                return int(leg.number)
        return None

    def spoken_to(self, phone: Phone) -> bool:
        """Whether something is being said to this phone alone."""
        leg = self.leg(phone)
        return leg is not None and leg in self.pool._streams and bool(self.pool._streams[leg].wanted.plays)

    def records(self) -> list[Entry]:
        """Who was in, after what waits has been written."""
        self.run(0.5)
        return self.bridge.entries()

    def phases(self) -> list[Phase]:
        """Of the rooms there are."""
        return [room.conference.phase for room in self.bridge.board._rooms.by_number.values()]

    def everybody_hangs_up(self) -> None:
        for phone in self.phones:
            phone.hang_up()

    def nothing_is_left(self) -> None:
        """The sun goes down; what is still there then would be there for ever."""
        self.everybody_hangs_up()
        self.run(4 * GIVE_UP_S + 2 * TICK_S)
        bridge, board, pool = self.bridge, self.bridge.board, self.pool
        lingering = [phone for phone in self.phones if phone.state not in {State.OVER, State.IDLE}]
        assert [phone.name for phone in lingering if not phone.vanished] == []
        assert (board.calls, board.conferences, board.next_deadline()) == (0, 0, None)
        assert not board._lines.by_call
        assert not board._lines.late_streams
        assert len(board._timers) == 0
        assert (board._admission.calls, dict(board._admission.per_source)) == (0, {})
        assert (bridge.agent.calls, bridge.agent.transactions, bridge.agent.next_deadline()) == (0, 0, None)
        assert not bridge.agent._core.dialogs
        assert (pool.streams(), pool.rooms(), pool.ports.free) == (0, 0, pool.ports.all)
        assert not pool._announcements
        for worker in pool.workers:
            assert worker.engine.idle
            assert worker.load == 0
            assert not worker.engine.learning
        assert bridge.store.waiting == 0
        assert bridge.arena.free == ARENA_SAMPLES, "somebody's recording was never given back"
        for entry in bridge.entries():
            assert entry.left_at is not None, entry
            assert entry.reason, entry
            assert entry.ended_at is not None, entry

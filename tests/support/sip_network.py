"""Two agents joined by bytes over a seeded network on a virtual clock: the earliest of all things happens next. What is sent
to anybody else is lost.
"""

import heapq
import random

from sip.agent import Agent, AgentSettings, Flow

ADDRESSES = {"caller": ("10.0.0.1", 5060), "callee": ("10.0.0.2", 5060)}


class Network:
    """A datagram network with loss, duplication and delays that reorder."""

    def __init__(
        self, seed: int, *, loss: float = 0.0, duplication: float = 0.0, delay_s=(0.01, 0.05), **settings
    ) -> None:
        self.chance = random.Random(seed)
        self.loss, self.duplication, self.delay_s = loss, duplication, delay_s
        self.now = 0.0
        self.agents = {
            name: Agent(settings=AgentSettings(**settings), entropy=self.chance.randbytes)
            for name in ADDRESSES
        }
        self.on_event = lambda name, event: None
        """What a user of the agents does."""
        self.told = {name: [] for name in ADDRESSES}
        self._due: list[tuple[float, int, object]] = []
        self._serial = 0

    def flow(self, name: str) -> Flow:
        """The flow by which an agent reaches the other."""
        other = "callee" if name == "caller" else "caller"
        return Flow("udp", ADDRESSES[name], ADDRESSES[other])

    def later(self, delay_s: float, action) -> None:
        """Do something at a later time."""
        self._serial += 1
        heapq.heappush(self._due, (self.now + delay_s, self._serial, action))

    def run(self, until: float) -> None:
        """Let it all happen."""
        self._drain()
        while True:
            times = [agent.next_deadline() for agent in self.agents.values()]
            soonest = min(
                [at for at in times if at is not None] + [entry[0] for entry in self._due[:1]], default=until
            )
            if soonest >= until:
                self.now = until
                return
            self.now = max(self.now, soonest)
            if self._due and self._due[0][0] <= self.now:
                heapq.heappop(self._due)[2]()
            else:
                for agent in self.agents.values():
                    agent.advance(self.now)
            self._drain()

    def _drain(self) -> None:
        busy = True
        while busy:
            busy = False
            for name, agent in self.agents.items():
                for out in agent.outgoing():
                    if out.flow.remote in ADDRESSES.values():
                        self._carry(name, out.data)
                for event in agent.events():
                    busy = True
                    self.told[name].append(event)
                    self.on_event(name, event)

    def _carry(self, name: str, data: bytes) -> None:
        copies = (self.chance.random() >= self.loss) + (self.chance.random() < self.duplication)
        other = "callee" if name == "caller" else "caller"
        for _ in range(copies):
            self.later(
                self.chance.uniform(*self.delay_s),
                lambda: self.agents[other].receive(self.flow(other), data, self.now),
            )

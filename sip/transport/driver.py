"""Driver: an agent and its transports, joined. The only place of SIP where the clock is read."""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable

from sip.agent import Agent
from sip.events import Event
from sip.flow import Flow, is_ipv6
from sip.transport import Transport


class Driver:
    """The receiver of all transports of one agent.

    After each mutation `transmit` drains the agent: bytes to their transport, events to `on_event`, and one timer for the
    next deadline. `on_event` may call verbs of the agent; what they cause is drained in the same round. Whoever calls a
    verb at another time calls `transmit` after it.
    """

    def __init__(self, agent: Agent, on_event: Callable[[Event], None]) -> None:
        self.agent = agent
        self._on_event = on_event
        self._loop = asyncio.get_running_loop()
        self._transports: dict[tuple[str, tuple[str, int]], Transport] = {}
        self._numbers = itertools.count(1)
        self._untold: deque[Event] = deque()
        self._timer: asyncio.Handle | None = None
        self._timer_at = 0.0
        """When the timer goes off. Not asked of it: for a moment that has come uvloop gives a handle without `when`."""
        self._draining = False

    def now(self) -> float:
        """The time that the agent is told."""
        return self._loop.time()

    async def start(self, transport: Transport) -> None:
        """Start a transport that was made with this driver as its receiver."""
        await transport.start()
        self._transports[(transport.name, transport.local)] = transport

    def close(self) -> None:
        """Stop everything at once."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for transport in self._transports.values():
            transport.close()
        self._transports.clear()

    # What transports tell

    def number(self) -> int:
        """Number of a new connection."""
        return next(self._numbers)

    def receive(self, flow: Flow, data: bytes) -> None:
        """Bytes arrived."""
        self.agent.receive(flow, data, self.now())
        self.transmit()

    def opened(self, requested: Flow, flow: Flow) -> None:
        """A connection stands."""
        self.agent.flow_opened(requested, flow, self.now())
        self.transmit()

    def closed(self, flow: Flow) -> None:
        """A connection is gone."""
        self.agent.flow_closed(flow, self.now())
        self.transmit()

    # Draining

    def transmit(self) -> None:
        """Send and tell all there is, then wait for the next deadline."""
        if self._draining:
            return  # a verb called from on_event: the round that runs takes care
        self._draining = True
        try:
            self._drain()
        finally:
            self._draining = False
            self._arm()

    def _drain(self) -> None:
        agent = self.agent
        while True:
            for out in agent.outgoing():
                transport = self._transport(out.flow)
                if agent.trace.on:
                    agent.trace.left(out.flow, out.data, self.now())
                if transport is None:
                    agent.counters["dropped:no such transport"] += 1
                elif out.close:
                    transport.shut(out.flow)
                else:
                    transport.send(out.flow, out.data)
            self._untold.extend(agent.events())
            if not self._untold:
                return
            while self._untold:
                self._on_event(self._untold.popleft())

    def _transport(self, flow: Flow) -> Transport | None:
        """The listener that a flow names; where none is there, or it cannot reach the peer's version of IP, another of the
        same kind.
        """
        named = self._transports.get((flow.transport, flow.local))
        if named is not None and (flow.connection or _reaches(named, flow)):
            return named
        fits = (each for each in self._transports.values() if each.name == flow.transport)
        return next((each for each in fits if _reaches(each, flow)), named)

    def _arm(self) -> None:
        deadline = self.agent.next_deadline()
        timer = self._timer
        # A timer that is too early only finds nothing to do and is set again; that is cheaper than to move it each time.
        if deadline is None or (timer is not None and self._timer_at <= deadline):
            return
        if timer is not None:
            timer.cancel()
        self._timer_at = deadline
        self._timer = self._loop.call_at(deadline, self._due)

    def _due(self) -> None:
        self._timer = None
        self.agent.advance(self.now())
        self.transmit()


def _reaches(transport: Transport, flow: Flow) -> bool:
    return is_ipv6(transport.local[0]) == is_ipv6(flow.remote[0])

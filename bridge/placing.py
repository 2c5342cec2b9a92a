"""Where a call out is sent: the address behind a SIP URI or a trunk, and the listener of ours that it leaves from.

A host that is a name is looked up first, off the loop; until then the call is only wished for.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from bridge.addresses import version
from bridge.switchboard.events import CallNotPlaced, CallPlaced
from sip.errors import LocalError, ParseError
from sip.flow import SIP_PORT, Flow
from sip.headers import Address
from sip.uri import Uri

if TYPE_CHECKING:
    from bridge.addresses import Addresses
    from bridge.config.listening import Server
    from bridge.switchboard.effects import PlaceCall
    from sip.agent import Agent

LOOK_UP_S: Final = 5.0
"""A name that is not found by then is not to be called: whoever waits has waited long enough."""

Told = Callable[[CallPlaced | CallNotPlaced], None]


class Placing:
    """Places calls through one agent; what becomes of each is told, at once or later."""

    def __init__(
        self, agent: Agent, server: Server, addresses: Addresses, *, now: Callable[[], float], tell: Told
    ) -> None:
        self._agent = agent
        self._server = server
        self._addresses = addresses
        self._now = now
        self._tell = tell
        self._looking_up: set[asyncio.Task[None]] = set()

    def place(self, wanted: PlaceCall) -> None:
        """Send the INVITE, or find out where to first."""
        try:
            uri = Uri.parse(wanted.uri)
        except ParseError as error:
            self._tell(CallNotPlaced(wanted.leg, f"not an address: {error}"))
            return
        trunk = wanted.trunk
        if trunk is None and not uri.host:
            self._tell(CallNotPlaced(wanted.leg, f"not an address: {uri.scheme} says no host"))
            return
        host, port = (uri.host, uri.port or SIP_PORT) if trunk is None else (trunk.host, trunk.port)
        if _is_numeric(host):
            self._send(wanted, uri, host, port)
            return
        task = asyncio.ensure_future(self._look_up(wanted, uri, host, port))
        self._looking_up.add(task)
        task.add_done_callback(self._looking_up.discard)

    def close(self) -> None:
        """Nobody waits for names any more."""
        for task in self._looking_up:
            task.cancel()

    async def _look_up(self, wanted: PlaceCall, uri: Uri, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(LOOK_UP_S):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except TimeoutError:
            self._tell(CallNotPlaced(wanted.leg, f"{host} cannot be found: no answer in time"))
            return
        except (OSError, UnicodeError) as error:  # the second for a name that cannot be one: a label too long
            self._tell(CallNotPlaced(wanted.leg, f"{host} cannot be found: {error}"))
            return
        ours = {version(address.host) for address in (*self._server.udp, *self._server.tcp)}
        usable = [str(entry[4][0]) for entry in found if version(str(entry[4][0])) in ours]
        if usable:
            self._send(wanted, uri, usable[0], port)
        else:
            self._tell(CallNotPlaced(wanted.leg, f"{host} has no address of an IP version we listen on"))

    def _send(self, wanted: PlaceCall, uri: Uri, host: str, port: int) -> None:
        listeners = self._server.tcp if wanted.transport == "tcp" else self._server.udp
        local = next((each for each in listeners if version(each.host) == version(host)), None)
        if local is None:
            self._tell(CallNotPlaced(wanted.leg, f"nothing listens on {wanted.transport} for {host}"))
            return
        flow = Flow(wanted.transport, (local.host, local.port), (host, port))
        us = self._addresses.for_audio(local.host, host)
        from_ = Address("", Uri("sip", wanted.caller_id, us))
        try:
            call = self._agent.invite(uri, from_=from_, sdp=wanted.sdp, flow=flow, now=self._now())
        except LocalError as error:
            self._tell(CallNotPlaced(wanted.leg, str(error)))
            return
        self._tell(CallPlaced(wanted.leg, call, self._agent.call_id(call)))


def _is_numeric(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return True
    return False

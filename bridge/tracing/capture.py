"""The way to a capture server: one socket, and nobody ever waits for it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from bridge.tracing.hep import hep
from bridge.tracing.seen import seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.config import Address
    from sip.flow import Flow
    from sip.trace import Traced

SEND_BUFFER_BYTES: Final = 1024 * 1024
"""Asked of the kernel: some seconds of a busy bridge. What does not fit is lost and counted."""


class Capture:
    """Hands messages on, as a sink of `sip.trace.Trace`.

    Parameters
    ----------
    server, agent
        Where it is, and what number it knows us by.
    epoch_s : float
        The Unix time at which the clock of the trace stood at zero.
    heard_at : callable
        Our end of a flow, also where every address of the machine is listened on.
    """

    def __init__(
        self,
        server: Address,
        agent: int,
        epoch_s: float,
        *,
        heard_at: Callable[[Flow], tuple[str, int]] = lambda flow: flow.local,
    ) -> None:
        self._agent = agent
        self._heard_at = heard_at
        self._epoch_s = epoch_s
        self.lost = 0
        family = socket.AF_INET6 if server.is_ipv6 else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
            self._socket.connect((server.host, server.port))
        except OSError:
            self._socket.close()
            raise

    def __call__(self, message: Traced) -> None:
        """Send a copy."""
        try:
            self._socket.send(hep(seen(message, self._epoch_s, self._heard_at(message.flow)), self._agent))
        except OSError:  # its buffer is full, or nobody listens there
            self.lost += 1

    def close(self) -> None:
        """Send no more."""
        self._socket.close()

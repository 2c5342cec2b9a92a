"""The port pairs that streams may use: an even port for RTP and the next for RTCP (RFC 3550 section 11).

Ports are given out at random, so that nobody who knows one call's port knows the next one's.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final

ATTEMPTS: Final = 32
"""Pairs tried for one stream when other programs hold ports of our range; then the range counts as full."""


class PortsExhaustedError(Exception):
    """No pair could be bound: all are in use."""


class Ports:
    """Pairs within `low` .. `high`, bound on `host` where nobody names another address, IPv4 or IPv6.

    Parameters
    ----------
    below : callable
        `below(n)` returns a random number of 0 .. n-1.
    """

    def __init__(self, host: str, low: int, high: int, below: Callable[[int], int]) -> None:
        self._host = host
        self._free = list(range(low + low % 2, high, 2))
        self._below = below

    @property
    def free(self) -> int:
        """Pairs that are not given out."""
        return len(self._free)

    def bind(self, host: str = "") -> tuple[int, socket.socket, socket.socket]:
        """A pair of sockets bound on `host` and its RTP port; raises PortsExhaustedError."""
        host = host or self._host
        for _ in range(min(ATTEMPTS, len(self._free))):
            index = self._below(len(self._free))
            port = self._free[index]
            rtp = self._try(host, port)
            rtcp = self._try(host, port + 1) if rtp is not None else None
            if rtp is not None and rtcp is not None:
                self._free[index] = self._free[-1]
                self._free.pop()
                return port, rtp, rtcp
            if rtp is not None:
                rtp.close()
        raise PortsExhaustedError(
            f"no port pair on {host}: the {len(self._free)} that are left are taken by others, or no descriptor is"
        )

    def _try(self, host: str, port: int) -> socket.socket | None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            bound = socket.socket(family, socket.SOCK_DGRAM)
        except OSError:  # no descriptor is left: as good as no port
            return None
        try:
            if family == socket.AF_INET6:
                # Each stream speaks one version of IP: addresses look the same in SDP and in packets.
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.bind((host, port))
        except OSError:
            bound.close()
            return None
        return bound

    def give_back(self, port: int) -> None:
        """The pair's sockets are closed everywhere."""
        self._free.append(port)

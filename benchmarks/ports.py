"""One RTP socket per phone, on even ports (RFC 3550 section 11), over as many loopback addresses as wanted."""

from __future__ import annotations

import resource
import socket

FIRST_PORT, LAST_PORT = 34000, 65534
"""Above what FreeSWITCH, Asterisk and rtpengine hand out by default, so that the server finds its ports free."""
SPARE_FILES = 100


class NoPortLeftError(Exception):
    """Every port of the range is taken; more source addresses would help."""


def allow_files(count: int) -> None:
    """Raise this process's limit of open files to what `count` sockets need, as far as we may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + SPARE_FILES
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard > 0 else wanted, hard))


def bind_all(count: int, addresses: list[str]) -> list[socket.socket]:
    """Bind `count` UDP sockets, spread evenly over `addresses`, skipping ports in use."""
    allow_files(count)
    bound: list[socket.socket] = []
    next_port = dict.fromkeys(addresses, FIRST_PORT)
    for number in range(count):
        address = addresses[number % len(addresses)]
        while True:
            port = next_port[address]
            if port > LAST_PORT:
                raise NoPortLeftError(f"no even port left on {address} after {number} phones")
            next_port[address] = port + 2
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                sock.bind((address, port))
            except OSError:
                sock.close()
                continue
            sock.setblocking(False)
            bound.append(sock)
            break
    return bound


def source_addresses(count: int, host: str) -> list[str]:
    """Return `host` alone, or 127.0.0.1 to 127.0.0.count when more are asked for on loopback."""
    if count <= 1:
        return [host]
    return [f"127.0.{number // 250}.{number % 250 + 1}" for number in range(count)]

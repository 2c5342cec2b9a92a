import socket
import time

import numpy as np
import pytest

from benchmarks.wire import Wire, open_wire
from media.uring import UringUnavailableError


def opened(kind: str, packets: np.ndarray, participants: int) -> Wire:
    try:
        return open_wire(kind, packets, participants)
    except UringUnavailableError as reason:
        pytest.skip(f"io_uring: {reason}")


def pair() -> tuple[socket.socket, socket.socket]:
    """A phone's socket and its peer's, joined on loopback."""
    phone, peer = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    for each in (phone, peer):
        each.bind(("127.0.0.1", 0))
    phone.connect(peer.getsockname())
    peer.connect(phone.getsockname())
    peer.settimeout(2.0)
    return phone, peer


@pytest.mark.parametrize("kind", ["epoll", "uring"])
def test_each_packet_leaves_by_its_participant_in_the_size_it_has_at_the_time(kind):
    packets = np.repeat(np.arange(6, dtype=np.uint8)[:, None], 40, axis=1)
    wire = opened(kind, packets, 2)
    sockets = [pair() for _ in range(2)]
    try:
        for row, (phone, _) in enumerate(sockets):
            wire.open(row, phone)
        wire.resize(np.array([2, 3]), np.array([13, 20]))
        wire.send(np.array([0, 2, 5, 3]))
        peers = [peer for _, peer in sockets]
        assert [peers[0].recv(99) for _ in range(2)] == [b"\0" * 40, b"\2" * 13]
        assert [peers[1].recv(99) for _ in range(2)] == [b"\5" * 40, b"\3" * 20]
        packets[2] = 9
        wire.resize(np.array([2]), np.array([15]))
        wire.send(np.array([2]))
        assert peers[0].recv(99) == b"\t" * 15
        assert wire.send_errors == 0
    finally:
        wire.close()
        for each in sum(sockets, ()):
            each.close()


@pytest.mark.parametrize("kind", ["epoll", "uring"])
def test_what_comes_is_whose_socket_it_came_by(kind):
    wire = opened(kind, np.zeros((4, 172), np.uint8), 2)
    sockets = [pair() for _ in range(2)]
    try:
        for row, (phone, _) in enumerate(sockets):
            wire.open(row, phone)
        sockets[1][1].send(bytes(range(100)))
        wire.wait(time.monotonic_ns() + 50_000_000)
        came = wire.collect()
        assert (came.rows.tolist(), came.sizes.tolist()) == ([1], [100])
        assert came.payloads(np.array([0]), 88).tolist() == [list(range(12, 100))]
    finally:
        wire.close()
        for each in sum(sockets, ()):
            each.close()

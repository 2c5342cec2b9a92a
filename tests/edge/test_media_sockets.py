"""The sockets of a worker, both ways of moving packets: who is heard, what is sent, and that errors stay where they are."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator

import numpy as np
import pytest

from media import rtp
from media.epoll import EpollSockets
from media.sockets import Batch, Sockets
from media.sources import Carry, Connect, Target
from media.srtp_out import PACKET_SECURED
from media.uring import UringUnavailableError
from media.uring_sockets import OLDEST_S, UringSockets
from tests.media.wire import packet

HOST = "127.0.0.1"
ROWS = 8


def bound() -> socket.socket:
    """A UDP socket whose port was asked for by number, as `ports` does: only such a one keeps it when disconnected."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as scout:
        scout.bind((HOST, 0))
        address = scout.getsockname()
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(address)
    return made


class Desk:
    """Sockets under test, and the peers around them."""

    def __init__(self, kind: type[Sockets]) -> None:
        self.now = 100.0
        self.block = rtp.outgoing_block(ROWS)
        self.secured = np.zeros(ROWS, PACKET_SECURED)
        self.sockets = kind(self.block, self.secured, lambda: self.now)
        self._mine: list[socket.socket] = []

    def peer(self) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((HOST, 0))
        made.settimeout(2.0)
        self._mine.append(made)
        return made

    def attach(self, row: int) -> tuple[str, int]:
        """A pair for a row; returns the address of its RTP."""
        pair = bound(), bound()
        self.sockets.attach(row, *pair)
        address: tuple[str, int] = pair[0].getsockname()
        return address

    def collect(self, count: int) -> list[tuple[int, bytes, tuple[str, int] | None]]:
        """Poll until so many packets have come; each as (row, bytes, source where it is told)."""
        got: list[tuple[int, bytes, tuple[str, int] | None]] = []
        for _ in range(40):
            self.sockets.poll()
            batch = self.sockets.take()
            if batch is not None:
                got += self._read(batch)
            if len(got) >= count:
                break
            select.select([], [], [], 0.005)  # loopback delivers at once; a ring may need a moment
        return got

    @staticmethod
    def _read(batch: Batch) -> list[tuple[int, bytes, tuple[str, int] | None]]:
        return [
            (int(row), batch.packets["bytes"][index, : int(length)].tobytes(), batch.sources.get(index))
            for index, (row, length) in enumerate(zip(batch.rows, batch.lengths, strict=True))
        ]

    def close(self) -> None:
        self.sockets.close()
        for each in self._mine:
            each.close()


@pytest.fixture(params=[EpollSockets, UringSockets], ids=["epoll", "io_uring"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    try:
        made = Desk(request.param)
    except UringUnavailableError:
        pytest.skip("no io_uring here")
    yield made
    made.close()


def data(number: int) -> bytes:
    return packet(bytes([number]) * 160, sequence=number, timestamp=160 * number)


def test_a_row_that_learns_hears_everybody_with_the_source(desk: Desk) -> None:
    one, two = desk.peer(), desk.peer()
    here = desk.attach(3)
    desk.sockets.address([Target(3, one.getsockname())])
    one.sendto(data(1), here)
    two.sendto(data(2), here)
    got = desk.collect(2)
    assert sorted(got) == [(3, data(1), one.getsockname()), (3, data(2), two.getsockname())]


def test_a_row_that_is_connected_hears_its_peer_alone(desk: Desk) -> None:
    one, two = desk.peer(), desk.peer()
    here = desk.attach(3)
    desk.sockets.address([Connect(3, one.getsockname())])
    for number in range(5):
        two.sendto(data(90), here)
        one.sendto(data(number), here)
    assert desk.collect(5) == [(3, data(number), None) for number in range(5)]
    assert desk.collect(1) == []


def test_packets_of_any_length_reach_who_is_connected_and_who_is_not(desk: Desk) -> None:
    one, two = desk.peer(), desk.peer()
    for row, peer, way in ((3, one, Connect), (5, two, Target)):
        desk.attach(row)
        desk.sockets.address([way(row, peer.getsockname())])
    loose = np.zeros((ROWS, 300), np.uint8)
    loose[3], loose[5] = 33, 55
    desk.sockets.send_loose(loose, np.array([3, 5]), np.array([250, 13]))
    assert one.recv(999) == bytes([33]) * 250
    assert two.recv(999) == bytes([55]) * 13
    assert desk.sockets.errors == 0


def test_the_ring_says_when_a_packet_came_and_not_when_it_was_looked_at() -> None:
    try:
        desk = Desk(UringSockets)
    except UringUnavailableError:
        pytest.skip("no io_uring here")
    try:
        peer = desk.peer()
        here = desk.attach(3)
        desk.sockets.address([Connect(3, peer.getsockname())])
        peer.sendto(data(1), here)
        select.select([], [], [], 0.05)
        desk.sockets.poll()  # the desk's clock stands still: it looks at 100 s
        batch = desk.sockets.take()
        assert batch is not None
        assert desk.now - OLDEST_S <= batch.arrivals[0] <= desk.now - 0.045
    finally:
        desk.close()


def test_what_strangers_sent_before_the_connect_comes_with_their_name(desk: Desk) -> None:
    peer, stranger = desk.peer(), desk.peer()
    here = desk.attach(3)
    desk.sockets.address([Target(3, peer.getsockname())])
    for number in range(3):
        stranger.sendto(data(number), here)
    peer.sendto(data(7), here)
    desk.sockets.address([Connect(3, peer.getsockname())])
    got = desk.collect(4)
    assert sorted(got) == [
        *((3, data(number), stranger.getsockname()) for number in range(3)),
        (3, data(7), peer.getsockname()),
    ]


def test_a_row_listens_to_everybody_again_even_where_another_worker_had_connected(desk: Desk) -> None:
    old, new = desk.peer(), desk.peer()
    rtp_socket, rtcp_socket = bound(), bound()
    here = rtp_socket.getsockname()
    rtp_socket.connect(old.getsockname())  # by a worker that died
    desk.sockets.attach(2, rtp_socket, rtcp_socket)
    desk.sockets.address([Target(2, old.getsockname())])
    new.sendto(data(1), here)
    assert desk.collect(1) == [(2, data(1), new.getsockname())]
    desk.sockets.address([Connect(2, old.getsockname()), Target(2, new.getsockname())])
    new.sendto(data(2), here)
    assert desk.collect(1) == [(2, data(2), new.getsockname())]


def test_packets_of_the_block_go_to_each_rows_peer_connected_or_not(desk: Desk) -> None:
    peers = [desk.peer() for _ in range(3)]
    for row, peer in enumerate(peers):
        desk.attach(row)
        desk.sockets.address([(Connect if row else Target)(row, peer.getsockname())])
    rows = np.arange(3)
    for sequence in (5, 6):
        desk.block["sequence"][:3] = sequence
        desk.block["ssrc"][:3] = [10, 11, 12]
        desk.sockets.send(rows)
        for row, peer in enumerate(peers):
            got = peer.recv(2_000)
            assert got == desk.block[row].tobytes()


def test_a_peer_that_is_gone_is_an_error_of_its_own(desk: Desk) -> None:
    one, gone = desk.peer(), desk.peer()
    here = desk.attach(0)
    desk.attach(1)
    desk.sockets.address([Connect(0, one.getsockname()), Connect(1, gone.getsockname())])
    gone.close()
    for number in range(5):
        desk.sockets.send(np.arange(2))
        one.recv(2_000)
        one.sendto(data(number), here)
        assert desk.collect(1) == [(0, data(number), None)]
    assert desk.sockets.errors > 0


def test_reports_are_taken_from_the_host_that_is_heard(desk: Desk) -> None:
    peer = desk.peer()
    rtp_socket, rtcp_socket = bound(), bound()
    there = rtcp_socket.getsockname()
    desk.sockets.attach(4, rtp_socket, rtcp_socket)
    peer.sendto(b"early", there)
    desk.collect(0)
    assert desk.sockets.reports() == []
    desk.sockets.address([Connect(4, ("127.0.0.2", 9))])
    peer.sendto(b"stranger", there)
    desk.collect(0)
    assert desk.sockets.reports() == []
    desk.sockets.address([Connect(4, peer.getsockname())])
    peer.sendto(b"report", there)
    desk.collect(0)
    assert desk.sockets.reports() == [(4, b"report")]


def test_a_detached_rows_packets_are_nobodys(desk: Desk) -> None:
    peer = desk.peer()
    here = desk.attach(5)
    desk.sockets.address([Connect(5, peer.getsockname())])
    peer.sendto(data(1), here)
    desk.sockets.poll()
    desk.sockets.take()
    desk.sockets.detach(5)
    peer.sendto(data(2), here)
    again = desk.attach(5)
    desk.sockets.address([Connect(5, peer.getsockname())])
    peer.sendto(data(3), again)
    assert desk.collect(1) == [(5, data(3), None)]


def test_a_datagram_longer_than_a_slot_is_seen_as_too_long(desk: Desk) -> None:
    peer = desk.peer()
    here = desk.attach(1)
    desk.sockets.address([Connect(1, peer.getsockname())])
    peer.sendto(bytes(5_000), here)
    [(_, got, _)] = desk.collect(1)
    assert len(got) == rtp.SLOT_BYTES


def test_what_has_piled_up_is_taken_in_order(desk: Desk) -> None:
    peer = desk.peer()
    here = desk.attach(1)
    desk.sockets.address([Connect(1, peer.getsockname())])
    for number in range(30):
        peer.sendto(data(number), here)
    got = desk.collect(30)
    assert [each[1] for each in got] == [data(number) for number in range(30)]


def test_a_pair_can_be_taken_over_without_what_piled_up_in_it(desk: Desk) -> None:
    peer = desk.peer()
    pair = bound(), bound()
    for number in range(20):
        peer.sendto(data(number), pair[0].getsockname())
    desk.sockets.attach(1, *pair, emptied=True)
    desk.sockets.address([Connect(1, peer.getsockname())])
    peer.sendto(data(99), pair[0].getsockname())
    assert desk.collect(1) == [(1, data(99), None)]


def test_a_row_with_keys_is_sent_from_the_other_block_at_its_length(desk: Desk) -> None:
    plain, secured, learning = desk.peer(), desk.peer(), desk.peer()
    for row, peer in ((1, plain), (2, secured)):
        desk.attach(row)
        desk.sockets.address([Connect(row, peer.getsockname())])
    desk.attach(3)
    desk.sockets.address([Target(3, learning.getsockname()), Carry(2, 182), Carry(3, 188)])
    desk.block["frame"][1] = 1
    octets = desk.secured.view(np.uint8).reshape(ROWS, -1)
    octets[2], octets[3] = 2, 3
    rows = np.array([1, 2, 3])
    desk.sockets.send(rows)
    assert plain.recv(999) == desk.block[1].tobytes()
    assert secured.recv(999) == bytes([2]) * 182
    assert learning.recv(999) == bytes([3]) * 188
    desk.sockets.address([Carry(2, 0), Carry(3, 0)])
    desk.sockets.send(rows)
    assert [len(peer.recv(999)) for peer in (plain, secured, learning)] == [172] * 3


def test_the_next_row_in_a_place_is_sent_from_the_plain_block(desk: Desk) -> None:
    peer = desk.peer()
    desk.attach(2)
    desk.sockets.address([Connect(2, peer.getsockname()), Carry(2, 182)])
    desk.sockets.detach(2)
    desk.attach(2)
    desk.sockets.address([Connect(2, peer.getsockname())])
    desk.sockets.send(np.array([2]))
    assert len(peer.recv(999)) == 172


def test_above_the_last_port_nobody_takes_reports(desk: Desk) -> None:
    desk.attach(2)
    desk.sockets.address([Target(2, ("127.0.0.1", 65_535))])
    desk.sockets.send_reports([(2, b"report")])
    assert desk.sockets.errors == 0

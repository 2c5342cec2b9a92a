"""Attackers: that each kind sends what it should, from where it should, and to nobody else's machine."""

from __future__ import annotations

import socket
from collections import Counter

import pytest

from benchmarks import attackers
from benchmarks.attackers import SHARES, Attackers
from benchmarks.messages import UnreadableMessageError, parse_message


@pytest.fixture
def victim():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, socket.socket() as stream:
        sock.bind(("127.0.0.1", 0))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        sock.setblocking(False)
        stream.bind(sock.getsockname())
        stream.listen(64)
        yield sock


def received(sock):
    found = []
    while True:
        try:
            found.append(sock.recvfrom(65_536))
        except BlockingIOError:
            return found


def test_all_kinds_come_at_once_each_from_its_own_addresses(victim, monkeypatch):
    monkeypatch.setattr(attackers, "CONNECTIONS", 3)
    storm = Attackers(f"127.0.0.1:{victim.getsockname()[1]}", rate=400)
    storm.run(0.3)
    came = received(victim)
    kinds = Counter(".".join(source[0].split(".")[:3]) for _, source in came)
    assert {"127.1.1", "127.1.2", "127.1.3", "127.1.4"} <= set(kinds)
    assert all(source[0].startswith("127.") and source[0] != "127.0.0.1" for _, source in came)
    assert sum(kinds.values()) == sum(count for kind, count in storm.sent.items() if kind != "half-open")
    assert set(storm.sent) == {*SHARES, "half-open"}


def test_invented_addresses_do_not_come_again(victim):
    storm = Attackers(f"127.0.0.1:{victim.getsockname()[1]}", rate=1)
    for _ in range(50):
        storm._forge()
    sources = [source[0] for _, source in received(victim)]
    assert len(set(sources)) == len(sources) == 50
    assert all(64 <= int(source.split(".")[1]) < 128 for source in sources)


def test_invented_addresses_come_twice_where_they_are_to(victim):
    storm = Attackers(f"127.0.0.1:{victim.getsockname()[1]}", rate=1, twice=True)
    for _ in range(5):
        storm._forge()
    first = received(victim)
    storm._forge_again(0.0)
    assert received(victim) == []
    storm._forge_again(float("inf"))
    again = received(victim)
    assert [(data, source[0]) for data, source in again] == [(data, source[0]) for data, source in first]
    assert storm.sent["forged again"] == len(again) == 5


def test_what_is_not_malformed_on_purpose_is_good(victim):
    storm = Attackers(f"127.0.0.1:{victim.getsockname()[1]}", rate=1)
    for kind in ("forged", "flood", "scanners", "passwords"):
        for _ in range(10):
            storm._kinds[kind]()
    messages = [parse_message(data) for data, _ in received(victim)]
    assert {message.method for message in messages} == {"INVITE", "OPTIONS", "REGISTER"}
    for _ in range(60):
        storm._garble()
    unreadable = 0
    for data, _ in received(victim):
        try:
            parse_message(data)
        except UnreadableMessageError:
            unreadable += 1
    assert unreadable > 0
    storm.close()


def test_no_machine_but_this_one_is_attacked():
    with pytest.raises(SystemExit, match="loopback"):
        Attackers("192.0.2.1:5060", rate=1)

"""Who is given whose outbox, once, and that nothing is left of it in the end."""

from __future__ import annotations

import os

import pytest

from media import control
from media.exchange import KEPT, Exchange
from media.outbox import outbox_bytes
from tests.media.real import descriptors


class Worker:
    def __init__(self, name: str) -> None:
        self.name = name
        self.told: list[control.AnyCommand] = []
        self.given: list[tuple[int, int]] = []

    def tell(self, command: control.AnyCommand, *fds: int) -> None:
        self.told.append(command)
        self.given += [(os.fstat(fd).st_ino, os.fstat(fd).st_size) for fd in fds]


def test_outboxes_are_given_once_and_before_the_rooms_that_need_them() -> None:
    exchange, one, two = Exchange(), Worker("one"), Worker("two")
    for room in (7, 8):
        exchange.share(room, one, [one, two])
        exchange.share(room, two, [one, two])
    assert one.told == [
        control.LoadOutbox(1),
        control.LoadPeer(2),
        control.Spread(7, [2], leads=True),
        control.Spread(8, [2], leads=True),
    ]
    assert two.told == [
        control.LoadOutbox(2),
        control.LoadPeer(1),
        control.Spread(7, [1], leads=False),
        control.Spread(8, [1], leads=False),
    ]
    assert one.given == two.given[::-1]  # the same memory, one's own first
    assert {size for _, size in one.given} == {outbox_bytes()}
    exchange.close()


def test_of_a_dead_worker_nothing_is_read_again_and_its_heir_is_another() -> None:
    exchange, one, two, heir = Exchange(), Worker("one"), Worker("two"), Worker("heir")
    for worker in (one, two):
        exchange.share(7, worker, [one, two])
    exchange.forget(two)
    exchange.forget(two)
    exchange.forget(Worker("who shared nothing"))
    one.told.clear()
    for worker in (one, heir):
        exchange.share(7, worker, [one, heir])
    assert one.told == [control.LoadPeer(3), control.Spread(7, [3])]
    assert heir.told == [control.LoadOutbox(3), control.LoadPeer(1), control.Spread(7, [1], leads=False)]
    exchange.close()


def test_a_reader_of_a_dead_workers_outbox_is_told_and_no_descriptor_is_left() -> None:
    before = descriptors(os.getpid())
    exchange, stays = Exchange(), Worker("stays")
    for number in range(2 * KEPT):
        dies = Worker(f"dies {number}")
        for worker in (stays, dies):
            exchange.share(7, worker, [stays, dies])
        exchange.forget(dies)
        assert isinstance(stays.told[-1], control.DropPeer)
        assert descriptors(os.getpid()) <= before + 1 + KEPT
    exchange.close()
    exchange.close()
    assert descriptors(os.getpid()) == before


def test_where_no_memory_is_to_be_had_the_room_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    exchange, one, two = Exchange(), Worker("one"), Worker("two")

    def refuse(*_: object) -> int:
        raise OSError(24, "Too many open files")

    before = descriptors(os.getpid())
    for call in ("memfd_create", "ftruncate"):
        with monkeypatch.context() as patch:
            patch.setattr(os, call, refuse)
            assert not exchange.share(7, one, [one, two])
        assert one.told == []
        assert descriptors(os.getpid()) == before
    assert exchange.share(7, one, [one, two])
    assert one.told[-1] == control.Spread(7, [2])
    exchange.close()

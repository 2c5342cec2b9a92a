"""Telephones that watch the roster of their conference (RFC 4575)."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.conference import commands
from bridge.roster.document import CONTENT_TYPE
from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.switchboard import effects as wanted
from bridge.switchboard.board import Switchboard
from bridge.switchboard.effects import EndSubscription, Notify, RejectSubscription
from bridge.switchboard.watchers import PER_LEG_MAX, WATCHERS_MAX
from sip.events import NotifyAnswered, SubscriptionEnded, SubscriptionRefreshed
from tests.support.operated_world import OperatedWorld, settled
from tests.support.roster_reader import Reader
from tests.support.subscribing import subscribes

SECURE: dict[str, Any] = {"level": Level.HIGHLY_SECURE}


class Phone:
    """A watching telephone: what it has read so far."""

    def __init__(self, world: OperatedWorld, leg: int, **others: Any) -> None:
        self.world = world
        self.subscription = world.watches(world.leg(leg).call, **others)
        self._reader = Reader()
        self._read = 0

    @property
    def told(self) -> list[bytes]:
        return self.world.watching[self.subscription]

    def look(self) -> Reader:
        for document in self.told[self._read :]:
            self._reader.read(document)
        self._read = len(self.told)
        return self._reader


def test_a_member_sees_at_once_who_is_in_and_soon_who_comes_is_muted_and_goes(world: OperatedWorld) -> None:
    moderator = world.moderates()
    phone = Phone(world, moderator)
    assert phone.look().states == ["full"]
    guest = world.joins()
    world.passes(1.0)
    seen = phone.look()
    assert seen.states == ["full", "partial"]
    assert [user["role"] for user in seen.users.values()] == ["moderator", "participant"]
    world.presses(guest, "*6")
    world.passes(1.0)
    assert [user["audio"] for user in phone.look().users.values()] == ["sendrecv", "recvonly"]
    world.ends(guest)
    world.passes(0.5)
    world.passes(0.5)
    going = phone.look()
    assert [(user["status"], user["left by"]) for user in going.users.values()][1] == (
        "disconnected",
        "departed",
    )
    assert going.state["user-count"] == "1"
    world.passes(1.0)
    assert len(phone.look().users) == 1
    world.passes(100.0)
    assert phone.look().version == 5, "nothing happens, nothing is told"
    settled(world)


def test_what_happens_within_a_second_is_one_document(world: OperatedWorld) -> None:
    phone = Phone(world, world.moderates())
    world.passes(5.0)
    for _ in range(5):
        world.joins()
    world.passes(1.0)
    assert phone.look().version <= 3
    assert len(phone.look().users) == 6
    settled(world)


def test_a_telephone_that_asks_before_it_is_in_is_told_to_wait_and_then_shown_the_room(
    world: OperatedWorld,
) -> None:
    leg = world.dials()
    phone = Phone(world, leg)
    assert phone.told == []
    world.keys_code(leg, Role.MODERATOR)
    assert phone.look().states == ["full"]
    assert [effect for effect in world.done if isinstance(effect, wanted.AcceptSubscription)] == [
        wanted.AcceptSubscription(1, pending=True),
        wanted.AcceptSubscription(1),
    ]
    settled(world)


def test_who_never_comes_in_never_sees_anything(world: OperatedWorld) -> None:
    leg, gives_up = world.dials(), world.dials()
    phone, other = Phone(world, leg), Phone(world, gives_up)
    world.happens(SubscriptionEnded(other.subscription, "481"))
    world.moderates()
    world.ends(leg)
    assert phone.subscription not in world.watching
    assert EndSubscription(phone.subscription, "rejected") in world.done
    assert not any(isinstance(effect, Notify) for effect in world.done)
    world.watching.clear()
    settled(world)


def rejected(world: OperatedWorld) -> RejectSubscription:
    (effect,) = (each for each in world.done if isinstance(each, RejectSubscription))
    return effect


@pytest.mark.parametrize("call", [0, 77])
def test_a_stranger_is_told_nothing_not_even_whether_there_is_such_a_conference(
    world: OperatedWorld, call: int
) -> None:
    world.moderates()
    world.watches(call, uri="sip:conf-sales@192.0.2.1", identity="bob")
    assert rejected(world).status == 403
    settled(world)


def test_who_has_been_told_to_go_sees_no_more(world: OperatedWorld) -> None:
    world.moderates()
    guest = world.joins()
    world.gives(commands.Disconnect(guest))
    world.watches(world.leg(guest).call)
    assert rejected(world).status == 403
    settled(world)


def test_an_unknown_package_is_refused_with_word_of_the_known_one(world: OperatedWorld) -> None:
    world.watches(world.leg(world.moderates()).call, package="presence")
    assert rejected(world) == RejectSubscription(1, 489, (("Allow-Events", "conference"),))
    settled(world)


def test_one_person_watches_only_so_often(world: OperatedWorld) -> None:
    leg = world.moderates()
    for _ in range(PER_LEG_MAX + 1):
        world.watches(world.leg(leg).call)
    assert rejected(world).status == 403
    settled(world)


def test_in_all_there_are_only_so_many(world: OperatedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.switchboard.watchers.WATCHERS_MAX", 1)
    assert WATCHERS_MAX > 100
    world.watches(world.leg(world.moderates()).call)
    world.watches(world.leg(world.joins()).call)
    assert rejected(world).status == 503
    assert rejected(world).headers[0][0] == "Retry-After"
    settled(world)


def test_in_an_open_room_the_account_that_called_may_watch_by_the_room_s_number(world: OperatedWorld) -> None:
    call = world.calls_in("conf-sales")
    leg = world.board._lines.by_call[call]
    leg.identity = "ana"
    world.pool_answers(0, opens=True)
    world.acknowledges(call)
    uri = "sip:conf-sales@192.0.2.1"
    world.watches(0, uri=uri, identity="bob")
    assert rejected(world).subscription == 1
    world.happens(subscribes(2, 0, uri=uri, identity="ana"))
    reader = Reader()
    reader.read(world.watching[2][0])
    assert reader.entity == uri
    assert reader.description["subject"] == "sales"
    settled(world)


def test_each_knows_the_conference_by_the_name_they_asked_by(world: OperatedWorld) -> None:
    one = Phone(world, world.moderates(), uri="sip:roda.1@192.0.2.1;transport=tcp?X=y")
    other = Phone(world, world.joins(), uri="sip:roda.2@192.0.2.1")
    assert one.look().entity == "sip:roda.1@192.0.2.1;transport=tcp"
    assert other.look().entity == "sip:roda.2@192.0.2.1"
    assert {effect.content_type for effect in world.done if isinstance(effect, Notify)} == {CONTENT_TYPE}
    settled(world)


def test_a_refresh_is_answered_with_the_whole_roster(world: OperatedWorld) -> None:
    phone = Phone(world, world.moderates())
    world.joins()
    world.happens(SubscriptionRefreshed(phone.subscription, 600))
    assert phone.look().states == ["full", "full"]
    world.happens(SubscriptionRefreshed(99, 600))
    settled(world)


def test_the_end_of_a_subscription_is_the_end_of_looking(world: OperatedWorld) -> None:
    phone = Phone(world, world.moderates())
    world.happens(SubscriptionEnded(phone.subscription, "timeout"))
    del world.watching[phone.subscription]
    world.joins()
    world.passes(10.0)
    assert world.board.next_deadline() is None or not world.board._watchers._by_room
    settled(world)


def test_who_leaves_watches_no_more(world: OperatedWorld) -> None:
    moderator, guest = world.moderates(), world.joins()
    phone = Phone(world, guest)
    world.ends(guest)
    assert EndSubscription(phone.subscription, "rejected") in world.done
    assert world.is_up(moderator)
    settled(world)


def test_who_is_moved_may_ask_again_and_sees_the_other_room(world: OperatedWorld) -> None:
    world.moderates()
    guest = world.joins()
    world.joins(Role.MODERATOR, pair=8, **SECURE)
    phone = Phone(world, guest)
    there = world.room(8).conference_id
    world.gives(commands.Move(guest, there))
    assert EndSubscription(phone.subscription, "deactivated") in world.done
    assert len(Phone(world, guest).look().users) == 2
    settled(world)


def test_when_the_conference_is_over_so_is_the_looking(world: OperatedWorld) -> None:
    phone = Phone(world, world.moderates())
    world.gives(commands.EndConference())
    world.passes(1.0)
    assert phone.look().seen("left by") == {"****": "booted"}
    world.passes(60.0)
    assert phone.subscription not in world.watching
    settled(world)


class Slow(OperatedWorld):
    """A world whose telephones answer no NOTIFY until they are told to."""

    def _signal(self, effect: wanted.Effect) -> None:
        if isinstance(effect, Notify):
            self.watching[effect.subscription].append(effect.body)
        else:
            super()._signal(effect)


def test_a_telephone_that_is_slow_to_answer_is_told_all_at_once_when_it_has() -> None:
    world = Slow("ana")
    phone = Phone(world, world.moderates())
    for _ in range(3):
        world.joins()
        world.passes(2.0)
    assert phone.look().states == ["full"]
    world.happens(NotifyAnswered(phone.subscription))
    world.passes(0.0)
    assert phone.look().states == ["full", "partial"]
    assert len(phone.look().users) == 4
    world.happens(NotifyAnswered(99))
    settled(world)


def test_a_room_that_nobody_watches_costs_one_look_into_a_table(world: OperatedWorld) -> None:
    board: Switchboard = world.board
    world.moderates()
    world.joins()
    assert not board._watchers._by_room
    assert not any(isinstance(effect, Notify) for effect in world.done)
    settled(world)


def test_full_numbers_are_in_no_document(world: OperatedWorld) -> None:
    moderator = world.moderates()
    world.leg(moderator).caller = ""
    phone = Phone(world, moderator)
    call = world.calls_in("551130000000", trusted=True)
    leg = world.board._lines.by_call[call].number
    world.pool_answers(0, opens=True)
    world.acknowledges(call)
    if world.questions:
        world.store_answers(None)
    world.keys_code(leg)
    world.passes(2.0)
    text = b"".join(phone.told).decode()
    assert world.leg(leg).caller not in text
    assert len(phone.look().users) == 2
    settled(world)

"""Blasts (`*92`, O5): a list called at a bounded rate, a message heard, 1 pressed, and every other way it can go."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge.blast.campaign import MESSAGE_MAX_S
from bridge.blast.states import State
from bridge.conference import commands
from bridge.config.calling import Blast, PerPair
from bridge.control import protocol
from bridge.service.blast_list import BlastEntry, BlastList
from bridge.service.levels import Level
from bridge.service.outcome import Outcome
from bridge.service.role import Role
from bridge.switchboard.effects import PlaceCall, RecordJoined, WriteAudio
from bridge.switchboard.events import BlastListFound
from bridge.switchboard.legs import LegTimer
from tests.support.bridge_world import ARENA_SAMPLES
from tests.support.builders import dial_out, sdp
from tests.support.operated_world import OperatedWorld, settled

RETRY_S = 30.0
BLAST = Blast(calls_per_second=2.0, attempts=2, retry_after_s=RETRY_S, ring_s=20.0)


def people(count: int, *, press_one: bool | None = None, message: str = "m.flac") -> BlastList:
    entries = tuple(BlastEntry(f"guest {n}", f"+5511400289{n:02}") for n in range(count))
    return BlastList(id=1, pair=7, name="default", message=message, press_one=press_one, entries=entries)


def bridge(**configured: object) -> OperatedWorld:
    return OperatedWorld(**{"blast": BLAST, **configured})


def begun(
    count: int = 1, *, world: OperatedWorld | None = None, **given: object
) -> tuple[OperatedWorld, int]:
    """A moderator has keyed `*92`, and the list is found."""
    world = world or bridge()
    moderator = world.moderates(level=Level.HIGHLY_SECURE)
    world.presses(moderator, "*92")
    world.list_is_found(people(count, **given))  # type: ignore[arg-type]  # by name
    return world, moderator


def all_ring(world: OperatedWorld) -> list[int]:
    """All who have been called so far; their legs."""
    legs = []
    while world.asked:
        legs.append(world.rings_there())
    return legs


def takes(world: OperatedWorld, leg: int) -> int:
    world.answers(world.leg(leg).call, sdp())
    return leg


def board(world: OperatedWorld) -> list[State]:
    reply = world.asks(protocol.BlastBoard(world.room().conference_id))
    return [row.state for row in reply.rows]


def test_star_nine_two_calls_everybody_at_a_bounded_rate() -> None:
    world, moderator = begun(5)
    assert world.said(moderator) == ["blast_started"]
    assert world.values["blast_started"] == {"count": 5}
    assert len(world.asked) == 1
    world.passes(0.5)
    assert len(world.asked) == 2
    world.passes(1.5)
    assert len(world.asked) == 5
    settled(world)


def test_who_answers_hears_the_message_presses_one_and_is_in() -> None:
    world, moderator = begun()
    assert any(isinstance(each, WriteAudio) for each in world.done)
    (guest,) = all_ring(world)
    assert board(world) == [State.RINGING]
    takes(world, guest)
    assert world.said(guest) == ["recorded"]
    assert board(world) == [State.GREETED]
    world.hears_all()
    assert world.said(guest)[-1] == "blast_press_one"
    world.said(moderator)
    world.presses(guest, "1")
    assert board(world) == [State.JOINED]
    assert world.routed[guest] == world.room().number
    assert world.person(guest).role is Role.PARTICIPANT
    assert next(each for each in reversed(world.done) if isinstance(each, RecordJoined)).came_by == "blast"
    assert world.said(moderator) == ["blast_answered"]
    assert world.arena.free == ARENA_SAMPLES, "the message has been heard by all who will hear it"
    world.ends(guest)
    assert board(world) == [State.LEFT]
    settled(world)


def test_a_list_without_message_is_greeted_by_ours() -> None:
    world = bridge()
    moderator = world.moderates(level=Level.HIGHLY_SECURE)
    world.presses(moderator, "*92")
    request = world.lists.pop()
    world.happens(BlastListFound(request.request, people(1)))
    guest = takes(world, all_ring(world)[0])
    assert world.said(guest) == ["blast_invitation"]
    settled(world)


def test_without_press_one_the_end_of_the_message_brings_them_in() -> None:
    world, _ = begun(press_one=False)
    takes(world, all_ring(world)[0])
    assert board(world) == [State.GREETED]
    world.hears_all()
    assert board(world) == [State.JOINED]
    settled(world)


def test_a_wrong_key_is_a_slip_and_a_voicemail_is_never_connected() -> None:
    world, _ = begun()
    guest = takes(world, all_ring(world)[0])
    world.hears_all()
    world.presses(guest, "7")
    assert world.is_up(guest)
    while world.is_up(guest):
        world.hears_all()
        world.passes(1.0)
    assert board(world) == [State.NOT_CONFIRMED]
    assert guest not in world.room().conference.participants
    settled(world)


def test_busy_and_no_answer_are_called_again_and_reported() -> None:
    world, moderator = begun(2)
    world.passes(1.0)
    busy, silent = all_ring(world)
    world.refuses(world.leg(busy).call, 486)
    world.passes(20.0)
    assert not world.is_up(silent)
    assert board(world) == [State.BUSY, State.NO_ANSWER]
    world.said(moderator)
    for _ in range(round(RETRY_S)):
        world.passes(1.0)
        for leg in all_ring(world):
            world.refuses(world.leg(leg).call, 486)
    assert board(world) == [State.BUSY, State.BUSY]
    rows = world.asks(protocol.BlastBoard(world.room().conference_id)).rows
    assert [(row.attempts, row.outcome) for row in rows] == [(2, Outcome.BUSY), (2, Outcome.BUSY)]
    assert world.said(moderator) == ["blast_answered", "blast_failed"]
    assert world.values["blast_failed"] == {"count": 2}
    assert world.arena.free == ARENA_SAMPLES
    settled(world)


def test_who_declines_or_cannot_be_reached_is_not_called_again() -> None:
    world, _ = begun(2)
    world.passes(1.0)
    first, second = all_ring(world)
    world.refuses(world.leg(first).call, 603)
    world.refuses(world.leg(second).call, 404)
    world.passes(10 * RETRY_S)
    assert board(world) == [State.DECLINED, State.FAILED]
    assert not world.asked
    settled(world)


def test_what_the_dial_plan_refuses_is_never_called() -> None:
    """G3."""
    world = bridge()
    moderator = world.moderates(level=Level.HIGHLY_SECURE)
    world.presses(moderator, "*92")
    entries = (BlastEntry("abroad", "+4930123456"), BlastEntry("help", "+55190"), BlastEntry("?", "nobody"))
    world.list_is_found(replace(people(0), entries=entries))
    world.passes(5.0)
    assert board(world) == [State.REFUSED] * 3
    assert not [each for each in world.done if isinstance(each, PlaceCall)]
    rows = world.asks(protocol.BlastBoard(world.room().conference_id)).rows
    assert {row.attempts for row in rows} == {0}
    settled(world)


def test_what_a_limit_forbids_is_counted_as_refused() -> None:
    """G3: one call at once of this pair."""
    limits = PerPair(parallel=1, calls_per_day=10, spend_per_day=Decimal(10))
    world, _ = begun(2, world=bridge(dial_out=dial_out(per_pair=limits)))
    world.passes(1.0)
    assert board(world) == [State.CALLING, State.REFUSED]
    settled(world)


def test_star_three_cancels_the_calls_that_nobody_has_answered() -> None:
    world, moderator = begun(4)
    world.passes(1.0)
    first, second, third = all_ring(world)
    takes(world, first)
    world.said(moderator)
    world.presses(moderator, "*3")
    assert world.said(moderator) == ["blast_cancelled"]
    assert world.values["blast_cancelled"] == {"count": 3}
    assert not world.is_up(second)
    assert not world.is_up(third)
    assert board(world) == [State.GREETED] + [State.CANCELLED] * 3
    world.presses(first, "")
    world.hears_all()
    world.presses(first, "1")
    assert board(world)[0] is State.JOINED, "who had answered may come in"
    world.presses(moderator, "*3")
    assert world.said(moderator)[-1] == "blast_nothing_to_cancel"
    settled(world)


def test_who_answers_in_the_moment_of_the_cancelling_is_hung_up() -> None:
    world, moderator = begun()
    (guest,) = all_ring(world)
    call = world.leg(guest).call
    world.presses(moderator, "*3")
    world.answers(call, sdp())
    assert not world.is_up(guest)
    settled(world)


def test_a_blast_is_cancelled_before_its_list_is_found() -> None:
    world = bridge()
    moderator = world.moderates(level=Level.HIGHLY_SECURE)
    world.presses(moderator, "*92")
    world.presses(moderator, "*3")
    assert world.said(moderator) == ["blast_cancelled"]
    world.list_is_found(people(3))
    assert not world.asked
    assert board(world) == []
    settled(world)


def test_a_second_blast_waits_for_the_end_of_the_first() -> None:
    world, moderator = begun()
    world.said(moderator)
    world.presses(moderator, "*92")
    assert world.said(moderator) == ["blast_running"]
    world.refuses(world.leg(all_ring(world)[0]).call, 603)
    world.presses(moderator, "*92")
    world.list_is_found(people(1))
    assert world.said(moderator)[-1] == "blast_started"
    world.presses(moderator, "*92")
    assert world.said(moderator) == ["blast_running"]
    settled(world)


@pytest.mark.parametrize(
    ("failed", "found", "said"),
    [
        (False, None, "blast_no_list"),
        (False, people(0), "blast_no_list"),
        (True, None, "not_done"),
        (False, replace(people(0), entries=people(1).entries * 10_001), "not_done"),
    ],
)
def test_a_list_that_is_not_there_is_told_to_who_wanted_it(
    failed: bool, found: BlastList | None, said: str
) -> None:
    world = bridge()
    moderator = world.moderates(level=Level.HIGHLY_SECURE)
    world.presses(moderator, "*92")
    request = world.lists.pop()
    world.happens(BlastListFound(request.request, found, failed=failed))
    assert world.said(moderator) == [said]
    assert board(world) == []
    world.presses(moderator, "*92")
    assert world.lists, "and may be tried again"
    settled(world)


def test_the_blast_goes_on_when_the_moderator_who_began_it_has_left() -> None:
    world, moderator = begun()
    other = world.moderates()
    world.ends(moderator)
    guest = takes(world, all_ring(world)[0])
    world.presses(guest, "")
    world.hears_all()
    world.presses(guest, "1")
    assert world.routed[guest] == world.routed[other]
    assert "blast_answered" not in world.said(other)
    settled(world)


def test_a_conference_that_is_over_calls_nobody_any_more_and_tells_who_is_being_greeted() -> None:
    world, moderator = begun(4)
    world.passes(1.0)
    greeted, ringing, _ = all_ring(world)
    takes(world, greeted)
    world.said(greeted)
    world.ends(moderator)
    assert not world.is_up(ringing)
    assert world.said(greeted) == ["conference_ended"]
    assert world.arena.free == ARENA_SAMPLES
    world.hears_all()
    assert world.board.calls == 0
    assert world.board.next_deadline() is None
    world.nothing_is_left()


def test_a_conference_that_is_over_before_its_list_is_found_calls_nobody() -> None:
    world = bridge()
    moderator = world.moderates(level=Level.HIGHLY_SECURE)
    world.presses(moderator, "*92")
    world.ends(moderator)
    world.list_is_found(people(1))
    assert world.board.calls == 0
    assert world.arena.free == ARENA_SAMPLES
    world.nothing_is_left()


def test_a_room_that_was_locked_meanwhile_takes_nobody_who_is_told_and_hung_up() -> None:
    world, moderator = begun()
    guest = takes(world, all_ring(world)[0])
    world.presses(moderator, "*7")
    world.hears_all()
    world.said(guest)
    world.presses(guest, "1")
    assert world.said(guest) == ["conference_locked"]
    world.hears_all()
    assert not world.is_up(guest)
    assert board(world) == [State.NOT_CONFIRMED], "answered, and never came in"
    world.said(moderator)
    world.presses(moderator, "*92")
    assert world.said(moderator) == ["invited_locked"]
    settled(world)


def test_a_message_that_never_ends_is_taken_as_heard_and_the_room_is_entered_without_it() -> None:
    """No worker tells its end and the guard is lost with it: the campaign's own time brings them in."""
    world, _ = begun(world=bridge(dial_out=dial_out()), press_one=False)
    guest = takes(world, all_ring(world)[0])
    world.board._timers.cancel((LegTimer.SPEECH, guest))
    world.passes(MESSAGE_MAX_S + 1)
    assert world.routed[guest] == world.room().number
    assert world.leg(guest).runner is None
    settled(world)


def test_a_guest_may_become_the_moderator_and_is_still_counted_when_they_leave() -> None:
    world, _ = begun()
    guest = takes(world, all_ring(world)[0])
    world.presses(guest, "")
    world.hears_all()
    world.presses(guest, "1")
    assert world.gives(commands.SetRole(guest, Role.MODERATOR)).done
    world.presses(guest, "*5")
    assert world.room().conference.lecture
    world.ends(guest)
    assert board(world) == [State.LEFT]
    settled(world)


def test_a_console_begins_and_cancels_a_blast_and_nobody_is_told_by_voice() -> None:
    world = bridge()
    moderator = world.moderates()
    assert world.gives(commands.CancelBlast()) == protocol.Given(False, "blast_nothing_to_cancel")
    assert world.gives(commands.Blast("default")) == protocol.Given(True)
    assert world.gives(commands.Blast("default")) == protocol.Given(False, "blast_running")
    world.list_is_found(people(2))
    assert world.gives(commands.CancelBlast()) == protocol.Given(True, "blast_cancelled")
    assert world.said(moderator) == []
    assert board(world) == [State.CANCELLED] * 2
    settled(world)

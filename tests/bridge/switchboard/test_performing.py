"""Commands that need more than their conference: messages by phone (O5), moves (O4), announcements, handing over."""

from __future__ import annotations

import pytest

from bridge.conference import commands
from bridge.control import protocol
from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.switchboard.effects import KeepMessage, RecordLeft
from bridge.switchboard.events import MessageKept
from bridge.switchboard.performing import STORE_S
from media.control import NO_ROOM
from prompts.errors import PromptError
from tests.support.bridge_world import ARENA_SAMPLES
from tests.support.operated_world import OperatedWorld, settled

DONE = protocol.Given(True)
NOT_NOW = protocol.Given(False, "not_now")


# --- a message, recorded by phone (O5) ------------------------------------------------------------------------------


class Slow(OperatedWorld):
    """A world whose store takes its time to keep a message."""

    def execute(self, effect: object) -> None:
        if not isinstance(effect, KeepMessage):
            super().execute(effect)  # type: ignore[arg-type]  # any effect


def records(world: OperatedWorld, moderator: int) -> None:
    """`*99`, a message of a second, and 1 to keep it."""
    world.presses(moderator, "*99")
    world.hears_all()
    world.hears_all()
    world.stops_speaking(moderator, 8000)
    world.presses(moderator, "1")


def test_a_message_is_said_outside_the_room_and_kept_in_the_store(world: OperatedWorld) -> None:
    moderator = world.moderates()
    world.joins()
    world.presses(moderator, "*99")
    assert world.said(moderator) == ["message_record"]
    assert world.routed[moderator] == NO_ROOM, "the others do not hear it said"
    world.hears_all()
    world.hears_all()
    world.stops_speaking(moderator, 8000)
    world.presses(moderator, "1")
    assert [each.pair for each in world.done if isinstance(each, KeepMessage)] == [7]
    world.hears_all()
    assert world.said(moderator)[-2:] == ["message_saved", "back_in_room"]
    assert world.routed[moderator] == world.room().number
    assert world.arena.free == ARENA_SAMPLES, "it is on disk now"
    settled(world)


def test_a_full_disk_is_told_and_the_moderator_returns() -> None:
    world = Slow("ana")
    moderator = world.moderates()
    records(world, moderator)
    world.happens(MessageKept(moderator, kept=False))
    world.hears_all()
    assert world.said(moderator)[-2:] == ["message_not_saved", "back_in_room"]
    assert world.routed[moderator] == world.room().number
    settled(world)


def test_a_store_that_does_not_answer_is_not_waited_for_for_ever() -> None:
    world = Slow("ana")
    moderator = world.moderates()
    records(world, moderator)
    world.passes(STORE_S)
    assert "message_not_saved" in world.said(moderator)
    world.hears_all()
    assert world.routed[moderator] == world.room().number
    world.happens(MessageKept(moderator, kept=True))
    assert "message_saved" not in world.said(moderator), "too late"
    settled(world)


def test_what_was_kept_of_a_message_that_an_operator_broke_off_answers_nothing_else() -> None:
    world = Slow("ana")
    moderator = world.moderates(dial_out_allowed=True)
    world.presses(moderator, "*0")
    records(world, moderator)
    ana = world.accepts("ana")
    assert world.together(moderator, ana)
    assert world.arena.free == ARENA_SAMPLES
    world.presses(ana, "*3")
    world.presses(moderator, "*1")
    world.said(moderator)
    world.happens(MessageKept(moderator, kept=True))
    assert world.said(moderator) == []
    settled(world)


def test_who_hangs_up_while_recording_leaves_nothing(world: OperatedWorld) -> None:
    moderator = world.moderates()
    world.presses(moderator, "*99")
    world.hears_all()
    world.hears_all()
    assert moderator in world.recording
    world.ends(moderator)
    world.nothing_is_left()


def test_in_silence_nothing_is_kept_and_the_moderator_returns(world: OperatedWorld) -> None:
    moderator = world.moderates()
    world.presses(moderator, "*99")
    for _ in range(2):
        for _ in range(3):
            if moderator not in world.recording:
                world.hears_all()
        world.stops_speaking(moderator, 0)
    world.hears_all()
    assert world.routed[moderator] == world.room().number
    assert not [each for each in world.done if isinstance(each, KeepMessage)]
    settled(world)


def test_where_the_arena_is_full_the_message_cannot_be_recorded(world: OperatedWorld) -> None:
    moderator = world.moderates()
    held = world.arena.take(world.arena.free)
    assert held is not None
    world.presses(moderator, "*99")
    world.hears_all()
    world.hears_all()
    world.hears_all()
    assert "message_not_saved" in world.said(moderator)
    world.hears_all()
    assert world.routed[moderator] == world.room().number
    world.arena.give(held)
    settled(world)


def test_a_participant_records_no_message_and_a_room_without_code_has_none(world: OperatedWorld) -> None:
    world.moderates()
    participant = world.joins()
    world.presses(participant, "*99")
    assert world.said(participant) == ["command_forbidden"]
    assert world.leg(participant).runner is None


# --- moves (O4) -----------------------------------------------------------------------------------------------------


def two_conferences(world: OperatedWorld, **given: object) -> tuple[int, int, str]:
    """Conference 7 with a moderator and a participant, and 8 with a moderator; its id."""
    world.moderates(level=Level.HIGHLY_SECURE, **given)
    participant = world.joins()
    world.moderates(pair=8, level=Level.HIGHLY_SECURE)
    return participant, max(world.open), world.room(8).conference_id


def test_one_is_moved_to_another_conference(world: OperatedWorld) -> None:
    participant, _, there = two_conferences(world)
    assert world.gives(commands.Move(participant, there)) == DONE
    assert participant not in world.room(7).conference.participants
    assert world.person(participant, 8).role is Role.PARTICIPANT
    assert world.routed[participant] == world.room(8).number
    left = [each.reason.value for each in world.done if isinstance(each, RecordLeft)]
    assert left == ["moved"]
    settled(world)


def test_nothing_of_one_conference_clings_to_who_is_moved(world: OperatedWorld) -> None:
    """Lecture, gain, levelling and suppression of the first are not the second's."""
    participant, _, there = two_conferences(world)
    world.gives(commands.Lecture(on=True))
    world.gives(commands.LevelVoices(on=True))
    world.gives(commands.SuppressNoise(on=True))
    world.gives(commands.SetGain(participant, 6.0))
    assert world.muted[participant]
    assert world.suppressed[participant]
    assert world.gives(commands.Move(participant, there)) == DONE
    assert not world.muted[participant]
    assert world.gains.get(participant) == 0.0
    assert world.levelled[participant] is False
    assert world.suppressed[participant] is False
    settled(world)


def test_who_has_muted_themselves_stays_muted_where_they_are_moved(world: OperatedWorld) -> None:
    participant, _, there = two_conferences(world)
    world.presses(participant, "*6")
    assert world.gives(commands.Move(participant, there)) == DONE
    assert world.person(participant, 8).muted
    assert world.muted[participant]
    world.presses(participant, "*6")
    assert not world.muted[participant]
    settled(world)


def test_a_recorded_name_goes_along_and_belongs_to_the_other_conference(world: OperatedWorld) -> None:
    """C2."""
    moderator = world.moderates()
    caller = world.keys_code(world.dials(), announce_names=True)
    world.hears_all()
    world.stops_speaking(caller, 8000)
    world.presses(caller, "1")
    clip = world.person(caller).clip
    assert clip is not None
    world.moderates(pair=8)
    world.gives(commands.Move(caller, world.room(8).conference_id))
    assert world.person(caller, 8).clip == clip
    assert world.room(8).clips == [clip]
    assert clip not in world.room(7).clips
    world.ends(moderator)
    held = ARENA_SAMPLES - world.arena.free
    assert held == clip.length, "the first conference's end does not take it away"
    settled(world)
    assert world.arena.free == ARENA_SAMPLES


@pytest.mark.parametrize("why", ["conference_locked", "conference_ended"])
def test_a_conference_that_does_not_want_them_leaves_them_where_they_are(
    world: OperatedWorld, why: str
) -> None:
    participant, _, there = two_conferences(world)
    world.gives(commands.Lock() if why == "conference_locked" else commands.EndConference(), pair=8)
    assert world.gives(commands.Move(participant, there)) == protocol.Given(False, why)
    assert world.routed[participant] == world.room(7).number
    settled(world)


def test_who_or_where_that_is_not_there_is_not_moved(world: OperatedWorld) -> None:
    participant, stranger, there = two_conferences(world)
    assert world.gives(commands.Move(participant, "nowhere")) == NOT_NOW
    assert world.gives(commands.Move(participant, world.room(7).conference_id)) == NOT_NOW
    assert world.gives(commands.Move(stranger, there)) == NOT_NOW
    settled(world)


def test_who_is_moved_out_of_a_private_talk_leaves_nobody_alone(world: OperatedWorld) -> None:
    participant, _, there = two_conferences(world)
    world.presses(participant, "*0")
    ana = world.accepts("ana")
    assert world.gives(commands.Move(participant, there)) == DONE
    assert not world.is_up(ana)
    assert world.routed[participant] == world.room(8).number
    assert not world.person(participant, 8).aside
    settled(world)


def test_who_waits_for_an_operator_waits_on_where_they_are_moved(world: OperatedWorld) -> None:
    participant, _, there = two_conferences(world)
    world.presses(participant, "*0")
    world.gives(commands.Move(participant, there))
    assert [row.conference for row in world.asks(protocol.HelpQueue()).rows] == [there]
    ana = world.accepts("ana")
    assert world.together(participant, ana)
    world.presses(ana, "*2")
    assert world.routed[ana] == world.routed[participant] == world.room(8).number
    settled(world)


def test_no_moderator_of_another_conference_is_moved_into_a_locked_one_that_has_none(
    world: OperatedWorld,
) -> None:
    """That door opens to its own moderator alone, who has lost the line."""
    stays = world.moderates(pair=8, level=Level.HIGHLY_SECURE)
    world.joins(pair=8)
    moderator = world.moderates()
    world.presses(stays, "*7")
    world.ends(stays)
    there = world.room(8).conference_id
    assert world.room(8).conference.locked
    assert world.gives(commands.Move(moderator, there)) == protocol.Given(False, "conference_locked")
    assert world.routed[moderator] == world.room(7).number
    settled(world)


def test_a_visiting_operator_is_moved_and_known_where_they_are(world: OperatedWorld) -> None:
    _, _, there = two_conferences(world)
    world.gives(commands.Visit())
    ana = world.accepts("ana")
    assert world.gives(commands.Move(ana, there), by="bia") == DONE
    assert world.asks(protocol.HelpQueue()).operators[0].conference == there
    assert world.gives(commands.Visit(on=False), pair=8) == DONE
    assert not world.is_up(ana)
    settled(world)


def test_the_last_one_moved_away_closes_the_conference_behind_them(world: OperatedWorld) -> None:
    moderator = world.moderates()
    world.moderates(pair=8)
    assert world.gives(commands.Move(moderator, world.room(8).conference_id)) == DONE
    assert 7 not in world.board._rooms.by_key
    assert world.person(moderator, 8).role is Role.PARTICIPANT, "a moderator elsewhere has no say here (G1)"
    settled(world)


def test_a_waiting_participant_is_moved_out_of_the_music(world: OperatedWorld) -> None:
    """C3."""
    waiting = world.joins()
    assert world.music[waiting] is not None
    world.moderates(pair=8)
    world.gives(commands.Move(waiting, world.room(8).conference_id))
    assert world.music[waiting] is None
    assert world.routed[waiting] == world.room(8).number
    settled(world)


# --- announcements, and the rest ------------------------------------------------------------------------------------


def test_a_text_of_the_catalogue_is_said_to_all_or_to_one(world: OperatedWorld) -> None:
    moderator, participant = world.moderates(), world.joins()
    assert world.gives(commands.Announce("one_moment")) == DONE
    assert world.heard_in[world.room().number] == ["one_moment"]
    assert world.gives(commands.Announce("one_moment", participant)) == DONE
    assert world.said(participant) == ["one_moment"]
    assert world.said(moderator) == []
    assert world.gives(commands.Announce("one_moment", 99)) == NOT_NOW


def test_a_text_that_is_not_in_the_catalogue_is_told_to_who_asked(world: OperatedWorld) -> None:
    world.moderates()
    voice = world.board._lines._voice

    def unknown(*_: object) -> list[tuple[int, int]]:
        raise PromptError("no such prompt: zzz")

    voice.segments = unknown  # type: ignore[method-assign]  # a library that knows nothing
    assert world.gives(commands.Announce("zzz")) == protocol.Given(False, "no such prompt: zzz")


def test_the_role_is_handed_on_to_whoever_is_chosen_by_a_key(world: OperatedWorld) -> None:
    moderator, participant = world.moderates(), world.joins()
    world.presses(moderator, "*95")
    world.presses(moderator, "1")
    world.presses(moderator, "#")
    assert world.person(participant).role is Role.MODERATOR
    assert world.person(moderator).role is Role.PARTICIPANT
    settled(world)


@pytest.mark.parametrize("keys", ["*2", "*3"])
def test_the_keys_of_a_private_talk_mean_nothing_outside_one(world: OperatedWorld, keys: str) -> None:
    moderator, participant = world.moderates(), world.joins()
    world.presses(moderator, keys)
    assert world.said(moderator) == ["not_now" if keys == "*2" else "blast_nothing_to_cancel"]
    world.presses(participant, "*3")
    assert world.said(participant) == ["not_now"]

"""Names: announced, read out, counted (C1, C2, `*8`, `*9`)."""

import time

import pytest

from bridge.conference import commands
from bridge.conference.commands import Outcome
from bridge.conference.effects import Hush, RecordIdentity, SayList, SayRoom
from bridge.conference.events import Join
from bridge.conference.model import House
from bridge.conference.naming import AROUND_A_NAME_S
from bridge.service.role import Role
from bridge.service.settings import Settings
from prompts.phrases import say
from prompts.values import Clip
from tests.bridge.conference.room import Room

NAMED = Settings(announce_names=True)
ANA, BIA, CID = Clip(0, 8000), Clip(8000, 16000), Clip(24000, 8000)


def operator(leg, **more):
    return Join(leg, Role.OPERATOR, came_by="operator", **more)


def test_c2_a_name_is_said_instead_of_the_tone_at_entry_and_exit():
    room = Room(NAMED)
    room.moderator(1)
    effects = room.participant(2, clip=ANA)
    assert SayRoom(say("has_joined", name=ANA)) in effects
    assert room.tones() == []
    effects = room.leave(2)
    assert SayRoom(say("has_left", name=ANA)) in effects
    assert room.tones() == []


def test_c2_somebody_without_a_name_is_a_tone():
    room = Room(NAMED)
    room.moderator(1)
    room.participant(2)
    assert (room.announced(), room.tones()) == ([], ["entry"])


def test_c2_where_names_are_not_announced_a_tone_is():
    room = Room()
    room.moderator(1)
    room.participant(2, clip=ANA)
    assert (room.announced(), room.tones()) == ([], ["entry"])


def test_c2_a_name_is_said_once_where_c1_is_off_and_nothing_where_there_is_none():
    room = Room(Settings(announce_names=True, entry_exit_tones=False))
    room.moderator(1)
    room.participant(2, clip=ANA)
    assert (room.announced(), room.tones()) == (["has_joined"], [])
    room.participant(3)
    assert (room.announced(), room.tones()) == ([], [])


def test_c2_those_who_waited_are_not_announced_one_by_one():
    room = Room(NAMED)
    room.participant(1, clip=ANA)
    room.participant(2, clip=BIA)
    room.moderator(3, clip=CID)
    assert room.announced() == ["conference_starts"]


def test_c2_in_a_large_room_a_tone_stands_for_the_name():
    room = Room(NAMED, house=House(announce_up_to=3))
    room.moderator(1)
    room.participant(2)
    room.now += 60
    room.participant(3, clip=ANA)
    assert (room.announced(), room.tones()) == (["has_joined"], [])
    room.now += 60
    room.participant(4, clip=BIA)
    assert (room.announced(), room.tones()) == ([], ["entry"])


def test_c2_a_crowd_at_the_door_talks_over_the_meeting_for_a_bounded_time():
    room = Room(NAMED, house=House(announce_up_to=1000, announce_queue_s=10.0))
    room.moderator(1)
    said = 0
    for leg in range(2, 102):
        room.participant(leg, clip=BIA)
        said += len(room.announced())
        room.now += 0.01
    one_s = BIA.length / 8000 + AROUND_A_NAME_S
    assert room.conference.announced_until - room.now <= 10.0 + one_s
    assert said == 4, "three at once, and one more when half a second of them is over"
    room.now = room.conference.announced_until
    room.participant(200, clip=ANA)
    assert room.announced() == ["has_joined"]


def test_operators_are_announced_by_no_name():
    room = Room(NAMED)
    room.moderator(1)
    room.now += 5
    room(operator(2, clip=ANA))
    assert (room.announced(), room.tones()) == ([], ["entry"])


@pytest.mark.parametrize("asker", [1, 3])
def test_star_8_reads_all_names_in_the_order_of_joining_in_one_speech_to_the_one_who_asked(asker):
    room = Room()
    room.moderator(1, clip=ANA)
    room.participant(2, clip=BIA)
    room.participant(3)
    room(operator(4, clip=CID))
    room.participant(5, clip=CID)
    assert room.keys(asker, "*8") == [
        Hush(asker),
        SayList(
            asker,
            (
                say("roll_call_intro", count=4),
                say("recorded", name=ANA),
                say("recorded", name=BIA),
                say("recorded", name=CID),
                say("roll_call_unnamed", count=1),
                say("roll_call_end"),
            ),
        ),
    ]


def test_star_8_where_all_have_names_speaks_of_nobody_without():
    room = Room()
    room.moderator(1, clip=ANA)
    (speech,) = [e for e in room.keys(1, "*8") if isinstance(e, SayList)]
    assert [each.name for each in speech.utterances] == ["roll_call_intro", "recorded", "roll_call_end"]


def test_star_9_stops_it_and_says_nothing():
    room = Room()
    room.moderator(1)
    assert room.keys(1, "*9") == [Hush(1)]


def test_a_roll_call_of_500_is_one_effect_and_quick():
    room = Room()
    room.moderator(0)
    for leg in range(1, 501):
        room.participant(leg, clip=ANA)
    started = time.perf_counter()
    effects = room.keys(1, "*8")
    assert time.perf_counter() - started < 0.1
    (speech,) = [e for e in effects if isinstance(e, SayList)]
    assert len(speech.utterances) == 503


def test_those_who_were_told_to_go_and_monitors_are_not_counted():
    room = Room()
    room.moderator(1)
    room.participant(2)
    room(operator(3))
    room.participant(4)
    room.console(commands.Disconnect(4))
    room.command(2, commands.Headcount())
    assert say("participants_count", count=2) in [
        e.utterance for e in room.effects if hasattr(e, "utterance")
    ]


def test_o2_an_operator_says_who_somebody_is():
    room = Room()
    room.moderator(1)
    room.participant(2, name="unknown")
    identity = commands.Identify(2, name="Bia", company="Acme", phone="+5511", email="bia@example.com")
    assert room.console(identity) == Outcome(True)
    assert RecordIdentity(2, "Bia", "Acme", "+5511", "bia@example.com") in room.effects
    assert room.conference.participants[2].name == "Bia"
    room.console(commands.Identify(2, company="Bcme"))
    assert room.conference.participants[2].name == "Bia", "an empty field leaves what is known"

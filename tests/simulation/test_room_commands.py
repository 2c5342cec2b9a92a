"""What a moderator does with a room, heard by telephones: lock, lecture, modes, levels, roles, time (service.md star commands, C5, C6, O4)."""

from __future__ import annotations

import pytest

from bridge.conference import commands
from bridge.control import protocol
from bridge.service.settings import LastModerator
from tests.simulation.meeting import PARTICIPANT
from tests.simulation.office import Office, together
from tests.simulation.phone import State


def test_the_manuals_lock_lets_nobody_in_and_nobody_listen() -> None:
    """`*7`, O4: who listens is put out, callers and operators are told, the roster is still there for the console."""
    office = Office()
    ana, rui, olga = office.participant("ana"), office.moderator("rui"), office.operator()
    assert office.give(commands.Monitor()).done
    office.told(olga, "monitor_began")
    assert office.talk() == together(ana, rui) | {"olga": {"ana", "rui"}}, "listens, and is not heard"
    rui.press("*7")
    office.told(rui, "locked")
    office.told(olga, "monitor_locked")
    assert not olga.hears(ana), "from the first moment of the lock"
    office.until(lambda: olga.state is State.OVER)
    assert office.give(commands.Monitor()) == protocol.Given(done=False, text="conference_locked")
    assert office.give(commands.Visit()) == protocol.Given(done=False, text="conference_locked")
    bia = office.caller("bia")
    bia.press(f"{PARTICIPANT}#")
    office.told(bia, "conference_locked")
    office.until(lambda: bia.state is State.OVER)
    roster = office.bridge.ask(protocol.ShowConference(office.room.conference_id))
    assert isinstance(roster, protocol.Roster)
    assert [row.caller for row in roster.rows] == ["ana", "rui"]
    rui.press("*7")
    office.told(rui, "unlocked")
    office.keys_participant(office.calls(bia))
    assert office.talk() == together(ana, rui, bia)
    office.nothing_is_left()


def test_the_manuals_lecture_has_a_tone_and_covers_who_comes_late() -> None:
    """`*5`, `*6`: only moderators are heard; a participant who presses `*6` is told why nothing changes."""
    office = Office()
    ana, rui = office.participant("ana"), office.moderator("rui")
    office.quiet()
    rui.press("*5")
    office.until(lambda: ana.heard("tone.lecture", within_s=2.0))
    bia = office.participant("bia")
    office.told(bia, "muted_by_lecture")
    assert office.talk() == {"ana": {"rui"}, "bia": {"rui"}, "rui": set()}
    ana.press("*6")
    office.told(ana, "muted_by_lecture")
    assert office.talk() == {"ana": {"rui"}, "bia": {"rui"}, "rui": set()}
    rui.press("*5")
    office.told(rui, "lecture_off")
    assert office.talk() == together(ana, bia, rui)
    office.nothing_is_left()


def test_star_four_brings_a_loud_and_a_quiet_line_together() -> None:
    """`*4`: 28 dB apart before; after, less than half of it."""
    office = Office()
    loud, soft, rui = office.participant("loud"), office.participant("soft"), office.moderator("rui")
    rui.say(0)
    loud.in_syllables = soft.in_syllables = True
    loud.amplitude, soft.amplitude = 10_000.0, 400.0
    office.quiet()

    def apart_db() -> float:
        return rui.level(loud.frequency_hz, 2.0) - rui.level(soft.frequency_hz, 2.0)

    office.run(2.0)
    assert apart_db() == pytest.approx(28.0, abs=2.0)
    rui.press("*4")
    office.told(rui, "levelling_on")
    office.run(20.0)
    levelled_db = apart_db()
    assert abs(levelled_db) < 14.0
    rui.press("*4")
    office.told(rui, "levelling_off")
    office.run(6.0)
    assert apart_db() == pytest.approx(28.0, abs=2.0)
    office.nothing_is_left()


def test_a_pair_may_have_voices_brought_together_from_the_beginning() -> None:
    """`*4` as the default of its conferences; the key then ends it."""
    office = Office(given={"level_voices": True})
    loud, soft, rui = office.participant("loud"), office.participant("soft"), office.moderator("rui")
    rui.say(0)
    loud.in_syllables = soft.in_syllables = True
    loud.amplitude, soft.amplitude = 10_000.0, 400.0
    office.quiet()
    office.run(20.0)
    assert abs(rui.level(loud.frequency_hz, 2.0) - rui.level(soft.frequency_hz, 2.0)) < 14.0
    rui.press("*4")
    office.told(rui, "levelling_off")
    office.nothing_is_left()


def test_questions_are_taken_one_after_another() -> None:
    """`*94` on to question mode, `*2` hands in order, `*93` the floor: heard are the moderator and whoever has it."""
    office = Office()
    ana, bia, rui = office.participant("ana"), office.participant("bia"), office.moderator("rui")
    office.quiet()
    rui.press("*94")
    office.told(ana, "mode_questions", keys="*2")
    assert office.talk() == {"ana": {"rui"}, "bia": {"rui"}, "rui": set()}
    bia.press("*2")
    office.told(bia, "hand_raised", position=1)
    office.told(rui, "questions_waiting", count=1)
    ana.press("*2")
    office.told(ana, "hand_raised", position=2)
    rui.press("*93")
    office.told(bia, "your_turn")
    assert office.talk() == {"ana": {"rui", "bia"}, "bia": {"rui"}, "rui": {"bia"}}
    rui.press("*93")
    office.told(ana, "your_turn")
    assert office.talk() == {"ana": {"rui"}, "bia": {"rui", "ana"}, "rui": {"ana"}}
    rui.press("*93")
    office.told(rui, "questions_none")
    rui.press("*94")
    office.told(ana, "mode_presentation")
    ana.press("*2")
    office.told(ana, "hand_not_now")
    office.quiet()
    rui.press("*94")
    office.told(ana, "mode_conversation")
    assert office.talk() == together(ana, bia, rui)
    office.nothing_is_left()


def test_the_moderators_role_is_handed_on_and_they_leave_without_ending() -> None:
    """`*95` and `*96` (ours): the heir can lock, the former moderator cannot; the room goes on without one."""
    office = Office(given={"grace_s": 5.0})
    ana, bia, rui = office.participant("ana"), office.participant("bia"), office.moderator("rui")
    office.quiet()
    rui.press("*95")
    office.told(rui, "role_choose")
    rui.press("2#")
    office.told(bia, "role_given")
    office.told(rui, "role_given_away")
    rui.press("*7")
    office.told(rui, "command_forbidden", keys="*7")
    bia.press("*7*7")
    office.told(bia, "unlocked")
    bia.press("*96")
    office.told(bia, "leaving")
    office.until(lambda: bia.state is State.OVER)
    office.run(8.0)
    assert office.talk() == together(ana, rui)
    office.nothing_is_left()


def test_the_longest_time_is_warned_of_extended_by_a_key_and_then_over() -> None:
    """C6, `*98`."""
    office = Office(given={"maximum_length_s": 20.0, "extension_s": 20.0})
    ana, rui = office.participant("ana"), office.moderator("rui")
    began = office.now
    office.quiet()
    rui.press("*98")
    office.until(lambda: any(ana.heard("extended", within_s=4.0, minutes=1) for _ in "_"))
    office.until(lambda: ana.state is rui.state is State.OVER, within_s=60.0)
    assert 38.0 < office.now - began < 50.0
    assert {entry.reason for entry in office.records()} == {"maximum_length"}
    office.nothing_is_left()


def test_who_is_left_alone_is_asked_and_a_key_keeps_the_call() -> None:
    """Stranded: any key is an answer; without one the call ends."""
    given = {"stranded_after_s": 8.0, "when_last_moderator_leaves": LastModerator.CONTINUE}
    office = Office(given=given)
    ana, rui = office.participant("ana"), office.moderator("rui")
    rui.hang_up()
    office.told(ana, "still_there", within_s=30.0)
    ana.press("5")
    office.run(8.0)
    assert ana.state is State.TALKING
    office.told(ana, "still_there", within_s=30.0)
    office.until(lambda: ana.state is State.OVER, within_s=20.0)
    assert ana.heard("stranded_goodbye")
    assert {entry.caller: entry.reason for entry in office.records()}["ana"] == "stranded"
    office.nothing_is_left()


def test_a_room_is_split_and_brought_together_again() -> None:
    """O4: sub-conferences hear themselves alone."""
    office = Office()
    ana, bia, leo = (office.participant(name) for name in ("ana", "bia", "leo"))
    rui = office.moderator("rui")
    office.quiet()
    assert office.give(commands.Split((office.number_of(ana), office.number_of(bia)), 1)).done
    office.told(ana, "moved_apart", room=1)
    assert office.talk() == together(ana, bia) | together(leo, rui)
    assert office.give(commands.Split((office.number_of(leo),), 2)).done
    assert office.talk() == together(ana, bia) | {"leo": set(), "rui": set()}
    assert office.give(commands.Rejoin()).done
    office.told(ana, "moved_back")
    assert office.talk() == together(ana, bia, leo, rui)
    office.nothing_is_left()


def test_somebody_is_moved_to_another_conference() -> None:
    """O4: and hears that one, and no longer the first."""
    office = Office()
    other = office.pair("73920184", "51830627", entry_exit_tones=False)
    ana, bia, rui = office.participant("ana"), office.participant("bia"), office.moderator("rui")
    here = office.room.conference_id
    eva = office.caller("eva")
    eva.press("73920184#")
    office.until(lambda: office.is_in(eva))
    rooms = {room.pair: room.conference_id for room in office.bridge.board._rooms.by_number.values()}
    reply = office.bridge.ask(protocol.Give(here, commands.Move(office.number_of(bia), rooms[other]), "olga"))
    assert reply == protocol.Given(done=True, text="")
    assert office.talk() == together(ana, rui) | together(bia, eva)
    left = [entry.reason for entry in office.records() if entry.caller == "bia"]
    assert left == ["moved", None]
    office.nothing_is_left()

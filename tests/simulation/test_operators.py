"""Operators on real telephones: help (`*0`), the entry hall (O2), monitoring, whispering, visits (O3, O4)."""

from __future__ import annotations

from bridge.conference import commands
from bridge.control import protocol
from tests.simulation.bridge import ACCESS_NUMBER
from tests.simulation.meeting import PARTICIPANT
from tests.simulation.office import Office, together
from tests.simulation.phone import BUSY, Manners, State


def test_the_manuals_help_in_the_room_private_talk_and_both_return() -> None:
    """`*0`: the others go on, and hear neither; `*2` at the operator's telephone brings both."""
    office = Office()
    ana, bia, rui = office.participant("ana"), office.participant("bia"), office.moderator("rui")
    olga = office.operator()
    office.quiet()
    ana.press("*0")
    office.told(ana, "help_called")
    assert office.room.conference.in_room(office.number_of(ana)), "who asked talks on meanwhile"
    office.told(ana, "help_operator_here")
    office.told(olga, "operator_choices", with_keys="*2", alone_keys="*3")
    assert office.talk() == together(ana, olga) | together(bia, rui)
    olga.press("*2")
    office.told(ana, "back_in_room")
    assert office.talk() == together(ana, bia, rui, olga)
    olga.hang_up()
    assert office.talk() == together(ana, bia, rui)
    ana.press("*0")
    office.told(ana, "help_operator_here", within_s=30.0)
    ana.press("*3")
    office.told(ana, "back_in_room")
    office.until(lambda: olga.state is State.OVER)
    assert office.talk() == together(ana, bia, rui)
    office.nothing_is_left()


def test_help_before_the_passcode_and_the_caller_is_where_they_were() -> None:
    """`*0` in the IVR (A3): music, private talk, then the passcode is asked for again."""
    office = Office()
    olga, ana = office.operator(manners=Manners(3.0, keys="1")), office.caller("ana")
    office.told(ana, "enter_passcode")
    ana.press("*0")
    office.told(ana, "hall_wait")
    office.until(lambda: ana.hears_only_music(0.4))
    office.told(ana, "help_operator_here")
    assert office.talk() == together(ana, olga)
    olga.press("*3")
    office.told(ana, "enter_passcode")
    office.keys_participant(ana)
    office.nothing_is_left()


def test_the_next_operator_is_rung_and_nobody_free_is_told() -> None:
    """O3: olga is on another line, otto takes it; when neither can, the caller hears so and stays in the queue."""
    office = Office()
    olga, otto = office.operator(manners=BUSY), office.operator("otto")
    ana, rui = office.participant("ana"), office.moderator("rui")
    office.quiet()
    ana.press("*0")
    office.told(ana, "help_operator_here", within_s=30.0)
    assert (olga.calls_came, otto.calls_came) == (1, 1)
    assert office.talk() == together(ana, otto) | {"rui": set()}
    otto.hang_up()
    office.told(ana, "back_in_room")
    assert office.talk() == together(ana, rui)
    otto.manners = BUSY
    rui.press("*0")
    office.told(rui, "help_none_free", within_s=90.0)
    assert office.queue().rows[0].leg == office.number_of(rui)
    rui.press("*0")
    office.told(rui, "help_cancelled")
    assert office.queue().rows == ()
    office.nothing_is_left()


def test_a_machine_at_the_operators_telephone_gets_no_caller() -> None:
    office = Office()
    olga, ana = office.operator(manners=Manners(1.0)), office.participant("ana")
    rui = office.moderator("rui")
    office.quiet()
    ana.press("*0")
    office.told(olga, "operator_accept")
    office.until(lambda: olga.state is State.OVER, within_s=60.0)
    assert not olga.hears(ana, 2.0)
    assert office.talk() == together(ana, rui)
    office.nothing_is_left()


def test_who_hangs_up_while_the_operator_is_rung_stops_the_ringing() -> None:
    office = Office()
    olga = office.operator(manners=Manners(rings_s=None))
    ana, _ = office.participant("ana"), office.moderator("rui")
    office.quiet()
    ana.press("*0")
    office.until(lambda: olga.state is State.RINGING)
    ana.hang_up()
    office.until(lambda: olga.state is State.OVER, within_s=3.0)
    office.nothing_is_left()


def test_in_an_assisted_conference_an_operator_admits_and_refuses() -> None:
    """O2, G4: nobody hears the room before; what the operator wrote down is in the report (R2)."""
    office = Office(given={"assisted": True})
    rui, olga = office.moderator("rui"), office.operator(manners=Manners(2.0, keys="1"))
    ana = office.caller("ana")
    ana.press(f"{PARTICIPANT}#")
    office.told(ana, "hall_wait")
    office.until(lambda: ana.hears_only_music(0.4))
    office.told(ana, "help_operator_here")
    assert office.talk() == together(ana, olga) | {"rui": set()}
    (request,) = {row.request for row in office.queue().operators if row.request}
    reply = office.bridge.ask(
        protocol.AdmitCaller(request, "olga", name="Ana Lima", company="Acme", email="ana@example.com")
    )
    assert reply == protocol.Given(done=True, text="")
    office.until(lambda: office.is_in(ana))
    office.until(lambda: olga.state is State.OVER)
    assert office.talk() == together(ana, rui)
    bia = office.caller("bia")
    bia.press(f"{PARTICIPANT}#")
    office.told(bia, "help_operator_here", within_s=30.0)
    olga.press("*3")
    office.told(bia, "hall_refused")
    assert not bia.hears(rui)
    office.until(lambda: bia.state is State.OVER)
    entries = {entry.caller: (entry.name, entry.company) for entry in office.records()}
    assert entries["ana"] == ("Ana Lima", "Acme")
    assert "bia" not in entries
    office.nothing_is_left()


def test_a_caller_in_the_hall_whose_operator_hangs_up_is_in_the_queue_again() -> None:
    """O2: nobody is stranded in the hall."""
    office = Office(given={"assisted": True})
    olga, ana = office.operator(), office.caller("ana")
    ana.press(f"{PARTICIPANT}#")
    office.told(ana, "help_operator_here", within_s=30.0)
    olga.hang_up()
    office.until(lambda: ana.hears_only_music(0.4))
    office.until(lambda: olga.state is State.TALKING, within_s=90.0)
    office.told(ana, "help_operator_here")
    olga.press("*2")
    office.until(lambda: office.is_in(ana))
    office.nothing_is_left()


def test_whispering_is_heard_by_one_alone() -> None:
    """O4: a visitor who whispers, and a monitor who whispers and is not heard otherwise."""
    office = Office()
    ana, rui, olga = office.participant("ana"), office.moderator("rui"), office.operator()
    assert office.give(commands.Visit()).done
    office.until(lambda: office.is_in(olga))
    assert office.talk() == together(ana, rui, olga)
    assert office.give(commands.Whisper(office.number_of(rui))).done
    assert office.talk() == together(ana, rui) | {"rui": {"ana", "olga"}, "olga": {"ana", "rui"}}
    assert office.give(commands.Whisper()).done
    assert office.talk() == together(ana, rui, olga)
    assert office.give(commands.Visit(on=False)).done
    office.until(lambda: olga.state is State.OVER)
    assert office.give(commands.Monitor(announced=True)).done
    office.told(ana, "monitor_announced")
    assert office.talk() == together(ana, rui) | {"olga": {"ana", "rui"}}
    assert office.give(commands.Whisper(office.number_of(ana))).done
    assert office.talk() == together(ana, rui) | {"ana": {"rui", "olga"}, "olga": {"ana", "rui"}}
    assert office.give(commands.Whisper()).done
    assert office.talk() == together(ana, rui) | {"olga": {"ana", "rui"}}
    assert office.give(commands.Monitor(on=False)).done
    office.until(lambda: olga.state is State.OVER)
    office.nothing_is_left()


def test_after_three_wrong_codes_an_operator_is_offered() -> None:
    """A3."""
    office = Office()
    olga, ana = office.operator(), office.phone("ana")
    ana.dial(ACCESS_NUMBER)
    for _ in range(3):
        office.until(lambda: ana.heard("enter_passcode", within_s=3.0), within_s=30.0)
        ana.press("11112222#")
        office.until(lambda: not ana.pressing)
        office.run(2.0)
    office.told(ana, "offer_operator", keys="*0", within_s=30.0)
    ana.press("*0")
    office.told(ana, "help_operator_here", within_s=30.0)
    assert office.talk() == together(ana, olga)
    olga.hang_up()
    office.told(ana, "enter_passcode", within_s=30.0)
    office.keys_participant(ana)
    office.nothing_is_left()

"""Keys that we press: extensions after the answer, codes from a console; by whatever way the trunk takes them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.conference import commands
from bridge.config.trunks import Trunk
from bridge.control import protocol
from bridge.service.blast_list import BlastEntry, BlastList
from bridge.service.outcome import Outcome
from bridge.switchboard.calls_out import Wanted
from bridge.switchboard.console import NOBODY_THERE, STILL_KEYING
from bridge.switchboard.effects import Level, Log, RecordAct, RecordCallAnswered, SendDigit
from bridge.switchboard.events import Asked, CallPlaced, Stop, StreamOpened
from bridge.switchboard.keys_out import ANSWER_S, EACH_S
from media.control import SendDigits, UpdateStream
from sip.events import CallAnswered, CallEnded, DigitSent, EndCause
from tests.bridge.switchboard.test_calls_out import Somebody, calls_out, destination
from tests.support.builders import CARRIER, config, dial_out, sdp
from tests.support.operated_world import OperatedWorld, settled
from tests.support.playbook import HERE, Playbook, a, after

CALL = 101
NO_EVENTS = (
    sdp().replace(b"RTP/AVP 0 101", b"RTP/AVP 0").replace(b"a=rtpmap:101 telephone-event/8000\r\n", b"")
)


def answered(keys: str, *ways: str, answer: bytes | None = None) -> tuple[Playbook, Somebody]:
    """A number has answered, with keys to be pressed there."""
    trunk: Trunk = replace(CARRIER, dtmf=ways or CARRIER.dtmf)
    play = Playbook(config(dial_out=dial_out(), trunks=(trunk,)))
    user = Somebody()
    calls_out(play).place(Wanted(destination(), "api", 30.0, "en", keys=keys), user, play.now)
    play._drain()
    play.skip() >> StreamOpened(1, HERE, 20_002)
    play.skip() >> CallPlaced(1, CALL, "out-1")
    play.skip() >> CallAnswered(CALL, answer or sdp()) << a(RecordCallAnswered) << a(UpdateStream)
    return play, user


def test_an_extension_is_keyed_before_anybody_hears_that_somebody_has_answered() -> None:
    play, user = answered(",,567")
    play >> after(1.9)
    assert user.told == []
    play >> after(0.1) << a(SendDigits, stream=1, digits="567")
    assert user.told == []
    play >> after(3 * EACH_S)
    assert user.told == ["answered"]
    play >> CallEnded(CALL, EndCause.BYE, 0, "")
    play.skip()
    assert user.told == ["answered", "gone"]


def test_pauses_between_keys_are_kept() -> None:
    play, user = answered("12,3")
    play << a(SendDigits, digits="12")
    play >> after(2 * EACH_S) >> after(0.9)
    play >> after(0.1) << a(SendDigits, digits="3")
    play >> after(EACH_S)
    assert user.told == ["answered"]


def test_where_the_trunk_wants_info_each_key_waits_for_the_answer_to_the_one_before() -> None:
    play, user = answered("12", "info", "rtp")
    play << a(SendDigit, call=CALL, digit="1")
    play >> after(10.0)
    play >> DigitSent(CALL, 200)
    play >> after(EACH_S) << a(SendDigit, call=CALL, digit="2")
    play >> DigitSent(CALL, 200)
    assert user.told == []
    play >> after(EACH_S)
    assert user.told == ["answered"]


@pytest.mark.parametrize(
    ("ways", "answer", "by_info"),
    [
        (("rtp", "info"), sdp(), False),
        (("rtp", "info"), NO_EVENTS, True),
        (("rtp", "inband", "info"), NO_EVENTS, False),
        (("rtp",), NO_EVENTS, False),
        (("inband",), NO_EVENTS, False),
    ],
)
def test_the_way_is_the_first_of_the_trunk_s_that_the_call_has(
    ways: tuple[str, ...], answer: bytes, by_info: bool
) -> None:
    play, _ = answered("1", *ways, answer=answer)
    play << (a(SendDigit, digit="1") if by_info else a(SendDigits, digits="1"))


def test_a_key_that_is_refused_ends_the_keying_and_not_the_call() -> None:
    play, user = answered("12", "info")
    play << a(SendDigit, digit="1")
    play >> DigitSent(CALL, 415) << a(Log, event="keys refused", level=Level.WARNING)
    play >> after(EACH_S)
    assert user.told == ["answered"]


def test_an_answer_that_never_comes_does_not_hold_the_call_for_ever() -> None:
    play, user = answered("12", "info")
    play << a(SendDigit, digit="1")
    play >> after(ANSWER_S)
    assert user.told == ["answered"]
    play >> DigitSent(CALL, 408)


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (CallEnded(CALL, EndCause.BYE, 0, ""), Outcome.DECLINED),
        (Stop(), Outcome.ERROR),
    ],
)
def test_who_hangs_up_while_it_is_keyed_has_never_been_there(end: object, told: Outcome) -> None:
    play, user = answered(",,567")
    play >> end
    play.skip()
    assert user.told == [told]
    play.skip() >> after(1000)
    assert play.board.next_deadline() is None
    assert not play.board._keys_out._by_leg
    assert not calls_out(play)._audio


def test_once_answered_no_other_trunk_is_tried() -> None:
    play, user = answered(",,567")
    play >> CallEnded(CALL, EndCause.TIMEOUT, 408, "")
    play.skip()
    assert user.told == [Outcome.UNREACHABLE]


def test_a_console_presses_keys_on_the_line_of_one_who_is_up() -> None:
    play, user = answered("")
    assert user.told == ["answered"]
    play >> Asked(1, protocol.SendKeys(1, "4711#", "eva")) << a(SendDigits, stream=1, digits="4711#")
    play << a(RecordAct, actor="eva", action="send_keys")
    assert replies(play) == protocol.Given(done=True)
    play >> Asked(2, protocol.SendKeys(1, "5", "eva"))
    assert replies(play) == STILL_KEYING
    play >> after(5 * EACH_S)
    play >> Asked(3, protocol.SendKeys(1, "5", "eva")) << a(SendDigits, stream=1, digits="5") << a(RecordAct)
    assert replies(play) == protocol.Given(done=True)
    play >> Asked(4, protocol.SendKeys(9, "5", "eva"))
    assert replies(play) == NOBODY_THERE
    assert "4711" not in repr(play.logged)


def test_a_guest_behind_an_extension_is_led_in_once_it_has_been_keyed() -> None:
    world = OperatedWorld()
    world.moderates()
    world.gives(commands.DialOut(number="+551140028922,,5"))
    guest = world.rings_there()
    world.answers(world.leg(guest).call, sdp())
    world.passes(2.0)
    assert guest not in world.room().conference.participants, "the exchange's menu is not for the room"
    world.passes(EACH_S)
    assert guest in world.room().conference.participants
    settled(world)


def test_so_is_one_of_a_blast_before_the_greeting_begins() -> None:
    world = OperatedWorld()
    world.moderates()
    entries = (BlastEntry("Eva", "+551140028922,5"),)
    world.gives(commands.Blast(list="default"))
    world.list_is_found(
        BlastList(id=1, pair=7, name="default", message=None, press_one=None, entries=entries)
    )
    guest = world.rings_there()
    world.answers(world.leg(guest).call, sdp())
    assert not world.said(guest)
    world.passes(1.0 + EACH_S)
    assert world.said(guest)
    settled(world)


def replies(play: Playbook) -> object:
    """What the console was answered last."""
    return play._open.popleft().reply  # type: ignore[union-attr]  # an `Answered`

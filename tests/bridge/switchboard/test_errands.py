"""`*1`, the private talk, `*2` and `*3`: the moderator's way out of the room and back, whatever happens on it (service.md)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from bridge.conference.commands import Actor, Disconnect, HandOver, SetRole
from bridge.conference.events import Given, LeaveReason
from bridge.config.calling import Overall, PerPair, Prefix
from bridge.service.dialplan import Why
from bridge.service.levels import Level
from bridge.service.outcome import Outcome
from bridge.service.role import Role
from bridge.switchboard.call_words import OUTCOME_WORDS, REFUSED_WORDS
from bridge.switchboard.effects import (
    CloseRoom,
    CloseStream,
    Log,
    OpenStream,
    PlaceCall,
    RecordAct,
    RecordCallAnswered,
    RecordCallEnded,
    RecordCallPlaced,
    RecordConferenceEnded,
    RecordJoined,
    RecordLeft,
)
from bridge.switchboard.events import CallNotPlaced, CallPlaced, Stop, StreamOpened, StreamRefused
from bridge.switchboard.lines import SPEECH_GUARD_S
from media.control import (
    NO_ROOM,
    DigitReceived,
    Music,
    Mute,
    Route,
    RtpTimedOut,
    StopPlay,
    StreamClosed,
    UpdateStream,
)
from sip.events import CallAnswered, CallEnded, CallRinging, EndCause, OfferReceived
from tests.support.builders import CARRIER, config, dial_out, sdp
from tests.support.playbook import (
    E164,
    HERE,
    NUMBER,
    Playbook,
    Says,
    SaysRoom,
    a,
    after,
    asked,
    dials_out,
    hangs_up,
    joined,
    press,
    rings,
    talks,
    wanted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MODERATOR, GUEST, CALL = 1, 2, 102
TALK = 2
"""The media plane's number of the side room."""
SECURE = {"level": Level.HIGHLY_SECURE}
BACK = (Route(MODERATOR, 1), Says(MODERATOR, "back_in_room"))
QUIET = (StopPlay(MODERATOR), Music(MODERATOR, None))
EARLY = sdp(host="192.0.2.30", port=30_000)


@pytest.fixture
def play() -> Iterator[Playbook]:
    """A moderator who may dial out, alone in the conference."""
    book = dials_out()
    yield book
    book.done()


def expects(play: Playbook, *effects: object) -> Playbook:
    for each in effects:
        play << each
    return play


def ended(leg: int, cause: EndCause = EndCause.BYE, status: int = 0) -> CallEnded:
    return CallEnded(CALL if leg == GUEST else leg, cause, status, "")


def is_back(play: Playbook) -> None:
    """Nothing is left of the errand, and another may begin."""
    lines, errands = play.board._lines, play.board._performing._errands
    assert not errands._by_moderator
    assert not errands._by_guest
    room = next(iter(play.board._rooms.by_number.values()))
    if MODERATOR in lines.by_number:
        assert not room.conference.participants[MODERATOR].aside
        assert lines.by_number[MODERATOR].routed_to == room.number
    assert play.board._calls_out._spending._overall.parallel == sum(
        bool(leg.out) for leg in lines.by_number.values()
    )


# --- as the manual has it ---


def test_star_one_asks_reads_back_and_calls(play: Playbook) -> None:
    press(play, "*1") << StopPlay(1) << Route(1, NO_ROOM) << Says(1, "dial_number_local")
    play << a(RecordAct, action="dial_out")
    play.spoken()
    press(play, f"{NUMBER}#") << Says(1, "dial_read_back", None, (("number", NUMBER),))
    play.spoken() << Says(1, "dial_confirm", None, (("keys", "*3"),))
    press(play, "1") << StopPlay(1)
    play << a(RecordCallPlaced, number=E164, kind="dial_out", pair=7, price_per_minute="0.10")
    play << a(OpenStream, stream=GUEST, room=NO_ROOM) << Says(1, "dialing") << a(Music, stream=1)
    (
        play
        >> StreamOpened(GUEST, HERE, 20_004)
        << a(PlaceCall, leg=GUEST, trunk=CARRIER.name, uri=f"tel:{E164}")
    )
    play >> CallPlaced(GUEST, CALL, "out-2")
    play >> CallRinging(CALL, 180, None)


def test_whoever_answers_talks_with_the_moderator_in_private(play: Playbook) -> None:
    rings(play) >> CallAnswered(CALL, sdp()) << a(RecordCallAnswered) << a(UpdateStream, stream=GUEST)
    play << Music(1, None) << Route(1, TALK) << Route(GUEST, TALK) << StopPlay(1)
    play << Says(1, "dial_connected", None, (("alone_keys", "*3"), ("with_keys", "*2")))


def test_star_two_brings_both_into_the_room(play: Playbook) -> None:
    talks(play) >> after(5)
    press(play, "*2") << StopPlay(1) << Route(GUEST, NO_ROOM) << Says(GUEST, "guest_welcome")
    play << a(RecordJoined, role=Role.PARTICIPANT, came_by="dial-out", caller=E164)
    play << Route(GUEST, 1) << a(object)
    expects(play, *BACK) << a(RecordAct, action="return_with_guest")
    is_back(play)


def test_star_three_thanks_the_guest_and_returns_alone(play: Playbook) -> None:
    press(talks(play), "*3") << StopPlay(1) << Route(GUEST, NO_ROOM) << Says(GUEST, "guest_dismissed")
    expects(play, *QUIET, *BACK)
    is_back(play)
    play.spoken(GUEST) << hangs_up(CALL) << CloseStream(GUEST) << a(RecordCallEnded, outcome="disconnected")


def test_the_room_goes_on_meanwhile_and_nobody_in_it_is_told(play: Playbook) -> None:
    joined(play, Role.PARTICIPANT, leg=2, **SECURE)
    for each in (3, 4):
        play >> after(2)
        talks(play, 3) if each == 3 else press(play, "*3")
    said = "\n".join(play._transcript[play._transcript.index(">> After(seconds=2)") :])
    assert "room 1" not in said
    assert "says to 2" not in said
    play.skip()


# --- the number ---


@pytest.mark.parametrize(
    ("keyed", "words"),
    [
        ("190", "dial_emergency"),
        ("0900123456", "dial_premium"),
        ("12", "dial_not_a_number"),
        ("00144155512345", "dial_carrier"),
        ("0015144155512345", "dial_not_allowed"),
    ],
)
def test_a_number_that_is_not_called_is_refused_with_the_reason_and_counted_g3(
    play: Playbook, keyed: str, words: str
) -> None:
    press(asked(play), f"{keyed}#")
    play << Says(1, words) << a(Log, event="number refused")
    assert keyed not in repr(play.logged)
    assert sum(play.board.figures[name] for name in play.board.figures if "number refused" in name) == 1


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"per_pair": PerPair(spend_per_day=Decimal("0.05"))}, "dial_limit"),
        ({"overall": Overall(parallel=0)}, "dial_limit"),
        (
            {
                "night_from_hour": 9,
                "night_until_hour": 12,
                "prefixes": (Prefix("+55", Decimal(0), at_night=False),),
            },
            "dial_night",
        ),
    ],
)
def test_what_a_limit_forbids_is_said_and_the_moderator_is_back_g3(
    limits: dict[str, object], words: str
) -> None:
    play = wanted(dials_out(**limits))
    play << StopPlay(1)
    expects(play, *QUIET) << Says(1, words) << a(Log, event="call out refused")
    expects(play, *BACK)
    is_back(play)
    play.done()


def test_a_star_in_the_middle_of_the_number_begins_it_anew(play: Playbook) -> None:
    (press(asked(play), f"123*{NUMBER}#") << Says(1, "dial_read_back", None, (("number", NUMBER),)))


@pytest.mark.parametrize("before", ["", "40", "4002892", f"{NUMBER}#"])
def test_star_three_while_the_number_is_asked_for_returns(play: Playbook, before: str) -> None:
    press(asked(play), before).skip()
    press(play, "*3")
    is_back(play.skip())


def test_whoever_keys_nothing_three_times_is_back_in_the_room(play: Playbook) -> None:
    asked(play)
    for _ in range(3):
        play.skip() >> after(60)
    is_back(play.skip())


def test_star_two_where_nobody_has_answered_is_not_possible(play: Playbook) -> None:
    press(rings(play), "*2") << StopPlay(1) << Says(1, "not_now") << a(RecordAct)


def test_a_second_star_one_while_it_rings_or_while_they_talk_is_not_possible(play: Playbook) -> None:
    press(rings(play), "*1") << StopPlay(1) << Says(1, "not_now") << a(RecordAct)
    play >> CallAnswered(CALL, sdp())
    press(play.skip(), "*1") << StopPlay(1) << Says(1, "not_now") << a(RecordAct)


# --- what the network says ---


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (302, "dial_unreachable"),
        (400, "dial_failed"),
        (403, "dial_declined"),
        (404, "dial_unknown"),
        (480, "dial_no_answer"),
        (486, "dial_busy"),
        (488, "dial_failed"),
        (500, "dial_congested"),
        (502, "dial_unreachable"),
        (503, "dial_congested"),
        (600, "dial_busy"),
        (603, "dial_declined"),
    ],
)
def test_every_class_of_failure_is_spoken_plainly_and_the_moderator_is_back(
    play: Playbook, status: int, words: str
) -> None:
    rings(play) >> ended(GUEST, EndCause.REJECTED, status) << CloseStream(GUEST) << a(RecordCallEnded)
    expects(play, *QUIET) << Says(1, words)
    expects(play, *BACK)
    is_back(play)


def test_there_are_words_for_every_outcome() -> None:
    assert set(OUTCOME_WORDS) == set(Outcome)
    assert set(REFUSED_WORDS) == set(Why)


def test_nobody_answers_in_time(play: Playbook) -> None:
    rings(play) >> after(45) << hangs_up(CALL, "no answer") << CloseStream(GUEST)
    play << a(RecordCallEnded, outcome="no_answer")
    expects(play, *QUIET) << Says(1, "dial_no_answer")
    expects(play, *BACK)
    play >> ended(GUEST, EndCause.LOCAL)
    is_back(play)


def test_an_answer_after_the_time_is_nobody_s(play: Playbook) -> None:
    rings(play) >> after(45)
    play.skip() >> CallAnswered(CALL, sdp())
    is_back(play)


def test_there_is_no_way_to_the_address(play: Playbook) -> None:
    wanted(play).skip() >> StreamOpened(GUEST, HERE, 20_004) << a(PlaceCall)
    play >> CallNotPlaced(GUEST, "nowhere") << CloseStream(GUEST) << a(RecordCallEnded, outcome="unreachable")
    expects(play, *QUIET) << Says(1, "dial_unreachable")
    expects(play, *BACK)


@pytest.mark.parametrize("late", [False, True])
def test_there_is_no_audio_for_the_guest(play: Playbook, late: bool) -> None:
    wanted(play).skip() >> (after(4.0) if late else StreamRefused(GUEST, "full"))
    play << a(RecordCallEnded, outcome="congested")
    expects(play, *QUIET) << Says(1, "dial_congested")
    expects(play, *BACK)
    if late:
        play >> StreamOpened(GUEST, HERE, 20_004) << CloseStream(GUEST)


def test_an_answer_without_a_codec_of_ours_is_hung_up_and_counts_as_answered_g3(play: Playbook) -> None:
    rings(play) >> CallAnswered(CALL, sdp(formats="3")) << a(RecordCallAnswered)
    play << hangs_up(CALL, "no common media") << CloseStream(GUEST) << a(RecordCallEnded, outcome="error")
    expects(play, *QUIET) << Says(1, "dial_failed")
    expects(play, *BACK)
    spending = play.board._calls_out._spending
    assert spending.spent_today == spending._overall.spent > 0


# --- what is heard before the answer ---


def test_the_network_s_own_voice_is_heard_instead_of_our_ringing(play: Playbook) -> None:
    rings(play) >> CallRinging(CALL, 183, EARLY) << a(UpdateStream, stream=GUEST)
    play << Music(1, None) << Route(1, TALK) << Route(GUEST, TALK)
    play >> CallRinging(CALL, 183, sdp(port=9))


@pytest.mark.parametrize("answer", [None, EARLY, sdp(host="192.0.2.31")])
def test_early_media_then_an_answer_with_the_same_another_or_no_description(
    play: Playbook, answer: bytes | None
) -> None:
    rings(play) >> CallRinging(CALL, 183, EARLY)
    play.skip() >> CallAnswered(CALL, answer) << a(RecordCallAnswered)
    if answer not in {None, EARLY}:
        play << a(UpdateStream, stream=GUEST, remote=play.board._lines.by_number[GUEST].negotiation.remote)
    play << a(UpdateStream, stream=GUEST, remote=None) << StopPlay(1) << Says(1, "dial_connected")
    press(play, "*2").skip()
    is_back(play)


def test_early_media_that_cannot_be_used_is_not_heard(play: Playbook) -> None:
    rings(play) >> CallRinging(CALL, 183, b"?")
    play >> CallAnswered(CALL, None) << a(RecordCallAnswered) << hangs_up(CALL)
    play.skip()
    is_back(play)


def test_early_media_then_busy(play: Playbook) -> None:
    rings(play) >> CallRinging(CALL, 183, EARLY)
    (
        play.skip()
        >> ended(GUEST, EndCause.REJECTED, 486)
        << CloseStream(GUEST)
        << a(RecordCallEnded, outcome="busy")
    )
    expects(play, *QUIET) << Says(1, "dial_busy")
    expects(play, *BACK)
    is_back(play)


def test_silence_while_it_rings_is_no_sign_of_anything(play: Playbook) -> None:
    rings(play) >> CallRinging(CALL, 183, EARLY)
    play.skip() >> RtpTimedOut(GUEST)


# --- somebody goes ---


@pytest.mark.parametrize("how_far", [asked, wanted, rings, talks])
def test_the_moderator_hangs_up_on_the_way_and_nobody_is_left_behind(play: Playbook, how_far: object) -> None:
    how_far(play).skip() >> ended(1)  # type: ignore[operator]  # one of the steps of the playbook
    play.skip() >> StreamOpened(GUEST, HERE, 20_004)
    play.skip() >> CallPlaced(GUEST, CALL, "out-2")
    play.skip() >> after(60)
    play.skip()
    assert play.board.calls == play.board.conferences == 0
    assert play.board.next_deadline() is None
    is_gone(play)


def is_gone(play: Playbook) -> None:
    board = play.board
    assert not board._performing._errands._by_moderator
    assert not board._performing._errands._by_guest
    assert board._calls_out._spending._overall.parallel == 0


def test_the_guest_of_a_moderator_who_hung_up_is_thanked(play: Playbook) -> None:
    talks(play) >> ended(1) << CloseStream(1) << Route(GUEST, NO_ROOM) << Says(GUEST, "guest_dismissed")
    play << a(RecordLeft) << a(RecordConferenceEnded) << CloseRoom(1)
    play.spoken(GUEST) << hangs_up(CALL) << CloseStream(GUEST) << a(RecordCallEnded)


def test_the_guest_hangs_up_and_the_moderator_is_not_left_alone(play: Playbook) -> None:
    talks(play) >> ended(GUEST) << CloseStream(GUEST) << a(RecordCallEnded, outcome="hung_up")
    expects(play, *QUIET) << Says(1, "dial_hung_up")
    expects(play, *BACK)
    is_back(play)


def test_the_guest_hangs_up_as_star_three_is_pressed(play: Playbook) -> None:
    press(talks(play), "*3").skip() >> ended(GUEST) << CloseStream(GUEST) << a(RecordCallEnded)
    is_back(play)
    press(play, "*3") << StopPlay(1) << Says(1, "blast_nothing_to_cancel")


def test_the_guest_answers_as_star_three_is_pressed(play: Playbook) -> None:
    press(rings(play), "*3") << StopPlay(1) << hangs_up(CALL, "cancelled") << CloseStream(GUEST)
    expects(play, *QUIET, *BACK)
    play << a(RecordCallEnded, outcome="disconnected")
    play >> CallAnswered(CALL, sdp())
    play >> ended(GUEST, EndCause.LOCAL)
    is_back(play)


def test_star_three_before_the_call_is_placed_takes_it_back_when_it_is(play: Playbook) -> None:
    wanted(play).skip() >> StreamOpened(GUEST, HERE, 20_004)
    press(play.skip(), "*3").skip()
    play >> CallPlaced(GUEST, CALL, "out-2") << hangs_up(CALL, "nobody waits for it")
    play >> ended(GUEST, EndCause.LOCAL)
    is_back(play)


def test_star_three_before_there_is_a_stream_closes_it_when_it_comes(play: Playbook) -> None:
    press(wanted(play).skip(), "*3").skip() >> StreamOpened(GUEST, HERE, 20_004) << CloseStream(GUEST)
    is_back(play)


def test_the_guest_s_worker_dies_while_they_talk(play: Playbook) -> None:
    talks(play) >> StreamClosed(GUEST) << hangs_up(CALL, "media lost") << a(RecordCallEnded, outcome="failed")
    expects(play, *QUIET) << Says(1, "dial_hung_up")
    expects(play, *BACK)


def test_the_guest_s_worker_dies_while_it_rings(play: Playbook) -> None:
    rings(play) >> StreamClosed(GUEST) << hangs_up(CALL, "media lost") << a(RecordCallEnded, outcome="failed")
    expects(play, *QUIET) << Says(1, "dial_failed")
    expects(play, *BACK)
    is_back(play)


def test_the_moderator_s_worker_dies_while_they_talk(play: Playbook) -> None:
    talks(play) >> StreamClosed(1) << hangs_up(1) << Route(GUEST, NO_ROOM) << Says(GUEST, "guest_dismissed")
    play.skip()
    is_gone_but_the_guest(play)


def is_gone_but_the_guest(play: Playbook) -> None:
    play >> after(1.0 + SPEECH_GUARD_S) << hangs_up(CALL) << CloseStream(GUEST) << a(RecordCallEnded)
    is_gone(play)


def test_a_guest_who_vanishes_is_hung_up_and_the_moderator_is_back(play: Playbook) -> None:
    talks(play) >> RtpTimedOut(GUEST) << hangs_up(CALL, "media timeout") << CloseStream(GUEST)
    play << a(RecordCallEnded, outcome="lost")
    expects(play, *QUIET) << Says(1, "dial_hung_up")
    expects(play, *BACK)


def test_the_bridge_stops_while_they_talk(play: Playbook) -> None:
    talks(play) >> Stop() << hangs_up(1, "shut down") << CloseStream(1)
    play << hangs_up(CALL, "shut down") << CloseStream(GUEST)
    play.skip()
    is_gone(play)
    assert play.board.calls == play.board.conferences == 0


# --- the conference ends, locks, fills up meanwhile ---


@pytest.mark.parametrize("how_far", [asked, rings, talks])
def test_the_conference_reaches_its_end_while_the_moderator_is_out_c6(how_far: object) -> None:
    play = joined(Playbook(config(dial_out=dial_out())), maximum_length_s=30.0, **SECURE)
    how_far(play)  # type: ignore[operator]
    play.skip() >> after(31)
    said = [play._readable(each) for each in play._open]
    assert any("says to 1: maximum_length_reached" in each for each in said)
    to_moderator = [each for each in said if each.startswith("says to 1") or each == str(StopPlay(1))]
    assert "maximum_length_reached" in to_moderator[-1], "the last words are not cut short"
    music = [each.command for each in play._open if a(Music, stream=1).matches(each, play.voice)]
    assert [each.segment for each in music] == [None], "nothing rings under the last words"
    play.skip() >> after(5)
    play.skip()
    assert play.board.calls == play.board.conferences == 0
    is_gone(play)


def test_star_two_into_a_locked_conference_asks_to_unlock_it_first(play: Playbook) -> None:
    press(talks(play), "*7").skip()
    press(play, "*2") << StopPlay(1) << Says(1, "invited_locked") << a(RecordAct)
    press(play, "*7").skip()
    press(play, "*2").skip()
    is_back(play)
    assert play.board._rooms.by_number[1].conference.participants[GUEST].came_by == "dial-out"


def test_star_two_into_a_full_conference_says_so_and_the_talk_goes_on_c6() -> None:
    play = joined(Playbook(config(dial_out=dial_out())), maximum_participants=1, **SECURE)
    press(talks(play), "*2") << StopPlay(1) << Says(1, "conference_full") << a(RecordAct)
    press(play, "*3").skip()
    is_back(play)


def test_a_moderator_who_is_put_out_takes_the_errand_along(play: Playbook) -> None:
    joined(play, leg=2, **SECURE)
    talks(play, 3)
    room = play.board._rooms.by_number[1]
    play.board._rooms.tell(room, Given(Disconnect(1), Actor(Role.MODERATOR, 2)), play.now)
    play._drain()
    said = [play._readable(each) for each in play._open]
    assert "says to 3: guest_dismissed (en)" in said
    assert "says to 1: removed (en)" in said
    assert said.index("says to 1: removed (en)") > said.index("says to 3: guest_dismissed (en)")
    play.skip() >> after(5)
    play.skip()
    assert play.board.calls == 1


def test_whose_role_is_taken_while_the_number_is_asked_for_calls_nobody_g3(play: Playbook) -> None:
    joined(play, leg=2, **SECURE)
    press(play.skip(), "*1").skip().spoken()
    press(play.skip(), f"{NUMBER}#").skip().spoken()
    room = play.board._rooms.by_number[1]
    play.board._rooms.tell(room, Given(SetRole(1, Role.PARTICIPANT), Actor(Role.MODERATOR, 2)), play.now)
    play._drain()
    press(play.skip(), "1")
    assert not [each for each in play._open if isinstance(each, OpenStream | RecordCallPlaced)]
    play.skip()
    is_back(play)


def test_a_moderator_who_handed_the_role_on_may_still_return_alone(play: Playbook) -> None:
    joined(play, Role.PARTICIPANT, leg=2, **SECURE)
    talks(play, 3)
    room = play.board._rooms.by_number[1]
    play.board._rooms.tell(room, Given(HandOver(2), Actor(Role.MODERATOR, 1)), play.now)
    play._drain()
    press(play.skip(), "*3").skip()
    is_back(play)


def test_whoever_is_given_the_role_has_its_keys_at_once(play: Playbook) -> None:
    """`*2` is the raised hand of a participant, and the way back of a moderator."""
    joined(play, Role.PARTICIPANT, leg=2, **SECURE)
    press(play, "*6", leg=2).skip()
    room = play.board._rooms.by_number[1]
    play.board._rooms.tell(room, Given(HandOver(2), Actor(Role.MODERATOR, 1)), play.now)
    play._drain()
    talks(play.skip(), 3, moderator=2)
    press(play, "*2", leg=2).skip()
    assert set(room.conference.participants) == {1, 2, 3}


# --- two at once, hold, money ---


def test_two_moderators_are_on_an_errand_each_and_do_not_hear_one_another(play: Playbook) -> None:
    joined(play, leg=2, **SECURE)
    talks(play, 3)
    talks(play, 4, moderator=2)
    lines = play.board._lines.by_number
    assert lines[1].routed_to == lines[3].routed_to != lines[2].routed_to == lines[4].routed_to
    press(play, "*2").skip()
    assert lines[3].routed_to == lines[1].routed_to == 1 != lines[2].routed_to
    press(play, "*3", leg=2).skip()
    is_back(play)


def test_a_guest_puts_us_on_hold_and_comes_back(play: Playbook) -> None:
    talks(play) >> OfferReceived(CALL, sdp(direction="sendonly", version=2))
    play << a(UpdateStream, stream=GUEST) << a(object)
    press(play, "*2").skip()
    is_back(play)


def test_what_the_guest_keys_in_private_means_nothing(play: Playbook) -> None:
    press(talks(play), "*3", leg=GUEST)


def test_a_call_whose_time_is_up_is_told_so_and_the_moderator_returns_g3() -> None:
    play = talks(dials_out(maximum_call_s=60.0))
    play >> after(60) << Says(GUEST, "call_time_up")
    press(play, "*2") << StopPlay(1) << Says(1, "not_now") << a(RecordAct)
    play.spoken(GUEST) << hangs_up(CALL, "call limit") << CloseStream(GUEST)
    play << a(RecordCallEnded, outcome="call_limit")
    expects(play, *QUIET) << Says(1, "call_time_up")
    expects(play, *BACK)
    is_back(play)
    play.done()


def test_star_three_as_the_time_is_up_ends_the_call_at_once() -> None:
    play = talks(dials_out(maximum_call_s=60.0))
    play >> after(60)
    press(play.skip(), "*3") << StopPlay(1) << hangs_up(CALL) << CloseStream(GUEST)
    play.skip()
    is_back(play)


def test_a_guest_in_the_conference_whose_time_is_up_is_told_so_and_hung_up_g3() -> None:
    play = talks(dials_out(maximum_call_s=60.0))
    press(play, "*2").skip() >> after(60) << Says(GUEST, "call_time_up")
    press(play, "*6", leg=GUEST)
    play.spoken(GUEST) << hangs_up(CALL) << CloseStream(GUEST)
    play << a(RecordLeft, reason=LeaveReason.CALL_LIMIT) << SaysRoom(1, "tone.leave")
    play << a(RecordCallEnded, outcome="call_limit")
    play.done()


def test_the_moderator_is_heard_by_the_guest_though_muted_in_the_room(play: Playbook) -> None:
    press(play, "*6") << StopPlay(1) << Mute(1, muted=True) << Says(1, "muted")
    rings(play) >> CallAnswered(CALL, sdp())
    assert Mute(1, muted=True) not in [getattr(each, "command", None) for each in play._open]
    press(play.skip(), "*3")
    assert Mute(1, muted=True) in [getattr(each, "command", None) for each in play._open]
    play.skip()


def test_a_key_by_rtp_is_the_dialogue_s_while_the_number_is_asked_for(play: Playbook) -> None:
    asked(play) >> DigitReceived(1, "*") << StopPlay(1)
    play >> DigitReceived(1, "6")


def test_so_many_calls_at_once_as_the_pair_may_have_and_again_when_one_is_over_g3() -> None:
    play = joined(Playbook(config(dial_out=dial_out())), max_calls_out=1, **SECURE)
    press(talks(play), "*2").skip()
    wanted(play) << StopPlay(1)
    expects(play, *QUIET) << Says(1, "dial_limit")
    expects(play, *BACK)
    play >> ended(GUEST)
    play.skip()
    wanted(play) << StopPlay(1) << a(RecordCallPlaced)
    play.skip()


def test_a_guest_who_hears_that_their_time_is_up_is_led_into_no_other_conference_g3() -> None:
    play = talks(dials_out(maximum_call_s=60.0))
    press(play, "*2").skip() >> after(60)
    joined(play.skip(), leg=3, pair=8, **SECURE)
    rooms, guest = play.board._rooms, play.board._lines.by_number[GUEST]
    rooms.leave(guest, LeaveReason.MOVED, play.now)
    rooms.bring_in(guest, rooms.by_key[8], Role.PARTICIPANT, play.now, came_by="dial-out")
    play._drain()
    play.skip().spoken(GUEST)
    assert GUEST not in play.board._lines.by_number
    play.skip()

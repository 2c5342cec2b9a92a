"""A call from INVITE to BYE, and every way it can go otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from bridge.conference.events import LeaveReason
from bridge.dialogue.verdicts import CounterVerdict, Denied, Why
from bridge.service.role import Role
from bridge.switchboard.effects import (
    CloseRoom,
    CloseStream,
    Level,
    Log,
    MediaCommand,
    OpenStream,
    RecordConferenceEnded,
    RecordConferenceStarted,
    RecordJoined,
    RecordLeft,
    RejectCall,
)
from bridge.switchboard.events import (
    CounterPasswordChecked,
    Drain,
    PasscodeFound,
    StreamOpened,
    StreamRefused,
)
from bridge.switchboard.sparing import BURST_LINES
from media import control
from media.control import Endpoint
from sip import events as sip
from sip.events import AnswerReceived, CallConfirmed, CallEnded, EndCause, OfferReceived
from tests.support.builders import (
    CALLER_RTP,
    PCMU,
    TRUSTED_HOST,
    UNCONFIRMED,
    accepted,
    config,
    incoming,
    sdp,
)
from tests.support.playbook import (
    HERE,
    Accepts,
    Playbook,
    Says,
    a,
    after,
    greeted,
    in_room,
    keyed,
    press,
    rejects,
    to_room,
)

BYE = CallEnded(1, EndCause.BYE, 0, "")
CANCELLED = CallEnded(1, EndCause.CANCELLED, 487, "")
OPENED = StreamOpened(1, HERE, 20_000)
CONFIRMED = CallConfirmed(1, None)
OPEN = OpenStream(
    stream=1,
    format=UNCONFIRMED,
    local=HERE,
    remote=CALLER_RTP,
    room=0,
    rtp_timeout_s=60.0,
    source=CALLER_RTP.host,
)


def test_a_trusted_caller_is_in_an_open_room_at_once_and_hears_no_prompt(play: Playbook) -> None:
    deaf, where = structs.replace(UNCONFIRMED, receive=False), Endpoint(TRUSTED_HOST, 40_000)
    play >> to_room("a") << replace(OPEN, format=deaf, remote=where, room=1, source=TRUSTED_HOST)
    assert "conference" not in play.logged[0].fields, "none has opened yet"
    play >> OPENED << Accepts(1, ("c=IN IP4 192.0.2.1", "m=audio 20000 RTP/AVP 0 101"))
    play >> CONFIRMED << MediaCommand(control.UpdateStream(1, PCMU))
    play << RecordConferenceStarted("id-1", None, "a")
    play << a(RecordJoined, participant="id-2", conference="id-1", access_number="conf-a", caller="caller1")
    play >> after(3600)
    play >> BYE << CloseStream(1)
    play << RecordLeft("id-2", "id-1", LeaveReason.HUNG_UP)
    play << RecordConferenceEnded("id-1", LeaveReason.HUNG_UP) << CloseRoom(1)


def test_the_second_one_in_an_open_room_meets_the_first(play: Playbook) -> None:
    in_room(play) >> to_room("a", 2) << a(OpenStream, stream=2, room=1)
    play >> StreamOpened(2, HERE, 20_002) << Accepts(2)
    play >> CallConfirmed(2, None) << a(control.UpdateStream) << a(RecordJoined, conference="id-1")


def test_whose_ack_has_not_come_is_in_no_open_room_and_no_key_brings_them_there(play: Playbook) -> None:
    """The address that lets them in may be forged: the ACK shows that our answer got there."""
    in_room(play) >> to_room("a", 2) << a(OpenStream, stream=2, room=1)
    play >> StreamOpened(2, HERE, 20_002) << Accepts(2)
    play >> control.DigitReceived(2, "1")
    play >> CallEnded(2, EndCause.TIMEOUT, 0, "no ACK") << CloseStream(2)
    play >> BYE << CloseStream(1) << a(RecordLeft) << a(RecordConferenceEnded) << CloseRoom(1)


def test_another_open_room_is_another_conference(play: Playbook) -> None:
    in_room(play) >> to_room("b", 2) << a(OpenStream, stream=2, room=2)


def test_a_room_that_emptied_while_somebody_is_on_the_way_opens_again_under_a_new_id(play: Playbook) -> None:
    in_room(play) >> to_room("a", 2) << a(OpenStream, room=1)
    play >> BYE << CloseStream(1) << a(RecordLeft) << a(RecordConferenceEnded, conference="id-1")
    play >> StreamOpened(2, HERE, 20_002) << Accepts(2)
    play >> CallConfirmed(2, None) << a(control.UpdateStream)
    play << a(RecordConferenceStarted, conference="id-3") << a(RecordJoined, conference="id-3")


def test_a_caller_of_an_access_number_is_greeted_once_the_ack_is_in(play: Playbook) -> None:
    play >> incoming() << OPEN
    play >> OPENED << Accepts(1)
    play >> CONFIRMED << MediaCommand(control.UpdateStream(1, PCMU)) << Says(1, "greeting", "en")


def test_an_unknown_number_is_refused_and_logged(play: Playbook) -> None:
    play >> incoming(dialled="nobody") << rejects(1, 404)
    play << a(Log, level=Level.WARNING, event="call refused")
    play >> CallEnded(1, EndCause.LOCAL, 404, "")


def test_who_dials_a_passcode_instead_of_keying_it_does_not_find_it_in_the_log(play: Playbook) -> None:
    play >> incoming(dialled="48271593") << rejects(1, 404)
    assert play.logged[0].fields["dialled"] == "[8 digits]"
    play >> incoming(dialled="551130000009") << rejects(1, 404)
    assert play.logged[0].fields["dialled"] == "551130000009"


def test_a_flood_of_refused_calls_is_not_a_flood_of_lines(play: Playbook) -> None:
    lines = 0
    for number in range(1000):
        play >> incoming(number, dialled="nobody") << rejects(number, 404)
        lines += len(play.logged)
    assert lines == BURST_LINES
    play >> after(1.0)
    play >> incoming(dialled="nobody") << rejects(1, 404)
    assert play.logged[0].fields["left_out"] == 1000 - BURST_LINES


def test_an_operator_reads_of_a_call_from_its_coming_to_its_end() -> None:
    play = Playbook()
    read: list[str] = []

    def noted() -> None:
        for line in play.logged:
            fields = dict(line.fields)
            assert line.level is Level.INFO
            assert fields.pop("leg", 1) == 1
            assert fields.pop("call_id", "call-1") == "call-1"
            assert fields.pop("conference", "id-1") == "id-1"
            read.append(f"{line.event} {fields}")

    play >> incoming()
    noted()
    play.skip() >> OPENED
    play.skip() >> CONFIRMED
    press(play.skip(), "1#").skip() >> PasscodeFound(1, Denied(why=Why.UNKNOWN))
    noted()
    press(play.skip(), "2#").skip() >> PasscodeFound(1, accepted())
    play.skip().spoken()
    noted()
    press(play.skip(), "*5")
    noted()
    play.skip() >> after(90)
    play >> CallEnded(1, EndCause.BYE, 0, "")
    noted()
    play.skip()
    assert read == [
        "call came {'caller': 'caller1', 'dialled': '551130000000', 'source': '192.0.2.7', 'codec': 'PCMU'}",
        "passcode refused {'why': 'unknown', 'source': '192.0.2.7'}",
        "conference opened {'pair': 7}",
        "joined {'role': 'moderator', 'caller': 'caller1', 'came_by': 'dial-in', 'people': 1}",
        "conference began {'waited_s': 0.0}",
        "command {'command': 'lecture', 'by': 'id-2', 'subject': 'on'}",
        "left {'reason': 'hung_up', 'duration_s': 90.0, 'people': 0}",
        "conference ended {'reason': 'hung_up', 'duration_s': 90.0, 'joins': 1}",
        "call ended {'reason': 'hung_up', 'duration_s': 90.0, 'pressed': {'telephone-event': 6}}",
    ]


def test_what_happens_is_counted(play: Playbook) -> None:
    play >> incoming(9, dialled="nobody")
    play.skip()
    keyed(play, Denied(why=Why.EXPIRED)).skip()
    press(play, "2#").skip() >> PasscodeFound(1, accepted(asks_counter_password=True))
    press(play, "3#").skip() >> CounterPasswordChecked(1, CounterVerdict(right=False))
    press(play, "4#").skip() >> CounterPasswordChecked(1, CounterVerdict(right=True))
    play.skip().spoken()
    press(play, "*6*11*").skip() >> BYE
    play.skip() >> incoming(8, offer=b"?")
    play.skip()
    assert dict(play.board.figures) == {
        "audio:plain": 1,
        "codec:PCMU": 1,
        "refused:unknown number": 1,
        "refused:offer": 1,
        "came": 1,
        "passcode:expired": 1,
        "passcode:accepted": 1,
        "counter-password:wrong": 1,
        "counter-password:right": 1,
        "joined:moderator": 1,
        "keyed:mute_self": 1,
        "keyed:dial_out": 1,
        "left:hung_up": 1,
        "ended:hung_up": 1,
    }


def test_an_open_room_is_unknown_to_a_stranger(play: Playbook) -> None:
    play >> incoming(dialled="conf-a", source="192.0.2.99") << rejects(1, 404)


def test_a_draining_bridge_sends_new_calls_away_and_keeps_the_old(play: Playbook) -> None:
    in_room(play) >> Drain()
    play >> to_room("a", 2) << a(RejectCall, call=2, status=503, headers=(("Retry-After", "120"),))
    assert play.board.calls == 1


def test_the_place_of_a_caller_who_left_is_free_again() -> None:
    play = Playbook(replace(config(), limits=replace(config().limits, calls=1)))
    in_room(play) >> to_room("a", 2) << a(RejectCall, call=2, status=503, headers=(("Retry-After", "30"),))
    play >> BYE
    play.skip() >> to_room("a", 3) << a(OpenStream)


@pytest.mark.parametrize(
    ("offer", "status"), [(b"v=1\r\n", 400), (sdp(formats="3"), 488), (sdp(port=0), 488)]
)
def test_an_offer_we_cannot_take_is_refused_and_takes_no_place(
    play: Playbook, offer: bytes, status: int
) -> None:
    play >> incoming(offer=offer) << rejects(1, status)
    assert play.board.calls == 0
    assert play.board._admission.calls == 0


def test_a_refusal_for_want_of_a_codec_says_what_we_speak(play: Playbook) -> None:
    play >> incoming(offer=sdp(formats="3"))
    refusal = play.board.effects() or play._open.popleft()
    assert "PCMU" in dict(refusal.headers)["Warning"]


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (EndCause.BYE, LeaveReason.HUNG_UP),
        (EndCause.NO_ACK, LeaveReason.LOST),
        (EndCause.TIMEOUT, LeaveReason.LOST),
        (EndCause.TRANSPORT, LeaveReason.FAILED),
        (EndCause.PROTOCOL, LeaveReason.FAILED),
    ],
)
def test_the_record_says_why_somebody_left(play: Playbook, cause: EndCause, reason: LeaveReason) -> None:
    in_room(play) >> CallEnded(1, cause, 0, "") << CloseStream(1) << RecordLeft("id-2", "id-1", reason)
    play.skip()


# --- what comes too late ---


@pytest.mark.parametrize(
    "event",
    [
        OPENED,
        StreamRefused(1, ""),
        CONFIRMED,
        OfferReceived(1, sdp()),
        AnswerReceived(1, sdp()),
        sip.DigitReceived(1, "5", 100),
        sip.CallRinging(1, 180, None),
        BYE,
        control.StreamClosed(1),
        control.DigitReceived(1, "5"),
        control.PlaybackEnded(playback=1, stream=1),
        control.PlaybackEnded(playback=1, room=1),
        control.RtpTimedOut(1),
        control.SourceLatched(1, CALLER_RTP),
        control.Ready(1, 1),
    ],
)
def test_what_comes_for_a_call_that_is_over_is_ignored(play: Playbook, event: object) -> None:
    play >> event
    in_room(play) >> BYE
    play.skip() >> event
    assert play.board.calls == play.board.conferences == 0


def test_nothing_is_due_once_everybody_has_gone(play: Playbook) -> None:
    greeted(play) >> BYE << CloseStream(1)
    assert play.board.next_deadline() is None


def test_a_call_keeps_little(play: Playbook) -> None:
    in_room(play)
    leg = play.board._lines.by_number[1]
    assert not hasattr(leg, "__dict__")
    assert leg.matcher is None
    assert leg.runner is None


def test_records_of_a_passcode_conference_name_the_pair_and_the_role(play: Playbook) -> None:
    in_room(play)
    participant = next(iter(play.board._rooms.by_number.values())).conference.participants[1]
    assert participant.role is Role.PARTICIPANT

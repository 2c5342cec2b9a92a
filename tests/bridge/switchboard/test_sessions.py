"""Late offers, hold, resume, new addresses: what is agreed while a call is up (RFC 3264)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from bridge.switchboard.effects import (
    AcceptOffer,
    CloseStream,
    Log,
    MediaCommand,
    OpenStream,
    RejectOffer,
)
from bridge.switchboard.events import StreamOpened
from media import control
from media.control import Endpoint, UpdateStream
from sip.events import AnswerReceived, CallConfirmed, CallEnded, EndCause, OfferReceived
from tests.support.builders import CALLER_RTP, PCMU, UNCONFIRMED, incoming, sdp
from tests.support.playbook import HERE, Accepts, Says, a, greeted, hangs_up

if TYPE_CHECKING:
    from tests.support.playbook import Playbook

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


def test_a_late_offer_is_answered_in_the_ack(play: Playbook) -> None:
    play >> incoming(offer=None) << a(OpenStream, remote=None)
    play >> OPENED << Accepts(1, ("m=audio 20000 RTP/AVP 0 8 101",))
    play >> CallConfirmed(1, sdp(formats="8 101"))
    play << a(UpdateStream, format=replace_format(PCMU, 8), remote=CALLER_RTP) << Says(1, "greeting")


def replace_format(format_: control.Format, payload_type: int) -> control.Format:
    return control.Format(control.Codec(payload_type), payload_type, format_.telephone_event)


@pytest.mark.parametrize("answer", [None, b"nonsense", sdp(formats="3")])
def test_a_late_offer_without_a_usable_answer_ends_the_call(play: Playbook, answer: bytes | None) -> None:
    play >> incoming(offer=None)
    play.skip() >> OPENED
    play.skip() >> CallConfirmed(1, answer) << hangs_up(1, "no common media") << CloseStream(1)


def test_hold_stops_what_we_send_and_resume_starts_it_again(play: Playbook) -> None:
    held = control.Format(control.Codec.PCMU, 0, 101, send=True, receive=False)
    greeted(play) >> OfferReceived(1, sdp(direction="recvonly", version=2))
    play << MediaCommand(UpdateStream(1, held)) << a(AcceptOffer, call=1)
    play >> OfferReceived(1, sdp(version=3)) << MediaCommand(UpdateStream(1, PCMU)) << a(AcceptOffer, call=1)


def test_a_re_invite_may_change_the_codec_and_the_media_plane_is_told(play: Playbook) -> None:
    greeted(play) >> OfferReceived(1, sdp(formats="8 101", version=2))
    play << MediaCommand(UpdateStream(1, control.Format(control.Codec.PCMA, 8, 101)))
    play << a(Log, event="codec changed") << a(AcceptOffer, call=1)
    assert [play.board.figures[f"codec:{name}"] for name in ("PCMU", "PCMA")] == [1, 1]
    assert play.board.figures["audio:plain"] == 1


def test_a_new_address_is_learned_anew(play: Playbook) -> None:
    greeted(play) >> OfferReceived(1, sdp(port=50_000, version=2))
    play << MediaCommand(UpdateStream(1, PCMU, Endpoint("192.0.2.7", 50_000))) << a(AcceptOffer, call=1)


def test_an_unchanged_offer_has_the_same_answer_and_touches_no_audio(play: Playbook) -> None:
    play >> incoming() << OPEN
    play >> OPENED
    answer = play._open.popleft().sdp
    play >> CONFIRMED << MediaCommand(UpdateStream(1, PCMU)) << Says(1, "greeting")
    play >> OfferReceived(1, sdp()) << AcceptOffer(1, answer)


def test_a_bad_re_invite_is_refused_and_the_session_runs_on(play: Playbook) -> None:
    greeted(play) >> OfferReceived(1, sdp(formats="3")) << RejectOffer(1, 488)
    play >> BYE << CloseStream(1)


def test_a_re_invite_without_offer_gets_ours_and_the_answer_counts(play: Playbook) -> None:
    greeted(play) >> OfferReceived(1, None) << a(AcceptOffer, call=1)
    play >> AnswerReceived(1, sdp(port=50_000))
    play << MediaCommand(UpdateStream(1, PCMU, Endpoint("192.0.2.7", 50_000)))


def test_a_bad_answer_to_our_offer_leaves_the_session_as_it_was(play: Playbook) -> None:
    greeted(play) >> OfferReceived(1, None) << a(AcceptOffer, call=1)
    play >> AnswerReceived(1, b"nonsense")
    play << a(Log, event="answer unusable")


def test_what_secures_the_audio_is_logged_and_counted_by_its_name_alone(play: Playbook) -> None:
    key = base64.b64encode(bytes(range(30)))
    offer = sdp() + b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + key + b"\r\n"
    play.board._arrivals._terms._entropy = lambda count: b"k" * count
    play.skip() >> incoming(offer=offer)
    play << a(Log, event="audio secured")
    assert [line.fields["srtp"] for line in play.logged if line.event == "audio secured"] == [
        "AES_CM_128_HMAC_SHA1_80"
    ]
    assert play.board.figures["audio:AES_CM_128_HMAC_SHA1_80"] == 1
    shown = repr(play.logged) + repr(list(play._open))
    assert "AES_CM_128" in shown
    assert "kkk" not in shown
    assert key.decode()[:12] not in shown
    play.skip()

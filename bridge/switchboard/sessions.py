"""Offers and answers while a call is up: hold, resume, a new address, and the answer to our own offer (RFC 3264).

A call's codec and what secures its audio are counted when they are agreed, and logged, by their names. The keys are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.switchboard.effects import AcceptOffer, Level, RejectOffer
from bridge.switchboard.legs import StreamState
from media.control import UpdateStream
from sip.errors import RemoteError

if TYPE_CHECKING:
    from bridge.switchboard.legs import Leg
    from bridge.switchboard.lines import Lines
    from media.control import Endpoint, Format
    from sip.events import AnswerReceived, OfferReceived


class Sessions:
    """What changes of the legs' negotiations is told to the media plane here."""

    __slots__ = ("_lines",)

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def offer_came(self, event: OfferReceived, _now: float) -> None:
        """Answer the offer of a re-INVITE. One that cannot be taken leaves the session as it was."""
        leg = self._lines.by_call.get(event.call)
        if leg is None:
            return
        before = leg.negotiation.format, leg.negotiation.remote
        try:
            answer = leg.negotiation.reoffered(event.offer)
        except RemoteError as fault:
            self._lines.effects.append(RejectOffer(event.call, fault.status))
            self._lines.log(Level.INFO, "offer refused", leg, status=fault.status, why=str(fault))
            return
        self._update_stream(leg, *before)
        self._tell_change(leg, before[0])
        self._lines.effects.append(AcceptOffer(event.call, answer))

    def answer_came(self, event: AnswerReceived, _now: float) -> None:
        """Take the answer to our offer in a re-INVITE's 200."""
        leg = self._lines.by_call.get(event.call)
        if leg is not None:
            self.take_answer(leg, event.sdp)

    def confirmed(self, leg: Leg) -> None:
        """The caller has our answer: from now on audio goes both ways."""
        before = leg.negotiation.format, leg.negotiation.remote
        leg.negotiation.confirm()
        self._update_stream(leg, *before)

    def take_answer(self, leg: Leg, answer: bytes | None) -> bool:
        """Agree to an answer to our offer. One that cannot be used changes nothing: the session runs on as it was."""
        before, was_late = (leg.negotiation.format, leg.negotiation.remote), leg.negotiation.late
        if answer is None:
            self._lines.log(Level.INFO, "answer missing", leg)
            return False
        leg.negotiation.confirm()  # where it comes in an ACK
        try:
            leg.negotiation.answered(answer)
        except RemoteError as fault:
            self._lines.log(Level.INFO, "answer unusable", leg, why=str(fault))
            return False
        self._update_stream(leg, *before)
        if was_late:
            note_audio(self._lines, leg)
        else:
            self._tell_change(leg, before[0])
        return True

    def listen_anew(self, leg: Leg) -> None:
        """Have the media plane count the silence from now on: while it rang there may have been nothing to hear."""
        self._lines.command(UpdateStream(leg.number, leg.negotiation.format))

    def _tell_change(self, leg: Leg, format_: Format) -> None:
        """Log what a new offer has made of the codec and of how the audio is secured, if anything."""
        now = leg.negotiation
        if now.format.codec != format_.codec:
            _count_codec(self._lines, leg)
            self._lines.log(Level.INFO, "codec changed", leg, codec=now.codec)
        if now.format.srtp != format_.srtp:
            _note_keys(self._lines, leg)

    def _update_stream(self, leg: Leg, format_: Format, remote: Endpoint | None) -> None:
        """Tell the media plane what has changed of `format_` and `remote`, if anything."""
        now = leg.negotiation
        if leg.stream is StreamState.OPEN and (now.format != format_ or now.remote != remote):
            self._lines.command(
                UpdateStream(leg.number, now.format, None if now.remote == remote else now.remote)
            )


def note_audio(lines: Lines, leg: Leg) -> None:
    """Count the codec of a call, log and count how its audio is secured, as it was just agreed."""
    _count_codec(lines, leg)
    _note_keys(lines, leg)


def _count_codec(lines: Lines, leg: Leg) -> None:
    lines.figures[f"codec:{leg.negotiation.codec}"] += 1


def _note_keys(lines: Lines, leg: Leg) -> None:
    suite = leg.negotiation.secured
    lines.figures[f"audio:{suite or 'plain'}"] += 1
    if suite:
        lines.log(Level.INFO, "audio secured", leg, srtp=suite)

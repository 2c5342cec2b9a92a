"""What the media plane tells of the legs' streams: opened, refused, lost; what has been said, and what was recorded.

A stream has its leg's number. Whatever is asked of it may never be answered: a timer stands behind each wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.conference.events import LeaveReason
from bridge.conference.trouble import Trouble
from bridge.dialogue.requests import NotAvailable, Recorded
from bridge.switchboard import sound
from bridge.switchboard.arrivals import retry_after
from bridge.switchboard.effects import AcceptCall, CloseStream, Level, RejectCall
from bridge.switchboard.legs import Leg, LegState, LegTimer, StreamState

if TYPE_CHECKING:
    from bridge.switchboard.arrivals import Arrivals
    from bridge.switchboard.calls_out import CallsOut
    from bridge.switchboard.dialogues import Dialogues
    from bridge.switchboard.events import StreamOpened, StreamRefused
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.recordings import Recordings
    from bridge.switchboard.rooms import Rooms
    from media.control import LineTroubled, PlaybackEnded, RecordingEnded, RtpTimedOut, StreamClosed

RETRY_AFTER_STREAM_S: Final = 30
"""RFC 3261 section 21.5.4: no port or row is free; one is when somebody hangs up."""


class Streams:
    """Those of all legs."""

    __slots__ = ("_arrivals", "_calls_out", "_dialogues", "_lines", "_recordings", "_rooms")

    def __init__(
        self,
        lines: Lines,
        arrivals: Arrivals,
        calls_out: CallsOut,
        rooms: Rooms,
        dialogues: Dialogues,
        recordings: Recordings,
    ) -> None:
        self._lines = lines
        self._arrivals = arrivals
        self._calls_out = calls_out
        self._rooms = rooms
        self._dialogues = dialogues
        self._recordings = recordings

    # --- its life ---

    def opened(self, event: StreamOpened, now: float) -> None:
        """Answer the call that came, or place the one that is to go: we know where we listen."""
        lines = self._lines
        if event.stream in lines.late_streams:
            lines.late_streams.discard(event.stream)
            lines.effects.append(CloseStream(event.stream))
            return
        leg = lines.by_number.get(event.stream)
        if leg is None or leg.stream is not StreamState.ASKED:
            return
        lines.timers.cancel((LegTimer.STREAM, leg.number))
        leg.stream = StreamState.OPEN
        if leg.out:
            self._calls_out.stream_opened(leg, event.host, event.port, now)
            return
        lines.effects.append(AcceptCall(leg.call, leg.negotiation.describe(event.host, event.port)))
        leg.state = LegState.ANSWERED

    def refused(self, event: StreamRefused, now: float) -> None:
        """There is no port, or no row."""
        self._lines.late_streams.discard(event.stream)
        leg = self._lines.by_number.get(event.stream)
        if leg is not None and leg.stream is StreamState.ASKED:
            leg.stream = StreamState.GONE
            self._no_stream(leg, event.reason, now)

    def not_answered(self, leg: Leg, now: float) -> None:
        """Take the pool's silence as a refusal; a stream that comes all the same is closed."""
        self._no_stream(leg, "no answer from the pool", now)

    def closed(self, event: StreamClosed, _now: float) -> None:
        """Tell of our own closing, which nobody waits for; or the pool has lost the stream, and the caller hears nothing."""
        self._recordings.closed(event.stream)
        sound.tell(self._lines, event)
        leg = self._lines.by_number.get(event.stream)
        if leg is not None and leg.stream is StreamState.OPEN:
            leg.stream = StreamState.GONE
            self._lines.log(Level.ERROR, "stream lost", leg)
            self._lines.hang_up(leg, LeaveReason.FAILED, "media lost")

    def timed_out(self, event: RtpTimedOut, _now: float) -> None:
        """Nothing comes any more. That is no sign of anything while it rings."""
        leg = self._lines.by_number.get(event.stream)
        if leg is not None and leg.state is not LegState.CALLING:
            self._lines.log(Level.INFO, "media timeout", leg)
            self._lines.hang_up(leg, LeaveReason.LOST, "media timeout")

    def troubled(self, event: LineTroubled, now: float) -> None:
        """A line disturbs whoever hears it, or no longer."""
        leg = self._lines.by_number.get(event.stream)
        if leg is None:
            return
        leg.trouble = None if event.trouble == "none" else Trouble(event.trouble)
        if leg.trouble is not None:
            self._lines.figures[f"line:{leg.trouble.value}"] += 1
        self._lines.log(Level.INFO, "line troubled", leg, trouble=event.trouble)
        self._rooms.troubled(leg, now)

    def _no_stream(self, leg: Leg, why: str, now: float) -> None:
        if leg.out:
            self._calls_out.no_stream(leg, why, now)
            return
        self._lines.figures["refused:no stream"] += 1
        self._lines.log(Level.WARNING, "no stream", leg, why=why)
        self._lines.effects.append(RejectCall(leg.call, 503, retry_after(RETRY_AFTER_STREAM_S)))
        self._lines.end(leg, LeaveReason.FAILED)

    # --- what is said ---

    def playback_ended(self, event: PlaybackEnded, now: float) -> None:
        """Something has been heard to its end."""
        leg = self._lines.by_number.get(event.stream)
        if leg is not None and leg.playback == event.playback:
            self._spoken(leg, now)

    def speech_not_told(self, leg: Leg, now: float) -> None:
        """It must have been heard by now."""
        self._lines.log(Level.WARNING, "end of speech not told", leg)
        self._spoken(leg, now)

    def _spoken(self, leg: Leg, now: float) -> None:
        """Go on: what was being said, and waited for, has been said."""
        self._lines.spoken(leg)
        if leg.state is LegState.LAST_WORDS:
            self._lines.hang_up(leg, LeaveReason.DISCONNECTED)
        else:
            self._dialogues.spoken(leg, now)

    # --- what is recorded ---

    def recording_ended(self, event: RecordingEnded, now: float) -> None:
        """Somebody has said what they were asked for."""
        leg = self._lines.by_number.get(event.stream)
        waited_for = leg is not None and self._recordings.is_running(leg, event.recording)
        clip = self._recordings.ended(event)
        if leg is not None and waited_for:
            leg.clip = clip
            self._dialogues.answered(leg, Recorded(clip), now)

    def recording_not_told(self, leg: Leg, now: float) -> None:
        """No worker says that it has ended: the dialogue goes on without it."""
        self._lines.log(Level.WARNING, "end of recording not told", leg)
        self._recordings.abandon(leg)
        self._dialogues.answered(leg, NotAvailable(), now)

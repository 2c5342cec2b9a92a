"""Out of a conference and still on the line: whoever is moved to another one, or an operator who goes on to a private talk.

What a conference has done to a line (mute, gain, noise, music) is undone, so that nothing of it clings to the line where nobody
knows of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.conference.events import LeaveReason
from bridge.conference.model import standing
from media.control import AutoGain, Gain, Mute, Suppress

if TYPE_CHECKING:
    from bridge.switchboard.legs import Leg
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.rooms import Rooms


def take_out(lines: Lines, rooms: Rooms, leg: Leg, now: float) -> None:
    """Let them leave their conference as MOVED; nobody else has them yet."""
    room = leg.room
    participant = None if room is None else room.conference.participants.get(leg.number)
    if room is None or participant is None:
        return
    conference = room.conference
    stands = standing(conference, participant)
    lines.hush(leg)
    rooms.leave(leg, LeaveReason.MOVED, now)
    if stands.silenced:
        lines.command(Mute(leg.number, muted=False))
    if participant.heard_gain_db:
        lines.command(Gain(leg.number, 0.0))
    if conference.levelling:
        lines.command(AutoGain(leg.number, on=False))
    if participant.suppressed:
        lines.command(Suppress(leg.number, on=False))
    lines.music(leg, None)  # of waiting, or of a call that rings

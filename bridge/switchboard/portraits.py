"""Drawing a room as others may see it: the roster of RFC 4575 from what the conference and its legs know.

What is shown to one is shown to all, so it is no more than anybody in the room may know: names, and of telephone numbers
as much as people know their own by. Who asked for privacy (RFC 3323) is a voice among others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.conference.events import LeaveReason
from bridge.conference.model import TALKING, standing
from bridge.conference.roster import mask
from bridge.roster.model import Audio, CameBy, LeftBy, Part, Roster, Standing, User
from bridge.service.role import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bridge.conference.model import Conference, Participant
    from bridge.switchboard.legs import Leg
    from bridge.switchboard.room import Room

SHOWN_MAX: Final = 100
"""People in a roster, those who came first; the count tells the truth. A document of more would not fit into a datagram, and
nobody reads more on a telephone."""
ANONYMOUS: Final = "Anonymous"
"""RFC 3323 section 4.1.1.3."""
DIALED_IN: Final = "dial-in"

LEFT_BY: Final = {
    LeaveReason.HUNG_UP: LeftBy.DEPARTED,
    LeaveReason.MOVED: LeftBy.DEPARTED,
    LeaveReason.LOST: LeftBy.FAILED,
    LeaveReason.FAILED: LeftBy.FAILED,
}
"""How others see the end of somebody's call; whatever is not here was not their own wish."""


def entity_of(leg: int) -> str:
    """The URI of somebody in a roster: a name that leads nowhere else, since numbers are nobody's business."""
    return f"sip:leg-{leg}@conference.invalid"


def leg_of(user: str) -> int | None:
    """And back, from the user part."""
    number = user.removeprefix("leg-")
    return (
        int(number) if number != user and number.isascii() and number.isdigit() and len(number) < 10 else None
    )


def portrait(
    room: Room, legs: Mapping[int, Leg], local_time: Callable[[float], datetime], leaving: tuple[User, ...]
) -> Roster:
    """Draw the room. Those who are `leaving` have left since the last one, and are seen going."""
    conference = room.conference
    people = [each for each in conference.participants.values() if each.role is not Role.OPERATOR]
    shown = [_user(conference, each, legs.get(each.leg), local_time) for each in people[:SHOWN_MAX]]
    return Roster(
        conference=room.conference_id,
        subject=room.name,
        users=(*shown, *leaving),
        user_count=sum(each.dismissed is None for each in people),
        active=conference.phase in TALKING,
        locked=conference.locked,
    )


def _user(
    conference: Conference, participant: Participant, leg: Leg | None, local_time: Callable[[float], datetime]
) -> User:
    state, left_by = standing(conference, participant), None
    if participant.dismissed is not None:
        how, audio = Standing.DISCONNECTED, Audio.NONE
        left_by = LEFT_BY.get(participant.dismissed, LeftBy.BOOTED)
    elif state.place is None or participant.aside:
        how, audio = Standing.ON_HOLD, Audio.NONE
    elif state.silenced:
        how, audio = Standing.MUTED, Audio.LISTENS
    else:
        how, audio = Standing.CONNECTED, Audio.BOTH_WAYS
    private = leg is not None and leg.private
    return User(
        entity=entity_of(participant.leg),
        display=ANONYMOUS if private else participant.name or mask(participant.caller) or ANONYMOUS,
        part=Part.MODERATOR if participant.role is Role.MODERATOR else Part.PARTICIPANT,
        standing=how,
        audio=audio,
        came_by=CameBy.DIALED_IN if participant.came_by == DIALED_IN else CameBy.DIALED_OUT,
        joined_at=local_time(participant.joined_at),
        left_by=left_by,
        trouble="" if participant.trouble is None else participant.trouble.value,
    )

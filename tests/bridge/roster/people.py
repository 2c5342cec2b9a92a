"""Rosters for tests."""

from datetime import datetime, timedelta, timezone

from bridge.roster.model import Audio, CameBy, LeftBy, Part, Roster, Standing, User

JOINED = datetime(2026, 11, 22, 9, 30, tzinfo=timezone(timedelta(hours=-3)))


def user(number=1, display="Ana", **others):
    fields = {
        "entity": f"sip:leg-{number}@conference.invalid",
        "display": display,
        "part": Part.PARTICIPANT,
        "standing": Standing.CONNECTED,
        "audio": Audio.BOTH_WAYS,
        "came_by": CameBy.DIALED_IN,
        "joined_at": JOINED,
        **others,
    }
    return User(**fields)


def roster(*users, **others):
    fields = {
        "conference": "c-1", "subject": "Sales", "user_count": len(users), "active": True, "locked": False, **others
    }  # fmt: skip
    return Roster(users=tuple(users), **fields)


MUTED = {"standing": Standing.MUTED, "audio": Audio.LISTENS}
LEFT = {"standing": Standing.DISCONNECTED, "audio": Audio.NONE, "left_by": LeftBy.BOOTED}
MODERATOR = {"part": Part.MODERATOR}

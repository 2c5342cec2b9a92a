"""Rosters as application/conference-info+xml (RFC 4575), written from escaped pieces in the order of the schema (section 5).

What all subscribers get alike is written once (`full`, `partial`) and then wrapped for each (`wrap`) with the name by which
they know the conference and the number of the document in their own stream.
"""

from __future__ import annotations

import re
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from bridge.roster.difference import Difference
    from bridge.roster.model import Roster, User

CONTENT_TYPE: Final = "application/conference-info+xml"
NAMESPACE: Final = "urn:ietf:params:xml:ns:conference-info"
TEXT_LENGTH: Final = 128
"""Characters of a name that are written: nobody reads more on the display of a telephone."""
REMEMBERED: Final = 4096
"""People as they were written, some 3 MB: when a meeting begins all its telephones ask for the same hundred within seconds.
The one least recently used is forgotten."""
_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, escaped or not (section 2.2 there)."""


def wrap(inner: str, *, entity: str, version: int, whole: bool) -> bytes:
    """Write the document for one subscriber."""
    state = "full" if whole else "partial"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<conference-info xmlns="{NAMESPACE}" entity={quoteattr(_clean(entity))} state="{state}" version="{version}">'
        f"{inner}</conference-info>\n"
    ).encode()


def full(roster: Roster) -> str:
    """Write all of it."""
    users = "".join([_user(user, "full") for user in roster.users])
    return f'{_description(roster)}{_state(roster)}<users state="full">{users}</users>'


def partial(difference: Difference) -> str:
    """Write what has changed (section 4.4): users by their entity, the conference's own state as one piece."""
    roster = difference.roster
    users = [
        *[_user(user, "full") for user in difference.come],
        *[_user(user, "partial", before) for before, user in difference.changed],
        *[f'<user entity={quoteattr(entity)} state="deleted"/>' for entity in difference.gone],
    ]
    return "".join(
        [
            _description(roster) if difference.description else "",
            _state(roster) if difference.state else "",
            f'<users state="partial">{"".join(users)}</users>' if users else "",
        ]
    )


def _description(roster: Roster) -> str:
    subject = _element("subject", roster.subject) if roster.subject else ""
    return f"<conference-description>{subject}{_element('free-text', roster.conference)}</conference-description>"


def _state(roster: Roster) -> str:
    return (
        f"<conference-state><user-count>{roster.user_count}</user-count>"
        f"<active>{_boolean(roster.active)}</active><locked>{_boolean(roster.locked)}</locked></conference-state>"
    )


@lru_cache(REMEMBERED)
def _user(user: User, state: str, before: User | None = None) -> str:
    """One user. Of one who was there `before` the pieces that are as they were are left out."""
    display = (
        ""
        if before is not None and before.display == user.display
        else _element("display-text", user.display)
    )
    roles = (
        ""
        if before is not None and before.part == user.part
        else f"<roles>{_element('entry', user.part.value)}</roles>"
    )
    endpoint = "" if before is not None and _standing(before) == _standing(user) else _endpoint(user)
    return f'<user entity={quoteattr(user.entity)} state="{state}">{display}{roles}{endpoint}</user>'


def _standing(user: User) -> tuple[object, ...]:
    return user.standing, user.audio, user.came_by, user.joined_at, user.left_by, user.trouble


def _endpoint(user: User) -> str:
    """Their telephone, which is as good as they are: people have one here (section 5.7)."""
    joined = user.joined_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    left = "" if user.left_by is None else _element("disconnection-method", user.left_by.value)
    words = _element("display-text", user.trouble) if user.trouble else ""  # section 5.8.1
    return (
        f'<endpoint entity={quoteattr(user.entity)} state="full">{_element("status", user.standing.value)}'
        f"{_element('joining-method', user.came_by.value)}<joining-info>{_element('when', joined)}</joining-info>{left}"
        f'<media id="1">{words}<type>audio</type>{_element("status", user.audio.value)}</media></endpoint>'
    )


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(_clean(text))}</{name}>"


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text[:TEXT_LENGTH])


def _boolean(value: bool) -> str:
    return "true" if value else "false"

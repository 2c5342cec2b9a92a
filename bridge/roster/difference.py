"""What turns one roster into the next, as little as can be said (RFC 4575 section 4.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.roster.model import Roster, User


@dataclass(frozen=True, slots=True)
class Difference:
    """What a subscriber who knows one roster must be told to know the next."""

    roster: Roster
    """The next one."""
    description: bool
    """What the conference is called has changed."""
    state: bool
    """How it stands as a whole has changed."""
    come: tuple[User, ...]
    changed: tuple[tuple[User, User], ...]
    """As they were, and as they are."""
    gone: tuple[str, ...]
    """By entity."""


def difference(old: Roster, new: Roster) -> Difference | None:
    """Compare two rosters of one conference; None where they say the same."""
    if old == new:
        return None
    before = {user.entity: user for user in old.users}
    after = {user.entity for user in new.users}
    return Difference(
        roster=new,
        description=(old.subject, old.conference) != (new.subject, new.conference),
        state=(old.user_count, old.active, old.locked) != (new.user_count, new.active, new.locked),
        come=tuple([user for user in new.users if user.entity not in before]),
        changed=tuple(
            [
                (before[user.entity], user)
                for user in new.users
                if user.entity in before and before[user.entity] != user
            ]
        ),
        gone=tuple([entity for entity in before if entity not in after]),
    )

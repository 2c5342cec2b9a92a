"""An INVITE that takes the place of a call of ours (RFC 3891), or a REFER that wants one to: which call that is, or why it may
not be.
"""

from sip.core import Core
from sip.errors import ParseError
from sip.inspection import Refusal
from sip.message import Request
from sip.replaces import Replaces, parse_replaces
from sip.session import Session, State


def replaced(core: Core, request: Request) -> Session | Refusal | None:
    """The call that a new INVITE replaces; None where it names none (section 3)."""
    named = request.headers.get_all("Replaces")
    if not named:
        return None
    if len(named) > 1:
        return Refusal(400, reason="More Than One Replaces")
    try:
        replaces = parse_replaces(named[0])
    except ParseError:
        return Refusal(400, reason="Malformed Replaces")
    return _find(core, replaces)


def own(core: Core, value: str) -> int:
    """The call of ours that a Replaces names which is meant for somebody else; 0 for none. Whichever side it is seen from: a
    telephone that mixes up the tags means the same call.
    """
    if not value:
        return 0
    replaces = parse_replaces(value)
    for tag in (replaces.to_tag, replaces.from_tag):
        session = core.dialogs.get(tag)
        if session is not None and session.dialog.call_id == replaces.call_id:
            return session.handle
    return 0


def _find(core: Core, replaces: Replaces) -> Session | Refusal:
    session = core.dialogs.get(replaces.to_tag)
    if session is None or session.dialog.call_id != replaces.call_id:
        return Refusal(481)
    placement = session.placement
    known = (
        session.dialog.remote_tag == replaces.from_tag
        if placement is None
        else replaces.from_tag in placement.early
    )
    if not known or session.state in (State.OFFERED, State.ACCEPTING):
        # One that rings here and was not begun by us may not be taken over: only who placed it may say where it goes.
        return Refusal(481)
    if session.told or session.state is State.ENDED:
        return Refusal(603)
    if replaces.early_only and placement is None:
        return Refusal(486)
    return session

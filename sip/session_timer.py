"""Session timers (RFC 4028): how a call whose other end is gone comes to an end though nobody says so.

Each 2xx to an INVITE or UPDATE says how long the session holds and who refreshes it. Where the peer leaves that to us, it
is us: then it depends on nobody's else care. The refresh is due at half of the time; without one, whoever hears nothing
says BYE a little before the end. With a peer that does not know timers there are none: its silence shows in the media.
"""

import re
from functools import partial
from typing import Final

from sip.core import Core
from sip.draft import Fields
from sip.ending import lost
from sip.events import EndCause
from sip.inspection import Refusal
from sip.message import Request, Response
from sip.pending import SessionTimer, Wish
from sip.session import Session, State
from sip.settings import TIMER

EXPIRES_MAX_S: Final = 86_400
"""Longer sessions than a day are refreshed daily."""
BYE_BEFORE_S: Final = 32.0
"""BYE goes out that much before the end, or a third of the interval where that is less (RFC 4028 10)."""
AGAIN_S: Final = 10.0
"""Pause before a refresh is tried again that was refused, or found another question open."""
REQUIRED: Final = ("Require", TIMER)
ANY: Final = Wish(supported=True, expires_s=0, refresher="", min_se_s=0)
"""What nearly everybody says: whatever you like."""
_SECONDS: Final = re.compile(r"[ \t]*0*([0-9]{1,9})(?![0-9])")
_REFRESHER: Final = re.compile(r";[ \t]*refresher[ \t]*=[ \t]*(uac|uas)(?![^ \t;,])", re.IGNORECASE)


# What messages say


def wish_of(core: Core, request: Request) -> Wish | None:
    """What the peer wants; None where it knows no timers, or we want none."""
    headers = request.headers
    supported = headers.get("Supported")
    expires = headers.get("Session-Expires")
    knows = supported is not None and (
        TIMER in supported.replace(" ", "").split(",") or TIMER in headers.values("Supported")
    )
    if not core.settings.session_expires_s or not (knows or expires is not None):
        return None
    if expires is None:
        least_s = _seconds(headers.get("Min-SE"))
        return Wish(knows, 0, "", least_s) if least_s else ANY
    return Wish(knows, _seconds(expires), _refresher(expires), _seconds(headers.get("Min-SE")))


def _seconds(text: str | None) -> int:
    match = None if text is None else _SECONDS.match(text)
    return 0 if match is None else min(int(match[1]), EXPIRES_MAX_S)


def _refresher(text: str) -> str:
    match = _REFRESHER.search(text)
    return "" if match is None else match[1].lower()


def refusal(core: Core, wish: Wish | None) -> Refusal | None:
    """422 to a session that is too short; a peer that would not understand that is taken as it is (RFC 4028 9)."""
    least_s = core.settings.min_se_s
    if wish is None or not wish.supported or not 0 < wish.expires_s < least_s:
        return None
    return Refusal(422, (("Min-SE", str(least_s)),))


def least_of(response: Response) -> int:
    """Min-SE of a 422; 0 where it is missing."""
    return _seconds(response.headers.get("Min-SE"))


def asking(core: Core, least_s: int = 0) -> Fields:
    """What the first INVITE of a call says. `least_s` is the longest Min-SE that a 422 has told."""
    expires_s = core.settings.session_expires_s
    if not expires_s:
        return ()
    least_s = max(least_s, core.settings.min_se_s)
    return (("Session-Expires", str(max(expires_s, least_s))), ("Min-SE", str(least_s)))


def asking_again(core: Core, session: Session) -> Fields:
    """What a later INVITE or UPDATE of ours says: the same, and the same side refreshes."""
    timer = session.timer
    if timer is None:
        return asking(core)
    refresher = "uac" if timer.ours else "uas"
    return (
        ("Session-Expires", f"{timer.interval_s};refresher={refresher}"),
        ("Min-SE", str(core.settings.min_se_s)),
    )


def lengthened(session: Session, response: Response) -> bool:
    """Take the interval of a 422; False where it is no longer than ours, and asking again would change nothing."""
    timer, least_s = session.timer, least_of(response)
    if timer is None or least_s <= timer.interval_s:
        return False
    timer.interval_s = least_s
    return True


# Agreeing


def agree(core: Core, session: Session, wish: Wish | None, now: float) -> Fields:
    """Decide, for our 2xx (RFC 4028 9, table 2); the timer runs from now on."""
    if wish is None:
        stop(core, session)
        return ()
    longest_s = core.settings.session_expires_s
    interval_s = min(wish.expires_s or longest_s, longest_s)
    interval_s = max(interval_s, wish.min_se_s, core.settings.min_se_s)
    if wish.expires_s and not wish.supported:
        interval_s = wish.expires_s  # put in by a proxy: it may only be kept or shortened
    ours = not wish.supported or wish.refresher != "uac"
    _start(core, session, interval_s, ours=ours, now=now)
    said = ("Session-Expires", f"{interval_s};refresher={'uas' if ours else 'uac'}")
    return (REQUIRED, said) if wish.supported else (said,)


def agreed(core: Core, session: Session, response: Response, now: float) -> None:
    """Take note of the 2xx to an INVITE or UPDATE of ours (RFC 4028 7.2)."""
    text = response.headers.get("Session-Expires")
    interval_s = _seconds(text)
    if text is None or not interval_s or not core.settings.session_expires_s:
        stop(core, session)
    else:
        _start(core, session, interval_s, ours=_refresher(text) != "uas", now=now)


def stop(core: Core, session: Session) -> None:
    """The session lasts until somebody ends it."""
    timer, session.timer = session.timer, None
    if timer is not None:
        core.seconds.cancel(timer.alarm)


def ask_again(core: Core, session: Session, at: float) -> None:
    """Refresh then: the peer asked something at the same moment, and both were refused (RFC 3261 14.1)."""
    timer = session.timer
    if timer is not None:
        core.seconds.cancel(timer.alarm)
        timer.alarm = core.seconds.set(min(at, timer.until), partial(_due, core, session, timer))


def _start(core: Core, session: Session, interval_s: int, *, ours: bool, now: float) -> None:
    stop(core, session)
    until = now + interval_s - min(BYE_BEFORE_S, interval_s / 3)
    timer = session.timer = SessionTimer(interval_s, ours=ours, until=until)
    due = now + interval_s / 2 if ours else until
    timer.alarm = core.seconds.set(due, partial(_due, core, session, timer))


def _due(core: Core, session: Session, timer: SessionTimer, now: float) -> None:
    if session.state is not State.CONFIRMED:
        timer.alarm = core.seconds.set(now + AGAIN_S, partial(_due, core, session, timer))
    elif now >= timer.until:
        lost(core, session, EndCause.TIMEOUT, 408, now)
    else:
        # Should this come to nothing, there is time for more.
        timer.alarm = core.seconds.set(min(now + AGAIN_S, timer.until), partial(_due, core, session, timer))
        core.refresh(session, now)

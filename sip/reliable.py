"""Provisional responses that arrive for certain (RFC 3262), both sides.

Ours go out one at a time: sent again after T1, doubled each time, until the PRACK comes; the next waits for that, and the
2xx too if the session was agreed in the one that is open. After 64*T1 without PRACK the call is refused with 504. Those of
a peer are acknowledged with a PRACK each, in their order and once; what overtook another is dropped, for it comes again.
"""

import re
from functools import partial
from typing import Final

from sip.content import sdp_of
from sip.core import SUPPORTS, Core
from sip.draft import Fields
from sip.events import EndCause
from sip.message import Request, Response
from sip.pending import Early, Reliable
from sip.session import Input, Session
from sip.settings import RELIABLE, SDP_FIELD
from sip.timers import T1_S

REQUIRED: Final = ("Require", RELIABLE)
NO_PRACK: Final = 504
RSEQ_BYTES: Final = 3
"""The first RSeq is random, and far enough below 2**32 that it never wraps (RFC 3262 3)."""
_RACK: Final = re.compile(r"[ \t]*0*([0-9]{1,10})[ \t]+0*([0-9]{1,10})[ \t]+INVITE[ \t]*")
_RSEQ: Final = re.compile(r"[ \t]*0*([1-9][0-9]{0,9})[ \t]*")


def wanted(core: Core, request: Request) -> bool:
    """Whether our provisional responses to an INVITE are to be reliable: the peer insists, or it can and we like to."""
    headers = request.headers
    if headers.get("Require") is not None and RELIABLE in _tags(headers.values("Require")):
        return True
    return core.settings.reliable and RELIABLE in _tags(headers.values("Supported"))


def _tags(values: list[str]) -> list[str]:
    return [value.lower() for value in values]


# Ours


def send(core: Core, session: Session, status: int, sdp: bytes, now: float) -> None:
    """Send a provisional response, or let it wait for the one before; of each status the newest waits."""
    reliable = session.reliable
    if reliable is None:
        first = int.from_bytes(core.entropy(RSEQ_BYTES)) + 1
        reliable = session.reliable = Reliable(first)
    if reliable.data:
        reliable.waiting[status] = sdp
        return
    invitation = session.invitation
    if invitation is None:
        return
    reliable.rseq += 1
    reliable.acknowledged = False
    fields: Fields = (
        core.contact_of(session), core.allow, SUPPORTS, REQUIRED, ("RSeq", str(reliable.rseq)),
    )  # fmt: skip
    # The session is said once: with an offer at hand this answers it, and all is agreed (RFC 6337 2.2).
    reliable.carries = bool(sdp) and not reliable.said
    if reliable.carries:
        reliable.said = True
        reliable.agreed = not invitation.late
        session.sdp = sdp
        fields = (*fields, SDP_FIELD)
    echo = invitation.echo
    reliable.data = core.reply(
        invitation.transaction,
        echo,
        status,
        now,
        fields=fields,
        body=sdp if reliable.carries else b"",
        lines=echo.record_routes,
    )
    reliable.started = now
    reliable.interval_s = T1_S
    _again_later(core, session, reliable, now)


def _again_later(core: Core, session: Session, reliable: Reliable, now: float) -> None:
    at = min(now + reliable.interval_s, reliable.started + core.patience_s(session))
    reliable.interval_s *= 2
    reliable.alarm = core.deadlines.set(at, partial(_again, core, session, reliable))


def _again(core: Core, session: Session, reliable: Reliable, now: float) -> None:
    invitation = session.invitation
    if invitation is None:
        return
    if now < reliable.started + core.patience_s(session):
        core.counters["retransmitted"] += 1
        core.transactions.respond(invitation.transaction, 183, reliable.data, now)
        _again_later(core, session, reliable, now)
    elif session.step(Input.EXPIRED):
        core.reply(invitation.transaction, invitation.echo, NO_PRACK, now)
        core.ended(session, EndCause.TIMEOUT, NO_PRACK, "no PRACK")
        core.leave(session)


def silence(core: Core, session: Session) -> None:
    """The final response goes out: nothing provisional is said any more, though a PRACK may yet come (section 3)."""
    reliable = session.reliable
    if reliable is not None:
        core.deadlines.cancel(reliable.alarm)
        reliable.data = b""
        reliable.waiting.clear()


def acknowledges(session: Session, request: Request) -> bool:
    """Whether a PRACK is for the response that is open; it is open no more then."""
    reliable, invitation = session.reliable, session.invitation
    match = _RACK.fullmatch(request.headers.get("RAck") or "")
    if match is None or reliable is None or invitation is None or reliable.acknowledged:
        return False
    if (int(match[1]), int(match[2])) != (reliable.rseq, invitation.cseq):
        return False
    reliable.acknowledged = True
    return True


# The peer's


def heard(core: Core, early: Early, response: Response, invite_cseq: int, now: float) -> bool:
    """A provisional response in an early dialog; False for one that is a repetition or came too soon."""
    headers = response.headers
    if headers.get("Require") is None or RELIABLE not in _tags(headers.values("Require")):
        return True
    match = _RSEQ.fullmatch(headers.get("RSeq") or "")
    if match is None:
        return True
    rseq = int(match[1])
    if early.rseq and rseq != early.rseq + 1:
        core.counters["repeated:reliable provisional"] += 1
        return False
    early.rseq = rseq
    sdp = sdp_of(response)
    if sdp is not None and early.sdp is None:
        early.sdp = sdp
    core.request(early.dialog, "PRACK", now, fields=(("RAck", f"{rseq} {invite_cseq} INVITE"),))
    return True

"""What a request must pass before it reaches a call, in the order of RFC 3261 8.2: method, headers, content.

`inspect` returns the refusal, or None. It looks only at the request and the settings; calls and dialogs come later.
"""

from dataclasses import dataclass
from typing import Final

from sip.content import content_type
from sip.core import Core
from sip.draft import Fields
from sip.flow import Flow
from sip.headers import Headers
from sip.message import Request
from sip.settings import DIGIT_TYPES, KNOWN_METHODS, SDP_TYPE, SUPPORTED
from sip.transactions import MAGIC_COOKIE

ROUTES_MAX: Final = 32
"""Record-Route values of a dialog, kept for its life; real paths have one to six. Beyond: 400."""
ACCEPT_SDP: Final = ("Accept", SDP_TYPE)
ACCEPT_DIGITS: Final = ("Accept", ", ".join(DIGIT_TYPES))
_SDP_RANGES: Final = frozenset({SDP_TYPE, "application/*", "*/*"})
_SCHEMES: Final = ("sip", "sips", "tel")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status and what it has to say."""

    status: int
    fields: Fields = ()
    reason: str | None = None


def inspect(core: Core, request: Request, flow: Flow) -> Refusal | None:
    """Why a request (never ACK or CANCEL) cannot be served, if it cannot."""
    headers = request.headers
    if request.version != "SIP/2.0":
        return Refusal(505)
    if request.method not in core.methods:
        return Refusal(405 if request.method in KNOWN_METHODS else 501, (core.allow,))
    # A user agent serves what has arrived (RFC 4475 3.3.11); what is meant for another host would need a further hop.
    spent = (headers.get("Max-Forwards") or "70").strip("0") == ""
    if spent and not core.is_us(request.uri.host, flow):
        return Refusal(483)
    if request.uri.scheme not in _SCHEMES:
        return Refusal(416)
    unknown = [tag for tag in headers.values("Require") if tag and tag.lower() not in SUPPORTED]
    if unknown:
        return Refusal(420, (("Unsupported", ", ".join(unknown)),))
    return _inspect_content(request) or _inspect_invite(request)


def _inspect_content(request: Request) -> Refusal | None:
    if not request.body or request.method not in ("INVITE", "INFO"):
        return None
    encoding = (request.headers.get("Content-Encoding") or "identity").lower()
    if encoding != "identity":
        return Refusal(415, (("Accept-Encoding", "identity"),))
    kind = content_type(request)
    if request.method == "INVITE":
        return None if kind in (SDP_TYPE, "") else Refusal(415, (ACCEPT_SDP,))
    return None if kind in DIGIT_TYPES else Refusal(415, (ACCEPT_DIGITS,))


def _inspect_invite(request: Request) -> Refusal | None:
    if request.method != "INVITE":
        return None
    headers = request.headers
    # A caller of RFC 2543 need not say it: then From is who is called back (RFC 4475 3.4.1).
    if headers.get("Contact") is None and (request.via.branch or "").startswith(MAGIC_COOKIE):
        return Refusal(400, reason="Missing Contact")
    if headers.get("Accept") is not None and not _SDP_RANGES.intersection(_media_ranges(headers)):
        return Refusal(406, (ACCEPT_SDP,))
    if len(headers.values("Record-Route")) > ROUTES_MAX:
        return Refusal(400, reason="Too Many Record-Routes")
    return None


def _media_ranges(headers: Headers) -> list[str]:
    """What an Accept lists, without parameters."""
    return [value.partition(";")[0].strip().lower() for value in headers.values("Accept")]

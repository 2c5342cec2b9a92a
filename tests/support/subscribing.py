"""What the agent tells of telephones that watch a conference, or refer somebody to it."""

from __future__ import annotations

from sip.events import ReferReceived, SubscribeReceived
from sip.flow import Flow
from sip.headers import Address, Headers
from sip.message import Request
from sip.uri import Uri

FLOW = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.7", 5060))
FOCUS = "sip:roda.1234@192.0.2.1"


def subscribes(
    subscription: int,
    call: int = 0,
    *,
    uri: str = FOCUS,
    package: str = "conference",
    identity: str = "",
    expires_s: int = 600,
) -> SubscribeReceived:
    """A SUBSCRIBE in the dialog of `call`, or (0) outside all."""
    message = Request("SUBSCRIBE", Uri.parse(uri), Headers())
    return SubscribeReceived(subscription, FLOW, message, package, expires_s, call, identity, trusted=False)


def refers(
    refer: int,
    call: int,
    to: str,
    method: str = "INVITE",
    *,
    replaces: str = "",
    name: str = "",
    own: int = 0,
    referred_by: str = "",
) -> ReferReceived:
    """A REFER in the dialog of `call`, to a URI."""
    message = Request("REFER", Uri.parse(FOCUS), Headers())
    address = Address(name, Uri.parse(to))
    return ReferReceived(
        refer, call, FLOW, message, address, method, replaces, referred_by, "", trusted=False, own=own
    )

"""Who we say that calls, to each trunk as it wants to hear it: From, P-Asserted-Identity, Remote-Party-ID, Privacy.

A carrier knows us by its account and shows our number. Some want the account in From and the number in a header of its
own (RFC 3325); some want the number in From, and nothing else. A number that is not to be shown goes to the carrier
alone: From is then the anonymous one of RFC 3323 4.1.1.3, and Privacy says what may not be passed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sip.headers import Address
from sip.uri import Uri

if TYPE_CHECKING:
    from bridge.config.trunks import Trunk

ANONYMOUS: Final = "anonymous"
NOBODY: Final = Address("Anonymous", Uri("sip", ANONYMOUS, "anonymous.invalid"))
"""RFC 3323 section 4.1.1.3."""


class Presented(NamedTuple):
    """What an INVITE says of the caller."""

    from_: Address
    headers: tuple[tuple[str, str], ...]


def present(trunk: Trunk, *, number: str, ours: str) -> Presented:
    """What a call by `trunk` says, that shows `number` where the trunk has none of its own; `ours` is our host."""
    number = trunk.caller_id or number
    host = Uri.parse(f"sip:{trunk.from_domain or ours_in_uri(ours)}")
    identity = Uri("sip", number, host.host, host.port)
    headers: list[tuple[str, str]] = []
    if number != ANONYMOUS:
        if trunk.send_identity == "pai":
            headers.append(("P-Asserted-Identity", f"<{identity}>"))
        elif trunk.send_identity == "rpid":
            privacy = "full" if trunk.privacy else "off"
            headers.append(("Remote-Party-ID", f"<{identity}>;party=calling;screen=yes;privacy={privacy}"))
    if trunk.privacy:
        headers.append(("Privacy", "id"))
        return Presented(NOBODY, tuple(headers))
    return Presented(Address("", Uri("sip", trunk.from_user or number, host.host, host.port)), tuple(headers))


def ours_in_uri(host: str) -> str:
    """Our host as it stands in a URI."""
    return f"[{host}]" if ":" in host else host

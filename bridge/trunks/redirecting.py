"""Where a trunk may send our call instead (3xx): elsewhere in its own house, to the same number or one as cheap.

A redirection is somebody else's word on where our money goes (interop.md 1.2, 7): a 302 to a premium number is the oldest
trick there is. So the host must be one of the trunk's own, and the number must be the one that was dialled, or one that the
dial plan allows at no higher price. Whoever called a SIP address is sent to another one that the dial plan allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.service.dialplan import Destination
from sip.uri import Uri

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from decimal import Decimal

    from bridge.service.dialplan import Refused
    from sip.headers import Address

    Judge = Callable[[str], Destination | Refused]


def within_trunk(
    targets: Iterable[Address],
    *,
    hosts: Collection[str],
    dialled: Uri,
    transport: str,
    price: Decimal,
    judge: Judge,
) -> list[Uri]:
    """Those of the `targets` that a call by a trunk may go on to, written anew.

    Parameters
    ----------
    hosts
        The trunk's own: names and addresses.
    dialled
        The Request-URI that was redirected.
    judge
        The dial plan.
    """
    found = []
    for target in targets:
        uri = target.uri
        user = uri.decoded_user
        if uri.scheme not in {"sip", "sips"} or uri.host not in hosts:
            continue
        if user != dialled.decoded_user:
            other = judge(user) if user.startswith("+") else None
            if not isinstance(other, Destination) or other.price_per_minute > price:
                continue
        found.append(Uri("sip", uri.user, uri.host, uri.port, (("transport", transport),)))
    return list(dict.fromkeys(found))


def within_plan(targets: Iterable[Address], *, price: Decimal, judge: Judge) -> list[Uri]:
    """Those of the `targets` that a call to a SIP address may go on to."""
    found = []
    for target in targets:
        if target.uri.scheme != "sip":
            continue
        other = judge(str(target.uri))
        if isinstance(other, Destination) and other.price_per_minute <= price:
            found.append(Uri.parse(other.uri))
    return list(dict.fromkeys(found))

"""Who calls, as networks say it: P-Asserted-Identity (RFC 3325), Privacy (RFC 3323), Diversion (RFC 5806) and History-Info
(RFC 7044), and telephone numbers in URIs (RFC 3966, `user=phone` of RFC 3261 19.1.6).

What is read here is believed by nobody yet: anybody can write these headers. Whoever uses it asks first whether the peer
is trusted (`IncomingCall.trusted`). A value that cannot be read is as if it were absent.
"""

import re
from typing import Final

from sip.errors import ParseError
from sip.headers import Address
from sip.message import Request
from sip.uri import Uri

VALUES_MAX: Final = 16
"""Identities or diversions that are read; a call that was diverted more often is going round in circles. The rest is
left out."""
ANONYMOUS_HOST: Final = "anonymous.invalid"
"""RFC 3323 4.1.1.3."""
HIDING: Final = frozenset({"id", "user", "header", "session"})
"""Values of Privacy by which a caller wants to stay unknown; `none` and `critical` are none of them."""
_SEPARATORS: Final = str.maketrans("", "", "-.() ")
_NUMBER: Final = re.compile(r"\+?[0-9*#]{1,32}")


def asserted(request: Request) -> tuple[Address, ...]:
    """Who calls, by the word of the network: a SIP address, a telephone number, or both."""
    return _addresses(request, "P-Asserted-Identity")


def preferred(request: Request) -> tuple[Address, ...]:
    """Who the caller says that it is, of several that it may be."""
    return _addresses(request, "P-Preferred-Identity")


def wants_privacy(request: Request) -> bool:
    """Whether the caller wants nobody to see its number."""
    for line in request.headers.get_all("Privacy"):
        if HIDING.intersection(value.strip(" \t").lower() for value in re.split("[;,]", line)):
            return True
    try:
        return is_anonymous(request.from_)
    except ParseError:
        return False


def is_anonymous(address: Address) -> bool:
    """Whether an address names nobody."""
    uri = address.uri
    return uri.host.lower() == ANONYMOUS_HOST or (uri.user or "").lower() == "anonymous"


def diversions(request: Request) -> tuple[Address, ...]:
    """Whom the call was meant for before it came here, the last who sent it on first: what a number that was dialled in is
    told by when calls to it are forwarded.
    """
    said = _addresses(request, "Diversion")
    if said:
        return said
    history = sorted(
        [(index, address) for address in _addresses(request, "History-Info") if (index := _index(address))],
        key=lambda entry: entry[0],
    )
    # The last entry is where the call is now.
    return tuple([address for _, address in reversed(history[:-1])])


def number_of(uri: Uri) -> str:
    """The telephone number in a URI, without the marks that make it readable; "" where there is none."""
    user = uri.user or ""
    number = user.partition(";")[0].translate(_SEPARATORS)
    return number if _NUMBER.fullmatch(number) else ""


def _addresses(request: Request, name: str) -> tuple[Address, ...]:
    if request.headers.get(name) is None:
        return ()
    read = []
    for value in request.headers.values(name)[:VALUES_MAX]:
        try:
            read.append(Address.parse(value))
        except ParseError:
            continue
    return tuple(read)


def _index(address: Address) -> tuple[int, ...]:
    """The place of an entry in the tree of targets, "1.2.1" (RFC 7044 10.3)."""
    text = address.parameter("index") or ""
    parts = text.split(".")
    if len(text) > 64 or not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        return ()
    return tuple([int(part) for part in parts])

"""A REGISTER read into what it asks for (RFC 3261 10.3, RFC 5626 6, RFC 3327 5.3).

it has                                          it is
no Contact                                      a question: what is bound?
Contact: * alone, with Expires: 0               an end to all bindings
any other Contact: *                            400
contacts, each with its time or that of Expires a change, taken whole or not at all
a time over 0 and below the least               423 with Min-Expires (an hour is always long enough)
outbound asked for, and proxies on the way
  whose first did not mark its Path `;ob`       439
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sip.errors import ParseError
from sip.flow import Flow
from sip.grammar import printable, unquote
from sip.headers import Address, Headers
from sip.message import Request
from sip.registrar.binding import Binding
from sip.uri import Uri

CONTACT_MAX: Final = 512
"""Characters of a contact's URI, and of an instance; real ones have 30 to 250. They are kept for hours. Beyond: 400."""
PATHS_MAX: Final = 8
"""Path values; one for each proxy on the way that wants calls to come by it. Beyond: 400."""
PATH_MAX: Final = 512
"""Characters of one Path value. Beyond: 400."""
PRODUCT_MAX: Final = 64
"""Characters of User-Agent that are kept for the operator's list; the rest is cut off."""
HOUR_S: Final = 3600
"""A time that cannot be read is this (RFC 3261 10.2.1.1), and none that reaches it is too brief (10.3, step 7)."""
REG_ID_MAX: Final = 2**31 - 1

_SECONDS: Final = re.compile(r"[0-9]{1,10}")
_Q: Final = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_REG_ID: Final = re.compile(r"0*([0-9]{1,10})")


class RefusedError(Exception):
    """The request is refused: how. Never leaves this package."""

    def __init__(self, status: int, *fields: tuple[str, str]) -> None:
        super().__init__(status)
        self.status = status
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Asked:
    """What a REGISTER asks for."""

    bindings: tuple[Binding, ...] = ()
    """In its order; one whose end is its beginning is to go."""
    all_end: bool = False
    path: tuple[str, ...] = ()
    outbound: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """For how long a binding may be had, in seconds."""

    minimum_s: int
    default_s: int
    maximum_s: int

    def granted(self, asked: str | None) -> int:
        """The time for what stands in the request; None where nothing does."""
        if asked is None:
            return self.default_s
        seconds = int(asked) if _SECONDS.fullmatch(asked) else HOUR_S
        if 0 < seconds < min(self.minimum_s, HOUR_S):
            raise RefusedError(423, ("Min-Expires", str(self.minimum_s)))
        return min(seconds, self.maximum_s)


def read(request: Request, flow: Flow, aor: str, terms: Terms, now: float) -> Asked:
    """Read a REGISTER of the user `aor`; raises `RefusedError`."""
    try:
        return _read(request, flow, aor, terms, now)
    except ParseError as error:
        raise RefusedError(400) from error


def _read(request: Request, flow: Flow, aor: str, terms: Terms, now: float) -> Asked:
    headers = request.headers
    lines = headers.values("Contact")
    expires = headers.get("Expires")
    if "*" in lines:
        if len(lines) > 1 or expires is None or expires.strip("0 \t") or not expires.strip():
            raise RefusedError(400)
        return Asked(all_end=True)
    path = _path(headers)
    outbound = "outbound" in [tag.lower() for tag in headers.values("Supported")]
    product = printable(headers.get("User-Agent") or "")[:PRODUCT_MAX]
    bindings: list[Binding] = []
    for line in lines:
        address = Address.parse(line)
        granted_s = terms.granted(_first(address.parameter("expires"), expires))
        instance = _instance(address)
        # Without an instance there is nothing a reg-id could be of (RFC 5626 6).
        reg_id = _reg_id(address) if outbound and instance else 0
        binding = Binding(
            aor, _contact(address.uri), flow, request.call_id, request.cseq.number, now, now + granted_s,
            _q(address), path, instance, reg_id, product,
        )  # fmt: skip
        bindings.append(binding)
    outbound = any(binding.reg_id for binding in bindings)
    if outbound:
        _inspect_first_hop(headers, path)
    return Asked(tuple(bindings), path=path, outbound=outbound)


def _first(*values: str | None) -> str | None:
    return next((value.strip() for value in values if value is not None), None)


def _contact(uri: Uri) -> Uri:
    if uri.scheme not in ("sip", "sips"):
        raise RefusedError(416)
    if len(str(uri)) > CONTACT_MAX:
        raise ParseError("contact too long")
    return uri


def _instance(address: Address) -> str:
    instance = unquote(address.parameter("+sip.instance") or "")
    if len(instance) > CONTACT_MAX or '"' in instance or "\\" in instance:
        raise ParseError("malformed instance")
    return instance


def _reg_id(address: Address) -> int:
    text = address.parameter("reg-id")
    if text is None:
        return 0
    match = _REG_ID.fullmatch(text)
    if match is None or not 0 < int(match[1]) <= REG_ID_MAX:
        raise ParseError("malformed reg-id")
    return int(match[1])


def _q(address: Address) -> float:
    text = address.parameter("q")
    if text is None:
        return 1.0
    if _Q.fullmatch(text) is None:
        raise ParseError("malformed q")
    return float(text)


def _path(headers: Headers) -> tuple[str, ...]:
    path = tuple(headers.values("Path"))
    if len(path) > PATHS_MAX or any(len(value) > PATH_MAX for value in path):
        raise ParseError("too much Path")
    for value in path:
        Address.parse(value)
    return path


def _inspect_first_hop(headers: Headers, path: tuple[str, ...]) -> None:
    """Outbound needs a flow kept by whoever the telephone speaks to: that is us, or a proxy that says so (RFC 5626 6)."""
    if len(headers.values("Via")) > 1 and not (
        path and Address.parse(path[-1]).uri.parameter("ob") is not None
    ):
        raise RefusedError(439)

"""Where a call may go (`*1`, G3): what was keyed or said becomes a destination, or the reason why it is none.

Theory of operation. Whatever way a number is spelled, `numbering` reads it into E.164 first, and only that is looked at:

    1. dial-out is on at all                                          CLOSED
    2. the digits are a number, whole, with its carrier               NOT_A_NUMBER, INCOMPLETE, CARRIER
    3. it is no number of help                                        EMERGENCY
    4. it is none that is dear by design                              PREMIUM
    5. where that is on, it is an account's name or number            rings its telephones, and costs nothing
    6. it is not one of our own (a call that would call itself)       NOT_ALLOWED
    7. the longest allowed prefix that fits says its price            NOT_ALLOWED where none does
    8. there is a trunk that takes it                                 NOT_ALLOWED where none does

What is dialled is made from that same E.164, as the trunk that takes it writes numbers, so nothing can be smuggled past by a
spelling. Where digits are no number the
short codes are looked for all the same (`numbering.tails`), so that the caller hears the true reason, and no account's name can
hide one.

A SIP address is called at hosts on the list alone, and is written anew from what was understood: no password, no header, no
parameter that leads elsewhere (RFC 3261 section 19.1.1: maddr). A gateway among those hosts would dial digits, so a user
part of digits is a number to us too: with "+" it goes the way above, without it is an extension, short, and no short code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from ipaddress import ip_address
from typing import Final, Protocol

from bridge.service.numbering import (
    Misread,
    Number,
    Numbering,
    is_national,
    read_international,
    read_keyed,
    tails,
    tails_without_area,
)
from sip.errors import ParseError
from sip.uri import Uri

KEYED_DIGITS: Final = 32
"""International prefix, carrier and fifteen digits are fewer; who keys more leans on the keypad. It is no number."""

ADDRESS_LENGTH: Final = 256
"""Characters of an address; a longer one is none. RFC 3261 sets no bound, telephones do at about this."""

EXTENSION_DIGITS: Final = 6
"""Digits at a SIP host that may be an extension of a house; more are a telephone number, and must be written as one."""

OUTSIDE_LINE: Final = ("0", "9")
"""What extensions key for an outside line, in Europe and Brazil and in America: 0190 and 9911 at a SIP host call for help."""

SIP_PORT: Final = 5060
"""RFC 3261 section 19.1.2: the port where none is said."""

TRANSPORTS: Final = frozenset({"", "udp", "tcp", "tls"})
"""What a SIP address may say of its transport; nothing leaves it to the DNS (RFC 3263)."""

_KEYED: Final = re.compile(r"[0-9]*")
_E164: Final = re.compile(r"\+[0-9]+")
_SEPARATORS: Final = re.compile(r"[ .()\-]")
"""Visual separators (RFC 3966 section 5.1.1), and the space that people write."""
_SIP_USER: Final = re.compile(r"\+?[A-Za-z0-9][A-Za-z0-9._+\-]{0,63}")
_USER_SEPARATORS: Final = re.compile(r"[._\-]")


class Why(Enum):
    """Why a destination is none. The value is what the log says."""

    INCOMPLETE = "incomplete"
    NOT_A_NUMBER = "not a number"
    CARRIER = "carrier"
    EMERGENCY = "emergency"
    PREMIUM = "premium"
    NOT_ALLOWED = "not allowed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Refused:
    why: Why


class Kind(Enum):
    """What is called."""

    LOCAL = "local"
    """A number of the local area."""
    NATIONAL = "national"
    INTERNATIONAL = "international"
    SIP = "sip"
    OPERATOR = "operator"
    """A telephone of ours, by its name."""
    INTERNAL = "internal"
    """The telephones of an account."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a call goes. Only `masked` may be seen in a log."""

    number: str = field(repr=False)
    """E.164 with "+"; "" where a SIP address is called."""
    uri: str = field(repr=False)
    """What is called: a SIP address, or the `tel:` URI of a number (RFC 3966), which a trunk has its own way to write."""
    read_back: str = field(repr=False)
    """The digits that are said for the caller to confirm: as keyed, or as they are written in the country; "" without."""
    carrier: str
    """The carrier that was keyed, or ""."""
    kind: Kind
    price_per_minute: Decimal
    at_night: bool
    """Whether it may be called within the night hours."""
    masked: str
    national: str = field(default="", repr=False)
    """The number as it is dialled in the country: area and subscriber, or the international prefix and all of it."""


class AllowedPrefix(Protocol):
    """Numbers that may be called, as the configuration has them."""

    @property
    def prefix(self) -> str:
        """With "+"."""

    @property
    def price_per_minute(self) -> Decimal: ...
    @property
    def at_night(self) -> bool | None:
        """None: where it is a number of the own country."""


def no_account(_called: str) -> str:
    """Where no account may be called."""
    return ""


_REFUSED: Final = {why: Refused(why) for why in Why}
_MISREAD: Final = {
    Misread.INCOMPLETE: Why.INCOMPLETE,
    Misread.NOT_A_NUMBER: Why.NOT_A_NUMBER,
    Misread.CARRIER: Why.CARRIER,
}


class DialPlan:
    """Reads destinations. Holds no state."""

    __slots__ = (
        "_account_of",
        "_accounts",
        "_emergency",
        "_enabled",
        "_own_addresses",
        "_own_e164",
        "_own_numbers",
        "_prefixes",
        "_premium",
        "_rules",
        "_sip_domains",
        "_takes",
    )

    def __init__(
        self,
        *,
        enabled: bool,
        numbering: Numbering,
        takes: Callable[[str], bool],
        prefixes: Sequence[AllowedPrefix] = (),
        emergency: Iterable[str] = (),
        premium: Iterable[str] = (),
        sip_domains: Iterable[str] = (),
        accounts: Mapping[str, str] | None = None,
        own_numbers: Iterable[str] = (),
        own_addresses: Iterable[str] = (),
        account_of: Callable[[str], str] = no_account,
    ) -> None:
        """`takes` says whether any trunk takes a number in E.164; `accounts` are names and their SIP URIs; `account_of` finds the
        account of a name or a number that may be called (`Directory`). Hosts in `sip_domains` and `own_addresses` may have a
        port, and are then that port alone.
        """
        self._account_of = account_of
        self._enabled = enabled
        self._rules = numbering
        self._takes = takes
        self._prefixes = {each.prefix: each for each in prefixes}
        self._emergency = frozenset(emergency)
        self._premium = tuple(premium)
        self._sip_domains = _hosts(sip_domains)
        self._accounts = dict(accounts or {})
        self._own_numbers = frozenset(own_numbers)
        self._own_e164 = frozenset(
            e164 for number in self._own_numbers for e164 in self._every_reading(number)
        )
        self._own_addresses = _hosts(own_addresses)

    def read(self, keyed: str) -> Destination | Refused:
        """What a moderator means who keyed `keyed` (`*1`)."""
        if not self._enabled:
            return _REFUSED[Why.CLOSED]
        if len(keyed) > KEYED_DIGITS or not _KEYED.fullmatch(keyed):
            return _REFUSED[Why.NOT_A_NUMBER]
        return self._destination(read_keyed(self._rules, keyed), keyed, read_back=keyed)

    def address(self, text: str) -> Destination | Refused:
        """What `text` means: a number with "+" or as it would be keyed, a `sip:` address, or the name of a telephone of ours."""
        if not self._enabled:
            return _REFUSED[Why.CLOSED]
        if len(text) > ADDRESS_LENGTH:
            return _REFUSED[Why.NOT_A_NUMBER]
        operator = self.operator(text)
        if operator is not None:
            return operator
        if text[:4].lower() == "sip:":
            return self._sip(text)
        return self._written(_SEPARATORS.sub("", text))

    def _written(self, number: str) -> Destination | Refused:
        """A number as somebody writes it down: with "+", or as it is keyed where the bridge is."""
        if number and _KEYED.fullmatch(number):
            return self.read(number)
        if not _E164.fullmatch(number):
            return _REFUSED[Why.INCOMPLETE if number in {"", "+"} else Why.NOT_A_NUMBER]
        return self._international(number[1:])

    def operator(self, name: str) -> Destination | None:
        """A telephone of ours, also while nothing else may be called; None where there is none of that name."""
        uri = self._accounts.get(name)
        if uri is None:
            return None
        return Destination("", uri, "", "", Kind.OPERATOR, Decimal(0), at_night=True, masked=name)

    def _international(self, digits: str) -> Destination | Refused:
        if len(digits) > KEYED_DIGITS:
            return _REFUSED[Why.NOT_A_NUMBER]
        return self._destination(read_international(self._rules, digits), digits, read_back=None, abroad=True)

    def _destination(
        self, number: Number | Misread, digits: str, *, read_back: str | None, abroad: bool = False
    ) -> Destination | Refused:
        if isinstance(number, Misread):
            why = self._short_code(digits, abroad=abroad)
            internal = self._internal(digits) if why is None and not abroad else None
            return internal or _REFUSED[why or _MISREAD[number]]
        if self._is_emergency(number):
            return _REFUSED[Why.EMERGENCY]
        if self._is_premium(number):
            return _REFUSED[Why.PREMIUM]
        internal = self._internal(number.e164, read_back or number.national)
        if internal is not None:
            return internal
        allowed = self._allowed(number.e164)
        if allowed is None or number.e164 in self._own_e164 or not self._takes(number.e164):
            return _REFUSED[Why.NOT_ALLOWED]
        national = number.national or self._rules.international_prefix + number.e164[1:]
        return Destination(
            number=number.e164,
            uri=f"tel:{number.e164}",
            read_back=national if read_back is None else read_back,
            carrier=number.carrier,
            kind=self._kind(number),
            price_per_minute=allowed.price_per_minute,
            at_night=bool(number.national) if allowed.at_night is None else allowed.at_night,
            masked=masked(number.e164),
            national=national,
        )

    def _internal(self, called: str, read_back: str = "") -> Destination | None:
        """The telephones of the account that has this name or number; None where there is none."""
        account = self._account_of(called)
        if not account:
            return None
        return Destination(
            number="",
            uri=f"account:{account}",
            read_back=read_back or called,
            carrier="",
            kind=Kind.INTERNAL,
            price_per_minute=Decimal(0),
            at_night=True,
            masked=account,
        )

    def _kind(self, number: Number) -> Kind:
        if not number.national:
            return Kind.INTERNATIONAL
        area = self._rules.local_area
        return Kind.LOCAL if area and number.national.startswith(area) else Kind.NATIONAL

    def _is_emergency(self, number: Number) -> bool:
        """Only loose patterns let it come so far; then it must be found here."""
        national = number.national
        return bool(national) and not self._emergency.isdisjoint(
            {national, national[len(self._rules.local_area) :]}
        )

    def _is_premium(self, number: Number) -> bool:
        for start in self._premium:
            if start.startswith("+"):
                if number.e164.startswith(start):
                    return True
            elif number.national.startswith(start.removeprefix(self._rules.trunk_prefix)):
                return True
        return False

    def _short_code(self, digits: str, *, abroad: bool) -> Why | None:
        """What digits that are no number were meant to be, if it is something that is never called."""
        found = tails(self._rules, digits)
        codes = found | tails_without_area(self._rules, digits)
        if abroad:
            # Of another country: its code has one to three digits.
            codes |= {digits[length:] for length in (1, 2, 3)}
        if not self._emergency.isdisjoint(codes):
            return Why.EMERGENCY
        return Why.PREMIUM if self._begins_premium(found, digits, abroad=abroad) else None

    def _begins_premium(self, found: set[str], digits: str, *, abroad: bool) -> bool:
        code, prefix = self._rules.country_code, self._rules.international_prefix
        national = {digits.removeprefix(code)} if abroad and digits.startswith(code) else set()
        abroad = abroad or bool(prefix and digits.startswith(prefix))
        for start in self._premium:
            if start.startswith("+"):
                if abroad and any(tail.startswith(start[1:]) for tail in found):
                    return True
            elif any(tail.startswith(start) for tail in found) or any(
                tail.startswith(start.removeprefix(self._rules.trunk_prefix)) for tail in national
            ):
                return True
        return False

    def _allowed(self, e164: str) -> AllowedPrefix | None:
        """The longest prefix that fits."""
        fits = (self._prefixes.get(e164[:length]) for length in range(len(e164), 1, -1))
        return next((prefix for prefix in fits if prefix is not None), None)

    def _every_reading(self, text: str) -> Iterable[str]:
        """All the numbers that `text`, an access number as somebody configured it, may be."""
        digits = text.removeprefix("+")
        if not _KEYED.fullmatch(digits):
            return
        readings = [read_international(self._rules, digits)]
        if not text.startswith("+"):
            readings.append(read_keyed(self._rules, digits))
            national = digits.removeprefix(self._rules.trunk_prefix)
            if is_national(self._rules, national):
                readings.append(read_international(self._rules, self._rules.country_code + national))
        yield from (number.e164 for number in readings if isinstance(number, Number))

    def _sip(self, text: str) -> Destination | Refused:
        try:
            uri = Uri.parse(text)
        except ParseError:
            return _REFUSED[Why.NOT_A_NUMBER]
        transport = (uri.parameter("transport") or "").lower()
        user = uri.decoded_user
        sound = not uri.headers and uri.password is None and transport in TRANSPORTS
        if not sound or (user and not _SIP_USER.fullmatch(user)):
            return _REFUSED[Why.NOT_A_NUMBER]
        target = Uri(
            "sip",
            user or None,
            uri.host,
            uri.port,
            (("transport", transport),) if transport else (),
        )
        if not _names(self._sip_domains, target) or _names(self._own_addresses, target, exactly=True):
            return _REFUSED[Why.NOT_ALLOWED]
        found = self._digits_at_host(user)
        if isinstance(found, Refused):
            return found
        return Destination(
            number="",
            uri=str(target),
            read_back="",
            carrier="",
            kind=Kind.SIP,
            price_per_minute=Decimal(0) if found is None else found.price_per_minute,
            at_night=True if found is None else found.at_night,
            masked=f"sip:****@{uri.host}" if found is None else found.masked,
        )

    def _digits_at_host(self, user: str) -> Destination | Refused | None:
        """The number that the user part of a SIP address is; None where it is a name or an extension."""
        written = _USER_SEPARATORS.sub("", user)
        digits = written.replace("+", "")
        if user in self._own_numbers or digits in self._own_numbers:
            return _REFUSED[Why.NOT_ALLOWED]
        if not digits or not _KEYED.fullmatch(digits):
            return None
        if _E164.fullmatch(written):
            return self._international(digits)
        if "+" in written:
            return _REFUSED[Why.NOT_A_NUMBER]
        dressed = {digits, *(digits.removeprefix(line) for line in OUTSIDE_LINE)}
        for each in dressed:
            why = self._short_code(each, abroad=False)
            if why is not None:
                return _REFUSED[why]
        return None if len(digits) <= EXTENSION_DIGITS else _REFUSED[Why.NOT_ALLOWED]


def _hosts(texts: Iterable[str]) -> frozenset[tuple[str, int | None]]:
    """Hosts as `Uri` has them, and the port where one is said. What is no host names none."""
    found = set()
    for text in texts:
        try:
            uri = Uri.parse(f"sip:{text}")
        except ParseError:
            continue
        found.add((_canonical(uri.host), uri.port))
    return frozenset(found)


def _canonical(host: str) -> str:
    """IPv6 has many spellings for one address (RFC 5952)."""
    try:
        return str(ip_address(host))
    except ValueError:
        return host


def _names(hosts: frozenset[tuple[str, int | None]], uri: Uri, *, exactly: bool = False) -> bool:
    """Whether one of `hosts` is that of `uri`: with its port, or (not `exactly`) without one and then on any port."""
    host, port = _canonical(uri.host), uri.port or SIP_PORT
    anywhere = (host, None) in hosts and (not exactly or port == SIP_PORT)
    return anywhere or (host, port) in hosts


def masked(number: str) -> str:
    """`number` for a log: its beginning and end, enough to find a call and too little to call back.

    >>> masked("+5511987654321")
    '+5511****4321'
    """
    end = 4 if len(number) >= 12 else 2
    start = min(5, max(0, len(number) - end - 4))
    return f"{number[:start]}****{number[-end:]}"

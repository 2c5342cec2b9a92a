"""What can be set of calls that go out (`*1`, `*92`, G3): where to, at what price, how many, and when.

Closed by default: no call leaves until `enabled` is true, a prefix is allowed and there is a trunk (`config.trunks`). There is no value for "no
limit" here: a stolen passcode spends until a limit is reached, so every limit has a number (field.md 2, row 30).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Final

from bridge.config.values import Form, Range
from bridge.service.numbering import BRAZIL, EMERGENCY, PREMIUM
from bridge.service.numbering import Numbering as Rules
from bridge.service.spending import Allowance

LONGEST_CALL_S: Final = 14_400.0
"""Four hours: longer than nearly every meeting, and what a forgotten call costs is bounded."""

HOST: Final = r"(?:[A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])"
"""A host as it stands in a SIP address: a name, an IPv4 address, or an IPv6 address in brackets."""

Digits = Annotated[str, Form(re.compile(r"[0-9]{1,8}"), "1 to 8 digits in quotes")]
MaybeDigits = Annotated[str, Form(re.compile(r"[0-9]{0,4}"), "up to 4 digits in quotes")]
Price = Annotated[Decimal, Range(0, 1000)]
Money = Annotated[Decimal, Range(0, 10_000_000)]
RingS = Annotated[float, Range(5, 180)]
"""More than 180 s no network rings (RFC 3261 section 16.6 lets a proxy give up after three minutes)."""
Hour = Annotated[int, Range(0, 23)]


@dataclass(frozen=True, slots=True)
class Numbering(Rules):
    """The numbers of the country that the bridge stands in (`service.numbering`); Brazil's by default."""

    country_code: Annotated[
        str, Form(re.compile(r"[1-9][0-9]{0,2}"), 'a country code without "+", such as "55"')
    ] = BRAZIL.country_code
    international_prefix: Digits = BRAZIL.international_prefix
    trunk_prefix: MaybeDigits = BRAZIL.trunk_prefix
    carriers: tuple[Digits, ...] = BRAZIL.carriers
    local_area: MaybeDigits = BRAZIL.local_area
    patterns: Annotated[
        tuple[
            Annotated[
                str,
                Form(
                    re.compile(r"(?:[0-9XZN]|\[[0-9](?:-?[0-9])*\]){4,15}"),
                    "4 to 15 places, each a digit, X (0 to 9), Z (1 to 9), N (2 to 9) or a choice such as [2-5]",
                ),
            ],
            ...,
        ],
        Range(1),
    ] = BRAZIL.patterns


@dataclass(frozen=True, slots=True)
class Prefix:
    """Numbers that may be called, and what they cost (G3). Of several that fit a number the longest counts."""

    prefix: Annotated[
        str,
        Form(
            re.compile(r"\+[1-9][0-9]{0,14}"), 'the beginning of numbers with "+", such as "+55" or "+5511"'
        ),
    ]
    price_per_minute: Price
    """What the carrier takes for each minute begun: only to count what is spent. Any currency, the same everywhere."""
    at_night: bool | None = None
    """Whether it may be called within the night hours. None: where it is a number of the own country."""


@dataclass(frozen=True, slots=True)
class PerPair(Allowance):
    """What the calls of one passcode pair may add up to."""

    parallel: Annotated[int, Range(1, 10_000)] = 100
    calls_per_day: Annotated[int, Range(1, 1_000_000)] = 500
    spend_per_day: Money = Decimal(200)


@dataclass(frozen=True, slots=True)
class PerCustomer(Allowance):
    """The same for all pairs of a customer."""

    parallel: Annotated[int, Range(1, 10_000)] = 200
    calls_per_day: Annotated[int, Range(1, 1_000_000)] = 2000
    spend_per_day: Money = Decimal(500)


@dataclass(frozen=True, slots=True)
class Overall(Allowance):
    """The same for the whole bridge."""

    parallel: Annotated[int, Range(1, 10_000)] = 500
    calls_per_day: Annotated[int, Range(1, 1_000_000)] = 10_000
    spend_per_day: Money = Decimal(2000)


@dataclass(frozen=True, slots=True)
class DialOut:
    """`*1`, `*92` and calls that operators place (G3)."""

    enabled: bool = False
    caller_id: Annotated[
        str, Form(re.compile(r"|\+?[0-9A-Za-z][0-9A-Za-z._-]{0,63}"), "a telephone number, without spaces")
    ] = ""
    """The number that the called person sees; empty: the first access number (`Config.caller_id`)."""
    internal: bool = False
    """Whether the telephones of accounts may be called by the account's number, or its name where that is digits."""
    ring_s: RingS = 45.0
    maximum_call_s: Annotated[float, Range(60, 86_400)] = LONGEST_CALL_S
    sip_domains: tuple[
        Annotated[str, Form(re.compile(HOST + r"(?::[0-9]{1,5})?"), "a host, or a host and a port")], ...
    ] = ()
    """Hosts whose SIP addresses may be called; with a port that port alone. None by default."""
    emergency: tuple[Digits, ...] = EMERGENCY
    """Numbers of help that are never called from here: the caller would not be where the network believes."""
    premium: tuple[
        Annotated[
            str,
            Form(
                re.compile(r"\+[1-9][0-9]{0,14}|[0-9]{2,8}"),
                'the beginning of a number, such as "0900" or "+979"',
            ),
        ],
        ...,
    ] = PREMIUM
    """Beginnings of numbers that are never called, whatever `prefixes` allows: dear by design, and what fraud calls."""
    night_from_hour: Hour = 22
    night_until_hour: Hour = 6
    """Local time of `service.time_zone`. The same hour twice: no night."""
    per_pair: PerPair = field(default_factory=PerPair)
    per_customer: PerCustomer = field(default_factory=PerCustomer)
    overall: Overall = field(default_factory=Overall)
    numbering: Numbering = field(default_factory=Numbering)
    prefixes: tuple[Prefix, ...] = ()


@dataclass(frozen=True, slots=True)
class Blast:
    """`*92`: many calls at once."""

    calls_per_second: Annotated[int, Range(1, 50)] = 5
    """Carriers take a trunk that dials faster for an attack; 50 is more than any sells without asking."""
    parallel: Annotated[int, Range(1, 1000)] = 100
    """Calls of one blast that ring or hear the message at once."""
    attempts: Annotated[int, Range(1, 10)] = 3
    """Calls to each number, the first included: busy and no answer are tried again."""
    retry_after_s: Annotated[float, Range(5, 3600)] = 60.0
    ring_s: RingS = 30.0
    """Shorter than a single call rings: voicemail mostly answers after 25 to 40 s."""
    press_one: bool = True
    """Whoever answers is connected after pressing 1, so that no voicemail ever is."""

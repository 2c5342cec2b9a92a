"""How one TOML value becomes a typed one, and the words for what was expected instead.

Each kind of value is a small reader: it takes what tomllib gave and returns the typed value, or raises `ValueError` with
the words that finish the sentence "... must be". A setting names its kind by its annotation; what the annotation alone
cannot say (a range, a choice, a pattern) stands beside it in `Annotated`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Final, get_args, get_origin
from zoneinfo import ZoneInfo

Network = IPv4Network | IPv6Network

Line = Callable[[tuple[str | int, ...]], int]

ADDRESSES_REMEMBERED: Final = 4096
"""Addresses that need not be read again, 1 MB; of more the one least recently used is forgotten."""


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """A numeric IP address and a port. Names are not resolved: what listens is said in full."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_ipv6(self) -> bool:
        return ":" in self.host

    @property
    def is_loopback(self) -> bool:
        return ip_address(self.host).is_loopback


def within(address: str, networks: Sequence[Network]) -> bool:
    """Whether `address`, as a socket tells it, lies in one of `networks`; what is no address lies in none."""
    ip = _read_ip(address) if networks else None
    return ip is not None and any(ip in network for network in networks)


@lru_cache(ADDRESSES_REMEMBERED)
def _read_ip(address: str) -> IPv4Address | IPv6Address | None:
    """The same few peers are asked about six times for each call."""
    try:
        ip = ip_address(address)
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds of a number, both allowed; `upper` None is open."""

    lower: float
    upper: float | None = None

    def __str__(self) -> str:
        if self.upper is None:
            return f"of at least {self.lower:g}"
        return f"from {self.lower:g} to {self.upper:g}"

    def holds(self, value: float) -> bool:
        return self.lower <= value and (self.upper is None or value <= self.upper)


@dataclass(frozen=True, slots=True)
class OneOf:
    """The texts that a setting may be."""

    choices: tuple[str, ...]

    def __str__(self) -> str:
        return "one of " + ", ".join(f'"{choice}"' for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Form:
    """A text of a given form, and how to say it."""

    pattern: re.Pattern[str]
    words: str

    def __str__(self) -> str:
        return self.words


class MisfitsError(ValueError):
    """Values of a list did not fit: `items` has the words for each, and the value, by its index."""

    def __init__(self, items: dict[int, tuple[str, object]]) -> None:
        super().__init__("a list of what fits")
        self.items = items


_ADDRESS: Final = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<four>[0-9.]+)):(?P<port>[0-9]{1,5})")


def read_bool(value: object, _limits: tuple[object, ...]) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("true or false")


def read_int(value: object, limits: tuple[object, ...]) -> int:
    bounds = _bounds(limits)
    if isinstance(value, int) and not isinstance(value, bool) and (bounds is None or bounds.holds(value)):
        return value
    raise ValueError("a whole number" + (f" {bounds}" if bounds else ""))


def read_float(value: object, limits: tuple[object, ...]) -> float:
    bounds = _bounds(limits)
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and (bounds is None or bounds.holds(value))
    ):
        return float(value)
    raise ValueError("a number" + (f" {bounds}" if bounds else ""))


def read_decimal(value: object, limits: tuple[object, ...]) -> Decimal:
    """Money is exact: 0.1 in the file is a tenth, not the binary fraction nearest to it."""
    return Decimal(str(read_float(value, limits)))


def read_str(value: object, limits: tuple[object, ...]) -> str:
    for limit in limits:
        if isinstance(limit, OneOf) and value not in limit.choices:
            raise ValueError(str(limit))
        if isinstance(limit, Form) and not (isinstance(value, str) and limit.pattern.fullmatch(value)):
            raise ValueError(str(limit))
    if isinstance(value, str):
        return value
    raise ValueError("a text in quotes")


def read_address(value: object, _limits: tuple[object, ...]) -> Address:
    found = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
    if found:
        host = found["six"] or found["four"]
        try:
            ip = ip_address(host)
        except ValueError:
            ip = None
        if ip is not None and (ip.version == 6) == bool(found["six"]) and 1 <= int(found["port"]) <= 65535:
            return Address(str(ip), int(found["port"]))
    raise ValueError('a numeric address and a port, such as "127.0.0.1:5060" or "[::1]:5060"')


def read_network(value: object, _limits: tuple[object, ...]) -> Network:
    try:
        if isinstance(value, str):
            return ip_network(value)
    except ValueError:
        pass
    raise ValueError('a network without host bits, such as "10.0.0.0/8" or "192.0.2.7/32"')


def read_path(value: object, _limits: tuple[object, ...]) -> Path:
    if isinstance(value, str) and value and "\0" not in value:
        return Path(value)
    raise ValueError("a path in quotes")


def read_zone(value: object, _limits: tuple[object, ...]) -> ZoneInfo:
    try:
        if isinstance(value, str):
            return ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or a folder of the time zone database
        pass
    raise ValueError('a time zone of the IANA database, such as "America/Sao_Paulo"')


_READERS: Final[dict[object, Callable[[object, tuple[object, ...]], object]]] = {
    bool: read_bool,
    int: read_int,
    float: read_float,
    Decimal: read_decimal,
    str: read_str,
    Address: read_address,
    Network: read_network,
    Path: read_path,
    ZoneInfo: read_zone,
}


def read_value(hint: Any, value: object) -> Any:
    """`value` as `hint` says, or `ValueError` with what it must be (`MisfitsError` where some of a list did not fit)."""
    limits: tuple[object, ...] = ()
    if hasattr(hint, "__metadata__"):
        limits, hint = hint.__metadata__, get_args(hint)[0]
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise ValueError("a list in brackets")
        return _read_items(get_args(hint)[0], value)
    if type(None) in get_args(hint):
        hint = next(part for part in get_args(hint) if part is not type(None))
    return _READERS[hint](value, limits)


def _read_items(hint: Any, items: list[object]) -> tuple[Any, ...]:
    found: list[Any] = []
    misfits: dict[int, tuple[str, object]] = {}
    for index, item in enumerate(items):
        try:
            found.append(read_value(hint, item))
        except ValueError as fault:
            misfits[index] = (str(fault), item)
    if misfits:
        raise MisfitsError(misfits)
    return tuple(found)


def _bounds(limits: tuple[object, ...]) -> Range | None:
    return next((limit for limit in limits if isinstance(limit, Range)), None)

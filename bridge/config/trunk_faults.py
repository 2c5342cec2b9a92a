"""What is wrong with the trunks of a configuration that only the whole of it can say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from bridge.config.trunks import LONGEST_PASSWORD, Trunk
from bridge.config.values import Address
from sip.errors import ParseError
from sip.flow import SIP_PORT
from sip.locating import PORTS
from sip.uri import Uri

if TYPE_CHECKING:
    from bridge.config.settings import Config

    KeyPath = tuple[str | int, ...]

MOVED: Final = {
    "dial_out.trunk": "dial_out.trunk has become a table of its own: write [[trunks]] with"
    ' name = "carrier" and address = {value}',
    "dial_out.transport": "dial_out.transport belongs to the trunk now:"
    " write transport = {value} under its [[trunks]]",
    "dial_out.uri": "dial_out.uri belongs to the trunk now: write uri = {value} under its [[trunks]]",
}
"""Keys that have become a trunk's, and what to write instead."""


def faults(config: Config) -> Iterable[tuple[KeyPath, str]]:
    """What is wrong with the trunks that only the whole can say: where, and words."""
    seen: set[str] = set()
    for index, trunk in enumerate(config.trunks):
        path: KeyPath = ("trunks", index)
        if trunk.name in seen:
            yield (*path, "name"), f'trunks: name "{trunk.name}" is given twice'
        seen.add(trunk.name)
        yield from _addresses(trunk, path, config)
        if not config.server.of(trunk.transport):
            yield (
                (*path, "transport"),
                f"trunks.transport {trunk.transport} needs an address in server.{trunk.transport}, which its calls leave from",
            )
        yield from _password(trunk, path, config)
        for key in ("codecs", "dtmf", "prefixes"):
            values = getattr(trunk, key)
            if len(set(values)) < len(values):
                yield (*path, key), f"trunks.{key} names something twice"
    out = config.dial_out
    if out.enabled and out.prefixes and not config.trunks:
        yield (
            ("dial_out", "enabled"),
            "dial_out.enabled needs [[trunks]]: prefixes are allowed, and no call would leave",
        )


def _addresses(trunk: Trunk, path: KeyPath, config: Config) -> Iterable[tuple[KeyPath, str]]:
    texts = {
        "address": f"sip:{trunk.address}",
        "registrar": f"sip:{trunk.registrar or trunk.address}",
        "from_domain": f"sip:{trunk.from_domain or 'a'}",
        "uri": re.sub(r"\{\w+\}", "1", trunk.uri),
    }
    sound = True
    for key, text in texts.items():
        try:
            Uri.parse(text)
        except ParseError as error:
            sound = False
            yield (*path, key), f"trunks.{key}: {error}"
    numeric = trunk.numeric if sound else None
    if numeric is not None:
        address = Address(numeric, trunk.target.port or PORTS.get(trunk.transport, SIP_PORT))
        if address in getattr(config.server, trunk.transport, ()):
            yield (
                (*path, "address"),
                f"trunks.address {address} is our own address: calls out would come back in",
            )


def _password(trunk: Trunk, path: KeyPath, config: Config) -> Iterable[tuple[KeyPath, str]]:
    given = [key for key in ("password", "password_file", "password_env") if getattr(trunk, key)]
    if len(given) > 1:
        yield (*path, given[1]), f"trunks: {given[0]} and {given[1]} say two passwords: keep one"
    elif given and not trunk.username:
        yield (*path, given[0]), f"trunks.{given[0]} needs trunks.username"
    elif trunk.register and not trunk.username and not trunk.contact:
        yield (
            (*path, "register"),
            "trunks.register needs trunks.username, or trunks.contact where no password is asked",
        )
    if trunk.password_file is not None and not config.resolve(trunk.password_file).is_file():
        yield (*path, "password_file"), f"trunks.password_file: there is no file {trunk.password_file}"
    if len(trunk.password) > LONGEST_PASSWORD:
        yield (*path, "password"), f"trunks.password is longer than {LONGEST_PASSWORD} characters"

"""The demo customer: one pair with all that a first call should hear, made by `roda init`.

Level 3, tones, music until the moderator comes, a counter-password for the moderator. Its codes are, alone of all codes,
kept in clear: in a file for the bridge's user only, so that `make serve` can say them every time.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec

from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.service.settings import Settings
from bridge.store.customers import Customers
from bridge.store.errors import StoreError
from bridge.store.passcodes import Passcodes

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from bridge.service.digests import Digests
    from bridge.store.issuance import Issued, Issuer

CUSTOMER: Final = "Demo"
PAIR: Final = "Demo conference"
FILE: Final = "demo.json"
"""In the state directory."""


class Demo(msgspec.Struct, frozen=True):
    """The demo conference's codes, in clear."""

    moderator: str
    counter_password: str
    participant: str


def settings(language: str) -> Settings:
    return Settings(level=Level.HIGHLY_SECURE, language=language)


def ensure(
    connection: Connection,
    issuer: Issuer,
    digests: Digests,
    directory: Path,
    *,
    language: str,
    at: float,
    expires_at: float,
) -> Demo:
    """The demo conference, made or given new codes where its own are not known, not valid or over their time."""
    passcodes = Passcodes(connection)
    known = _read(directory / FILE)
    if known is not None:
        found = passcodes.find(digests.passcode(known.moderator))
        if found is not None and found.pair.enabled and found.pair.expires_at > at:
            return known
    customer = Customers(connection).find(CUSTOMER)
    owner = customer.id if customer else Customers(connection).add(CUSTOMER, at=at)
    old = next((pair for pair in passcodes.list(customer=CUSTOMER) if pair.name == PAIR), None)
    if old is None:
        issued = issuer.new_pair(
            customer=owner,
            name=PAIR,
            settings=settings(language),
            counter_passwords=[Role.MODERATOR],
            at=at,
            expires_at=expires_at,
        )
    else:
        passcodes.enable(old.id)
        passcodes.change(old.id, expires_at=expires_at)
        issued = issuer.renew(old.id, list(Role))
    demo = _told(issued)
    _write(directory / FILE, demo)
    return demo


def _told(issued: Issued) -> Demo:
    return Demo(
        moderator=issued.codes[Role.MODERATOR],
        counter_password=issued.counter_passwords.get(Role.MODERATOR, ""),
        participant=issued.codes[Role.PARTICIPANT],
    )


def _read(path: Path) -> Demo | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Demo)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error


def _write(path: Path, demo: Demo) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(demo))
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error

"""The key of the passcode digests: in the state directory, never in the database.

Codes have few digits; whoever could read the database and knew how digests are made would try them all. Without this key
they cannot. It is made once, by the first who needs it; a store that has codes already never gets another, for then no
code would be known any more.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from bridge.store.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

KEY_FILE: Final = "passcodes.key"

KEY_BYTES: Final = 32
"""As many as the digest has: HMAC gains nothing from more (RFC 2104 section 3)."""


def read_key(directory: Path, *, may_create: bool) -> bytes:
    """The key in the state directory, made where there is none and `may_create`; raises `StoreError`."""
    path = directory / KEY_FILE
    try:
        if may_create and not path.exists():
            _create(path)
        key = path.read_bytes()
    except FileNotFoundError:
        raise StoreError(
            f"{path} is missing, and without it no passcode in the store can be known: restore it from a backup"
        ) from None
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    if len(key) != KEY_BYTES:
        raise StoreError(f"{path} has {len(key)} bytes instead of {KEY_BYTES}: restore it from a backup")
    return key


def _create(path: Path) -> None:
    """Written whole beside its place, then linked there: of two who come at once, one wins and both read the same."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(KEY_BYTES))
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()

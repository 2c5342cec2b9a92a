"""The machine's own list of names, `/etc/hosts`: what stands there holds, and nobody else is asked (hosts(5))."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Final

PATH: Final = Path("/etc/hosts")
LONGEST_BYTES: Final = 1_000_000
"""A longer one is a list of blocked advertisers, and not read further: it names no carrier."""


class HostsFile:
    """The list as it stands now: read again when the file has changed."""

    __slots__ = ("_found", "_path", "_stamp")

    def __init__(self, path: Path = PATH) -> None:
        self._path = path
        self._stamp = (0, 0)
        self._found: dict[str, tuple[str, ...]] = {}

    def addresses(self, name: str) -> tuple[str, ...]:
        """The addresses of `name`, in the order of the file; none where it does not stand there."""
        try:
            found = self._path.stat()
            stamp = found.st_mtime_ns, found.st_size
            if stamp != self._stamp:
                with self._path.open("rb") as file:
                    text = file.read(LONGEST_BYTES).decode("utf-8", "replace")
                self._found, self._stamp = read(text), stamp
        except OSError:  # none, or not for us
            self._found, self._stamp = {}, (0, 0)
        return self._found.get(name.rstrip(".").lower(), ())


def read(text: str) -> dict[str, tuple[str, ...]]:
    """The addresses by name; lines that make no sense are passed over, as the C library does."""
    found: dict[str, dict[str, None]] = {}
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        try:
            numeric = str(ip_address(address))
        except ValueError:
            continue
        for name in names:
            found.setdefault(name.lower(), {})[numeric] = None
    return {name: tuple(addresses) for name, addresses in found.items()}

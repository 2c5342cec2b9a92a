"""Where signalling is copied to, beside what `roda trace` asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bridge.config.values import Address, Range


@dataclass(frozen=True, slots=True)
class Trace:
    """A capture server that keeps the signalling of many machines (Homer and its like), reached by HEP over UDP."""

    hep: Address | None = None
    """None: nothing is copied. All signalling goes there, passwords, keys and digits blanked; nobody waits for it."""
    hep_agent: Annotated[int, Range(0, 4_294_967_295)] = 1
    """The number by which the capture server knows this machine."""

"""What is offered to a trunk, and taken from it: its codecs, its ways for keys, its encryption."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, cast

from sip.codec import PCMA, PCMU
from sip.offer import Capabilities

if TYPE_CHECKING:
    from bridge.config.trunks import Trunk

ALL: Final = Capabilities()
CODECS: Final = {"PCMU": PCMU, "PCMA": PCMA}


@lru_cache(maxsize=256)
def capabilities_of(trunk: Trunk) -> Capabilities:
    """The capabilities for the calls of one trunk. Without "rtp" among its ways for keys no telephone-event is agreed on."""
    return replace(
        ALL,
        codecs=tuple([CODECS[name] for name in trunk.codecs]),
        events=ALL.events if "rtp" in trunk.dtmf else "",
        srtp=cast("Literal['off', 'optional', 'mandatory']", trunk.srtp),
    )

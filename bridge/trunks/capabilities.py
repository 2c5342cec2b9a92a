"""What is offered to a trunk, and taken from it: its codecs, its ways for keys, its encryption."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, cast

from bridge.codecs import spoken
from sip.offer import Capabilities

if TYPE_CHECKING:
    from bridge.config.audio import Audio
    from bridge.config.trunks import Trunk

ALL: Final = Capabilities()


@lru_cache(maxsize=256)
def capabilities_of(trunk: Trunk, audio: Audio) -> Capabilities:
    """The capabilities for the calls of one trunk. Without "rtp" among its ways for keys no telephone-event is agreed on.

    Raises StartError where none of its codecs can be spoken here.
    """
    return replace(
        ALL,
        codecs=spoken(trunk.codecs, audio),
        events=ALL.events if "rtp" in trunk.dtmf else "",
        srtp=cast("Literal['off', 'optional', 'mandatory']", trunk.srtp),
    )

"""What a configuration wants of the machine that is not there: warnings of `roda check`, and no faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from media.codecs import libopus

if TYPE_CHECKING:
    from bridge.config.settings import Config

OPUS: Final = "opus"
NO_LIBOPUS: Final = "libopus is not on this machine (Debian and Ubuntu: libopus0)"


def warnings(config: Config) -> list[str]:
    """A sentence for each."""
    lists = (config.audio.codecs, *(trunk.codecs for trunk in config.trunks))
    if libopus.library() is not None or not any(OPUS in names for names in lists):
        return []
    return [f"audio.codecs and trunks.codecs: Opus is neither offered nor taken, since {NO_LIBOPUS}"]

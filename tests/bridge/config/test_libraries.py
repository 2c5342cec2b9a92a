"""What is configured and cannot be had here."""

from __future__ import annotations

import pytest

from bridge.config.audio import Audio
from bridge.config.libraries import warnings
from bridge.config.settings import Config
from bridge.config.trunks import Trunk
from media.codecs import libopus

PLAIN = Audio(codecs=("G722", "PCMU"))
TELEPHONES = Config(audio=Audio(codecs=("opus", "PCMU")))
A_TRUNK = Config(audio=PLAIN, trunks=(Trunk(name="t", address="a", codecs=("opus", "PCMA")),))


@pytest.mark.parametrize("config", [TELEPHONES, A_TRUNK], ids=["telephones", "a trunk"])
def test_check_says_where_opus_is_wanted_and_its_library_is_missing(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libopus, "library", lambda: None)
    (said,) = warnings(config)
    assert "libopus0" in said
    assert warnings(Config(audio=PLAIN)) == []


def test_where_it_is_there_is_nothing_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libopus, "library", object)
    assert warnings(TELEPHONES) == []

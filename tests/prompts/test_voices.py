from __future__ import annotations

import shutil

import numpy as np
import pytest

from prompts.catalogue import catalogue
from prompts.errors import PromptError
from prompts.mastering import LEVEL_DBOV, active_level
from prompts.voices import speak


@pytest.mark.parametrize("language", sorted(catalogue().languages))
def test_a_voice_says_the_same_twice_and_at_the_level(language: str):
    voice = catalogue().languages[language].voice
    if shutil.which(str(voice["engine"])) is None:
        pytest.skip(f"{voice['engine']} is not installed; only rendering needs it")
    speech = speak("zero,", voice)
    assert np.array_equal(speech, speak("zero,", voice))
    assert active_level(speech / 32_768) == pytest.approx(LEVEL_DBOV, abs=0.5)


def test_an_engine_that_is_not_installed_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PromptError, match="apt install flite"):
        speak("zero,", catalogue().languages["en"].voice)


def test_an_unknown_engine_is_refused():
    with pytest.raises(PromptError, match="parrot: no such speech engine"):
        speak("zero,", {"engine": "parrot"})


def test_a_voice_that_lacks_a_setting_is_refused():
    with pytest.raises(PromptError, match="flite: the voice has no setting"):
        speak("zero,", {"engine": "flite"})

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.catalogue import catalogue
from prompts.errors import PromptError
from prompts.phrases import Utterance, clips, say, text

LANGUAGES = sorted(catalogue().languages)
NAMES = sorted(catalogue().languages["en"].texts)


@pytest.mark.parametrize(
    ("utterance", "language", "heard"),
    [
        (say("participants_count", count=0), "en", "There is no one in the conference."),
        (say("participants_count", count=1), "pt", "Há um participante na conferência."),
        (say("participants_count", count=22), "pt", "Há vinte e dois participantes na conferência."),
        (say("participants_count", count=21), "es", "Hay veintiún participantes en la conferencia."),
        (
            say("participants_count", count=221),
            "en",
            "There are two hundred twenty one participants in the conference.",
        ),
        (say("command_unknown", keys="*3"), "pt-BR", "O comando asterisco três não existe."),
        (say("passcode_expiring", days=1), "pt-BR", "Atenção: esta senha vence amanhã."),
        (
            say("moderator_left", seconds=60),
            "en",
            "The moderator has left. The conference will end in sixty seconds unless a moderator returns.",
        ),
        (
            say("outside_hours", start=6, end=24),
            "pt-BR",
            "Esta senha funciona das seis horas à meia-noite todos os dias. Por favor, ligue novamente nesse horário.",
        ),
    ],
)
def test_an_utterance_is_said_grammatically(utterance: Utterance, language: str, heard: str):
    assert text(utterance, language) == heard


@pytest.mark.parametrize("given_values", [{}, {"count": -3}, {"count": "many"}, {"seconds": 3}])
def test_a_value_that_is_missing_or_cannot_be_spoken_is_left_out(given_values: dict[str, int | str]):
    assert clips(say("participants_count", **given_values), "en") == ["participants_count.bare"]


def test_tones_and_music_are_said_alike_in_every_language():
    assert {tuple(clips(Utterance("tone.join"), language)) for language in (*LANGUAGES, "xx")} == {
        ("tone.join",)
    }


def test_an_unknown_language_is_spoken_to_in_english():
    assert text(say("goodbye"), "fi") == text(say("goodbye"), "en")


def test_an_unknown_utterance_is_an_error_that_names_it():
    with pytest.raises(PromptError, match="no such prompt: apology"):
        clips(say("apology"), "en")


@given(
    name=st.sampled_from(NAMES),
    language=st.sampled_from(LANGUAGES),
    number=st.integers(-5, 20_000) | st.text(alphabet="0123456789*#ABx", max_size=6),
)
def test_whatever_the_values_every_clip_is_recorded(name: str, language: str, number: int | str):
    values = dict.fromkeys(("count", "seconds", "minutes", "days", "keys", "start", "end"), number)
    said = clips(say(name, **values), language)
    assert said
    assert set(said) <= set(catalogue().languages[language].clips)

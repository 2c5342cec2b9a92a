from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.catalogue import PAUSE, Catalogue, catalogue, parse
from prompts.errors import PromptError
from prompts.phrases import RECORDED, SHOWN, Utterance, clips, say, sounds, text
from prompts.values import Clip, Value

LANGUAGES = sorted(catalogue().languages)
NAMES = sorted(catalogue().languages["en"].texts)
VALUES = {
    slot.value
    for variants in catalogue().languages["en"].texts.values()
    for variant in variants.values()
    for slot in variant.slots
}
MARIA = Clip(80_000, 6_400)

ENTRANCE = Catalogue(
    {
        "en": parse(
            """
            language = "en"
            [voice]
            [say.entered]
            other = "{name:clip} is here, with {count:number} others."
            one = "{name:clip} is here, with one other."
            bare = "Somebody is here."
            """
        )
    }
)


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


def test_what_a_caller_has_recorded_is_heard_in_its_place():
    entered = say("entered", name=MARIA, count=3)
    *heard, end = sounds(entered, "en", texts=ENTRANCE)
    assert heard == [MARIA, "entered.other.1", "number.3"]
    assert end == "entered.other.2"
    assert text(entered, "en", texts=ENTRANCE) == f"{SHOWN} is here, with three others."


def test_a_value_that_ends_a_sentence_is_followed_by_a_breath():
    heard = clips(say("dial_connected", with_keys="*2", alone_keys="*3"), "en")
    keys = ["key.star", "digit.2"]
    assert heard[1:4] == [*keys, PAUSE]
    assert heard[-2:] == ["key.star", "digit.3"]
    assert PAUSE not in clips(say("participants_count", count=3), "en")
    assert clips(say("role_choice", number=3, name=MARIA), "es")[1:] == ["number.3", PAUSE, SHOWN]


def test_a_recording_leaves_the_choice_of_the_variant_to_the_number():
    assert clips(say("entered", name=MARIA, count=1), "en", texts=ENTRANCE) == [SHOWN, "entered.one.1"]


@pytest.mark.parametrize(
    "given_values", [{"count": 3}, {"count": 3, "name": 7}, {"count": 3, "name": Clip(7, 0)}]
)
def test_a_recording_that_is_missing_is_left_out(given_values: dict[str, Value]):
    assert text(say("entered", **given_values), "en", texts=ENTRANCE) == "Somebody is here."


@pytest.mark.parametrize("language", [*LANGUAGES, "xx"])
def test_a_recording_can_be_all_that_is_said(language: str):
    assert sounds(say(RECORDED, name=MARIA), language) == [MARIA]
    assert text(say(RECORDED, name=MARIA), language) == SHOWN
    assert sounds(say(RECORDED), language) == []


def test_utterances_are_told_apart_by_what_is_recorded():
    assert (
        len({say(RECORDED, name=MARIA), say(RECORDED, name=Clip(*MARIA)), say(RECORDED, name=Clip(0, 80))})
        == 2
    )


@given(
    name=st.sampled_from(NAMES),
    language=st.sampled_from(LANGUAGES),
    value=st.integers(-5, 20_000)
    | st.text(alphabet="0123456789*#ABx", max_size=6)
    | st.builds(Clip, st.integers(-1, 9), st.integers(-1, 9)),
)
def test_whatever_the_values_every_clip_is_recorded(name: str, language: str, value: Value):
    said = clips(say(name, **dict.fromkeys(VALUES, value)), language)
    assert said
    assert set(said) <= {*catalogue().languages[language].clips, SHOWN, PAUSE}

from __future__ import annotations

import pytest

from prompts.catalogue import FALLBACK, catalogue, parse
from prompts.errors import PromptError

LANGUAGES = sorted(catalogue().languages)
PROMISED = [
    "greeting",
    "enter_passcode",
    "passcode_unknown",
    "passcode_expired",
    "passcode_disabled",
    "passcode_expiring",
    "outside_hours",
    "hours_ending",
    "too_many_attempts",
    "offer_operator",
    "no_operator",
    "goodbye",
    "enter_counter_password",
    "counter_password_wrong",
    "you_are_moderator",
    "you_are_participant",
    "wait_for_moderator",
    "conference_starts",
    "you_are_first",
    "alone",
    "participants_count",
    "conference_full",
    "conference_locked",
    "service_full",
    "moderator_left",
    "moderator_returned",
    "conference_ended",
    "maximum_length_warning",
    "maximum_length_reached",
    "muted",
    "unmuted",
    "muted_on_entry",
    "muted_by_lecture",
    "lecture_on",
    "lecture_off",
    "locked",
    "unlocked",
    "lock_not_allowed",
    "command_unknown",
    "command_forbidden",
    "command_not_available",
    "help_intro",
    "help_lecture",
    "help_mute",
    "help_lock",
    "help_commands",
    "please_try_again",
    "one_moment",
    "removed",
]


def language_of(say: str) -> str:
    return f'language = "en"\n[voice]\nengine = "flite"\n[say]\n{say}'


def test_everything_the_service_says_is_there():
    catalogue().require(PROMISED)


def test_a_missing_prompt_is_named():
    with pytest.raises(PromptError, match="no such prompt: apology, excuse"):
        catalogue().require(["greeting", "excuse", "apology"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same_things_with_the_same_values(language: str):
    def shape(tag: str) -> dict[str, dict[str, set[str]]]:
        texts = catalogue().languages[tag].texts
        return {
            name: {variant: {slot.value for slot in text.slots} for variant, text in variants.items()}
            for name, variants in texts.items()
        }

    assert shape(language) == shape(FALLBACK)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_a_sentence(language: str):
    for name, variants in catalogue().languages[language].texts.items():
        for text in variants.values():
            assert text.written[0].isupper(), name
            assert text.written[-1] in ".:", name


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        *(("pt-BR", "pt-BR"), ("pt", "pt-BR"), ("pt_PT", "pt-BR"), ("PT-br", "pt-BR")),
        *(("es-MX", "es"), ("en-GB", "en"), ("de", "en"), ("", "en"), ("portuguese", "en")),
    ],
)
def test_a_language_we_lack_is_answered_in_the_nearest(asked: str, spoken: str):
    assert catalogue().language(asked).tag == spoken


def test_a_text_is_cut_at_its_values():
    language = parse(language_of('rest = {other = "Wait {seconds:number} seconds, please.", bare = "Wait."}'))
    assert language.clips["rest.other.1"] == "Wait,"
    assert language.clips["rest.other.2"] == "seconds, please."
    assert language.clips["rest.bare"] == "Wait."
    assert "number.7" in language.clips
    assert "hour.7" not in language.clips


@pytest.mark.parametrize(
    ("say", "fault"),
    [
        ('rest = "Wait {seconds:number}."', "variant 'bare'"),
        ('rest = {other = "Wait {x:colour}.", bare = "Wait."}', "of a kind that en has"),
        ('rest = {other = "Wait {x}.", bare = "Wait."}', "written {name:kind}"),
        ('rest = {other = "Wait.", bare = "Wait {x:number}."}', "variant 'bare'"),
        ('rest = {few = "Wait.", other = "Wait.", bare = "Wait."}', "variants are"),
        ('rest = {one = "Wait."}', "must be there"),
        ("rest = ", "not a catalogue"),
    ],
)
def test_a_faulty_text_is_refused_with_its_name(say: str, fault: str):
    with pytest.raises(PromptError, match=fault):
        parse(language_of(say))


def test_a_language_without_number_words_is_refused():
    with pytest.raises(PromptError, match="fr: no number words"):
        parse(language_of("").replace('"en"', '"fr"'))

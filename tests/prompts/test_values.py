from __future__ import annotations

import pytest

from prompts import values
from prompts.values import KINDS, Clip, Value

HOURS = {
    ("en", "hour", 6): "six in the morning",
    ("en", "hour", 24): "midnight",
    ("en", "hour", 15): "three in the afternoon",
    ("en", "hour", 20): "eight in the evening",
    ("en", "hour", 22): "ten at night",
    ("es", "hour", 1): "la una de la madrugada",
    ("es", "hour", 6): "las seis de la mañana",
    ("es", "hour", 12): "el mediodía",
    ("es", "hour", 19): "las siete de la tarde",
    ("es", "hour", 21): "las nueve de la noche",
    ("pt-BR", "hour_from", 6): "das seis horas",
    ("pt-BR", "hour_from", 12): "do meio-dia",
    ("pt-BR", "hour_to", 1): "à uma hora",
    ("pt-BR", "hour_to", 12): "ao meio-dia",
    ("pt-BR", "hour_to", 22): "às vinte e duas horas",
    ("pt-BR", "hour_to", 24): "à meia-noite",
}


@pytest.mark.parametrize(("language", "kind", "hour"), HOURS)
def test_hours_are_said_as_people_say_them(language: str, kind: str, hour: int):
    clip = f"{kind}.{hour}"
    assert KINDS[kind](hour, language) == [clip]
    assert values.recorded(language, [kind])[clip] == HOURS[language, kind, hour]


@pytest.mark.parametrize(
    ("kind", "value", "clips"),
    [
        ("digits", "2107", ["digit.2", "digit.1", "digit.0", "digit.7"]),
        ("digits", 42, ["digit.4", "digit.2"]),
        ("keys", "*92", ["key.star", "digit.9", "digit.2"]),
        ("keys", "*#", ["key.star", "key.pound"]),
        ("number", 10_000, ["digit.1", "digit.0", "digit.0", "digit.0", "digit.0"]),
    ],
)
def test_digits_and_keys_are_said_one_by_one(kind: str, value: int | str, clips: list[str]):
    assert KINDS[kind](value, "en") == clips


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("number", -1),
        ("number", "3"),
        ("digits", "1x"),
        ("digits", ""),
        ("keys", "*Q"),
        ("hour", 25),
        ("hour", "06:00"),
        ("number", Clip(8_000, 4_000)),
        ("digits", Clip(8_000, 4_000)),
        ("keys", Clip(8_000, 4_000)),
        ("hour", Clip(8_000, 4_000)),
        ("clip", 8_000),
        ("clip", "Maria"),
        ("clip", Clip(8_000, 0)),
        ("clip", Clip(-1, 4_000)),
    ],
)
def test_what_cannot_be_spoken_has_no_clips(kind: str, value: Value):
    assert KINDS[kind](value, "en") == []


def test_what_a_caller_has_recorded_is_spoken_as_it_is():
    assert KINDS["clip"](Clip(8_000, 4_000), "pt-BR") == [Clip(8_000, 4_000)]


def test_only_portuguese_joins_its_prepositions_to_the_hour():
    assert values.known("pt-BR", "hour_to")
    assert not values.known("pt-BR", "hour")
    assert not values.known("en", "hour_to")
    assert not values.known("en", "colour")

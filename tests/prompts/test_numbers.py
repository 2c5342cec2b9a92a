from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import numbers
from prompts.numbers import LARGEST, NUMERALS, Form


def said(number: int, language: str, form: Form = Form.ALONE) -> str:
    return " ".join(text for _, text in numbers.spoken(number, language, form))


@pytest.mark.parametrize(
    ("number", "form", "text"),
    [
        (0, Form.ALONE, "zero"),
        (2, Form.FEMININE, "duas"),
        (14, Form.ALONE, "catorze"),
        (21, Form.MASCULINE, "vinte e um"),
        (21, Form.FEMININE, "vinte e uma"),
        (100, Form.ALONE, "cem"),
        (101, Form.FEMININE, "cento e uma"),
        (222, Form.FEMININE, "duzentas e vinte e duas"),
        (999, Form.ALONE, "novecentos e noventa e nove"),
        (1_001, Form.ALONE, "mil e um"),
        (1_100, Form.ALONE, "mil e cem"),
        (1_121, Form.ALONE, "mil cento e vinte e um"),
        (1_500, Form.FEMININE, "mil e quinhentas"),
        (2_345, Form.FEMININE, "duas mil trezentas e quarenta e cinco"),
    ],
)
def test_portuguese_joins_and_inflects(number: int, form: Form, text: str):
    assert said(number, "pt-BR", form) == text


@pytest.mark.parametrize(
    ("number", "form", "text"),
    [
        (1, Form.ALONE, "uno"),
        (1, Form.MASCULINE, "un"),
        (21, Form.ALONE, "veintiuno"),
        (21, Form.MASCULINE, "veintiún"),
        (21, Form.FEMININE, "veintiuna"),
        (31, Form.MASCULINE, "treinta y un"),
        (100, Form.ALONE, "cien"),
        (101, Form.MASCULINE, "ciento un"),
        (500, Form.FEMININE, "quinientas"),
        (721, Form.FEMININE, "setecientas veintiuna"),
        (1_000, Form.ALONE, "mil"),
        (2_022, Form.MASCULINE, "dos mil veintidós"),
    ],
)
def test_spanish_shortens_and_inflects(number: int, form: Form, text: str):
    assert said(number, "es", form) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (21, "twenty one"),
        (240, "two hundred forty"),
        (1_005, "one thousand five"),
    ],
)
def test_english_does_without_forms(number: int, text: str):
    assert {said(number, "en", form) for form in Form} == {text}


@pytest.mark.parametrize("language", sorted(NUMERALS))
@pytest.mark.parametrize("form", list(Form))
def test_every_number_up_to_the_largest_is_made_of_recorded_clips(language: str, form: Form):
    recorded = numbers.recorded(language, [form])
    used = {clip for number in range(LARGEST + 1) for clip in numbers.clips(number, language, form)}
    assert used == set(recorded)


@given(
    number=st.integers(0, LARGEST),
    language=st.sampled_from(sorted(NUMERALS)),
    form=st.sampled_from(list(Form)),
)
def test_a_clip_always_says_the_same(number: int, language: str, form: Form):
    recorded = numbers.recorded(language)
    assert all(recorded[clip] == text for clip, text in numbers.spoken(number, language, form))


@pytest.mark.parametrize("language", sorted(NUMERALS))
def test_no_two_numbers_sound_alike(language: str):
    assert len({said(number, language) for number in range(LARGEST + 1)}) == LARGEST + 1

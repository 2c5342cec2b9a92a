"""What is keyed after the answer never widens what may be called."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.service import post_dial
from bridge.service.post_dial import KEYS_MAX, split


@pytest.mark.parametrize(
    ("text", "number", "keys"),
    [
        ("40021234,,567", "40021234", ",,567"),
        ("+55 (11) 4002-1234,*9#", "+55 (11) 4002-1234", ",*9#"),
        ("40021234,", "40021234", ","),
        ("40021234", "40021234", ""),
        ("40021234," + "1" * (KEYS_MAX - 1), "40021234", "," + "1" * (KEYS_MAX - 1)),
    ],
)
def test_a_number_is_parted_from_the_keys_after_its_first_comma(text: str, number: str, keys: str) -> None:
    assert split(text) == (number, keys)


@pytest.mark.parametrize(
    "text",
    [
        "sip:bia@b.example",
        "sip:1,2@b.example",
        "40021234,abc",
        ",567",
        "40021234," + "1" * KEYS_MAX,
        "4002;567",
        "",
    ],
)
def test_all_else_is_left_as_it_is_for_the_dial_plan_to_judge(text: str) -> None:
    assert split(text) == (text, "")


@given(st.text(alphabet="+0123456789,*#ap@:w ", max_size=50))
def test_nothing_is_lost_and_what_is_called_never_has_a_comma(text: str) -> None:
    number, keys = split(text)
    assert number + keys == text
    assert not keys or ("," not in number and len(keys) <= KEYS_MAX)


def test_the_examples_are_true() -> None:
    assert not doctest.testmod(post_dial).failed

"""A4: codes come in pairs, unique and hard to guess."""

import hashlib
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.service.passcodes import (
    LONGEST_DIGITS,
    SHORTEST_DIGITS,
    Codes,
    PasscodeError,
    draw,
    draw_pair,
    guessable,
    near,
)


def seeded(seed: int = 0):
    """Entropy that is the same at each run."""
    blocks = count()

    def entropy(size: int) -> bytes:
        return hashlib.shake_256(f"{seed}/{next(blocks)}".encode()).digest(size)

    return entropy


def nobody_has(code: str) -> bool:
    return False


@pytest.mark.parametrize(
    "code",
    [
        "1234", "4321", "1111", "1212", "1221", "2580", "1990", "2026", "3112", "1225", "2902",
        "123456", "654321", "112233", "121212", "123123", "147258", "311299", "123199", "991231", "290201",
        "12345678", "87654321", "90123746", "13577264", "11122846", "27412741", "27411472", "75317259",
        "31121999", "12311999", "19991231", "29022001", "20260310",
        "2742742", "1011010", "7171717",
        "567829461037",
    ],
)  # fmt: skip
def test_a4_codes_that_people_think_of_first_are_guessable(code):
    assert guessable(code)


@pytest.mark.parametrize(
    "code", ["4817", "8302", "482617", "9406173", "83604172", "48261739", "31131997", "730618294057"]
)
def test_a4_codes_without_a_pattern_are_not(code):
    assert not guessable(code)


@pytest.mark.parametrize("digits", range(SHORTEST_DIGITS, LONGEST_DIGITS + 1))
def test_a4_a_code_has_the_length_asked_for_and_is_hard_to_guess(digits):
    entropy = seeded(digits)
    for _ in range(50):
        code = draw(digits, entropy, taken=nobody_has)
        assert len(code) == digits
        assert code.isdecimal()
        assert code[0] != "0"
        assert not guessable(code)


@given(st.integers(SHORTEST_DIGITS, LONGEST_DIGITS), st.integers(0, 2**64))
def test_a4_the_two_codes_of_a_pair_are_no_slip_of_the_finger_apart(digits, seed):
    codes = draw_pair(digits, seeded(seed), taken=nobody_has)
    assert not near(codes.moderator, codes.participant)
    assert codes.moderator != codes.participant


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("4817", "4817", True), ("4817", "4816", True), ("4817", "4826", False), ("4817", "48171", False)],
)
def test_near_is_one_key_apart(one, other, expected):
    assert near(one, other) == expected


def test_a4_a_code_that_somebody_has_is_not_given_again():
    first = draw(8, seeded(), taken=nobody_has)
    assert draw(8, seeded(), taken={first}.__contains__) != first


def test_a7_the_participants_code_can_be_changed_alone():
    codes = draw_pair(8, seeded(), taken=nobody_has, moderator="48261739")
    assert codes.moderator == "48261739"
    assert not near(codes.participant, "48261739")


def test_a4_the_digits_are_drawn_evenly():
    entropy, codes = seeded(), 3000
    last = [draw(8, entropy, taken=nobody_has)[-1] for _ in range(codes)]
    # 300 of each are expected; the rules and chance move that by less than five standard deviations.
    assert all(220 < last.count(digit) < 380 for digit in "0123456789")


@pytest.mark.parametrize("digits", [4, 5, 6, 7, 8, 10])
def test_the_arithmetic_of_guessing_stands_on_most_codes_being_good(digits):
    entropy, lowest = seeded(), 10 ** (digits - 1)
    drawn = [str(lowest + int.from_bytes(entropy(16), "big") % (9 * lowest)) for _ in range(1500)]
    assert sum(not guessable(code) for code in drawn) > 0.6 * len(drawn)


@pytest.mark.parametrize("digits", [-1, 0, 3, 17])
def test_a_length_that_makes_no_sense_is_refused(digits):
    with pytest.raises(PasscodeError, match=str(digits)):
        draw(digits, seeded(), taken=nobody_has)


def test_when_no_code_is_free_that_is_said_and_not_tried_for_ever():
    with pytest.raises(PasscodeError, match="longer"):
        draw(4, seeded(), taken=lambda code: True)


def test_codes_are_not_shown_by_accident():
    assert "4826" not in repr(Codes("48261739", "83604172"))

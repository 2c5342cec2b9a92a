"""`*1`: how the digits of a country are read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.service.numbering import (
    BRAZIL,
    Misread,
    Number,
    Numbering,
    Writing,
    is_national,
    known_as,
    of_caller,
    of_trunk,
    places,
    read_international,
    read_keyed,
    tails,
    tails_without_area,
)

USA = Numbering(
    country_code="1",
    international_prefix="011",
    trunk_prefix="1",
    carriers=(),
    local_area="212",
    patterns=("N[02-8]XNXXXXXX", "N1[02-9]NXXXXXX"),
)
SPAIN = Numbering(
    country_code="34",
    international_prefix="00",
    trunk_prefix="",
    carriers=(),
    local_area="",
    patterns=("[6-9]XXXXXXXX",),
)


@pytest.mark.parametrize(
    ("keyed", "e164", "carrier"),
    [
        ("40028922", "+551140028922", ""),
        ("987654321", "+5511987654321", ""),
        ("151140028922", "+551140028922", "15"),
        ("1521987654321", "+5521987654321", "15"),
        ("212125551234", "+552125551234", "21"),
        ("02185987654321", "+5585987654321", "21"),
        ("1506133334444", "+556133334444", "15"),
        ("001512125550123", "+12125550123", "15"),
        ("0021551140028922", "+551140028922", "21"),
    ],
)
def test_the_manuals_numbers_are_read(keyed, e164, carrier):
    number = read_keyed(BRAZIL, keyed)
    assert isinstance(number, Number)
    assert (number.e164, number.carrier) == (e164, carrier)


@pytest.mark.parametrize(
    ("keyed", "why"),
    [
        ("", Misread.INCOMPLETE),
        ("1", Misread.INCOMPLETE),
        ("15", Misread.INCOMPLETE),
        ("1521", Misread.INCOMPLETE),
        ("4002892", Misread.INCOMPLETE),
        ("152198765432", Misread.INCOMPLETE),
        ("00", Misread.INCOMPLETE),
        ("002", Misread.INCOMPLETE),
        ("00151212", Misread.INCOMPLETE),
        ("001555114002", Misread.INCOMPLETE),
        ("11987654321", Misread.CARRIER),
        ("01140028922", Misread.CARRIER),
        ("311140028922", Misread.CARRIER),
        ("003112125550123", Misread.CARRIER),
        ("040028922", Misread.NOT_A_NUMBER),
        ("70028922", Misread.NOT_A_NUMBER),
        ("9876543210000", Misread.NOT_A_NUMBER),
        ("1520987654321", Misread.NOT_A_NUMBER),
        ("0015012125550123", Misread.NOT_A_NUMBER),
        ("00151234567890123456", Misread.NOT_A_NUMBER),
        ("00155511190000000", Misread.NOT_A_NUMBER),
    ],
)
def test_what_went_wrong_is_told_apart(keyed, why):
    assert read_keyed(BRAZIL, keyed) is why


@pytest.mark.parametrize(
    ("rules", "keyed", "e164"),
    [
        (USA, "5550123", "+12125550123"),
        (USA, "2125550123", "+12125550123"),
        (USA, "13055550123", "+13055550123"),
        (USA, "01134911234567", "+34911234567"),
        (SPAIN, "911234567", "+34911234567"),
        (SPAIN, "00551140028922", "+551140028922"),
        (SPAIN, "0034911234567", "+34911234567"),
    ],
)
def test_other_countries_are_other_rules(rules, keyed, e164):
    number = read_keyed(rules, keyed)
    assert isinstance(number, Number)
    assert number.e164 == e164


@pytest.mark.parametrize(
    ("rules", "keyed"), [(USA, "9115550123"), (USA, "1911"), (SPAIN, "112345678"), (SPAIN, "12")]
)
def test_and_other_numbers_are_none(rules, keyed):
    assert isinstance(read_keyed(rules, keyed), Misread)


def test_a_zero_in_brackets_after_the_country_is_left_out():
    assert read_international(BRAZIL, "5501140028922") == read_international(BRAZIL, "551140028922")


def test_a_pattern_has_a_set_of_digits_for_each_place():
    assert places("0XZN[2-579]") == (
        frozenset("0"),
        frozenset("0123456789"),
        frozenset("123456789"),
        frozenset("23456789"),
        frozenset("234579"),
    )


def test_short_codes_are_found_however_they_are_dressed():
    assert "190" in tails(BRAZIL, "0190") & tails(BRAZIL, "015190") & tails(BRAZIL, "0015550190")
    assert "190" in tails_without_area(BRAZIL, "11190") & tails_without_area(BRAZIL, "1521190")
    assert "190" not in tails_without_area(BRAZIL, "40190")


@settings(max_examples=200, deadline=None)
@given(
    carrier=st.sampled_from(BRAZIL.carriers),
    area=st.from_regex("[1-9][1-9]", fullmatch=True),
    subscriber=st.from_regex("9[0-9]{8}|[2-5][0-9]{7}", fullmatch=True),
)
def test_every_spelling_of_a_number_is_the_same_number(carrier, area, subscriber):
    e164 = f"+55{area}{subscriber}"
    spellings = [f"{carrier}{area}{subscriber}", f"0{carrier}{area}{subscriber}", f"00{carrier}{e164[1:]}"]
    spellings += [subscriber] if area == BRAZIL.local_area else []
    assert is_national(BRAZIL, area + subscriber)
    for spelling in spellings:
        number = read_keyed(BRAZIL, spelling)
        assert isinstance(number, Number)
        assert number.e164 == e164


@settings(max_examples=200, deadline=None)
@given(
    carrier=st.sampled_from(BRAZIL.carriers),
    subscriber=st.from_regex("9[0-9]{8}|[2-5][0-9]{7}", fullmatch=True),
)
def test_on_the_way_to_a_number_its_beginnings_are_incomplete_or_a_shorter_number(carrier, subscriber):
    whole = f"{carrier}21{subscriber}"
    for length in range(len(whole)):
        found = read_keyed(BRAZIL, whole[:length])
        assert found in {Misread.INCOMPLETE, Misread.CARRIER} or (
            isinstance(found, Number) and found.e164.startswith("+5511")
        )


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+551140028922", "+551140028922"),
        ("551140028922", "+551140028922"),
        ("1140028922", "+551140028922"),
        ("+14155550123", "+14155550123"),
        ("14155550123", ""),
        ("anonymous", ""),
        ("2001", ""),
        ("", ""),
        ("+", ""),
        ("\u0660\u0660\u0660", ""),
    ],
)
def test_a_caller_is_known_by_one_number_however_the_trunk_writes_it(written: str, number: str) -> None:
    assert of_caller(BRAZIL, written) == number


@pytest.mark.parametrize(
    ("caller", "known"),
    [
        ("1140028922", "+551140028922"),
        ("2001", "2001"),
        ("14155550123", "14155550123"),
        ("+2001", ""),
        ("ana", ""),
        ("", ""),
        ("\u0660\u0660\u0660", ""),
        ("1" * 16, ""),
    ],
)
def test_a_telephone_of_a_pbx_is_known_by_its_extension(caller: str, known: str) -> None:
    assert known_as(BRAZIL, caller) == known


@pytest.mark.parametrize(
    ("how", "written", "number"),
    [
        (Writing.E164, "14155550123", "+14155550123"),
        (Writing.E164, "+14155550123", "+14155550123"),
        (Writing.E164, "551140028922", "+551140028922"),
        (Writing.E164, "1140028922", "+1140028922"),
        (Writing.E164, "2001", ""),
        (Writing.NATIONAL, "1140028922", "+551140028922"),
        (Writing.NATIONAL, "01140028922", "+551140028922"),
        (Writing.NATIONAL, "+14155550123", "+14155550123"),
        (Writing.NATIONAL, "0014155550123", "+14155550123"),
        (Writing.NATIONAL, "14155550123", ""),
        (Writing.NATIONAL, "5511987654321", ""),
        (Writing.INTERNATIONAL, "0014155550123", "+14155550123"),
        (Writing.INTERNATIONAL, "00551140028922", "+551140028922"),
        (Writing.INTERNATIONAL, "1140028922", ""),
        (Writing.AS_IS, "1140028922", ""),
        (Writing.AS_IS, "+551140028922", "+551140028922"),
        (Writing.AUTO, "1140028922", "+551140028922"),
        (Writing.AUTO, "14155550123", ""),
        (Writing.E164, "ana", ""),
        (Writing.NATIONAL, "", ""),
        (Writing.E164, "\u0660" * 8, ""),
        (Writing.E164, "1" * 16, ""),
    ],
)
def test_a_trunk_that_says_how_it_writes_numbers_is_not_guessed_at(
    how: Writing, written: str, number: str
) -> None:
    assert of_trunk(BRAZIL, written, how) == number


@given(st.text("+0123456789a", max_size=18), st.sampled_from(Writing))
@settings(max_examples=100)
def test_whatever_a_trunk_writes_comes_out_as_a_whole_number_or_not_at_all(
    written: str, how: Writing
) -> None:
    number = of_trunk(BRAZIL, written, how)
    assert number == "" or of_trunk(BRAZIL, number, how) == number

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip import grammar
from sip.errors import ParseError


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("", ()),
        (";tag=1", (("tag", "1"),)),
        (" ; Tag = 1 ;lr ", (("tag", "1"), ("lr", ""))),
        (';x="a;b,\\"c"', (("x", '"a;b,\\"c"'),)),
        (";received=2001:db8::1;n=", (("received", "2001:db8::1"), ("n", ""))),
    ],
)
def test_parameters_are_names_in_lower_case_with_their_values(
    text: str, parameters: grammar.Parameters
) -> None:
    assert grammar.parse_parameters(text) == parameters


@pytest.mark.parametrize("text", [";;", ";", "x", ";=1", ';a="open', ";a b", ";a=1,", ";a=<b>"])
def test_parameters_of_any_other_shape_are_refused(text: str) -> None:
    with pytest.raises(ParseError):
        grammar.parse_parameters(text)


def test_formatting_is_the_way_back_of_parsing() -> None:
    text = ';tag=1;lr;x="a b"'
    assert grammar.format_parameters(grammar.parse_parameters(text)) == text


def test_a_parameter_takes_the_place_of_its_namesake() -> None:
    parameters = (("a", "1"), ("b", ""))
    assert grammar.with_parameter(parameters, "a", "2") == (("a", "2"), ("b", ""))
    assert grammar.with_parameter(parameters, "c", "") == (*parameters, ("c", ""))


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("", []),
        ("a", ["a"]),
        (" a , b", ["a", "b"]),
        ('"x, y" <sip:a,b@c>, <sip:d>', ['"x, y" <sip:a,b@c>', "<sip:d>"]),
        ('"\\", " <sip:a>,b', ['"\\", " <sip:a>', "b"]),
        (",,a,,", ["a"]),
        ('a,"open, b', ["a", '"open, b']),
        ("a,<open, b", ["a", "<open, b"]),
        ('a,"\\', ["a", '"\\']),
    ],
)
def test_commas_separate_but_inside_quotes_and_brackets(text: str, elements: list[str]) -> None:
    assert grammar.split_commas(text) == elements


@given(st.text('a,"<>\\ ;', max_size=40))
@settings(max_examples=200)
def test_the_first_element_and_the_rest_are_the_whole(text: str) -> None:
    first, rest = grammar.first_element(text)
    both = [element for element in (first, *grammar.split_commas(rest)) if element]
    assert both == [element for element in grammar.split_commas(text.strip(" ")) if element]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
@settings(max_examples=100)
def test_unquoting_undoes_quoting(text: str) -> None:
    assert grammar.unquote(grammar.quote(text)) == text


def test_text_without_quotes_is_left_alone() -> None:
    assert grammar.unquote("plain") == "plain"
    assert grammar.unquote('"') == '"'


def test_what_no_log_should_meet_is_replaced() -> None:
    assert grammar.printable("Zoë \x07\udcff\u200b") == "Zoë \ufffd\ufffd\u200b"
    grammar.printable("\udcff").encode()


def test_an_excerpt_of_hostile_text_is_short_and_ascii() -> None:
    assert grammar.excerpt("\n\udcff" * 1000).isascii()
    assert len(grammar.excerpt("x" * 10_000)) < 80

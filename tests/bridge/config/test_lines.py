import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.config.lines import locate

TEXT = '''# a comment with [brackets] and = signs
top = "a # no comment, an \\" escape"

[server]
udp = [   # comment
    "1", '2',

    ["deep",
     "er"],
]
long = """
[not.a.table]
key = 1
""" # after
"quoted key" = {a = 1, b = {c = 'x'}}
dotted . name = 3

[[rooms]]
name = 'one'
[[rooms]]
name = \'\'\'two
lines\'\'\'
[rooms.more]
x = 1979-05-27 07:32:00
'''


def test_tables_keys_and_elements_have_the_line_they_begin_on() -> None:
    lines = locate(TEXT)
    assert lines["top",] == 2
    assert lines["server",] == 4
    assert lines["server", "udp"] == 5
    assert lines["server", "udp", 1] == 6
    assert lines["server", "udp", 2, 1] == 9
    assert lines["server", "long"] == 11
    assert lines["server", "quoted key", "b", "c"] == 15
    assert lines["server", "dotted", "name"] == 16
    assert lines["rooms", 0, "name"] == 19
    assert lines["rooms", 1] == 20
    assert lines["rooms", 1, "more", "x"] == 24
    assert ("not",) not in lines


def paths(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path}.union(*(paths(each, (*path, key)) for key, each in inner))


def test_every_path_of_a_document_is_found_and_no_other() -> None:
    assert {(), *locate(TEXT)} == paths(tomllib.loads(TEXT))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "[a]",
                "[[b]]",
                "[b.c]",
                "[a.d]",
                "x = 1",
                "y = [1,[2,\n3],{z='#'}]",
                'z = """"q""\n"""',
                "# c",
                "e.f = ''",
            ]
        ),
        max_size=8,
    )
)
def test_whatever_tomllib_accepts_is_followed(parts: list[str]) -> None:
    text = "\n".join(parts)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert {(), *locate(text)} == paths(document)


@pytest.mark.parametrize("text", ["", "\n\n", "# only\n"])
def test_nothing_is_nowhere(text: str) -> None:
    assert locate(text) == {}

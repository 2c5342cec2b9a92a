"""Reading keys: the longest command wins, by a short wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.conference.commands import Command
from bridge.conference.keymap import (
    AMBIGUOUS_S,
    DEFAULT_KEYMAP,
    INTER_DIGIT_S,
    Keymap,
    KeymapError,
    Match,
    Matcher,
)
from bridge.service.role import Role

EVERYBODY = DEFAULT_KEYMAP.everybody


def read(keys: str, *, gap_s: float = 0.3, keymap=EVERYBODY) -> list[Match]:
    """Press `keys` one after another, then let all patience run out. `_` is a long pause."""
    matcher, matches, now = Matcher(keymap), [], 0.0
    for key in keys:
        now += gap_s if key != "_" else INTER_DIGIT_S
        found = matcher.advance(now) if key == "_" else matcher.press(key, now)
        matches += [found] if found else []
    last = matcher.advance(now + 10)
    assert matcher.next_deadline() is None
    assert not matcher.pending
    return matches + ([last] if last else [])


@pytest.mark.parametrize(("keys", "command"), EVERYBODY.items())
def test_every_command_of_the_manual_is_read(keys, command):
    assert read(keys) == [Match(keys, command)]


def test_a_command_that_no_longer_one_continues_is_read_at_once():
    matcher = Matcher(EVERYBODY)
    assert matcher.press("*", 0.0) is None
    assert matcher.press("6", 0.1) == Match("*6", Command.MUTE_SELF)


def test_who_takes_the_phone_from_the_ear_between_two_keys_is_still_understood():
    matcher = Matcher(EVERYBODY)
    matcher.press("*", 0.0)
    assert matcher.press("6", 3.0) == Match("*6", Command.MUTE_SELF)


def test_star_9_waits_for_a_2():
    matcher = Matcher(EVERYBODY)
    matcher.press("*", 0.0)
    assert matcher.press("9", 0.1) is None
    assert matcher.next_deadline() == 0.1 + AMBIGUOUS_S
    assert matcher.advance(0.5) is None
    assert matcher.press("2", 0.6) == Match("*92", Command.BLAST)


def test_star_9_without_a_2_is_star_9():
    matcher = Matcher(EVERYBODY)
    matcher.press("*", 0.0)
    matcher.press("9", 0.1)
    assert matcher.advance(0.1 + AMBIGUOUS_S) == Match("*9", Command.STOP_ROLL_CALL)
    assert matcher.press("2", 2.0) is None


def test_a_2_that_comes_too_late_counts_as_too_late_even_if_the_timer_did_not_fire():
    matcher = Matcher(EVERYBODY)
    matcher.press("*", 0.0)
    matcher.press("9", 0.1)
    assert matcher.press("2", 3.0) == Match("*9", Command.STOP_ROLL_CALL)
    assert matcher.pending == ""


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("1234#", []),
        ("12*6", ["*6"]),
        ("*6123", ["*6"]),
        ("**6", ["*6"]),
        ("*9*6", ["*9", "*6"]),
        ("*9#", ["*9"]),
        ("*9*", ["*9"]),
        ("*9_2", ["*9"]),
        ("*_6", []),
        ("*", []),
        ("***", []),
        ("*#*#", ["*#", "*#"]),
        ("*6*6", ["*6", "*6"]),
        ("*9A2", ["*92"]),
        ("*x6", ["*6"]),
    ],
)
def test_keys_are_read_as_people_mean_them(keys, expected):
    assert [(match.keys, match.command is not None) for match in read(keys)] == [(k, True) for k in expected]


@pytest.mark.parametrize(("keys", "unknown"), [("*93", "*93"), ("*99", "*99")])
def test_keys_that_begin_no_command_are_named_as_unknown(keys, unknown):
    assert read(keys) == [Match(unknown, None)]


def test_a_command_left_unfinished_is_named_as_unknown():
    keymap = {"*12": Command.DIAL_OUT}
    assert read("*1", keymap=keymap) == [Match("*1", None)]
    assert read("*1*12", keymap=keymap) == [Match("*12", Command.DIAL_OUT)]


def test_a_map_may_use_two_stars():
    keymap = {"**": Command.LIST_COMMANDS, "*6": Command.MUTE_SELF}
    assert read("**", keymap=keymap) == [Match("**", Command.LIST_COMMANDS)]
    assert read("***6", keymap=keymap) == [Match("**", Command.LIST_COMMANDS), Match("*6", Command.MUTE_SELF)]


@pytest.mark.parametrize("junk", ["", "12", "é", " ", "A", "\x00"])
def test_what_is_no_key_is_ignored(junk):
    matcher = Matcher(EVERYBODY)
    assert matcher.press(junk, 0.0) is None
    matcher.press("*", 1.0)
    assert matcher.press(junk, 1.1) is None
    assert matcher.pending == "*"


@given(st.lists(st.tuples(st.sampled_from("0123456789*#AD"), st.floats(0.0, 3.0)), max_size=30))
def test_whatever_is_keyed_a_match_is_what_was_keyed_and_starts_with_a_star(presses):
    matcher, now, keyed, read_keys = Matcher(EVERYBODY), 0.0, "", []
    for digit, gap_s in presses:
        now += gap_s
        keyed += digit
        match = matcher.press(digit, now)
        deadline = matcher.next_deadline()
        assert (deadline is None) == (matcher.pending == "")
        assert deadline is None or now < deadline <= now + INTER_DIGIT_S
        if match:
            read_keys.append(match.keys)
            assert match.command is EVERYBODY.get(match.keys)
    rest = keyed.replace("A", "").replace("D", "")
    for keys in read_keys:
        assert keys.startswith("*")
        assert keys in rest
        rest = rest[rest.index(keys) + len(keys) :]


def test_a_role_may_have_keys_of_its_own():
    keymap = Keymap(
        everybody={"*6": Command.MUTE_SELF}, moderator={"*66": Command.LECTURE, "*6": Command.LOCK}
    )
    assert keymap.of(Role.PARTICIPANT) == {"*6": Command.MUTE_SELF}
    assert keymap.of(Role.MODERATOR) == {"*6": Command.LOCK, "*66": Command.LECTURE}
    assert keymap.keys_of(Command.LECTURE, Role.MODERATOR) == "*66"
    assert keymap.keys_of(Command.LECTURE, Role.PARTICIPANT) is None


def test_the_shortest_keys_are_the_ones_told():
    keymap = Keymap(everybody={"*66": Command.MUTE_SELF, "*6": Command.MUTE_SELF})
    assert keymap.keys_of(Command.MUTE_SELF, Role.PARTICIPANT) == "*6"


@pytest.mark.parametrize("keys", ["", "*", "6", "6*", "*A", "*1234567", "* 6"])
def test_a_map_that_cannot_be_keyed_is_refused_by_name(keys):
    with pytest.raises(KeymapError, match=r"^'"):
        Keymap(everybody={}, participant={keys: Command.MUTE_SELF})

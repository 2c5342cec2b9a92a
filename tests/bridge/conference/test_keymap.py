"""Reading keys: the longest command wins, by a short wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.conference import commands
from bridge.conference.keymap import (
    AMBIGUOUS_S,
    DEFAULT_KEYMAP,
    INTER_DIGIT_S,
    LONGEST_KEYS,
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
    assert matcher.press("6", 0.1) == Match("*6", commands.MuteSelf())


def test_who_takes_the_phone_from_the_ear_between_two_keys_is_still_understood():
    matcher = Matcher(EVERYBODY)
    matcher.press("*", 0.0)
    assert matcher.press("6", 3.0) == Match("*6", commands.MuteSelf())


def test_star_9_waits_for_a_2():
    matcher = Matcher(EVERYBODY)
    matcher.press("*", 0.0)
    assert matcher.press("9", 0.1) is None
    assert matcher.next_deadline() == 0.1 + AMBIGUOUS_S
    assert matcher.advance(0.5) is None
    assert matcher.press("2", 0.6) == Match("*92", commands.Blast())


def test_star_9_without_a_2_is_star_9():
    matcher = Matcher(EVERYBODY)
    matcher.press("*", 0.0)
    matcher.press("9", 0.1)
    assert matcher.advance(0.1 + AMBIGUOUS_S) == Match("*9", commands.StopRollCall())
    assert matcher.press("2", 2.0) is None


def test_a_2_that_comes_too_late_counts_as_too_late_even_if_the_timer_did_not_fire():
    matcher = Matcher(EVERYBODY)
    matcher.press("*", 0.0)
    matcher.press("9", 0.1)
    assert matcher.press("2", 3.0) == Match("*9", commands.StopRollCall())
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


@pytest.mark.parametrize(("keys", "unknown"), [("*90", "*90"), ("*900", "*90")])
def test_keys_that_begin_no_command_are_named_as_unknown(keys, unknown):
    keymap = {"*9": commands.StopRollCall(), "*92": commands.Blast()}
    assert read(keys, keymap=keymap) == [Match(unknown, None)]


def test_a_command_left_unfinished_is_named_as_unknown():
    keymap = {"*12": commands.DialOut()}
    assert read("*1", keymap=keymap) == [Match("*1", None)]
    assert read("*1*12", keymap=keymap) == [Match("*12", commands.DialOut())]


def test_a_map_may_use_two_stars():
    keymap = {"**": commands.ListCommands(), "*6": commands.MuteSelf()}
    assert read("**", keymap=keymap) == [Match("**", commands.ListCommands())]
    assert read("***6", keymap=keymap) == [
        Match("**", commands.ListCommands()),
        Match("*6", commands.MuteSelf()),
    ]


@pytest.mark.parametrize("junk", ["", "12", "é", " ", "A", "\x00"])
def test_what_is_no_key_is_ignored(junk):
    matcher = Matcher(EVERYBODY)
    assert matcher.press(junk, 0.0) is None
    matcher.press("*", 1.0)
    assert matcher.press(junk, 1.1) is None
    assert matcher.pending == "*"


MIXED = {
    "1#": commands.DialOut(),
    "12#": commands.Blast(),
    "##": commands.ReturnWithGuest(),
    "#4#": commands.LevelVoices(),
    "00#": commands.Lock(),
    "**": commands.ReturnAlone(),
    "*9": commands.StopRollCall(),
    "*92": commands.Blast(),
    "*6": commands.MuteSelf(),
}
"""A map with commands of every form."""


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("1#", ["1#"]),
        ("12#", ["12#"]),
        ("##", ["##"]),
        ("#4#", ["#4#"]),
        ("00#", ["00#"]),
        ("**", ["**"]),
        ("1#12###", ["1#", "12#", "##"]),
        ("21#", []),
        ("123#", []),
        ("000#", []),
        ("0#", []),
        ("1234567890#1#", ["1#"]),
        ("99##", []),
        ("99###", ["##"]),
        ("#1#", ["1#"]),
        ("#41#", []),
        ("#_#", []),
        ("1_#", []),
        ("21_1#", ["1#"]),
        ("2_1#", ["1#"]),
        ("1*6", ["*6"]),
        ("12*612#", ["*6", "12#"]),
        ("#*6", ["*6"]),
        ("99*6", ["*6"]),
        ("99**1#", ["**", "1#"]),
        ("*9#", ["*9"]),
        ("*9#1#", ["*9", "1#"]),
        ("*9_1#", ["*9", "1#"]),
        ("1A#", ["1#"]),
    ],
)
def test_words_up_to_a_hash_are_commands_where_the_map_has_them_and_nothing_else(keys, expected):
    assert [(match.keys, match.command) for match in read(keys, keymap=MIXED)] == [
        (each, MIXED[each]) for each in expected
    ]


def test_a_word_is_read_at_its_hash_and_waits_for_each_key_of_it():
    matcher = Matcher(MIXED)
    assert matcher.press("0", 0.0) is None
    assert matcher.next_deadline() == INTER_DIGIT_S
    assert matcher.press("0", 3.0) is None
    assert matcher.pending == "00"
    assert matcher.press("#", 6.0) == Match("00#", commands.Lock())
    assert matcher.next_deadline() is None


def test_a_word_that_is_nothing_is_not_kept():
    matcher = Matcher(MIXED)
    for at in range(1000):
        assert matcher.press("7", float(at)) is None
    assert matcher.pending == ""
    assert matcher.press("#", 1000.0) is None
    assert matcher.press("1", 1000.1) is None
    assert matcher.press("#", 1000.2) == Match("1#", commands.DialOut())


def test_a_map_of_star_commands_alone_waits_for_no_word():
    matcher = Matcher(EVERYBODY)
    for key in "12#34##":
        assert matcher.press(key, 0.0) is None
        assert matcher.next_deadline() is None


MAPS = st.sampled_from([EVERYBODY, MIXED])
KEYS = st.sampled_from("01249*#AD")


@given(MAPS, st.lists(st.tuples(KEYS, st.floats(0.0, 5.0)), max_size=30))
def test_whatever_is_keyed_a_match_is_what_was_keyed(keymap, presses):
    matcher, now, keyed, read_keys = Matcher(keymap), 0.0, "", []
    for digit, gap_s in presses:
        now += gap_s
        keyed += digit
        match = matcher.press(digit, now)
        deadline = matcher.next_deadline()
        assert deadline is not None or matcher.pending == ""
        assert deadline is None or now < deadline <= now + INTER_DIGIT_S
        assert len(matcher.pending) < LONGEST_KEYS
        if match:
            read_keys.append(match.keys)
            assert match.command == keymap.get(match.keys)
            assert match.command or match.keys.startswith("*")
    rest = keyed.replace("A", "").replace("D", "")
    for keys in read_keys:
        assert keys in rest
        rest = rest[rest.index(keys) + len(keys) :]


@given(MAPS, st.lists(st.tuples(KEYS, st.floats(0.0, 0.999)), max_size=30))
def test_however_it_is_timed_within_patience_the_same_is_read(keymap, presses):
    at_once, timed, now = Matcher(keymap), Matcher(keymap), 0.0
    for digit, haste in presses:
        deadline = timed.next_deadline()
        now += haste * (100.0 if deadline is None else deadline - now)
        assert timed.advance(now) is None
        assert timed.press(digit, now) == at_once.press(digit, 0.0)
        assert timed.pending == at_once.pending


def as_the_theory_says(keymap, keys):
    """What the module's docstring says of keys pressed without a pause, the slow and simple way."""
    found, at = [], 0
    while at < len(keys):
        if keys[at] == "*":
            begun = [each for each in keymap if each.startswith("*")]
            end = at + 1
            while end < len(keys) and any(
                each.startswith(keys[at : end + 1]) and each != keys[at:end] for each in begun
            ):
                end += 1
            spelled, broken_by = keys[at:end], keys[end : end + 1]
            longer = any(each.startswith(spelled) and each != spelled for each in begun)
            if spelled in keymap and (not longer or broken_by in {"*", "#"}):
                found.append(spelled)
                at = end + (longer and broken_by == "#")
            elif not broken_by or broken_by == "*":
                at = end  # unfinished: patience will tell, or a new one begins
            else:
                found.append(spelled + broken_by)
                at = end + 1
            continue
        end = at + 1
        if keys[at] != "#" or any(
            each.startswith(keys[at : at + 2]) for each in keymap if at + 1 < len(keys)
        ):
            while end < len(keys) and keys[end] not in "*#":
                end += 1
            end += keys[end : end + 1] == "#"
        if keys[at:end] in keymap:
            found.append(keys[at:end])
        at = end
    return found


@given(MAPS, st.text("01249*#", max_size=14))
def test_keys_without_a_pause_are_read_as_the_theory_says(keymap, keys):
    matcher = Matcher(keymap)
    assert [m.keys for key in keys if (m := matcher.press(key, 0.0))] == as_the_theory_says(keymap, keys)


def test_a_role_may_have_keys_of_its_own():
    keymap = Keymap(
        everybody={"*6": commands.MuteSelf()}, moderator={"*66": commands.Lecture(), "*6": commands.Lock()}
    )
    assert keymap.of(Role.PARTICIPANT) == keymap.of(Role.OPERATOR) == {"*6": commands.MuteSelf()}
    assert keymap.of(Role.MODERATOR) == {"*6": commands.Lock(), "*66": commands.Lecture()}
    assert keymap.keys_of(commands.Lecture(), Role.MODERATOR) == "*66"
    assert keymap.keys_of(commands.Lecture(), Role.PARTICIPANT) is None


def test_the_shortest_keys_are_the_ones_told():
    keymap = Keymap(everybody={"*66": commands.MuteSelf(), "*6": commands.MuteSelf()})
    assert keymap.keys_of(commands.MuteSelf(), Role.PARTICIPANT) == "*6"


@pytest.mark.parametrize(
    "keys", ["", "*", "#", "6", "66", "6*", "*A", "*1234567", "* 6", "123456#", "1*#", "1##", "#1", "\u0661#"]
)
@pytest.mark.parametrize("whose", ["moderator", "participant", "operator"])
def test_a_map_that_cannot_be_keyed_is_refused_by_name(keys, whose):
    with pytest.raises(KeymapError, match=r"^'"):
        Keymap(everybody={}, **{whose: {keys: commands.MuteSelf()}})


def test_who_may_be_an_operator_keys_what_everybody_does_and_more():
    keymap = Keymap(everybody={"*6": commands.MuteSelf()}, operator={"*7": commands.Visit(on=False)})
    assert keymap.of(Role.OPERATOR) == {"*6": commands.MuteSelf(), "*7": commands.Visit(on=False)}
    assert keymap.of(Role.MODERATOR) == {"*6": commands.MuteSelf()}


def test_commands_are_told_apart_by_what_they_are_given():
    keymap = Keymap(everybody={"*96": commands.Lecture(on=True), "*97": commands.Lecture(on=False)})
    assert keymap.keys_of(commands.Lecture(on=False), Role.MODERATOR) == "*97"
    assert keymap.keys_of(commands.Lecture(), Role.MODERATOR) is None

"""Commands out of words."""

from contextlib import suppress
from math import inf, nan

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.conference import commands
from bridge.conference.spelling import KINDS, SpellingError, spelled, spelled_in_text
from bridge.service.role import Role
from bridge.service.settings import MuteMode


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_command_can_be_spelled_as_text(kind):
    examples = {
        "leg": "7",
        "legs": "1, 2",
        "group": "3",
        "gain_db": "-1.5",
        "role": "moderator",
        "text": "locked",
        "conference": "c2",
        "to": "sip:bob@b.example",
    }
    needed = {each.name: examples[each.name] for each in msgspec.structs.fields(kind) if each.required}
    name = str(kind.__struct_config__.tag)
    command = spelled_in_text(name, needed)
    assert type(command) is kind
    assert spelled(name, msgspec.structs.asdict(command)) == command


@pytest.mark.parametrize(
    ("name", "given", "command"),
    [
        ("lock", {}, commands.Lock()),
        ("lock", {"on": "on"}, commands.Lock(on=True)),
        ("lock", {"on": "Off"}, commands.Lock(on=False)),
        ("lock", {"on": "true"}, commands.Lock(on=True)),
        ("mute_one", {"leg": "7", "on": "no"}, commands.MuteOne(leg=7, on=False)),
        ("split", {"legs": "1,2, 3", "group": "1"}, commands.Split(legs=(1, 2, 3), group=1)),
        ("set_mode", {"mode": "questions"}, commands.SetMode(MuteMode.QUESTIONS)),
        ("set_role", {"leg": "1", "role": "moderator"}, commands.SetRole(leg=1, role=Role.MODERATOR)),
        ("identify", {"leg": "1", "name": "on", "phone": "11"}, commands.Identify(1, name="on", phone="11")),
        ("set_gain", {"leg": "1", "gain_db": "-3"}, commands.SetGain(leg=1, gain_db=-3.0)),
        ("monitor", {"announced": "off"}, commands.Monitor(announced=False)),
    ],
)
def test_text_is_typed_as_the_command_wants_it(name, given, command):
    assert spelled_in_text(name, given) == command


@pytest.mark.parametrize(
    ("name", "given", "why"),
    [
        ("lokc", {}, 'there is no command "lokc": did you mean "lock"?'),
        ("zzz", {}, 'there is no command "zzz"'),
        ("lock", {"onn": "1"}, 'the command "lock" has no "onn": did you mean "on"?'),
        ("lock", {"command": "lock"}, 'the command "lock" has no "command"'),
        ("mute_one", {}, 'the command "mute_one": it needs "leg"'),
        ("mute_one", {"leg": "x"}, '"leg"'),
        ("lecture", {"on": "perhaps"}, '"on"'),
        ("set_role", {"leg": "1", "role": "boss"}, '"role"'),
        ("split", {"legs": "", "group": "1"}, '"legs[0]"'),
        ("set_gain", {"leg": "1", "gain_db": "nan"}, '"gain_db" must be a number'),
        ("set_gain", {"leg": "1", "gain_db": "inf"}, '"gain_db" must be a number'),
    ],
)
def test_what_spells_no_command_is_said_in_words(name, given, why):
    with pytest.raises(SpellingError) as refused:
        spelled_in_text(name, given)
    assert why in str(refused.value)


@pytest.mark.parametrize("wrong", ["7", 7.5, True, None, [7], nan, inf])
def test_where_things_have_types_they_must_be_right(wrong):
    assert spelled("mute_one", {"leg": 7}) == commands.MuteOne(leg=7)
    with pytest.raises(SpellingError):
        spelled("mute_one", {"leg": wrong})


@given(
    st.sampled_from([*KINDS, "x"]),
    st.dictionaries(st.sampled_from(["leg", "on", "legs", "x"]), st.text(max_size=5)),
)
def test_no_text_raises_anything_else(name, given_text):
    with suppress(SpellingError):
        assert type(spelled_in_text(name, given_text)) is KINDS[name]

"""The words between control and workers: each is read back as it was said, and many fit the pipe."""

from __future__ import annotations

import typing

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media import control

COMMANDS = typing.get_args(control.AnyCommand)
EVENTS = typing.get_args(control.AnyEvent)


def values(kind: typing.Any) -> st.SearchStrategy[typing.Any]:
    """Anything that a field of this type may hold on the wire: integers of 64 bits."""
    plain = {
        int: st.integers(-(2**63), 2**63 - 1),
        float: st.floats(allow_nan=False),
        str: st.text(max_size=20),
        bool: st.booleans(),
        type(None): st.none(),
        bytes: st.binary(max_size=20),
        control.Codec: st.sampled_from(control.Codec),
        control.Suite: st.sampled_from(control.Suite),
    }
    if kind in plain:
        return plain[kind]
    if typing.get_origin(kind) is list:
        return st.lists(values(typing.get_args(kind)[0]), max_size=3)
    if typing.get_origin(kind) is typing.Literal:
        return st.sampled_from(typing.get_args(kind))
    if typing.get_args(kind):
        return st.one_of([values(each) for each in typing.get_args(kind)])
    return st.builds(kind, **{name: values(each) for name, each in typing.get_type_hints(kind).items()})


@pytest.mark.parametrize("kind", COMMANDS + EVENTS, ids=lambda kind: kind.__name__)
def test_every_message_is_read_back_as_it_was_said(kind: type[msgspec.Struct]) -> None:
    decoder = control.commands_decoder if kind in COMMANDS else control.events_decoder

    @settings(max_examples=20, deadline=None)
    @given(st.lists(values(kind), min_size=1, max_size=3))
    def say(messages: list[msgspec.Struct]) -> None:
        data = control.pack([control.encoder.encode(message) for message in messages])
        assert decoder.decode(data) == messages

    say()


def test_every_message_that_there_is_can_be_sent() -> None:
    assert {*COMMANDS, *EVENTS} == {
        kind
        for kind in vars(control).values()
        if isinstance(kind, type)
        and issubclass(kind, control.Command | control.Event)
        and kind not in {control.Command, control.Event}
    }


@pytest.mark.parametrize("decoder", [control.commands_decoder, control.events_decoder])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93",
        control.pack([msgspec.msgpack.encode({"type": "Explode", "stream": 1})]),
        control.pack([msgspec.msgpack.encode({"stream": 1})]),
        control.pack([msgspec.msgpack.encode({"type": "Mute", "stream": "one", "muted": True})]),
        control.pack([control.encoder.encode(control.StreamClosed(1))])[:-1],
    ],
)
def test_what_is_no_message_is_refused(decoder: msgspec.msgpack.Decoder[object], data: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decoder.decode(data)


def test_an_event_is_no_command() -> None:
    with pytest.raises(msgspec.ValidationError):
        control.commands_decoder.decode(control.pack([control.encoder.encode(control.StreamClosed(1))]))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 60_000), max_size=30))
def test_as_many_as_fit_are_sent_at_once_and_no_more(sizes: list[int]) -> None:
    queue = [bytes(size) for size in sizes]
    count = control.fitting(queue)
    assert len(control.pack(queue[:count])) <= control.MESSAGE_BYTES
    if count < len(queue):
        assert len(control.pack(queue[: count + 1])) > control.MESSAGE_BYTES


def test_a_thousand_calls_that_end_at_once_do_not_fit_one_message_and_are_all_told() -> None:
    queue = [
        control.encoder.encode(
            control.StreamClosed(2**40 + number, 65_535, 2**32 - 1, 1e6, 10**6, 10**6, 100, 100)
        )
        for number in range(1_000)
    ]
    told: list[control.AnyEvent] = []
    while queue:
        count = control.fitting(queue)
        assert 0 < count < 1_000
        data = control.pack(queue[:count])
        assert len(data) <= control.MESSAGE_BYTES
        told += control.events_decoder.decode(data)
        del queue[:count]
    assert [event.stream for event in told if isinstance(event, control.StreamClosed)] == [
        2**40 + number for number in range(1_000)
    ]


def test_keys_are_in_no_repr() -> None:
    """Passcodes reach no log, whoever logs a message whole."""
    assert repr(control.DigitReceived(7, "5", "tone")) == "DigitReceived(stream=7, way='tone')"
    assert "4711" not in repr(control.SendDigits(7, "4711"))


def test_keys_are_shown_nowhere() -> None:
    keys = control.Srtp(control.Suite.AES_CM_128_HMAC_SHA1_80, b"k" * 30, b"q" * 30)
    format_ = control.Format(control.Codec.PCMU, 0, srtp=keys)
    opening = control.OpenStream(1, format_, 1, 2, 3, "x")
    for thing in (keys, format_, opening, control.UpdateStream(1, format_)):
        shown = repr(thing)
        assert "AES_CM_128_HMAC_SHA1_80" in shown
        assert "kkk" not in shown
        assert "qqq" not in shown
    assert dict(keys.__rich_repr__()) == {"suite": "AES_CM_128_HMAC_SHA1_80"}
    packed = control.pack([control.encoder.encode(opening)])
    assert control.commands_decoder.decode(packed) == [opening], "the worker has them"

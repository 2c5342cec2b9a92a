"""Requests and replies, and what they are on the wire."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.blast.states import State
from bridge.conference import commands
from bridge.conference.model import Phase
from bridge.control import protocol
from bridge.service.outcome import Outcome
from bridge.service.role import Role
from bridge.service.settings import MuteMode

ROW = protocol.ConferenceRow("c1", 7, "Board", Phase.RUNNING, 3, 1, MuteMode.CONVERSATION, True, 12.5)
EVERY_REPLY: tuple[protocol.AnyReply, ...] = (
    protocol.Conferences((ROW,)),
    protocol.Roster(
        ROW,
        (
            protocol.PersonRow(
                *(4, Role.MODERATOR, "Ana", "+5511", "dial-in", False, False, 0, True, 0, 1.5, 60.0)
            ),
        ),
    ),
    protocol.Calls((protocol.CallRow(4, "+5511", "1000", "conference", "c1", 70.0),)),
    protocol.Given(done=True, text="locked"),
    protocol.Queue(
        (protocol.QueueRow(1, "help", 4, "Ana", "+5511", "c1", 9.0),), (protocol.OperatorRow("rui", "free"),)
    ),
    protocol.Board((protocol.BoardRow("Eva", "+5521", State.BUSY, 2, 3.0, Outcome.BUSY),)),
    protocol.Phones(
        (protocol.PhoneRow("ana", "sip:ana@10.0.0.9", "udp", "10.0.0.9:5060", "Phone/1", 1.0, 299.0),), 1
    ),
    protocol.Trunks(
        (protocol.TrunkRow("carrier", "sip.example", "udp", True, True, None, 1, 2, 30, 0, 9.0, "503"),)
    ),
    protocol.Bans((protocol.BanRow("198.51.100.7", "scanner", 1.0, 59.0, 1, True),), 1),
    protocol.Figures({"sip": {"received:INVITE": 3}}),
    protocol.Tracing(1, "c1"),
    protocol.TraceRows(
        (
            protocol.TraceRow(
                1, 0.5, False, "udp", ("192.0.2.1", 5060), ("198.51.100.7", 5070), "c1", b"BYE \xff"
            ),
        ),
        True,
    ),
    protocol.Problem("no"),
)


def test_there_is_an_example_of_every_reply() -> None:
    assert {type(each) for each in EVERY_REPLY} == set(get_args(protocol.AnyReply))


@pytest.mark.parametrize("reply", EVERY_REPLY, ids=lambda each: type(each).__name__)
def test_a_reply_is_a_line_and_comes_back_as_it_was(reply: protocol.AnyReply) -> None:
    line = protocol.encoded(reply)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert protocol.read_reply(line) == reply


@settings(max_examples=100)
@given(st.from_type(commands.Lock) | st.from_type(commands.Split) | st.from_type(commands.Identify))
def test_a_command_comes_through_as_it_was_given(command: Any) -> None:
    request = protocol.Give("c1", command, "ana")
    assert protocol.read_request(protocol.encoded(request)) == request


@pytest.mark.parametrize("kind", get_args(commands.AnyCommand))
def test_every_command_can_be_given(kind: type[commands.Command]) -> None:
    example = {
        "leg": 1,
        "legs": [1, 2],
        "group": 1,
        "gain_db": 3.0,
        "role": "moderator",
        "text": "locked",
        "conference": "c2",
        "to": "sip:bob@b.example",
    }
    needed = {each.encode_name: example[each.name] for each in msgspec.structs.fields(kind) if each.required}
    tag = str(kind.__struct_config__.tag)
    line = msgspec.json.encode(
        {"type": "give", "conference": "c1", "command": {"command": tag, **needed}, "by": "ana"}
    )
    request = protocol.read_request(line)
    assert isinstance(request, protocol.Give)
    assert type(request.command) is kind
    assert not request.moderator


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b'{"type":"no_such"}',
        b'{"type":"show_conference"}',
        b'{"type":"show_conference","conference":""}',
        b'{"type":"show_conference","conference":7}',
        b'{"type":"list_conferences","room":"c1"}',
        b'{"type":"give","conference":"c1","by":"ana","command":{"command":"no_such"}}',
        b'{"type":"give","conference":"c1","by":"","command":{"command":"lock"}}',
        b'{"type":"give","conference":"c1","by":"ana","command":{"command":"mute_one","leg":"x"}}',
        b'{"type":"refuse_caller","request":1,"by":"' + b"x" * 101 + b'"}',
        b'{"type":"give","conference":' + b"[" * 60_000,
        b'{"type":"give","conference":"c1","x":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    ],
    ids=lambda line: line[:60],
)
def test_what_is_no_request_is_told_so(line: bytes) -> None:
    with pytest.raises(protocol.WireError, match=r"."):
        protocol.read_request(line)


@settings(max_examples=200)
@given(st.binary(max_size=60))
def test_no_line_raises_anything_else(line: bytes) -> None:
    for read in (protocol.read_request, protocol.read_reply):
        with pytest.raises(protocol.WireError):
            read(line)

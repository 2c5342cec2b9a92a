"""`roda trace`: whose messages, and how they are shown."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from struct import unpack_from
from typing import Any

import pytest

from bridge.cli import trace as command
from bridge.control.protocol import (
    AnyReply,
    Given,
    Problem,
    ReadTrace,
    StartTrace,
    StopTrace,
    TraceRow,
    TraceRows,
    Tracing,
)
from tests.bridge.cli.conftest import Roda
from tests.bridge.control.living import living_door
from tests.bridge.tracing.messages import BRIDGE, PHONE, data

ROWS = (
    TraceRow(3, 0.5, False, "udp", BRIDGE, PHONE, "c1", data("INVITE sip:1000@192.0.2.1 SIP/2.0")),
    TraceRow(4, 0.4, True, "udp", BRIDGE, PHONE, "c1", data("SIP/2.0 200 OK\x1b[31m")),
)


class TracingBridge:
    """Has two messages, and gives them one by one."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.reply: AnyReply = Tracing(7, "c1")

    def answer(self, request: Any) -> AnyReply:
        self.asked.append(request)
        if isinstance(request, StartTrace):
            return self.reply
        if isinstance(request, StopTrace):
            return Given(done=True)
        assert isinstance(request, ReadTrace)
        assert request.trace == 7
        left = [row for row in ROWS if row.number > request.after]
        return TraceRows(tuple(left[:1]), more=len(left) > 1)


@pytest.fixture
def tracing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TracingBridge]:
    # The least that may be asked for is a second; here it is over at once.
    clock = itertools.chain([0.0, 0.0], itertools.repeat(1e6))
    monkeypatch.setattr(command, "monotonic", lambda: next(clock))
    monkeypatch.setattr(command, "sleep", lambda _: None)
    (tmp_path / "var").mkdir()
    bridge = TracingBridge()
    with living_door(tmp_path / "var" / "control.sock", bridge.answer):
        yield bridge


def test_messages_are_shown_as_they_come(roda: Roda, tracing: TracingBridge) -> None:
    status, out, err = roda("trace", "--all", "--seconds", "5")
    assert status == 0
    lines = out.splitlines()
    assert lines[0].endswith("udp  198.51.100.7:5070 -> 192.0.2.1:5060")
    assert lines[1] == "    INVITE sip:1000@192.0.2.1 SIP/2.0"
    assert any(line.endswith("udp  192.0.2.1:5060 -> 198.51.100.7:5070") for line in lines)
    assert "\x1b" not in out
    assert err.splitlines()[-1] == "2 messages."
    assert tracing.asked == [StartTrace(5.0), ReadTrace(7, 0), ReadTrace(7, 3), ReadTrace(7, 4), StopTrace(7)]


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        (["12"], StartTrace(60.0, leg=12)),
        (["1234567890"], StartTrace(60.0, call_id="1234567890")),
        (["a84b4c76e66710@phone"], StartTrace(60.0, call_id="a84b4c76e66710@phone")),
        (["--number", "+5511"], StartTrace(60.0, number="+5511")),
        (["--address", "10.0.0.9"], StartTrace(60.0, address="10.0.0.9")),
        (["--number", "bob", "--address", "10.0.0.9"], StartTrace(60.0, number="bob", address="10.0.0.9")),
    ],
)
def test_whose_messages_is_said_in_one_of_these_ways(
    roda: Roda, tracing: TracingBridge, words: list[str], request_: StartTrace
) -> None:
    assert roda("trace", *words)[0] == 0
    assert tracing.asked[0] == request_


@pytest.mark.parametrize("words", [[], ["--all", "12"], ["--all", "--number", "1"]])
def test_it_must_be_said_whose(roda: Roda, tracing: TracingBridge, words: list[str]) -> None:
    status, _, err = roda("trace", *words)
    assert (status, tracing.asked) == (1, [])
    assert "say whose messages" in err


def test_a_ladder_is_drawn_at_the_end_instead(roda: Roda, tracing: TracingBridge) -> None:
    out = roda("trace", "12", "--ladder")[1]
    assert "| INVITE" in out
    assert "------>|" in out
    assert "Call-ID" not in out
    assert "\x1b" not in out


def test_a_capture_file_is_written(roda: Roda, tracing: TracingBridge, tmp_path: Path) -> None:
    assert roda("trace", "12", "--pcap", "call.pcap")[0] == 0
    assert unpack_from("<I", (tmp_path / "call.pcap").read_bytes()) == (0xA1B23C4D,)


def test_a_file_that_cannot_be_written_is_said_so(roda: Roda, tracing: TracingBridge) -> None:
    status, _, err = roda("trace", "12", "--pcap", "nowhere/call.pcap")
    assert status == 1
    assert "nowhere/call.pcap cannot be written" in err


def test_ctrl_c_ends_it_and_what_came_is_still_written(
    roda: Roda, tracing: TracingBridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "monotonic", lambda: 0.0)
    monkeypatch.setattr(command, "sleep", interrupt)
    assert roda("trace", "--all", "--pcap", "call.pcap")[0] == 0
    assert (tmp_path / "call.pcap").stat().st_size > 400
    assert tracing.asked[-1] == StopTrace(7)


def test_nobody_of_that_number_is_said_so(roda: Roda, tracing: TracingBridge) -> None:
    tracing.reply = Problem("nobody on the line has that number")
    status, _, err = roda("trace", "99")
    assert status == 1
    assert "nobody on the line has that number" in err

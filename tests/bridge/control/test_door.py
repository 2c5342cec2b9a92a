"""The door of a bridge that is not there: who comes in is real, over a real socket, and what answers is the test."""

from __future__ import annotations

import asyncio
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.control import door as doors
from bridge.control.door import LONGEST_LINE_BYTES, PATH_BYTES_MAX, VISITORS_MAX, Door
from bridge.control.protocol import (
    AnyReply,
    AnyRequest,
    Given,
    ListConferences,
    Problem,
    Queue,
    ShowConference,
    encoded,
    read_reply,
)
from bridge.errors import StartError

Run = Callable[[Callable[[Path], Awaitable[None]]], None]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    """Run a scene that is told where the socket shall be, on the loop of tests and on that of the server."""

    def play(scene: Callable[[Path], Awaitable[None]]) -> None:
        async def in_time() -> None:
            async with asyncio.timeout(10):
                await scene(tmp_path / "control.sock")

        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(in_time())

    return play


class Hall:
    """A door, and what was asked at it. Without `at_once` the test answers."""

    def __init__(self, path: Path, *, at_once: AnyReply | None = None, **patience: float) -> None:
        self.asked: asyncio.Queue[tuple[int, AnyRequest]] = asyncio.Queue()
        self.at_once = at_once
        self.door = Door(path, self._ask, **patience)

    def _ask(self, ticket: int, request: AnyRequest) -> None:
        self.asked.put_nowait((ticket, request))
        if self.at_once is not None:
            self.door.answer(ticket, self.at_once)

    async def answer(self, reply: AnyReply) -> AnyRequest:
        ticket, request = await self.asked.get()
        self.door.answer(ticket, reply)
        return request


@asynccontextmanager
async def opened(path: Path, at_once: AnyReply | None = None, **patience: float) -> AsyncIterator[Hall]:
    hall = Hall(path, at_once=at_once, **patience)
    await hall.door.open()
    try:
        yield hall
    finally:
        hall.door.close()


class Visitor:
    """A console."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def say(self, *requests: AnyRequest | bytes) -> None:
        self.writer.write(b"".join(each if isinstance(each, bytes) else encoded(each) for each in requests))

    async def hear(self) -> AnyReply:
        return read_reply(await self.reader.readline())

    async def hears_the_line_go_dead(self) -> bool:
        try:
            return await self.reader.read() == b""
        except ConnectionResetError:
            return True


@asynccontextmanager
async def visiting(path: Path) -> AsyncIterator[Visitor]:
    visitor = Visitor(*await asyncio.open_unix_connection(path, limit=10_000_000))
    try:
        yield visitor
    finally:
        visitor.writer.close()


def test_who_asks_hears_the_reply(run: Run) -> None:
    async def scene(path: Path) -> None:
        async with opened(path) as hall, visiting(path) as visitor:
            visitor.say(ShowConference("c1"))
            assert await hall.answer(Given(done=True, text="one")) == ShowConference("c1")
            assert await visitor.hear() == Given(done=True, text="one")
            visitor.say(ListConferences())
            assert await hall.answer(Given(done=False, text="two")) == ListConferences()
            assert await visitor.hear() == Given(done=False, text="two")
            assert hall.door.counters == {"requests": 2}

    run(scene)


def test_each_hears_their_own_reply_in_whatever_order_they_come(run: Run) -> None:
    async def scene(path: Path) -> None:
        async with opened(path) as hall, visiting(path) as ana, visiting(path) as rui:
            ana.say(ShowConference("a"))
            first, _ = await hall.asked.get()
            rui.say(ShowConference("r"))
            second, _ = await hall.asked.get()
            hall.door.answer(second, Given(done=True, text="r"))
            assert await rui.hear() == Given(done=True, text="r")
            hall.door.answer(first, Given(done=True, text="a"))
            assert await ana.hear() == Given(done=True, text="a")

    run(scene)


def test_of_one_who_asks_much_at_once_one_thing_after_another_is_asked(run: Run) -> None:
    async def scene(path: Path) -> None:
        async with opened(path) as hall, visiting(path) as visitor:
            visitor.say(*(ShowConference(str(number)) for number in range(5)))
            for number in range(5):
                ticket, request = await hall.asked.get()
                assert hall.asked.empty()
                assert request == ShowConference(str(number))
                hall.door.answer(ticket, Given(done=True, text=str(number)))
                assert await visitor.hear() == Given(done=True, text=str(number))

    run(scene)


def test_hundreds_of_requests_that_are_answered_at_once_do_not_pile_up(run: Run) -> None:
    async def scene(path: Path) -> None:
        async with opened(path, Given(done=True)), visiting(path) as visitor:
            visitor.say(*[ListConferences()] * 2000)
            for _ in range(2000):
                assert await visitor.hear() == Given(done=True)

    run(scene)


def test_a_request_may_come_in_pieces(run: Run) -> None:
    async def scene(path: Path) -> None:
        async with opened(path, Given(done=True)), visiting(path) as visitor:
            for byte in encoded(ShowConference("c1")):
                visitor.say(bytes([byte]))
                await visitor.writer.drain()
            assert await visitor.hear() == Given(done=True)

    run(scene)


@pytest.mark.parametrize(
    "nonsense", [b"\n", b"hello\n", b"\xff\x00\n", b'{"type":"kick"}\n', b"[" * 60_000 + b"\n"]
)
def test_nonsense_is_told_so_counted_and_forgiven(run: Run, nonsense: bytes) -> None:
    async def scene(path: Path) -> None:
        async with opened(path, Given(done=True)) as hall, visiting(path) as visitor:
            visitor.say(nonsense, ListConferences())
            told = await visitor.hear()
            assert isinstance(told, Problem)
            assert told.text.startswith("this is no request: ")
            assert await visitor.hear() == Given(done=True)
            assert hall.door.counters["lines not understood"] == 1

    run(scene)


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_without_end_is_cut_off(run: Run, end: bytes) -> None:
    async def scene(path: Path) -> None:
        async with opened(path) as hall, visiting(path) as visitor:
            visitor.say(b"x" * (LONGEST_LINE_BYTES + 1) + end)
            assert await visitor.hear() == Problem(f"a request has at most {LONGEST_LINE_BYTES} bytes")
            assert await visitor.hears_the_line_go_dead()
            assert hall.asked.empty()
            assert hall.door.counters == {"lines too long": 1}

    run(scene)


def test_the_longest_line_is_still_read(run: Run) -> None:
    async def scene(path: Path) -> None:
        line = encoded(ListConferences())
        async with opened(path, Given(done=True)), visiting(path) as visitor:
            visitor.say(b" " * (LONGEST_LINE_BYTES + 1 - len(line)), line)
            assert await visitor.hear() == Given(done=True)

    run(scene)


def test_one_visitor_too_many_is_sent_away_and_the_others_stay(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert VISITORS_MAX > 8
    monkeypatch.setattr(doors, "VISITORS_MAX", 1)

    async def scene(path: Path) -> None:
        async with opened(path, Given(done=True)) as hall:
            async with visiting(path) as first:
                first.say(ListConferences())
                assert await first.hear() == Given(done=True)
                async with visiting(path) as second:
                    assert isinstance(await second.hear(), Problem)
                    assert await second.hears_the_line_go_dead()
                first.say(ListConferences())
                assert await first.hear() == Given(done=True)
                first.writer.write_eof()
                assert await first.hears_the_line_go_dead()
            async with visiting(path) as third:
                third.say(ListConferences())
                assert await third.hear() == Given(done=True)
            assert hall.door.counters["visitors refused"] == 1

    run(scene)


def test_an_answer_that_does_not_come_is_not_waited_for(run: Run) -> None:
    async def scene(path: Path) -> None:
        async with opened(path, answer_s=0.0) as hall, visiting(path) as visitor:
            visitor.say(ListConferences())
            assert await visitor.hear() == Problem("the bridge did not answer in time")
            ticket, _ = await hall.asked.get()
            hall.door.answer(ticket, Given(done=True))
            assert hall.door.counters == {"requests": 1, "requests not answered": 1, "answers for nobody": 1}

    run(scene)


def test_who_says_nothing_is_sent_away(run: Run) -> None:
    async def scene(path: Path) -> None:
        async with opened(path, idle_s=0.0), visiting(path) as visitor:
            assert await visitor.hears_the_line_go_dead()

    run(scene)


def test_who_does_not_read_is_asked_nothing_more_for_until_they_do(run: Run) -> None:
    async def scene(path: Path) -> None:
        long = Problem("x" * 1_000_000)
        async with opened(path, long) as hall, visiting(path) as visitor:
            visitor.say(*[ListConferences()] * 3)
            await hall.asked.get()
            assert hall.asked.empty()
            for _ in range(3):
                assert await visitor.hear() == long
            assert hall.asked.qsize() == 2

    run(scene)


def test_who_does_not_read_is_not_waited_for_either(run: Run) -> None:
    async def scene(path: Path) -> None:
        async with opened(path, Problem("x" * 10_000_000), idle_s=0.02), visiting(path) as visitor:
            visitor.writer.transport.pause_reading()  # type: ignore[attr-defined] # the reader's, which this console holds back
            visitor.say(ListConferences())
            while True:
                visitor.say(
                    b" " * 512
                )  # asyncio from 3.12 on counts its pieces anew with each: few are enough
                await visitor.writer.drain()
                if visitor.writer.transport.is_closing():
                    break

    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        run(scene)


def test_who_hangs_up_before_the_answer_leaves_nothing_behind(run: Run) -> None:
    async def scene(path: Path) -> None:
        async with opened(path) as hall:
            async with visiting(path) as visitor:
                visitor.say(ListConferences())
                ticket, _ = await hall.asked.get()
            hall.door.answer(ticket, Given(done=True))
            async with visiting(path) as next_one:
                next_one.say(ListConferences())
                await hall.answer(Queue(()))
                assert await next_one.hear() == Queue(())

    run(scene)


def test_who_has_said_all_still_hears_the_answer(run: Run) -> None:
    async def scene(path: Path) -> None:
        async with opened(path) as hall, visiting(path) as visitor:
            visitor.say(ListConferences(), ListConferences())
            visitor.writer.write_eof()
            for _ in range(2):
                await hall.answer(Given(done=True))
                assert await visitor.hear() == Given(done=True)
            assert await visitor.hears_the_line_go_dead()

    run(scene)


def test_the_door_is_for_its_owner_alone(run: Run) -> None:
    async def scene(path: Path) -> None:
        async with opened(path):
            assert stat.S_IMODE(Path(path).lstat().st_mode) == 0o600  # noqa: ASYNC240 - nothing to wait for

    run(scene)


def test_a_door_that_is_closed_is_gone_and_so_are_its_visitors(run: Run) -> None:
    async def scene(path: Path) -> None:
        hall = Hall(path, at_once=Given(done=True))
        await hall.door.open()
        async with visiting(path) as visitor:
            visitor.say(ListConferences())
            await visitor.hear()
            hall.door.close()
            assert await visitor.hears_the_line_go_dead()
        with pytest.raises(FileNotFoundError):
            await asyncio.open_unix_connection(path)

    run(scene)


class Wire(asyncio.Transport):
    """A connection that keeps what is written, and is closed when it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """There is nobody behind it who could be held back."""

    def resume_reading(self) -> None:
        """As above."""


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from([b"\n", b"{}", encoded(ListConferences()), encoded(ListConferences())[:-1], b"\xff"])
        | st.binary(max_size=9)
    ),
    st.randoms(use_true_random=False),
)
def test_whatever_is_said_in_whatever_pieces_each_line_is_answered_once(
    said: list[bytes], chance: Random
) -> None:
    lines = b"".join(said)

    async def scene() -> None:
        hall = Hall(Path("nowhere"), at_once=Given(done=True))
        wire, visitor = Wire(), doors._Visitor(hall.door)
        visitor.connection_made(wire)
        rest = lines
        while rest:
            cut = chance.randint(1, len(rest))
            visitor.data_received(rest[:cut])
            rest = rest[cut:]
        assert wire.written.count(b"\n") == lines.count(b"\n")
        for line, answer in zip(lines.split(b"\n"), wire.written.splitlines(), strict=False):
            expected = Given if line.strip(b" \t\r") == encoded(ListConferences())[:-1] else Problem
            assert type(read_reply(answer)) is expected
        visitor.connection_lost(None)

    asyncio.run(scene())


def test_who_is_at_the_door_while_it_closes_is_sent_away(run: Run) -> None:
    async def scene(path: Path) -> None:
        async with opened(path) as hall:
            hall.door.close()
            wire, late = Wire(), doors._Visitor(hall.door)
            late.connection_made(wire)
            assert (read_reply(wire.written), wire.closed) == (Problem("the bridge is being stopped"), True)
            late.connection_lost(None)

    run(scene)


def test_the_socket_of_a_dead_bridge_is_replaced(run: Run) -> None:
    async def scene(path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
        async with opened(path, Given(done=True)), visiting(path) as visitor:
            visitor.say(ListConferences())
            assert await visitor.hear() == Given(done=True)

    run(scene)


def test_the_socket_of_a_living_bridge_is_left_to_it(run: Run) -> None:
    async def scene(path: Path) -> None:
        async with opened(path, Given(done=True)), visiting(path) as visitor:
            with pytest.raises(StartError, match="a bridge that is running"):
                await Door(path, lambda _ticket, _request: None).open()
            visitor.say(ListConferences())
            assert await visitor.hear() == Given(done=True)
        async with opened(path, Given(done=True)):  # and nothing is left of the one that could not
            pass

    run(scene)


@pytest.mark.parametrize("where", ["", "no/such/folder/control.sock", "x" * (PATH_BYTES_MAX + 1)])
def test_a_place_that_cannot_be_had_is_said_in_words(run: Run, where: str) -> None:
    async def scene(path: Path) -> None:
        with pytest.raises(StartError, match="configuration") as refused:
            await Door(path.parent / where, lambda _ticket, _request: None).open()
        assert str(path.parent) in str(refused.value)

    run(scene)


def test_another_file_in_its_place_is_not_touched(run: Run, tmp_path: Path) -> None:
    (tmp_path / "control.sock").write_text("minutes of the meeting")

    async def scene(path: Path) -> None:
        with pytest.raises(StartError, match="is no socket"):
            await Door(path, lambda _ticket, _request: None).open()

    run(scene)
    assert (tmp_path / "control.sock").read_text() == "minutes of the meeting"

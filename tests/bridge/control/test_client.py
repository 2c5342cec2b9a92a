"""The command line's side of the door, with a real door in a thread and with peers that are none."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.control import client as clients
from bridge.control.client import Client, ClientError
from bridge.control.door import LONGEST_LINE_BYTES
from bridge.control.protocol import (
    Conferences,
    Given,
    ListConferences,
    Problem,
    ShowConference,
    TakeRequest,
    encoded,
)
from tests.bridge.control.living import living_door


@contextmanager
def peer(path: Path, behave: Callable[[socket.socket], None]) -> Iterator[None]:
    """Something else that listens there: one connection."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)

        def serve() -> None:
            with listener.accept()[0] as visitor:
                behave(visitor)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            thread.join(5)
            assert not thread.is_alive()


def test_a_bridge_is_asked_and_answers_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    asked = []

    def answer(request: object) -> Given:
        asked.append(request)
        return Given(done=True, text=str(len(asked)))

    with living_door(path, answer), Client(path) as client:
        assert client.ask(ListConferences()) == Given(done=True, text="1")
        assert client.ask(ShowConference("c1")) == Given(done=True, text="2")
    assert asked == [ListConferences(), ShowConference("c1")]


def test_a_long_answer_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    long = Problem("x" * 3_000_000)
    with living_door(path, lambda _: long), Client(path) as client:
        assert client.ask(ListConferences()) == long


def test_a_request_that_is_too_long_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with living_door(path, lambda _: Conferences(())), Client(path) as client:
        told = client.ask(ShowConference("x" * 3_000_000))
    assert told == Problem(f"a request has at most {LONGEST_LINE_BYTES} bytes")


def test_no_bridge_is_said_in_words(tmp_path: Path) -> None:
    for path in (tmp_path / "control.sock", tmp_path / "no" / "control.sock"):
        with pytest.raises(ClientError, match="no bridge is running here"):
            Client(path)


def test_a_bridge_that_has_died_is_no_bridge(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with pytest.raises(ClientError, match="no bridge is running here"):
        Client(path)


def test_a_socket_of_somebody_else_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_socket: socket.socket, _path: str) -> None:
        raise PermissionError(13, os.strerror(13))

    class Guarded(socket.socket):
        connect = refuse

    monkeypatch.setattr(clients.socket, "socket", Guarded)
    with pytest.raises(ClientError, match="only the user that the bridge runs as"):
        Client(tmp_path / "control.sock")


def test_a_path_that_no_socket_can_have_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="too long"):
        Client(tmp_path / ("x" * 120))


def test_a_bridge_that_hangs_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    done = threading.Event()
    with peer(path, lambda _: done.wait(5) and None):
        with pytest.raises(ClientError, match="does not answer"), Client(path, patience_s=0.01) as client:
            client.ask(ListConferences())
        done.set()


def test_a_bridge_that_hangs_up_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with (
        peer(path, lambda visitor: visitor.recv(1000) and None),
        Client(path) as client,
        pytest.raises(ClientError, match="hung up"),
    ):
        client.ask(ListConferences())


def test_an_answer_in_two_pieces_is_one_and_two_in_one_piece_are_two(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    one, two = encoded(Given(done=True, text="one")), encoded(Given(done=True, text="two"))

    def behave(visitor: socket.socket) -> None:
        visitor.recv(1000)
        visitor.sendall(one[:5])
        visitor.sendall(one[5:] + two)
        visitor.recv(1000)

    with peer(path, behave), Client(path) as client:
        assert client.ask(ListConferences()) == Given(done=True, text="one")
        assert client.ask(TakeRequest("rui")) == Given(done=True, text="two")


@pytest.mark.parametrize("nonsense", [b"SSH-2.0-OpenSSH_9.2\r\n", b'{"type":"new_in_2027"}\n', b"\xff\n"])
def test_what_is_no_bridge_is_said_so(tmp_path: Path, nonsense: bytes) -> None:
    path = tmp_path / "control.sock"
    with (
        peer(path, lambda visitor: visitor.sendall(nonsense)),
        Client(path) as client,
        pytest.raises(ClientError, match="no answer of this version"),
    ):
        client.ask(ListConferences())


def test_an_answer_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "LONGEST_REPLY_BYTES", 1000)
    path = tmp_path / "control.sock"
    with (
        peer(path, lambda visitor: visitor.sendall(b"x" * 2000)),
        Client(path) as client,
        pytest.raises(ClientError, match="does not end"),
    ):
        client.ask(ListConferences())

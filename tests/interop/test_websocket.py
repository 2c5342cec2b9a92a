"""Telephones of browsers, from node: frames of every kind by `ws`, and JsSIP's own signalling.

They are looked for in tests/interop/websocket (npm install there) or where NODE_PATH says; nothing is fetched here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Self

import pytest

from tests.interop.listening_bridge import ListeningBridge
from tests.interop.started import LOOPBACK, PATIENCE_S, until

FOLDER = Path(__file__).parent / "websocket"


@cache
def lacking() -> str:
    """What of node is not there, if anything."""
    if shutil.which("node") is None:
        return "node is not installed (apt-get install nodejs npm)"
    found = subprocess.run(
        ["node", "-e", "require('ws'); require('jssip')"],
        cwd=FOLDER,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return "" if found.returncode == 0 else "ws or jssip is missing (npm install in tests/interop/websocket)"


pytestmark = pytest.mark.skipif(bool(lacking()), reason=lacking())


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ListeningBridge]:
    """A bridge that is heard by WebSocket."""
    bridge = ListeningBridge(tmp_path_factory.mktemp("websocket"))
    bridge.start()
    yield bridge
    try:
        bridge.assert_unhurt()
    finally:
        assert bridge.stop() == 0


class Node:
    """A script that runs, with what it has told."""

    def __init__(
        self, bridge: ListeningBridge, folder: Path, script: str, scheme: str, *arguments: str
    ) -> None:
        url = f"{scheme}://{LOOPBACK}:{getattr(bridge, scheme)}"
        self._out = folder / f"{script}.out"
        self._command = ["node", script, url, *arguments]
        self._trust = {"NODE_EXTRA_CA_CERTS": str(bridge.authority.file)}

    def __enter__(self) -> Self:
        with self._out.open("wb") as out:
            self._process = subprocess.Popen(
                self._command,
                cwd=FOLDER,
                env=os.environ | self._trust,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=PATIENCE_S)

    def say(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n".encode())
        self._process.stdin.flush()

    @property
    def told(self) -> list[dict[str, Any]]:
        text = self._out.read_text()
        try:
            return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        except ValueError:
            raise AssertionError(text) from None

    def tells(self, **wanted: Any) -> dict[str, Any]:
        """The first fact with these values, once it is told."""

        def found() -> dict[str, Any] | None:
            return next((fact for fact in self.told if wanted.items() <= fact.items()), None)

        fact: dict[str, Any] = until(found, f"node to tell {wanted}")
        return fact

    def tells_many(self, key: str, count: int = 1) -> list[Any]:
        def found() -> list[Any]:
            values = [fact[key] for fact in self.told if key in fact]
            return values if len(values) >= count else []

        values: list[Any] = until(found, f"node to tell {count} times of {key}")
        return values


@pytest.mark.parametrize("scheme", ["ws", "wss"])
@pytest.mark.parametrize("kind", ["text", "binary", "fragments"])
def test_a_message_is_answered_in_whatever_frames_it_comes(
    heard: ListeningBridge, tmp_path: Path, scheme: str, kind: str
) -> None:
    """RFC 7118: no Content-Length, a Via that nobody can resolve; answered on the connection, with received and rport."""
    with Node(heard, tmp_path, "frames.js", scheme, kind) as node:
        node.tells(open="sip")
        (answer,) = node.tells_many("message")
        assert answer.startswith("SIP/2.0 200 OK\r\n")
        assert f"SIP/2.0/{scheme.upper()} df7jal23ls0d.invalid;" in answer
        assert f";received={LOOPBACK}" in answer


def test_a_hundred_messages_at_once_are_answered_one_by_one(heard: ListeningBridge, tmp_path: Path) -> None:
    with Node(heard, tmp_path, "frames.js", "ws", "burst") as node:
        answers = node.tells_many("message", 100)
    assert [int(answer.split("CSeq: ")[1].split()[0]) for answer in answers] == list(range(100, 200))


def test_signs_of_life_are_answered(heard: ListeningBridge, tmp_path: Path) -> None:
    with Node(heard, tmp_path, "frames.js", "ws", "ping") as node:
        node.tells(pong="are you there?")
    with Node(heard, tmp_path, "frames.js", "ws", "crlf") as node:
        node.tells(message="\r\n")


@pytest.mark.parametrize(("said", "code"), [("huge", 1009), ("goodbye", 1000)])
def test_the_end_has_a_reason(heard: ListeningBridge, tmp_path: Path, said: str, code: int) -> None:
    with Node(heard, tmp_path, "frames.js", "ws", said) as node:
        node.tells(close=code)


@pytest.mark.parametrize("protocol", ["other protocol", "no protocol"])
def test_another_subprotocol_is_refused(heard: ListeningBridge, tmp_path: Path, protocol: str) -> None:
    with Node(heard, tmp_path, "frames.js", "ws", protocol) as node:
        node.tells(refused=400)


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_jssip_is_in_a_room_keys_and_leaves(heard: ListeningBridge, tmp_path: Path, scheme: str) -> None:
    with Node(heard, tmp_path, "telephone.js", scheme, f"conf-{scheme}") as jana:
        jana.tells(event="connected")
        jana.say("call")
        accepted = jana.tells(event="confirmed")
        assert accepted["originator"] == "local"
        ended = len(heard.events("call ended"))
        until(lambda: jana.say("ears") or jana.tells_many("heard")[-1] > 20, "audio to come")
        jana.say("key")
        jana.say("hang up")
        jana.tells(event="ended", cause="Terminated")
        until(lambda: len(heard.events("call ended")) > ended, "the call to end")
        assert heard.events("call ended")[-1]["pressed"] == {"INFO": 1}


def test_the_bridge_ends_a_call_on_its_connection(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A Contact that ends in `.invalid` leads nowhere: the BYE comes by the connection."""
    folder = tmp_path_factory.mktemp("ending")
    bridge = ListeningBridge(folder)
    bridge.start()
    with Node(bridge, folder, "telephone.js", "ws", "conf-ending") as jana:
        jana.tells(event="connected")
        jana.say("call")
        jana.tells(event="confirmed")
        assert bridge.stop() == 0
        assert jana.tells(event="ended")["originator"] == "remote"


def test_a_registration_has_its_answer(heard: ListeningBridge, tmp_path: Path) -> None:
    """Nobody knows this telephone here."""
    with Node(heard, tmp_path, "telephone.js", "ws", "conf-none") as jana:
        jana.tells(event="connected")
        jana.say("register")
        assert jana.tells(event="registrationFailed")["status"] in (401, 403, 404, 405)

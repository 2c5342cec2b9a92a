from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from bridge import logs
from bridge.config import Config, ConfigError


class Configure:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loggers: list[logs.LineLogger] = []

    def __call__(self, **changes: Any) -> Path:
        config = Config(directory=self.folder)
        changed = replace(config.log, **{"file": Path("x.log"), **changes})
        self.loggers.append(logs.configure(replace(config, log=changed)))
        return self.folder / "x.log"


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[Configure]:
    """Set up logging into a file; afterwards all is as it was."""
    before = structlog.get_config()
    made = Configure(tmp_path)
    yield made
    structlog.configure(**before)
    for logger in made.loggers:
        if (tmp_path / "x.log").exists():
            logger.close()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_line_is_json_with_its_facts(configured: Configure) -> None:
    path = configured()
    structlog.get_logger().info("somebody joined", call_id="a@b", leg=3)
    (line,) = lines(path)
    assert list(line) == ["timestamp", "level", "event", "call_id", "leg"]
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "somebody joined", "level": "info", "call_id": "a@b", "leg": 3}


@pytest.mark.parametrize(
    "key",
    ["passcode", "digits", "pin", "counter_password", "PIN", "keyed_digits", "passcode_key", "new_codes"],
)
def test_what_somebody_keyed_is_never_written(configured: Configure, key: str) -> None:
    path = configured()
    structlog.get_logger().bind(**{key: "48151623"}).warning("wrong", **{key + "_2": 48151623})
    assert b"48151623" not in path.read_bytes()
    assert lines(path)[0][key] == logs.HIDDEN


@pytest.mark.parametrize("key", ["call_id", "opinion", "keypad", "encoded", "status", "decode_errors"])
def test_words_that_only_look_alike_are_written(key: str) -> None:
    assert not logs.is_secret(key)


def test_a_level_below_the_set_one_is_not_written(configured: Configure) -> None:
    path = configured(level="warning")
    structlog.get_logger().info("no")
    structlog.get_logger().error("yes")
    assert [line["event"] for line in lines(path)] == ["yes"]


def test_the_console_form_is_for_people(configured: Configure) -> None:
    path = configured(format="console")
    structlog.get_logger().info("hello \udcff", leg=3)
    assert "hello \\udcff" in path.read_text()
    assert "leg=3" in path.read_text()


def test_any_value_becomes_a_line(configured: Configure) -> None:
    path = configured()
    structlog.get_logger().info("odd", caller="\udcff", path=Path("/x"), error=ValueError("bad"))
    structlog.get_logger().info("odd", path=Path("/x"), many={1, 2})
    assert lines(path)[0]["caller"] == "\\udcff"
    assert "/x" in lines(path)[1]["path"]


def test_an_exception_is_one_line_with_its_traceback(configured: Configure) -> None:
    path = configured()
    try:
        raise ValueError("bad")  # noqa: TRY301
    except ValueError:
        structlog.get_logger().exception("it broke")
    (line,) = lines(path)
    assert "ValueError: bad" in line["exception"]


def test_a_line_that_cannot_be_written_is_counted_and_harms_nobody() -> None:
    stream = io.BytesIO()
    logger = logs.LineLogger(stream)
    logger.info(b"one")
    assert stream.getvalue() == b"one\n"
    stream.close()
    logger.info(b"two")
    assert logger.lost == 1


def test_a_file_that_cannot_be_opened_is_a_fault_of_the_configuration(configured: Configure) -> None:
    with pytest.raises(ConfigError, match=r"log\.file cannot be written"):
        configured(file=Path())


def test_standard_output_is_the_default(
    configured: Configure, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    configured(file=None)
    structlog.get_logger().info("hello")
    assert json.loads(capfdbinary.readouterr().out)["event"] == "hello"


def test_an_error_on_a_terminal_shows_no_value_of_a_variable(configured: Configure) -> None:
    """Where `rich` is installed structlog would show them all, what was keyed among them."""

    def look_up(passcode: str) -> None:
        raise ValueError(len(passcode))

    path = configured(format="console")
    try:
        look_up("".join(map(str, range(4, 9))))
    except ValueError:
        structlog.get_logger().exception("an effect failed")
    text = path.read_text()
    assert "ValueError: 5" in text
    assert "45678" not in text


class Loop:
    """What a logger needs of an event loop."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []

    def call_soon(self, what: Callable[[], None]) -> None:
        self.due.append(what)

    def turn(self) -> None:
        due, self.due = self.due, []
        for each in due:
            each()


class Writes(io.BytesIO):
    """A stream that counts how often it is written to."""

    count = 0

    def write(self, data: Any, /) -> int:
        self.count += 1
        return super().write(data)


def test_the_lines_of_a_round_of_the_loop_are_one_write_in_order() -> None:
    stream, loop = Writes(), Loop()
    logger = logs.LineLogger(stream)
    logger.gather(loop.call_soon)
    for number in range(3):
        logger.info(str(number).encode())
    assert stream.getvalue() == b""
    loop.turn()
    assert stream.getvalue() == b"0\n1\n2\n"
    assert stream.count == 1
    logger.info(b"3")
    loop.turn()
    assert stream.getvalue().endswith(b"2\n3\n")


@pytest.mark.parametrize("level", ["error", "critical", "exception"])
def test_an_error_waits_for_no_round_and_comes_after_what_was_said_before(level: str) -> None:
    stream, loop = io.BytesIO(), Loop()
    logger = logs.LineLogger(stream)
    logger.gather(loop.call_soon)
    logger.info(b"before")
    getattr(logger, level)(b"bad")
    assert stream.getvalue() == b"before\nbad\n"
    loop.turn()
    assert stream.getvalue() == b"before\nbad\n"


def test_what_waits_is_written_when_the_loop_ends() -> None:
    stream = io.BytesIO()
    logger = logs.LineLogger(stream)
    logger.gather(Loop().call_soon)
    logger.info(b"waits")
    logger.gather(None)
    logger.info(b"does not")
    assert stream.getvalue() == b"waits\ndoes not\n"


@pytest.mark.parametrize("level", ["info", "error"])
def test_another_thread_writes_for_itself(level: str) -> None:
    stream, loop = io.BytesIO(), Loop()
    logger = logs.LineLogger(stream)
    logger.gather(loop.call_soon)
    thread = threading.Thread(target=getattr(logger, level), args=(b"from the store",))
    thread.start()
    thread.join()
    assert stream.getvalue() == b"from the store\n"
    assert loop.due == []


def test_lines_that_are_lost_together_are_counted_each() -> None:
    stream, loop = io.BytesIO(), Loop()
    logger = logs.LineLogger(stream)
    logger.gather(loop.call_soon)
    logger.info(b"one")
    logger.info(b"two")
    stream.close()
    loop.turn()
    assert logger.lost == 2


def test_the_lines_of_calls_are_what_structlog_would_make_of_them(configured: Configure) -> None:
    path = configured()
    facts = {"leg": 3, "caller": "\udcff", "pin": "4815", "pressed": {"1": 2}}
    configured.loggers[-1].facts("warning", "call refused", facts)
    structlog.get_logger().warning("call refused", **facts)
    ours, theirs = lines(path)
    assert list(ours) == list(theirs)
    when = [datetime.fromisoformat(line.pop("timestamp")) for line in (ours, theirs)]
    assert when[1] - when[0] < timedelta(seconds=1)
    assert ours == theirs
    assert ours["pin"] == logs.HIDDEN
    assert facts["pin"] == "4815"  # the switchboard's own is as it was


def test_the_lines_of_calls_below_the_set_level_are_not_written(configured: Configure) -> None:
    path = configured(level="warning")
    configured.loggers[-1].facts("info", "call came", {})
    configured.loggers[-1].facts("error", "call lost", {})
    assert [line["event"] for line in lines(path)] == ["call lost"]


def test_the_lines_of_calls_are_for_people_on_a_console(configured: Configure) -> None:
    path = configured(format="console")
    configured.loggers[-1].facts("info", "call came", {"leg": 3})
    assert "call came" in path.read_text()
    assert "leg=3" in path.read_text()


def test_a_moment_is_told_to_the_microsecond_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_700_000_000_000_042_999)
    stream = io.BytesIO()
    logs.LineLogger(stream).facts("info", "x", {})
    assert json.loads(stream.getvalue())["timestamp"] == "2023-11-14T22:13:20.000042Z"

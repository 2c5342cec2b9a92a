from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
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

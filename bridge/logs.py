"""Lines for the operator: readable on a terminal, JSON otherwise, and never a code in them.

Every package logs by `structlog.get_logger()` with an event in plain words and its facts as keys; this sets up, once for the
process, what becomes of them. What somebody keyed or knows (`SECRET_WORDS`) is hidden here, whoever forgot to.

A call has seven lines, and they were a tenth of what it cost. So those of calls go past structlog (`LineLogger.facts`), and
the lines of one round of the event loop are one write (`gather`).
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec
import structlog

from bridge.config import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    from bridge.config import Config

SECRET_WORDS: Final = frozenset(
    [
        "code",
        "codes",
        "digit",
        "digits",
        "key",
        "keys",
        "passcode",
        "passcodes",
        "password",
        "passwords",
        "pin",
        "pins",
        "secret",
    ]
)
"""A key with one of these words in it (`counter_password`, `pin`) is never written with its value."""

HIDDEN: Final = "[hidden]"

REMEMBERED_KEYS: Final = 1024
"""Keys of which it is remembered whether they are secret: they are words in our source, some hundred."""

_LEVELS: Final = {name: getattr(logging, name.upper()) for name in ("debug", "info", "warning", "error")}

_FIRST: Final = ("timestamp", "level", "event")

_encode: Final = msgspec.json.Encoder(enc_hook=repr).encode


class LineLogger:
    """Writes finished lines. A line that cannot be written (disk full, reader gone) is lost and counted: the calls
    go on.

    Parameters
    ----------
    level : int
        The least one that `facts` writes, as `logging` numbers them.
    json : bool
        Whether `facts` writes JSON; else it goes by structlog, as every other line does.
    """

    __slots__ = ("_json", "_least", "_soon", "_stream", "_thread", "_waiting", "lost")

    def __init__(self, stream: IO[bytes], *, level: int = logging.INFO, json: bool = True) -> None:
        self._stream = stream
        self._least = level
        self._json = json
        self._soon: Callable[[Callable[[], None]], object] | None = None
        self._thread = 0
        self._waiting: list[bytes] = []
        self.lost = 0

    def gather(self, soon: Callable[[Callable[[], None]], object] | None) -> None:
        """From now on write what this thread says by `soon(flush)`, the loop's `call_soon`; None: each line at once again.

        What is worse than a warning is written at once in any case, with all that was said before it.
        """
        self.flush()
        self._soon, self._thread = soon, threading.get_ident()

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._write(waiting)

    def msg(self, line: bytes) -> None:
        if self._soon is None or threading.get_ident() != self._thread:
            self._write([line])
            return
        self._waiting.append(line)
        if len(self._waiting) == 1:
            self._soon(self.flush)

    def urgent(self, line: bytes) -> None:
        """Write a line, and before it what waits: this may be the last word."""
        self.msg(line)
        if threading.get_ident() == self._thread:
            self.flush()

    def facts(self, level: str, event: str, fields: Mapping[str, object]) -> None:
        """Write a line of a call: what structlog would make of the same, at a fifth of the cost."""
        if not self._json:
            getattr(_calls, level)(event, **fields)
        elif _LEVELS[level] >= self._least:
            line: dict[str, Any] = {"timestamp": _timestamp(), "level": level, "event": event, **fields}
            self.msg(render_json(None, level, hide_secrets(None, level, line)))

    def _write(self, lines: list[bytes]) -> None:
        try:
            self._stream.write(b"\n".join([*lines, b""]))
            self._stream.flush()
        except (OSError, ValueError):  # ValueError: the stream was closed
            self.lost += len(lines)

    def close(self) -> None:
        self.flush()
        self._stream.close()

    debug = info = warning = msg
    error = critical = exception = urgent


_calls: Final = structlog.get_logger("calls")


def _timestamp() -> str:
    """Now, as structlog's own stamp writes it: of a day of calls only the fraction of the second is new each time."""
    second, micro = divmod(time.time_ns() // 1000, 1_000_000)
    return f"{_second(second)}.{micro:06d}Z"


@lru_cache(1)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def configure(config: Config) -> LineLogger:
    """Set up logging as `config` says; raises `ConfigError` where the file cannot be written.

    What is returned is where all lines end: it counts those that were lost.
    """
    stream, terminal = _open(config)
    console = config.log.format == "console" or (config.log.format == "auto" and terminal)
    logger = LineLogger(stream, level=_LEVELS[config.log.level], json=not console)
    structlog.configure(
        processors=[*_COMMON, *(_console(colors=terminal) if console else _JSON)],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[config.log.level]),
        logger_factory=lambda *_: logger,
        cache_logger_on_first_use=False,
    )
    return logger


def _open(config: Config) -> tuple[IO[bytes], bool]:
    """Where lines go, and whether somebody looks at it."""
    if config.log.file is None:
        return sys.stdout.buffer, sys.stdout.isatty()
    path = config.resolve(config.log.file)
    try:
        # It holds callers' numbers: for its owner alone, where it is made here.
        return open(path, "ab", buffering=0, opener=lambda name, flags: os.open(name, flags, 0o600)), False
    except OSError as error:
        raise ConfigError(path, [Fault(1, f"log.file cannot be written: {error.strerror}")]) from error


@lru_cache(REMEMBERED_KEYS)
def is_secret(key: str) -> bool:
    """Whether the value under `key` may not be written."""
    return not SECRET_WORDS.isdisjoint(re.split(r"[^a-z]+", key.lower()))


def hide_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what must not be written: a processor of structlog."""
    for key in event:
        if is_secret(key):
            event[key] = HIDDEN
    return event


def stamp(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say when: a processor of structlog."""
    event["timestamp"] = _timestamp()
    return event


def render_json(_logger: object, _method: str, event: MutableMapping[str, Any]) -> bytes:
    """One line of JSON: a renderer of structlog. Text that is not even Unicode is written with escapes.

    When, how bad and what come first, as people read.
    """
    line = {**{key: event[key] for key in _FIRST if key in event}, **event}
    try:
        return _encode(line)
    except (UnicodeError, TypeError, ValueError):
        return _encode({_plain(str(key)): _plain(str(value)) for key, value in line.items()})


def _plain(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _console(*, colors: bool) -> list[Any]:
    # Plain: the pretty ones show the values of variables, among them what was keyed.
    render = structlog.dev.ConsoleRenderer(
        colors=colors, sort_keys=False, exception_formatter=structlog.dev.plain_traceback
    )

    def in_bytes(logger: Any, method: str, event: MutableMapping[str, Any]) -> bytes:
        return str(render(logger, method, event)).encode("utf-8", "backslashreplace")

    return [in_bytes]


_COMMON: Final[list[Any]] = [
    structlog.processors.add_log_level,
    stamp,
    hide_secrets,
]

_JSON: Final[list[Any]] = [structlog.processors.format_exc_info, render_json]

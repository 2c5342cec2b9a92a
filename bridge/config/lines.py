"""On which line each key of a TOML text stands, which tomllib does not say.

This reads only texts that tomllib has accepted, so that it may be short: it follows the structure (tables, arrays of
tables, dotted keys, inline tables, strings over several lines) and steps over the values. A key is named by its path,
`("access_numbers", 0, "label")`; elements of arrays are named by their index.
"""

from __future__ import annotations

import re
from typing import Final

Path = tuple[str | int, ...]

_SPACE: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
"""Between things, also across lines: space and comments."""

_KEY_PART: Final = re.compile(r"""[ \t]*(?:"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'|([A-Za-z0-9_-]+))[ \t]*""")

_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)

_BARE: Final = re.compile(r"[^,\]}#\r\n]+")
"""Numbers, dates and booleans: up to what ends a value."""


def locate(text: str) -> dict[Path, int]:
    """The line (from 1) of every table, key and array element of `text`, which must be valid TOML."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}

    def read(self) -> dict[Path, int]:
        table: Path = ()
        self._space()
        while self.at < len(self.text):
            if self._take("[["):
                table = self._element(self._key())
                self._take("]]")
            elif self._take("["):
                table = self._resolve(self._key())
                self._take("]")
            else:
                self._pair(table)
            self._space()
        return self.lines

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table + self._key()
        for length in range(len(table) + 1, len(path) + 1):
            self.lines.setdefault(path[:length], line)
        self._take("=")
        self._space()
        self._value(path)

    def _value(self, path: Path) -> None:
        string = _STRING.match(self.text, self.at)
        if string:
            self.at = string.end()
        elif self._take("["):
            index = 0
            self._space()
            while not self._take("]"):
                self.lines[*path, index] = self._line()
                self._value((*path, index))
                index += 1
                self._space()
                self._take(",")
                self._space()
        elif self._take("{"):
            self._space()
            while not self._take("}"):
                self._pair(path)
                self._space()
                self._take(",")
                self._space()
        else:
            bare = _BARE.match(self.text, self.at)
            self.at = bare.end() if bare else len(self.text)

    def _key(self) -> Path:
        parts: list[str | int] = []
        while found := _KEY_PART.match(self.text, self.at):
            parts.append(next(part for part in found.groups() if part is not None))
            self.at = found.end()
            if not self._take("."):
                break
        return tuple(parts)

    def _element(self, key: Path) -> Path:
        """The next element of the array of tables `key`."""
        array = self._resolve(key[:-1]) + key[-1:]
        index = self.counts.get(array, 0)
        self.counts[array] = index + 1
        self.lines.setdefault(array, self._line())
        self.lines[*array, index] = self._line()
        return (*array, index)

    def _resolve(self, key: Path) -> Path:
        """`[a.b]` after `[[a]]` means the last `a`."""
        path: Path = ()
        for part in key:
            path = (*path, part)
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
            self.lines.setdefault(path, self._line())
        return path

    def _take(self, token: str) -> bool:
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def _space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

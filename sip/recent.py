"""A table that remembers what was used of late and never grows above its bound, whoever fills it.

Two generations: what is new or asked for is among the young; once they are `half` in number they become the old, and the
old of before are forgotten, all at once. So a key that is used stays, one that is not goes after `half` to twice `half`
others have come, and no operation ever walks over the table. An attacker with endless addresses makes it forget faster,
and gains nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Values by name, at most twice `half` of them."""

    __slots__ = ("_half", "_old", "_young")

    def __init__(self, half: int) -> None:
        self._half = half
        self._young: dict[str, Value] = {}
        self._old: dict[str, Value] = {}

    def get(self, key: str) -> Value | None:
        """The value of a key, which is young again."""
        value = self._young.get(key)
        if value is None:
            value = self._old.pop(key, None)
            if value is not None:
                self[key] = value
        return value

    def peek(self, key: str) -> Value | None:
        """The same, without making it younger."""
        value = self._young.get(key)
        return self._old.get(key) if value is None else value

    def __setitem__(self, key: str, value: Value) -> None:
        if len(self._young) >= self._half and key not in self._young:
            self._old = self._young
            self._young = {}
        self._old.pop(key, None)
        self._young[key] = value

    def pop(self, key: str) -> Value | None:
        """Forget a key."""
        value = self._young.pop(key, None)
        return self._old.pop(key, None) if value is None else value

    def clear(self) -> None:
        """Forget all."""
        self._young = {}
        self._old = {}

    def values(self) -> Iterator[Value]:
        """All that is remembered."""
        yield from self._old.values()
        yield from self._young.values()

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

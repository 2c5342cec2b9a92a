"""Who has an account here, as far as calls need to know: the account behind a name or a number, and its number."""

from __future__ import annotations

from typing import Final, Protocol


class Directory(Protocol):
    """The accounts of the bridge."""

    def account_of(self, called: str) -> str:
        """The account of this name, or of this number in E.164; "" where there is none."""

    def number_of(self, account: str) -> str:
        """The number of an account in E.164; "" where it has none."""


class _Nobody:
    def account_of(self, called: str) -> str:  # noqa: ARG002 - as all directories
        return ""

    def number_of(self, account: str) -> str:  # noqa: ARG002 - as all directories
        return ""


NOBODY: Final[Directory] = _Nobody()
"""A bridge without accounts."""

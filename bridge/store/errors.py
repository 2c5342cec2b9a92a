"""What the store raises."""

from __future__ import annotations


class StoreError(Exception):
    """Base: the store could not do what was asked. The message is for an operator."""


class StoreUnavailableError(StoreError):
    """The database is away, locked or full: the same thing may well work later."""


class StoreRefusedError(StoreError):
    """The database will never take this: a name or code that exists already, a value that cannot be."""

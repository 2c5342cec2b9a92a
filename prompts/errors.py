"""The one error of this package."""

from __future__ import annotations


class PromptError(Exception):
    """A prompt, a language or a recording that is not there or cannot be used; the text says which and why."""

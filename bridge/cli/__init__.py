"""The command `roda`: what an operator does at a terminal.

One file per group of commands. Each command reads the configuration, does one thing through the same functions that the
bridge itself uses, and says what it did. A mistake of the user is one clear line and exit status 1, never a traceback.
"""

from bridge.cli.app import main

__all__ = ["main"]

"""How the command line asks a running bridge: one line out, one line back, in words what went wrong."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from bridge.control.protocol import AnyReply, WireError, encoded, read_reply

if TYPE_CHECKING:
    from bridge.control.protocol import AnyRequest

PATIENCE_S: Final = 15.0
"""Longer than the bridge takes to say that it cannot answer (`door.ANSWER_S`): then it hangs."""

CHUNK_BYTES: Final = 65_536

LONGEST_REPLY_BYTES: Final = 64_000_000
"""The roster of 20,000 people has some five million; what is longer comes from no bridge."""

_NOT_RUNNING: Final = frozenset({errno.ENOENT, errno.ECONNREFUSED, errno.ENOTDIR})


class ClientError(Exception):
    """The bridge cannot be asked; the text says why and what to do."""


class Client:
    """A connection to the bridge whose socket is at `path`; raises `ClientError` where there is none. Ask as often as needed."""

    def __init__(self, path: Path, *, patience_s: float = PATIENCE_S) -> None:
        self._path = path
        self._rest = b""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(patience_s)
            self._socket.connect(os.fspath(path))
        except OSError as error:
            self._socket.close()
            raise ClientError(self._why(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Go."""
        self._socket.close()

    def ask(self, request: AnyRequest) -> AnyReply:
        """The bridge's reply; raises `ClientError` where there is none."""
        try:
            self._socket.sendall(encoded(request))
        except BrokenPipeError:
            pass  # it has sent us away, and said why
        except OSError as error:
            raise ClientError(self._why(error)) from error
        line = self._line()
        try:
            return read_reply(line)
        except WireError as error:
            raise ClientError(
                f"{self._path}: this is no answer of this version of the bridge ({error})"
            ) from error

    def _line(self) -> bytes:
        said = bytearray(self._rest)
        looked_at = 0
        while (end := said.find(b"\n", looked_at)) < 0:
            looked_at = len(said)
            if looked_at > LONGEST_REPLY_BYTES:
                raise ClientError(f"{self._path}: the answer does not end: is this the bridge's socket?")
            try:
                chunk = self._socket.recv(CHUNK_BYTES)
            except OSError as error:
                raise ClientError(self._why(error)) from error
            if not chunk:
                raise ClientError(f"{self._path}: the bridge has hung up: is it being stopped?")
            said += chunk
        self._rest = bytes(said[end + 1 :])
        return bytes(said[:end])

    def _why(self, error: OSError) -> str:
        if isinstance(error, TimeoutError):
            return f"{self._path}: the bridge does not answer: see its log"
        if error.errno in _NOT_RUNNING:
            return (
                f"no bridge is running here ({self._path}): start one with roda serve, or name its --config"
            )
        if error.errno in {errno.EACCES, errno.EPERM}:
            return f"{self._path}: only the user that the bridge runs as may command it"
        return f"{self._path}: {error.strerror or error}"

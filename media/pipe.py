"""The end of a pipe to another process of ours that control reads, one message at a time."""

from __future__ import annotations

import socket


def receive(pipe: socket.socket, most_bytes: int) -> bytes | None:
    """Return the next message; None where there is none yet, and nothing at all (b"") where the other end is gone."""
    while True:
        try:
            return pipe.recv(most_bytes)
        except BlockingIOError:
            return None
        except ConnectionResetError:
            continue  # it died before it read all we said; what it said itself is still to be had
        except OSError:
            return b""

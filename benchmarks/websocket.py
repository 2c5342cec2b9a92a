"""The client's half of a WebSocket that carries SIP, as text (RFC 6455, RFC 7118): the handshake, and frames both ways.

A browser masks each frame with a key that nobody can foresee, against proxies that keep what they read. Ours is zero, which
masks nothing and costs nothing; a server unmasks it all the same.
"""

from __future__ import annotations

import base64
import os
import struct

CONTINUATION, TEXT, BINARY, PING, PONG = 0x0, 0x1, 0x2, 0x9, 0xA
FINAL, MASKED = 0x80, 0x80
KEY = bytes(4)
"""What a frame of ours is masked with."""


def handshake(host: str) -> bytes:
    """Write the request that makes a connection a WebSocket (RFC 6455 section 4.1)."""
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def frame(payload: bytes, kind: int = TEXT) -> bytes:
    """Put one message into one frame (RFC 6455 section 5.2)."""
    length = len(payload)
    if length < 126:
        head = struct.pack("!BB", FINAL | kind, MASKED | length)
    elif length < 1 << 16:
        head = struct.pack("!BBH", FINAL | kind, MASKED | 126, length)
    else:
        head = struct.pack("!BBQ", FINAL | kind, MASKED | 127, length)
    return head + KEY + payload


class Frames:
    """Puts the server's frames together to messages; `owed` is what its pings must be answered with."""

    def __init__(self) -> None:
        self._begun = b""
        self.owed = bytearray()

    def split(self, buffer: bytearray) -> list[bytes]:
        """Take all whole frames off the front of `buffer`, and return the messages that they end."""
        messages: list[bytes] = []
        while (size := _size(buffer)) is not None:
            head, end = size
            kind, is_final, payload = buffer[0] & 0x0F, buffer[0] & FINAL, bytes(buffer[head:end])
            del buffer[:end]
            if kind == PING:
                self.owed += frame(payload, PONG)
            elif kind in {CONTINUATION, TEXT, BINARY}:
                self._begun += payload
                if is_final:
                    messages.append(self._begun)
                    self._begun = b""
        return messages


def _size(buffer: bytearray) -> tuple[int, int] | None:
    """Return where the payload of the first frame begins and ends; None where it is not all there."""
    if len(buffer) < 2:
        return None
    length = buffer[1] & 0x7F
    head = {126: 4, 127: 10}.get(length, 2)
    if len(buffer) < head:
        return None
    if head > 2:
        length = int.from_bytes(buffer[2:head], "big")
    return (head, head + length) if len(buffer) >= head + length else None

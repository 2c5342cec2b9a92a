"""A bridge that is heard by TLS and WebSocket, too, with certificates of the tests' own."""

from __future__ import annotations

from pathlib import Path

from tests.interop.started import LOOPBACK, Bridge, free_port
from tests.support.certificates import Authority

MORE = """
[server.identity]
certificate = "{certificate}"
key = "{key}"
client_ca = "{authority}"
"""


class ListeningBridge(Bridge):
    """`roda serve` on every transport."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)
        pair = self.authority.issue("bridge", domains=("localhost",), addresses=(LOOPBACK,))
        super().__init__(
            folder,
            MORE.format(certificate=pair.certificate, key=pair.key, authority=self.authority.file),
        )
        self.tls, self.ws, self.wss = free_port(), free_port(), free_port()
        lists = "".join(f'{name} = ["{LOOPBACK}:{getattr(self, name)}"]\n' for name in ("tls", "ws", "wss"))
        self.file.write_text(self.file.read_text().replace("[server]\n", f"[server]\n{lists}", 1))

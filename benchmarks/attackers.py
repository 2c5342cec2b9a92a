"""Those who do a SIP server harm, all at once: `python -m benchmarks.attackers --help`.

For one's own server on loopback, and for nothing else: the target must be a loopback address. Each kind comes from addresses
of its own, so that none of them is taken for an honest caller (those call from 127.0.0.x):

    forged      INVITE, each from an address that is invented and never heard of again      127.64.0.0/10
                (with --twice each comes again after half a second, as an honest telephone's does)
    flood       INVITE to numbers there are not, from ten addresses                         127.1.1.x
    scanners    OPTIONS, REGISTER and INVITE of tools that say their names                  127.1.2.x
    malformed   good messages with bits turned, pieces cut out or doubled                   127.1.3.x
    passwords   REGISTER with proofs that are wrong                                         127.1.4.x
    half-open   TCP connections that begin a message and never end it                       127.1.5.x
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import socket
import time
from collections import Counter, deque
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.messages import offer_sdp
from benchmarks.ports import allow_files
from benchmarks.transport import parse_address

if TYPE_CHECKING:
    from collections.abc import Callable

TURN_S = 0.005
NICENESS = 15
TWICE_S = 0.5
"""T1: when an INVITE is repeated that nobody answers."""
ADDRESSES = 10
"""Of each kind but the forged."""
CONNECTIONS = 200
"""Half-open ones kept at once; what the server closes is opened anew."""
SHARES = {"forged": 0.4, "flood": 0.2, "scanners": 0.15, "malformed": 0.15, "passwords": 0.1}
"""How the rate is divided."""
SCANNER_NAMES = ("friendly-scanner", "sipcli/v1.8", "VaxSIPUserAgent/3.1", "sundayddr", "pplsip")


class Attackers:
    """All of them, against one server: `rate` messages a second together; `user` is somebody whom the server does have."""

    def __init__(
        self, target: str, *, rate: float, seed: int = 1, user: str = "1000", twice: bool = False
    ) -> None:
        self._target = parse_address(target)
        if not self._target[0].startswith("127."):
            raise SystemExit("attackers attack loopback addresses alone")
        self._rate = rate
        self._user = user
        self._twice = twice
        self._again: deque[tuple[float, str, bytes]] = deque()
        """What the forged send once more, and when."""
        self._random = random.Random(seed)  # noqa: S311 - the same storm each time
        self._number = 0
        self._sockets: dict[str, socket.socket] = {}
        self._connections: list[socket.socket] = []
        self.sent: Counter[str] = Counter()
        self.answers = 0
        self._kinds: dict[str, Callable[[], None]] = {
            "forged": self._forge,
            "flood": self._flood,
            "scanners": self._scan,
            "malformed": self._garble,
            "passwords": self._guess,
        }

    def run(self, seconds: float) -> None:
        """Attack for so long."""
        allow_files(CONNECTIONS + 100)
        started = time.monotonic()
        done = Counter[str]()
        while (elapsed := time.monotonic() - started) < seconds:
            for kind, attack in self._kinds.items():
                due = int(elapsed * self._rate * SHARES[kind])
                # One that is behind gives up what it owes: it is no harder storm than was asked for.
                for _ in range(min(due - done[kind], int(self._rate * 0.1) + 1)):
                    attack()
                    self.sent[kind] += 1
                done[kind] = due
            self._forge_again(time.monotonic())
            self._hold_connections()
            self._read()
            time.sleep(TURN_S)
        self.close()

    def close(self) -> None:
        """Go."""
        for sock in (*self._sockets.values(), *self._connections):
            sock.close()
        self._sockets.clear()
        self._connections.clear()

    # Messages

    def _message(
        self, method: str, user: str, source: str, *, agent: str = "Phone 1", fields: str = "", body: str = ""
    ) -> bytes:
        self._number += 1
        number, host, port = self._number, *self._target
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"{method} sip:{user}@{host}:{port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {source}:5060;branch=z9hG4bKstorm{number};rport\r\nMax-Forwards: 70\r\n"
            f"From: <sip:storm{number}@{source}>;tag=s{number}\r\nTo: <sip:{user}@{host}>\r\n"
            f"Call-ID: storm-{number}@{source}\r\nCSeq: 1 {method}\r\nContact: <sip:storm@{source}>\r\n"
            f"User-Agent: {agent}\r\n{fields}{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def _invite(self, source: str, user: str) -> bytes:
        body = offer_sdp(host=source, port=40_000, codec="pcmu", ptime_ms=20, session=1)
        return self._message("INVITE", user, source, body=body)

    def _unknown(self) -> str:
        return f"9{self._random.randrange(10**8)}"

    # Kinds

    def _forge(self) -> None:
        draw = self._random.randrange
        source = f"127.{64 + draw(64)}.{draw(256)}.{1 + draw(254)}"
        user = self._user if draw(2) else self._unknown()
        data = self._invite(source, user)
        if self._twice:
            self._again.append((time.monotonic() + TWICE_S, source, data))
        self._send_once(source, data)

    def _forge_again(self, now: float) -> None:
        while self._again and self._again[0][0] <= now:
            _, source, data = self._again.popleft()
            self._send_once(source, data)
            self.sent["forged again"] += 1

    def _send_once(self, source: str, data: bytes) -> None:
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((source, 0))
            sock.sendto(data, self._target)

    def _flood(self) -> None:
        source = self._source(1)
        self._send(source, self._invite(source, self._unknown()))

    def _scan(self) -> None:
        source = self._source(2)
        method = self._random.choice(["OPTIONS", "REGISTER", "INVITE"])
        agent = self._random.choice(SCANNER_NAMES)
        self._send(source, self._message(method, self._unknown()[:4], source, agent=agent))

    def _garble(self) -> None:
        source = self._source(3)
        data = bytearray(self._invite(source, self._user))
        for _ in range(self._random.randint(1, 4)):
            at = self._random.randrange(len(data))
            length = self._random.randrange(1, 40)
            match self._random.randrange(4):
                case 0:
                    data[at] ^= 1 << self._random.randrange(8)
                case 1:
                    del data[at : at + length]
                case 2:
                    data[at:at] = data[at : at + length]
                case _:
                    data[at:at] = self._random.randbytes(length)
        self._send(source, bytes(data))

    def _guess(self) -> None:
        source = self._source(4)
        proof = f"{self._random.getrandbits(128):032x}"
        fields = (
            f'Authorization: Digest username="{self._random.randrange(100, 200)}", realm="{self._target[0]}", nonce="x",'
            f' uri="sip:{self._target[0]}", response="{proof}", algorithm=MD5\r\n'
        )
        self._send(source, self._message("REGISTER", "", source, fields=fields).replace(b"sip:@", b"sip:"))

    def _hold_connections(self) -> None:
        still = []
        for sock in self._connections:
            try:
                if sock.recv(1024):
                    self.answers += 1
            except BlockingIOError:
                pass
            except OSError:
                sock.close()
                continue
            else:
                sock.close()
                continue
            still.append(sock)
        self._connections = still
        for _ in range(min(5, CONNECTIONS - len(still))):
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                source = self._source(5)
                sock.bind((source, 0))
                sock.settimeout(1.0)
                sock.connect(self._target)
                sock.sendall(self._invite(source, self._user)[: self._random.randrange(20, 300)])
                sock.setblocking(False)
            except OSError:
                sock.close()
                continue
            self.sent["half-open"] += 1
            self._connections.append(sock)

    # Sockets

    def _source(self, kind: int) -> str:
        return f"127.1.{kind}.{1 + self._random.randrange(ADDRESSES)}"

    def _send(self, source: str, data: bytes) -> None:
        sock = self._sockets.get(source)
        if sock is None:
            sock = self._sockets[source] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind((source, 0))
            sock.setblocking(False)
        with contextlib.suppress(OSError):
            sock.sendto(data, self._target)

    def _read(self) -> None:
        for sock in self._sockets.values():
            with contextlib.suppress(OSError):
                while sock.recv(65_536):
                    self.answers += 1


def main() -> int:
    """Attack and say what was sent."""
    parser = argparse.ArgumentParser(prog="benchmarks.attackers", description=__doc__)
    parser.add_argument("--target", default="127.0.0.1:5060")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=2000.0, help="messages a second, all together")
    parser.add_argument("--user", default="1000", help="somebody whom the server has")
    parser.add_argument("--twice", action="store_true", help="the forged come twice each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", default="", metavar="FILE")
    options = parser.parse_args()
    # Attackers have machines of their own: here they shall not take the processor from those whom they attack.
    os.nice(NICENESS)
    attackers = Attackers(
        options.target, rate=options.rate, seed=options.seed, user=options.user, twice=options.twice
    )
    attackers.run(options.seconds)
    record = {"sent": dict(attackers.sent), "answers": attackers.answers}
    print(json.dumps(record))
    if options.json:
        Path(options.json).write_text(json.dumps(record))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""A conference server of a hundred lines, to test the yardstick before it measures anything: `python -m benchmarks.stand_in`.

It answers every INVITE at once and then mixes each room (sum minus self), echoes, or discards. It knows no timers, no loss
and no mercy, and is not meant to be fast: its figures say nothing but that the load tester works.
"""

from __future__ import annotations

import argparse
import select
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import g711
from benchmarks.messages import Message, UnreadableMessageError, parse_media, parse_message

if TYPE_CHECKING:
    from numpy.typing import NDArray

TICK_S = 0.02
SAMPLES = 160


@dataclass(slots=True)
class Leg:
    """One caller: its socket, its room, and the frames that wait for the next tick."""

    room: str
    sock: socket.socket
    codec: str
    waiting: list[bytes] = field(default_factory=list)
    sequence: int = 0


class StandIn:
    """The server; `mode` is `mix`, `echo` or `discard`."""

    def __init__(self, *, host: str, port: int, mode: str) -> None:
        self._host, self._mode = host, mode
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sip.bind((host, port))
        self._legs: dict[str, Leg] = {}
        self._leg_of: dict[int, Leg] = {}
        self._poll = select.epoll()
        self._poll.register(self._sip, select.EPOLLIN)
        self._next_tick_s = time.monotonic() + TICK_S
        self.address: tuple[str, int] = self._sip.getsockname()

    def serve(self, seconds: float) -> None:
        """Serve for that long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.turn()

    def turn(self) -> None:
        """Wait for one thing to happen, at most until the next tick."""
        for fd, _ in self._poll.poll(max(0.0, self._next_tick_s - time.monotonic()), 256):
            if fd == self._sip.fileno():
                data, source = self._sip.recvfrom(65536)
                try:
                    self._answer(parse_message(data), source)
                except UnreadableMessageError:
                    continue
            elif leg := self._leg_of.get(fd):  # a BYE of the same turn may have closed it
                self._receive(leg)
        if time.monotonic() >= self._next_tick_s:
            self._next_tick_s += TICK_S
            if self._mode == "mix":
                self._mix()

    def _receive(self, leg: Leg) -> None:
        try:
            packet = leg.sock.recv(2048)
            if self._mode == "echo":
                leg.sock.send(packet)
        except OSError:
            return
        if self._mode == "mix" and len(packet) == 12 + SAMPLES and len(leg.waiting) < 10:
            leg.waiting.append(packet[12:])

    def _mix(self) -> None:
        rooms: dict[str, list[Leg]] = {}
        for leg in self._legs.values():
            rooms.setdefault(leg.room, []).append(leg)
        for legs in rooms.values():
            frames = np.stack([self._frame(leg) for leg in legs])
            mixed = np.clip(frames.sum(axis=0) - frames, -32768, 32767)
            for leg, wave in zip(legs, mixed, strict=True):
                leg.sequence += 1
                head = bytes((0x80, 8 if leg.codec == "pcma" else 0))
                head += (leg.sequence & 0xFFFF).to_bytes(2, "big") + (leg.sequence * SAMPLES).to_bytes(
                    4, "big"
                )
                try:
                    leg.sock.send(head + b"roda" + g711.encode(wave, leg.codec).tobytes())
                except OSError:
                    continue

    @staticmethod
    def _frame(leg: Leg) -> NDArray[np.float64]:
        if not leg.waiting:
            return np.zeros(SAMPLES)
        codes = np.frombuffer(leg.waiting.pop(0), np.uint8)
        return g711.decode(codes, leg.codec).astype(np.float64)

    def _answer(self, message: Message, source: tuple[str, int]) -> None:
        call_id = message.first("call-id")
        if message.method == "INVITE":
            body = self._open(call_id, message)
        elif message.method == "BYE":
            self._close(call_id)
            body = ""
        elif message.method == "OPTIONS":
            body = ""
        else:
            return
        kind = "Content-Type: application/sdp\r\n" if body else ""
        to = message.first("to")
        lines = (
            f"SIP/2.0 200 OK\r\nVia: {message.first('via')}\r\nFrom: {message.first('from')}\r\n"
            f"To: {to}{'' if 'tag=' in to else ';tag=stand-in'}\r\nCall-ID: {call_id}\r\n"
            f"CSeq: {message.first('cseq')}\r\nContact: <sip:{self.address[0]}:{self.address[1]}>\r\n"
            f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        )
        self._sip.sendto(lines.encode(), source)

    def _open(self, call_id: str, message: Message) -> str:
        leg = self._legs.get(call_id)
        offer = parse_media(message.body)
        if offer is None:
            return ""
        if leg is None:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind((self._host, 0))
            sock.connect((offer.host, offer.port))
            sock.setblocking(False)
            leg = Leg(message.first("to"), sock, "pcma" if offer.payload_type == 8 else "pcmu")
            self._legs[call_id] = self._leg_of[sock.fileno()] = leg
            self._poll.register(sock, select.EPOLLIN)
        port = leg.sock.getsockname()[1]
        return (
            f"v=0\r\no=- 1 1 IN IP4 {self._host}\r\ns=-\r\nc=IN IP4 {self._host}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP {offer.payload_type} 101\r\na=rtpmap:101 telephone-event/8000\r\n"
        )

    def _close(self, call_id: str) -> None:
        leg = self._legs.pop(call_id, None)
        if leg is not None:
            self._poll.unregister(leg.sock)
            del self._leg_of[leg.sock.fileno()]
            leg.sock.close()

    def close(self) -> None:
        """Give all sockets back."""
        for call_id in list(self._legs):
            self._close(call_id)
        self._poll.close()
        self._sip.close()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="benchmarks.stand_in", description=__doc__)
    parser.add_argument("--port", type=int, default=6060)
    parser.add_argument("--mode", choices=["mix", "echo", "discard"], default="mix")
    options = parser.parse_args()
    server = StandIn(host="127.0.0.1", port=options.port, mode=options.mode)
    try:
        server.serve(float("inf"))
    except KeyboardInterrupt:
        server.close()


if __name__ == "__main__":
    main()

"""A telephone of few words for what sipp and baresip cannot be made to do: forget an ACK, break a message, count
packets by the clock. It shares no code with the bridge.
"""

from __future__ import annotations

import itertools
import re
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from tests.interop.started import LOOPBACK

FRAME_S = 0.02
FRAME_BYTES = 160
_names = itertools.count(1)


def sdp(port: int, *, formats: str = "0 101", direction: str = "sendrecv") -> str:
    """What a telephone at `port` offers."""
    return (
        f"v=0\r\no=- 1 1 IN IP4 {LOOPBACK}\r\ns=-\r\nc=IN IP4 {LOOPBACK}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP {formats}\r\na=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
    )


@dataclass
class Reply:
    """What the bridge sent, in text: mostly responses."""

    text: str

    @property
    def status(self) -> int:
        return int(self.text.split(" ", 2)[1])

    @property
    def method(self) -> str:
        return re.search(r"^CSeq: *\d+ (\w+)", self.text, re.MULTILINE)[1]

    def header(self, name: str) -> str:
        found = re.search(rf"^{name}: *(.*?)\r?$", self.text, re.MULTILINE | re.IGNORECASE)
        return found[1] if found else ""

    def answer(self) -> str:
        """The 200 to it, where it is a request."""
        copied = ("Via", "From", "To", "Call-ID", "CSeq")
        lines = "".join(f"{name}: {self.header(name)}\r\n" for name in copied)
        return f"SIP/2.0 200 OK\r\n{lines}Content-Length: 0\r\n\r\n"

    @property
    def to_tag(self) -> str:
        return self.header("To").partition(";tag=")[2]

    @property
    def audio_port(self) -> int:
        return int(re.search(r"^m=audio (\d+)", self.text, re.MULTILINE)[1])


@dataclass
class Phone:
    """One call's telephone on UDP. `timeout_s` is how long it waits for a message."""

    bridge: tuple[str, int]
    timeout_s: float = 3.0
    signalling: socket.socket = field(init=False)
    audio: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.signalling, self.audio = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for each in (self.signalling, self.audio):
            each.bind((LOOPBACK, 0))
        self.signalling.settimeout(self.timeout_s)
        self.audio.setblocking(False)
        self.name = f"phone{next(_names)}"
        self.call_id = f"{self.name}-{self.port}-{time.time_ns()}"
        self.to_tag = ""
        self.number = ""
        self.cseq = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.signalling.close()
        self.audio.close()

    @property
    def port(self) -> int:
        return self.signalling.getsockname()[1]

    @property
    def audio_port(self) -> int:
        return self.audio.getsockname()[1]

    # Signalling

    def request(
        self,
        method: str,
        number: str = "",
        *,
        body: str = "",
        cseq: int = 0,
        branch: str = "",
        extra: str = "",
    ) -> str:
        """Write a request of this call."""
        self.number = number or self.number
        if not cseq:
            self.cseq += 1
        uri = f"sip:{self.number}@{self.bridge[0]}:{self.bridge[1]}"
        tag = f";tag={self.to_tag}" if self.to_tag else ""
        kind = "Content-Type: application/sdp\r\n" if body else ""
        branch = branch or f"z9hG4bK{self.call_id}{self.cseq}{method}"
        return (
            f"{method} {uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {LOOPBACK}:{self.port};branch={branch};rport\r\n"
            f"Max-Forwards: 70\r\n"
            f"From: <sip:{self.name}@{LOOPBACK}>;tag={self.name}\r\n"
            f"To: <sip:{self.number}@{self.bridge[0]}>{tag}\r\n"
            f"Call-ID: {self.call_id}\r\n"
            f"CSeq: {cseq or self.cseq} {method}\r\n"
            f"Contact: <sip:{self.name}@{LOOPBACK}:{self.port}>\r\n"
            f"{kind}{extra}Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def send(self, message: str | bytes) -> None:
        self.signalling.sendto(message.encode() if isinstance(message, str) else message, self.bridge)

    def hear(self) -> Reply:
        """The next message of this call; TimeoutError where none comes.

        Others may come: the system gives a port anew to whom the bridge still repeats something of the last owner's.
        """
        while True:
            message = Reply(self.signalling.recv(65535).decode("latin-1"))
            if message.header("Call-ID") == self.call_id:
                return message

    def final(self, method: str) -> Reply:
        """The next final response to `method`."""
        while (reply := self.hear()).status < 200 or reply.method != method:
            pass
        return reply

    def dial(self, number: str) -> Reply:
        """Call, without saying ACK: the final response."""
        self.send(self.request("INVITE", number, body=sdp(self.audio_port)))
        reply = self.final("INVITE")
        self.to_tag = reply.to_tag
        return reply

    def acknowledge(self) -> None:
        self.send(self.request("ACK", cseq=self.cseq))

    def join(self, number: str) -> Reply:
        """Call, and be in it."""
        reply = self.dial(number)
        assert reply.status == 200, reply.text
        self.acknowledge()
        self.audio.connect((self.bridge[0], reply.audio_port))
        return reply

    def key_by_info(self, keys: str) -> None:
        """Press keys, told by INFO."""
        for key in keys:
            body = f"Signal={key}\r\nDuration=100\r\n"
            message = self.request("INFO", body=body).replace("application/sdp", "application/dtmf-relay")
            self.send(message)
            assert self.final("INFO").status == 200

    def hang_up(self) -> None:
        self.send(self.request("BYE"))
        assert self.final("BYE").status == 200

    def be_hung_up(self) -> Reply:
        """Wait until the bridge ends the call, and let it."""
        bye = self.hear()
        assert bye.text.startswith("BYE "), bye.text
        self.send(bye.answer())
        return bye


# Audio


def tone(frequency_hz: float, seconds: float, *, swell_hz: float = 0.0) -> bytes:
    """A sine at -9 dBov in mu-law, that swells and fades by 20 dB so many times a second."""
    time_s = np.arange(round(8000 * seconds)) / 8000
    samples = 11_600 * np.sin(2 * np.pi * frequency_hz * time_s)
    if swell_hz:
        samples *= 0.55 - 0.45 * np.cos(2 * np.pi * swell_hz * time_s)
    magnitude = np.minimum(np.abs(samples), 32_635).astype(np.int32) + 132
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    code = (samples < 0) * 128 | exponent << 4 | magnitude >> (exponent + 3) & 15
    return (~code & 255).astype(np.uint8).tobytes()


def linear(mu_law: bytes) -> np.ndarray:
    """Samples of mu-law bytes, float, full scale 32768."""
    code = ~np.frombuffer(mu_law, np.uint8).astype(np.int32) & 255
    magnitude = ((code & 15) * 8 + 132 << (code >> 4 & 7)) - 132
    return np.where(code & 128, -magnitude, magnitude).astype(float)


@dataclass
class Heard:
    """When each packet came (seconds from the start of `talk`), and what was in it."""

    at_s: list[float] = field(default_factory=list)
    packets: list[bytes] = field(default_factory=list)


def talk(
    speaker: Phone, listener: Phone, frequency_hz: float, seconds: float, *, at: dict[float, object]
) -> Heard:
    """Let `speaker` say a tone, packet by packet; what `listener` hears meanwhile. Each of `at` is called at its time."""
    payload = tone(frequency_hz, seconds)
    heard = Heard()
    planned = sorted(at.items())
    start = time.monotonic()
    for number in range(int(seconds / FRAME_S)):
        due = start + number * FRAME_S
        while planned and planned[0][0] <= number * FRAME_S:
            planned.pop(0)[1]()
        time.sleep(max(0.0, due - time.monotonic()))
        frame = payload[number * FRAME_BYTES : (number + 1) * FRAME_BYTES]
        for phone, said in ((speaker, frame), (listener, b"\xff" * FRAME_BYTES)):
            phone.audio.send(struct.pack("!BBHII", 0x80, 0, number, number * FRAME_BYTES, phone.port) + said)
        for phone, hearing in ((listener, heard), (speaker, Heard())):
            while packet := _packet(phone):
                hearing.at_s.append(time.monotonic() - start)
                hearing.packets.append(packet)
    return heard


def _packet(phone: Phone) -> bytes:
    try:
        return phone.audio.recv(2048)
    except BlockingIOError:
        return b""

"""SIP as text: what a phone writes, and the little it must read of an answer (RFC 3261, RFC 4566).

A reader for a load test: lenient, because any server may stand on the other side, and it never raises anything but
`UnreadableMessageError`.
"""

from __future__ import annotations

from dataclasses import dataclass

COMPACT_NAMES = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A codec as phones offer it (RFC 3551, RFC 7587). G.722 counts 8,000 though it samples at 16 kHz (RFC 3551 4.5.2)."""

    payload_type: int
    rtpmap: str
    ticks_per_ms: int = 8
    """Of the clock of its timestamps."""
    payload_bytes_per_ms: int | None = 8
    """None where payloads differ in size."""
    fmtp: str = ""


CODECS = {
    "pcmu": Spoken(0, "PCMU/8000"),
    "pcma": Spoken(8, "PCMA/8000"),
    "g722": Spoken(9, "G722/8000"),
    "opus": Spoken(111, "opus/48000/2", 48, None, "minptime=10;useinbandfec=1"),
}
PAYLOAD_TYPES = {name: codec.payload_type for name, codec in CODECS.items()}
TELEPHONE_EVENT = 101


_KNOWN = {str(payload_type) for payload_type in PAYLOAD_TYPES.values()}


class UnreadableMessageError(ValueError):
    """Not a SIP message."""


@dataclass(frozen=True, slots=True)
class Message:
    """A received request (`method` set) or response (`status` set); `headers` by lower-case name, in order of arrival."""

    status: int
    method: str
    headers: dict[str, list[str]]
    body: str

    def first(self, name: str) -> str:
        values = self.headers.get(name)
        return values[0] if values else ""


@dataclass(frozen=True, slots=True)
class MediaAnswer:
    """Where the server wants our packets, and as what."""

    host: str
    port: int
    payload_type: int
    telephone_event: int | None


def parse_message(data: bytes) -> Message:
    """Read one whole message."""
    head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    words = start.split(" ", 2)
    if len(words) < 2:
        raise UnreadableMessageError(start[:80])
    if words[0] == "SIP/2.0":
        if not (words[1].isascii() and words[1].isdigit() and len(words[1]) == 3):
            raise UnreadableMessageError(start[:80])
        status, method = int(words[1]), ""
    elif len(words) == 3 and words[2] == "SIP/2.0":
        status, method = 0, words[0]
    else:
        raise UnreadableMessageError(start[:80])
    headers: dict[str, list[str]] = {}
    unfolded: list[str] = []
    for line in lines:
        if line[:1] in {" ", "\t"} and unfolded:
            unfolded[-1] += " " + line.strip()
        else:
            unfolded.append(line)
    for line in unfolded:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        headers.setdefault(COMPACT_NAMES.get(key, key), []).append(value.strip())
    return Message(status, method, headers, body)


def split_stream(buffer: bytearray) -> list[bytes]:
    """Take all whole messages off the front of a TCP `buffer` (RFC 3261 18.3: Content-Length frames them)."""
    messages: list[bytes] = []
    while True:
        while buffer[:2] == b"\r\n":  # keep-alives
            del buffer[:2]
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            return messages
        length = 0
        for line in bytes(buffer[:end]).lower().split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.strip() in {b"content-length", b"l"} and value.strip().isdigit():
                length = int(value)
        if len(buffer) < end + 4 + length:
            return messages
        messages.append(bytes(buffer[: end + 4 + length]))
        del buffer[: end + 4 + length]


def parse_media(body: str) -> MediaAnswer | None:
    """Read the audio line of an SDP answer; None where there is none that we could talk to."""
    session_host = media_host = ""
    port, formats, telephone_event = 0, [], None
    in_audio = seen_media = False
    for line in body.replace("\r\n", "\n").split("\n"):
        if line.startswith("m="):
            words = line[2:].split()
            in_audio = not port and len(words) >= 4 and words[0] == "audio" and words[1].isdigit()
            seen_media = True
            if in_audio:
                port, formats = int(words[1]), words[3:]
        elif line.startswith("c=") and (host := line[2:].split()[-1:]):
            if in_audio:
                media_host = host[0]
            elif not seen_media:
                session_host = host[0]
        elif in_audio and line.lower().startswith("a=rtpmap:") and "telephone-event/8000" in line.lower():
            number = line[9:].split()[0]
            telephone_event = int(number) if number.isdigit() else None
    known = [int(name) for name in formats if name in _KNOWN]
    host_name = media_host or session_host
    if not known or not 0 < port < 65536 or not host_name:
        return None
    return MediaAnswer(host_name, port, known[0], telephone_event)


def offer_sdp(
    *, host: str, port: int, codec: str, ptime_ms: int, session: int, direction: str = "sendrecv"
) -> str:
    """Write the offer of one phone with one codec and telephone-event."""
    spoken = CODECS[codec]
    payload_type = spoken.payload_type
    fmtp = f"a=fmtp:{payload_type} {spoken.fmtp}\r\n" if spoken.fmtp else ""
    return (
        f"v=0\r\no=load {session} 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP {payload_type} {TELEPHONE_EVENT}\r\n"
        f"a=rtpmap:{payload_type} {spoken.rtpmap}\r\n{fmtp}a=rtpmap:{TELEPHONE_EVENT} telephone-event/8000\r\n"
        f"a=fmtp:{TELEPHONE_EVENT} 0-16\r\na=ptime:{ptime_ms}\r\na={direction}\r\n"
    )


def address_of(value: str) -> str:
    """Return the URI of a name-addr or addr-spec (RFC 3261 20.10)."""
    if "<" in value:
        return value.split("<", 1)[1].split(">", 1)[0]
    return value.split(";", 1)[0].strip()


def routes_of(message: Message) -> list[str]:
    """Return the Record-Route entries of a response, as the caller must use them: reversed (RFC 3261 12.1.2)."""
    entries = [part.strip() for value in message.headers.get("record-route", []) for part in value.split(",")]
    return entries[::-1]

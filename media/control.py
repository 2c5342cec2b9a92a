"""What control says to a media worker, and what a worker says back: frozen, tagged, versioned.

Commands take effect at the top of the next tick, in the order sent. Ids (`stream`, `room`, `playback`) are chosen
by the control side and mean nothing to the worker beyond equality. Direction is seen from the bridge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any, Final, Literal

import msgspec

from media.codecs.terms import OpusTerms

VERSION: Final = 7
"""Raised when a message changes its meaning; a worker of another version is refused at its `Ready`."""

MESSAGE_BYTES: Final = 131_072
"""The largest message between control and worker, of as many commands or events as fit (see `pack`); the socket buffers
are set to hold several."""
FDS_PER_MESSAGE: Final = 240
"""Descriptors that may travel with one message: the kernel allows 253 (SCM_MAX_FD)."""

NO_ROOM: Final = 0
"""The room of a stream that is in none: it hears its own prompts or its music and nobody hears it."""


class Codec(IntEnum):
    """What a row's payload is. The number is the static RTP payload type (RFC 3551) where there is one, else above them."""

    PCMU = 0
    PCMA = 8
    G722 = 9
    OPUS = 128
    L16_8 = 129
    """Linear samples of 16 bits at 8 kHz; and at 16 and 48 kHz."""
    L16_16 = 130
    L16_48 = 131


class Suite(IntEnum):
    """How a row's packets are secured. The number is that of the protection profile of DTLS-SRTP (RFC 5764, RFC 7714)."""

    AES_CM_128_HMAC_SHA1_80 = 1
    AES_CM_128_HMAC_SHA1_32 = 2
    AEAD_AES_128_GCM = 7
    AEAD_AES_256_GCM = 8


class Srtp(msgspec.Struct, frozen=True, gc=False):
    """The keys of a stream (RFC 3711), each a master key and behind it the salt, by whatever way they were agreed."""

    suite: Suite
    key_in: bytes
    """What the peer secures its packets with."""
    key_out: bytes
    mki_in_bytes: int = 0
    """Length of what the peer's packets have before their tag, to name the key."""
    mki_out: bytes = b""
    """The same in ours."""

    def __repr__(self) -> str:
        """Name the suite: keys are shown nowhere."""
        return f"Srtp({self.suite.name})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Likewise."""
        return [("suite", self.suite.name)]


class SrtpNumbers(msgspec.Struct, frozen=True, gc=False):
    """How far the counting of secured packets has come: what another worker needs so that no number is used twice.

    Numbers are indices of RFC 3711 section 3.3.1, each one more than the last or highest that was used; 0: none was.
    """

    next_out: int = 0
    next_report_out: int = 0
    ssrc_in: int = 0
    """Whose `next_in` is meant."""
    next_in: int = 0
    next_report_in: int = 0


class Format(msgspec.Struct, frozen=True, gc=False):
    """How a stream's RTP is written and read, as negotiated by SDP."""

    codec: Codec
    payload_type: int
    """0-127: the number of `codec` in both directions."""
    telephone_event: int = -1
    """Payload type of RFC 4733 events, or -1 where none was negotiated."""
    send: bool = True
    """False where the peer must not be sent to (a=sendonly or inactive seen from the peer: recvonly ...)."""
    receive: bool = True
    """False while the peer holds us: nothing arrives, and that is no time-out."""
    tones: bool = False
    """Keys are looked for in the audio: the peer has no other way, or it says that it sends them so."""
    srtp: Srtp | None = None
    """The keys; None: audio is plain. Where there are keys nothing plain is taken, and nothing plain is sent."""
    hear_first: bool = False
    """Send nothing until the peer's source is learned: SDP named a host that is not the one that signals, and a host that
    nobody asked is not to be sent fifty packets a second."""
    payload_type_in: int = -1
    """0-127: the number under which the peer sends `codec`, where that is another (RFC 3264 section 5.1); -1: the same."""
    telephone_event_in: int = -1
    """Likewise of telephone-events."""
    xr: bool = False
    """The peer wants to be told how good it sounds here (RFC 3611: a=rtcp-xr with voip-metrics)."""
    ptime_ms: int = 20
    """How much of our sound the peer wants in a packet; see `media.packing` for what is made of it."""
    opus: OpusTerms | None = None
    """What the peer asks of our Opus, where that is the codec."""


class Endpoint(msgspec.Struct, frozen=True, gc=False):
    """An IP address (text) and a UDP port."""

    host: str
    port: int


class Segment(msgspec.Struct, frozen=True, gc=False):
    """`length` samples of the shared audio array from `offset` on, both in samples at 8 kHz."""

    offset: int
    length: int


Trouble = Literal["none", "noise", "music", "howl", "echo"]
"""What is wrong with a line, as `dsp.watch` knows it."""


class Command(msgspec.Struct, frozen=True, tag=True):
    """Base of everything that control tells a worker."""


class Load(Command, frozen=True):
    """Map the shared audio (its file descriptor travels beside this message): `samples` int16 samples at 8 kHz,
    then as many PCMU bytes, then as many PCMA bytes, then the first `wide` of the samples as 2 * `wide` int16 at 16 kHz.

    The last `arena` of the samples are where callers' recordings go: control and workers write there, each only in
    segments that control gave out. What lies before is never written. See media/arena.py.
    """

    samples: int
    arena: int = 0
    wide: int = 0


class OpenStream(Command, frozen=True):
    """A new row. Its RTP and RTCP sockets travel beside this message, RTP first.

    `ssrc`, `sequence` and `timestamp` are the first ones sent: random for a new call, continued for a taken-over one.
    A worker without room for it answers `StreamClosed`.
    """

    stream: int
    format: Format
    ssrc: int
    sequence: int
    timestamp: int
    cname: str
    remote: Endpoint | None = None
    """Where SDP says the peer listens; None until known. Sources are learned by the rules of docs/design.md."""
    latched: bool = False
    """The peer's source is already known to be `remote` (take-over, move): connect at once."""
    due_s: float = 0.0
    """When `timestamp` was to be sent, by the machine's steady clock: where the call was silent since, the timestamp goes
    on by as much (RFC 3550 section 5.1). 0: now."""
    room: int = NO_ROOM
    muted: bool = False
    gain_db: float = 0.0
    auto_gain: bool = False
    auto_gain_db: float = 0.0
    """What the automatic gain had come to where the stream was before."""
    srtp: SrtpNumbers | None = None
    """How far it had counted there; None for a new call."""
    whisper_to: int = 0
    suppress: bool = False
    trouble: Trouble = "none"
    """What was wrong with its line where it was before: it is over only when `LineTroubled` says so."""
    rtp_timeout_s: float = 60.0
    """After so long without RTP (while `format.receive`) `RtpTimedOut` is reported, once."""
    signals: str = ""
    """The host that the peer signals from, where its audio comes from if not from `remote`; empty: not known."""


class UpdateStream(Command, frozen=True):
    """New negotiation (re-INVITE): format and, where `remote` is given, a new address, to be learned anew."""

    stream: int
    format: Format
    remote: Endpoint | None = None


class CloseStream(Command, frozen=True):
    """The row ends; answered by `StreamClosed` with its last figures. Unknown streams are ignored."""

    stream: int
    moves: bool = False
    """It goes on in another worker: the peer is not told goodbye (RTCP BYE)."""


class Route(Command, frozen=True):
    """Into `room`, or out of all (`NO_ROOM`). Private playback goes on."""

    stream: int
    room: int


class Mute(Command, frozen=True):
    """While muted the row is not heard by anyone; it hears."""

    stream: int
    muted: bool


class Gain(Command, frozen=True):
    """Make what the row says louder or softer, by -24 to 24 dB (more is taken as that), from the next frame on without
    a step. 0 where nothing was said. An automatic gain comes on top.
    """

    stream: int
    gain_db: float


class AutoGain(Command, frozen=True):
    """Bring the row's voice slowly to the loudness of all others (dsp/agc.py), or leave it as it comes."""

    stream: int
    on: bool


class Suppress(Command, frozen=True):
    """Take steady noise out of what the row says (dsp/suppress.py), or let it in again."""

    stream: int
    on: bool


class Whisper(Command, frozen=True):
    """What the row says is heard by the stream `to` alone, over what that one hears, and not by the room; 0: by the room.

    Both are in one room. While `to` is gone or elsewhere the row is heard by nobody, until it is told otherwise. `Mute`
    silences a whisper, too.
    """

    stream: int
    to: int


class Record(Command, frozen=True):
    """From the next tick on, write what the row says into `into`, a segment of the arena; keys that are pressed are not
    in it, nor is its gain. A muted row is recorded, too: it was asked to speak.

    It ends when the segment is full, when the row closes, or, where `silence_s` is above 0, when that much silence
    followed something that was said. Answered by `RecordingEnded` in any case; another `Record` ends the one before.
    """

    stream: int
    recording: int
    into: Segment
    silence_s: float = 0.0


class StopRecording(Command, frozen=True):
    """The recording ends with what there is; `RecordingEnded` follows within a few ticks. None is going on: nothing."""

    stream: int


class RoomTone(Command, frozen=True):
    """Where nothing else is to be heard, this is from now on: noise of this level; 0: silence. See media/room_tone.py."""

    level_dbov: float = 0.0


class LoadRing(Command, frozen=True):
    """Hand what is recorded of rooms over through this ring from now on (its descriptor travels beside this message). See
    media/recording/ring.py.
    """

    slots: int


class LoadOutbox(Command, frozen=True):
    """Lay out here what others must hear (its descriptor travels beside this message), as the worker of this number. See
    media/outbox.py.
    """

    number: int


class LoadPeer(Command, frozen=True):
    """Read here what the worker of this number lays out (the descriptor of its outbox travels beside this message)."""

    number: int


class DropPeer(Command, frozen=True):
    """That worker is no more: what it laid out last is not read again."""

    number: int


class Spread(Command, frozen=True):
    """`room` lives in these other workers, too, each told of by `LoadPeer` before; none: it is this worker's alone.

    People here and there hear each other as if they were in one. `leads`: of all these workers, this one hands over what is
    recorded of announcements, which each of them plays.
    """

    room: int
    others: list[int]
    leads: bool = True


class RecordRoom(Command, frozen=True):
    """Hand over what `room` hears of people and announcements, as this recording; 0: no longer, or not for now.

    It is told to every worker: the room may be in any of them, empty, or still to come.
    """

    room: int
    recording: int = 0


class Music(Command, frozen=True):
    """What a row in no room hears under its prompts: a loop of `segment`, or silence. All rows with the same segment
    hear the same moment of it, so that they share one encoded frame.
    """

    stream: int
    segment: Segment | None = None


class Play(Command, frozen=True):
    """Queue audio to one row. It is mixed over what the row hears, which is lowered meanwhile.

    With `replace`, what is queued or playing is dropped first (without `PlaybackEnded` for the dropped).
    """

    stream: int
    playback: int
    segments: list[Segment]
    replace: bool = False


class StopPlay(Command, frozen=True):
    """Drop a row's private queue; no `PlaybackEnded` follows."""

    stream: int


class PlayRoom(Command, frozen=True):
    """Queue audio to everybody in a room, after what is queued there already. It ends when the room is empty."""

    room: int
    playback: int
    segments: list[Segment]


class RoomMusic(Command, frozen=True):
    """A loop of `segment` that everybody in the room hears under the conversation, or none. It ends with the room."""

    room: int
    segment: Segment | None = None


class SendDigits(Command, frozen=True):
    """Press keys, one after another, `duration_ms` each with `gap_ms` between: by telephone-events (RFC 4733), or as tones
    where none were negotiated.
    """

    stream: int
    digits: str
    duration_ms: int = 100
    gap_ms: int = 60

    def __repr__(self) -> str:
        """Show how many: what is keyed is nobody's business."""
        return f"SendDigits(stream={self.stream}, digits=<{len(self.digits)}>)"


class Shutdown(Command, frozen=True):
    """Finish this tick and exit."""


class Event(msgspec.Struct, frozen=True, tag=True):
    """Base of everything that a worker tells control."""


class Ready(Event, frozen=True):
    """The worker's first word: it can be sent commands."""

    version: int
    pid: int


DigitWay = Literal["event", "tone"]
"""How a key came: as a telephone-event (RFC 4733), or as its tones in the audio (ITU-T Q.23)."""


class DigitReceived(Event, frozen=True):
    """A key was pressed: reported once, when the first packet of its event arrives or its tones have sounded for long enough.
    `digit` is one of 0-9*#A-D.
    """

    stream: int
    digit: str
    way: DigitWay = "event"

    def __repr__(self) -> str:
        """Show that there was a key, not which: it may be a passcode's."""
        return f"DigitReceived(stream={self.stream}, way={self.way!r})"


class PlaybackEnded(Event, frozen=True):
    """The last sample of a `Play` or `PlayRoom` has been sent, or it was dropped: its room emptied, or its queue was full.
    `stream` is 0 for a room's.
    """

    playback: int
    stream: int = 0
    room: int = 0


class RecordingEnded(Event, frozen=True):
    """`length` samples from `into.offset` on are ready to be played, in all three forms: whole frames, silence at both ends
    trimmed, brought to the loudness of prompts. 0: nothing was said. Told before the `StreamClosed` of its row.
    """

    stream: int
    recording: int
    length: int


class SourceLatched(Event, frozen=True):
    """The peer's source address is now fixed; the socket is connected to it. Told again whenever it was learned anew."""

    stream: int
    remote: Endpoint


class LineTroubled(Event, frozen=True):
    """What comes from the stream disturbs its room, by a noise or otherwise, or no longer ("none"). Told when it changes."""

    stream: int
    trouble: Trouble


class RtpTimedOut(Event, frozen=True):
    """Nothing came for the stream's `rtp_timeout_s`."""

    stream: int


class StreamClosed(Event, frozen=True):
    """The row is gone. `sequence` and `timestamp` are the next that would have been sent, at `due_s` of the machine's
    steady clock, for another worker to use.
    """

    stream: int
    sequence: int = 0
    timestamp: int = 0
    due_s: float = 0.0
    packets_in: int = 0
    packets_out: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    jitter_ms: float = 0.0
    concealed: int = 0
    """Frames that were made up, some of them in part."""
    accelerated: int = 0
    """Samples at 8 kHz that were taken out for less delay; and put in for more."""
    expanded: int = 0
    delay_ms: float = 0.0
    """Of the jitter buffer, on average."""
    r_factor: float = 0.0
    """How good it was, by the E-model (`media.quality`); 0: nothing came."""
    mos: float = 0.0
    refused: int = 0
    """Secured packets that were not proved, or came again."""
    auto_gain_db: float = 0.0
    """What the automatic gain had come to: likewise."""
    srtp: SrtpNumbers | None = None
    """How far it had counted: likewise."""


AnyCommand = (
    Load
    | OpenStream
    | UpdateStream
    | CloseStream
    | Route
    | Mute
    | Gain
    | AutoGain
    | Suppress
    | Whisper
    | Record
    | StopRecording
    | LoadRing
    | LoadOutbox
    | LoadPeer
    | DropPeer
    | Spread
    | RoomTone
    | RecordRoom
    | Music
    | Play
    | StopPlay
    | PlayRoom
    | RoomMusic
    | SendDigits
    | Shutdown
)
AnyEvent = (
    Ready
    | DigitReceived
    | PlaybackEnded
    | RecordingEnded
    | SourceLatched
    | LineTroubled
    | RtpTimedOut
    | StreamClosed
)

encoder: Final = msgspec.msgpack.Encoder()
commands_decoder: Final = msgspec.msgpack.Decoder(list[AnyCommand])
events_decoder: Final = msgspec.msgpack.Decoder(list[AnyEvent])
"""Of what `pack` made."""

_ARRAY_32: Final = b"\xdd"
PACK_BYTES: Final = len(_ARRAY_32) + 4
"""What `pack` adds."""


def pack(encoded: Sequence[bytes]) -> bytes:
    """Make one message of several that are encoded: a MessagePack array."""
    return b"".join((_ARRAY_32, len(encoded).to_bytes(4, "big"), *encoded))


def fitting(encoded: Iterable[bytes]) -> int:
    """Tell how many of the first fit into one message."""
    size, count = PACK_BYTES, 0
    for each in encoded:
        size += len(each)
        if size > MESSAGE_BYTES:
            break
        count += 1
    return count

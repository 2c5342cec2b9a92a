"""What control says to the recording process, and what it says back: frozen, tagged, as `media.control` for workers.

Times `at_s` are of the machine's steady clock, which both share; `wall_s` are seconds since 1970, for names and manifests.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

import msgspec

VERSION: Final = 1
"""Raised when a message changes its meaning."""

MESSAGE_BYTES: Final = 131_072
"""The largest message between the two."""


class FileFormat(Enum):
    """What files are written as."""

    WAV = "wav"
    FLAC = "flac"
    OPUS = "opus"


class Reason(Enum):
    """Why a recording is over."""

    STOPPED = "stopped"
    """Somebody said so, or the conference is over."""
    LONGEST = "longest"
    """It was as long as it may be."""
    DISK_FULL = "disk_full"
    """No room is left, or less than is to stay free."""
    FOLDER_MISSING = "folder_missing"
    NOT_WRITABLE = "not_writable"
    FAILED = "failed"
    """Something else is wrong with the disk or the file."""
    PROCESS_LOST = "process_lost"
    """The recording process died, and none could be started instead. Told by control's end, not by the process."""


class Message(msgspec.Struct, frozen=True, tag=True):
    """Base of everything that control tells the recording process."""


class Attach(Message, frozen=True):
    """A worker's ring, whose descriptor travels beside this message."""

    source: str
    slots: int


class Detach(Message, frozen=True):
    """That worker is gone; what its ring still holds is taken first."""

    source: str


class Begin(Message, frozen=True):
    """Record. Answered by `Ended` at some time in any case."""

    recording: int
    """A number never used before, except by `part` 2 of the same recording after this process died."""
    folder: str
    conference: str
    """Becomes the beginning of the files' names."""
    format: FileFormat
    at_s: float
    wall_s: float
    band: int = 1
    """1, 2 or 6: the rate of the files over 8 kHz. Frames of another are resampled."""
    participants: bool = False
    most_s: float = 0.0
    """The longest it may become, pauses not counted; 0: any."""
    part: int = 1


class Pause(Message, frozen=True):
    recording: int
    at_s: float


class Resume(Message, frozen=True):
    recording: int
    at_s: float


class End(Message, frozen=True):
    recording: int
    at_s: float


class Keep(Message, frozen=True):
    """Look after the folder: complete what a crash left, and remove recordings after so many days; 0: keep all."""

    folder: str
    days: int = 0


class Stop(Message, frozen=True):
    """Finish all recordings and exit."""

    at_s: float


class Event(msgspec.Struct, frozen=True, tag=True):
    """Base of everything that the recording process tells."""


class Ready(Event, frozen=True):
    """Its first word."""

    version: int
    pid: int


class File(msgspec.Struct, frozen=True):
    """A finished file."""

    name: str
    samples: int
    rate_hz: int
    size_bytes: int
    stream: int = 0
    """Whose voice it is; 0: everybody's, and announcements."""
    offset_samples: int = 0
    """Where it begins in the file of everybody."""


class Ended(Event, frozen=True):
    """No more is written. `files` may be empty where none could be made."""

    recording: int
    reason: Reason
    files: tuple[File, ...]
    gap_s: float = 0.0
    """So long frames were missing, where something should have been; it is silence in the files."""
    detail: str = ""
    """What the system said of it, for the log."""


class Mended(Event, frozen=True):
    """Files that a crash had left unfinished and that can be played now."""

    names: tuple[str, ...]


class Removed(Event, frozen=True):
    """Files whose days were over."""

    names: tuple[str, ...]


AnyMessage = Attach | Detach | Begin | Pause | Resume | End | Keep | Stop
AnyEvent = Ready | Ended | Mended | Removed

encoder: Final = msgspec.msgpack.Encoder()
messages_decoder: Final = msgspec.msgpack.Decoder(AnyMessage)
events_decoder: Final = msgspec.msgpack.Decoder(AnyEvent)

"""One file of a recording: written under another name, and called by its own when it is whole.

The encoder (libsndfile, by `soundfile`) writes through a thin file of ours, because only there the system's own word
for what went wrong can be had: the encoder says no more than that fewer samples were taken.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import soundfile
from numpy.typing import NDArray

from media.recording.messages import File, FileFormat, Reason
from media.recording.names import PART

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
"""What is said in confidence is for the one who serves alone."""

_CONTAINERS: Final = {
    FileFormat.WAV: ("WAV", "PCM_16"),
    FileFormat.FLAC: ("FLAC", "PCM_16"),
    FileFormat.OPUS: ("OGG", "OPUS"),
}
_REASONS: Final = {
    errno.ENOSPC: Reason.DISK_FULL,
    errno.EDQUOT: Reason.DISK_FULL,
    errno.EFBIG: Reason.DISK_FULL,
    errno.ENOENT: Reason.FOLDER_MISSING,
    errno.ENOTDIR: Reason.FOLDER_MISSING,
    errno.EACCES: Reason.NOT_WRITABLE,
    errno.EPERM: Reason.NOT_WRITABLE,
    errno.EROFS: Reason.NOT_WRITABLE,
    errno.ELOOP: Reason.NOT_WRITABLE,
}


class TrackError(Exception):
    """A file cannot be written, or not any more."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason

    @classmethod
    def of(cls, error: OSError) -> TrackError:
        """Of what the system says."""
        return cls(_REASONS.get(error.errno or 0, Reason.FAILED), error.strerror or str(error))


class _File:
    """A file as the encoder wants one; the first error is kept and nothing is written after it."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        self.fd = os.open(path, flags, FILE_MODE)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it is no crash's leftover while we live
        except OSError:  # no lock on this disk
            os.close(self.fd)
            raise
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        left = memoryview(data)
        while left and self.error is None:
            try:
                left = left[os.write(self.fd, left) :]
            except OSError as error:
                self.error = error
        return len(data) - len(left)

    def read(self, count: int) -> bytes:
        return os.read(self.fd, count)

    def readinto(self, buffer: bytearray) -> int:
        return os.readv(self.fd, [buffer])

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return os.lseek(self.fd, offset, whence)

    def tell(self) -> int:
        return os.lseek(self.fd, 0, os.SEEK_CUR)

    def flush(self) -> None:
        """Nothing is held back here."""


class Track:
    """A file that is being written. Every method may raise `TrackError`.

    Parameters
    ----------
    path : Path
        Of the finished file; until then it is called so with `.part` behind.
    offset_samples : int
        Where it begins in the recording.
    """

    def __init__(
        self, path: Path, format_: FileFormat, rate_hz: int, *, stream: int = 0, offset_samples: int = 0
    ) -> None:
        self.path = path
        self._written = File(path.name, 0, rate_hz, 0, stream, offset_samples)
        self._samples = 0
        try:
            self._file = _File(path.with_name(path.name + PART))
        except OSError as error:
            raise TrackError.of(error) from error
        container, subtype = _CONTAINERS[format_]
        try:
            self._encoder = soundfile.SoundFile(
                self._file, "w", rate_hz, 1, format=container, subtype=subtype
            )
        except (soundfile.SoundFileError, AssertionError) as error:
            fault = self._fault(error)
            os.close(self._file.fd)
            raise fault from error

    def write(self, samples: NDArray[np.int16]) -> None:
        """Add samples."""
        try:
            self._encoder.write(samples)
        except (soundfile.SoundFileError, AssertionError) as error:  # the latter: fewer were written
            raise self._fault(error) from error
        if self._file.error is not None:
            raise self._fault(self._file.error)
        self._samples += len(samples)

    def finish(self) -> File:
        """Close the file and give it its name."""
        try:
            self._close()
            self.path.with_name(self.path.name + PART).rename(self.path)
            size_bytes = self.path.stat().st_size
        except OSError as error:
            raise TrackError.of(error) from error
        return msgspec.structs.replace(self._written, samples=self._samples, size_bytes=size_bytes)

    def as_mended(self) -> File:
        """What became of a file that `finish` could not close and `mending` made whole; may raise `TrackError`."""
        try:
            facts = soundfile.info(self.path)
            return msgspec.structs.replace(
                self._written, samples=facts.frames, size_bytes=self.path.stat().st_size
            )
        except (OSError, soundfile.SoundFileError) as error:
            raise self._fault(error) from error

    def _close(self) -> None:
        with contextlib.suppress(soundfile.SoundFileError):
            self._encoder.close()
        try:
            if self._file.error is not None:
                raise self._file.error
            os.fsync(self._file.fd)
        finally:
            os.close(self._file.fd)

    def _fault(self, error: Exception) -> TrackError:
        if self._file.error is not None:
            return TrackError.of(self._file.error)
        return TrackError(Reason.FAILED, str(error))


def make_folder(folder: Path) -> None:
    """Make the folder, for us alone, where it is missing; raises TrackError. What is above it must be there."""
    try:
        folder.mkdir(FOLDER_MODE)
    except FileExistsError:
        pass
    except OSError as error:
        raise TrackError.of(error) from error


def free_bytes(folder: Path) -> int:
    """Room that is left for us on the folder's disk; raises TrackError."""
    try:
        facts = os.statvfs(folder)
    except OSError as error:
        raise TrackError.of(error) from error
    return facts.f_bavail * facts.f_frsize

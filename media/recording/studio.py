"""All that the recording process does, without its pipe: messages and the time go in, files and events come out.

It touches the disk, which is what it is for; nothing else waits for it. `advance` is called some ten times a second: it
takes what the workers' rings hold, gives it to the takes, and lets these write.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from media.recording import messages
from media.recording.keeping import remove_old, unfinished
from media.recording.mending import mend
from media.recording.mixdown import LAG_S
from media.recording.names import PART
from media.recording.ring import Ring
from media.recording.take import LEAST_FREE_BYTES, Take

DISK_CHECK_S: Final = 5.0
"""How often it is looked how much room is left: 200 conferences in WAV write 16 MB meanwhile, a sixteenth of what is to
stay free."""
KEEPING_S: Final = 3_600.0
"""How often recordings whose days are over are looked for."""


class Studio:
    """Rings by worker, takes by recording.

    Parameters
    ----------
    least_free : int
        Bytes of the disk that must stay free.
    """

    def __init__(self, *, least_free: int = LEAST_FREE_BYTES) -> None:
        self._least_free = least_free
        self._rings: dict[str, Ring] = {}
        self._leaving: dict[
            str, float
        ] = {}  # rings of workers that are gone, and when all in them has been read
        self._takes: dict[int, Take] = {}
        self._events: list[messages.AnyEvent] = []
        self._disk_checked_s = 0.0
        self._keep: messages.Keep | None = None
        self._kept_s = 0.0
        self._now_s = 0.0
        self._stopping = False

    @property
    def done(self) -> bool:
        """It was told to stop, and all is finished."""
        return self._stopping and not self._takes

    @property
    def busy(self) -> bool:
        """Something is being recorded."""
        return bool(self._takes)

    def attach(self, source: str, ring: Ring) -> None:
        """Take frames out of `ring`, too, from now on."""
        self._rings[source] = ring

    def receive(self, message: messages.AnyMessage, wall_s: float) -> None:
        """Do what control says; `Attach` is the edge's, which has the descriptor."""
        match message:
            case messages.Begin(recording):
                self._takes[recording] = Take(message, least_free=self._least_free)
            case messages.Pause(recording, at_s) if recording in self._takes:
                self._takes[recording].pause(at_s)
            case messages.Resume(recording, at_s) if recording in self._takes:
                self._takes[recording].resume(at_s)
            case messages.End(recording, at_s) if recording in self._takes:
                self._takes[recording].end(at_s)
            case messages.Detach(source):
                self._leaving[source] = self._now_s + LAG_S
            case messages.Keep():
                self._keep = message
                self._look_after(message, wall_s)
                self._mend(Path(message.folder))
            case messages.Stop(at_s):
                self._stopping = True
                for take in self._takes.values():
                    take.end(at_s)
            case _:
                pass

    def _mend(self, folder: Path) -> None:
        mended = [name.removesuffix(PART) for name in unfinished(folder) if mend(folder / name)]
        if mended:
            self._events.append(messages.Mended(tuple(mended)))

    def advance(self, now_s: float, wall_s: float) -> None:
        """Read the rings, and write what is old enough."""
        self._now_s = now_s
        for source, ring in self._rings.items():
            slots = ring.read()
            if len(slots):
                self._hand_out(source, slots)
        for source in [source for source, until_s in self._leaving.items() if now_s >= until_s]:
            del self._leaving[source]
            self._rings.pop(source, None)
            for take in self._takes.values():
                take.timeline.forget(source)
        if now_s - self._disk_checked_s >= DISK_CHECK_S:
            self._disk_checked_s = now_s
            for take in self._takes.values():
                take.check_disk()
        for recording, take in list(self._takes.items()):
            take.advance(now_s)
            if take.ended is not None:
                self._events.append(take.ended)
                del self._takes[recording]
        if self._keep is not None and wall_s - self._kept_s >= KEEPING_S:
            self._look_after(self._keep, wall_s)

    def _hand_out(self, source: str, slots: NDArray[np.void]) -> None:
        for recording in np.unique(slots["recording"]).tolist():
            take = self._takes.get(recording)
            if take is not None:
                take.receive(source, slots[slots["recording"] == recording])

    def _look_after(self, keep: messages.Keep, wall_s: float) -> None:
        self._kept_s = wall_s
        if keep.days and (removed := remove_old(Path(keep.folder), keep.days, wall_s)):
            self._events.append(messages.Removed(tuple(removed)))

    def events(self) -> list[messages.AnyEvent]:
        """What happened since the last call."""
        events, self._events = self._events, []
        return events

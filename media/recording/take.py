"""One recording, from its first frame to its finished files.

Frames are placed (`timeline`), brought to the rate of the files, mixed (`mixdown`), and a second later written (`track`). All
files run by one clock: that of everybody begins at the beginning; a participant's begins with the first frame that was heard
of them, and says where that is (`File.offset_samples`), so that who comes after three hours does not begin with three hours
of silence. From there on nothing is left out of either.

Whatever goes wrong with a file ends the recording with what there is, and is told; frames that come later fall away.
"""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from dsp import resample
from dsp.frames import FRAME_SAMPLES, RATE_HZ
from media.pacer import TICK_S
from media.recording.mending import mend
from media.recording.messages import Begin, Ended, Reason
from media.recording.mixdown import LAG_S, Mixdown, Stretch
from media.recording.names import PART, base_name, file_name, manifest_name
from media.recording.ring import GAP
from media.recording.timeline import Timeline
from media.recording.track import FILE_MODE, Track, TrackError, free_bytes, make_folder

LEAST_FREE_BYTES: Final = 256 * 1024 * 1024
"""So much of the disk is left to others, whose database may lie on it: with less no recording begins, and those that run
end, whole."""


class Take:
    """A recording as `begin` asks for it.

    Parameters
    ----------
    least_free : int
        Bytes of the disk that must stay free.
    """

    def __init__(self, begin: Begin, *, least_free: int = LEAST_FREE_BYTES) -> None:
        self._begin = begin
        self._least_free = least_free
        self._folder = Path(begin.folder)
        self._base = base_name(begin.conference, begin.wall_s, begin.recording)
        self._rate_hz = RATE_HZ * begin.band
        self.timeline = Timeline(begin.at_s)
        self._mixdown = Mixdown(band=begin.band, participants=begin.participants)
        self._mix: Track | None = None
        self._tracks: dict[int, Track] = {}
        self._gap_ticks = 0
        self._end: tuple[Reason, int, float] | None = None  # why, how many places, when all has come
        self.ended: Ended | None = None
        """Once it is over."""
        try:
            make_folder(self._folder)
            self.check_disk()
            if self.ended is None:
                self._mix = self._track(file_name(self._base, begin.format, part=begin.part))
        except TrackError as error:
            self._finish(error.reason, str(error))

    # What comes in ----------------------------------------------------------------------------------------------

    def receive(self, source: str, slots: NDArray[np.void]) -> None:
        """Take slots of this recording out of a worker's ring, in order; the pieces of a frame together."""
        if self.ended is not None:
            return
        gaps = slots["kind"] == GAP
        self._gap_ticks += int(slots["stream"][gaps].sum())
        slots = slots[~gaps]
        ticks, first = np.unique(slots["tick"], return_index=True)
        places = {
            tick: self.timeline.place(source, tick, now_s)
            for tick, now_s in zip(ticks.tolist(), slots["now_s"][first].tolist(), strict=True)
        }
        for band in np.unique(slots["band"]).tolist():
            pieces = slots[slots["band"] == band]
            frames = pieces["samples"].reshape(-1, FRAME_SAMPLES * band)
            if band != self._begin.band:
                frames = resample.apart(frames, band, self._begin.band)
            heads = pieces[::band]
            for frame, tick, stream in zip(
                frames, heads["tick"].tolist(), heads["stream"].tolist(), strict=True
            ):
                place = places[tick]
                if place is not None:
                    self._mixdown.add(place, stream, frame)

    def pause(self, at_s: float) -> None:
        self.timeline.pause(at_s)

    def resume(self, at_s: float) -> None:
        self.timeline.resume(at_s)

    def end(self, at_s: float, reason: Reason = Reason.STOPPED) -> None:
        """It ends at `at_s`; what was said until then may still be on the way."""
        if self._end is None:
            self._end = reason, self.timeline.length(at_s), at_s + LAG_S

    # What goes out ----------------------------------------------------------------------------------------------

    def advance(self, now_s: float) -> None:
        """Write what is old enough."""
        if self.ended is not None:
            return
        most_s = self._begin.most_s
        if most_s and self._end is None and self.timeline.length(now_s) * TICK_S >= most_s:
            self._end = Reason.LONGEST, round(most_s / TICK_S), now_s + LAG_S
        until = self.timeline.length(now_s - LAG_S)
        if self._end is not None:
            until = self._end[1] if now_s >= self._end[2] else min(until, self._end[1])
        try:
            while (stretch := self._mixdown.take(until)) is not None:
                self._write(stretch)
        except TrackError as error:
            self._finish(error.reason, str(error))
            return
        if self._end is not None and now_s >= self._end[2]:
            self._finish(self._end[0])

    def check_disk(self) -> None:
        """End the recording where its disk has too little room left."""
        if self.ended is not None:
            return
        try:
            free = free_bytes(self._folder)
        except TrackError as error:
            self._finish(error.reason, str(error))
            return
        if free < self._least_free:
            self._finish(Reason.DISK_FULL, f"{free} bytes free, {self._least_free} are to stay")

    def _write(self, stretch: Stretch) -> None:
        assert self._mix is not None
        self._mix.write(stretch.mix)
        size = FRAME_SAMPLES * self._begin.band
        for stream, samples in stretch.tracks.items():
            if stream in stretch.fresh:
                place = stretch.fresh[stream]
                name = file_name(
                    self._base, self._begin.format, participant=len(self._tracks) + 1, part=self._begin.part
                )
                self._tracks[stream] = self._track(name, stream, place * size)
                self._tracks[stream].write(samples[(place - stretch.first) * size :])
            else:
                self._tracks[stream].write(samples)

    def _track(self, name: str, stream: int = 0, offset_samples: int = 0) -> Track:
        return Track(
            self._folder / name,
            self._begin.format,
            self._rate_hz,
            stream=stream,
            offset_samples=offset_samples,
        )

    def _finish(self, reason: Reason, detail: str = "") -> None:
        """Give the files their names. One that cannot be closed as it should is mended, or keeps the name it has."""
        files = []
        for track in [*([self._mix] if self._mix else []), *self._tracks.values()]:
            try:
                files.append(track.finish())
            except TrackError as error:
                reason = error.reason if reason is Reason.STOPPED else reason
                detail = detail or str(error)
                part = track.path.with_name(track.path.name + PART)
                with contextlib.suppress(TrackError):
                    if mend(part):
                        files.append(track.as_mended())
        gap_s = (self._gap_ticks + self._mixdown.late) * TICK_S
        self.ended = Ended(self._begin.recording, reason, tuple(files), gap_s, detail)
        if files:
            with contextlib.suppress(OSError):  # a full disk: the facts are told anyway
                self._write_manifest(self.ended)

    def _write_manifest(self, ended: Ended) -> None:
        began = self._begin
        facts = {
            "conference": began.conference,
            "recording": began.recording,
            "began": _moment(began.wall_s),
            "reason": ended.reason.value,
            "missing_s": round(ended.gap_s, 3),
            "pauses": [
                {
                    "at_s": round(pause.place * TICK_S, 3),
                    "from": _moment(began.wall_s + pause.begin_s - began.at_s),
                    "to": _moment(began.wall_s + pause.end_s - began.at_s),
                }
                for pause in self.timeline.pauses
            ],
            "files": [
                {
                    "name": file.name,
                    "stream": file.stream,
                    "begins_at_sample": file.offset_samples,
                    "samples": file.samples,
                    "rate_hz": file.rate_hz,
                }
                for file in ended.files
            ],
            "not_apart": sorted(self._mixdown.beyond),
        }
        path = self._folder / manifest_name(self._base, part=began.part)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, FILE_MODE), "wb") as out:
            out.write(msgspec.json.format(msgspec.json.encode(facts), indent=2) + b"\n")


def _moment(wall_s: float) -> str:
    return datetime.fromtimestamp(wall_s, UTC).isoformat(timespec="milliseconds")

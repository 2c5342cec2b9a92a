"""Rooms that live in several workers: what is said here is laid out for the others, what they laid out is heard here.

The order in a tick, around what `speakers` and `bands` do:

    read(due)         before it: the frame of each other worker that belongs to this tick; who is heard there (`Elsewhere`), so
                      that here and there together no more than the loudest few are heard, and as loud as if all were here
    hand_over(due)    after it: what is said here, per room and rate, fades and what is left of those who left included;
                      whispers to people who are elsewhere
    join(heard)       what was read is added to what is heard at each rate that somebody in the room listens at

Prompts, room music and the tone of empty rooms are not handed over: each worker is told to play them, and plays its own. Nor is
anything handed on that came from another: each worker hears each other itself, and nobody's own voice comes back.

What is read of a room goes on from tick to tick without a seam. Where a frame is not there, because its worker is late or dead,
what was heard last is gone on with, backwards, and sinks away within a frame; what is heard after that rises within one. So it is
with a room that is no longer shared, and with one that begins to be.

A worker whose rooms are all its own has `idle` asked for in a tick, and that is all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp.mix import room_sums
from media.bands import BANDS, Heard, Pasts, Voices
from media.jitter import FRAME
from media.outbox import NOBODY, VOICES, WHISPER, Inbox, Outbox, Part
from media.speakers import LOUDEST, Elsewhere, Speakers
from media.streams import Streams

PRECEDENCE_DB: Final = np.float32(1.0)
"""Where two are heard in different workers who are equally loud, and only one place is left for them, the one whose worker was
started first keeps it: both workers have to come to the same end, by levels of which each knows the other's a tick later."""

_FALLING: Final = {band: 1 - (np.arange(FRAME * band) + 1) / (FRAME * band) for band in BANDS}
_RISING: Final = {band: (np.arange(FRAME * band) + 1) / (FRAME * band) for band in BANDS}
_NO_KEYS: Final = np.zeros(0, np.intp)
_NO_IDS: Final = np.zeros(0, np.int64)


class _Sound(NamedTuple):
    """What is heard of another worker at one band: by rooms, or by single rows."""

    keys: NDArray[np.intp]
    """Slots of rooms, or rows; each once."""
    frames: NDArray[np.int32]


class _Peer:
    """Another worker, as it is heard here."""

    def __init__(self, inbox: Inbox, precedence_db: np.float32, room_slots: int, rows: int) -> None:
        self.inbox = inbox
        self.precedence_db = precedence_db
        """What to add to the ranks of its voices."""
        self.ids = _NO_IDS
        """Rooms that it shares, sorted."""
        self.slots = _NO_KEYS
        """Theirs."""
        self.followed = np.zeros(room_slots, np.bool_)
        """It was heard in the room in the last tick, if it said anything."""
        self.last: dict[tuple[int, int], _Sound] = {}
        """What came in the last tick, by kind and band."""
        self.now: dict[tuple[int, int], _Sound] = {}
        """What is heard in this one."""
        self.pasts = {VOICES: Pasts(room_slots, np.int32), WHISPER: Pasts(rows, np.int32)}

    @property
    def silent(self) -> bool:
        """No room is shared with it, and nothing of it is left."""
        return not (self.slots.size or self.last or self.now)

    def begin(self, due_s: float, rows: Mapping[int, int], slot: NDArray[np.int32]) -> list[Part]:
        """Take the frame of this tick; returns its voices, with slots in place of rooms."""
        for pasts in self.pasts.values():
            pasts.begin()
        frame = self.inbox.take(due_s) if self.slots.size else None
        if not self.slots.size:
            self.inbox.rest()
        here = [] if frame is None else [self._known(part, rows, slot) for part in frame.parts]
        follows = frame is not None and frame.follows
        came = {(part.kind, part.band): _Sound(part.keys, part.frames) for part in here}
        self.now = {sort: self._steady(sort, came.get(sort), follows=follows) for sort in {*came, *self.last}}
        self.last = came
        self.followed[:] = False
        if frame is not None:
            self.followed[self.slots] = True
        return [part for part in here if part.kind == VOICES]

    def _known(self, part: Part, rows: Mapping[int, int], slot: NDArray[np.int32]) -> Part:
        """What of `part` is for somebody here, with slots as keys, or rows."""
        places = self.ids.searchsorted(part.rooms)
        places[places == len(self.ids)] = 0
        shared = self.ids[places] == part.rooms
        keys = self.slots[places]
        if part.kind == WHISPER:
            listeners = np.array([rows.get(stream, -1) for stream in part.keys.tolist()], np.intp)
            shared &= (listeners >= 0) & (slot[listeners] == keys)
            keys = listeners
        if shared.all():
            return part._replace(keys=keys)
        return Part(
            part.kind, part.band, part.rooms[shared], keys[shared], *(each[shared] for each in part[4:])
        )

    def _steady(self, sort: tuple[int, int], came: _Sound | None, *, follows: bool) -> _Sound:
        """What is heard of what `came`, and of what came last, so that there is no seam between them."""
        kind, band = sort
        keys, frames = (_NO_KEYS, np.zeros((0, FRAME * band), np.int32)) if came is None else came
        before = self.last.get(sort)
        fresh = np.full(len(keys), not follows)
        if follows and kind == VOICES:
            fresh = ~self.followed[keys]
        if fresh.any():
            frames = frames.copy()
            frames[fresh] = np.rint(frames[fresh] * _RISING[band])
        if before is None:
            return _Sound(keys, frames)
        if follows and np.array_equal(before.keys, keys):
            return _Sound(keys, frames)
        # What ended by itself ended with a zero (`speakers`).
        goes_on = follows & np.isin(before.keys, keys)
        ends = (~goes_on & (before.frames[:, -1] != 0)).nonzero()[0]
        if not ends.size:
            return _Sound(keys, frames)
        sinking = np.rint(before.frames[ends, ::-1] * _FALLING[band]).astype(np.int32)
        return _Sound(*_summed(np.concatenate((keys, before.keys[ends])), np.concatenate((frames, sinking))))

    def forget(self, kind: int, key: int) -> None:
        """The room in a slot is empty, or the stream of a row has ended; slot or row will be another's."""
        for sort, sound in self.last.items():
            if sort[0] == kind:
                kept = sound.keys != key
                self.last[sort] = _Sound(sound.keys[kept], sound.frames[kept])


class _Share(NamedTuple):
    """Where else a room lives."""

    others: Sequence[int]
    leads: bool


class Cascade:
    """The state of one worker.

    Parameters
    ----------
    room_slots : int
    streams : Streams
        Whose header counts what was missed and dropped.
    speakers : Speakers
    """

    def __init__(self, room_slots: int, streams: Streams, speakers: Speakers) -> None:
        self._room_slots = room_slots
        self._streams = streams
        self._speakers = speakers
        self._outbox: Outbox | None = None
        self._number = 0
        self._inboxes: dict[int, Inbox] = {}
        self._peers: dict[int, _Peer] = {}
        self._shares: dict[int, _Share] = {}  # by room
        self._slots: dict[int, int] = {}  # of rooms that are shared, and in which somebody here is
        self._ids = np.zeros(room_slots, np.int64)  # the same the other way round; 0: not shared
        self._follows = np.zeros(room_slots, np.bool_)  # rooms in which another worker leads
        self._changed = False
        self.idle = True
        """No room here is shared, nothing is left of one that was, and nothing of it has changed."""

    # What control tells ----------------------------------------------------------------------------------------

    def attach(self, outbox: Outbox, number: int) -> None:
        """Lay out in `outbox` from now on, as the worker of this number."""
        self._outbox, self._number = outbox, number

    def meet(self, number: int, inbox: Inbox) -> None:
        """Read what the worker of this number lays out in `inbox`."""
        self._inboxes[number] = inbox
        self._change()

    def part(self, number: int) -> None:
        """That worker is no more."""
        self._inboxes.pop(number, None)
        self._change()

    def share(self, room: int, others: Sequence[int], slot: int | None, *, leads: bool) -> None:
        """`room` lives in these other workers, too; with none it is this one's alone.

        slot : where it is here, if anybody is in
        leads : of all these workers, this one hands over what is recorded of announcements
        """
        self._shares.pop(room, None)
        self._slots.pop(room, None)
        if others:
            self._shares[room] = _Share(others, leads)
            if slot is not None:
                self._slots[room] = slot
        self._change()

    def room_opened(self, room: int, slot: int) -> None:
        """Somebody here came into a room in which nobody was."""
        if room in self._shares:
            self._slots[room] = slot
            self._change()

    def room_emptied(self, room: int, slot: int) -> None:
        """Nobody here is in it; the slot will be another room's."""
        if self.idle:
            return
        self._slots.pop(room, None)
        for peer in self._peers.values():
            peer.forget(VOICES, slot)
        self._change()

    def row_closed(self, row: int) -> None:
        """Whose row it was hears no whisper to its end."""
        for peer in self._peers.values():
            peer.forget(WHISPER, row)

    def _change(self) -> None:
        """What follows is worked out in the next tick: an heir is told of hundreds of rooms at once."""
        self._changed = True
        self.idle = False

    def _arrange(self) -> None:
        """Work out what follows from what is known."""
        self._changed = False
        self._ids[:] = 0
        self._follows[:] = False
        shared: dict[int, list[tuple[int, int]]] = {}
        for room, slot in sorted(self._slots.items()):
            share = self._shares[room]
            self._ids[slot] = room
            self._follows[slot] = not share.leads
            for number in share.others:
                shared.setdefault(number, []).append((room, slot))
        for number in shared.keys() & self._inboxes.keys() - self._peers.keys():
            first = number < self._number
            rows = self._streams.capacity
            self._peers[number] = _Peer(
                self._inboxes[number], PRECEDENCE_DB if first else -PRECEDENCE_DB, self._room_slots, rows
            )
        for number, peer in self._peers.items():
            rooms = np.array(shared.get(number, []) if number in self._inboxes else [], np.int64)
            peer.ids, peer.slots = rooms.reshape(-1, 2).T.astype(np.int64)
        self._dismiss()

    def _dismiss(self) -> None:
        """Forget the workers of which nothing is heard any more."""
        for number, peer in list(self._peers.items()):
            if peer.silent:
                peer.inbox.rest()
                del self._peers[number]
        self.idle = not self._slots and not self._peers

    def leading(self, slots: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Of which of these rooms' announcements this worker hands over the record."""
        leading: NDArray[np.bool_] = ~self._follows[slots]
        return leading

    # A tick ----------------------------------------------------------------------------------------------------

    def read(self, due_s: float) -> Elsewhere | None:
        """Take what the others laid out for the tick that is due at `due_s`; returns who is heard there."""
        if self._changed:
            self._arrange()
        speakers = self._speakers
        found = []
        for peer in self._peers.values():
            voices = peer.begin(due_s, speakers.whispers.rows, speakers.slot)
            self._streams.frames_missed[0] += peer.inbox.missed()
            found += [(peer, each) for each in voices if each.keys.size]
        self._dismiss()
        if not found:
            return None
        there = [(each.ranks > NOBODY) for _, each in found]
        return Elsewhere(
            np.concatenate(
                [each.keys.repeat(of.sum(axis=1)) for (_, each), of in zip(found, there, strict=True)]
            ),
            np.concatenate(
                [each.ranks[of] + peer.precedence_db for (peer, each), of in zip(found, there, strict=True)]
            ),
            np.concatenate([each.levels[of] for (_, each), of in zip(found, there, strict=True)]),
            np.concatenate([each.keys for _, each in found]),
            np.concatenate([each.powers for _, each in found]),
        )

    def hand_over(self, due_s: float, voices: Sequence[Voices]) -> None:
        """Lay out what is said here in this tick, which was due at `due_s`."""
        if self._outbox is None or not self._slots:
            return
        parts = [self._said(each) for each in voices]
        if self._speakers.away:
            parts += self._whispered()
        self._streams.entries_dropped[0] += self._outbox.write(due_s, parts)

    def _said(self, voices: Voices) -> Part:
        """What is said at one band, summed by rooms."""
        slots = self._speakers.slot[voices.rows]
        here = self._ids[slots].nonzero()[0]
        rows, slots = voices.rows[here], slots[here]
        said_in, frames = _NO_KEYS, np.zeros((0, FRAME * voices.band), np.int32)
        if here.size:
            starts = np.append(0, (slots[1:] != slots[:-1]).nonzero()[0] + 1)
            said_in, frames = slots[starts].astype(np.intp), voices.frames[here].astype(np.int32)
            if len(starts) < len(here):
                frames = room_sums(voices.frames[here], starts)
        gone = [each for each in voices.departed if self._ids[each.slot]]
        if gone:
            keys = np.append(said_in, [each.slot for each in gone])
            said_in, frames = _summed(keys, np.concatenate((frames, [each.frame for each in gone])))
        return self._labelled(voices.band, said_in, frames, rows)

    def _labelled(
        self, band: int, said_in: NDArray[np.intp], frames: NDArray[np.int32], rows: NDArray[np.intp]
    ) -> Part:
        """Sums with what others must know of the voices in them, those of `rows`; by rooms, both."""
        ranks = np.full((len(said_in), LOUDEST), NOBODY)
        levels = ranks.copy()
        powers = np.zeros(len(said_in), np.float32)
        standing = self._speakers.standing(rows)
        rooms = self._speakers.slot[standing.rows]
        place = np.arange(len(rooms)) - rooms.searchsorted(rooms)
        counted = (place < LOUDEST).nonzero()[0]
        index = said_in.searchsorted(rooms)
        ranks[index[counted], place[counted]] = standing.ranks[counted]
        levels[index[counted], place[counted]] = standing.levels[counted]
        np.add.at(powers, index, standing.powers)
        nobody = np.zeros(len(said_in), np.int64)
        return Part(VOICES, band, self._ids[said_in], nobody, frames, ranks, levels, powers)

    def _whispered(self) -> list[Part]:
        """What is said to people who are not here."""
        said: dict[tuple[int, int, int], NDArray[np.int32]] = {}
        for slot, to, band, frame in self._speakers.away:
            if self._ids[slot]:
                key = band, int(self._ids[slot]), to
                said[key] = frame + said[key] if key in said else frame.astype(np.int32)
        return [
            Part(
                WHISPER,
                band,
                np.array([room]),
                np.array([to]),
                frame[None],
                np.full((1, LOUDEST), NOBODY),
                np.full((1, LOUDEST), NOBODY),
                np.zeros(1, np.float32),
            )
            for (band, room, to), frame in sorted(said.items(), key=lambda item: item[0])
        ]

    def join(self, heard: Mapping[int, Heard]) -> dict[int, Heard]:
        """What is heard at each band, with what was read."""
        joined = dict(heard)
        for peer in self._peers.values():
            for (kind, source), sound in peer.now.items():
                for target, before in joined.items():
                    mine = self._wanted(kind, target, sound)
                    if mine.keys.size:
                        frames: NDArray[np.int32] = mine.frames
                        if source != target:
                            frames = peer.pasts[kind].convert(source, target, mine.keys, frames)
                        joined[target] = _with(before, kind, mine._replace(frames=frames))
        return joined

    def _wanted(self, kind: int, band: int, sound: _Sound) -> _Sound:
        """What of a sound is listened to at a band."""
        bands = self._speakers.bands
        wanted = bands.listened(band, sound.keys) if kind == VOICES else bands.of[sound.keys] == band
        return sound if wanted.all() else _Sound(sound.keys[wanted], sound.frames[wanted])


def _with(heard: Heard, kind: int, sound: _Sound) -> Heard:
    if kind == VOICES:
        return heard._replace(elsewhere=[*heard.elsewhere, (sound.keys, sound.frames)])
    whispers = zip(sound.keys.tolist(), sound.frames, strict=True)
    return heard._replace(whispers=[*heard.whispers, *whispers])


def _summed(
    keys: NDArray[np.intp], frames: NDArray[np.integer]
) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """Each key once, with the sum of its frames; in order."""
    which, index = np.unique(keys, return_inverse=True)
    sums = np.zeros((len(which), frames.shape[1]), np.int32)
    np.add.at(sums, index, frames)
    return which, sums

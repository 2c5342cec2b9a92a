"""The way in: from a batch of packets to the jitter buffer and to keys, as columns.

A packet is never an object. Each test is one comparison for the whole batch, and what fails is counted by its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from media import control, rtp, telephone_event
from media.clocks import Clocks
from media.decoded import Decoding
from media.jitter import RATE_HZ, JitterBuffer
from media.latching import Address, Course
from media.reception import Reception
from media.rtp import Drop
from media.sources import Sources
from media.streams import Streams
from media.telephone_event import EventReceiver

NO_EVENT: Final = -1
"""The payload type of telephone-events where none was negotiated."""
_NO_TYPE: Final = -1
_COMFORT_NOISE: Final = 13
"""The static payload type of RFC 3389: a peer that sends it is alive and silent."""


class Intake:
    """What is known of each row's incoming packets."""

    def __init__(self, streams: Streams, sources: Sources) -> None:
        rows = streams.capacity
        self._streams = streams
        self._sources = sources
        self.jitter = JitterBuffer(rows)
        self.decoding = Decoding(rows, self.jitter)
        self.clocks = Clocks(rows)
        self.reception = Reception(streams)
        self.keys = EventReceiver(rows)
        self.drops: Counter[Drop] = Counter()
        """Packets that went no further, by reason."""
        self.last_arrival = np.zeros(rows, np.float64)
        """When each row's last RTP packet came, in seconds."""
        self.receives = np.zeros(rows, np.bool_)
        """The peer may send now; False while it holds us."""
        self.event_type = np.full(rows, NO_EVENT, np.int16)
        """Under which we send telephone-events."""
        self._event_in = np.full(rows, NO_EVENT, np.int16)  # under which they come
        self._audio_type = np.full(rows, _NO_TYPE, np.int16)  # while the peer may send
        self._mark = np.zeros(rows, np.intp)
        self._events: list[control.DigitReceived | control.SourceLatched] = []

    def open(self, row: int, now: float) -> None:
        """Begin afresh: a new stream has the row."""
        for part in (self.reception, self.jitter, self.keys):
            part.clear(row)
        self.last_arrival[row] = now

    def close(self, row: int) -> None:
        """The stream is gone: nothing that still comes for it is anybody's."""
        self.jitter.clear(row)
        self._audio_type[row] = _NO_TYPE
        self.event_type[row] = self._event_in[row] = NO_EVENT
        self.receives[row] = False

    def set_format(self, row: int, new: control.Format) -> None:
        """What the peer may send from now on."""
        audio = new.payload_type if new.payload_type_in < 0 else new.payload_type_in
        self._audio_type[row] = audio if new.receive else _NO_TYPE
        self.event_type[row] = new.telephone_event
        self._event_in[row] = new.telephone_event if new.telephone_event_in < 0 else new.telephone_event_in
        self.receives[row] = new.receive

    def events(self) -> list[control.DigitReceived | control.SourceLatched]:
        """Keys and learned sources since the last call."""
        events, self._events = self._events, []
        return events

    def let_go(self, count: int, now: float) -> None:
        """Of the keys of the first `count` rows, those that are no longer pressed and whose tones have been played."""
        rows = self.keys.pressed[:count].nonzero()[0]
        if rows.size:
            self.keys.advance(rows, now, self.jitter.delay(rows, now * RATE_HZ) / RATE_HZ)

    def receive(
        self,
        rows: NDArray[np.intp],
        lengths: NDArray[np.intp],
        arrivals: NDArray[np.float64],
        packets: NDArray[np.void],
        sources: Mapping[int, Address],
    ) -> None:
        """Take a batch; see `Engine.receive`."""
        headers = rtp.parse(packets, lengths)
        drop = headers.drop
        for index, source in sources.items():
            if not drop[index] and not self._is_ours(
                int(rows[index]), source, headers, index, arrivals[index]
            ):
                drop[index] = Drop.FOREIGN_SOURCE
                self._streams.foreign[rows[index]] += 1
        if not np.count_nonzero(drop) and not np.count_nonzero(
            headers.payload_type != self._audio_type[rows]
        ):
            self.last_arrival[rows] = arrivals
            self._audio(np.arange(len(rows)), rows, arrivals, packets, headers)
        else:
            self._sort_out(rows, arrivals, packets, headers)

    def _sort_out(
        self,
        rows: NDArray[np.intp],
        arrivals: NDArray[np.float64],
        packets: NDArray[np.void],
        headers: rtp.Headers,
    ) -> None:
        """A batch in which not everything is audio."""
        drop = headers.drop
        good = drop == Drop.KEPT
        self.last_arrival[rows[good]] = arrivals[good]
        drop[good & ~self.receives[rows]] = Drop.NOT_RECEIVING
        good = drop == Drop.KEPT
        audio = good & (headers.payload_type == self._audio_type[rows])
        other = headers.payload_type == self._event_in[rows]
        other |= headers.payload_type == _COMFORT_NOISE
        other &= good & ~audio
        drop[good & ~audio & ~other] = Drop.PAYLOAD_TYPE
        self._audio(audio.nonzero()[0], rows, arrivals, packets, headers)
        self._other(other.nonzero()[0], rows, arrivals, packets, headers)
        for reason, count in enumerate(np.bincount(drop)):
            if reason and count:
                self.drops[Drop(reason)] += int(count)

    def _first_of_each(
        self, which: NDArray[np.intp], rows: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Part packets into the first of each row, for columns take one per row at a time, and the rest."""
        owners = rows[which]
        self._mark[owners[::-1]] = which[::-1]
        first = self._mark[owners] == which
        if np.count_nonzero(first) == len(first):
            return which, which[:0]
        return which[first], which[~first]

    def _audio(
        self,
        which: NDArray[np.intp],
        rows: NDArray[np.intp],
        arrivals: NDArray[np.float64],
        packets: NDArray[np.void],
        headers: rtp.Headers,
    ) -> None:
        while which.size:
            chosen, which = self._first_of_each(which, rows)
            self._place(chosen, rows, arrivals, packets, headers)

    def _is_ours(self, row: int, source: Address, headers: rtp.Headers, index: int, now: float) -> bool:
        """Learn a row's source; see `latching`."""
        if headers.payload_type[index] not in (self._audio_type[row], self._event_in[row]):
            return False
        course = Course(int(headers.ssrc[index]), int(headers.sequence[index]))
        ours = self._sources.weigh(row, source, course, now)
        if ours:
            stream = int(self._streams.stream[row])
            self._events.append(control.SourceLatched(stream, control.Endpoint(*source)))
        return ours is not False

    def _place(
        self,
        which: NDArray[np.intp],
        rows: NDArray[np.intp],
        arrivals: NDArray[np.float64],
        packets: NDArray[np.void],
        headers: rtp.Headers,
    ) -> None:
        """Audio of different rows into the jitter buffer."""
        owners = rows[which]
        clock = arrivals[which] * RATE_HZ
        timestamp = self.clocks.samples(owners, headers.timestamp[which])
        fresh, duplicate, renewed, follows = self.reception.update(
            owners, headers.ssrc[which], headers.sequence[which], timestamp, clock
        )
        if np.count_nonzero(renewed):
            self.jitter.restart(owners[renewed])
        if np.count_nonzero(fresh) < len(fresh):
            self._count(Drop.DUPLICATE, duplicate)
            self._count(Drop.STRAY, ~fresh & ~duplicate)
            which, owners, clock, timestamp = which[fresh], owners[fresh], clock[fresh], timestamp[fresh]
            follows = follows[fresh]
            if not which.size:
                return
        if self.decoding.idle or not np.count_nonzero(apart := self.decoding.apart[owners]):
            start, length = headers.start[which], headers.length[which]
            late = self.jitter.put(
                owners, timestamp, clock, packets["bytes"], which, start, length, follows=follows
            )
        else:
            late = self._sort(apart, owners, timestamp, clock, packets, which, headers, follows)
        if np.count_nonzero(late):
            self._streams.late[owners[late]] += 1
            self.reception.discard(owners[late], headers.sequence[which[late]])
            self._count(Drop.LATE, late)

    def _sort(
        self,
        apart: NDArray[np.bool_],
        owners: NDArray[np.intp],
        timestamp: NDArray[np.uint32],
        clock: NDArray[np.float64],
        packets: NDArray[np.void],
        which: NDArray[np.intp],
        headers: rtp.Headers,
        follows: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Put codes into the ring, and keep packets that are `apart`; returns which come too late."""
        late = np.zeros(len(owners), np.bool_)
        in_ring = (~apart).nonzero()[0]
        mine = which[in_ring]
        if mine.size:
            late[in_ring] = self.jitter.put(
                owners[in_ring],
                timestamp[in_ring],
                clock[in_ring],
                packets["bytes"],
                mine,
                headers.start[mine],
                headers.length[mine],
                follows=follows[in_ring],
            )
        here = apart.nonzero()[0]
        octets, mine = packets["bytes"], which[here]
        spans = zip(mine.tolist(), headers.start[mine].tolist(), headers.length[mine].tolist(), strict=True)
        payloads = [octets[at, start : start + length].tobytes() for at, start, length in spans]
        sources = [self.decoding.source(row) for row in owners[here].tolist()]
        durations = np.array(
            [
                source.duration(row, payload)
                for source, row, payload in zip(sources, owners[here].tolist(), payloads, strict=True)
            ],
            np.intp,
        )
        self._count(Drop.CODEC, durations == 0)
        good = durations.nonzero()[0]
        kept = here[good]
        position, late[kept] = self.jitter.note(
            owners[kept], timestamp[kept], clock[kept], durations[good], follows=follows[kept]
        )
        for place, at in enumerate(good.tolist()):
            if not late[kept[place]]:
                row = int(owners[kept[place]])
                sources[at].keep(row, int(position[place]), payloads[at], int(durations[at]))
        return late

    def _count(self, reason: Drop, dropped: NDArray[np.bool_]) -> None:
        count = int(np.count_nonzero(dropped))
        if count:
            self.drops[reason] += count

    def _pause(self, which: NDArray[np.intp], rows: NDArray[np.intp], headers: rtp.Headers) -> None:
        """Peers say that they fall silent: what does not come any more is not lost."""
        if which.size:
            self.jitter.pause(rows[which], self.clocks.samples(rows[which], headers.timestamp[which]))

    def _other(
        self,
        which: NDArray[np.intp],
        rows: NDArray[np.intp],
        arrivals: NDArray[np.float64],
        packets: NDArray[np.void],
        headers: rtp.Headers,
    ) -> None:
        """What is no audio: telephone-events, of which repeats fall away without a loop, and comfort noise."""
        while which.size:
            chosen, which = self._first_of_each(which, rows)
            self.reception.note(rows[chosen], headers.ssrc[chosen], headers.sequence[chosen])
            self._pause(chosen[headers.payload_type[chosen] == _COMFORT_NOISE], rows, headers)
            chosen = chosen[
                (headers.payload_type[chosen] == self._event_in[rows[chosen]])
                & (headers.length[chosen] >= telephone_event.PAYLOAD_BYTES)
            ]
            if not chosen.size:
                continue
            at = headers.start[chosen, None] + np.arange(telephone_event.PAYLOAD_BYTES)
            payload = packets["bytes"][chosen[:, None], at]
            for row, digit in self.keys.receive(
                rows[chosen],
                self.clocks.samples(rows[chosen], headers.timestamp[chosen]),
                payload,
                arrivals[chosen],
            ):
                self._events.append(control.DigitReceived(int(self._streams.stream[row]), digit))

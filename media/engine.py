"""The sans-IO whole of a worker: commands, packets and the time go in, one block of packets and events come out.

The order of a tick is that of docs/design.md: commands were applied, packets received and placed before it; then one
frame per row is pulled, the few who are heard are decoded and chosen, everybody's frame is made and encoded, headers
are written as columns, and the whole block is handed out. Nothing here blocks, waits, opens or logs.

The parts: `sources` knows where packets come from, `srtp` opens and secures those of rows with keys, `intake` takes them, `tones_in` finds keys in what they sound like,
`speakers` chooses who is heard, `listeners`
makes what everybody hears, `recorder` keeps what is recorded of rows, `recording.tap` hands over what is of rooms, `reports` speaks RTCP. Here rows are given out, commands meet the parts, and a tick runs.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dsp import g711
from media import control, laws, rtcp, rtp
from media.arena import ArenaAudio
from media.bands import NARROW, Voices, band_of
from media.cascade import Cascade
from media.codecs.coders import available
from media.codecs.kind import facts
from media.hearing import NOBODYS
from media.intake import NO_EVENT, Intake
from media.jitter import FRAME, RATE_HZ
from media.keys_out import KeysOut
from media.latching import SILENCE_S, Address, Course
from media.lines import TROUBLES, WATCH_EVERY
from media.listeners import Listeners
from media.outbox import Inbox, Outbox
from media.outward import Outward
from media.pacer import TICK_S
from media.playback import Ended, SharedAudio
from media.recorder import Recorder
from media.recording.ring import Ring
from media.recording.tap import Tap
from media.reports import Reports
from media.room_tone import NONE_DBOV, RoomTone
from media.rooms import NO_SLOT, Rooms
from media.rtp import Drop
from media.sources import Carry, Connect, Sources, Target
from media.speakers import Speakers
from media.srtp import SecuredRows
from media.streams import DEFAULT_ROWS, Streams
from media.tones_in import TonesIn
from media.tones_out import TonesOut

HOLD_TIMEOUT_S: Final = 1_800.0
"""A caller who holds us sends no audio, and maybe no reports: after half an hour of nothing at all it has died without
a word. Longer than anybody lets a conference wait."""
_SILENCE_CHECK_TICKS: Final = 50
"""Once a second it is looked who has been silent for long: for a source to be learned anew, or a time-out."""
_PLAINEST: Final = control.Format(control.Codec.PCMU, 0)
"""Of a row that is nobody's."""
_FRAME_PIECE: Final = np.dtype((np.void, FRAME))

_VoiceCommand: TypeAlias = (
    control.Mute
    | control.Gain
    | control.AutoGain
    | control.Suppress
    | control.Whisper
    | control.Record
    | control.StopRecording
)
"""What concerns what one row says."""
_RoomCommand: TypeAlias = control.PlayRoom | control.RoomMusic | control.RecordRoom | control.Spread
_PlaybackCommand: TypeAlias = control.Play | control.StopPlay | control.Music
_RowCommand: TypeAlias = (
    control.UpdateStream
    | control.CloseStream
    | control.Route
    | control.SendDigits
    | _VoiceCommand
    | _PlaybackCommand
)
"""What concerns one row."""


class Outgoing(NamedTuple):
    """What one tick sends. `rows` is the same array as last time unless who is sent to has changed."""

    rows: NDArray[np.intp]
    """Rows whose packet in `Engine.block` is to be sent."""
    events: list[tuple[int, bytes]]
    """Packets that are in no block, (row, packet): telephone-events, and those of several ticks."""
    reports: list[tuple[int, bytes]]
    """RTCP: (row, packet)."""
    loose: NDArray[np.intp]
    """Rows whose packet in `Engine.loose` is to be sent: their payloads are not of 160 bytes."""
    lengths: NDArray[np.intp]
    """Bytes of these."""


class Engine:
    """All streams of one worker.

    Parameters
    ----------
    rows : int > 0
        Streams that fit.
    streams : Streams, optional
        Columns in shared memory.
    wall_offset_s : float
        What to add to `now` for seconds since 1970 (RTCP sender reports).
    """

    def __init__(
        self, rows: int = DEFAULT_ROWS, *, streams: Streams | None = None, wall_offset_s: float = 0.0
    ) -> None:
        self.streams = streams if streams is not None else Streams(rows)
        self.block = rtp.outgoing_block(rows)
        """One packet per row, ready to be sent; views on it stay valid."""
        self._frames_out = np.ndarray(  # of `block`, each as one thing, which is copied as one
            rows, _FRAME_PIECE, self.block.data, offset=rtp.HEADER_BYTES, strides=self.block.strides
        )
        self._secured = SecuredRows(self.streams, self.block)
        self._sources = Sources(self.streams)
        self._intake = Intake(self.streams, self._sources)
        self._rooms = Rooms(rows)
        self._speakers = Speakers(self.streams, self._intake.jitter, self._intake.decoding)
        self._tones_in = TonesIn(self.streams, self._intake.jitter, self._speakers.a_law)
        self._recorder = Recorder(rows)
        self._tap = Tap(self._rooms.capacity)
        self._cascade = Cascade(self._rooms.capacity, self.streams, self._speakers)
        self._listeners = Listeners(rows, self._rooms.capacity, self._speakers)
        self._outward = Outward(self.streams, self._speakers.slot, self._listeners.loops)
        self._codec = np.full(rows, _PLAINEST.codec, np.int16)
        self._intake.jitter.silence[:] = g711.SILENCE[g711.Law.MU]
        self._reports = Reports(
            self.streams, self._intake.reception, self._intake.jitter, wall_offset_s=wall_offset_s
        )
        self._rows: dict[int, int] = {}  # stream to row
        self._speakers.whispers.rows = self._rows
        self._farewells: dict[int, control.StreamClosed] = {}  # of streams that a recording is owed to
        self._free = list(range(rows))  # a heap: the lowest is taken, so that rows in use lie together
        self._high = 0  # rows in use lie below
        self._index = np.arange(rows)
        self._a_law_rows = 0
        self._sends = np.zeros(rows, np.bool_)
        self._timeout_s = np.zeros(rows, np.float64)
        self._timed_out = np.zeros(rows, np.bool_)
        self._sends_now = np.zeros(rows, np.bool_)  # who sends and knows where to
        self._keys_out = KeysOut(self.streams, self._intake.event_type, self._intake.clocks)
        self._tones_out = TonesOut(self._speakers.a_law, self._speakers.bands.of)
        self._senders: NDArray[np.intp] | None = None
        self._marked: set[int] = set()
        self._tick = 0
        self._skipped = 0
        self._events: list[control.AnyEvent] = []
        self._goodbyes: list[tuple[int, bytes]] = []

    # What the outside asks -------------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """No streams, and nothing to be told of those that were: a tick would do nothing."""
        return not self._rows and self._recorder.idle

    def row(self, stream: int) -> int | None:
        """The row of a stream, None where it has none."""
        return self._rows.get(stream)

    def events(self) -> list[control.AnyEvent]:
        """What happened since the last call."""
        events, self._events = [*self._intake.events(), *self._tones_in.events(), *self._events], []
        return events

    @property
    def secured_block(self) -> NDArray[np.void]:
        """The same of rows with keys: what is sent for them instead."""
        return self._secured.block

    @property
    def loose(self) -> NDArray[np.uint8]:
        """A packet per row, of any length up to that of the block: what is sent for `Outgoing.loose`."""
        return self._outward.loose

    @property
    def drops(self) -> Counter[Drop]:
        """Packets that went no further, by reason."""
        return self._intake.drops

    def addressing(self) -> list[Target | Connect | Carry]:
        """What the sockets must be told since the last call."""
        return self._sources.changes()

    @property
    def learning(self) -> bool:
        """Some row does not know its peer's source yet."""
        return any(self._sources.is_learning(row) for row in self._rows.values())

    def goodbyes(self) -> list[tuple[int, bytes]]:
        """RTCP of the rows that were closed since the last call; to be sent before their sockets are."""
        goodbyes, self._goodbyes = self._goodbyes, []
        return goodbyes

    def load(self, audio: SharedAudio, arena: ArenaAudio | None = None) -> None:
        """Use `audio` for all playback from now on, and `arena`, a part of it, for all that is recorded."""
        self._listeners.audio = audio
        for row in self._recorder.load(ArenaAudio.nowhere() if arena is None else arena):
            self._speakers.listen(row, on=False)

    def hand_over_through(self, ring: Ring) -> None:
        """Use `ring` for what is recorded of rooms."""
        self._tap.attach(ring)

    def lay_out_in(self, outbox: Outbox, number: int) -> None:
        """Use `outbox`, as the worker of this number, for what is said here in rooms that live in other workers, too."""
        self._cascade.attach(outbox, number)

    def listen_to(self, number: int, inbox: Inbox) -> None:
        """Use `inbox` for what is said there in the worker of this number."""
        self._cascade.meet(number, inbox)

    # Commands --------------------------------------------------------------------------------------------------

    def apply(self, command: control.AnyCommand, now: float) -> None:
        """Carry out one command; one that names a stream or room that is not here does nothing."""
        match command:
            case control.OpenStream():
                self._open(command, now)
            case control.RoomTone(level_dbov):
                self._listeners.tone = None if level_dbov == NONE_DBOV else RoomTone(level_dbov)
            case control.PlayRoom() | control.RoomMusic() | control.RecordRoom() | control.Spread():
                self._apply_to_room(command)
            case control.DropPeer(number):
                self._cascade.part(number)
            case (
                control.Load()
                | control.LoadRing()
                | control.LoadOutbox()
                | control.LoadPeer()
                | control.Shutdown()
            ):
                pass  # the worker's own
            case _:
                row = self._rows.get(command.stream)
                if row is not None:
                    self._apply_to_row(command, row, now)
                elif isinstance(command, control.Record):
                    self._events.append(control.RecordingEnded(command.stream, command.recording, 0))

    def _apply_to_room(self, command: _RoomCommand) -> None:
        slot = self._rooms.slot(command.room) or None  # that of those who are in no room is none
        match command:
            case control.PlayRoom(room, playback, segments):
                if slot is None:
                    self._events.append(control.PlaybackEnded(playback, room=room))
                else:
                    self._listeners.announce(slot, playback, segments)
            case control.RoomMusic(_, segment):
                if slot is not None:
                    self._listeners.room_music(slot, segment)
            case control.RecordRoom(room, recording):
                if room != control.NO_ROOM:
                    self._tap.record(room, recording, slot)
            case control.Spread(room, others, leads):
                if room != control.NO_ROOM:
                    self._cascade.share(room, others, slot, leads=leads)

    def _apply_to_row(self, command: _RowCommand, row: int, now: float) -> None:
        match command:
            case control.Route(_, room):
                if self.streams.room[row] != room:
                    self._leave_room(row)
                    self._enter_room(row, room)
                    self._turn(row)
            case control.UpdateStream():
                self._update(command, row, now)
            case control.SendDigits(_, digits, duration_ms, gap_ms):
                by_event = self._intake.event_type[row] != NO_EVENT
                out = self._keys_out if by_event else self._tones_out
                out.press(row, digits, duration_ms, gap_ms)
            case control.CloseStream(stream, moves):
                if not moves:
                    goodbye = rtcp.goodbye(int(self.streams.ssrc_out[row]))
                    self._goodbyes += self._sealed_reports([(row, goodbye)])
                self._close(stream, row, now, moves=moves)
            case control.Play() | control.StopPlay() | control.Music():
                self._apply_to_playback(command, row)
            case _:
                self._apply_to_voice(command, row)

    def _apply_to_voice(self, command: _VoiceCommand, row: int) -> None:
        match command:
            case control.Mute(_, muted):
                self.streams.muted[row] = muted
            case control.Gain(_, gain_db):
                self._speakers.gains.set_manual(row, gain_db)
            case control.AutoGain(_, on):
                self._speakers.gains.set_auto(row, on=on)
            case control.Suppress(_, on):
                self._speakers.suppress(row, on=on)
            case control.Whisper(_, to):
                self._speakers.whisper(row, to)
            case control.Record(stream, recording, into, silence_s):
                self._recorder.begin(row, stream, recording, into, silence_s)
                self._speakers.listen(row, on=self._recorder.records(row))
            case control.StopRecording():
                self._stop_recording(row)

    def _stop_recording(self, row: int) -> None:
        self._recorder.stop(row)
        self._speakers.listen(row, on=False)

    def _apply_to_playback(self, command: _PlaybackCommand, row: int) -> None:
        match command:
            case control.Play(_, playback, segments, replace):
                if replace and self._listeners.stop(row):
                    self._turn(row)
                self._listeners.play(row, playback, segments)
            case control.StopPlay():
                if self._listeners.stop(row):
                    self._turn(row)
            case control.Music(_, segment):
                self._listeners.music(row, segment)
                self._turn(row)

    def _turn(self, row: int) -> None:
        """What the row hears becomes something else in the middle of a sound."""
        last = self._outward.last(row)
        if last is None:
            law = g711.Law.A if self._speakers.a_law[row] else g711.Law.MU
            last = int(g711.decode(self.block["frame"][row, -1:], law)[0])
        self._listeners.turn(row, last)

    def _update(self, command: control.UpdateStream, row: int, now: float) -> None:
        if not _is_spoken(command.format):
            return  # it stays as it was, and everybody else with it
        self._set_format(row, command.format)
        self._set_keys(row, command.format.srtp, None, now)
        self._intake.last_arrival[row] = self._reports.alive_at[row] = now
        self._timed_out[row] = False
        if command.remote is not None:
            remote = (command.remote.host, command.remote.port)
            self._expect(row, remote, command.format, now)

    def _open(self, command: control.OpenStream, now: float) -> None:
        if not self._free or command.stream in self._rows or not _is_spoken(command.format):
            self._events.append(control.StreamClosed(command.stream))
            return
        row = heapq.heappop(self._free)
        self._rows[command.stream] = row
        self._high = max(self._high, row + 1)
        streams = self.streams
        streams.clear(row)
        self._intake.open(row, now)
        self._speakers.clear(row)
        self._listeners.clear(row)
        streams.rows[0] = len(self._rows)
        streams.ssrc_out[row] = command.ssrc
        streams.sequence_out[row] = command.sequence
        silent_ticks = max(0, round((now - command.due_s) / TICK_S)) if command.due_s else 0
        ticks = facts(command.format.codec).ticks
        streams.timestamp_out[row] = (command.timestamp + silent_ticks * FRAME * ticks) & 0xFFFFFFFF
        streams.stream[row] = command.stream  # last: who reads the row from outside finds it whole
        streams.muted[row] = command.muted
        self._speakers.gains.set_manual(row, command.gain_db)
        self._speakers.gains.set_auto(row, on=command.auto_gain, gain_db=command.auto_gain_db)
        self._speakers.whispers.begin(row, command.whisper_to)
        self.block["ssrc"][row] = command.ssrc
        self._reports.open(row, command.cname, now)
        self._timeout_s[row] = command.rtp_timeout_s
        self._timed_out[row] = False
        self._set_format(row, command.format)
        self._set_keys(row, command.format.srtp, command.srtp, now)
        self._speakers.suppress(row, on=command.suppress)
        if command.trouble != "none":
            self._speakers.lines.resume(row, command.trouble)
        self._mark_next(row)
        self.block["frame"][row] = self._intake.jitter.silence[row]
        self._enter_room(row, command.room)
        remote = None if command.remote is None else (command.remote.host, command.remote.port)
        if command.latched and remote is not None:
            self._sources.trust(row, remote, command.signals)
        else:
            self._expect(row, remote, command.format, now, command.signals)

    def _expect(
        self,
        row: int,
        remote: tuple[str, int] | None,
        new: control.Format,
        now: float,
        signals: str | None = None,
    ) -> None:
        """Learn where the row's audio comes from."""
        proved = new.srtp is not None
        self._sources.expect(row, remote, now, hear_first=new.hear_first, proved=proved, signals=signals)

    def _set_keys(
        self, row: int, keys: control.Srtp | None, numbers: control.SrtpNumbers | None, now: float
    ) -> None:
        before = self._secured.packet_bytes(row)
        self._secured.open(row, keys, numbers, now)
        if (size := self._secured.packet_bytes(row)) != before:
            self._sources.carry(row, size)

    def _set_format(self, row: int, new: control.Format) -> None:
        if self._codec[row] != new.codec:
            self._change_codec(row, new)
        self._outward.open(row, new, int(self._speakers.bands.of[row]))
        self._intake.set_format(row, new)
        self._reports.set_format(row, new)
        narrow = self._speakers.bands.of[row] == NARROW
        self._tones_in.want(row, on=new.tones and new.receive and bool(narrow))
        self.block["second"][row] = new.payload_type
        self._sends[row] = new.send
        self._senders = None

    def _change_codec(self, row: int, new: control.Format) -> None:
        a_law = new.codec is control.Codec.PCMA
        self._a_law_rows += int(a_law) - int(self._speakers.a_law[row])
        self._speakers.a_law[row] = a_law
        self._codec[row] = new.codec
        self._intake.clocks.set(row, facts(new.codec).ticks)
        self._intake.jitter.restart(np.array([row]))
        self._tones_out.forget(row)
        self._intake.jitter.silence[row] = g711.SILENCE[g711.Law.A if a_law else g711.Law.MU]
        self._speakers.speak(row, new.codec, band_of(new))

    def _mark_next(self, row: int) -> None:
        """The next packet of `row` begins something: it carries the marker bit (RFC 3551 section 4.1)."""
        self.block["second"][row] |= 0x80
        self._marked.add(row)

    def _enter_room(self, row: int, room: int) -> None:
        self._speakers.slot[row] = slot = NO_SLOT if room == control.NO_ROOM else self._rooms.enter(room)
        if slot != NO_SLOT:
            self._speakers.bands.enter(row)
            self._tap.room_opened(room, slot)
            self._cascade.room_opened(room, slot)
        self.streams.room[row] = room

    def _leave_room(self, row: int) -> None:
        slot = int(self._speakers.slot[row])
        if slot == NO_SLOT:
            return
        self._speakers.leave(row)
        self._speakers.bands.leave(row)
        room = self._rooms.room(slot)
        if self._rooms.leave(slot):
            self._speakers.room_emptied(slot)
            self._tap.room_emptied(slot)
            self._cascade.room_emptied(room, slot)
            for playback in self._listeners.room_emptied(slot):
                self._events.append(control.PlaybackEnded(playback, room=room))

    def _close(self, stream: int, row: int, now: float, *, moves: bool) -> None:
        streams, reception = self.streams, self._intake.reception
        figures = self._reports.figures(row, now)
        self._leave_room(row)
        self._enter_room(row, control.NO_ROOM)
        self._change_codec(row, _PLAINEST)
        self._outward.close(row)
        self._listeners.clear(row)
        self._intake.close(row)
        self._tones_in.want(row, on=False)
        self._sends[row] = False
        self._senders = None
        self._marked.discard(row)
        self._keys_out.forget(row)
        self._tones_out.forget(row)
        self._stop_recording(row)
        closed = control.StreamClosed(
            stream,
            sequence=int(streams.sequence_out[row]),
            timestamp=int(streams.timestamp_out[row]),
            due_s=now,
            packets_in=int(streams.packets_in[row]),
            packets_out=int(streams.packets_out[row]),
            lost=int(reception.lost(np.array([row]))[0]),
            late=int(streams.late[row]),
            duplicate=int(streams.duplicate[row]),
            concealed=int(streams.concealed[row]),
            accelerated=int(streams.accelerated[row]),
            expanded=int(streams.expanded[row]),
            delay_ms=figures.delay_ms,
            r_factor=figures.r_factor,
            mos=figures.mos,
            refused=int(streams.refused[row]),
            jitter_ms=float(reception.jitter[row] * 1_000 / RATE_HZ),
            auto_gain_db=float(streams.auto_gain_db[row]),
            srtp=self._secured.numbers(row),
        )
        if self._secured.has(row):
            self._secured.close(row)
            self._sources.carry(row, 0)
        if self._recorder.owes(stream):
            self._farewells[stream] = closed
            if moves:  # a call is silent until it has arrived
                self._recorder.hasten(stream)
        else:
            self._events.append(closed)
        self._speakers.clear(row)
        self._cascade.row_closed(row)
        self._sources.forget(row)
        self._reports.close(row)
        streams.clear(row)
        del self._rows[stream]
        streams.rows[0] = len(self._rows)
        heapq.heappush(self._free, row)
        if row == self._high - 1:
            used = np.flatnonzero(streams.stream[: self._high])
            self._high = int(used[-1]) + 1 if used.size else 0

    # Packets ---------------------------------------------------------------------------------------------------

    def receive(
        self,
        rows: NDArray[np.intp],
        lengths: NDArray[np.intp],
        arrivals: NDArray[np.float64],
        packets: NDArray[np.void],
        sources: Mapping[int, Address],
    ) -> None:
        """Take a batch of RTP packets.

        Parameters
        ----------
        rows, lengths : ndarray of shape (M,), intp
            The row whose socket each came by, and its bytes.
        arrivals : ndarray of shape (M,), float64
            When, in seconds.
        packets : ndarray of shape (M,), rtp.PACKET_IN
        sources : mapping of packet index to address
            Where packets of rows came from that have not learned their source yet.
        """
        if not self._secured.idle:
            rows, lengths, arrivals, packets, sources = self._unsecured(
                rows, lengths, arrivals, packets, sources
            )
        self._intake.receive(rows, lengths, arrivals, packets, sources)
        if self._sources.changed:
            self._senders = None

    def _unsecured(
        self,
        rows: NDArray[np.intp],
        lengths: NDArray[np.intp],
        arrivals: NDArray[np.float64],
        packets: NDArray[np.void],
        sources: Mapping[int, Address],
    ) -> tuple[
        NDArray[np.intp], NDArray[np.intp], NDArray[np.float64], NDArray[np.void], Mapping[int, Address]
    ]:
        """The batch with plain packets in place of secured ones, and without those that are not to be believed."""
        lengths = lengths.copy()
        drop = self._secured.unprotect(rows, lengths, packets)
        if drop is None or not drop.any():
            return rows, lengths, arrivals, packets, sources
        for reason, count in enumerate(np.bincount(drop)):
            if reason and count:
                self.drops[Drop(reason)] += int(count)
        kept = (drop == Drop.KEPT).nonzero()[0]
        if sources:
            sources = {place: sources[at] for place, at in enumerate(kept.tolist()) if at in sources}
        return rows[kept], lengths[kept], arrivals[kept], packets[kept], sources

    def receive_report(self, row: int, data: bytes, now: float) -> None:
        """Take an RTCP packet of a row."""
        if self._secured.has(row):
            plain = self._secured.open_report(row, data)
            if plain is None:
                self.drops[Drop.AUTH] += 1
                return
            data = plain
        lost = self._reports.receive(row, data, now)
        if lost is not None and not self._outward.idle:
            self._outward.expect_loss(row, lost)

    def _sealed_reports(self, reports: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        """Reports as they are sent: those of rows with keys secured."""
        sealed = []
        for row, report in reports:
            data = self._secured.seal_report(row, report) if self._secured.has(row) else report
            if data is not None:
                sealed.append((row, data))
        return sealed

    # The tick --------------------------------------------------------------------------------------------------

    def tick(self, now: float, due_s: float | None = None) -> Outgoing:
        """Move every row on by one frame; what is to be sent is in `block` until the next tick.

        `due_s` is when the tick was to be, on a grid of 20 ms, if not now: what other workers say belongs to ticks by it.
        """
        count = self._high
        if self._senders is None:
            self._senders = self._choose_senders()
        self._make_frames(count, now, now if due_s is None else due_s)
        outgoing = self._make_packets(count)
        streams = self.streams
        streams.sequence_out[outgoing.rows] += 1
        streams.packets_out[outgoing.rows] += 1
        self._let_time_pass(1)
        reports = self._sealed_reports(self._reports.tick(count, self._tick, self._sends, now))
        self._tick += 1
        streams.ticks[0] = self._tick
        streams.ticked_s[0] = now
        if self._tick % _SILENCE_CHECK_TICKS == 0:
            self._find_silence(count, now)
        return outgoing._replace(reports=reports)

    def _make_frames(self, count: int, now: float, due_s: float) -> None:
        """From what came to what everybody hears, encoded and in the block."""
        both_laws = self._a_law_rows > 0
        intake = self._intake
        intake.let_go(count, now)
        pull = intake.jitter.pull(count, now * RATE_HZ)
        pressed = intake.keys.pressed[:count]
        if not self._tones_in.idle:
            pressed = self._tones_in.tick(count, pull, pressed)
        cascade = self._cascade
        self._speakers.elsewhere = None if cascade.idle else cascade.read(due_s)
        voices = self._speakers.tick(count, pull, pressed, both_laws=both_laws)
        wide = self._speakers.bands.heard(voices)
        if not cascade.idle:
            cascade.hand_over(due_s, voices)
            wide = cascade.join(wide)
        heard = wide.pop(NARROW)
        table, line, ended, announced = self._listeners.tick(count, heard, both_laws=both_laws, wide=wide)
        self._tell_ended(ended, announced)
        if self._tick % WATCH_EVERY == 0:
            self._tell_troubles()
        if not self._outward.idle:
            table, line = self._outward.encode(table, line, self._listeners.wide, self._tones_out.wide())
        if not (self._recorder.idle and self._tap.idle):
            self._record(voices, now)
        self._frames_out[:count] = table.view(_FRAME_PIECE)[:, 0].take(line)
        if not self._tones_out.idle:
            for row in self._tones_out.tick(self.block["frame"]):
                self._turn(row)

    def _make_packets(self, count: int) -> Outgoing:
        """Headers into the block, and all packets that are not there; reports are still to come."""
        assert self._senders is not None
        rows, block = self._senders, self.block[:count]
        block["sequence"] = self.streams.sequence_out[:count]
        block["timestamp"] = self.streams.timestamp_out[:count]
        loose = lengths = NOBODYS
        others: list[tuple[int, bytes]] = []
        held: set[int] = set()
        if not self._keys_out.idle:
            others, finished = self._keys_out.tick(self._sends_now)
            for row in finished:
                self._mark_next(row)
            held = set(self._keys_out.rows.tolist())
            rows = np.setdiff1d(rows, self._keys_out.rows)
        if not self._outward.idle:
            loose, lengths, packed = self._outward.packets(self.block, self._sends_now, held)
            others += packed
            self._reports.count_loose(loose, lengths)
        self._reports.count_apart(others)
        if not self._secured.idle:
            self._secured.protect(rows)
            keyed = np.fromiter(map(self._secured.has, loose.tolist()), np.bool_, len(loose))
            others += [
                (row, self.loose[row, :length].tobytes())
                for row, length in zip(loose[keyed].tolist(), lengths[keyed].tolist(), strict=True)
            ]
            loose, lengths = loose[~keyed], lengths[~keyed]
            others = [
                (row, self._secured.seal(row, data) if self._secured.has(row) else data)
                for row, data in others
            ]
        return Outgoing(rows, others, [], loose, lengths)

    def sent(self) -> None:
        """The block has been sent: marks that were for this packet only are taken off."""
        if self._marked:
            gone = [row for row in self._marked if self.streams.packets_out[row]]
            self.block["second"][gone] &= 0x7F
            self._marked.difference_update(gone)

    def skip(self, ticks: int) -> None:
        """So many ticks were given up: what is sent next was sampled that much later."""
        self._let_time_pass(ticks)
        self._skipped += ticks

    def _let_time_pass(self, ticks: int) -> None:
        """Move every row's RTP clock on."""
        clocks, samples = self._intake.clocks, np.uint32(ticks * FRAME)
        self.streams.timestamp_out[: self._high] += (
            samples if clocks.plain else samples * clocks.ticks[: self._high]
        )

    def _choose_senders(self) -> NDArray[np.intp]:
        streams = self.streams
        rows = np.flatnonzero((streams.stream[: self._high] > 0) & self._sends[: self._high])
        nowhere = list(self._sources.nowhere())
        rows = np.setdiff1d(rows, nowhere) if nowhere else rows
        self._sends_now[:] = False
        self._sends_now[rows] = True
        return rows[~self._outward.apart[rows]]

    def _tell_ended(self, ended: list[Ended], announced: list[Ended]) -> None:
        for row, playback in ended:
            self._events.append(control.PlaybackEnded(playback, stream=int(self.streams.stream[row])))
        for slot, playback in announced:
            self._events.append(control.PlaybackEnded(playback, room=self._rooms.room(slot)))

    def _tell_troubles(self) -> None:
        for row, trouble in self._speakers.lines.troubles():
            self._events.append(control.LineTroubled(int(self.streams.stream[row]), TROUBLES[trouble]))

    def _record(self, voices: Sequence[Voices], now: float) -> None:
        if not self._tap.idle:
            ticks = self._tick + self._skipped
            slot, stream = self._speakers.slot, self.streams.stream
            rooms, announced = self._listeners.said_to_rooms()
            leading = self._cascade.leading(rooms)
            self._tap.take(now, ticks, voices, slot, stream, (rooms[leading], announced[leading]))
        if self._recorder.idle:
            return
        said = self._speakers.said
        if said is not None:
            for row in self._recorder.take(said):
                self._speakers.listen(row, on=False)
        for told in self._recorder.work():
            self._events.append(told)
            if told.stream in self._farewells and not self._recorder.owes(told.stream):
                self._events.append(self._farewells.pop(told.stream))

    def _find_silence(self, count: int, now: float) -> None:
        self._secured.forget_old_keys(now)
        streams, reception = self.streams, self._intake.reception
        silence = now - self._intake.last_arrival[:count]
        listening = (streams.stream[:count] > 0) & self._intake.receives[:count]
        moved = listening & streams.latched[:count] & (silence > SILENCE_S)
        for row in np.flatnonzero(moved & reception.started(self._index[:count])).tolist():
            course = Course(int(reception.ssrc[row]), int(reception.highest[row]) & 0xFFFF)
            self._sources.listen_again(row, course, now)
        silence = np.minimum(silence, now - self._reports.alive_at[:count])
        patience = np.where(
            listening, self._timeout_s[:count], np.maximum(self._timeout_s[:count], HOLD_TIMEOUT_S)
        )
        gone = (streams.stream[:count] > 0) & ~self._timed_out[:count] & (silence > patience)
        for row in np.flatnonzero(gone).tolist():
            self._timed_out[row] = True
            self._events.append(control.RtpTimedOut(int(streams.stream[row])))


def _is_spoken(new: control.Format) -> bool:
    """Whether a row can be of this format: its codec is there, and is a table or has a band of its own.

    What control would never ask for is refused all the same: whatever a tick does not know ends it for hundreds.
    """
    if new.codec in laws.CODECS:
        return True
    band = band_of(new)
    return available(new.codec) and band != NARROW and band in facts(new.codec).bands

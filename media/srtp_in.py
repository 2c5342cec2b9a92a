"""The way in of secured rows, as columns, and in this order: the index is guessed, the window asked, the tag proved, the
payload decrypted, the window told.

Nothing is believed before its tag is: not the source, not the number, not that the peer lives. What fails is counted and
gone (ES2021-09: a call that ends when packets fail is ended by anybody).

A source is an SSRC; each has its own count (RFC 3711 section 3.2.3). A row's columns are those of the source heard last;
others wait in a table. Packets of the same form are opened together, nearly always all of a batch. The few that are left go
one by one: a source that was not heard last, headers with something in them, and everything while an old key is good.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from cryptography.exceptions import InvalidTag
from numpy.typing import NDArray

from media.keystream import FRAME_BYTES, Ahead, Encrypt, keystreams, nonces, salts
from media.replay import WINDOW, Window
from media.rtp import HEADER_BYTES, SLOT_BYTES, Drop
from media.srtp_cipher import BLOCK_BYTES, ROLLOVER_BYTES, PacketCipher
from media.streams import Streams

MAX_SOURCES: Final = 64
"""SSRCs that are counted under one key. Phones have one or two, a gateway that plays announcements more. Beyond, the one
that is silent for longest is forgotten: what it sent could then be sent again by whoever has recorded it."""

FEW: Final = 4
"""Fewer packets of a form are opened one by one: that is quicker than to set up columns for them."""

OLD_KEY_S: Final = 3.0
"""After new keys the peer's old one is good for so long: its packets are on their way, and it may change after us."""

_PLAIN: Final = 0x80
_NONCE: Final = 12
_SLOT: Final = np.dtype(
    {"names": ["head"], "formats": [(np.void, HEADER_BYTES)], "offsets": [0], "itemsize": SLOT_BYTES}
)
_HEAD: Final = np.dtype(
    [("first", "u1"), ("second", "u1"), ("sequence", ">u2"), ("timestamp", ">u4"), ("ssrc", ">u4")]
)


@dataclass(slots=True)
class Inward:
    """A key of the peer's, and what was heard under it."""

    cipher: PacketCipher
    windows: dict[int, Window] = field(default_factory=dict)
    """By SSRC, the one heard last at the end. That one's is renewed from the columns before it is asked."""

    def window(self, ssrc: int) -> Window:
        """That of a source, which is the one heard last from now on."""
        window = self.windows.pop(ssrc, None) or Window()
        if len(self.windows) >= MAX_SOURCES:
            del self.windows[next(iter(self.windows))]
        self.windows[ssrc] = window
        return window


@dataclass(slots=True)
class _Row:
    """What a row has that is no column."""

    inward: Inward
    old: Inward | None = None
    old_until: float = 0.0


@dataclass(slots=True)
class _Batch:
    """Packets that have the same suite, header and length; N of them, each array of shape (N,)."""

    which: NDArray[np.intp]
    rows: NDArray[np.intp]
    ssrc: NDArray[np.uint32]
    index: NDArray[np.int64]
    end: int
    """Where the payload ends in each slot; it begins behind a plain header."""


class Opening:
    """All rows with keys, inwards."""

    def __init__(self, streams: Streams) -> None:
        rows = streams.capacity
        self._streams = streams
        self.secured = np.zeros(rows, np.bool_)
        """Which rows have keys."""
        self._rows: dict[int, _Row] = {}
        self._seen = np.zeros(rows, np.uint64)  # bit k: next_in - 1 - k has come
        self._renewing = np.zeros(rows, np.bool_)  # an old key is good, too
        self._overhead = np.zeros(rows, np.intp)
        self._salts = np.zeros((rows, 2), np.uint64)
        self._shape = np.zeros(rows, np.int64)  # suite and length of MKI
        self._encrypt = np.full(rows, None, object)
        self._calls = np.full(rows, None, object)  # the MAC, or the AEAD
        self._mark = np.zeros(rows, np.intp)
        self._ahead: Ahead | None = None

    # Keys ------------------------------------------------------------------------------------------------------

    def open(self, row: int, cipher: PacketCipher, *, ssrc: int = 0, next_in: int = 0) -> None:
        """The row's packets are secured by this; `next_in` is what another worker has heard of `ssrc`."""
        self._rows[row] = _Row(Inward(cipher))
        self._begin(row, cipher, ssrc, next_in)

    def renew(self, row: int, cipher: PacketCipher, now: float) -> None:
        """From now on the row's packets are secured by this, soon by nothing else."""
        before = self._rows[row].inward
        self._keep(row, before)
        self._rows[row] = _Row(Inward(cipher), before, now + OLD_KEY_S)
        self._begin(row, cipher, 0, 0)
        self._renewing[row] = True

    def _begin(self, row: int, cipher: PacketCipher, ssrc: int, next_in: int) -> None:
        if self._ahead is None:
            self._ahead = Ahead(self._streams.capacity)
        self._ahead.forget(row)
        self.secured[row] = True
        self._overhead[row] = cipher.overhead
        self._salts[row] = salts(cipher.salt)
        self._shape[row] = cipher.suite << 8 | len(cipher.mki)
        self._encrypt[row] = cipher.blocks.update_into
        self._calls[row] = cipher.aead if cipher.shape.aead else cipher.mac
        self._streams.srtp_ssrc_in[row] = ssrc
        self._streams.srtp_next_in[row] = next_in
        self._seen[row] = Window.taken_over(next_in).seen

    def close(self, row: int) -> None:
        """The row has no keys any more."""
        del self._rows[row]
        self.secured[row] = self._renewing[row] = False
        self._encrypt[row] = self._calls[row] = None
        self._salts[row] = 0

    def forget_old_keys(self, now: float) -> None:
        """Once a second or so: what was renewed for long has one key."""
        for row in self._renewing.nonzero()[0].tolist():
            if self._rows[row].old_until <= now:
                self._rows[row].old = None
                self._renewing[row] = False

    # Packets ---------------------------------------------------------------------------------------------------

    def unprotect(
        self, rows: NDArray[np.intp], lengths: NDArray[np.intp], packets: NDArray[np.void]
    ) -> NDArray[np.uint8] | None:
        """Make plain packets of those of secured rows, in place.

        Parameters
        ----------
        rows, lengths : ndarray of shape (M,), intp
            `lengths` become those of the plain packets.
        packets : ndarray of shape (M,), rtp.PACKET_IN
            Lying together.

        Returns
        -------
        drop : ndarray of shape (M,), uint8, or None
            Why a packet goes no further; None where no packet was a secured row's.
        """
        which = self.secured[rows].nonzero()[0]
        if not which.size:
            return None
        drop = np.zeros(len(rows), np.uint8)
        owners, size = rows[which], lengths[which]
        heads = packets.view(_SLOT)["head"][which].view(_HEAD)
        ssrc = heads["ssrc"].astype(np.uint32)
        next_in = self._streams.srtp_next_in[owners]
        index = _guess(next_in, heads["sequence"].astype(np.int64))
        drop[which] = _misshapen(heads["first"], size, self._overhead[owners])
        good = drop[which] == Drop.KEPT
        together = good & (ssrc == self._streams.srtp_ssrc_in[owners]) & (next_in > 0)
        together &= ~self._renewing[owners] & (heads["first"] == _PLAIN)
        singly = (good & ~together).nonzero()[0]
        chosen = together.nonzero()[0]
        if chosen.size:
            ends = size - self._overhead[owners]
            for group in _alike(chosen, self._shape[owners[chosen]] << 16 | ends[chosen]):
                if group.size < FEW:
                    singly = np.append(singly, group)
                    continue
                end = int(ends[group[0]])
                batch = _Batch(which[group], owners[group], ssrc[group], index[group], end)
                self._open_alike(batch, packets, drop)
                lengths[batch.which] = end
        if singly.size:
            octets = memoryview(packets.view(np.uint8).data)
            for at in np.sort(which[singly]).tolist():
                drop[at], lengths[at] = self._open_one(
                    octets, at * SLOT_BYTES, int(rows[at]), int(lengths[at])
                )
        refused = drop != Drop.KEPT
        if refused.any():
            np.add.at(self._streams.refused, rows[refused], 1)
        return drop

    def _open_alike(self, batch: _Batch, packets: NDArray[np.void], drop: NDArray[np.uint8]) -> None:
        again = self._has(batch.rows, batch.index)
        if again.any():
            drop[batch.which[again]] = Drop.REPLAY
            _keep(batch, ~again)
        if not batch.which.size:
            return
        calls = self._calls.take(batch.rows).tolist()
        cipher = self._rows[int(batch.rows[0])].inward.cipher
        if cipher.shape.aead:
            good = self._open_aead(batch, packets, calls, cipher.shape.tag)
        else:
            good = _prove(batch, packets, calls, batch.end + len(cipher.mki), cipher.shape.tag)
        if not good.all():
            drop[batch.which[~good]] = Drop.AUTH
            _keep(batch, good)
        if not cipher.shape.aead and batch.which.size:
            self._decrypt(batch, packets)
        self._note(batch, drop)

    def _open_aead(
        self, batch: _Batch, packets: NDArray[np.void], calls: list[Any], tag: int
    ) -> NDArray[np.bool_]:
        octets = memoryview(packets.view(np.uint8).data)
        nonce = nonces(self._salts[batch.rows], batch.ssrc, batch.index)
        good = np.ones(len(calls), np.bool_)
        for place, (aead, at) in enumerate(zip(calls, (batch.which * SLOT_BYTES).tolist(), strict=True)):
            begin, end = at + HEADER_BYTES, at + batch.end
            try:
                octets[begin:end] = aead.decrypt(
                    nonce[_NONCE * place : _NONCE * place + _NONCE],
                    octets[begin : end + tag],
                    octets[at:begin],
                )
            except InvalidTag:
                good[place] = False
        return good

    def _decrypt(self, batch: _Batch, packets: NDArray[np.void]) -> None:
        assert self._ahead is not None
        salt = self._salts[batch.rows]
        encrypt: list[Encrypt] = self._encrypt.take(batch.rows).tolist()
        if batch.end - HEADER_BYTES == FRAME_BYTES:
            frames = _pieces(packets, HEADER_BYTES, FRAME_BYTES)
            payload = frames.take(batch.which).view(np.uint64).reshape(len(batch.which), -1)
            payload ^= self._ahead.take(batch.rows, salt, batch.ssrc, batch.index, encrypt)
            frames[batch.which] = payload.view((np.void, FRAME_BYTES))[:, 0]
            return
        length = batch.end - HEADER_BYTES
        blocks = -(-length // BLOCK_BYTES)
        if blocks:
            stream = keystreams(salt, batch.ssrc, batch.index, blocks, encrypt)
            packets["bytes"][batch.which, HEADER_BYTES : batch.end] ^= stream[:, :length]

    def _has(self, rows: NDArray[np.intp], index: NDArray[np.int64]) -> NDArray[np.bool_]:
        """`Window.has` over rows."""
        age = self._streams.srtp_next_in[rows] - 1 - index
        behind = age >= 0
        if not behind.any():
            return behind
        bit = np.clip(age, 0, WINDOW - 1).astype(np.uint64)
        seen: NDArray[np.bool_] = self._seen[rows] >> bit & np.uint64(1) != 0
        return behind & ((age >= WINDOW) | seen)

    def _note(self, batch: _Batch, drop: NDArray[np.uint8]) -> None:
        """`Window.note` over rows. Of packets that came twice in this batch one remains."""
        which, rows, index = batch.which, batch.rows, batch.index
        while which.size:
            self._mark[rows[::-1]] = which[::-1]
            first = self._mark[rows] == which
            self._note_each(rows[first], index[first])
            which, rows, index = which[~first], rows[~first], index[~first]
            again = self._has(rows, index)
            drop[which[again]] = Drop.REPLAY
            which, rows, index = which[~again], rows[~again], index[~again]

    def _note_each(self, rows: NDArray[np.intp], index: NDArray[np.int64]) -> None:
        """The same, one packet of each row."""
        next_in = self._streams.srtp_next_in[rows]
        ahead = index + 1 - next_in
        shift = np.clip(ahead, 0, WINDOW - 1).astype(np.uint64)
        seen = np.where(ahead < WINDOW, self._seen[rows] << shift, np.uint64(0))
        bit = np.clip(-ahead, 0, WINDOW - 1).astype(np.uint64)
        self._seen[rows] = seen | np.uint64(1) << bit
        self._streams.srtp_next_in[rows] = np.maximum(next_in, index + 1)

    # One by one ------------------------------------------------------------------------------------------------

    def _open_one(self, octets: memoryview, at: int, row: int, length: int) -> tuple[Drop, int]:
        """Open the packet that begins at `at`; returns what becomes of it, and how long it is then."""
        packet = bytes(octets[at : at + length])
        start = _start(packet)
        sequence, ssrc = int.from_bytes(packet[2:4], "big"), int.from_bytes(packet[8:12], "big")
        state = self._rows[row]
        self._keep(row, state.inward)
        reason = Drop.AUTH
        for inward in (state.inward, state.old):
            if inward is None or length < start + inward.cipher.overhead:
                continue
            window = inward.windows.get(ssrc) or Window()
            index = window.guess(sequence)
            if window.has(index):
                reason = Drop.REPLAY
                continue
            plain = inward.cipher.open(packet, start, ssrc, index)
            if plain is None:
                continue
            window = inward.window(ssrc)
            window.note(index)
            if inward is state.inward:
                self._show(row, ssrc, window)
            octets[at : at + len(plain)] = plain
            return Drop.KEPT, len(plain)
        return reason, length

    def _keep(self, row: int, inward: Inward) -> None:
        """Put the row's columns into the table."""
        streams = self._streams
        if streams.srtp_next_in[row]:
            window = inward.window(int(streams.srtp_ssrc_in[row]))
            window.next, window.seen = int(streams.srtp_next_in[row]), int(self._seen[row])

    def _show(self, row: int, ssrc: int, window: Window) -> None:
        """Put what the table has of a source into the columns."""
        self._streams.srtp_ssrc_in[row] = ssrc
        self._streams.srtp_next_in[row] = window.next
        self._seen[row] = window.seen


def _misshapen(
    first: NDArray[np.uint8], size: NDArray[np.intp], overhead: NDArray[np.intp]
) -> NDArray[np.uint8]:
    """Which packets cannot be secured ones for their form alone."""
    reason = np.zeros(len(size), np.uint8)
    reason[first >> 6 != 2] = Drop.VERSION
    reason[size >= SLOT_BYTES] = Drop.TOO_LONG
    reason[size < HEADER_BYTES + overhead] = Drop.SHORT
    return reason


def _start(packet: bytes) -> int:
    """Where the payload begins: behind CSRCs and an extension. What claims more than there is begins behind its end."""
    start = HEADER_BYTES + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4], "big")
    return start


def _guess(next_in: NDArray[np.int64], sequence: NDArray[np.int64]) -> NDArray[np.int64]:
    """`Window.guess` over rows that have heard something."""
    highest = next_in - 1
    index = highest + ((sequence - highest + 0x8000) & 0xFFFF) - 0x8000
    return np.where(index < 0, index + 0x10000, index)


def _alike(chosen: NDArray[np.intp], form: NDArray[np.int64]) -> list[NDArray[np.intp]]:
    """Part packets by their form."""
    if (form == form[0]).all():
        return [chosen]
    order = form.argsort(kind="stable")
    turns = np.flatnonzero(np.diff(form[order])) + 1
    return np.split(chosen[order], turns)


def _keep(batch: _Batch, kept: NDArray[np.bool_]) -> None:
    batch.which, batch.rows = batch.which[kept], batch.rows[kept]
    batch.ssrc, batch.index = batch.ssrc[kept], batch.index[kept]


def _pieces(packets: NDArray[np.void], offset: int, size: int) -> NDArray[np.void]:
    """A stretch of each slot, as one thing."""
    octets = packets.view(np.uint8)
    return np.ndarray(len(packets), (np.void, size), octets.data, offset=offset, strides=packets.strides)


def _prove(
    batch: _Batch, packets: NDArray[np.void], calls: list[Any], tag_at: int, tag: int
) -> NDArray[np.bool_]:
    """Which packets have the tag that they must have. The rollover counter is written behind what is proved."""
    count = len(calls)
    theirs = _pieces(packets, tag_at, tag).take(batch.which).view(np.uint8).reshape(count, tag)
    rollover = (batch.index >> 16).astype(">u4").view((np.void, ROLLOVER_BYTES))
    _pieces(packets, batch.end, ROLLOVER_BYTES)[batch.which] = rollover
    octets = memoryview(packets.view(np.uint8).data)
    proved = batch.end + ROLLOVER_BYTES
    digests = []
    for mac, at in zip(calls, (batch.which * SLOT_BYTES).tolist(), strict=True):
        prover = mac.copy()
        prover.update(octets[at : at + proved])
        digests.append(prover.finalize())
    ours = np.frombuffer(b"".join(digests), np.uint8).reshape(count, -1)[:, :tag]
    # All bytes are compared, whatever they are: how long it takes tells nothing of where they differ.
    good: NDArray[np.bool_] = np.bitwise_or.reduce(ours ^ theirs, axis=1) == 0
    return good

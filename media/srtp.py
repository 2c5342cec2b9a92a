"""Secured RTP (RFC 3711, RFC 7714) for all rows that have keys; those that have none are not touched.

The packets' ways are `srtp_in` and `srtp_out`, columns both; `srtcp` has the reports, one by one. Here rows get their keys
and lose them. What is here in one place:

- Numbers go on when a stream goes to another worker; it is told them (`control.SrtpNumbers`) in a move, and the shared
  table has them when this one dies. The keys are not in the table: control has them, and it is control who opens the
  stream again. A mark in the table says which keys the numbers are of, so that numbers of old keys never count for new.
- New keys count from the beginning (RFC 4568 section 6.4): ours at once, and the peer's old one is good for a moment.
- A key that stays goes on counting, whatever else changes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.control import Srtp, SrtpNumbers
from media.replay import Window
from media.srtcp import LAST_INDEX, ReportCipher, ReportsIn
from media.srtp_cipher import PacketCipher
from media.srtp_in import Opening
from media.srtp_keys import packet_keys, report_keys
from media.srtp_out import Sealing
from media.streams import Streams

_NOTHING = SrtpNumbers()


@dataclass(slots=True)
class _Row:
    keys: Srtp
    reports_in: ReportsIn
    reports_out: ReportCipher


class SecuredRows:
    """All rows with keys.

    Parameters
    ----------
    streams : Streams
        Has the numbers, for another worker to go on with.
    plain : ndarray of shape (R,), rtp.PACKET_OUT
        The block in which packets are made.
    """

    def __init__(self, streams: Streams, plain: NDArray[np.void]) -> None:
        self._streams = streams
        self._opening = Opening(streams)
        self._sealing = Sealing(streams, plain)
        self._rows: dict[int, _Row] = {}

    # Keys ------------------------------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """No row has keys."""
        return not self._rows

    @property
    def block(self) -> NDArray[np.void]:
        """One packet per row, ready to be sent where the row has keys; shape (R,), srtp_out.PACKET_SECURED."""
        return self._sealing.block

    def has(self, row: int) -> bool:
        """Tell whether the row has keys."""
        return row in self._rows

    def packet_bytes(self, row: int) -> int:
        """How long the row's packets are in `block`; 0 where it has no keys."""
        return self._sealing.packet_bytes(row) if row in self._rows else 0

    def open(self, row: int, keys: Srtp | None, numbers: SrtpNumbers | None, now: float) -> None:
        """The row has these keys from now on, or none. `numbers` are how far another worker has counted with them."""
        before = self._rows.get(row)
        if keys is None:
            self.close(row)
        elif before is None:
            self._begin(row, keys, numbers or _NOTHING)
        elif before.keys != keys:
            self._change(row, before, keys, now)

    def _begin(self, row: int, keys: Srtp, numbers: SrtpNumbers) -> None:
        streams = self._streams
        self._rows[row] = _Row(
            keys,
            ReportsIn(_report_cipher_in(keys), numbers.next_report_in),
            _report_cipher_out(keys),
        )
        streams.srtp_mark[row] = mark(keys)
        streams.srtp_next_out[row] = Window(numbers.next_out).guess(int(streams.sequence_out[row]))
        streams.srtcp_next_out[row] = numbers.next_report_out
        streams.srtcp_next_in[row] = numbers.next_report_in
        self._opening.open(row, _cipher_in(keys), ssrc=numbers.ssrc_in, next_in=numbers.next_in)
        self._sealing.open(row, _cipher_out(keys))

    def _change(self, row: int, before: _Row, keys: Srtp, now: float) -> None:
        streams, old = self._streams, before.keys
        reports_in = before.reports_in
        if _inward(keys) != _inward(old):
            self._opening.renew(row, _cipher_in(keys), now)
            reports_in = ReportsIn(_report_cipher_in(keys))
            streams.srtcp_next_in[row] = 0
        if keys.key_out != old.key_out:
            streams.srtp_next_out[row] = int(streams.sequence_out[row])
            streams.srtcp_next_out[row] = 0
        self._sealing.open(row, _cipher_out(keys))
        self._rows[row] = _Row(keys, reports_in, _report_cipher_out(keys))
        streams.srtp_mark[row] = mark(keys)

    def close(self, row: int) -> None:
        """The row has no keys any more."""
        if self._rows.pop(row, None) is not None:
            self._opening.close(row)
            self._sealing.close(row)
            self._streams.srtp_mark[row] = 0

    def forget_old_keys(self, now: float) -> None:
        """Once a second or so: what was renewed for long has one key."""
        self._opening.forget_old_keys(now)

    def numbers(self, row: int) -> SrtpNumbers | None:
        """How far the row has counted; None where it has no keys."""
        return numbers_of(self._streams, row) if row in self._rows else None

    # Packets ---------------------------------------------------------------------------------------------------

    def unprotect(
        self, rows: NDArray[np.intp], lengths: NDArray[np.intp], packets: NDArray[np.void]
    ) -> NDArray[np.uint8] | None:
        """Make plain packets of a batch; see `Opening.unprotect`."""
        return self._opening.unprotect(rows, lengths, packets)

    def protect(self, rows: NDArray[np.intp]) -> None:
        """Secure those of `rows` that have keys; see `Sealing.protect`."""
        self._sealing.protect(rows, self._opening.secured)

    def seal(self, row: int, packet: bytes) -> bytes:
        """Secure a packet of a row with keys that is not in the block: of a key that is pressed."""
        return self._sealing.seal(row, packet)

    def seal_report(self, row: int, report: bytes) -> bytes | None:
        """Secure an RTCP packet of a row with keys; None once the key is used up."""
        index = int(self._streams.srtcp_next_out[row])
        if index > LAST_INDEX:
            return None
        self._streams.srtcp_next_out[row] = index + 1
        return self._rows[row].reports_out.seal(report, index)

    def open_report(self, row: int, packet: bytes) -> bytes | None:
        """The plain RTCP packet of a row with keys; None where it was not proved to be the peer's, or has come before."""
        reports = self._rows[row].reports_in
        report = reports.open(packet)
        if report is None:
            self._streams.refused[row] += 1
        else:
            self._streams.srtcp_next_in[row] = reports.next
        return report


def mark(keys: Srtp) -> int:
    """Something of 32 bits that tells these keys from others and says nothing of them; never 0."""
    digest = hashlib.sha256(b"roda" + bytes([keys.suite]) + keys.key_in + keys.key_out).digest()
    return int.from_bytes(digest[:4], "big") | 1


def numbers_of(streams: Streams, row: int) -> SrtpNumbers:
    """How far a row has counted, by the table that a worker leaves behind."""
    return SrtpNumbers(
        next_out=int(streams.srtp_next_out[row]),
        next_report_out=int(streams.srtcp_next_out[row]),
        ssrc_in=int(streams.srtp_ssrc_in[row]),
        next_in=int(streams.srtp_next_in[row]),
        next_report_in=int(streams.srtcp_next_in[row]),
    )


def _inward(keys: Srtp) -> tuple[object, ...]:
    return keys.suite, keys.key_in, keys.mki_in_bytes


def _cipher_in(keys: Srtp) -> PacketCipher:
    return PacketCipher(keys.suite, packet_keys(keys.suite, keys.key_in), bytes(keys.mki_in_bytes))


def _cipher_out(keys: Srtp) -> PacketCipher:
    return PacketCipher(keys.suite, packet_keys(keys.suite, keys.key_out), keys.mki_out)


def _report_cipher_in(keys: Srtp) -> ReportCipher:
    return ReportCipher(keys.suite, report_keys(keys.suite, keys.key_in), bytes(keys.mki_in_bytes))


def _report_cipher_out(keys: Srtp) -> ReportCipher:
    return ReportCipher(keys.suite, report_keys(keys.suite, keys.key_out), keys.mki_out)

"""How good each row sounds: what is known of its losses, delay and levels, as a rating and as a block of RTCP XR.

Figures are those of the call so far, as RFC 3611 wants them. Rows are looked at in turns, twice a second, all of a tick at
once; what is told is put together when a row's report is due. Levels are samples of those moments: the level of the frame
that is being said, or of what is heard while nothing is.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp.level import SILENCE_DBOV
from media import quality, xr
from media.bursts import GMIN, LOOK_TICKS, Bursts
from media.control import Codec, Format
from media.delay import LARGEST
from media.jitter import FRAME, RATE_HZ, JitterBuffer
from media.reception import Reception
from media.streams import Streams

PEER_DELAY_MS: Final = 60.0
"""What packets and jitter buffer of a peer take that does not tell: 20 ms and 40 ms."""
DBM0_DB: Final = 6.15
"""A sine of 0 dBm0 is so far below a full square wave of G.711 (Q.551: overload of PCMU is at 3.17 dBm0, and of PCMA at 3.14)."""
_MS: Final = 1_000 / RATE_HZ
_LARGEST_MS: Final = round(LARGEST * _MS)
_FRAME_MS: Final = FRAME * _MS
_CONFIGURATION: Final = xr.PLC_ENHANCED | xr.JB_ADAPTIVE | 1
"""The buffer's delay grows at once, when the first late packet comes: 1 is the least that says so, two frames."""
_SMOOTH: Final = np.float32(1 / 8)
"""Of a new level, in the mean: eight looks are 4 s."""
_UNHEARD: Final = np.float32(np.nan)
_RATED_ANEW: Final = (-1, -1, -1)
"""Of a row that is rated whenever it is looked at: where something was lost, each packet that comes makes it less."""


class Figures(NamedTuple):
    """Of a row, from its beginning to now."""

    delay_ms: float
    """Mean of the jitter buffer's."""
    r_factor: float
    mos: float


class Metrics:
    """State of R rows."""

    def __init__(self, streams: Streams, reception: Reception, jitter: JitterBuffer) -> None:
        rows = streams.capacity
        self._streams = streams
        self._reception = reception
        self._jitter = jitter
        self._bursts = Bursts(reception)
        self._signal_dbov = np.full(rows, _UNHEARD, np.float32)
        self._noise_dbov = np.full(rows, _UNHEARD, np.float32)
        # What few rows at a time are asked for: lists, of which one item is had sooner.
        self._delays_ms = [0.0] * rows  # the sum of so many
        self._delays = [0] * rows
        self._codec = [int(Codec.PCMU)] * rows
        self._packing_ms = [_FRAME_MS] * rows
        self._peer_ms = [PEER_DELAY_MS] * rows  # of the peer's own packets and buffer
        self._listening = [xr.UNKNOWN] * rows
        self._rated = [
            _RATED_ANEW
        ] * rows  # what was lost, the buffer's delay and the round trip, in whole ms
        self._index = np.arange(rows)

    def open(self, row: int) -> None:
        """A new stream has the row."""
        self._bursts.clear(row)
        self._signal_dbov[row] = self._noise_dbov[row] = _UNHEARD
        self._delays_ms[row] = 0.0
        self._delays[row] = 0
        self._peer_ms[row] = PEER_DELAY_MS
        self._listening[row] = xr.UNKNOWN
        self._rated[row] = _RATED_ANEW

    def set_format(self, row: int, new: Format) -> None:
        """What the row is sent, and sends."""
        self._codec[row] = int(new.codec)
        self._packing_ms[row] = max(new.ptime_ms, _FRAME_MS)
        self._rated[row] = _RATED_ANEW

    def hear(self, row: int, metrics: xr.VoipMetrics) -> None:
        """The peer says how good we sound there."""
        if metrics.end_system_ms:
            self._peer_ms[row] = metrics.end_system_ms
            self._rated[row] = _RATED_ANEW
        opinion = metrics.opinion_conversing
        if opinion == xr.UNKNOWN:
            opinion = metrics.opinion_listening
        self._streams.mos_by_peer[row] = 0 if opinion == xr.UNKNOWN else opinion / 10

    def look(self, count: int, tick: int) -> None:
        """Look at those of the first `count` rows whose turn it is in this tick."""
        rows = slice(tick % LOOK_TICKS, count, LOOK_TICKS)
        self._bursts.look(rows)
        sounds = self._streams.level_dbov[rows] > SILENCE_DBOV
        if sounds.any():
            self._measure(self._index[rows][sounds])

    def _measure(self, rows: NDArray[np.intp]) -> None:
        """Take the levels of rows that sound into their means."""
        streams = self._streams
        rows = rows[~streams.muted[rows]]
        speaks = streams.speaking[rows]
        for means, mine in ((self._signal_dbov, rows[speaks]), (self._noise_dbov, rows[~speaks])):
            mean, new = means[mine], streams.level_dbov[mine]
            means[mine] = np.where(np.isnan(mean), new, mean + _SMOOTH * (new - mean))

    def renew(self, rows: NDArray[np.intp], lost: NDArray[np.int64], now: float) -> None:
        """Bring the columns that others read up to date for these rows, which have lost so many packets so far."""
        streams = self._streams
        delays = self._jitter.delay(rows, now * RATE_HZ) * _MS
        streams.delay_ms[rows] = delays
        for row, delay, trip, missing, late in zip(
            rows.tolist(),
            delays.tolist(),
            streams.round_trip_ms[rows].tolist(),
            lost.tolist(),
            streams.late[rows].tolist(),
            strict=True,
        ):
            self._delays_ms[row] += delay
            self._delays[row] += 1
            told = (missing + late, int(delay), int(trip))
            if told == self._rated[row]:
                continue
            expected = self._reception.expected(row)
            if not expected:
                continue
            ratings = quality.rate(
                self._codec[row],
                loss_percent=100 * (missing + late) / expected,
                burst_ratio=self._bursts.ratio(row),
                delay_ms=(trip + delay + self._packing_ms[row] + self._peer_ms[row]) / 2,
            )
            streams.r_factor[row] = ratings.conversing
            streams.mos[row] = quality.opinion(ratings.conversing)
            self._listening[row] = round(10 * quality.opinion(ratings.listening))
            self._rated[row] = _RATED_ANEW if missing + late else told

    def figures(self, row: int, now: float) -> Figures:
        """Sum the row up."""
        rows = self._index[row : row + 1]
        self.renew(rows, self._reception.lost(rows), now)
        mean = self._delays_ms[row] / self._delays[row]
        return Figures(mean, float(self._streams.r_factor[row]), float(self._streams.mos[row]))

    def block(self, row: int) -> xr.VoipMetrics:
        """What the peer is told, of a row that has been renewed."""
        streams = self._streams
        rows = self._index[row : row + 1]
        expected = max(self._reception.expected(row), 1)
        pattern = self._bursts.pattern(row)
        packet_ms = float(self._jitter.packet_samples(rows)[0]) * _MS
        rated = streams.mos[row] > 0
        return xr.VoipMetrics(
            ssrc=int(self._reception.ssrc[row]),
            loss_rate=256 * int(self._reception.lost(rows)[0]) // expected,
            discard_rate=256 * int(streams.late[row]) // expected,
            burst_density=int(256 * pattern.burst_density),
            gap_density=int(256 * pattern.gap_density),
            burst_ms=round(pattern.burst_packets * packet_ms),
            gap_ms=round(pattern.gap_packets * packet_ms),
            round_trip_ms=round(float(streams.round_trip_ms[row])),
            end_system_ms=round(float(streams.delay_ms[row]) + self._packing_ms[row]),
            signal_dbm0=_dbm0(self._signal_dbov[row]),
            noise_dbm0=_dbm0(self._noise_dbov[row]),
            gmin=GMIN,
            rating=round(float(streams.r_factor[row])) if rated else xr.UNKNOWN,
            opinion_listening=self._listening[row],
            opinion_conversing=round(10 * float(streams.mos[row])) if rated else xr.UNKNOWN,
            configuration=_CONFIGURATION,
            buffer_nominal_ms=round(float(streams.delay_ms[row])),
            buffer_maximum_ms=_LARGEST_MS,
            buffer_limit_ms=_LARGEST_MS,
        )


def _dbm0(level_dbov: np.float32) -> int:
    return xr.UNKNOWN if np.isnan(level_dbov) else round(float(level_dbov) + DBM0_DB)

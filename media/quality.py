"""How good a call sounds, by the E-model: from codec, losses and delay to a rating (R) and an opinion (MOS).

ITU-T G.107 adds up what disturbs a conversation on a scale of 0 to 100: R = Ro - Is - Id - Ie,eff + A. Here the telephones are
G.107's (all defaults of its Table 2), for we know nothing of them, and there is no advantage (A = 0). What we know are the
delay, and what the codec loses by itself and with the packets. With neither, R is 93.2.

Codecs that carry more than 3.4 kHz are rated by G.107.1, where the scale ends at 129; that is brought to 100 as its Annex A does
for the MOS. So the opinion is one of wideband telephones about wideband speech: 4.3 there and 4.4 of G.711 are not to be compared.

It is an estimate from what is counted, for planning and for seeing trouble; nobody has listened.
"""

from __future__ import annotations

from math import exp, log2, log10, sqrt
from typing import Final, NamedTuple

from media.control import Codec


class Impairment(NamedTuple):
    """What a codec costs."""

    ie: float
    """Points, when nothing is lost."""
    bpl: float
    """How robust it is: with so many packets of a hundred lost, half of what is left is lost, too."""
    wide: bool = False
    """Points are those of G.107.1."""


_G711: Final = Impairment(0.0, 25.1)
"""G.113 (05/2002) Appendix I: G.711 whose gaps are filled (by G.711's own Appendix I). Ours are filled better than that."""
_WIDE_BPL: Final = 4.6
"""G.113 (2024) Table IV.4 has 4.3 to 4.9 for AMR-WB, and for other wideband codecs nothing: an estimate."""

IMPAIRMENTS: Final = {
    Codec.PCMU: _G711,
    Codec.PCMA: _G711,
    Codec.L16_8: _G711,
    # G.113 Table IV.1 for 64 kbit/s; Bpl: see above.
    Codec.G722: Impairment(13.0, _WIDE_BPL, wide=True),
    # ITU-T has none. An estimate: between AMR-WB at 23.05 kbit/s (1) and 19.85 and 18.25 (3, 5); its own concealment and
    # the copy of the last frame that it carries (RFC 6716 section 2.1.7) make it about twice as robust.
    Codec.OPUS: Impairment(3.0, 2 * _WIDE_BPL, wide=True),
    # Linear: nothing is lost in coding.
    Codec.L16_16: Impairment(0.0, _WIDE_BPL, wide=True),
    Codec.L16_48: Impairment(0.0, _WIDE_BPL, wide=True),
}
_BY_NUMBER: Final = {int(codec): impairment for codec, impairment in IMPAIRMENTS.items()}

# G.107 Table 2: the default telephones, and a quiet room.
_SLR: Final = 8.0  # loudness, in dB: of sending and of receiving
_RLR: Final = 2.0
_STMR: Final = 15.0  # how loud one hears oneself
_LSTR: Final = 18.0
_D: Final = 3.0
_TELR: Final = 65.0  # echo of what one says, and of what one hears
_WEPL: Final = 110.0
_QDU: Final = 1.0
_NC_DBM0P: Final = -70.0
_NFOR_DBMP: Final = -64.0
_ROOM_DBA: Final = 35.0

_WIDE_SCALE: Final = 129.0
_MOST_LOSS: Final = 95.0
"""What packet loss takes from the scale at most (equation 7-29)."""
_BURSTIEST: Final = 8.0
"""G.107 Table 1: BurstR is defined so far."""
_LONGEST_MS: Final = 500.0
"""And delay: a second of it is no worse than this."""


def _noise_dbm0p() -> float:
    """No (section 7.2): all noise together, as if on the line."""
    olr = _SLR + _RLR
    sent = _ROOM_DBA - _SLR - _D - 100 + 0.004 * (_ROOM_DBA - olr - _D - 14) ** 2
    heard = _ROOM_DBA + 10 * log10(1 + 10 ** ((10 - _LSTR) / 10))
    received = _RLR - 121 + heard + 0.008 * (heard - 35) ** 2
    floor = _NFOR_DBMP + _RLR
    return 10 * log10(sum(10 ** (part / 10) for part in (_NC_DBM0P, sent, received, floor)))


_NO: Final = _noise_dbm0p()
_RO: Final = 15 - 1.5 * (_SLR + _NO)


def _simultaneous() -> float:
    """Is (section 7.3): what is wrong with the voice while it sounds."""
    x = _SLR + _RLR + 0.2 * (64 + _NO - _RLR)
    loud: float = 20 * ((1 + (x / 8) ** 8) ** (1 / 8) - x / 8)
    stmr = -10 * log10(10 ** (-_STMR / 10) + 10 ** (-_TELR / 10))
    side: float = 12 * (1 + ((stmr - 13) / 6) ** 8) ** (1 / 8) - 28 * (1 + ((stmr + 1) / 19.4) ** 35) ** (
        1 / 35
    )
    side += -13 * (1 + ((stmr - 3) / 33) ** 13) ** (1 / 13) + 29
    q = 37 - 15 * log10(_QDU)
    g = 1.07 + 0.258 * q + 0.0602 * q**2
    coarse = 15 * log10(1 + 10 ** ((_RO - 100) / 15 + 46 / 8.4 - g / 9) + 10 ** (46 / 30 - g / 40))
    return loud + side + coarse


_UNIMPAIRED: Final = _RO - _simultaneous()


def delay_impairment(delay_ms: float) -> float:
    """Id (section 7.4): the echoes of so much delay one way, and that answers come late."""
    t = min(max(delay_ms, 0.0), _LONGEST_MS)
    echo_loss = _TELR - 40 * log10((1 + t / 10) / (1 + t / 150)) + 6 * exp(-0.3 * t**2)
    talker = (-1.5 * (_NO - _RLR) - (80 + 2.5 * (echo_loss - 14))) / 2
    talker = (talker + sqrt(talker**2 + 100) - 1) * (1 - exp(-t))
    listener: float = (_RO - 10.5 * (_WEPL + 7) * (2 * t + 1) ** -0.25) / 2
    listener += sqrt(listener**2 + 169)
    late = 0.0
    if t > 100:
        x = log2(t / 100)
        late = 25 * ((1 + x**6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2)
    return talker + listener + late


_NO_DELAY: Final = delay_impairment(0.0)
DEFAULT_RATING: Final = _UNIMPAIRED - _NO_DELAY
"""93.2: nothing lost, no delay."""


class Ratings(NamedTuple):
    """R, from 0 to 100."""

    listening: float
    """As if there were no delay."""
    conversing: float


def rate(
    codec: int, *, loss_percent: float = 0.0, burst_ratio: float = 1.0, delay_ms: float = 0.0
) -> Ratings:
    """Rate what comes over a line.

    Parameters
    ----------
    codec : Codec
    loss_percent : float
        0 to 100, packets that came too late among them.
    burst_ratio : float >= 1
        G.107's BurstR: 1 where each packet is lost by itself.
    delay_ms : float
        From mouth to ear.
    """
    ie, bpl, wide = _BY_NUMBER[codec]
    loss = min(max(loss_percent, 0.0), 100.0)
    burst = min(max(burst_ratio, 1.0), _BURSTIEST)
    ie += (_MOST_LOSS - ie) * loss / (loss / burst + bpl)
    best, scale = (_WIDE_SCALE, 100 / _WIDE_SCALE) if wide else (DEFAULT_RATING, 1.0)
    heard = best - min(ie, _MOST_LOSS)
    late = delay_impairment(delay_ms) - _NO_DELAY
    return Ratings(min(max(heard * scale, 0.0), 100.0), min(max((heard - late) * scale, 0.0), 100.0))


def opinion(of: float) -> float:
    """The mean opinion (MOS, 1 to 4.5) that a rating stands for (Annex B); a rating below 6.5 is as bad as can be."""
    r = min(max(of, 0.0), 100.0)
    return max(1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6, 1.0)

"""What a frame of 20 ms costs in each codec, and what Opus makes of speech for it: `python -m benchmarks.codecs`.

Costs are medians over the frames of some seconds of speech, in microseconds, as the engine calls the codecs: from an array to
bytes and from bytes to an array. `--quality` adds how good speech is after Opus (ITU-T P.862.2, wideband PESQ) by complexity;
it wants the package `pesq`. The speech is our own prompts', which have all of 16 kHz.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
import soundfile
import soxr

from dsp.frames import Frames
from media.codecs import coders
from media.codecs.face import Decoder, Encoder
from media.codecs.kind import BANDS, KINDS, OPUS, RATE_HZ
from media.codecs.opus import OpusDecoder, OpusEncoder
from media.codecs.terms import OpusTerms

SPEECH: Final = Path(__file__).parent.parent / "prompts" / "audio" / "en"
SECONDS: Final = 12
LEAST_BYTES: Final = 30_000
"""Of a prompt: sentences, not single digits."""
COMPLEXITIES: Final = (0, 1, 2, 3, 4, 5, 6, 8, 10)
PESQ_RATE_HZ: Final = 16_000
LOSS_PERCENT: Final = 10


def speech() -> Frames:
    """Return some seconds at 48 kHz: prompts one after the other."""
    prompts, length = [], 0
    for path in sorted(SPEECH.glob("*.flac")):
        if length >= SECONDS * RATE_HZ * BANDS[-1] or path.stat().st_size < LEAST_BYTES:
            continue
        samples, rate = soundfile.read(path, dtype="float32")
        prompts.append(soxr.resample(samples, rate, RATE_HZ * BANDS[-1]))
        length += len(prompts[-1])
    sound = np.concatenate(prompts)[: SECONDS * RATE_HZ * BANDS[-1]]
    return np.asarray(np.clip(sound, -1, 1) * 32_767).astype(np.int16)


def frames(sound: Frames, band: int) -> Frames:
    """Cut `sound` (48 kHz) into frames of 20 ms at `band`, one a row."""
    resampled = soxr.resample(sound, RATE_HZ * BANDS[-1], RATE_HZ * band)
    size = 160 * band
    return np.asarray(resampled[: len(resampled) // size * size]).reshape(-1, size)


def timed(work: Callable[[], object]) -> float:
    """Return the microseconds that `work` takes."""
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1e6


def cost(encoder: Encoder, decoder: Decoder, sound: Frames) -> tuple[float, float, list[bytes]]:
    """Return the median microseconds of encoding and of decoding a frame, and the payloads."""
    encoding, decoding, payloads = [], [], []
    for frame in sound:
        encoding.append(timed(lambda frame=frame: payloads.append(encoder.encode(frame))))  # type: ignore[misc]
        decoding.append(timed(lambda: decoder.decode(payloads[-1])))
    return median(encoding), median(decoding), payloads


def cost_of_loss(decoder: Decoder, payloads: Sequence[bytes]) -> tuple[float, float]:
    """Return the median microseconds of making up a frame, and of taking it from the next packet."""
    concealing, recovering = [], []
    for payload in payloads:
        concealing.append(timed(lambda: decoder.conceal(160)))
        recovering.append(timed(lambda payload=payload: decoder.recover(payload)))  # type: ignore[misc]
        decoder.decode(payload)
    return median(concealing), median(recovering)


def every_codec(sound: Frames) -> None:
    """Print what each codec costs at each band."""
    print(f"{'codec':<12}{'encode us':>10}{'decode us':>10}{'copy us':>10}{'kbit/s':>10}")
    for number, kind in KINDS.items():
        if not coders.available(number):
            print(f"{kind.name}: not on this machine")
            continue
        for band in kind.bands:
            encoder, decoder = coders.encoder(number, band), coders.decoder(number, band)
            encoding, decoding, payloads = cost(encoder, decoder, frames(sound, band))
            copying = median(timed(encoder.copy) for _ in range(200))
            rate = sum(map(len, payloads)) * 8 / len(payloads) / 20
            print(
                f"{kind.name + ' ' + str(8 * band):<12}{encoding:>10.1f}{decoding:>10.1f}{copying:>10.1f}{rate:>10.1f}"
            )


def opus_by_complexity(sound: Frames, *, quality: bool) -> None:
    """Print what Opus costs by band and complexity, without and with repeats, and how good it is."""
    print(
        f"{'Opus':<12}{'encode us':>10}{'+ FEC':>10}{'decode us':>10}{'PLC us':>10}{'FEC us':>10}"
        + " PESQ-WB" * quality
    )
    for band in BANDS:
        cut = frames(sound, band)
        for complexity in COMPLEXITIES:
            plain = OpusEncoder(band, OpusTerms(), complexity=complexity)
            encoding, decoding, payloads = cost(plain, OpusDecoder(band), cut)
            wary = OpusEncoder(band, OpusTerms(fec=True), complexity=complexity)
            wary.expect_loss(LOSS_PERCENT)
            repeating, _, repeats = cost(wary, OpusDecoder(band), cut)
            concealing, recovering = cost_of_loss(OpusDecoder(band), repeats)
            line = (encoding, repeating, decoding, concealing, recovering)
            mark = f"{pesq_of(sound, payloads):>8.2f}" if quality else ""
            print(f"{8 * band:>4} kHz {complexity:>3}" + "".join(f"{value:>10.1f}" for value in line) + mark)


def pesq_of(sound: Frames, payloads: Sequence[bytes]) -> float:
    """Return the wideband PESQ of what `payloads` sound like at 16 kHz, against `sound`."""
    from pesq import pesq  # noqa: PLC0415 - wanted by this alone

    decoder = OpusDecoder(2)
    heard = np.concatenate([frame for payload in payloads if (frame := decoder.decode(payload)) is not None])
    return float(pesq(PESQ_RATE_HZ, frames(sound, 2).ravel(), heard, "wb"))


def main() -> None:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quality", action="store_true", help="PESQ by complexity as well")
    quality = parser.parse_args().quality
    sound = speech()
    every_codec(sound)
    if coders.available(OPUS.number):
        opus_by_complexity(sound, quality=quality)


if __name__ == "__main__":
    main()

"""The file that everybody maps: laid out once, and an arena that costs nothing before it is used."""

from __future__ import annotations

import mmap
import os

import numpy as np
import pytest

from dsp import g711
from media.control import Segment
from media.playback import SharedAudio
from media.shared_file import SharedFile

STATIC = 4_800


def prompts() -> list[bytes]:
    pcm = np.arange(STATIC, dtype=np.int16)
    return [pcm.tobytes(), *(g711.encode(pcm, law).tobytes() for law in (g711.Law.MU, g711.Law.A))]


def test_what_control_writes_is_seen_through_another_map_of_the_descriptor() -> None:
    shared = SharedFile(prompts(), static=STATIC, arena=1_600)
    assert shared.samples == STATIC + 1_600
    with mmap.mmap(shared.descriptor, 0, prot=mmap.PROT_READ) as mapped:
        audio = SharedAudio.over(memoryview(mapped)[:], shared.samples)
        assert audio.pcm[STATIC - 1] == STATIC - 1
        shared.audio.write(Segment(STATIC + 160, 160), np.full(160, 1_000, np.int16))
        assert (audio.pcm[STATIC + 160 : STATIC + 320] == 1_000).all()
        del audio
    shared.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(shared.descriptor)


def test_an_arena_of_forty_million_samples_costs_nothing_until_it_is_touched() -> None:
    shared = SharedFile(prompts(), static=STATIC, arena=40_000_000)
    try:
        told = os.fstat(shared.descriptor)
        assert told.st_size == 4 * (STATIC + 40_000_000)
        assert told.st_blocks * 512 < 100_000
        shared.audio.write(Segment(STATIC + 30_000_000, 8_000), np.ones(8_000, np.int16))
        assert os.fstat(shared.descriptor).st_blocks * 512 < 200_000
    finally:
        shared.close()


def test_the_prompts_at_16_khz_lie_behind_everything_and_leave_the_arena_alone() -> None:
    wide = np.arange(2 * STATIC, dtype=np.int16)[::-1].copy()
    shared = SharedFile([*prompts(), wide.tobytes()], static=STATIC, arena=1_600, wide=STATIC)
    shared.audio.write(Segment(STATIC, 1_600), np.full(1_600, 1_000, np.int16))
    with mmap.mmap(shared.descriptor, 0, prot=mmap.PROT_READ) as mapped:
        audio = SharedAudio.over(memoryview(mapped)[:], shared.samples, shared.wide)
        assert (audio.wide == wide).all()
        assert (audio.pcm[STATIC:] == 1_000).all()
        del audio
    shared.close()


def test_there_may_be_no_arena() -> None:
    shared = SharedFile(prompts(), static=STATIC, arena=0)
    assert shared.samples == STATIC
    assert not shared.audio.holds(Segment(0, 160))
    shared.close()

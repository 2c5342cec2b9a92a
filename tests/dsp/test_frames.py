"""The measures that everything else is counted in."""

from dsp import frames, g711


def test_a_frame_is_what_a_packet_of_g711_carries():
    assert frames.FRAME_SAMPLES == 160
    assert frames.FRAME_SAMPLES * 1_000 == frames.RATE_HZ * frames.FRAME_MS


def test_full_scale_is_just_beyond_the_loudest_sample_of_either_law():
    for table in (g711.DECODE_MU, g711.DECODE_A):
        assert 0.98 * frames.FULL_SCALE < table.max() < frames.FULL_SCALE

"""Keys that we press as tones: in place of all else, and for nobody but the row."""

from __future__ import annotations

import numpy as np
import pytest

from dsp.dtmf import KEYS, ToneDetector
from media import control
from tests.media.wire import G711, Phone, World, power_at


def read(phone: Phone) -> str:
    """The keys in what a caller hears."""
    detector, keys = ToneDetector(1), ""
    for frame in phone.heard:
        keys += "".join(
            key for _, key in detector.listen(np.array([0]), frame[None], np.zeros(1, np.bool_)).told
        )
    return keys


@pytest.mark.parametrize("codec", G711)
def test_who_takes_no_events_is_sent_tones(codec: control.Codec) -> None:
    world = World(4)
    menu = world.call(1, codec=codec, telephone_event=-1)
    world.talk(5)
    world.apply(control.SendDigits(1, KEYS.lower()))
    world.apply(control.SendDigits(1, "77?"))
    assert not world.tick().events
    world.talk(160)
    assert read(menu) == KEYS + "77"
    assert world.engine._tones_out.idle


def test_nobody_else_hears_them_and_the_conversation_comes_back_without_a_click() -> None:
    world = World(4)
    menu = world.call(1, room=1, telephone_event=-1)
    listener = world.call(2, room=1)
    world.call(3, room=1)
    world.talk(30, p3=440)
    world.apply(control.SendDigits(1, "5", duration_ms=90, gap_ms=40))
    world.talk(4, p3=440)
    assert power_at(menu.samples(3), 770) > 2_000
    assert power_at(menu.samples(3), 440) < 300
    assert power_at(listener.samples(3), 440) > 6_000
    assert power_at(listener.samples(3), 770) < 300
    world.talk(20, p3=440)
    assert power_at(menu.samples(10), 440) > 6_000
    back = menu.samples(18).astype(np.int32)  # from the last silence on
    assert np.abs(np.diff(back)).max() < 4_000, "a 440 Hz tone of that loudness steps by 2,800"


def test_what_is_no_key_is_not_sent_and_who_hangs_up_is_forgotten() -> None:
    world = World(4)
    world.call(1, telephone_event=-1)
    world.apply(control.SendDigits(1, "xyz"))
    assert world.engine._tones_out.idle
    world.apply(control.SendDigits(1, "123"))
    world.apply(control.CloseStream(1))
    assert world.engine._tones_out.idle

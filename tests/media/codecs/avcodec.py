"""Decoders of FFmpeg's libavcodec, written apart from everybody else's: a judge of what we send.

The few fields that are read of its structures have stood at the same place from version 59 (FFmpeg 5) to 61 (FFmpeg 7).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from functools import cache

import numpy as np
import pytest

_VERSIONS = ((59, 57), (60, 58), (61, 59))
_PACKET_DATA = 24
_FRAME_DATA = 0
_FRAME_SAMPLES = 112


@cache
def _libraries() -> tuple[ctypes.CDLL, ctypes.CDLL]:
    for codec, util in _VERSIONS:
        try:
            return ctypes.CDLL(f"libavcodec.so.{codec}"), ctypes.CDLL(f"libavutil.so.{util}")
        except OSError:
            continue
    pytest.skip("libavcodec is not installed")


def decoded(name: str, payloads: Iterable[bytes], dtype: type[np.generic]) -> np.ndarray:
    """What the decoder `name` makes of `payloads`: its first channel, samples of `dtype`."""
    codecs, util = _libraries()
    for function in ("avcodec_find_decoder_by_name", "avcodec_alloc_context3", "av_packet_alloc"):
        getattr(codecs, function).restype = ctypes.c_void_p
    util.av_frame_alloc.restype = ctypes.c_void_p
    util.av_log_set_level(-8)
    found = codecs.avcodec_find_decoder_by_name(name.encode())
    if not found:
        pytest.skip(f"libavcodec has no {name}")
    decoder = ctypes.c_void_p(found)
    context = ctypes.c_void_p(codecs.avcodec_alloc_context3(decoder))
    packet, frame = ctypes.c_void_p(codecs.av_packet_alloc()), ctypes.c_void_p(util.av_frame_alloc())
    assert codecs.avcodec_open2(context, decoder, None) == 0
    heard = []
    for payload in payloads:
        assert codecs.av_new_packet(packet, len(payload)) == 0
        assert packet.value is not None
        ctypes.memmove(ctypes.c_void_p.from_address(packet.value + _PACKET_DATA).value, payload, len(payload))
        assert codecs.avcodec_send_packet(context, packet) == 0
        codecs.av_packet_unref(packet)
        heard += _frames(codecs, context, frame, dtype)
    codecs.avcodec_send_packet(context, None)
    heard += _frames(codecs, context, frame, dtype)
    codecs.av_packet_free(ctypes.byref(packet))
    util.av_frame_free(ctypes.byref(frame))
    codecs.avcodec_free_context(ctypes.byref(context))
    return np.concatenate(heard)


def _frames(
    codecs: ctypes.CDLL, context: ctypes.c_void_p, frame: ctypes.c_void_p, dtype: type[np.generic]
) -> list[np.ndarray]:
    found = []
    while codecs.avcodec_receive_frame(context, frame) == 0:
        assert frame.value is not None
        count = ctypes.c_int.from_address(frame.value + _FRAME_SAMPLES).value
        data = ctypes.c_void_p.from_address(frame.value + _FRAME_DATA).value
        found.append(np.frombuffer(ctypes.string_at(data, count * np.dtype(dtype).itemsize), dtype))
    return found

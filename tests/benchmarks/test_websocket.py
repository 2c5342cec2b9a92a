from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import websocket
from benchmarks.websocket import CONTINUATION, FINAL, PING, PONG, TEXT, Frames


def unmasked(payload, kind=TEXT, *, final=True):
    """What a server writes: the same without mask."""
    ours = bytearray(websocket.frame(payload, kind))
    masks = len(ours) - len(payload) - 4
    del ours[masks : masks + 4]
    ours[1] &= 0x7F
    if not final:
        ours[0] &= ~FINAL & 0xFF
    return bytes(ours)


@given(
    messages=st.lists(st.sampled_from([b"", b"a", b"b" * 125, b"c" * 126, b"d" * 66_000]), max_size=4),
    cuts=st.lists(st.integers(1, 70_000), max_size=5),
)
@settings(max_examples=40)
def test_messages_come_out_whole_wherever_the_stream_is_cut(messages, cuts):
    stream = b"".join(unmasked(message) for message in messages)
    frames, buffer, found, begin = Frames(), bytearray(), [], 0
    for end in [*sorted(cuts), len(stream)]:
        buffer += stream[begin:end]
        begin = max(begin, end)
        found += frames.split(buffer)
    assert found == messages
    assert not buffer


def test_a_message_in_several_frames_is_one_and_a_ping_between_is_answered():
    frames = Frames()
    buffer = bytearray(
        unmasked(b"SIP/2.0 ", final=False) + unmasked(b"you?", PING) + unmasked(b"200 OK", CONTINUATION)
    )
    assert frames.split(buffer) == [b"SIP/2.0 200 OK"]
    assert bytes(frames.owed) == websocket.frame(b"you?", PONG)


def test_the_handshake_asks_for_sip():
    lines = websocket.handshake("h:1").decode().split("\r\n")
    assert lines[0] == "GET / HTTP/1.1"
    assert "Sec-WebSocket-Protocol: sip" in lines

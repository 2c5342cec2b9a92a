"""What is wanted of a stream: whatever was commanded and learned, an heir is told the sum of it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from media import control
from media.wanted import Wanted, changed

FORMAT = control.Format(control.Codec.PCMU, 0, 101)
HELD = control.Format(control.Codec.PCMA, 8, send=False)
HERE, THERE = control.Endpoint("192.0.2.1", 4_000), control.Endpoint("192.0.2.2", 5_000)
LAST = control.StreamClosed(1, sequence=5, timestamp=6, due_s=7.0, auto_gain_db=8.0)


def wanted() -> Wanted:
    return Wanted(control.OpenStream(1, FORMAT, ssrc=2, sequence=3, timestamp=4, cname="t", remote=HERE))


def play(number: int, *, replace: bool = False) -> control.Play:
    return control.Play(1, number, [control.Segment(0, 160)], replace)


def test_an_opening_says_what_single_commands_said_and_where_the_last_worker_left_off() -> None:
    stream = wanted()
    for command in (
        control.Route(1, 7),
        control.Mute(1, muted=True),
        control.Gain(1, 3.0),
        control.AutoGain(1, on=True),
        control.Suppress(1, on=True),
        control.Whisper(1, 2),
        control.UpdateStream(1, HELD),
        control.SendDigits(1, "5"),
    ):
        stream.remember(command)
    stream.learn(control.SourceLatched(1, THERE))
    stream.learn(control.LineTroubled(1, "music"))
    opening, afterwards = stream.again(LAST)
    assert opening == control.OpenStream(
        1, HELD, ssrc=2, sequence=5, timestamp=6, cname="t", remote=THERE, latched=True, due_s=7.0, room=7, muted=True,
        gain_db=3.0, auto_gain=True, auto_gain_db=8.0, whisper_to=2, suppress=True, trouble="music",
    )  # fmt: skip
    assert list(afterwards) == []


def test_a_new_address_has_to_be_learned_anew() -> None:
    stream = wanted()
    stream.learn(control.SourceLatched(1, THERE))
    stream.remember(control.UpdateStream(1, FORMAT, HERE))
    assert (stream.opening.remote, stream.opening.latched) == (HERE, False)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.builds(play, st.integers(1, 5), replace=st.booleans()),
            st.just(control.StopPlay(1)),
            st.builds(control.PlaybackEnded, st.integers(1, 5), st.just(1)),
        ),
        max_size=20,
    )
)
def test_what_is_played_again_is_what_was_queued_and_neither_ended_nor_dropped(
    moves: list[control.Play | control.StopPlay | control.PlaybackEnded],
) -> None:
    stream = wanted()
    queued: set[int] = set()
    for move in moves:
        match move:
            case control.Play(_, number, _, replace):
                queued = {number} if replace else queued | {number}
                stream.remember(move)
            case control.StopPlay():
                queued = set()
                stream.remember(move)
            case control.PlaybackEnded(number):
                queued.discard(number)
                stream.learn(move)
    _, afterwards = stream.again(LAST)
    again = list(afterwards)
    assert {each.playback for each in again if isinstance(each, control.Play)} == queued
    assert not any(isinstance(each, control.Play) and each.replace for each in again)


def test_music_goes_on_and_recordings_do_not() -> None:
    stream = wanted()
    music = control.Music(1, control.Segment(0, 8_000))
    for command in (
        music,
        control.Record(1, 6, control.Segment(0, 160)),
        control.Record(1, 5, control.Segment(0, 160)),
    ):
        stream.remember(command)
    stream.learn(control.RecordingEnded(1, 4, 0))
    assert list(stream.again(LAST)[1]) == [music]
    assert stream.unfinished() == [control.RecordingEnded(1, 5, 0), control.RecordingEnded(1, 6, 0)]
    assert stream.unfinished() == []


def test_how_far_secured_packets_were_counted_goes_along_and_stays_until_somebody_counts_on() -> None:
    """Whoever dies before it has begun leaves the numbers of the one before: none may be used twice."""
    stream = wanted()
    numbers = control.SrtpNumbers(next_out=70_000, next_in=5)
    opening, _ = stream.again(changed(LAST, srtp=numbers))
    assert opening.srtp == numbers
    assert (stream.opening.sequence, stream.opening.timestamp, stream.opening.srtp) == (5, 6, numbers)

"""What peers are told of their packets, and what they tell of ours."""

from __future__ import annotations

from media import control, rtcp
from tests.media.wire import World


def silent(world: World, seconds: float) -> None:
    for _ in range(round(seconds * 50)):
        world.tick()


def test_reports_say_what_was_lost_and_return_the_peers_report_time() -> None:
    world = World()
    caller = world.call(1)
    world.engine.receive_report(
        caller.row, rtcp.build(7, "them", rtcp.SenderInfo(1_000.0, 1, 1, 1), None), world.now
    )
    reports: list[bytes] = []
    for k in range(260):
        data = caller.audio()
        if k % 10 != 3:
            world.receive(caller, data)
        reports += [data for _, data in world.tick().reports]
    report = rtcp.parse(reports[-1], our_ssrc=7)
    assert report is not None
    assert report.about_us is not None
    assert report.about_us.lost == 25
    assert report.about_us.fraction_lost == 256 // 10
    assert report.about_us.last_sender_report == rtcp.compact_ntp(1_000.0)
    assert report.ssrc == 1


def test_a_phone_that_sends_reports_alone_is_alive_and_one_that_said_goodbye_is_not() -> None:
    world = World()
    muted, gone = world.call(1, rtp_timeout_s=6.0), world.call(2, rtp_timeout_s=6.0)
    for _ in range(4):
        silent(world, 3.0)
        world.engine.receive_report(muted.row, rtcp.build(7, "x", None, None), world.now)
        world.engine.receive_report(gone.row, rtcp.goodbye(8), world.now)
    assert world.events == [control.RtpTimedOut(2)]


def test_reports_of_a_row_that_never_received_say_nothing_of_it() -> None:
    world = World()
    world.call(1)
    reports = []
    for _ in range(260):
        reports += world.tick().reports
    report = rtcp.parse(reports[-1][1], 1)
    assert report is not None
    assert report.about_us is None
    assert report.sender_report


def test_the_round_trip_is_measured_and_nonsense_is_not_believed() -> None:
    world = World()
    caller = world.call(1)
    trip = world.engine.streams.round_trip_ms
    for sent, delay, expected in (
        (world.now - 0.25, 0.1, 150.0),
        (world.now + 50, 0, 150.0),
        (0.0, 0, 150.0),
    ):
        block = rtcp.ReceptionBlock(1, 0, 3, 0, 0, rtcp.compact_ntp(sent), int(delay * 65_536))
        world.engine.receive_report(caller.row, rtcp.build(7, "x", None, block), world.now)
        assert abs(trip[caller.row] - expected) < 0.1
    assert world.engine.streams.lost_by_peer[caller.row] == 3


def test_every_row_reports_once_in_five_seconds_and_not_all_in_one_tick() -> None:
    world = World(rows=64)
    for stream in range(1, 61):
        world.call(stream)
    told: dict[int, int] = {}
    for _ in range(500):
        reports = world.tick().reports
        assert len(reports) <= 1
        for row, _ in reports:
            told[row] = told.get(row, 0) + 1
    assert told == dict.fromkeys(range(60), 2)


def test_who_may_not_be_sent_to_is_told_as_by_a_listener() -> None:
    world = World()
    world.call(1)
    world.talk(3)
    world.apply(control.UpdateStream(1, control.Format(control.Codec.PCMU, 0, 101, send=False)))
    reports = [data for _ in range(260) for _, data in world.tick().reports]
    report = rtcp.parse(reports[-1], 1)
    assert report is not None
    assert report.sender_report == 0
    about_peer = rtcp.parse(reports[-1], 7)
    assert about_peer is not None
    assert about_peer.about_us is not None


def test_reports_are_not_sent_to_where_nobody_was_heard_yet() -> None:
    world = World()
    world.call(1, latched=False)
    assert [report for _ in range(300) for report in world.tick().reports] == []

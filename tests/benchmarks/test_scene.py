from benchmarks.acting import Call, Listen, Press, Say
from benchmarks.mouths import TALK, TALK_HZ
from benchmarks.scene import Scene


def test_two_people_meet_and_what_one_says_reaches_the_other(server):
    scene = Scene(f"127.0.0.1:{server.address[1]}", people=2, wire="epoll")
    moments = {}

    def talker():
        moments["answered"] = yield Call("room")
        yield Say(TALK)
        moments["pressed"] = yield Press("1")

    def listener():
        yield Call("room")
        moments["heard"] = yield Listen(TALK_HZ, within_s=5.0)
        scene.watch(1)

    scene.begin()
    scene.enter(0.0, 0, talker())
    scene.enter(0.0, 1, listener())
    assert scene.play(5.0, lambda: not scene.playing)
    scene.play(0.3, lambda: False)
    judged = scene.attendance().judge(talker=0)
    lateness = scene.lateness_ms
    scene.close()
    assert moments["heard"] > moments["answered"]
    assert moments["pressed"] > moments["answered"]
    assert (judged.streams, judged.lost) == (1, 0)
    assert judged.packets > 5
    assert len(lateness) > 100
    assert (scene.failures, scene.dropped_by_server) == ({}, 0)

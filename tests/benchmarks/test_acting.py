from benchmarks.acting import Actors, Call, Listen, Press, Wait


def test_a_script_goes_on_with_the_moment_its_step_was_done():
    seen = []

    def script():
        seen.append((yield Call("1000")))
        seen.append((yield Press("12#")))

    actors = Actors()
    actors.begin(3, script(), 10.0)
    assert actors.wishes() == [(3, Call("1000"))]
    actors.done(3, 11.5, 11.6)
    assert actors.wishes() == [(3, Press("12#"))]
    assert actors.playing == 1
    actors.done(3, 12.0, 12.0)
    assert (seen, actors.playing, actors.step(3)) == ([11.5, 12.0], 0, None)


def test_waiting_is_nobodys_work_and_ends_by_the_clock():
    def script():
        yield Wait(2.0)
        yield Press("1")

    actors = Actors()
    actors.begin(0, script(), 1.0)
    assert actors.wishes() == []
    assert actors.next_deadline() == 3.0
    actors.advance(2.9)
    assert actors.step(0) == Wait(2.0)
    actors.advance(3.0)
    assert actors.wishes() == [(0, Press("1"))]


def test_what_was_never_heard_is_answered_with_none():
    heard = []

    def script():
        heard.append((yield Listen(1000, within_s=5.0)))
        heard.append((yield Listen(2000, within_s=5.0)))
        yield Wait(100.0)

    actors = Actors()
    actors.begin(0, script(), 0.0)
    actors.done(0, 4.0, 4.9)
    actors.advance(5.0)  # the patience of the first Listen, which was heard in time, is nobody's any more
    assert heard == [4.0]
    actors.advance(9.9)
    assert heard == [4.0, None]


def test_who_hangs_up_plays_no_further():
    closed = []

    def script():
        try:
            yield Wait(1.0)
        finally:
            closed.append(True)

    actors = Actors()
    actors.begin(0, script(), 0.0)
    actors.give_up(0)
    actors.advance(2.0)
    actors.done(0, 2.0, 2.0)
    assert (closed, actors.playing) == ([True], 0)

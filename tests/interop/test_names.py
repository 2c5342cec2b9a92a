"""Recorded names: each says a tone for a name, and hears whose are said when (C2, `*8`, `*9`)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.interop.line import Line
from tests.interop.phone import Phone
from tests.interop.service import Service
from tests.interop.started import ACCESS_NUMBER, until

MODERATOR_HZ, ANA_HZ, BIA_HZ = 440.0, 660.0, 1240.0
RECORD_HZ = 1000.0
"""The tone after which a name is said."""
NAME_SAMPLES = 6_400
"""0.8 s."""


def test_star_8_says_the_recorded_names_to_the_one_who_asks_and_star_9_stops_it(service: Service):
    """C2: a name is what was said after the tone; here each is a tone of its own."""

    def comes_in(keys: str, name_hz: float) -> Line:
        line = Line(Phone(service.address))
        line.call(ACCESS_NUMBER)
        mark = line.mark()
        line.key(keys)
        line.until_heard(RECORD_HZ, mark)
        line.until_hears()
        said = line.mark()
        line.say(name_hz, in_syllables=True)
        until(lambda: line.mark() - said > NAME_SAMPLES, "the name to be said")
        line.say(0)
        line.key("#1")
        service.leg(line)
        return line

    pair = service.named
    people = {
        MODERATOR_HZ: pair.moderators_keys,
        ANA_HZ: f"{pair.participant}#",
        BIA_HZ: f"{pair.participant}#",
    }
    with ThreadPoolExecutor(len(people)) as at_once:
        lines = list(at_once.map(comes_in, people.values(), people))
    moderator, *others = lines
    with moderator, others[0], others[1]:
        for line in lines:
            line.until_hears()
        marks = [line.mark() for line in others]
        mark = moderator.mark()
        moderator.key("*8")
        order = sorted(people, key=lambda name_hz: moderator.until_heard(name_hz, mark))
        moderator.until_hears()
        mark = moderator.mark()
        moderator.key("*8")
        moderator.until_heard(order[0], mark)
        moderator.key("*9")
        moderator.until_hears()
        assert moderator.never_heard(mark, order[-1])
        for line, since in zip(others, marks, strict=True):
            assert line.told_s(since, *people) == 0
            assert all(line.never_heard(since, name_hz) for name_hz in people)
        mark = moderator.mark()
        others[0].hang_up()
        moderator.until_heard(ANA_HZ, mark)

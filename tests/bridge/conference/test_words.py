from typing import get_args

import pytest

from bridge.conference import words
from bridge.conference.commands import AnyCommand
from bridge.service.settings import MuteMode
from prompts import phrases
from prompts.values import Clip

ANA = Clip(0, 8000)
SAID = [
    *(value for value in vars(words).values() if isinstance(value, phrases.Utterance)),
    words.moderator_left(60),
    words.maximum_length_warning(5),
    words.outside_hours(6),
    words.muted_on_entry("*6"),
    words.muted_on_entry(None),
    words.command_unknown("*93"),
    words.command_forbidden("*5"),
    *(words.mode(mode) for mode in MuteMode),
    words.mode(MuteMode.QUESTIONS, "*41"),
    words.muted_by_questions("*41"),
    words.muted_by_questions(None),
    words.has_joined(ANA),
    words.has_left(ANA),
    words.roll_call_intro(3),
    words.recorded(ANA),
    words.roll_call_unnamed(1),
    words.participants_count(3),
    words.hand_raised(2),
    words.question_next(ANA),
    words.question_next(None),
    words.questions_waiting(1),
    words.extended(15),
    words.moved_apart(2),
    *(words.help_line(command, "*6") for command in words.HELP),
]


@pytest.mark.parametrize("language", ["pt-BR", "en", "es"])
@pytest.mark.parametrize("utterance", SAID, ids=lambda utterance: utterance.name)
def test_everything_a_conference_says_is_in_the_catalogue(utterance, language):
    assert phrases.clips(utterance, language)


def test_the_values_are_spoken():
    for utterance in SAID:
        bare = phrases.Utterance(utterance.name)
        assert not utterance.values or phrases.text(utterance, "en") != phrases.text(bare, "en")


def test_help_lines_are_of_known_commands():
    assert set(words.HELP) <= set(get_args(AnyCommand))

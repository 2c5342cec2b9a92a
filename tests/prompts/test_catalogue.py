from __future__ import annotations

import pytest

from prompts.catalogue import FALLBACK, Piece, Slot, catalogue, parse
from prompts.errors import PromptError

LANGUAGES = sorted(catalogue().languages)
PROMISED = [
    "greeting",
    "enter_passcode",
    "passcode_unknown",
    "passcode_expired",
    "passcode_disabled",
    "passcode_expiring",
    "outside_hours",
    "hours_ending",
    "too_many_attempts",
    "offer_operator",
    "no_operator",
    "goodbye",
    "enter_counter_password",
    "counter_password_wrong",
    "you_are_moderator",
    "wait_for_moderator",
    "conference_starts",
    "you_are_first",
    "participants_count",
    "conference_full",
    "conference_locked",
    "moderator_left",
    "moderator_returned",
    "conference_ended",
    "maximum_length_warning",
    "maximum_length_reached",
    "muted",
    "unmuted",
    "muted_on_entry",
    "muted_by_lecture",
    "lecture_on",
    "lecture_off",
    "locked",
    "unlocked",
    "lock_not_allowed",
    "command_unknown",
    "command_forbidden",
    "help_intro",
    "help_lecture",
    "help_mute",
    "help_lock",
    "help_commands",
    "please_try_again",
    "one_moment",
    "removed",
    "say_your_name",
    "you_said",
    "name_choice",
    "name_not_heard",
    "name_not_recorded",
    "has_joined",
    "has_left",
    "roll_call_intro",
    "roll_call_unnamed",
    "roll_call_end",
    "dial_number",
    "dial_number_local",
    "dial_number_plain",
    "dial_read_back",
    "dial_confirm",
    "dial_incomplete",
    "dial_not_a_number",
    "dial_carrier",
    "dial_emergency",
    "dial_premium",
    "dial_not_allowed",
    "dial_limit",
    "dial_night",
    "dial_not_included",
    "dial_closed",
    "dialing",
    "dial_busy",
    "dial_no_answer",
    "dial_declined",
    "dial_unknown",
    "dial_unreachable",
    "dial_congested",
    "dial_failed",
    "dial_hung_up",
    "dial_connected",
    "guest_welcome",
    "guest_dismissed",
    "back_in_room",
    "call_time_up",
    "blast_started",
    "blast_no_list",
    "blast_not_included",
    "blast_running",
    "blast_cancelled",
    "blast_nothing_to_cancel",
    "blast_answered",
    "blast_failed",
    "blast_invitation",
    "blast_press_one",
    "blast_declined",
    "message_record",
    "message_saved",
    "message_not_saved",
    "mode_conversation",
    "mode_questions",
    "mode_presentation",
    "muted_by_questions",
    "muted_by_presentation",
    "muted_by_moderator",
    "everybody_muted",
    "everybody_unmuted",
    "hand_raised",
    "hand_lowered",
    "hand_not_now",
    "question_next",
    "your_turn",
    "questions_none",
    "questions_waiting",
    "hands_cleared",
    "levelling_on",
    "levelling_off",
    "muted_waiting",
    "unmuted_waiting",
    "help_called",
    "help_position",
    "help_none_free",
    "help_operator_here",
    "help_cancelled",
    "help_returned",
    "operator_help",
    "operator_greet",
    "operator_accept",
    "operator_choices",
    "operator_nothing",
    "hall_wait",
    "hall_choices",
    "hall_refused",
    "monitor_announced",
    "monitor_began",
    "monitor_locked",
    "still_there",
    "still_there_thanks",
    "stranded_goodbye",
    "extended",
    "extension_not_possible",
    "role_given",
    "role_given_away",
    "role_choose",
    "role_choice",
    "role_choice_unnamed",
    "role_nobody",
    "leaving",
    "moved_apart",
    "moved_back",
    "caller_known",
    "gain_changed",
    "suppression_on",
    "suppression_off",
    "line_disturbs",
    "noisy_line",
    "invited_locked",
    "not_now",
    "not_done",
    "help_dial_out",
    "help_blast",
    "help_message",
    "help_level",
    "help_roll_call",
    "help_stop_roll_call",
    "help_count",
    "help_hand",
    "help_next_question",
    "help_mode",
    "help_extend",
    "help_role",
    "help_leave",
    "help_operator",
    "help_end",
]


def language_of(say: str) -> str:
    return f'language = "en"\n[voice]\nengine = "flite"\n[say]\n{say}'


def test_everything_the_service_says_is_there():
    catalogue().require(PROMISED)


def test_a_missing_prompt_is_named():
    with pytest.raises(PromptError, match="no such prompt: apology, excuse"):
        catalogue().require(["greeting", "excuse", "apology"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same_things_with_the_same_values(language: str):
    def shape(tag: str) -> dict[str, dict[str, set[str]]]:
        texts = catalogue().languages[tag].texts
        return {
            name: {variant: {slot.value for slot in text.slots} for variant, text in variants.items()}
            for name, variants in texts.items()
        }

    assert shape(language) == shape(FALLBACK)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_a_sentence(language: str):
    for name, variants in catalogue().languages[language].texts.items():
        for text in variants.values():
            assert text.written[0].isupper() or isinstance(text.parts[0], Slot), name
            assert text.written[-1] in ".:", name


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        *(("pt-BR", "pt-BR"), ("pt", "pt-BR"), ("pt_PT", "pt-BR"), ("PT-br", "pt-BR")),
        *(("es-MX", "es"), ("en-GB", "en"), ("de", "en"), ("", "en"), ("portuguese", "en")),
    ],
)
def test_a_language_we_lack_is_answered_in_the_nearest(asked: str, spoken: str):
    assert catalogue().language(asked).tag == spoken


def test_a_text_is_cut_at_its_values():
    language = parse(language_of('rest = {other = "Wait {seconds:number} seconds, please.", bare = "Wait."}'))
    assert language.clips["rest.other.1"] == "Wait,"
    assert language.clips["rest.other.2"] == "seconds, please."
    assert language.clips["rest.bare"] == "Wait."
    assert "number.7" in language.clips
    assert "hour.7" not in language.clips


def test_words_that_texts_have_in_common_are_one_clip_named_after_the_first():
    both = """
        [say.rest]
        other = "Press {keys:keys} to rest."
        bare = "Rest."
        [say.go]
        other = "Press {keys:keys} to go."
        bare = "Rest."
    """
    language = parse(language_of(both))
    assert [part.clip for part in language.texts["go"]["other"].parts if isinstance(part, Piece)] == [
        "rest.other.1",
        "go.other.2",
    ]
    assert language.texts["go"]["bare"] == language.texts["rest"]["bare"]
    assert not {"go.other.1", "go.bare"} & language.clips.keys()


@pytest.mark.parametrize(
    ("say", "fault"),
    [
        ('rest = "Wait {seconds:number}."', "variant 'bare'"),
        ('rest = {other = "Wait {x:colour}.", bare = "Wait."}', "of a kind that en has"),
        ('rest = {other = "Wait {x}.", bare = "Wait."}', "written {name:kind}"),
        ('rest = {other = "Wait.", bare = "Wait {x:number}."}', "variant 'bare'"),
        ('rest = {few = "Wait.", other = "Wait.", bare = "Wait."}', "variants are"),
        ('rest = {one = "Wait."}', "must be there"),
        ("rest = ", "not a catalogue"),
    ],
)
def test_a_faulty_text_is_refused_with_its_name(say: str, fault: str):
    with pytest.raises(PromptError, match=fault):
        parse(language_of(say))


def test_a_language_without_number_words_is_refused():
    with pytest.raises(PromptError, match="fr: no number words"):
        parse(language_of("").replace('"en"', '"fr"'))

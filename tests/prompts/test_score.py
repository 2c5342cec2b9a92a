from __future__ import annotations

from prompts.score import BAR, SECTIONS, Part, notes


def test_the_piece_has_forty_full_bars_in_which_everybody_plays():
    played = list(notes())
    for bar in range(8 * len(SECTIONS)):
        here = {note.part for note in played if bar * BAR <= note.start < (bar + 1) * BAR}
        assert {Part.BASS, Part.GUITAR, Part.PAD, Part.SHAKER} <= here
    assert max(note.start for note in played) < 40 * BAR


def test_the_melody_stays_where_a_telephone_sings():
    melody = [note for note in notes() if note.part in {Part.PIANO, Part.FLUTE}]
    assert len(melody) > 120
    assert all(69 <= note.pitch <= 86 for note in melody)


def test_no_section_repeats_another():
    assert len({section.melody for section in SECTIONS}) == len(SECTIONS)

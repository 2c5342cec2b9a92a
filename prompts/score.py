"""The hold music as written notes: a quiet bossa nova in D, forty bars of four quarters, two minutes.

    A   theme, electric piano          D  Bm  Em A   F#m B7 Em A
    A'  theme, varied upwards
    B   second theme, flute            G  Gm-C  F#m B7   Em A  D  D
    A"  theme, simpler, in long notes
    C   interlude that leads home      Bm E  Bm E   Em A  F#m-B7 Em-A

Time is counted in eighths of a bar. A melody is written as note and length, `F#5.3` for three eighths; `-2` is a rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

BAR: Final = 8
"""Eighths in a bar."""

_SEMITONES: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_TOKEN: Final = re.compile(r"-(?P<rest>\d+)|(?P<name>[A-G])(?P<sign>[#b]?)(?P<octave>\d)\.(?P<length>\d+)")


class Part(Enum):
    """Who plays a note."""

    PIANO = "piano"
    FLUTE = "flute"
    GUITAR = "guitar"
    PAD = "pad"
    BASS = "bass"
    SHAKER = "shaker"


@dataclass(frozen=True, slots=True)
class Note:
    """A note of the score: `start` and `length` in eighths, `pitch` as in MIDI (69 is A at 440 Hz), `force` up to 1."""

    part: Part
    start: float
    length: float
    pitch: int
    force: float


@dataclass(frozen=True, slots=True)
class Chord:
    """The bass plays root and fifth, guitar and pad the voicing above it."""

    root: int
    fifth: int
    voicing: tuple[int, ...]


_CHORDS: Final = {
    "D": Chord(50, 45, (54, 57, 61, 64)),
    "D6": Chord(50, 45, (54, 57, 59, 64)),
    "Bm": Chord(47, 54, (57, 61, 62, 66)),
    "Em": Chord(52, 47, (55, 59, 62, 66)),
    "A": Chord(45, 52, (55, 59, 61, 66)),
    "Asus": Chord(45, 52, (55, 59, 62, 64)),
    "F#m": Chord(54, 49, (57, 61, 64, 66)),
    "B7": Chord(47, 54, (57, 60, 63, 66)),
    "G": Chord(43, 50, (54, 57, 59, 62)),
    "Gm": Chord(43, 50, (55, 58, 62, 64)),
    "C": Chord(48, 43, (55, 58, 62, 64)),
    "E": Chord(52, 47, (56, 59, 62, 66)),
}


@dataclass(frozen=True, slots=True)
class Section:
    """Eight bars: `harmony` has a word per bar, two chords joined by a hyphen where they share it."""

    lead: Part
    harmony: str
    melody: str


_A_HARMONY: Final = "D Bm Em A F#m B7 Em Asus-A"

SECTIONS: Final = (
    Section(
        Part.PIANO,
        _A_HARMONY,
        """-1 A4.1 C#5.1 E5.1 F#5.3 E5.1    D5.2 C#5.1 D5.3 -2    -1 B4.1 D5.1 F#5.1 G5.3 F#5.1    E5.2 C#5.1 F#5.3 -2
           -1 C#5.1 E5.1 A5.3 F#5.2         F#5.1 D#5.2 C5.2 B4.3  -1 B4.1 D5.1 G5.2 F#5.1 E5.2     D5.3 C#5.3 -2""",
    ),
    Section(
        Part.PIANO,
        _A_HARMONY,
        """-1 A4.1 C#5.1 E5.1 A5.2 F#5.2    E5.1 D5.2 C#5.1 D5.2 -2    -1 B4.1 D5.1 F#5.1 B5.2 G5.2   F#5.1 E5.2 C#5.3 -2
           -1 E5.1 F#5.1 A5.1 C#6.2 A5.2    F#5.1 D#5.2 C5.1 B4.2 -2   -1 B4.1 D5.1 F#5.1 E5.3 D5.1   C#5.2 E5.1 B4.3 -2""",
    ),
    Section(
        Part.FLUTE,
        "G Gm-C F#m B7 Em A D D6",
        """B5.3 A5.1 F#5.4    -1 Bb5.2 A5.1 G5.2 E5.2    A5.3 E5.1 C#5.4    -1 D#5.2 F#5.1 A5.2 C6.2
           B5.3 G5.1 F#5.4    -1 E5.2 G5.1 F#5.2 C#5.2   E5.2 F#5.1 A5.5    -3 A4.1 B4.1 D5.1 E5.2""",
    ),
    Section(
        Part.PIANO,
        _A_HARMONY,
        """A4.2 C#5.1 E5.2 F#5.3      -2 D5.1 C#5.2 D5.3    B4.2 D5.1 F#5.2 G5.3        -2 E5.1 C#5.2 F#5.3
           -1 A5.2 E5.1 C#5.2 E5.2    D#5.3 C5.2 B4.3       -2 G5.2 F#5.1 E5.1 D5.2     E5.3 D5.3 -2""",
    ),
    Section(
        Part.FLUTE,
        "Bm E Bm E Em Asus F#m-B7 Em-A",
        """-4 F#5.1 E5.1 C#5.2          D5.3 B4.3 -2                  -4 A5.1 F#5.1 E5.2     F#5.3 D5.3 -2
           -1 G5.1 F#5.1 D5.1 B4.4      -1 E5.1 D5.1 B4.1 A4.4        C#5.2 E5.2 D#5.2 C5.2  B4.2 D5.2 C#5.4""",
    ),
)

_CLAVE: Final = ((0, 3, 6), (2, 5))
"""Where the guitar strikes, in bars taken by turns: the bossa nova's own five strokes."""
_BASS_LINE: Final = ((0, 3, "root", 1.0), (3, 1, "fifth", 0.6), (4, 3, "fifth", 0.85), (7, 1, "root", 0.55))


def _melody(section: Section, start: int) -> Iterator[Note]:
    at = start
    for token in _TOKEN.finditer(section.melody):
        if token["rest"]:
            at += int(token["rest"])
            continue
        pitch = 12 * (int(token["octave"]) + 1) + _SEMITONES[token["name"]]
        pitch += {"#": 1, "b": -1, "": 0}[token["sign"]]
        yield Note(section.lead, at, int(token["length"]), pitch, 0.8)
        at += int(token["length"])
    assert at == start + 8 * BAR, "a section has eight full bars"


def _accompaniment(chords: list[Chord], bar: int) -> Iterator[Note]:
    """One bar: `chords` share it evenly."""
    start = bar * BAR
    share = BAR // len(chords)
    for at, length, degree, force in _BASS_LINE:
        chord = chords[at // share]
        yield Note(Part.BASS, start + at, length, chord.root if degree == "root" else chord.fifth, force)
    for stroke in _CLAVE[bar % 2]:
        voicing = chords[stroke // share].voicing
        for order, pitch in enumerate(voicing):  # a hand opens from the lowest string
            yield Note(Part.GUITAR, start + stroke + 0.04 * order, 2.5, pitch, 0.7)
    for index, chord in enumerate(chords):
        for pitch in chord.voicing:
            yield Note(Part.PAD, start + index * share, share, pitch, 0.5)
    for eighth in range(BAR):
        yield Note(Part.SHAKER, start + eighth, 1, 0, 1.0 if eighth % 4 == 2 else 0.55)


def notes() -> Iterator[Note]:
    """Yield all notes of the piece."""
    for index, section in enumerate(SECTIONS):
        first_bar = 8 * index
        yield from _melody(section, first_bar * BAR)
        for bar, names in enumerate(section.harmony.split()):
            yield from _accompaniment([_CHORDS[name] for name in names.split("-")], first_bar + bar)

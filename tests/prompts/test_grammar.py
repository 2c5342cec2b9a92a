"""Every text that counts, number by number: gender, plural, and the shortened forms before a noun."""

from __future__ import annotations

import pytest

from prompts.catalogue import catalogue
from prompts.phrases import SHOWN, say, text
from prompts.values import Clip

MARIA = Clip(80_000, 6_400)
NUMBERS = (0, 1, 2, 3, 11, 21, 22, 100, 101, 200, 1_000)
ALONE, MASCULINE, FEMININE = "alone", "masculine", "feminine"

_ENGLISH = (
    "zero|one|two|three|eleven|twenty one|twenty two|one hundred|one hundred one|two hundred|one thousand"
)
WORDS = {
    "en": {
        ALONE: _ENGLISH,
        MASCULINE: _ENGLISH,
        FEMININE: _ENGLISH,
    },
    "es": {
        ALONE: "cero|uno|dos|tres|once|veintiuno|veintidós|cien|ciento uno|doscientos|mil",
        MASCULINE: "cero|un|dos|tres|once|veintiún|veintidós|cien|ciento un|doscientos|mil",
        FEMININE: "cero|una|dos|tres|once|veintiuna|veintidós|cien|ciento una|doscientas|mil",
    },
    "pt-BR": {
        ALONE: "zero|um|dois|três|onze|vinte e um|vinte e dois|cem|cento e um|duzentos|mil",
        MASCULINE: "zero|um|dois|três|onze|vinte e um|vinte e dois|cem|cento e um|duzentos|mil",
        FEMININE: "zero|uma|duas|três|onze|vinte e uma|vinte e duas|cem|cento e uma|duzentas|mil",
    },
}
"""Written out, and not asked of `numbers`: what a grammar says of `NUMBERS`."""

SENTENCES: dict[str, dict[str, tuple[str, dict[int, str], str]]] = {
    "en": {
        "participants_count": (
            ALONE,
            {0: "There is no one in the conference.", 1: "There is one participant in the conference."},
            "There are {n} participants in the conference.",
        ),
        "passcode_expiring": (
            ALONE,
            {
                0: "Please note: this passcode expires today.",
                1: "Please note: this passcode expires tomorrow.",
            },
            "Please note: this passcode expires in {n} days.",
        ),
        "moderator_left": (
            ALONE,
            {1: "The moderator has left. The conference will end in one second unless a moderator returns."},
            "The moderator has left. The conference will end in {n} seconds unless a moderator returns.",
        ),
        "maximum_length_warning": (
            ALONE,
            {1: "Please note: the conference will end in one minute."},
            "Please note: you have {n} minutes until the conference ends.",
        ),
        "roll_call_intro": (
            ALONE,
            {0: "There is no one in the conference.", 1: "There is one person in the conference:"},
            "There are {n} people in the conference:",
        ),
        "roll_call_unnamed": (
            ALONE,
            {1: "And one person without a recorded name."},
            "And {n} people without a recorded name.",
        ),
        "blast_started": (ALONE, {1: "Calling one person."}, "Calling {n} people."),
        "blast_cancelled": (
            ALONE,
            {0: "No calls were cancelled.", 1: "One call was cancelled."},
            "{n} calls were cancelled.",
        ),
        "blast_answered": (ALONE, {0: "No one answered.", 1: "One person answered."}, "{n} people answered."),
        "blast_failed": (
            ALONE,
            {0: "Everyone was reached.", 1: "One person could not be reached."},
            "{n} people could not be reached.",
        ),
        "hand_raised": (
            ALONE,
            {1: "Your hand is raised. You are next."},
            "Your hand is raised. You are number {n} in line.",
        ),
        "questions_waiting": (
            ALONE,
            {0: "There are no questions waiting.", 1: "There is one question waiting."},
            "There are {n} questions waiting.",
        ),
        "help_position": (ALONE, {1: "You are next in line."}, "You are number {n} in line."),
        "extended": (
            ALONE,
            {1: "The conference has been extended by one minute."},
            "The conference has been extended by {n} minutes.",
        ),
        "role_choice": (ALONE, {}, f"Number {{n}} {SHOWN}"),
        "role_choice_unnamed": (ALONE, {}, "Number {n} no recorded name."),
        "moved_apart": (ALONE, {}, "You are now in group {n}"),
    },
    "es": {
        "participants_count": (
            MASCULINE,
            {0: "No hay nadie en la conferencia.", 1: "Hay un participante en la conferencia."},
            "Hay {n} participantes en la conferencia.",
        ),
        "passcode_expiring": (
            MASCULINE,
            {0: "Atención: esta clave vence hoy.", 1: "Atención: esta clave vence mañana."},
            "Atención: esta clave vence dentro de {n} días.",
        ),
        "moderator_left": (
            MASCULINE,
            {
                1: "El moderador ha salido. La conferencia terminará en un segundo, a menos que vuelva un moderador."
            },
            "El moderador ha salido. La conferencia terminará en {n} segundos, a menos que vuelva un moderador.",
        ),
        "maximum_length_warning": (
            MASCULINE,
            {1: "Atención: la conferencia terminará en un minuto."},
            "Atención: faltan {n} minutos para el fin de la conferencia.",
        ),
        "roll_call_intro": (
            FEMININE,
            {0: "No hay nadie en la conferencia.", 1: "Hay una persona en la conferencia:"},
            "Hay {n} personas en la conferencia:",
        ),
        "roll_call_unnamed": (
            FEMININE,
            {1: "Y una persona sin nombre grabado."},
            "Y {n} personas sin nombre grabado.",
        ),
        "blast_started": (FEMININE, {1: "Llamando a una persona."}, "Llamando a {n} personas."),
        "blast_cancelled": (
            FEMININE,
            {0: "No se canceló ninguna llamada.", 1: "Se canceló una llamada."},
            "Se cancelaron {n} llamadas.",
        ),
        "blast_answered": (
            FEMININE,
            {0: "Nadie contestó.", 1: "Contestó una persona."},
            "Contestaron {n} personas.",
        ),
        "blast_failed": (
            FEMININE,
            {0: "Se localizó a todas las personas.", 1: "No fue posible localizar a una persona."},
            "No fue posible localizar a {n} personas.",
        ),
        "hand_raised": (
            ALONE,
            {1: "Su mano está levantada. Usted es la próxima persona en hablar."},
            "Su mano está levantada. Su lugar en la fila es el {n}",
        ),
        "questions_waiting": (
            FEMININE,
            {0: "No hay preguntas en espera.", 1: "Hay una pregunta en espera."},
            "Hay {n} preguntas en espera.",
        ),
        "help_position": (
            ALONE,
            {1: "Usted es la próxima persona en la fila."},
            "Su lugar en la fila es el {n}",
        ),
        "extended": (
            MASCULINE,
            {1: "La conferencia se prolongó por un minuto."},
            "La conferencia se prolongó por {n} minutos.",
        ),
        "role_choice": (ALONE, {}, f"Número {{n}} {SHOWN}"),
        "role_choice_unnamed": (ALONE, {}, "Número {n} sin nombre grabado."),
        "moved_apart": (ALONE, {}, "Ahora usted está en el grupo {n}"),
    },
    "pt-BR": {
        "participants_count": (
            MASCULINE,
            {0: "Não há ninguém na conferência.", 1: "Há um participante na conferência."},
            "Há {n} participantes na conferência.",
        ),
        "passcode_expiring": (
            MASCULINE,
            {0: "Atenção: esta senha vence hoje.", 1: "Atenção: esta senha vence amanhã."},
            "Atenção: esta senha vence em {n} dias.",
        ),
        "moderator_left": (
            MASCULINE,
            {1: "O moderador saiu. A conferência terminará em um segundo, a menos que um moderador retorne."},
            "O moderador saiu. A conferência terminará em {n} segundos, a menos que um moderador retorne.",
        ),
        "maximum_length_warning": (
            MASCULINE,
            {1: "Atenção: a conferência terminará em um minuto."},
            "Atenção: faltam {n} minutos para o fim da conferência.",
        ),
        "roll_call_intro": (
            FEMININE,
            {0: "Não há ninguém na conferência.", 1: "Há uma pessoa na conferência:"},
            "Há {n} pessoas na conferência:",
        ),
        "roll_call_unnamed": (
            FEMININE,
            {1: "E uma pessoa sem nome gravado."},
            "E {n} pessoas sem nome gravado.",
        ),
        "blast_started": (FEMININE, {1: "Chamando uma pessoa."}, "Chamando {n} pessoas."),
        "blast_cancelled": (
            FEMININE,
            {0: "Nenhuma ligação foi cancelada.", 1: "Uma ligação foi cancelada."},
            "Foram canceladas {n} ligações.",
        ),
        "blast_answered": (
            FEMININE,
            {0: "Ninguém atendeu.", 1: "Uma pessoa atendeu."},
            "Atenderam {n} pessoas.",
        ),
        "blast_failed": (
            FEMININE,
            {0: "Todas as pessoas foram contatadas.", 1: "Não foi possível contatar uma pessoa."},
            "Não foi possível contatar {n} pessoas.",
        ),
        "hand_raised": (
            ALONE,
            {1: "Sua mão está levantada. Você é a próxima pessoa a falar."},
            "Sua mão está levantada. Sua posição na fila é {n}",
        ),
        "questions_waiting": (
            FEMININE,
            {0: "Não há perguntas na fila.", 1: "Há uma pergunta na fila."},
            "Há {n} perguntas na fila.",
        ),
        "help_position": (ALONE, {1: "Você é a próxima pessoa da fila."}, "Sua posição na fila é {n}"),
        "extended": (
            MASCULINE,
            {1: "A conferência foi prolongada em um minuto."},
            "A conferência foi prolongada em {n} minutos.",
        ),
        "role_choice": (ALONE, {}, f"Número {{n}} {SHOWN}"),
        "role_choice_unnamed": (ALONE, {}, "Número {n} sem nome gravado."),
        "moved_apart": (ALONE, {}, "Agora você está no grupo {n}"),
    },
}
"""Text -> the form of its numbers, what is said instead for some, and the sentence for all others."""

COUNTED = {
    name: next(slot.value for slot in variants["other"].slots if slot.kind.startswith("number"))
    for name, variants in catalogue().languages["en"].texts.items()
    if "other" in variants and any(slot.kind.startswith("number") for slot in variants["other"].slots)
}
"""Text -> the value that it counts."""


def test_no_counted_text_is_missing_here():
    assert all(SENTENCES[language].keys() == COUNTED.keys() for language in WORDS)


@pytest.mark.parametrize("language", sorted(WORDS))
@pytest.mark.parametrize("name", sorted(COUNTED))
def test_a_counted_text_is_grammatical_with_every_number(name: str, language: str):
    form, special, sentence = SENTENCES[language][name]
    words = dict(zip(NUMBERS, WORDS[language][form].split("|"), strict=True))
    expected = [special.get(number, sentence.format(n=words[number])) for number in NUMBERS]
    heard = [
        text(say(name, **{COUNTED[name]: number} | ({"name": MARIA} if SHOWN in sentence else {})), language)
        for number in NUMBERS
    ]
    assert heard == expected

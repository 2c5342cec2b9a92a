"""hypothesis drives a whole conference: whatever people press, roster, media and ears agree, and nobody is stranded.

Promises that hold at every moment: nobody hears what they must not (private talk, waiting, locked, monitored: C3, `*1`,
`*7`, O4), who is muted is not heard (`*5`, `*6`), and every call that was begun comes to an end.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.simulation.company import DEEDS, MANNERS, Company

PAUSES_S = (0.3, 0.9, 2.1, 4.8)

deeds = st.tuples(
    st.sampled_from(sorted(DEEDS)),
    st.integers(0, 3),
    st.sampled_from(sorted(MANNERS)),
    st.sampled_from(PAUSES_S),
)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(story=st.lists(deeds, min_size=12, max_size=20))
def test_whatever_people_do_everybody_hears_whom_they_should_and_nobody_is_stranded(
    story: list[tuple[str, int, str, float]],
) -> None:
    company = Company()
    rui, ana, bia, leo = company.people
    company.keys_moderator(company.calls(rui))
    company.keys_participant(company.calls(ana))
    DEEDS["comes"](company, bia)
    DEEDS["comes to the other conference"](company, leo)
    company.passes(1.5)
    for deed, who, manners, pause_s in story:
        company.gil.manners = company.eva.manners = MANNERS[manners]
        DEEDS[deed](company, company.people[who])
        company.passes(pause_s)
    assert company.heard
    company.nobody_is_stranded()

"""For how long a registrar binds our Contact, from whatever it answers."""

from __future__ import annotations

import pytest

from bridge.trunks.bound import answer_of, seconds
from bridge.trunks.registration import Answer
from sip.events import RequestAnswered
from sip.headers import Headers
from sip.message import Response

OURS = "<sip:me@192.0.2.1;line=abc>"
OTHER = "<sip:me@192.0.2.2;line=old>;expires=7"


def answer(status: int, *headers: tuple[str, str]) -> Answer:
    return answer_of(RequestAnswered(1, status, "R", Response(status, "R", Headers(headers))), "abc")


@pytest.mark.parametrize(
    ("headers", "granted_s"),
    [
        ([("Contact", f"{OTHER}, {OURS};expires=60")], 60),
        ([("Contact", OTHER), ("Contact", OURS), ("Expires", "90")], 90),
        ([("Contact", "<sip:me@198.51.100.1:1024>;expires=50"), ("Expires", "90")], 50),
        ([("Contact", f"{OTHER}, <sip:me@192.0.2.3>;expires=8"), ("Expires", "90")], 90),
        ([("Expires", "90 (a comment)")], 90),
        ([("Contact", "<<<"), ("Expires", "90")], 90),
        ([("Contact", f"{OURS};expires=soon")], None),
        ([], None),
    ],
)
def test_our_own_contact_counts_then_what_is_said_of_all(headers, granted_s) -> None:
    assert answer(200, *headers).granted_s == granted_s


def test_what_is_wanted_instead_is_heard() -> None:
    assert answer(423, ("Min-Expires", "1800")).min_expires_s == 1800
    assert answer(503, ("Retry-After", "120 (restart);duration=60")).retry_after_s == 120
    assert answer(503) == Answer(status=503, reason="R")
    assert answer_of(RequestAnswered(1, 408, "Request Timeout", None), "abc") == Answer(
        status=408, reason="Request Timeout"
    )


@pytest.mark.parametrize("text", [None, "", "-1", "1e9", "9" * 40, "\u0663", ";5"])
def test_what_is_no_number_of_seconds_is_none(text: str | None) -> None:
    assert seconds(text) is None

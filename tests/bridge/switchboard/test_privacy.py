"""Who wants to be known to nobody (RFC 3323)."""

import pytest

from bridge.switchboard.privacy import wants_privacy
from sip.headers import Address, Headers
from sip.message import Request
from sip.uri import Uri

ANA = "<sip:ana@a.example>"


@pytest.mark.parametrize(
    ("privacy", "from_", "wanted"),
    [
        (None, ANA, False),
        ("none", ANA, False),
        ("id", ANA, True),
        ("Header; Critical", ANA, True),
        ("user;id", ANA, True),
        ("", ANA, False),
        (None, "Anonymous <sip:anonymous@anonymous.invalid>", True),
    ],
)
def test_a_caller_says_so_by_header_or_by_calling_as_nobody(
    privacy: str | None, from_: str, wanted: bool
) -> None:
    headers = Headers([] if privacy is None else [("Privacy", privacy)])
    request = Request("INVITE", Uri.parse("sip:1@b"), headers)
    assert wants_privacy(request, Address.parse(from_)) is wanted

import pytest

from bridge.service.digests import DigestError, Digests
from bridge.service.role import Role

DIGESTS = Digests(b"s" * 32)


def test_the_same_code_has_the_same_digest_and_another_code_another():
    assert DIGESTS.passcode("48261739") == Digests(b"s" * 32).passcode("48261739")
    assert DIGESTS.passcode("48261739") != DIGESTS.passcode("48261738")


def test_the_digest_depends_on_the_secret_and_does_not_contain_the_code():
    assert DIGESTS.passcode("48261739") != Digests(b"t" * 32).passcode("48261739")
    assert b"48261739" not in DIGESTS.passcode("48261739")
    assert len(DIGESTS.passcode("48261739")) == 32


def test_a5_the_same_counter_password_elsewhere_has_another_digest():
    digests = {
        DIGESTS.counter_password(1, Role.MODERATOR, "4826"),
        DIGESTS.counter_password(2, Role.MODERATOR, "4826"),
        DIGESTS.counter_password(1, Role.PARTICIPANT, "4826"),
        DIGESTS.counter_password(14, Role.MODERATOR, "826"),
        DIGESTS.passcode("4826"),
    }
    assert len(digests) == 5


@pytest.mark.parametrize("odd", ["", "*#", "é", "\ud800", "1" * 10_000])
def test_anything_that_is_keyed_has_a_digest(odd):
    assert len(DIGESTS.passcode(odd)) == 32


def test_a_secret_that_is_none_is_refused():
    with pytest.raises(DigestError, match="16"):
        Digests(b"short")

import pytest

from tests.bridge.cli.conftest import Roda


def test_help_names_every_group(roda: Roda) -> None:
    status, out, _ = roda("--help")
    assert status == 0
    for group in (
        *("serve", "check", "init", "passcode", "customer", "people", "profile", "blast-list"),
        *("prompts", "records"),
    ):
        assert group in out


@pytest.mark.parametrize("words", [("nonsense",), ("passcode", "new"), ("serve", "--loudly")])
def test_a_wrong_command_line_is_refused_with_status_2(roda: Roda, words: tuple[str, ...]) -> None:
    status, _, err = roda(*words)
    assert status == 2
    assert "Traceback" not in err

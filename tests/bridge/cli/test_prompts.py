from pathlib import Path

from tests.bridge.cli.conftest import Roda


def test_tones_are_listed(roda: Roda) -> None:
    status, out, _ = roda("prompts", "list", "tone")
    assert status == 0
    assert "tone/join" in out
    assert "en/" not in out


def test_our_prompts_are_well(roda: Roda) -> None:
    assert roda("prompts", "check") == (0, "All prompts are well.\n", "")


def test_a_wrong_value_or_name_is_said_so(roda: Roda, tmp_path: Path) -> None:
    target = str(tmp_path / "x.wav")
    away = str(tmp_path / "nowhere" / "x.wav")
    for words in (("greeting", target, "three"), ("no_such_words", target), ("greeting", away)):
        status, _, err = roda("prompts", "export", *words)
        assert status == 1
        assert err.count("\n") == 1


def test_what_a_caller_hears_is_written_to_a_file(roda: Roda, tmp_path: Path) -> None:
    target = tmp_path / "x.wav"
    assert roda("prompts", "export", "greeting", str(target))[0] == 0
    assert target.read_bytes()[:4] == b"RIFF"
    plain_bytes = target.stat().st_size
    assert roda("prompts", "export", "greeting", str(target), "--hd")[0] == 0
    assert target.stat().st_size > 1.9 * plain_bytes

import re
import tomllib
from dataclasses import is_dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from bridge.conference import commands
from bridge.conference.keymap import DEFAULT_KEYMAP
from bridge.conference.keymaps import CONFERTEL
from bridge.config import AccessNumber, Address, Config, OpenRoom, Operator, check, read
from bridge.config.calling import DialOut
from bridge.config.settings import Control, Media
from tests.support.certificates import Authority

EXAMPLE = Path(__file__).parents[3] / "roda.example.toml"


def uncommented(text: str) -> str:
    """The example with its commented-out settings in force, and its prose still comments."""
    return re.sub(r"(?m)^# (\[\[|[a-z_0-9]+ = )", r"\1", text)


def shown(document: dict[str, Any], table: str = "") -> set[str]:
    """Every key of a text, with its tables before it."""
    found = set()
    for name, value in document.items():
        inner = value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else value
        found |= shown(inner, f"{table}{name}.") if isinstance(inner, dict) else {table + name}
    return found


def settable(kind: type, table: str = "") -> set[str]:
    """Every key that `kind` knows, with its tables before it."""
    found = set()
    for name, hint in get_type_hints(kind).items():
        item = get_args(hint)[0] if get_origin(hint) is tuple else hint
        inner = is_dataclass(item) and item is not Address
        found |= settable(item, f"{table}{name}.") if inner else {table + name}
    return found


def make_certificates(folder: Path) -> None:
    """The files that the example names."""
    authority = Authority(folder)
    for pair, names in (
        (authority.issue("sip.example"), ("fullchain.pem", "privkey.pem")),
        (authority.issue("conference.example"), ("conference.pem", "conference.key")),
    ):
        for file, name in zip((pair.certificate, pair.key), names, strict=True):
            file.rename(folder / name)
    for name in ("callers.pem", "trunks.pem"):
        (folder / name).write_bytes(authority.file.read_bytes())


def test_the_example_as_it_stands_is_the_default() -> None:
    config, faults = read(EXAMPLE.read_text())
    assert faults == []
    assert config == Config()


def test_the_example_shows_every_default_and_documents_every_key(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    (tmp_path / "var").mkdir()
    make_certificates(tmp_path / "tls")
    (tmp_path / "carrier.password").write_text("secret")
    text = uncommented(EXAMPLE.read_text())
    assert check(text, directory=tmp_path) == []
    assert shown(tomllib.loads(text)) == settable(Config) - {"directory", "key_maps"}


def test_the_own_key_map_of_the_example_is_one() -> None:
    lines = [line[6:] for line in EXAMPLE.read_text().splitlines() if line.startswith("#     ")]
    config, faults = read("\n".join(lines))
    assert faults == []
    sales = config.key_map("sales")
    assert (sales.everybody["*5"], sales.participant["*5"]) == (commands.Lock(), commands.RaiseHand())
    assert "*92" not in sales.everybody


def test_a_pairs_key_map_goes_before_its_access_numbers_and_the_manuals_is_the_last() -> None:
    config, faults = read('[key_maps.sales]\n"*5" = "lock"')
    assert faults == []
    assert config.key_map("sales", "confertel") is config.key_maps["sales"]
    assert config.key_map("", "confertel") is config.key_map("gone", "confertel") is CONFERTEL
    assert config.key_map("gone") is config.key_map("", "") is config.key_map() is DEFAULT_KEYMAP


def test_by_default_nothing_listens_beyond_this_machine_and_nobody_enters_without_a_passcode() -> None:
    config = Config()
    assert all(address.is_loopback for address in (*config.server.udp, *config.server.tcp))
    assert config.open_rooms == ()


def test_open_rooms_are_for_loopback_alone_on_the_default_port() -> None:
    config = Config.with_open_rooms()
    assert [str(address) for address in config.server.udp + config.server.tcp] == ["127.0.0.1:5060"] * 2
    (room,) = config.open_rooms
    assert room.room("conf-blue", "127.8.0.1") == "blue"
    assert room.room("conf-blue", "::1") == "blue"
    assert room.room("conf-blue", "::ffff:127.0.0.1") == "blue"
    assert room.room("conf-blue", "10.0.0.1") is None
    assert room.room("conf-blue", "no address") is None


@pytest.mark.parametrize("number", ["conf-", "conf", "blue", "", "conf-a b", "conf-" + "a" * 65])
def test_a_number_that_is_not_the_pattern_is_no_room(number: str) -> None:
    assert OpenRoom("conf-{room}", (ip_network("::/0"),)).room(number, "::1") is None


def test_a_pattern_may_have_an_end_and_the_two_must_not_overlap() -> None:
    room = OpenRoom("a{room}a", (ip_network("127.0.0.0/8"),))
    assert room.room("axa", "127.0.0.1") == "x"
    assert room.room("a", "127.0.0.1") is None
    assert room.room("aa", "127.0.0.1") is None


def test_there_is_always_a_media_worker() -> None:
    assert Media().worker_count >= 1
    assert replace(Media(), workers=3).worker_count == 3


def test_an_absolute_database_stays_where_it_is() -> None:
    config, _ = read("[store]\nurl = 'sqlite:////tmp/x.db'", directory=Path("/etc"))
    assert config.store_url == "sqlite:////tmp/x.db"
    config, _ = read("[store]\nurl = 'postgresql://h/d'", directory=Path("/etc"))
    assert config.store_url == "postgresql://h/d"


def test_by_default_nobody_is_called() -> None:
    config = Config()
    assert not config.dial_out.enabled
    assert config.dial_out.prefixes == ()
    assert config.dial_out.sip_domains == ()
    assert config.operators == ()


def test_what_the_called_person_sees_is_what_is_set_or_the_first_access_number() -> None:
    assert Config().caller_id == "anonymous"
    numbers = (AccessNumber("+551140028922"), AccessNumber("2"))
    assert Config(access_numbers=numbers).caller_id == "+551140028922"
    assert replace(Config(access_numbers=numbers), dial_out=DialOut(caller_id="7")).caller_id == "7"


def test_the_socket_for_commands_is_in_the_state_directory_or_nowhere() -> None:
    assert Config(directory=Path("/etc")).control_socket == Path("/etc/var/control.sock")
    assert Config(control=Control(socket="/run/roda.sock")).control_socket == Path("/run/roda.sock")
    assert Config(control=Control(socket="")).control_socket is None


def test_an_operator_is_found_by_name() -> None:
    ana = Operator("ana", "sip:ana@10.0.0.5")
    assert Config(operators=(ana,)).operator("ana") is ana
    assert Config(operators=(ana,)).operator("bia") is None

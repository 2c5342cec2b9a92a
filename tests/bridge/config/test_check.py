from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.config import ConfigError, Fault, check, load, read

SOUND = """
[server]
udp = ["0.0.0.0:5060"]
[[access_numbers]]
number = "1000"
"""


def said(text: str) -> list[str]:
    return [str(fault) for fault in check(text)]


def test_an_empty_file_is_the_defaults() -> None:
    config, faults = read("")
    assert faults == []
    assert str(config.server.udp[0]) == "127.0.0.1:5060"


def test_sound_values_are_taken() -> None:
    config, faults = read(SOUND)
    assert faults == []
    assert str(config.server.udp[0]) == "0.0.0.0:5060"
    assert config.access_number("1000") is not None
    assert config.access_number("1001") is None


def test_codecs_have_names_and_each_stands_once() -> None:
    assert said('[audio]\ncodecs = ["G722", "G722"]') == ["line 2: audio.codecs names something twice"]
    assert said('[audio]\ncodecs = ["G729"]') == [
        'line 2: audio.codecs must be one of "opus", "G722", "PCMU", "PCMA", "L16", not "G729"'
    ]
    assert said('[audio]\ncodecs = ["opus", "L16", "G722", "PCMA", "PCMU"]\nopus_rate_hz = 16000') == []


def test_comfort_noise_is_soft_or_none() -> None:
    for level in (-90, -50, 0):
        assert said(f"[audio]\ncomfort_noise_dbov = {level}") == []
    assert said("[audio]\ncomfort_noise_dbov = -40") == [
        "line 2: audio.comfort_noise_dbov must be from -90 to -50, or 0 for none"
    ]
    assert said("[audio]\ncomfort_noise_dbov = -91") == [
        "line 2: audio.comfort_noise_dbov must be a whole number from -90 to 0, not -91"
    ]


def test_every_fault_is_said_at_once_with_its_line() -> None:
    text = """[server]
upd = ["0.0.0.0:5060"]
tcp = ["127.0.0.1:5060",
       "localhost:5060"]

[media]
workers = "two"
port_low = 80

[service]
time_zone = "Mars/Olympus"
"""
    assert said(text) == [
        'line 2: there is no key "upd" in [server]: did you mean "udp"?',
        (
            "line 4: server.tcp must be a numeric address and a port, such as "
            '"127.0.0.1:5060" or "[::1]:5060", not "localhost:5060"'
        ),
        'line 7: media.workers must be a whole number from 0 to 256, not "two"',
        "line 8: media.port_low must be a whole number from 1024 to 65535, not 80",
        (
            "line 11: service.time_zone must be a time zone of the IANA database, "
            'such as "America/Sao_Paulo", not "Mars/Olympus"'
        ),
    ]


def test_one_fault_of_a_list_or_a_table_hides_no_other() -> None:
    text = """[[open_rooms]]
pattern = "conf"
networks = [
  "10.0.0.1/8",
  "banana",
]
"""
    assert [line.partition(" must ")[0] for line in said(text)] == [
        "line 2: open_rooms.pattern",
        "line 4: open_rooms.networks",
        "line 5: open_rooms.networks",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x = \n", "line 1: this is not TOML: invalid value"),
        ("[server\n", "line 1: this is not TOML"),
        ("a = '''\n\n", "line 2: this is not TOML"),
        ("[serverr]\n", 'line 1: there is no key "serverr": did you mean "server"?'),
        ("server = 3\n", "line 1: server must be a table: [server]"),
        (
            "access_numbers = 3\n",
            "line 1: access_numbers must be tables, each under its own [[access_numbers]]",
        ),
        ("[[access_numbers]]\nlabel = 'x'\n", "line 1: access_numbers needs the key number"),
        ("[server]\nudp = '127.0.0.1:5060'", "line 2: server.udp must be a list in brackets"),
        ("[server]\nudp = ['::1:5060']", "line 2: server.udp must be a numeric address"),
        ("[server]\nudp = ['127.0.0.1:70000']", "line 2: server.udp must be a numeric address"),
        (
            "[server]\nudp = []\ntcp = []",
            "line 2: no address in udp, tcp, tls, ws and wss of [server]: nobody",
        ),
        (
            "[server]\nudp = ['127.0.0.1:5060',\n'127.0.0.1:5060']",
            "line 3: server.udp names 127.0.0.1:5060 twice",
        ),
        (
            "[server]\nudp = ['127.0.0.1:20000']",
            "line 2: server.udp 127.0.0.1:20000 lies within the media ports",
        ),
        ("[media]\nport_low = 2000\nport_high = 2000", "line 3: media.port_high (2000) must be above"),
        ("[media]\nport_high = 2000", "line 2: media.port_high (2000) must be above"),
        ("[media]\nworkers = true", "line 2: media.workers must be a whole number from 0 to 256, not true"),
        (
            "[media]\nrtp_timeout_s = nan",
            "line 2: media.rtp_timeout_s must be a number from 5 to 86400, not nan",
        ),
        ("[store]\nurl = 'mysql://x'", "line 2: store.url must be an address such as"),
        ("[store]\ndirectory = ''", 'line 2: store.directory must be a path in quotes, not ""'),
        (
            "[service]\nlanguage = 'fr'",
            'line 2: service.language must be one of "pt-BR", "en", "es", not "fr"',
        ),
        ("[prompts]\ndirectory = 'nowhere'", "line 2: prompts.directory: there is no folder nowhere"),
        ("[log]\nfile = 'nowhere/x.log'", "line 2: log.file: there is no folder nowhere"),
        (
            "[[access_numbers]]\nnumber='1'\n[[access_numbers]]\nnumber='1'",
            'line 4: access_numbers: number "1" is given twice',
        ),
        ("[[open_rooms]]\npattern='conf-{room}'\n", "line 1: open_rooms needs the key networks"),
        (
            "[[open_rooms]]\npattern='conf-{room}'\nnetworks=[]",
            "line 3: open_rooms.networks must have at least 1",
        ),
        (
            "[[open_rooms]]\npattern='conf'\nnetworks=['::/0']",
            'line 2: open_rooms.pattern must be a number with "{room}"',
        ),
        (
            "[[open_rooms]]\npattern='{room}'\nnetworks=['10.0.0.1/8']",
            "line 3: open_rooms.networks must be a network",
        ),
        (
            "[dial_out]\nenabled = true\n[[dial_out.prefixes]]\nprefix = '+55'\nprice_per_minute = 0.1",
            "line 2: dial_out.enabled needs [[trunks]]",
        ),
        ("[[dial_out.prefixes]]\nprefix = '+55'", "line 1: dial_out.prefixes needs the key price_per_minute"),
        (
            "[[dial_out.prefixes]]\nprefix = '55'\nprice_per_minute = 1",
            'line 2: dial_out.prefixes.prefix must be the beginning of numbers with "+"',
        ),
        (
            "[dial_out]\nprefixes = [{prefix = '+55', price_per_minute = 0.1},\n{prefix = '+55', price_per_minute = 1}]",
            'line 3: dial_out.prefixes: prefix "+55" is given twice',
        ),
        (
            "[dial_out]\nprefixes = [{prefix = '+55', price_per_minute = inf}]",
            "line 2: dial_out.prefixes.price_per_minute must be a number from 0 to 1000, not inf",
        ),
        (
            "[dial_out.per_pair]\nparallel = 0",
            "line 2: dial_out.per_pair.parallel must be a whole number from 1",
        ),
        (
            "[dial_out.numbering]\npatterns = ['XXXX', 'A']",
            "line 2: dial_out.numbering.patterns must be 4 to 15 places",
        ),
        (
            "[dial_out.numbering]\npatterns = []",
            "line 2: dial_out.numbering.patterns must have at least 1 entry",
        ),
        ("[dial_out]\nsip_domains = ['a',\n'[::g]']", "line 3: dial_out.sip_domains must be a host"),
        ("[dial_out]\nsip_domains = ['a',\n'[1:2]']", "line 3: dial_out.sip_domains: not an IPv6 address"),
        (
            "[blast]\ncalls_per_second = 51",
            "line 2: blast.calls_per_second must be a whole number from 1 to 50",
        ),
        (
            "[[operators]]\nname='a'\naddress='sip:a@b'\n[[operators]]\nname='a'\naddress='sip:a@c'",
            'line 5: operators: name "a" is given twice',
        ),
        ("[[operators]]\nname='a'\naddress='ana'", "line 3: operators.address must be a SIP address"),
        ("[[operators]]\nname='a'\naddress='sip:a@b:70000'", "line 3: operators.address: port out of range"),
        ("[[operators]]\nname='1'\naddress='sip:a@b'", "line 2: operators.name must be 1 to 32 letters"),
        ("[[access_numbers]]\nnumber='1'\nkey_map='a b'", "line 3: access_numbers.key_map must be the name"),
        (
            "[[access_numbers]]\nnumber='1'\nkey_map='manuel'",
            'line 3: there is no key map "manuel": did you mean "manual"?',
        ),
        ("key_maps = 5", "line 1: key_maps must be tables"),
        ("[key_maps]\nsales = 5", "line 2: key_maps.sales must be a table"),
        ("[key_maps.a]\n[key_maps.'b c']", 'line 2: "b c" is no name of a key map'),
        ("[key_maps.a]\nbase = 'x'", 'line 2: key_maps.a: base must be one of "manual"'),
        (
            "[key_maps.a]\n'*5' = 'lock'\n'*6' = 'lokc'",
            'line 3: key_maps.a: there is no command "lokc": did you mean "lock"?',
        ),
        ("[key_maps.a.moderator]\n'*5' = 'lock'\n'5' = 'lock'", "line 3: key_maps.a: '5': a command is *"),
        ("[key_maps.a]\n'*5' = {command='x'}", "line 2: key_maps.a: there is no command"),
        ("access_numbers = [[" * 2000, "line 1: "),
    ],
)
def test_each_kind_of_fault_has_its_words(text: str, fault: str) -> None:
    assert any(each.startswith(fault) for each in said(text)), said(text)


def test_a_repeated_key_is_a_fault_of_its_line() -> None:
    assert said("[server]\nnode = 'a'\nnode = 'b'\n")[0].startswith("line 3: this is not TOML")


def test_load_resolves_paths_from_the_file_and_says_its_name_in_faults(tmp_path: Path) -> None:
    file = tmp_path / "roda.toml"
    file.write_text("[store]\nurl = 'sqlite:///x/roda.db'\n")
    config = load(file)
    assert config.store_url == f"sqlite:///{tmp_path}/x/roda.db"
    assert config.state_directory == tmp_path / "var"
    file.write_text("\n[stor]\n")
    with pytest.raises(ConfigError, match=r"roda\.toml:2: there is no key"):
        load(file)


def test_what_cannot_be_read_is_one_fault(tmp_path: Path) -> None:
    binary = tmp_path / "x.toml"
    binary.write_bytes(b"\xff\xfe")
    for path in (tmp_path / "absent.toml", tmp_path, binary):
        with pytest.raises(ConfigError) as raised:
            load(path)
        assert len(raised.value.faults) == 1
    binary.write_bytes(b" " * 1_000_001)
    with pytest.raises(ConfigError, match="larger than"):
        load(binary)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="abc[]{}=.,\"'#\n\\ 1serv:", max_size=80))
def test_any_text_gives_faults_with_lines_and_nothing_worse(text: str) -> None:
    for fault in check(text):
        assert isinstance(fault, Fault)
        assert 1 <= fault.line <= text.count("\n") + 1

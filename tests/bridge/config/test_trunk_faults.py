"""What `roda check` says of trunks, each fault on its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.config import check, read

TRUNK = "[[trunks]]\nname = 'a'\naddress = 'sip.example'\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[trunks]]\nname = 'a'", "line 1: trunks needs the key address"),
        ("[[trunks]]\nname = 'a'\naddress = '127.0.0.1:5060'", "line 3: trunks.address 127.0.0.1:5060 is our own address"),
        ("[[trunks]]\nname = 'a'\naddress = '127.0.0.1'", "line 3: trunks.address 127.0.0.1:5060 is our own address"),
        ("[[trunks]]\nname = 'a'\naddress = 'a:99999'", "line 3: trunks.address: port out of range: 99999"),
        (TRUNK + "uri = 'sip:1@{trunk}'", "line 4: trunks.uri must be a SIP address with {e164}"),
        (TRUNK + "uri = 'sip:{e164}{x}@{trunk}'", "line 4: trunks.uri must be a SIP address with {e164}"),
        (TRUNK + "uri = 'sip:{e164}@a:99999'", "line 4: trunks.uri: port out of range: 99999"),
        (TRUNK + TRUNK, 'line 5: trunks: name "a" is given twice'),
        (TRUNK + "transport = 'tls'", "line 4: trunks.transport tls needs an address in server.tls"),
        (TRUNK + "transport = 'ws'", 'line 4: trunks.transport must be one of "udp", "tcp", "tls"'),
        (TRUNK + "password = 'x'", "line 4: trunks.password needs trunks.username"),
        (
            TRUNK + "username = 'u'\npassword = 'x'\npassword_env = 'Y'",
            "line 6: trunks: password and password_env say two passwords",
        ),
        (TRUNK + "username = 'u'\npassword_file = 'none'", "line 5: trunks.password_file: there is no file none"),
        (TRUNK + f"username = 'u'\npassword = '{'x' * 300}'", "line 5: trunks.password is longer than 256"),
        (TRUNK + "register = true", "line 4: trunks.register needs trunks.username"),
        (TRUNK + "registrar = '[::g]'", "line 4: trunks.registrar must be a host"),
        (TRUNK + "registrar = '[1:2]'", "line 4: trunks.registrar: not an IPv6 address"),
        (TRUNK + "codecs = []", "line 4: trunks.codecs must have at least 1 entry"),
        (TRUNK + "codecs = ['G729']", 'line 4: trunks.codecs must be one of "opus", "G722", "PCMU", "PCMA", "L16"'),
        (TRUNK + "codecs = ['PCMA', 'PCMA']", "line 4: trunks.codecs names something twice"),
        (TRUNK + "dtmf = ['sms']", 'line 4: trunks.dtmf must be one of "rtp", "info", "inband"'),
        (TRUNK + "prefixes = ['55']", 'line 4: trunks.prefixes must be the beginning of numbers with "+"'),
        (TRUNK + "ping_s = 5000", "line 4: trunks.ping_s must be a whole number from 0 to 3600"),
        (TRUNK + 'username = "a\\"b"', "line 4: trunks.username must be a user name without spaces and quotes"),
        ("[dns]\nservers = ['a']", "line 2: dns.servers must be a numeric address and a port"),
        (
            "[dial_out]\ntrunk = '192.0.2.9:5060'",
            'line 2: dial_out.trunk has become a table of its own: write [[trunks]] with name = "carrier" and address = "192.0.2.9:5060"',
        ),
        ("[dial_out]\ntransport = 'tcp'", 'line 2: dial_out.transport belongs to the trunk now: write transport = "tcp"'),
        ("[dial_out]\nuri = 'sip:x'", 'line 2: dial_out.uri belongs to the trunk now: write uri = "sip:x"'),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_what_to_write(text: str, said: str) -> None:
    faults = [str(fault) for fault in check(text)]
    assert any(fault.startswith(said) for fault in faults), faults


def test_a_name_and_an_address_are_enough(tmp_path: Path) -> None:
    config, faults = read(TRUNK, directory=tmp_path)
    assert faults == []
    (trunk,) = config.trunks
    assert (trunk.name, str(trunk.target)) == ("a", "sip:sip.example;transport=udp")

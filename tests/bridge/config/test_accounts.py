"""What is set of telephones that register."""

from __future__ import annotations

import pytest

from bridge.config import Config, check, read
from bridge.config.accounts import Registrar
from sip.challenge import Policy
from sip.proof import Algorithm
from sip.registrar import RegistrarSettings


def test_the_defaults_are_those_of_the_registrar() -> None:
    assert Registrar().settings() == RegistrarSettings()


def test_all_of_it_can_be_said() -> None:
    config, faults = read(
        """
[registrar]
enabled = false
realm = "Acme telephones"
domains = ["SIP.Example", "[2001:DB8::1]"]
algorithms = ["SHA-512-256", "MD5"]
minimum_s = 30
default_s = 40
maximum_s = 50
contacts = 2
"""
    )
    assert faults == []
    assert not config.registrar.enabled
    assert config.registrar.settings() == RegistrarSettings(
        minimum_s=30, default_s=40, maximum_s=50, contacts_max=2
    )
    assert config.registrar.policy(config.realm) == Policy(
        realm="Acme telephones",
        algorithms=(Algorithm.SHA512_256, Algorithm.MD5),
        domains=frozenset({"sip.example", "2001:db8::1"}),
    )


@pytest.mark.parametrize(
    ("text", "realm"),
    [
        ("", "roda"),
        ('[server]\nnode = "one"', "one"),
        ('[server]\nnode = "one"\nadvertised = "sip.example"', "sip.example"),
        ('[server]\nadvertised = "sip.example"\n[registrar]\nrealm = "Acme"', "Acme"),
    ],
)
def test_passwords_are_of_the_realm_or_of_how_we_are_called(text: str, realm: str) -> None:
    config, faults = read(text)
    assert (config.realm, faults) == (realm, [])
    assert Config().realm == "roda"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('realm = "a\\"b"', "realm must be up to 128"),
        ('algorithms = ["SHA-1"]', "algorithms must be"),
        ("algorithms = []", "at least 1 entry"),
        ('domains = ["a b"]', "domains must be"),
        ("contacts = 0", "contacts must be"),
        ("default_s = 59", "registrar.default_s (59) is below minimum_s (60)"),
        ("maximum_s = 299", "registrar.maximum_s (299) is below default_s (300)"),
    ],
)
def test_what_cannot_be_is_told_with_its_line(line: str, words: str) -> None:
    (fault,) = check(f"[registrar]\n{line}")
    assert fault.line == 2
    assert words in fault.text


@pytest.mark.parametrize(
    ("address", "sound"),
    [("account:ana", True), ("account:", False), ("account:a b", False), ("accounts:ana", False)],
)
def test_an_operator_may_be_an_account(address: str, sound: bool) -> None:
    config, faults = read(f'[[operators]]\nname = "ana"\naddress = "{address}"')
    assert (not faults) is sound
    assert [each.address for each in config.operators] == ([address] if sound else [])

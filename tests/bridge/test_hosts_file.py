"""/etc/hosts, read as the C library reads it."""

from __future__ import annotations

import os

from bridge.hosts_file import HostsFile, read

TEXT = """
127.0.0.1   localhost
::1  localhost ip6-localhost   # a comment
192.0.2.9 carrier.example Carrier
not-an-address x
192.0.2.10 carrier.example carrier.example
192.0.2.11
"""


def test_names_have_their_addresses_in_the_order_of_the_file() -> None:
    assert read(TEXT) == {
        "localhost": ("127.0.0.1", "::1"),
        "ip6-localhost": ("::1",),
        "carrier.example": ("192.0.2.9", "192.0.2.10"),
        "carrier": ("192.0.2.9",),
    }


def test_the_file_is_read_again_when_it_has_changed(tmp_path) -> None:
    path = tmp_path / "hosts"
    hosts = HostsFile(path)
    assert hosts.addresses("localhost") == ()
    path.write_text(TEXT)
    assert hosts.addresses("Carrier.Example.") == ("192.0.2.9", "192.0.2.10")
    path.write_text("192.0.2.77 carrier.example")
    os.utime(path, ns=(1, 1))
    assert hosts.addresses("carrier.example") == ("192.0.2.77",)
    path.unlink()
    assert hosts.addresses("carrier.example") == ()


def test_a_file_that_is_no_text_names_nobody(tmp_path) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(bytes(range(256)) * 4)
    assert HostsFile(path).addresses("a") == ()


def test_this_machine_knows_itself() -> None:
    assert "127.0.0.1" in HostsFile().addresses("localhost")

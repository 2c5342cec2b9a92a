from decimal import Decimal
from ipaddress import ip_network
from typing import Annotated

import pytest

from bridge.config.values import Address, MisfitsError, Network, Range, read_value


@pytest.mark.parametrize(
    ("text", "address"), [("10.0.0.1:5060", "10.0.0.1:5060"), ("[::1]:5061", "[::1]:5061")]
)
def test_an_address_is_written_as_it_was_read(text: str, address: str) -> None:
    assert str(read_value(Address, text)) == address


@pytest.mark.parametrize(
    "text", ["", "10.0.0.1", "10.0.0.1:0", "10.0.0.256:1", "[10.0.0.1]:1", "[::g]:1", 5060, None]
)
def test_what_is_no_address_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="a numeric address and a port"):
        read_value(Address, text)


def test_loopback_is_known() -> None:
    assert Address("127.0.0.5", 1).is_loopback
    assert not Address("0.0.0.0", 1).is_loopback


def test_a_list_says_which_of_its_values_do_not_fit() -> None:
    with pytest.raises(MisfitsError) as raised:
        read_value(tuple[Network, ...], ["10.0.0.0/8", "nowhere", 3])
    assert {index: told for index, (_, told) in raised.value.items.items()} == {1: "nowhere", 2: 3}
    assert read_value(tuple[Network, ...], ["10.0.0.0/8"]) == (ip_network("10.0.0.0/8"),)


def test_a_number_stays_within_its_range() -> None:
    assert read_value(Annotated[float, Range(0)], 3) == 3.0
    with pytest.raises(ValueError, match="a number of at least 0"):
        read_value(Annotated[float, Range(0)], -1)


def test_money_is_exact() -> None:
    assert read_value(Decimal, 0.1) == Decimal("0.1")
    assert read_value(Decimal, 3) == Decimal(3)
    with pytest.raises(ValueError, match="a number from 0 to 1"):
        read_value(Annotated[Decimal, Range(0, 1)], -0.1)
    with pytest.raises(ValueError, match="a number"):
        read_value(Decimal, "1")

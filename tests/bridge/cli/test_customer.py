from tests.bridge.cli.conftest import Roda


def test_customers_are_added_and_listed(roda: Roda) -> None:
    assert "No customer yet" in roda("customer", "list")[1]
    assert roda("customer", "add", "Acme [Ltd]")[0] == 0
    assert "Acme [Ltd]" in roda("customer", "list")[1]


def test_a_name_that_is_taken_or_empty_is_refused(roda: Roda) -> None:
    roda("customer", "add", "Acme")
    assert roda("customer", "add", "Acme")[2] == 'roda: the store: there is a customer "Acme" already\n'
    assert roda("customer", "add", " ")[0] == 1

"""What a command was told by name or number, found in the store; or one line that says that it is not there."""

from __future__ import annotations

from datetime import datetime

from bridge.cli.terminal import Store, UserError
from bridge.store.customers import Customer, Customers
from bridge.store.passcodes import Pair, Passcodes
from bridge.store.people import People, Person


def customer_named(opened: Store, name: str) -> Customer:
    found = Customers(opened.connection).find(name)
    if found is None:
        raise UserError(f'there is no customer "{name}": roda customer add "{name}"')
    return found


def pair_numbered(opened: Store, number: int) -> Pair:
    found = Passcodes(opened.connection).pair(number)
    if found is None:
        raise UserError(f"there is no pair {number}: see roda passcode list")
    return found


def person_numbered(opened: Store, number: int) -> Person:
    found = People(opened.connection).get(number)
    if found is None:
        raise UserError(f"there is no person {number}: see roda people list")
    return found


def person_of(opened: Store, customer: int, said: str, *, may_add: bool = False) -> Person:
    """The customer's person of this number or name; made where there is none of the name and `may_add`."""
    people = People(opened.connection)
    found = people.named(customer, said)
    if not found and said.isascii() and said.isdigit():
        numbered = people.get(int(said))
        found = [numbered] if numbered is not None and numbered.customer_id == customer else []
    elif not found and may_add:
        made = people.get(people.add(customer, said, at=opened.now))
        found = [made] if made is not None else []
    if not found:
        raise UserError(f'this customer has nobody called "{said}": see roda people list')
    if len(found) > 1:
        numbers = ", ".join(str(each.id) for each in found)
        raise UserError(f'several people are called "{said}": say which, by one of the numbers {numbers}')
    return found[0]


def moment_said(text: str, opened: Store) -> float:
    """A date as the user wrote it, where the service is unless it says its own offset."""
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f'"{text}" is no date: write it as 2026-03-01') from None
    return (said if said.tzinfo else said.replace(tzinfo=opened.config.service.time_zone)).timestamp()

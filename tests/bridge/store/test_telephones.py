"""Where telephones were, kept over a restart."""

from __future__ import annotations

from sqlalchemy import text

from bridge.store.database import Database
from bridge.store.telephones import Telephone, Telephones


def telephone(
    account: str = "ana", contact: str = "sip:ana@10.0.0.9", expires_at: float = 100.0
) -> Telephone:
    return Telephone(
        account, contact, ("10.0.0.1", 5060), ("10.0.0.9", 5062), "c", 7, 10.0, expires_at,
        q=0.5, path=("<sip:p;lr>",), instance="<urn:uuid:1>", reg_id=1, user_agent="Phone/1",
    )  # fmt: skip


def test_what_is_kept_is_found_again_whole_and_in_order(database: Database) -> None:
    first, second, other = telephone(), telephone(contact="sip:ana@10.0.0.8"), telephone("bob")
    with database.transaction() as connection:
        Telephones(connection, "one").keep({"ana": [first, second], "bob": [other]})
        Telephones(connection, "two").keep({"ana": [telephone(contact="sip:ana@elsewhere")]})
        Telephones(connection, "two").keep({})
    with database.transaction() as connection:
        assert Telephones(connection, "one").load(50.0) == [first, second, other]


def test_what_an_account_has_takes_the_place_of_what_it_had(database: Database) -> None:
    with database.transaction() as connection:
        table = Telephones(connection, "one")
        table.keep({"ana": [telephone(), telephone()], "bob": [telephone("bob")]})
        table.keep({"ana": [telephone(contact="sip:ana@new")], "bob": []})
        assert [each.contact for each in table.load(0.0)] == ["sip:ana@new"]


def test_what_has_expired_is_forgotten_and_what_cannot_be_read_left_out(database: Database) -> None:
    with database.transaction() as connection:
        table = Telephones(connection, "one")
        table.keep({"ana": [telephone(expires_at=100.0)], "bob": [telephone("bob", expires_at=200.0)]})
        table.keep({"eve": [telephone("eve", expires_at=300.0)]})
        connection.execute(text("UPDATE telephones SET binding = '{}' WHERE account = 'eve'"))
        assert [each.account for each in table.load(100.0)] == ["bob"]
        assert connection.scalar(text("SELECT count(*) FROM telephones")) == 2

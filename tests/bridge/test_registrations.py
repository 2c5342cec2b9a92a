"""Telephones that register: answered, told, kept over a restart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from bridge import registrations
from bridge.control.protocol import ListPhones, encoded, read_reply, read_request
from bridge.registrations import FULL_S, WRITE_S, Registrations
from bridge.store.database import open_database
from bridge.switchboard.registered import Reached
from sip.accounts import Account
from sip.draft import Fields
from sip.events import RequestReceived
from sip.flow import Flow
from sip.headers import Headers
from sip.message import Request
from sip.pending import Way
from sip.registrar import Registrar, RegistrarSettings
from sip.uri import Uri
from tests.bridge.test_phonebook import Asking
from tests.support.sip_playbook import TCP, UDP

ACCOUNTS = {name: Account(name) for name in ("ana", "bob", "eve")}
WALL = 1_700_000_000.0
"""What the wall clock shows when ours shows 0."""


class Desk:
    """Registrations in a world of a test's own."""

    def __init__(self, asking: Asking, *, now: float = 1000.0, wall: float = WALL) -> None:
        self.now = now
        self.asking = asking
        self.answers: list[tuple[int, int, Fields]] = []
        self.cseq = 0
        self.registrations = Registrations(
            Registrar(RegistrarSettings(), ACCOUNTS),
            respond=lambda request, status, _now, fields: self.answers.append((request, status, fields)),
            ask=asking,
            node="one",
            wall=lambda: wall + self.now,
        )

    def register(
        self, user: str = "ana", flow: Flow = UDP, expires: int = 300, contact: str = "", **fields: str
    ) -> int:
        self.cseq += 1
        headers = [
            ("Via", "SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK1"),
            ("From", f"<sip:{user}@roda.example>;tag=1"),
            ("To", f"<sip:{user}@roda.example>"),
            ("Call-ID", f"{user}-1"),
            ("CSeq", f"{self.cseq} REGISTER"),
            ("Contact", f"<{contact or f'sip:{user}@192.168.1.5'}>;expires={expires}"),
            *[(name.replace("_", "-"), value) for name, value in fields.items()],
        ]
        message = Request("REGISTER", Uri.parse("sip:roda.example"), Headers(headers))
        self.registrations.received(RequestReceived(self.cseq, flow, message, 0, user, False), self.now)
        request, status, _ = self.answers[-1]
        assert request == self.cseq
        return status

    def ways(self, user: str = "ana") -> list[str]:
        return [str(each.way.uri) for each in self.registrations.ways(user, self.now)]

    def wait(self, seconds: float = WRITE_S) -> None:
        self.now += seconds
        self.registrations.advance(self.now)

    def restart(self, *, after_s: float = 10.0) -> Desk:
        """The same machine a moment later, with a clock of ours that starts anew."""
        wall = WALL + self.now + after_s
        desk = Desk(self.asking, now=5.0, wall=wall - 5.0)
        desk.cseq = self.cseq
        desk.registrations.restore(now=lambda: desk.now, reachable=lambda flow: flow.local == UDP.local)
        self.asking.answer()
        return desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    database = open_database("sqlite://")
    yield Desk(Asking(database))
    database.close()


def test_a_telephone_registers_and_is_reached_by_the_way_it_came(desk: Desk) -> None:
    assert desk.register(Path="<sip:p;lr>") == 200
    assert ("Contact", "<sip:ana@192.168.1.5>;expires=300") in desk.answers[-1][2]
    assert desk.registrations.ways("ana", desk.now) == [
        Reached(Way(UDP, Uri.parse("sip:ana@192.168.1.5"), ("<sip:p;lr>",)), 1.0, "")
    ]
    assert desk.registrations.ways("bob", desk.now) == []
    assert len(desk.registrations) == 1
    assert desk.registrations.counters == {"registered": 1}


def test_who_registers_is_told_to_the_operator_once_and_the_contact_in_part(desk: Desk) -> None:
    with capture_logs() as lines:
        desk.register(User_Agent="Phone/1")
        desk.register()
        desk.register(expires=0)
        desk.register(expires=10)
    assert [line["event"] for line in lines] == [
        "a telephone has registered",
        "a telephone is no longer registered",
        "a registration is refused",
    ]
    assert (lines[0]["contact"], lines[0]["account"], lines[0]["seconds"]) == (
        "sip:...@192.168.1.5",
        "ana",
        300,
    )
    assert (lines[0]["source"], lines[0]["product"], lines[0]["telephones"]) == ("10.0.0.9", "Phone/1", 1)
    assert (lines[1]["why"], lines[1]["telephones"]) == ("removed", 0)
    assert lines[2]["status"] == 423
    assert desk.registrations.counters == {
        "registered": 1, "refreshed": 1, "unregistered:removed": 1, "refused:423": 1,
    }  # fmt: skip


def test_it_is_forgotten_when_its_time_its_connection_or_its_account_ends(desk: Desk) -> None:
    desk.register("ana", expires=60)
    desk.register("bob", TCP)
    desk.register("eve")
    desk.registrations.flow_closed(TCP, desk.now)
    assert desk.ways("bob") == []
    desk.registrations.refuse(["eve"], desk.now)
    assert desk.ways("eve") == []
    desk.wait(WRITE_S)
    desk.asking.answer()
    assert desk.registrations.next_deadline() == 1060.0
    desk.wait(60 - WRITE_S)
    assert len(desk.registrations) == 0
    assert desk.registrations.counters["unregistered:expired"] == 1


class TestARestart:
    def test_finds_telephones_over_udp_where_they_were(self, desk: Desk) -> None:
        desk.register("ana", Path="<sip:p;lr>")
        desk.register("ana", contact="sip:ana@192.168.1.6", User_Agent="Phone/2")
        desk.register("bob", TCP)
        desk.wait()
        desk.asking.answer()
        later = desk.restart(after_s=20.0)
        assert later.ways("ana") == ["sip:ana@192.168.1.6", "sip:ana@192.168.1.5"]
        assert later.registrations.ways("ana", later.now)[1].way.routes == ("<sip:p;lr>",)
        assert later.ways("bob") == []
        rows = later.registrations.answer(ListPhones(), later.now).rows
        assert {(row.since_s, row.left_s) for row in rows} == {(25.0, 275.0)}
        assert later.register("ana") == 200
        later.wait(276.0)
        assert later.ways("ana") == ["sip:ana@192.168.1.5"]

    def test_does_not_find_what_ended_meanwhile_or_where_nobody_listens_now(self, desk: Desk) -> None:
        desk.register("ana", expires=60)
        desk.register("bob", Flow("udp", ("10.0.0.1", 5999), UDP.remote))
        desk.wait()
        desk.asking.answer()
        later = desk.restart(after_s=60.0)
        assert len(later.registrations) == 0

    def test_does_not_find_what_was_taken_out_or_has_changed_to_tcp(self, desk: Desk) -> None:
        for user in ("ana", "bob"):
            desk.register(user)
        desk.wait()
        desk.asking.answer()
        desk.register("ana", expires=0)
        desk.register("bob", TCP)
        desk.wait()
        desk.asking.answer()
        assert len(desk.restart().registrations) == 0

    def test_finds_what_was_written_at_the_stop(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(registrations, "ACCOUNTS_TOGETHER", 2)
        for user in ACCOUNTS:
            desk.register(user)
        desk.registrations.close(desk.now)
        desk.asking.answer()
        assert len(desk.restart().registrations) == 3

    def test_goes_on_without_them_where_the_store_is_away(self, desk: Desk) -> None:
        desk.registrations.restore(now=lambda: desk.now, reachable=lambda _: True)
        with capture_logs() as lines:
            desk.asking.answer(away=True)
        assert [line["log_level"] for line in lines] == ["warning"]


class TestWritingBehind:
    def test_asks_the_store_for_many_accounts_at_once_and_one_at_a_time(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(registrations, "ACCOUNTS_TOGETHER", 2)
        for user in ACCOUNTS:
            desk.register(user)
        desk.register("ana")
        assert desk.asking.waiting == []
        assert desk.registrations.next_deadline() == desk.now + WRITE_S
        desk.wait()
        desk.wait()
        assert len(desk.asking.waiting) == 1
        desk.asking.answer()
        desk.wait()
        desk.asking.answer()
        assert len(desk.restart().registrations) == 3

    def test_hurries_while_much_is_left(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(registrations, "ACCOUNTS_TOGETHER", 1)
        for user in ACCOUNTS:
            desk.register(user)
        desk.wait()
        for _ in range(len(ACCOUNTS) - 1):
            desk.asking.answer()
            assert desk.registrations.next_deadline() == desk.now + FULL_S
            desk.wait(FULL_S)
        desk.asking.answer()
        assert len(desk.restart().registrations) == 3

    def test_has_nothing_to_do_for_connections(self, desk: Desk) -> None:
        desk.register(flow=TCP)
        desk.wait()
        assert desk.asking.waiting == []

    def test_waits_while_the_store_is_away_and_says_so_once(self, desk: Desk) -> None:
        desk.register()
        with capture_logs() as lines:
            for _ in range(3):
                desk.wait()
                desk.asking.answer(away=True)
        assert len(lines) == 1
        assert desk.registrations.next_deadline() == desk.now + WRITE_S
        desk.wait()
        desk.asking.answer()
        assert len(desk.restart().registrations) == 1


def test_a_console_sees_who_is_registered(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.register("bob", User_Agent="Phone/1")
    desk.register("ana", Flow("tcp", ("::1", 5060), ("2001:db8::9", 5062), 1))
    desk.wait(30.0)
    reply = desk.registrations.answer(ListPhones(), desk.now)
    assert [(row.account, row.transport, row.source) for row in reply.rows] == [
        ("ana", "tcp", "[2001:db8::9]:5062"),
        ("bob", "udp", "10.0.0.9:5062"),
    ]
    bob = reply.rows[1]
    assert (bob.contact, bob.product, bob.since_s, bob.left_s) == (
        "sip:bob@192.168.1.5",
        "Phone/1",
        30.0,
        270.0,
    )
    assert read_reply(encoded(reply)) == reply
    assert [row.account for row in desk.registrations.answer(ListPhones("bob"), desk.now).rows] == ["bob"]
    assert read_request(b'{"type":"list_phones"}') == ListPhones()
    monkeypatch.setattr(registrations, "SHOWN_MAX", 1)
    shortened = desk.registrations.answer(ListPhones(), desk.now)
    assert (len(shortened.rows), shortened.total) == (1, 2)

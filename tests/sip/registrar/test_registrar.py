from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.accounts import Account
from sip.flow import Flow
from sip.headers import Headers
from sip.message import Request
from sip.registrar import Binding, Registered, Registrar, RegistrarSettings, Unregistered
from sip.registrar.request import CONTACT_MAX, PATH_MAX, PATHS_MAX, PRODUCT_MAX
from sip.uri import Uri
from tests.support.sip_playbook import TCP, UDP

ACCOUNTS = {name: Account(name, aliases=frozenset({f"+{name}"})) for name in ("alice", "bob")}
A, B, C = "sip:alice@10.0.0.9:5062", "sip:alice@10.0.0.8", "sip:alice@10.0.0.7"
OUTBOUND = (("Supported", "path, outbound"),)


class Telephone:
    """Somebody who registers, counting as they should."""

    def __init__(self, registrar: Registrar | None = None, *, user: str = "alice", flow: Flow = UDP) -> None:
        self.registrar = Registrar(RegistrarSettings(), ACCOUNTS) if registrar is None else registrar
        self.user = user
        self.flow = flow
        self.call_id = "c"
        self.cseq = 0
        self.now = 1000.0
        self.answer: dict[str, list[str]] = {}

    def register(
        self,
        *contacts: str,
        fields: Iterable[tuple[str, str]] = (),
        to: str | None = None,
        identity: str | None = None,
        cseq: int | None = None,
    ) -> int:
        self.cseq = self.cseq + 1 if cseq is None else cseq
        headers = [
            ("Via", "SIP/2.0/UDP 10.0.0.9:5062;branch=z9hG4bK1"),
            ("From", f"<sip:{self.user}@roda.example>;tag=1"),
            ("To", f"<sip:{self.user if to is None else to}@roda.example>"),
            ("Call-ID", self.call_id),
            ("CSeq", f"{self.cseq} REGISTER"),
            *[("Contact", contact) for contact in contacts],
            *fields,
        ]
        request = Request("REGISTER", Uri.parse("sip:roda.example"), Headers(headers))
        status, answer = self.registrar.register(
            request, self.flow, self.user if identity is None else identity, self.now
        )
        self.answer = {}
        for name, value in answer:
            self.answer.setdefault(name, []).append(value)
        return status

    @property
    def bound(self) -> list[str]:
        return [str(binding.contact) for binding in self.registrar.bindings(self.user, self.now)]

    def happened(self) -> list[tuple[str, str]]:
        told: list[tuple[str, str]] = []
        for event in self.registrar.events():
            what = event.why.value if isinstance(event, Unregistered) else "new" if event.fresh else "again"
            told.append((str(event.binding.contact), what))
        return told


@pytest.fixture
def phone() -> Telephone:
    return Telephone()


class TestRegistering:
    def test_binds_a_contact_to_the_way_it_came(self, phone: Telephone) -> None:
        assert phone.register(f"<{A}>", fields=[("User-Agent", "Phone/1" + "x" * 100)]) == 200
        (binding,) = phone.registrar.bindings("alice", phone.now)
        assert (str(binding.contact), binding.flow, binding.aor) == (A, UDP, "alice")
        assert len(binding.user_agent) == PRODUCT_MAX
        assert phone.answer["Contact"] == [f"<{A}>;expires=300"]
        assert phone.answer["Supported"] == ["outbound, path"]
        assert phone.happened() == [(A, "new")]

    def test_answers_with_all_contacts(self, phone: Telephone) -> None:
        phone.register(f"<{A}>;q=0.5", f"<{B}>;expires=100")
        phone.now += 10
        phone.register(f"<{C}>;expires=1000")
        assert phone.answer["Contact"] == [
            f"<{A}>;q=0.5;expires=290",
            f"<{B}>;expires=90",
            f"<{C}>;expires=1000",
        ]

    def test_asks_without_contact(self, phone: Telephone) -> None:
        assert phone.register() == 200
        assert "Contact" not in phone.answer
        phone.register(f"<{A}>")
        assert phone.register() == 200
        assert phone.answer["Contact"] == [f"<{A}>;expires=300"]

    def test_again_prolongs_and_replaces(self, phone: Telephone) -> None:
        phone.register(f"<{A}>")
        phone.now += 200
        phone.flow = Flow("udp", UDP.local, ("10.0.0.9", 7777))
        assert phone.register(f"<{A}>;q=0.1") == 200
        (binding,) = phone.registrar.bindings("alice", phone.now)
        assert (binding.expires_at, binding.q, binding.flow) == (phone.now + 300, 0.1, phone.flow)
        assert phone.happened() == [(A, "new"), (A, "again")]
        assert len(phone.registrar) == 1

    def test_may_be_by_the_number_of_the_account(self, phone: Telephone) -> None:
        assert phone.register(f"<{A}>", to="+alice") == 200
        assert phone.bound == [A]

    def test_gives_the_preferred_first_and_of_equals_the_newest(self, phone: Telephone) -> None:
        phone.register(f"<{A}>;q=0.5", f"<{B}>;q=0.5", f"<{C}>;q=1.0")
        assert phone.bound == [C, B, A]


class TestTime:
    @pytest.mark.parametrize(
        ("parameter", "header", "granted_s"),
        [
            ("", None, 300),
            ("", "600", 600),
            (";expires=100", "600", 100),
            (";expires=60", None, 60),
            ("", "4294967295", 3600),
            ("", "99999999999", 3600),
            (";expires=soon", "60", 3600),
            ("", "soon", 3600),
            (";expires", "60", 3600),
        ],
    )
    def test_is_the_contact_s_before_the_header_s_before_ours(
        self, phone: Telephone, parameter: str, header: str | None, granted_s: int
    ) -> None:
        fields = [] if header is None else [("Expires", header)]
        assert phone.register(f"<{A}>{parameter}", fields=fields) == 200
        assert phone.answer["Contact"] == [f"<{A}>;expires={granted_s}"]

    @pytest.mark.parametrize("expires", ["1", "59"])
    def test_that_is_too_brief_is_423_and_nothing_is_taken(self, phone: Telephone, expires: str) -> None:
        assert phone.register(f"<{B}>", f"<{A}>;expires={expires}") == 423
        assert phone.answer == {"Min-Expires": ["60"]}
        assert phone.bound == []

    def test_of_an_hour_is_never_too_brief(self) -> None:
        settings = RegistrarSettings(minimum_s=7200, default_s=7200, maximum_s=7200)
        phone = Telephone(Registrar(settings, ACCOUNTS))
        assert phone.register(f"<{A}>;expires=3600") == 200

    def test_runs_out(self, phone: Telephone) -> None:
        phone.register(f"<{A}>;expires=60", f"<{B}>;expires=90")
        assert phone.registrar.next_deadline() == phone.now + 60
        phone.now += 60
        assert phone.bound == [B]
        phone.registrar.advance(phone.now)
        assert phone.happened()[2:] == [(A, "expired")]
        assert phone.registrar.next_deadline() == phone.now + 30
        phone.now += 30
        phone.registrar.advance(phone.now)
        assert phone.happened() == [(B, "expired")]
        assert (len(phone.registrar), phone.registrar.next_deadline()) == (0, None)


class TestRemoving:
    def test_takes_one_out_with_a_time_of_zero(self, phone: Telephone) -> None:
        phone.register(f"<{A}>", f"<{B}>")
        assert phone.register(f"<{A}>;expires=0") == 200
        assert phone.bound == [B]
        assert phone.answer["Contact"] == [f"<{B}>;expires=300"]
        assert phone.register(f"<{B}>", fields=[("Expires", "0")]) == 200
        assert phone.happened()[2:] == [(A, "removed"), (B, "removed")]

    def test_of_what_is_not_there_is_fine(self, phone: Telephone) -> None:
        assert phone.register(f"<{A}>;expires=0") == 200
        assert phone.happened() == []

    def test_takes_all_out_with_a_star(self, phone: Telephone) -> None:
        phone.register(f"<{A}>", f"<{B}>")
        assert phone.register("*", fields=[("Expires", "0")]) == 200
        assert "Contact" not in phone.answer
        assert phone.happened()[2:] == [(A, "removed"), (B, "removed")]
        assert phone.registrar.next_deadline() is None

    @pytest.mark.parametrize(
        ("contacts", "expires"),
        [
            (["*"], None),
            (["*"], "60"),
            (["*"], ""),
            (["*"], "x"),
            (["*", f"<{A}>"], "0"),
            ([f"<{A}>, *"], "0"),
        ],
    )
    def test_with_a_star_that_is_not_alone_or_not_meant_is_400(
        self, phone: Telephone, contacts: list[str], expires: str | None
    ) -> None:
        phone.register(f"<{B}>")
        fields = [] if expires is None else [("Expires", expires)]
        assert phone.register(*contacts, fields=fields) == 400
        assert phone.bound == [B]

    def test_by_a_closed_connection(self) -> None:
        phone = Telephone(flow=TCP)
        phone.register(f"<{A}>")
        phone.flow = UDP
        phone.register(f"<{B}>")
        phone.registrar.flow_closed(TCP)
        phone.registrar.flow_closed(TCP)
        assert phone.happened()[2:] == [(A, "connection closed")]
        assert phone.bound == [B]

    def test_by_a_closed_connection_takes_out_everybody_behind_it(self) -> None:
        alice = Telephone(flow=TCP)
        bob = Telephone(alice.registrar, user="bob", flow=TCP)
        alice.register(f"<{A}>")
        bob.register("<sip:bob@10.0.0.9>")
        alice.registrar.flow_closed(TCP)
        assert len(alice.registrar) == 0

    def test_of_an_account(self, phone: Telephone) -> None:
        phone.register(f"<{A}>", f"<{B}>")
        phone.registrar.drop("alice")
        phone.registrar.drop("nobody")
        assert phone.happened()[2:] == [(A, "refused"), (B, "refused")]


class TestOrder:
    @pytest.mark.parametrize("cseq", [4, 5])
    def test_an_older_request_changes_nothing(self, phone: Telephone, cseq: int) -> None:
        phone.register(f"<{A}>", cseq=5)
        for contacts in ([f"<{A}>;expires=0"], [f"<{B}>", f"<{A}>"]):
            assert phone.register(*contacts, cseq=cseq) == 500
        assert phone.register("*", fields=[("Expires", "0")], cseq=cseq) == 500
        assert phone.bound == [A]

    def test_counts_within_one_call_id_alone(self, phone: Telephone) -> None:
        phone.register(f"<{A}>", cseq=5)
        phone.call_id = "restarted"
        assert phone.register(f"<{A}>;q=0.1", cseq=1) == 200

    def test_and_for_one_contact_alone(self, phone: Telephone) -> None:
        phone.register(f"<{A}>", cseq=5)
        assert phone.register(f"<{B}>", cseq=4) == 200


class TestRefusing:
    @pytest.mark.parametrize(
        ("identity", "to"), [("", "alice"), ("carol", "carol"), ("bob", "alice"), ("alice", "bob")]
    )
    def test_whoever_did_not_prove_to_be_the_user(self, phone: Telephone, identity: str, to: str) -> None:
        assert phone.register(f"<{A}>", identity=identity, to=to) == 403
        assert len(phone.registrar) == 0

    @pytest.mark.parametrize(
        "contact",
        [
            "<sip:>",
            "nonsense",
            f"<{A}>;q=2",
            f"<{A}>;q=",
            f"<{A}>;q=0.1234",
            f"<sip:{'a' * CONTACT_MAX}@x>",
            f'<{A}>;+sip.instance="{"a" * (CONTACT_MAX + 1)}"',
            f'<{A}>;+sip.instance="a\\"b"',
        ],
    )
    def test_a_contact_that_cannot_be_read_and_all_beside_it(self, phone: Telephone, contact: str) -> None:
        assert phone.register(f"<{B}>", contact) == 400
        assert phone.bound == []

    @pytest.mark.parametrize("contact", ["<tel:+4930>", "<mailto:a@b>", "<http://x>"])
    def test_a_contact_that_cannot_be_called(self, phone: Telephone, contact: str) -> None:
        assert phone.register(f"<{B}>", contact) == 416
        assert phone.bound == []

    def test_what_it_does_not_know(self, phone: Telephone) -> None:
        assert phone.register(f"<{A}>", fields=[("Require", "path, Gruu, magic")]) == 420
        assert phone.answer == {"Unsupported": ["Gruu, magic"]}

    def test_more_contacts_in_one_request_than_may_be(self, phone: Telephone) -> None:
        assert phone.register(*[f"<sip:alice@10.0.1.{n}>" for n in range(11)]) == 403
        assert phone.bound == []

    def test_none_for_the_contacts_of_an_account_but_the_oldest_makes_way(self, phone: Telephone) -> None:
        contacts = [f"sip:alice@10.0.1.{n}" for n in range(10)]
        for contact in contacts:
            assert phone.register(f"<{contact}>") == 200
        phone.register(f"<{contacts[0]}>")
        phone.happened()
        assert phone.register(f"<{A}>") == 200
        assert phone.happened() == [(A, "new"), (contacts[1], "replaced")]
        assert set(phone.bound) == {A, *contacts} - {contacts[1]}

    def test_new_ones_when_it_is_full_but_not_those_it_has(self) -> None:
        registrar = Registrar(RegistrarSettings(bindings_max=2), ACCOUNTS)
        alice, bob = Telephone(registrar), Telephone(registrar, user="bob")
        assert alice.register(f"<{A}>", f"<{B}>") == 200
        assert bob.register("<sip:bob@10.0.0.9>") == 503
        assert bob.answer == {"Retry-After": ["120"]}
        assert alice.register(f"<{A}>") == 200
        assert alice.register(f"<{C}>") == 503
        assert alice.register(f"<{C}>", f"<{A}>;expires=0") == 200
        assert len(registrar) == 2


class TestOutbound:
    """RFC 5626 6."""

    ONE = f'<{A}>;+sip.instance="<urn:uuid:1>";reg-id=1'

    def test_is_granted_to_who_asks_and_kept_by_device_and_flow(self) -> None:
        phone = Telephone(flow=TCP)
        assert phone.register(self.ONE, fields=OUTBOUND) == 200
        assert phone.answer["Require"] == ["outbound"]
        assert phone.answer["Flow-Timer"] == ["120"]
        assert phone.answer["Contact"] == [f'<{A}>;+sip.instance="<urn:uuid:1>";reg-id=1;expires=300']
        phone.flow = Flow("tcp", TCP.local, TCP.remote, 2)
        phone.register(self.ONE.replace(A, B), fields=OUTBOUND)
        assert phone.bound == [B]
        phone.registrar.flow_closed(TCP)
        assert phone.bound == [B]
        phone.register(self.ONE.replace("reg-id=1", "reg-id=2"), fields=OUTBOUND)
        assert phone.bound == [A, B]

    def test_is_not_what_did_not_ask_for_it(self, phone: Telephone) -> None:
        assert phone.register(self.ONE) == 200
        assert "Require" not in phone.answer
        assert phone.answer["Contact"] == [f'<{A}>;+sip.instance="<urn:uuid:1>";expires=300']

    def test_needs_a_device_for_its_flow(self, phone: Telephone) -> None:
        assert phone.register(f"<{A}>;reg-id=1", fields=OUTBOUND) == 200
        assert "Require" not in phone.answer

    @pytest.mark.parametrize("reg_id", ["0", "x", "-1", "2147483648", ""])
    def test_counts_its_flows_from_one(self, phone: Telephone, reg_id: str) -> None:
        assert phone.register(self.ONE.replace("reg-id=1", f"reg-id={reg_id}"), fields=OUTBOUND) == 400

    @pytest.mark.parametrize(
        ("path", "status"),
        [(None, 439), ("<sip:p1;lr;ob>, <sip:p2;lr>", 439), ("<sip:p1;lr>, <sip:p2;lr;ob>", 200)],
    )
    def test_needs_a_first_proxy_that_keeps_the_flow(
        self, phone: Telephone, path: str | None, status: int
    ) -> None:
        fields = [*OUTBOUND, ("Via", "SIP/2.0/UDP 10.0.0.200;branch=z9hG4bK2")]
        if path is not None:
            fields.append(("Path", path))
        assert phone.register(self.ONE, fields=fields) == status
        assert len(phone.bound) == (status == 200)


class TestPath:
    """RFC 3327."""

    def test_is_kept_and_told_back(self, phone: Telephone) -> None:
        path = [("Path", "<sip:p2;lr>, <sip:p1;lr>"), ("Path", "<sip:p0;lr>")]
        assert phone.register(f"<{A}>", fields=path) == 200
        assert phone.answer["Path"] == ["<sip:p2;lr>", "<sip:p1;lr>", "<sip:p0;lr>"]
        (binding,) = phone.registrar.bindings("alice", phone.now)
        assert binding.path == ("<sip:p2;lr>", "<sip:p1;lr>", "<sip:p0;lr>")

    @pytest.mark.parametrize(
        "path", ["nonsense", ", ".join(["<sip:p;lr>"] * (PATHS_MAX + 1)), f"<sip:{'p' * PATH_MAX};lr>"]
    )
    def test_has_bounds(self, phone: Telephone, path: str) -> None:
        assert phone.register(f"<{A}>", fields=[("Path", path)]) == 400


class TestRestoring:
    def binding(self, contact: str = A, aor: str = "alice", **values: float) -> Binding:
        times = {"registered_at": 900.0, "expires_at": 1100.0} | values
        return Binding(aor, Uri.parse(contact), UDP, "old", 7, **times)

    def test_takes_back_what_was_known_before_a_restart(self, phone: Telephone) -> None:
        assert phone.registrar.restore(self.binding(), phone.now)
        assert phone.bound == [A]
        assert phone.happened() == []
        phone.now += 100
        phone.registrar.advance(phone.now)
        assert phone.happened() == [(A, "expired")]

    def test_in_the_order_they_registered_in_and_before_who_was_faster(self, phone: Telephone) -> None:
        phone.register(f"<{C}>")
        assert phone.registrar.restore(self.binding(B, registered_at=910.0), phone.now)
        assert phone.registrar.restore(self.binding(A, registered_at=905.0), phone.now)
        assert [str(binding.contact) for binding in phone.registrar.everyone()] == [A, B, C]

    def test_but_nothing_that_has_ended_or_is_known_better_or_is_nobodys_or_has_no_room(
        self, phone: Telephone
    ) -> None:
        assert not phone.registrar.restore(self.binding(expires_at=phone.now), phone.now)
        assert not phone.registrar.restore(self.binding(aor="carol"), phone.now)
        phone.register(f"<{A}>")
        assert not phone.registrar.restore(self.binding(), phone.now)
        assert len(phone.registrar) == 1
        full = Registrar(RegistrarSettings(bindings_max=0), ACCOUNTS)
        assert not full.restore(self.binding(), phone.now)


class Model:
    """What a registrar is, without its bounds and its haste: a dictionary for each user, put back whole or not at all.

    Contact -> (end, Call-ID, CSeq, flow); the one heard of last is the last.
    """

    CONTACTS_MAX = 2

    def __init__(self) -> None:
        self.bound: dict[str, dict[str, tuple[float, str, int, Flow]]] = {name: {} for name in ACCOUNTS}

    def keep(self, kept: Callable[[tuple[float, str, int, Flow]], bool]) -> None:
        for user, bound in self.bound.items():
            self.bound[user] = {contact: each for contact, each in bound.items() if kept(each)}

    def register(self, phone: Telephone, contacts: list[tuple[str, int]]) -> int:
        bound = self.bound[phone.user]
        if any(expires == 30 for _, expires in contacts):
            return 423
        if len(contacts) > self.CONTACTS_MAX:
            return 403
        if self.is_late(phone, {contact for contact, _ in contacts}):
            return 500
        after = dict(bound)
        for contact, expires in contacts:
            after.pop(contact, None)
            if expires:
                after[contact] = (phone.now + min(expires, 3600), phone.call_id, phone.cseq, phone.flow)
        self.bound[phone.user] = dict(list(after.items())[-self.CONTACTS_MAX :])
        return 200

    def end_all(self, phone: Telephone) -> int:
        if self.is_late(phone, set(self.bound[phone.user])):
            return 500
        self.bound[phone.user] = {}
        return 200

    def is_late(self, phone: Telephone, contacts: set[str]) -> bool:
        known = [self.bound[phone.user][contact] for contact in contacts if contact in self.bound[phone.user]]
        return any(call_id == phone.call_id and phone.cseq <= cseq for _, call_id, cseq, _ in known)


Step = tuple[str, str, list[tuple[str, int]], str, int, float, bool]
STEPS = st.tuples(
    st.sampled_from(["register", "register", "register", "end all", "closed", "dropped"]),
    st.sampled_from(["alice", "bob"]),
    st.lists(st.tuples(st.sampled_from([A, B, C]), st.sampled_from([0, 30, 60, 300, 9999])), max_size=3),
    st.sampled_from(["c1", "c2"]),
    st.integers(1, 6),
    st.sampled_from([0.0, 1.0, 59.0, 61.0]),
    st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_any_sequence_of_requests_equals_a_plain_model(steps: list[Step]) -> None:
    model, registrar = Model(), Registrar(RegistrarSettings(contacts_max=Model.CONTACTS_MAX), ACCOUNTS)
    told: set[tuple[str, str]] = set()
    now = 1000.0
    for what, user, contacts, call_id, cseq, pause, streamed in steps:
        now += pause
        model.keep(lambda each, now=now: each[0] > now)
        phone = Telephone(registrar, user=user, flow=TCP if streamed else UDP)
        phone.now, phone.call_id, phone.cseq = now, call_id, cseq
        if what == "register":
            expected = model.register(phone, contacts)
            assert (
                phone.register(*[f"<{contact}>;expires={s}" for contact, s in contacts], cseq=cseq)
                == expected
            )
        elif what == "end all":
            expected = model.end_all(phone)
            assert phone.register("*", fields=[("Expires", "0")], cseq=cseq) == expected
        elif what == "closed":
            model.keep(lambda each: each[3] != TCP)
            registrar.flow_closed(TCP)
        else:
            model.bound[user] = {}
            registrar.drop(user)
        registrar.advance(now)
        follow(registrar, told)
        compare(registrar, model, told, now)


def follow(registrar: Registrar, told: set[tuple[str, str]]) -> None:
    """Whoever listens to the events knows what is bound, and is told no news twice."""
    for event in registrar.events():
        key = (event.binding.aor, str(event.binding.contact))
        assert (key in told) is not (isinstance(event, Registered) and event.fresh)
        (told.add if isinstance(event, Registered) else told.discard)(key)


def compare(registrar: Registrar, model: Model, told: set[tuple[str, str]], now: float) -> None:
    for name, bound in model.bound.items():
        found = {
            str(b.contact): (b.expires_at, b.call_id, b.cseq, b.flow) for b in registrar.bindings(name, now)
        }
        assert found == bound
    assert told == {(name, contact) for name, bound in model.bound.items() for contact in bound}
    assert len(registrar) == len(registrar.everyone()) == len(told)
    ends = [end for bound in model.bound.values() for end, *_ in bound.values()]
    deadline = registrar.next_deadline()
    assert (deadline is None) is (not ends)
    assert deadline is None or now < deadline <= min(ends)

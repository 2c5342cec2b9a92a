"""Dialogs: routes, targets, order, and the way of the next request."""

import pytest

from sip.dialog import Dialog, contact_of
from sip.flow import Flow
from sip.headers import Headers
from sip.message import Request, Response
from sip.uri import Uri

UDP = Flow("udp", ("10.0.0.1", 5060), ("10.0.0.9", 5062))
TCP = Flow("tcp", ("10.0.0.1", 5060), ("10.0.0.9", 40_000), 3)


def dialog_of(flow=UDP, *fields, contact="<sip:alice@192.168.0.9:5062>"):
    request = Request(
        "INVITE",
        Uri.parse("sip:room@10.0.0.1"),
        Headers([
            ("Via", "SIP/2.0/UDP 10.0.0.9:5062;branch=z9hG4bK1"),
            ("From", "<sip:alice@peer.invalid>;tag=peer"),
            ("To", "<sip:room@10.0.0.1>"),
            ("Call-ID", "c"),
            ("CSeq", "7 INVITE"),
            ("Contact", contact),
            *fields,
        ]),
    )  # fmt: skip
    return Dialog.of_request(request, flow, "ours"), request


def draft_of(dialog):
    return dialog.request("BYE", sent_by="SIP/2.0/UDP 10.0.0.1:5060;rport", branch="z9hG4bK9")


def test_a_request_goes_to_the_contact_with_the_tags_turned_round():
    dialog, _ = dialog_of()
    draft = draft_of(dialog)
    assert draft.uri == "sip:alice@192.168.0.9:5062"
    assert draft.from_ == "<sip:room@10.0.0.1>;tag=ours"
    assert draft.to == "<sip:alice@peer.invalid>;tag=peer"
    assert draft.routes == ()
    assert [draft.cseq, draft_of(dialog).cseq] == [1, 2]


def test_loose_routers_are_listed_and_the_target_is_the_request_uri():
    dialog, _ = dialog_of(UDP, ("Record-Route", "<sip:a.invalid;lr>, <sip:b.invalid;lr>"))
    draft = draft_of(dialog)
    assert draft.uri == "sip:alice@192.168.0.9:5062"
    assert draft.routes == ("<sip:a.invalid;lr>", "<sip:b.invalid;lr>")


def test_a_strict_router_becomes_the_request_uri_and_the_target_the_last_route():
    dialog, _ = dialog_of(UDP, ("Record-Route", "<sip:a.invalid>, <sip:b.invalid;lr>"))
    draft = draft_of(dialog)
    assert draft.uri == "sip:a.invalid"
    assert draft.routes == ("<sip:b.invalid;lr>", "<sip:alice@192.168.0.9:5062>")


def test_cseq_must_rise():
    dialog, _ = dialog_of()
    assert [dialog.in_order(number) for number in (7, 6, 8, 8, 20, 9)] == [
        False,
        False,
        True,
        False,
        True,
        False,
    ]


def test_the_contact_of_a_re_invite_is_the_new_target():
    dialog, request = dialog_of()
    request.headers.set("Contact", "Alice <sip:alice@192.168.0.10>;expires=60")
    dialog.refresh(request)
    assert draft_of(dialog).uri == "sip:alice@192.168.0.10"
    request.headers.remove("Contact")
    dialog.refresh(request)
    assert draft_of(dialog).uri == "sip:alice@192.168.0.10"


def test_tags_and_call_id_must_all_fit():
    dialog, request = dialog_of()
    assert dialog.matches(request)
    request.headers.set("From", "<sip:alice@peer.invalid>;tag=other")
    assert not dialog.matches(request)


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("<sip:a@b;transport=tcp>;q=1", "sip:a@b;transport=tcp"),
        ('"a <b>" <sip:a@b>', "sip:a@b"),
        ("< sip:a@b\t>", "sip:a@b"),
        ("sip:a@b", "sip:a@b"),
        ("*", None),
    ],
)
def test_the_contact_is_read_in_all_its_forms(text, uri):
    _, request = dialog_of(contact=text)
    assert contact_of(request) == uri


@pytest.mark.parametrize(
    ("flow", "routes", "broken", "remote", "connection"),
    [
        # Behind NAT the Contact lies: back the way it came.
        (UDP, (), False, ("10.0.0.9", 5062), 0),
        (TCP, (), False, ("10.0.0.9", 40_000), 3),
        # A proxy may listen at another of its ports, or elsewhere; a stream comes from any port.
        (UDP, ("<sip:10.0.0.9:5070;lr>",), False, ("10.0.0.9", 5070), 0),
        (UDP, ("<sip:10.0.0.9:5062;lr>",), False, ("10.0.0.9", 5062), 0),
        (TCP, ("<sip:10.0.0.9:5070;lr;transport=tcp>",), False, ("10.0.0.9", 40_000), 3),
        (UDP, ("<sip:10.0.0.5;lr>",), False, ("10.0.0.5", 5060), 0),
        (TCP, ("<sip:10.0.0.5:5070;lr;transport=tcp>",), False, ("10.0.0.5", 5070), 0),
        (TCP, ("<sip:10.0.0.5:5070;lr>",), False, ("10.0.0.9", 40_000), 3),
        # Names are for a resolver.
        (UDP, ("<sip:edge.invalid;lr>",), False, ("10.0.0.9", 5062), 0),
        # The connection is gone: to the proxy, or to the Contact.
        (TCP, (), True, ("192.168.0.9", 5062), 0),
        (TCP, ("<sip:10.0.0.9:5070;lr;transport=tcp>",), True, ("10.0.0.9", 5070), 0),
    ],
)
def test_the_next_request_goes_the_way_that_works(flow, routes, broken, remote, connection):
    dialog, _ = dialog_of(flow, *[("Record-Route", route) for route in routes])
    way = dialog.next_flow(broken=broken)
    assert (way.remote, way.connection, way.local) == (remote, connection, flow.local)


PROXY = ("Via", "SIP/2.0/UDP 192.0.2.5:5060;branch=z9hG4bK0")


@pytest.mark.parametrize(
    ("fields", "contact", "remote"),
    [
        ((PROXY,), "<sip:alice@10.0.0.20>", ("10.0.0.20", 5060)),
        ((PROXY,), "<sip:alice@10.0.0.20:5070>", ("10.0.0.20", 5070)),
        ((PROXY,), "<sip:alice@phone.invalid>", UDP.remote),
        ((PROXY, ("Record-Route", "<sip:10.0.0.9:5062;lr>")), "<sip:alice@10.0.0.20>", UDP.remote),
        ((), "<sip:alice@10.0.0.20>", UDP.remote),
    ],
)
def test_a_proxy_that_recorded_no_route_is_left_out_from_then_on(fields, contact, remote):
    dialog, _ = dialog_of(UDP, *fields, contact=contact)
    assert dialog.next_flow(broken=False).remote == remote


def test_two_hops_may_stand_in_one_via_line():
    _, request = dialog_of(contact="<sip:alice@10.0.0.20>")
    request.headers.set("Via", "SIP/2.0/UDP 10.0.0.9:5062;branch=z9hG4bK1, SIP/2.0/UDP 10.0.0.20")
    assert Dialog.of_request(request, UDP, "ours").next_flow(broken=False).remote == ("10.0.0.20", 5060)


@pytest.mark.parametrize(
    ("contact", "remote"),
    [
        ("<sip:bob@8.8.8.8:5070>", ("8.8.8.8", 5070)),
        ("<sip:bob@192.168.0.9>", UDP.remote),
        ("<sip:bob@phone.invalid>", UDP.remote),
    ],
)
def test_who_answers_us_is_asked_at_a_public_contact_and_not_at_one_behind_nat(contact, remote):
    _, request = dialog_of()
    draft = draft_of(dialog_of()[0])
    answer = Response(200, "OK", Headers([*request.headers]))
    answer.headers.set("Contact", contact)
    assert Dialog.of_response(answer, draft, UDP, "ours").next_flow(broken=False).remote == remote


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "[::]",
        "224.0.0.1",
        "255.255.255.255",
        "[ff02::1]",
    ],
)
def test_no_header_of_a_stranger_leads_into_this_machine_or_to_many(host):
    """Else a Record-Route has our BYE, or a connection of ours, come to any port of this machine."""
    dialog, _ = dialog_of(UDP, ("Record-Route", f"<sip:{host}:6379;lr>"))
    assert dialog.next_flow(broken=False) == UDP
    dialog, _ = dialog_of(TCP, contact=f"<sip:x@{host}:6379;transport=tcp>")
    assert dialog.next_flow(broken=True) == TCP


def test_who_is_on_this_machine_may_name_another_place_of_it():
    here = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.1", 5062))
    dialog, _ = dialog_of(here, ("Record-Route", "<sip:127.0.0.1:5070;lr>"))
    assert dialog.next_flow(broken=False).remote == ("127.0.0.1", 5070)


def test_a_target_that_is_no_address_leaves_a_broken_way_as_it_is():
    dialog, _ = dialog_of(TCP, contact="<sip:alice@phone.invalid>")
    assert dialog.next_flow(broken=True) == TCP
    dialog.target = "not a uri"
    assert dialog.next_flow(broken=True) == TCP


@pytest.mark.parametrize("transport", ["ws", "wss"])
@pytest.mark.parametrize(
    "contact", ["<sip:x@df7jal23ls0d.invalid;transport=ws>", "<sip:alice@8.8.8.8;transport=ws>"]
)
def test_a_browser_is_reached_on_its_connection_alone(transport, contact):
    """RFC 7118 5: nobody can connect to it."""
    flow = Flow(transport, TCP.local, TCP.remote, 7)
    dialog, _ = dialog_of(flow, PROXY, ("Record-Route", "<sip:8.8.4.4;transport=ws;lr>"), contact=contact)
    assert dialog.next_flow(broken=False) == dialog.next_flow(broken=True) == flow


def test_over_tls_another_way_leads_to_the_same_peer_at_its_own_port():
    flow = Flow("tls", ("10.0.0.1", 5061), ("10.0.0.9", 5061), 7, "trunk.example")
    dialog, _ = dialog_of(flow, contact="<sip:trunk@10.0.0.10;transport=tls>")
    assert dialog.next_flow(broken=False) == flow
    again = Flow("tls", flow.local, ("10.0.0.10", 5061), peer="trunk.example")
    assert dialog.next_flow(broken=True) == again

"""Requests of ours as bytes, and what is derived from them."""

from sip.draft import Draft
from sip.parser import parse

INVITE = Draft(
    "INVITE", "sip:b@c", "SIP/2.0/UDP 10.0.0.1:5060;rport", "z9hG4bK1", ("<sip:p;lr>", "<sip:q;lr>"),
    "<sip:a@a>;tag=1", "<sip:b@c>", "id", 7, (("Contact", "<sip:a@10.0.0.1>"),), b"offer",
)  # fmt: skip


def test_a_draft_is_a_whole_message():
    request = parse(INVITE.encode())
    assert (request.method, str(request.uri), request.body) == ("INVITE", "sip:b@c", b"offer")
    assert request.via.branch == "z9hG4bK1"
    assert request.headers.get("Max-Forwards") == "70"
    assert [str(route.uri) for route in request.routes] == ["sip:p;lr", "sip:q;lr"]


def test_the_ack_of_a_failure_shares_all_but_method_and_to_tag():
    ack = parse(INVITE.acknowledging("<sip:b@c>;tag=9").encode())
    assert (ack.method, ack.cseq.number, ack.via.branch, ack.to.tag, ack.body) == (
        "ACK",
        7,
        "z9hG4bK1",
        "9",
        b"",
    )
    assert len(ack.routes) == 2
    assert ack.headers.get("Contact") is None


def test_a_cancel_shares_all_but_the_method_and_has_no_to_tag():
    cancel = parse(INVITE.cancelling((("Reason", "SIP"),)).encode())
    assert (cancel.method, cancel.cseq.number, cancel.via.branch, cancel.to.tag) == (
        "CANCEL",
        7,
        "z9hG4bK1",
        None,
    )
    assert cancel.headers.get("Reason") == "SIP"
    assert len(cancel.routes) == 2

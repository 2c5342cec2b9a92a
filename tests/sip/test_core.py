"""What all verbs share: names, ways, pauses."""

import re
from dataclasses import replace

import pytest

from sip.core import WAYS_MAX, Core
from sip.errors import LocalError
from sip.flow import Flow
from sip.parser import parse
from sip.settings import AgentSettings
from tests.support.sip_playbook import TCP, UDP, Playbook, counting_entropy


def core(**settings):
    return Core(AgentSettings(**settings), counting_entropy())


def test_what_is_advertised_stands_in_via_and_contact():
    def reached_at(flow):
        return ("203.0.113.5", 15060) if flow.transport == "udp" else flow.local

    ours = core(reached_at=reached_at, user="sala")
    assert ours.sent_by(UDP) == "SIP/2.0/UDP 203.0.113.5:15060;rport"
    assert ours.contact(UDP) == ("Contact", "<sip:sala@203.0.113.5:15060>")
    assert ours.contact(TCP) == ("Contact", "<sip:sala@10.0.0.1:5060;transport=tcp>")
    assert ours.is_us("203.0.113.5", UDP)
    assert ours.is_us("10.0.0.1", UDP)
    assert not ours.is_us("203.0.113.5", TCP)


def test_an_ipv6_address_stands_in_brackets():
    flow = Flow("udp", ("2001:db8::1", 5060), ("2001:db8::2", 5060))
    assert core().contact(flow) == ("Contact", "<sip:roda@[2001:db8::1]:5060>")


@pytest.mark.parametrize("transport", ["ws", "wss"])
def test_a_uri_knows_one_kind_of_websocket_and_a_via_two(transport):
    """RFC 7118 5.2: the Via says whether it is secure, the parameter of a URI does not."""
    flow = Flow(transport, ("10.0.0.1", 5080), ("10.0.0.9", 40_000), 1)
    assert core().contact(flow)[1] == "<sip:roda@10.0.0.1:5080;transport=ws>"
    assert core().sent_by(flow) == f"SIP/2.0/{transport.upper()} 10.0.0.1:5080;rport"


TRUNK = Flow("tls", ("10.0.0.1", 5061), ("10.0.0.9", 40_000), 1, names=("trunk.example", "sip:also.example"))


def lending(flow, via="trunk.example:5071;alias"):
    ours = core()
    request = re.sub(
        rb"Via: \S+ [^;]+", b"Via: SIP/2.0/TLS " + via.encode(), Playbook().request("OPTIONS", {})
    )
    ours.streams.opened(flow, 0.0, ours=False)
    ours.lent(parse(request), flow)
    return ours.opened


def test_a_proved_peer_lends_its_connection_for_our_requests():
    """RFC 5923: to the address that the connection comes from, and the port that the Via names."""
    asking = Flow("tls", TRUNK.local, ("10.0.0.9", 5071))
    assert lending(TRUNK) == {asking: TRUNK}
    assert lending(TRUNK, "also.example:5071;alias") == {asking: TRUNK}
    assert lending(TRUNK, "trunk.example;alias") == {Flow("tls", TRUNK.local, ("10.0.0.9", 5061)): TRUNK}


def test_a_connection_is_lent_only_where_it_is_said_and_proved():
    assert lending(TRUNK, "trunk.example:5071") == {}
    assert lending(TRUNK, "victim.example:5071;alias") == {}
    assert lending(Flow("tls", TRUNK.local, TRUNK.remote, 1)) == {}


def test_tags_and_branches_differ():
    ours = core()
    names = {ours.tag() for _ in range(100)} | {ours.branch() for _ in range(100)}
    assert len(names) == 200


def test_pauses_stay_between_their_bounds():
    ours = core()
    pauses = [ours.random_s(2.1, 4.0) for _ in range(500)]
    assert 2.1 <= min(pauses) < 2.3
    assert 3.8 < max(pauses) <= 4.0 + 1e-9


def test_prepared_ways_are_bounded():
    ours = core()
    for port in range(2 * WAYS_MAX):
        ours.sent_by(Flow("udp", ("10.0.0.1", port), UDP.remote))
    assert len(ours._ways) <= WAYS_MAX


@pytest.mark.parametrize("settings", [{"product": "a\r\nb"}, {"user": "a\nb"}])
def test_settings_cannot_smuggle_a_header(settings):
    with pytest.raises(LocalError):
        core(**settings).contact(UDP)


def test_an_answer_without_state_is_the_same_each_time_and_another_for_another_request():
    ours, peer = core(), Playbook()
    first, second = (parse(peer.request("OPTIONS", {})) for _ in range(2))
    for request in (first, first, second):
        ours.refuse(request, UDP, 200)
    ours.refuse(parse(peer.request("ACK", {"cseq": "1", "branch": "z"})), UDP, 200)
    one, again, other = (parse(out.data).to.tag for out in ours.queue)
    assert one == again != other


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_a_call_whose_connection_of_ours_is_gone_asks_for_another_to_the_same_peer(transport):
    """Also where the Contact is a name, which nobody here can look up."""
    asked = Flow(transport, TCP.local, ("10.0.0.9", 5061), peer="trunk.example")
    stands = replace(asked, connection=7)
    book = Playbook(asked).play("-- invite sdp=o\n<< INVITE sdp=o")
    book.agent.flow_opened(asked, stands, book.now)
    book.flow = stands
    book.play(">> 200 INVITE sdp=a\n<< ACK\n** CallAnswered sdp=a")
    (session,) = book.agent._core.dialogs.values()
    session.dialog.target = "sip:trunk@next.trunk.example"
    book.agent.flow_closed(stands, book.now)
    book.play("-- hang_up\n<< BYE\n** CallEnded cause=LOCAL status=0")
    assert book.flows[-1] == asked
    again = replace(stands, connection=8)
    book.agent.flow_opened(asked, again, book.now)
    book.agent.flow_closed(again, book.now)

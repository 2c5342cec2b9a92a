"""The gate's own words; what the agent does with them is tested beside the agent."""

from sip.flow import Flow
from sip.gate import OPEN, Ignore, Pass, Refuse
from sip.parser import parse

FLOW = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.2", 5060))
REQUEST = (
    b"OPTIONS sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1\r\n"
    b"From: <sip:b@192.0.2.2>;tag=1\r\nTo: <sip:a@192.0.2.1>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n"
)


def test_the_open_gate_lets_everybody_in_and_believes_nobody():
    request = parse(REQUEST)
    assert OPEN.admits(FLOW, b"anything", 0.0)
    for inside in (False, True):
        assert OPEN.judge(request, FLOW, 0.0, inside=inside) == Pass(identity="", trusted=False)
    OPEN.noticed(FLOW, "malformed", 0.0)


def test_a_refusal_answers_at_once_unless_told_otherwise():
    assert Refuse(403).after_s == 0.0
    assert (Refuse(401, (("WWW-Authenticate", "Digest"),)).fields) == (("WWW-Authenticate", "Digest"),)
    assert Ignore("banned").why == "banned"

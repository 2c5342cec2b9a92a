"""STUN on the SIP port: who asks where it stands is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.flow import Flow
from sip.stun import LONGEST_BYTES, answer, is_stun
from tests.support.sip_playbook import UDP, Playbook

# Transaction id and addresses are those of RFC 5769 2.2 and 2.3; the test vectors carry more attributes.
ID = "b7e7a701bc34d686fa87dfae"
REQUEST = bytes.fromhex("000100002112a442" + ID)
SOFTWARE = bytes.fromhex("80220003 61626300")


def request(attributes: bytes = b"", kind: str = "0001") -> bytes:
    return bytes.fromhex(kind) + len(attributes).to_bytes(2) + REQUEST[4:] + attributes


def test_an_ipv4_peer_is_told_its_masked_address():
    told = answer(REQUEST, ("192.0.2.1", 32853))
    assert told == bytes.fromhex("0101000c2112a442" + ID + "002000080001a147e112a643")


def test_an_ipv6_peer_is_told_its_masked_address():
    told = answer(REQUEST, ("2001:db8:1234:5678:11:2233:4455:6677", 32853))
    masked = "0113a9faa5d3f179bc25f4b5bed2b9d9"
    assert told == bytes.fromhex("010100182112a442" + ID + "002000140002a147" + masked)


def test_a_name_of_the_software_is_read_over():
    assert answer(request(SOFTWARE), ("192.0.2.1", 5060)) is not None


@pytest.mark.parametrize(
    "data",
    [
        REQUEST[:19],
        REQUEST + b"\0",
        request(b"\x00\x06\x00\x04user"),  # who names a user wants to be authenticated
        request(SOFTWARE[:6]),
        request(b"\x80"),
        request(kind="0101"),
        request(kind="0011"),
    ],
)
def test_all_else_gets_no_answer(data):
    assert answer(data, ("192.0.2.1", 5060)) is None


def test_what_is_longer_than_a_request_may_be_is_not_read():
    fits = b"\x80\x00\x00\x00" * ((LONGEST_BYTES - len(REQUEST)) // 4)
    assert answer(request(fits), ("192.0.2.1", 5060)) is not None
    assert answer(request(fits + b"\x80\x00\x00\x00"), ("192.0.2.1", 5060)) is None


def test_the_agent_answers_where_sip_is_heard_and_keeps_nothing():
    book = Playbook()
    flow = Flow("udp", UDP.local, ("192.0.2.1", 32853))
    book.agent.receive(flow, REQUEST, book.now)
    (out,) = book.agent.outgoing()
    assert (out.flow, out.data[:2]) == (flow, b"\x01\x01")
    book.agent.receive(flow, request(b"\x00\x06\x00\x04user"), book.now)
    assert book.agent.outgoing() == []
    assert book.agent.counters["received:keep-alive"] == 1
    assert book.agent.counters["dropped:malformed"] == 1
    assert book.agent.transactions == 0


@given(st.binary(max_size=60))
def test_noise_never_raises(noise):
    data = REQUEST + noise
    assert is_stun(data)
    answer(data, ("192.0.2.1", 1))

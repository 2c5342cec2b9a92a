"""The order of refusals (RFC 3261 8.2): the first that applies is the one told."""

import pytest

from tests.support.sip_playbook import Playbook


def test_method_before_scheme_before_require_before_content():
    book = Playbook()
    book.uri = "mailto:room"
    book.extra = [("Require", "magic")]
    book.play(">> MESSAGE type=text/plain body=x\n<< 405 MESSAGE")
    book.extra = [("Require", "magic")]
    book.play(">> INVITE type=text/plain body=x\n<< 416 INVITE")
    book.uri = "sip:room@10.0.0.1"
    book.extra = [("Require", "magic")]
    book.play(">> INVITE type=text/plain body=x\n<< 420 INVITE")
    book.play(">> INVITE type=text/plain body=x\n<< 415 INVITE")


def test_what_is_refused_leaves_nothing_behind_and_its_ack_is_no_matter():
    book = Playbook()
    book.play(">> INVITE type=text/plain body=x\n<< 415 INVITE\n>> INVITE again\n<< 415 INVITE\n>> ACK")
    assert book.agent.transactions == book.agent.calls == 0
    assert book.agent.next_deadline() is None


def test_an_option_in_require_is_ignored_in_ack_and_cancel():
    book = Playbook().play(">> INVITE sdp=o\n<< 100 INVITE\n** IncomingCall offer=o")
    book.extra = [("Require", "magic")]
    book.play(">> CANCEL\n<< 200 CANCEL\n<< 487 INVITE\n** CallEnded cause=CANCELLED status=487")


def test_what_a_proxy_should_understand_is_not_our_affair():
    book = Playbook()
    book.extra = [("Proxy-Require", "magic")]
    book.play(">> OPTIONS\n<< 200 OPTIONS")


def test_a_tel_uri_is_a_place_to_call():
    book = Playbook()
    book.uri = "tel:+551140001234"
    book.play(">> INVITE sdp=o\n<< 100 INVITE\n** IncomingCall offer=o")
    assert book.told[0].request_uri.user == "+551140001234"


def test_an_accept_that_leaves_out_sdp_is_406():
    book = Playbook()
    book.extra = [("Accept", "text/plain"), ("Accept", "application/isup;q=1")]
    book.play(">> INVITE sdp=o\n<< 406 INVITE")
    assert book.last("406").headers.get("Accept") == "application/sdp"


@pytest.mark.parametrize("accept", ["text/plain, Application/SDP;q=0.5", "application/*", "*/* ; q=0.1"])
def test_an_accept_that_takes_sdp_in_any_words_is_fine(accept):
    book = Playbook()
    book.extra = [("Accept", accept)]
    book.play(">> INVITE sdp=o\n<< 100 INVITE\n** IncomingCall offer=o")


def test_a_caller_of_rfc_2543_need_not_name_a_contact_and_is_called_back_at_its_from():
    book = Playbook()
    book.removed = {"Contact"}
    book.play("""
        >> INVITE branch=old sdp=o
        << 100 INVITE
        ** IncomingCall offer=o
        -- accept sdp=a
        << 200 INVITE sdp=a
        >> ACK
        ** CallConfirmed sdp=None
        -- hang_up
        << BYE
        ** CallEnded cause=LOCAL status=0
    """)
    assert str(book.last("BYE").uri) == "sip:alice@peer.invalid"

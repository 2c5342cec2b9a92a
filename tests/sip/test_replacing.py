"""An INVITE that takes the place of another call (RFC 3891)."""

import pytest

from tests.support.sip_playbook import Playbook

IN_CALL = """
    >> INVITE sdp=offer
    << 100 INVITE
    ** IncomingCall offer=offer
    -- accept sdp=answer
    << 200 INVITE sdp=answer
    >> ACK
    ** CallConfirmed sdp=None
"""


def replacing(book, text=None, more=()):
    tag = book.last("200").to.tag if text is None else ""
    book.extra = [("Replaces", text if text is not None else f"call-1;to-tag={tag};from-tag=peer"), *more]
    return book


def test_a_call_that_is_to_be_replaced_is_named():
    book = replacing(Playbook().play(IN_CALL), more=[("Require", "replaces")])
    book.play(">> INVITE sdp=o to= call=call-2 from=other\n<< 100 INVITE\n** IncomingCall offer=o replaces=1")


@pytest.mark.parametrize(
    "text",
    [
        "call-1;to-tag=nobody;from-tag=peer",
        "other;to-tag={tag};from-tag=peer",
        "call-1;to-tag={tag};from-tag=x",
    ],
)
def test_a_call_that_is_not_known_is_481(text):
    book = Playbook().play(IN_CALL)
    replacing(book, text.format(tag=book.last("200").to.tag))
    book.play(">> INVITE sdp=o to= call=call-2\n<< 481 INVITE")


def test_early_only_spares_a_call_that_is_answered():
    book = Playbook().play(IN_CALL)
    replacing(book, f"call-1;to-tag={book.last('200').to.tag};from-tag=peer;early-only")
    book.play(">> INVITE sdp=o to= call=call-2\n<< 486 INVITE")


def test_a_call_that_is_over_is_declined():
    book = Playbook().play(IN_CALL)
    tag = book.last("200").to.tag
    book.play("-- hang_up\n<< BYE\n** CallEnded cause=LOCAL status=0")
    replacing(book, f"call-1;to-tag={tag};from-tag=peer")
    book.play(">> INVITE sdp=o to= call=call-2\n<< 603 INVITE")


def test_a_call_that_rings_here_cannot_be_taken_over():
    book = Playbook().play(">> INVITE sdp=o\n<< 100 INVITE\n** IncomingCall offer=o\n-- ring\n<< 180 INVITE")
    replacing(book, f"call-1;to-tag={book.last('180').to.tag};from-tag=peer")
    book.play(">> INVITE sdp=o to= call=call-2\n<< 481 INVITE")


def test_a_call_that_we_placed_can_be_even_early():
    book = Playbook().play(
        "-- invite sdp=o\n<< INVITE sdp=o\n>> 180 INVITE\n** CallRinging status=180 sdp=None"
    )
    invite = book.last("INVITE")
    replacing(book, f"{invite.call_id};to-tag={invite.from_.tag};from-tag=peer;early-only")
    book._placed = None
    book.play(">> INVITE sdp=o to= call=call-2\n<< 100 INVITE\n** IncomingCall offer=o replaces=1")


def test_nonsense_is_400():
    for more in ((), [("Replaces", "a;to-tag=b;from-tag=c")]):
        text = "nonsense" if not more else "a;to-tag=b;from-tag=c"
        book = replacing(Playbook(), text, more)
        book.play(">> INVITE sdp=o\n<< 400 INVITE")

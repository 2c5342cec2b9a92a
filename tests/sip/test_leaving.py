"""What still comes by a way that was left."""

from tests.support.sip_playbook import Playbook

LEFT = """
    -- invite sdp=o ways=2
    << INVITE sdp=o
    .. 4
    << INVITE sdp=o
    << INVITE sdp=o
    << INVITE sdp=o
    << INVITE sdp=o
    ** WayFailed
"""


def test_a_late_answer_of_a_way_that_was_left_is_acknowledged_and_hung_up():
    book = Playbook().play(
        LEFT
        + """
        >> 200 INVITE sdp=late of=1 to=late
        << ACK
        << BYE
        >> 200 INVITE again
        << ACK
        >> 200 BYE
        >> 200 INVITE sdp=a
        << ACK
        ** CallAnswered sdp=a
    """
    )
    assert book.agent.calls == 1
    bye = book.last("BYE")
    assert bye.to.tag == "late"


def test_a_way_that_wakes_up_is_cancelled_once():
    book = Playbook().play(
        LEFT
        + """
        >> 100 INVITE of=1
        << CANCEL
        >> 180 INVITE of=1
        >> 200 CANCEL
        >> 487 INVITE of=1
        << ACK
        >> 180 INVITE
        ** CallRinging status=180 sdp=None
    """
    )
    assert book.last("CANCEL").via.branch == book.sent[0].via.branch


def test_a_refusal_of_a_way_that_was_left_says_nothing_of_the_call():
    Playbook().play(LEFT + ">> 486 INVITE of=1\n<< ACK\n>> 100 INVITE\n.. 60")


def test_nothing_of_it_is_left_in_the_end():
    book = Playbook().play(LEFT + ">> 486 INVITE\n<< ACK\n** CallEnded cause=REJECTED status=486\n.. 40")
    assert book.agent.transactions == 0
    assert book.agent.next_deadline() is None


def test_a_way_that_was_cancelled_and_never_ends_is_given_up():
    book = Playbook().play(LEFT + ">> 486 INVITE\n<< ACK\n** CallEnded cause=REJECTED status=486")
    book.play(">> 100 INVITE of=1\n<< CANCEL\n>> 200 CANCEL\n.. 33")
    assert book.agent.transactions == 0


def test_its_forks_are_bounded():
    book = Playbook().play(LEFT)
    for fork in range(40):
        book.feed(book.response(200, "INVITE", {"to": f"fork{fork}", "of": "1"}))
    assert book.agent.counters["sent:BYE:udp"] == 16
    assert book.agent.counters["dropped:too many forks"] == 24

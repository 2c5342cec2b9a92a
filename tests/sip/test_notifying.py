"""Subscriptions of peers: from SUBSCRIBE to the last NOTIFY (RFC 6665 4.2)."""

import pytest

from sip.crowd import Standing
from sip.errors import LocalError
from sip.events import SubscribeReceived, SubscriptionEnded
from sip.gate import Pass, Refuse
from sip.subscription import EXPIRES_MAX_S, PER_DIALOG_MAX, UNANSWERED_S
from tests.support.sip_playbook import TCP, Playbook
from tests.support.sip_subscriber import IN_CALL, Subscriber

SUBSCRIBED = """
    >> SUBSCRIBE event=conference expires=600
    ** SubscribeReceived subscription=1 package=conference expires_s=600
    -- accept_subscription
    << 200 SUBSCRIBE
    -- notify body=full
    << NOTIFY active;expires=600 sdp=full
    >> 200 NOTIFY
    ** NotifyAnswered subscription=1
"""


def settled(book):
    """Nothing is left of any of it."""
    book.play(".. 40")
    agent = book.agent
    assert (agent.subscriptions, agent.transactions) == (0, 0)
    # A connection that we keep open has something to do for ever.
    assert book.flow.reliable or agent.next_deadline() is None


def test_a_subscription_lives_and_ends_by_its_own_time():
    book = Subscriber().play(SUBSCRIBED)
    answer = book.last("200 SUBSCRIBE")
    assert answer.headers.get("Expires") == "600"
    assert answer.headers.get("Contact").startswith("<sip:roda@10.0.0.1")
    notify = book.last("NOTIFY")
    assert notify.headers.get("Event") == "conference"
    assert notify.headers.get("Content-Type") == "text/x"
    assert str(notify.uri) == "sip:alice@192.168.0.9:5062"
    assert (notify.from_.tag, notify.to.tag) == (answer.to.tag, "peer")
    book.play("""
        .. 590
        -- notify body=part
        << NOTIFY active;expires=10 sdp=part
        >> 200 NOTIFY
        ** NotifyAnswered subscription=1
        .. 10
        << NOTIFY terminated;reason=timeout
        ** SubscriptionEnded subscription=1 reason=timeout
        >> 200 NOTIFY
    """)
    assert [message.cseq.number for message in book.sent if message.headers.get("Event")] == [1, 2, 3]
    settled(book)


def test_a_refresh_gives_more_time_and_wants_the_whole_state():
    book = Subscriber().play(SUBSCRIBED)
    book.play("""
        .. 500
        >> SUBSCRIBE event=conference expires=900
        << 200 SUBSCRIBE
        ** SubscriptionRefreshed subscription=1 expires_s=900
        -- notify body=full
        << NOTIFY active;expires=900 sdp=full
        >> 200 NOTIFY
        ** NotifyAnswered subscription=1
        .. 899
        .. 1
        << NOTIFY terminated;reason=timeout
        ** SubscriptionEnded subscription=1 reason=timeout
        >> 200 NOTIFY
    """)
    settled(book)


def test_a_notify_follows_a_subscribe_even_if_nobody_has_anything_to_say():
    book = Subscriber().play("""
        >> SUBSCRIBE event=conference expires=600
        ** SubscribeReceived subscription=1 package=conference expires_s=600
        -- accept_subscription expires=120
        << 200 SUBSCRIBE
        .. 0
        << NOTIFY active;expires=120
        >> 200 NOTIFY
        ** NotifyAnswered subscription=1
        >> SUBSCRIBE event=conference
        << 200 SUBSCRIBE
        ** SubscriptionRefreshed subscription=1 expires_s=3600
        .. 0
        << NOTIFY active;expires=3600
    """)
    assert book.sent[0].headers.get("Expires") == "120"
    assert book.last("NOTIFY").headers.get("Content-Type") is None


def test_who_wants_no_more_gets_one_last_word():
    book = Subscriber().play(SUBSCRIBED)
    book.play("""
        >> SUBSCRIBE event=conference expires=0
        << 200 SUBSCRIBE
        ** SubscriptionRefreshed subscription=1 expires_s=0
        -- notify body=full
        << NOTIFY terminated;reason=timeout sdp=full
        ** SubscriptionEnded subscription=1 reason=timeout
        >> 200 NOTIFY
        >> SUBSCRIBE event=conference expires=600
        << 481 SUBSCRIBE
    """)
    assert [each.headers.get("Expires") for each in book.sent if each.headers.get("Expires")][-1] == "0"
    settled(book)


def test_who_wants_to_know_once_is_told_once():
    book = Subscriber().play("""
        >> SUBSCRIBE event=conference expires=0
        ** SubscribeReceived subscription=1 package=conference expires_s=0
        -- accept_subscription
        << 200 SUBSCRIBE
        -- notify body=full
        << NOTIFY terminated;reason=timeout sdp=full
        ** SubscriptionEnded subscription=1 reason=timeout
        >> 200 NOTIFY
    """)
    settled(book)


def test_one_notify_is_open_at_a_time_and_the_latest_wins():
    book = Subscriber().play("""
        >> SUBSCRIBE event=conference expires=600
        ** SubscribeReceived subscription=1 package=conference expires_s=600
        -- accept_subscription
        << 200 SUBSCRIBE
        -- notify body=1
        << NOTIFY active;expires=600 sdp=1
        -- notify body=2
        -- notify body=3
        >> 200 NOTIFY
        << NOTIFY active;expires=600 sdp=3
        -- notify body=4
        -- end_subscription deactivated
        ** SubscriptionEnded subscription=1 reason=deactivated
        -- notify body=5
        >> 200 NOTIFY
        << NOTIFY terminated;reason=deactivated sdp=4
        >> 200 NOTIFY
        -- notify body=6
        -- end_subscription noresource
    """)
    assert book.agent.counters["late:notify"] == book.agent.counters["late:end_subscription"] == 1
    settled(book)


def test_undecided_is_told_and_decided_later():
    Subscriber().play("""
        >> SUBSCRIBE event=conference expires=600
        ** SubscribeReceived subscription=1 package=conference expires_s=600
        -- accept_subscription pending=1
        << 200 SUBSCRIBE
        .. 0
        << NOTIFY pending;expires=600
        >> 200 NOTIFY
        ** NotifyAnswered subscription=1
        -- accept_subscription
        -- notify body=full
        << NOTIFY active;expires=600 sdp=full
    """)


@pytest.mark.parametrize("status", [481, 404, 405, 410, 489, 401, 407, 500, 603])
def test_a_notify_that_is_refused_ends_the_subscription(status):
    book = Subscriber().play(SUBSCRIBED)
    book.play(f"""
        -- notify body=part
        << NOTIFY active;expires=600 sdp=part
        >> {status} NOTIFY
        ** SubscriptionEnded subscription=1 reason={status}
    """)
    settled(book)


def test_a_notify_that_nobody_answers_ends_it():
    book = Subscriber(TCP).play(SUBSCRIBED)
    book.play("""
        -- notify body=part
        << NOTIFY active;expires=600 sdp=part
        .. 32
        ** SubscriptionEnded subscription=1 reason=timeout
    """)
    settled(book)


def test_a_notify_that_has_no_way_ends_it():
    book = Subscriber(TCP).play(SUBSCRIBED)
    book.play("""
        -- notify body=part
        << NOTIFY active;expires=600 sdp=part
        -- close
        ** SubscriptionEnded subscription=1 reason=transport
    """)
    settled(book)


def test_a_connection_that_is_gone_is_opened_anew_to_where_the_peer_listens():
    book = Subscriber(TCP).play(SUBSCRIBED)
    book.play("""
        -- close
        -- notify body=part
        << NOTIFY active;expires=600 sdp=part
    """)
    assert (book.flows[-1].connection, book.flows[-1].remote) == (0, ("192.168.0.9", 5062))


def test_who_asks_for_time_is_given_it_and_then_told_the_latest():
    book = Subscriber(TCP).play(SUBSCRIBED)
    book.play("""
        -- notify body=1
        << NOTIFY active;expires=600 sdp=1
        >> 503 NOTIFY after=2
        .. 1
        -- notify body=2
        .. 1
        << NOTIFY active;expires=598 sdp=2
        >> 503 NOTIFY after=2
        .. 2
        << NOTIFY active;expires=596 sdp=2
        >> 200 NOTIFY
        ** NotifyAnswered subscription=1
    """)


def test_who_asks_for_time_for_ever_or_for_too_much_has_had_enough():
    book = Subscriber(TCP).play(SUBSCRIBED)
    book.play("-- notify body=1\n<< NOTIFY active;expires=600 sdp=1")
    for left in (599, 598, 597):
        book.play(f">> 503 NOTIFY after=1\n.. 1\n<< NOTIFY active;expires={left} sdp=1")
    book.play(">> 503 NOTIFY after=1\n** SubscriptionEnded subscription=1 reason=503")
    book = Subscriber(TCP).play(SUBSCRIBED)
    book.play("""
        -- notify body=1
        << NOTIFY active;expires=600 sdp=1
        >> 503 NOTIFY after=3600
        ** SubscriptionEnded subscription=1 reason=503
    """)
    settled(book)


def test_the_user_may_refuse():
    book = Subscriber().play("""
        >> SUBSCRIBE event=conference
        ** SubscribeReceived subscription=1 package=conference expires_s=3600
        -- reject_subscription 403
        << 403 SUBSCRIBE
    """)
    settled(book)


def test_who_gets_no_word_from_the_user_is_answered_all_the_same():
    book = Subscriber().play(
        f"""
        >> SUBSCRIBE event=conference
        ** SubscribeReceived subscription=1 package=conference expires_s=3600
        .. {UNANSWERED_S}
        << 500 SUBSCRIBE
        ** SubscriptionEnded subscription=1 reason=not_answered
        -- accept_subscription
    """.replace("not_answered", "not answered")
    )
    settled(book)


@pytest.mark.parametrize(
    ("words", "status", "field"),
    [
        ("event=presence", 489, ("Allow-Events", "conference, refer")),
        ("", 489, ("Allow-Events", "conference, refer")),
        ("event=refer", 403, None),
        ("event=conference expires=59", 423, ("Min-Expires", "60")),
        ("event=conference expires=x", 400, None),
        ("event=conference accept=text/plain", 406, ("Accept", "application/conference-info+xml")),
    ],
)
def test_what_cannot_be_had_is_refused_with_word_of_what_can(words, status, field):
    book = Subscriber().play(f">> SUBSCRIBE {words}\n<< {status} SUBSCRIBE")
    if field is not None:
        assert book.sent[0].headers.get(field[0]) == field[1]
    assert book.agent.subscriptions == book.agent.transactions == 0


@pytest.mark.parametrize("accepted", ["application/conference-info+xml;q=0.5", "*/*", "application/*"])
def test_who_takes_the_roster_among_others_gets_it(accepted):
    Subscriber().play(f"""
        >> SUBSCRIBE event=conference accept={accepted}
        ** SubscribeReceived subscription=1 package=conference expires_s=3600
    """)


def test_longer_than_an_hour_is_an_hour():
    book = Subscriber().play(f"""
        >> SUBSCRIBE event=conference expires=999999
        ** SubscribeReceived subscription=1 package=conference expires_s={EXPIRES_MAX_S}
        -- accept_subscription
        << 200 SUBSCRIBE
    """)
    assert book.sent[0].headers.get("Expires") == str(EXPIRES_MAX_S)


def test_who_does_not_say_where_they_are_cannot_be_told():
    book = Subscriber()
    book.removed = {"Contact"}
    book.play(">> SUBSCRIBE event=conference\n<< 400 SUBSCRIBE")


def test_a_dialog_of_its_own_knows_its_peer_and_its_order():
    book = Subscriber().play(SUBSCRIBED)
    book.play("""
        >> SUBSCRIBE event=conference from=stranger
        << 481 SUBSCRIBE
        >> SUBSCRIBE event=conference cseq=1
        << 500 SUBSCRIBE
        >> BYE cseq=20
        << 481 BYE
        >> SUBSCRIBE event=conference expires=30 cseq=21
        << 423 SUBSCRIBE
        >> SUBSCRIBE event=presence cseq=22
        << 489 SUBSCRIBE
    """)
    assert book.agent.subscriptions == 1


def test_where_a_peer_is_now_is_where_it_is_told():
    book = Subscriber().play(SUBSCRIBED)
    book.removed = {"Contact"}
    book.extra = [("m", "<sip:alice@192.168.0.77:5099>")]
    book.play("""
        >> SUBSCRIBE event=conference
        << 200 SUBSCRIBE
        ** SubscriptionRefreshed subscription=1 expires_s=3600
        .. 0
        << NOTIFY active;expires=3600
    """)
    assert str(book.last("NOTIFY").uri) == "sip:alice@192.168.0.77:5099"


def test_in_a_call_it_shares_the_dialog_and_outlives_the_call():
    book = Subscriber().play(IN_CALL)
    book.play("""
        >> SUBSCRIBE event=conference expires=600
        ** SubscribeReceived subscription=1 package=conference expires_s=600
        -- accept_subscription
        << 200 SUBSCRIBE
        -- notify body=full
        << NOTIFY active;expires=600 sdp=full
        >> 200 NOTIFY
        ** NotifyAnswered subscription=1
        -- reoffer sdp=hold
        << INVITE sdp=hold
        >> 200 INVITE sdp=held
        << ACK
        ** AnswerReceived sdp=held
    """)
    asked = next(event for event in book.told if isinstance(event, SubscribeReceived))
    assert asked.call == book.call
    assert book.last("INVITE").cseq.number == book.last("NOTIFY").cseq.number + 1
    assert book.last("NOTIFY").from_ == book.last("INVITE").from_
    book.play("""
        >> BYE
        << 200 BYE
        ** CallEnded cause=BYE status=0
        -- notify body=part
        << NOTIFY active;expires=600 sdp=part
        >> 200 NOTIFY
        ** NotifyAnswered subscription=1
        >> SUBSCRIBE event=conference expires=0
        << 200 SUBSCRIBE
        ** SubscriptionRefreshed subscription=1 expires_s=0
        .. 0
        << NOTIFY terminated;reason=timeout
        ** SubscriptionEnded subscription=1 reason=timeout
        >> 200 NOTIFY
        >> SUBSCRIBE event=conference
        << 481 SUBSCRIBE
    """)
    settled(book)


def test_its_end_is_not_the_end_of_the_call():
    book = Subscriber().play(IN_CALL)
    book.play("""
        >> SUBSCRIBE event=conference expires=600
        ** SubscribeReceived subscription=1 package=conference expires_s=600
        -- accept_subscription
        << 200 SUBSCRIBE
        -- notify body=full
        << NOTIFY active;expires=600 sdp=full
        >> 481 NOTIFY
        ** SubscriptionEnded subscription=1 reason=481
    """)
    assert book.agent.calls == 1


def test_a_call_that_is_not_answered_yet_has_nothing_to_tell():
    Subscriber().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- ring
        << 180 INVITE
        >> SUBSCRIBE event=conference
        << 480 SUBSCRIBE
    """)


def test_the_name_of_a_focus_stands_for_its_call():
    book = Subscriber().play(IN_CALL)
    call, tag = book.call, book._to_tag
    book._to_tag, book._call_id = "", "call-2"
    book.uri = f"sip:roda.{tag}@10.0.0.1"
    book.play("""
        >> SUBSCRIBE event=conference expires=600
        ** SubscribeReceived subscription=1 package=conference expires_s=600
    """)
    assert book.told[-1].call == call
    book._to_tag, book._call_id = "", "call-3"
    book.uri = "sip:roda.0123456789abcdef@10.0.0.1"
    book.play("""
        >> SUBSCRIBE event=conference expires=600
        ** SubscribeReceived subscription=2 package=conference expires_s=600
    """)
    assert book.told[-1].call == 0


def test_one_dialog_holds_only_so_many():
    book = Subscriber().play(IN_CALL)
    for number in range(1, PER_DIALOG_MAX + 1):
        book.play(f"""
            >> SUBSCRIBE event=conference;id={number}
            ** SubscribeReceived subscription={number} package=conference expires_s=3600
        """)
    book.play(">> SUBSCRIBE event=conference;id=99\n<< 403 SUBSCRIBE")


def test_in_all_there_are_only_so_many(monkeypatch):
    monkeypatch.setattr("sip.subscription.SUBSCRIPTIONS_MAX", 1)
    book = Subscriber().play(SUBSCRIBED)
    book._to_tag, book._call_id = "", "call-2"
    book.play(">> SUBSCRIBE event=conference\n<< 503 SUBSCRIBE")
    assert book.last("503").headers.get("Retry-After")


def test_what_the_gate_knows_of_the_subscriber_is_told():
    class Doorman:
        def admits(self, flow, data, now):
            return True

        def judge(self, request, flow, now, *, inside):
            if inside:
                return Refuse(499)
            return Pass("ana", trusted=True)

        def noticed(self, flow, what, now):
            return

        def acknowledged(self, flow, now):
            return

    book = Subscriber(gate=Doorman())
    book.play("""
        >> SUBSCRIBE event=conference
        ** SubscribeReceived subscription=1 package=conference expires_s=3600 identity=ana trusted=True
        -- accept_subscription
        << 200 SUBSCRIBE
        >> SUBSCRIBE event=conference
        << 499 SUBSCRIBE
    """)


def test_a_verb_out_of_place_is_our_own_fault():
    book = Subscriber().play(SUBSCRIBED)
    agent, now = book.agent, book.now
    with pytest.raises(LocalError):
        agent.accept_subscription(1, now)
    with pytest.raises(LocalError):
        agent.reject_subscription(1, 403, now)
    with pytest.raises(LocalError):
        agent.notify(2, b"", "", now)
    book.play(
        ">> SUBSCRIBE event=conference;id=2\n** SubscribeReceived subscription=2 package=conference expires_s=3600"
    )
    for verb in (
        lambda: agent.notify(2, b"x", "text/x", now),
        lambda: agent.end_subscription(2, "noresource", now),
        lambda: agent.reject_subscription(2, 200, now),
    ):
        with pytest.raises(LocalError):
            verb()
    assert not any(isinstance(event, SubscriptionEnded) for event in book.told)


def test_asked_again_before_the_answer_is_too_soon():
    Subscriber().play("""
        >> SUBSCRIBE event=conference
        ** SubscribeReceived subscription=1 package=conference expires_s=3600
        >> SUBSCRIBE event=conference again
    """)
    book = Subscriber().play(IN_CALL)
    book.play("""
        >> SUBSCRIBE event=conference
        ** SubscribeReceived subscription=1 package=conference expires_s=3600
        >> SUBSCRIBE event=conference
        << 500 SUBSCRIBE
    """)


def test_a_notify_for_nothing_is_refused():
    Playbook().play(">> NOTIFY\n<< 481 NOTIFY")


def test_a_stranger_s_connection_is_not_driven_out_once_something_is_told_over_it():
    book = Subscriber()
    book.flow = TCP
    book.agent.flow_opened(TCP, TCP, book.now)
    crowd = book.agent._core.streams._crowd
    book.play("""
        >> SUBSCRIBE event=conference expires=600
        ** SubscribeReceived subscription=1 package=conference expires_s=600
    """)
    assert crowd.standing(TCP.connection) is not Standing.PROVED
    book.play("-- accept_subscription\n<< 200 SUBSCRIBE")
    assert crowd.standing(TCP.connection) is Standing.PROVED

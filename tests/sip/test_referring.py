"""REFER both ways (RFC 3515, 3891, 4488, 4579)."""

import pytest

from sip.errors import LocalError
from sip.events import CallEnded, ReferReceived
from sip.subscription import PER_DIALOG_MAX, REFER_EXPIRES_S, UNANSWERED_S
from tests.support.sip_subscriber import IN_CALL, Subscriber

RECEIVED = "** ReferReceived refer={} method={} replaces= referred_by="


def received(number=1, method="INVITE"):
    return RECEIVED.format(number, method)


def in_call():
    return Subscriber().play(IN_CALL)


ACCEPTED = f"""
    >> REFER refer=<sip:bob@b.example>
    {received()}
    -- accept_refer
    << 202 REFER
    << NOTIFY active;expires=300 sipfrag=100_Trying
    >> 200 NOTIFY
"""


def test_a_refer_is_told_tried_reported_and_done():
    book = in_call().play(ACCEPTED)
    event = next(event for event in book.told if isinstance(event, ReferReceived))
    assert (str(event.to), event.call) == ("<sip:bob@b.example>", book.call)
    refer_cseq = book.last("202").cseq.number
    assert book.last("NOTIFY").headers.get("Event") == f"refer;id={refer_cseq}"
    assert book.last("NOTIFY").headers.get("Content-Type") == "message/sipfrag;version=2.0"
    book.play("""
        -- refer_progress 180
        << NOTIFY active;expires=300 sipfrag=180_Ringing
        >> 200 NOTIFY
        -- refer_progress 200
        << NOTIFY terminated;reason=noresource sipfrag=200_OK
        >> 200 NOTIFY
        -- refer_progress 486
    """)
    assert book.agent.subscriptions == 0
    assert book.agent.calls == 1


def test_reports_that_overtake_each_other_are_folded():
    in_call().play(f"""
        >> REFER refer=<sip:bob@b.example>
        {received()}
        -- accept_refer
        << 202 REFER
        << NOTIFY active;expires=300 sipfrag=100_Trying
        -- refer_progress 180
        -- refer_progress 486
        >> 200 NOTIFY
        << NOTIFY terminated;reason=noresource sipfrag=486_Busy_Here
        >> 200 NOTIFY
    """)


def test_a_refer_that_leads_nowhere_in_time_is_reported_no_more():
    book = in_call().play(ACCEPTED)
    book.play(f"""
        .. {REFER_EXPIRES_S}
        << NOTIFY terminated;reason=timeout sipfrag=100_Trying
        >> 200 NOTIFY
        .. 40
        -- refer_progress 200
    """)
    assert book.agent.subscriptions == 0


def test_who_has_heard_enough_says_so():
    book = in_call().play(ACCEPTED)
    book.play("""
        >> SUBSCRIBE event=refer expires=600
        << 200 SUBSCRIBE
        .. 0
        << NOTIFY active;expires=600 sipfrag=100_Trying
        >> 200 NOTIFY
        >> SUBSCRIBE event=refer expires=0
        << 200 SUBSCRIBE
        .. 0
        << NOTIFY terminated;reason=timeout sipfrag=100_Trying
        >> 200 NOTIFY
        -- refer_progress 200
    """)
    assert book.agent.subscriptions == 0


def test_reports_go_on_after_the_call():
    book = in_call().play(ACCEPTED)
    book.play("""
        >> BYE
        << 200 BYE
        ** CallEnded cause=BYE status=0
        -- refer_progress 200
        << NOTIFY terminated;reason=noresource sipfrag=200_OK
        >> 200 NOTIFY
        .. 40
    """)
    assert (book.agent.subscriptions, book.agent.dialogs, book.agent.next_deadline()) == (0, 0, None)


def test_who_wants_no_reports_gets_none():
    book = in_call().play(f"""
        >> REFER refer=<sip:bob@b.example> quiet=1
        {received()}
        -- accept_refer
        << 200 REFER
        -- refer_progress 180
        -- refer_progress 200
    """)
    assert book.last("200 REFER").headers.get("Refer-Sub") == "false"
    assert book.agent.subscriptions == 0


def test_norefersub_may_be_required():
    book = in_call()
    book.extra = [("Require", "norefersub")]
    book.play(f">> REFER refer=<sip:bob@b.example> quiet=1\n{received()}")


def test_a_refer_may_be_refused_or_left_without_an_answer():
    in_call().play(f"""
        >> REFER refer=<sip:bob@b.example>
        {received()}
        -- reject_refer 603
        << 603 REFER
        >> REFER refer=<sip:bob@b.example>
        {received(2)}
        .. {UNANSWERED_S}
        << 500 REFER
        -- accept_refer
    """)


@pytest.mark.parametrize("words", ["", "refer=<sip:a@b?Replaces=x>", "refer=nonsense"])
def test_a_refer_without_a_good_address_is_refused(words):
    in_call().play(f">> REFER {words}\n<< 400 REFER")


def test_who_refers_and_in_whose_place_is_told():
    book = in_call()
    replaces = "Replaces=c%40h%3Bto-tag%3D1%3Bfrom-tag%3D2"
    book.play(f"""
        >> REFER refer=<sip:bob@b.example;method=bye?{replaces}> by=<sip:ana@a.example>
        ** ReferReceived refer=1 method=BYE replaces=c@h;to-tag=1;from-tag=2 referred_by=sip:ana@a.example
    """)


@pytest.mark.parametrize("seen", ["call-1;to-tag={ours};from-tag=peer", "call-1;to-tag=peer;from-tag={ours}"])
def test_a_call_of_our_own_that_somebody_is_to_replace_is_told_whichever_side_names_it(seen):
    book = in_call()
    escaped = seen.format(ours=book.last("200").to.tag).replace(";", "%3B").replace("=", "%3D")
    book.feed(book.request("REFER", {"refer": f"<sip:bob@b.example?Replaces={escaped}>"}))
    assert book.told[-1].own == book.call


def test_a_call_with_the_tag_of_ours_and_another_name_is_none_of_ours():
    book = in_call()
    escaped = f"call-2%3Bto-tag%3D{book.last('200').to.tag}%3Bfrom-tag%3Dpeer"
    book.feed(book.request("REFER", {"refer": f"<sip:bob@b.example?Replaces={escaped}>"}))
    assert book.told[-1].own == 0


def test_a_refer_to_the_name_of_a_focus_has_a_dialog_of_its_own():
    book = in_call()
    call = book.call
    book.uri = f"sip:roda.{book._to_tag}@10.0.0.1"
    book._to_tag, book._call_id = "", "call-2"
    book.play(ACCEPTED)
    assert next(event for event in book.told if isinstance(event, ReferReceived)).call == call
    book.play("""
        >> BYE cseq=30
        << 481 BYE
        -- refer_progress 603
        << NOTIFY terminated;reason=noresource sipfrag=603_Decline
        >> 200 NOTIFY
    """)
    assert book.last("NOTIFY").call_id == "call-2"
    assert book.agent.subscriptions == 0


def test_a_refer_to_nobody_in_particular_is_told_without_a_call():
    book = Subscriber().play(f">> REFER refer=<sip:bob@b.example>\n{received()}")
    assert book.told[-1].call == 0
    book = Subscriber()
    book.removed = {"Contact"}
    book.play(">> REFER refer=<sip:bob@b.example>\n<< 400 REFER")


def test_a_call_that_is_not_answered_yet_cannot_be_used():
    Subscriber().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- ring
        << 180 INVITE
        >> REFER refer=<sip:bob@b.example>
        << 480 REFER
    """)


def test_one_dialog_holds_only_so_many():
    book = in_call()
    for number in range(1, PER_DIALOG_MAX + 1):
        book.play(f">> REFER refer=<sip:bob@b.example>\n{received(number)}")
    book.play(">> REFER refer=<sip:bob@b.example>\n<< 403 REFER")


def test_a_verb_out_of_place_is_our_own_fault():
    book = in_call().play(f">> REFER refer=<sip:bob@b.example>\n{received()}")
    agent, now = book.agent, book.now
    with pytest.raises(LocalError):
        agent.refer_progress(1, 180, "", now)
    with pytest.raises(LocalError):
        agent.refer_progress(1, 99, "", now)
    with pytest.raises(LocalError):
        agent.accept_refer(2, now)


# REFER out

REFERRED = """
    -- refer to=<sip:carol@c.example>
    << REFER
    >> 202 REFER
    ** ReferAnswered status=202
"""


def test_a_transfer_is_asked_for_reported_and_done():
    book = in_call().play(REFERRED)
    refer = book.last("REFER")
    assert refer.headers.get("Refer-To") == "<sip:carol@c.example>"
    assert refer.headers.get("Referred-By") == "<sip:room@10.0.0.1>"
    book.play("""
        >> NOTIFY event=refer state=active;expires=60 type=message/sipfrag body=SIP/2.0_100_Trying
        << 200 NOTIFY
    """)
    # What cannot be read is answered, and tells nothing; then come the real reports.
    for line, status, state in (
        ("SIP/2.0 180 Ringing", 180, "active"),
        ("SIP/2.0 200 OK", 200, "terminated;reason=noresource"),
    ):
        report(book, line, state=state, cseq=refer.cseq.number)
        assert book.told[-1].status == status
    book.play("""
        >> NOTIFY event=refer state=active type=message/sipfrag
        << 481 NOTIFY
    """)
    assert book.agent.calls == 1


def report(book, line, *, state="active", cseq=0):
    """A NOTIFY with spaces in its body, which the script cannot say."""
    event = f"refer;id={cseq}" if cseq else "refer"
    data = book.request("NOTIFY", {"event": event, "state": state, "type": "message/sipfrag", "body": "@"})
    book.feed(
        data.replace(b"Content-Length: 1\r\n\r\n@", f"Content-Length: {len(line)}\r\n\r\n{line}".encode())
    )


def test_a_final_status_is_the_last_word_though_reports_go_on():
    book = in_call().play(REFERRED)
    report(book, "SIP/2.0 486 Busy Here")
    told = len(book.told)
    report(book, "SIP/2.0 200 OK")
    report(book, "SIP/2.0 200 OK", state="terminated")
    assert [event.status for event in book.told[told - 1 :]] == [486]
    book.play(REFERRED)  # and another may be tried


def test_another_may_be_tried_though_the_last_one_s_reports_never_ended():
    book = in_call().play(REFERRED)
    report(book, "SIP/2.0 486 Busy Here")
    with_id = book.last("REFER").cseq.number
    book.play(REFERRED)
    report(book, "SIP/2.0 486 Busy Here", state="terminated", cseq=with_id)
    assert book.last("481").cseq.method == "NOTIFY"


@pytest.mark.parametrize("state", ["terminated;reason=noresource", " Terminated "])
def test_reports_that_end_without_a_word_say_so(state):
    book = in_call().play(REFERRED)
    report(book, "SIP/2.0 100 Trying", state=state)
    assert book.told[-1].status == 0


def test_a_peer_that_does_not_do_it_says_so_and_the_call_goes_on():
    book = in_call().play("""
        -- refer to=<sip:carol@c.example>
        << REFER
        >> 405 REFER
        ** ReferAnswered status=405
        -- refer to=<sip:carol@c.example>
        << REFER
        >> 401 REFER
        ** ReferAnswered status=401
    """)
    assert book.agent.calls == 1


@pytest.mark.parametrize("status", [408, 481])
def test_a_peer_that_knows_no_call_has_none(status):
    book = in_call().play(
        f"""
        -- refer to=<sip:carol@c.example>
        << REFER
        >> {status} REFER
        ** ReferAnswered status={status}
        << BYE
        ** CallEnded cause=PROTOCOL status={status}
    """.replace(
            f"** ReferAnswered status={status}\n        << BYE",
            f"<< BYE\n        ** ReferAnswered status={status}",
        )
    )
    assert isinstance(book.told[-1], CallEnded)


def test_a_peer_that_never_reports_is_waited_for_no_longer_than_a_call_may_ring():
    book = in_call().play(REFERRED)
    book.play(f".. {REFER_EXPIRES_S}\n** ReferProgress status=0")
    book.play(REFERRED)


def test_what_is_no_report_is_refused():
    in_call().play(REFERRED).play("""
        >> NOTIFY event=presence state=active
        << 489 NOTIFY
        >> NOTIFY event=refer;id=77 state=active
        << 481 NOTIFY
        >> NOTIFY event=refer state=active type=text/plain body=x
        << 415 NOTIFY
        >> NOTIFY event=refer state=active
        << 200 NOTIFY
    """)


def test_nothing_is_left_of_a_transfer_when_the_call_ends():
    book = in_call().play(REFERRED)
    book.play("""
        >> BYE
        << 200 BYE
        ** CallEnded cause=BYE status=0
        >> NOTIFY event=refer state=active
        << 481 NOTIFY
        .. 40
    """)
    assert book.agent.next_deadline() is None


def test_an_answer_that_comes_after_the_end_tells_nothing():
    in_call().play("""
        -- refer to=<sip:carol@c.example>
        << REFER
        >> BYE
        << 200 BYE
        ** CallEnded cause=BYE status=0
        >> 202 REFER
    """)


def test_one_at_a_time_and_only_in_a_call_that_runs():
    book = in_call().play(REFERRED)
    with pytest.raises(LocalError):
        book.play("-- refer to=<sip:carol@c.example>")
    book = Subscriber().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
    """)
    with pytest.raises(LocalError):
        book.play("-- refer to=<sip:carol@c.example>")


def test_a_dialog_to_take_over_goes_into_the_address():
    book = in_call().play("-- refer to=<sip:carol@c.example> replaces=c@h;to-tag=1;from-tag=2\n<< REFER")
    assert book.last("REFER").headers.get("Refer-To") == (
        "<sip:carol@c.example?Replaces=c%40h%3Bto-tag%3D1%3Bfrom-tag%3D2>"
    )


def test_a_report_may_name_the_refer_as_it_was_sent_again_with_proof():
    book = in_call().play(REFERRED)
    book.play(
        "-- reoffer sdp=hold\n<< INVITE sdp=hold\n>> 200 INVITE sdp=held\n<< ACK\n** AnswerReceived sdp=held"
    )
    report(book, "SIP/2.0 180 Ringing", cseq=book.last("INVITE").cseq.number)
    assert book.told[-1].status == 180
    report(book, "SIP/2.0 200 OK", cseq=book.last("INVITE").cseq.number + 1)
    assert book.last("481").cseq.method == "NOTIFY"

import pytest

from benchmarks import report
from benchmarks.parsing import run, show, unlike
from benchmarks.specimens import SPECIMENS
from sip import sdp
from sip.parser import parse


@pytest.mark.parametrize("name", SPECIMENS)
def test_every_specimen_is_a_whole_message_with_a_good_description(name):
    message = parse(SPECIMENS[name])
    assert message.headers.get("Content-Length") == str(len(message.body))
    if message.body:
        assert sdp.parse(message.body).media[0].kind == "audio"


def test_no_two_calls_are_the_same():
    calls = [parse(each) for each in unlike(SPECIMENS["INVITE, a carrier"], range(3))]
    assert len({call.call_id for call in calls}) == 3
    assert len({call.from_.tag for call in calls}) == 3
    assert len({call.via.branch for call in calls}) == 3


def test_a_run_has_a_figure_for_everything():
    record = run(count=3, rounds=2)
    assert set(record["messages"]) == set(SPECIMENS)
    assert all(each["message_us"] > 0 for each in record["messages"].values())
    show(record, report.Console(quiet=True))

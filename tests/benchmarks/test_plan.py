import argparse

import pytest

from benchmarks import hd
from benchmarks.plan import WAYS, add_options, plan_from


def plan(*arguments: str):
    parser = argparse.ArgumentParser()
    add_options(parser)
    return plan_from(parser.parse_args(arguments))


def test_what_is_not_said_is_the_plan_of_the_comparison():
    found = plan()
    assert (found.codec, found.network, found.endurance, found.quiet) == ("pcmu", "clean", False, "silence")


@pytest.mark.parametrize("network", WAYS)
def test_a_network_is_known_by_its_name(network):
    assert plan("--network", network).network == network


@pytest.mark.parametrize(
    "arguments",
    [("--participants", "0"), ("--ramp", "0"), ("--phases", "41"), ("--quiet", "dtx"), ("--codec", "g729")],
)
def test_what_cannot_be_is_refused(arguments):
    with pytest.raises(SystemExit):
        plan(*arguments)


def test_a_codec_that_this_machine_lacks_is_refused_in_words(monkeypatch):
    monkeypatch.setattr(hd, "missing", lambda codec: f"no {codec}")
    with pytest.raises(SystemExit, match="no opus"):
        plan("--codec", "opus")
    assert plan("--codec", "pcma").codec == "pcma"

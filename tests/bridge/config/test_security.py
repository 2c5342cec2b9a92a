"""What is set of security, as the guard takes it."""

from bridge.config import check, read
from bridge.config.security import Security
from sip.guard import GuardSettings, Strangers
from sip.scanners import SCANNERS


def test_the_defaults_are_those_of_the_guard() -> None:
    ours, its = Security().guard(), GuardSettings()
    assert (ours.strangers, ours.scanners, ours.ban_s, ours.ban_longest_s) == (
        its.strangers,
        its.scanners,
        its.ban_s,
        its.ban_longest_s,
    )
    for name in ("datagrams", "requests", "invites", "registers"):
        assert getattr(ours, name)[0] == getattr(its, name)[0]


def test_a_stranger_may_call_and_this_machine_may_do_all_unless_told_otherwise() -> None:
    """A1: whoever dials an access number is heard. A load test from this machine is no attack."""
    security = Security()
    assert Strangers(security.strangers) is Strangers.ANSWER
    assert [str(network) for network in security.exempt] == ["127.0.0.0/8", "::1/128"]


def test_all_of_it_can_be_said() -> None:
    config, faults = read(
        """
[security]
strangers = "silent"
exempt = ["10.0.0.0/8"]
datagrams_per_second = 10
requests_per_second = 9
calls_per_second = 0
registrations_per_second = 7
ban_s = 5
ban_longest_s = 3.0
scanners = ["robot"]
alert_per_minute = 5
"""
    )
    assert faults == []
    guard = config.security.guard(served=("REGISTER",))
    assert guard == GuardSettings(
        strangers=Strangers.SILENT,
        datagrams=(10, 40),
        requests=(9, 36),
        invites=(0, 0),
        registers=(7, 70),
        ban_s=5.0,
        ban_longest_s=5.0,
        scanners=("robot",),
        served=("REGISTER",),
    )


def test_what_cannot_be_is_said_with_its_line() -> None:
    faults = [
        str(fault)
        for fault in check(
            '[security]\nstrangers = "maybe"\nscanners = ["", "ok"]\nban_s = -1\nexempt = ["x"]'
        )
    ]
    assert [fault.partition(":")[0] for fault in faults] == ["line 2", "line 3", "line 4", "line 5"]


def test_the_names_of_scanners_can_all_be_written_in_the_file() -> None:
    listed = ", ".join(f'"{name}"' for name in SCANNERS)
    assert check(f"[security]\nscanners = [{listed}]") == []

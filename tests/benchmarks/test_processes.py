import os
import select
import subprocess
import sys

from benchmarks import processes


def test_stat_is_read_even_with_a_name_full_of_brackets():
    fields = ["S", "7"] + ["0"] * 9 + ["11", "22", "0", "0", "20", "0", "3", "0", "99", "4096", "55"]
    assert processes.parse_stat("42 (a) b (c)) " + " ".join(fields)) == ("a) b (c)", 7, 11, 22, 3, 55)


def test_a_family_is_a_process_and_its_children():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert child.pid in processes.family([os.getpid()])
        assert processes.family([child.pid]) == [child.pid]
        usage = processes.measure([child.pid])
        assert usage.pss_kb > 0
        assert list(usage.cpu_s_of) == [child.pid]
    finally:
        child.communicate(b"\n")
    assert processes.family([child.pid]) == []


def test_work_shows_as_cpu_time():
    before = processes.run_time_s(os.getpid())
    assert before is not None
    for _ in range(100):  # the kernel writes it down at its own ticks, some milliseconds apart
        sum(range(200_000))
        if (processes.run_time_s(os.getpid()) or 0.0) > before:
            return
    raise AssertionError("the clock of the process stands still")


def test_the_machine_line_names_what_a_figure_depends_on():
    assert set(processes.machine_line()) == {"cpu", "cores", "kernel", "python", "numpy"}


def test_the_first_process_and_those_it_started_have_their_shares():
    work = "sum(range(20_000_000))"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {work!r} + '; import sys; sys.stdin.read()']); {work}; sys.stdin.read()"
    running = subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE)
    try:
        for _ in range(1000):
            found = processes.shares([running.pid])
            if found.control_s > 0.1 and found.workers_s > 0.1:
                break
            select.select([], [], [], 0.01)
        assert min(found.control_s, found.workers_s) > 0.1
        assert found.total_s == found.control_s + found.workers_s
        assert len(processes.descriptors([running.pid])) == 2
        assert all(count >= 3 for count in processes.descriptors([running.pid]).values())
        assert processes.waited_s([running.pid]) >= 0
    finally:
        running.communicate()


def test_shares_are_taken_from_each_other_and_by_the_second():
    difference = processes.Shares(5.0, 3.0) - processes.Shares(1.0, 2.0) * 2
    assert difference == processes.Shares(3.0, -1.0)


def test_who_is_gone_has_used_nothing_and_waits_for_nothing():
    assert processes.shares([1 << 30]) == processes.Shares(0.0, 0.0)
    assert processes.waited_s([1 << 30]) == 0.0

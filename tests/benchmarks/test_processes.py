import os
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

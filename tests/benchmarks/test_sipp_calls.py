from benchmarks.sipp_calls import SCENARIO, read


def test_the_last_row_counts():
    counted = "StartTime;SuccessfulCall(C);Retransmissions(C);\na;1;0;\nb;7;2;\n"
    assert read(counted)["SuccessfulCall(C)"] == "7"
    assert read(counted)["Retransmissions(C)"] == "2"
    assert read("") == {}


def test_the_scenario_is_there():
    assert "<scenario" in SCENARIO.read_text()

"""Where signalling is copied to."""

from bridge.config import Address, Config, check, read


def test_nothing_is_copied_unless_told() -> None:
    assert Config().trace.hep is None


def test_a_capture_server_is_an_address_and_we_a_number_to_it() -> None:
    config, faults = read('[trace]\nhep = "192.0.2.9:9060"\nhep_agent = 42')
    assert faults == []
    assert (config.trace.hep, config.trace.hep_agent) == (Address("192.0.2.9", 9060), 42)


def test_a_name_is_no_address() -> None:
    assert len(check('[trace]\nhep = "homer.example:9060"')) == 1

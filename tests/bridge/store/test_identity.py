import re
import uuid

from hypothesis import given
from hypothesis import strategies as st

from bridge.store.identity import ENTROPY_BYTES, unique_id

TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@given(st.floats(0, 1e11), st.binary(min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES))
def test_every_id_is_a_uuid_of_version_7_that_tells_its_time(wall_s: float, entropy: bytes) -> None:
    text = unique_id(wall_s, entropy)
    assert TEXT.fullmatch(text)
    assert uuid.UUID(text).int >> 80 == int(wall_s * 1000)


def test_ids_sort_by_time_and_differ_by_chance() -> None:
    earlier, later = unique_id(1000.000, b"\xff" * 10), unique_id(1000.001, b"\x00" * 10)
    assert earlier < later
    assert unique_id(1.0, b"\x00" * 10) != unique_id(1.0, b"\x00" * 9 + b"\x01")

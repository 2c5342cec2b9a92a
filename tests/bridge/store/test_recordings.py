"""Recordings that are over, as the store keeps them."""

from __future__ import annotations

from bridge.store.database import Database
from bridge.store.recordings import Recorded, RecordedFile, Recordings
from bridge.store.records import ConferenceStarted, Joined, Records

FILES = (
    RecordedFile("c1-20260301T140502Z-1.flac", "", 0.0, 61.5, 500_000),
    RecordedFile("c1-20260301T140502Z-1-p01.flac", "p1", 3.5, 40.0, 200_000),
)


def test_a_recording_is_listed_with_its_files_the_room_and_whose_voice_it_is(database: Database) -> None:
    with database.transaction() as connection:
        records = Records(connection)
        batch = [
            ConferenceStarted("c1", 90.0, "a", None, "board"),
            Joined("p1", "c1", 91.0, "call", "moderator", "+5511", "1000", name="Ana"),
            Recorded("r1", 100.0, "a", "c1", "stopped", 0.25, FILES),
            Recorded("r2", 200.0, "a", "gone", "disk_full", 0.0, ()),
        ]
        records.append(batch)
        records.append(batch)  # the answer to the commit was lost
        recordings = Recordings(connection)
        nothing, mixed, ana = recordings.entries(limit=10)
        assert (nothing.recording, nothing.file, nothing.reason, nothing.room) == ("r2", "", "disk_full", "")
        assert (mixed.file, mixed.participant, mixed.room) == (FILES[0].name, "", "board")
        assert (mixed.length_s, mixed.size_bytes, mixed.missing_s) == (61.5, 500_000, 0.25)
        assert (ana.file, ana.participant, ana.begins_s) == (FILES[1].name, "Ana", 3.5)
        assert [each.recording for each in recordings.entries(since=150.0, limit=10)] == ["r2"]
        assert {each.recording for each in recordings.entries(until=150.0, limit=10)} == {"r1"}
        assert len(recordings.entries(limit=1)) == 1

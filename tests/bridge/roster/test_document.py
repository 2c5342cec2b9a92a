"""Rosters as XML: read back by a parser, in the order of the schema, and safe whatever people are called (RFC 4575)."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.roster.difference import difference
from bridge.roster.document import CONTENT_TYPE, TEXT_LENGTH, full, partial, wrap
from bridge.roster.model import CameBy
from sip.settings import PACKAGES
from tests.bridge.roster.people import LEFT, MODERATOR, MUTED, roster, user
from tests.support.roster_reader import N, Reader

ENTITY = "sip:conf-x@10.0.0.1"


def written(inner, *, version=1, whole=True):
    return wrap(inner, entity=ENTITY, version=version, whole=whole)


def test_a_whole_roster_says_who_is_in_and_how():
    reader = Reader()
    ana, bob = user(1, "Ana", **MODERATOR), user(2, "+5511****4444", came_by=CameBy.DIALED_OUT, **MUTED)
    reader.read(written(full(roster(ana, bob, locked=True))))
    assert (reader.entity, reader.version) == (ENTITY, 1)
    assert reader.description == {"subject": "Sales", "free-text": "c-1"}
    assert reader.state == {"user-count": "2", "active": "true", "locked": "true"}
    assert reader.users == {
        "sip:leg-1@conference.invalid": {
            "display": "Ana", "role": "moderator", "status": "connected", "came by": "dialed-in",
            "joined": "2026-11-22T12:30:00Z", "left by": "", "audio": "sendrecv",
        },
        "sip:leg-2@conference.invalid": {
            "display": "+5511****4444", "role": "participant", "status": "muted-via-focus", "came by": "dialed-out",
            "joined": "2026-11-22T12:30:00Z", "left by": "", "audio": "recvonly",
        },
    }  # fmt: skip


def test_its_type_is_the_one_that_the_package_promises():
    assert PACKAGES["conference"] == CONTENT_TYPE


def test_elements_of_a_telephone_stand_in_the_order_of_the_schema():
    root = ET.fromstring(written(full(roster(user(1, **LEFT)))))
    endpoint = root.find(f"{N}users/{N}user/{N}endpoint")
    order = [child.tag.removeprefix(N) for child in endpoint]
    assert order == ["status", "joining-method", "joining-info", "disconnection-method", "media"]
    assert [child.tag.removeprefix(N) for child in endpoint[-1]] == ["type", "status"]
    assert endpoint.findtext(f"{N}disconnection-method") == "booted"


def test_a_line_that_disturbs_is_described_as_such_in_the_order_of_the_schema():
    before = roster(user(1), user(2))
    root = ET.fromstring(change(before, roster(user(1), user(2, trouble="noise"))))
    (media,) = root.iter(f"{N}media")
    assert [(child.tag.removeprefix(N), child.text) for child in media] == [
        ("display-text", "noise"), ("type", "audio"), ("status", "sendrecv"),
    ]  # fmt: skip


def change(old, new):
    return written(partial(difference(old, new)), version=2, whole=False)


def test_a_mute_is_said_of_one_and_of_nothing_else():
    before = roster(user(1), user(2, "Bob"))
    data = change(before, roster(user(1), user(2, "Bob", **MUTED)))
    root = ET.fromstring(data)
    assert [child.tag for child in root] == [f"{N}users"]
    (muted,) = root.find(f"{N}users")
    assert [child.tag for child in muted] == [f"{N}endpoint"]
    assert muted.attrib == {"entity": "sip:leg-2@conference.invalid", "state": "partial"}
    assert len(data) < 600


def test_a_lock_is_said_without_any_people():
    root = ET.fromstring(change(roster(user(1)), roster(user(1), locked=True)))
    assert [child.tag for child in root] == [f"{N}conference-state"]


def test_a_new_name_is_the_name_alone():
    (named,) = ET.fromstring(change(roster(user(1)), roster(user(1, "Ana Maria")))).find(f"{N}users")
    assert [(child.tag, child.text) for child in named] == [(f"{N}display-text", "Ana Maria")]


def test_a_new_moderator_is_the_role_alone():
    (raised,) = ET.fromstring(change(roster(user(1)), roster(user(1, **MODERATOR)))).find(f"{N}users")
    assert [child.tag for child in raised] == [f"{N}roles"]


def test_who_is_gone_is_named_and_no_more():
    root = ET.fromstring(change(roster(user(1), user(2)), roster(user(1))))
    (gone,) = root.find(f"{N}users")
    assert gone.attrib == {"entity": "sip:leg-2@conference.invalid", "state": "deleted"}
    assert root.findtext(f"{N}conference-state/{N}user-count") == "1"


@pytest.mark.parametrize(
    "name", ["<b>&\"'", "]]>", "\x00\x07\x1b[31m", "\ud800", "Ação \N{GRINNING FACE}", "x" * 999, ""]
)
def test_no_name_breaks_a_document(name):
    reader = Reader()
    reader.read(
        wrap(full(roster(user(1, name), subject=name)), entity=f"sip:{name}@x", version=1, whole=True)
    )
    (shown,) = reader.seen("role")
    assert len(shown) <= TEXT_LENGTH
    assert shown.startswith(name[:1]) or "\N{REPLACEMENT CHARACTER}" in shown


@settings(max_examples=60)
@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_people_are_called_it_is_read_back(name, subject):
    reader = Reader()
    reader.read(written(full(roster(user(1, name), subject=subject))))
    (shown,) = reader.seen("role")
    if name.isprintable():
        assert shown == name


def test_a_hundred_people_fit_into_a_datagram():
    people = [user(number, "+5511****4444" * 2) for number in range(100)]
    assert len(written(full(roster(*people)))) < 60_000

"""The manual's blast dial-out (`*92`, `*3`; service.md O5, G3): all at once, a message, press 1, and nobody by mistake."""

from __future__ import annotations

from typing import Final

import numpy as np

from bridge.blast.states import State as Entry
from bridge.control import protocol
from bridge.service.blast_list import DEFAULT_NAME, BlastEntry
from bridge.store.blast_lists import BlastLists
from bridge.store.messages import Messages
from tests.simulation.office import Office, together
from tests.simulation.phone import BUSY, NEVER_ANSWERS, Manners, Phone, State

MESSAGE_HZ: Final = 1_100
MESSAGE_S: Final = 1.5


class Campaign(Office):
    """An office with a list of people to call, and a message for them."""

    def __init__(self, *, press_one: bool | None = None, message: bool = True) -> None:
        super().__init__()
        self._press_one = press_one
        self._message = message
        self._entries: list[BlastEntry] = []

    def listed(self, name: str, manners: Manners) -> Phone:
        """Somebody whose number is on the list."""
        number = f"+55114100{len(self._entries):04d}"
        self._entries.append(BlastEntry(name, number))
        return self.guest(name, manners, number)

    def prepare(self) -> None:
        """Put the list and its message into the store, as an operator would (O5)."""
        with self.bridge.store.database.transaction() as connection:
            lists = BlastLists(connection)
            made = lists.add(self.pair_id, DEFAULT_NAME, self._entries)
            lists.set_press_one(made.id, self._press_one)
            if self._message:
                time = np.arange(int(8_000 * MESSAGE_S)) / 8_000
                spoken = np.round(4_000 * np.sin(2 * np.pi * MESSAGE_HZ * time)).astype(np.int16)
                lists.set_message(made.id, Messages(self.bridge.state_directory).keep(made.id, spoken))

    def board(self) -> dict[str, Entry]:
        reply = self.bridge.ask(protocol.BlastBoard(self.room.conference_id))
        assert isinstance(reply, protocol.Board)
        return {row.name: row.state for row in reply.rows}


def test_the_manuals_blast_message_press_one_joined_and_star_three_cancels_who_has_not_answered() -> None:
    """`*92`, `*3`: two want in, a voicemail does not, one is busy, one lets it ring."""
    campaign = Campaign()
    bia = campaign.listed("bia", Manners(1.0, keys=""))
    leo = campaign.listed("leo", Manners(2.0, keys=""))
    machine = campaign.listed("machine", Manners(1.5))
    tom = campaign.listed("tom", NEVER_ANSWERS)
    eva = campaign.listed("eva", BUSY)
    campaign.prepare()
    ana, rui = campaign.participant("ana"), campaign.moderator("rui")
    campaign.quiet()
    rui.press("*92")
    campaign.told(rui, "blast_started", count=5)
    campaign.until(lambda: bia.level(MESSAGE_HZ) > -30.0)
    assert ana.level(MESSAGE_HZ) < -60.0
    campaign.told(bia, "blast_press_one")
    assert not bia.hears(ana), "nobody is connected who has not pressed 1"
    assert not ana.hears(bia)
    bia.press("1")
    campaign.told(leo, "blast_press_one")
    leo.press("1")
    campaign.until(lambda: eva.calls_came == 2, within_s=8.0)  # busy is tried again
    assert tom.state is State.RINGING
    rui.press("*3")
    campaign.told(rui, "blast_cancelled", count=1)
    campaign.until(lambda: tom.state is State.OVER, within_s=1.0)
    campaign.told(machine, "blast_declined", within_s=30.0)
    assert not machine.hears(ana)
    campaign.until(lambda: machine.state is State.OVER)
    campaign.told(rui, "blast_answered", count=2)
    assert not ana.heard("blast_answered", count=2, within_s=20.0)
    assert campaign.talk() == together(ana, rui, bia, leo)
    assert campaign.board() == {
        "bia": Entry.JOINED,
        "leo": Entry.JOINED,
        "machine": Entry.NOT_CONFIRMED,
        "tom": Entry.CANCELLED,
        "eva": Entry.BUSY,
    }
    assert {entry.came_by for entry in campaign.records()} == {"dial-in", "blast"}
    campaign.nothing_is_left()


def test_where_no_key_is_asked_for_who_hears_the_message_out_is_connected() -> None:
    """`*92`: "they hear the message and are connected"."""
    campaign = Campaign(press_one=False)
    bia, leo = (
        campaign.listed("bia", Manners(1.0)),
        campaign.listed("leo", Manners(1.0, hangs_up_after_s=0.5)),
    )
    campaign.prepare()
    rui = campaign.moderator("rui")
    campaign.quiet()
    rui.press("*92")
    campaign.until(lambda: campaign.is_in(bia))
    assert bia.ear.presence(MESSAGE_HZ, bia.answered_at, campaign.now).sum() * 0.02 > 0.9 * MESSAGE_S
    campaign.told(rui, "blast_answered", count=1)
    assert leo.state is State.OVER
    assert campaign.talk() == together(rui, bia)
    campaign.nothing_is_left()


def test_whoever_answers_when_the_conference_is_over_or_locked_is_not_connected() -> None:
    """`*7` after `*92`; the moderator's end takes those along who are being called."""
    campaign = Campaign(message=False)
    bia, tom = campaign.listed("bia", Manners(1.0)), campaign.listed("tom", NEVER_ANSWERS)
    campaign.prepare()
    rui = campaign.moderator("rui")
    campaign.quiet()
    rui.press("*92")
    campaign.told(bia, "blast_press_one")
    rui.press("*7")
    campaign.told(rui, "locked")
    bia.press("1")
    campaign.told(bia, "conference_locked")
    campaign.until(lambda: bia.state is State.OVER)
    rui.press("*92")
    campaign.told(rui, "invited_locked")
    rui.hang_up()
    campaign.until(lambda: tom.state is State.OVER, within_s=3.0)
    campaign.nothing_is_left()


def test_without_a_list_or_a_store_the_moderator_is_told() -> None:
    office = Office()
    rui = office.moderator("rui")
    office.quiet()
    rui.press("*92")
    office.told(rui, "blast_no_list")
    rui.press("*3")
    office.told(rui, "blast_nothing_to_cancel")
    office.quiet()
    office.bridge.store.down = True
    rui.press("*92")
    office.told(rui, "not_done")
    office.bridge.store.down = False
    office.nothing_is_left()

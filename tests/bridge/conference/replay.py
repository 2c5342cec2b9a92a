"""A bridge that knows nothing but what it is told to do, and objects to being told nonsense."""

from bridge.conference.effects import (
    CancelTimer,
    ConferenceBegan,
    ConferenceEnded,
    ConferenceOpened,
    Effect,
    Enter,
    HangUp,
    Music,
    RecordJoin,
    RecordLeave,
    Say,
    SayList,
    SayRoom,
    SetAutoGain,
    SetGain,
    SetMute,
    SetSuppression,
    SetTimer,
    TurnAway,
    Withdraw,
)
from bridge.conference.model import LARGEST_GROUP, MAIN, Conference


class Replay:
    """What is so after the effects have been done. A leg that is in nobody's roster is a listening operator's."""

    def __init__(self) -> None:
        self.open = self.begun = False
        self.roster: set[int] = set()
        self.places: dict[int, int] = {}
        self.muted: set[int] = set()
        self.levelled: set[int] = set()
        self.suppressed: set[int] = set()
        self.gains: dict[int, float] = {}
        self.music: set[int] = set()
        self.told_to_go: set[int] = set()
        self.timers: dict[object, float] = {}

    def do(self, effects: list[Effect], after: Conference) -> None:
        """Do them one by one, knowing what the conference has become: nothing on the way may be worse than that."""
        for effect in effects:
            self._record(effect)
            self._route(effect, after)
            self._set(effect, after)
            self._tell(effect, after)

    def exchange(self, old: int, new: int) -> None:
        """Another telephone is in the place of `old`, whose routes and mutes are not undone: it is hung up."""
        self.roster.remove(old)
        self.roster.add(new)
        for told in (self.muted, self.music, self.levelled, self.suppressed):
            told.discard(old)
        self.gains.pop(old, None)

    def _record(self, effect: Effect) -> None:
        match effect:
            case ConferenceOpened():
                assert not self.open
                self.open = True
            case ConferenceBegan():
                assert self.open
                assert not self.begun
                self.begun = True
            case ConferenceEnded():
                assert self.open
                assert not self.roster
                self.open = self.begun = False
            case RecordJoin():
                assert self.open
                assert effect.leg not in self.roster, "recorded twice"
                assert effect.leg not in self.places
                assert effect.leg not in self.muted, "a new leg is unmuted"
                self.roster.add(effect.leg)
            case RecordLeave():
                assert effect.leg not in self.places, "left the table, not the room"
                self.roster.remove(effect.leg)
                for told in (self.muted, self.music, self.told_to_go, self.levelled, self.suppressed):
                    told.discard(effect.leg)
                self.gains.pop(effect.leg, None)
            case TurnAway():
                assert effect.leg not in self.roster

    def _route(self, effect: Effect, after: Conference) -> None:
        match effect:
            case Enter():
                assert self.places.get(effect.leg) != effect.place, "is there"
                assert effect.leg not in self.music
                self.places[effect.leg] = effect.place
                if effect.leg in self.roster:
                    assert self.begun or effect.place > LARGEST_GROUP, "heard the room before it began"
                    assert effect.leg in self.muted or not after.muted(effect.leg), "heard for a moment"
                else:
                    assert effect.place == MAIN
                    assert effect.leg in self.muted, "a monitor that could be heard"
            case Withdraw():
                del self.places[effect.leg]

    def _set(self, effect: Effect, after: Conference) -> None:
        match effect:
            case SetMute():
                assert effect.muted != (effect.leg in self.muted), "told what it knew"
                (self.muted.add if effect.muted else self.muted.remove)(effect.leg)
                if not effect.muted and effect.leg in self.roster and effect.leg in after.participants:
                    assert self.places.get(effect.leg) in {None, after.place(effect.leg)}, (
                        "heard where they were"
                    )
            case SetAutoGain():
                assert effect.on != (effect.leg in self.levelled), "told what it knew"
                (self.levelled.add if effect.on else self.levelled.remove)(effect.leg)
            case SetSuppression():
                assert effect.on != (effect.leg in self.suppressed), "told what it knew"
                (self.suppressed.add if effect.on else self.suppressed.remove)(effect.leg)
            case SetGain():
                assert effect.gain_db != self.gains.get(effect.leg, 0.0), "told what it knew"
                self.gains[effect.leg] = effect.gain_db
            case Music():
                assert effect.on != (effect.leg in self.music), "told what it knew"
                assert not effect.on or effect.leg not in self.places
                (self.music.add if effect.on else self.music.remove)(effect.leg)
            case SetTimer():
                self.timers[effect.key] = effect.at
            case CancelTimer():
                del self.timers[effect.key]

    def _tell(self, effect: Effect, after: Conference) -> None:
        match effect:
            case HangUp():
                assert effect.leg not in self.places
                assert effect.leg not in self.told_to_go
                self.told_to_go.add(effect.leg)
            case Say() | SayList():
                assert effect.leg not in self.told_to_go, "talked over the last words"
            case SayRoom():
                assert not after.settings.open_room
                assert self.begun
                assert effect.place <= LARGEST_GROUP, "talked into a private talk"

"""One trunk: what the configuration says of it, and what is known of it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.config.trunks import Trunk as Settings


class Trunk:
    """A row of the table of trunks."""

    __slots__ = (
        "_bucket",
        "_filled_at",
        "answers",
        "calls_in",
        "calls_out",
        "last_error",
        "order",
        "registered",
        "settings",
        "since",
        "unproved",
    )

    def __init__(self, settings: Settings, order: int) -> None:
        self.settings = settings
        self.order = order
        """Its place in the configuration."""
        self.answers = True
        """Our OPTIONS; also while none has been sent."""
        self.registered = not settings.register
        """Whether our registration holds; also where none is wanted."""
        self.calls_out = 0
        self.calls_in = 0
        self.unproved: dict[int, None] = {}
        """Calls in by UDP whose ACK has not come, by the number of their leg, the oldest first. They may be forged."""
        self.last_error = ""
        """The last thing that went wrong, in words."""
        self.since: float | None = None
        """When it last went up or down."""
        self._bucket = float(settings.calls_per_second)
        self._filled_at: float | None = None

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def is_up(self) -> bool:
        return self.answers and self.registered

    def is_full(self, now: float) -> bool:
        """Whether one call more would be above its limits."""
        most = self.settings.calls_out
        return (most > 0 and self.calls_out >= most) or self._tokens(now) < 1.0

    def takes_in(self) -> bool:
        """Whether one call more may come in."""
        most = self.settings.calls_in
        return most == 0 or self.calls_in < most

    def placed(self, now: float) -> None:
        """A call goes out."""
        self.calls_out += 1
        if self.settings.calls_per_second:
            self._bucket, self._filled_at = self._tokens(now) - 1.0, now

    def _tokens(self, now: float) -> float:
        """How many calls may go out at once now: a second's worth at most."""
        rate = self.settings.calls_per_second
        if not rate:
            return 1.0
        if self._filled_at is None:
            return self._bucket
        return min(float(rate), self._bucket + (now - self._filled_at) * rate)

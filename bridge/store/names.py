"""Recorded names of known people, kept from one conference to the next where the pair wants it (C2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.store import sounds

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

FOLDER: Final = "names"
"""In the state directory; a file for each person, called by their number."""

LONGEST_NAME_S: Final = 15.0
"""Longer than anybody is let speak at that prompt; a longer recording is refused."""


class Names:
    """The kept names. Each method waits for the disk: call it in the store's thread.

    Parameters
    ----------
    state : Path
        The state directory.
    """

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER

    def keep(self, person: int, pcm: NDArray[np.int16]) -> None:
        """Keep how `person` is called; raises `StoreError` where that cannot be, the call goes on without.

        pcm : ndarray of shape (S,), int16 at 8 kHz
        """
        sounds.keep(self._path(person), pcm, longest_s=LONGEST_NAME_S)

    def load(self, person: int) -> NDArray[np.int16] | None:
        """What `keep` was given; None where nothing is kept.

        returns : ndarray of shape (S,), int16 at 8 kHz
        """
        return sounds.load(self._path(person))

    def forget(self, person: int) -> None:
        sounds.forget(self._path(person))

    def _path(self, person: int) -> Path:
        return self._folder / f"{person}{sounds.SUFFIX}"

"""What people hear whom a blast calls (O5): a recording for each list, uploaded or spoken by telephone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.store import sounds
from bridge.store.errors import StoreRefusedError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

FOLDER: Final = "messages"
"""In the state directory."""

LONGEST_MESSAGE_S: Final = 60.0
"""Nobody who is called listens for longer; a longer recording is refused."""


class Messages:
    """The recorded messages. Each method waits for the disk: call it in the store's thread.

    Parameters
    ----------
    state : Path
        The state directory.
    """

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER

    def keep(self, blast_list: int, pcm: NDArray[np.int16]) -> str:
        """Keep the message of a list; what is to be given to `BlastLists.set_message`.

        pcm : ndarray of shape (S,), int16 at 8 kHz
        """
        file = f"list-{blast_list}{sounds.SUFFIX}"
        sounds.keep(self._folder / file, pcm, longest_s=LONGEST_MESSAGE_S)
        return file

    def take(self, blast_list: int, path: Path) -> str:
        """Keep a copy of somebody's WAV, FLAC or Ogg file of any rate as the message of a list."""
        pcm = sounds.read(path)
        try:
            return self.keep(blast_list, pcm)
        except StoreRefusedError as error:
            raise StoreRefusedError(f"{path}: {error}") from error

    def load(self, file: str) -> NDArray[np.int16] | None:
        """The message in `file`, as `BlastList.message` names it; None where there is none.

        returns : ndarray of shape (S,), int16 at 8 kHz
        """
        return sounds.load(self._folder / file) if file else None

    def forget(self, file: str) -> None:
        if file:
            sounds.forget(self._folder / file)

"""The folder of recordings as time goes by: what a crash left unfinished, and what has been kept for long enough.

Only files that are called as ours are looked at; whatever else lies there stays.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from pathlib import Path
from typing import Final

from media.recording.names import PART, is_ours

DAY_S: Final = 86_400.0


def unfinished(folder: Path) -> list[str]:
    """Files that nobody writes to any more and that are not finished: whoever writes one holds a lock on it."""
    return [name for name in _ours(folder) if name.endswith(PART) and not _is_written(folder / name)]


def remove_old(folder: Path, days: int, wall_s: float) -> list[str]:
    """Remove recordings that were finished more than so many days ago; returns their names."""
    removed = []
    for name in _ours(folder):
        path = folder / name
        with contextlib.suppress(OSError):
            facts = path.lstat()
            old = wall_s - facts.st_mtime > days * DAY_S
            if old and stat.S_ISREG(facts.st_mode) and not (name.endswith(PART) and _is_written(path)):
                path.unlink()
                removed.append(name)
    return removed


def _ours(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir() if is_ours(path.name))
    except OSError:
        return []


def _is_written(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return True  # not to be opened, so not to be touched
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False

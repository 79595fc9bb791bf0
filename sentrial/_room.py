"""How much room a spool may take, and what goes first where it takes more.

A newcomer's mistake: to drop the segment that is written to. Only a sealed one can go: nobody writes to it, and what
was in it can be counted.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentrial._folder import Folder


def crowded(folders: Sequence[Folder], most_bytes: int, free_bytes: int) -> bool:
    """Whether folders take more room than they may.

    Args:
        folders: The folders, at least one.
        most_bytes: How large they may be together.
        free_bytes: How much of the disk must stay free, but never more than a twentieth of it.
    """
    if sum(folder.bytes_held() for folder in folders) > most_bytes:
        return True
    try:
        disk = os.statvfs(folders[-1].path)
    except (OSError, AttributeError):  # Windows has no statvfs
        return False
    return disk.f_bavail * disk.f_frsize < min(free_bytes, disk.f_blocks * disk.f_frsize // 20)


def drop_oldest(folders: Sequence[Folder]) -> tuple[Folder, int] | None:
    """Delete the oldest sealed segment; its folder and how many waiting events that cost. None where there is none.

    Raises:
        OSError: It can't be counted just now.
    """
    for folder in folders:
        dropped = folder.drop_oldest()
        if dropped is not None:
            return folder, dropped
    return None

"""Where spools are kept: the user's state folder, or the next best place that is nobody else's.

A newcomer's mistake: to trust a folder among everybody's temporary files because its name is right. Somebody else
may have made it, or a link of that name: it counts only if it is a real folder, this user's, and closed to others.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from sentrial._disk import is_far
from sentrial._folder import Folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_LASTING = Path("/var/tmp")  # noqa: S108 - only a folder of this user's own in it is used, after a look
DESTINATION = "destination.json"
"""For people: the address and the project that the events beside it are for. Never the key."""


def state_folders(
    given: str | None, *, far: Callable[[Path], bool] = is_far, lasting: Path = _LASTING
) -> Sequence[Path]:
    """The folders to try for the spool, the best first.

    Args:
        given: The folder the user asked for, or None for the user's state folder. If that one is on another
            machine's disk, a folder on this machine's comes before it.
        far: Whether a path is on another machine's disk.
        lasting: The folder for temporary files that outlive a restart of the machine.
    """
    import tempfile  # noqa: PLC0415 - loaded with the first event, not at import

    import platformdirs  # noqa: PLC0415

    if given is not None:
        return (Path(given),)
    folders = [platformdirs.user_state_path("sentrial") / "spool"]
    if far(folders[0]) and lasting.is_dir() and not far(lasting):
        folders.insert(0, lasting / _private_name() / "spool")
    with contextlib.suppress(OSError):  # there may be no folder for temporary files that can be written
        folders.append(Path(tempfile.gettempdir(), _private_name(), "spool"))
    return tuple(dict.fromkeys(folders))


def is_ours(root: Path) -> bool:
    """Whether a folder of spools can be trusted: one among everybody's temporary files must be this user's alone."""
    if root.parent.name != _private_name() or not hasattr(os, "getuid"):
        return True
    try:
        found = root.parent.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077 and found.st_uid == _user()


def make_folder(root: Path, destination: str, about: Mapping[str, str | None] | None) -> Folder:
    """A new folder for this process, and beside it, for people, what the destination is.

    Raises:
        OSError: The disk refuses, or the place is not to be trusted.
    """
    if root.parent.name == _private_name():
        root.parent.mkdir(mode=0o700, exist_ok=True)
        if not is_ours(root):
            raise PermissionError(f"{root.parent} is not a private folder of this user")
    folder = Folder.make(root / destination)
    if about is not None:
        with contextlib.suppress(OSError):
            describe(folder, about)
    return folder


def describe(folder: Folder, about: Mapping[str, str | None]) -> None:
    """Write beside a folder of ours what its destination is, unless that is there already.

    Raises:
        OSError: The disk refuses.
    """
    if (folder.path.parent / DESTINATION).exists():
        return
    written = folder.path / "about"  # within the folder, so that nothing else remains of a process that is killed here
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(dict(about), file)
    written.rename(folder.path.parent / DESTINATION)


def _private_name() -> str:
    return f"sentrial-{_user()}"


def _user() -> int | str:
    return os.getuid() if hasattr(os, "getuid") else "user"

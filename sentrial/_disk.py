"""How bytes reach a disk: writing and opening without giving up the GIL, forcing, and disks that are far away.

`os.write` gives up the GIL, and beside a busy thread waits 5 ms to get it back: a call through `ctypes.PyDLL` keeps
it. The price is that the whole program stands still while the disk does; so never on a network's filesystem.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable

    Write: TypeAlias = Callable[[int, bytes, int], int]
    """Like write(2): a descriptor, the bytes, how many. -1 stands for an error, and an OSError may, too."""
    Open: TypeAlias = Callable[[Path], int]

_MOUNTS = Path("/proc/self/mountinfo")
_FAR = frozenset(
    {
        *("9p", "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs", "gfs2", "glusterfs", "gpfs", "lustre"),
        *("ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "panfs", "pvfs2", "smb3", "smbfs", "vboxsf", "virtiofs"),
    }
)
_APPENDING = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)


def _open(path: Path) -> int:
    # For reading too: where somebody deletes the folder, this is the only way to what it held.
    return os.open(path, _APPENDING, 0o600)


def _write(descriptor: int, data: bytes, _size: int) -> int:
    return os.write(descriptor, data)


class Calls(NamedTuple):
    """The calls that an append makes; of the system, or a test's own."""

    write: Write = _write
    open: Open = _open
    close: Callable[[int], Any] = os.close


def keeping_gil() -> Calls:
    """Calls that keep the GIL; the usual ones where there is no libc to call."""
    try:
        import ctypes  # noqa: PLC0415 - loaded with the first event, not at import

        library = ctypes.PyDLL(None)
        write, close, open_file = library.write, library.close, library.open
    except (ImportError, OSError, AttributeError, TypeError):
        return Calls()
    # Without declared types, bytes and small numbers are passed as they are, which saves 0.3 us of 2.2.
    if sys.platform != "linux":
        return Calls(write)  # elsewhere a mode may have to be passed in another way

    def open_keeping(path: Path) -> int:
        descriptor: int = open_file(os.fsencode(path), _APPENDING, 0o600)
        # The slow way says why not, or gets it done where a signal came in between.
        return descriptor if descriptor >= 0 else _open(path)

    return Calls(write, open_keeping, close)


def is_far(path: Path, mounts: Path = _MOUNTS) -> bool:
    """Whether a path, or the nearest folder above it that exists, is on another machine's disk.

    Args:
        path: The path asked about.
        mounts: The kernel's list of mounts. Where there is none, every disk counts as near.
    """
    device = _device(path)
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    for line in lines:
        words = line.split()
        if len(words) > 9 and words[2] == device and "-" in words:
            kind = words[words.index("-") + 1]
            return kind in _FAR or kind == "fuse" or kind.startswith("fuse.")
    return False


def _device(path: Path) -> str | None:
    for existing in (path, *path.parents):
        try:
            number = existing.stat().st_dev
        except OSError:
            continue
        return f"{os.major(number)}:{os.minor(number)}" if hasattr(os, "major") else None
    return None


def _blocks() -> int | None:
    if resource is None or not hasattr(resource, "RUSAGE_THREAD"):
        return None
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw


class Disk(NamedTuple):
    """What the spool needs of the disk and of time; the defaults are the real thing.

    Attributes:
        swift: Gives the calls that keep the GIL.
        patient: The calls that let other threads run meanwhile: for slow disks.
        force: Brings a file or a folder, given by its descriptor, from the kernel to the disk.
        clock: Monotonic seconds.
        blocks: How often this thread had to wait so far; None where the system does not tell.
        far: Whether a path is on another machine's disk.
    """

    swift: Callable[[], Calls] = keeping_gil
    patient: Calls = Calls()
    force: Callable[[int], None] = os.fsync
    clock: Callable[[], float] = time.monotonic
    blocks: Callable[[], int | None] = _blocks
    far: Callable[[Path], bool] = is_far

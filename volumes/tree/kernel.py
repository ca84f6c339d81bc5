"""Calls of Linux that Python does not have: opening beneath a folder, renaming onto nothing, exchanging, flushing all.

`openat2` resolves a whole path in one call. Where it is missing (before Linux 5.6, or forbidden by a seccomp profile)
each name is opened by itself, from the descriptor of the one before: the same outcome, a call for each name.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from functools import cache
from pathlib import Path

from volumes.tree.names import Place

# The same numbers on every architecture but Alpha: openat2 by design, renameat2 through the C library's own wrapper.
_OPENAT2 = 437
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_NO_SYMLINKS = 0x04
_RESOLVE_BENEATH = 0x08
_RENAME_NOREPLACE = 1
_RENAME_EXCHANGE = 2
_AT_FDCWD = -100

# To open a folder that is read, and, beside how it is written, a file that must be new.
FOLDER = os.O_RDONLY | os.O_DIRECTORY
NEW_FILE = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW

_C = ctypes.CDLL(None, use_errno=True)


class _How(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def open_beneath(folder: int, place: Place, flags: int) -> int:
    """Open what is at `place` below the folder. A link in its way, or in its end, is an ELOOP."""
    if has_openat2():
        return _openat2(folder, place, flags)
    return _walk(folder, place, flags)


@cache
def has_openat2() -> bool:
    folder = os.open("/", os.O_PATH | os.O_DIRECTORY)
    try:
        os.close(_openat2(folder, (), os.O_PATH))
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EPERM):
            return False
        raise
    finally:
        os.close(folder)
    return True


def _openat2(folder: int, place: Place, flags: int) -> int:
    path = os.fsencode("/".join(place) or ".")
    # With O_PATH, O_NOFOLLOW would open a link itself; RESOLVE_NO_SYMLINKS refuses it.
    how = _How(flags | os.O_CLOEXEC, 0, _RESOLVE_BENEATH | _RESOLVE_NO_MAGICLINKS | _RESOLVE_NO_SYMLINKS)
    descriptor = _C.syscall(
        ctypes.c_long(_OPENAT2), folder, ctypes.c_char_p(path), ctypes.byref(how), ctypes.c_size_t(ctypes.sizeof(how))
    )
    return _checked(descriptor)


def _walk(folder: int, place: Place, flags: int) -> int:
    *way, last = (".", *place)
    here = os.dup(folder)
    try:
        for name in way:
            deeper = _open_itself(name, os.O_PATH | os.O_DIRECTORY, here)
            os.close(here)
            here = deeper
        return _open_itself(last, flags, here)
    finally:
        os.close(here)


def _open_itself(name: str, flags: int, folder: int) -> int:
    """Open the entry, unless it is a link."""
    descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=folder)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISLNK(mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if flags & os.O_DIRECTORY and not stat.S_ISDIR(mode):
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if flags & os.O_PATH:
            return os.dup(descriptor)
        return reopen(descriptor, flags)
    finally:
        os.close(descriptor)


def reopen(descriptor: int, flags: int) -> int:
    """Open what an O_PATH descriptor stands for: that very file, wherever its name leads by now."""
    return os.open(path_of(descriptor), flags)


def path_of(descriptor: int) -> str:
    """For calls that take no descriptor, or none of O_PATH: leads to that very file as well."""
    return f"/proc/self/fd/{descriptor}"


def rename_onto_nothing(name: str, folder: int, new_name: str, new_folder: int) -> None:
    """Rename; EEXIST if there is anything of the new name, in one step with finding that out."""
    _rename(name, folder, new_name, new_folder, _RENAME_NOREPLACE)


def exchange(path: Path, other: Path) -> None:
    """Have each in the place of the other, in one step. Nobody else may change the way to either."""
    _rename(str(path), _AT_FDCWD, str(other), _AT_FDCWD, _RENAME_EXCHANGE)


def _rename(name: str, folder: int, new_name: str, new_folder: int, how: int) -> None:
    _checked(
        _C.renameat2(
            folder,
            ctypes.c_char_p(os.fsencode(name)),
            new_folder,
            ctypes.c_char_p(os.fsencode(new_name)),
            ctypes.c_uint(how),
        )
    )


def flush_all(descriptor: int) -> None:
    """Have all that was written to the descriptor's file system on the disk: cheaper than file by file."""
    _checked(_C.syncfs(descriptor))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result

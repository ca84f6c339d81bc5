"""SFTP as asyncssh speaks it: each operation is handed to the desk, in a thread, and what it refuses is said."""

from __future__ import annotations

import asyncio
import stat
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from os import fsencode, stat_result, statvfs_result
from typing import Concatenate, ParamSpec, TypeVar, cast

from asyncssh import (
    FXF_APPEND,
    FXF_CREAT,
    FXF_EXCL,
    FXF_TRUNC,
    FXF_WRITE,
    SFTPAttrs,
    SFTPError,
    SFTPFailure,
    SFTPName,
    SFTPNoSpaceOnFilesystem,
    SFTPNoSuchFile,
    SFTPPermissionDenied,
    SFTPServer,
    SSHServerChannel,
)
from asyncssh.channel import SSHChannel
from asyncssh.constants import (
    FILEXFER_TYPE_DIRECTORY,
    FILEXFER_TYPE_REGULAR,
    FILEXFER_TYPE_SPECIAL,
    FILEXFER_TYPE_SYMLINK,
)
from django.db import DatabaseError

from containers.sftp import paths
from containers.sftp.desk import Changes, Desk, Handle, Rows
from containers.sftp.threads import Threads
from containers.sftp.visits import Visit
from rules import request_id, subject
from rules.errors import Forbidden, LightdError, NotFound, OutOfSpace
from volumes.tree import Opening
from volumes.tree.draft import FILE_MODE, FOLDER_MODE

P = ParamSpec("P")
R = TypeVar("R")

MOST_LISTINGS = 100  # folders open at once, in one session
ENTRIES = 128  # of a folder, read at a time; as many as one answer has
UMASK = 0o022  # as servers have it, of what is made; a chmod is taken as it is
SECOND = 10**9  # nanoseconds
LATEST = 2**32 - 1  # Unix seconds, of the protocol

_TYPES = {
    stat.S_IFREG: FILEXFER_TYPE_REGULAR,
    stat.S_IFDIR: FILEXFER_TYPE_DIRECTORY,
    stat.S_IFLNK: FILEXFER_TYPE_SYMLINK,
}

_ERRORS: dict[type[LightdError], Callable[[str], SFTPError]] = {
    NotFound: SFTPNoSuchFile,
    Forbidden: SFTPPermissionDenied,
    OutOfSpace: SFTPNoSpaceOnFilesystem,
}


def told(refusal: LightdError) -> SFTPError:
    """A refusal as SFTP has it."""
    return _ERRORS.get(type(refusal), SFTPFailure)(refusal.sentence)


class Files(SFTPServer):
    """One session's. asyncssh asks for one thing after the other."""

    def __init__(
        self,
        channel: SSHChannel[bytes],
        visit: Visit,
        desk: Desk,
        threads: Threads,
        drain: Callable[[], Awaitable[None]],
    ) -> None:
        """
        Args:
            drain: waits until the client has taken most of what it was sent.
        """
        super().__init__(cast(SSHServerChannel[bytes], channel))
        self.gone = asyncio.Event()
        self.has_left = False  # the client: nothing is told to it any more
        self._visit = visit
        self._desk = desk
        self._threads = threads
        self._drain = drain
        self._listings: weakref.WeakSet[Entries] = weakref.WeakSet()

    async def do(self, step: Callable[Concatenate[Desk, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Have the desk do it."""
        await self._drain()
        try:
            self._visit.use()
            return await self._threads.run(partial(self._in_its_name, step, *args, **kwargs))
        except LightdError as refusal:
            raise told(refusal) from None
        except DatabaseError:
            raise SFTPFailure("The database is busy; try again") from None

    def _in_its_name(self, step: Callable[Concatenate[Desk, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        request_id.use(self._visit.request_id)
        subject.is_container(self._visit.guest.internal_id)
        with self._desk.lock:
            return step(self._desk, *args, **kwargs)

    async def exit(self) -> None:
        try:
            await self._threads.run(partial(self._in_its_name, Desk.leave))
        finally:
            self.channel.exit(0)  # asyncssh only closes it, which OpenSSH's scp takes for a failure
            self.gone.set()

    # Looking

    async def stat(self, path: bytes) -> SFTPAttrs:
        return attributes(await self.do(Desk.status, path))

    lstat = stat  # no link is followed

    async def realpath(self, path: bytes) -> bytes:
        return await self.do(lambda _: paths.absolute(path))

    def scandir(self, path: bytes) -> AsyncIterator[SFTPName]:
        if len(self._listings) >= MOST_LISTINGS:
            raise SFTPFailure(f"You already have {MOST_LISTINGS} folders open, which is the most")
        entries = Entries(self, path)
        self._listings.add(entries)
        return entries

    async def readlink(self, path: bytes) -> bytes:
        return await self.do(Desk.read_link, path)

    async def statvfs(self, path: bytes) -> statvfs_result:
        return await self.do(Desk.space)

    async def fstatvfs(self, file_obj: object) -> statvfs_result:
        return await self.do(Desk.space)

    def format_user(self, uid: int | None) -> str:
        """A number: the host's names are not the container's."""
        return str(uid)

    def format_group(self, gid: int | None) -> str:
        return str(gid)

    # Files that are open

    async def open(self, path: bytes, pflags: int, attrs: SFTPAttrs) -> object:
        if not pflags & (FXF_WRITE | FXF_APPEND):
            return await self.do(Desk.open_to_read, path)
        how = Opening(
            create=bool(pflags & FXF_CREAT),
            exclusive=bool(pflags & FXF_EXCL),
            truncate=bool(pflags & FXF_TRUNC),
            append=bool(pflags & FXF_APPEND),
            mode=mode_of_new(attrs, FILE_MODE),
        )
        return await self.do(Desk.open_to_write, path, how)

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        return await self.do(Desk.read, cast(Handle, file_obj), offset, size)

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        await self.do(Desk.write, cast(Handle, file_obj), offset, data)
        return len(data)

    async def fstat(self, file_obj: object) -> SFTPAttrs:
        handle = cast(Handle, file_obj)
        return attributes(await self.do(lambda _: handle.file.status()))

    async def fsetstat(self, file_obj: object, attrs: SFTPAttrs) -> None:
        await self.do(Desk.change_open, cast(Handle, file_obj), changes_of(attrs))

    async def fsync(self, file_obj: object) -> None:
        handle = cast(Handle, file_obj)
        await self.do(lambda _: handle.file.flush())

    async def close(self, file_obj: object) -> None:
        """Also when the connection is lost: then asyncssh closes what its client has not."""
        try:
            await self._threads.run(partial(self._in_its_name, Desk.close, cast(Handle, file_obj)))
        except LightdError as refusal:
            if not self.has_left:
                raise told(refusal) from None

    # Changing

    async def setstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        await self.do(Desk.change, path, changes_of(attrs))

    lsetstat = setstat

    async def mkdir(self, path: bytes, attrs: SFTPAttrs) -> None:
        await self.do(Desk.make_folder, path, mode_of_new(attrs, FOLDER_MODE))

    async def remove(self, path: bytes) -> None:
        await self.do(Desk.delete_file, path)

    async def rmdir(self, path: bytes) -> None:
        await self.do(Desk.delete_folder, path)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        await self.do(Desk.move, oldpath, newpath)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        await self.do(Desk.replace, oldpath, newpath)

    async def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        await self.do(Desk.make_link, newpath, oldpath)

    async def link(self, oldpath: bytes, newpath: bytes) -> None:
        await self.do(Desk.make_hard_link, oldpath, newpath)


class Entries:
    """A folder's entries, as asyncssh asks for them: read some at a time, and closed with the last mention of it."""

    def __init__(self, files: Files, path: bytes) -> None:
        self._files = files
        self._path = path
        self._rows: Rows | None = None
        self._read: list[tuple[str, stat_result]] = []

    def __aiter__(self) -> Entries:
        return self

    async def __anext__(self) -> SFTPName:
        if not self._read:
            self._read = await self._more()
            self._read.reverse()
        if not self._read:
            raise StopAsyncIteration
        name, status = self._read.pop()
        return SFTPName(fsencode(name), attrs=attributes(status))

    async def _more(self) -> list[tuple[str, stat_result]]:
        if self._rows is None:
            self._rows = await self._files.do(Desk.rows, self._path)
        return await self._files.do(Desk.more, self._rows, ENTRIES)


def attributes(status: stat_result) -> SFTPAttrs:
    """Without names of owners, which asyncssh would look up among the host's."""
    return SFTPAttrs(
        type=_TYPES.get(stat.S_IFMT(status.st_mode), FILEXFER_TYPE_SPECIAL),
        size=status.st_size,
        uid=status.st_uid,
        gid=status.st_gid,
        permissions=status.st_mode,
        atime=_time(status.st_atime),
        mtime=_time(status.st_mtime),
        nlink=status.st_nlink,
    )


def _time(seconds: float) -> int:
    """Containers may set any: one that the protocol cannot say would cost the client the whole folder."""
    return min(max(int(seconds), 0), LATEST)


def changes_of(attrs: SFTPAttrs) -> Changes:
    times = None
    if attrs.atime is not None and attrs.mtime is not None:  # the protocol has them together
        times = attrs.atime * SECOND, attrs.mtime * SECOND
    return Changes(size=attrs.size, mode=attrs.permissions, times=times, owner=attrs.uid)


def mode_of_new(attrs: SFTPAttrs, usual: int) -> int:
    return usual if attrs.permissions is None else attrs.permissions & 0o777 & ~UMASK

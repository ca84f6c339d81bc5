"""What may be in an archive: the rules for names and links, of those that we pack and those that we unpack."""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from rules.errors import Invalid
from volumes.archives.formats import tarfile, zipfile, zstd
from volumes.tree import Kind, Place, parse
from volumes.tree.entries import Owner
from volumes.tree.names import shown

LONGEST_PATH = 4095  # bytes, the kernel's
LONGEST_TARGET = 4095
# Folders in each other. Deeper ones are made by programs that went wrong.
DEEPEST = 100

# Bytes, each with its offset in the file: between them may be holes.
Pieces: TypeAlias = Iterator[tuple[int, bytes]]


@dataclass(frozen=True)
class Member:
    """An entry as the archive has it; nothing of it is to be believed."""

    path: str  # as callers write paths
    kind: Kind
    size: int  # bytes when unpacked
    mode: int | None  # None: it does not say
    modified_ns: int
    target: str  # of a link
    pieces: Callable[[], Pieces]  # of a file; to be taken before the next member
    problem: str = ""  # why it cannot be unpacked, whatever else it is
    owner: Owner | None = None  # None: it does not say


def refusal(path: str, reason: str) -> Invalid:
    """Of the whole archive, for one of its members."""
    return Invalid(f"The archive is refused: {reason}: {path[:LONGEST_PATH]}")


def stays_inside(place: Place, target: str) -> bool:
    """Whether a link at the place leads to something beside or below it in the same archive.

    Ways up count only at the beginning: behind a name they would depend on what that name is.
    """
    names = [name for name in target.split("/") if name not in ("", ".")]
    ups = next((number for number, name in enumerate(names) if name != ".."), len(names))
    return bool(target) and not target.startswith("/") and ups < len(place) and ".." not in names[ups:]


class Checked:
    """Looks at each member before it is made, and remembers the names there were."""

    def __init__(self) -> None:
        # Hashes: names by the hundred thousand would take their length in memory.
        self._files: set[int] = set()
        self._folders: set[int] = set()
        self._spellings: dict[int, int] = {}

    def place(self, member: Member) -> Place:
        """Where the member goes. Raises Invalid, with its name, if it may go nowhere."""
        if member.problem:
            raise refusal(member.path, member.problem)
        place = _parsed(member)
        if len(place) > DEEPEST:
            raise refusal(member.path, f"more than {DEEPEST} folders in each other")
        if not place and member.kind != Kind.DIRECTORY:
            raise refusal(member.path, "a name is missing")
        if member.kind == Kind.SYMLINK and not stays_inside(place, member.target):
            raise refusal(member.path, f"a link that leads out of it, to {shown(member.target[:LONGEST_TARGET])}")
        self._remember(place, member)
        return place

    def owner(self, member: Member) -> Owner | None:
        """Whom the member is to belong to; None: whom its folder belongs to, as all that comes from elsewhere."""
        return None

    def _remember(self, place: Place, member: Member) -> None:
        last = len(place) if member.kind == Kind.DIRECTORY else len(place) - 1
        for depth in range(last, 0, -1):
            folder = hash(place[:depth])
            if folder in self._folders:
                break  # and with it those above
            self._add(place[:depth], member)
            self._folders.add(folder)
        if member.kind != Kind.DIRECTORY:
            if hash(place) in self._folders:
                raise refusal(member.path, "a name twice")
            self._add(place, member)
            self._files.add(hash(place))

    def _add(self, place: Place, member: Member) -> None:
        if hash(place) in self._files:
            raise refusal(member.path, "a name twice")
        spelling = self._spellings.setdefault(hash(tuple(name.casefold() for name in place)), hash(place))
        if spelling != hash(place):
            raise refusal(member.path, "two names that differ only in upper and lower case")


class CheckedCopy(Checked):
    """The same for an archive that we made of a volume ourselves: it may have what a disk can hold, so also links that
    lead anywhere, which nobody here follows, and names that differ only in upper and lower case. Its files belong to
    whom they belonged: to the users inside the container."""

    def place(self, member: Member) -> Place:
        if member.problem:
            raise refusal(member.path, member.problem)
        return _parsed(member)

    def owner(self, member: Member) -> Owner | None:
        return member.owner


def _parsed(member: Member) -> Place:
    try:
        place = parse(member.path)
    except Invalid as error:
        raise refusal(member.path.replace("\0", "\\0"), error.sentence) from None
    if len(member.path.encode(errors="surrogateescape")) > LONGEST_PATH:
        raise refusal(member.path, "its path is too long")
    return place


# What the libraries raise when a file is not what it says it is.
_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    zstd.ZstdError,
    struct.error,
    EOFError,
    ValueError,
    ArithmeticError,
    LookupError,
    RuntimeError,
)


@contextmanager
def reading() -> Iterator[None]:
    """What is wrong with an archive is told to the caller."""
    try:
        yield
    except _DAMAGE as error:
        raise damaged(error) from None
    except OSError as error:
        if error.errno is not None:
            raise  # the disk's, and not the archive's
        raise damaged(error) from None


def damaged(error: object) -> Invalid:
    return Invalid(f"The archive is damaged, or of an unknown kind: {error}"[:500])

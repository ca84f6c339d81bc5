"""Making an archive of files and folders, as a stream: nothing of it is kept, on a disk or in memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from rules.errors import Invalid, NotFound
from volumes.archives.formats import Format
from volumes.archives.members import LONGEST_PATH, stays_inside
from volumes.archives.meter import Meter
from volumes.archives.tars import TarWriter
from volumes.archives.zips import ZipWriter
from volumes.tree import DRAFT, PIECE, Entry, Kind, OpenFile, Place, Tree
from volumes.tree.names import path_of

_NAMED = 100


@dataclass
class LeftOut:
    """What cannot be in an archive: pipes, devices, links that lead out of it, and paths that are too long, which a
    program that went wild makes. Only the first are named."""

    count: int = 0
    paths: list[str] = field(default_factory=list)

    def add(self, place: Place) -> None:
        self.count += 1
        if len(self.paths) < _NAMED:
            self.paths.append(path_of(place))


@dataclass(frozen=True)
class Choice:
    """What of all that is there an archive is to have."""

    ignores: Callable[[Place, Entry], bool] = lambda place, entry: False
    # By the link's path in the archive, and where it leads.
    keeps_link: Callable[[Place, str], bool] = stays_inside


_EVERYTHING = Choice()


def pack(
    tree: Tree,
    places: Iterable[Place],
    kind: Format,
    meter: Meter,
    left_out: LeftOut | None = None,
    choice: Choice = _EVERYTHING,
) -> Generator[bytes, None, None]:
    """The bytes of an archive of what is at the places, by their names from the folder that has them all."""
    wanted = without_those_within(places)
    packer = _Packer(tree, kind, len(_shared(wanted)), meter, left_out or LeftOut(), choice)
    return _in_pieces(packer.pack(wanted))


def measure(tree: Tree, places: Iterable[Place], choice: Choice = _EVERYTHING) -> int:
    """Bytes of all the files that `pack` finds."""
    everything = _everything(tree, without_those_within(places), choice, LeftOut())
    return sum(entry.size for _, entry in everything if entry.kind == Kind.FILE)


def without_those_within(places: Iterable[Place]) -> list[Place]:
    """The places, each once, without those that are in another one of them."""
    wanted = set(places)
    return sorted(place for place in wanted if not any(place[:depth] in wanted for depth in range(len(place))))


def _shared(places: list[Place]) -> Place:
    """The folder that has them all; the whole volume is within itself."""
    parents = [place[:-1] for place in places]
    levels = takewhile(lambda names: len(set(names)) == 1, zip(*parents, strict=False))
    return tuple(names[0] for names in levels)


def _everything(tree: Tree, places: list[Place], choice: Choice, left_out: LeftOut) -> Iterator[tuple[Place, Entry]]:
    for place in places:
        entry = tree.look(place)
        if place:
            yield place, entry
        if entry.kind == Kind.DIRECTORY:
            found = tree.walk(place, left_out.add)
            yield from (each for each in found if not (_is_draft(each[0]) or choice.ignores(*each)))


def _is_draft(place: Place) -> bool:
    return any(name.startswith(DRAFT) for name in place)


class _Packer:
    """Adds one entry after the other, and leaves out what no archive may have or what is gone when its turn comes."""

    def __init__(self, tree: Tree, kind: Format, above: int, meter: Meter, left_out: LeftOut, choice: Choice) -> None:
        """
        Args:
            above: how many names of a place are not in the archive.
        """
        self._tree = tree
        self._above = above
        self._writer = ZipWriter() if kind == Format.ZIP else TarWriter(kind)
        self._meter = meter
        self._left_out = left_out
        self._choice = choice

    def pack(self, places: list[Place]) -> Iterator[bytes]:
        for place, entry in _everything(self._tree, places, self._choice, self._left_out):
            path = "/".join(place[self._above :])
            if len(os.fsencode(path)) > LONGEST_PATH:
                self._left_out.add(place)
                continue
            try:
                yield from self._entry(place, path, entry)
            except (NotFound, Invalid):
                self._left_out.add(place)  # gone, or something else by now
        yield from self._writer.end()

    def _entry(self, place: Place, path: str, entry: Entry) -> Iterator[bytes]:
        match entry.kind:
            case Kind.FILE:
                with self._tree.open(place) as file:
                    yield from self._add(path, file.entry, _content(file, self._meter))
            case Kind.DIRECTORY:
                yield from self._add(path, entry)
            case Kind.SYMLINK:
                link = self._tree.look(place)
                if link.target is None or not self._choice.keeps_link(place[self._above :], link.target):
                    self._left_out.add(place)
                else:
                    yield from self._add(path, link)
            case _:
                self._left_out.add(place)

    def _add(self, path: str, entry: Entry, content: Iterable[bytes] = ()) -> Iterator[bytes]:
        self._meter.count_entry()
        yield from self._writer.add(path, entry, content)


def _content(file: OpenFile, meter: Meter) -> Iterator[bytes]:
    """As long as it was when it was opened: its container may never stop adding to it."""
    offset = 0
    while offset < file.entry.size and (piece := file.read(offset, min(PIECE, file.entry.size - offset))):
        meter.check()
        meter.done += len(piece)
        offset += len(piece)
        yield piece


def _in_pieces(bits: Iterator[bytes]) -> Generator[bytes, None, None]:
    """The same bytes, in pieces worth sending."""
    gathered = bytearray()
    for bit in bits:
        gathered += bit
        if len(gathered) >= PIECE:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)

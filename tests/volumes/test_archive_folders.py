"""Folders get their modes and times when all is in them, however many there are."""

import tarfile
import tracemalloc
from pathlib import Path

from tests.volumes.archives import PLENTY, entry, tar_of
from volumes.archives import CheckedCopy, Meter, unpack
from volumes.archives.folders import Folder, Folders
from volumes.tree import Tree

FEW, MANY = 100, 2_100
ALLOWED = 300  # bytes for each; kept as they are in the archive they were 1,600


def test_they_come_back_as_they_were_the_lowest_first() -> None:
    top, low = Folder(("a",), 0o700, -1, (1000, 1001)), Folder(("a", "\udcff b"), None, 1 << 62, None)
    root, again = Folder((), 0o755, 0, (0, 0)), Folder(("a",), 0o500, 2, None)

    with Folders() as folders:
        for each in (top, root, low, again):
            folders.add(each)

        assert list(folders.lowest_first()) == [low, top, again, root]


def memory_for(number: int, place: Path) -> int:
    """Bytes at most while so many are unpacked from a backup."""
    place.mkdir()
    (place / "inside").mkdir()
    (place / "archive").write_bytes(tar_of(*(entry(f"world/{each}", tarfile.DIRTYPE) for each in range(number))))
    with Tree.at(place) as tree, tree.open(("archive",)) as file, tree.below(("inside",)) as inside:
        tracemalloc.start()
        try:
            unpack(file, inside, Meter(PLENTY), CheckedCopy())
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def test_many_take_hardly_more_memory_than_few(tmp_path: Path) -> None:
    few, many = memory_for(FEW, tmp_path / "few"), memory_for(MANY, tmp_path / "many")

    assert many - few < (MANY - FEW) * ALLOWED

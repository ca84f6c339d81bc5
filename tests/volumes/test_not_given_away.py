"""What is made where it cannot be given to whom its folder belongs."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rules.errors import Forbidden
from tests.volumes.conftest import put
from volumes.tree import Opening, PosixTree

USER = 1000


def grow(tree: PosixTree) -> None:
    with tree.growing(("grown",), 0, replace=False) as growing:
        growing.write(b"x")


def unpack(tree: PosixTree) -> None:
    with tree.new_file(("unpacked",)) as new:
        new.finish(0, None, 0, (USER, USER))


FILES: dict[str, Callable[[PosixTree], None]] = {
    "written": lambda tree: put(tree, "written"),
    "old": lambda tree: put(tree, "old"),
    "grown": grow,
    "unpacked": unpack,
    "by sftp": lambda tree: tree.open_to_write(("by sftp",), Opening(create=True)).close(),
    "copied": lambda tree: tree.copy(("old",), ("copied",)),
}
OTHERS: dict[str, Callable[[PosixTree], None]] = {
    "folder": lambda tree: tree.make_folder(("folder",)),
    "link": lambda tree: tree.make_link(("link",), "old"),
    "copied link": lambda tree: tree.copy(("old link",), ("copied link",)),
    "copied folder": lambda tree: tree.copy(("old folder",), ("copied folder",)),
}


@pytest.fixture
def tree(folder: Path) -> Iterator[PosixTree]:
    """With a little of everything in it, all the user's of the container."""
    (folder / "old").touch()
    (folder / "old link").symlink_to("old")
    (folder / "old folder").mkdir()
    for path in (folder, *folder.iterdir()):
        os.chown(path, USER, USER, follow_symlinks=False)
    with PosixTree.at(folder) as tree:
        yield tree


@pytest.fixture
def _no_owner_is_changed(tree: PosixTree, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the kernel refuses it to whoever is not root, and some disks to everybody."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "fchown", refuse)
    monkeypatch.setattr(os, "chown", refuse)


@pytest.mark.usefixtures("_no_owner_is_changed")
@pytest.mark.parametrize("name", [*FILES, *OTHERS])
def test_served_by_somebody_but_root_it_is_theirs(
    tree: PosixTree, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: USER + 1)

    (FILES | OTHERS)[name](tree)

    assert (folder / name).lstat().st_uid == os.getuid()


@pytest.mark.usefixtures("_no_owner_is_changed")
@pytest.mark.parametrize("name", list(FILES))
def test_a_file_whose_owner_is_refused_leaves_nothing(tree: PosixTree, folder: Path, name: str) -> None:
    there, opened = sorted(os.listdir(folder)), len(os.listdir("/proc/self/fd"))

    with pytest.raises(Forbidden):
        FILES[name](tree)

    assert sorted(os.listdir(folder)) == there
    assert len(os.listdir("/proc/self/fd")) == opened

"""Single steps: each does what is asked and nothing beside it, and none follows a link."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rules.errors import Conflict, Forbidden, Invalid, LightdError, NotFound
from volumes.tree import Opening, PosixTree, parse

NEW = Opening(create=True)
TIME = 1_700_000_000 * 10**9  # nanoseconds


@pytest.fixture
def posix(folder: Path, way: str) -> Iterator[PosixTree]:
    with PosixTree.at(folder) as tree:
        yield tree


def write(tree: PosixTree, path: str, how: Opening, offset: int = 0, data: bytes = b"data") -> None:
    file = tree.open_to_write(parse(path), how)
    try:
        file.write(offset, data)
    finally:
        file.close()


def test_a_file_is_written_anywhere(posix: PosixTree, folder: Path) -> None:
    write(posix, "file", NEW, 0, b"hello world")
    write(posix, "file", Opening(), 6, b"W")
    write(posix, "file", Opening(append=True), 0, b"!")

    assert (folder / "file").read_bytes() == b"hello World!"


def test_a_file_is_emptied_only_when_asked(posix: PosixTree, folder: Path) -> None:
    (folder / "file").write_text("before")

    posix.open_to_write(("file",), NEW).close()
    assert (folder / "file").read_text() == "before"
    write(posix, "file", Opening(create=True, truncate=True), data=b"x")
    assert (folder / "file").read_text() == "x"


def test_what_is_changed_is_known(posix: PosixTree, folder: Path) -> None:
    (folder / "file").touch()
    file = posix.open_to_write(("file",), NEW)
    before = file.is_changed
    file.write(0, b"x")
    assert (before, file.is_changed) == (False, True)
    file.close()
    with_new = posix.open_to_write(("new",), NEW)
    assert with_new.is_changed
    with_new.close()


def test_an_exclusive_file_is_new(posix: PosixTree, folder: Path) -> None:
    (folder / "file").touch()

    with pytest.raises(Conflict, match="File already exists at path: file"):
        posix.open_to_write(("file",), Opening(create=True, exclusive=True))
    with pytest.raises(NotFound):
        posix.open_to_write(("none",), Opening())


def test_what_is_new_belongs_to_whom_the_folder_belongs(posix: PosixTree, folder: Path) -> None:
    (folder / "theirs").mkdir()
    os.chown(folder / "theirs", 1234, 1235)

    write(posix, "theirs/file", Opening(create=True, mode=0o640))
    posix.make_single_folder(("theirs", "folder"), 0o750)
    posix.make_link(("theirs", "link"), "file")

    for name, mode in (("file", 0o640), ("folder", 0o750), ("link", 0o777)):
        status = (folder / "theirs" / name).lstat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (1234, 1235, mode), name


def test_a_single_folder_needs_the_one_that_it_is_in(posix: PosixTree) -> None:
    with pytest.raises(NotFound):
        posix.make_single_folder(("a", "b"), 0o755)


def test_files_and_empty_folders_are_deleted_each_by_its_own_step(posix: PosixTree, folder: Path) -> None:
    (folder / "full").mkdir()
    (folder / "full/file").touch()

    with pytest.raises(Invalid, match="This is a folder: full"):
        posix.delete_file(("full",))
    with pytest.raises(Conflict, match="The folder is not empty: full"):
        posix.delete_empty_folder(("full",))
    posix.delete_file(("full", "file"))
    posix.delete_empty_folder(("full",))

    assert list(folder.iterdir()) == []


def test_a_rename_replaces(posix: PosixTree, folder: Path) -> None:
    (folder / "new").write_text("new")
    (folder / "old").write_text("old")

    posix.replace(("new",), ("old",))

    assert [path.name for path in folder.iterdir()] == ["old"]
    assert (folder / "old").read_text() == "new"


def test_a_refusal_names_the_place_that_it_is_about(posix: PosixTree, folder: Path) -> None:
    (folder / "file").touch()
    (folder / "folder").mkdir()

    with pytest.raises(NotFound, match="none"):
        posix.replace(("none",), ("file",))
    with pytest.raises(NotFound, match="nowhere/file"):
        posix.replace(("file",), ("nowhere", "file"))
    with pytest.raises(Conflict, match="at path: folder"):
        posix.make_hard_link(("file",), ("folder",))
    with pytest.raises(Invalid, match="moved into itself"):
        posix.replace(("folder",), ("folder", "in"))


def test_links_lead_where_they_say(posix: PosixTree, folder: Path) -> None:
    (folder / "file").write_text("x")
    (folder / "folder").mkdir()

    posix.make_link(("soft",), "/home/container/file")
    posix.make_hard_link(("file",), ("hard",))

    assert posix.read_link(("soft",)) == "/home/container/file"
    assert (folder / "hard").samefile(folder / "file")
    with pytest.raises(Forbidden):
        posix.make_hard_link(("folder",), ("second",))


def test_times_and_sizes(posix: PosixTree, folder: Path) -> None:
    (folder / "file").write_text("hello")

    posix.change_times(("file",), TIME, TIME + 1)
    assert (posix.status(("file",)).st_atime_ns, posix.status(("file",)).st_mtime_ns) == (TIME, TIME + 1)
    posix.resize(("file",), 2)
    assert (folder / "file").read_text() == "he"


def test_a_listing_comes_in_parts(posix: PosixTree, folder: Path) -> None:
    for number in range(10):
        (folder / str(number)).touch()
    before = len(os.listdir("/proc/self/fd"))
    listing = posix.listing(())

    parts = []
    while part := listing.next(4):
        parts.append(part)

    assert [len(part) for part in parts] == [4, 4, 2]
    assert sorted(name for part in parts for name, _ in part) == [str(number) for number in range(10)]
    del listing
    assert len(os.listdir("/proc/self/fd")) == before


STEPS: dict[str, Callable[[PosixTree, str], object]] = {
    "status": lambda tree, path: tree.status(parse(f"{path}/secret")),
    "listing": lambda tree, path: tree.listing(parse(path)),
    "read": lambda tree, path: tree.open_to_read(parse(f"{path}/secret")),
    "write": lambda tree, path: tree.open_to_write(parse(f"{path}/secret"), NEW),
    "create": lambda tree, path: tree.open_to_write(parse(f"{path}/new"), NEW),
    "folder": lambda tree, path: tree.make_single_folder(parse(f"{path}/new"), 0o755),
    "delete": lambda tree, path: tree.delete_file(parse(f"{path}/secret")),
    "rename in": lambda tree, path: tree.replace(("file",), parse(f"{path}/secret")),
    "rename out": lambda tree, path: tree.replace(parse(f"{path}/secret"), ("file",)),
    "link": lambda tree, path: tree.make_link(parse(f"{path}/new"), "x"),
    "hard link in": lambda tree, path: tree.make_hard_link(("file",), parse(f"{path}/new")),
    "hard link out": lambda tree, path: tree.make_hard_link(parse(f"{path}/secret"), ("new",)),
    "resize": lambda tree, path: tree.resize(parse(f"{path}/secret"), 0),
    "times": lambda tree, path: tree.change_times(parse(f"{path}/secret"), 0, 0),
    "read link": lambda tree, path: tree.read_link(parse(f"{path}/secret")),
}


@pytest.mark.parametrize("step", STEPS)
def test_no_step_goes_through_a_link(posix: PosixTree, folder: Path, step: str) -> None:
    (folder / "file").touch()
    (folder / "out").symlink_to(folder.parent / "outside")
    (folder / "in").symlink_to(folder)
    before = (folder.parent / "outside/secret").stat()

    for path in ("out", "in"):
        with pytest.raises(LightdError):
            STEPS[step](posix, path)

    assert [path.name for path in (folder.parent / "outside").iterdir()] == ["secret"]
    assert (folder.parent / "outside/secret").stat().st_ctime_ns == before.st_ctime_ns


@pytest.mark.parametrize("step", ["read", "write", "resize", "times"])
def test_nor_to_where_one_leads(posix: PosixTree, folder: Path, step: str) -> None:
    (folder / "folder").mkdir()
    (folder / "folder/secret").symlink_to(folder.parent / "outside/secret")

    with pytest.raises(Invalid, match="Links are not followed"):
        STEPS[step](posix, "folder")


def test_a_renamed_or_deleted_link_is_the_link_itself(posix: PosixTree, folder: Path) -> None:
    (folder / "link").symlink_to(folder.parent / "outside/secret")
    (folder / "file").write_text("x")

    posix.replace(("file",), ("link",))

    assert (folder / "link").read_text() == "x"
    assert (folder.parent / "outside/secret").read_text() == "secret"


def test_pipes_are_not_opened(posix: PosixTree, folder: Path) -> None:
    os.mkfifo(folder / "pipe")

    with pytest.raises(Invalid, match="neither a file nor a folder"):
        posix.open_to_read(("pipe",))
    with pytest.raises(Invalid, match="neither a file nor a folder"):
        posix.open_to_write(("pipe",), NEW)

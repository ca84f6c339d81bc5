"""Links are what they are: shown, moved, copied and deleted, and never followed."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from rules.errors import Invalid, LightdError
from tests.volumes.conftest import names, put
from volumes.tree import Kind, Tree, parse

WAYS_OUT = ["../outside", "{outside}", "/", "/proc/self/root", "inner/../../outside"]
USES: dict[str, Callable[[Tree, str], object]] = {
    "list": lambda tree, path: tree.list(parse(path)),
    "open": lambda tree, path: tree.open(parse(f"{path}/secret")),
    "look": lambda tree, path: tree.look(parse(f"{path}/secret")),
    "search": lambda tree, path: tree.search(parse(path), "s", 10),
    "write": lambda tree, path: put(tree, f"{path}/secret", b"changed"),
    "create": lambda tree, path: put(tree, f"{path}/new"),
    "grow": lambda tree, path: tree.growing(parse(f"{path}/new"), 0, replace=True).__enter__(),
    "make folder": lambda tree, path: tree.make_folder(parse(f"{path}/new")),
    "make way": lambda tree, path: tree.make_way(parse(f"{path}/a/b")),
    "copy from": lambda tree, path: tree.copy(parse(f"{path}/secret"), parse("copied")),
    "copy to": lambda tree, path: tree.copy(parse("mine"), parse(f"{path}/copied")),
    "move from": lambda tree, path: tree.move(parse(f"{path}/secret"), parse("moved")),
    "move to": lambda tree, path: tree.move(parse("mine"), parse(f"{path}/moved")),
    "delete": lambda tree, path: tree.delete(parse(f"{path}/secret")),
    "chmod": lambda tree, path: tree.change_mode(parse(f"{path}/secret"), 0o777),
    "chmod itself": lambda tree, path: tree.change_mode(parse(path), 0o777),
}


def everything(folder: Path) -> list[tuple[str, int, int]]:
    """Each entry with its mode and the time of its last change, of whatever kind."""
    found = [folder, *sorted(folder.rglob("*"))]
    return [(str(path), path.lstat().st_mode, path.lstat().st_ctime_ns) for path in found]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("target", WAYS_OUT)
def test_nothing_is_reached_through_a_link(tree: Tree, folder: Path, use: str, target: str) -> None:
    outside = folder.parent / "outside"
    (folder / "mine").write_text("mine")
    (folder / "link").symlink_to(target.format(outside=outside))
    before = everything(outside)

    with pytest.raises(LightdError):
        USES[use](tree, "link")

    assert everything(outside) == before
    assert (folder / "mine").read_text() == "mine"
    assert sorted(names(tree)) == ["link", "mine"]


def test_a_link_is_listed_with_where_it_leads(tree: Tree, folder: Path) -> None:
    (folder / "link").symlink_to("/etc/passwd")

    (entry,) = tree.list(())[0]

    assert (entry.kind, entry.target, entry.mime) == (Kind.SYMLINK, "/etc/passwd", None)
    assert tree.look(("link",)) == entry


def test_neither_reading_nor_writing_goes_through_a_link_within(tree: Tree, folder: Path) -> None:
    (folder / "file").write_text("content")
    (folder / "link").symlink_to("file")

    for use in (lambda: tree.open(("link",)), lambda: put(tree, "link", b"new")):
        with pytest.raises(Invalid, match=r"^Links are not followed: link$"):
            use()

    assert (folder / "file").read_text() == "content"
    assert (folder / "link").is_symlink()


def test_what_is_done_to_a_link_is_done_to_itself(tree: Tree, folder: Path) -> None:
    (folder / "link").symlink_to("../outside")

    tree.copy(("link",), ("copy",))
    tree.move(("link",), ("moved",))
    assert os.readlink(folder / "copy") == os.readlink(folder / "moved") == "../outside"

    tree.delete(("copy",))
    tree.delete(("moved",))
    assert names(tree) == []
    assert (folder.parent / "outside/secret").exists()


def test_a_folder_is_copied_and_deleted_with_its_links(tree: Tree, folder: Path) -> None:
    (folder / "world").mkdir()
    (folder / "world/link").symlink_to(folder.parent / "outside")

    tree.copy(("world",), ("copy",))
    tree.delete(("world",))

    assert os.readlink(folder / "copy/link") == str(folder.parent / "outside")
    assert (folder.parent / "outside/secret").read_text() == "secret"


def test_pipes_and_devices_are_listed_and_never_opened(tree: Tree, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    os.mknod(folder / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))

    assert {entry.kind for entry in tree.list(())[0]} == {Kind.OTHER}
    for name in ("pipe", "null"):
        with pytest.raises(Invalid, match="neither a file nor a folder"):
            tree.open((name,))
        with pytest.raises(Invalid):
            tree.copy((name,), ("copy",))
        tree.delete((name,))
    assert names(tree) == []

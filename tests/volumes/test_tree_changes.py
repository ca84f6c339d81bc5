"""What a tree does to files and folders, and what it keeps."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rules.errors import Conflict, Invalid, NotFound
from tests.volumes.conftest import names, nest, put
from volumes.tree import Order, Tree, copying, parse

USER = 1000


def owner(path: Path) -> tuple[int, int]:
    return path.stat().st_uid, path.stat().st_gid


def test_what_is_new_belongs_to_whom_its_folder_belongs(tree: Tree, folder: Path) -> None:
    os.chown(folder, USER, USER)

    put(tree, "file")
    tree.make_folder(parse("a/b"))
    with tree.growing(("growing",), 0, replace=False) as growing:
        growing.write(b"x")
    tree.copy(("a",), ("copy",))

    made = list(folder.rglob("*"))
    assert {owner(path) for path in made} == {(USER, USER)}
    assert {path.stat().st_mode & 0o7777 for path in made if path.is_dir()} == {0o755}
    assert {path.stat().st_mode & 0o7777 for path in made if path.is_file()} == {0o644}


def test_a_file_that_is_written_anew_keeps_mode_and_owner(tree: Tree, folder: Path) -> None:
    script = folder / "start.sh"
    script.write_text("old")
    script.chmod(0o4750)
    os.chown(script, USER, USER)

    put(tree, "start.sh", b"new")

    assert script.read_text() == "new"
    assert (script.stat().st_mode & 0o7777, owner(script)) == (0o750, (USER, USER))


def test_a_draft_that_is_not_published_leaves_nothing(tree: Tree, folder: Path) -> None:
    (folder / "file").write_text("old")

    with tree.draft(("file",)) as draft:
        draft.write(b"half")

    assert names(tree) == ["file"]
    assert (folder / "file").read_text() == "old"


def test_a_reader_has_the_old_file_until_the_new_one_is_there(tree: Tree, folder: Path) -> None:
    (folder / "file").write_text("old")
    with tree.open(("file",)) as reader, tree.draft(("file",)) as draft:
        draft.write(b"new")
        assert (folder / "file").read_text() == "old"
        draft.publish(replace=True)
        assert reader.read(0, 100) == b"old"
    assert (folder / "file").read_text() == "new"


def test_a_version_that_is_not_the_expected_one_is_refused(tree: Tree, folder: Path) -> None:
    put(tree, "file", b"1")
    seen = tree.look(("file",)).version
    (folder / "file").write_text("2")

    with pytest.raises(Conflict, match="changed since you opened it"), tree.draft(("file",)) as draft:
        draft.publish(replace=True, expected=seen)
    (folder / "file").unlink()
    with pytest.raises(NotFound, match="deleted since you opened it"), tree.draft(("file",)) as draft:
        draft.publish(replace=True, expected=seen)


def test_nothing_is_ever_in_the_way_and_overwritten(tree: Tree, folder: Path) -> None:
    for name in ("one", "two"):
        put(tree, name, name.encode())
    (folder / "folder").mkdir()

    changes: list[Callable[[], object]] = [
        lambda: tree.move(("one",), ("two",)),
        lambda: tree.copy(("one",), ("two",)),
        lambda: tree.move(("one",), ("folder",)),
        lambda: tree.make_folder(("two",)),
        lambda: put(tree, "two", replace=False),
    ]
    for change in changes:
        with pytest.raises(Conflict, match=r"^File already exists at path: (two|folder)$"):
            change()
    with pytest.raises(Invalid, match="This is a folder: folder"):
        put(tree, "folder")
    assert (folder / "two").read_text() == "two"
    assert sorted(names(tree)) == ["folder", "one", "two"]


def test_a_copy_keeps_modes_times_and_links(tree: Tree, folder: Path) -> None:
    script = folder / "world/bin/start"
    script.parent.mkdir(parents=True)
    script.write_bytes(os.urandom(100_000))
    script.chmod(0o6711)
    os.utime(script, ns=(1_000, 2_000))
    (folder / "world/link").symlink_to("bin/start")

    tree.copy(("world",), ("copy",))

    copy = folder / "copy/bin/start"
    assert copy.read_bytes() == script.read_bytes()
    assert (copy.stat().st_mode & 0o7777, copy.stat().st_mtime_ns) == (0o711, 2_000)
    assert os.readlink(folder / "copy/link") == "bin/start"


@pytest.mark.parametrize("target", ["world/copy", "world/a/copy"])
def test_a_folder_goes_not_into_itself(tree: Tree, folder: Path, target: str) -> None:
    (folder / "world/a").mkdir(parents=True)

    for change in (tree.copy, tree.move):
        with pytest.raises(Invalid, match="into itself: world"):
            change(("world",), parse(target))

    assert [path.name for path in folder.rglob("*")] == ["world", "a"]


def test_a_copy_that_fails_leaves_nothing(tree: Tree, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "world/deep").mkdir(parents=True)
    monkeypatch.setattr(copying, "_DEEPEST", 1)

    with pytest.raises(Invalid):
        tree.copy(("world",), ("copy",))

    assert names(tree) == ["world"]


def test_a_folder_is_deleted_however_deep_it_is_nested(tree: Tree, folder: Path) -> None:
    nest(folder, "d", 3000)

    tree.delete(("d",))

    assert names(tree) == []


def test_what_is_missing_is_named(tree: Tree) -> None:
    for use in (
        lambda: tree.list(parse("a/b")),
        lambda: tree.open(parse("a/b")),
        lambda: tree.delete(parse("a/b")),
        lambda: tree.move(parse("a/b"), parse("c")),
        lambda: tree.copy(parse("a/b"), parse("c")),
        lambda: tree.change_mode(parse("a/b"), 0o600),
    ):
        with pytest.raises(NotFound, match=r"^File not found: a/b$"):
            use()


def test_the_root_is_listed_and_nothing_else_is_done_to_it(tree: Tree) -> None:
    for use in (
        lambda: tree.delete(()),
        lambda: tree.draft(()),
        lambda: tree.make_folder(()),
        lambda: tree.move((), ("a",)),
        lambda: tree.copy((), ("a",)),
        lambda: tree.change_mode((), 0),
        lambda: tree.open(()),
    ):
        with pytest.raises(Invalid):
            use()


def test_a_file_goes_on_where_it_stopped(tree: Tree, folder: Path) -> None:
    with tree.growing(("file",), 0, replace=False) as file:
        file.write(b"half")
    with tree.growing(("file",), 4, replace=False) as file:
        file.write(b" and half")
        assert file.size == 13
    assert (folder / "file").read_text() == "half and half"

    with pytest.raises(Conflict, match="The file has 13 bytes"), tree.growing(("file",), 4, replace=False):
        pass
    with pytest.raises(Conflict, match="File already exists"), tree.growing(("file",), 0, replace=False):
        pass
    with tree.growing(("file",), 0, replace=True) as file:
        assert file.size == 0


def test_a_listing_is_sorted_and_cut(tree: Tree, folder: Path) -> None:
    for name, size in (("b", 2), ("C", 1), ("a", 3)):
        (folder / name).write_bytes(b"x" * size)
        os.utime(folder / name, (size, size))
    (folder / "z").mkdir()
    os.utime(folder / "z", (0, 0))

    def sorted_by(order: Order) -> list[str]:
        return [entry.name for entry in tree.list((), order)[0]]

    assert sorted_by(Order.NAME) == ["z", "a", "b", "C"]
    assert sorted_by(Order.NAME_DOWN) == ["z", "C", "b", "a"]
    assert sorted_by(Order.SIZE)[:3] == ["C", "b", "a"]
    assert sorted_by(Order.MODIFIED_DOWN) == ["a", "b", "C", "z"]
    entries, count = tree.list((), Order.NAME, limit=2, offset=1)
    assert ([entry.name for entry in entries], count) == (["a", "b"], 4)


def test_a_search_finds_names_however_they_are_written(tree: Tree, folder: Path) -> None:
    (folder / "config/deep").mkdir(parents=True)
    for path in ("Server.properties", "config/server.yml", "config/deep/other"):
        (folder / path).touch()

    found = tree.search((), "SERVER", 10)

    assert [place for place, _ in found.entries] == [("Server.properties",), ("config", "server.yml")]
    assert found.complete
    assert not tree.search((), "server", 1).complete
    assert tree.search(("config",), "server", 10).entries[0][0] == ("config", "server.yml")

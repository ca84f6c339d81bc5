"""What is packed and unpacked again is what it was, by us and by the programs that everyone has."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from rules.errors import NotFound
from tests.volumes.archives import PLENTY, Picture, pack_to, picture, unpack_into
from volumes.archives import Format, Limits, Meter, Stopped, pack
from volumes.tree import Place, Tree

FORMATS = list(Format)
NOT_UTF8 = os.fsdecode(b"caf\xe9")
REAL = Path(os.__file__).parent / "json"
OLD = 1_000_000_000_123_456_789  # nanoseconds, 2001


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A bit of everything that a tree may have."""
    source = tmp_path / "source"
    shutil.copytree(REAL, source / "real")
    (source / "empty").mkdir()
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o750)
    (source / NOT_UTF8).write_text("not UTF-8")
    (source / "grüße ☃ a..b ").write_text("Unicode, spaces and dots")
    (source / ("n" * 255)).touch(mode=0o400)
    (source / "\uf7e9").write_text("private use")
    (source / "link").symlink_to("real/decoder.py")
    (source / "real/up").symlink_to("../run.sh")
    (source / "real/dangling").symlink_to("nothing")
    for path in (*source.rglob("*"), source):
        os.utime(path, ns=(OLD, OLD), follow_symlinks=False)
    (source / "empty").chmod(0o500)
    return source


@pytest.mark.parametrize("kind", FORMATS)
def test_bytes_modes_times_and_links_are_kept(tmp_path: Path, source: Path, kind: Format) -> None:
    with Tree.at(source) as tree:
        left_out = pack_to(tmp_path / "archive", tree, [()], kind)
    unpack_into(tmp_path / "out", tmp_path / "archive")

    before, after = picture(source), picture(tmp_path / "out")
    if kind == Format.ZIP:  # which has whole seconds
        before = {name: (mode, time // 10**9 * 10**9, content) for name, (mode, time, content) in before.items()}
    assert after == before
    assert left_out.count == 0


@pytest.mark.parametrize("kind", FORMATS)
def test_tar_and_unzip_understand_it(tmp_path: Path, source: Path, kind: Format) -> None:
    with Tree.at(source) as tree:
        pack_to(tmp_path / f"archive.{kind}", tree, [()], kind)
    (tmp_path / "out").mkdir()

    command = ["unzip", "-q"] if kind == Format.ZIP else ["tar", "-xf"]
    subprocess.run([*command, str(tmp_path / f"archive.{kind}")], cwd=tmp_path / "out", check=True)

    before, after = picture(source), picture(tmp_path / "out")
    if kind == Format.ZIP:  # whose names are Unicode, and its links have no times
        before, after = ascii_contents(before), ascii_contents(after)
    assert {name: after.get(name) for name in before} == before


def ascii_contents(whole: Picture) -> Picture:
    return {name: (0, 0, content) for name, (_, _, content) in whole.items() if name.isascii()}


@pytest.mark.parametrize(
    "command",
    ["zip -qry", "tar -cf", "tar --format=gnu -cf", "tar -czf", "tar -cjf", "tar --zstd --format=posix -cf"],
)
def test_what_they_make_is_understood(tmp_path: Path, source: Path, command: str) -> None:
    subprocess.run([*command.split(), str(tmp_path / "archive"), "real", "run.sh", "empty"], cwd=source, check=True)
    made = tmp_path / ("archive.zip" if command.startswith("zip") else "archive")

    unpack_into(tmp_path / "out", made)

    after = picture(tmp_path / "out")
    packed = (b"real", b"run.sh", b"empty")
    before = {name: kept for name, kept in picture(source).items() if name.split(b"/")[0] in packed}
    if "posix" in command:
        assert after == before
    assert {name: (stat.S_IMODE(kept[0]), kept[2]) for name, kept in after.items()} == {
        name: (stat.S_IMODE(kept[0]), kept[2]) for name, kept in before.items()
    }


def test_what_cannot_be_in_an_archive_is_left_out_and_named(tmp_path: Path) -> None:
    (tmp_path / "source/folder").mkdir(parents=True)
    os.mkfifo(tmp_path / "source/pipe")
    (tmp_path / "source/folder/out").symlink_to("../../x")
    (tmp_path / "source/absolute").symlink_to("/etc")
    (tmp_path / "source/file").write_text("content")
    (tmp_path / "source/.lightd-draft-0").mkdir()

    with Tree.at(tmp_path / "source") as tree:
        left_out = pack_to(tmp_path / "archive", tree, [()], Format.TAR)
    unpack_into(tmp_path / "out", tmp_path / "archive")

    assert (left_out.count, sorted(left_out.paths)) == (3, ["absolute", "folder/out", "pipe"])
    assert set(picture(tmp_path / "out")) == {b"folder", b"file"}


@pytest.mark.parametrize(
    ("places", "names"),
    [
        ([("map",)], {"map", "map/a"}),
        ([("map", "a"), ("map2",)], {"map", "map/a", "map2", "map2/b", "map2/c", "map2/c/d"} - {"map"}),
        ([("map2", "b"), ("map2", "c")], {"b", "c", "c/d"}),
        ([("map2", "c"), ("map2",), ("map2", "b")], {"map2", "map2/b", "map2/c", "map2/c/d"}),
        ([("map2", "c", "d")], {"d"}),
    ],
)
def test_names_begin_at_the_folder_that_has_them_all(tmp_path: Path, places: list[Place], names: set[str]) -> None:
    for path in ("map/a", "map2/b", "map2/c/d"):
        (tmp_path / "source" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "source" / path).touch()

    with Tree.at(tmp_path / "source") as tree:
        pack_to(tmp_path / "archive", tree, places, Format.TAR_GZ)

    listed = subprocess.run(["tar", "-tzf", tmp_path / "archive"], capture_output=True, check=True, text=True).stdout
    assert {name.rstrip("/") for name in listed.splitlines()} == names


def test_a_file_that_shrinks_while_it_is_packed_does_not_shift_the_rest(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source/a").write_bytes(b"x" * (3 << 20))
    with Tree.at(tmp_path / "source") as tree:
        pieces = pack(tree, [("a",)], Format.TAR, Meter(PLENTY))
        archive = next(pieces)
        os.truncate(tmp_path / "source/a", 1 << 20)
        archive += b"".join(pieces)
    (tmp_path / "archive").write_bytes(archive)

    unpack_into(tmp_path / "out", tmp_path / "archive")

    content = (tmp_path / "out/a").read_bytes()
    assert len(content) == 3 << 20
    assert content.rstrip(b"\0") in (b"x" * (1 << 20), b"x" * len(content.rstrip(b"\0")))


@pytest.mark.parametrize("kind", FORMATS)
def test_it_ends_when_nobody_wants_it(tmp_path: Path, source: Path, kind: Format) -> None:
    meter = Meter(Limits(1000, 1 << 30))
    meter.stopped = True

    with Tree.at(source) as tree, pytest.raises(Stopped):
        list(pack(tree, [()], kind, meter))


def test_what_is_not_there_is_not_packed(tmp_path: Path) -> None:
    with Tree.at(tmp_path) as tree, pytest.raises(NotFound):
        list(pack(tree, [("missing",)], Format.ZIP, Meter(PLENTY)))

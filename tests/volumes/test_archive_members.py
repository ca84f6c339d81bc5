"""Members that may not be in an archive: it is refused as a whole, and the member named."""

import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from rules.errors import Invalid
from tests.volumes.archives import entry, tar_of, unpack_into, zip_entry, zip_of

LINK, HARD = tarfile.SYMTYPE, tarfile.LNKTYPE
TRAVERSAL = "Invalid path: path traversal detected"
TWICE = "a name twice"
CASE = "two names that differ only in upper and lower case"
LISTED = b"PK\x01\x02\x14\x03\x14\0\0"  # how a member begins in a zip's list; the last byte has its flags
TARS = {
    "absolute": (tar_of(entry("/etc/evil")), f"{TRAVERSAL}: /etc/evil"),
    "absolute, in a pax header": (tar_of(entry("/" + "e" * 150)), f"{TRAVERSAL}: /{'e' * 150}"),
    "up": (tar_of(entry("../evil")), f"{TRAVERSAL}: ../evil"),
    "up, further down": (tar_of(entry("a/../../evil")), f"{TRAVERSAL}: a/../../evil"),
    "up, a folder": (tar_of(entry("a/..", tarfile.DIRTYPE)), f"{TRAVERSAL}: a/.."),
    "a name of 256 bytes": (tar_of(entry("é" * 128)), "a name is longer than 255 bytes: é"),
    "a path of 5000 bytes": (tar_of(entry("/".join(["d" * 200] * 25))), "its path is too long: d"),
    "101 folders in each other": (tar_of(entry("d/" * 101 + "f")), "more than 100 folders in each other: d/d"),
    "no name": (tar_of(entry(".")), "a name is missing: ."),
    "a hard link": (tar_of(entry("a"), entry("b", HARD, "a")), "a hard link: b"),
    "a hard link out": (tar_of(entry("b", HARD, "/etc/passwd")), "a hard link: b"),
    "a pipe": (tar_of(entry("p", tarfile.FIFOTYPE)), "a pipe: p"),
    "a character device": (tar_of(entry("c", tarfile.CHRTYPE)), "a device: c"),
    "a block device": (tar_of(entry("b", tarfile.BLKTYPE)), "a device: b"),
    "of an unknown kind": (tar_of(entry("u", b"Z")), "an entry of an unknown kind: u"),
    "a link out": (tar_of(entry("d/l", LINK, "../../x")), "a link that leads out of it, to ../../x: d/l"),
    "an absolute link": (tar_of(entry("l", LINK, "/etc")), "a link that leads out of it, to /etc: l"),
    "a link out through a link": (
        tar_of(entry("here", LINK, "."), entry("l", LINK, "here/..")),
        "a link that leads out of it, to here/..: l",
    ),
    "a file twice": (tar_of(entry("a"), entry("a")), f"{TWICE}: a"),
    "a file twice, spelled otherwise": (tar_of(entry("d/a"), entry("d//./a")), f"{TWICE}: d//./a"),
    "a file that was a folder": (tar_of(entry("d/a"), entry("d")), f"{TWICE}: d"),
    "a folder that was a file": (tar_of(entry("d"), entry("d/a")), f"{TWICE}: d/a"),
    "a file in the place of a link": (tar_of(entry("l", LINK, "a"), entry("l")), f"{TWICE}: l"),
    "a file through a link": (tar_of(entry("d", LINK, "."), entry("d/a")), f"{TWICE}: d/a"),
    "files that differ in case": (tar_of(entry("Readme"), entry("README")), f"{CASE}: README"),
    "folders that differ in case": (tar_of(entry("A/x"), entry("a/y")), f"{CASE}: a/y"),
}
ZIPS = {
    "absolute": (zip_of(zip_entry("/etc/evil")), f"{TRAVERSAL}: /etc/evil"),
    "up": (zip_of("a/../../evil"), f"{TRAVERSAL}: a/../../evil"),
    "a name of 256 bytes": (zip_of("n" * 256), "a name is longer than 255 bytes: n"),
    "a pipe": (zip_of(zip_entry("p", stat.S_IFIFO | 0o644)), "a pipe: p"),
    "a device": (zip_of(zip_entry("c", stat.S_IFCHR | 0o644)), "a device: c"),
    "a socket": (zip_of(zip_entry("s", stat.S_IFSOCK | 0o644)), "an entry of an unknown kind: s"),
    "a link out": (
        zip_of(zip_entry("l", stat.S_IFLNK | 0o777), content=b"../x"),
        "a link that leads out of it, to ../x: l",
    ),
    "files that differ in case": (zip_of("Readme", "README"), f"{CASE}: README"),
    "NUL": (zip_of("a_evil").replace(b"a_evil", b"a\0evil"), f"{TRAVERSAL}: a\\0evil"),
    "encrypted": (zip_of("a").replace(LISTED, LISTED[:-1] + b"\x01"), "it is encrypted: a"),
}


@pytest.mark.parametrize(
    ("content", "reason"),
    [*TARS.values(), *ZIPS.values()],
    ids=[*(f"tar: {name}" for name in TARS), *(f"zip: {name}" for name in ZIPS)],
)
def test_a_hostile_member_refuses_the_archive(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "archive").write_bytes(content)

    with pytest.raises(Invalid) as refused:
        unpack_into(tmp_path / "out", tmp_path / "archive")

    assert refused.value.sentence.startswith("The archive is refused: ")
    assert reason in refused.value.sentence
    assert {path.name for path in tmp_path.iterdir()} == {"archive", "out"}


def test_a_file_twice_in_a_zip(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        (tmp_path / "archive").write_bytes(zip_of("a", "a"))

    with pytest.raises(Invalid, match=f"{TWICE}: a"):
        unpack_into(tmp_path / "out", tmp_path / "archive")


def test_two_members_of_the_same_bytes(tmp_path: Path) -> None:
    """So a little data would make a thousand large files."""
    with zipfile.ZipFile(tmp_path / "archive", "w") as archive:
        archive.writestr("a", b"content")
        first, twin = archive.getinfo("a"), zipfile.ZipInfo("b")
        for name in ("header_offset", "CRC", "compress_size", "file_size"):
            setattr(twin, name, getattr(first, name))
        archive.filelist.append(twin)

    with (
        pytest.warns(UserWarning, match="Overlapped"),
        pytest.raises(Invalid, match="it shares its bytes with another one: b"),
    ):
        unpack_into(tmp_path / "out", tmp_path / "archive")


def test_links_that_stay_inside_are_links(tmp_path: Path) -> None:
    members = [entry("d/l", LINK, "../file"), entry("d/m", LINK, "l"), entry("n", LINK, "nowhere/yet"), entry("file")]
    (tmp_path / "archive").write_bytes(tar_of(*members))

    unpack_into(tmp_path / "out", tmp_path / "archive")

    assert [os.readlink(tmp_path / f"out/{name}") for name in ("d/l", "d/m", "n")] == ["../file", "l", "nowhere/yet"]


def test_no_program_gets_its_owner_s_rights(tmp_path: Path) -> None:
    program, folder = entry("program"), entry("folder", tarfile.DIRTYPE)
    program.mode, folder.mode = 0o6755, 0o3777
    (tmp_path / "archive").write_bytes(tar_of(folder, program))

    unpack_into(tmp_path / "out", tmp_path / "archive")

    assert stat.S_IMODE((tmp_path / "out/program").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "out/folder").stat().st_mode) == 0o777


def test_what_belongs_to_others_there_belongs_to_the_folder_s_owner_here(tmp_path: Path) -> None:
    member = entry("d/file")
    member.uid = member.gid = 4242
    (tmp_path / "archive").write_bytes(tar_of(member, entry("d/l", LINK, "file")))

    unpack_into(tmp_path / "out", tmp_path / "archive")

    owner = (tmp_path / "out").stat()
    for name in ("d", "d/file", "d/l"):
        status = (tmp_path / "out" / name).lstat()
        assert (status.st_uid, status.st_gid) == (owner.st_uid, owner.st_gid)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no archive at all",
        b"\x1f\x8bno gzip",
        b"BZhno bzip2",
        b"\x28\xb5\x2f\xfdno zstd",
        b"PK\x03\x04no zip",
        tar_of(entry("a"), content=b"x" * 2000)[:1500],
        tar_of(entry("a"))[:512] + b"\xff" * 512,
        zip_of("a", content=b"content")[:-10],
        zip_of("a", content=b"content").replace(b"content", b"CONTENT"),
    ],
    ids=["empty", "text", "gz", "bz2", "zst", "zip", "cut tar", "broken header", "cut zip", "wrong checksum"],
)
def test_what_is_no_archive_or_a_damaged_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "archive").write_bytes(content)

    with pytest.raises(Invalid, match="The archive is damaged, or of an unknown kind"):
        unpack_into(tmp_path / "out", tmp_path / "archive")

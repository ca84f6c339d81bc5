"""Bombs, and archives that are only large."""

import bz2
import gzip
import io
import os
import resource
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from backports import zstd
from pytest_django import Settings

from rules.errors import Invalid, TooLarge
from tests.volumes.archives import entry, pack_to, tar_of, unpack_into, zip_of
from volumes.archives import Format, Limits
from volumes.archives.meter import FREE
from volumes.tree import Tree

MEBIBYTE = 1 << 20
GIBIBYTE = 1 << 30
MANY = 100_000


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder where a hundred thousand files are made quickly."""
    where = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(prefix="lightd-archives-", dir=where) as folder:
        yield Path(folder)


class Zeros(io.RawIOBase):
    """A file of zeros that takes no place."""

    def __init__(self, size: int) -> None:
        self._left = size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        size = min(size, self._left)
        self._left -= size
        return bytes(size)


def tar_of_zeros(path: Path, size: int) -> None:
    with zstd.open(path, "wb") as file, tarfile.open(fileobj=file, mode="w|") as tar:
        info = entry("zeros")
        info.size = size
        tar.addfile(info, Zeros(size))


def test_any_archive_may_have_a_gibibyte_and_a_large_one_in_proportion(settings: Settings) -> None:
    settings.ARCHIVE_MAX_RATIO, settings.ARCHIVE_MAX_MB = 100, 20 * 1024

    assert Limits.of(1).size == FREE == GIBIBYTE
    assert Limits.of(100 * MEBIBYTE).size == 10_000 * MEBIBYTE
    assert Limits.of(GIBIBYTE).size == 20 * GIBIBYTE


def test_a_bomb_of_zip_is_refused_by_what_it_says(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"{number}", bytes(MEBIBYTE))

    with pytest.raises(TooLarge, match="more than the 10485760 bytes"):
        unpack_into(tmp_path / "out", tmp_path / "bomb", Limits(100, 10 * MEBIBYTE))

    assert len(list((tmp_path / "out").iterdir())) == 10


def test_a_zip_that_says_less_than_it_has_gives_no_more(tmp_path: Path) -> None:
    whole = zip_of("zeros", content=bytes(MEBIBYTE))
    said, less = MEBIBYTE.to_bytes(4, "little"), (1000).to_bytes(4, "little")
    (tmp_path / "bomb").write_bytes(whole.replace(said, less))

    with pytest.raises(Invalid, match="damaged"):
        unpack_into(tmp_path / "out", tmp_path / "bomb")

    assert (tmp_path / "out/zeros").stat().st_size <= 1000


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, zstd.compress])
def test_a_bomb_of_a_tar_is_refused_before_it_is_written(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    tar = tar_of(entry("zeros"), content=bytes(20 * MEBIBYTE))
    (tmp_path / "bomb").write_bytes(compress(tar))

    with pytest.raises(TooLarge):
        unpack_into(tmp_path / "out", tmp_path / "bomb", Limits(100, 10 * MEBIBYTE))

    assert list((tmp_path / "out").iterdir()) == []


def test_zeros_behind_the_end_are_counted(tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(zstd.compress(tar_of(entry("a")) + bytes(20 * MEBIBYTE)))

    with pytest.raises(TooLarge):
        unpack_into(tmp_path / "out", tmp_path / "bomb", Limits(100, 10 * MEBIBYTE))


def test_an_archive_in_an_archive_stays_one(tmp_path: Path) -> None:
    """A nested bomb has nothing that would set it off."""
    inner = zip_of("zeros", content=bytes(MEBIBYTE))
    (tmp_path / "outer").write_bytes(zip_of("inner.zip", content=inner))

    unpack_into(tmp_path / "out", tmp_path / "outer")

    assert (tmp_path / "out/inner.zip").read_bytes() == inner


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_more_entries_than_there_may_be(tmp_path: Path, kind: str) -> None:
    names = [f"{number}" for number in range(11)]
    (tmp_path / "many").write_bytes(tar_of(*map(entry, names)) if kind == "tar" else zip_of(*names))

    with pytest.raises(TooLarge, match="more than 10 entries"):
        unpack_into(tmp_path / "out", tmp_path / "many", Limits(10, MEBIBYTE))


def test_a_header_that_would_take_all_memory(tmp_path: Path) -> None:
    """A name of three gigabytes, which is a few hundred kilobytes when compressed."""
    header = entry("long")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 3 * GIBIBYTE
    with zstd.open(tmp_path / "bomb", "wb") as file:
        file.write(header.tobuf())
        for _ in range(64):
            file.write(bytes(MEBIBYTE))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(Invalid, match="a header is too long"):
        unpack_into(tmp_path / "out", tmp_path / "bomb")

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024


def test_a_chain_of_headers(tmp_path: Path) -> None:
    """Each says that the next one has more to say of a member."""
    header = entry("chain")
    header.type = tarfile.GNUTYPE_LONGNAME
    (tmp_path / "bomb").write_bytes(header.tobuf() * 5000)

    with pytest.raises(Invalid, match="damaged"):
        unpack_into(tmp_path / "out", tmp_path / "bomb")


def test_a_list_of_members_that_would_take_all_memory(tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(zip_of(*(f"{number:0200}" for number in range(10_000))))

    with pytest.raises(Invalid, match="its list of members is too long"):
        unpack_into(tmp_path / "out", tmp_path / "bomb", Limits(100, MEBIBYTE))


@pytest.mark.parametrize("kind", [Format.TAR_ZST, Format.ZIP])
def test_a_hundred_thousand_entries(memory: Path, kind: Format) -> None:
    source = memory / "source"
    for number in range(MANY // 1000):
        (source / f"{number}").mkdir(parents=True)
        for each in range(999):
            (source / f"{number}/{each}").touch()

    with Tree.at(source) as tree:
        pack_to(memory / "archive", tree, [()], kind)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    meter = unpack_into(memory / "out", memory / "archive")

    assert meter.entries == MANY
    assert sum(len(files) + len(folders) for _, folders, files in os.walk(memory / "out")) == MANY
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 160 * 1024


def test_a_member_of_more_than_four_gibibytes_in_a_tar(tmp_path: Path) -> None:
    """A sparse one: what is a hole stays a hole, and takes no time."""
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(5 * GIBIBYTE)
        file.seek(4 * GIBIBYTE + 123_456)
        file.write(b"in the middle")
    os.system(f"tar --sparse -C {tmp_path} -cf {tmp_path}/archive sparse")

    unpack_into(tmp_path / "out", tmp_path / "archive")

    unpacked = tmp_path / "out/sparse"
    assert (unpacked.stat().st_size, unpacked.stat().st_blocks) == (5 * GIBIBYTE, path.stat().st_blocks)
    with unpacked.open("rb") as file:
        file.seek(4 * GIBIBYTE + 123_456)
        assert file.read(13) == b"in the middle"


LARGE = 4 * GIBIBYTE + 10 * MEBIBYTE


def test_a_member_of_more_than_four_gibibytes_in_a_compressed_tar(tmp_path: Path) -> None:
    tar_of_zeros(tmp_path / "archive", LARGE)

    meter = unpack_into(tmp_path / "out", tmp_path / "archive")

    assert (tmp_path / "out/zeros").stat().st_size == LARGE
    assert meter.done == (tmp_path / "archive").stat().st_size


def test_a_member_of_more_than_four_gibibytes_in_a_zip(tmp_path: Path) -> None:
    """Stored, so that the archive is a sparse file, and behind it one that begins there."""
    with (tmp_path / "archive").open("wb") as file, zipfile.ZipFile(Holes(file), "w") as archive:
        with archive.open("zeros", "w", force_zip64=True) as member:
            for _ in range(LARGE // MEBIBYTE):
                member.write(bytes(MEBIBYTE))
        archive.writestr("behind", b"content")

    unpack_into(tmp_path / "out", tmp_path / "archive")

    assert (tmp_path / "out/zeros").stat().st_size == LARGE
    assert (tmp_path / "out/behind").read_bytes() == b"content"


class Holes(io.RawIOBase):
    """A file in which zeros take no place."""

    def __init__(self, file: io.BufferedWriter) -> None:
        self._file = file

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if len(data) == MEBIBYTE:
            self._file.seek(len(data), os.SEEK_CUR)
            return len(data)
        return self._file.write(data)

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def seekable(self) -> bool:
        return True

    def flush(self) -> None:
        self._file.flush()


def test_a_file_of_more_than_four_gibibytes_is_packed(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    with (tmp_path / "source/large").open("wb") as file:
        file.truncate(LARGE)
    (tmp_path / "source/small").write_text("small")
    os.utime(tmp_path / "source/large", (0, 0))

    with Tree.at(tmp_path / "source") as tree:
        pack_to(tmp_path / "archive.zip", tree, [("large",), ("small",)], Format.ZIP)

    with zipfile.ZipFile(tmp_path / "archive.zip") as archive:
        assert {info.filename: info.file_size for info in archive.infolist()} == {"large": LARGE, "small": 5}
        assert archive.read("small") == b"small"

"""The console on disk: every byte once, in order, whoever writes and reads in whatever pieces."""

import os
import resource
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from containers import spool
from containers.spool import Spool, folder

SEGMENT = 64
SEGMENTS = 3

piece = st.binary(max_size=100) | st.sampled_from([b"\n", b"line\r\n", b"x" * 200])
pieces = st.lists(st.none() | piece, max_size=30)  # None: the supervisor is restarted


@pytest.fixture(autouse=True, scope="module")
def _small_segments() -> Iterator[None]:
    """So that a few bytes fill many."""
    patch = pytest.MonkeyPatch()
    patch.setattr(spool, "SEGMENT", SEGMENT)
    patch.setattr(settings, "CONSOLE_KEEP_MB", SEGMENTS)
    patch.setattr(spool, "BLOCK", 16)
    yield
    patch.undo()


def write(directory: Path, written: list[bytes | None]) -> bytes:
    """Writes the pieces; returns all that was ever written."""
    whole = b""
    writer = Spool(directory)
    for data in written:
        if data is None:
            writer.close()
            writer = Spool(directory)
        else:
            whole += data
            assert writer.append(data) == len(whole)
    writer.close()
    return whole


def kept_from(directory: Path) -> int:
    present = spool.segments(folder(directory))
    return present[0].start


@given(written=pieces, start=st.integers(0, 2000), limit=st.integers(0, 2000))
def test_what_is_read_is_what_was_written(written: list[bytes | None], start: int, limit: int) -> None:
    with TemporaryDirectory() as name:
        whole = write(Path(name), written)

        stretch = spool.read(folder(Path(name)), start, limit)

        oldest = max(start, kept_from(Path(name)))
        assert stretch.data == whole[oldest : oldest + limit]
        assert stretch.end == stretch.start + len(stretch.data)
        if stretch.data:
            assert stretch.start == oldest


@given(written=pieces, count=st.integers(0, 20), limit=st.integers(1, 400))
def test_the_last_lines_are_the_last_lines(written: list[bytes | None], count: int, limit: int) -> None:
    with TemporaryDirectory() as name:
        whole = write(Path(name), written)
        kept = whole[max(kept_from(Path(name)), len(whole) - limit) :]
        lines = [line + b"\n" for line in kept.split(b"\n")]
        lines[-1] = lines[-1][:-1]  # has no end yet
        lines = [line for line in lines if line]

        stretch = spool.read_lines(folder(Path(name)), count, limit)

        assert stretch.data == b"".join(lines[max(len(lines) - count, 0) :])
        assert (stretch.start, stretch.end) == (len(whole) - len(stretch.data), len(whole))


@given(written=pieces)
def test_no_more_is_kept_than_so_many_segments(written: list[bytes | None]) -> None:
    with TemporaryDirectory() as name:
        write(Path(name), written)

        present = spool.segments(folder(Path(name)))

        assert len(present) <= SEGMENTS
        assert [one.end for one in present[:-1]] == [one.start for one in present[1:]]
        assert len(list(folder(Path(name)).iterdir())) <= 2 * len(present)


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        return self.now


@given(
    written=st.lists(st.tuples(st.integers(0, 12), st.binary(min_size=1, max_size=30)), min_size=1, max_size=30),
    moment=st.integers(9_990, 10_060),
)
def test_from_a_moment_on_nothing_is_left_out_and_little_else_shown(
    written: list[tuple[int, bytes]], moment: int
) -> None:
    """Times are in tenths of a second."""
    clock = Clock(1000)
    printed: list[tuple[int, int]] = []
    now = 10_000
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "time", clock)
        writer = Spool(Path(name))
        for pause, data in written:
            now += pause
            clock.now = now / 10
            printed.append((now, writer.end))
            writer.append(data)
        writer.close()
        oldest = kept_from(Path(name))

        offset = spool.offset_at(folder(Path(name)), moment / 10)

        since = [start for at, start in printed if at >= moment and start >= oldest]
        before = [start for at, start in printed if at < moment - 11]
        assert offset <= (since[0] if since else writer.end)
        assert offset >= oldest
        assert all(start < offset for start in before)


def test_a_console_without_output_is_empty(tmp_path: Path) -> None:
    console = folder(tmp_path)

    assert spool.read(console, 0, 100) == (b"", 0, 0)
    assert spool.read_lines(console, 10, 100) == (b"", 0, 0)
    assert spool.end(console) == 0
    assert spool.offset_at(console, 0) == 0


def test_only_we_can_read_it(tmp_path: Path) -> None:
    Spool(tmp_path).append(b"secret")

    assert folder(tmp_path).stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder(tmp_path).glob("*.log"))


def test_a_write_that_was_cut_off_is_gone_on_from_where_it_ends(tmp_path: Path) -> None:
    """Only the file is asked: what was counted in memory died with the process."""
    writer = Spool(tmp_path)
    writer.append(b"one")
    with next(folder(tmp_path).glob("*.log")).open("ab") as file:
        file.write(b"tw")

    writer = Spool(tmp_path)

    assert writer.end == 5
    assert writer.append(b"o") == 6
    assert spool.read(folder(tmp_path), 0, 100).data == b"onetwo"


@pytest.mark.timeout(60)
def test_a_reader_beside_the_writer_sees_no_gap_and_no_repeat(tmp_path: Path) -> None:
    """Each number is eight bytes, so any stretch can be checked against its own offset."""
    done = threading.Event()
    writer = Spool(tmp_path)

    def print_numbers() -> None:
        for number in range(20_000):
            writer.append(b"%07d\n" % number)
        done.set()

    def expected(start: int, stop: int) -> bytes:
        numbers = b"".join(b"%07d\n" % number for number in range(start // 8, stop // 8 + 1))
        return numbers[start % 8 : start % 8 + stop - start]

    thread = threading.Thread(target=print_numbers)
    thread.start()
    position = reads = 0
    while not done.is_set():
        stretch = spool.read(folder(tmp_path), position, 100)
        assert stretch.start >= position
        assert stretch.data == expected(stretch.start, stretch.end)
        position = stretch.end
        lines = spool.read_lines(folder(tmp_path), 3, 100)
        assert lines.data == expected(lines.start, lines.end)
        reads += 1
    thread.join()
    writer.close()

    assert reads > 10
    assert spool.end(folder(tmp_path)) == 160_000
    assert sorted(os.listdir(folder(tmp_path)))[0] > "0"


def test_what_a_full_disk_cut_off_is_counted_as_far_as_it_came(tmp_path: Path) -> None:
    """The kernel writes up to its limit of a file's size, as it does up to the end of the disk."""
    writer = Spool(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            writer.append(b"x" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert writer.end == spool.end(folder(tmp_path)) == 40
    assert writer.append(b"y") == 41
    writer.close()


def test_a_segment_that_cannot_be_begun_has_nobody_elses_file_written_into(tmp_path: Path) -> None:
    writer = Spool(tmp_path)
    writer.append(b"x" * SEGMENT)
    in_the_way = folder(tmp_path) / f"{SEGMENT:020d}.log"
    in_the_way.mkdir()

    with pytest.raises(IsADirectoryError):
        writer.append(b"y")
    with (tmp_path / "database").open("wb") as database:  # gets the lowest number that is free
        database.write(b"ours")
        database.flush()
        with pytest.raises(IsADirectoryError):
            writer.append(b"y")
        in_the_way.rmdir()
        writer.append(b"y")
        writer.close()

        assert (tmp_path / "database").read_bytes() == b"ours"
        assert os.fstat(database.fileno()).st_size == 4  # not closed by another
    assert spool.read(folder(tmp_path), 0, 100).data == b"x" * SEGMENT + b"y"

from pathlib import Path

from rules.errors import LightdError
from rules.once import put, put_once
from tests.at_once import at_once


def test_the_first_one_counts(tmp_path: Path) -> None:
    put_once(tmp_path / "key", b"first")
    put_once(tmp_path / "key", b"second")

    assert (tmp_path / "key").read_bytes() == b"first"
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [tmp_path / "key"]


def test_of_several_at_once_all_find_the_same(tmp_path: Path) -> None:
    def made(number: int) -> bytes:
        put_once(tmp_path / "key", b"%d" % number * 100_000)
        return (tmp_path / "key").read_bytes()

    found = [content for content in at_once(made, 8) if not isinstance(content, LightdError)]

    assert found == found[:1] * 8
    assert len(found[0]) == 100_000


def test_the_other_way_the_last_one_counts(tmp_path: Path) -> None:
    put(tmp_path / "key.pub", b"first")
    put(tmp_path / "key.pub", b"second")

    assert (tmp_path / "key.pub").read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [tmp_path / "key.pub"]

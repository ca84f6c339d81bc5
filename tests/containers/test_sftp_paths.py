"""A path means by SFTP what it means inside the container."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from containers.sftp import paths
from containers.sftp.paths import Above
from rules.errors import Forbidden, Invalid, NotFound
from volumes.tree import Place, parse


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (b"", ()),
        (b".", ()),
        (b"/home/container", ()),
        (b"/home/container/", ()),
        (b"a/b", ("a", "b")),
        (b"/home/container/a//b/./c/", ("a", "b", "c")),
        (b"a/../b", ("b",)),
        (b"../container/a", ("a",)),
        (b"home/container", ("home", "container")),
        (b"a..b/...", ("a..b", "...")),
        (b"\xff name", ("\udcff name",)),
    ],
)
def test_the_volume(path: bytes, place: Place) -> None:
    assert paths.find(path) == place
    assert parse(paths.in_volume(path)) == place


@pytest.mark.parametrize(
    ("path", "holds"), [(b"/", b"home"), (b"/..", b"home"), (b"/home", b"container"), (b"..", b"container")]
)
def test_the_way_there_can_be_seen_and_not_changed(path: bytes, holds: bytes) -> None:
    assert paths.find(path) == Above(holds)
    with pytest.raises(Forbidden):
        paths.in_volume(path)


@pytest.mark.parametrize("path", [b"/etc/passwd", b"/home/other", b"../../etc", b"/home/container/../x"])
def test_beside_it_there_is_nothing(path: bytes) -> None:
    with pytest.raises(NotFound):
        paths.find(path)


def test_a_nul_is_no_part_of_a_path() -> None:
    for step in (paths.find, paths.absolute):
        with pytest.raises(Invalid):
            step(b"a\0b")


@pytest.mark.parametrize(
    ("path", "absolute"),
    [
        (b".", b"/home/container"),
        (b"..", b"/home"),
        (b"/", b"/"),
        (b"/a/../..", b"/"),
        (b"a/b/", b"/home/container/a/b"),
    ],
)
def test_absolute(path: bytes, absolute: bytes) -> None:
    assert paths.absolute(path) == absolute


@given(st.lists(st.sampled_from([b"..", b".", b"", b"home", b"container", b"a", b"\xfe"]), max_size=8), st.booleans())
def test_no_path_leads_above_the_volume(names: list[bytes], from_root: bool) -> None:
    path = (b"/" if from_root else b"") + b"/".join(names)
    try:
        found = paths.find(path)
    except NotFound:
        return
    assert isinstance(found, Above) or ".." not in found
    assert paths.find(paths.absolute(path)) == found

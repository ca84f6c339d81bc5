"""A real container swaps folders and files for links that lead out, while each operation runs ten thousand times."""

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import docker
import pytest

from rules.errors import LightdError
from tests.engine import IMAGE
from tests.volumes.archives import PLENTY
from tests.volumes.conftest import put
from tests.waiting import wait_until
from volumes.archives import Format, Meter, pack
from volumes.tree import Opening, Place, PosixTree, Tree, parse

ROUNDS = 10_000  # of each kind and way
SECRET = b"secret"

# Exchanging two names (renameat2, RENAME_EXCHANGE) leaves no moment in which there is nothing to open.
SWAPPER = """
use strict;
my $out = shift;
sub swap { syscall(316, -100, "$_[0]", -100, "$_[0].link", 2) }
sub mend {
    if (-l $_[0] and -l "$_[0].link") { unlink $_[0] }
    if (!-l $_[0] and !-l "$_[0].link") { rename "$_[0].link", "old-$_[1]" }
}
sub make {
    mend($_, $_[0]) for "dir", "dir/sub", "dir/file";
    mkdir "dir"; mkdir "dir/sub";
    for ("dir/file", "dir/sub/file") { if (open(my $f, ">", $_)) { print $f "mine" } }
    symlink $out, "dir.link";
    symlink "../../outside/$_", "dir/$_.link" for "sub", "file";
}
for (my $n = 0; ; $n++) {
    make($n) if $n % 20 == 0;
    swap("dir/sub"); swap("dir/file"); swap("dir");
}
"""

_numbers = count()


def read(tree: Tree, path: str) -> None:
    with tree.open(parse(path)) as file:
        assert file.read(0, 100) != SECRET


def list_folder(tree: Tree, path: str) -> None:
    assert "only outside" not in [entry.name for entry in tree.list(parse(path))[0]]


def search(tree: Tree, path: str) -> None:
    assert not tree.search(parse(path), "only outside", 10).entries


def grow(tree: Tree, path: str) -> None:
    with tree.growing(parse(path), 0, replace=True) as file:
        file.write(b"grown")


def keep(tree: Tree, path: str) -> None:
    with tree.kept_draft(parse(path), "key") as draft:
        draft.write(b"cut off")
    with tree.kept_draft(parse(path), "key") as draft:
        draft.go_on_at(3)
        draft.write(b"gone on")
        draft.publish(replace=True)


def copy(tree: Tree, source: str, target: str) -> None:
    place: Place = parse(target)
    tree.copy(parse(source), place)
    try:
        assert not [place for place, _ in tree.search(place, "only outside", 10).entries]
    finally:
        tree.delete(place)


def move_in_and_out(tree: Tree, path: str) -> None:
    put(tree, "moving")
    try:
        tree.move(("moving",), parse(path))
        tree.delete(parse(path))
    except LightdError:
        tree.delete(("moving",))
        raise


def pack_folder(tree: Tree, path: str) -> None:
    archive = b"".join(pack(tree, [parse(path)], Format.TAR, Meter(PLENTY)))
    assert SECRET not in archive
    assert b"only outside" not in archive


def put_in_place(tree: Tree, path: str, *, replace: bool) -> None:
    """As what was unpacked is."""
    draft, place = ("draft",), parse(path)
    try:
        tree.mirror(place[:-1], draft)
        with tree.new_file((*draft, *place)) as file:
            file.write(b"unpacked", 0)
        tree.merge(draft, replace=replace)
    finally:
        tree.delete(draft)


def fresh(name: str) -> str:
    return f"{name}-{next(_numbers)}"


def overwrite(tree: PosixTree, path: str) -> None:
    file = tree.open_to_write(parse(path), Opening(create=True, truncate=True))
    try:
        file.write(3, b"overwritten")
        file.change_mode(0o666)
        file.change_times(0, 0)
    finally:
        file.close()


def list_in_parts(tree: PosixTree, path: str) -> None:
    assert "only outside" not in [name for name, _ in tree.listing(parse(path)).next(100)]


def replace(tree: PosixTree, path: str) -> None:
    put(tree, "moving")
    tree.replace(("moving",), parse(path))


def link(tree: PosixTree, source: str, target: str) -> None:
    tree.make_hard_link(parse(source), parse(target))
    tree.delete_file(parse(target))


KINDS: dict[str, list[Callable[[PosixTree], object]]] = {
    "list": [lambda tree: list_folder(tree, "dir"), lambda tree: list_folder(tree, "dir/sub")],
    "search": [lambda tree: search(tree, ""), lambda tree: search(tree, "dir")],
    "read": [lambda tree: read(tree, "dir/file"), lambda tree: read(tree, "dir/sub/file")],
    "write": [lambda tree: put(tree, "dir/file", b"written"), lambda tree: put(tree, "dir/sub/file", b"written")],
    "write on": [lambda tree: grow(tree, "dir/file"), lambda tree: grow(tree, "dir/sub/file")],
    "create": [lambda tree: put(tree, fresh("dir/new")), lambda tree: put(tree, fresh("dir/sub/new"))],
    "make folders": [
        lambda tree: tree.make_folder(parse(fresh("dir/folder"))),
        lambda tree: tree.make_way(parse(f"dir/sub/{fresh('way')}/b")),
    ],
    "keep": [lambda tree: keep(tree, "dir/file"), lambda tree: keep(tree, "dir/sub/file")],
    "copy": [lambda tree: copy(tree, "dir", fresh("copy")), lambda tree: copy(tree, "dir/sub/file", fresh("dir/copy"))],
    "move": [
        lambda tree: move_in_and_out(tree, fresh("dir/moved")),
        lambda tree: move_in_and_out(tree, fresh("dir/sub/moved")),
        lambda tree: tree.move(parse("dir/sub/file"), parse(fresh("moved"))),
    ],
    "pack": [lambda tree: pack_folder(tree, "dir"), lambda tree: pack_folder(tree, "dir/sub")],
    "unpack": [
        lambda tree: put_in_place(tree, fresh("dir/unpacked"), replace=False),
        lambda tree: put_in_place(tree, "dir/sub/file", replace=True),
    ],
    "overwrite": [lambda tree: overwrite(tree, "dir/file"), lambda tree: overwrite(tree, fresh("dir/sub/new"))],
    "single steps": [
        lambda tree: list_in_parts(tree, "dir/sub"),
        lambda tree: replace(tree, "dir/file"),
        lambda tree: link(tree, "dir/file", fresh("hard")),
        lambda tree: link(tree, "dir/sub/file", fresh("dir/hard")),
        lambda tree: tree.make_link(parse(fresh("dir/sub/soft")), "file"),
        lambda tree: tree.make_single_folder(parse(fresh("dir/sub/folder")), 0o755),
        lambda tree: tree.resize(parse("dir/file"), 1),
        lambda tree: tree.change_times(parse("dir/sub/file"), 0, 0),
        lambda tree: tree.delete_file(parse("dir/sub/file")),
        lambda tree: tree.delete_empty_folder(parse("dir/sub")),
    ],
    "delete": [lambda tree: tree.delete(parse("dir/file")), lambda tree: tree.delete(parse("dir/sub"))],
    "delete the folder": [lambda tree: tree.delete(parse("dir"))],
    "change mode": [
        lambda tree: tree.change_mode(parse("dir/file"), 0o666),
        lambda tree: tree.change_mode(parse("dir/sub"), 0o777),
    ],
}


@pytest.fixture(scope="module")
def site() -> Iterator[Path]:
    """In memory, where a round is quick. The volume, and what lies beside it."""
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(prefix="lightd-swapped-", dir=memory) as folder:
        outside = Path(folder, "outside")
        (outside / "sub").mkdir(parents=True)
        for name in ("file", "only outside", "sub/file", "sub/only outside"):
            (outside / name).write_bytes(SECRET)
        Path(folder, "volume").mkdir(mode=0o777)
        yield Path(folder)


@pytest.fixture(scope="module")
def swapping(docker_client: docker.APIClient, site: Path) -> Iterator[Path]:
    """The volume of a container that does nothing else."""
    made = docker_client.create_container(
        IMAGE,
        ["perl", "-e", SWAPPER, str(site / "outside")],
        working_dir="/home/container",
        volumes=["/home/container"],
        host_config=docker_client.create_host_config(binds=[f"{site}/volume:/home/container"]),
    )
    try:
        docker_client.start(made["Id"])
        wait_until(lambda: (site / "volume/dir.link").exists(), 10, "the container swaps")
        yield site / "volume"
        assert docker_client.inspect_container(made["Id"])["State"]["Running"]
    finally:
        docker_client.remove_container(made["Id"], force=True)


def state(folder: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Mode, owner, time of the last change of any kind, and content of all that there is."""
    found = {}
    for path in [folder, *folder.rglob("*")]:
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (status.st_mode, status.st_uid, status.st_ctime_ns, content)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_outside_is_touched(swapping: Path, site: Path, way: str, kind: str) -> None:
    before = state(site / "outside")
    wait_until(lambda: (swapping / "dir").is_symlink() != (swapping / "dir.link").is_symlink(), 10, "it swaps")
    came: Counter[str] = Counter()
    with PosixTree.at(swapping) as tree:
        for number in range(ROUNDS):
            try:
                KINDS[kind][number % len(KINDS[kind])](tree)
                came["done"] += 1
            except LightdError as error:
                came[error.sentence.partition(":")[0]] += 1
        clear(tree)

    print(f"{kind} by {way}: {ROUNDS} rounds, {dict(came)}")
    assert state(site / "outside") == before
    assert came["done"] > 0, "the swapper was always ahead"
    assert came.total() > came["done"], "the swapper was never ahead"


def clear(tree: Tree) -> None:
    """Away with what the rounds left: the container makes its own anew."""
    for entry in tree.list(())[0]:
        with suppress(LightdError):
            tree.delete((entry.name,))

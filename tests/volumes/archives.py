"""Archives for the tests, good ones and hostile ones, and unpacking them in a tree without a worker."""

import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from volumes.archives import Format, LeftOut, Limits, Meter, pack, unpack
from volumes.tree import Place, Tree

# Far more than any test but those of the limits needs.
PLENTY = Limits(entries=1_000_000, size=1 << 40)

Picture = dict[bytes, tuple[int, int, bytes]]


def tar_of(*members: tarfile.TarInfo, content: bytes = b"", format: int = tarfile.PAX_FORMAT) -> bytes:
    """Each file of them has this content."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=format) as tar:
        for member in members:
            member.size = len(content) if member.isreg() else 0
            tar.addfile(member, io.BytesIO(content))
    return written.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zip_of(*members: zipfile.ZipInfo | str, content: bytes = b"") -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for member in members:
            archive.writestr(member, content)
    return written.getvalue()


def zip_entry(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def pack_to(path: Path, tree: Tree, places: Iterable[Place], kind: Format) -> LeftOut:
    left_out = LeftOut()
    with path.open("wb") as file:
        for piece in pack(tree, places, kind, Meter(PLENTY), left_out):
            file.write(piece)
    return left_out


def unpack_into(folder: Path, archive: Path, limits: Limits = PLENTY) -> Meter:
    """A new folder with what is in the archive."""
    folder.mkdir()
    meter = Meter(limits)
    with Tree.at(archive.parent) as tree, tree.open((archive.name,)) as file, Tree.at(folder) as inside:
        unpack(file, inside, meter)
    return meter


def picture(folder: Path) -> Picture:
    """Mode, time and content (of a link, where it leads) of all that there is, by its name."""
    found = {}
    for parent, folders, files in os.walk(os.fsencode(folder)):
        for name in [*folders, *files]:
            path = os.path.join(parent, name)
            found[os.path.relpath(path, os.fsencode(folder))] = _looked_at(path)
    return found


def _looked_at(path: bytes) -> tuple[int, int, bytes]:
    status = os.lstat(path)
    content = b""
    if stat.S_ISLNK(status.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(status.st_mode):
        content = Path(os.fsdecode(path)).read_bytes()
    return status.st_mode, status.st_mtime_ns, content

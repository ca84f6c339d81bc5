"""Making what is in an archive, member by member."""

from __future__ import annotations

from collections.abc import Iterator

from rules.errors import NotFound
from volumes.archives import tars, zips
from volumes.archives.folders import Folder, Folders
from volumes.archives.formats import Format, recognise
from volumes.archives.members import Checked, Member
from volumes.archives.meter import Meter
from volumes.tree import PIECE, Kind, OpenFile, Place, Tree
from volumes.tree.entries import Owner

_ZEROS = bytes(PIECE)


def unpack(file: OpenFile, tree: Tree, meter: Meter, checked: Checked | None = None) -> None:
    """Make all that is in the archive, in an empty tree. If some of it is refused, what came before stays there.

    Args:
        checked: says what may be in it; by default, what anybody's archive may have.
    """
    checked = checked or Checked()
    with Folders() as folders:
        for member in _members(file, meter):
            place = checked.place(member)
            meter.count_entry(member.size)
            if member.kind == Kind.DIRECTORY:
                tree.make_way(place)
                folders.add(Folder(place, member.mode, member.modified_ns, checked.owner(member)))
            else:
                _make(tree, place, member, checked.owner(member))
        # When all is in them: a folder's time changes with what is put in. The lower ones first: a mode may shut the
        # way.
        for folder in folders.lowest_first():
            tree.finish_folder(*folder)


def _members(file: OpenFile, meter: Meter) -> Iterator[Member]:
    kind = recognise(file)
    return zips.members(file, meter) if kind == Format.ZIP else tars.members(kind, file, meter)


def _make(tree: Tree, place: Place, member: Member, owner: Owner | None) -> None:
    try:
        _make_there(tree, place, member, owner)
    except NotFound:
        tree.make_way(place[:-1])  # an archive need not say which folders there are
        _make_there(tree, place, member, owner)


def _make_there(tree: Tree, place: Place, member: Member, owner: Owner | None) -> None:
    if member.kind == Kind.SYMLINK:
        tree.make_link(place, member.target, member.modified_ns, owner)
        return
    with tree.new_file(place) as new:
        for offset, piece in member.pieces():
            if piece != _ZEROS[: len(piece)]:  # else it stays a hole, and a bomb of zeros takes no place
                new.write(piece, offset)
        new.finish(member.size, member.mode, member.modified_ns, owner)

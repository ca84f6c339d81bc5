"""Every touch of a volume's files, by whatever door: nothing outside of it can be reached through here.

A container writes there while we look, and is hostile. So no path is looked at first and used after: the kernel
resolves it from a descriptor of the volume's folder, follows no link on the way, and hands out a descriptor, on which
all is done.
"""

from volumes.tree.copying import Identity
from volumes.tree.draft import DRAFT, Draft
from volumes.tree.entries import Entry, Kind, Order, Version
from volumes.tree.names import Place, parse
from volumes.tree.posix import Listing, Opening, PosixFile, PosixTree
from volumes.tree.restoring import NewFile
from volumes.tree.room import Room
from volumes.tree.search import Found
from volumes.tree.tree import PIECE, GrowingFile, OpenFile, Tree

__all__ = [
    "DRAFT",
    "PIECE",
    "Draft",
    "Entry",
    "Found",
    "GrowingFile",
    "Identity",
    "Kind",
    "Listing",
    "NewFile",
    "OpenFile",
    "Opening",
    "Order",
    "Place",
    "PosixFile",
    "PosixTree",
    "Room",
    "Tree",
    "Version",
    "parse",
]

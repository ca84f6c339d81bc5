"""Archives of a volume's files: packed as a stream of bytes, unpacked member by member.

What is unpacked was written by someone hostile. Each member is looked at before it is made, and made through the safe
tree, which knows no path but its own; nothing of `tarfile` or `zipfile` that writes to a disk is used.
"""

from volumes.archives.formats import Format
from volumes.archives.members import CheckedCopy
from volumes.archives.meter import UNLIMITED, Limits, Meter, Stopped
from volumes.archives.packing import Choice, LeftOut, measure, pack
from volumes.archives.unpacking import unpack

__all__ = [
    "UNLIMITED",
    "CheckedCopy",
    "Choice",
    "Format",
    "LeftOut",
    "Limits",
    "Meter",
    "Stopped",
    "measure",
    "pack",
    "unpack",
]

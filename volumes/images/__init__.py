"""Volumes whose size the kernel holds: each an ext4 file system of its own, in a sparse file that is mounted.

The file system is larger than its volume. What is too much is taken by one more file in it, the ballast, which nobody
inside can reach: a volume is made larger or smaller by making that shorter or longer, while everything runs.

Whoever calls these has the volume's lock (`volumes.locks`), and gives its descriptor to the programs that do the work:
killed in the middle, we leave a volume that nobody touches until the last of them has ended.
"""

from volumes.images.checking import BrokenImage
from volumes.images.enlarging import enlarge
from volumes.images.image import Image, flush
from volumes.images.making import make, refuse_too_large
from volumes.images.mounting import FILES_MODE, mount, unmount, unmount_lazily
from volumes.images.programs import ImageProblem
from volumes.images.size import Usage, has_room_for, hold, usage, used

__all__ = [
    "FILES_MODE",
    "BrokenImage",
    "Image",
    "ImageProblem",
    "Usage",
    "enlarge",
    "flush",
    "has_room_for",
    "hold",
    "make",
    "mount",
    "refuse_too_large",
    "unmount",
    "unmount_lazily",
    "usage",
    "used",
]

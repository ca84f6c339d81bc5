"""Memory of a process with everything loaded, before it is forked.

Loading leaves thousands of holes in the heaps of C's library and of Python. A fork that needs memory gets them first,
and every page with one is copied for that: 4 MB for the hundred kilobytes of a first query. Where there are none it
gets pages of its own, and fills them.
"""

from __future__ import annotations

import ctypes

# Of Python's allocator (Objects/obmalloc.c), bytes.
ALIGNMENT, LARGEST_OBJECT, POOL = 16, 512, 16 << 10
NEAR = 4  # pieces: calling it takes some itself
MOST_TAKEN = 4 << 20  # bytes of pieces of one size, should they never come in a row
SIZES = [1 << power for power in range(16, 4, -1)]  # bytes of a piece, the largest first


class Heap(ctypes.Structure):
    """glibc's account of it: mallinfo2(3). Bytes, and numbers of pieces."""

    _fields_ = [
        *((name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks")),
        *((name, ctypes.c_size_t) for name in ("uordblks", "fordblks", "keepcost")),
    ]
    fordblks: int  # free, in holes and at the top
    keepcost: int  # at the top, from where the heap grows


def fill_holes() -> None:
    """Take them for good: they are counted as ours anyway."""
    for size in range(ALIGNMENT, LARGEST_OBJECT + 1, ALIGNMENT):
        _fill_pools(size)
    _fill_heap()


def _fill_pools(size: int) -> None:
    """Those of Python's own pools for objects of this size, until the pieces come one after another from a new one."""
    allocate = ctypes.pythonapi.PyObject_Malloc
    allocate.restype, allocate.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    last = in_a_row = taken = 0
    while in_a_row < POOL // size and taken < MOST_TAKEN // size:
        piece = allocate(size)
        in_a_row = in_a_row + 1 if abs(piece - last) <= NEAR * size else 0
        last, taken = piece, taken + 1


def _fill_heap() -> None:
    """Those of C's library. Without glibc 2.33 or later they stay."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        return
    libc.mallinfo2.restype = Heap
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    for size in SIZES:
        _fill(libc, size)


def _fill(libc: ctypes.CDLL, size: int) -> None:
    """Those that hold so many bytes."""
    before = libc.mallinfo2()
    while before.fordblks - before.keepcost >= size:
        piece = libc.malloc(size)
        after = libc.mallinfo2()
        if after.keepcost != before.keepcost:  # no hole was large enough
            libc.free(piece)
            return
        before = after

"""No holes are left in the heap that forks would fill."""

import subprocess
import sys

HOLES = """
import ctypes
from lightd_site.heap import Heap, fill_holes

libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Heap
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
pieces = [libc.malloc(3000) for _ in range(2000)]
for piece in pieces[::2]:
    libc.free(piece)

def in_holes():
    heap = libc.mallinfo2()
    return heap.fordblks - heap.keepcost

before = in_holes()
fill_holes()
print(before, in_holes())
"""


def test_holes_are_filled() -> None:
    before, after = subprocess.check_output([sys.executable, "-c", HOLES], text=True).split()

    assert int(before) > 2_000_000
    assert int(after) < 100_000

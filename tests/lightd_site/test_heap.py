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


POOLS = """
import ctypes
from lightd_site.heap import fill_holes

allocate, free = ctypes.pythonapi.PyObject_Malloc, ctypes.pythonapi.PyObject_Free
allocate.restype, allocate.argtypes, free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
pieces = [allocate(48) for _ in range(20_000)]
holes = set(pieces[::2])
for piece in pieces[::2]:
    free(piece)

fill_holes()
print(sum(allocate(48) in holes for _ in range(1000)))
"""


def run(program: str) -> list[int]:
    """The numbers that it prints, in a process whose heap is its own."""
    return [int(word) for word in subprocess.check_output([sys.executable, "-c", program], text=True).split()]


def test_holes_are_filled() -> None:
    before, after = run(HOLES)

    assert before > 2_000_000
    assert after < 100_000


def test_so_are_those_of_python_s_own_pools() -> None:
    assert run(POOLS) == [0]

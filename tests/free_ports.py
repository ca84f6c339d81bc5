"""Ports of this host that nobody has, for the tests' servers and for the pools of those."""

import os
import random
import socket
from collections.abc import Iterable

_given: set[int] = set()


def free_port() -> int:
    return free_range(1)


def free_range(number: int) -> int:
    """The first of that many free ports in a row.

    Nobody gets them a second time before they are given back: whoever was given one may not listen on it yet, or not
    just now. Below those that the kernel gives to clients, and each process of the tests in a share of its own.
    """
    for _ in range(1000):
        start = random.randrange(SHARE.start, SHARE.stop - number)
        wanted = range(start, start + number)
        if _given.isdisjoint(wanted) and all(is_free(port) for port in wanted):
            _given.update(wanted)
            return start
    raise AssertionError(f"no {number} free ports in a row found on this host")


def give_back(ports: Iterable[int]) -> None:
    _given.difference_update(ports)


def is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(type=kind) as probe:
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                return False
    return True


def share_of_ports() -> range:
    """This process's among those that pytest-xdist has begun."""
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    mine = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    size = 22_000 // count
    return range(10_000 + mine * size, 10_000 + (mine + 1) * size)


SHARE = share_of_ports()

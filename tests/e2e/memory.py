"""What a process of the server holds in memory."""

import os

from tests.e2e.server import Lightd, Role, read_proc


def resident(lightd: Lightd, role: Role) -> int:
    """Bytes of the one process that has this role."""
    (pid,) = lightd.pids(role)
    return int(read_proc(pid, "statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")

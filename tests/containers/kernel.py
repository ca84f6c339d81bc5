"""Trees of files as the kernel shows them, copied from real hosts: one with cgroup v1, one with v2."""

from pathlib import Path

from containers.engine.cgroups import Machine

DOCKER_ID = "b0d2d184ecccd1a27bfc53a6f145c54bc4a5a2364ad6b5d35a4570e8de1732c4"
PID = 16117
MEMORY = 24684092 << 10

MEMINFO = """MemTotal:       24684092 kB
MemFree:        22737724 kB
MemAvailable:   23404828 kB
Buffers:           21224 kB
"""
NET_DEV = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  555555     100    0    0    0     0          0         0   555555     100    0    0    0     0       0          0
  eth0: 1481646    1007    0    0    0     0          0         0   210334     700    0    0    0     0       0          0
  eth1:     100       1    0    0    0     0          0         0       50       1    0    0    0     0       0          0
"""  # noqa: E501 - as wide as the kernel writes it

V1_GROUPS = "".join(
    f"{number}:{name}:/docker/{DOCKER_ID}\n"
    for number, name in (
        (9, "name=systemd"),
        (8, "pids"),
        (7, "blkio"),
        (5, "devices"),
        (4, "memory"),
        (2, "cpu,cpuacct"),
        (0, ""),
    )
)
V1_MOUNTS = """31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
38 31 0:35 / /sys/fs/cgroup/blkio rw,relatime - cgroup cgroup rw,blkio
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
"""
V1_FILES = {
    "cpu,cpuacct/docker/ID/cpuacct.usage": "32327026000\n",
    "memory/docker/ID/memory.usage_in_bytes": "134217728\n",
    "memory/docker/ID/memory.limit_in_bytes": "536870912\n",
    "memory/docker/ID/memory.stat": "cache 126976\nrss 98304\ninactive_file 8192\n"
    "hierarchical_memory_limit 536870912\ntotal_cache 126976\ntotal_rss 98304\n"
    "total_inactive_anon 94208\ntotal_active_anon 4096\ntotal_inactive_file 86016\n"
    "total_active_file 40960\ntotal_unevictable 0\n",
    "blkio/docker/ID/blkio.throttle.io_service_bytes_recursive": "254:0 Read 4096\n254:0 Write 10485760\n"
    "254:0 Sync 10489856\n254:0 Async 0\n254:0 Discard 0\n254:0 Total 10489856\n7:1 Read 512\n7:1 Write 0\n"
    "Total 10490368\n",
    "pids/docker/ID/pids.current": "3\n",
}

V2_GROUPS = f"0::/system.slice/docker-{DOCKER_ID}.scope/init.scope\n"
V2_MOUNTS = """24 30 0:22 / /proc rw,nosuid,nodev,noexec,relatime shared:14 - proc proc rw
35 24 0:30 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate
"""
V2_FILES = {
    "system.slice/docker-ID.scope/cpu.stat": "usage_usec 32327026\nuser_usec 12930810\nsystem_usec 19396216\n"
    "core_sched.force_idle_usec 0\nnr_periods 12\nnr_throttled 3\nthrottled_usec 41000\n",
    "system.slice/docker-ID.scope/memory.current": "134217728\n",
    "system.slice/docker-ID.scope/memory.max": "max\n",
    "system.slice/docker-ID.scope/memory.stat": "anon 98304\nfile 126976\nkernel_stack 16384\n"
    "inactive_anon 94208\nactive_anon 4096\ninactive_file 86016\nactive_file 40960\nunevictable 0\n",
    "system.slice/docker-ID.scope/io.stat": "254:0 rbytes=4096 wbytes=10485760 rios=1 wios=80 dbytes=0 dios=0\n"
    "7:1 rbytes=512 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n8:0 \n",
    "system.slice/docker-ID.scope/pids.current": "3\n",
}


def v1(folder: Path) -> Machine:
    """A host with cgroup v1, and v2 beside it without controllers."""
    return tree(folder, V1_GROUPS, V1_MOUNTS, V1_FILES)


def v2(folder: Path) -> Machine:
    """A host with cgroup v2 and systemd, with a container that has made a group of its own."""
    return tree(folder, V2_GROUPS, V2_MOUNTS, V2_FILES)


def tree(folder: Path, groups: str, mounts: str, files: dict[str, str]) -> Machine:
    write(folder / "proc/meminfo", MEMINFO)
    write(folder / "proc/self/mountinfo", mounts)
    write(folder / f"proc/{PID}/cgroup", groups)
    write(folder / f"proc/{PID}/net/dev", NET_DEV)
    for name, content in files.items():
        write(folder / "sys/fs/cgroup" / name.replace("ID", DOCKER_ID), content)
    return Machine(proc=folder / "proc", root=folder)


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)

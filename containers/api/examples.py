"""What the descriptions of the routes show."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter

ID = [OpenApiParameter("internal_id", str, OpenApiParameter.PATH, description="The id given at creation.")]

PORT = {"ip": "0.0.0.0", "container_port": 3000, "host_port": 25565, "port": 25565, "protocol": "tcp"}  # noqa: S104
SHORT = {
    "internal_id": "my-server-001",
    "container_id": "a1b2c3d4e5f6",
    "install_state": "ready",
    "state": "running",
    "image": "ubuntu:22.04",
    "ports": [PORT],
}
FULL = {
    **SHORT,
    "volume_id": "d6764075-c5f1-4045-9fb3-85315b85cb0f",
    "startup_command": 'bash -c "while true; do echo Hello; sleep 1; done"',
    "start_pattern": "Hello",
    "limits": {"memory": 536870912, "cpu": 1.0},
    "mount": {},
    "stop_command": "",
    "stop_timeout": 10,
    "restart_policy": "never",
    "exit_code": None,
    "error": None,
    "owner": "admin",
    "started_at": 1706450050,
    "created_at": 1706450000,
    "updated_at": 1706450100,
}
RESOURCES = {
    "memory": 1073741824,
    "memory_swap": None,
    "memory_reservation": None,
    "cpu_shares": 512,
    "cpu_period": None,
    "cpu_quota": None,
    "cpuset_cpus": None,
    "blkio_weight": None,
}
SAMPLED = {
    "at": 1706450040,
    "cpu_average": 12.5,
    "cpu_highest": 48.2,
    "memory_average": 268435456,
    "memory_highest": 301989888,
    "disk": 1073741824,
    "network_rx": 48213,
    "network_tx": 150211,
    "block_read": 0,
    "block_write": 4096,
}
USAGE = {
    "cpu_usage": 12.5,
    "memory_usage": 268435456,
    "memory_limit": 536870912,
    "network_rx": 1482130,
    "network_tx": 9150211,
    "block_read": 1048576,
    "block_write": 4096,
    "disk_usage": 1073741824,
    "uptime": 3600,
    "pids": 14,
}
HOST_SAMPLED = {
    "at": 1706450040,
    "cpu_average": 85.0,
    "cpu_highest": 160.3,
    "memory_average": 8589934592,
    "memory_highest": 9126805504,
    "disk": 107374182400,
    "load": 1.25,
}
HOST_USAGE = {
    "cpu_usage": 85.0,
    "memory_usage": 8589934592,
    "memory_limit": 17179869184,
    "disk_usage": 107374182400,
    "disk_limit": 536870912000,
    "load": 1.25,
    "cores": 8,
}
RUNNING = {
    "id": 7,
    "kind": "running",
    "message": "Running",
    "actor": "",
    "created_at": 1706450100,
    "request_id": "",
}
CRASHED = {
    "id": 9,
    "kind": "crashed",
    "message": "Crashed: the process exited with code 1",
    "actor": "",
    "created_at": 1706450160,
    "request_id": "",
    "output": "Hello\r\nout of disk space\r\n",
}
CREATE = {
    "internal_id": "my-server-001",
    "image": "ubuntu:22.04",
    "volume_id": "d6764075-c5f1-4045-9fb3-85315b85cb0f",
    "startup_command": 'bash -c "while true; do echo Hello; sleep 1; done"',
    "start_pattern": "Hello",
    "ports": [{"container_port": 3000, "host_port": 25565, "protocol": "tcp"}],
    "limits": {"memory": 536870912, "cpu": 1.0},
    "install_script": "#!/bin/bash\napt-get update\napt-get install -y curl",
}

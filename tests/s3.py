"""A real store that speaks S3, for the tests: OpenStack Swift as Debian has it, one of each of its servers.

What is uploaded to it in parts, given up, listed and asked for by range is so by Swift, and not by something of ours.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.client import Config
from botocore.session import Session

from tests.services import Service

USER, KEY = "test:tester", "testing-testing-testing"
BUCKET = "backups"
REGION = "us-east-1"
KINDS = ("account", "container", "object")

_PROXY = """
[pipeline:main]
pipeline = catch_errors cache s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memcached}
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {key} .admin
[filter:slo]
use = egg:swift#slo
"""

_STORAGE = """
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""


class Memcached(Service):
    name = "memcached"

    def command(self) -> list[str]:
        return ["memcached", "-l", "127.0.0.1", "-p", str(self.port), "-u", "nobody", "-U", "0"]


class SwiftServer(Service):
    """One of Swift's four."""

    def __init__(self, kind: str, folder: Path, rest: str) -> None:
        self.name = f"swift-{kind}"
        super().__init__()
        self._config = folder / f"{kind}.conf"
        defaults = {
            "bind_ip": "127.0.0.1",
            "bind_port": self.port,
            "workers": 0,
            "swift_dir": folder,
            "devices": folder / "devices",
            "mount_check": "false",
            "user": "root",
            "log_level": "ERROR",
            "log_address": folder / "no-log",
        }
        lines = [f"{name} = {value}" for name, value in defaults.items()]
        self._config.write_text("\n".join(["[DEFAULT]", *lines, rest]))

    def command(self) -> list[str]:
        return [f"/usr/bin/{self.name}-server", str(self._config), "verbose"]


class S3:
    """The store, with its bucket."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        session: Any = Session()  # whose services' methods are known when it runs
        self.client = session.create_client(
            "s3",
            region_name=REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id=USER,
            aws_secret_access_key=KEY,
            config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
        )
        self.client.create_bucket(Bucket=BUCKET)

    def names(self) -> list[str]:
        return sorted(found["Key"] for found in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", []))

    def unfinished(self) -> list[str]:
        """What is being uploaded, or was when nobody was left to go on."""
        return [found["Key"] for found in self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])]

    def put(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=name, Body=content)

    def get(self, name: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=BUCKET, Key=name)["Body"].read()
        return content


@contextmanager
def running(folder: Path) -> Iterator[S3]:
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = tests\n")
    memcached = Memcached()
    storages = {kind: SwiftServer(kind, folder, _STORAGE.format(kind=kind)) for kind in KINDS}
    for kind, server in storages.items():
        _make_ring(folder, kind, server.port)
    proxy = SwiftServer("proxy", folder, _PROXY.format(memcached=memcached.port, key=KEY))
    services = [memcached, *storages.values(), proxy]
    try:
        for service in services:
            service.start()
        yield S3(proxy.port)
    finally:
        for service in reversed(services):
            service.remove()


def _make_ring(folder: Path, kind: str, port: int) -> None:
    (folder / "devices/disk").mkdir(parents=True, exist_ok=True)
    builder = str(folder / f"{kind}.builder")
    for command in (["create", "4", "1", "1"], ["add", f"r1z1-127.0.0.1:{port}/disk", "1"], ["rebalance"]):
        subprocess.run(["swift-ring-builder", builder, *command], check=True, capture_output=True)

"""What SFTP carries beside OpenSSH's own server on the same machine, with the same client."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.figures import MEBIBYTE, Row, median, seconds
from tests.checksum import sha256_of
from tests.e2e.server import Lightd
from tests.e2e.sftp.openssh import OpenSsh, make_key
from tests.engine import tied_to_us
from tests.free_ports import free_port
from tests.services import accepts
from tests.waiting import wait_until

SIZE = 1 << 30
SMALL = 10_000  # files
ROUNDS = 3

SSHD = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/id.pub
Subsystem sftp internal-sftp
StrictModes no
UsePAM no
PidFile none
"""


def measure(site: Lightd) -> list[Row]:
    """`scp` by the protocol of SFTP; each round ours and OpenSSH's in turn."""
    folder = site.folder / "client"
    folder.mkdir()
    container = site.create()
    key = make_key(folder / "id")
    site.http.post(f"/containers/{container}/sftp/keys", json={"public_key": key}).raise_for_status()
    with openssh_server(folder) as port:
        servers = {
            "": OpenSsh(folder, site.sftp_port, f"admin.{container}", key=folder / "id"),
            f"{folder}/": OpenSsh(folder, port, os.environ.get("USER", "root"), key=folder / "id"),
        }
        return [*large(folder, servers), *small(folder, servers)]


def large(folder: Path, servers: dict[str, OpenSsh]) -> list[Row]:
    with (folder / "large").open("wb") as file:
        for _ in range(SIZE // MEBIBYTE):
            file.write(os.urandom(MEBIBYTE))
    sent, got = sha256_of(folder / "large"), folder / "down"

    def check() -> None:
        assert sha256_of(got) == sent, "another file came back than was sent"
        got.unlink()

    up = both(servers, lambda ssh, there: ssh.scp("-q", "-s", f"{folder}/large", f"there:{there}up"))
    down = both(servers, lambda ssh, there: ssh.scp("-q", "-s", f"there:{there}up", str(got)), check=check)
    return [
        Row("scp of a gigabyte, up", up[0], "s", None, up[1], "OpenSSH's server"),
        Row("scp of a gigabyte, down", down[0], "s", None, down[1], "OpenSSH's server"),
    ]


def small(folder: Path, servers: dict[str, OpenSsh]) -> list[Row]:
    sent, got = {f"{number % 100}/{number}": str(number) for number in range(SMALL)}, folder / "small-down"
    for name, content in sent.items():
        path = folder / "small" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    def check() -> None:
        assert contents(got) == sent, "other files came back than were sent"
        shutil.rmtree(got)

    up = both(servers, lambda ssh, there: ssh.scp("-q", "-s", "-r", f"{folder}/small", f"there:{there}small-up"), 1)
    down = both(servers, lambda ssh, there: ssh.scp("-q", "-s", "-r", f"there:{there}small-up", str(got)), 1, check)
    return [
        Row(f"scp of {SMALL:,} small files, up", up[0], "s", None, up[1], "OpenSSH's server"),
        Row(f"scp of {SMALL:,} small files, down", down[0], "s", None, down[1], "OpenSSH's server"),
    ]


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def both(
    servers: dict[str, OpenSsh],
    work: Callable[[OpenSsh, str], object],
    rounds: int = ROUNDS,
    check: Callable[[], object] = lambda: None,
) -> tuple[float, float]:
    """Seconds of ours and of OpenSSH's server; what came of it is checked beside them."""

    def took(ssh: OpenSsh, there: str) -> float:
        time = seconds(partial(work, ssh, there))
        check()
        return time

    times = [[took(ssh, there) for there, ssh in servers.items()] for _ in range(rounds)]
    ours, theirs = (median(list(column)) for column in zip(*times, strict=True))
    return ours, theirs


@contextmanager
def openssh_server(folder: Path) -> Iterator[int]:
    """OpenSSH's own, for the user who runs this, on a port that is returned."""
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        raise RuntimeError("sshd is missing: apt-get install openssh-server")
    port = free_port()
    make_key(folder / "host")
    (folder / "sshd_config").write_text(SSHD.format(port=port, folder=folder))
    Path("/run/sshd").mkdir(exist_ok=True)  # where it confines those who are not signed in yet
    process = subprocess.Popen(tied_to_us(program, "-D", "-f", str(folder / "sshd_config")), stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: accepts(port), 10, "sshd answers")
        yield port
    finally:
        process.terminate()
        process.wait()

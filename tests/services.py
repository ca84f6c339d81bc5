"""A Redis and a PostgreSQL for the tests: each private, on a port of its own, gone without trace afterwards."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engine import signal_process, tied_to_us
from tests.free_ports import free_port, give_back
from tests.waiting import wait_until

POSTGRES_USER = "postgres"  # Debian's package makes it; PostgreSQL refuses to run as root


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Service(ABC):
    """One process that a test may stop, kill and start again."""

    name = ""
    ends_by = signal.SIGTERM

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"lightd-{self.name}-"))
        self.process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """What starts it."""

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                tied_to_us(*self.command()), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        process = self.process

        def ready() -> bool:
            if process.poll() is not None:
                raise RuntimeError(f"{self.name} did not start:\n" + (self.folder / "log").read_text()[-2000:])
            return self.answers()

        wait_until(ready, 60, f"{self.name} answers")

    def answers(self) -> bool:
        return accepts(self.port)

    def stop(self) -> None:
        if self.process is not None:
            signal_process(self.process.pid, self.ends_by)
            self.process.wait(30)
            self.process = None

    @contextmanager
    def away(self) -> Iterator[None]:
        """Stopped within the block."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def restart(self) -> None:
        self.stop()
        self.start()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        give_back([self.port])


class PrivateRedis(Service):
    """Keeps nothing on disk: stopped, it has forgotten all."""

    name = "redis"

    def __init__(self) -> None:
        super().__init__()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def command(self) -> list[str]:
        program = shutil.which("redis-server")
        if not program:
            raise RuntimeError("redis-server is missing: run script/test as root, or install redis-server.")
        return [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]


class PrivatePostgres(Service):
    """A cluster of its own, run as the package's user."""

    name = "postgres"
    ends_by = signal.SIGINT  # a fast shutdown: connections are cut, as by a restart of the service

    def __init__(self) -> None:
        super().__init__()
        self.programs = postgres_programs()
        self.url = f"postgres://lightd@127.0.0.1:{self.port}/lightd"
        self.data = self.folder / "data"
        if os.geteuid() == 0:
            user = pwd.getpwnam(POSTGRES_USER)
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.run("initdb", "--no-sync", "--auth=trust", "--username=lightd", "--encoding=UTF8", f"--pgdata={self.data}")
        self.start()
        self.run("createdb", "--host=127.0.0.1", f"--port={self.port}", "--username=lightd", "lightd")

    def command(self) -> list[str]:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": 60,
        }
        options = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
        # Tied once more: changing the user loosens it.
        return self.as_its_user(*tied_to_us(str(self.programs / "postgres"), "-D", str(self.data), *options))

    def answers(self) -> bool:
        ready = [str(self.programs / "pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={self.port}"]
        return subprocess.run(ready, check=False).returncode == 0

    def run(self, program: str, *arguments: str) -> None:
        command = self.as_its_user(str(self.programs / program), *arguments)
        result = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr

    def as_its_user(self, *command: str) -> list[str]:
        if os.geteuid() != 0:
            return list(command)
        return ["setpriv", f"--reuid={POSTGRES_USER}", f"--regid={POSTGRES_USER}", "--clear-groups", "--", *command]


def postgres_programs() -> Path:
    """Debian keeps each version's programs in a folder of its own, out of everybody's path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    program = found[-1] if found else shutil.which("initdb")
    if not program:
        raise RuntimeError("PostgreSQL is missing: run script/test as root, or install postgresql.")
    return Path(program).parent

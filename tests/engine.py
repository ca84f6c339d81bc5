"""A Docker engine for the tests: its own socket, data folder, bridge and image, gone without trace afterwards."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TypeVar

import docker

from tests.waiting import wait_until

IMAGE = "debian:bookworm"
TOOLS = ("dockerd", "debootstrap", "iptables", "ip")
_numbers = count(1)

Some = TypeVar("Some", bound="Engine")


def run(*command: str, check: bool = True) -> str:
    return subprocess.run(command, check=check, capture_output=True, text=True).stdout


def tied_to_us(*command: str) -> list[str]:
    """The command, made to end when the process that starts it is killed."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--", *command] if setpriv else list(command)


def processes_mentioning(text: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if text.encode() in command and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def signal_process(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


class Engine:
    """An engine at ``url`` that someone else runs."""

    def __init__(self, url: str) -> None:
        self.url = url

    def client(self) -> docker.APIClient:
        return docker.APIClient(base_url=self.url, version="auto", timeout=60)

    def answers(self) -> bool:
        try:
            docker.APIClient(base_url=self.url, timeout=30).ping()
        except Exception:
            return False
        return True

    def make_image(self) -> None:
        client = self.client()
        if client.images(IMAGE):
            return
        name, tag = IMAGE.split(":")
        answer = client.import_image_from_file(
            str(debian_tar()), repository=name, tag=tag, changes=['CMD ["/bin/bash"]']
        )
        assert "error" not in json.loads(answer.splitlines()[-1]), answer

    def remove(self) -> None:
        """Nothing of ours to remove."""


class PrivateEngine(Engine):
    """An engine of our own, which a test may stop, start and kill.

    It writes no packet filter rules by itself (``--iptables=false``): a second daemon that does empties the chains
    of the first. Published ports are served by Docker's own proxy process instead; three rules here let containers out.
    """

    def __init__(self) -> None:
        missing = [tool for tool in TOOLS if not shutil.which(tool)]
        if os.geteuid() != 0 or missing:
            raise RuntimeError(
                "The tests need a Docker engine of their own: run script/test as root, or set LIGHTD_TEST_ENGINE_URL."
            )
        remove_leftover_bridges()
        self.folder = Path(tempfile.mkdtemp(prefix="lightd-engine-"))
        super().__init__(f"unix://{self.folder}/docker.sock")
        self.bridge = f"ltd{os.getpid()}x{next(_numbers)}"
        self.log = self.folder / "dockerd.log"
        self.process: subprocess.Popen[bytes] | None = None
        try:
            self._make_bridge()
            self.start()
        except BaseException:
            self.remove()
            raise

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                tied_to_us(
                    "dockerd",
                    f"--host={self.url}",
                    f"--data-root={self.folder}/data",
                    f"--exec-root={self.folder}/exec",
                    f"--pidfile={self.folder}/docker.pid",
                    f"--bridge={self.bridge}",
                    "--iptables=false",
                    # Where the system's own containerd is used, what we run there must not be another daemon's.
                    f"--containerd-namespace={self.bridge}",
                    f"--containerd-plugins-namespace={self.bridge}-plugins",
                ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        process = self.process

        def ready() -> bool:
            if process.poll() is not None:
                raise RuntimeError("The tests' Docker engine did not start:\n" + self.log.read_text()[-4000:])
            return self.answers()

        wait_until(ready, 120, "the tests' Docker engine answers", every=0.1)

    def stop(self) -> None:
        """As an administrator stops it: its containers are stopped first, their end is recorded."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """As a crash: its containers' processes live on without it."""
        self._end(signal.SIGKILL)
        # The kernel ends its containerd with it. Where nobody reaps that one, the next daemon takes it for alive.
        (self.folder / "exec/containerd/containerd.pid").unlink(missing_ok=True)

    def restart(self) -> None:
        self.stop()
        self.start()

    def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        signal_process(self.process.pid, number)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def remove(self) -> None:
        # Not asked to end: it would give each container ten seconds that nobody needs any more.
        self.kill()
        # What a killed daemon leaves: its containerd, the shims and with them the containers.
        wait_until(lambda: not self._kill_left_over(), 60, "the engine's processes have ended")
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for mount in reversed(mounts):
            if mount.startswith(f"{self.folder}/"):
                run("umount", "--lazy", mount, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        remove_bridge(self.bridge)

    def _kill_left_over(self) -> list[int]:
        left = processes_mentioning(f"{self.folder}/")
        for pid in left:
            signal_process(pid, signal.SIGKILL)
        return left

    def _make_bridge(self) -> None:
        """On a network that nobody has; one at a time, as others look for theirs just now."""
        with (Path(tempfile.gettempdir()) / "lightd-test-bridges.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._add_bridge()

    def _add_bridge(self) -> None:
        used = run("ip", "-4", "address") + run("ip", "-4", "route")
        net = next(net for net in (f"10.213.{n}" for n in range(1, 255)) if f" {net}." not in f" {used}")
        run("ip", "link", "add", "name", self.bridge, "type", "bridge")
        run("ip", "address", "add", f"{net}.1/24", "dev", self.bridge)
        run("ip", "link", "set", self.bridge, "up")
        for rule in (
            f"-t nat -I POSTROUTING -s {net}.0/24 ! -o {self.bridge} -j MASQUERADE",
            f"-I FORWARD -i {self.bridge} -j ACCEPT",
            f"-I FORWARD -o {self.bridge} -j ACCEPT",
        ):
            run("iptables", "-w", *rule.split())


@contextmanager
def prepared(engine: Some) -> Iterator[Some]:
    """With the image that the tests use; removed afterwards."""
    try:
        engine.make_image()
        yield engine
    finally:
        engine.remove()


def remove_bridge(name: str) -> None:
    for table in ("nat", "filter"):
        for rule in run("iptables", "-w", "-t", table, "-S", check=False).splitlines():
            if name in rule.split():
                run("iptables", "-w", "-t", table, *rule.replace("-A ", "-D ", 1).split(), check=False)
    run("ip", "link", "delete", name, check=False)


def remove_leftover_bridges() -> None:
    """Those of test runs that were killed before they could clean up."""
    for name, pid in re.findall(r"^\d+: (ltd(\d+)x\d+):", run("ip", "link"), re.MULTILINE):
        if not Path(f"/proc/{pid}").exists():
            remove_bridge(name)


def debian_tar() -> Path:
    """A minimal Debian as one archive, made once and kept: no image registry is asked."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lightd-test"
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / "debian-bookworm.tar"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            _debootstrap(archive)
    return archive


def _debootstrap(archive: Path) -> None:
    part = archive.with_suffix(".part")
    with tempfile.TemporaryDirectory(prefix="lightd-debian-") as folder:
        result = subprocess.run(
            ["debootstrap", "--variant=minbase", "bookworm", folder],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise RuntimeError("debootstrap could not make the tests' image:\n" + result.stdout[-4000:] + result.stderr)
        shutil.rmtree(f"{folder}/var/cache/apt/archives", ignore_errors=True)
        Path(f"{folder}/var/cache/apt/archives/partial").mkdir(parents=True)
        run("tar", "-C", folder, "--numeric-owner", "-cf", str(part), ".")
    part.rename(archive)


def engine_for_tests() -> Engine:
    """The engine that LIGHTD_TEST_ENGINE_URL names, else one of our own."""
    url = os.environ.get("LIGHTD_TEST_ENGINE_URL")
    if not url:
        return PrivateEngine()
    engine = Engine(url)
    if not engine.answers():
        raise RuntimeError(f"No Docker engine answers at {url}, which LIGHTD_TEST_ENGINE_URL names.")
    return engine

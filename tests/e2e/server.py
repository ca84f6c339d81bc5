"""A real server for the tests: ``migrate``, ``first_run``, ``serve`` as anyone runs them, on its own storage root.

The first two take seconds and leave the same each time: where they leave it all in the storage root, it is copied.
"""

import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any, Literal

import httpx

from tests.answers import found
from tests.e2e.console import Console
from tests.engine import IMAGE, Engine, signal_process, tied_to_us
from tests.free_ports import free_port, free_range, give_back
from tests.mounts import unmount_below
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
MEDIA_TYPE = "Application/vnd.pkglatv1+json"
POOL_SIZE = 120

Role = Literal["web", "supervisor", "workers", "power", "installs", "sftp"]
# What their processes are called, where it is not the role's own name.
NAMES: dict[Role, tuple[str, ...]] = {"web": ("server",), "supervisor": ("server",), "workers": ("power", "installs")}


class Lightd:
    """One running dashboard. ``http`` carries the administrator's token and the documented Accept header."""

    def __init__(self, folder: Path, engine: Engine, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.engine = engine
        self.port, self.sftp_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self.sockets: list[Console] = []
        self.process: subprocess.Popen[bytes] | None = None
        self._family: set[int] = set()
        self._orphans: set[int] = set()
        self._prefix = f"t{secrets.token_hex(4)}"
        self._numbers = count(1)
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("LIGHTD_") and name not in ("DATABASE_URL", "REDIS_URL", "DOCKER_HOST")
        } | {
            "LIGHTD_STORAGE_ROOT": str(folder / "storage"),
            "LIGHTD_HOST": "127.0.0.1",
            "LIGHTD_PORT": str(self.port),
            "LIGHTD_SFTP_HOST": "127.0.0.1",
            "LIGHTD_SFTP_PORT": str(self.sftp_port),
            "LIGHTD_ENGINE_URL": engine.url,
            "LIGHTD_VOLUME_MB": "4096",  # enough for the largest that is sent to one
            "PYTHONUNBUFFERED": "1",
            **(environment or {}),
        }
        first_run_output = self._set_up()
        self.token = found(r"lightd_\w{32,}", first_run_output)
        self.password = found(r"password\s+(\S+)", first_run_output)
        self.http = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.token}", "Accept": MEDIA_TYPE},
            timeout=30,
        )
        self.ports: list[int] = []
        self._pool = range(0)

    # The server's own life

    def _set_up(self) -> str:
        """What a new installation needs; returns what ``first_run`` says."""
        has_tables_of_its_own = any(name.startswith("LIGHTD_OIDC_") for name in self.environment)
        if "DATABASE_URL" in self.environment or has_tables_of_its_own:
            return self._set_up_anew()
        storage, made, said = self.folder / "storage", self.folder.parent / "set-up", self.folder.parent / "set-up.txt"
        if said.exists():
            shutil.copytree(made, storage)
            return said.read_text()
        output = self._set_up_anew()
        shutil.copytree(storage, made)
        # What tells its containers from another's: each copy begins with an id of its own.
        (made / "instance").unlink()
        with closing(sqlite3.connect(made / "db.sqlite3")) as database, database:
            database.execute("DELETE FROM containers_installation")
        said.write_text(output)
        return output

    def _set_up_anew(self) -> str:
        self.manage("migrate", "--noinput", "--verbosity", "0")
        return self.manage("first_run")

    def manage(self, *arguments: str) -> str:
        """A management command, run to its end; returns what it printed."""
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert result.returncode == 0, f"manage.py {' '.join(arguments)}:\n{result.stdout}{result.stderr}"
        return result.stdout

    def start(self) -> None:
        """Starts what does not run, and returns when it answers and has workers (the engine may be away)."""
        if self.process is None:
            self.process = self._begin("serve")
        self._wait_for_start()
        self._family |= set(descendants(self.process.pid))

    def _begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                tied_to_us(sys.executable, "manage.py", *arguments),
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _wait_for_start(self) -> None:
        wait_until(self._answers, 120, "the server answers")
        wait_until(lambda: self.pids("power") and self.pids("installs"), 60, "it has workers")

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the server ended at once:\n{self.log_tail()}"
        try:
            return httpx.get(f"{self.url}/api/v1/public/ping", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def wait_ready(self, timeout: float = 60) -> dict[str, Any]:
        """Until database, engine, workers and supervisor are all ready."""

        last = httpx.Response(503)

        def ready() -> bool:
            nonlocal last
            last = self.http.get("/health/ready")
            return last.status_code == 200

        try:
            wait_until(ready, timeout, "every part is ready", every=0.1)
        except AssertionError as error:
            error.add_note(last.text)
            raise
        return object_of(last)

    def stop(self, timeout: float = 30, by: signal.Signals = signal.SIGTERM) -> int:
        """As an administrator ends it; returns its exit status. Fails if a process of it outlives that."""
        if self.process is None:
            return 0
        family = self._family | set(descendants(self.process.pid))
        signal_process(self.process.pid, by)
        try:
            status = self.process.wait(timeout)
            wait_until(lambda: not self._ours(family), 30, "every process of the server has ended")
        finally:
            self._kill(family)
        return status

    def crash(self) -> None:
        """The whole server at once, with SIGKILL."""
        if self.process is not None:
            self._kill(self._family | set(descendants(self.process.pid)))

    def _kill(self, family: set[int]) -> None:
        for pid in self._ours(family):
            signal_process(pid, signal.SIGKILL)
        if self.process is not None:
            signal_process(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
        self.process = None
        self._family = set()

    def _ours(self, pids: set[int]) -> set[int]:
        """Those that still run: by now another process may have the number, a container's even."""
        mark = f"LIGHTD_STORAGE_ROOT={self.environment['LIGHTD_STORAGE_ROOT']}\0".encode()
        return {pid for pid in alive(pids) if mark in read_proc(pid, "environ")}

    def restart(self) -> None:
        self.stop()
        self.start()

    def pids(self, role: Role) -> list[int]:
        """The processes of one role, oldest first: web and supervisor are one, each cluster is a tree."""
        assert self.process is not None
        names = tuple(f"lightd-{name}\n".encode() for name in NAMES.get(role, (role,)))
        return [pid for pid in descendants(self.process.pid) if read_proc(pid, "comm") in names]

    def everyone(self) -> set[int]:
        """Every process of it."""
        assert self.process is not None
        return {self.process.pid, *descendants(self.process.pid)}

    def kill_role(self, role: Role) -> list[int]:
        """SIGKILL to every process of the role, as the kernel does when memory is short."""
        pids = self.pids(role)
        assert pids, f"no process of {role} found below the server"
        for pid in pids:
            signal_process(pid, signal.SIGKILL)
        wait_until(lambda: not alive(set(pids)), 30, "they are gone")
        return pids

    def kill_root(self) -> None:
        """SIGKILL to the process that looks after the others, alone."""
        assert self.process is not None
        # Its children may outlive it, as they would anywhere; they are ended with the test.
        self._orphans |= self._family | self.everyone()
        self._family = set()
        signal_process(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self.process = None

    def log_tail(self, since: int = 0, lines: int = 200) -> str:
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(since)
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])

    def close(self) -> None:
        """Ends it and removes what it made in Docker."""
        self.close_sockets()
        try:
            self.stop()
        finally:
            self._kill(self._orphans)
            self.http.close()
            try:
                self.remove_containers()
            finally:
                unmount_below(self.folder)
                give_back([self.port, self.sftp_port, *self._pool])

    def close_sockets(self) -> None:
        for viewer in self.sockets:
            viewer.close()
        self.sockets = []

    def remove_containers(self) -> None:
        if not self._label() or not self.engine.answers():
            return
        client = self.engine.client()
        for one in self.in_docker():
            client.remove_container(one["Id"], force=True, v=True)
        for image in client.images(filters={"label": self._label()}):
            client.remove_image(image["Id"], force=True)

    def _label(self) -> str | None:
        """What marks its containers among those of others; it has none before its first."""
        instance = self.folder / "storage" / "instance"
        return f"lightd.instance={instance.read_text().strip()}" if instance.exists() else None

    def in_docker(self, internal_id: str | None = None) -> list[dict[str, Any]]:
        """Its containers, or those of one id, as Docker lists them, stopped ones too."""
        label = self._label()
        if label is None:
            return []
        of_one = [f"lightd.internal_id={internal_id}"] if internal_id else []
        rows: list[dict[str, Any]] = self.engine.client().containers(all=True, filters={"label": [label, *of_one]})
        return rows

    # What tests do with it

    def use_free_ports(self, number: int = POOL_SIZE) -> None:
        """Fills the pool, through the API, with ports that are free on this host."""
        held = self.http.get("/network/ports").json()["ports"]
        if held:
            rows = [{name: port[name] for name in ("ip", "port", "protocol")} for port in held]
            answer = self.http.post("/network/ports/bulk-delete", json={"ports": rows})
            assert answer.status_code == 200, answer.text
        left = self.http.get("/network/ports").json()["ports"]
        assert left == [], left
        give_back(self._pool)
        start = free_range(number)
        self._pool = range(start, start + number)
        for protocol in ("tcp", "udp"):
            answer = self.http.post(
                "/network/ports",
                json={"ip": "0.0.0.0", "start": start, "end": start + number - 1, "protocol": protocol},
            )
            assert answer.status_code == 201, answer.text
        self.ports = list(self._pool)

    def port_range(self, number: int) -> list[int]:
        """That many ports of the pool which no test has been given yet."""
        assert len(self.ports) >= number, "the pool is used up: make more ports in use_free_ports"
        # From the top: who names no port gets the lowest.
        self.ports, taken = self.ports[:-number], self.ports[-number:]
        return taken

    def fresh_id(self, name: str = "c") -> str:
        return f"{self._prefix}-{name}-{next(self._numbers)}"

    def body(self, internal_id: str | None = None, **fields: Any) -> dict[str, Any]:
        """A create's body: what is required, and what is given; ``None`` leaves a field out."""
        fields = {
            "internal_id": internal_id or self.fresh_id(),
            "image": IMAGE,
            "volume_id": str(uuid.uuid4()),
            "startup_command": "bash -c 'echo Hello; exec sleep infinity'",
            **fields,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def create(self, internal_id: str | None = None, *, wait: str | None = "ready", **fields: Any) -> str:
        """Creates a container and waits until it is ``ready``; returns its internal id."""
        body = self.body(internal_id, **fields)
        answer = self.http.post("/containers", json=body)
        assert answer.status_code == 201, answer.text
        if wait:
            self.wait_state(body["internal_id"], wait, timeout=180)
        return str(body["internal_id"])

    def state(self, internal_id: str) -> str:
        return str(self.get(internal_id)["state"])

    def get(self, internal_id: str) -> dict[str, Any]:
        return object_of(self.http.get(f"/containers/{internal_id}"))

    def wait_state(self, internal_id: str, state: str, timeout: float = 60) -> dict[str, Any]:
        """Waits for a state and returns the container. Fails at once when it ends as ``failed`` instead."""

        def there() -> dict[str, Any] | None:
            container = self.get(internal_id)
            if container["state"] == "failed" and state != "failed":
                log = self.http.get(f"/containers/{internal_id}/install-log").json().get("logs", "")
                raise AssertionError(f"{internal_id} failed: {container.get('error')}\n{log[-2000:]}")
            return container if container["state"] == state else None

        return wait_until(there, timeout, f"{internal_id} is {state}")

    def act(self, internal_id: str, action: str, **body: Any) -> None:
        """Asks for start, stop, kill, restart, reinstall, rebind-network; fails unless it was accepted."""
        answer = self.http.post(f"/containers/{internal_id}/{action}", json=body or None)
        assert answer.status_code == 202, answer.text

    def start_and_wait(self, internal_id: str, state: str = "running", timeout: float = 60) -> dict[str, Any]:
        self.act(internal_id, "start")
        return self.wait_state(internal_id, state, timeout)

    def come_to_rest(self) -> None:
        """Kills all that tests have left running or about to start again, and waits until nothing changes any more.

        Viewers go too: a user may have so many, and those of a whole session are more.
        """
        self.close_sockets()
        wait_until(self._is_at_rest, 60, "nothing runs any more", every=0.2)

    def _is_at_rest(self) -> bool:
        containers = object_of(self.http.get("/containers"))["containers"]
        moving = [one["internal_id"] for one in containers if one["state"] not in ("ready", "failed")]
        for internal_id in moving:
            self.http.post(f"/containers/{internal_id}/kill")  # refused where it ends by itself
        return not moving and not [one for one in self.in_docker() if one["State"] == "running"]

    def happened(self, internal_id: str) -> list[str]:
        """The kinds of its events, oldest first."""
        told = object_of(self.http.get(f"/containers/{internal_id}/events?limit=1000"))
        return [event["kind"] for event in reversed(told["events"])]

    def files(self, internal_id: str) -> Path:
        """Where its volume is on the host: `/home/container` inside."""
        return Path(self.http.get(f"/volumes/{self.get(internal_id)['volume_id']}").json()["path"])

    def files_of(self, volume_id: str) -> Path:
        """The same of a volume that may not be there yet."""
        return self.folder / "storage" / "volumes" / volume_id / "files"

    def docker_id(self, internal_id: str) -> str:
        container_id: str | None = self.get(internal_id)["container_id"]
        assert container_id, f"{internal_id} has no container"
        return container_id

    def inspect(self, internal_id: str) -> dict[str, Any]:
        """What Docker itself says of the container."""
        shown: dict[str, Any] = self.engine.client().inspect_container(self.docker_id(internal_id))
        return shown

    def run_in(self, internal_id: str, *command: str) -> str:
        """Runs a command inside the running container, past the server; returns its output."""
        client = self.engine.client()
        made = client.exec_create(self.docker_id(internal_id), list(command))
        # Not docker-py's own: what comes in one packet with the head of the answer is lost there.
        start = f"{client.base_url}/v{client.api_version}/exec/{made['Id']}/start"
        answer = client.post(start, json={"Detach": False, "Tty": False})
        answer.raise_for_status()
        output = b"".join(frames(answer.content)).decode(errors="replace")
        status = client.exec_inspect(made["Id"])["ExitCode"]
        assert status == 0, f"{command} ended with {status}: {output}"
        return output

    def socket(
        self,
        internal_id: str,
        *,
        token: str | None = None,
        query: str = "",
        headers: dict[str, str] | None = None,
        origin: str | None = None,
    ) -> Console:
        """Opens the console socket, with the administrator's token unless given another; closed at the end."""
        url = f"ws://127.0.0.1:{self.port}/ws/{internal_id}?token={self.token if token is None else token}{query}"
        viewer = Console(url, headers or {}, origin)
        self.sockets.append(viewer)
        return viewer


def object_of(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The object in an answer; fails with what it says instead if its status is another."""
    assert answer.status_code == status, answer.text
    content: dict[str, Any] = answer.json()
    return content


def frames(stream: bytes) -> Iterator[bytes]:
    """What a process wrote to its two outputs, as the engine sends it: four bytes, the size in four, then as many."""
    while stream:
        size = int.from_bytes(stream[4:8])
        yield stream[8 : 8 + size]
        stream = stream[8 + size :]


def read_proc(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def threads_of(pid: int) -> list[str]:
    """The threads of a process; none if it has gone, which it may between being found and being looked at."""
    try:
        return os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError):
        return []


def descendants(pid: int) -> list[int]:
    """Every process below one, parents before children."""
    below = []
    for thread in threads_of(pid):
        children = read_proc(pid, f"task/{thread}/children").split()
        for child in map(int, children):
            below += [child, *descendants(child)]
    return below


def alive(pids: set[int]) -> set[int]:
    """Those that still run; a zombie does not."""
    return {pid for pid in pids if (status := read_proc(pid, "stat")) and status.rpartition(b")")[2].split()[0] != b"Z"}
